/*
 * What memory an idle DTLS session takes: of a server with many clients, and of
 * a client's socket.
 */
#include <stdio.h>

#include <zephyr/net/socket.h>

#include "bench/bench.h"
#include "bench/dtls.h"
#include "bench/hold.h"

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

static const struct hold_way ours = { listen_ours, connect_ours, serve_ours,
	look_ours };

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

static const struct hold_way openssl = { listen_ssl, connect_ssl, serve_ssl,
	look_ssl };

static void
row(const char *name, const char *what, double mine, double base)
{
	char text[64];

	snprintf(text, sizeof(text), "idle DTLS %s, KiB %s", name, what);
	printf("%-38s %10.3f %10.3f %7.3f   %s\n", text, mine, base,
	    mine / base, "<= 1 x OpenSSL");
}

static void
rows(const char *name, const struct dtls_kind *k)
{
	struct hold_memory mine[2], base[2];
	char end[32];

	kind = k;
	hold_measure(&openssl, SESSIONS, base);
	hold_measure(&ours, SESSIONS, mine);
	for (int i = 1; i >= 0; i--) {
		snprintf(end, sizeof(end), "%s %s", name,
		    i == 1 ? "server" : "client");
		row(end, "RSS", mine[i].resident, base[i].resident);
		row(end, "heap", mine[i].heap, base[i].heap);
	}
}

void
dtls_idle(void)
{
	dtls_prepare(2 * ALL + 100);
	rows("EC", &dtls_gcm);
	rows("PSK", &dtls_ccm_8);
}
