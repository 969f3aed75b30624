#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/deadline.h"
#include "base/kernel.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"
#include "support/peer.h"

/*
 * A second of close's own at most, and what a slow machine needs: far from the
 * ten seconds of a handshake that nobody wakes.
 */
#define SOON_MS 4000

static struct peer peer;
static int listener; /* the kernel's, or -1 */
static int silent;   /* a client that says nothing, or -1 */
static uint16_t port;

static int
prepare(void **state)
{
	(void)state;
	peer = (struct peer){ .kfd = -1 };
	listener = silent = -1;
	return 0;
}

static int
clean_up(void **state)
{
	(void)state;
	fake_kernel_remove();
	peer_free(&peer);
	close(listener);
	close(silent);
	return 0;
}

static int
open_idle(void)
{
	return peer_serve(&peer, &loop_pki.server, 0);
}

/* Nobody reads; close need not wait for that. */
static int
open_full(void)
{
	const struct linger none = { .l_onoff = 1 };
	const int sock = open_idle();

	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_LINGER, &none,
	                     sizeof(none)),
	    0);
	loop_fill(sock);
	return sock;
}

static int
open_listener(void)
{
	return loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
}

static int
open_listener_with_a_silent_client(void)
{
	const int sock = open_listener();

	silent = loop_connect_raw(AF_INET, port);
	return sock;
}

/* Its server accepts and says nothing. */
static int
open_new(void)
{
	listener = loop_listen_raw(AF_INET, &port);
	return loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG,
	    "localhost");
}

static ssize_t
sleep_in_recv(int sock)
{
	char byte;

	return call_recvfrom(sock, &byte, 1, 0, NULL, NULL);
}

static ssize_t
sleep_in_send(int sock)
{
	return call_sendto(sock, "x", 1, 0, NULL, 0);
}

static ssize_t
sleep_in_accept(int sock)
{
	return call_accept(sock, NULL, NULL);
}

static ssize_t
sleep_in_connect(int sock)
{
	return loop_connect(sock, AF_INET, port);
}

static ssize_t
sleep_in_poll(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	return poll_sockets(&p, 1, 30000, false);
}

struct sleeper {
	ssize_t (*call)(int sock);
	int sock;
};

static void *
run(void *arg)
{
	const struct sleeper *s = arg;

	return (void *)(intptr_t)s->call(s->sock);
}

/*
 * What the kernel is asked, and how often, before the thread sleeps: only then
 * is it certain that close finds it there.
 */
static const struct wake_case {
	const char *name;
	int (*open)(void);
	ssize_t (*call)(int sock);
	enum fake_call entry;
	int times;
	int threads;
} wakes[] = {
	{ "recv", open_idle, sleep_in_recv, FAKE_RECVFROM, 2, 1 },
	{ "recv_of_three", open_idle, sleep_in_recv, FAKE_RECVFROM, 2, 3 },
	{ "recv_with_output_pending", open_full, sleep_in_recv, FAKE_POLL, 1,
	    1 },
	{ "send", open_full, sleep_in_send, FAKE_POLL, 1, 1 },
	{ "accept", open_listener, sleep_in_accept, FAKE_ACCEPT4, 1, 1 },
	{ "accept_in_a_handshake", open_listener_with_a_silent_client,
	    sleep_in_accept, FAKE_POLL, 1, 1 },
	{ "connect_in_a_handshake", open_new, sleep_in_connect, FAKE_POLL, 1,
	    1 },
	{ "poll", open_idle, sleep_in_poll, FAKE_POLL, 2, 1 },
	{ "poll_of_a_listener", open_listener, sleep_in_poll, FAKE_POLL, 2, 1 },
};

