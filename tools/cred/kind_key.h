#ifndef CRED_KIND_KEY_H
#define CRED_KIND_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "cred/buf.h"
#include "kind_in.h"

/* CA:TRUE, or one that signed itself before there was such a word. */
bool kind_is_ca(X509 *cert);

/*
 * A private key of PEM, or encrypted PKCS #8 of DER, by the pass phrase of in if
 * it needs one.  REFUSED: that is missing, or does not open it.
 */
int kind_key_open(struct kind_input *in, const void *data, size_t len, int line,
    EVP_PKEY **key);
bool kind_key_is_encrypted(const void *data, size_t len);
/* OpenSSL asks a terminal if it is told of nothing else: this gives nothing. */
int kind_no_pass(char *to, int size, int write, void *arg);

/*
 * Has what just failed in OpenSSL missed a cipher?  If the legacy provider may
 * have it, that is loaded, and said: then it is worth another try.
 */
enum kind_missing { KIND_NOT_MISSING, KIND_MISSING, KIND_LOADED };
enum kind_missing kind_missing_cipher(void);
/* Loads the legacy provider; false if there is none. */
bool kind_legacy(void);

/*
 * Rounds of hashing that make a key of a pass phrase: the file says how many,
 * and a hostile one says that it takes for ever.  Each adds to a sum, and is
 * false if that would be above the most.
 */
#define KIND_ROUNDS_MAX 10000000
bool kind_rounds(uint64_t *sum, const X509_ALGOR *alg);
bool kind_rounds_of_mac(uint64_t *sum, const PKCS12 *p);
/* Says so; returns LIMIT. */
int kind_rounds_fail(struct kind_input *in, int line);

/*
 * What a value encodes, in the other form, if it is one object of a certificate
 * or a private key; false if it is not, or memory is short.
 */
bool kind_to_pem(struct buf *b, const struct item *item);
bool kind_to_der(struct buf *b, const struct item *item);

#endif
