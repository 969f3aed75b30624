#ifndef SUPPORT_PKI_H
#define SUPPORT_PKI_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * Keys and certificates made at run time and valid for an hour around now, so
 * that nothing in the tree expires or leaks.  Everything here ends the test
 * program if it cannot be made.
 */
enum pki_key_type { PKI_EC, PKI_RSA };

struct pki_cert {
	X509 *cert;
	EVP_PKEY *key;
};

struct pki_spec {
	const char *name; /* common name */
	const char *san;  /* "DNS:localhost,IP:127.0.0.1", or NULL */
	const char *eku;  /* "serverAuth", or NULL */
	enum pki_key_type key;
	bool ca;
	int from_s, to_s; /* validity from now in seconds; 0, 0 is the hour */
};

/* Signed by issuer, or by itself if issuer is NULL. */
void pki_make(struct pki_cert *out, const struct pki_cert *issuer,
    const struct pki_spec *spec);
void pki_free(struct pki_cert *c);

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

/* Empties tag. */
void pki_forget(int tag);

#endif
