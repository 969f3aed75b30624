#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/pair.h"

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

static int
teardown(void **state)
{
	(void)state;
	profile_set(PROFILE_ZEPHYR);
	return 0;
}

#define DEVICE PROFILE_ZEPHYR
#define OLDER PROFILE_ZEPHYR_3_3
#define HOST PROFILE_LINUX

static const struct message_case {
	const char *name;
	size_t lens[3];
	size_t n;
	size_t queued; /* before */
	bool nonblock, closed;
	ssize_t want;
} messages[] = {
	{ "nothing", { 0 }, 0, 0, false, false, 0 },
	{ "empty_buffers", { 0, 0 }, 2, 0, false, false, 0 },
	{ "empty_buffers_when_full", { 0 }, 1, SIZE, true, false, 0 },
	{ "one_buffer", { 10 }, 1, 0, false, false, 10 },
	{ "three_buffers", { 10, 20, 30 }, 3, 0, false, false, 60 },
	{ "as_much_as_fits", { 32, 32 }, 2, 0, true, false, 64 },
	{ "more_than_fits", { 32, 33 }, 2, 0, true, false, -EMSGSIZE },
	{ "one_buffer_too_large", { 65 }, 1, 0, true, false, -EMSGSIZE },
	{ "more_than_is_left", { 5, 6 }, 2, 54, true, false, -EMSGSIZE },
	{ "what_is_left", { 5, 5 }, 2, 54, true, false, 10 },
	{ "no_room_at_all", { 1 }, 1, SIZE, true, false, -EMSGSIZE },
	{ "an_empty_one_among_them", { 1, 0, 1 }, 3, 0, false, false, -EINVAL },
	{ "closed_peer", { 10 }, 1, 0, false, true, -EPIPE },
	{ "closed_peer_nothing", { 0 }, 1, 0, false, true, -EPIPE },
	{ "closed_peer_too_large", { 65 }, 1, 0, true, true, -EPIPE },
	{ "closed_peer_full", { 1 }, 1, SIZE, false, true, -EPIPE },
};

static void
message_is_sent_as_the_row_says(void **state)
{
	const struct message_case *c = *state;
	char bytes[128];
	struct iovec iov[3];
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = c->n };
	int queued = 0;

	memset(bytes, 'x', sizeof(bytes));
	open_pair(DEVICE);
	for (size_t i = 0; i < c->n; i++)
		iov[i] = (struct iovec){ bytes, c->lens[i] };
	if (c->queued > 0)
		assert_int_equal(put(sv[0], c->queued), c->queued);
	if (c->nonblock)
		set_nonblock(sv[0]);
	if (c->closed)
		assert_int_equal(call_close(sv[1]), 0);
	assert_int_equal(call_sendmsg(sv[0], &m, 0), c->want);
	if (!c->closed) {
		assert_int_equal(call_ioctl(sv[1], FIONREAD, &queued), 0);
		assert_int_equal(queued,
		    (ssize_t)c->queued + (c->want > 0 ? c->want : 0));
		/* A refused one has left the room as it was. */
		set_nonblock(sv[0]);
		assert_int_equal(put(sv[0], 100),
		    queued < SIZE ? SIZE - queued : -EAGAIN);
		assert_int_equal(call_close(sv[1]), 0);
	}
	assert_int_equal(call_close(sv[0]), 0);
}

/* MSG_DONTWAIT, which the device passes over, would wait here for ever. */
static void
the_librarys_own_flag_keeps_from_waiting(void **state)
{
	char bytes[SIZE + 1] = { 0 };

	(void)state;
	open_pair(DEVICE);
	assert_int_equal(call_sendto(sv[0], bytes, sizeof(bytes), SOCK_DONTWAIT,
	                     NULL, 0),
	    SIZE);
	assert_int_equal(call_sendto(sv[0], bytes, 1, SOCK_DONTWAIT, NULL, 0),
	    -EAGAIN);
	assert_int_equal(get(sv[1], 1), 1);
	assert_int_equal(call_sendto(sv[0], bytes, 2, SOCK_DONTWAIT, NULL, 0),
	    1);
	close_pair();
}

