#ifndef TLS_RULES_H
#define TLS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

/*
 * What Mbed TLS's default profile wants of a certificate, which is not what
 * OpenSSL's security level wants of it.  Each answers whether cert is good, and
 * if not, puts a few words that say what is wrong into why.
 */

/* Signed with a digest of 256 bits or more. */
bool tls_rules_digest(const X509 *cert, char *why, size_t size);

/* A key of 2048 bits (RSA), on a curve of 256 or more, or Ed25519 and Ed448. */
bool tls_rules_key(const X509 *cert, char *why, size_t size);

/* Its keyUsage, if it has one, has all of these bits (X509v3_KU_*). */
bool tls_rules_usage(const X509 *cert, uint32_t bits, char *why, size_t size);

/* Its extendedKeyUsage, if it has one, is for servers or else for clients. */
bool tls_rules_purpose(const X509 *cert, bool server, char *why, size_t size);

#endif
