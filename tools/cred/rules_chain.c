#include "rules_own.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cred/store.h"

/* A key of a later certificate belongs to it; that is a matter of order. */
RULE(e07)
{
	const struct subject *serv;
	X509 *leaf;
	char name[RULES_NAME_MAX];

	if (s->item->type != CRED_PRIVATE_KEY || s->facts.key == NULL)
		return;
	serv = rules_partner(r, s, CRED_CERTIFICATE);
	leaf = serv != NULL ? rules_leaf(r, serv) : NULL;
	if (leaf == NULL ||
	    EVP_PKEY_eq(X509_get0_pubkey(leaf), s->facts.key) == 1)
		return;
	facts_name(leaf, name, sizeof(name));
	if (serv->item->tag != s->item->tag)
		rules_find(r, s, "\"%s\" of tag %d", name, serv->item->tag);
	else
		rules_find(r, s, "\"%s\"", name);
}

RULE(e08)
{
	if (s->item->type == CRED_CERTIFICATE &&
	    rules_partner(r, s, CRED_PRIVATE_KEY) == NULL &&
	    rules_partner(r, s, CRED_PRIVATE_KEY_PSA) == NULL)
		rules_find(r, s, "the PK is missing");
	else if (s->item->type == CRED_PRIVATE_KEY &&
	    rules_partner(r, s, CRED_CERTIFICATE) == NULL)
		rules_find(r, s, "the SERV is missing");
}

/* Is it a CA that counts: of the tags that were said, or any? */
static bool
is_anchor(const struct rules *r, const struct subject *s)
{
	return s->item->type == CRED_CA_CERTIFICATE &&
	    (r->ntags == 0 || rules_has_tag(r, s->item->tag));
}

static bool
has_anchors(const struct rules *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (is_anchor(r, &r->subjects[i]) &&
		    rules_ncerts(&r->subjects[i]) > 0)
			return true;
	}
	return false;
}

static X509_STORE *
make_anchors(const struct rules *r)
{
	X509_STORE *store = X509_STORE_new();
	bool good = store != NULL;

	for (size_t i = 0; good && i < r->n; i++) {
		const struct subject *ca = &r->subjects[i];

		if (!is_anchor(r, ca))
			continue;
		for (int k = 0; good && k < rules_ncerts(ca); k++)
			good = X509_STORE_add_cert(store, rules_cert(ca, k));
	}
	if (good)
		return store;
	X509_STORE_free(store);
	return NULL;
}

static bool
is_issuer_here(const struct rules *r, X509 *leaf)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct subject *ca = &r->subjects[i];

		if (!is_anchor(r, ca))
			continue;
		for (int k = 0; k < rules_ncerts(ca); k++) {
			if (X509_NAME_cmp(X509_get_issuer_name(leaf),
			        X509_get_subject_name(rules_cert(ca, k))) == 0)
				return true;
		}
	}
	return false;
}

/*
 * A device's certificate that says nothing of its use, of a CA that is not here:
 * it is for a server that knows that CA, and the CA here is that server's.  One
 * that has the name of a host is a server's own.
 */
static bool
is_for_another_ca(const struct rules *r, const struct subject *s, X509 *leaf)
{
	return r->ntags == 0 && rules_ncerts(s) == 1 &&
	    !rules_names_host(leaf) &&
	    X509_get_ext_by_NID(leaf, NID_ext_key_usage, -1) < 0 &&
	    X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) < 0 &&
	    !is_issuer_here(r, leaf) &&
	    X509_NAME_cmp(X509_get_issuer_name(leaf),
	        X509_get_subject_name(leaf)) != 0;
}

/*
 * Dates have rules of their own.  Any CA here may end the chain, as on the
 * device, be it a root or not.
 */
static void
verify(struct rules *r, const struct subject *s, X509 *leaf)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	char name[RULES_NAME_MAX];
	X509 *at;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, r->anchors, leaf, s->facts.certs) != 1) {
		X509_STORE_CTX_free(ctx);
		r->failed = true;
		return;
	}
	X509_STORE_CTX_set_flags(ctx,
	    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
	if (X509_verify_cert(ctx) != 1) {
		at = X509_STORE_CTX_get_current_cert(ctx);
		facts_name(at != NULL ? at : leaf, name, sizeof(name));
		rules_find(r, s, "\"%s\": %s", name,
		    X509_verify_cert_error_string(
		        X509_STORE_CTX_get_error(ctx)));
	}
	X509_STORE_CTX_free(ctx);
}

RULE(e16)
{
	X509 *leaf = rules_leaf(r, s);

	if (leaf == NULL)
		return;
	if (!has_anchors(r)) {
		if (r->ntags > 0)
			rules_find(r, s, "the tags of --tags have no CA");
		return;
	}
	if (is_for_another_ca(r, s, leaf))
		return;
	if (r->anchors == NULL)
		r->anchors = make_anchors(r);
	if (r->anchors == NULL)
		r->failed = true;
	else
		verify(r, s, leaf);
}

/* It is not verified then, which may not be what is meant. */
RULE(n43)
{
	X509 *leaf = rules_leaf(r, s);
	char name[RULES_NAME_MAX];

	if (leaf == NULL || !has_anchors(r) || !is_for_another_ca(r, s, leaf))
		return;
	facts_name(leaf, name, sizeof(name));
	rules_find(r, s, "\"%s\"", name);
}

static bool
is_issued_by(X509 *cert, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(cert),
	           X509_get_subject_name(issuer)) == 0;
}

RULE(w30)
{
	X509 *leaf = rules_leaf(r, s);
	const int n = leaf != NULL ? rules_ncerts(s) : 0;

	if (n > 1 && leaf != rules_cert(s, 0)) {
		rules_find(r, s, "the key's certificate is not the first");
		return;
	}
	for (int i = 1; i < n; i++) {
		if (!is_issued_by(rules_cert(s, i - 1), rules_cert(s, i))) {
			rules_find(r, s,
			    "certificate %d is not of the issuer of the one "
			    "before",
			    i + 1);
			return;
		}
		if (is_issued_by(rules_cert(s, i), rules_cert(s, i))) {
			rules_find(r, s, "certificate %d is the root", i + 1);
			return;
		}
	}
}
