#ifndef TLS_SUITES_H
#define TLS_SUITES_H

#include <openssl/ssl.h>

#include "tls/settings.h"
#include "tls/verdict.h"

/*
 * The suites that every connection of c may use, and how strong keys and
 * signatures have to be: what Mbed TLS's default profile wants of certificates
 * (SHA-256, RSA of 2048 bits or more) is OpenSSL's level 2.  Not strong: the
 * system's level, whatever it is; above 0 it forbids TLS 1.0 and 1.1.  Returns
 * 0 or -1.
 */
int tls_suites_install(SSL_CTX *c, bool strong);

/*
 * Narrows c down to ids, of TLS_CIPHERSUITE_LIST, in their order; numbers that
 * OpenSSL does not know match nothing, as on the device, nor do suites without
 * encryption or authentication.  The lowest version is set before.  Returns 0,
 * -ECONNABORTED with a sentence in why if none is left, or -ENOMEM.
 */
int tls_suites_narrow(SSL_CTX *c, enum tls_role role, const int *ids, size_t n,
    struct verdict *why);

/* "TLS_AES_128_GCM_SHA256"; OpenSSL's own name of one that IANA has none for. */
const char *tls_suite_name(const SSL_CIPHER *c);

/*
 * Puts suites whose hash is SHA-256 first: with others, a pre-shared key cannot
 * be used in TLS 1.3.  0 or -ENOMEM.
 */
int tls_suites_prefer_sha256(SSL_CTX *c, enum tls_role role);

/*
 * The IANA numbers of all suites, most wanted first, at most n of them.
 * Returns how many there are, or a negative errno.
 */
int tls_suites_all(int *ids, size_t n);

#endif
