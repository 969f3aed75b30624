#ifndef TLS_COOKIE_H
#define TLS_COOKIE_H

#include <stddef.h>

#include <openssl/ssl.h>

/*
 * The cookie of a HelloVerifyRequest (RFC 6347, 4.2.1): a client that can send
 * it back receives at the address that it sends from.  Nothing is kept for it:
 * it is a MAC of that address and the time, by a key of this process.
 */

/* Bytes of a peer's address, at most. */
#define TLS_COOKIE_PEER_MAX 64

/* Whose cookie it is: the bytes of its address.  Part of struct tls_state. */
struct tls_cookie {
	unsigned char peer[TLS_COOKIE_PEER_MAX];
	size_t len;
};

/* Lets servers of c give out and check cookies. */
void tls_cookie_install(SSL_CTX *c);

#endif
