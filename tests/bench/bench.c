/*
 * What the library costs: each row measures the same work through it and
 * through raw sockets or raw OpenSSL (SSL_set_fd), in turn, in one thread
 * that drives both ends; the ratio is the median of the rounds' ratios.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "bench/dtls.h"
#include "support/pki.h"

static struct pki pki;
SSL_CTX *bench_client_ctx, *bench_server_ctx;
/* A thread's own. */
static _Thread_local char buf[65536];

static void
ours_send(const struct bench_end *e, size_t n)
{
	bench_must(zsock_send(e->fd, buf, n, 0) == (ssize_t)n, "zsock_send");
}

static size_t
piece(size_t left)
{
	return left < sizeof(buf) ? left : sizeof(buf);
}

static void
ours_recv(const struct bench_end *e, size_t n)
{
	size_t done = 0;

	while (done < n) {
		const ssize_t got = zsock_recv(e->fd, buf, piece(n - done), 0);

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
raw_recv(const struct bench_end *e, size_t n)
{
	size_t done = 0;

	while (done < n) {
		const ssize_t got = recv(e->fd, buf, piece(n - done), 0);

		bench_must(got > 0, "recv");
		done += (size_t)got;
	}
}

static void
ssl_send(const struct bench_end *e, size_t n)
{
	bench_must(SSL_write(e->ssl, buf, (int)n) == (int)n, "SSL_write");
}

static void
ssl_recv(const struct bench_end *e, size_t n)
{
	size_t done = 0, got;

	while (done < n) {
		bench_must(SSL_read_ex(e->ssl, buf, piece(n - done), &got) == 1,
		    "SSL_read_ex");
		done += got;
	}
}

const struct bench_way bench_ours = { ours_send, ours_recv };
static const struct bench_way raw = { raw_send, raw_recv };
const struct bench_way bench_openssl = { ssl_send, ssl_recv };

int
bench_listen_raw(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bench_must(fd >= 0 && bind(fd, (struct sockaddr *)addr, len) == 0 &&
	        listen(fd, 16) == 0 &&
	        getsockname(fd, (struct sockaddr *)addr, &len) == 0,
	    "listen");
	return fd;
}

static void
connect_raw(struct bench_end ends[2])
{
	struct sockaddr_in addr;
	const int listener = bench_listen_raw(&addr);

	ends[0] = (struct bench_end){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	bench_must(connect(ends[0].fd, (struct sockaddr *)&addr,
	               sizeof(addr)) == 0,
	    "connect");
	ends[1] = (struct bench_end){ .fd = accept(listener, NULL, NULL) };
	bench_must(ends[1].fd >= 0, "accept");
	close(listener);
	/* Or OpenSSL's several sends a write would wait for each other. */
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i].fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
		    sizeof(int));
}

static void
close_raw(struct bench_end ends[2])
{
	for (int i = 0; i < 2; i++) {
		SSL_free(ends[i].ssl);
		close(ends[i].fd);
	}
}

int
bench_listen_ours(struct sockaddr_in *addr, int proto)
{
	socklen_t len = sizeof(*addr);
	const int fd = zsock_socket(AF_INET, SOCK_STREAM, proto);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bench_must(fd >= 0 &&
	        zsock_bind(fd, (struct sockaddr *)addr, len) == 0 &&
	        zsock_listen(fd, 16) == 0 &&
	        zsock_getsockname(fd, (struct sockaddr *)addr, &len) == 0,
	    "zsock_listen");
	return fd;
}

static void
connect_plain(struct bench_end ends[2])
{
	struct sockaddr_in addr;
	const int listener = bench_listen_ours(&addr, 0);

	ends[0] =
	    (struct bench_end){ .fd = zsock_socket(AF_INET, SOCK_STREAM, 0) };
	bench_must(zsock_connect(ends[0].fd, (struct sockaddr *)&addr,
	               sizeof(addr)) == 0,
	    "zsock_connect");
	ends[1] =
	    (struct bench_end){ .fd = zsock_accept(listener, NULL, NULL) };
	bench_must(ends[1].fd >= 0, "zsock_accept");
	zsock_close(listener);
}

static void
no_delay(const struct bench_end ends[2])
{
	for (int i = 0; i < 2; i++)
		zsock_setsockopt(ends[i].fd, IPPROTO_TCP, TCP_NODELAY,
		    &(int){ 1 }, sizeof(int));
}

static void
close_ours(struct bench_end ends[2])
{
	zsock_close(ends[0].fd);
	zsock_close(ends[1].fd);
}

/* Both handshakes in one thread need OpenSSL not to block. */
static void
handshake_ssl(struct bench_end ends[2])
{
	int a, b;

	ends[0].ssl = SSL_new(bench_client_ctx);
	ends[1].ssl = SSL_new(bench_server_ctx);
	for (int i = 0; i < 2; i++) {
		SSL_set_fd(ends[i].ssl, ends[i].fd);
		fcntl(ends[i].fd, F_SETFL, O_NONBLOCK);
	}
	SSL_set1_host(ends[0].ssl, "localhost");
	SSL_set_connect_state(ends[0].ssl);
	SSL_set_accept_state(ends[1].ssl);
	do {
		a = SSL_do_handshake(ends[0].ssl);
		b = SSL_do_handshake(ends[1].ssl);
	} while (a != 1 || b != 1);
	for (int i = 0; i < 2; i++)
		fcntl(ends[i].fd, F_SETFL, 0);
}

struct accept_job {
	int listener, fd;
	bool echo;
};

static void *
accept_tls(void *arg)
{
	struct accept_job *job = arg;
	char byte;

	job->fd = zsock_accept(job->listener, NULL, NULL);
	if (job->echo && zsock_recv(job->fd, &byte, 1, 0) == 1)
		zsock_send(job->fd, &byte, 1, 0);
	return NULL;
}

int
bench_connect_ours(const struct sockaddr_in *addr)
{
	const int fd = zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);

	bench_must(zsock_setsockopt(fd, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	               &(int){ BENCH_CA_TAG }, sizeof(int)) == 0 &&
	        zsock_setsockopt(fd, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
	            "localhost", 9) == 0 &&
	        zsock_connect(fd, (const struct sockaddr *)addr,
	            sizeof(*addr)) == 0,
	    "zsock_connect over TLS");
	return fd;
}

