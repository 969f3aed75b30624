#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static int listener, client, server;

static int
setup(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	struct sockaddr *sa = (struct sockaddr *)&addr;

	(void)state;
	listener = call_socket(AF_INET, SOCK_STREAM, 0);
	client = call_socket(AF_INET, SOCK_STREAM, 0);
	if (call_bind(listener, sa, len) != 0 ||
	    call_listen(listener, 4) != 0 ||
	    call_getsockname(listener, sa, &len) != 0 ||
	    call_connect(client, sa, len) != 0)
		return -1;
	server = call_accept(listener, NULL, NULL);
	fake_kernel_install();
	return server < 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	(void)call_close(client); /* a test may have done it */
	(void)call_close(server);
	(void)call_close(listener);
	return 0;
}

static void
send_byte(int sock)
{
	assert_int_equal(call_sendto(sock, "x", 1, 0, NULL, 0), 1);
}

/* What poll says about one socket, without waiting. */
static short
look(int sock, short events)
{
	struct pollfd fd = { sock, events, -1 };
	const int rc = poll_sockets(&fd, 1, 0, false);

	assert_int_equal(rc, fd.revents != 0);
	return fd.revents;
}

/* The same, but waits until there is something. */
static short
wait_for(int sock, short events)
{
	struct pollfd fd = { sock, events, -1 };

	assert_int_equal(poll_sockets(&fd, 1, FAR, false), 1);
	return fd.revents;
}

static void
readiness_follows_the_socket(void **state)
{
	(void)state;
	assert_int_equal(look(client, POLLIN), 0);
	assert_int_equal(look(client, POLLIN | POLLOUT), POLLOUT);
	send_byte(server);
	assert_int_equal(wait_for(client, POLLIN), POLLIN);
	assert_int_equal(look(client, POLLIN | POLLOUT), POLLIN | POLLOUT);
	assert_int_equal(look(client, POLLOUT), POLLOUT);
	assert_int_equal(look(client, 0), 0);
	loop_recv_all(client, &(char){ 0 }, 1);
	assert_int_equal(look(client, POLLIN), 0);
}

static void
a_listener_is_readable_when_a_connection_waits(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	const int another = call_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(look(listener, POLLIN), 0);
	assert_int_equal(call_getsockname(listener, (struct sockaddr *)&addr,
	                     &len),
	    0);
	assert_int_equal(call_connect(another, (struct sockaddr *)&addr, len),
	    0);
	assert_int_equal(wait_for(listener, POLLIN), POLLIN);
	assert_int_equal(call_close(another), 0);
}

static void
a_closed_peer_is_readable(void **state)
{
	(void)state;
	assert_int_equal(call_close(server), 0);
	assert_int_equal(wait_for(client, POLLIN), POLLIN);
}

static void
hangup_and_error_come_unasked(void **state)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	(void)state;
	assert_int_equal(call_setsockopt(server, SOL_SOCKET, SO_LINGER, &reset,
	                     sizeof(reset)),
	    0);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(wait_for(client, 0), POLLERR | POLLHUP);
}

static void
entries_are_told_apart(void **state)
{
	struct pollfd fds[] = {
		{ client, POLLIN, -1 },
		{ -1, POLLIN, -1 },
		{ server, POLLIN | POLLOUT, -1 },
		{ listener, POLLIN, -1 },
		{ client, POLLOUT, -1 }, /* the same socket once more */
		{ 4242, POLLIN, -1 },
		{ INT_MIN, POLLIN | POLLOUT, -1 },
	};
	const short want[] = { 0, 0, POLLIN | POLLOUT, 0, POLLOUT, POLLNVAL,
		0 };

	(void)state;
	send_byte(client);
	assert_int_equal(wait_for(server, POLLIN), POLLIN);
	assert_int_equal(poll_sockets(fds, LEN(fds), FAR, false), 3);
	for (size_t i = 0; i < LEN(fds); i++)
		assert_int_equal(fds[i].revents, want[i]);
}

