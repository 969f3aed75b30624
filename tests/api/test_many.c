/* Ten thousand sockets at once, or as many as may be open here. */
#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "base/profile.h"
#include "support/loop.h"

#define MANY 10000
#define OTHERS 100 /* what the test program itself has open, at most */
static struct zsock_pollfd fds[MANY];
static int order[MANY];
static int many; /* a multiple of 8 */

static struct net_sockaddr *
sa(struct net_sockaddr_storage *a)
{
	return (struct net_sockaddr *)a;
}

/* Neighbours are of different kinds. */
static int
family_of(int i)
{
	return i % 4 < 2 ? NET_AF_INET : NET_AF_INET6;
}

static int
type_of(int i)
{
	return i % 2 == 0 ? NET_SOCK_STREAM : NET_SOCK_DGRAM;
}

/* The first n numbers in an order that is the same in each run. */
static void
shuffle(int n)
{
	unsigned seed = 1;

	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--) {
		int other, tmp;

		seed = seed * 1103515245 + 12345;
		other = (int)(seed >> 8) % (i + 1);
		tmp = order[i];
		order[i] = order[other];
		order[other] = tmp;
	}
}

/* The limit of descriptors, which nothing may have looked at before. */
static int
setup(void **state)
{
	struct rlimit limit;

	(void)state;
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return -1;
	limit.rlim_cur = limit.rlim_max;
	many = MANY;
	if (limit.rlim_max < MANY + OTHERS) {
		many = ((int)limit.rlim_max - OTHERS) / 8 * 8;
		print_message("with %d sockets: no more can be open here\n",
		    many);
	}
	return many < 8 ? -1 : setrlimit(RLIMIT_NOFILE, &limit);
}

static void
open_many(int from, int to)
{
	for (int i = from; i < to; i++)
		assert_int_equal(zsock_socket(family_of(i), type_of(i), 0), i);
}

static int
poll_many(int events, int timeout_ms)
{
	for (int i = 0; i < many; i++)
		fds[i] =
		    (struct zsock_pollfd){ .fd = i, .events = (short)events };
	return zsock_poll(fds, many, timeout_ms);
}

/* A datagram for the socket, from another one. */
static void
send_to(int sock, int from)
{
	struct net_sockaddr_storage a;
	net_socklen_t len = loop_addr(&a, family_of(sock), 0);

	assert_int_equal(zsock_bind(sock, sa(&a), len), 0);
	assert_int_equal(zsock_getsockname(sock, sa(&a), &len), 0);
	assert_int_equal(zsock_sendto(from, "x", 1, 0, sa(&a), len), 1);
}

/* Of all of them, those few that have data are found. */
static void
find_data(void)
{
	const int some[] = { 1, many / 2 - 1, many / 2 + 3, many - 1 };
	const bool hup = profile_get() == PROFILE_LINUX; /* of new streams */
	size_t found = 0;
	char byte;

	assert_int_equal(poll_many(ZSOCK_POLLIN, 0), hup ? many / 2 : 0);
	for (size_t i = 0; i < LEN(some); i++)
		send_to(some[i], some[i] == 1 ? 5 : some[i] - 4);
	while (found < LEN(some)) {
		found = 0;
		assert_true(poll_many(ZSOCK_POLLIN, FAR) > 0);
		for (int i = 0; i < many; i++)
			found += (fds[i].revents & ZSOCK_POLLIN) != 0;
	}
	for (size_t i = 0; i < LEN(some); i++) {
		assert_int_equal(fds[some[i]].revents, ZSOCK_POLLIN);
		assert_int_equal(zsock_recv(some[i], &byte, 1, 0), 1);
	}
	assert_int_equal(poll_many(ZSOCK_POLLIN, 0), hup ? many / 2 : 0);
	/* The datagram sockets have room. */
	assert_int_equal(poll_many(ZSOCK_POLLOUT, FAR),
	    quirk(QUIRK_POLL_NEW_STREAM) == 0 ? many / 2 : many);
}

/* Numbers that were given back are given again, the lowest first. */
static void
reuse_numbers(void)
{
	static bool gone[MANY];

	memset(gone, 0, sizeof(gone));
	shuffle(many);
	for (int i = 0; i < many / 2; i++) {
		assert_int_equal(zsock_close(order[i]), 0);
		gone[order[i]] = true;
	}
	assert_int_equal(zsock_close(order[0]), -1);
	assert_int_equal(errno, EBADF);
	for (int i = 0; i < many; i++) {
		if (gone[i])
			open_many(i, i + 1);
	}
}

static void
all_are_opened_polled_and_closed(void **state)
{
	const int before = loop_count_descriptors();

	profile_set(*(const enum profile *)*state);
	open_many(0, many);
	assert_int_equal(loop_count_descriptors(), before + many);
	find_data();
	reuse_numbers();
	assert_int_equal(loop_count_descriptors(), before + many);
	for (int i = 0; i < many; i++)
		assert_int_equal(zsock_close(order[i]), 0);
	assert_int_equal(loop_count_descriptors(), before);
	open_many(0, 1);
	assert_int_equal(zsock_close(0), 0);
}