/* Our handshake blocks in connect and accept, hence a thread for one end. */
static void
connect_tls(struct bench_end ends[2], bool echo)
{
	struct sockaddr_in addr;
	struct accept_job job = {
		.listener = bench_listen_ours(&addr, NET_IPPROTO_TLS_1_2),
		.echo = echo,
	};
	pthread_t thread;
	char byte = 'x';

	bench_must(zsock_setsockopt(job.listener, ZSOCK_SOL_TLS,
	               ZSOCK_TLS_SEC_TAG_LIST, &(int){ BENCH_SERVER_TAG },
	               sizeof(int)) == 0,
	    "TLS_SEC_TAG_LIST");
	pthread_create(&thread, NULL, accept_tls, &job);
	ends[0] = (struct bench_end){ .fd = bench_connect_ours(&addr) };
	if (echo)
		bench_must(zsock_send(ends[0].fd, &byte, 1, 0) == 1 &&
		        zsock_recv(ends[0].fd, &byte, 1, 0) == 1,
		    "echo");
	pthread_join(thread, NULL);
	ends[1] = (struct bench_end){ .fd = job.fd };
	bench_must(job.fd >= 0, "zsock_accept over TLS");
	zsock_close(job.listener);
}

/* The same thing with OpenSSL: blocking, a thread for the server. */
static void *
accept_ssl(void *arg)
{
	struct accept_job *job = arg;
	SSL *ssl = SSL_new(bench_server_ctx);
	char byte;

	job->fd = accept(job->listener, NULL, NULL);
	SSL_set_fd(ssl, job->fd);
	if (SSL_accept(ssl) == 1 && job->echo && SSL_read(ssl, &byte, 1) == 1)
		SSL_write(ssl, &byte, 1);
	SSL_free(ssl);
	close(job->fd);
	return NULL;
}

static void
session_ssl(bool echo)
{
	struct sockaddr_in addr;
	struct accept_job job = { .listener = bench_listen_raw(&addr),
		.echo = echo };
	pthread_t thread;
	SSL *ssl = SSL_new(bench_client_ctx);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte = 'x';

	pthread_create(&thread, NULL, accept_ssl, &job);
	bench_must(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0,
	    "connect");
	SSL_set_fd(ssl, fd);
	SSL_set1_host(ssl, "localhost");
	bench_must(SSL_connect(ssl) == 1, "SSL_connect");
	if (echo)
		bench_must(SSL_write(ssl, &byte, 1) == 1 &&
		        SSL_read(ssl, &byte, 1) == 1,
		    "echo");
	pthread_join(thread, NULL);
	SSL_free(ssl);
	close(fd);
	close(job.listener);
}

/* Nanoseconds per send and recv of n bytes. */
static double
stream_ns(const struct bench_way *way, struct bench_end ends[2], size_t n,
    int times)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++) {
		way->send(&ends[0], n);
		way->recv(&ends[1], n);
	}
	return (double)(deadline_now_ns() - start) / times;
}