static void
null_buffers_are_einval(void **state)
{
	struct iovec iov[2] = { { (char[1]){ 0 }, 1 }, { NULL, 1 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	(void)state;
	open_pair(DEVICE);
	assert_int_equal(call_sendmsg(sv[0], &m, 0), -EINVAL);
	assert_int_equal(call_sendto(sv[0], NULL, 1, 0, NULL, 0), -EINVAL);
	assert_int_equal(put(sv[1], 1), 1);
	assert_int_equal(call_recvmsg(sv[0], &m, 0), -EINVAL);
	assert_int_equal(get(sv[0], 2), 1);
	iov[0].iov_len = SIZE_MAX;
	m.msg_iovlen = 1;
	assert_int_equal(call_sendmsg(sv[0], &m, 0), -EINVAL);
	assert_int_equal(put(sv[0], 100), SIZE);
	close_pair();
}

static void
several_buffers_are_filled(void **state)
{
	char a[2], b[8], control[64];
	struct iovec iov[] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct sockaddr_storage from;
	struct msghdr m = { .msg_iov = iov,
		.msg_iovlen = 2,
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	(void)state;
	open_pair(DEVICE);
	assert_int_equal(call_sendto(sv[0], "hello", 5, 0, NULL, 0), 5);
	assert_int_equal(call_recvmsg(sv[1], &m, MSG_PEEK), 5);
	assert_memory_equal(a, "he", 2);
	assert_memory_equal(b, "llo", 3);
	assert_int_equal(m.msg_namelen, 0);
	assert_int_equal(m.msg_controllen, 0);
	assert_int_equal(m.msg_flags, 0);
	assert_int_equal(put(sv[0], 100), SIZE);
	close_pair();
}

static void
no_address_is_stored(void **state)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char byte;

	open_pair(*(const enum profile *)*state);
	memset(&from, 0x55, sizeof(from));
	assert_int_equal(put(sv[0], 1), 1);
	assert_int_equal(call_recvfrom(sv[1], &byte, 1, 0,
	                     (struct sockaddr *)&from, &len),
	    1);
	assert_int_equal(len, 0);
	assert_int_equal(from.ss_family, 0x5555);
	close_pair();
}

/* One call on an end, and what each profile answers. */
static int
do_bind(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	/* Short enough for the kernel to find it malformed. */
	return call_bind(sv[0], (struct sockaddr *)&addr, 1);
}

static int
do_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX,
		.sun_path = "/nowhere" };

	return call_connect(sv[0], (struct sockaddr *)&addr, sizeof(addr));
}

static int
do_listen(void)
{
	return call_listen(sv[0], 1);
}

static int
do_accept(void)
{
	return call_accept(sv[0], NULL, NULL);
}

static int
do_shutdown_write(void)
{
	return call_shutdown(sv[0], SHUT_WR);
}

static int
do_shutdown_nonsense(void)
{
	return call_shutdown(sv[0], 7);
}

static int
do_getsockname(void)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	return call_getsockname(sv[0], (struct sockaddr *)&addr, &len);
}

static int
do_getpeername(void)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	return call_getpeername(sv[0], (struct sockaddr *)&addr, &len);
}

static int
do_get_type(void)
{
	int type;
	socklen_t len = sizeof(type);

	return call_getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &type, &len);
}

static int
do_set_buffer(void)
{
	const int size = 8192;

	return call_setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size));
}

static int
do_no_option(void)
{
	return call_setsockopt(sv[0], 4242, 1, NULL, 0);
}

static int
do_fionread_null(void)
{
	return call_ioctl(sv[0], FIONREAD, NULL);
}

static int
do_fionwrite(void)
{
	int n;

	return call_ioctl(sv[0], SIOCOUTQ, &n);
}

