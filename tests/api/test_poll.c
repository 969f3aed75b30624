#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "api/poll.h"
#include "base/config.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static struct net_sockaddr_storage addr;
static net_socklen_t addr_len;
static int listener, client, server;

static struct net_sockaddr *
sa(struct net_sockaddr_storage *a)
{
	return (struct net_sockaddr *)a;
}

static int
open_socket(int type)
{
	const int sock = zsock_socket(NET_AF_INET, type, 0);

	assert_true(sock >= 0);
	return sock;
}

/* A socket on a port that the kernel picks; addr is its address. */
static int
open_bound(int family, int type)
{
	const int sock = zsock_socket(family, type, 0);

	assert_true(sock >= 0);
	addr_len = loop_addr(&addr, family, 0);
	assert_int_equal(zsock_bind(sock, sa(&addr), addr_len), 0);
	assert_int_equal(zsock_getsockname(sock, sa(&addr), &addr_len), 0);
	return sock;
}

static int
setup(void **state)
{
	(void)state;
	listener = open_bound(NET_AF_INET, NET_SOCK_STREAM);
	client = open_socket(NET_SOCK_STREAM);
	if (zsock_listen(listener, 4) != 0 ||
	    zsock_connect(client, sa(&addr), addr_len) != 0)
		return -1;
	server = zsock_accept(listener, NULL, NULL);
	return server < 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	(void)zsock_close(server); /* a test may have done it */
	(void)zsock_close(client);
	(void)zsock_close(listener);
	return 0;
}

/* Waits until sock has something to read. */
static void
await_input(int sock)
{
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLIN };

	assert_int_equal(zsock_poll(&fd, 1, FAR), 1);
}

static void
send_text(int sock, const char *text)
{
	const size_t len = strlen(text);

	assert_int_equal(zsock_send(sock, text, len, 0), len);
}

static const struct poll_case {
	const char *name;
	bool null;
	int nfds;
	int want; /* 0 or an errno */
} polls[] = {
	{ "poll_of_no_entries", false, 0, 0 },
	{ "poll_of_null_and_no_entries", true, 0, 0 },
	{ "poll_of_null", true, 1, EINVAL },
	{ "poll_of_less_than_no_entries", false, -1, EINVAL },
	{ "poll_of_the_least_number", true, INT_MIN, EINVAL },
};

static void
poll_answers(void **state)
{
	const struct poll_case *c = *state;
	struct zsock_pollfd fd = { .fd = client, .events = ZSOCK_POLLIN };

	errno = 0;
	assert_int_equal(zsock_poll(c->null ? NULL : &fd, c->nfds, 0),
	    c->want == 0 ? 0 : -1);
	assert_int_equal(errno, c->want);
}

/* Numbers that are no sockets leave all three sets empty. */
static void
select_of_a_number_that_is_not_open(void **state)
{
	zsock_fd_set r, w, e;

	(void)state;
	send_text(server, "x");
	await_input(client);
	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	ZSOCK_FD_SET(client, &r);
	ZSOCK_FD_SET(client, &w);
	ZSOCK_FD_SET(client, &e);
	ZSOCK_FD_SET(900, &w);
	assert_errno(zsock_select(901, &r, &w, &e, NULL), EBADF);
	for (int i = 0; i < ZSOCK_FD_SETSIZE; i++) {
		assert_false(ZSOCK_FD_ISSET(i, &r));
		assert_false(ZSOCK_FD_ISSET(i, &w));
		assert_false(ZSOCK_FD_ISSET(i, &e));
	}
}

static void
select_counts_bits_and_ignores_nfds(void **state)
{
	const int nfds[] = { 0, -1, 1, 1024, INT_MAX };
	zsock_fd_set r, w, e;

	(void)state;
	send_text(server, "x");
	await_input(client);
	for (size_t i = 0; i < LEN(nfds); i++) {
		ZSOCK_FD_ZERO(&r);
		ZSOCK_FD_ZERO(&w);
		ZSOCK_FD_ZERO(&e);
		ZSOCK_FD_SET(client, &r);
		ZSOCK_FD_SET(listener, &r);
		ZSOCK_FD_SET(client, &w);
		ZSOCK_FD_SET(server, &w);
		ZSOCK_FD_SET(client, &e);
		assert_int_equal(zsock_select(nfds[i], &r, &w, &e, NULL), 3);
		assert_true(ZSOCK_FD_ISSET(client, &r));
		assert_false(ZSOCK_FD_ISSET(listener, &r));
		assert_true(ZSOCK_FD_ISSET(client, &w));
		assert_true(ZSOCK_FD_ISSET(server, &w));
		assert_false(ZSOCK_FD_ISSET(client, &e));
	}
}

static void
select_waits_for_its_timeout(void **state)
{
	struct zsock_timeval timeout = { .tv_usec = 20000 };
	zsock_fd_set r;

	(void)state;
	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_SET(client, &r);
	fake_kernel_install();
	assert_int_equal(zsock_select(0, &r, NULL, NULL, &timeout), 0);
	assert_in_range(fake_kernel_poll_timeout(), 1, 20);
	assert_false(ZSOCK_FD_ISSET(client, &r));
	/* It is not modified. */
	assert_int_equal(timeout.tv_sec, 0);
	assert_int_equal(timeout.tv_usec, 20000);
	assert_int_equal(zsock_select(0, NULL, NULL, NULL, &timeout), 0);
}