static double
ping_ns(const struct bench_way *way, struct bench_end ends[2], size_t n,
    int times)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++) {
		way->send(&ends[0], n);
		way->recv(&ends[1], n);
		way->send(&ends[1], n);
		way->recv(&ends[0], n);
	}
	return (double)(deadline_now_ns() - start) / times;
}

static double
handshake_ns(bool mine, bool echo, int times)
{
	const int64_t start = deadline_now_ns();
	struct bench_end ends[2];

	for (int i = 0; i < times; i++) {
		if (mine) {
			connect_tls(ends, echo);
			close_ours(ends);
		} else {
			session_ssl(echo);
		}
	}
	return (double)(deadline_now_ns() - start) / times;
}

enum what { STREAM, PING };

static void
data_row(const char *name, enum what what, size_t n, int times,
    const struct bench_way *base_way, struct bench_end mine_ends[2],
    struct bench_end base_ends[2], const char *target)
{
	double (*const measure)(const struct bench_way *, struct bench_end *,
	    size_t, int) = what == STREAM ? stream_ns : ping_ns;
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = measure(base_way, base_ends, n, times);
		mine[r] = measure(&bench_ours, mine_ends, n, times);
		ratio[r] = mine[r] / base[r];
	}
	bench_print(name, mine, base, ratio, target);
}

static void
handshake_row(const char *name, bool echo, const char *target)
{
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = handshake_ns(false, echo, 15);
		mine[r] = handshake_ns(true, echo, 15);
		ratio[r] = mine[r] / base[r];
	}
	bench_print(name, mine, base, ratio, target);
}

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

static void
bench_plain(void)
{
	static const struct {
		const char *name;
		size_t n;
		int times;
	} sizes[] = {
		{ "plain send+recv 1 B", 1, 5000 },
		{ "plain send+recv 64 B", 64, 5000 },
		{ "plain send+recv 1 KiB", 1024, 5000 },
		{ "plain send+recv 16 KiB", 16384, 3000 },
		{ "plain send+recv 64 KiB", 65536, 1000 },
	};
	struct bench_end mine[2], base[2];

	connect_plain(mine);
	no_delay(mine);
	connect_raw(base);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		data_row(sizes[i].name, STREAM, sizes[i].n, sizes[i].times,
		    &raw, mine, base, "<= 1.015 x raw");
	data_row("plain ping-pong 1 B", PING, 1, 3000, &raw, mine, base,
	    "<= 1.04 x raw");
	close_ours(mine);
	close_raw(base);
}

static void
bench_tls(void)
{
	struct bench_end mine[2], base[2];

	bench_identities();
	connect_tls(mine, false);
	no_delay(mine);
	connect_raw(base);
	handshake_ssl(base);
	data_row("TLS send+recv 1 KiB", STREAM, 1024, 3000, &bench_openssl,
	    mine, base, "<= 1 x SSL_set_fd");
	data_row("TLS send+recv 16 KiB", STREAM, 16384, 1000, &bench_openssl,
	    mine, base, "<= 0.98 x SSL_set_fd");
	data_row("TLS send+recv 64 KiB", STREAM, 65536, 400, &bench_openssl,
	    mine, base, "<= 0.80 x SSL_set_fd");
	data_row("TLS ping-pong 1 B", PING, 1, 2000, &bench_openssl, mine, base,
	    "<= 0.95 x SSL_set_fd");
	bench_streams(mine, base);
	close_ours(mine);
	close_raw(base);
	handshake_row("TLS 1.3 connect, handshake, close", false,
	    "<= 1.03 x SSL_set_fd");
	handshake_row("the same with one byte echoed", true, "<= 3000 us");
}

static void
bench_dtls(void)
{
	dtls_datagrams();
	dtls_handshakes();
	dtls_idle();
}

static const struct part {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "plain", bench_plain },
	{ "table", bench_table },
	{ "poll", bench_poll },
	{ "tls", bench_tls },
	{ "handshakes", bench_handshakes },
	{ "idle", bench_idle },
	{ "dtls", bench_dtls },
	{ "shim", bench_shim },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const struct part *
find_part(const char *name)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (strcmp(name, parts[i].name) == 0)
			return &parts[i];
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (find_part(argv[i]) == NULL) {
			fprintf(stderr,
			    "usage: bench [plain] [table] [poll] [tls] "
			    "[handshakes] [idle] [dtls] [shim]\n"
			    "  without an argument: all of them\n");
			return 2;
		}
	}
	printf("%-38s %10s %10s %7s   %s\n", "time per operation, us", "ours",
	    "baseline", "ratio", "target");
	for (int i = 1; i < argc; i++)
		find_part(argv[i])->run();
	for (size_t i = 0; argc < 2 && i < PARTS; i++)
		parts[i].run();
	return 0;
}
