#include "support/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "cred/store.h"
#include "tls/context.h"

/* Set-up that cannot be had is no finding about the code under test. */
static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "pki: cannot %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static EVP_PKEY *
make_key(enum pki_key_type type)
{
	return type == PKI_EC ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
}

static void
add_extension(X509 *cert, const X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, (X509 *)issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(ext != NULL && X509_add_ext(cert, ext, -1) == 1, value);
	X509_EXTENSION_free(ext);
}

static void
set_validity(X509 *cert, const struct pki_spec *spec)
{
	const bool hour = spec->from_s == 0 && spec->to_s == 0;

	X509_gmtime_adj(X509_getm_notBefore(cert), hour ? -1800 : spec->from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), hour ? 1800 : spec->to_s);
}

void
pki_make(struct pki_cert *out, const struct pki_cert *issuer,
    const struct pki_spec *spec)
{
	static long serial = 1000;
	const X509 *parent;
	X509_NAME *name;

	out->key = make_key(spec->key);
	out->cert = X509_new();
	must(out->key != NULL && out->cert != NULL, "make a key");
	parent = issuer != NULL ? issuer->cert : out->cert;
	X509_set_version(out->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(out->cert), ++serial);
	set_validity(out->cert, spec);
	name = X509_get_subject_name(out->cert);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	         (const unsigned char *)spec->name, -1, -1, 0) == 1,
	    "name a certificate");
	X509_set_issuer_name(out->cert, X509_get_subject_name(parent));
	X509_set_pubkey(out->cert, out->key);
	add_extension(out->cert, parent, NID_basic_constraints,
	    spec->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (spec->ca)
		add_extension(out->cert, parent, NID_key_usage,
		    "critical,keyCertSign,cRLSign");
	if (spec->san != NULL)
		add_extension(out->cert, parent, NID_subject_alt_name,
		    spec->san);
	if (spec->eku != NULL)
		add_extension(out->cert, parent, NID_ext_key_usage, spec->eku);
	must(X509_sign(out->cert, issuer != NULL ? issuer->key : out->key,
	         EVP_sha256()) > 0,
	    "sign a certificate");
}

void
pki_free(struct pki_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	*c = (struct pki_cert){ 0 };
}

/* What was written to bio, and a NUL if it is text. */
static struct pki_bytes
take(BIO *bio, bool text)
{
	struct pki_bytes b;
	char *data;
	const long len = BIO_get_mem_data(bio, &data);

	must(len > 0, "encode");
	b.len = (size_t)len + text;
	b.data = calloc(1, b.len);
	must(b.data != NULL, "allocate");
	memcpy(b.data, data, (size_t)len);
	BIO_free(bio);
	return b;
}

struct pki_bytes
pki_cert_pem(const struct pki_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, c->cert);
	return take(bio, true);
}

struct pki_bytes
pki_cert_der(const struct pki_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_X509_bio(bio, c->cert);
	return take(bio, false);
}

struct pki_bytes
pki_key_pem(const struct pki_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL);
	return take(bio, true);
}

struct pki_bytes
pki_key_der(const struct pki_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_PrivateKey_bio(bio, c->key);
	return take(bio, false);
}

void
pki_bytes_free(struct pki_bytes *b)
{
	free(b->data);
	*b = (struct pki_bytes){ 0 };
}

void
pki_init(struct pki *p, enum pki_key_type server_key)
{
	pki_make(&p->ca, NULL,
	    &(struct pki_spec){ .name = "Test CA", .ca = true });
	pki_make(&p->server, &p->ca,
	    &(struct pki_spec){ .name = "localhost",
	        .san = "DNS:localhost,IP:127.0.0.1,IP:::1",
	        .key = server_key });
}

void
pki_fini(struct pki *p)
{
	pki_free(&p->ca);
	pki_free(&p->server);
}

static void
store(int tag, int type, struct pki_bytes b)
{
	if (store_delete(tag, type) == 0)
		tls_context_forget(tag, type);
	must(store_add(tag, type, b.data, b.len) == 0, "store a credential");
	pki_bytes_free(&b);
}

void
pki_store_ca(int tag, const struct pki_cert *c)
{
	store(tag, CRED_CA_CERTIFICATE, pki_cert_pem(c));
}

void
pki_store_identity(int tag, const struct pki_cert *c)
{
	store(tag, CRED_CERTIFICATE, pki_cert_pem(c));
	store(tag, CRED_PRIVATE_KEY, pki_key_pem(c));
}

void
pki_forget(int tag)
{
	for (int type = CRED_CA_CERTIFICATE; type <= CRED_PSK_ID; type++) {
		if (store_delete(tag, type) == 0)
			tls_context_forget(tag, type);
	}
}