static void
close_wakes(void **state)
{
	const struct wake_case *c = *state;
	struct sleeper s = { .call = c->call, .sock = c->open() };
	pthread_t threads[3];
	int64_t start;

	fake_kernel_install();
	for (int i = 0; i < c->threads; i++)
		threads[i] = loop_start(run, &s);
	while (fake_kernel_count(c->entry) < c->times)
		continue;
	start = deadline_now_ns();
	assert_int_equal(call_close(s.sock), 0);
	for (int i = 0; i < c->threads; i++) {
		const ssize_t rc = (intptr_t)loop_join(threads[i]);

		/* Those after the first may have come too late. */
		if (i == 0 && c->threads == 1)
			assert_int_equal(rc, -EINTR);
		else
			assert_true(rc == -EINTR || rc == -EBADF);
	}
	assert_in_range(deadline_now_ns() - start, 0,
	    INT64_C(1000000) * SOON_MS);
}

/* What is still to be sent must not keep it. */
static void
close_wakes_before_its_own_time_is_over(void **state)
{
	struct sleeper s = { sleep_in_recv, open_idle() };
	pthread_t thread;
	int64_t start;

	(void)state;
	loop_fill(s.sock);
	fake_kernel_install();
	thread = loop_start(run, &s);
	while (fake_kernel_count(FAKE_POLL) == 0)
		continue;
	start = deadline_now_ns();
	assert_int_equal(call_close(s.sock), 0);
	assert_int_equal((intptr_t)loop_join(thread), -EINTR);
	assert_in_range((deadline_now_ns() - start) / 1000000, 0, 800);
}

static void
close_wakes_whoever_waits_for_anothers_handshake(void **state)
{
	struct sleeper connecter = { sleep_in_connect, open_new() };
	struct sleeper receiver = { sleep_in_recv, connecter.sock };
	pthread_t threads[2];
	ssize_t rc;

	(void)state;
	fake_kernel_install();
	threads[0] = loop_start(run, &connecter);
	while (fake_kernel_count(FAKE_POLL) == 0)
		continue;
	threads[1] = loop_start(run, &receiver);
	/* Its first question is whether the socket may block. */
	while (fake_kernel_count(FAKE_FCNTL) == 0)
		continue;
	assert_int_equal(call_close(connecter.sock), 0);
	assert_int_equal((intptr_t)loop_join(threads[0]), -EINTR);
	rc = (intptr_t)loop_join(threads[1]);
	assert_int_equal(rc, -EINTR);
}

/* The listener that the next accept4 closes once it has a connection. */
static int doomed;

static int
accept_and_close(int kfd, struct sockaddr *addr, socklen_t *len, int flags)
{
	const int child = accept4(kfd, addr, len, flags);

	assert_int_equal(call_close(doomed), 0);
	return child;
}

static void
a_closed_listener_hands_out_nobody(void **state)
{
	struct kernel table = kernel_libc;
	const int64_t start = deadline_now_ns();
	char byte;

	(void)state;
	doomed = open_listener_with_a_silent_client();
	table.accept4 = accept_and_close;
	kernel = &table;
	assert_int_equal(call_accept(doomed, NULL, NULL), -EINTR);
	kernel = &kernel_libc;
	assert_in_range(deadline_now_ns() - start, 0,
	    INT64_C(1000000) * SOON_MS);
	/* Its client is told at once. */
	assert_true(recv(silent, &byte, 1, 0) <= 0);
}

static pthread_t accepter;
static int helpings;

/* The second thing that a server hears ends its handshake. */
static ssize_t
receive_and_close(int kfd, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	const ssize_t n = recvfrom(kfd, buf, len, flags, addr, addrlen);

	if (n > 0 && pthread_equal(pthread_self(), accepter) && ++helpings == 2)
		assert_int_equal(call_close(doomed), 0);
	return n;
}

static void
nor_does_it_once_the_handshake_is_complete(void **state)
{
	struct kernel table = kernel_libc;
	struct sleeper s = { .call = sleep_in_connect };
	pthread_t thread;

	(void)state;
	doomed = open_listener();
	accepter = pthread_self();
	helpings = 0;
	table.recvfrom = receive_and_close;
	kernel = &table;
	s.sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	thread = loop_start(run, &s);
	assert_int_equal(call_accept(doomed, NULL, NULL), -EINTR);
	assert_int_equal(helpings, 2);
	(void)loop_join(thread);
	kernel = &kernel_libc;
	assert_int_equal(call_close(s.sock), 0);
}

