#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/pair.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

#define SIZE 64 /* bytes that the device's buffer has */

static int sv[2];

static void
open_pair(enum profile p)
{
	profile_set(p);
	assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
}

static void
close_pair(void)
{
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_close(sv[1]), 0);
}

static ssize_t
put(int sock, size_t len)
{
	static const char bytes[4096];

	return call_sendto(sock, bytes, len, 0, NULL, 0);
}

static ssize_t
get(int sock, size_t len)
{
	char bytes[4096];

	return call_recvfrom(sock, bytes, len, 0, NULL, NULL);
}

static void
set_nonblock(int sock)
{
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
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

#define DEVICE PROFILE_ZEPHYR
#define OLDER PROFILE_ZEPHYR_3_3
#define HOST PROFILE_LINUX

static const struct open_case {
	const char *name;
	enum profile profile;
	int family, type, proto;
	bool no_sv;
	int want;
} opens[] = {
	{ "pair", DEVICE, AF_UNIX, SOCK_STREAM, 0, false, 0 },
	{ "family", DEVICE, AF_INET, SOCK_STREAM, 0, false, -EAFNOSUPPORT },
	{ "family_first", DEVICE, AF_INET, 42, 258, true, -EAFNOSUPPORT },
	{ "type", DEVICE, AF_UNIX, 42, 0, false, -EPROTOTYPE },
	{ "datagrams", DEVICE, AF_UNIX, SOCK_DGRAM, 0, false, -EPROTOTYPE },
	{ "type_bits", DEVICE, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, false,
	    -EPROTOTYPE },
	{ "type_second", DEVICE, AF_UNIX, 42, 258, true, -EPROTOTYPE },
	{ "protocol", DEVICE, AF_UNIX, SOCK_STREAM, 256, false,
	    -EPROTONOSUPPORT },
	{ "negative_protocol", DEVICE, AF_UNIX, SOCK_STREAM, -1, false,
	    -EPROTONOSUPPORT },
	{ "protocol_third", DEVICE, AF_UNIX, SOCK_STREAM, 256, true,
	    -EPROTONOSUPPORT },
	{ "null", DEVICE, AF_UNIX, SOCK_STREAM, 0, true, -EFAULT },
	{ "pair", OLDER, AF_UNIX, SOCK_STREAM, 0, false, 0 },
	{ "family", OLDER, AF_INET6, SOCK_STREAM, 0, false, -EAFNOSUPPORT },
	{ "type", OLDER, AF_UNIX, SOCK_DGRAM, 0, false, -EPROTOTYPE },
	{ "protocol", OLDER, AF_UNIX, SOCK_STREAM, 1, false, -EPROTONOSUPPORT },
	{ "null", OLDER, AF_UNIX, SOCK_STREAM, 0, true, -EFAULT },
	{ "pair", HOST, AF_UNIX, SOCK_STREAM, 0, false, 0 },
	{ "datagrams", HOST, AF_UNIX, SOCK_DGRAM, 0, false, 0 },
	{ "type_bits", HOST, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, false,
	    0 },
	{ "family", HOST, AF_INET, SOCK_STREAM, 0, false, -EOPNOTSUPP },
	{ "protocol", HOST, AF_UNIX, SOCK_STREAM, 256, false,
	    -EPROTONOSUPPORT },
	{ "null", HOST, AF_UNIX, SOCK_STREAM, 0, true, -EFAULT },
};

static void
opens_as_the_row_says(void **state)
{
	const struct open_case *c = *state;
	const int before = loop_count_descriptors();
	int numbers[2] = { -7, -7 };

	profile_set(c->profile);
	assert_int_equal(call_socketpair(c->family, c->type, c->proto,
	                     c->no_sv ? NULL : numbers),
	    c->want);
	if (c->want == 0) {
		assert_true(numbers[0] >= 0 && numbers[1] >= 0);
		assert_int_not_equal(numbers[0], numbers[1]);
		assert_int_equal(call_close(numbers[0]), 0);
		assert_int_equal(call_close(numbers[1]), 0);
	} else {
		assert_int_equal(numbers[0], -7);
		assert_int_equal(numbers[1], -7);
	}
	assert_int_equal(loop_count_descriptors(), before);
}

/* What is not there: the call, how often it works first, and its errno. */
static const struct lack_case {
	const char *name;
	enum profile profile;
	int numbers; /* that the table has */
	int call, error;
	const char *limit; /* which is 0 */
	int want;
} lacks[] = {
	{ "no_number", DEVICE, 1, -1, 0, NULL, -ENFILE },
	{ "one_number", DEVICE, 2, -1, 0, NULL, -ENFILE },
	{ "one_number", HOST, 2, -1, 0, NULL, -ENFILE },
	{ "no_descriptor", DEVICE, 0, FAKE_SOCKETPAIR, EMFILE, NULL, -ENFILE },
	{ "no_descriptor", HOST, 0, FAKE_SOCKETPAIR, EMFILE, NULL, -ENFILE },
	{ "full_system", DEVICE, 0, FAKE_SOCKETPAIR, ENFILE, NULL, -ENFILE },
	{ "no_kernel_memory", DEVICE, 0, FAKE_SOCKETPAIR, ENOMEM, NULL,
	    -ENOMEM },
	{ "no_counter", DEVICE, 0, FAKE_EVENTFD, EMFILE, NULL, -ENFILE },
	{ "no_memory_for_counters", DEVICE, 0, FAKE_EVENTFD, ENOMEM, NULL,
	    -ENOMEM },
	{ "pool", DEVICE, 0, -1, 0, "CONFIG_NET_SOCKETPAIR_MAX", -ENOMEM },
	{ "pool_before_numbers", DEVICE, 1, -1, 0, "CONFIG_NET_SOCKETPAIR_MAX",
	    -ENOMEM },
	{ "pool", HOST, 0, -1, 0, "CONFIG_NET_SOCKETPAIR_MAX", 0 },
};

static void
lacks_as_the_row_says(void **state)
{
	const struct lack_case *c = *state;
	const int taken = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int before = loop_count_descriptors();
	int numbers[2] = { -7, -7 };

	assert_int_equal(taken, 0);
	profile_set(c->profile);
	fdtable_limit(c->numbers);
	if (c->limit != NULL)
		assert_int_equal(limits_set(c->limit, 0), 0);
	fake_kernel_install();
	if (c->call >= 0)
		fake_kernel_fail((enum fake_call)c->call, 1, c->error);
	assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0, numbers),
	    c->want);
	if (c->want == 0) {
		assert_int_equal(call_close(numbers[0]), 0);
		assert_int_equal(call_close(numbers[1]), 0);
	} else {
		assert_int_equal(numbers[0], -7);
		assert_int_equal(numbers[1], -7);
	}
	assert_int_equal(loop_count_descriptors(), before);
	/* Nothing was kept: the numbers are the lowest again. */
	limits_clear();
	fdtable_limit(0);
	open_pair(c->profile);
	assert_int_equal(sv[0], 1);
	assert_int_equal(sv[1], 2);
	close_pair();
	assert_int_equal(call_close(taken), 0);
}

