/*
 * What comes of a call whose kernel fails: the answer of each profile, and
 * nothing that is left behind, whichever of its kernel calls it is.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static const int errors[] = { EINTR, EAGAIN, ENOBUFS, ENOMEM, ECONNRESET,
	ETIMEDOUT };

/* A connected pair with a byte on its way to the server, and its listener. */
static struct {
	struct sockaddr_storage addr;
	socklen_t len;
	int listener, client, server;
} ends;

/* Of the sockets that an act makes. */
static int type;

static struct sockaddr *
sa(struct sockaddr_storage *addr)
{
	return (struct sockaddr *)addr;
}

static int
bound(int kind, struct sockaddr_storage *addr)
{
	const int sock = call_socket(AF_INET, kind, 0);
	socklen_t len = loop_addr(addr, AF_INET, 0);

	assert_true(sock >= 0);
	assert_int_equal(call_bind(sock, sa(addr), len), 0);
	assert_int_equal(call_getsockname(sock, sa(addr), &len), 0);
	return sock;
}

static void
open_ends(void)
{
	ends.len = sizeof(struct sockaddr_in);
	ends.listener = bound(SOCK_STREAM, &ends.addr);
	assert_int_equal(call_listen(ends.listener, 8), 0);
	ends.client = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(call_connect(ends.client, sa(&ends.addr), ends.len),
	    0);
	ends.server = call_accept(ends.listener, NULL, NULL);
	assert_true(ends.server >= 0);
	assert_int_equal(call_sendto(ends.client, "x", 1, 0, NULL, 0), 1);
}

static void
close_ends(void)
{
	assert_int_equal(call_close(ends.client), 0);
	assert_int_equal(call_close(ends.server), 0);
	assert_int_equal(call_close(ends.listener), 0);
}

/* Closes what a call has made, if it has. */
static int
done(int sock)
{
	if (sock >= 0)
		assert_int_equal(call_close(sock), 0);
	return sock < 0 ? sock : 0;
}

static int
do_socket(void)
{
	return done(call_socket(AF_INET6, type, 0));
}

static int
do_bind(void)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, AF_INET, 0);
	const int sock = call_socket(AF_INET, type, 0);
	int rc;

	if (sock < 0)
		return sock;
	rc = call_bind(sock, sa(&addr), len);
	assert_int_equal(call_close(sock), 0);
	return rc;
}

/* To a port that another has, and again after that: the long ways round. */
static int
do_bind_twice(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, AF_INET, 0);
	int rc;

	if (sock < 0)
		return sock;
	rc = call_bind(sock, sa(&ends.addr), ends.len);
	if (rc == 0)
		rc = call_bind(sock, sa(&addr), len);
	assert_int_equal(call_close(sock), 0);
	return rc == -EADDRINUSE || rc == -EISCONN || rc == -EINVAL ? 0 : rc;
}

static int
do_connect(void)
{
	const int sock = call_socket(AF_INET, type, 0);
	int rc;

	if (sock < 0)
		return sock;
	rc = call_connect(sock, sa(&ends.addr), ends.len);
	assert_int_equal(call_close(sock), 0);
	return rc;
}

static int
do_listen(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	int rc;

	if (sock < 0)
		return sock;
	rc = call_listen(sock, 1);
	assert_int_equal(call_close(sock), 0);
	return rc;
}

/* The listener has options, which its child must not have. */
static int
do_accept(void)
{
	const struct timeval tv = { .tv_sec = 100 };
	const int size = 4096;
	int sock, kfd;

	(void)call_setsockopt(ends.listener, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv));
	(void)call_setsockopt(ends.listener, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size));
	kfd = loop_connect_raw(AF_INET,
	    ntohs(((struct sockaddr_in *)&ends.addr)->sin_port));
	sock = call_accept(ends.listener, NULL, NULL);
	close(kfd);
	return done(sock);
}

static int
do_send(void)
{
	return (int)call_sendto(ends.client, "x", 1, 0, NULL, 0);
}

