/*
 * Datagrams over DTLS: what one costs from end to end, sent and received by the
 * same thread, to and from a server that has one session or many.
 */
#include <pthread.h>
#include <time.h>

#include <zephyr/net/socket.h>

#include "bench/dtls.h"
#include "bench/machine.h"
#include "bench/row.h"

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

/* To the server and from it, by ours and by OpenSSL; for each a row. */
static const struct direction {
	move_one *ours, *ssl;
} directions[] = {
	{ ours_up, ssl_up },
	{ ours_down, ssl_down },
	{ ours_down, ssl_down_named },
};

#define DIRECTIONS 3

struct what {
	const struct sessions *s;
	const struct direction *direction;
	size_t len;
};

/*
 * Nanoseconds of the processor that a datagram takes, from one session after
 * the other: nothing sleeps, and what else the machine does does not count.
 */
static double
measure(const void *how, bool mine)
{
	const struct what *w = how;
	move_one *move = mine ? w->direction->ours : w->direction->ssl;
	const double start = bench_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	int session = 0;

	for (int i = 0; i < TIMES; i++) {
		move(w->s, session, w->len);
		session = session + 1 < w->s->n ? session + 1 : 0;
	}
	return (bench_cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start) / TIMES;
}

/* From the first one on, for each size those of the directions. */
static void
rows(enum bench_row first, const struct dtls_kind *k, int n)
{
	static const size_t sizes[] = { 64, 1200 };
	static struct sessions s;

	open_sessions(&s, k, n);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t d = 0; d < DIRECTIONS; d++) {
			const struct what w = { &s, &directions[d], sizes[i] };

			row_run(first + (enum bench_row)(i * DIRECTIONS + d),
			    ROW_ROUNDS, measure, &w);
		}
	}
	close_sessions(&s);
}

void
dtls_datagrams(void)
{
	dtls_prepare(5 * MANY + 100);
	rows(ROW_DTLS_GCM_1_64_TO, &dtls_gcm, 1);
	rows(ROW_DTLS_GCM_500_64_TO, &dtls_gcm, MANY);
	rows(ROW_DTLS_CCM_8_1_64_TO, &dtls_ccm_8, 1);
	rows(ROW_DTLS_CCM_8_500_64_TO, &dtls_ccm_8, MANY);
}
