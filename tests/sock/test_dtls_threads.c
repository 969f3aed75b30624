#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/dtls_ends.h"
#include "support/fake_kernel.h"

#define MESSAGES 2000
#define CLIENTS 4

static struct sockaddr_in addr;
static int server;

static int
open_server(void **state)
{
	(void)state;
	profile_set(PROFILE_ZEPHYR);
	server = dtls_ends_server(&addr);
	return 0;
}

static int
close_server(void **state)
{
	(void)state;
	fake_kernel_remove();
	return call_close(server);
}

static int
new_client(bool psk)
{
	const int sock = dtls_ends_client(psk);

	assert_int_equal(dtls_ends_meet(sock, server, &addr), 0);
	return sock;
}

/* Counts what it receives until the socket is closed. */
static atomic_int received;

static void *
receive_always(void *arg)
{
	char buf[16];
	ssize_t n;

	while ((n = dtls_ends_recv(*(int *)arg, buf, sizeof(buf), 0)) > 0)
		atomic_fetch_add(&received, 1);
	return (void *)(intptr_t)n;
}

static void *
poll_always(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };
	int rc;

	while ((rc = poll_sockets(&p, 1, 1000, false)) >= 0 &&
	    (p.revents & POLLNVAL) == 0)
		continue;
	return (void *)(intptr_t)rc;
}

/* One that is lost, or sleeps on, is the last. */
static void
send_and_wait_for_each(const int *clients, int n)
{
	atomic_store(&received, 0);
	for (int i = 0; i < MESSAGES; i++) {
		assert_int_equal(dtls_ends_send(clients[i % n], "message", 7),
		    7);
		while (atomic_load(&received) <= i)
			sched_yield();
	}
}

static void
several_receivers_share_a_server(void **state)
{
	pthread_t receivers[3];
	int clients[CLIENTS];

	(void)state;
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = new_client(i > 0);
	for (size_t i = 0; i < LEN(receivers); i++)
		receivers[i] = loop_start(receive_always, &server);
	send_and_wait_for_each(clients, CLIENTS);
	/* Closing it ends them all. */
	assert_int_equal(call_close(server), 0);
	for (size_t i = 0; i < LEN(receivers); i++)
		assert_int_equal((intptr_t)loop_join(receivers[i]), -EINTR);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(call_close(clients[i]), 0);
	server = dtls_ends_server(&addr);
}

static void
poll_leaves_receivers_their_data(void **state)
{
	int client = new_client(true);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] =
		    loop_start(i < 2 ? poll_always : receive_always, &server);
	send_and_wait_for_each(&client, 1);
	assert_int_equal(call_close(server), 0);
	for (size_t i = 0; i < LEN(threads); i++) {
		const intptr_t rc = (intptr_t)loop_join(threads[i]);

		/* A poller may look once more, and find no number. */
		assert_true(rc == -EINTR || (i < 2 && rc == 1));
	}
	assert_int_equal(call_close(client), 0);
	server = dtls_ends_server(&addr);
}

/* Every message comes back, until the socket is closed. */
static void *
echo_always(void *arg)
{
	struct sockaddr_in from;
	char buf[16];
	ssize_t n;

	while ((n = dtls_ends_recvfrom(server, buf, sizeof(buf), 0, &from)) > 0)
		(void)call_sendto(server, buf, (size_t)n, 0,
		    (struct sockaddr *)&from, sizeof(from));
	return arg;
}

#define WINDOW 50 /* datagrams on their way */

static void *
send_always(void *arg)
{
	for (int i = 0; i < MESSAGES; i++) {
		while (i - atomic_load(&received) > WINDOW)
			sched_yield();
		if (dtls_ends_send(*(int *)arg, "message", 7) != 7)
			return (void *)(intptr_t)-1;
	}
	return NULL;
}

static void
one_thread_sends_while_another_receives(void **state)
{
	const pthread_t echo = loop_start(echo_always, NULL);
	int client = dtls_ends_client(true);
	pthread_t sender, receiver;

	(void)state;
	assert_int_equal(dtls_ends_connect(client, &addr), 0);
	atomic_store(&received, 0);
	receiver = loop_start(receive_always, &client);
	sender = loop_start(send_always, &client);
	assert_null(loop_join(sender));
	while (atomic_load(&received) < MESSAGES)
		sched_yield();
	assert_int_equal(call_close(client), 0);
	assert_int_equal((intptr_t)loop_join(receiver), -EINTR);
	assert_int_equal(call_close(server), 0);
	(void)loop_join(echo);
	server = dtls_ends_server(&addr);
}

static atomic_bool enough;
static atomic_int failures;

