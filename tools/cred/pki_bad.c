#include "pki_bad.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "encode.h"
#include "kind_text.h"

#define LONG_PSK 64

/* Names of a leaf; text is what they are kept in. */
struct names {
	char text[PKI_HOST_MAX + 2];
	const char *one;
};

static void
choose_names(struct pki_spec *s, const struct pki *p, enum pki_names names,
    struct names *n)
{
	static const char *const other[] = { "other.invalid" };
	static const char *const local[] = { "127.0.0.1", "::1" };
	static const char *const remote[] = { "192.0.2.255", "2001:db8::ffff" };

	switch (names) {
	case PKI_NAMES_GOOD:
		break;
	case PKI_NAMES_OTHER:
		s->name = other[0];
		s->hosts = other;
		s->nhosts = 1;
		break;
	case PKI_NAMES_NONE:
		s->as = 0;
		break;
	case PKI_NAMES_IP:
		s->as = PKI_AS_IP;
		/* None that would be asked for. */
		s->hosts = pki_is_address(p->host) ? remote : local;
		s->name = s->hosts[0];
		s->nhosts = 2;
		break;
	case PKI_NAMES_WILDCARD:
		snprintf(n->text, sizeof(n->text), "*.%s", p->host);
		n->one = n->text;
		if (strlen(n->text) <= PKI_NAME_MAX)
			s->name = n->text;
		s->hosts = &n->one;
		s->nhosts = 1;
		break;
	}
}

static void
choose_rest(struct pki_spec *s, const struct pki_leaf *l)
{
	if (l->from != NULL)
		s->from = l->from;
	if (l->until != NULL)
		s->until = l->until;
	if (l->use != 0)
		s->use = l->use;
	s->sha1 = l->sha1;
}

/* The certificate with those that vouch for it. */
static bool
put_leaf(const struct pki *p, X509 *leaf, bool alone, struct buf *out)
{
	X509 *certs[1 + PKI_CHAIN_MAX];
	size_t n = 0;

	certs[n++] = leaf;
	for (int i = p->wants->chain; i > 0 && !alone; i--)
		certs[n++] = p->chain[i - 1];
	return pki_put_certs(out, certs, n);
}

static X509 *
sign_leaf(const struct pki *p, const struct pki_spec *s, EVP_PKEY *key,
    enum pki_issuer issuer)
{
	const int n = p->wants->chain;
	X509 *above = n > 0 ? p->chain[n - 1] : p->ca;

	if (issuer == PKI_ISSUER_SELF)
		return pki_make_cert(s, key, NULL, key);
	return pki_make_cert(s, key, above,
	    issuer == PKI_ISSUER_NAMESAKE ? p->other_key[0] : p->chain_key);
}

/* The key stays the good one, unless that is what is wrong. */
bool
pki_bad_leaf(const struct pki_bad *b)
{
	const struct pki_leaf *l = &b->c->leaf;
	const struct pki *p = b->p;
	EVP_PKEY *key =
	    b->c->role == PKI_SERVER ? p->server_key : p->client_key;
	EVP_PKEY *weak = NULL;
	struct pki_spec s;
	struct names names;
	X509 *leaf;
	bool good;

	pki_spec_good(p, b->c->role, &s);
	choose_names(&s, p, l->names, &names);
	choose_rest(&s, l);
	if (l->rsa1024) {
		weak = pki_make_key(PKI_RSA1024);
		if (weak == NULL)
			return false;
		key = weak;
	}
	leaf = sign_leaf(p, &s, key, l->issuer);
	good = leaf != NULL &&
	    put_leaf(p, leaf, l->issuer == PKI_ISSUER_SELF, &b->v->cert) &&
	    (weak == NULL || pki_put_key(&b->v->key, weak, NULL));
	X509_free(leaf);
	EVP_PKEY_free(weak);
	return good;
}

/* The certificate, and the CAs between it and the root, from the root down. */
struct line {
	X509 *leaf, *ca[PKI_LINE_MAX];
};

