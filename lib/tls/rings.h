#ifndef TLS_RINGS_H
#define TLS_RINGS_H

#include <openssl/bio.h>

/*
 * The two rings of bytes between a connection's SSL and its owner: a BIO pair.
 * An idle connection does without, so a few pairs are kept for whichever
 * connection moves bytes next.  Safe to call from any thread.
 */
struct tls_rings {
	BIO *inside;  /* the SSL's end */
	BIO *network; /* the owner's end */
};

/* A pair with nothing in it, or NULL when out of memory. */
struct tls_rings *tls_rings_take(void);

/* What is still in them is lost.  NULL is no pair. */
void tls_rings_give(struct tls_rings *r);

#endif