static void
a_pool_of_one_takes_another_when_both_ends_are_closed(void **state)
{
	int another[2];

	(void)state;
	assert_int_equal(limits_set("CONFIG_NET_SOCKETPAIR_MAX", 1), 0);
	open_pair(DEVICE);
	assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0, another),
	    -ENOMEM);
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0, another),
	    -ENOMEM);
	assert_int_equal(call_close(sv[1]), 0);
	open_pair(DEVICE);
	close_pair();
}

static void
errno_after_success(void **state)
{
	const struct {
		enum profile profile;
		int want;
	} rows[] = { { DEVICE, 0 }, { OLDER, EOPNOTSUPP }, { HOST, 0 } };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		profile_set(rows[i].profile);
		errno = 0;
		assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM,
		                     0, sv),
		    0);
		assert_int_equal(errno, rows[i].want);
		close_pair();
		assert_int_equal(zsock_socketpair(NET_AF_INET, NET_SOCK_STREAM,
		                     0, sv),
		    -1);
		assert_int_equal(errno,
		    rows[i].profile == HOST ? EOPNOTSUPP : EAFNOSUPPORT);
	}
}

/* The 65th byte; how much there is room for follows the reader byte by byte. */
static void
room_is_the_buffer_minus_what_waits(void **state)
{
	(void)state;
	open_pair(*(const enum profile *)*state);
	set_nonblock(sv[0]);
	assert_int_equal(look(sv[0], POLLIN | POLLOUT), POLLOUT);
	for (int i = 0; i < SIZE; i++) {
		assert_int_equal(look(sv[0], POLLOUT), POLLOUT);
		assert_int_equal(put(sv[0], 1), 1);
	}
	assert_int_equal(put(sv[0], 1), -EAGAIN);
	assert_int_equal(look(sv[0], POLLOUT), 0);
	assert_int_equal(look(sv[1], POLLIN), POLLIN);
	/* The other direction has its own. */
	assert_int_equal(look(sv[1], POLLIN | POLLOUT), POLLIN | POLLOUT);
	assert_int_equal(put(sv[1], 1000), SIZE);
	assert_int_equal(look(sv[1], POLLIN | POLLOUT), POLLIN);
	assert_int_equal(get(sv[1], 1), 1);
	assert_int_equal(look(sv[0], POLLOUT), POLLOUT);
	assert_int_equal(put(sv[0], 10), 1);
	assert_int_equal(look(sv[0], POLLOUT), 0);
	assert_int_equal(get(sv[1], 7), 7);
	assert_int_equal(put(sv[0], 5), 5);
	assert_int_equal(put(sv[0], 5), 2);
	assert_int_equal(put(sv[0], 5), -EAGAIN);
	assert_int_equal(get(sv[1], 1000), SIZE);
	assert_int_equal(look(sv[1], POLLIN), 0);
	assert_int_equal(put(sv[0], 1000), SIZE);
	close_pair();
}