static bool
make_line(const struct pki_bad *b, struct line *l)
{
	const struct pki_line *want = &b->c->line;
	EVP_PKEY *key = b->p->ca_key;
	X509 *above = b->p->ca;
	struct pki_spec s;

	pki_spec_ca(b->p, want->first, &s);
	s.ca = !want->not_ca;
	if (want->last)
		s.pathlen = 0;
	for (int i = 0; i < want->n && above != NULL; i++) {
		above = l->ca[i] =
		    pki_make_cert(&s, b->p->other_key[i], above, key);
		key = b->p->other_key[i];
		pki_spec_ca(b->p, "zsock test lower CA", &s);
	}
	pki_spec_good(b->p, PKI_SERVER, &s);
	if (above != NULL)
		l->leaf = pki_make_cert(&s, b->p->server_key, above, key);
	return l->leaf != NULL;
}

bool
pki_bad_line(const struct pki_bad *b)
{
	const char *order = b->c->line.order;
	struct line l = { .leaf = NULL };
	X509 *certs[1 + PKI_LINE_MAX];
	size_t n = 0;
	bool good = make_line(b, &l);

	certs[n++] = l.leaf;
	for (; *order != '\0'; order++)
		certs[n++] = l.ca[*order - '0'];
	good = good && pki_put_certs(&b->v->cert, certs, n);
	X509_free(l.leaf);
	for (int i = 0; i < PKI_LINE_MAX; i++)
		X509_free(l.ca[i]);
	return good;
}

bool
pki_bad_mismatch(const struct pki_bad *b)
{
	return pki_put_key(&b->v->key, b->p->other_key[0], NULL);
}

/* Its name, key and all else are those of the good one. */
bool
pki_bad_ca_expired(const struct pki_bad *b)
{
	const struct pki_leaf *l = &b->c->leaf;
	X509 *old = X509_dup(b->p->ca);
	bool good;

	good = old != NULL &&
	    pki_date_cert(old, l->from, l->until, b->p->ca_key) &&
	    pki_put_certs(&b->v->ca, &old, 1);
	X509_free(old);
	return good;
}

bool
pki_bad_no_nul(const struct pki_bad *b)
{
	b->v->ca.len--;
	return true;
}

bool
pki_bad_crlf(const struct pki_bad *b)
{
	struct buf crlf = { .len = 0 };

	kind_add_text(&crlf, b->v->ca.data, b->v->ca.len, KIND_EOL_CRLF);
	buf_fini(&b->v->ca);
	b->v->ca = crlf;
	return !crlf.failed;
}

bool
pki_bad_truncated(const struct pki_bad *b)
{
	buf_clear(&b->v->cert);
	if (!encode_cert_der(&b->v->cert, b->p->server))
		return false;
	b->v->cert.len = b->v->cert.len * 2 / 3;
	return true;
}

/* As of who counts the NUL of what is no text. */
bool
pki_bad_tail(const struct pki_bad *b)
{
	buf_clear(&b->v->ca);
	if (encode_cert_der(&b->v->ca, b->p->ca))
		buf_put(&b->v->ca, '\0');
	return b->v->ca.len > 0 && !b->v->ca.failed;
}

bool
pki_bad_encrypted(const struct pki_bad *b)
{
	return pki_put_key(&b->v->key, b->p->server_key, PKI_PASS);
}

bool
pki_bad_psk_key(const struct pki_bad *b)
{
	buf_clear(&b->v->psk);
	buf_hex(&b->v->psk, b->p->psk, PKI_PSK_LEN);
	return !b->v->psk.failed;
}

bool
pki_bad_psk_id(const struct pki_bad *b)
{
	buf_put(&b->v->psk_id, '\n');
	return !b->v->psk_id.failed;
}

bool
pki_bad_psk_nul(const struct pki_bad *b)
{
	buf_put(&b->v->psk_id, '\0');
	return !b->v->psk_id.failed;
}

/* Nothing but its length is wrong with it. */
bool
pki_bad_psk_long(const struct pki_bad *b)
{
	unsigned char psk[LONG_PSK];
	bool good;

	buf_clear(&b->v->psk);
	good = RAND_priv_bytes(psk, LONG_PSK) == 1;
	psk[0] |= 0x80;
	if (good)
		buf_add(&b->v->psk, psk, LONG_PSK);
	OPENSSL_cleanse(psk, sizeof(psk));
	return good && !b->v->psk.failed;
}
