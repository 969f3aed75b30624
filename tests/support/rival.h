#ifndef SUPPORT_RIVAL_H
#define SUPPORT_RIVAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/pki.h"

/*
 * The other end of a handshake that is to fail, in a thread of its own: OpenSSL
 * on a kernel socket, made of what a test wants, or a script of bytes.  What it
 * is told or meets fails no test; the library's end is what is looked at.
 */

/* What it does when it has done its part. */
enum rival_end {
	RIVAL_LISTENS, /* until the library's side is closed */
	RIVAL_CLOSES,  /* sends FIN, and listens */
	RIVAL_RESETS,
};

struct rival_spec {
	/* The certificates that it shows, the leaf first. */
	const struct pki_cert *chain;
	size_t nchain;
	EVP_PKEY *key;             /* in place of the leaf's */
	const struct pki_cert *ca; /* it wants certificates of this CA only */
	int min_version, max_version; /* TLS1_x_VERSION; 0 is any */
	const char *suites;           /* OpenSSL's names; NULL is its default */
	const char *suites13;
	const char *protocols;    /* ALPN, "\2h2\4mqtt" */
	const char *psk_id, *psk; /* an identity, and its key */
	/* Bytes that it sends: in place of a handshake, or after it. */
	bool raw;
	const char *bytes;
	size_t len;
	enum rival_end end;
};

struct rival {
	const struct rival_spec *spec;
	int listener; /* or -1 */
	uint16_t port;
	pthread_t thread;
};

/* As a server, whose port is in r->port; or as a client of port. */
void rival_serve(struct rival *r, const struct rival_spec *spec);
void rival_visit(struct rival *r, const struct rival_spec *spec, uint16_t port);

/* Waits for its end: close the library's socket first. */
void rival_join(struct rival *r);

#endif