/* A blocking send is satisfied with some room as well. */
static void
a_send_takes_what_fits(void **state)
{
	open_pair(*(const enum profile *)*state);
	assert_int_equal(put(sv[0], 100), SIZE);
	assert_int_equal(get(sv[1], 30), 30);
	assert_int_equal(put(sv[0], 100), 30);
	close_pair();
}

static void
the_kernels_pair_has_the_kernels_buffer(void **state)
{
	(void)state;
	assert_int_equal(limits_set("CONFIG_NET_SOCKETPAIR_BUFFER_SIZE", 8), 0);
	open_pair(HOST);
	assert_int_equal(put(sv[0], 4000), 4000);
	assert_int_equal(look(sv[0], POLLOUT), POLLOUT);
	assert_int_equal(get(sv[1], 4000), 4000);
	close_pair();
}

static void
the_limits_set_the_buffer(void **state)
{
	const int sizes[] = { 1, 65, 4096 };

	(void)state;
	for (size_t i = 0; i < LEN(sizes); i++) {
		assert_int_equal(limits_set("CONFIG_NET_SOCKETPAIR_BUFFER_SIZE",
		                     sizes[i]),
		    0);
		open_pair(DEVICE);
		set_nonblock(sv[0]);
		for (int n = 0; n < sizes[i]; n++)
			assert_int_equal(put(sv[0], 1), 1);
		assert_int_equal(put(sv[0], 1), -EAGAIN);
		assert_int_equal(look(sv[0], POLLOUT), 0);
		assert_int_equal(get(sv[1], 1), 1);
		assert_int_equal(look(sv[0], POLLOUT), POLLOUT);
		close_pair();
	}
}

/* Small messages fill the kernel before they fill a very large buffer. */
static void
a_full_kernel_is_no_room_either(void **state)
{
	int n = 0, queued;

	(void)state;
	assert_int_equal(limits_set("CONFIG_NET_SOCKETPAIR_BUFFER_SIZE",
	                     1 << 24),
	    0);
	open_pair(DEVICE);
	set_nonblock(sv[0]);
	while (put(sv[0], 1) == 1)
		n++;
	assert_in_range(n, 100, (1 << 24) - 1);
	assert_int_equal(put(sv[0], 1), -EAGAIN);
	assert_int_equal(look(sv[0], POLLOUT), 0);
	assert_int_equal(call_ioctl(sv[1], FIONREAD, &queued), 0);
	assert_int_equal(queued, n);
	while (n > 0) {
		const ssize_t got = get(sv[1], 4096);

		assert_true(got > 0);
		n -= (int)got;
	}
	assert_int_equal(look(sv[0], POLLOUT), POLLOUT);
	assert_int_equal(put(sv[0], 1), 1);
	assert_int_equal(look(sv[0], POLLOUT), POLLOUT);
	assert_int_equal(get(sv[1], 2), 1);
	close_pair();
}

