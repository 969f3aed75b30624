/*
 * Closing secure datagram sockets against everything else, on the same few
 * numbers, while their clients come and go: nothing hangs, and nothing is
 * reported by the sanitizers.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/dtls_ends.h"

#define ROUNDS 1500
#define NUMBERS 4

/* Failures are counted, for an assertion in a thread would not be caught. */
static atomic_int strange, users_left;
static struct sockaddr_in addr, silent;
static _Atomic(in_port_t) meeting_point; /* a server's, which comes and goes */

/*
 * ThreadSanitizer takes libc's connect for the making of a descriptor, and so
 * a send beside it for a race.  The kernel has no such thing.
 */
const char *__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
	return "race:native_connect\nrace:connect_dgram\n";
}

/* What may come of a call on a number that others close and open. */
static const int expected[] = { EBADF, EINTR, EAGAIN, ENOTCONN, EOPNOTSUPP,
	EINVAL, ETIMEDOUT, EDESTADDRREQ, EISCONN, EALREADY, EINPROGRESS,
	EADDRINUSE, ENFILE, ECONNABORTED, ECONNREFUSED };

/* Did the call come upon a socket? */
static bool
look_at(ssize_t result)
{
	if (result >= 0)
		return true;
	for (size_t i = 0; i < LEN(expected); i++) {
		if (result == -expected[i])
			return result != -EBADF;
	}
	atomic_store(&strange, (int)-result);
	return true;
}

static void
set(int sock, int name, const void *val, size_t len)
{
	(void)look_at(
	    call_setsockopt(sock, TLS_LEVEL, name, val, (socklen_t)len));
}

static void
open_server(int sock)
{
	const int tags[] = { LOOP_SERVER_TAG, DTLS_ENDS_PSK_TAG };
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(own);

	set(sock, TLS_NAME_DTLS_ROLE, &(int){ 1 }, sizeof(int));
	set(sock, TLS_NAME_SEC_TAG_LIST, tags, sizeof(tags));
	(void)look_at(call_bind(sock, (struct sockaddr *)&own, len));
	if (call_getsockname(sock, (struct sockaddr *)&own, &len) == 0)
		atomic_store(&meeting_point, own.sin_port);
}

static void
open_client(int sock, const struct sockaddr_in *to)
{
	set(sock, TLS_NAME_SEC_TAG_LIST, &(int){ DTLS_ENDS_PSK_TAG },
	    sizeof(int));
	set(sock, TLS_NAME_HOSTNAME, "localhost", 9);
	set(sock, TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, &(uint32_t){ 1 }, 4);
	set(sock, TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, &(uint32_t){ 4 }, 4);
	(void)look_at(call_fcntl(sock, F_SETFL, O_NONBLOCK));
	(void)look_at(dtls_ends_connect(sock, to));
	(void)look_at(call_fcntl(sock, F_SETFL, 0));
}

/* A server, or a client of one that is there, that comes and goes, or not. */
static void
open_one(int kind)
{
	struct sockaddr_in to = kind == 1 ? silent : addr;
	const int sock = call_socket(AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2);

	if (sock < 0)
		return;
	if (kind == 0) {
		open_server(sock);
		return;
	}
	if (kind == 2 && atomic_load(&meeting_point) != 0)
		to.sin_port = atomic_load(&meeting_point);
	open_client(sock, &to);
}

/* Goes on for as long as somebody may wait for it. */
static void *
close_and_open(void *arg)
{
	int i = (int)(intptr_t)arg;

	for (int round = 0; round < ROUNDS || atomic_load(&users_left) > 0;
	     round++, i++) {
		(void)look_at(call_close(i % NUMBERS));
		open_one(round % 4);
		sched_yield();
	}
	return NULL;
}

static bool
use_recv(int sock)
{
	char buf[8];

	return look_at(dtls_ends_recv(sock, buf, sizeof(buf), 0));
}

static bool
use_recv_at_once(int sock)
{
	char buf[8];

	return look_at(dtls_ends_recv(sock, buf, sizeof(buf), MSG_DONTWAIT));
}

static bool
use_send(int sock)
{
	return look_at(call_sendto(sock, "x", 1, MSG_DONTWAIT, NULL, 0));
}

static bool
use_connect(int sock)
{
	return look_at(dtls_ends_connect(sock, &addr));
}

static bool
use_poll(int sock)
{
	struct pollfd fds[] = {
		{ .fd = sock, .events = POLLIN },
		{ .fd = (sock + 1) % NUMBERS, .events = POLLIN },
	};

	(void)look_at(poll_sockets(fds, LEN(fds), 5, false));
	return (fds[0].revents & POLLNVAL) == 0;
}

static bool
use_options(int sock)
{
	const int tag = DTLS_ENDS_PSK_TAG;
	char text[100];

	(void)look_at(call_error_text(sock, text, sizeof(text)));
	return look_at(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	    &tag, sizeof(tag)));
}

static const struct user {
	bool (*use)(int sock);
} users[] = { { use_recv }, { use_recv }, { use_recv_at_once }, { use_send },
	{ use_connect }, { use_poll }, { use_poll }, { use_options } };

static void *
use(void *arg)
{
	const size_t who = (size_t)(intptr_t)arg;

	/* A round in which there was no socket is none. */
	for (int round = 0, i = 0; round < ROUNDS; i++)
		round += users[who].use((i + (int)who) % NUMBERS);
	atomic_fetch_sub(&users_left, 1);
	return NULL;
}

static void *
serve(void *arg)
{
	char buf[8];

	while (dtls_ends_recv(*(int *)arg, buf, sizeof(buf), 0) > 0)
		continue;
	return NULL;
}

static void
closing_races_with_every_call(void **state)
{
	const int before = loop_count_descriptors();
	const int nobody = dtls_ends_raw(&silent);
	pthread_t threads[2 + LEN(users)], server;
	int sock;

	profile_set(*(const enum profile *)*state);
	for (int i = 0; i < NUMBERS; i++) /* the others' */
		(void)call_socket(AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2);
	sock = dtls_ends_server(&addr);
	fdtable_limit(NUMBERS + 1);
	server = loop_start(serve, &sock);
	atomic_store(&users_left, (int)LEN(users));
	for (size_t i = 0; i < LEN(users); i++)
		threads[2 + i] = loop_start(use, (void *)(intptr_t)i);
	for (size_t i = 0; i < 2; i++)
		threads[i] = loop_start(close_and_open, (void *)(intptr_t)i);
	for (size_t i = 0; i < LEN(threads); i++)
		(void)loop_join(threads[i]);
	for (int i = 0; i < NUMBERS; i++)
		(void)call_close(i);
	assert_int_equal(call_close(sock), 0);
	assert_null(loop_join(server));
	close(nobody);
	assert_int_equal(atomic_load(&strange), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

int
main(void)
{
	static const enum profile profiles[] = { PROFILE_ZEPHYR,
		PROFILE_LINUX };
	struct CMUnitTest tests[LEN(profiles)];

	for (size_t i = 0; i < LEN(profiles); i++)
		tests[i] =
		    (struct CMUnitTest){ .name = profile_name(profiles[i]),
			    .test_func = closing_races_with_every_call,
			    .initial_state = (void *)&profiles[i] };
	return cmocka_run_group_tests_name("sock/dtls_race", tests,
	    dtls_ends_start, dtls_ends_stop);
}
