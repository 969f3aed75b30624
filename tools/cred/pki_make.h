#ifndef CRED_PKI_MAKE_H
#define CRED_PKI_MAKE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * Keys and certificates for trials, good ones and others.  What returns false
 * or NULL has made nothing, and OpenSSL's error queue says why.
 */
enum pki_kind { PKI_P256, PKI_P384, PKI_RSA2048, PKI_RSA3072, PKI_RSA1024 };

EVP_PKEY *pki_make_key(enum pki_kind kind);

/* Does it sign with a digest of its own, and with no other? */
bool pki_key_has_digest(const EVP_PKEY *key);

/* What the names of a certificate are written as; an address may be both. */
#define PKI_AS_DNS 1u
#define PKI_AS_IP 2u

/* What it may be used for. */
#define PKI_FOR_SERVER 1u
#define PKI_FOR_CLIENT 2u

#define PKI_NAME_MAX 64 /* bytes of a common name, RFC 5280 A.1 */

struct pki_spec {
	const char *name;         /* its common name, at most PKI_NAME_MAX */
	const char *from, *until; /* "20240131", both days included */
	const char *const *hosts; /* its alternative names */
	size_t nhosts;
	unsigned as;  /* PKI_AS_...; 0: it has no alternative names */
	unsigned use; /* PKI_FOR_...; 0: it says nothing of that */
	bool ca;      /* may it sign others, */
	int pathlen;  /* through how many more CAs; -1: any number */
	bool sha1;    /* signed with SHA-1 instead of SHA-256 */
};

/*
 * A certificate for key.  It says that issuer has signed it; that issuer_key
 * belongs to it is the caller's to see to, or not.  issuer NULL: itself.
 */
X509 *pki_make_cert(const struct pki_spec *s, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key);

/* Gives x other days, and signs it anew. */
bool pki_date_cert(X509 *x, const char *from, const char *until, EVP_PKEY *key);

/* Is it the text of an IPv4 or IPv6 address? */
bool pki_is_address(const char *host);

#endif
