#include "kinds.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "cred/store.h"
#include "facts.h"
#include "kind_key.h"
#include "kind_text.h"

#define ROUNDS 10000

/* What is in a file, each its own. */
struct contents {
	EVP_PKEY *key;
	X509 *cert;
	STACK_OF(X509) * others;
};

static void
contents_fini(struct contents *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->cert);
	sk_X509_pop_free(c->others, X509_free);
}

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

static bool
parse(PKCS12 *p, const char *pass, struct contents *c)
{
	ERR_clear_error();
	return PKCS12_parse(p, pass, &c->key, &c->cert, &c->others) == 1;
}

/*
 * The code that authenticates a file tells a wrong pass phrase, so that what
 * fails after it is the cipher.
 */
static int
open_file(struct kind_input *in, PKCS12 *p, struct contents *c)
{
	const char *pass = in->pass;
	enum kind_missing missing;
	bool good, mac = PKCS12_mac_present(p);

	ERR_clear_error();
	if (mac && !is_authentic(p, &pass)) {
		if (kind_missing_cipher() == KIND_NOT_MISSING)
			return fail_pass(in);
		return kind_fail(in, MALFORMED, 0,
		    "this OpenSSL does not have the digest of its MAC");
	}
	good = parse(p, pass, c);
	missing = good ? KIND_NOT_MISSING : kind_missing_cipher();
	if (missing == KIND_LOADED) {
		good = parse(p, pass, c);
		missing = good ? KIND_NOT_MISSING : kind_missing_cipher();
	}
	ERR_clear_error();
	if (good)
		return DONE;
	if (missing != KIND_NOT_MISSING)
		return kind_fail(in, MALFORMED, 0,
		    "it is encrypted with a cipher that this OpenSSL does not "
		    "have");
	if (!mac)
		return fail_pass(in);
	return kind_fail(in, MALFORMED, 0, "its contents are damaged");
}

/* As the text that an importer of PEM takes. */
static bool
write_contents(const struct contents *c, struct buf *b)
{
	bool good = c->cert == NULL || kind_cert_pem(b, c->cert);

	for (int i = 0; good && i < sk_X509_num(c->others); i++)
		good = kind_cert_pem(b, sk_X509_value(c->others, i));
	return good && (c->key == NULL || kind_key_pem(b, c->key));
}

static int
add_contents(struct kind_input *in, const struct contents *c, struct set *out)
{
	struct kind_input text = *in;
	struct buf b = { .data = NULL };
	int rc;

	if (c->key == NULL && c->cert == NULL && sk_X509_num(c->others) <= 0)
		return kind_fail(in, MALFORMED, 0,
		    "neither a certificate nor a private key is in it");
	if (c->key == NULL)
		remark("there is no private key in it: the certificates alone "
		       "were taken");
	if (!write_contents(c, &b)) {
		buf_fini(&b);
		return kind_no_memory(in);
	}
	text.data = b.data;
	text.len = b.len;
	rc = kind_pem_import(&text, out);
	if (rc != DONE)
		rc = kind_fail(in, rc, 0, "%s", text.text);
	buf_fini(&b);
	return rc;
}

int
kind_p12_import(struct kind_input *in, struct set *out)
{
	const unsigned char *at = in->data;
	struct contents c = { .key = NULL };
	PKCS12 *p = NULL;
	int rc;

	if (in->len > 0 && in->len <= INT_MAX)
		p = d2i_PKCS12(NULL, &at, (long)in->len);
	if (p == NULL) {
		ERR_clear_error();
		return kind_fail(in, MALFORMED, 0, "it is no PKCS #12 file");
	}
	rc = open_file(in, p, &c);
	if (rc == DONE)
		rc = add_contents(in, &c, out);
	contents_fini(&c);
	PKCS12_free(p);
	return rc;
}

static PKCS12 *
create(const struct kind_output *o, const struct contents *c, const char *name)
{
	PKCS12 *p;

	if (!o->legacy)
		return PKCS12_create(o->pass, name, c->key, c->cert, c->others,
		    NID_aes_256_cbc, NID_aes_256_cbc, ROUNDS, ROUNDS, 0);
	/* What can read no other ciphers can read no other MAC either. */
	p = PKCS12_create(o->pass, name, c->key, c->cert, c->others,
	    NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
	    NID_pbe_WithSHA1And40BitRC2_CBC, PKCS12_DEFAULT_ITER, -1, 0);
	if (p != NULL &&
	    PKCS12_set_mac(p, o->pass, -1, NULL, 0, PKCS12_DEFAULT_ITER,
	        EVP_sha1()) != 1) {
		PKCS12_free(p);
		p = NULL;
	}
	return p;
}