/* A send that the kernel puts off gives its room back and tries again. */
static void
a_kernel_that_is_busy_costs_no_room(void **state)
{
	(void)state;
	open_pair(DEVICE);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDMSG, 1, EAGAIN);
	assert_int_equal(put(sv[0], 10), 10);
	assert_int_equal(fake_kernel_count(FAKE_SENDMSG), 2);
	fake_kernel_fail(FAKE_SENDMSG, 1, ENOBUFS);
	assert_int_equal(put(sv[0], 10), -ENOBUFS);
	fake_kernel_fail(FAKE_SENDMSG, 1, ECONNRESET);
	assert_int_equal(put(sv[0], 10), -EPIPE);
	assert_int_equal(put(sv[0], 100), SIZE - 10);
	fake_kernel_fail(FAKE_POLL, 1, EINTR);
	assert_int_equal(put(sv[0], 1), -EINTR);
	fake_kernel_fail(FAKE_RECVMSG, 1, EINTR);
	assert_int_equal(get(sv[1], 1), -EINTR);
	fake_kernel_fail(FAKE_FCNTL, 1, EIO);
	assert_int_equal(put(sv[0], 1), -EIO);
	close_pair();
}

/* A message that was sent in part counts, whatever ends it. */
static void
what_went_before_the_end_counts(void **state)
{
	static char bytes[2 * SIZE];
	struct iovec iov[2] = { { bytes, SIZE / 2 }, { bytes, SIZE } };
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	(void)state;
	open_pair(DEVICE);
	fake_kernel_install();
	fake_kernel_skip(FAKE_POLL, 1); /* is the peer there? */
	fake_kernel_fail(FAKE_POLL, 1, EINTR);
	assert_int_equal(call_sendmsg(sv[0], &m, 0), SIZE);
	assert_int_equal(get(sv[1], 2 * SIZE), SIZE);
	fake_kernel_skip(FAKE_SENDMSG, 1);
	fake_kernel_fail(FAKE_SENDMSG, 1, ECONNRESET);
	assert_int_equal(call_sendmsg(sv[0], &m, 0), SIZE / 2);
	fake_kernel_fail(FAKE_SENDMSG, 1, ECONNRESET);
	assert_int_equal(call_sendmsg(sv[0], &m, 0), -EPIPE);
	close_pair();
}

/* The kernel cuts a value that has more room than it needs, as libc has it. */
static void
on_the_host_options_are_the_kernels(void **state)
{
	long type = -1;
	socklen_t len = sizeof(type);

	(void)state;
	open_pair(PROFILE_LINUX);
	assert_int_equal(call_getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &type,
	                     &len),
	    0);
	assert_int_equal(len, sizeof(int));
	close_pair();
}

/* On the host there are other flags beside it. */
static int
mode(int sock)
{
	const int flags = call_fcntl(sock, F_GETFL, 0);

	return flags < 0 ? flags : flags & ~O_ACCMODE;
}

