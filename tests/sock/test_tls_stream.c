#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/kernel.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/loop_pki.h"

static const struct open_case {
	const char *name;
	int family, proto;
	enum pki_key_type key;
	const char *version;
} opens[] = {
	{ "ipv4_ecdsa_tls_1_2_or_later", AF_INET, KINDS_TLS_1_2, PKI_EC,
	    "TLSv1.3" },
	{ "ipv6_ecdsa_tls_1_2_or_later", AF_INET6, KINDS_TLS_1_2, PKI_EC,
	    "TLSv1.3" },
	{ "ipv4_rsa_tls_1_2_or_later", AF_INET, KINDS_TLS_1_2, PKI_RSA,
	    "TLSv1.3" },
	{ "ipv6_rsa_tls_1_3", AF_INET6, KINDS_TLS_1_3, PKI_RSA, "TLSv1.3" },
	{ "ipv4_ecdsa_tls_1_0_asks_for_no_minimum", AF_INET, KINDS_TLS_1_0,
	    PKI_EC, "TLSv1.3" },
};

static void
handshake_and_echo(void **state)
{
	const struct open_case *c = *state;
	const char *version = NULL, *suite = NULL;
	struct loop_pair p;
	uint32_t verified = 1;
	socklen_t len = sizeof(verified);
	char buf[6];

	pki_free(&loop_pki.server);
	pki_make(&loop_pki.server, &loop_pki.ca,
	    &(struct pki_spec){ .name = "localhost",
	        .san = "DNS:localhost",
	        .key = c->key });
	pki_store_identity(LOOP_SERVER_TAG, &loop_pki.server);
	loop_pair_open(&p, c->family, c->proto);
	assert_int_equal(call_tls_version(p.client, &version), 0);
	assert_string_equal(version, c->version);
	assert_int_equal(call_tls_suite(p.server, &suite), 0);
	assert_non_null(suite);
	assert_int_equal(call_getsockopt(p.client, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_RESULT, &verified, &len),
	    0);
	assert_int_equal(verified, 0);
	loop_send_all(p.client, "hello", 6);
	loop_recv_all(p.server, buf, 6);
	loop_send_all(p.server, buf, 6);
	loop_recv_all(p.client, buf, 6);
	assert_string_equal(buf, "hello");
	loop_pair_close(&p);
}

static void
a_large_stream_arrives_whole(void **state)
{
	const size_t size = 1 << 20;
	unsigned char *data = malloc(size), *got = malloc(size);
	struct loop_pair p;
	size_t sent = 0, received = 0;
	ssize_t n;

	(void)state;
	assert_true(data != NULL && got != NULL);
	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)(i ^ (i >> 8));
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	/* One thread does both, so neither side may block. */
	while (received < size) {
		n = sent == size ? 0
		                 : loop_transmit(p.client, data + sent,
		                       size - sent, MSG_DONTWAIT);
		assert_true(n >= 0 || n == -EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		n = loop_receive(p.server, got + received, size - received,
		    MSG_DONTWAIT);
		assert_true(n > 0 || n == -EAGAIN);
		received += n > 0 ? (size_t)n : 0;
		if (n == -EAGAIN)
			(void)loop_readiness(p.client, POLLIN,
			    0); /* it flushes */
	}
	assert_memory_equal(data, got, size);
	loop_pair_close(&p);
	free(data);
	free(got);
}

/* What the kernel table does to every call while this is installed. */
static size_t cap;

static ssize_t
capped_sendto(int kfd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	return sendto(kfd, buf, len < cap ? len : cap, flags, addr, addrlen);
}

static ssize_t
capped_recvfrom(int kfd, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	return recvfrom(kfd, buf, len < cap ? len : cap, flags, addr, addrlen);
}

static void
one_byte_at_a_time_is_only_slow(void **state)
{
	struct kernel slow = kernel_libc;
	struct loop_pair p;
	char data[3000], got[3000];

	(void)state;
	slow.sendto = capped_sendto;
	slow.recvfrom = capped_recvfrom;
	cap = 1;
	kernel = &slow;
	memset(data, 'z', sizeof(data));
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	loop_send_all(p.client, data, sizeof(data));
	loop_recv_all(p.server, got, sizeof(got));
	assert_memory_equal(data, got, sizeof(data));
	loop_pair_close(&p);
	kernel = &kernel_libc;
}

static void
not_connected_is_enotconn(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	int suite;
	socklen_t len = sizeof(suite);
	const char *version;
	char byte;

	(void)state;
	assert_int_equal(loop_transmit(sock, "x", 1, 0), -ENOTCONN);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), -ENOTCONN);
	assert_int_equal(call_tls_version(sock, &version), -ENOTCONN);
	assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CIPHERSUITE_USED, &suite, &len),
	    -ENOTCONN);
	assert_int_equal(call_close(sock), 0);
}

