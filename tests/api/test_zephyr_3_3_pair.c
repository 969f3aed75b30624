/*
 * What Zephyr 3.3 answered on socketpairs, where it differs from Linux: the
 * profile zephyr-3.3 answers the same.
 */
#include "support/test.h"

#include <errno.h>
#include <signal.h>

#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"

#define BOTH (ZSOCK_POLLIN | ZSOCK_POLLOUT)

/* Bytes each way. */
#define SIZE 64

static int sv[2];
static char buf[2 * SIZE];

static void
open_pair(void)
{
	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	(void)quirks_keep(sv[0]);
	(void)quirks_keep(sv[1]);
}

static void
nothing_is_sent_or_received(void)
{
	open_pair();
	assert_errno(zsock_send(sv[0], "", 0, 0), EINVAL);
	assert_errno(zsock_sendto(sv[0], "", 0, 0, NULL, 0), EINVAL);
	assert_errno(zsock_recv(sv[0], buf, 0, 0), EINVAL);
	assert_errno(zsock_recvfrom(sv[0], buf, 0, 0, NULL, NULL), EINVAL);
}

static void *
recv_dontwait(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)zsock_recv(sv[1], buf, 1, ZSOCK_MSG_DONTWAIT);
}

static void *
send_dontwait(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)zsock_send(sv[0], "x", 1, ZSOCK_MSG_DONTWAIT);
}

/* It looks once without waiting, and then it waits. */
static void
recv_waits_despite_dontwait(void)
{
	pthread_t thread;

	open_pair();
	fake_kernel_install();
	thread = loop_start(recv_dontwait, NULL);
	while (fake_kernel_count(FAKE_RECVMSG) < 2)
		continue;
	assert_int_equal(zsock_send(sv[0], "x", 1, 0), 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	fake_kernel_remove();
}

static void
send_waits_despite_dontwait(void)
{
	pthread_t thread;

	open_pair();
	assert_int_equal(zsock_send(sv[0], buf, sizeof(buf), 0), SIZE);
	fake_kernel_install();
	thread = loop_start(send_dontwait, NULL);
	while (fake_kernel_count(FAKE_POLL) < 1)
		continue;
	assert_int_equal(zsock_recv(sv[1], buf, sizeof(buf), 0), SIZE);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	fake_kernel_remove();
}

static void
holds_64_bytes(void)
{
	open_pair();
	assert_int_equal(zsock_send(sv[0], buf, SIZE - 1, 0), SIZE - 1);
	assert_int_equal(quirks_poll(sv[0], BOTH), ZSOCK_POLLOUT);
	assert_int_equal(zsock_send(sv[0], buf, SIZE, 0), 1);
	assert_int_equal(quirks_poll(sv[0], BOTH), 0);
	quirks_nonblock(sv[0]);
	assert_errno(zsock_send(sv[0], "x", 1, 0), EAGAIN);
	assert_int_equal(zsock_recv(sv[1], buf, sizeof(buf), 0), SIZE);
	assert_int_equal(zsock_send(sv[0], buf, sizeof(buf), 0), SIZE);
}

static void
peek_takes(void)
{
	open_pair();
	assert_int_equal(zsock_send(sv[0], "x", 1, 0), 1);
	assert_int_equal(zsock_recv(sv[1], buf, 1, ZSOCK_MSG_PEEK), 1);
	quirks_nonblock(sv[1]);
	assert_errno(zsock_recv(sv[1], buf, 1, 0), EAGAIN);
}

/* SIGPIPE would end this program. */
static void
epipe_without_a_signal(void)
{
	open_pair();
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	quirks_close(sv[1]);
	assert_errno(zsock_send(sv[0], "x", 1, 0), EPIPE);
	assert_errno(zsock_sendto(sv[0], "x", 1, 0, NULL, 0), EPIPE);
}

static void
shutdown_of_a_pair(void)
{
	open_pair();
	for (int how = ZSOCK_SHUT_RD; how <= ZSOCK_SHUT_RDWR; how++)
		assert_errno(zsock_shutdown(sv[0], how), ENOTSUP);
}

static void
bind_and_connect(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, 0);

	open_pair();
	assert_errno(zsock_bind(sv[0], &a.any, sizeof(a.in)), EISCONN);
	assert_errno(zsock_connect(sv[0], &a.any, sizeof(a.in)), EISCONN);
}

static void
listen_and_accept(void)
{
	open_pair();
	assert_errno(zsock_listen(sv[0], 1), EINVAL);
	assert_errno(zsock_accept(sv[0], NULL, NULL), EOPNOTSUPP);
}

static void
getsockname_of_a_pair(void)
{
	union quirks_addr a;
	net_socklen_t len = sizeof(a);

	open_pair();
	assert_errno(zsock_getsockname(sv[0], &a.any, &len), EOPNOTSUPP);
}

static const struct quirks_test tests[] = {
	{ "9_2_nothing_is_sent_or_received", nothing_is_sent_or_received },
	{ "9_2_recv_waits_despite_dontwait", recv_waits_despite_dontwait },
	{ "9_2_send_waits_despite_dontwait", send_waits_despite_dontwait },
	{ "9_2_holds_64_bytes", holds_64_bytes },
	{ "9_2_peek_takes", peek_takes },
	{ "9_2_epipe_without_a_signal", epipe_without_a_signal },
	{ "9_2_shutdown_of_a_pair", shutdown_of_a_pair },
	{ "9_2_bind_and_connect", bind_and_connect },
	{ "9_2_listen_and_accept", listen_and_accept },
	{ "9_2_getsockname_of_a_pair", getsockname_of_a_pair },
};

int
main(void)
{
	return quirks_run_tests("api/zephyr_3_3_pair", PROFILE_ZEPHYR_3_3,
	    tests, LEN(tests));
}
