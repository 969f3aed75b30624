#include "support/test.h"

#include "support/dtls_pair.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/dtls.h"
#include "sock/event.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/fake_kernel.h"
#include "tls/engine_parts.h"

#define KEY "0123456789abcdef"

static int open_socks[64], n_open;
static int open_kfds[16], n_kfds;

/* Who takes in what comes; stop is an eventfd of the library, or -1. */
static struct {
	pthread_t thread;
	int server, stop;
} serving = { .stop = -1 };

int
dtls_pair_keep(int sock)
{
	assert_true(sock >= 0);
	assert_in_range(n_open, 0, LEN(open_socks) - 1);
	open_socks[n_open++] = sock;
	return sock;
}

void
dtls_pair_close(int sock)
{
	for (int i = 0; i < n_open; i++) {
		if (open_socks[i] == sock)
			open_socks[i] = -1;
	}
	assert_int_equal(call_close(sock), 0);
}

void
dtls_pair_kill(int sock)
{
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, INT_MAX, EPERM);
	dtls_pair_close(sock);
	fake_kernel_remove();
}

void
dtls_pair_store_key(const char *key)
{
	pki_forget(DTLS_PAIR_TAG);
	assert_int_equal(store_add(DTLS_PAIR_TAG, CRED_PSK_ID, DTLS_PAIR_ID,
	                     strlen(DTLS_PAIR_ID)),
	    0);
	assert_int_equal(store_add(DTLS_PAIR_TAG, CRED_PSK, key, strlen(key)),
	    0);
}

void
dtls_pair_set(int sock, int name, int value)
{
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, name, &value,
	                     sizeof(value)),
	    0);
}

void
dtls_pair_limit(int sock, int option, int ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, option, &tv,
	                     sizeof(tv)),
	    0);
}

void
dtls_pair_schedule(int sock, int min_ms, int max_ms)
{
	dtls_pair_set(sock, TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, min_ms);
	dtls_pair_set(sock, TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, max_ms);
}

void
dtls_pair_usual_schedule(int sock)
{
	dtls_pair_schedule(sock, 1000, 60000);
}

/* Ports of both families lie at the same offset. */
static uint16_t
port_of(const struct sockaddr_storage *addr)
{
	return ntohs(((const struct sockaddr_in *)addr)->sin_port);
}

static void
bind_to(int sock, int family, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, family, *port);

	assert_int_equal(call_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(call_getsockname(sock, (struct sockaddr *)&addr, &len),
	    0);
	*port = port_of(&addr);
}

int
dtls_pair_client(int family)
{
	const int sock =
	    dtls_pair_keep(call_socket(family, SOCK_DGRAM, KINDS_DTLS_1_2));

	dtls_pair_set(sock, TLS_NAME_SEC_TAG_LIST, DTLS_PAIR_TAG);
	dtls_pair_set(sock, TLS_NAME_CIPHERSUITE_LIST, DTLS_PAIR_SUITE);
	return sock;
}

int
dtls_pair_bound_client(int family, uint16_t *port)
{
	const int sock = dtls_pair_client(family);

	bind_to(sock, family, port);
	return sock;
}

int
dtls_pair_server(int family, uint16_t *port)
{
	const int sock = dtls_pair_client(family);

	dtls_pair_set(sock, TLS_NAME_DTLS_ROLE, 1);
	bind_to(sock, family, port);
	return sock;
}

int
dtls_pair_end(const struct tls_end *end, uint16_t *port)
{
	const int sock = dtls_pair_keep(call_socket(AF_INET, SOCK_DGRAM,
	    end->proto != 0 ? end->proto : KINDS_DTLS_1_2));

	tls_ends_set(sock, end);
	if (port != NULL) {
		dtls_pair_set(sock, TLS_NAME_DTLS_ROLE, 1);
		bind_to(sock, AF_INET, port);
	}
	return sock;
}

int
dtls_pair_raw(int family, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, family, *port);
	const int kfd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(kfd >= 0);
	assert_in_range(n_kfds, 0, LEN(open_kfds) - 1);
	open_kfds[n_kfds++] = kfd;
	assert_int_equal(bind(kfd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(kfd, (struct sockaddr *)&addr, &len), 0);
	*port = port_of(&addr);
	return kfd;
}

