#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "base/deadline.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"

#define MUCH (4 << 20)
#define UNTOUCHED 4242

static struct pki pki;
static unsigned char data[MUCH];

/* Which kind of connection a row is about, and its ends. */
struct ends {
	int client;
	int server;   /* the library's number, or -1 */
	int kfd;      /* the server as the kernel's, or -1 */
	int listener; /* the kernel's, or -1 */
};

static void
open_ends(struct ends *e, bool secure)
{
	struct loop_pair p;
	uint16_t port;

	*e = (struct ends){ .server = -1, .kfd = -1, .listener = -1 };
	if (secure) {
		loop_pair_open(&p, AF_INET, NET_IPPROTO_TLS_1_2);
		e->client = p.client;
		e->server = p.server;
		return;
	}
	e->listener = loop_listen_raw(AF_INET, &port);
	e->client = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	assert_int_equal(loop_connect(e->client, AF_INET, port), 0);
	e->kfd = accept(e->listener, NULL, NULL);
	assert_true(e->kfd >= 0);
}

static void
close_ends(struct ends *e)
{
	if (e->client >= 0)
		assert_int_equal(zsock_close(e->client), 0);
	if (e->server >= 0)
		assert_int_equal(zsock_close(e->server), 0);
	if (e->kfd >= 0)
		assert_int_equal(close(e->kfd), 0);
	if (e->listener >= 0)
		assert_int_equal(close(e->listener), 0);
}

static ssize_t
receive(const struct ends *e, void *buf, size_t len)
{
	return e->server >= 0 ? zsock_recv(e->server, buf, len, 0)
	                      : recv(e->kfd, buf, len, 0);
}

struct reader {
	struct ends *ends;
	size_t want;
	size_t wrong; /* bytes that are not what was sent */
};

/* Reads so many bytes, and compares them. */
static void *
read_all(void *arg)
{
	struct reader *r = arg;
	static unsigned char buf[65536];
	size_t got = 0;

	while (got < r->want) {
		const size_t left = r->want - got;
		const ssize_t n = receive(r->ends, buf,
		    left < sizeof(buf) ? left : sizeof(buf));

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			r->wrong += buf[i] != data[got + (size_t)i];
		got += (size_t)n;
	}
	r->wrong += r->want - got;
	return NULL;
}

static const struct kind_case {
	const char *name;
	bool secure, nonblock, message, half_closed;
} kinds[] = {
	{ "all_of_it_on_a_plain_stream", false, false, false, false },
	{ "all_of_it_on_a_plain_nonblocking_stream", false, true, false,
	    false },
	{ "all_of_it_on_a_secure_stream", true, false, false, false },
	{ "all_of_it_on_a_secure_nonblocking_stream", true, true, false,
	    false },
	{ "a_message_on_a_plain_stream", false, false, true, false },
	{ "a_message_on_a_secure_nonblocking_stream", true, true, true, false },
	{ "all_of_it_to_a_peer_that_has_ended", false, false, false, true },
};

/* 100 buffers of different lengths, some of them empty. */
static void
cut(struct net_iovec *iov, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const size_t len = i == n - 1 ? MUCH - at
		    : i % 7 == 3              ? 0
		                              : 1 + (i * 7919) % 60000;

		assert_true(at + len <= MUCH);
		iov[i] = (struct net_iovec){ data + at, len };
		at += len;
	}
}

static void
everything_arrives(void **state)
{
	const struct kind_case *c = *state;
	struct net_iovec iov[100], before[100];
	const struct net_msghdr msg = { .msg_iov = iov, .msg_iovlen = 100 };
	struct ends e;
	struct reader r = { .ends = &e, .want = MUCH };
	pthread_t thread;
	size_t sent = UNTOUCHED;
	int rc;

	open_ends(&e, c->secure);
	if (c->nonblock)
		assert_int_equal(zsock_fcntl(e.client, ZVFS_F_SETFL,
		                     ZSOCK_O_NONBLOCK),
		    0);
	if (c->half_closed)
		assert_int_equal(shutdown(e.kfd, SHUT_WR), 0);
	cut(iov, LEN(iov));
	memcpy(before, iov, sizeof(iov));
	thread = loop_start(read_all, &r);
	errno = EXDEV;
	rc = c->message
	    ? zsock_sendmsg_all(e.client, &msg, 0, K_FOREVER, &sent)
	    : zsock_send_all(e.client, data, MUCH, 0, K_SECONDS(60), &sent);
	assert_int_equal(rc, 0);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(sent, MUCH);
	loop_join(thread);
	assert_int_equal(r.wrong, 0);
	assert_memory_equal(iov, before, sizeof(iov));
	close_ends(&e);
}