static void
a_number_that_is_not_ours_is_pollnval_at_once(void **state)
{
	int pipe_fds[2];

	(void)state;
	assert_int_equal(wait_for(4242, POLLIN), POLLNVAL);
	assert_int_equal(wait_for(INT_MAX, 0), POLLNVAL);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(wait_for(server, POLLIN | POLLOUT), POLLNVAL);
	/* Descriptors of the kernel are not sockets of ours. */
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(close(pipe_fds[1]), 0);
	assert_int_equal(dup2(pipe_fds[0], 900), 900);
	assert_int_equal(wait_for(900, POLLIN), POLLNVAL);
	assert_int_equal(close(900), 0);
	assert_int_equal(close(pipe_fds[0]), 0);
}

static void
a_foreign_number_is_the_kernels_if_the_caller_says_so(void **state)
{
	int pipe_fds[2];
	struct pollfd fds[3];

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	/* Far from the numbers of this table, which begin at 0. */
	assert_int_equal(dup2(pipe_fds[0], 900), 900);
	fds[0] = (struct pollfd){ 900, POLLIN, -1 };
	fds[1] = (struct pollfd){ client, POLLIN, -1 };
	fds[2] = (struct pollfd){ 901, POLLIN, -1 };
	assert_int_equal(poll_sockets(fds, 2, 0, true), 0);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	assert_int_equal(poll_sockets(fds, 3, FAR, true), 2);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(fds[1].revents, 0);
	assert_int_equal(fds[2].revents, POLLNVAL);
	assert_int_equal(close(900), 0);
	assert_int_equal(close(pipe_fds[0]), 0);
	assert_int_equal(close(pipe_fds[1]), 0);
}

static void
a_timeout_is_waited_out(void **state)
{
	const struct deadline d = deadline_in_ms(30);
	struct pollfd fd = { client, POLLIN, -1 };

	(void)state;
	assert_int_equal(poll_sockets(&fd, 1, 30, false), 0);
	assert_int_equal(fd.revents, 0);
	assert_int_equal(deadline_left_ms(d), 0);
}

static void
no_entries_are_a_sleep(void **state)
{
	const struct deadline d = deadline_in_ms(20);

	(void)state;
	assert_int_equal(poll_sockets(NULL, 0, 0, false), 0);
	assert_int_equal(poll_sockets(NULL, 0, 20, false), 0);
	assert_int_equal(deadline_left_ms(d), 0);
}

static void
what_is_ready_is_found_without_a_wait(void **state)
{
	struct pollfd fd = { client, POLLOUT, -1 };

	(void)state;
	assert_int_equal(poll_sockets(&fd, 1, -1, false), 1);
	assert_int_equal(fake_kernel_count(FAKE_POLL), 1);
	assert_int_equal(fake_kernel_poll_timeout(), 0);
}

static void
a_poll_without_timeout_asks_once(void **state)
{
	struct pollfd fd = { client, POLLIN, -1 };

	(void)state;
	assert_int_equal(poll_sockets(&fd, 1, 0, false), 0);
	assert_int_equal(fake_kernel_count(FAKE_POLL), 1);
	assert_int_equal(fake_kernel_poll_timeout(), 0);
}

static void
a_wait_is_one_call_after_that(void **state)
{
	struct pollfd fd = { client, POLLIN, -1 };

	(void)state;
	assert_int_equal(poll_sockets(&fd, 1, 10, false), 0);
	assert_int_equal(fake_kernel_count(FAKE_POLL), 2);
	assert_in_range(fake_kernel_poll_timeout(), 1, 10);
}

static void *
send_when_polled(void *arg)
{
	/* The second call of the kernel is the one that waits. */
	while (fake_kernel_count(FAKE_POLL) < *(int *)arg)
		;
	return (void *)(intptr_t)call_sendto(server, "x", 1, 0, NULL, 0);
}

