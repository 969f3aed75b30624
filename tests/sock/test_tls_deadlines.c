#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"
#include "support/peer.h"

/* A limit, and what a slow machine may add to it before it is another one. */
#define LIMIT_MS 100
#define SLACK_MS 3000

/* A peer that lets the other wait sends or takes a little at this pace. */
#define PACE_MS 10
#define PACES 600

static void
limit(int sock, int option, int ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, option, &tv,
	                     sizeof(tv)),
	    0);
}

static void
assert_took_the_limit(int64_t start_ns)
{
	assert_in_range((deadline_now_ns() - start_ns) / 1000000, LIMIT_MS - 2,
	    LIMIT_MS + SLACK_MS);
}

static atomic_bool enough;

/* Sends a record of 16 KiB a byte at a time, and never all of it. */
static void *
drip_a_record(void *arg)
{
	static const unsigned char head[5] = { 0x17, 3, 3, 0x40, 0 };
	const int kfd = *(int *)arg;

	for (int i = 0; i < PACES && !atomic_load(&enough); i++) {
		(void)!send(kfd, i < 5 ? &head[i] : &head[4], 1, MSG_NOSIGNAL);
		poll(NULL, 0, PACE_MS);
	}
	return NULL;
}

static void
recv_has_one_deadline_however_often_bytes_come(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	pthread_t thread;
	int64_t start;
	char byte;

	(void)state;
	limit(sock, SO_RCVTIMEO, LIMIT_MS);
	atomic_store(&enough, false);
	start = deadline_now_ns();
	thread = loop_start(drip_a_record, &p.kfd);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), -EAGAIN);
	assert_took_the_limit(start);
	atomic_store(&enough, true);
	(void)loop_join(thread);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
recv_keeps_to_its_own_option_while_output_is_pending(void **state)
{
	const struct linger none = { .l_onoff = 1 };
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	int64_t start;
	char byte;

	(void)state;
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_LINGER, &none,
	                     sizeof(none)),
	    0);
	limit(sock, SO_RCVTIMEO, LIMIT_MS);
	loop_fill(sock);
	for (int other = 0; other < 2; other++) {
		limit(sock, SO_SNDTIMEO, other == 0 ? 1 : 20000);
		start = deadline_now_ns();
		assert_int_equal(loop_receive(sock, &byte, 1, 0), -EAGAIN);
		assert_took_the_limit(start);
	}
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
waitall_gives_the_part_when_the_time_is_over(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	char buf[20];
	int64_t start;

	(void)state;
	limit(sock, SO_RCVTIMEO, LIMIT_MS);
	peer_send(&p, "0123456789", 10);
	start = deadline_now_ns();
	assert_int_equal(loop_receive(sock, buf, sizeof(buf), MSG_WAITALL), 10);
	assert_took_the_limit(start);
	peer_send(&p, "x", 1);
	assert_int_equal(loop_receive(sock, buf, 1, MSG_WAITALL), 1);
	assert_int_equal(buf[0], 'x');
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* Takes a little at a time, so that the sender wakes up again and again. */
static void *
sip(void *arg)
{
	static char sink[256 * 1024];
	const int kfd = *(int *)arg;

	for (int i = 0; i < PACES && !atomic_load(&enough); i++) {
		(void)!recv(kfd, sink, sizeof(sink), MSG_DONTWAIT);
		poll(NULL, 0, PACE_MS);
	}
	return NULL;
}

static void
send_has_one_deadline_however_often_room_comes(void **state)
{
	const size_t size = 128 * 1024 * 1024;
	const struct linger none = { .l_onoff = 1 };
	char *data = calloc(1, size);
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	pthread_t thread;
	int64_t start;
	ssize_t n;

	(void)state;
	assert_non_null(data);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_LINGER, &none,
	                     sizeof(none)),
	    0);
	loop_fill(sock);
	limit(sock, SO_SNDTIMEO, LIMIT_MS);
	atomic_store(&enough, false);
	start = deadline_now_ns();
	thread = loop_start(sip, &p.kfd);
	n = loop_transmit(sock, data, size, 0);
	assert_true(n == -EAGAIN || (n > 0 && (size_t)n < size));
	assert_took_the_limit(start);
	atomic_store(&enough, true);
	(void)loop_join(thread);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
	free(data);
}

static void *
send_one(void *arg)
{
	return (void *)(intptr_t)loop_transmit(*(int *)arg, "x", 1, 0);
}

