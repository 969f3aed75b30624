#ifndef TLS_OFFER_H
#define TLS_OFFER_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

/*
 * Did the two sides find nothing that both of them speak?  ssl_error is
 * OpenSSL's packed code: a reason of its own, or an alert that tells so.
 */
bool tls_offer_is_at_fault(unsigned long ssl_error);

/*
 * What this side speaks, versions and suites, and what a client has offered as
 * far as a server knows: the rest of a sentence, cut to fit.
 */
void tls_offer_describe(SSL *ssl, unsigned long ssl_error, char *buf,
    size_t size);

#endif