static bool
add_certs(struct contents *c, const struct facts *f, int from)
{
	for (int i = from; i < sk_X509_num(f->certs); i++) {
		X509 *cert = sk_X509_value(f->certs, i);

		if (sk_X509_push(c->others, cert) <= 0)
			return false;
		X509_up_ref(cert);
	}
	return true;
}

static int
write_file(struct kind_output *o, const struct contents *c, int tag)
{
	struct kind_file *f = kind_file_new(o, "%d.p12", tag);
	unsigned char *der = NULL;
	char name[32];
	PKCS12 *p;
	int len = -1;

	if (f == NULL)
		return FAILED;
	f->tag = tag;
	f->secret = true;
	(void)snprintf(name, sizeof(name), "%d", tag);
	p = create(o, c, name);
	if (p != NULL)
		len = i2d_PKCS12(p, &der);
	if (len > 0)
		buf_add(&f->data, der, (size_t)len);
	OPENSSL_free(der);
	PKCS12_free(p);
	ERR_clear_error();
	if (len <= 0 || f->data.failed)
		return say(FAILED, "%d: the PKCS #12 file cannot be made", tag);
	return DONE;
}

/* The identity of one tag, and the authorities of it. */
static int
export_tag(struct kind_output *o, const struct set *s, const struct item *cert,
    const struct item *key)
{
	const struct item *ca = set_find(s, cert->tag, CRED_CA_CERTIFICATE);
	struct facts of_cert, of_key, of_ca = { .form = FORM_NONE };
	struct contents c = { .others = sk_X509_new_null() };
	int rc;

	facts_of(cert->data, cert->len, cert->type, &of_cert);
	facts_of(key->data, key->len, key->type, &of_key);
	if (ca != NULL)
		facts_of(ca->data, ca->len, ca->type, &of_ca);
	if (of_cert.certs == NULL || of_key.key == NULL) {
		rc = say(MALFORMED, "%d: its %s cannot be decoded", cert->tag,
		    of_key.key == NULL ? "private key" : "certificate");
	} else if (c.others == NULL || !add_certs(&c, &of_cert, 1) ||
	    !add_certs(&c, &of_ca, 0)) {
		rc = say(FAILED, "out of memory");
	} else {
		c.key = of_key.key;
		c.cert = sk_X509_value(of_cert.certs, 0);
		if (X509_check_private_key(c.cert, c.key) == 1)
			rc = write_file(o, &c, cert->tag);
		else
			rc = say(MALFORMED,
			    "%d: its PK does not go with its SERV", cert->tag);
	}
	ERR_clear_error();
	sk_X509_pop_free(c.others, X509_free);
	facts_fini(&of_cert);
	facts_fini(&of_key);
	facts_fini(&of_ca);
	return rc;
}

static bool
is_part(const struct set *s, const struct item *i)
{
	return set_find(s, i->tag, CRED_CERTIFICATE) != NULL &&
	    set_find(s, i->tag, CRED_PRIVATE_KEY) != NULL &&
	    (i->type == CRED_CERTIFICATE || i->type == CRED_PRIVATE_KEY ||
	        i->type == CRED_CA_CERTIFICATE);
}

int
kind_p12_export(struct kind_output *o, const struct set *s)
{
	int rc = DONE;

	if (o->pass == NULL)
		return say(USAGE,
		    "p12 is encrypted by a pass phrase: give one "
		    "by --pass-file");
	if (o->legacy && !kind_legacy())
		return say(FAILED,
		    "--legacy needs OpenSSL's legacy provider, which is not "
		    "installed");
	for (size_t i = 0; rc == DONE && i < s->n; i++) {
		const struct item *item = &s->items[i];

		if (!is_part(s, item))
			remark("%s is left out: p12 takes SERV and PK of one "
			       "tag, and a CA beside them",
			    kind_pair(item->tag, item->type));
		else if (item->type == CRED_CERTIFICATE)
			rc = export_tag(o, s, item,
			    set_find(s, item->tag, CRED_PRIVATE_KEY));
	}
	if (rc == DONE && o->n == 0)
		rc = say(ABSENT, "no tag has both SERV and PK");
	return rc;
}
