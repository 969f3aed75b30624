/* Closing a secure datagram socket under another thread's call. */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/dtls_ends.h"
#include "support/fake_kernel.h"

#define ROUNDS 100
#define SOON_MS 100
#define LATE_ONE_IN 20 /* at most: the machine may be busy */
#define SPINS 10       /* a round that keeps a processor busy counts for more */

static struct sockaddr_in silent, addr;
static int nobody; /* has the port silent, and does not answer */
static int peer;   /* a server that does */

static intptr_t
receive(int sock)
{
	char byte;

	return dtls_ends_recv(sock, &byte, 1, 0);
}

static intptr_t
receive_with_a_limit(int sock)
{
	const struct timeval far = { .tv_sec = 60 };

	if (call_setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &far, sizeof(far)) !=
	    0)
		return -EBADF; /* closed already */
	return receive(sock);
}

static intptr_t
poll_it(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	const int rc = poll_sockets(&p, 1, 60000, false);

	return rc == 1 && p.revents == POLLNVAL ? -EBADF : rc;
}

static intptr_t
connect_to_silence(int sock)
{
	return dtls_ends_connect(sock, &silent);
}

static intptr_t
send_to_silence(int sock)
{
	return call_sendto(sock, "x", 1, 0, (struct sockaddr *)&silent,
	    sizeof(silent));
}

/* The kernel never has room. */
static intptr_t
send_in_vain(int sock)
{
	return dtls_ends_send(sock, "x", 1);
}

static int
fresh(void)
{
	const int sock = dtls_ends_client(true);

	dtls_ends_timeouts(sock, 10, 60000);
	return sock;
}

static int
connected(void)
{
	const int sock = fresh();

	assert_int_equal(dtls_ends_connect(sock, &addr), 0);
	return sock;
}

static int
serving(void)
{
	struct sockaddr_in any;

	return dtls_ends_server(&any);
}

/* A handshake that was left, and that nobody answers. */
static int
pending(void)
{
	const int sock = fresh();

	dtls_ends_nonblock(sock);
	assert_int_equal(dtls_ends_connect(sock, &silent), -EINPROGRESS);
	return sock;
}

static const struct row {
	const char *name;
	int (*open)(void);
	intptr_t (*call)(int sock);
	enum profile profile;
	bool no_room;
} rows[] = {
	{ "a_clients_recv", connected, receive, PROFILE_ZEPHYR, false },
	{ "a_clients_recv_with_a_limit", connected, receive_with_a_limit,
	    PROFILE_ZEPHYR, false },
	{ "a_clients_poll", connected, poll_it, PROFILE_ZEPHYR, false },
	{ "a_clients_send", connected, send_in_vain, PROFILE_LINUX, true },
	{ "a_servers_recv", serving, receive, PROFILE_ZEPHYR, false },
	{ "a_servers_poll", serving, poll_it, PROFILE_ZEPHYR, false },
	{ "connect", fresh, connect_to_silence, PROFILE_ZEPHYR, false },
	{ "linux_connect", fresh, connect_to_silence, PROFILE_LINUX, false },
	{ "a_first_send", fresh, send_to_silence, PROFILE_ZEPHYR_3_3, false },
	{ "poll_in_a_handshake", pending, poll_it, PROFILE_LINUX, false },
};

static struct call {
	const struct row *row;
	int sock;
	atomic_bool begun;
} now;

static void *
make_call(void *arg)
{
	const struct call *c = arg;

	atomic_store(&now.begun, true);
	return (void *)c->row->call(c->sock);
}

/*
 * Closed at once, a little later, and when flights have been sent again: what
 * it answers, or 0 if that took long.
 */
static intptr_t
close_under_it(const struct row *r, int round)
{
	pthread_t thread;
	intptr_t rc;
	int64_t then;

	now = (struct call){ .row = r, .sock = r->open() };
	if (r->no_room)
		fake_kernel_fail(FAKE_SENDTO, 1 << 30, EAGAIN);
	thread = loop_start(make_call, &now);
	while (!atomic_load(&now.begun))
		sched_yield();
	for (int i = 0; i < round % 20; i++)
		sched_yield();
	if (round % 25 == 0)
		(void)poll(NULL, 0, 15);
	then = deadline_now_ns();
	assert_int_equal(call_close(now.sock), 0);
	rc = (intptr_t)loop_join(thread);
	fake_kernel_fail(FAKE_SENDTO, 0, 0);
	if (deadline_now_ns() - then > SOON_MS * INT64_C(1000000))
		return 0;
	return rc;
}

static void
closing_ends_the_call_at_once(void **state)
{
	const struct row *r = *state;
	const int before = loop_count_descriptors();
	const int rounds = r->no_room ? ROUNDS / SPINS : ROUNDS;
	int interrupted = 0, late = 0;

	profile_set(r->profile);
	for (int i = 0; i < rounds; i++) {
		const intptr_t rc = close_under_it(r, i);

		assert_true(rc == -EINTR || rc == -EBADF || rc == 0);
		interrupted += rc == -EINTR;
		late += rc == 0;
	}
	assert_in_range(late, 0, 1 + rounds / LATE_ONE_IN);
	/* How many calls sleep by then is the machine's affair, but after 15 ms. */
	assert_true(interrupted > rounds / 50);
	assert_int_equal(loop_count_descriptors(), before);
}

/* Takes clients until it is closed. */
static void *
serve(void *arg)
{
	(void)arg;
	return (void *)receive(peer);
}

static pthread_t server;

static int
setup(void **state)
{
	const int rc = dtls_ends_start(state);

	fake_kernel_install();
	peer = dtls_ends_server(&addr);
	server = loop_start(serve, NULL);
	nobody = dtls_ends_raw(&silent);
	return rc;
}

static int
teardown(void **state)
{
	assert_int_equal(call_close(peer), 0);
	assert_int_equal((intptr_t)loop_join(server), -EINTR);
	close(nobody);
	fake_kernel_remove();
	return dtls_ends_stop(state);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows)];

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = closing_ends_the_call_at_once,
			.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("sock/dtls_close", tests, setup,
	    teardown);
}
