#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "cred/store.h"
#include "encode.h"
#include "pki_bad.h"
#include "pki_cases.h"

/* The name that a client asks for: an address is seldom one. */
static void
choose_host(struct pki *p)
{
	const struct pki_wants *w = p->wants;
	const char *host = w->hosts[0];

	for (size_t i = w->nhosts; i > 0; i--) {
		if (!pki_is_address(w->hosts[i - 1]))
			host = w->hosts[i - 1];
	}
	if (host[0] == '*')
		snprintf(p->host, sizeof(p->host), "www%s", host + 1);
	else
		snprintf(p->host, sizeof(p->host), "%s", host);
}

void
pki_spec_good(const struct pki *p, enum pki_role role, struct pki_spec *s)
{
	const struct pki_wants *w = p->wants;
	const bool server = role == PKI_SERVER;

	*s = (struct pki_spec){
		.name = server ? p->host : w->client,
		.from = w->from,
		.until = w->until,
		.hosts = w->hosts,
		.nhosts = w->nhosts,
		.as = server ? PKI_AS_DNS | PKI_AS_IP : 0,
		.use = server ? PKI_FOR_SERVER : PKI_FOR_CLIENT,
		.pathlen = -1,
	};
	if (strlen(s->name) > PKI_NAME_MAX)
		s->name = "zsock test server";
}

void
pki_spec_ca(const struct pki *p, const char *name, struct pki_spec *s)
{
	*s = (struct pki_spec){ .name = name,
		.from = p->wants->from,
		.until = p->wants->until,
		.ca = true,
		.pathlen = -1 };
}

static bool
make_ca(struct pki *p)
{
	struct pki_spec s;

	if (p->wants->ca != NULL) {
		X509_up_ref(p->wants->ca);
		p->ca = p->wants->ca;
		EVP_PKEY_up_ref(p->wants->ca_key);
		p->ca_key = p->wants->ca_key;
		return true;
	}
	pki_spec_ca(p, "zsock test CA", &s);
	p->ca_key = pki_make_key(p->wants->kind);
	if (p->ca_key == NULL)
		return false;
	p->ca = pki_make_cert(&s, p->ca_key, NULL, p->ca_key);
	return p->ca != NULL;
}

/* Downwards from the root; the key of the last one is kept. */
static bool
make_chain(struct pki *p)
{
	struct pki_spec s;
	char name[PKI_NAME_MAX];
	EVP_PKEY *key;
	X509 *above = p->ca;

	EVP_PKEY_up_ref(p->ca_key);
	p->chain_key = p->ca_key;
	for (int i = 0; i < p->wants->chain; i++) {
		snprintf(name, sizeof(name), "zsock test intermediate %d",
		    i + 1);
		pki_spec_ca(p, name, &s);
		key = pki_make_key(p->wants->kind);
		if (key == NULL)
			return false;
		p->chain[i] = pki_make_cert(&s, key, above, p->chain_key);
		EVP_PKEY_free(p->chain_key);
		p->chain_key = key;
		above = p->chain[i];
		if (above == NULL)
			return false;
	}
	return true;
}

static bool
make_end(const struct pki *p, enum pki_role role, EVP_PKEY **key, X509 **cert)
{
	const int n = p->wants->chain;
	struct pki_spec s;

	pki_spec_good(p, role, &s);
	*key = pki_make_key(p->wants->kind);
	if (*key == NULL)
		return false;
	*cert = pki_make_cert(&s, *key, n > 0 ? p->chain[n - 1] : p->ca,
	    p->chain_key);
	return *cert != NULL;
}