static void
a_wait_without_end_ends_when_something_comes(void **state)
{
	struct pollfd fd = { client, POLLIN, -1 };
	int calls = 2;
	const pthread_t thread = loop_start(send_when_polled, &calls);

	(void)state;
	assert_int_equal(poll_sockets(&fd, 1, -1, false), 1);
	assert_int_equal(fd.revents, POLLIN);
	assert_int_equal(fake_kernel_poll_timeout(), -1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
}

static void
an_interrupted_wait_goes_on(void **state)
{
	struct pollfd fd = { client, POLLIN, -1 };
	int calls = 5;
	pthread_t thread;

	(void)state;
	fake_kernel_fail(FAKE_POLL, 4, EINTR);
	thread = loop_start(send_when_polled, &calls);
	assert_int_equal(poll_sockets(&fd, 1, FAR, false), 1);
	assert_int_equal(fd.revents, POLLIN);
	assert_int_equal(fake_kernel_count(FAKE_POLL), 5);
	assert_in_range(fake_kernel_poll_timeout(), 1, FAR);
	assert_int_equal((intptr_t)loop_join(thread), 1);
}

static void
interruptions_do_not_prolong_a_wait(void **state)
{
	struct pollfd fd = { client, POLLIN, -1 };
	const struct deadline d = deadline_in_ms(20);

	(void)state;
	fake_kernel_fail(FAKE_POLL, INT_MAX, EINTR);
	assert_int_equal(poll_sockets(&fd, 1, 20, false), 0);
	assert_int_equal(fd.revents, 0);
	assert_int_equal(deadline_left_ms(d), 0);
}

static void
do_nothing(int number)
{
	(void)number;
}

static void *
interrupt_then_send(void *arg)
{
	const pthread_t poller = *(pthread_t *)arg;

	while (fake_kernel_count(FAKE_POLL) < 2)
		;
	/* Until it has come through: one may arrive before the wait. */
	while (fake_kernel_count(FAKE_POLL) < 4) {
		if (pthread_kill(poller, SIGUSR1) != 0)
			return "kill";
	}
	return call_sendto(server, "x", 1, 0, NULL, 0) == 1 ? NULL : "send";
}

static void
a_real_signal_does_not_end_a_wait(void **state)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	struct sigaction before;
	struct pollfd fd = { client, POLLIN, -1 };
	pthread_t self = pthread_self(), thread;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	thread = loop_start(interrupt_then_send, &self);
	assert_int_equal(poll_sockets(&fd, 1, FAR, false), 1);
	assert_int_equal(fd.revents, POLLIN);
	assert_null(loop_join(thread));
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

static const struct failure_case {
	const char *name;
	int err;
	int want;
} failures[] = {
	{ "enomem_of_the_kernel_is_the_callers", ENOMEM, -ENOMEM },
	{ "einval_of_the_kernel_is_the_callers", EINVAL, -EINVAL },
};

static void
failed_poll(void **state)
{
	const struct failure_case *c = *state;
	struct pollfd fds[] = { { client, POLLOUT, 0 }, { server, POLLIN, 0 } };
	const struct zsock *s = fdtable_peek(client);

	fake_kernel_fail(FAKE_POLL, 1, c->err);
	errno = EXDEV;
	assert_int_equal(poll_sockets(fds, LEN(fds), FAR, false), c->want);
	/* Whatever was held is given back, and the next call is a good one. */
	assert_int_equal(atomic_load(&s->refs), 1);
	assert_int_equal(poll_sockets(fds, LEN(fds), FAR, false), 1);
	assert_int_equal(fds[0].revents, POLLOUT);
}

static void
references_are_given_back(void **state)
{
	struct pollfd fd = { client, POLLIN, -1 };
	const struct zsock *s = fdtable_peek(client);

	(void)state;
	assert_int_equal(poll_sockets(&fd, 1, 5, false), 0);
	assert_int_equal(atomic_load(&s->refs), 1);
	send_byte(server);
	assert_int_equal(wait_for(client, POLLIN), POLLIN);
	assert_int_equal(atomic_load(&s->refs), 1);
}

/* The room that a call works in grows, and serves small calls again. */
static void
arrays_of_every_size_are_polled(void **state)
{
	const nfds_t sizes[] = { 1, 7, 1000, 3, 5000, 2 };
	struct pollfd *fds = calloc(5000, sizeof(*fds));

	(void)state;
	assert_non_null(fds);
	send_byte(client);
	assert_int_equal(wait_for(server, POLLIN), POLLIN);
	for (size_t i = 0; i < LEN(sizes); i++) {
		const nfds_t n = sizes[i];

		for (nfds_t k = 0; k < n; k++)
			fds[k] = (struct pollfd){ client, POLLIN, -1 };
		fds[n - 1] = (struct pollfd){ server, POLLIN, -1 };
		assert_int_equal(poll_sockets(fds, n, FAR, false), 1);
		for (nfds_t k = 0; k + 1 < n; k++)
			assert_int_equal(fds[k].revents, 0);
		assert_int_equal(fds[n - 1].revents, POLLIN);
	}
	free(fds);
}

static void *
poll_in_thread(void *arg)
{
	struct pollfd fd = { *(int *)arg, POLLIN, -1 };

	const int rc = poll_sockets(&fd, 1, FAR, false);

	return (void *)(intptr_t)(rc == 1 ? fd.revents : rc);
}

static void *
poll_one_of_many(void *arg)
{
	struct pollfd fds[64];

	for (size_t i = 0; i < LEN(fds); i++)
		fds[i] = (struct pollfd){ *(int *)arg, POLLIN, -1 };
	for (int i = 0; i < 200; i++) {
		const nfds_t n = 1 + (nfds_t)i % LEN(fds);

		if (poll_sockets(fds, n, FAR, false) != (int)n)
			return "count";
	}
	return NULL;
}

static void
threads_poll_the_same_socket(void **state)
{
	pthread_t threads[4];

	(void)state;
	send_byte(server);
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] = loop_start(poll_one_of_many, &client);
	for (size_t i = 0; i < LEN(threads); i++)
		assert_null(loop_join(threads[i]));
}

