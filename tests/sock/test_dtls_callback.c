/*
 * A program's TLS_CERT_VERIFY_CALLBACK may use the datagram socket that it is
 * called for, and keeps no other thread from it.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/asker.h"
#include "support/dtls_ends.h"
#include "support/fake_kernel.h"
#include "tls/settings.h"

#define FAR_MS 20000

static struct sockaddr_in addr;
static int server, client;

/* One whose certificate a server can ask for. */
static int
client_with_a_certificate(void)
{
	const int tags[] = { LOOP_CA_TAG, LOOP_SERVER_TAG };
	const int sock = dtls_ends_client(false);

	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     tags, sizeof(tags)),
	    0);
	return sock;
}

static void
want_certificates(int sock)
{
	const int tags[] = { LOOP_CA_TAG, LOOP_SERVER_TAG };

	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     tags, sizeof(tags)),
	    0);
	dtls_ends_set_int(sock, TLS_NAME_PEER_VERIFY, TLS_VERIFY_REQUIRED);
}

static const struct row {
	const char *name;
	asker *call;
	enum profile profile;
	bool nonblock;
} rows[] = {
	{ "its_own_thread", asker_in_this_thread, PROFILE_ZEPHYR, false },
	{ "another_thread", asker_in_another_thread, PROFILE_ZEPHYR, false },
	{ "linux_own_thread", asker_in_this_thread, PROFILE_LINUX, false },
	{ "linux_another_thread", asker_in_another_thread, PROFILE_LINUX,
	    false },
	{ "pending_own_thread", asker_in_this_thread, PROFILE_LINUX, true },
	{ "pending_another_thread", asker_in_another_thread, PROFILE_LINUX,
	    true },
};

/* The handshake goes on, and nobody was told that it is over. */
static void
a_clients_callback_uses_its_socket(void **state)
{
	const struct row *r = *state;

	profile_set(r->profile);
	server = dtls_ends_server(&addr);
	client = dtls_ends_client(false);
	asker_start(client);
	asker_set(client, r->call, NULL);
	if (r->nonblock) {
		dtls_ends_nonblock(client);
		assert_int_equal(dtls_ends_connect(client, &addr),
		    -EINPROGRESS);
		assert_true(dtls_ends_finish(client, server));
	} else {
		assert_int_equal(dtls_ends_meet(client, server, &addr), 0);
	}
	assert_true(asker_seen.times > 0);
	assert_int_equal(asker_seen.text, 0);
	assert_int_equal(asker_seen.asked, 0);
	assert_int_equal(asker_seen.result, 0);
	assert_int_equal(asker_seen.flags, UINT32_MAX); /* not known yet */
	assert_int_equal(asker_seen.revents & POLLIN, 0);
	assert_int_equal(asker_seen.sent, -EAGAIN);
	assert_int_equal(asker_seen.received, -EAGAIN);
	assert_int_equal(asker_seen.connected, -EALREADY);
	assert_int_equal(asker_seen.set, 0);
	assert_int_equal(dtls_ends_send(client, "x", 1), 1);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(server), 0);
}

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)dtls_ends_recv(*(int *)arg, &byte, 1, 0);
}

static void *
poll_one(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return (void *)(intptr_t)poll_sockets(&p, 1, FAR_MS, false);
}

static const struct server_row {
	const char *name;
	asker *call;
	void *(*serve)(void *);
} server_rows[] = {
	{ "server_recv_own_thread", asker_in_this_thread, receive_one },
	{ "server_recv_another_thread", asker_in_another_thread, receive_one },
	{ "server_poll_own_thread", asker_in_this_thread, poll_one },
	{ "server_poll_another_thread", asker_in_another_thread, poll_one },
};

