/*
 * Handshakes: full ones and resumed ones, with one CA and with a bundle of
 * many.  Each connection also has a byte echoed, for the ticket of TLS 1.3
 * comes with the first data.  The server is a thread that stays.
 */
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
#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/ways.h"
#include "support/pki.h"

#define BUNDLE_TAG 7
#define BUNDLE 145
#define TIMES 20
#define FIRST_ROUNDS 15

/*
 * Room for a record.  The library keeps its rings for the next connection; of
 * larger blocks, freed with each, malloc would make much work.
 */
#define PAIR_RING ((size_t)17 * 1024)

/* What is asked for: TLS 1.2 by its suite, else 1.3. */
struct wish {
	bool older, resume;
	bool nagle; /* what the kernel does unless it is told not to */
	bool bare;  /* OpenSSL over a pair, not SSL_set_fd */
	int tag, times;
};

/* One way to have connections: a server, and a client's connection. */
struct way {
	void (*open)(const struct wish *w);
	void (*connect)(const struct wish *w);
	void (*close)(void);
};

static pthread_t server;
static const struct wish *wished;
static int listener;
static struct sockaddr_in address;

static void *
serve_ours(void *arg)
{
	char byte;
	int fd;

	while ((fd = zsock_accept(listener, NULL, NULL)) >= 0) {
		bench_must(zsock_recv(fd, &byte, 1, 0) == 1 &&
		        zsock_send(fd, &byte, 1, 0) == 1,
		    "echo");
		/* A close would send at once what Nagle holds back. */
		if (wished->nagle)
			(void)zsock_recv(fd, &byte, 1, 0);
		zsock_close(fd);
	}
	return arg;
}

static void
open_ours(const struct wish *w)
{
	const int on = w->resume;

	wished = w;
	listener = bench_listen_ours(&address, NET_IPPROTO_TLS_1_2);
	bench_set_tls(listener, ZSOCK_TLS_SEC_TAG_LIST,
	    &(int){ BENCH_SERVER_TAG }, sizeof(int));
	bench_set_tls(listener, ZSOCK_TLS_SESSION_CACHE, &on, sizeof(on));
	pthread_create(&server, NULL, serve_ours, NULL);
}

