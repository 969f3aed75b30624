#include "pki_make.h"

#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

/* Bits of a serial number, of at most 20 bytes (RFC 5280, 4.1.2.2). */
#define SERIAL_BITS 127

EVP_PKEY *
pki_make_key(enum pki_kind kind)
{
	switch (kind) {
	case PKI_P256:
		return EVP_EC_gen("P-256");
	case PKI_P384:
		return EVP_EC_gen("P-384");
	case PKI_RSA1024:
		return EVP_RSA_gen(1024);
	case PKI_RSA2048:
		return EVP_RSA_gen(2048);
	case PKI_RSA3072:
		return EVP_RSA_gen(3072);
	}
	return NULL;
}

static bool
set_serial(X509 *x)
{
	BIGNUM *n = BN_new();
	const bool good = n != NULL &&
	    BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

	BN_free(n);
	return good;
}

/* OpenSSL takes UTCTime up to 2049, as it must be, and GeneralizedTime after. */
static bool
set_day(ASN1_TIME *t, const char *day, const char *time)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s", day, time);
	return ASN1_TIME_set_string_X509(t, text) == 1;
}

static bool
set_subject(X509 *x, const char *name)
{
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(x),
	           NID_commonName, MBSTRING_UTF8, (const unsigned char *)name,
	           -1, -1, 0) == 1;
}

static bool
add_basic(X509 *x, const struct pki_spec *s)
{
	BASIC_CONSTRAINTS *b = BASIC_CONSTRAINTS_new();
	bool good = b != NULL;

	if (good && s->ca) {
		b->ca = 0xff;
		if (s->pathlen >= 0)
			good = (b->pathlen = ASN1_INTEGER_new()) != NULL &&
			    ASN1_INTEGER_set(b->pathlen, s->pathlen) == 1;
	}
	good =
	    good && X509_add1_ext_i2d(x, NID_basic_constraints, b, 1, 0) == 1;
	BASIC_CONSTRAINTS_free(b);
	return good;
}

/* An RSA key may also be encrypted to, in suites of TLS 1.2. */
static bool
add_usage(X509 *x, const struct pki_spec *s, const EVP_PKEY *key)
{
	enum { SIGN = 0, ENCIPHER = 2, SIGN_CERT = 5, SIGN_CRL = 6 };
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	bool good = bits != NULL;

	if (s->ca)
		good = good && ASN1_BIT_STRING_set_bit(bits, SIGN_CERT, 1) &&
		    ASN1_BIT_STRING_set_bit(bits, SIGN_CRL, 1);
	else
		good = good && ASN1_BIT_STRING_set_bit(bits, SIGN, 1);
	if (!s->ca && EVP_PKEY_is_a(key, "RSA"))
		good = good && ASN1_BIT_STRING_set_bit(bits, ENCIPHER, 1);
	good = good && X509_add1_ext_i2d(x, NID_key_usage, bits, 1, 0) == 1;
	ASN1_BIT_STRING_free(bits);
	return good;
}

static bool
add_purpose(X509 *x, unsigned use)
{
	EXTENDED_KEY_USAGE *all;
	bool good;

	if (use == 0)
		return true;
	all = sk_ASN1_OBJECT_new_null();
	good = all != NULL;
	/* Objects of the table need no free; pushed ones are not owned. */
	if (good && (use & PKI_FOR_SERVER) != 0)
		good =
		    sk_ASN1_OBJECT_push(all, OBJ_nid2obj(NID_server_auth)) > 0;
	if (good && (use & PKI_FOR_CLIENT) != 0)
		good =
		    sk_ASN1_OBJECT_push(all, OBJ_nid2obj(NID_client_auth)) > 0;
	good = good && X509_add1_ext_i2d(x, NID_ext_key_usage, all, 0, 0) == 1;
	sk_ASN1_OBJECT_free(all);
	return good;
}

bool
pki_is_address(const char *host)
{
	ASN1_OCTET_STRING *ip;

	ERR_set_mark();
	ip = a2i_IPADDRESS(host);
	ERR_pop_to_mark();
	ASN1_OCTET_STRING_free(ip);
	return ip != NULL;
}

