/*
 * Handshakes of DTLS 1.2: a client, and a server in a thread that stays, with a
 * byte echoed and close_notify from both; what is printed is for each of them.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/deadline.h"
#include "bench/dtls.h"
#include "bench/machine.h"
#include "bench/row.h"

#define WARM_UP 2
#define TIMES 15
#define ALL (WARM_UP + TIMES)

struct server {
	const struct dtls_kind *kind;
	int fd;
	struct sockaddr_in addr;
};

/* One way: the server's socket, its thread, one client from first to last. */
struct way {
	int (*open)(const struct dtls_kind *k, struct sockaddr_in *addr);
	void *(*serve)(void *server);
	void (*connect)(const struct server *s);
	int (*close)(int fd);
};

static void *
serve_ours(void *arg)
{
	const struct server *s = arg;
	struct sockaddr_in client;

	for (int i = 0; i < ALL; i++)
		dtls_answer_ours(s->fd, &client);
	return NULL;
}

static void
connect_ours(const struct server *s)
{
	const int fd = dtls_connect_ours(s->kind, &s->addr);

	dtls_ask_ours(fd);
	zsock_close(fd);
}

static const struct way ours = { dtls_listen_ours, serve_ours, connect_ours,
	zsock_close };

static int
open_ssl(const struct dtls_kind *k, struct sockaddr_in *addr)
{
	(void)k;
	return dtls_listen_ssl(addr);
}

static void *
serve_ssl(void *arg)
{
	const struct server *s = arg;
	char byte;

	for (int i = 0; i < ALL; i++) {
		SSL *ssl = dtls_accept_ssl(s->kind, s->fd, true);

		dtls_answer_ssl(ssl);
		bench_must(SSL_read(ssl, &byte, 1) == 0, "close_notify");
		SSL_shutdown(ssl);
		SSL_free(ssl);
	}
	return NULL;
}

static void
connect_ssl(const struct server *s)
{
	SSL *ssl = dtls_connect_ssl(s->kind, &s->addr);

	dtls_ask_ssl(ssl);
	SSL_shutdown(ssl);
	SSL_free(ssl);
}

static const struct way openssl = { open_ssl, serve_ssl, connect_ssl, close };

/* Nanoseconds a session takes, by the clock and of both ends' processors. */
struct cost {
	double clock, cpu;
};

static struct cost
measure(const struct way *way, const struct dtls_kind *k)
{
	struct server s = { .kind = k };
	struct cost c = { 0 };
	pthread_t thread;

	s.fd = way->open(k, &s.addr);
	pthread_create(&thread, NULL, way->serve, &s);
	for (int i = 0; i < ALL; i++) {
		if (i == WARM_UP)
			c = (struct cost){ (double)deadline_now_ns(),
				bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) };
		way->connect(&s);
	}
	pthread_join(thread, NULL);
	c.clock = ((double)deadline_now_ns() - c.clock) / TIMES;
	c.cpu = (bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - c.cpu) / TIMES;
	way->close(s.fd);
	return c;
}

/* A row of what the clock says, and the next of the processors' time. */
static void
rows(enum bench_row row, const struct dtls_kind *k)
{
	const int n = row_rounds(ROW_ROUNDS);
	double clock[2][ROW_ROUNDS_MAX], cpu[2][ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < 2; j++) {
			const int mine = (i + j) % 2;
			const struct cost c =
			    measure(mine ? &ours : &openssl, k);

			clock[mine][i] = c.clock;
			cpu[mine][i] = c.cpu;
		}
	}
	row_report(row, clock[1], clock[0], n);
	row_report(row + 1, cpu[1], cpu[0], n);
}

void
dtls_handshakes(void)
{
	dtls_prepare(100);
	rows(ROW_DTLS_FULL_EC, &dtls_gcm);
	rows(ROW_DTLS_FULL_PSK, &dtls_ccm_8);
}
