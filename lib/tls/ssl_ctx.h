#ifndef TLS_SSL_CTX_H
#define TLS_SSL_CTX_H

#include <openssl/ssl.h>

#include "tls/material.h"
#include "tls/settings.h"
#include "tls/verdict.h"

/* The kinds of connection that differ before their first byte. */
struct tls_kind {
	enum tls_role role;
	int min_version;   /* TLS1_x_VERSION, or of datagrams DTLS1_x */
	bool cache;        /* sessions are kept, or given out */
	const int *suites; /* TLS_CIPHERSUITE_LIST, or none */
	size_t nsuites;
};

/*
 * All that connections of a kind with these credentials have in common, and
 * that is dear to make: what parsing a list of suites takes is half of a
 * handshake with a pre-shared key.  Returns 0, or with a sentence in why
 * -EINVAL (the system's OpenSSL policy forbids the version or a credential) or
 * -ECONNABORTED (no suite is left), or -ENOMEM.
 */
int tls_ssl_ctx_new(const struct tls_material *m, const struct tls_kind *kind,
    SSL_CTX **out, struct verdict *why);

#endif
