/*
 * Handshakes: full ones and resumed ones, with one CA and with a bundle of
 * many.  Each connection also has a byte echoed, for the ticket of TLS 1.3
 * comes with the first data.  The server is a thread that stays.
 */
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "support/pki.h"

#define BUNDLE_TAG 7
#define BUNDLE 145
#define TIMES 20

/* What is asked for: TLS 1.2 by its suite, else 1.3. */
struct wish {
	bool older, resume;
	int tag;
};

/* One way to have connections: a server, and a client's connection. */
struct way {
	void (*open)(const struct wish *w);
	void (*connect)(const struct wish *w);
	void (*close)(void);
};

static pthread_t server;
static int listener;
static struct sockaddr_in address;

static void
set(int fd, int name, const void *val, size_t len)
{
	bench_must(zsock_setsockopt(fd, ZSOCK_SOL_TLS, name, val,
	               (net_socklen_t)len) == 0,
	    "zsock_setsockopt");
}

static void *
serve_ours(void *arg)
{
	char byte;
	int fd;

	while ((fd = zsock_accept(listener, NULL, NULL)) >= 0) {
		bench_must(zsock_recv(fd, &byte, 1, 0) == 1 &&
		        zsock_send(fd, &byte, 1, 0) == 1,
		    "echo");
		zsock_close(fd);
	}
	return arg;
}

static void
open_ours(const struct wish *w)
{
	const int on = w->resume;

	listener = bench_listen_ours(&address, NET_IPPROTO_TLS_1_2);
	set(listener, ZSOCK_TLS_SEC_TAG_LIST, &(int){ BENCH_SERVER_TAG },
	    sizeof(int));
	set(listener, ZSOCK_TLS_SESSION_CACHE, &on, sizeof(on));
	pthread_create(&server, NULL, serve_ours, NULL);
}

static void
connect_ours(const struct wish *w)
{
	const int fd = zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	const int suite = w->older ? 0xc02b : 0x1301, on = w->resume;
	char byte = 'x';

	set(fd, ZSOCK_TLS_SEC_TAG_LIST, &w->tag, sizeof(int));
	set(fd, ZSOCK_TLS_HOSTNAME, "localhost", 9);
	set(fd, ZSOCK_TLS_CIPHERSUITE_LIST, &suite, sizeof(suite));
	set(fd, ZSOCK_TLS_SESSION_CACHE, &on, sizeof(on));
	bench_must(zsock_connect(fd, (struct sockaddr *)&address,
	               sizeof(address)) == 0 &&
	        zsock_send(fd, &byte, 1, 0) == 1 &&
	        zsock_recv(fd, &byte, 1, 0) == 1,
	    "a connection of ours");
	zsock_close(fd);
}

static void
close_ours(void)
{
	zsock_close(listener);
	pthread_join(server, NULL);
}

static const struct way ours = { open_ours, connect_ours, close_ours };

static SSL_CTX *client_ctx, *server_ctx;
static SSL_SESSION *last;

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(last);
	last = session;
	return 1;
}

/* Or each connection would wait 40 ms for an acknowledgement. */
static void
no_delay(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static void *
serve_ssl(void *arg)
{
	char byte;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		SSL *ssl = SSL_new(server_ctx);

		no_delay(fd);
		SSL_set_fd(ssl, fd);
		bench_must(SSL_accept(ssl) == 1 &&
		        SSL_read(ssl, &byte, 1) == 1 &&
		        SSL_write(ssl, &byte, 1) == 1,
		    "SSL_accept");
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(fd);
	}
	return arg;
}