static const struct time_case {
	const char *name;
	bool secure;
	int64_t ms;
} times[] = {
	{ "no_wait_on_a_plain_stream", false, 0 },
	{ "no_wait_on_a_secure_stream", true, 0 },
	{ "a_time_limit_on_a_plain_stream", false, 50 },
	{ "a_time_limit_on_a_secure_stream", true, 50 },
};

/* So that they cannot take MUCH, however well the kernel means it. */
static void
limit_buffers(const struct ends *e)
{
	const int size = 65536;
	const int kfds[] = { loop_kfd(e->client),
		e->server >= 0 ? loop_kfd(e->server) : e->kfd };

	for (size_t i = 0; i < LEN(kfds); i++) {
		assert_int_equal(setsockopt(kfds[i], SOL_SOCKET, SO_SNDBUF,
		                     &size, sizeof(size)),
		    0);
		assert_int_equal(setsockopt(kfds[i], SOL_SOCKET, SO_RCVBUF,
		                     &size, sizeof(size)),
		    0);
	}
}

/* Nobody reads, so it cannot all be taken; what was counted arrives. */
static void
the_time_is_over(void **state)
{
	const struct time_case *c = *state;
	const int64_t begin_ns = deadline_now_ns();
	struct ends e;
	struct reader r = { .ends = &e };
	size_t sent = UNTOUCHED;
	pthread_t thread;
	char byte;

	open_ends(&e, c->secure);
	limit_buffers(&e);
	errno = EXDEV;
	assert_int_equal(zsock_send_all(e.client, data, MUCH, 0, K_MSEC(c->ms),
	                     &sent),
	    -ETIMEDOUT);
	assert_int_equal(errno, EXDEV);
	assert_true(deadline_now_ns() - begin_ns >= c->ms * 1000000);
	assert_true(sent > 0);
	assert_true(sent < MUCH);
	r.want = sent;
	thread = loop_start(read_all, &r);
	/* What is encrypted already leaves with the calls that follow. */
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		(void)zsock_recv(e.client, &byte, 1, ZSOCK_MSG_DONTWAIT);
		(void)zsock_poll(&(struct zsock_pollfd){ .fd = -1 }, 1, 1);
	}
	assert_int_equal(r.wrong, 0);
	close_ends(&e);
}

enum who { PLAIN, SECURE, NEW, NEW_SECURE, DGRAM, CLOSED, NEGATIVE };

static const struct error_case {
	const char *name;
	enum who who;
	const void *buf;
	size_t len;
	int want;
} errors[] = {
	{ "nothing_is_sent", PLAIN, "x", 0, 0 },
	{ "nothing_is_sent_securely", SECURE, "x", 0, 0 },
	{ "nothing_from_nowhere", PLAIN, NULL, 0, 0 },
	{ "from_nowhere", PLAIN, NULL, 1, -EINVAL },
	{ "unconnected", NEW, "x", 1, -ENOTCONN },
	{ "unconnected_and_secure", NEW_SECURE, "x", 1, -ENOTCONN },
	{ "a_datagram_socket", DGRAM, "x", 1, -EOPNOTSUPP },
	{ "a_datagram_socket_and_nothing", DGRAM, "x", 0, -EOPNOTSUPP },
	{ "a_closed_number", CLOSED, "x", 1, -EBADF },
	{ "a_closed_number_from_nowhere", CLOSED, NULL, 1, -EBADF },
	{ "a_negative_number", NEGATIVE, "x", 1, -EBADF },
};

