#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

/* A connected pair of sockets, or a listener and its address. */
static struct link {
	struct sockaddr_storage addr;
	socklen_t len;
	int listener, client, server;
} ends;

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	return 0;
}

static struct sockaddr *
sa(struct sockaddr_storage *addr)
{
	return (struct sockaddr *)addr;
}

static int
open_bound(int family, int type, struct sockaddr_storage *addr, socklen_t *len)
{
	const int sock = call_socket(family, type, 0);

	assert_true(sock >= 0);
	*len = loop_addr(addr, family, 0);
	assert_int_equal(call_bind(sock, sa(addr), *len), 0);
	assert_int_equal(call_getsockname(sock, sa(addr), len), 0);
	return sock;
}

static void
open_link(int family)
{
	ends.listener = open_bound(family, SOCK_STREAM, &ends.addr, &ends.len);
	assert_int_equal(call_listen(ends.listener, 4), 0);
	ends.client = call_socket(family, SOCK_STREAM, 0);
	assert_int_equal(call_connect(ends.client, sa(&ends.addr), ends.len),
	    0);
	ends.server = call_accept(ends.listener, NULL, NULL);
	assert_true(ends.server >= 0);
}

static void
close_link(void)
{
	assert_int_equal(call_close(ends.client), 0);
	assert_int_equal(call_close(ends.server), 0);
	assert_int_equal(call_close(ends.listener), 0);
}

static ssize_t
send_text(int sock, const char *text)
{
	return call_sendto(sock, text, strlen(text), 0, NULL, 0);
}

/*
 * What the kernel answers is what the caller gets, and the next call is made
 * as if nothing had happened.
 */
static int
do_bind(void)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, AF_INET, 0);
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int rc = call_bind(sock, sa(&addr), len);

	assert_int_equal(call_close(sock), 0);
	return rc;
}

static int
do_connect(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	const int rc = call_connect(sock, sa(&ends.addr), ends.len);

	assert_int_equal(call_close(sock), 0);
	if (rc == 0)
		assert_int_equal(call_close(
		                     call_accept(ends.listener, NULL, NULL)),
		    0);
	return rc;
}

static int
do_send(void)
{
	const ssize_t n = send_text(ends.client, "z");

	return n == 1 ? 0 : (int)n;
}

static int
do_sendmsg(void)
{
	struct iovec iov[2] = { { "a", 1 }, { "b", 1 } };
	const ssize_t n = call_sendmsg(ends.client,
	    &(struct msghdr){ .msg_iov = iov, .msg_iovlen = 2 }, 0);

	return n == 2 ? 0 : (int)n;
}

static int
do_recv(void)
{
	char byte;
	const ssize_t n =
	    call_recvfrom(ends.server, &byte, 1, MSG_PEEK, NULL, NULL);

	return n == 1 ? 0 : (int)n;
}

static int
do_recvmsg(void)
{
	char byte;
	struct msghdr m = { .msg_iov = &(struct iovec){ &byte, 1 },
		.msg_iovlen = 1 };
	const ssize_t n = call_recvmsg(ends.server, &m, MSG_PEEK);

	return n == 1 ? 0 : (int)n;
}

static int
do_socket(void)
{
	const int sock = call_socket(AF_INET6, SOCK_STREAM, 0);

	if (sock < 0)
		return sock;
	assert_int_equal(call_close(sock), 0);
	return 0;
}

static int
do_accept(void)
{
	const int client = call_socket(AF_INET, SOCK_STREAM, 0);
	int server;

	assert_int_equal(call_connect(client, sa(&ends.addr), ends.len), 0);
	server = call_accept(ends.listener, NULL, NULL);
	if (server < 0) {
		/* The connection is still there for the next one who asks. */
		const int again = call_accept(ends.listener, NULL, NULL);

		assert_true(again >= 0);
		assert_int_equal(call_close(again), 0);
	} else {
		assert_int_equal(call_close(server), 0);
	}
	assert_int_equal(call_close(client), 0);
	return server < 0 ? server : 0;
}

static const struct failure_case {
	const char *name;
	enum fake_call call;
	int err;
	int (*act)(void);
	int want;
} failures[] = {
	{ "bind_eaddrinuse", FAKE_BIND, EADDRINUSE, do_bind, -EADDRINUSE },
	{ "connect_etimedout", FAKE_CONNECT, ETIMEDOUT, do_connect,
	    -ETIMEDOUT },
	{ "connect_eintr", FAKE_CONNECT, EINTR, do_connect, -EINTR },
	{ "send_eintr", FAKE_SENDTO, EINTR, do_send, -EINTR },
	{ "send_econnreset", FAKE_SENDTO, ECONNRESET, do_send, -ECONNRESET },
	{ "send_full", FAKE_SENDTO, EAGAIN, do_send, -ENOBUFS },
	{ "sendmsg_eintr", FAKE_SENDMSG, EINTR, do_sendmsg, -EINTR },
	{ "recv_eintr", FAKE_RECVFROM, EINTR, do_recv, -EINTR },
	{ "recv_etimedout", FAKE_RECVFROM, ETIMEDOUT, do_recv, -ETIMEDOUT },
	{ "recvmsg_eintr", FAKE_RECVMSG, EINTR, do_recvmsg, -EINTR },
	{ "socket_enobufs", FAKE_SOCKET, ENOBUFS, do_socket, -ENOBUFS },
	{ "socket_emfile_is_enfile", FAKE_SOCKET, EMFILE, do_socket, -ENFILE },
	{ "socket_enfile", FAKE_SOCKET, ENFILE, do_socket, -ENFILE },
	{ "socket_that_cannot_be_prepared", FAKE_SETSOCKOPT, EPERM, do_socket,
	    -EPERM },
	{ "accept_eintr", FAKE_ACCEPT4, EINTR, do_accept, -EINTR },
	{ "accept_emfile_is_enfile", FAKE_ACCEPT4, EMFILE, do_accept, -ENFILE },
	{ "accept_enfile", FAKE_ACCEPT4, ENFILE, do_accept, -ENFILE },
};

