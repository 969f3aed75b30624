/* What the kernel answers a secure datagram socket, besides data. */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/profile.h"
#include "sock/call.h"
#include "support/dtls_ends.h"
#include "support/fake_kernel.h"

/* A whole handshake has fewer calls of either kind. */
#define CALLS 24

static struct sockaddr_in addr;
static int server, client;

static int
setup(void **state)
{
	fake_kernel_install();
	return dtls_ends_start(state);
}

static int
teardown(void **state)
{
	fake_kernel_remove();
	return dtls_ends_stop(state);
}

static void
open_ends(bool psk)
{
	server = dtls_ends_server(&addr);
	dtls_ends_timeouts(server, 20, 640);
	client = dtls_ends_client(psk);
	dtls_ends_timeouts(client, 20, 640);
}

static void
close_ends(void)
{
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(server), 0);
}

/* Both ways. */
static void
talk(void)
{
	char buf[8];

	assert_int_equal(dtls_ends_send(client, "ping", 4), 4);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(dtls_ends_send(server, "pong!", 5), 5);
	assert_int_equal(dtls_ends_recv(client, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "pong!", 5);
}

/*
 * A handshake in which one call of the kernel fails.  There is an errno that it
 * may end with, if the client made that call, and the next one succeeds.
 */
static const struct row {
	const char *name;
	enum fake_call call;
	int error;
	int device, host; /* a handshake may end with it, or 0 */
} rows[] = {
	{ "no_room", FAKE_SENDTO, EAGAIN, 0, 0 },
	{ "no_buffers", FAKE_SENDTO, ENOBUFS, 0, 0 },
	{ "too_large", FAKE_SENDTO, EMSGSIZE, 0, 0 },
	{ "nobody_there", FAKE_SENDTO, ECONNREFUSED, 0, ECONNREFUSED },
	{ "no_host", FAKE_SENDTO, EHOSTUNREACH, 0, 0 },
	{ "no_network", FAKE_SENDTO, ENETUNREACH, ECONNABORTED, ECONNABORTED },
	{ "forbidden", FAKE_SENDTO, EPERM, ECONNABORTED, ECONNABORTED },
	{ "recv_nobody_there", FAKE_RECVFROM, ECONNREFUSED, 0, ECONNREFUSED },
	{ "recv_no_host", FAKE_RECVFROM, EHOSTUNREACH, 0, 0 },
	{ "recv_interrupted", FAKE_RECVFROM, EINTR, 0, 0 },
	{ "recv_no_memory", FAKE_RECVFROM, ENOMEM, 0, 0 },
	{ "recv_no_buffers", FAKE_RECVFROM, ENOBUFS, 0, 0 },
	{ "poll_interrupted", FAKE_POLL, EINTR, 0, 0 },
};

/* What the server still says to the first try may spoil the next one. */
static int
meet_again(void)
{
	int rc = -1;

	for (int i = 0; i < 4 && rc != 0; i++)
		rc = dtls_ends_meet(client, server, &addr);
	return rc;
}

static void
fail_one(const struct row *r, int which, bool psk)
{
	const int may_be = profile_get() == PROFILE_LINUX ? r->host : r->device;
	int rc;

	open_ends(psk);
	fake_kernel_skip(r->call, which);
	fake_kernel_fail(r->call, 1, r->error);
	rc = dtls_ends_meet(client, server, &addr);
	fake_kernel_fail(r->call, 0, 0);
	if (rc != 0) {
		/* Half a flight of the server's is none. */
		assert_true(rc == -may_be ||
		    (may_be == ECONNABORTED && rc == -ETIMEDOUT));
		assert_int_equal(dtls_ends_sessions(client), 0);
		dtls_ends_timeouts(client, 30, 240);
		assert_int_equal(meet_again(), 0);
	}
	talk();
	close_ends();
}

static void
a_call_fails_in_the_handshake(void **state)
{
	const struct row *r = *state;
	static const enum profile profiles[] = { PROFILE_ZEPHYR,
		PROFILE_LINUX };

	for (size_t p = 0; p < LEN(profiles); p++) {
		profile_set(profiles[p]);
		for (int which = 0; which < CALLS; which++)
			fail_one(r, which, which % 2 == 0);
	}
}

/* Each of them at any time is too much: no time limit is passed over. */
static void
calls_that_always_fail_end_by_the_schedule(void **state)
{
	static const int errors[] = { EAGAIN, ENOBUFS, EMSGSIZE };

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	open_ends(true);
	dtls_ends_timeouts(client, 20, 40);
	for (size_t i = 0; i < LEN(errors); i++) {
		fake_kernel_fail(FAKE_SENDTO, 1 << 30, errors[i]);
		assert_int_equal(dtls_ends_connect(client, &addr), -ETIMEDOUT);
		assert_int_equal(dtls_ends_sessions(client), 0);
	}
	fake_kernel_fail(FAKE_SENDTO, 0, 0);
	dtls_ends_timeouts(client, 1000, 60000);
	assert_int_equal(dtls_ends_meet(client, server, &addr), 0);
	talk();
	close_ends();
}

/* The device ends the session, and the server has others. */
static void
a_servers_send_that_fails_concerns_its_client_alone(void **state)
{
	static const int errors[] = { ENOBUFS, EPERM, ENETUNREACH, EMSGSIZE };
	int other;
	char buf[8];

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p += 2) {
		const bool host = p == PROFILE_LINUX;

		profile_set((enum profile)p);
		open_ends(true);
		other = dtls_ends_client(true);
		assert_int_equal(dtls_ends_meet(other, server, &addr), 0);
		for (size_t i = 0; i < LEN(errors); i++) {
			if (i == 0 || !host)
				assert_int_equal(dtls_ends_meet(client, server,
				                     &addr),
				    0);
			talk();
			/* The first may be about an earlier datagram. */
			fake_kernel_fail(FAKE_SENDTO,
			    errors[i] == EMSGSIZE ? 1 : 2, errors[i]);
			assert_int_equal(dtls_ends_send(server, "no", 2),
			    host ? -errors[i] : -ECONNABORTED);
			assert_int_equal(dtls_ends_sessions(server),
			    host ? 2 : 1);
			assert_int_equal(dtls_ends_send(other, "x", 1), 1);
			assert_int_equal(dtls_ends_recv(server, buf, 8, 0), 1);
			assert_int_equal(dtls_ends_send(server, "y", 1), 1);
			assert_int_equal(dtls_ends_recv(other, buf, 8, 0), 1);
			if (host)
				continue;
			(void)dtls_ends_poll(server, POLLIN, 0);
			assert_int_equal(call_close(client), 0);
			client = dtls_ends_client(true);
		}
		assert_int_equal(call_close(other), 0);
		close_ends();
	}
}

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)dtls_ends_recv(*(int *)arg, &byte, 1, 0);
}

