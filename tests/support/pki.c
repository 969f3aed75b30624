#include "support/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
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
	static const char *const curves[] = { [PKI_EC] = "P-256",
		[PKI_P224] = "P-224",
		[PKI_P384] = "P-384",
		[PKI_K256] = "secp256k1" };

	switch (type) {
	case PKI_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case PKI_RSA:
		return EVP_RSA_gen(2048);
	case PKI_RSA_1024:
		return EVP_RSA_gen(1024);
	default:
		return EVP_EC_gen(curves[type]);
	}
}

/* A forged one is signed by another key than its issuer's. */
static void
sign(X509 *cert, EVP_PKEY *issuer, const struct pki_spec *spec)
{
	static const EVP_MD *(*const digests[])(void) = {
		[PKI_SHA256] = EVP_sha256,
		[PKI_SHA1] = EVP_sha1,
		[PKI_SHA224] = EVP_sha224,
		[PKI_SHA384] = EVP_sha384,
		[PKI_SHA512] = EVP_sha512,
	};
	EVP_PKEY *key = spec->forged ? make_key(PKI_EC) : issuer;
	const bool own = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;

	must(X509_sign(cert, key, own ? NULL : digests[spec->digest]()) > 0,
	    "sign a certificate");
	if (spec->forged)
		EVP_PKEY_free(key);
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
extend(X509 *cert, const X509 *issuer, const struct pki_spec *spec)
{
	const struct {
		int nid;
		const char *value, *unset;
	} rows[] = {
		{ NID_basic_constraints, spec->basic,
		    spec->ca ? "critical,CA:TRUE" : "critical,CA:FALSE" },
		{ NID_key_usage, spec->usage,
		    spec->ca ? "critical,keyCertSign,cRLSign" : "" },
		{ NID_subject_alt_name, spec->san, "" },
		{ NID_ext_key_usage, spec->eku, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value =
		    rows[i].value != NULL ? rows[i].value : rows[i].unset;

		if (*value != '\0')
			add_extension(cert, issuer, rows[i].nid, value);
	}
}

static void
set_validity(X509 *cert, const struct pki_spec *spec)
{
	const bool day = spec->from_s == 0 && spec->to_s == 0;

	X509_gmtime_adj(X509_getm_notBefore(cert), day ? -43200 : spec->from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), day ? 43200 : spec->to_s);
}

void
pki_make(struct pki_cert *out, const struct pki_cert *issuer,
    const struct pki_spec *spec)
{
	static long serial = 1000;
	const X509 *parent;
	X509_NAME *name;
	char number[32];

	out->key = make_key(spec->key);
	out->cert = X509_new();
	must(out->key != NULL && out->cert != NULL, "make a key");
	parent = issuer != NULL ? issuer->cert : out->cert;
	X509_set_version(out->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(out->cert), ++serial);
	set_validity(out->cert, spec);
	name = X509_get_subject_name(out->cert);
	snprintf(number, sizeof(number), "%ld", serial);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	         (const unsigned char *)(spec->name != NULL ? spec->name
	                                                    : number),
	         -1, -1, 0) == 1,
	    "name a certificate");
	X509_set_issuer_name(out->cert, X509_get_subject_name(parent));
	X509_set_pubkey(out->cert, out->key);
	extend(out->cert, parent, spec);
	sign(out->cert, issuer != NULL ? issuer->key : out->key, spec);
}

void
pki_make_chain(struct pki_cert *out, const struct pki_cert *root,
    const struct pki_spec *specs, size_t n)
{
	for (size_t i = n; i-- > 0;)
		pki_make(&out[i], i + 1 < n ? &out[i + 1] : root, &specs[i]);
}

EVP_PKEY *
pki_wrong_key(const struct pki_cert *c)
{
	EVP_PKEY *other = make_key(PKI_EC), *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	unsigned char point[256];
	BIGNUM *secret = NULL;
	size_t n = 0;

	must(EVP_PKEY_get_octet_string_param(c->key, OSSL_PKEY_PARAM_PUB_KEY,
	         point, sizeof(point), &n) == 1 &&
	        EVP_PKEY_get_bn_param(other, OSSL_PKEY_PARAM_PRIV_KEY,
	            &secret) == 1 &&
	        OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
	            "P-256", 0) == 1 &&
	        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY,
	            point, n) == 1 &&
	        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, secret) ==
	            1,
	    "take two keys apart");
	params = OSSL_PARAM_BLD_to_param(b);
	must(EVP_PKEY_fromdata_init(ctx) == 1 &&
	        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1,
	    "make a key of two");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	BN_clear_free(secret);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(other);
	return key;
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

/* Not by store_add, for the store would miss b, which is no program's. */
static void
store(int tag, int type, struct pki_bytes b)
{
	const struct cred_op op = { .kind = CRED_OP_ADD,
		.tag = tag,
		.type = type,
		.data = b.data,
		.len = b.len };
	const struct store_change how = { .origin = CRED_FROM_API };
	struct cred_op_count count;
	uint64_t generation;
	size_t failed;

	if (store_delete(tag, type) == 0)
		tls_context_forget(tag, type);
	must(store_apply(&op, 1, &how, &count, &generation, &failed) == 0,
	    "store a credential");
	pki_bytes_free(&b);
}

void
pki_store_ca(int tag, const struct pki_cert *c)
{
	store(tag, CRED_CA_CERTIFICATE, pki_cert_pem(c));
}

void
pki_store_certificate(int tag, const struct pki_cert *c)
{
	store(tag, CRED_CERTIFICATE, pki_cert_pem(c));
}

void
pki_store_key(int tag, const struct pki_cert *c)
{
	store(tag, CRED_PRIVATE_KEY, pki_key_pem(c));
}

void
pki_store_identity(int tag, const struct pki_cert *c)
{
	pki_store_certificate(tag, c);
	pki_store_key(tag, c);
}

void
pki_forget(int tag)
{
	for (int type = CRED_CA_CERTIFICATE; type <= CRED_PSK_ID; type++) {
		if (store_delete(tag, type) == 0)
			tls_context_forget(tag, type);
	}
}