/* Takes over value, also on failure. */
static bool
push_name(GENERAL_NAMES *all, int type, ASN1_STRING *value)
{
	GENERAL_NAME *one = GENERAL_NAME_new();

	if (one == NULL || value == NULL) {
		ASN1_STRING_free(value);
		GENERAL_NAME_free(one);
		return false;
	}
	GENERAL_NAME_set0_value(one, type, value);
	if (sk_GENERAL_NAME_push(all, one) > 0)
		return true;
	GENERAL_NAME_free(one);
	return false;
}

static bool
push_dns(GENERAL_NAMES *all, const char *host)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (text != NULL && ASN1_STRING_set(text, host, -1) != 1) {
		ASN1_IA5STRING_free(text);
		text = NULL;
	}
	return push_name(all, GEN_DNS, text);
}

static bool
add_names(X509 *x, const struct pki_spec *s)
{
	GENERAL_NAMES *all;
	bool good;

	if (s->as == 0)
		return true;
	all = GENERAL_NAMES_new();
	good = all != NULL;
	for (size_t i = 0; good && i < s->nhosts; i++) {
		if ((s->as & PKI_AS_DNS) != 0)
			good = push_dns(all, s->hosts[i]);
		if (good && (s->as & PKI_AS_IP) != 0 &&
		    pki_is_address(s->hosts[i]))
			good = push_name(all, GEN_IPADD,
			    a2i_IPADDRESS(s->hosts[i]));
	}
	good = good &&
	    (sk_GENERAL_NAME_num(all) == 0 ||
	        X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) == 1);
	GENERAL_NAMES_free(all);
	return good;
}

/* By the usual digest, so that issuer and issued name the same one. */
static bool
add_key_ids(X509 *x, X509 *issuer)
{
	const ASN1_OCTET_STRING *known;
	ASN1_OCTET_STRING *own = ASN1_OCTET_STRING_new();
	AUTHORITY_KEYID *other = AUTHORITY_KEYID_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool good;

	good = own != NULL && other != NULL &&
	    X509_pubkey_digest(x, EVP_sha1(), digest, &len) == 1 &&
	    ASN1_OCTET_STRING_set(own, digest, (int)len) == 1 &&
	    X509_add1_ext_i2d(x, NID_subject_key_identifier, own, 0, 0) == 1;
	/* To ask x itself would have OpenSSL note what it is made of too early. */
	known = good && x != issuer ? X509_get0_subject_key_id(issuer) : NULL;
	if (known != NULL) {
		other->keyid = ASN1_OCTET_STRING_dup(known);
		good = other->keyid != NULL &&
		    X509_add1_ext_i2d(x, NID_authority_key_identifier, other, 0,
		        0) == 1;
	}
	ASN1_OCTET_STRING_free(own);
	AUTHORITY_KEYID_free(other);
	return good;
}

bool
pki_key_has_digest(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
}

static const EVP_MD *
digest_for(const EVP_PKEY *key, bool sha1)
{
	if (pki_key_has_digest(key))
		return NULL;
	return sha1 ? EVP_sha1() : EVP_sha256();
}

static bool
fill(X509 *x, const struct pki_spec *s, EVP_PKEY *key, X509 *issuer)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	    set_day(X509_getm_notBefore(x), s->from, "000000Z") &&
	    set_day(X509_getm_notAfter(x), s->until, "235959Z") &&
	    set_subject(x, s->name) && X509_set_pubkey(x, key) == 1 &&
	    X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
	    add_basic(x, s) && add_usage(x, s, key) && add_purpose(x, s->use) &&
	    add_key_ids(x, issuer) && add_names(x, s);
}

X509 *
pki_make_cert(const struct pki_spec *s, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key)
{
	X509 *x = X509_new();

	if (x == NULL)
		return NULL;
	if (fill(x, s, key, issuer != NULL ? issuer : x) &&
	    X509_sign(x, issuer_key, digest_for(issuer_key, s->sha1)) > 0)
		return x;
	X509_free(x);
	return NULL;
}

bool
pki_date_cert(X509 *x, const char *from, const char *until, EVP_PKEY *key)
{
	return set_serial(x) &&
	    set_day(X509_getm_notBefore(x), from, "000000Z") &&
	    set_day(X509_getm_notAfter(x), until, "235959Z") &&
	    X509_sign(x, key, digest_for(key, false)) > 0;
}
