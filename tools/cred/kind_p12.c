#include "kinds.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "cred/store.h"
#include "encode.h"
#include "facts.h"
#include "kind_bags.h"
#include "kind_key.h"
#include "kind_text.h"

/* No pass phrase may be one of no characters, or none. */
static bool
is_authentic(PKCS12 *p, const char **pass)
{
	if (PKCS12_verify_mac(p, *pass, -1) == 1)
		return true;
	if (*pass != NULL && **pass != '\0')
		return false;
	*pass = *pass == NULL ? "" : NULL;
	return PKCS12_verify_mac(p, *pass, -1) == 1;
}

static int
fail_pass(struct kind_input *in)
{
	return kind_fail(in, REFUSED, 0,
	    in->pass == NULL
	        ? "a pass phrase is needed: --pass-file, --pass-env or "
	          "--pass-fd"
	        : "the pass phrase is wrong");
}

static enum bags_found
read_bags(PKCS12 *p, const char *pass, struct bags *b)
{
	const uint64_t rounds = b->rounds; /* of the MAC */

	bags_fini(b);
	b->rounds = rounds;
	ERR_clear_error();
	return bags_read(b, p, pass);
}

/* Why it stays shut, once the code that authenticates it was right. */
static int
fail_shut(struct kind_input *in, enum bags_found found, bool mac,
    enum kind_missing missing)
{
	if (found == BAGS_ROUNDS)
		return kind_rounds_fail(in, 0);
	if (found == BAGS_KEYS)
		return kind_fail(in, MALFORMED, 0,
		    "a second private key is in it: a tag has one");
	if (missing != KIND_NOT_MISSING)
		return kind_fail(in, MALFORMED, 0,
		    "it is encrypted with a cipher that this OpenSSL does not "
		    "have");
	if (!mac)
		return fail_pass(in);
	return kind_fail(in, MALFORMED, 0, "its contents are damaged");
}

/*
 * The code that authenticates a file tells a wrong pass phrase, so that what
 * fails after it is the cipher.
 */
static int
open_file(struct kind_input *in, PKCS12 *p, struct bags *b)
{
	enum kind_missing missing = KIND_NOT_MISSING;
	const char *pass = in->pass;
	const bool mac = PKCS12_mac_present(p);
	enum bags_found found;

	ERR_clear_error();
	if (mac && !kind_rounds_of_mac(&b->rounds, p))
		return kind_rounds_fail(in, 0);
	if (mac && !is_authentic(p, &pass)) {
		if (kind_missing_cipher() == KIND_NOT_MISSING)
			return fail_pass(in);
		return kind_fail(in, MALFORMED, 0,
		    "this OpenSSL does not have the digest of its MAC");
	}
	found = read_bags(p, pass, b);
	if (found == BAGS_SHUT)
		missing = kind_missing_cipher();
	if (missing == KIND_LOADED) {
		found = read_bags(p, pass, b);
		missing = found == BAGS_SHUT ? kind_missing_cipher()
		                             : KIND_NOT_MISSING;
	}
	ERR_clear_error();
	return found == BAGS_GOOD ? DONE : fail_shut(in, found, mac, missing);
}

/* Adds the text of PEM as the value of a type, or of what it is. */
static int
add_text(struct kind_input *in, struct buf *text, int type, struct set *out)
{
	struct kind_input as = *in;
	int rc;

	if (text->failed)
		return kind_no_memory(in);
	if (text->len == 0)
		return DONE;
	as.data = text->data;
	as.len = text->len;
	as.type = type;
	rc = kind_pem_import(&as, out);
	return rc == DONE ? DONE : kind_fail(in, rc, 0, "%s", as.text);
}

static int
add_value(struct kind_input *in, struct buf *text, int type, struct set *out)
{
	buf_put(text, '\0');
	if (text->failed)
		return kind_no_memory(in);
	return kind_add(in,
	    &(struct kind_value){ in->tag, type, text->data, text->len, 0 },
	    out);
}

/* By what each of them is. */
static int
add_by_kind(struct kind_input *in, const struct bags *b, struct set *out)
{
	struct buf text = { .data = NULL };
	bool good = b->cert == NULL || encode_cert_pem(&text, b->cert);
	int rc;

	for (int i = 0; good && i < sk_X509_num(b->others); i++)
		good = encode_cert_pem(&text, sk_X509_value(b->others, i));
	good = good && (b->key == NULL || encode_key_pem(&text, b->key, NULL));
	rc = good ? add_text(in, &text, CRED_NONE, out) : kind_no_memory(in);
	buf_fini(&text);
	return rc;
}