static void
error_is_told(void **state)
{
	const struct error_case *c = *state;
	struct ends e = { -1, -1, -1, -1 };
	size_t sent = UNTOUCHED;
	int sock;

	switch (c->who) {
	case PLAIN:
	case SECURE:
		open_ends(&e, c->who == SECURE);
		sock = e.client;
		break;
	case NEW:
	case NEW_SECURE:
		sock = e.client = zsock_socket(NET_AF_INET, NET_SOCK_STREAM,
		    c->who == NEW ? 0 : NET_IPPROTO_TLS_1_2);
		break;
	case DGRAM:
		sock = e.client = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
		break;
	case CLOSED:
		sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
		assert_int_equal(zsock_close(sock), 0);
		break;
	default:
		sock = -1;
		break;
	}
	errno = EXDEV;
	assert_int_equal(zsock_send_all(sock, c->buf, c->len, 0, K_FOREVER,
	                     &sent),
	    c->want);
	assert_int_equal(sent, 0);
	assert_int_equal(zsock_send_all(sock, c->buf, c->len, 0, K_NO_WAIT,
	                     NULL),
	    c->want);
	assert_int_equal(errno, EXDEV);
	close_ends(&e);
}

static void
a_message_of_nothing(void **state)
{
	const struct net_msghdr none = { .msg_iov = NULL, .msg_iovlen = 1 };
	const struct net_msghdr empty = { .msg_iov = NULL, .msg_iovlen = 0 };
	size_t sent = UNTOUCHED;
	struct ends e;

	(void)state;
	open_ends(&e, false);
	assert_int_equal(zsock_sendmsg_all(e.client, NULL, 0, K_FOREVER, &sent),
	    -EINVAL);
	assert_int_equal(sent, 0);
	assert_int_equal(zsock_sendmsg_all(e.client, &none, 0, K_FOREVER, NULL),
	    -EINVAL);
	assert_int_equal(zsock_sendmsg_all(e.client, &empty, 0, K_FOREVER,
	                     &sent),
	    0);
	close_ends(&e);
}

/* A piece of a message that is NULL, wherever it stands, on every stream. */
static void
a_piece_from_nowhere(void **state)
{
	struct net_iovec iov[] = { { data, 0 }, { NULL, 5 }, { data, 1 } };
	const struct net_msghdr whole = { .msg_iov = iov, .msg_iovlen = 3 };
	const struct net_msghdr alone = { .msg_iov = iov, .msg_iovlen = 2 };
	struct ends plain, secure;
	int sv[2];

	(void)state;
	open_ends(&plain, false);
	open_ends(&secure, true);
	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	for (int i = 0; i < 3; i++) {
		const int sock =
		    (int[]){ plain.client, secure.client, sv[0] }[i];

		assert_errno(zsock_sendmsg(sock, &whole, 0), EINVAL);
		assert_errno(zsock_sendmsg(sock, &alone, 0), EINVAL);
		assert_int_equal(zsock_sendmsg_all(sock, &whole, 0, K_NO_WAIT,
		                     NULL),
		    -EINVAL);
		assert_int_equal(zsock_sendmsg_all(sock, &alone, 0, K_NO_WAIT,
		                     NULL),
		    -EINVAL);
	}
	close_ends(&plain);
	close_ends(&secure);
	assert_int_equal(zsock_close(sv[0]), 0);
	assert_int_equal(zsock_close(sv[1]), 0);
}

static void
a_signal_does_not_end_it(void **state)
{
	struct ends e;
	char byte;

	(void)state;
	open_ends(&e, false);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, 1, EINTR);
	assert_int_equal(zsock_send_all(e.client, "x", 1, 0, K_FOREVER, NULL),
	    0);
	fake_kernel_remove();
	assert_int_equal(receive(&e, &byte, 1), 1);
	close_ends(&e);
}

static void
a_reset_ends_it(void **state)
{
	const struct linger abort = { .l_onoff = 1 };
	struct ends e;
	size_t sent = UNTOUCHED;
	int rc;

	(void)state;
	open_ends(&e, false);
	assert_int_equal(setsockopt(e.kfd, SOL_SOCKET, SO_LINGER, &abort,
	                     sizeof(abort)),
	    0);
	assert_int_equal(close(e.kfd), 0);
	e.kfd = -1;
	rc = zsock_send_all(e.client, data, MUCH, 0, K_FOREVER, &sent);
	assert_true(rc == -ENOTCONN || rc == -ECONNRESET);
	assert_true(sent < MUCH);
	close_ends(&e);
}

struct sender {
	int sock;
	int rc;
	size_t sent;
};

static void *
send_much(void *arg)
{
	struct sender *s = arg;

	s->rc = zsock_send_all(s->sock, data, MUCH, 0, K_FOREVER, &s->sent);
	return NULL;
}