static void
connect_ours(const struct wish *w)
{
	const int fd = zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	const int suite = w->older ? 0xc02b : BENCH_SUITE, on = w->resume;
	char byte = 'x';

	bench_set_tls(fd, ZSOCK_TLS_SEC_TAG_LIST, &w->tag, sizeof(int));
	bench_set_tls(fd, ZSOCK_TLS_HOSTNAME, "localhost", 9);
	bench_set_tls(fd, ZSOCK_TLS_CIPHERSUITE_LIST, &suite, sizeof(suite));
	bench_set_tls(fd, ZSOCK_TLS_SESSION_CACHE, &on, sizeof(on));
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

/* Else each connection waits 40 ms for an acknowledgement. */
static void
no_delay(const struct wish *w, int fd)
{
	if (!w->nagle)
		bench_no_delay(fd);
}

static void
attach(const struct wish *w, struct bench_end *e)
{
	no_delay(w, e->fd);
	if (w->bare)
		bare_attach(e, PAIR_RING);
	else
		SSL_set_fd(e->ssl, e->fd);
}

static void
shake_hands(const struct wish *w, const struct bench_end *e)
{
	if (w->bare)
		bare_handshake(e);
	else
		bench_must(SSL_do_handshake(e->ssl) == 1, "a handshake");
}

static void
part(const struct wish *w, const struct bench_end *e)
{
	if (w->bare)
		bare_shutdown(e);
	else
		SSL_shutdown(e->ssl);
	bare_free(e);
}

static void *
serve_ssl(void *arg)
{
	const struct bench_way *way = wished->bare ? &ways_bare : &ways_openssl;
	struct bench_end e = { 0 };
	char byte;

	while ((e.fd = accept(listener, NULL, NULL)) >= 0) {
		e.ssl = SSL_new(server_ctx);
		SSL_set_accept_state(e.ssl);
		attach(wished, &e);
		shake_hands(wished, &e);
		way->recv(&e, 1, 1);
		way->send(&e, 1);
		if (wished->nagle)
			(void)SSL_read(e.ssl, &byte, 1);
		part(wished, &e);
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
	SSL_CTX_set_num_tickets(server_ctx, w->resume ? 1 : w->nagle ? 2 : 0);
	wished = w;
	listener = bench_listen_raw(&address);
	pthread_create(&server, NULL, serve_ssl, NULL);
}

static void
connect_ssl(const struct wish *w)
{
	const struct bench_way *way = w->bare ? &ways_bare : &ways_openssl;
	struct bench_end e = { .fd = bench_connect_raw(&address) };
	SSL *ssl = SSL_new(client_ctx);

	if (w->older) {
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
		SSL_set_cipher_list(ssl, "ECDHE-ECDSA-AES128-GCM-SHA256");
	} else {
		SSL_set_ciphersuites(ssl, BENCH_SUITE_NAME);
	}
	e.ssl = ssl;
	SSL_set_connect_state(ssl);
	attach(w, &e);
	SSL_set1_host(ssl, "localhost");
	if (w->resume && last != NULL)
		SSL_set_session(ssl, last);
	shake_hands(w, &e);
	way->send(&e, 1);
	way->recv(&e, 1, 1);
	part(w, &e);
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
connection_ns(const struct way *way, const struct wish *w)
{
	int64_t start = 0;

	way->open(w);
	for (int i = 0; i < 2 + w->times; i++) {
		if (i == 2)
			start = deadline_now_ns();
		way->connect(w);
	}
	start = deadline_now_ns() - start;
	way->close();
	return (double)start / w->times;
}

/* One way and another that it is compared with. */
struct pair {
	const struct way *mine;
	const struct wish *wish;
	const struct way *base;
	const struct wish *base_wish;
};

static double
measure(const void *how, bool mine)
{
	const struct pair *p = how;

	return mine ? connection_ns(p->mine, p->wish)
	            : connection_ns(p->base, p->base_wish);
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

#define CA .tag = BENCH_CA_TAG, .times = TIMES
static const struct wish full = { CA };
static const struct wish full_1_2 = { CA, .older = true };
static const struct wish again = { CA, .resume = true };
static const struct wish again_1_2 = { CA, .older = true, .resume = true };
static const struct wish many = { .tag = BUNDLE_TAG, .times = TIMES };
static const struct wish first = { CA, .nagle = true };
static const struct wish slow = { .tag = BENCH_CA_TAG,
	.nagle = true,
	.times = 3 };

static const struct row {
	enum bench_row row;
	struct pair pair;
} rows[] = {
	{ ROW_FULL_1_3, { &ours, &full, &ssl_way, &full } },
	{ ROW_FULL_1_2, { &ours, &full_1_2, &ssl_way, &full_1_2 } },
	{ ROW_RESUMED_1_3, { &ours, &again, &ssl_way, &again } },
	{ ROW_RESUMED_1_2, { &ours, &again_1_2, &ssl_way, &again_1_2 } },
	{ ROW_AGAIN_1_3, { &ours, &again, &ours, &full } },
	{ ROW_AGAIN_1_2, { &ours, &again_1_2, &ours, &full_1_2 } },
	{ ROW_MANY_CAS, { &ours, &many, &ours, &full } },
};

void
bench_handshakes(void)
{
	const struct pair nagle = { &ours, &first, &ssl_way, &slow };

	bench_identities();
	store_bundle();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_run(rows[i].row, ROW_ROUNDS, measure, &rows[i].pair);
	/* One that waits for an acknowledgement has to be asleep for it. */
	bench_unpin();
	row_run(ROW_FIRST_ECHO, FIRST_ROUNDS, measure, &nagle);
}

static const struct wish bare_full = { CA, .bare = true };
static const struct wish bare_full_1_2 = { CA, .older = true, .bare = true };
static const struct wish bare_again = { CA, .resume = true, .bare = true };
static const struct wish bare_again_1_2 = { CA, .older = true, .resume = true,
	.bare = true };

/* A pair against SSL_set_fd, and the library against a pair. */
static const struct row bare_rows[] = {
	{ ROW_BARE_FULL_1_3, { &ssl_way, &bare_full, &ssl_way, &full } },
	{ ROW_BARE_FULL_1_2,
	    { &ssl_way, &bare_full_1_2, &ssl_way, &full_1_2 } },
	{ ROW_BARE_RESUMED_1_3, { &ssl_way, &bare_again, &ssl_way, &again } },
	{ ROW_BARE_RESUMED_1_2,
	    { &ssl_way, &bare_again_1_2, &ssl_way, &again_1_2 } },
	{ ROW_ON_BARE_FULL_1_3, { &ours, &full, &ssl_way, &bare_full } },
	{ ROW_ON_BARE_FULL_1_2,
	    { &ours, &full_1_2, &ssl_way, &bare_full_1_2 } },
	{ ROW_ON_BARE_RESUMED_1_3, { &ours, &again, &ssl_way, &bare_again } },
	{ ROW_ON_BARE_RESUMED_1_2,
	    { &ours, &again_1_2, &ssl_way, &bare_again_1_2 } },
};

void
bare_handshakes(void)
{
	bench_identities();
	for (size_t i = 0; i < sizeof(bare_rows) / sizeof(bare_rows[0]); i++)
		row_run(bare_rows[i].row, ROW_ROUNDS, measure,
		    &bare_rows[i].pair);
}
