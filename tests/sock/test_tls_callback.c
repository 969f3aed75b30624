/*
 * A program's TLS_CERT_VERIFY_CALLBACK may use the socket that it is called
 * for, and keeps no other thread from it.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/asker.h"
#include "support/loop_pki.h"

#define FAR_MS 20000

static int client;

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

static void
finish(void)
{
	struct pollfd p = { .fd = client, .events = POLLOUT };

	assert_int_equal(poll_sockets(&p, 1, FAR_MS, false), 1);
	assert_int_equal(p.revents, POLLOUT);
}

/* The handshake goes on, and nobody was told that it is over. */
static void
the_callback_uses_its_socket(void **state)
{
	const struct row *r = *state;
	pthread_t server;
	int listener, peer;
	uint16_t port;

	profile_set(r->profile);
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	client =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	asker_start(client);
	asker_set(client, r->call, NULL);
	if (r->nonblock)
		assert_int_equal(call_fcntl(client, F_SETFL, O_NONBLOCK), 0);
	server = loop_start(loop_accept_one, &listener);
	assert_int_equal(loop_connect(client, AF_INET, port),
	    r->nonblock ? -EINPROGRESS : 0);
	if (r->nonblock)
		finish();
	peer = (int)(intptr_t)loop_join(server);
	assert_true(peer >= 0);
	assert_true(asker_seen.times > 0);
	assert_int_equal(asker_seen.text, 0);
	assert_int_equal(asker_seen.asked, 0);
	assert_int_equal(asker_seen.error, 0);
	assert_int_equal(asker_seen.result, 0);
	assert_int_equal(asker_seen.flags, UINT32_MAX); /* not known yet */
	assert_int_equal(asker_seen.polled, 0);
	assert_int_equal(asker_seen.sent, -EAGAIN);
	assert_int_equal(asker_seen.received, -EAGAIN);
	assert_int_equal(asker_seen.connected, -EALREADY);
	assert_int_equal(asker_seen.version, -ENOTCONN);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(peer), 0);
	assert_int_equal(call_close(listener), 0);
	profile_set(PROFILE_ZEPHYR);
}

static int
close_it(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)cert;
	(void)depth;
	(void)flags;
	if ((*(int *)ctx)++ == 0)
		asker_seen.result = call_close(client);
	return 0;
}

static void
the_callback_closes_its_socket(void **state)
{
	int times = 0, listener;
	pthread_t server;
	uint16_t port;

	(void)state;
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	client =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	asker_set(client, close_it, &times);
	server = loop_start(loop_accept_one, &listener);
	assert_int_equal(loop_connect(client, AF_INET, port), -EINTR);
	assert_int_equal((intptr_t)loop_join(server), -ECONNABORTED);
	assert_int_equal(asker_seen.result, 0);
	assert_int_equal(call_close(client), -EBADF);
	assert_int_equal(call_close(listener), 0);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + 1] = { cmocka_unit_test(
	    the_callback_closes_its_socket) };

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i + 1] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = the_callback_uses_its_socket,
			.initial_state = (void *)&rows[i] };
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/tls_callback", tests,
	    loop_setup, loop_teardown);
}
