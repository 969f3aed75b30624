#ifndef TLS_STAGE_H
#define TLS_STAGE_H

#include <stdbool.h>

#include <openssl/ssl.h>

/*
 * Where a handshake stands, as an OSSL_HANDSHAKE_STATE of the headers that this
 * library was built with.  OpenSSL 3.2 has put four into the middle of that
 * list, so that a library of another version counts otherwise.
 */
int tls_stage_of(const SSL *ssl);

/* The same for a state that was counted by the newer list, or by the older. */
int tls_stage_translate(int state, bool newer, bool to_newer);

#endif