static void
open_ssl(const struct wish *w)
{
	client_ctx = bench_client_ctx;
	server_ctx = bench_server_ctx;
	SSL_CTX_set_session_cache_mode(client_ctx,
	    w->resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
	              : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_new_cb(client_ctx, keep_session);
	SSL_CTX_set_session_cache_mode(server_ctx,
	    w->resume ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(server_ctx, w->resume ? 1 : 0);
	listener = bench_listen_raw(&address);
	pthread_create(&server, NULL, serve_ssl, NULL);
}

static void
connect_ssl(const struct wish *w)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl = SSL_new(client_ctx);
	char byte = 'x';

	if (w->older) {
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
		SSL_set_cipher_list(ssl, "ECDHE-ECDSA-AES128-GCM-SHA256");
	} else {
		SSL_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256");
	}
	bench_must(connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
	        0,
	    "connect");
	no_delay(fd);
	SSL_set_fd(ssl, fd);
	SSL_set1_host(ssl, "localhost");
	if (w->resume && last != NULL)
		SSL_set_session(ssl, last);
	bench_must(SSL_connect(ssl) == 1 && SSL_write(ssl, &byte, 1) == 1 &&
	        SSL_read(ssl, &byte, 1) == 1,
	    "SSL_connect");
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void
close_ssl(void)
{
	shutdown(listener, SHUT_RDWR);
	pthread_join(server, NULL);
	close(listener);
	SSL_SESSION_free(last);
	last = NULL;
}

static const struct way ssl_way = { open_ssl, connect_ssl, close_ssl };

/* Nanoseconds a connection takes; the first two, which learn, do not count. */
static double
measure(const struct way *way, const struct wish *w)
{
	int64_t start = 0;

	way->open(w);
	for (int i = 0; i < 2 + TIMES; i++) {
		if (i == 2)
			start = deadline_now_ns();
		way->connect(w);
	}
	start = deadline_now_ns() - start;
	way->close();
	return (double)start / TIMES;
}

static void
row(const char *name, const struct wish *mine_wish, const struct way *base_way,
    const struct wish *base_wish, const char *target)
{
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = measure(base_way, base_wish);
		mine[r] = measure(&ours, mine_wish);
		ratio[r] = mine[r] / base[r];
	}
	bench_print(name, mine, base, ratio, target);
}

/* The usual CA, and those of a browser's list. */
static void
store_bundle(void)
{
	struct pki_bytes pem;
	char *all = NULL;
	size_t size;
	FILE *f = open_memstream(&all, &size);

	bench_must(f != NULL, "open_memstream");
	for (int i = 0; i < BUNDLE; i++) {
		struct pki_cert ca;
		char name[32];

		snprintf(name, sizeof(name), "CA number %d", i);
		pki_make(&ca, NULL,
		    &(struct pki_spec){ .name = name, .ca = true });
		pem = pki_cert_pem(&ca);
		fwrite(pem.data, 1, pem.len - 1, f);
		pki_bytes_free(&pem);
		pki_free(&ca);
	}
	PEM_write_X509(f, bench_ca());
	fputc('\0', f);
	fclose(f);
	bench_must(tls_credential_add(BUNDLE_TAG, TLS_CREDENTIAL_CA_CERTIFICATE,
	               all, size) == 0,
	    "tls_credential_add");
	free(all);
}

void
bench_handshakes(void)
{
	const struct wish full = { .tag = BENCH_CA_TAG };
	const struct wish again = { .tag = BENCH_CA_TAG, .resume = true };
	const struct wish full_1_2 = { .tag = BENCH_CA_TAG, .older = true };
	const struct wish again_1_2 = { .tag = BENCH_CA_TAG,
		.older = true,
		.resume = true };
	const struct wish many = { .tag = BUNDLE_TAG };

	bench_identities();
	store_bundle();
	row("TLS 1.3 full handshake", &full, &ssl_way, &full,
	    "<= 1.03 x SSL_set_fd");
	row("TLS 1.2 full handshake", &full_1_2, &ssl_way, &full_1_2,
	    "<= 1.03 x SSL_set_fd");
	row("TLS 1.3 resumed", &again, &ssl_way, &again, "<= 1 x SSL_set_fd");
	row("TLS 1.2 resumed", &again_1_2, &ssl_way, &again_1_2,
	    "<= 1 x SSL_set_fd");
	row("TLS 1.3 resumed, against our full", &again, &ours, &full,
	    "<= 0.53 x");
	row("TLS 1.2 resumed, against our full", &again_1_2, &ours, &full_1_2,
	    "<= 0.20 x");
	row("TLS 1.3 with 145 CAs, against one", &many, &ours, &full,
	    "<= 1.03 x");
}