static void
nonblocking_is_a_mode_of_one_end(void **state)
{
	int n = -1;

	open_pair(*(const enum profile *)*state);
	assert_int_equal(mode(sv[0]), 0);
	set_nonblock(sv[0]);
	assert_int_equal(mode(sv[0]), O_NONBLOCK);
	assert_int_equal(mode(sv[1]), 0);
	assert_int_equal(get(sv[0], 1), -EAGAIN);
	assert_int_equal(call_fcntl(sv[0], F_SETFL, 0), 0);
	assert_int_equal(mode(sv[0]), 0);
	assert_int_equal(call_ioctl(sv[1], FIONBIO, &(int){ 1 }), 0);
	assert_int_equal(mode(sv[1]), O_NONBLOCK);
	assert_int_equal(call_ioctl(sv[1], FIONBIO, &(int){ 0 }), 0);
	assert_int_equal(mode(sv[1]), profile_get() == HOST ? 0 : O_NONBLOCK);
	assert_int_equal(call_ioctl(sv[1], FIONREAD, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(put(sv[0], 42), 42);
	assert_int_equal(call_ioctl(sv[1], FIONREAD, &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(get(sv[1], 40), 40);
	assert_int_equal(call_ioctl(sv[1], FIONREAD, &n), 0);
	assert_int_equal(n, 2);
	close_pair();
}

/* Once with all that the peer was sent read by it, once without. */
static void
a_closed_peer_is_drained_then_the_end(void **state)
{
	const enum profile p = *(const enum profile *)*state;

	for (int unread = 0; unread < 2; unread++) {
		open_pair(p);
		assert_int_equal(put(sv[0], 5), 5);
		if (unread == 0)
			assert_int_equal(get(sv[1], 5), 5);
		assert_int_equal(put(sv[1], 20), 20);
		assert_int_equal(call_close(sv[1]), 0);
		assert_int_equal(get(sv[0], 15), 15);
		assert_int_equal(get(sv[0], 15), 5);
		if (p == HOST && unread != 0)
			assert_int_equal(get(sv[0], 15), -ECONNRESET);
		assert_int_equal(get(sv[0], 15), 0);
		assert_int_equal(get(sv[0], 15), 0);
		assert_int_equal(put(sv[0], 1), -EPIPE);
		set_nonblock(sv[0]);
		assert_int_equal(get(sv[0], 15), 0);
		assert_int_equal(put(sv[0], 1), -EPIPE);
		assert_int_equal(call_close(sv[0]), 0);
	}
}

/* Full or not: who sends to nobody is told so. */
static void
a_full_buffer_of_a_closed_peer_is_epipe(void **state)
{
	open_pair(*(const enum profile *)*state);
	assert_int_equal(put(sv[0], 100), SIZE);
	assert_int_equal(call_close(sv[1]), 0);
	assert_int_equal(put(sv[0], 1), -EPIPE);
	set_nonblock(sv[0]);
	assert_int_equal(put(sv[0], 1), -EPIPE);
	assert_int_equal(call_close(sv[0]), 0);
}

static const struct poll_case {
	const char *name;
	short events;
	short device, host; /* the peer has closed */
} polls[] = {
	{ "in", POLLIN, POLLIN, POLLIN | POLLHUP },
	{ "out", POLLOUT, POLLHUP, POLLOUT | POLLHUP },
	{ "in_and_out", POLLIN | POLLOUT, POLLIN | POLLHUP,
	    POLLIN | POLLOUT | POLLHUP },
	{ "nothing", 0, POLLHUP, POLLHUP },
	{ "pri", POLLPRI, POLLHUP, POLLHUP },
};

static void
poll_of_a_closed_peer(void **state)
{
	const struct poll_case *c = *state;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		const short want = p == HOST ? c->host : c->device;
		struct pollfd fd;

		/* An open one has room, and nothing to read. */
		open_pair((enum profile)p);
		assert_int_equal(look(sv[0], c->events), c->events & POLLOUT);
		assert_int_equal(call_close(sv[1]), 0);
		assert_int_equal(look(sv[0], c->events), want);
		fd = (struct pollfd){ sv[0], c->events, 0 };
		assert_int_equal(poll_sockets(&fd, 1, FAR, false), 1);
		assert_int_equal(fd.revents, want);
		assert_int_equal(call_close(sv[0]), 0);
		/* Full of what nobody has read. */
		if (p == HOST)
			continue;
		open_pair((enum profile)p);
		assert_int_equal(put(sv[0], 100), SIZE);
		assert_int_equal(look(sv[0], c->events), 0);
		assert_int_equal(call_close(sv[1]), 0);
		assert_int_equal(look(sv[0], c->events), want);
		assert_int_equal(call_close(sv[0]), 0);
	}
}

/* Two descriptors an entry do not confuse the entries with each other. */
static void
poll_of_many_pairs(void **state)
{
	struct pollfd fds[33];
	int pairs[16][2];

	(void)state;
	profile_set(DEVICE);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0,
		                     pairs[i]),
		    0);
		if (i % 3 == 0)
			assert_int_equal(put(pairs[i][0], 100), SIZE);
		if (i % 5 == 0)
			assert_int_equal(put(pairs[i][1], 1), 1);
		fds[i] = (struct pollfd){ pairs[i][0], POLLIN | POLLOUT, -1 };
		fds[32 - i] = (struct pollfd){ pairs[i][1], POLLIN, -1 };
	}
	fds[16] = (struct pollfd){ -1, POLLOUT, -1 };
	assert_int_equal(poll_sockets(fds, 33, FAR, false), 18);
	assert_int_equal(fds[16].revents, 0);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(fds[i].revents,
		    (i % 3 == 0 ? 0 : POLLOUT) | (i % 5 == 0 ? POLLIN : 0));
		assert_int_equal(fds[32 - i].revents, i % 3 == 0 ? POLLIN : 0);
		assert_int_equal(call_close(pairs[i][0]), 0);
		assert_int_equal(call_close(pairs[i][1]), 0);
	}
}

