/*
 * A secure datagram socket that several threads use at once, or that a process
 * has a copy of since a fork.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/dtls.h"
#include "sock/fdtable.h"
#include "support/dtls_pair.h"
#include "support/fake_kernel.h"

#define ROUNDS 200

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)dtls_pair_recv(*(int *)arg, &byte, 1, 0);
}

/* It sleeps in the kernel, once that was asked for more than once. */
static void
await_sleep(void)
{
	while (fake_kernel_count(FAKE_RECVFROM) < 2 &&
	    fake_kernel_count(FAKE_POLL) < 1)
		continue;
}

/* Who has come to receive gives the lock up only to sleep. */
static void
await_receivers(int sock, int n)
{
	struct dtls_sock *d = (struct dtls_sock *)fdtable_peek(sock);
	int now;

	do {
		pthread_mutex_lock(&d->tls.lock);
		now = d->tls.receivers;
		pthread_mutex_unlock(&d->tls.lock);
	} while (now < n);
}

static void
each_of_two_receivers_gets_a_record(void)
{
	struct dtls_pair p;
	pthread_t threads[2];

	dtls_pair_open(&p);
	for (int i = 0; i < 2; i++)
		threads[i] = loop_start(receive_one, &p.server);
	await_receivers(p.server, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(dtls_pair_send(p.client, "x", 0), 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal((intptr_t)loop_join(threads[i]), 1);
}

/* One of them sleeps in the kernel, the others follow it. */
static void
close_wakes_all_receivers(void)
{
	struct dtls_pair p;
	pthread_t threads[3];

	dtls_pair_open(&p);
	for (int i = 0; i < 3; i++)
		threads[i] = loop_start(receive_one, &p.server);
	await_receivers(p.server, 3);
	dtls_pair_close(p.server);
	for (int i = 0; i < 3; i++)
		assert_int_equal((intptr_t)loop_join(threads[i]), -EINTR);
}

static void
poll_takes_nothing_from_a_receiver(void)
{
	struct dtls_pair p;
	pthread_t thread;

	dtls_pair_open(&p);
	thread = loop_start(receive_one, &p.server);
	await_receivers(p.server, 1);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN | POLLOUT, 0),
	    POLLOUT);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN, 1), 0);
	assert_int_equal(dtls_pair_send(p.client, "x", 0), 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN, 0), 0);
}

static void
a_send_goes_past_a_receiver_that_sleeps(void)
{
	struct dtls_pair p;
	int *const ends[2] = { &p.client, &p.server };

	dtls_pair_open(&p);
	for (int i = 0; i < 2; i++) {
		pthread_t thread;

		fake_kernel_install();
		thread = loop_start(receive_one, ends[i]);
		await_sleep();
		assert_int_equal(dtls_pair_send(*ends[i], "out", 0), 3);
		dtls_pair_expect(*ends[1 - i], "out");
		assert_int_equal(dtls_pair_send(*ends[1 - i], "in", 0), 2);
		assert_int_equal((intptr_t)loop_join(thread), 1);
		fake_kernel_remove();
	}
}

static void
close_wakes_a_receiver_with_eintr(void)
{
	for (int i = 0; i < 2; i++) {
		struct dtls_pair p;
		pthread_t thread;
		int sock;

		dtls_pair_open(&p);
		sock = i == 0 ? p.client : p.server;
		fake_kernel_install();
		thread = loop_start(receive_one, &sock);
		await_sleep();
		dtls_pair_close(sock);
		assert_int_equal((intptr_t)loop_join(thread), -EINTR);
		fake_kernel_remove();
	}
}

static void
shut_rd_wakes_a_receiver(void)
{
	struct dtls_pair p;
	pthread_t thread;

	dtls_pair_open(&p);
	fake_kernel_install();
	thread = loop_start(receive_one, &p.client);
	await_sleep();
	assert_int_equal(call_shutdown(p.client, SHUT_RD), 0);
	assert_int_equal((intptr_t)loop_join(thread),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? -EAGAIN : 0);
	fake_kernel_remove();
}

static uint16_t port;

static void *
send_to_port(void *arg)
{
	return (
	    void *)(intptr_t)dtls_pair_send_to(*(int *)arg, "x", AF_INET, port);
}

/* Whoever comes second waits for the handshake of the first. */
static void
two_first_sends_make_one_session(void)
{
	int server, client;
	pthread_t threads[2];

	port = 0;
	server = dtls_pair_server(AF_INET, &port);
	client = dtls_pair_client(AF_INET);
	dtls_pair_serve(server);
	for (int i = 0; i < 2; i++)
		threads[i] = loop_start(send_to_port, &client);
	for (int i = 0; i < 2; i++)
		assert_int_equal((intptr_t)loop_join(threads[i]), 1);
	dtls_pair_served();
	dtls_pair_expect(server, "x");
	dtls_pair_expect(server, "x");
}

