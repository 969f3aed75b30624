#include "rules_own.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "cred/store.h"
#include "tls/rules.h"

#define DAY ((time_t)24 * 60 * 60)
#define RSA_BITS 2048

/*
 * Many certificates of one value are one finding, that of the first of them,
 * which says how many there are.
 */
struct tally {
	X509 *first;
	int n;
};

static void
count(struct tally *t, X509 *cert)
{
	if (t->n++ == 0)
		t->first = cert;
}

static void
find_tally(struct rules *r, const struct subject *s, const struct tally *t,
    const char *what)
{
	char name[RULES_NAME_MAX];

	if (t->n == 0)
		return;
	facts_name(t->first, name, sizeof(name));
	if (t->n == 1)
		rules_find(r, s, "\"%s\": %s", name, what);
	else
		rules_find(r, s, "\"%s\": %s; and %d more", name, what,
		    t->n - 1);
}

static void
find_by_date(struct rules *r, const struct subject *s,
    const ASN1_TIME *(*date_of)(const X509 *),
    bool (*is_meant)(const struct rules *r, time_t date))
{
	struct tally t = { NULL, 0 };
	char text[32] = "";
	time_t date;

	for (int i = 0; i < rules_ncerts(s); i++) {
		X509 *cert = rules_cert(s, i);

		if (facts_time(date_of(cert), &date) && is_meant(r, date))
			count(&t, cert);
	}
	if (t.n > 0)
		facts_date(date_of(t.first), text, sizeof(text));
	find_tally(r, s, &t, text);
}

static bool
is_over(const struct rules *r, time_t end)
{
	return end < r->at;
}

static bool
is_to_come(const struct rules *r, time_t begin)
{
	return begin > r->at;
}

static bool
is_over_soon(const struct rules *r, time_t end)
{
	return end >= r->at && (end - r->at) / DAY < r->days;
}

RULE(e13)
{
	find_by_date(r, s, X509_get0_notAfter, is_over);
}

RULE(e14)
{
	find_by_date(r, s, X509_get0_notBefore, is_to_come);
}

RULE(w20)
{
	find_by_date(r, s, X509_get0_notAfter, is_over_soon);
}

static bool
is_short(EVP_PKEY *key)
{
	const int id = key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	return (id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS) &&
	    EVP_PKEY_get_bits(key) < RSA_BITS;
}

/* Nobody looks at the signature of a root, which is there to be trusted. */
static bool
is_badly_signed(X509 *cert)
{
	int digest = NID_undef;

	if (X509_check_issued(cert, cert) == X509_V_OK ||
	    X509_get_signature_info(cert, &digest, NULL, NULL, NULL) != 1)
		return false;
	return digest == NID_sha1 || digest == NID_md5 ||
	    digest == NID_md5_sha1 || digest == NID_md4 || digest == NID_md2;
}

/* A key whose certificate is here is judged there. */
static EVP_PKEY *
key_alone(const struct rules *r, const struct subject *s)
{
	return s->item->type == CRED_PRIVATE_KEY &&
	        rules_partner(r, s, CRED_CERTIFICATE) == NULL
	    ? s->facts.key
	    : NULL;
}

static void
judge_key_alone(struct rules *r, const struct subject *s,
    bool (*is)(EVP_PKEY *key))
{
	EVP_PKEY *key = key_alone(r, s);
	char text[64];

	if (key == NULL || !is(key))
		return;
	facts_key(s->facts.key, text, sizeof(text));
	rules_find(r, s, "%s", text);
}

RULE(w21)
{
	struct tally t = { NULL, 0 };
	char what[64] = "";
	int digest = NID_undef;

	judge_key_alone(r, s, is_short);
	for (int i = 0; i < rules_ncerts(s); i++) {
		X509 *cert = rules_cert(s, i);

		if (is_short(X509_get0_pubkey(cert)) || is_badly_signed(cert))
			count(&t, cert);
	}
	if (t.n > 0 && is_short(X509_get0_pubkey(t.first))) {
		facts_key(X509_get0_pubkey(t.first), what, sizeof(what));
	} else if (t.n > 0) {
		(void)X509_get_signature_info(t.first, &digest, NULL, NULL,
		    NULL);
		snprintf(what, sizeof(what), "%s", OBJ_nid2sn(digest));
	}
	find_tally(r, s, &t, what);
}

/* A flag of a CA that a leaf has not, or has the other way. */
static bool
is_ca(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;
}

/* It says itself that it is a server's or client's, or is another's own. */
static bool
is_leaf(const struct rules *r, X509 *cert)
{
	if (is_ca(cert))
		return false;
	if ((X509_get_extension_flags(cert) & EXFLAG_BCONS) != 0 ||
	    X509_get_ext_by_NID(cert, NID_ext_key_usage, -1) >= 0 ||
	    X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) >= 0)
		return true;
	for (size_t i = 0; i < r->n; i++) {
		X509 *own = rules_leaf(r, &r->subjects[i]);

		if (own != NULL && X509_cmp(own, cert) == 0)
			return true;
	}
	return false;
}

RULE(w22)
{
	struct tally t = { NULL, 0 };

	if (s->item->type != CRED_CA_CERTIFICATE)
		return;
	for (int i = 0; i < rules_ncerts(s); i++) {
		X509 *cert = rules_cert(s, i);

		if (is_leaf(r, cert))
			continue;
		if (!is_ca(cert) ||
		    (X509_get_key_usage(cert) & X509v3_KU_KEY_CERT_SIGN) == 0)
			count(&t, cert);
	}
	find_tally(r, s, &t,
	    t.n > 0 && is_ca(t.first) ? "no keyCertSign" : "no CA:TRUE");
}

RULE(w37)
{
	struct tally t = { NULL, 0 };

	if (s->item->type != CRED_CA_CERTIFICATE)
		return;
	for (int i = 0; i < rules_ncerts(s); i++) {
		X509 *cert = rules_cert(s, i);

		if (is_leaf(r, cert))
			count(&t, cert);
	}
	find_tally(r, s, &t, "it is no CA");
}

/* Ed25519 and Ed448 are fine for the library, which asks its own OpenSSL. */
static bool
is_foreign(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const int id = key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
	char why[128];

	if (id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS)
		return false;
	return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ||
	    !tls_rules_key(cert, why, sizeof(why));
}

/* The library judges keys by certificates that have them. */
static bool
is_foreign_key(EVP_PKEY *key)
{
	X509 *holder = X509_new();
	bool is;

	is = holder != NULL && X509_set_pubkey(holder, key) == 1 &&
	    is_foreign(holder);
	X509_free(holder);
	return is;
}

RULE(w36)
{
	struct tally t = { NULL, 0 };
	char what[64] = "a key that cannot be decoded";

	judge_key_alone(r, s, is_foreign_key);

	for (int i = 0; i < rules_ncerts(s); i++) {
		X509 *cert = rules_cert(s, i);

		if (is_foreign(cert))
			count(&t, cert);
	}
	if (t.n > 0 && X509_get0_pubkey(t.first) != NULL)
		facts_key(X509_get0_pubkey(t.first), what, sizeof(what));
	find_tally(r, s, &t, what);
}
