#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/event.h"
#include "sock/fdtable.h"
#include "sock/pair.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

#define MOST (UINT64_MAX - 1)

static int
open_event(unsigned int value, int flags)
{
	const int sock = call_eventfd(value, flags);

	assert_true(sock >= 0);
	return sock;
}

static void
assert_taken(int sock, uint64_t want)
{
	uint64_t value = 0;

	assert_int_equal(call_eventfd_read(sock, &value), 0);
	assert_int_equal(value, want);
}

static short
look(int sock, short events)
{
	struct pollfd fd = { sock, events, -1 };
	const int rc = poll_sockets(&fd, 1, 0, false);

	assert_int_equal(rc, fd.revents != 0);
	return fd.revents;
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	limits_clear();
	fdtable_limit(0);
	profile_set(PROFILE_ZEPHYR);
	return 0;
}

static const struct flags_case {
	const char *name;
	int flags;
	int device, host; /* 0 or the errno */
	bool semaphore, nonblock;
} flags[] = {
	{ "none", 0, 0, 0, false, false },
	{ "semaphore", EVENT_SEMAPHORE, 0, 0, true, false },
	{ "zephyrs_semaphore", EVENT_SEMAPHORE_ZEPHYR, 0, 0, true, false },
	{ "nonblock", O_NONBLOCK, 0, 0, false, true },
	{ "zephyrs_nonblock", EVENT_NONBLOCK_ZEPHYR, 0, 0, false, true },
	{ "both", EVENT_SEMAPHORE | O_NONBLOCK, 0, 0, true, true },
	{ "cloexec", O_CLOEXEC, -EINVAL, 0, false, false },
	{ "unknown", 0x4, -EINVAL, -EINVAL, false, false },
	{ "all", -1, -EINVAL, -EINVAL, false, false },
};

static void
flags_are_as_the_row_says(void **state)
{
	const struct flags_case *c = *state;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		const int want = p == PROFILE_LINUX ? c->host : c->device;
		int sock;

		profile_set((enum profile)p);
		sock = call_eventfd(3, c->flags);
		if (want < 0) {
			assert_int_equal(sock, want);
			continue;
		}
		assert_true(sock >= 0);
		assert_int_equal(call_fcntl(sock, F_GETFL, 0) & ~O_ACCMODE,
		    c->nonblock ? O_NONBLOCK : 0);
		assert_taken(sock, c->semaphore ? 1 : 3);
		assert_int_equal(look(sock, POLLIN), c->semaphore ? POLLIN : 0);
		assert_int_equal(call_close(sock), 0);
	}
}

static const struct lack_case {
	const char *name;
	int numbers, error;
	bool pool;
	int want;
} lacks[] = {
	{ "number", 1, 0, false, -ENFILE },
	{ "descriptor", 0, EMFILE, false, -ENFILE },
	{ "descriptor_in_the_system", 0, ENFILE, false, -ENFILE },
	{ "memory", 0, ENOMEM, false, -ENOMEM },
	{ "place_in_the_pool", 0, 0, true, -ENOMEM },
	{ "place_in_the_pool_nor_number", 1, 0, true, -ENOMEM },
};

static void
lacks_as_the_row_says(void **state)
{
	const struct lack_case *c = *state;
	const int taken = open_event(0, 0);
	const int before = loop_count_descriptors();

	fdtable_limit(c->numbers);
	if (c->pool)
		assert_int_equal(limits_set("CONFIG_ZVFS_EVENTFD_MAX", 1), 0);
	fake_kernel_install();
	fake_kernel_fail(FAKE_EVENTFD, c->error != 0, c->error);
	assert_int_equal(call_eventfd(0, 0), c->want);
	assert_int_equal(loop_count_descriptors(), before);
	limits_clear();
	fdtable_limit(0);
	assert_int_equal(open_event(0, 0), taken + 1);
	assert_int_equal(call_close(taken), 0);
	assert_int_equal(call_close(taken + 1), 0);
	assert_int_equal(loop_count_descriptors(), before - 2);
}