/* A timeout, and what a select with something ready answers to it. */
static const struct timeout_case {
	const char *name;
	struct zsock_timeval timeout;
	int want; /* bits, or a negative errno */
	int ms;   /* how long it may wait */
} timeouts[] = {
	{ "select_timeout_0", { 0, 0 }, 1, 0 },
	{ "select_timeout_of_a_microsecond", { 0, 1 }, 1, 1 },
	{ "select_timeout_of_many_microseconds", { 0, 5000000 }, 1, 5000 },
	{ "select_timeout_of_18_minutes_in_microseconds", { 0, 1100000000 }, 1,
	    1100000 },
	{ "select_timeout_of_13_days", { 13 * 86400, 0 }, 1, 13 * 86400000 },
	{ "select_timeout_of_24_days", { 24 * 86400, 1 }, 1,
	    24 * 86400000 + 1 },
	{ "select_timeout_of_25_days", { 25 * 86400, 0 }, 1, INT_MAX },
	{ "select_timeout_that_adds_up", { INT_MAX / 1000, 999999 }, 1,
	    INT_MAX },
	{ "select_timeout_of_a_century", { 3153600000, 0 }, 1, INT_MAX },
	{ "select_timeout_as_long_as_can_be", { INT64_MAX, 999999 }, 1,
	    INT_MAX },
	{ "select_timeout_of_so_many_microseconds", { 0, INT64_MAX }, 1,
	    INT_MAX },
	{ "select_negative_seconds", { -1, 0 }, -EINVAL, 0 },
	{ "select_negative_microseconds", { 0, -5000 }, -EINVAL, 0 },
};

static void
timeout_is_taken_or_refused(void **state)
{
	const struct timeout_case *c = *state;
	struct zsock_timeval timeout = c->timeout;
	zsock_fd_set w;

	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_SET(client, &w);
	errno = 0;
	if (c->want < 0) {
		assert_errno(zsock_select(0, NULL, &w, NULL, &timeout),
		    -c->want);
	} else {
		assert_int_equal(poll_select_ms(&timeout), c->ms);
		assert_int_equal(zsock_select(0, NULL, &w, NULL, &timeout),
		    c->want);
	}
}

static void
select_tells_a_reset(void **state)
{
	const struct net_linger reset = { .l_onoff = 1, .l_linger = 0 };
	zsock_fd_set r, w, e;
	char byte;

	(void)state;
	assert_int_equal(zsock_setsockopt(server, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_LINGER, &reset, sizeof(reset)),
	    0);
	assert_int_equal(zsock_close(server), 0);
	await_input(client);
	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	ZSOCK_FD_SET(client, &r);
	ZSOCK_FD_SET(client, &w);
	ZSOCK_FD_SET(client, &e);
	assert_int_equal(zsock_select(0, &r, &w, &e, NULL), 3);
	assert_true(ZSOCK_FD_ISSET(client, &r));
	assert_true(ZSOCK_FD_ISSET(client, &w));
	assert_true(ZSOCK_FD_ISSET(client, &e));
	/* A set in which it was not asked for does not get it. */
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	assert_int_equal(zsock_select(0, &r, &w, &e, NULL), 1);
	assert_true(ZSOCK_FD_ISSET(client, &r));
	assert_false(ZSOCK_FD_ISSET(client, &w));
	assert_false(ZSOCK_FD_ISSET(client, &e));
	assert_errno(zsock_recv(client, &byte, 1, 0), ECONNRESET);
}

static void
numbers_beyond_a_set_are_ignored(void **state)
{
	const int numbers[] = { -1, INT_MIN, ZSOCK_FD_SETSIZE, INT_MAX };
	zsock_fd_set set, empty;

	(void)state;
	ZSOCK_FD_ZERO(&set);
	ZSOCK_FD_ZERO(&empty);
	for (size_t i = 0; i < LEN(numbers); i++) {
		ZSOCK_FD_SET(numbers[i], &set);
		assert_false(ZSOCK_FD_ISSET(numbers[i], &set));
		ZSOCK_FD_CLR(numbers[i], &set);
	}
	assert_memory_equal(&set, &empty, sizeof(set));
	ZSOCK_FD_SET(ZSOCK_FD_SETSIZE - 1, &set);
	assert_true(ZSOCK_FD_ISSET(ZSOCK_FD_SETSIZE - 1, &set));
	ZSOCK_FD_CLR(ZSOCK_FD_SETSIZE - 1, &set);
	assert_memory_equal(&set, &empty, sizeof(set));
}

#define WITH_LINK(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest others[] = {
		WITH_LINK(select_of_a_number_that_is_not_open),
		WITH_LINK(select_counts_bits_and_ignores_nfds),
		WITH_LINK(select_waits_for_its_timeout),
		WITH_LINK(select_tells_a_reset),
		cmocka_unit_test(numbers_beyond_a_set_are_ignored),
	};
	struct CMUnitTest tests[LEN(polls) + LEN(timeouts) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(polls); i++) {
		tests[n++] = (struct CMUnitTest){ .name = polls[i].name,
			.test_func = poll_answers,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&polls[i] };
	}
	for (size_t i = 0; i < LEN(timeouts); i++) {
		tests[n++] = (struct CMUnitTest){ .name = timeouts[i].name,
			.test_func = timeout_is_taken_or_refused,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&timeouts[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/poll", tests, NULL, NULL);
}
