#ifndef TLS_RINGS_H
#define TLS_RINGS_H

#include <stddef.h>

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

/*
 * Bytes of each ring: four whole records and what they add, so that 64 KiB
 * leave, or come, at once.  Less than one record halves the throughput, more
 * than this gains nothing.
 */
#define TLS_RING_SIZE ((size_t)68 * 1024)

/* Bytes for the SSL; what counts them is quicker than asking the pair. */
static inline size_t
tls_rings_in(const struct tls_rings *r)
{
	return (size_t)(BIO_number_written(r->network) -
	    BIO_number_read(r->inside));
}

/* Bytes of the SSL that wait to leave. */
static inline size_t
tls_rings_out(const struct tls_rings *r)
{
	return (size_t)(BIO_number_written(r->inside) -
	    BIO_number_read(r->network));
}

/* A pair with nothing in it, or NULL when out of memory. */
struct tls_rings *tls_rings_take(void);

/* What is still in them is lost.  NULL is no pair. */
void tls_rings_give(struct tls_rings *r);

#endif
