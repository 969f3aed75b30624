#ifndef TLS_ALPN_H
#define TLS_ALPN_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "tls/settings.h"
#include "tls/verdict.h"

/* Longest name of an application protocol (RFC 7301, 3.1). */
#define TLS_PROTOCOL_MAX 255

/* Room for a list as a person reads it, cut to fit. */
#define TLS_ALPN_TEXT 128

/* A connection's list, as it goes over the wire; empty if there is none. */
struct tls_alpn {
	unsigned char *wire; /* a length and a name, a length and a name ... */
	unsigned len;
	char refused[TLS_ALPN_TEXT]; /* what a client has offered in vain */
};

/* Makes every server's connection of c choose by its own list. */
void tls_alpn_install(SSL_CTX *c);

/*
 * Reads the names of settings now.  Returns 0, -EINVAL with a sentence in why
 * (a name is empty or too long), or -ENOMEM.
 */
int tls_alpn_init(struct tls_alpn *a, SSL *ssl, enum tls_role role,
    const struct tls_settings *settings, struct verdict *why);
void tls_alpn_fini(struct tls_alpn *a);

/* A list of len bytes as "h2, mqtt"; what cannot be printed becomes '?'. */
void tls_alpn_print(const unsigned char *wire, unsigned len,
    char buf[TLS_ALPN_TEXT]);

#endif
