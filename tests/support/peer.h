#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "support/pki.h"

/*
 * The other end of a secure stream, by OpenSSL on a kernel socket and so free
 * to do what the library would not.  Every step that cannot be taken fails the
 * test.
 */
struct peer {
	int kfd;
	SSL_CTX *ctx;
	SSL *ssl;
};

/*
 * A connected client of the library and p as its server, which has identity;
 * version is a TLS1_x_VERSION, or 0.  Returns the library's number.
 */
int peer_serve(struct peer *p, const struct pki_cert *identity, int version);

/* The same with p as the client: the library's is the accepted socket. */
int peer_call(struct peer *p, int version);

/* All of data, as one record or more. */
void peer_send(struct peer *p, const void *data, size_t len);

/* Exactly len bytes. */
void peer_recv(struct peer *p, void *data, size_t len);

/* Bytes under OpenSSL's feet. */
void peer_send_raw(struct peer *p, const void *data, size_t len);

/* Waits until the library's side has taken all that was sent. */
void peer_settle(struct peer *p);

/* Resets the connection, or ends it without close_notify. */
void peer_reset(struct peer *p);
void peer_hang_up(struct peer *p);

/* Whatever is left; after the two above as well. */
void peer_free(struct peer *p);

#endif
