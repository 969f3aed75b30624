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
#include "sock/tls_names.h"
#include "support/loop.h"
#include "tls/settings.h"

#define FAR_MS 20000

static struct pki pki;
static int client;

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

/* What the calls in the callback answered, the last time. */
static struct answers {
	int times, text, asked, error, result, polled;
	uint32_t flags;
	ssize_t sent, received;
	int connected, version;
} seen;

/* An assertion must not leave OpenSSL half way: the test looks at it later. */
static void
use_the_socket(void)
{
	struct pollfd p = { .fd = client, .events = POLLIN | POLLOUT };
	socklen_t len = sizeof(int), size = sizeof(seen.flags);
	const char *version;
	char buf[64];

	seen.text = call_error_text(client, buf, sizeof(buf));
	seen.asked =
	    call_getsockopt(client, SOL_SOCKET, SO_ERROR, &seen.error, &len);
	seen.result = call_getsockopt(client, TLS_LEVEL,
	    TLS_NAME_CERT_VERIFY_RESULT, &seen.flags, &size);
	seen.polled = poll_sockets(&p, 1, 0, false);
	seen.sent = call_sendto(client, "x", 1, MSG_DONTWAIT, NULL, 0);
	seen.received =
	    call_recvfrom(client, buf, sizeof(buf), MSG_DONTWAIT, NULL, NULL);
	seen.connected = loop_connect(client, AF_INET, 1);
	seen.version = call_tls_version(client, &version);
}

static int
in_this_thread(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	seen.times++;
	use_the_socket();
	return 0;
}

static void *
in_a_thread(void *arg)
{
	use_the_socket();
	return arg;
}

static int
in_another_thread(void *ctx, void *cert, int depth, uint32_t *flags)
{
	pthread_t thread;

	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	if (pthread_create(&thread, NULL, in_a_thread, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return -1;
	seen.times++;
	return 0;
}

static const struct row {
	const char *name;
	int (*call)(void *, void *, int, uint32_t *);
	enum profile profile;
	bool nonblock;
} rows[] = {
	{ "its_own_thread", in_this_thread, PROFILE_ZEPHYR, false },
	{ "another_thread", in_another_thread, PROFILE_ZEPHYR, false },
	{ "linux_own_thread", in_this_thread, PROFILE_LINUX, false },
	{ "linux_another_thread", in_another_thread, PROFILE_LINUX, false },
	{ "pending_own_thread", in_this_thread, PROFILE_LINUX, true },
	{ "pending_another_thread", in_another_thread, PROFILE_LINUX, true },
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
	const struct tls_verify_callback callback = { .call = r->call };
	pthread_t server;
	int listener, peer;
	uint16_t port;

	seen = (struct answers){ .polled = -1 };
	profile_set(r->profile);
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	client =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	assert_int_equal(call_setsockopt(client, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_CALLBACK, &callback,
	                     sizeof(callback)),
	    0);
	if (r->nonblock)
		assert_int_equal(call_fcntl(client, F_SETFL, O_NONBLOCK), 0);
	server = loop_start(loop_accept_one, &listener);
	assert_int_equal(loop_connect(client, AF_INET, port),
	    r->nonblock ? -EINPROGRESS : 0);
	if (r->nonblock)
		finish();
	peer = (int)(intptr_t)loop_join(server);
	assert_true(peer >= 0);
	assert_true(seen.times > 0);
	assert_int_equal(seen.text, 0);
	assert_int_equal(seen.asked, 0);
	assert_int_equal(seen.error, 0);
	assert_int_equal(seen.result, 0);
	assert_int_equal(seen.flags, UINT32_MAX); /* not known yet */
	assert_int_equal(seen.polled, 0);
	assert_int_equal(seen.sent, -EAGAIN);
	assert_int_equal(seen.received, -EAGAIN);
	assert_int_equal(seen.connected, -EALREADY);
	assert_int_equal(seen.version, -ENOTCONN);
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
		seen.result = call_close(client);
	return 0;
}

static void
the_callback_closes_its_socket(void **state)
{
	int times = 0, listener;
	const struct tls_verify_callback callback = { close_it, &times };
	pthread_t server;
	uint16_t port;

	(void)state;
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	client =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	assert_int_equal(call_setsockopt(client, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_CALLBACK, &callback,
	                     sizeof(callback)),
	    0);
	server = loop_start(loop_accept_one, &listener);
	assert_int_equal(loop_connect(client, AF_INET, port), -EINTR);
	assert_int_equal((intptr_t)loop_join(server), -ECONNABORTED);
	assert_int_equal(seen.result, 0);
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
	return cmocka_run_group_tests_name("sock/tls_callback", tests, setup,
	    teardown);
}