static void
a_socket_closed_meanwhile_ends_the_wait(void **state)
{
	const pthread_t thread = loop_start(poll_in_thread, &client);

	(void)state;
	while (fake_kernel_count(FAKE_POLL) < 2)
		;
	assert_int_equal(call_close(client), 0);
	assert_int_equal((intptr_t)loop_join(thread), -EINTR);
}

static atomic_int hooks;
static void (*hook)(void);

/* The kernel's poll, after which something happens once. */
static int
poll_with_hook(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const int rc = kernel_libc.poll(fds, n, timeout_ms);

	if (atomic_fetch_sub(&hooks, 1) == 1)
		hook();
	return rc;
}

/* fn runs in the call of the kernel's poll that comes after so many. */
static void
hook_poll(void (*fn)(void), int after)
{
	static struct kernel hooked;

	hooked = kernel_libc;
	hooked.poll = poll_with_hook;
	hook = fn;
	atomic_store(&hooks, after + 1);
	kernel = &hooked;
}

static void
poll_in_handler(int signo)
{
	struct pollfd fds[] = { { .fd = server, .events = POLLIN },
		{ .fd = listener, .events = POLLIN } };

	(void)signo;
	(void)poll_sockets(fds, LEN(fds), 1, false);
}

static void
interrupt(void)
{
	raise(SIGUSR1);
}

static void
a_signal_handler_may_poll_inside_a_poll(void **state)
{
	struct pollfd fd = { .fd = client, .events = POLLIN };
	struct sigaction old, act = { .sa_handler = poll_in_handler };

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &act, &old), 0);
	for (int after = 0; after < 2; after++) {
		hook_poll(interrupt, after);
		assert_int_equal(poll_sockets(&fd, 1, 1, false), 0);
		assert_true(atomic_load(&hooks) < 1);
	}
	assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
	assert_int_equal(atomic_load(&fdtable_peek(client)->refs), 1);
	assert_int_equal(atomic_load(&fdtable_peek(server)->refs), 1);
}

static void
close_client(void)
{
	assert_int_equal(call_close(client), 0);
}

/* The number is another socket's then, with another descriptor. */
static void
replace_client(void)
{
	const int kfd = loop_kfd(client);

	close_client();
	assert_int_equal(dup2(STDIN_FILENO, kfd), kfd);
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), client);
	assert_int_equal(close(kfd), 0);
}

