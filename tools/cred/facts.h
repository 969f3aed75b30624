#ifndef CRED_FACTS_H
#define CRED_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "set.h"

/* How the bytes of a value are to be read. */
enum form {
	FORM_PEM,        /* with its final NUL, as Zephyr wants it */
	FORM_PEM_NO_NUL, /* which Zephyr reads as DER, and fails */
	FORM_DER,
	FORM_TEXT,  /* printable */
	FORM_BYTES, /* anything else */
	FORM_NONE,  /* the value cannot be seen */
};
const char *form_name(enum form f);

enum object {
	OBJECT_NONE, /* no ASN.1 object that we know */
	OBJECT_CERT,
	OBJECT_KEY,
	OBJECT_KEY_ENCRYPTED,
	OBJECT_PUBLIC_KEY,
	OBJECT_CSR,
	OBJECT_CRL,
};
const char *object_name(enum object o);

/* What a value is.  Everything in it is its own. */
struct facts {
	enum form form;
	enum object object;     /* of the first block */
	STACK_OF(X509) * certs; /* all of it, in order; NULL if none */
	EVP_PKEY *key;          /* of a private key */
	size_t blocks;          /* of PEM; 1 for DER */
	size_t bad;             /* of PEM: those that cannot be decoded */
	size_t keys;       /* private ones, of which only the first counts */
	size_t tail;       /* bytes behind a DER object */
	bool crlf, around; /* PEM: CR LF line ends, text around the blocks,
	                      or blocks of kinds that are not known */
};
void facts_of(const void *data, size_t len, int type, struct facts *out);
void facts_fini(struct facts *f);

/* Texts for people, escaped and NUL-terminated, each at most size bytes. */
void facts_name(X509 *cert, char *out, size_t size); /* CN, or first SAN */
void facts_subject(X509 *cert, char *out, size_t size);
void facts_san(X509 *cert, char *out, size_t size); /* "DNS:a, IP:b"; "" */
/* "EC P-256", "RSA 2048", "Ed25519"; of a certificate's or a private key. */
void facts_key(EVP_PKEY *key, char *out, size_t size);
/* Base64 of the SHA-256 of the public key: pairs a key with a certificate. */
bool facts_spki(EVP_PKEY *key, char out[BUNDLE_DIGEST_SIZE]);
/* As a time_t: also before 1970 and after 2038. */
bool facts_time(const ASN1_TIME *t, time_t *out);
/* "2049-12-31"; "never" for 99991231235959Z. */
void facts_date(const ASN1_TIME *t, char *out, size_t size);

#endif