/* The device's limit of a plain send is none of a secure one's. */
static void
send_waits_for_ever_unless_it_is_told_otherwise(void **state)
{
	struct peer p;
	static char sink[65536];
	pthread_t thread;
	int sock;

	(void)state;
	assert_int_equal(limits_set("CONFIG_NET_SOCKET_MAX_SEND_WAIT", 20), 0);
	sock = peer_serve(&p, &loop_pki.server, 0);
	loop_fill(sock);
	/* Nor is it known by its value, which the kernel may round. */
	assert_int_equal(limits_set("CONFIG_NET_SOCKET_MAX_SEND_WAIT", 21), 0);
	fake_kernel_install();
	thread = loop_start(send_one, &sock);
	while (fake_kernel_count(FAKE_POLL) == 0)
		continue;
	assert_int_equal(fake_kernel_poll_timeout(), -1);
	assert_int_equal(fcntl(p.kfd, F_SETFL, O_NONBLOCK), 0);
	while (pthread_tryjoin_np(thread, NULL) != 0)
		(void)!recv(p.kfd, sink, sizeof(sink), 0);
	fake_kernel_remove();
	limits_clear();
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
set_handshake_ms(const char *ms)
{
	assert_int_equal(setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", ms, 1), 0);
	config_reload();
}

/* HelloRequests without end, which a client in its handshake passes over. */
static void *
flood_with_requests(void *arg)
{
	const int kfd = accept(*(int *)arg, NULL, NULL);
	static unsigned char records[9 * 4096];

	for (size_t i = 0; i < sizeof(records); i += 9)
		memcpy(records + i, "\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9);
	while (send(kfd, records, sizeof(records), MSG_NOSIGNAL) > 0)
		continue;
	close(kfd);
	return NULL;
}

static void
connects_deadline_holds_while_bytes_keep_coming(void **state)
{
	uint16_t port;
	int listener = loop_listen_raw(AF_INET, &port);
	const pthread_t thread = loop_start(flood_with_requests, &listener);
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	const int64_t start = deadline_now_ns();

	(void)state;
	set_handshake_ms("100");
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_took_the_limit(start);
	set_handshake_ms("10000");
	assert_int_equal(call_close(sock), 0);
	(void)loop_join(thread);
	close(listener);
}

/* A ClientHello that takes its time. */
static void *
drip_a_hello(void *arg)
{
	static const unsigned char head[9] = { 0x16, 3, 1, 2, 0, 1, 0, 1,
		0xfc };
	const int kfd = *(int *)arg;

	for (int i = 0; i < PACES && !atomic_load(&enough); i++) {
		(void)!send(kfd, i < 9 ? &head[i] : &head[4], 1, MSG_NOSIGNAL);
		poll(NULL, 0, PACE_MS);
	}
	return NULL;
}

static void
accepts_deadline_holds_while_bytes_keep_coming(void **state)
{
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	int kfd = loop_connect_raw(AF_INET, port);
	const int64_t start = deadline_now_ns();
	pthread_t thread;

	(void)state;
	set_handshake_ms("100");
	atomic_store(&enough, false);
	thread = loop_start(drip_a_hello, &kfd);
	assert_int_equal(call_accept(listener, NULL, NULL), -ETIMEDOUT);
	assert_took_the_limit(start);
	set_handshake_ms("10000");
	atomic_store(&enough, true);
	(void)loop_join(thread);
	close(kfd);
	assert_int_equal(call_close(listener), 0);
}

struct connecting {
	int sock;
	uint16_t port;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;

	return (void *)(intptr_t)loop_connect(c->sock, AF_INET, c->port);
}

/* Who calls while another thread is in its handshake waits as it is told. */
static void
anothers_handshake_is_waited_for_as_the_socket_says(void **state)
{
	struct connecting c;
	const int listener = loop_listen_raw(AF_INET, &c.port);
	pthread_t thread;
	int64_t start;
	char byte;
	int kfd;

	(void)state;
	c.sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	limit(c.sock, SO_RCVTIMEO, LIMIT_MS);
	fake_kernel_install();
	thread = loop_start(connect_it, &c);
	kfd = accept(listener, NULL, NULL);
	while (fake_kernel_count(FAKE_POLL) == 0)
		continue;
	assert_int_equal(loop_receive(c.sock, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(loop_transmit(c.sock, "x", 1, MSG_DONTWAIT), -EAGAIN);
	start = deadline_now_ns();
	assert_int_equal(loop_receive(c.sock, &byte, 1, 0), -EAGAIN);
	assert_took_the_limit(start);
	assert_int_equal(call_fcntl(c.sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(loop_receive(c.sock, &byte, 1, 0), -EAGAIN);
	assert_int_equal(loop_transmit(c.sock, "x", 1, 0), -EAGAIN);
	close(kfd); /* with what came unread, so that it is a reset */
	assert_int_equal((intptr_t)loop_join(thread), -ECONNRESET);
	fake_kernel_remove();
	assert_int_equal(call_close(c.sock), 0);
	close(listener);
}

/* The kernel bounds the only sleep of such a call, and is asked for no time. */
static void
a_plain_receive_costs_no_question_about_time(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, TLS1_2_VERSION);
	char byte;

	(void)state;
	peer_send(&p, "x", 1);
	fake_kernel_install();
	assert_int_equal(loop_receive(sock, &byte, 1, 0), 1);
	assert_true(fake_kernel_count(FAKE_RECVFROM) <= 3);
	assert_int_equal(fake_kernel_count(FAKE_POLL), 0);
	assert_int_equal(fake_kernel_count(FAKE_FCNTL), 0);
	fake_kernel_remove();
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    recv_has_one_deadline_however_often_bytes_come),
		cmocka_unit_test(
		    recv_keeps_to_its_own_option_while_output_is_pending),
		cmocka_unit_test(waitall_gives_the_part_when_the_time_is_over),
		cmocka_unit_test(
		    send_has_one_deadline_however_often_room_comes),
		cmocka_unit_test(
		    send_waits_for_ever_unless_it_is_told_otherwise),
		cmocka_unit_test(
		    connects_deadline_holds_while_bytes_keep_coming),
		cmocka_unit_test(
		    accepts_deadline_holds_while_bytes_keep_coming),
		cmocka_unit_test(
		    anothers_handshake_is_waited_for_as_the_socket_says),
		cmocka_unit_test(a_plain_receive_costs_no_question_about_time),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/tls_deadlines", tests,
	    loop_setup, loop_teardown);
}