static void *
echo(void *arg)
{
	const int sock = *(int *)arg;
	char buf[64];

	for (int i = 0; i < 2 * ROUNDS; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		const ssize_t n = call_recvfrom(sock, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &len);

		if (n <= 0 ||
		    call_sendto(sock, buf, (size_t)n, 0,
		        (struct sockaddr *)&from, len) != n)
			return (void *)(intptr_t)-1;
	}
	return NULL;
}

static void *
ask(void *arg)
{
	const int sock = *(int *)arg;
	char byte;

	for (int i = 0; i < ROUNDS; i++) {
		if (dtls_pair_send(sock, "?", 0) != 1 ||
		    dtls_pair_recv(sock, &byte, 1, 0) != 1)
			return (void *)(intptr_t)-1;
	}
	return NULL;
}

static void
two_clients_in_threads_are_served_by_a_third(void)
{
	struct dtls_pair p;
	int other;
	pthread_t threads[3];

	dtls_pair_open(&p);
	other = dtls_pair_client(AF_INET);
	dtls_pair_meet(other, p.server, AF_INET, p.port);
	threads[0] = loop_start(echo, &p.server);
	threads[1] = loop_start(ask, &p.client);
	threads[2] = loop_start(ask, &other);
	for (int i = 0; i < 3; i++)
		assert_null(loop_join(threads[i]));
}

static int
close_it(void *arg)
{
	return call_close(*(int *)arg) != 0;
}

static int
send_and_close_it(void *arg)
{
	const int sock = *(int *)arg;

	if (dtls_pair_send(sock, "child", 0) != 5)
		return 1;
	return close_it(arg);
}

static void
a_childs_close_tells_nobody(void)
{
	struct dtls_pair p;
	char byte;

	dtls_pair_open(&p);
	assert_int_equal(loop_wait(loop_fork(close_it, &p.client)), 0);
	assert_int_equal(loop_wait(loop_fork(close_it, &p.server)), 0);
	assert_int_equal(dtls_pair_recv(p.server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	assert_int_equal(dtls_pair_send(p.client, "there", 0), 5);
	dtls_pair_expect(p.server, "there");
	assert_int_equal(dtls_pair_send(p.server, "back", 0), 4);
	dtls_pair_expect(p.client, "back");
}

/* A session is one process's: the other leaves it alone from then on. */
static void
a_child_that_has_used_the_session_ends_it(void)
{
	struct dtls_pair p;
	char byte;

	dtls_pair_open(&p);
	assert_int_equal(loop_wait(loop_fork(send_and_close_it, &p.client)), 0);
	dtls_pair_expect(p.server, "child");
	assert_int_equal(dtls_pair_recv(p.server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	assert_int_equal(dtls_pair_send(p.server, "x", 0), -ENOTCONN);
}

/* What another thread of the parent is at work on is left to the parent. */
static void
a_child_may_close_what_the_parent_sleeps_on(void)
{
	struct dtls_pair p;
	pthread_t thread;

	dtls_pair_open(&p);
	fake_kernel_install();
	thread = loop_start(receive_one, &p.server);
	await_sleep();
	assert_int_equal(loop_wait(loop_fork(close_it, &p.server)), 0);
	assert_int_equal(dtls_pair_send(p.client, "x", 0), 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	fake_kernel_remove();
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(each_of_two_receivers_gets_a_record, 0),
		DTLS_PAIR_TEST(close_wakes_all_receivers, 0),
		DTLS_PAIR_TEST(poll_takes_nothing_from_a_receiver, 0),
		DTLS_PAIR_TEST(a_send_goes_past_a_receiver_that_sleeps, 0),
		DTLS_PAIR_TEST(close_wakes_a_receiver_with_eintr, 0),
		DTLS_PAIR_TEST(shut_rd_wakes_a_receiver, 0),
		DTLS_PAIR_TEST(two_first_sends_make_one_session, 0),
		DTLS_PAIR_TEST(two_clients_in_threads_are_served_by_a_third,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_childs_close_tells_nobody, 0),
		DTLS_PAIR_TEST(a_child_that_has_used_the_session_ends_it, 0),
		DTLS_PAIR_TEST(a_child_may_close_what_the_parent_sleeps_on, 0),
	};

	return dtls_pair_run("sock/dtls_shared", tests, LEN(tests));
}