static void
a_value_is_added_to_and_taken(void **state)
{
	const int sock = open_event(0xffffffff, O_NONBLOCK);
	uint64_t value = 42;

	(void)state;
	assert_int_equal(call_eventfd_write(sock, 1), 0);
	assert_taken(sock, 0x100000000);
	assert_int_equal(call_eventfd_read(sock, &value), -EAGAIN);
	assert_int_equal(value, 42);
	assert_int_equal(call_eventfd_write(sock, 0), 0);
	assert_int_equal(call_eventfd_read(sock, &value), -EAGAIN);
	assert_int_equal(call_eventfd_write(sock, MOST), 0);
	assert_int_equal(call_eventfd_write(sock, 1), -EAGAIN);
	assert_int_equal(call_eventfd_write(sock, 0), 0);
	assert_taken(sock, MOST);
	assert_int_equal(call_eventfd_write(sock, UINT64_MAX), -EINVAL);
	assert_int_equal(call_eventfd_read(sock, NULL), -EFAULT);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_eventfd_read(sock, &value), -EBADF);
	assert_int_equal(call_eventfd_write(sock, 1), -EBADF);
}

static void
a_full_blocking_one_refuses_the_impossible_at_once(void **state)
{
	const int sock = open_event(0, 0);

	(void)state;
	assert_int_equal(call_eventfd_write(sock, MOST), 0);
	assert_int_equal(call_eventfd_write(sock, UINT64_MAX), -EINVAL);
	assert_int_equal(call_close(sock), 0);
}

static void
a_semaphore_gives_one_at_a_time(void **state)
{
	const int sock = open_event(2, EVENT_SEMAPHORE | O_NONBLOCK);
	uint64_t value;

	(void)state;
	assert_taken(sock, 1);
	assert_int_equal(call_eventfd_write(sock, 1), 0);
	assert_taken(sock, 1);
	assert_taken(sock, 1);
	assert_int_equal(call_eventfd_read(sock, &value), -EAGAIN);
	assert_int_equal(call_close(sock), 0);
}

static void
readiness_is_the_values(void **state)
{
	const int sock = open_event(0, O_NONBLOCK);

	(void)state;
	assert_int_equal(look(sock, POLLIN | POLLOUT), POLLOUT);
	assert_int_equal(call_eventfd_write(sock, 1), 0);
	assert_int_equal(look(sock, POLLIN | POLLOUT), POLLIN | POLLOUT);
	assert_int_equal(look(sock, POLLIN), POLLIN);
	assert_int_equal(call_eventfd_write(sock, MOST - 1), 0);
	assert_int_equal(look(sock, POLLIN | POLLOUT), POLLIN);
	assert_int_equal(look(sock, POLLOUT), 0);
	assert_taken(sock, MOST);
	assert_int_equal(look(sock, POLLIN), 0);
	assert_int_equal(look(sock, 0), 0);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(look(sock, POLLIN), POLLNVAL);
}

static void
poll_mixes_it_with_sockets(void **state)
{
	const int event = open_event(0, 0);
	const int udp = call_socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd fds[3];
	int sv[2];

	(void)state;
	assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	fds[0] = (struct pollfd){ udp, POLLIN, 0 };
	fds[1] = (struct pollfd){ event, POLLIN, 0 };
	fds[2] = (struct pollfd){ sv[0], POLLIN, 0 };
	assert_int_equal(poll_sockets(fds, 3, 0, false), 0);
	assert_int_equal(call_eventfd_write(event, 1), 0);
	assert_int_equal(poll_sockets(fds, 3, FAR, false), 1);
	assert_int_equal(fds[1].revents, POLLIN);
	assert_int_equal(call_sendto(sv[1], "x", 1, 0, NULL, 0), 1);
	assert_int_equal(poll_sockets(fds, 3, FAR, false), 2);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[2].revents, POLLIN);
	assert_int_equal(call_close(event), 0);
	assert_int_equal(call_close(udp), 0);
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_close(sv[1]), 0);
}