/* How long close takes of a stream whose peer reads nothing. */
static const struct linger_case {
	const char *name;
	int seconds; /* SO_LINGER, or -1 */
	bool nonblock;
	int least_ms, most_ms;
} lingers[] = {
	{ "close_waits_for_a_second", -1, false, 900, 1900 },
	{ "close_waits_as_long_as_so_linger_says", 2, false, 1900, 2900 },
	{ "so_linger_of_nothing_waits_for_nothing", 0, false, 0, 800 },
	{ "a_non_blocking_close_waits_for_nothing", -1, true, 0, 800 },
	{ "nor_does_it_with_so_linger", 5, true, 0, 800 },
};

static void
close_takes_its_time(void **state)
{
	const struct linger_case *c = *state;
	const struct linger linger = { 1, c->seconds };
	const int sock = open_idle();
	int64_t start;

	if (c->seconds >= 0)
		assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_LINGER,
		                     &linger, sizeof(linger)),
		    0);
	if (c->nonblock)
		assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	loop_fill(sock);
	start = deadline_now_ns();
	assert_int_equal(call_close(sock), 0);
	assert_in_range((deadline_now_ns() - start) / 1000000, c->least_ms,
	    c->most_ms);
}

/* What the kernel has taken is its own, and it sends it in the background. */
static void
close_of_a_non_blocking_stream_loses_nothing(void **state)
{
	static char data[100000], got[sizeof(data)];
	const struct linger linger = { 1, 5 };
	const int sock = open_idle();

	(void)state;
	memset(data, 'd', sizeof(data));
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger,
	                     sizeof(linger)),
	    0);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	loop_send_all(sock, data, sizeof(data));
	assert_int_equal(call_close(sock), 0);
	peer_recv(&peer, got, sizeof(got));
	assert_memory_equal(data, got, sizeof(data));
	assert_int_equal(SSL_read(peer.ssl, got, 1), 0);
	assert_int_equal(SSL_get_error(peer.ssl, 0), SSL_ERROR_ZERO_RETURN);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test_setup_teardown(
		    close_wakes_before_its_own_time_is_over, prepare, clean_up),
		cmocka_unit_test_setup_teardown(
		    close_wakes_whoever_waits_for_anothers_handshake, prepare,
		    clean_up),
		cmocka_unit_test_setup_teardown(
		    a_closed_listener_hands_out_nobody, prepare, clean_up),
		cmocka_unit_test_setup_teardown(
		    nor_does_it_once_the_handshake_is_complete, prepare,
		    clean_up),
		cmocka_unit_test_setup_teardown(
		    close_of_a_non_blocking_stream_loses_nothing, prepare,
		    clean_up),
	};
	struct CMUnitTest tests[LEN(wakes) + LEN(lingers) + LEN(fixed)];
	char names[LEN(wakes)][64];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(wakes); i++) {
		snprintf(names[i], sizeof(names[i]), "close_wakes_%s",
		    wakes[i].name);
		tests[n++] = (struct CMUnitTest){ .name = names[i],
			.test_func = close_wakes,
			.setup_func = prepare,
			.teardown_func = clean_up,
			.initial_state = (void *)&wakes[i] };
	}
	for (size_t i = 0; i < LEN(lingers); i++)
		tests[n++] = (struct CMUnitTest){ .name = lingers[i].name,
			.test_func = close_takes_its_time,
			.setup_func = prepare,
			.teardown_func = clean_up,
			.initial_state = (void *)&lingers[i] };
	memcpy(&tests[n], fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("sock/tls_close", tests, loop_setup,
	    loop_teardown);
}