static void
kernel_answer_is_the_callers(void **state)
{
	const struct failure_case *c = *state;
	const int before = loop_count_descriptors();
	int free_number;

	open_link(AF_INET);
	assert_int_equal(send_text(ends.client, "x"), 1);
	free_number = fdtable_reserve();
	fdtable_cancel(free_number);
	fake_kernel_install();
	fake_kernel_fail(c->call, 1, c->err);
	errno = EXDEV;
	assert_int_equal(c->act(), c->want);
	assert_int_equal(c->act(), 0);
	assert_true(fake_kernel_count(c->call) >= 2);
	/* A failure keeps neither a descriptor nor a number. */
	assert_int_equal(fdtable_reserve(), free_number);
	fdtable_cancel(free_number);
	close_link();
	assert_int_equal(loop_count_descriptors(), before);
}

static void
a_short_count_is_passed_on(void **state)
{
	char buf[16];

	(void)state;
	open_link(AF_INET);
	fake_kernel_install();
	fake_kernel_cap(3);
	assert_int_equal(send_text(ends.client, "hello"), 3);
	assert_int_equal(send_text(ends.client, "lo"), 2);
	/* Neither direction tries again by itself. */
	assert_int_equal(fake_kernel_count(FAKE_SENDTO), 2);
	assert_int_equal(call_recvfrom(ends.server, buf, 5, MSG_WAITALL, NULL,
	                     NULL),
	    3);
	assert_int_equal(fake_kernel_count(FAKE_RECVFROM), 1);
	assert_memory_equal(buf, "hel", 3);
	loop_recv_all(ends.server, buf, 2);
	assert_memory_equal(buf, "lo", 2);
	close_link();
}

/* Of a message likewise, in whichever of its buffers it ends. */
static void
a_short_count_of_a_message_is_passed_on(void **state)
{
	char bytes[16] = "";
	struct iovec iov[] = { { "hello", 5 }, { "you", 3 } };
	struct iovec room[] = { { bytes, 2 }, { bytes + 2, 6 } };
	struct msghdr in = { .msg_iov = room, .msg_iovlen = LEN(room) };
	const struct msghdr out = { .msg_iov = iov, .msg_iovlen = LEN(iov) };

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		profile_set((enum profile)p);
		open_link(AF_INET);
		fake_kernel_install();
		fake_kernel_cap(6);
		assert_int_equal(call_sendmsg(ends.client, &out, 0), 6);
		fake_kernel_cap(4);
		assert_int_equal(call_recvmsg(ends.server, &in, 0), 4);
		assert_memory_equal(bytes, "hell", 4);
		assert_int_equal(call_recvmsg(ends.server, &in, 0), 2);
		assert_memory_equal(bytes, "oy", 2);
		assert_int_equal(fake_kernel_count(FAKE_SENDMSG), 1);
		assert_int_equal(fake_kernel_count(FAKE_RECVMSG), 2);
		fake_kernel_remove();
		close_link();
	}
	profile_set(PROFILE_ZEPHYR);
}

/* Its connection would be lost without one: see native_learn_defaults. */
static void
accept_needs_one_descriptor(void **state)
{
	const struct timeval tv = { .tv_sec = 100 };

	(void)state;
	open_link(AF_INET);
	assert_int_equal(call_setsockopt(ends.listener, SOL_SOCKET, SO_RCVTIMEO,
	                     &tv, sizeof(tv)),
	    0);
	fake_kernel_install();
	assert_int_equal(do_accept(), 0);
	/* The client's. */
	assert_int_equal(fake_kernel_count(FAKE_SOCKET), 1);
	close_link();
}

static void
a_failed_close_still_gives_the_number_back(void **state)
{
	int sock, kfd;

	(void)state;
	sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	kfd = loop_kfd(sock);
	fake_kernel_install();
	fake_kernel_fail(FAKE_CLOSE, 1, EIO);
	errno = EXDEV;
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(call_close(sock), -EBADF);
	/* The script did not close it. */
	assert_int_equal(close(kfd), 0);
}

/* After a fork a shutdown would cut the other process's line as well. */
static void
close_shuts_nothing_down_when_nobody_waits(void **state)
{
	(void)state;
	open_link(AF_INET);
	fake_kernel_install();
	close_link();
	assert_int_equal(fake_kernel_count(FAKE_CLOSE), 3);
	assert_int_equal(fake_kernel_count(FAKE_SHUTDOWN), 0);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test_teardown(a_short_count_is_passed_on, teardown),
		cmocka_unit_test_teardown(
		    a_short_count_of_a_message_is_passed_on, teardown),
		cmocka_unit_test_teardown(accept_needs_one_descriptor,
		    teardown),
		cmocka_unit_test_teardown(
		    a_failed_close_still_gives_the_number_back, teardown),
		cmocka_unit_test_teardown(
		    close_shuts_nothing_down_when_nobody_waits, teardown),
	};
	struct CMUnitTest tests[LEN(failures) + LEN(others)];

	for (size_t i = 0; i < LEN(failures); i++) {
		tests[i] = (struct CMUnitTest){ .name = failures[i].name,
			.test_func = kernel_answer_is_the_callers,
			.teardown_func = teardown,
			.initial_state = (void *)&failures[i] };
	}
	memcpy(&tests[LEN(failures)], others, sizeof(others));
	return cmocka_run_group_tests_name("sock/native_failures", tests, NULL,
	    NULL);
}