/* Of the issuer's kind, so that nothing but the signature is wrong with it. */
static EVP_PKEY *
make_key_like(EVP_PKEY *like)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, like, NULL);
	EVP_PKEY *key = NULL;

	if (c == NULL || EVP_PKEY_keygen_init(c) != 1 ||
	    EVP_PKEY_keygen(c, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	return key;
}

/* One that no rule finds fault with: no zero in front, and not all of it text. */
static bool
make_psk(unsigned char psk[PKI_PSK_LEN])
{
	do {
		if (RAND_priv_bytes(psk, PKI_PSK_LEN) != 1)
			return false;
	} while (psk[0] == 0 || (psk[PKI_PSK_LEN - 1] & 0x80) == 0);
	return true;
}

bool
pki_set_init(struct pki *p, const struct pki_wants *wants)
{
	*p = (struct pki){ .wants = wants };
	choose_host(p);
	if (make_ca(p) && make_chain(p) &&
	    make_end(p, PKI_SERVER, &p->server_key, &p->server) &&
	    make_end(p, PKI_CLIENT, &p->client_key, &p->client) &&
	    (p->other_key[0] = make_key_like(p->chain_key)) != NULL &&
	    (p->other_key[1] = make_key_like(p->chain_key)) != NULL &&
	    make_psk(p->psk))
		return true;
	pki_set_fini(p);
	return false;
}

void
pki_set_fini(struct pki *p)
{
	X509_free(p->ca);
	for (size_t i = 0; i < PKI_CHAIN_MAX; i++)
		X509_free(p->chain[i]);
	X509_free(p->server);
	X509_free(p->client);
	EVP_PKEY_free(p->ca_key);
	EVP_PKEY_free(p->chain_key);
	EVP_PKEY_free(p->server_key);
	EVP_PKEY_free(p->client_key);
	EVP_PKEY_free(p->other_key[0]);
	EVP_PKEY_free(p->other_key[1]);
	OPENSSL_cleanse(p, sizeof(*p));
}

bool
pki_put_certs(struct buf *b, X509 *const *certs, size_t n)
{
	bool good = true;

	buf_clear(b);
	for (size_t i = 0; good && i < n; i++)
		good = encode_cert_pem(b, certs[i]);
	buf_put(b, '\0');
	return good && !b->failed;
}

bool
pki_put_key(struct buf *b, EVP_PKEY *key, const char *pass)
{
	bool good;

	buf_clear(b);
	good = encode_key_pem(b, key, pass);
	buf_put(b, '\0');
	return good && !b->failed;
}

static void
values_fini(struct pki_values *v)
{
	buf_fini(&v->ca);
	buf_fini(&v->cert);
	buf_fini(&v->key);
	buf_fini(&v->psk);
	buf_fini(&v->psk_id);
}

/* Those of a good set of one role. */
static bool
values_good(const struct pki *p, enum pki_role role, struct pki_values *v)
{
	const bool server = role == PKI_SERVER;
	const char *id = p->wants->psk_id;
	X509 *certs[1 + PKI_CHAIN_MAX];
	size_t n = 0;

	if (role == PKI_PSK)
		return buf_copy(&v->psk, p->psk, PKI_PSK_LEN) &&
		    buf_copy(&v->psk_id, id, strlen(id));
	certs[n++] = server ? p->server : p->client;
	for (int i = p->wants->chain; i > 0; i--)
		certs[n++] = p->chain[i - 1];
	return pki_put_certs(&v->ca, &p->ca, 1) &&
	    pki_put_certs(&v->cert, certs, n) &&
	    pki_put_key(&v->key, server ? p->server_key : p->client_key, NULL);
}

/* The CA of both ends is one. */
static bool
put(struct set *out, int tag, int type, const struct buf *b)
{
	return b->data == NULL || set_find(out, tag, type) != NULL ||
	    set_add(out, tag, type, b->data, b->len) != NULL;
}

static bool
put_role(const struct pki *p, const struct pki_case *c, enum pki_role role,
    struct set *out)
{
	const int *tags = p->wants->tags;
	const int end =
	    tags[role == PKI_SERVER ? PKI_TAG_SERVER : PKI_TAG_CLIENT];
	struct pki_values v = { .ca = { .len = 0 } };
	const struct pki_bad b = { p, c, &v };
	bool good;

	good = values_good(p, role, &v) && (c->make == NULL || c->make(&b)) &&
	    put(out, tags[PKI_TAG_CA], CRED_CA_CERTIFICATE, &v.ca) &&
	    put(out, end, CRED_CERTIFICATE, &v.cert) &&
	    put(out, end, CRED_PRIVATE_KEY, &v.key) &&
	    put(out, tags[PKI_TAG_PSK], CRED_PSK, &v.psk) &&
	    put(out, tags[PKI_TAG_PSK], CRED_PSK_ID, &v.psk_id);
	values_fini(&v);
	return good;
}

bool
pki_case_values(const struct pki *p, const struct pki_case *c, struct set *out)
{
	struct set made = { .n = 0 };
	bool good;

	if (c->role == PKI_BOTH)
		good = put_role(p, c, PKI_SERVER, &made) &&
		    put_role(p, c, PKI_CLIENT, &made) &&
		    put_role(p, c, PKI_PSK, &made);
	else
		good = put_role(p, c, c->role, &made);
	if (!good) {
		set_fini(&made);
		return false;
	}
	set_sort(&made);
	*out = made;
	return true;
}
