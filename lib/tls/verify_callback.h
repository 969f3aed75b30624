#ifndef TLS_VERIFY_CALLBACK_H
#define TLS_VERIFY_CALLBACK_H

#include <openssl/x509.h>

#include "tls/verify.h"

/*
 * Asks the program's TLS_CERT_VERIFY_CALLBACK about each certificate of the
 * chain, from the root to the peer's own, as Mbed TLS does: what it leaves of
 * the flags is the result.  The certificate is an mbedtls_x509_crt if the
 * program has Mbed TLS in it, which a callback that looks into one needs; else
 * it is NULL.  False: it ended the handshake.
 */
bool tls_verify_ask(X509_STORE_CTX *store, struct tls_verify_state *v);

#endif
