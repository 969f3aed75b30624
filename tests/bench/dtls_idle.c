/*
 * What memory an idle DTLS session takes: of a server with many clients, and of
 * a client's socket.
 */
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "bench/dtls.h"
#include "bench/hold.h"
#include "bench/machine.h"
#include "bench/row.h"

#define SESSIONS 500
#define ALL (SESSIONS + HOLD_WARM_UP)

static const struct dtls_kind *kind;
static struct sockaddr_in address;
static int listener;

/* The process's end: ours is a socket for all if it is a server's. */
static int fds[ALL], nfds;

static void
listen_ours(void)
{
	listener = dtls_listen_ours(kind, &address);
}

static void
connect_ours(int i)
{
	fds[i] = dtls_connect_ours(kind, &address);
	nfds = i + 1;
	dtls_ask_ours(fds[i]);
}

static void
serve_ours(int i)
{
	struct sockaddr_in client;

	(void)i;
	fds[0] = listener;
	nfds = 1;
	dtls_answer_ours(listener, &client);
}

static void
look_ours(void)
{
	static struct zsock_pollfd all[ALL];

	for (int i = 0; i < nfds; i++)
		all[i] = (struct zsock_pollfd){ .fd = fds[i],
			.events = ZSOCK_POLLIN };
	bench_must(zsock_poll(all, nfds, 1) == 0, "zsock_poll");
}

static void
unlisten_ours(void)
{
	zsock_close(listener);
}

static const struct hold_way ours = { listen_ours, connect_ours, serve_ours,
	look_ours, unlisten_ours };

static void
listen_ssl(void)
{
	listener = dtls_listen_ssl(&address);
}

/* For as long as the process, as the server's are. */
static void
connect_ssl(int i)
{
	(void)i;
	dtls_ask_ssl(dtls_connect_ssl(kind, &address));
}

static void
serve_ssl(int i)
{
	(void)i;
	dtls_answer_ssl(dtls_accept_ssl(kind, listener, false));
}

static void
look_ssl(void)
{
}

static void
unlisten_ssl(void)
{
	close(listener);
}

static const struct hold_way openssl = { listen_ssl, connect_ssl, serve_ssl,
	look_ssl, unlisten_ssl };

/* Of the server resident and on the heap, and of the client. */
#define FIGURES 4

static void
measure(const struct hold_way *way, double v[FIGURES][ROW_ROUNDS_MAX], int at)
{
	struct hold_memory each[2];

	hold_measure(way, SESSIONS, each);
	for (int end = 0; end < 2; end++) {
		v[2 * end][at] = each[1 - end].resident;
		v[2 * end + 1][at] = each[1 - end].heap;
	}
}

static void
rows(enum bench_row first, const struct dtls_kind *k)
{
	const int n = row_rounds(HOLD_ROUNDS);
	double mine[FIGURES][ROW_ROUNDS_MAX], base[FIGURES][ROW_ROUNDS_MAX];

	kind = k;
	for (int i = 0; i < n; i++) {
		measure(&openssl, base, i);
		measure(&ours, mine, i);
	}
	for (int i = 0; i < FIGURES; i++)
		row_report(first + (enum bench_row)i, mine[i], base[i], n);
}

void
dtls_idle(void)
{
	dtls_prepare(2 * ALL + 100);
	bench_unpin();
	rows(ROW_DTLS_IDLE_EC_SERVER_RSS, &dtls_gcm);
	rows(ROW_DTLS_IDLE_PSK_SERVER_RSS, &dtls_ccm_8);
}
