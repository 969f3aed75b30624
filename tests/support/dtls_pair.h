#ifndef SUPPORT_DTLS_PAIR_H
#define SUPPORT_DTLS_PAIR_H

#include <poll.h>

#include "support/tls_ends.h"

/*
 * Secure datagram sockets on loopback that share a pre-shared key.  A step that
 * cannot be taken fails the test.
 */

/* The key's tag, its identity and the one suite that clients offer. */
#define DTLS_PAIR_TAG 40
#define DTLS_PAIR_ID "device"
#define DTLS_PAIR_SUITE 0x00a8

/* Far longer than anything takes, and far shorter than a person's patience. */
#define DTLS_PAIR_FAR_MS 20000

/*
 * One test, or check of one row of a table; it is run in each profile of in, or
 * in all if that is 0.
 */
struct dtls_pair_test {
	const char *name;
	void (*run)(void);
	unsigned in;
	void (*check)(const void *row);
	const void *row;
};

#define DTLS_PAIR_TEST(fn, profiles) \
	{ \
		.name = #fn, .run = (fn), .in = (profiles) \
	}

#define DTLS_PAIR_ZEPHYR 1U
#define DTLS_PAIR_ZEPHYR_3_3 2U
#define DTLS_PAIR_LINUX 4U
#define DTLS_PAIR_DEVICE (DTLS_PAIR_ZEPHYR | DTLS_PAIR_ZEPHYR_3_3)
#define DTLS_PAIR_NEWER (DTLS_PAIR_ZEPHYR | DTLS_PAIR_LINUX)

/*
 * Runs them; the program's exit status.  After each, what the functions below
 * have opened is closed, and limits and the fake kernel are gone.
 */
int dtls_pair_run(const char *group, const struct dtls_pair_test *tests,
    size_t n);

/* The key under DTLS_PAIR_TAG from now on, in place of what was there. */
void dtls_pair_store_key(const char *key);

/* A server on loopback; *port is 0 for one of the kernel's choice, or given. */
int dtls_pair_server(int family, uint16_t *port);

/* A client, neither bound nor connected; and one bound to loopback. */
int dtls_pair_client(int family);
int dtls_pair_bound_client(int family, uint16_t *port);

/* A socket with the options of end: a client, or with a port a server. */
int dtls_pair_end(const struct tls_end *end, uint16_t *port);

/* A kernel socket on loopback that says nothing; closed after the test. */
int dtls_pair_raw(int family, uint16_t *port);
void dtls_pair_close_raw(int kfd);

/* Closed after the test as well. */
int dtls_pair_keep(int sock);

/* Now, by the library: what is left of the session is told the peer. */
void dtls_pair_close(int sock);

/* The same without a word to the peer, as if it had lost its power. */
void dtls_pair_kill(int sock);

/*
 * A thread takes in what comes to server, until data have come or served is
 * called.  One at a time.
 */
void dtls_pair_serve(int server);
void dtls_pair_served(void);

/* The handshake of both, and a byte of the client's that the server reads. */
void dtls_pair_meet(int client, int server, int family, uint16_t port);

struct dtls_pair {
	int client, server;
	uint16_t port; /* the server's */
};

void dtls_pair_open(struct dtls_pair *p);

/* Calls of the library: the result, or a negative errno. */
ssize_t dtls_pair_send(int sock, const char *text, int flags);
ssize_t dtls_pair_send_to(int sock, const char *text, int family,
    uint16_t port);
ssize_t dtls_pair_recv(int sock, void *buf, size_t len, int flags);

/* The next record, for which it waits, is text. */
void dtls_pair_expect(int sock, const char *text);

/* The revents of the socket. */
short dtls_pair_poll(int sock, short events, int timeout_ms);

/*
 * A fatal alert to sock's peer, as if TLS had met an error: sock's own session
 * knows nothing of it.
 */
void dtls_pair_alert(int sock, int description);

/* An option of SOL_TLS, and a time limit, which must be taken. */
void dtls_pair_set(int sock, int name, int value);
void dtls_pair_limit(int sock, int option, int ms);

/* How often a flight is sent again, and when it is given up. */
void dtls_pair_schedule(int sock, int min_ms, int max_ms);

/* As it was; a handshake that is to come about may take its time. */
void dtls_pair_usual_schedule(int sock);

#endif
