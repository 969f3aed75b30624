/*
 * DTLS over a memory BIO of whole datagrams, each copied once, against
 * BIO_new_dgram, and the library against that.
 */
#include "bench/bare.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "bench/dtls.h"
#include "bench/machine.h"
#include "bench/row.h"

#define TIMES 2000
#define MOST 2048

/* One end: its socket, and the datagram that comes or goes. */
struct place {
	SSL *ssl;
	int fd;
	size_t in_len, out_len;
	char in[MOST], out[MOST];
};

/* The client's and the server's: bare, OpenSSL's own, ours. */
struct sessions {
	struct place bare[2];
	SSL *ssl[2];
	int client, server;
};

static char buf[MOST];

static int
put(BIO *b, const char *data, int n)
{
	struct place *p = BIO_get_data(b);

	bench_must(p->out_len == 0 && n <= MOST, "one datagram");
	memcpy(p->out, data, (size_t)n);
	p->out_len = (size_t)n;
	return n;
}

static int
get(BIO *b, char *data, int n)
{
	struct place *p = BIO_get_data(b);
	const int len = (int)p->in_len;

	BIO_clear_retry_flags(b);
	if (len == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	bench_must(len <= n, "room for a datagram");
	memcpy(data, p->in, (size_t)len);
	p->in_len = 0;
	return len;
}

static long
control(BIO *b, int cmd, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO *
bio_of(struct place *p)
{
	static BIO_METHOD *method;
	BIO *b;

	if (method == NULL) {
		method =
		    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
		        "bare datagrams");
		BIO_meth_set_write(method, put);
		BIO_meth_set_read(method, get);
		BIO_meth_set_ctrl(method, control);
	}
	b = BIO_new(method);
	bench_must(b != NULL, "BIO_new");
	BIO_set_data(b, p);
	BIO_set_init(b, 1);
	return b;
}

/* The session goes on over memory; the socket is the same. */
static void
make_bare(struct place *p, SSL *ssl)
{
	BIO *bio;

	p->ssl = ssl;
	p->fd = dup(SSL_get_fd(ssl));
	bench_must(p->fd >= 0, "dup");
	bio = bio_of(p);
	SSL_set_bio(ssl, bio, bio);
}

static void *
serve(void *arg)
{
	struct sockaddr_in client;
	const struct sessions *s = arg;

	dtls_answer_ours(s->server, &client);
	return NULL;
}

static void
open_sessions(struct sessions *s, const struct dtls_kind *k)
{
	struct sockaddr_in addr;
	pthread_t thread;
	SSL *ends[2];

	s->server = dtls_listen_ours(k, &addr);
	pthread_create(&thread, NULL, serve, s);
	s->client = dtls_connect_ours(k, &addr);
	dtls_ask_ours(s->client);
	pthread_join(thread, NULL);
	dtls_pair_ssl(k, true, s->ssl);
	dtls_pair_ssl(k, true, ends);
	for (int i = 0; i < 2; i++)
		make_bare(&s->bare[i], ends[i]);
}

static void
close_sessions(const struct sessions *s)
{
	zsock_close(s->client);
	zsock_close(s->server);
	for (int i = 0; i < 2; i++) {
		SSL_free(s->ssl[i]);
		SSL_free(s->bare[i].ssl);
		close(s->bare[i].fd);
	}
}

typedef void move_one(struct sessions *s, size_t len);

/* The server has to know whose the datagram is. */
static void
bare_up(struct sessions *s, size_t len)
{
	struct place *client = &s->bare[0], *server = &s->bare[1];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n;

	bench_must(SSL_write(client->ssl, buf, (int)len) == (int)len,
	    "SSL_write");
	n = send(client->fd, client->out, client->out_len, MSG_NOSIGNAL);
	bench_must(n == (ssize_t)client->out_len, "send");
	client->out_len = 0;
	n = recvfrom(server->fd, server->in, MOST, 0, (struct sockaddr *)&from,
	    &from_len);
	bench_must(n > 0, "recvfrom");
	server->in_len = (size_t)n;
	bench_must(SSL_read(server->ssl, buf, MOST) == (int)len, "SSL_read");
}

static void
ssl_up(struct sessions *s, size_t len)
{
	bench_must(SSL_write(s->ssl[0], buf, (int)len) == (int)len &&
	        SSL_read(s->ssl[1], buf, MOST) == (int)len,
	    "a datagram of OpenSSL's");
}

static void
ours_up(struct sessions *s, size_t len)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);

	bench_must(zsock_send(s->client, buf, len, 0) == (ssize_t)len &&
	        zsock_recvfrom(s->server, buf, MOST, 0,
	            (struct sockaddr *)&from, &from_len) == (ssize_t)len,
	    "a datagram to our server");
}

struct what {
	struct sessions *s;
	move_one *mine, *base;
	size_t len;
};

/* As the rows of datagrams are measured. */
static double
measure(const void *how, bool mine)
{
	const struct what *w = how;
	const double start = bench_cpu_ns(CLOCK_THREAD_CPUTIME_ID);

	for (int i = 0; i < TIMES; i++)
		(mine ? w->mine : w->base)(w->s, w->len);
	return (bench_cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start) / TIMES;
}

static void
rows(const struct dtls_kind *k, enum bench_row bare, enum bench_row ours)
{
	static const size_t sizes[] = { 64, 1200 };
	static struct sessions s;

	open_sessions(&s, k);
	for (int i = 0; i < 2; i++) {
		const struct what design = { &s, bare_up, ssl_up, sizes[i] };
		const struct what added = { &s, ours_up, bare_up, sizes[i] };

		row_run(bare + (enum bench_row)i, ROW_ROUNDS, measure, &design);
		row_run(ours + (enum bench_row)i, ROW_ROUNDS, measure, &added);
	}
	close_sessions(&s);
}

void
bare_datagrams(void)
{
	dtls_prepare(100);
	rows(&dtls_gcm, ROW_BARE_DTLS_GCM_64, ROW_ON_BARE_DTLS_GCM_64);
	rows(&dtls_ccm_8, ROW_BARE_DTLS_CCM_8_64, ROW_ON_BARE_DTLS_CCM_8_64);
}