/* What a test that failed has left open is not the next one's. */
static int
teardown(void **state)
{
	(void)state;
	for (int i = 0; i <= many; i++)
		(void)zsock_close(i);
	return 0;
}

/* Half of the sockets here were accepted. */
static void
all_are_connected(void **state)
{
	const int before = loop_count_descriptors();
	struct net_sockaddr_storage a;
	net_socklen_t len;
	char byte;
	int listener;

	profile_set(*(const enum profile *)*state);
	listener = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	len = loop_addr(&a, NET_AF_INET, 0);
	assert_int_equal(zsock_bind(listener, sa(&a), len), 0);
	assert_int_equal(zsock_getsockname(listener, sa(&a), &len), 0);
	assert_int_equal(zsock_listen(listener, 4), 0);
	for (int i = 1; i <= many; i += 2) {
		assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0),
		    i);
		assert_int_equal(zsock_connect(i, sa(&a), len), 0);
		assert_int_equal(zsock_accept(listener, NULL, NULL), i + 1);
	}
	assert_int_equal(poll_many(ZSOCK_POLLIN, 0), 0);
	/* 0 is the listener. */
	assert_int_equal(poll_many(ZSOCK_POLLOUT, FAR),
	    quirk(QUIRK_POLL_LISTEN_OUT) == 0 ? many - 1 : many);
	/* Each is connected with its neighbour and no other. */
	shuffle(many);
	for (int i = 0; i < many; i++) {
		const int from = order[i] + 1;
		const int to = from % 2 == 1 ? from + 1 : from - 1;

		assert_int_equal(zsock_send(from, &i, 1, 0), 1);
		assert_int_equal(zsock_recv(to, &byte, 1, 0), 1);
		assert_int_equal((unsigned char)byte, i & 0xff);
	}
	for (int i = 0; i < many; i++)
		assert_int_equal(zsock_close(order[i] + 1), 0);
	assert_int_equal(zsock_close(listener), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

/* Numbers from ZSOCK_FD_SETSIZE on have no bit. */
static void
select_takes_the_numbers_that_a_set_holds(void **state)
{
	const int last = ZSOCK_FD_SETSIZE - 1;
	const int beyond[] = { last + 2, last + 4 }; /* datagrams' */
	struct zsock_timeval no_time = { 0, 0 };
	struct {
		zsock_fd_set set;
		unsigned char next[16]; /* where a bit too many would go */
	} w;

	profile_set(*(const enum profile *)*state);
	assert_in_range(last + 5, 0, many);
	open_many(0, last + 5);
	memset(&w, 0, sizeof(w));
	ZSOCK_FD_SET(-1, &w.set);
	for (size_t i = 0; i < LEN(beyond); i++) {
		ZSOCK_FD_SET(beyond[i], &w.set);
		assert_false(ZSOCK_FD_ISSET(beyond[i], &w.set));
	}
	assert_int_equal(zsock_select(last + 5, NULL, &w.set, NULL, &no_time),
	    0);
	ZSOCK_FD_SET(last, &w.set);
	ZSOCK_FD_CLR(beyond[0], &w.set);
	ZSOCK_FD_CLR(-1, &w.set);
	assert_true(ZSOCK_FD_ISSET(last, &w.set));
	assert_int_equal(zsock_select(last + 5, NULL, &w.set, NULL, NULL), 1);
	assert_true(ZSOCK_FD_ISSET(last, &w.set));
	assert_false(ZSOCK_FD_ISSET(beyond[1], &w.set));
	for (size_t i = 0; i < sizeof(w.next); i++)
		assert_int_equal(w.next[i], 0);
	/* poll has no such bound. */
	fds[0] = (struct zsock_pollfd){ beyond[1], ZSOCK_POLLOUT, 0 };
	assert_int_equal(zsock_poll(fds, 1, 0), 1);
	for (int i = 0; i < last + 5; i++)
		assert_int_equal(zsock_close(i), 0);
}

int
main(void)
{
	static const struct {
		const char *name;
		CMUnitTestFunction run;
	} rows[] = {
		{ "all_are_opened_polled_and_closed",
		    all_are_opened_polled_and_closed },
		{ "all_are_connected", all_are_connected },
		{ "select_takes_the_numbers_that_a_set_holds",
		    select_takes_the_numbers_that_a_set_holds },
	};
	static enum profile profiles[PROFILE_COUNT];
	struct CMUnitTest tests[LEN(rows) * PROFILE_COUNT];
	char names[LEN(tests)][80];
	size_t n = 0;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		profiles[p] = (enum profile)p;
		for (size_t i = 0; i < LEN(rows); i++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s: %s",
			    profile_name(profiles[p]), rows[i].name);
			tests[n] = (struct CMUnitTest){ .name = names[n],
				.test_func = rows[i].run,
				.teardown_func = teardown,
				.initial_state = &profiles[p] };
		}
	}
	return cmocka_run_group_tests_name("api/many", tests, setup, NULL);
}