/* send and recv, which are write and read: eight bytes, or none. */
static void
bytes_are_a_value(void **state)
{
	const int sock = open_event(0, O_NONBLOCK);
	uint64_t value = 7, values[2] = { 0, 42 };
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	struct iovec iov[2] = { { &value, 4 }, { (char *)&value + 4, 4 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	(void)state;
	assert_int_equal(call_sendto(sock, &value, 8, 0, NULL, 0), 8);
	assert_int_equal(call_recvfrom(sock, values, 16, 0, NULL, NULL), 8);
	assert_int_equal(values[0], 7);
	assert_int_equal(values[1], 42);
	assert_int_equal(call_recvfrom(sock, values, 8, 0, NULL, NULL),
	    -EAGAIN);
	for (size_t n = 0; n < 8; n++) {
		assert_int_equal(call_sendto(sock, &value, n, 0, NULL, 0),
		    -EINVAL);
		assert_int_equal(call_recvfrom(sock, values, n, 0, NULL, NULL),
		    -EINVAL);
	}
	assert_int_equal(call_sendto(sock, NULL, 8, 0, NULL, 0), -EINVAL);
	assert_int_equal(call_recvfrom(sock, NULL, 8, 0, NULL, NULL), -EINVAL);
	assert_int_equal(call_sendmsg(sock, &m, 0), -EINVAL);
	assert_int_equal(call_recvmsg(sock, &m, 0), -EINVAL);
	value = UINT64_MAX;
	assert_int_equal(call_sendto(sock, &value, 8, 0, NULL, 0), -EINVAL);
	value = 1;
	assert_int_equal(call_sendto(sock, &value, 20, 0, NULL, 0), 8);
	assert_int_equal(call_recvfrom(sock, values, 8, 0,
	                     (struct sockaddr *)&from, &len),
	    8);
	assert_int_equal(len, 0);
	assert_int_equal(call_close(sock), 0);
}

static void
a_socket_is_no_eventfd(void **state)
{
	const int udp = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int bad[] = { udp, -1, 900 };
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		assert_int_equal(call_eventfd_read(bad[i], &value), -EBADF);
		assert_int_equal(call_eventfd_read(bad[i], NULL), -EBADF);
		assert_int_equal(call_eventfd_write(bad[i], 1), -EBADF);
	}
	assert_int_equal(call_close(udp), 0);
}

static struct sockaddr_storage addr;
static socklen_t addr_len = sizeof(addr);

static int
do_bind(int sock)
{
	return call_bind(sock, (struct sockaddr *)&addr, sizeof(addr));
}

static int
do_connect(int sock)
{
	return call_connect(sock, (struct sockaddr *)&addr, sizeof(addr));
}

static int
do_listen(int sock)
{
	return call_listen(sock, 1);
}

static int
do_accept(int sock)
{
	return call_accept(sock, NULL, NULL);
}

static int
do_shutdown(int sock)
{
	return call_shutdown(sock, SHUT_RD);
}

static int
do_getsockname(int sock)
{
	return call_getsockname(sock, (struct sockaddr *)&addr, &addr_len);
}

static int
do_getpeername(int sock)
{
	return call_getpeername(sock, (struct sockaddr *)&addr, &addr_len);
}

static int
do_getsockopt(int sock)
{
	int value;
	socklen_t len = sizeof(value);

	return call_getsockopt(sock, SOL_SOCKET, SO_TYPE, &value, &len);
}

static int
do_setsockopt(int sock)
{
	return call_setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, 4);
}

static int
do_fionread(int sock)
{
	int n;

	return call_ioctl(sock, FIONREAD, &n);
}

static int
do_fionbio(int sock)
{
	return call_ioctl(sock, FIONBIO, &(int){ 1 });
}

static const struct answer_case {
	const char *name;
	int (*call)(int sock);
	int device, host;
} answers[] = {
	{ "bind", do_bind, -EOPNOTSUPP, -ENOTSOCK },
	{ "connect", do_connect, -EOPNOTSUPP, -ENOTSOCK },
	{ "listen", do_listen, -EOPNOTSUPP, -ENOTSOCK },
	{ "accept", do_accept, -EOPNOTSUPP, -ENOTSOCK },
	{ "shutdown", do_shutdown, -ENOTSUP, -ENOTSOCK },
	{ "getsockname", do_getsockname, -EOPNOTSUPP, -ENOTSOCK },
	{ "getpeername", do_getpeername, -EOPNOTSUPP, -ENOTSOCK },
	{ "getsockopt", do_getsockopt, -EOPNOTSUPP, -ENOTSOCK },
	{ "setsockopt", do_setsockopt, -EOPNOTSUPP, -ENOTSOCK },
	{ "fionread", do_fionread, -EOPNOTSUPP, -ENOTTY },
	{ "fionbio", do_fionbio, -EOPNOTSUPP, 0 },
};