static int
do_sendmsg(void)
{
	struct iovec iov[] = { { "a", 1 }, { "b", 1 } };

	return (int)call_sendmsg(ends.client,
	    &(struct msghdr){ .msg_iov = iov, .msg_iovlen = LEN(iov) }, 0);
}

static int
do_sendto_dgram(void)
{
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t n;

	if (sock < 0)
		return sock;
	n = call_sendto(sock, "x", 1, 0, sa(&ends.addr), ends.len);
	assert_int_equal(call_close(sock), 0);
	return (int)n;
}

static int
do_recv(void)
{
	char byte;

	return (int)call_recvfrom(ends.server, &byte, 1, MSG_PEEK, NULL, NULL);
}

static int
do_recvmsg(void)
{
	struct sockaddr_storage from;
	char bytes[2];
	struct iovec iov[] = { { bytes, 1 }, { bytes + 1, 1 } };
	struct msghdr m = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = iov,
		.msg_iovlen = LEN(iov) };

	return (int)call_recvmsg(ends.server, &m, MSG_PEEK);
}

static int
do_getsockopt(void)
{
	int value;
	socklen_t len = sizeof(value);

	return call_getsockopt(ends.client, SOL_SOCKET, SO_TYPE, &value, &len);
}

static int
do_setsockopt(void)
{
	const struct timeval tv = { .tv_sec = 100 };

	return call_setsockopt(ends.client, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv));
}

static int
do_poll(void)
{
	struct pollfd fds[] = { { ends.client, POLLOUT, 0 },
		{ ends.server, POLLIN, 0 }, { ends.listener, POLLIN, 0 } };

	return poll_sockets(fds, LEN(fds), -1, false);
}

static int
do_shutdown(void)
{
	return call_shutdown(ends.server, SHUT_RD);
}

static int
do_questions(void)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	int n, rc = call_getsockname(ends.client, sa(&a), &len);

	len = sizeof(a);
	if (rc == 0)
		rc = call_getpeername(ends.client, sa(&a), &len);
	if (rc == 0)
		rc = call_fcntl(ends.client, F_GETFL, 0);
	return rc < 0 ? rc : call_ioctl(ends.client, FIONREAD, &n);
}

/* It has unread data, which close throws away first. */
static int
do_close(void)
{
	const int rc = call_close(ends.server);

	ends.server = -1;
	return rc;
}

#define SAME -1 /* the kernel's errno; 0 is success */

