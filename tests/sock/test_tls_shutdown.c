/* shutdown of secure streams: with data before it and after it. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"

static struct loop_pair p;

static int
open_pair(void **state)
{
	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	return 0;
}

static int
open_linux_pair(void **state)
{
	profile_set(PROFILE_LINUX);
	return open_pair(state);
}

static int
close_pair(void **state)
{
	(void)state;
	fake_kernel_remove();
	(void)call_close(p.client); /* a test may have done it */
	(void)call_close(p.server);
	profile_set(PROFILE_ZEPHYR);
	return 0;
}

static ssize_t
receive(int sock)
{
	char byte;
	const ssize_t n = call_recvfrom(sock, &byte, 1, 0, NULL, NULL);

	return n == 1 ? byte : n;
}

static ssize_t
transmit(int sock, char byte)
{
	return call_sendto(sock, &byte, 1, 0, NULL, 0);
}

static short
ask(int sock, short events, int timeout_ms)
{
	struct pollfd fd = { .fd = sock, .events = events };

	assert_true(poll_sockets(&fd, 1, timeout_ms, false) >= 0);
	return fd.revents;
}

/* The other direction is as good as before. */
static void
client_still_sends(char byte)
{
	assert_int_equal(transmit(p.client, byte), 1);
	assert_int_equal(receive(p.server), byte);
}

static void
shut_rd_ends_receiving_alone(void **state)
{
	(void)state;
	assert_int_equal(transmit(p.server, 'a'), 1);
	assert_int_equal(ask(p.client, POLLIN, -1), POLLIN);
	assert_int_equal(transmit(p.server, 'b'), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(call_shutdown(p.client, SHUT_RD), 0);
		assert_int_equal(receive(p.client), 0);
		assert_int_equal(ask(p.client, POLLIN, -1), POLLIN | POLLHUP);
		client_still_sends('x');
		assert_int_equal(transmit(p.server, 'c'), 1);
		assert_int_equal(receive(p.client), 0);
		assert_int_equal(ask(p.client, POLLOUT, -1), POLLOUT | POLLHUP);
		client_still_sends('y');
	}
	/* Its close is an orderly one. */
	assert_int_equal(call_close(p.client), 0);
	assert_int_equal(receive(p.server), 0);
}

static void
shut_wr_is_refused_as_on_the_device(void **state)
{
	(void)state;
	assert_int_equal(call_shutdown(p.client, SHUT_WR), -ENOTSUP);
	assert_int_equal(call_shutdown(p.client, SHUT_RDWR), -ENOTSUP);
	assert_int_equal(call_shutdown(p.client, 3), -EINVAL);
	client_still_sends('x');
	assert_int_equal(transmit(p.server, 'y'), 1);
	assert_int_equal(receive(p.client), 'y');
}

static void
shut_rd_before_connect(void **state)
{
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");

	(void)state;
	assert_int_equal(call_shutdown(sock, SHUT_RD),
	    profile_get() == PROFILE_LINUX ? -ENOTCONN : 0);
	assert_int_equal(call_close(sock), 0);
}

static void *
sleep_in_recv(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)receive(p.client);
}

static void *
sleep_in_poll(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)ask(p.client, POLLIN, -1);
}

/* The second call of the kernel's is the one in which the first sleeps. */
static void
shut_rd_wakes(void *(*sleep)(void *), int n, enum fake_call entry,
    intptr_t want)
{
	pthread_t threads[3];

	fake_kernel_install();
	for (int i = 0; i < n; i++)
		threads[i] = loop_start(sleep, NULL);
	while (fake_kernel_count(entry) < 2)
		continue;
	assert_int_equal(call_shutdown(p.client, SHUT_RD), 0);
	for (int i = 0; i < n; i++)
		assert_int_equal((intptr_t)loop_join(threads[i]), want);
	client_still_sends('x');
}

static void
shut_rd_wakes_receivers(void **state)
{
	(void)state;
	shut_rd_wakes(sleep_in_recv, 1, FAKE_RECVFROM, 0);
}