/* Comes, hears its own echo, and leaves, again and again. */
static void *
visit(void *arg)
{
	for (int i = 0; i < 40; i++) {
		const int sock = dtls_ends_client(i % 4 != 0);
		char buf[8] = { 0 };

		if (dtls_ends_connect(sock, &addr) != 0 ||
		    dtls_ends_send(sock, "hello", 5) != 5 ||
		    dtls_ends_recv(sock, buf, sizeof(buf), 0) != 5 ||
		    memcmp(buf, "hello", 5) != 0)
			atomic_fetch_add(&failures, 1);
		(void)call_close(sock);
	}
	return arg;
}

/* Options, some of which cannot be had, and what there is to ask. */
static void *
stir_options(void *arg)
{
	const int sock = *(int *)arg;
	const int tags[] = { LOOP_SERVER_TAG, DTLS_ENDS_PSK_TAG };

	while (!atomic_load(&enough)) {
		uint32_t result;
		socklen_t len = sizeof(result);
		char text[200];
		const char *name;

		(void)call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
		    tags, sizeof(tags));
		dtls_ends_set_int(sock, TLS_NAME_PEER_VERIFY, 0);
		dtls_ends_timeouts(sock, 1000, 60000);
		(void)call_setsockopt(sock, TLS_LEVEL, TLS_NAME_DTLS_ROLE, "x",
		    1);
		(void)call_getsockopt(sock, TLS_LEVEL,
		    TLS_NAME_CERT_VERIFY_RESULT, &result, &len);
		(void)call_error_text(sock, text, sizeof(text));
		(void)call_tls_version(sock, &name);
		(void)call_tls_suite(sock, &name);
		(void)call_tls_resumed(sock);
		sched_yield();
	}
	return NULL;
}

static void
a_server_is_polled_and_changed_while_it_serves(void **state)
{
	pthread_t visitors[3], others[3];
	const pthread_t echo = loop_start(echo_always, NULL);

	(void)state;
	atomic_store(&enough, false);
	atomic_store(&failures, 0);
	for (size_t i = 0; i < LEN(others); i++)
		others[i] = loop_start(i == 0 ? stir_options
		        : i == 1              ? poll_always
		                              : echo_always,
		    &server);
	for (size_t i = 0; i < LEN(visitors); i++)
		visitors[i] = loop_start(visit, NULL);
	for (size_t i = 0; i < LEN(visitors); i++)
		(void)loop_join(visitors[i]);
	atomic_store(&enough, true);
	assert_null(loop_join(others[0]));
	assert_int_equal(call_close(server), 0);
	(void)loop_join(others[1]);
	(void)loop_join(others[2]);
	(void)loop_join(echo);
	assert_int_equal(atomic_load(&failures), 0);
	server = dtls_ends_server(&addr);
}

struct connecting {
	int sock;
	const struct sockaddr_in *addr;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;

	return (void *)(intptr_t)dtls_ends_connect(c->sock, c->addr);
}

static void *
send_one(void *arg)
{
	return (void *)(intptr_t)dtls_ends_send(*(int *)arg, "x", 1);
}

static void *
poll_for_room(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLOUT };

	return (void *)(intptr_t)poll_sockets(&p, 1, 20000, false);
}

/* One thread has the handshake; what the others ask for is done after it. */
static void
other_calls_wait_for_the_handshake(void **state)
{
	pthread_t threads[4], echo;

	(void)state;
	profile_set(PROFILE_LINUX);
	fake_kernel_install();
	for (int i = 0; i < 50; i++) {
		struct connecting c = { dtls_ends_client(true), &addr };
		const int before = fake_kernel_count(FAKE_POLL);

		threads[0] = loop_start(connect_it, &c);
		/* It sleeps: nobody serves yet. */
		while (fake_kernel_count(FAKE_POLL) == before)
			sched_yield();
		threads[1] = loop_start(send_one, &c.sock);
		threads[2] = loop_start(poll_for_room, &c.sock);
		threads[3] = loop_start(receive_always, &c.sock);
		atomic_store(&received, 0);
		echo = loop_start(echo_always, NULL);
		assert_int_equal((intptr_t)loop_join(threads[0]), 0);
		assert_int_equal((intptr_t)loop_join(threads[1]), 1);
		assert_int_equal((intptr_t)loop_join(threads[2]), 1);
		while (atomic_load(&received) == 0)
			sched_yield();
		assert_int_equal(call_close(c.sock), 0);
		assert_int_equal((intptr_t)loop_join(threads[3]), -EINTR);
		assert_int_equal(call_close(server), 0);
		(void)loop_join(echo);
		server = dtls_ends_server(&addr);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_server, close_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_receivers_share_a_server),
		TEST(poll_leaves_receivers_their_data),
		TEST(one_thread_sends_while_another_receives),
		TEST(a_server_is_polled_and_changed_while_it_serves),
		TEST(other_calls_wait_for_the_handshake),
	};

	return cmocka_run_group_tests_name("sock/dtls_threads", tests,
	    dtls_ends_start, dtls_ends_stop);
}
