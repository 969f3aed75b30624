/* Which of the kernel's calls are made outside of a passage. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "shim/core/kernel.h"
#include "shim/core/passage.h"

static struct kernel host; /* libc's, but for those that a test watches */
static const struct kernel *outside;

static int
set_up(void **state)
{
	(void)state;
	host = kernel_libc;
	outside = kernel_outside(&host);
	return 0;
}

/* Calls of the kernel that tell whether they were made inside. */
static bool was_inside;

#define SPY(type, name, params) \
	static type spy_##name params \
	{ \
		was_inside = passage_inside(); \
		return 0; \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
SPY(int, connect, (int k, const struct sockaddr *a, socklen_t n))
SPY(int, accept4, (int k, struct sockaddr *a, socklen_t *n, int f))
SPY(ssize_t, sendto,
    (int k, const void *b, size_t n, int f, const struct sockaddr *a,
        socklen_t m))
SPY(ssize_t, sendmsg, (int k, const struct msghdr *m, int f))
SPY(ssize_t, recvfrom,
    (int k, void *b, size_t n, int f, struct sockaddr *a, socklen_t *m))
SPY(ssize_t, recvmsg, (int k, struct msghdr *m, int f))
SPY(int, poll, (struct pollfd * p, nfds_t n, int ms))
SPY(int, select, (int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *t))
SPY(ssize_t, read, (int k, void *b, size_t n))
SPY(int, fcntl, (int k, int cmd, long arg))
SPY(int, setsockopt, (int k, int level, int name, const void *v, socklen_t n))
SPY(ssize_t, write, (int k, const void *b, size_t n))
#pragma GCC diagnostic pop

static void
spy(void)
{
	host.connect = spy_connect;
	host.accept4 = spy_accept4;
	host.sendto = spy_sendto;
	host.sendmsg = spy_sendmsg;
	host.recvfrom = spy_recvfrom;
	host.recvmsg = spy_recvmsg;
	host.poll = spy_poll;
	host.select = spy_select;
	host.read = spy_read;
	host.fcntl = spy_fcntl;
	host.setsockopt = spy_setsockopt;
	host.write = spy_write;
	outside = kernel_outside(&host);
}

/* Was it inside?  A call that may sleep must not be. */
#define INSIDE(call) (was_inside = false, (void)outside->call, was_inside)
#define OUTSIDE(call) (was_inside = true, (void)outside->call, !was_inside)

static void
calls_that_may_sleep_are_outside(void **state)
{
	struct msghdr m = { .msg_iovlen = 0 };
	struct passage p;

	(void)state;
	spy();
	assert_true(passage_enter(&p, -1));
	assert_true(OUTSIDE(connect(-1, NULL, 0)));
	assert_true(OUTSIDE(accept4(-1, NULL, NULL, 0)));
	assert_true(OUTSIDE(sendto(-1, NULL, 0, MSG_NOSIGNAL, NULL, 0)));
	assert_true(OUTSIDE(sendmsg(-1, &m, 0)));
	assert_true(OUTSIDE(recvfrom(-1, NULL, 0, MSG_PEEK, NULL, NULL)));
	assert_true(OUTSIDE(recvmsg(-1, &m, 0)));
	assert_true(OUTSIDE(poll(NULL, 0, -1)));
	assert_true(OUTSIDE(poll(NULL, 0, 1)));
	assert_true(OUTSIDE(select(0, NULL, NULL, NULL, NULL)));
	assert_true(OUTSIDE(read(-1, NULL, 0)));
	assert_true(passage_inside());
	assert_int_equal(passage_leave(&p, 0), 0);
}

static void
all_other_calls_are_inside(void **state)
{
	const int now = MSG_DONTWAIT;
	struct msghdr m = { .msg_iovlen = 0 };
	struct passage p;

	(void)state;
	spy();
	assert_true(passage_enter(&p, -1));
	assert_true(INSIDE(sendto(-1, NULL, 0, now, NULL, 0)));
	assert_true(INSIDE(sendmsg(-1, &m, now)));
	assert_true(INSIDE(recvfrom(-1, NULL, 0, now | MSG_PEEK, NULL, NULL)));
	assert_true(INSIDE(recvmsg(-1, &m, now)));
	assert_true(INSIDE(poll(NULL, 0, 0)));
	assert_true(INSIDE(fcntl(-1, F_GETFD, 0)));
	assert_true(INSIDE(setsockopt(-1, 0, 0, NULL, 0)));
	assert_true(INSIDE(write(-1, NULL, 0)));
	assert_int_equal(passage_leave(&p, 0), 0);
}

static void
on_signal(int sig)
{
	(void)sig;
}

/* Blocked but for the time that poll sleeps. */
static void
a_mask_is_in_force_while_poll_sleeps(void **state)
{
	const struct sigaction act = { .sa_handler = on_signal };
	sigset_t none, blocked, was;

	(void)state;
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &was), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(outside->poll(NULL, 0, 1), 0);
	kernel_poll_mask(&none);
	assert_int_equal(outside->poll(NULL, 0, 0), 0); /* does not sleep */
	assert_int_equal(outside->poll(NULL, 0, 20000), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(outside->poll(NULL, 0, 1), 0); /* it has come */
	kernel_poll_mask(NULL);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &was, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_that_may_sleep_are_outside),
		TEST(all_other_calls_are_inside),
		TEST(a_mask_is_in_force_while_poll_sleeps),
	};

	return cmocka_run_group_tests_name("shim/kernel", tests, NULL, NULL);
}