static void
shut_rd_wakes_those_who_wait_for_their_turn(void **state)
{
	(void)state;
	shut_rd_wakes(sleep_in_recv, 3, FAKE_RECVFROM, 0);
}

static void
shut_rd_wakes_poll(void **state)
{
	(void)state;
	shut_rd_wakes(sleep_in_poll, 1, FAKE_POLL, POLLIN | POLLHUP);
}

static void
on_linux_what_is_queued_can_be_read(void **state)
{
	(void)state;
	assert_int_equal(transmit(p.server, 'a'), 1);
	assert_int_equal(ask(p.client, POLLIN, -1), POLLIN);
	assert_int_equal(call_shutdown(p.client, SHUT_RD), 0);
	assert_int_equal(receive(p.client), 'a');
	assert_int_equal(receive(p.client), 0);
	assert_int_equal(receive(p.client), 0);
	assert_int_equal(ask(p.client, POLLIN, -1), POLLIN);
	client_still_sends('x');
}

static void
on_linux_shut_wr_says_the_end(void **state)
{
	(void)state;
	assert_int_equal(transmit(p.client, 'a'), 1);
	assert_int_equal(call_shutdown(p.client, SHUT_WR), 0);
	assert_int_equal(receive(p.server), 'a');
	assert_int_equal(receive(p.server), 0);
	assert_int_equal(transmit(p.client, 'b'), -EPIPE);
	assert_int_equal(call_shutdown(p.client, SHUT_WR), 0);
	assert_int_equal(call_close(p.server), 0);
	assert_int_equal(receive(p.client), 0);
}

static void
on_linux_shut_rdwr_is_both(void **state)
{
	(void)state;
	assert_int_equal(call_shutdown(p.client, SHUT_RDWR), 0);
	assert_int_equal(receive(p.server), 0);
	assert_int_equal(receive(p.client), 0);
	assert_int_equal(transmit(p.client, 'b'), -EPIPE);
}

static void
on_linux_shut_wr_does_not_wait_if_it_must_not(void **state)
{
	static char scrap[65536];
	int rc;

	(void)state;
	assert_int_equal(call_fcntl(p.client, F_SETFL, O_NONBLOCK), 0);
	loop_fill(p.client);
	assert_int_equal(call_shutdown(p.client, SHUT_WR), -EAGAIN);
	while ((rc = call_shutdown(p.client, SHUT_WR)) == -EAGAIN)
		assert_true(call_recvfrom(p.server, scrap, sizeof(scrap), 0,
		                NULL, NULL) > 0);
	assert_int_equal(rc, 0);
	do {
		rc = (int)call_recvfrom(p.server, scrap, sizeof(scrap), 0, NULL,
		    NULL);
	} while (rc > 0);
	assert_int_equal(rc, 0);
}

#define ON_DEVICE(fn) cmocka_unit_test_setup_teardown(fn, open_pair, close_pair)
#define ON_LINUX(fn) \
	cmocka_unit_test_setup_teardown(fn, open_linux_pair, close_pair)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DEVICE(shut_rd_ends_receiving_alone),
		ON_DEVICE(shut_wr_is_refused_as_on_the_device),
		ON_DEVICE(shut_rd_before_connect),
		ON_LINUX(shut_rd_before_connect),
		ON_DEVICE(shut_rd_wakes_receivers),
		ON_DEVICE(shut_rd_wakes_those_who_wait_for_their_turn),
		ON_DEVICE(shut_rd_wakes_poll),
		ON_LINUX(shut_rd_wakes_receivers),
		ON_LINUX(on_linux_what_is_queued_can_be_read),
		ON_LINUX(on_linux_shut_wr_says_the_end),
		ON_LINUX(on_linux_shut_rdwr_is_both),
		ON_LINUX(on_linux_shut_wr_does_not_wait_if_it_must_not),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/tls_shutdown", tests,
	    loop_setup, loop_teardown);
}
