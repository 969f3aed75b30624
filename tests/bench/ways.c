/* Sending and receiving, three ways, and the identities of both ends. */
#include "bench/ways.h"

#include <sys/socket.h>

#include <zephyr/net/socket.h>

#include "bench/machine.h"
#include "support/pki.h"

static struct pki pki;
SSL_CTX *bench_client_ctx, *bench_server_ctx;
/* A thread's own. */
static _Thread_local char buf[WAYS_SIZE_MAX];

static size_t
least(size_t left, size_t size)
{
	return left < size ? left : size;
}

static void
ours_send(const struct bench_end *e, size_t n)
{
	bench_must(zsock_send(e->fd, buf, n, 0) == (ssize_t)n, "zsock_send");
}

static void
ours_recv(const struct bench_end *e, size_t n, size_t size)
{
	size_t done = 0;

	while (done < n) {
		const ssize_t got =
		    zsock_recv(e->fd, buf, least(n - done, size), 0);

		bench_must(got > 0, "zsock_recv");
		done += (size_t)got;
	}
}

static void
raw_send(const struct bench_end *e, size_t n)
{
	bench_must(send(e->fd, buf, n, MSG_NOSIGNAL) == (ssize_t)n, "send");
}

static void
raw_recv(const struct bench_end *e, size_t n, size_t size)
{
	size_t done = 0;

	while (done < n) {
		const ssize_t got = recv(e->fd, buf, least(n - done, size), 0);

		bench_must(got > 0, "recv");
		done += (size_t)got;
	}
}

static void
openssl_send(const struct bench_end *e, size_t n)
{
	bench_must(SSL_write(e->ssl, buf, (int)n) == (int)n, "SSL_write");
}

static void
openssl_recv(const struct bench_end *e, size_t n, size_t size)
{
	size_t done = 0, got;

	while (done < n) {
		bench_must(SSL_read_ex(e->ssl, buf, least(n - done, size),
		               &got) == 1,
		    "SSL_read_ex");
		done += got;
	}
}

const struct bench_way ways_ours = { ours_send, ours_recv };
const struct bench_way ways_raw = { raw_send, raw_recv };
const struct bench_way ways_openssl = { openssl_send, openssl_recv };

void
bench_identities(void)
{
	if (bench_client_ctx != NULL)
		return;
	pki_init(&pki, PKI_EC);
	pki_store_ca(BENCH_CA_TAG, &pki.ca);
	pki_store_identity(BENCH_SERVER_TAG, &pki.server);
	bench_client_ctx = SSL_CTX_new(TLS_client_method());
	bench_server_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_verify(bench_client_ctx, SSL_VERIFY_PEER, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(bench_client_ctx),
	    pki.ca.cert);
	SSL_CTX_use_certificate(bench_server_ctx, pki.server.cert);
	SSL_CTX_use_PrivateKey(bench_server_ctx, pki.server.key);
}

X509 *
bench_ca(void)
{
	return pki.ca.cert;
}