static void
nothing_to_read_is_eagain_when_told_not_to_wait(void **state)
{
	struct loop_pair p;
	char byte;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(loop_receive(p.client, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	assert_int_equal(call_fcntl(p.client, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(call_fcntl(p.client, F_GETFL, 0), O_NONBLOCK);
	assert_int_equal(loop_receive(p.client, &byte, 1, 0), -EAGAIN);
	assert_int_equal(loop_receive(p.client, &byte, 1, MSG_WAITALL),
	    -EAGAIN);
	loop_pair_close(&p);
}

static void
receive_timeout_is_eagain(void **state)
{
	const struct timeval tv = { .tv_usec = 20000 };
	struct loop_pair p;
	char byte;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(call_setsockopt(p.client, SOL_SOCKET, SO_RCVTIMEO, &tv,
	                     sizeof(tv)),
	    0);
	assert_int_equal(loop_receive(p.client, &byte, 1, 0), -EAGAIN);
	loop_pair_close(&p);
}

static void
a_full_line_is_eagain_and_nothing_is_lost(void **state)
{
	const size_t piece = 10000;
	char *data = calloc(1, piece);
	struct loop_pair p;
	size_t sent = 0, received = 0;
	ssize_t n;

	(void)state;
	assert_non_null(data);
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(call_fcntl(p.client, F_SETFL, O_NONBLOCK), 0);
	while ((n = loop_transmit(p.client, data, piece, 0)) > 0)
		sent += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(loop_readiness(p.client, POLLOUT, 0), 0);
	while (received < sent) {
		n = loop_receive(p.server, data, piece, MSG_DONTWAIT);
		assert_true(n > 0 || n == -EAGAIN);
		received += n > 0 ? (size_t)n : 0;
		(void)loop_readiness(p.client, POLLOUT, 0); /* it flushes */
	}
	assert_int_equal(loop_readiness(p.client, POLLOUT, 1000), POLLOUT);
	loop_pair_close(&p);
	free(data);
}

static void
poll_sees_what_is_already_decrypted(void **state)
{
	struct loop_pair p;
	char buf[4];

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(loop_readiness(p.server, POLLIN, 0), 0);
	loop_send_all(p.client, "12345678", 8);
	loop_send_all(p.client, "abcd", 4);
	assert_int_equal(loop_readiness(p.server, POLLIN, 1000), POLLIN);
	for (int i = 0; i < 3; i++) {
		/* The kernel's queue may be empty: the bytes are in the engine. */
		assert_int_equal(loop_readiness(p.server, POLLIN, 1000),
		    POLLIN);
		loop_recv_all(p.server, buf, 4);
	}
	assert_int_equal(loop_readiness(p.server, POLLIN, 0), 0);
	assert_int_equal(loop_readiness(p.server, POLLIN | POLLOUT, 0),
	    POLLOUT);
	loop_pair_close(&p);
}

static void
poll_reports_the_end(void **state)
{
	struct loop_pair p;
	char byte;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(call_close(p.server), 0);
	assert_int_equal(loop_readiness(p.client, POLLIN, 1000),
	    POLLIN | POLLHUP);
	assert_int_equal(loop_receive(p.client, &byte, 1, 0), 0);
	assert_int_equal(loop_receive(p.client, &byte, 1, 0), 0);
	assert_int_equal(loop_transmit(p.client, "x", 1, 0), -ECONNABORTED);
	assert_int_equal(call_close(p.client), 0);
}

static void
waitall_fills_the_buffer(void **state)
{
	struct loop_pair p;
	char buf[8];

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	loop_send_all(p.client, "1234", 4);
	loop_send_all(p.client, "5678", 4);
	assert_int_equal(loop_receive(p.server, buf, 8, MSG_WAITALL), 8);
	assert_memory_equal(buf, "12345678", 8);
	loop_send_all(p.client, "12", 2);
	assert_int_equal(call_close(p.client), 0);
	assert_int_equal(loop_receive(p.server, buf, 8, MSG_WAITALL), 2);
	assert_int_equal(loop_receive(p.server, buf, 8, MSG_WAITALL), 0);
	assert_int_equal(call_close(p.server), 0);
}

static void
peek_and_recvmsg_are_refused_as_on_the_device(void **state)
{
	struct loop_pair p;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(loop_receive(p.client, &byte, 1, MSG_PEEK),
	    -EOPNOTSUPP);
	assert_int_equal(call_recvmsg(p.client, &m, 0), -EOPNOTSUPP);
	assert_int_equal(loop_receive(p.client, &byte, 0, 0), 0);
	assert_int_equal(loop_transmit(p.client, &byte, 0, 0), 0);
	loop_pair_close(&p);
}

static void
a_scattered_message_arrives_in_order(void **state)
{
	struct iovec iov[4] = { { "ab", 2 }, { "", 0 }, { "cde", 3 },
		{ "f", 1 } };
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = 4 };
	struct loop_pair p;
	char buf[6];

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(call_sendmsg(p.client, &m, 0), 6);
	loop_recv_all(p.server, buf, 6);
	assert_memory_equal(buf, "abcdef", 6);
	loop_pair_close(&p);
}

/* The application's own wish for TCP_NODELAY survives the handshake's. */
static void
nodelay_is_the_programs_after_the_first_data(void **state)
{
	struct loop_pair p;
	int on = -1;
	socklen_t len = sizeof(on);

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(call_getsockopt(p.client, IPPROTO_TCP, TCP_NODELAY,
	                     &on, &len),
	    0);
	assert_int_equal(on, 0);
	loop_send_all(p.client, "x", 1);
	assert_int_equal(call_getsockopt(p.client, IPPROTO_TCP, TCP_NODELAY,
	                     &on, &len),
	    0);
	assert_int_equal(on, 0);
	on = 1;
	assert_int_equal(call_setsockopt(p.server, IPPROTO_TCP, TCP_NODELAY,
	                     &on, len),
	    0);
	loop_send_all(p.server, "x", 1);
	on = -1;
	assert_int_equal(call_getsockopt(p.server, IPPROTO_TCP, TCP_NODELAY,
	                     &on, &len),
	    0);
	assert_int_equal(on, 1);
	loop_pair_close(&p);
}

/* SO_LINGER of no time makes the kernel reset the connection. */
static void
close_notify_counts_though_a_reset_follows_it(void **state)
{
	const struct linger hard = { .l_onoff = 1 };
	struct loop_pair p;
	char byte;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(call_setsockopt(p.server, SOL_SOCKET, SO_LINGER, &hard,
	                     sizeof(hard)),
	    0);
	loop_send_all(p.client, "unread", 6);
	assert_int_equal(call_close(p.server), 0);
	assert_int_equal(loop_receive(p.client, &byte, 1, 0), 0);
	assert_int_equal(loop_receive(p.client, &byte, 1, 0), 0);
	assert_int_equal(call_close(p.client), 0);
}

static struct loop_pair late;
static bool sent;

/* Nothing is there at first; then it comes. */
static ssize_t
receive_late(int kfd, void *data, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	const ssize_t n = recvfrom(kfd, data, len, flags, addr, addrlen);
	const int error = errno;

	if (n == -1 && !sent) {
		sent = true;
		assert_int_equal(call_sendto(late.server, "x", 1, 0, NULL, 0),
		    1);
	}
	errno = error;
	return n;
}

static void
errno_does_not_show_how_a_success_came_about(void **state)
{
	struct kernel table = kernel_libc;
	char byte;

	(void)state;
	loop_pair_open(&late, AF_INET, KINDS_TLS_1_2);
	sent = false;
	table.recvfrom = receive_late;
	kernel = &table;
	errno = EXDEV;
	assert_int_equal(loop_receive(late.client, &byte, 1, 0), 1);
	assert_int_equal(errno, EXDEV);
	assert_true(sent);
	kernel = &kernel_libc;
	loop_pair_close(&late);
}

static int beginner;

/* Another thread would, as well. */
static int
listen_and_poll(int kfd, int backlog)
{
	struct pollfd fd = { .fd = beginner, .events = POLLIN };

	assert_true(poll_sockets(&fd, 1, 0, false) >= 0);
	return listen(kfd, backlog);
}

static void
listen_keeps_nobody_waiting(void **state)
{
	struct kernel table = kernel_libc;
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, AF_INET, 0);

	(void)state;
	beginner = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	assert_int_equal(call_bind(beginner, (struct sockaddr *)&addr, len), 0);
	table.listen = listen_and_poll;
	kernel = &table;
	assert_int_equal(call_listen(beginner, 1), 0);
	kernel = &kernel_libc;
	assert_int_equal(call_close(beginner), 0);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(a_large_stream_arrives_whole),
		cmocka_unit_test(one_byte_at_a_time_is_only_slow),
		cmocka_unit_test(not_connected_is_enotconn),
		cmocka_unit_test(
		    nothing_to_read_is_eagain_when_told_not_to_wait),
		cmocka_unit_test(receive_timeout_is_eagain),
		cmocka_unit_test(a_full_line_is_eagain_and_nothing_is_lost),
		cmocka_unit_test(poll_sees_what_is_already_decrypted),
		cmocka_unit_test(poll_reports_the_end),
		cmocka_unit_test(waitall_fills_the_buffer),
		cmocka_unit_test(peek_and_recvmsg_are_refused_as_on_the_device),
		cmocka_unit_test(a_scattered_message_arrives_in_order),
		cmocka_unit_test(nodelay_is_the_programs_after_the_first_data),
		cmocka_unit_test(close_notify_counts_though_a_reset_follows_it),
		cmocka_unit_test(listen_keeps_nobody_waiting),
		cmocka_unit_test(errno_does_not_show_how_a_success_came_about),
	};
	struct CMUnitTest tests[LEN(opens) + LEN(fixed)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(opens); i++)
		tests[n++] = (struct CMUnitTest){ .name = opens[i].name,
			.test_func = handshake_and_echo,
			.initial_state = (void *)&opens[i] };
	memcpy(tests + n, fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("sock/tls_stream", tests, loop_setup,
	    loop_teardown);
}
