#ifndef TLS_RECORD_H
#define TLS_RECORD_H

#include <stddef.h>

/*
 * Where a stream of TLS records stands: what has been taken in of the record
 * that it is in.  All zero is the beginning.
 */

#define TLS_RECORD_HEADER 5

struct tls_record {
	unsigned char header[TLS_RECORD_HEADER];
	size_t nheader; /* bytes of the header that are known */
	size_t left;    /* of the body, once the header is complete */
	size_t adds; /* what is more than data in it, at least; 0: not known */
};

/* n more bytes have been taken in. */
void tls_record_pass(struct tls_record *r, const void *data, size_t n);

/* Is the length of the record known? */
static inline int
tls_record_known(const struct tls_record *r)
{
	return r->nheader == TLS_RECORD_HEADER;
}

/*
 * At most so many bytes of data come out of the record, whose length is known:
 * RFC 8446, 5.1 and 5.2, RFC 5246, 6.2.
 */
size_t tls_record_most_data(const struct tls_record *r);

#endif