static void
answers_as_the_row_says(void **state)
{
	const struct answer_case *c = *state;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		int sock;

		profile_set((enum profile)p);
		sock = open_event(0, 0);
		assert_int_equal(c->call(sock),
		    p == PROFILE_LINUX ? c->host : c->device);
		assert_int_equal(call_close(sock), 0);
	}
}

static void
the_mode_is_changed_by_fcntl(void **state)
{
	const int sock = open_event(0, EVENT_SEMAPHORE);
	uint64_t value;

	(void)state;
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(call_eventfd_read(sock, &value), -EAGAIN);
	assert_int_equal(call_fcntl(sock, F_SETFL, 0), 0);
	assert_int_equal(call_fcntl(sock, F_GETFL, 0), 0);
	assert_int_equal(call_close(sock), 0);
}

static void
what_the_kernel_refuses_is_passed_on(void **state)
{
	const int sock = open_event(0, 0);
	uint64_t value;

	(void)state;
	fake_kernel_install();
	fake_kernel_fail(FAKE_POLL, 1, EINTR);
	assert_int_equal(call_eventfd_read(sock, &value), -EINTR);
	fake_kernel_fail(FAKE_POLL, 1, EINTR);
	assert_int_equal(call_eventfd_write(sock, 1), -EINTR);
	fake_kernel_fail(FAKE_FCNTL, 1, EIO);
	assert_int_equal(call_eventfd_read(sock, &value), -EIO);
	fake_kernel_fail(FAKE_FCNTL, 1, EIO);
	assert_int_equal(call_eventfd_write(sock, 1), -EIO);
	fake_kernel_fail(FAKE_WRITE, 1, EINTR);
	assert_int_equal(call_eventfd_write(sock, 1), -EINTR);
	assert_int_equal(call_close(sock), 0);
}

static void
a_child_wakes_its_parent(void **state)
{
	const int sock = open_event(0, 0);
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(call_eventfd_write(sock, 5) == 0 && call_close(sock) == 0
		        ? EXIT_SUCCESS
		        : EXIT_FAILURE);
	assert_taken(sock, 5);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(call_close(sock), 0);
}

static struct CMUnitTest tests[64];
static char names[LEN(tests)][64];
static size_t n_tests;

static void
add(const char *prefix, const char *name, CMUnitTestFunction fn,
    const void *row)
{
	assert_true(n_tests < LEN(tests));
	snprintf(names[n_tests], sizeof(names[n_tests]), "%s%s", prefix, name);
	tests[n_tests] = (struct CMUnitTest){ .name = names[n_tests],
		.test_func = fn,
		.teardown_func = teardown,
		.initial_state = (void *)row };
	n_tests++;
}

#define ONCE(fn) add("", #fn, fn, NULL)

int
main(void)
{
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(flags); i++)
		add("flags: ", flags[i].name, flags_are_as_the_row_says,
		    &flags[i]);
	for (size_t i = 0; i < LEN(lacks); i++)
		add("without a ", lacks[i].name, lacks_as_the_row_says,
		    &lacks[i]);
	for (size_t i = 0; i < LEN(answers); i++)
		add("answer to ", answers[i].name, answers_as_the_row_says,
		    &answers[i]);
	ONCE(a_value_is_added_to_and_taken);
	ONCE(a_full_blocking_one_refuses_the_impossible_at_once);
	ONCE(a_semaphore_gives_one_at_a_time);
	ONCE(readiness_is_the_values);
	ONCE(poll_mixes_it_with_sockets);
	ONCE(bytes_are_a_value);
	ONCE(a_socket_is_no_eventfd);
	ONCE(the_mode_is_changed_by_fcntl);
	ONCE(what_the_kernel_refuses_is_passed_on);
	ONCE(a_child_wakes_its_parent);
	return _cmocka_run_group_tests("sock/event", tests, n_tests, NULL,
	    NULL);
}
