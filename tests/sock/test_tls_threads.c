#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "support/loop.h"
#include "tls/context.h"

#define DUPLEX (8 * 1024 * 1024)

static struct pki pki;

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

/* A pattern that shows a byte that is missing, doubled or out of place. */
static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i ^ (i >> 8) ^ (i >> 16));
}

static unsigned char *
make_pattern(void)
{
	unsigned char *data = malloc(DUPLEX);

	assert_non_null(data);
	for (size_t i = 0; i < DUPLEX; i++)
		data[i] = byte_at(i);
	return data;
}

/* OpenSSL on a socket of its own: it writes all before it reads anything. */
static void *
write_all_then_read_all(void *arg)
{
	const int kfd = accept(*(int *)arg, NULL, NULL);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	unsigned char *data = make_pattern();
	size_t n, done = 0;
	intptr_t wrong = 0;
	SSL *ssl;

	SSL_CTX_use_certificate(ctx, pki.server.cert);
	SSL_CTX_use_PrivateKey(ctx, pki.server.key);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, kfd);
	if (SSL_accept(ssl) != 1 || SSL_write_ex(ssl, data, DUPLEX, &n) != 1)
		wrong = -1;
	while (wrong == 0 && done < DUPLEX) {
		if (SSL_read_ex(ssl, data, DUPLEX, &n) != 1) {
			wrong = -1;
			break;
		}
		for (size_t i = 0; i < n; i++)
			wrong += data[i] != byte_at(done + i);
		done += n;
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(kfd);
	free(data);
	return (void *)wrong;
}

static void *
send_pattern(void *arg)
{
	const int sock = *(int *)arg;
	unsigned char *data = make_pattern();
	size_t done = 0;
	ssize_t n;

	while (done < DUPLEX) {
		n = call_sendto(sock, data + done, DUPLEX - done, 0, NULL, 0);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	free(data);
	return (void *)(intptr_t)(done == DUPLEX ? 0 : -1);
}

static void *
receive_pattern(void *arg)
{
	const int sock = *(int *)arg;
	unsigned char buf[20000];
	size_t done = 0;
	ssize_t n;

	while (done < DUPLEX) {
		n = call_recvfrom(sock, buf, sizeof(buf), 0, NULL, NULL);
		if (n <= 0)
			return (void *)(intptr_t)-1;
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != byte_at(done + (size_t)i))
				return (void *)(intptr_t)-2;
		}
		done += (size_t)n;
	}
	return NULL;
}

static void
one_thread_sends_while_another_receives(void **state)
{
	uint16_t port;
	int listener = loop_listen_raw(AF_INET, &port);
	const pthread_t peer = loop_start(write_all_then_read_all, &listener);
	int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	pthread_t sender, receiver;

	(void)state;
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	sender = loop_start(send_pattern, &sock);
	receiver = loop_start(receive_pattern, &sock);
	assert_null(loop_join(sender));
	assert_null(loop_join(receiver));
	assert_null(loop_join(peer));
	assert_int_equal(call_close(sock), 0);
	close(listener);
}

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)call_recvfrom(*(int *)arg, &byte, 1, 0, NULL,
	    NULL);
}

/*
 * Close meets the receiver before it sleeps, while it does, or not at all
 * (then its number is not ours any more); it must never be left behind.
 */
static void
close_ends_a_blocked_receive(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct loop_pair p;
		pthread_t thread;
		ssize_t rc;

		loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
		thread = loop_start(receive_one, &p.client);
		assert_int_equal(call_close(p.client), 0);
		rc = (ssize_t)(intptr_t)loop_join(thread);
		assert_true(rc == -EINTR || rc == -EBADF);
		assert_int_equal(call_close(p.server), 0);
	}
}

struct connecting {
	int sock;
	uint16_t port;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;

	return (void *)(intptr_t)loop_connect(c->sock, AF_INET, c->port);
}

/*
 * Once the listener has the connection, the client is in its handshake.  A
 * receive of another thread waits for how that ends, and hears the same.
 */
static void
receive_waits_for_the_other_threads_handshake(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct connecting c;
		pthread_t connecter, receiver;
		const int listener = loop_listen_raw(AF_INET, &c.port);
		int kfd;

		c.sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG,
		    "localhost");
		connecter = loop_start(connect_it, &c);
		kfd = accept(listener, NULL, NULL);
		receiver = loop_start(receive_one, &c.sock);
		close(kfd);
		assert_int_equal((intptr_t)loop_join(connecter), -ECONNABORTED);
		assert_int_equal((intptr_t)loop_join(receiver), -ECONNABORTED);
		assert_int_equal(call_close(c.sock), 0);
		close(listener);
	}
}

static atomic_int failures;

/* Connects again and again with credentials that another thread renews. */
static void *
connect_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < 30; i++) {
		struct loop_pair p;
		char byte = 0;

		loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
		loop_send_all(p.client, "k", 1);
		loop_recv_all(p.server, &byte, 1);
		if (byte != 'k')
			atomic_fetch_add(&failures, 1);
		loop_pair_close(&p);
	}
	return NULL;
}

static void *
stir_the_store(void *arg)
{
	struct tls_context *ctx;
	struct verdict why;

	for (int i = 0; i < 200; i++) {
		pki_store_ca(77, &pki.ca);
		if (tls_context_get((int[]){ LOOP_CA_TAG, 77 }, 2, &ctx,
		        &why) == 0)
			tls_context_put(ctx);
		pki_forget(77);
	}
	return arg;
}

static void
many_threads_share_contexts_while_the_store_changes(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] =
		    loop_start(i == 0 ? stir_the_store : connect_often, NULL);
	for (size_t i = 0; i < LEN(threads); i++)
		loop_join(threads[i]);
	assert_int_equal(atomic_load(&failures), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_sends_while_another_receives),
		cmocka_unit_test(close_ends_a_blocked_receive),
		cmocka_unit_test(receive_waits_for_the_other_threads_handshake),
		cmocka_unit_test(
		    many_threads_share_contexts_while_the_store_changes),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/tls_threads", tests, setup,
	    teardown);
}
