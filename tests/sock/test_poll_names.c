/*
 * What a thread remembers of its last poll, where numbers are the kernel's:
 * several for one socket, and secure sockets that hold what has come.
 */
#include "support/test.h"

#include <netinet/in.h>
#include <unistd.h>

#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/names.h"
#include "sock/poll.h"
#include "support/loop_pki.h"
#include "support/poll_afresh.h"

/* Datagram sockets of which the last has something to read. */
static int calm[2], ready;

static int
use_kernel_numbers(void **state)
{
	return loop_setup(state) == 0 && fdtable_use_kernel_numbers() ? 0 : -1;
}

static int
setup(void **state)
{
	(void)state;
	calm[0] = poll_afresh_calm();
	calm[1] = poll_afresh_calm();
	ready = poll_afresh_ready();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)call_close(calm[0]); /* a test may have done it */
	(void)call_close(calm[1]);
	(void)call_close(ready);
	return 0;
}

static void
a_number_is_the_kernels_by_then(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };
	int ends[2];

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(call_close(ready), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ends[0], ready);
	assert_int_equal(poll_afresh(fds, 2), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(fds[1].revents, POLLNVAL);
}

static void
a_socket_has_a_second_number(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };
	const int second = names_dup(ready, 0, true), number = ready;

	(void)state;
	assert_true(second >= 0);
	assert_int_equal(poll_afresh(fds, 2), 1);
	fds[0].fd = second;
	assert_int_equal(poll_afresh(fds, 2), 2);
	/* The first one goes, and stays with the socket under the second. */
	assert_int_equal(call_close(number), 0);
	ready = second;
	assert_int_equal(poll_afresh(fds, 2), 2);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(fds[1].revents, POLLNVAL);
	assert_int_equal(poll_afresh_calm(), number);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(call_close(number), 0);
}

static void
a_number_is_put_over_another(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 },
		{ calm[1], POLLIN, 0 } };

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 0);
	assert_int_equal(names_dup_onto(ready, calm[0], true), calm[0]);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(poll_afresh(fds, 2), 1);
}

/* Its data wait in the kernel and in the library, and then nowhere. */
static void
a_number_is_a_held_sockets_by_then(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 },
		{ calm[1], POLLIN, 0 } };
	struct loop_pair p;
	char byte;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(poll_afresh(fds, 2), 0);
	assert_int_equal(names_dup_onto(p.server, calm[1], true), calm[1]);
	assert_int_equal(poll_afresh(fds, 2), 0);
	loop_send_all(p.client, "ab", 2);
	while (poll_afresh(fds, 2) == 0)
		continue; /* they are on their way */
	assert_int_equal(fds[1].revents, POLLIN);
	assert_int_equal(call_recvfrom(calm[1], &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(call_recvfrom(calm[1], &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(poll_afresh(fds, 2), 0);
	loop_pair_close(&p);
	(void)poll_afresh(fds, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(a_number_is_the_kernels_by_then),
		TEST(a_socket_has_a_second_number),
		TEST(a_number_is_put_over_another),
		TEST(a_number_is_a_held_sockets_by_then),
#undef TEST
	};

	return cmocka_run_group_tests(tests, use_kernel_numbers, loop_teardown);
}
