/*
 * Closing against everything else, on the same few numbers: nothing hangs,
 * nothing is reported by the sanitizers, and no call ever reaches a descriptor
 * that was meant for somebody else.
 */
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "sock/fdtable.h"
#include "support/loop.h"

#define ROUNDS 10000
#define NUMBERS 4

/* Failures are counted, for an assertion in a thread would not be caught. */
static atomic_int strange_errno, canaries_hurt, users_left;

/* A listener of the kernel's whose queue is full: connect waits there. */
static struct sockaddr_storage full;
static socklen_t full_len;

/*
 * ThreadSanitizer takes libc's connect for the making of a descriptor, and so
 * a send beside it for a race.  The kernel has no such thing; reports about the
 * two functions that do nothing but make that call are passed over.
 */
const char *__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
	return "race:connect_dgram\nrace:kernel_connect\n";
}

/* What may come of a call on a number that others close and open. */
static const int expected[] = { EBADF, EINTR, EAGAIN, ENOTCONN, EOPNOTSUPP,
	EINVAL, ETIMEDOUT, EDESTADDRREQ, EISCONN, EALREADY, ENOBUFS,
	EINPROGRESS, EADDRINUSE, ENFILE };

/* Did the call come upon a socket? */
static bool
look_at(long result)
{
	if (result != -1)
		return true;
	for (size_t i = 0; i < LEN(expected); i++) {
		if (errno == expected[i])
			return errno != EBADF;
	}
	atomic_store(&strange_errno, errno);
	return true;
}

/*
 * Kernel sockets of the test's own take the descriptors that the library has
 * just given back.  A late call of the library's would take their message, add
 * one, or close them.
 */
static void
canary(int round)
{
	int pair[2], got = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		return;
	if (send(pair[0], &round, sizeof(round), 0) != sizeof(round) ||
	    recv(pair[1], &got, sizeof(got), MSG_DONTWAIT) != sizeof(got) ||
	    got != round ||
	    recv(pair[1], &got, sizeof(got), MSG_DONTWAIT) != -1)
		atomic_fetch_add(&canaries_hurt, 1);
	if (close(pair[0]) == -1 || close(pair[1]) == -1)
		atomic_fetch_add(&canaries_hurt, 1);
}

/* A datagram socket that talks to itself, a listener, or a fresh stream. */
static void
open_one(int kind)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	struct net_sockaddr *sa = (struct net_sockaddr *)&addr;
	const int sock = zsock_socket(NET_AF_INET,
	    kind == 0 ? NET_SOCK_DGRAM : NET_SOCK_STREAM, 0);

	if (sock < 0 || kind == 2)
		return;
	(void)look_at(zsock_bind(sock, sa, len));
	if (kind == 1)
		(void)look_at(zsock_listen(sock, 1));
	else if (zsock_getsockname(sock, sa, &len) == 0)
		(void)look_at(zsock_connect(sock, sa, len));
}

/* Goes on for as long as somebody may wait for it. */
static void *
close_and_open(void *arg)
{
	int i = (int)(intptr_t)arg;

	for (int round = 0; round < ROUNDS || atomic_load(&users_left) > 0;
	     round++, i++) {
		(void)look_at(zsock_close(i % NUMBERS));
		if (round % 16 == 0)
			canary(round);
		open_one(i % 3);
		sched_yield(); /* two of these would have two processors */
	}
	return NULL;
}

static bool
use_recv(int sock)
{
	char byte;

	return look_at(zsock_recv(sock, &byte, 1, 0));
}

static bool
use_accept(int sock)
{
	const int child = zsock_accept(sock, NULL, NULL);

	const bool met = look_at(child);

	if (child >= 0)
		(void)look_at(zsock_close(child));
	return met;
}

static bool
use_connect(int sock)
{
	return look_at(
	    zsock_connect(sock, (struct net_sockaddr *)&full, full_len));
}

static bool
use_poll(int sock)
{
	struct zsock_pollfd fds[] = {
		{ .fd = sock, .events = ZSOCK_POLLIN },
		{ .fd = (sock + 1) % NUMBERS, .events = ZSOCK_POLLIN },
	};

	(void)look_at(zsock_poll(fds, LEN(fds), -1));
	return (fds[0].revents & ZSOCK_POLLNVAL) == 0;
}

static bool
use_send(int sock)
{
	return look_at(zsock_send(sock, "x", 1, 0));
}

static const struct user {
	bool (*use)(int sock);
} users[] = { { use_recv }, { use_recv }, { use_accept }, { use_connect },
	{ use_poll }, { use_send } };

static void *
use(void *arg)
{
	const size_t who = (size_t)(intptr_t)arg;

	/* A round in which there was no socket is none. */
	for (int round = 0, i = 0; round < ROUNDS; i++) {
		if (!users[who].use((i + (int)who) % NUMBERS))
			continue;
		if (++round % 16 == 0)
			canary(round);
	}
	atomic_fetch_sub(&users_left, 1);
	return NULL;
}

static void
fill_queue(int *listener, int others[4])
{
	uint16_t port;

	*listener = loop_listen_raw(AF_INET, &port);
	full_len = loop_addr(&full, AF_INET, port);
	assert_int_equal(listen(*listener, 0), 0);
	for (int i = 0; i < 4; i++) {
		others[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(others[i], (struct sockaddr *)&full, full_len);
	}
}

static void
closing_races_with_every_call(void **state)
{
	const int before = loop_count_descriptors();
	pthread_t threads[2 + LEN(users)];
	int listener, others[4];

	(void)state;
	fdtable_limit(NUMBERS);
	fill_queue(&listener, others);
	atomic_store(&users_left, (int)LEN(users));
	for (size_t i = 0; i < LEN(users); i++)
		threads[2 + i] = loop_start(use, (void *)(intptr_t)i);
	for (size_t i = 0; i < 2; i++)
		threads[i] = loop_start(close_and_open, (void *)(intptr_t)i);
	for (size_t i = 0; i < LEN(threads); i++)
		(void)loop_join(threads[i]);
	for (int sock = 0; sock < NUMBERS; sock++)
		(void)zsock_close(sock);
	for (int i = 0; i < 4; i++)
		close(others[i]);
	close(listener);
	assert_int_equal(atomic_load(&strange_errno), 0);
	assert_int_equal(atomic_load(&canaries_hurt), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_races_with_every_call),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("api/close_race", tests, NULL, NULL);
}
