#ifndef CRED_KIND_BAGS_H
#define CRED_KIND_BAGS_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

/* What is in a PKCS #12 file, each its own. */
struct bags {
	EVP_PKEY *key;
	X509 *cert;              /* the key's */
	STACK_OF(X509) * others; /* in the order of the file */
	size_t crls, secrets, unknown;
	uint64_t rounds; /* that it took so far to open it */
};

enum bags_found {
	BAGS_GOOD,
	BAGS_SHUT,   /* something cannot be decrypted; OpenSSL knows why */
	BAGS_ROUNDS, /* that would take too many of them */
	BAGS_KEYS,   /* there is a second private key */
};

/*
 * Opens all that p has, which is taken for authentic.  b is the caller's to
 * finish, however it ends.
 */
enum bags_found bags_read(struct bags *b, PKCS12 *p, const char *pass);
void bags_fini(struct bags *b);

#endif
