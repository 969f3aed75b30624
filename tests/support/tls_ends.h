#ifndef SUPPORT_TLS_ENDS_H
#define SUPPORT_TLS_ENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "support/loop.h"

/* One end of a TLS connection, by its options: what is 0 is not set. */
struct tls_end {
	int proto; /* 0: KINDS_TLS_1_2 */
	int tags[4];
	int ntags;
	const char *hostname; /* NULL: set to NULL, so that any name will do */
	bool no_hostname;     /* not set at all */
	int suites[4];
	int nsuites;
	const char *protocols[3];
	int nprotocols;
	int verify; /* TLS_PEER_VERIFY + 1; 0: not set */
	bool cache;
	int max_fragment;
	void *callback, *context; /* TLS_CERT_VERIFY_CALLBACK */
};

/* What became of both. */
struct tls_result {
	int client;       /* open, also if its connect failed */
	int client_error; /* 0, or what connect answered */
	int server;       /* what accept answered: a socket or an errno */
	int listener;     /* -1: the caller's affair */
};

/* A socket with the options of end; not connected. */
int tls_ends_open(const struct tls_end *end);

/* Gives an open socket the options of end. */
void tls_ends_set(int sock, const struct tls_end *end);

/* Client and server meet on loopback.  What is open is closed by close. */
void tls_ends_meet(const struct tls_end *client, const struct tls_end *server,
    struct tls_result *r);
void tls_ends_close(struct tls_result *r);

/* The same with a listener that is there already. */
void tls_ends_meet_at(const struct tls_end *client, int listener, uint16_t port,
    struct tls_result *r);
int tls_ends_listen(const struct tls_end *server, uint16_t *port);

/* A byte there and a byte back; tickets of TLS 1.3 are taken in with it. */
void tls_ends_talk(const struct tls_result *r);

#endif