static int
do_other_ioctl(void)
{
	int n;

	return call_ioctl(sv[0], TIOCGWINSZ, &n);
}

static int
do_fcntl(void)
{
	return call_fcntl(sv[0], F_GETFD, 0);
}

static int
do_send_nothing(void)
{
	return (int)put(sv[0], 0);
}

static int
do_recv_nothing(void)
{
	return (int)get(sv[0], 0);
}

static int
do_recv_nothing_of_something(void)
{
	assert_int_equal(put(sv[1], 3), 3);
	return (int)get(sv[0], 0);
}

static int
do_recvmsg(void)
{
	struct iovec iov = { (char[4]){ 0 }, 4 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	assert_int_equal(put(sv[1], 3), 3);
	return (int)call_recvmsg(sv[0], &m, 0);
}

static int
do_peek(void)
{
	char byte;

	assert_int_equal(put(sv[1], 3), 3);
	assert_int_equal(call_recvfrom(sv[0], &byte, 1, MSG_PEEK, NULL, NULL),
	    1);
	return (int)get(sv[0], 10);
}

static int
do_waitall(void)
{
	char bytes[10];

	assert_int_equal(put(sv[1], 3), 3);
	return (int)call_recvfrom(sv[0], bytes, sizeof(bytes),
	    MSG_WAITALL | MSG_DONTWAIT, NULL, NULL);
}

static int
do_send_to_somebody(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX,
		.sun_path = "/nowhere" };

	return (int)call_sendto(sv[0], "x", 1, MSG_OOB | MSG_EOR,
	    (struct sockaddr *)&addr, sizeof(addr));
}

static const struct answer_case {
	const char *name;
	int (*call)(void);
	int device, older, host;
} answers[] = {
	{ "bind", do_bind, -EISCONN, -EISCONN, -EINVAL },
	{ "connect", do_connect, -EISCONN, -EISCONN, -ENOENT },
	{ "listen", do_listen, -EINVAL, -EINVAL, -EINVAL },
	{ "accept", do_accept, -EOPNOTSUPP, -EOPNOTSUPP, -EINVAL },
	{ "shutdown", do_shutdown_write, -ENOTSUP, -ENOTSUP, 0 },
	{ "shutdown_how", do_shutdown_nonsense, -ENOTSUP, -ENOTSUP, -EINVAL },
	{ "getsockname", do_getsockname, -EOPNOTSUPP, -EOPNOTSUPP, 0 },
	{ "getpeername", do_getpeername, -EOPNOTSUPP, -EOPNOTSUPP, 0 },
	{ "type", do_get_type, -ENOPROTOOPT, -ENOPROTOOPT, 0 },
	{ "buffer", do_set_buffer, -ENOPROTOOPT, -ENOPROTOOPT, 0 },
	{ "no_option", do_no_option, -ENOPROTOOPT, -ENOPROTOOPT, -EOPNOTSUPP },
	{ "fionread_null", do_fionread_null, -EINVAL, -EINVAL, -EFAULT },
	{ "fionwrite", do_fionwrite, -EOPNOTSUPP, -EOPNOTSUPP, 0 },
	{ "ioctl", do_other_ioctl, -EOPNOTSUPP, -EOPNOTSUPP, -ENOTTY },
	{ "fcntl", do_fcntl, -EOPNOTSUPP, -EOPNOTSUPP, FD_CLOEXEC },
	{ "send_nothing", do_send_nothing, -EINVAL, -EINVAL, 0 },
	{ "recv_nothing", do_recv_nothing_of_something, -EINVAL, -EINVAL, 0 },
	{ "recvmsg", do_recvmsg, 3, -EOPNOTSUPP, 3 },
	{ "peek", do_peek, 2, 2, 3 },
	{ "waitall", do_waitall, 3, 3, 3 },
	{ "send_to", do_send_to_somebody, 1, 1, -EISCONN },
};