void
dtls_pair_close_raw(int kfd)
{
	for (int i = 0; i < n_kfds; i++) {
		if (open_kfds[i] == kfd)
			open_kfds[i] = open_kfds[--n_kfds];
	}
	assert_int_equal(close(kfd), 0);
}

ssize_t
dtls_pair_send(int sock, const char *text, int flags)
{
	return call_sendto(sock, text, strlen(text), flags, NULL, 0);
}

ssize_t
dtls_pair_send_to(int sock, const char *text, int family, uint16_t port)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, family, port);

	return call_sendto(sock, text, strlen(text), 0,
	    (struct sockaddr *)&addr, len);
}

ssize_t
dtls_pair_recv(int sock, void *buf, size_t len, int flags)
{
	return call_recvfrom(sock, buf, len, flags, NULL, NULL);
}

void
dtls_pair_expect(int sock, const char *text)
{
	char buf[2048];
	const ssize_t n = dtls_pair_recv(sock, buf, sizeof(buf), 0);

	if (n != (ssize_t)strlen(text))
		fail_msg("recv answered %zd, not \"%s\"", n, text);
	assert_memory_equal(buf, text, (size_t)n);
}

short
dtls_pair_poll(int sock, short events, int timeout_ms)
{
	struct pollfd p = { .fd = sock, .events = events };
	const int n = poll_sockets(&p, 1, timeout_ms, false);

	assert_int_equal(n, p.revents != 0);
	return p.revents;
}

static void *
take_in(void *arg)
{
	struct pollfd p[] = { { .fd = serving.server, .events = POLLIN },
		{ .fd = serving.stop, .events = POLLIN } };

	do {
		if (poll_sockets(p, LEN(p), DTLS_PAIR_FAR_MS, false) <= 0)
			break;
	} while (p[1].revents == 0 && (p[0].revents & (POLLIN | POLLERR)) == 0);
	return arg;
}

void
dtls_pair_serve(int server)
{
	char byte;

	assert_int_equal(serving.stop, -1);
	/* The older device's poll knows nothing before the first recv. */
	assert_int_equal(dtls_pair_recv(server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	serving.server = server;
	serving.stop = call_eventfd(0, 0);
	assert_true(serving.stop >= 0);
	serving.thread = loop_start(take_in, NULL);
}

void
dtls_pair_served(void)
{
	assert_int_equal(call_eventfd_write(serving.stop, 1), 0);
	(void)loop_join(serving.thread);
	assert_int_equal(call_close(serving.stop), 0);
	serving.stop = -1;
}

void
dtls_pair_meet(int client, int server, int family, uint16_t port)
{
	dtls_pair_serve(server);
	assert_int_equal(loop_connect(client, family, port), 0);
	assert_int_equal(dtls_pair_send(client, "!", 0), 1);
	dtls_pair_served();
	dtls_pair_expect(server, "!");
}

void
dtls_pair_open(struct dtls_pair *p)
{
	p->port = 0;
	p->server = dtls_pair_server(AF_INET, &p->port);
	p->client = dtls_pair_client(AF_INET);
	dtls_pair_meet(p->client, p->server, AF_INET, p->port);
}

/* The key block of an AES-128-GCM suite: RFC 5246, 6.3. */
struct key_block {
	unsigned char client_key[16], server_key[16];
	unsigned char client_iv[4], server_iv[4];
};

static void
derive(const SSL *ssl, struct key_block *out)
{
	static char digest[] = "SHA256", label[] = "key expansion";
	unsigned char master[48], client[32], server[32];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM p[] = {
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
		    sizeof(digest) - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SECRET, master,
		    sizeof(master)),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, label,
		    sizeof(label) - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, server,
		    sizeof(server)),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, client,
		    sizeof(client)),
		OSSL_PARAM_END,
	};

	SSL_SESSION_get_master_key(SSL_get_session(ssl), master,
	    sizeof(master));
	SSL_get_client_random(ssl, client, sizeof(client));
	SSL_get_server_random(ssl, server, sizeof(server));
	assert_int_equal(EVP_KDF_derive(ctx, (unsigned char *)out, sizeof(*out),
	                     p),
	    1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* An alert as a record of epoch 1: RFC 6347, 4.1, and RFC 5288, 3. */
#define ALERT_SIZE (13 + 8 + 2 + 16)

static void
seal(const struct key_block *k, bool server, int description,
    unsigned char record[ALERT_SIZE])
{
	/* A number that no record of the session has come to yet. */
	static const unsigned char head[13] = { 21, 254, 253, 0, 1, 0, 0, 1, 0,
		0, 0, 0, ALERT_SIZE - 13 };
	const unsigned char alert[2] = { 2, (unsigned char)description };
	unsigned char aad[13], nonce[12];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	memcpy(record, head, sizeof(head));
	memcpy(record + 13, head + 3, 8);
	memcpy(nonce, server ? k->server_iv : k->client_iv, 4);
	memcpy(nonce + 4, head + 3, 8);
	memcpy(aad, head + 3, 8);
	memcpy(aad + 8, (unsigned char[]){ 21, 254, 253, 0, 2 }, 5);
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL,
	                     server ? k->server_key : k->client_key, nonce),
	    1);
	EVP_EncryptUpdate(ctx, NULL, &n, aad, sizeof(aad));
	EVP_EncryptUpdate(ctx, record + 21, &n, alert, sizeof(alert));
	EVP_EncryptFinal_ex(ctx, record + 23, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, record + 23);
	EVP_CIPHER_CTX_free(ctx);
}