/* Room is a matter of the kernel: it is made in another process as well. */
static void
a_child_that_reads_makes_room(void **state)
{
	struct pollfd fd;
	int status;
	pid_t child;

	(void)state;
	open_pair(DEVICE);
	assert_int_equal(put(sv[0], 100), SIZE);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const bool ok = get(sv[1], 10) == 10 &&
		    call_close(sv[1]) == 0 && call_close(sv[0]) == 0;

		_exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	fd = (struct pollfd){ sv[0], POLLOUT, 0 };
	assert_int_equal(poll_sockets(&fd, 1, FAR, false), 1);
	assert_int_equal(fd.revents, POLLOUT);
	assert_int_equal(put(sv[0], 100), 10);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* Its closing has closed nothing here. */
	assert_int_equal(get(sv[1], 100), SIZE);
	assert_int_equal(put(sv[0], 1), 1);
	close_pair();
}

static const enum profile profiles[] = { DEVICE, OLDER, HOST };

#define MAX_TESTS 160

static struct CMUnitTest tests[MAX_TESTS];
static char names[MAX_TESTS][96];
static size_t n_tests;

static void
add(const char *prefix, const char *name, CMUnitTestFunction fn,
    const void *row)
{
	assert_true(n_tests < MAX_TESTS);
	snprintf(names[n_tests], sizeof(names[n_tests]), "%s%s", prefix, name);
	tests[n_tests] = (struct CMUnitTest){ .name = names[n_tests],
		.test_func = fn,
		.teardown_func = teardown,
		.initial_state = (void *)row };
	n_tests++;
}

static void
add_rows(void)
{
	char prefix[64];

	for (size_t i = 0; i < LEN(opens); i++) {
		snprintf(prefix, sizeof(prefix), "%s: open ",
		    profile_name(opens[i].profile));
		add(prefix, opens[i].name, opens_as_the_row_says, &opens[i]);
	}
	for (size_t i = 0; i < LEN(lacks); i++) {
		snprintf(prefix, sizeof(prefix), "%s: open with ",
		    profile_name(lacks[i].profile));
		add(prefix, lacks[i].name, lacks_as_the_row_says, &lacks[i]);
	}
	for (size_t i = 0; i < LEN(polls); i++)
		add("poll of a closed peer for ", polls[i].name,
		    poll_of_a_closed_peer, &polls[i]);
}

/* A test in each profile, or in the first n of them. */
static void
add_profiles(const char *name, CMUnitTestFunction fn, size_t n)
{
	char prefix[64];

	for (size_t i = 0; i < n; i++) {
		snprintf(prefix, sizeof(prefix),
		    "%s: ", profile_name(profiles[i]));
		add(prefix, name, fn, &profiles[i]);
	}
}

#define ONCE(fn) add("", #fn, fn, NULL)
#define EACH_DEVICE(fn) add_profiles(#fn, fn, 2)
#define EACH(fn) add_profiles(#fn, fn, 3)

int
main(void)
{
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	add_rows();
	ONCE(a_pool_of_one_takes_another_when_both_ends_are_closed);
	ONCE(errno_after_success);
	EACH_DEVICE(room_is_the_buffer_minus_what_waits);
	EACH_DEVICE(a_send_takes_what_fits);
	ONCE(the_kernels_pair_has_the_kernels_buffer);
	ONCE(the_limits_set_the_buffer);
	ONCE(a_full_kernel_is_no_room_either);
	ONCE(a_kernel_that_is_busy_costs_no_room);
	ONCE(what_went_before_the_end_counts);
	ONCE(on_the_host_options_are_the_kernels);
	EACH(nonblocking_is_a_mode_of_one_end);
	EACH(a_closed_peer_is_drained_then_the_end);
	EACH_DEVICE(a_full_buffer_of_a_closed_peer_is_epipe);
	ONCE(poll_of_many_pairs);
	ONCE(a_child_that_reads_makes_room);
	return _cmocka_run_group_tests("sock/pair", tests, n_tests, NULL, NULL);
}
