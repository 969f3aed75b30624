/*
 * What a thread remembers of its last poll is right only as long as no socket
 * has changed.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <unistd.h>

#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/loop.h"
#include "support/poll_afresh.h"

/* Datagram sockets of which the last has something to read. */
static int calm[2], ready;

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

static int
kfd_of(int number)
{
	struct zsock *s = fdtable_get(number);
	int kfd;

	assert_non_null(s);
	kfd = s->kfd;
	sock_put(s);
	return kfd;
}

/*
 * The socket with this number makes room for another one, which the kernel
 * knows by another descriptor.
 */
static void
replace(int number, int (*open_one)(void))
{
	const int kfd = kfd_of(number);
	int hole;

	assert_int_equal(call_close(number), 0);
	hole = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kfd);
	assert_int_equal(hole, kfd);
	assert_int_equal(open_one(), number);
	assert_int_not_equal(kfd_of(number), kfd);
	assert_int_equal(close(hole), 0);
}

static int
open_secure(void)
{
	return call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
}

static void
the_same_array_is_polled_again_and_again(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };
	char byte;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(poll_afresh(fds, 2), 1);
		assert_int_equal(fds[0].revents, 0);
		assert_int_equal(fds[1].revents, POLLIN);
	}
	assert_int_equal(call_recvfrom(ready, &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(poll_afresh(fds, 2), 0);
}

static void
other_events_are_asked_for(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, 0, 0 } };

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 0);
	fds[1].events = POLLIN;
	assert_int_equal(poll_afresh(fds, 2), 1);
	fds[0].events = POLLOUT;
	assert_int_equal(poll_afresh(fds, 2), 2);
	assert_int_equal(fds[0].revents, POLLOUT);
	fds[0].events = 0;
	fds[1].events = 0;
	assert_int_equal(poll_afresh(fds, 2), 0);
}

static void
entries_change_places_and_number(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 },
		{ calm[1], POLLIN, 0 } };
	const struct pollfd first = fds[0];

	(void)state;
	assert_int_equal(poll_afresh(fds, 3), 1);
	fds[0] = fds[1];
	fds[1] = first;
	assert_int_equal(poll_afresh(fds, 3), 1);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(poll_afresh(fds + 1, 2), 0);
	assert_int_equal(poll_afresh(fds, 1), 1);
	assert_int_equal(poll_afresh(fds, 3), 1);
}

static void
an_entry_is_passed_over(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 1);
	fds[1].fd = ~fds[1].fd; /* as many a program does */
	assert_int_equal(poll_afresh(fds, 2), 0);
	assert_int_equal(poll_afresh(fds, 2), 0);
	fds[1].fd = ~fds[1].fd;
	assert_int_equal(poll_afresh(fds, 2), 1);
}

static void
a_closed_number_is_nobodys(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(call_close(ready), 0);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(fds[1].revents, POLLNVAL);
}

static void
a_number_is_another_sockets_by_then(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 1);
	replace(ready, poll_afresh_calm);
	assert_int_equal(poll_afresh(fds, 2), 0);
	replace(ready, poll_afresh_ready);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(fds[1].revents, POLLIN);
}

/* Of a stream that is not connected the kernel says POLLOUT and POLLHUP. */
static void
a_number_is_a_secure_sockets_by_then(void **state)
{
	struct pollfd fds[] = { { calm[0], POLLIN, 0 }, { ready, POLLIN, 0 } };

	(void)state;
	assert_int_equal(poll_afresh(fds, 2), 1);
	replace(ready, open_secure);
	(void)poll_afresh(fds, 2);
	(void)poll_afresh(fds, 2);
	replace(ready, poll_afresh_ready);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(fds[1].revents, POLLIN);
}

/* Only while it is connected is the kernel asked about it as it is. */
static void
a_stream_goes_through_its_states(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	struct sockaddr *sa = (struct sockaddr *)&addr;
	const int listener = call_socket(AF_INET, SOCK_STREAM, 0);
	const int stream = call_socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd fds[] = { { listener, POLLIN, 0 },
		{ stream, POLLIN | POLLOUT, 0 } };
	int server;

	(void)state;
	assert_true(poll_afresh(fds, 2) >= 0);
	assert_int_equal(call_bind(listener, sa, len), 0);
	assert_int_equal(call_listen(listener, 4), 0);
	assert_true(poll_afresh(fds, 2) >= 0);
	assert_int_equal(call_getsockname(listener, sa, &len), 0);
	assert_int_equal(call_connect(stream, sa, len), 0);
	assert_int_equal(poll_afresh(fds, 2), 2);
	server = call_accept(listener, NULL, NULL);
	assert_true(server >= 0);
	assert_int_equal(poll_afresh(fds, 2), 1);
	assert_int_equal(call_close(server), 0);
	while (poll_afresh(fds, 2) == 1 && (fds[1].revents & POLLIN) == 0)
		continue; /* the end is on its way */
	assert_true((fds[1].revents & POLLIN) != 0);
	assert_int_equal(call_close(stream), 0);
	assert_int_equal(call_close(listener), 0);
}

#define POLLERS 3
#define TIMES 3000

static atomic_bool over;

/* Of what is left alone the answer is always the same. */
static void *
poll_on(void *arg)
{
	struct pollfd fds[] = { { *(const int *)arg, POLLIN, 0 },
		{ ready, POLLIN, 0 }, { calm[0], POLLIN, 0 } };

	while (!atomic_load(&over)) {
		const int rc = poll_sockets(fds, 3, 0, false);

		if (rc == -EINTR) /* the number was closed meanwhile */
			continue;
		if (rc < 1 || fds[1].revents != POLLIN || fds[2].revents != 0)
			return "a socket that was left alone";
	}
	/* Who has seen the end sees the last of the changes. */
	if (poll_sockets(fds, 3, 0, false) != 2 || fds[0].revents != POLLIN)
		return "the last one";
	return NULL;
}

/* Until no poller holds the number any more, it is not given again. */
static void
open_under(int number)
{
	int sock;

	while ((sock = poll_afresh_ready()) != number)
		assert_int_equal(call_close(sock), 0);
}

static void
many_threads_poll_while_a_number_changes_hands(void **state)
{
	const int number = poll_afresh_calm();
	pthread_t threads[POLLERS];
	int sock = number, hole, kfd;

	(void)state;
	atomic_store(&over, false);
	for (int i = 0; i < POLLERS; i++)
		threads[i] = loop_start(poll_on, (void *)&number);
	for (int i = 0; i < TIMES; i++) {
		assert_int_equal(call_close(sock), 0);
		sock = i % 2 == 0 ? open_secure() : poll_afresh_calm();
		assert_true(sock >= 0);
	}
	kfd = kfd_of(sock);
	assert_int_equal(call_close(sock), 0);
	hole = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kfd);
	assert_true(hole >= 0);
	open_under(number);
	atomic_store(&over, true);
	for (int i = 0; i < POLLERS; i++)
		assert_null(loop_join(threads[i]));
	assert_int_equal(call_close(number), 0);
	assert_int_equal(close(hole), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(the_same_array_is_polled_again_and_again),
		TEST(other_events_are_asked_for),
		TEST(entries_change_places_and_number),
		TEST(an_entry_is_passed_over),
		TEST(a_closed_number_is_nobodys),
		TEST(a_number_is_another_sockets_by_then),
		TEST(a_number_is_a_secure_sockets_by_then),
		TEST(a_stream_goes_through_its_states),
		TEST(many_threads_poll_while_a_number_changes_hands),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
