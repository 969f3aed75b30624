#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "support/pki.h"
#include "tls/engine.h"

/*
 * Two engines, and a carrier that moves ciphertext between them in slices.
 * The CA is sec_tag 1, the server's identity sec_tag 2.
 */
struct pair {
	struct pki pki;
	struct tls_settings client_settings, server_settings;
	struct tls_engine *client, *server;
	size_t slice; /* bytes moved at a time */
};

/* hostname is what the client expects; NULL is any. */
void pair_init(struct pair *p, const char *hostname, size_t slice);
void pair_fini(struct pair *p);

/* New engines after settings were changed; min_version 0 is TLS 1.2. */
void pair_renew(struct pair *p, int min_version);

/* Moves at most one slice from one engine to the other; how much. */
size_t pair_carry(const struct pair *p, struct tls_engine *from,
    struct tls_engine *to);

/*
 * Runs both handshakes until each has ended.  *client_rc and *server_rc are
 * what they answered last.
 */
void pair_handshake(struct pair *p, int *client_rc, int *server_rc);

/* Sends len bytes of data through; asserts that they arrive intact. */
void pair_transfer(struct pair *p, struct tls_engine *from,
    struct tls_engine *to, const unsigned char *data, size_t len);

#endif