void
dtls_pair_alert(int sock, int description)
{
	const struct dtls_sock *d =
	    (const struct dtls_sock *)fdtable_peek(sock);
	const struct dtls_session *s = d->latest;
	unsigned char record[ALERT_SIZE];
	struct key_block keys;
	const bool connected = d->connected;

	assert_non_null(s);
	derive(s->engine->ssl, &keys);
	seal(&keys, dtls_is_server_locked(d), description, record);
	assert_int_equal(sendto(loop_kfd(sock), record, sizeof(record), 0,
	                     connected ? NULL : &s->peer.any,
	                     connected ? 0 : s->peer_len),
	    sizeof(record));
}

/* A test under one profile. */
struct unit {
	const struct dtls_pair_test *test;
	enum profile profile;
	char name[128];
};

static void
run(void **state)
{
	const struct unit *u = *state;

	profile_set(u->profile);
	dtls_pair_store_key(KEY);
	if (u->test->check != NULL)
		u->test->check(u->test->row);
	else
		u->test->run();
}

static int
clean_up(void **state)
{
	(void)state;
	fake_kernel_remove();
	if (serving.stop >= 0)
		dtls_pair_served();
	while (n_open > 0) {
		if (open_socks[--n_open] >= 0)
			(void)call_close(open_socks[n_open]);
	}
	while (n_kfds > 0)
		close(open_kfds[--n_kfds]);
	pki_forget(DTLS_PAIR_TAG);
	limits_clear();
	return 0;
}

int
dtls_pair_run(const char *group, const struct dtls_pair_test *tests, size_t n)
{
	struct unit *units = calloc(n * PROFILE_COUNT, sizeof(*units));
	struct CMUnitTest *all = calloc(n * PROFILE_COUNT, sizeof(*all));
	size_t k = 0;
	int rc;

	if (units == NULL || all == NULL)
		return 99;
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < n * PROFILE_COUNT; i++) {
		const struct dtls_pair_test *t = &tests[i / PROFILE_COUNT];
		const enum profile p = (enum profile)(i % PROFILE_COUNT);

		if (t->in != 0 && (t->in & 1U << p) == 0)
			continue;
		units[k] = (struct unit){ .test = t, .profile = p };
		snprintf(units[k].name, sizeof(units[k].name), "%s_%s", t->name,
		    profile_name(p));
		all[k] = (struct CMUnitTest){ .name = units[k].name,
			.test_func = run,
			.teardown_func = clean_up,
			.initial_state = &units[k] };
		k++;
	}
	rc = _cmocka_run_group_tests(group, all, k, NULL, NULL);
	free(units);
	free(all);
	return rc;
}