/* By another thread, between the question and the look at the answer. */
static void
a_socket_closed_while_it_is_looked_at_is_pollnval(void **state)
{
	void (*const hooked[])(void) = { replace_client, close_client };
	struct pollfd fd = { .fd = client, .events = POLLIN };

	(void)state;
	/* One that is not connected: the kernel says POLLHUP. */
	replace_client();
	for (size_t i = 0; i < LEN(hooked); i++) {
		hook_poll(hooked[i], 0);
		assert_int_equal(poll_sockets(&fd, 1, 0, false), 1);
		assert_int_equal(fd.revents, POLLNVAL);
	}
}

/* Of an array that it was given before, poll keeps what it made of it. */
static void
an_array_polled_before_is_looked_at_anew(void **state)
{
	struct pollfd fds[2] = { { .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN } };
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct sockaddr *sa = (struct sockaddr *)&addr;

	(void)state;
	assert_int_equal(poll_sockets(fds, 2, 0, false), 0);
	fds[1].events = POLLOUT;
	assert_int_equal(poll_sockets(fds, 2, 0, false), 1);
	assert_int_equal(fds[1].revents, POLLOUT);
	fds[1].events = POLLIN;
	assert_int_equal(poll_sockets(fds, 2, 0, false), 0);
	assert_int_equal(fds[1].revents, 0);
	/* The number is another socket's, which is connected, too. */
	assert_int_equal(call_shutdown(server, SHUT_RDWR), 0);
	assert_int_equal(wait_for(client, POLLIN), POLLIN);
	fds[1].fd = client;
	assert_int_equal(poll_sockets(fds, 2, 0, false), 2);
	replace_client();
	assert_int_equal(call_getsockname(listener, sa, &len), 0);
	assert_int_equal(call_connect(client, sa, len), 0);
	assert_int_equal(poll_sockets(fds, 2, 0, false), 0);
}

/* It has no room for entries yet. */
static void *
poll_nothing(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)poll_sockets(NULL, 0, 0, false);
}

static void
a_threads_first_poll_may_be_of_nothing(void **state)
{
	(void)state;
	assert_null(loop_join(loop_start(poll_nothing, NULL)));
}

#define WITH_LINK(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest others[] = {
		WITH_LINK(readiness_follows_the_socket),
		WITH_LINK(a_listener_is_readable_when_a_connection_waits),
		WITH_LINK(a_closed_peer_is_readable),
		WITH_LINK(hangup_and_error_come_unasked),
		WITH_LINK(entries_are_told_apart),
		WITH_LINK(a_number_that_is_not_ours_is_pollnval_at_once),
		WITH_LINK(
		    a_foreign_number_is_the_kernels_if_the_caller_says_so),
		WITH_LINK(a_timeout_is_waited_out),
		WITH_LINK(no_entries_are_a_sleep),
		WITH_LINK(an_array_polled_before_is_looked_at_anew),
		cmocka_unit_test(a_threads_first_poll_may_be_of_nothing),
		WITH_LINK(what_is_ready_is_found_without_a_wait),
		WITH_LINK(a_poll_without_timeout_asks_once),
		WITH_LINK(a_wait_is_one_call_after_that),
		WITH_LINK(a_wait_without_end_ends_when_something_comes),
		WITH_LINK(an_interrupted_wait_goes_on),
		WITH_LINK(interruptions_do_not_prolong_a_wait),
		WITH_LINK(a_real_signal_does_not_end_a_wait),
		WITH_LINK(references_are_given_back),
		WITH_LINK(arrays_of_every_size_are_polled),
		WITH_LINK(threads_poll_the_same_socket),
		WITH_LINK(a_socket_closed_meanwhile_ends_the_wait),
		WITH_LINK(a_signal_handler_may_poll_inside_a_poll),
		WITH_LINK(a_socket_closed_while_it_is_looked_at_is_pollnval),
	};
	struct CMUnitTest tests[LEN(failures) + LEN(others)];

	for (size_t i = 0; i < LEN(failures); i++) {
		tests[i] = (struct CMUnitTest){ .name = failures[i].name,
			.test_func = failed_poll,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&failures[i] };
	}
	memcpy(&tests[LEN(failures)], others, sizeof(others));
	profile_set(PROFILE_LINUX); /* whose kernel answers by itself */
	return cmocka_run_group_tests_name("sock/poll", tests, NULL, NULL);
}