/* Nothing is left in the kernel's buffers to be taken: it must be asleep. */
static void
closing_ends_it(void **state)
{
	struct ends e;
	struct sender s = { .rc = UNTOUCHED };
	struct zsock_pollfd p = { .events = ZSOCK_POLLOUT };
	pthread_t thread;

	(void)state;
	open_ends(&e, false);
	s.sock = p.fd = e.client;
	thread = loop_start(send_much, &s);
	while (zsock_poll(&p, 1, 0) != 0)
		(void)sched_yield();
	assert_int_equal(zsock_close(e.client), 0);
	e.client = -1;
	loop_join(thread);
	assert_int_equal(s.rc, -EINTR);
	assert_true(s.sent > 0);
	close_ends(&e);
}

static void *
read_a_pair(void *arg)
{
	const int *sock = arg;
	unsigned char byte;

	for (size_t i = 0; i < 5000; i++) {
		if (zsock_recv(*sock, &byte, 1, 0) != 1 || byte != data[i])
			return NULL;
	}
	return arg;
}

/* A pair holds few bytes, and its sends wait whatever the flags say. */
static void
all_of_it_on_a_socketpair(void **state)
{
	struct net_iovec iov[] = { { data, 2000 }, { data + 2000, 3000 } };
	const struct net_msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	pthread_t thread;
	size_t sent = UNTOUCHED;
	int sv[2];

	(void)state;
	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	assert_int_equal(zsock_send_all(sv[0], data, 5000, 0, K_MSEC(20),
	                     &sent),
	    -ETIMEDOUT);
	assert_true(sent > 0 && sent < 5000);
	for (unsigned char byte; sent > 0; sent--)
		assert_int_equal(zsock_recv(sv[1], &byte, 1, 0), 1);
	thread = loop_start(read_a_pair, &sv[1]);
	assert_int_equal(zsock_sendmsg_all(sv[0], &msg, 0, K_FOREVER, &sent),
	    0);
	assert_int_equal(sent, 5000);
	assert_ptr_equal(loop_join(thread), &sv[1]);
	assert_int_equal(zsock_close(sv[0]), 0);
	assert_int_equal(zsock_close(sv[1]), 0);
}

static const struct limit_case {
	const char *name;
	k_timeout_t timeout;
	int64_t ms;
} limits[] = {
	{ "K_NO_WAIT", K_NO_WAIT, 0 },
	{ "K_FOREVER", K_FOREVER, -1 },
	{ "K_MSEC_1", K_MSEC(1), 1 },
	{ "K_MSEC_1500", K_MSEC(1500), 1500 },
	{ "K_MSEC_of_nothing", K_MSEC(-5), 0 },
	{ "K_SECONDS_2", K_SECONDS(2), 2000 },
	{ "K_SECONDS_of_a_year", K_SECONDS(31536000), 31536000000 },
	{ "one_tick_is_rounded_up", { 1 }, 1 },
	{ "eleven_ticks_are_rounded_up", { 11 }, 2 },
};

static void
a_timeout_is_so_many_ms(void **state)
{
	const struct limit_case *c = *state;

	assert_int_equal(ZSOCK_K_TIMEOUT_MS(c->timeout), c->ms);
}

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	for (size_t i = 0; i < MUCH; i++)
		data[i] = (unsigned char)(i * 2654435761u >> 13);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

#define ADD(table, function) \
	for (size_t i = 0; i < LEN(table); i++) \
		tests[n++] = (struct CMUnitTest) \
		{ \
			.name = (table)[i].name, .test_func = (function), \
			.initial_state = (void *)&(table)[i] \
		}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_message_of_nothing),
		cmocka_unit_test(a_piece_from_nowhere),
		cmocka_unit_test(a_signal_does_not_end_it),
		cmocka_unit_test(a_reset_ends_it),
		cmocka_unit_test(closing_ends_it),
		cmocka_unit_test(all_of_it_on_a_socketpair),
	};
	struct CMUnitTest tests[LEN(kinds) + LEN(times) + LEN(errors) +
	    LEN(limits) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	ADD(kinds, everything_arrives);
	ADD(times, the_time_is_over);
	ADD(errors, error_is_told);
	ADD(limits, a_timeout_is_so_many_ms);
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/send_all", tests, setup,
	    teardown);
}
