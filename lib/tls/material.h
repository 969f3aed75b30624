#ifndef TLS_MATERIAL_H
#define TLS_MATERIAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cred/store.h"
#include "tls/psk.h"
#include "tls/verdict.h"

/* The parsed form of a set of credentials: what both roles make use of. */
struct tls_material {
	STACK_OF(X509) * cas;
	STACK_OF(X509) * chain; /* own certificates, the leaf first */
	EVP_PKEY *key;
	int cert_tag, key_tag; /* where the leaf and the key came from */
	struct tls_psk *psks;  /* in the order of the tags */
	size_t npsks;
};

/*
 * Parse every credential of set, by the device's rules: PEM only if its last
 * byte is NUL, else DER; one unencrypted private key at most; a bundle is
 * refused whole if one certificate in it is.
 *
 * Returns 0, -EINVAL (unparsable, a second private key, a key that is not the
 * leaf certificate's, a pre-shared key without an identity), -ENOENT (that, on
 * the older device) or -ENOMEM.  Every failure leaves a sentence that names
 * sec_tag and type in why.  The set must outlive m.
 */
int tls_material_init(struct tls_material *m, const struct cred_set *set,
    struct verdict *why);
void tls_material_fini(struct tls_material *m);

#endif