/* What the kernel's call that does what the name says fails with. */
static const struct answer_case {
	const char *name;
	int (*act)(void);
	int type;
	enum fake_call call;
	/* For EINTR, EAGAIN, ENOBUFS, ENOMEM, ECONNRESET and ETIMEDOUT. */
	int want[PROFILE_COUNT][LEN(errors)];
} answers[] = {
#define ALL_SAME \
	{ \
		SAME, SAME, SAME, SAME, SAME, SAME \
	}
#define EVERYWHERE_SAME \
	{ \
		ALL_SAME, ALL_SAME, ALL_SAME \
	}
#define SENDS \
	{ \
		{ SAME, ENOBUFS, SAME, SAME, SAME, SAME }, \
		    { SAME, ENOBUFS, SAME, SAME, ENOTCONN, SAME }, ALL_SAME \
	}
	{ "socket", do_socket, SOCK_STREAM, FAKE_SOCKET, EVERYWHERE_SAME },
	{ "bind", do_bind, SOCK_DGRAM, FAKE_BIND, EVERYWHERE_SAME },
	/* One that was reset when it had been made is connected first. */
	{ "connect", do_connect, SOCK_STREAM, FAKE_CONNECT,
	    { { SAME, SAME, SAME, SAME, 0, SAME },
	        { SAME, SAME, SAME, SAME, 0, SAME }, ALL_SAME } },
	{ "connect_dgram", do_connect, SOCK_DGRAM, FAKE_CONNECT,
	    EVERYWHERE_SAME },
	{ "listen", do_listen, SOCK_STREAM, FAKE_LISTEN, EVERYWHERE_SAME },
	/* The end of SO_RCVTIMEO is no affair of accept's. */
	{ "accept", do_accept, SOCK_STREAM, FAKE_ACCEPT4,
	    { { SAME, 0, SAME, SAME, SAME, SAME },
	        { SAME, 0, SAME, SAME, SAME, SAME }, ALL_SAME } },
	{ "send", do_send, SOCK_STREAM, FAKE_SENDTO, SENDS },
	{ "sendmsg", do_sendmsg, SOCK_STREAM, FAKE_SENDMSG, SENDS },
	{ "sendto_dgram", do_sendto_dgram, SOCK_DGRAM, FAKE_SENDTO,
	    EVERYWHERE_SAME },
	{ "recv", do_recv, SOCK_STREAM, FAKE_RECVFROM, EVERYWHERE_SAME },
	{ "recvmsg", do_recvmsg, SOCK_STREAM, FAKE_RECVMSG, EVERYWHERE_SAME },
	{ "getsockopt", do_getsockopt, SOCK_STREAM, FAKE_GETSOCKOPT,
	    EVERYWHERE_SAME },
	{ "setsockopt", do_setsockopt, SOCK_STREAM, FAKE_SETSOCKOPT,
	    EVERYWHERE_SAME },
	/* Signals do not interrupt it. */
	{ "poll", do_poll, SOCK_STREAM, FAKE_POLL,
	    { { 0, SAME, SAME, SAME, SAME, SAME },
	        { 0, SAME, SAME, SAME, SAME, SAME },
	        { 0, SAME, SAME, SAME, SAME, SAME } } },
	/* There is no second try, and nothing to be done about it. */
	{ "close", do_close, SOCK_STREAM, FAKE_CLOSE, { { 0 }, { 0 }, { 0 } } },
};

static void
begin(enum profile p)
{
	profile_set(p);
	/* A context that is not given back would soon be missed. */
	assert_int_equal(limits_set("CONFIG_NET_MAX_CONTEXTS", 8), 0);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", 10),
	    0);
	open_ends();
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	limits_clear();
	return 0;
}

/* One cell of the table above, or one step of the sweep below. */
struct fault {
	int (*act)(void);
	int type;
	enum fake_call call;
	int err;
	int skip; /* so many calls of that kind succeed first */
};

/*
 * The result of act under a fault.  *made is how many kernel calls of that kind
 * it made.  Neither numbers nor descriptors are left over, but the ones whose
 * close the script has not let through.
 */
static int
run(const struct fault *f, int *made)
{
	int before, number, rc, lost;

	type = f->type;
	number = fdtable_reserve();
	fdtable_cancel(number);
	before = loop_count_descriptors();
	fake_kernel_install();
	fake_kernel_skip(f->call, f->skip);
	fake_kernel_fail(f->call, 1, f->err);
	rc = f->act();
	*made = fake_kernel_count(f->call);
	fake_kernel_remove();
	if (ends.server < 0)
		ends.server = call_socket(AF_INET, SOCK_DGRAM, 0);
	lost = f->call == FAKE_CLOSE && *made > f->skip;
	assert_int_equal(loop_count_descriptors(), before + lost);
	assert_int_equal(fdtable_reserve(), number);
	fdtable_cancel(number);
	return rc;
}

static void
each_error_has_its_answer(void **state)
{
	const struct answer_case *c = *state;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		for (size_t i = 0; i < LEN(errors); i++) {
			const struct fault f = { c->act, c->type, c->call,
				errors[i], 0 };
			const int want = c->want[p][i];
			int made, rc;

			begin((enum profile)p);
			rc = run(&f, &made);
			if (made == 0 ||
			    (want == 0
			            ? rc < 0
			            : rc != -(want == SAME ? errors[i] : want)))
				fail_msg("%s, %s: %d", profile_name(p),
				    strerrorname_np(errors[i]), rc);
			close_ends();
		}
	}
}

