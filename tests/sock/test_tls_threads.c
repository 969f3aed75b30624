#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/config.h"
#include "base/kernel.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"
#include "support/peer.h"
#include "tls/context.h"

#define DUPLEX (8 * 1024 * 1024)

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

	SSL_CTX_use_certificate(ctx, loop_pki.server.cert);
	SSL_CTX_use_PrivateKey(ctx, loop_pki.server.key);
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

#define MESSAGES 2000

/* Counts what it receives, a byte at a time, until the stream ends. */
static atomic_int received;

static void *
receive_bytes(void *arg)
{
	char byte;
	ssize_t n;

	while ((n = call_recvfrom(*(int *)arg, &byte, 1, 0, NULL, NULL)) == 1)
		atomic_fetch_add(&received, 1);
	return (void *)(intptr_t)n;
}

static void *
poll_always(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	do {
		if (poll_sockets(&p, 1, 1000, false) < 0)
			return (void *)(intptr_t)-1;
	} while ((p.revents & POLLHUP) == 0);
	return NULL;
}

/* Each message waits for the one before it, so one that is lost is the last. */
static void
send_and_wait_for_each(struct peer *p, size_t len)
{
	const char message[2] = { 'm', 'm' };
	int sent = 0;

	atomic_store(&received, 0);
	for (int i = 0; i < MESSAGES; i++) {
		peer_send(p, message, len);
		sent += (int)len;
		while (atomic_load(&received) < sent)
			sched_yield();
	}
}

static void
poll_leaves_a_blocked_receiver_its_data(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &loop_pki.server, 0);
	const pthread_t poller = loop_start(poll_always, &sock);
	const pthread_t receiver = loop_start(receive_bytes, &sock);

	(void)state;
	send_and_wait_for_each(&p, 1);
	assert_int_equal(SSL_shutdown(p.ssl), 0);
	assert_null(loop_join(receiver));
	assert_null(loop_join(poller));
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* What one of them leaves in the engine is the next one's. */
static void
no_receiver_sleeps_on_while_there_are_data(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &loop_pki.server, 0);
	pthread_t receivers[3];

	(void)state;
	for (size_t i = 0; i < LEN(receivers); i++)
		receivers[i] = loop_start(receive_bytes, &sock);
	send_and_wait_for_each(&p, 2);
	assert_int_equal(SSL_shutdown(p.ssl), 0);
	for (size_t i = 0; i < LEN(receivers); i++)
		assert_null(loop_join(receivers[i]));
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void *
poll_once(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return (void *)(intptr_t)poll_sockets(&p, 1, 30000, false);
}

/*
 * What a receiver takes and leaves decrypted is the kernel's no more, so poll
 * does not rely on it alone while somebody receives.
 */
static void
poll_looks_again_while_another_thread_receives(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &loop_pki.server, 0);
	pthread_t receiver, poller;

	(void)state;
	fake_kernel_install();
	receiver = loop_start(receive_one, &sock);
	while (fake_kernel_count(FAKE_RECVFROM) < 2)
		sched_yield();
	poller = loop_start(poll_once, &sock);
	while (fake_kernel_count(FAKE_POLL) < 3)
		sched_yield();
	assert_in_range(fake_kernel_poll_timeout(), 0, 100);
	peer_send(&p, "ab", 2);
	assert_int_equal((intptr_t)loop_join(receiver), 1);
	assert_int_equal((intptr_t)loop_join(poller), 1);
	fake_kernel_remove();
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* A thread's sleep that is held up, and signs that others have come by. */
static atomic_bool asleep, go_on, came_by;

static ssize_t
sleep_late(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	if (flags == MSG_PEEK && !atomic_exchange(&asleep, true)) {
		while (!atomic_load(&go_on))
			sched_yield();
	}
	return recvfrom(kfd, buf, len, flags, addr, addrlen);
}

static int
ask_by_the_way(int kfd, int cmd, long arg)
{
	atomic_store(&came_by, true);
	return fcntl(kfd, cmd, arg);
}

static void *
receive_one_and_tell(void *arg)
{
	void *n = receive_one(arg);

	atomic_store(&came_by, true);
	return n;
}

/* It would sleep on, for what it was to wake up for is gone. */
static void
a_newcomer_takes_nothing_from_under_a_sleeper(void **state)
{
	struct kernel table = kernel_libc;
	struct peer p;
	int sock = peer_serve(&p, &loop_pki.server, TLS1_2_VERSION);
	pthread_t sleeper, newcomer;

	(void)state;
	atomic_store(&asleep, false);
	atomic_store(&go_on, false);
	atomic_store(&came_by, false);
	table.recvfrom = sleep_late;
	table.fcntl = ask_by_the_way;
	kernel = &table;
	sleeper = loop_start(receive_one, &sock);
	while (!atomic_load(&asleep))
		sched_yield();
	peer_send(&p, "ab", 2);
	peer_settle(&p);
	newcomer = loop_start(receive_one_and_tell, &sock);
	while (!atomic_load(&came_by))
		sched_yield();
	atomic_store(&go_on, true);
	assert_int_equal((intptr_t)loop_join(sleeper), 1);
	assert_int_equal((intptr_t)loop_join(newcomer), 1);
	kernel = &kernel_libc;
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
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
		int kfd, rc;

		c.sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG,
		    "localhost");
		connecter = loop_start(connect_it, &c);
		kfd = accept(listener, NULL, NULL);
		receiver = loop_start(receive_one, &c.sock);
		close(kfd);
		/* A reset, if the ClientHello was there and not read. */
		rc = (int)(intptr_t)loop_join(connecter);
		assert_true(rc == -ECONNABORTED || rc == -ECONNRESET);
		assert_int_equal((intptr_t)loop_join(receiver), rc);
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
		pki_store_ca(77, &loop_pki.ca);
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
		cmocka_unit_test(poll_leaves_a_blocked_receiver_its_data),
		cmocka_unit_test(no_receiver_sleeps_on_while_there_are_data),
		cmocka_unit_test(a_newcomer_takes_nothing_from_under_a_sleeper),
		cmocka_unit_test(
		    poll_looks_again_while_another_thread_receives),
		cmocka_unit_test(receive_waits_for_the_other_threads_handshake),
		cmocka_unit_test(
		    many_threads_share_contexts_while_the_store_changes),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/tls_threads", tests,
	    loop_setup, loop_teardown);
}
