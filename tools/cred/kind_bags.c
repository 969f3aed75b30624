#include "kind_bags.h"

#include "kind_key.h"

/* Bags that hold bags. */
#define DEPTH_MAX 8

void
bags_fini(struct bags *b)
{
	EVP_PKEY_free(b->key);
	X509_free(b->cert);
	sk_X509_pop_free(b->others, X509_free);
	*b = (struct bags){ .key = NULL };
}

/* The same key again is no second one. */
static enum bags_found
take_key(struct bags *b, const PKCS8_PRIV_KEY_INFO *info)
{
	EVP_PKEY *key = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
	enum bags_found found = BAGS_GOOD;

	if (key == NULL)
		return BAGS_SHUT;
	if (b->key == NULL) {
		b->key = key;
		return BAGS_GOOD;
	}
	if (EVP_PKEY_eq(b->key, key) != 1)
		found = BAGS_KEYS;
	EVP_PKEY_free(key);
	return found;
}

static enum bags_found
take_sealed_key(struct bags *b, const PKCS12_SAFEBAG *bag, const char *pass)
{
	const X509_ALGOR *alg = NULL;
	PKCS8_PRIV_KEY_INFO *info;
	enum bags_found found;

	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &alg, NULL);
	if (!kind_rounds(&b->rounds, alg))
		return BAGS_ROUNDS;
	info = PKCS12_decrypt_skey(bag, pass, -1);
	found = take_key(b, info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return found;
}

static enum bags_found
take_cert(struct bags *b, const PKCS12_SAFEBAG *bag)
{
	X509 *cert;

	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
		b->unknown++;
		return BAGS_GOOD;
	}
	cert = PKCS12_SAFEBAG_get1_cert(bag);
	if (cert != NULL && sk_X509_push(b->others, cert) > 0)
		return BAGS_GOOD;
	X509_free(cert);
	return BAGS_SHUT;
}

static enum bags_found take_bags(struct bags *b,
    const STACK_OF(PKCS12_SAFEBAG) * bags, const char *pass, int depth);

static enum bags_found
take_bag(struct bags *b, const PKCS12_SAFEBAG *bag, const char *pass, int depth)
{
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return take_key(b, PKCS12_SAFEBAG_get0_p8inf(bag));
	case NID_pkcs8ShroudedKeyBag:
		return take_sealed_key(b, bag, pass);
	case NID_certBag:
		return take_cert(b, bag);
	case NID_safeContentsBag:
		return take_bags(b, PKCS12_SAFEBAG_get0_safes(bag), pass,
		    depth + 1);
	case NID_crlBag:
		b->crls++;
		return BAGS_GOOD;
	case NID_secretBag:
		b->secrets++;
		return BAGS_GOOD;
	default:
		b->unknown++;
		return BAGS_GOOD;
	}
}

static enum bags_found
take_bags(struct bags *b, const STACK_OF(PKCS12_SAFEBAG) * bags,
    const char *pass, int depth)
{
	enum bags_found found = BAGS_GOOD;

	if (bags == NULL || depth > DEPTH_MAX)
		return BAGS_SHUT;
	for (int i = 0; found == BAGS_GOOD && i < sk_PKCS12_SAFEBAG_num(bags);
	     i++)
		found =
		    take_bag(b, sk_PKCS12_SAFEBAG_value(bags, i), pass, depth);
	return found;
}

static const X509_ALGOR *
cipher_of(const PKCS7 *safe)
{
	const PKCS7_ENCRYPT *e = safe->d.encrypted;

	return e != NULL && e->enc_data != NULL ? e->enc_data->algorithm : NULL;
}

static enum bags_found
take_safe(struct bags *b, PKCS7 *safe, const char *pass)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum bags_found found;

	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
	} else if (PKCS7_type_is_encrypted(safe)) {
		if (!kind_rounds(&b->rounds, cipher_of(safe)))
			return BAGS_ROUNDS;
		bags = PKCS12_unpack_p7encdata(safe, pass, -1);
	} else {
		b->unknown++;
		return BAGS_GOOD;
	}
	found = take_bags(b, bags, pass, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return found;
}

/* Which of the certificates is the key's does not depend on what it is called. */
static void
find_cert(struct bags *b)
{
	for (int i = 0; b->key != NULL && i < sk_X509_num(b->others); i++) {
		X509 *cert = sk_X509_value(b->others, i);

		if (EVP_PKEY_eq(X509_get0_pubkey(cert), b->key) == 1) {
			b->cert = sk_X509_delete(b->others, i);
			return;
		}
	}
}

enum bags_found
bags_read(struct bags *b, PKCS12 *p, const char *pass)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p);
	enum bags_found found = BAGS_GOOD;

	b->others = sk_X509_new_null();
	if (safes == NULL || b->others == NULL)
		found = BAGS_SHUT;
	for (int i = 0; found == BAGS_GOOD && i < sk_PKCS7_num(safes); i++)
		found = take_safe(b, sk_PKCS7_value(safes, i), pass);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	if (found == BAGS_GOOD)
		find_cert(b);
	return found;
}