/* Every act, for the sweep; and what it may answer besides the kernel's. */
static const struct sweep_case {
	const char *name;
	int (*act)(void);
	int type;
	int others[2];
} sweeps[] = {
	{ "sweep_socket", do_socket, SOCK_STREAM, { 0 } },
	{ "sweep_socket_dgram", do_socket, SOCK_DGRAM, { 0 } },
	{ "sweep_bind", do_bind, SOCK_STREAM, { 0 } },
	{ "sweep_bind_dgram", do_bind, SOCK_DGRAM, { 0 } },
	{ "sweep_bind_twice", do_bind_twice, SOCK_STREAM, { 0 } },
	{ "sweep_connect", do_connect, SOCK_STREAM, { 0 } },
	{ "sweep_connect_dgram", do_connect, SOCK_DGRAM, { 0 } },
	{ "sweep_listen", do_listen, SOCK_STREAM, { 0 } },
	{ "sweep_accept", do_accept, SOCK_STREAM, { 0 } },
	{ "sweep_send", do_send, SOCK_STREAM, { ENOBUFS, ENOTCONN } },
	{ "sweep_sendmsg", do_sendmsg, SOCK_STREAM, { ENOBUFS, ENOTCONN } },
	{ "sweep_sendto_dgram", do_sendto_dgram, SOCK_DGRAM, { 0 } },
	{ "sweep_recv", do_recv, SOCK_STREAM, { 0 } },
	{ "sweep_recvmsg", do_recvmsg, SOCK_STREAM, { 0 } },
	{ "sweep_getsockopt", do_getsockopt, SOCK_STREAM, { 0 } },
	{ "sweep_setsockopt", do_setsockopt, SOCK_STREAM, { 0 } },
	{ "sweep_poll", do_poll, SOCK_STREAM, { 0 } },
	{ "sweep_shutdown", do_shutdown, SOCK_STREAM, { ENOTSUP } },
	{ "sweep_questions", do_questions, SOCK_STREAM, { 0 } },
	{ "sweep_close", do_close, SOCK_STREAM, { 0 } },
};

static bool
is_documented(const struct sweep_case *c, int rc, int err)
{
	if (rc >= 0 || rc == -err)
		return true;
	for (size_t i = 0; i < LEN(c->others); i++) {
		if (rc == -c->others[i])
			return true;
	}
	return false;
}

/* The first kernel call of that kind fails, then the second, and so on. */
static void
sweep(const struct sweep_case *c, enum profile p, enum fake_call call, int err)
{
	struct fault f = { c->act, c->type, call, err, 0 };
	int made, rc;

	do {
		begin(p);
		rc = run(&f, &made);
		if (!is_documented(c, rc, err))
			fail_msg("%s, call %d (%d), %s: %d", profile_name(p),
			    call, f.skip, strerrorname_np(err), rc);
		close_ends();
	} while (made > ++f.skip);
}

/* What an act prepares is under the script, too. */
static void
no_call_leaves_anything_behind(void **state)
{
	for (int p = 0; p < PROFILE_COUNT; p++) {
		for (int call = 0; call < FAKE_CALLS; call++) {
			for (size_t i = 0; i < LEN(errors); i++)
				sweep(*state, (enum profile)p,
				    (enum fake_call)call, errors[i]);
		}
	}
}

int
main(void)
{
	struct CMUnitTest tests[LEN(answers) + LEN(sweeps)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(answers); i++)
		tests[n++] = (struct CMUnitTest){ .name = answers[i].name,
			.test_func = each_error_has_its_answer,
			.teardown_func = teardown,
			.initial_state = (void *)&answers[i] };
	for (size_t i = 0; i < LEN(sweeps); i++)
		tests[n++] = (struct CMUnitTest){ .name = sweeps[i].name,
			.test_func = no_call_leaves_anything_behind,
			.teardown_func = teardown,
			.initial_state = (void *)&sweeps[i] };
	return cmocka_run_group_tests_name("sock/native_faults", tests, NULL,
	    NULL);
}
