#ifndef CRED_ENCODE_H
#define CRED_ENCODE_H

#include <openssl/x509.h>

#include "cred/buf.h"

/*
 * Certificates and private keys as text and bytes, which are added to b, PEM
 * without a NUL.  False, with nothing added: out of memory, or what OpenSSL's
 * error queue says.
 */
bool encode_cert_pem(struct buf *b, X509 *cert);
bool encode_cert_der(struct buf *b, X509 *cert);

/* As PKCS #8; a pass phrase encrypts it, NULL leaves it plain. */
bool encode_key_pem(struct buf *b, EVP_PKEY *key, const char *pass);
bool encode_key_der(struct buf *b, EVP_PKEY *key);

/* The bytes of any object as PEM under that label. */
bool encode_pem(struct buf *b, const char *label, const void *der, size_t len);

#endif
