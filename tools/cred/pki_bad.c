#include "pki_bad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#define LONG_PSK 64

/* Takes over b. */
static bool
replace(struct bytes *what, struct bytes b)
{
	bytes_fini(what);
	*what = b;
	return true;
}

static bool
replace_certs(struct bytes *what, X509 *const *certs, size_t n)
{
	struct bytes b;

	return pki_pem_certs(certs, n, &b) && replace(what, b);
}

static bool
replace_key(struct bytes *what, EVP_PKEY *key, const char *pass)
{
	struct bytes b;

	return pki_pem_key(key, pass, &b) && replace(what, b);
}

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
put_leaf(const struct pki *p, X509 *leaf, bool alone, struct pki_values *v)
{
	X509 *certs[1 + PKI_CHAIN_MAX];
	size_t n = 0;

	certs[n++] = leaf;
	for (int i = p->wants->chain; i > 0 && !alone; i--)
		certs[n++] = p->chain[i - 1];
	return replace_certs(&v->cert, certs, n);
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
pki_bad_leaf(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	const struct pki_leaf *l = &c->leaf;
	EVP_PKEY *key = c->role == PKI_SERVER ? p->server_key : p->client_key;
	EVP_PKEY *weak = NULL;
	struct pki_spec s;
	struct names names;
	X509 *leaf;
	bool good;

	pki_spec_good(p, c->role, &s);
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
	    put_leaf(p, leaf, l->issuer == PKI_ISSUER_SELF, v) &&
	    (weak == NULL || replace_key(&v->key, weak, NULL));
	X509_free(leaf);
	EVP_PKEY_free(weak);
	return good;
}

/* The certificate, made by the last of n CAs below the root. */
#define LINE_CAS 2
struct line {
	X509 *ca[LINE_CAS], *leaf;
};

static void
line_fini(struct line *l)
{
	for (size_t i = 0; i < LINE_CAS; i++)
		X509_free(l->ca[i]);
	X509_free(l->leaf);
}

static bool
line_init(const struct pki *p, struct line *l, size_t n,
    const struct pki_spec *first)
{
	EVP_PKEY *key = p->ca_key;
	X509 *above = p->ca;
	struct pki_spec s = *first;

	*l = (struct line){ 0 };
	for (size_t i = 0; i < n && above != NULL; i++) {
		above = l->ca[i] =
		    pki_make_cert(&s, p->other_key[i], above, key);
		key = p->other_key[i];
		pki_spec_ca(p, "zsock test lower CA", &s);
	}
	pki_spec_good(p, PKI_SERVER, &s);
	if (above != NULL)
		l->leaf = pki_make_cert(&s, p->server_key, above, key);
	if (l->leaf != NULL)
		return true;
	line_fini(l);
	return false;
}

bool
pki_bad_no_intermediate(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct pki_spec s;
	struct line l;
	bool good;

	(void)c; /* nothing about it is in the table */
	pki_spec_ca(p, "zsock test upper CA", &s);
	if (!line_init(p, &l, 1, &s))
		return false;
	good = replace_certs(&v->cert, &l.leaf, 1);
	line_fini(&l);
	return good;
}

bool
pki_bad_reversed(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct pki_spec s;
	struct line l;
	bool good;

	(void)c; /* nothing about it is in the table */
	pki_spec_ca(p, "zsock test upper CA", &s);
	if (!line_init(p, &l, 2, &s))
		return false;
	good = replace_certs(&v->cert,
	    (X509 *const[]){ l.leaf, l.ca[0], l.ca[1] }, 3);
	line_fini(&l);
	return good;
}

bool
pki_bad_not_ca(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct pki_spec s;
	struct line l;
	bool good;

	(void)c; /* nothing about it is in the table */
	pki_spec_ca(p, "zsock test no CA", &s);
	s.ca = false;
	if (!line_init(p, &l, 1, &s))
		return false;
	good = replace_certs(&v->cert, (X509 *const[]){ l.leaf, l.ca[0] }, 2);
	line_fini(&l);
	return good;
}

bool
pki_bad_pathlen(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct pki_spec s;
	struct line l;
	bool good;

	(void)c; /* nothing about it is in the table */
	pki_spec_ca(p, "zsock test upper CA", &s);
	s.pathlen = 0;
	if (!line_init(p, &l, 2, &s))
		return false;
	good = replace_certs(&v->cert,
	    (X509 *const[]){ l.leaf, l.ca[1], l.ca[0] }, 3);
	line_fini(&l);
	return good;
}

bool
pki_bad_mismatch(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	(void)c; /* nothing about it is in the table */
	return replace_key(&v->key, p->other_key[0], NULL);
}

/* Its name, key and all else are those of the good one. */
bool
pki_bad_ca_expired(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	X509 *old = X509_dup(p->ca);
	bool good;

	good = old != NULL &&
	    pki_date_cert(old, c->leaf.from, c->leaf.until, p->ca_key) &&
	    replace_certs(&v->ca, &old, 1);
	X509_free(old);
	return good;
}

bool
pki_bad_no_nul(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	(void)p; /* the good value has all that is needed */
	(void)c;
	v->ca.len--;
	return true;
}

bool
pki_bad_crlf(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct bytes b = { malloc(2 * v->ca.len), 0 };

	(void)p; /* the good value has all that is needed */
	(void)c;
	if (b.data == NULL)
		return false;
	for (size_t i = 0; i < v->ca.len; i++) {
		if (v->ca.data[i] == '\n')
			b.data[b.len++] = '\r';
		b.data[b.len++] = v->ca.data[i];
	}
	return replace(&v->ca, b);
}

bool
pki_bad_truncated(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct bytes b;

	(void)c; /* nothing about it is in the table */
	if (!pki_der_cert(p->server, &b))
		return false;
	b.len = b.len * 2 / 3;
	return replace(&v->cert, b);
}

/* As of who counts the NUL of what is no text. */
bool
pki_bad_tail(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct bytes der, b;

	(void)c; /* nothing about it is in the table */
	if (!pki_der_cert(p->ca, &der))
		return false;
	b = (struct bytes){ calloc(1, der.len + 1), der.len + 1 };
	if (b.data != NULL)
		memcpy(b.data, der.data, der.len);
	bytes_fini(&der);
	return b.data != NULL && replace(&v->ca, b);
}

bool
pki_bad_encrypted(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	(void)c; /* nothing about it is in the table */
	return replace_key(&v->key, p->server_key, PKI_PASS);
}

bool
pki_bad_psk_key(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	static const char digits[] = "0123456789abcdef";
	const size_t len = (size_t)2 * PKI_PSK_LEN;
	struct bytes b = { malloc(len), len };

	(void)c; /* nothing about it is in the table */
	if (b.data == NULL)
		return false;
	for (size_t i = 0; i < PKI_PSK_LEN; i++) {
		b.data[2 * i] = (unsigned char)digits[p->psk[i] >> 4];
		b.data[2 * i + 1] = (unsigned char)digits[p->psk[i] & 15];
	}
	return replace(&v->psk, b);
}

/* An identity with one more byte. */
static bool
extend_id(struct pki_values *v, unsigned char last)
{
	const size_t len = v->psk_id.len;
	struct bytes b = { malloc(len + 1), len + 1 };

	if (b.data == NULL)
		return false;
	memcpy(b.data, v->psk_id.data, len);
	b.data[len] = last;
	return replace(&v->psk_id, b);
}

bool
pki_bad_psk_id(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	(void)p; /* the good value has all that is needed */
	(void)c;
	return extend_id(v, '\n');
}

bool
pki_bad_psk_nul(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	(void)p; /* the good value has all that is needed */
	(void)c;
	return extend_id(v, '\0');
}

bool
pki_bad_psk_long(const struct pki *p, const struct pki_case *c,
    struct pki_values *v)
{
	struct bytes b = { malloc(LONG_PSK), LONG_PSK };

	(void)p; /* it is no key that anybody has */
	(void)c;
	if (b.data == NULL)
		return false;
	if (RAND_priv_bytes(b.data, LONG_PSK) != 1) {
		bytes_fini(&b);
		return false;
	}
	/* Nothing but its length is wrong with it. */
	b.data[0] |= 0x80;
	return replace(&v->psk, b);
}