static int
error_of(int sock)
{
	int error = -1;
	socklen_t len = sizeof(error);

	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error,
	                     &len),
	    0);
	return error;
}

/* Of a failure that woke it up the sleeping recv makes nothing. */
static void
what_wakes_a_sleeping_recv_is_no_failure_for_ever(void **state)
{
	static const int errors[] = { ECONNREFUSED, EHOSTUNREACH, ENETDOWN };

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p += 2) {
		profile_set((enum profile)p);
		for (size_t i = 0; i < LEN(errors); i++) {
			pthread_t thread;
			int before;
			char byte;

			open_ends(true);
			assert_int_equal(dtls_ends_meet(client, server, &addr),
			    0);
			before = fake_kernel_count(FAKE_RECVFROM);
			fake_kernel_skip(FAKE_RECVFROM, 1);
			fake_kernel_fail(FAKE_RECVFROM, 1, errors[i]);
			thread = loop_start(receive_one, &client);
			/* In vain, asleep with that, in vain, asleep. */
			while (fake_kernel_count(FAKE_RECVFROM) < before + 4)
				sched_yield();
			assert_int_equal(error_of(client), 0);
			assert_int_equal(dtls_ends_send(client, "x", 1), 1);
			assert_int_equal(dtls_ends_recv(server, &byte, 1, 0),
			    1);
			assert_int_equal(dtls_ends_send(server, "y", 1), 1);
			assert_int_equal((intptr_t)loop_join(thread), 1);
			assert_int_equal(error_of(client), 0);
			close_ends();
		}
	}
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + 3] = {
		cmocka_unit_test(calls_that_always_fail_end_by_the_schedule),
		cmocka_unit_test(
		    a_servers_send_that_fails_concerns_its_client_alone),
		cmocka_unit_test(
		    what_wakes_a_sleeping_recv_is_no_failure_for_ever),
	};

	for (size_t i = 0; i < LEN(rows); i++)
		tests[3 + i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = a_call_fails_in_the_handshake,
			.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("sock/dtls_errors", tests, setup,
	    teardown);
}