static void
answers_as_the_row_says(void **state)
{
	const struct answer_case *c = *state;
	const int want[] = {
		[PROFILE_ZEPHYR] = c->device,
		[PROFILE_ZEPHYR_3_3] = c->older,
		[PROFILE_LINUX] = c->host,
	};

	for (int p = 0; p < PROFILE_COUNT; p++) {
		open_pair((enum profile)p);
		if (want[p] != c->call())
			fail_msg("%s: not %d", profile_name((enum profile)p),
			    want[p]);
		close_pair();
	}
}

/* Nothing to read into is refused before anything is waited for. */
static void
receiving_nothing_does_not_wait(void **state)
{
	(void)state;
	open_pair(DEVICE);
	assert_int_equal(do_recv_nothing(), -EINVAL);
	close_pair();
}

/* The public edge has rules of its own for sockets; an end's come first. */
static void
the_public_calls_answer_alike(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct sockaddr *to = (struct sockaddr *)&addr;
	socklen_t len = sizeof(addr);
	struct iovec iov = { (char[8]){ 0 }, 8 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_flags = -1 };
	char byte = 'x';

	open_pair(*(const enum profile *)*state);
	assert_errno(zsock_bind(sv[0], to, len), EISCONN);
	assert_errno(zsock_connect(sv[0], to, len), EISCONN);
	assert_errno(zsock_listen(sv[0], 1), EINVAL);
	assert_errno(zsock_accept(sv[0], to, &len), EOPNOTSUPP);
	assert_errno(zsock_shutdown(sv[0], ZSOCK_SHUT_RD), ENOTSUP);
	assert_errno(zsock_getsockname(sv[0], to, &len), EOPNOTSUPP);
	assert_errno(zsock_getpeername(sv[0], to, &len), EOPNOTSUPP);
	assert_errno(zsock_send(sv[0], &byte, 0, 0), EINVAL);
	assert_errno(zsock_recv(sv[0], &byte, 0, 0), EINVAL);
	assert_int_equal(zsock_sendto(sv[0], &byte, 1, 0, to, len), 1);
	assert_int_equal(zsock_recvfrom(sv[1], &byte, 1, 0, to, &len), 1);
	assert_int_equal(len, 0);
	assert_int_equal(zsock_fcntl(sv[0], ZVFS_F_SETFL, ZVFS_O_NONBLOCK), 0);
	assert_int_equal(put(sv[0], 60), 60);
	/* A message whatever its flags say. */
	assert_errno(zsock_sendmsg(sv[0], &m, 0), EMSGSIZE);
	iov.iov_len = 0;
	assert_int_equal(zsock_sendmsg(sv[0], &m, 0), 0);
	close_pair();
}

static const enum profile profiles[] = { DEVICE, OLDER, HOST };

#define MAX_TESTS 64

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

#define ONCE(fn) add("", #fn, fn, NULL)

int
main(void)
{
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(messages); i++)
		add("sendmsg of ", messages[i].name,
		    message_is_sent_as_the_row_says, &messages[i]);
	for (size_t i = 0; i < LEN(answers); i++)
		add("answer to ", answers[i].name, answers_as_the_row_says,
		    &answers[i]);
	for (size_t i = 0; i < LEN(profiles); i++)
		add(profile_name(profiles[i]), ": no address is stored",
		    no_address_is_stored, &profiles[i]);
	for (size_t i = 0; i < LEN(profiles) - 1; i++)
		add(profile_name(profiles[i]), ": public calls answer alike",
		    the_public_calls_answer_alike, &profiles[i]);
	ONCE(the_librarys_own_flag_keeps_from_waiting);
	ONCE(null_buffers_are_einval);
	ONCE(several_buffers_are_filled);
	ONCE(receiving_nothing_does_not_wait);
	return _cmocka_run_group_tests("sock/pair_calls", tests, n_tests, NULL,
	    NULL);
}
