/*
 * Datagrams over DTLS: what one costs from end to end, sent and received by the
 * same thread, to and from a server that has one session or many.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <zephyr/net/socket.h>

#include "bench/bench.h"
#include "bench/dtls.h"

#define MANY 500
#define TIMES 2000

/* A server of ours and its clients, and as many pairs of OpenSSL's. */
struct sessions {
	int n;
	int server, clients[MANY];
	struct sockaddr_in addresses[MANY];
	SSL *pairs[MANY][2]; /* each end connected */
	SSL *named[MANY][2]; /* the server names the client in each send */
};

static char buf[2048];

static void *
serve(void *arg)
{
	struct sessions *s = arg;

	for (int i = 0; i < s->n; i++)
		dtls_answer_ours(s->server, &s->addresses[i]);
	return NULL;
}

static void
open_sessions(struct sessions *s, const struct dtls_kind *k, int n)
{
	struct sockaddr_in addr;
	pthread_t thread;

	s->n = n;
	s->server = dtls_listen_ours(k, &addr);
	pthread_create(&thread, NULL, serve, s);
	for (int i = 0; i < n; i++) {
		s->clients[i] = dtls_connect_ours(k, &addr);
		dtls_ask_ours(s->clients[i]);
		dtls_pair_ssl(k, true, s->pairs[i]);
		dtls_pair_ssl(k, false, s->named[i]);
	}
	pthread_join(thread, NULL);
}

static void
close_sessions(struct sessions *s)
{
	for (int i = 0; i < s->n; i++) {
		zsock_close(s->clients[i]);
		for (int end = 0; end < 2; end++) {
			SSL_free(s->pairs[i][end]);
			SSL_free(s->named[i][end]);
		}
	}
	zsock_close(s->server);
}

/* One datagram of session i; up is from the client to the server. */
static void
ours_up(const struct sessions *s, int i, size_t len)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);

	bench_must(zsock_send(s->clients[i], buf, len, 0) == (ssize_t)len &&
	        zsock_recvfrom(s->server, buf, sizeof(buf), 0,
	            (struct sockaddr *)&from, &from_len) == (ssize_t)len,
	    "a datagram to our server");
}

static void
ours_down(const struct sessions *s, int i, size_t len)
{
	bench_must(zsock_sendto(s->server, buf, len, 0,
	               (const struct sockaddr *)&s->addresses[i],
	               sizeof(s->addresses[i])) == (ssize_t)len &&
	        zsock_recv(s->clients[i], buf, sizeof(buf), 0) == (ssize_t)len,
	    "a datagram from our server");
}

static void
ssl_move(SSL *from, SSL *to, size_t len)
{
	bench_must(SSL_write(from, buf, (int)len) == (int)len &&
	        SSL_read(to, buf, sizeof(buf)) == (int)len,
	    "a datagram of OpenSSL's");
}

static void
ssl_up(const struct sessions *s, int i, size_t len)
{
	ssl_move(s->pairs[i][0], s->pairs[i][1], len);
}

static void
ssl_down(const struct sessions *s, int i, size_t len)
{
	ssl_move(s->pairs[i][1], s->pairs[i][0], len);
}

static void
ssl_down_named(const struct sessions *s, int i, size_t len)
{
	ssl_move(s->named[i][1], s->named[i][0], len);
}

typedef void move_one(const struct sessions *s, int i, size_t len);

/*
 * Nanoseconds of the processor that a datagram takes, from one session after
 * the other: nothing sleeps, and what else the machine does does not count.
 */
static double
measure(move_one *move, const struct sessions *s, size_t len)
{
	const double start = bench_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	int session = 0;

	for (int i = 0; i < TIMES; i++) {
		move(s, session, len);
		session = session + 1 < s->n ? session + 1 : 0;
	}
	return (bench_cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start) / TIMES;
}

static const struct direction {
	const char *name;
	move_one *ours, *ssl;
	const char *target;
} directions[] = {
	{ "to", ours_up, ssl_up, "<= 1 x BIO_new_dgram" },
	{ "from", ours_down, ssl_down, "<= 1 x BIO_new_dgram" },
	{ "from", ours_down, ssl_down_named, "<= 1 x the same, by sendto" },
};

static void
row(const struct sessions *s, const char *kind, const struct direction *d,
    size_t len)
{
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];
	char name[64];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = measure(d->ssl, s, len);
		mine[r] = measure(d->ours, s, len);
		ratio[r] = mine[r] / base[r];
	}
	snprintf(name, sizeof(name), "DTLS %s %zu B, %s server of %d", kind,
	    len, d->name, s->n);
	bench_print(name, mine, base, ratio, d->target);
}

static void
rows(const char *kind, const struct dtls_kind *k, int n)
{
	static const size_t sizes[] = { 64, 1200 };
	static struct sessions s;

	open_sessions(&s, k, n);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t d = 0;
		     d < sizeof(directions) / sizeof(directions[0]); d++)
			row(&s, kind, &directions[d], sizes[i]);
	}
	close_sessions(&s);
}

void
dtls_datagrams(void)
{
	dtls_prepare(5 * MANY + 100);
	rows("GCM", &dtls_gcm, 1);
	rows("GCM", &dtls_gcm, MANY);
	rows("CCM_8", &dtls_ccm_8, 1);
	rows("CCM_8", &dtls_ccm_8, MANY);
}
