#ifndef SUPPORT_PKI_H
#define SUPPORT_PKI_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * Keys and certificates made at run time and valid for a day around now, so
 * that nothing in the tree expires or leaks.  Everything here ends the test
 * program if it cannot be made.
 */
enum pki_key_type {
	PKI_EC, /* P-256 */
	PKI_P224,
	PKI_P384,
	PKI_K256, /* secp256k1 */
	PKI_ED25519,
	PKI_RSA, /* 2048 bits */
	PKI_RSA_1024,
};

enum pki_digest { PKI_SHA256, PKI_SHA1, PKI_SHA224, PKI_SHA384, PKI_SHA512 };

struct pki_cert {
	X509 *cert;
	EVP_PKEY *key;
};

/*
 * What a certificate says.  Extensions are in the words of openssl-x509v3; of
 * those that are NULL basicConstraints follow ca, and a CA has the keyUsage of
 * one.  The rest is not there.
 */
struct pki_spec {
	const char *name;  /* common name */
	const char *san;   /* "DNS:localhost,IP:127.0.0.1" */
	const char *eku;   /* "serverAuth" */
	const char *usage; /* "critical,digitalSignature"; "" is none at all */
	const char *basic; /* "critical,CA:TRUE,pathlen:0"; "" is none at all */
	enum pki_key_type key;
	enum pki_digest digest; /* of its issuer's signature */
	bool ca;
	bool forged;      /* not by its issuer's key, as if there were two */
	int from_s, to_s; /* validity from now in seconds; 0, 0 is the day */
};

/* Signed by issuer, or by itself if issuer is NULL. */
void pki_make(struct pki_cert *out, const struct pki_cert *issuer,
    const struct pki_spec *spec);
void pki_free(struct pki_cert *c);

/*
 * A chain of n: out[0] is made of specs[0] and signed by out[1], and so on; the
 * last one is signed by root, or by itself if root is NULL.
 */
void pki_make_chain(struct pki_cert *out, const struct pki_cert *root,
    const struct pki_spec *specs, size_t n);

/*
 * A key whose public half is c's, as OpenSSL compares it, and whose private one
 * is another: what it signs, c does not prove.  For EC keys.
 */
EVP_PKEY *pki_wrong_key(const struct pki_cert *c);

/* Bytes as tls_credential_add takes them: PEM has its NUL counted in. */
struct pki_bytes {
	unsigned char *data;
	size_t len;
};

struct pki_bytes pki_cert_pem(const struct pki_cert *c);
struct pki_bytes pki_cert_der(const struct pki_cert *c);
struct pki_bytes pki_key_pem(const struct pki_cert *c);
struct pki_bytes pki_key_der(const struct pki_cert *c);
void pki_bytes_free(struct pki_bytes *b);

/*
 * The usual set: an EC CA "Test CA", and a server certificate of it for
 * localhost, 127.0.0.1 and ::1.
 */
struct pki {
	struct pki_cert ca, server;
};

void pki_init(struct pki *p, enum pki_key_type server_key);
void pki_fini(struct pki *p);

/* Stores c, or its key, under tag as PEM; replaces what was there. */
void pki_store_ca(int tag, const struct pki_cert *c);
void pki_store_identity(int tag, const struct pki_cert *c);
void pki_store_certificate(int tag, const struct pki_cert *c);
void pki_store_key(int tag, const struct pki_cert *c);

/* Empties tag. */
void pki_forget(int tag);

#endif