static bool
is_issued_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key != NULL && X509_check_issued(issuer, cert) == X509_V_OK &&
	    X509_verify(cert, key) == 1;
}

/* Takes the issuer of cert out of others; NULL if that is a root, or not here. */
static X509 *
take_issuer(STACK_OF(X509) * others, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(others); i++) {
		X509 *issuer = sk_X509_value(others, i);

		if (is_issued_by(cert, issuer) && !is_issued_by(issuer, issuer))
			return sk_X509_delete(others, i);
	}
	return NULL;
}

/*
 * The own certificate and what it is issued by go together, as a handshake
 * sends them; whoever has issued those is not trusted by that.
 */
static int
add_chain(struct kind_input *in, struct bags *b, struct set *out)
{
	struct buf text = { .data = NULL };
	X509 *cert = b->cert, *next;
	int rc;

	if (!encode_cert_pem(&text, cert))
		text.failed = true;
	while (!text.failed && !is_issued_by(cert, cert) &&
	    (next = take_issuer(b->others, cert)) != NULL) {
		X509_free(b->cert);
		b->cert = cert = next;
		if (!encode_cert_pem(&text, cert))
			text.failed = true;
	}
	rc = add_value(in, &text, CRED_CERTIFICATE, out);
	buf_fini(&text);
	if (rc != DONE)
		return rc;
	if (!encode_key_pem(&text, b->key, NULL))
		text.failed = true;
	rc = add_value(in, &text, CRED_PRIVATE_KEY, out);
	buf_fini(&text);
	return rc;
}

/* Roots, and authorities of others. */
static int
add_anchors(struct kind_input *in, const struct bags *b, struct set *out)
{
	struct buf text = { .data = NULL };
	char name[256];
	int rc;

	for (int i = 0; i < sk_X509_num(b->others); i++) {
		X509 *cert = sk_X509_value(b->others, i);

		if (!kind_is_ca(cert) && !is_issued_by(cert, cert)) {
			facts_subject(cert, name, sizeof(name));
			remark("\"%s\" is left out: it is no authority, and "
			       "not in the chain of the private key",
			    name);
		} else if (!encode_cert_pem(&text, cert)) {
			text.failed = true;
		}
	}
	rc = add_text(in, &text, CRED_CA_CERTIFICATE, out);
	buf_fini(&text);
	return rc;
}

static void
tell_rest(const struct bags *b)
{
	const struct {
		size_t n;
		const char *what;
	} rows[] = {
		{ b->crls, "CRL of it" },
		{ b->secrets, "secret of it" },
		{ b->unknown, "of its entries" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].n > 0)
			remark("left out, for no credential is of that kind: "
			       "%zu %s",
			    rows[i].n, rows[i].what);
	}
	if (b->key == NULL)
		remark("there is no private key in it: the certificates alone "
		       "were taken");
}

static int
add_contents(struct kind_input *in, struct bags *b, struct set *out)
{
	int rc;

	if (b->key == NULL && sk_X509_num(b->others) <= 0)
		return kind_fail(in, MALFORMED, 0,
		    "neither a certificate nor a private key is in it");
	tell_rest(b);
	if (b->cert == NULL || in->select != NULL || in->anchor_of != NULL)
		return add_by_kind(in, b, out);
	rc = add_chain(in, b, out);
	ERR_clear_error();
	return rc == DONE ? add_anchors(in, b, out) : rc;
}

int
kind_p12_import(struct kind_input *in, struct set *out)
{
	const unsigned char *at = in->data;
	struct bags b = { .key = NULL };
	PKCS12 *p = NULL;
	int rc;

	if (in->len > 0 && in->len <= INT_MAX)
		p = d2i_PKCS12(NULL, &at, (long)in->len);
	if (p == NULL) {
		ERR_clear_error();
		return kind_fail(in, MALFORMED, 0, "it is no PKCS #12 file");
	}
	if (at < in->data + in->len)
		rc = kind_fail(in, MALFORMED, 0,
		    "%zu bytes follow the PKCS #12 file, which ends before "
		    "them",
		    (size_t)(in->data + in->len - at));
	else
		rc = open_file(in, p, &b);
	if (rc == DONE)
		rc = add_contents(in, &b, out);
	bags_fini(&b);
	PKCS12_free(p);
	return rc;
}
