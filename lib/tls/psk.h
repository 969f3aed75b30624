#ifndef TLS_PSK_H
#define TLS_PSK_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "cred/store.h"
#include "tls/settings.h"
#include "tls/verdict.h"

/* Longest identity that OpenSSL carries, in bytes. */
#define TLS_PSK_ID_MAX 128

/* A pre-shared key and what it is known by.  The set of both outlives it. */
struct tls_psk {
	const struct cred *key;
	const struct cred *id;
};

/* A connection's keys, and what became of them. */
struct tls_psk_state {
	const struct tls_psk *psks;
	size_t n;
	const struct tls_psk *used; /* offered, or asked for by the client */
	bool proved;  /* after the handshake: the peer has that key */
	bool unknown; /* the client named an identity that no key has */
	char named[TLS_PSK_ID_MAX + 1]; /* that identity, made printable */
};

/*
 * Finds what belongs to key in set and looks both over, by the device's rules.
 * Returns 0, or -EINVAL or -ENOENT with a sentence in why.
 */
int tls_psk_init(struct tls_psk *p, const struct cred *key,
    const struct cred_set *set, struct verdict *why);

/* An identity as a person reads it; what cannot be printed becomes '?'. */
void tls_psk_print(const unsigned char *id, size_t len,
    char buf[TLS_PSK_ID_MAX + 1]);

/*
 * Lets ssl use the n keys, which outlive it: a client the first one, a server
 * the one whose identity the client names.  TLS 1.2 and 1.3.
 */
void tls_psk_attach(SSL *ssl, struct tls_psk_state *state, enum tls_role role,
    const struct tls_psk *psks, size_t n);

/* A client: did the server choose no key, although one was offered? */
bool tls_psk_passed_over(SSL *ssl);

/* A server: is one of the client's suites of TLS 1.2 of pre-shared keys? */
bool tls_psk_suite_offered(SSL *ssl);

/* After the handshake: has a key, and no certificate, proved who the peer is? */
bool tls_psk_proved(const SSL *ssl);

#endif
