#include "kinds.h"

#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "cred/store.h"
#include "facts.h"
#include "kind_bags.h"
#include "kind_key.h"
#include "kind_text.h"

#define ROUNDS 10000

static PKCS12 *
create(const struct kind_output *o, const struct bags *c, const char *name)
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
add_certs(struct bags *c, const struct facts *f, int from)
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
write_file(struct kind_output *o, const struct bags *c, int tag)
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
	struct bags c = { .others = sk_X509_new_null() };
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
		rc = say_no_memory();
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