/* The client that is there already is sent something. */
static void
a_servers_callback_uses_its_socket(void **state)
{
	const struct server_row *r = *state;
	int first, second;
	pthread_t thread;
	char byte;

	profile_set(PROFILE_ZEPHYR);
	server = dtls_ends_server(&addr);
	want_certificates(server);
	first = client_with_a_certificate();
	second = client_with_a_certificate();
	assert_int_equal(dtls_ends_meet(first, server, &addr), 0);
	asker_set(server, r->call, NULL);
	asker_start(server);
	thread = loop_start(r->serve, &server);
	assert_int_equal(dtls_ends_connect(second, &addr), 0);
	assert_true(asker_seen.times > 0);
	assert_int_equal(asker_seen.text, 0);
	assert_int_equal(asker_seen.asked, 0);
	assert_int_equal(asker_seen.revents & POLLIN, 0);
	assert_int_equal(asker_seen.sent, 1);
	assert_int_equal(asker_seen.received, -EAGAIN);
	assert_int_equal(asker_seen.connected, -EOPNOTSUPP);
	assert_int_equal(asker_seen.set, 0);
	assert_int_equal(dtls_ends_recv(first, &byte, 1, 0), 1);
	assert_int_equal(dtls_ends_send(second, "y", 1), 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	assert_int_equal(call_close(first), 0);
	assert_int_equal(call_close(second), 0);
	assert_int_equal(call_close(server), 0);
}

static atomic_int received;

static void *
receive_always(void *arg)
{
	char buf[8];

	while (dtls_ends_recv(*(int *)arg, buf, sizeof(buf), 0) > 0)
		atomic_fetch_add(&received, 1);
	return NULL;
}

static void *
poll_always(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	while (poll_sockets(&p, 1, FAR_MS, false) >= 0 &&
	    (p.revents & POLLNVAL) == 0)
		continue;
	return NULL;
}

static void *
connect_it(void *arg)
{
	return (void *)(intptr_t)dtls_ends_connect(*(int *)arg, &addr);
}

static void
open_for_a_long_call(int *first, int *second)
{
	profile_set(PROFILE_ZEPHYR);
	atomic_store(&asker_inside, false);
	atomic_store(&asker_go_on, false);
	atomic_store(&received, 0);
	server = dtls_ends_server(&addr);
	dtls_ends_timeouts(server, 20, 60000);
	want_certificates(server);
	*first = client_with_a_certificate();
	*second = client_with_a_certificate();
	assert_int_equal(dtls_ends_meet(*first, server, &addr), 0);
	asker_set(server, asker_hold, NULL);
}

/* Others send meanwhile, and what comes is received when it is over. */
static void
others_work_during_a_callback(void **state)
{
	int first, second;
	pthread_t receivers[2], poller, connecter;
	char byte;

	(void)state;
	open_for_a_long_call(&first, &second);
	for (size_t i = 0; i < LEN(receivers); i++)
		receivers[i] = loop_start(receive_always, &server);
	poller = loop_start(poll_always, &server);
	connecter = loop_start(connect_it, &second);
	while (!atomic_load(&asker_inside))
		sched_yield();
	for (int i = 0; i < 20; i++) {
		assert_int_equal(dtls_ends_send(first, "x", 1), 1);
		assert_int_equal(dtls_ends_send(server, "y", 1), 1);
		assert_int_equal(dtls_ends_recv(first, &byte, 1, 0), 1);
		assert_int_equal(dtls_ends_poll(server, POLLIN, 1), 0);
	}
	assert_int_equal(atomic_load(&received), 0);
	atomic_store(&asker_go_on, true);
	assert_int_equal((intptr_t)loop_join(connecter), 0);
	while (atomic_load(&received) < 20)
		sched_yield();
	assert_int_equal(call_close(server), 0);
	for (size_t i = 0; i < LEN(receivers); i++)
		assert_null(loop_join(receivers[i]));
	assert_null(loop_join(poller));
	assert_int_equal(call_close(first), 0);
	assert_int_equal(call_close(second), 0);
}

/* What is to be sent again waits for the callback: no call is made for it. */
static void
nobody_spins_during_a_callback(void **state)
{
	pthread_t pollers[2], connecter;
	int first, second, before;

	(void)state;
	open_for_a_long_call(&first, &second);
	fake_kernel_install();
	pollers[0] = loop_start(poll_always, &server);
	connecter = loop_start(connect_it, &second);
	while (!atomic_load(&asker_inside))
		sched_yield();
	(void)poll(NULL, 0, 50); /* the flight is due by now */
	before = fake_kernel_count(FAKE_POLL);
	pollers[1] = loop_start(poll_always, &server);
	(void)poll(NULL, 0, 100);
	assert_in_range(fake_kernel_count(FAKE_POLL) - before, 0, 20);
	atomic_store(&asker_go_on, true);
	assert_int_equal((intptr_t)loop_join(connecter), 0);
	assert_int_equal(call_close(server), 0);
	for (size_t i = 0; i < LEN(pollers); i++)
		assert_null(loop_join(pollers[i]));
	fake_kernel_remove();
	assert_int_equal(call_close(first), 0);
	assert_int_equal(call_close(second), 0);
}

static atomic_int calls;

static int
close_it(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	if (atomic_fetch_add(&calls, 1) == 0)
		asker_seen.result = call_close(asker_subject);
	return 0;
}

static void
a_clients_callback_closes_its_socket(void **state)
{
	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		if (quirk_of(QUIRK_DTLS_CONNECT_STORES, (enum profile)p))
			continue;
		profile_set((enum profile)p);
		atomic_store(&calls, 0);
		asker_seen.result = -1;
		server = dtls_ends_server(&addr);
		asker_subject = client = dtls_ends_client(false);
		asker_set(client, close_it, NULL);
		assert_int_equal(dtls_ends_meet(client, server, &addr), -EINTR);
		assert_int_equal(asker_seen.result, 0);
		assert_int_equal(call_close(client), -EBADF);
		assert_int_equal(call_close(server), 0);
	}
}

static void
a_servers_callback_closes_its_socket(void **state)
{
	pthread_t thread;

	(void)state;
	profile_set(PROFILE_LINUX);
	atomic_store(&calls, 0);
	asker_seen.result = -1;
	asker_subject = server = dtls_ends_server(&addr);
	want_certificates(server);
	asker_set(server, close_it, NULL);
	client = client_with_a_certificate();
	dtls_ends_nonblock(client);
	thread = loop_start(receive_one, &server);
	assert_int_equal(dtls_ends_connect(client, &addr), -EINPROGRESS);
	while (
	    dtls_ends_poll(client, POLLOUT, 1) == 0 && atomic_load(&calls) == 0)
		continue;
	assert_int_equal((intptr_t)loop_join(thread), -EINTR);
	assert_int_equal(asker_seen.result, 0);
	assert_int_equal(call_close(client), 0);
}

#define FIXED 4

int
main(void)
{
	struct CMUnitTest tests[FIXED + LEN(rows) + LEN(server_rows)] = {
		cmocka_unit_test(a_clients_callback_closes_its_socket),
		cmocka_unit_test(a_servers_callback_closes_its_socket),
		cmocka_unit_test(others_work_during_a_callback),
		cmocka_unit_test(nobody_spins_during_a_callback),
	};
	size_t n = FIXED;

	for (size_t i = 0; i < LEN(rows); i++)
		tests[n++] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = a_clients_callback_uses_its_socket,
			.initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < LEN(server_rows); i++)
		tests[n++] = (struct CMUnitTest){ .name = server_rows[i].name,
			.test_func = a_servers_callback_uses_its_socket,
			.initial_state = (void *)&server_rows[i] };
	return cmocka_run_group_tests_name("sock/dtls_callback", tests,
	    dtls_ends_start, dtls_ends_stop);
}
