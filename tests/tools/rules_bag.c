#include "rules_bag.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"

void
bag_put(struct bag *b, int tag, int type, const void *data, size_t len)
{
	struct item *i = &b->items[b->rules.n];
	struct subject *s = &b->subjects[b->rules.n];

	assert_true(b->rules.n < LEN(b->items));
	*i = (struct item){ .tag = tag, .type = type, .len = len };
	i->line = 10 * (int)(b->rules.n + 1);
	i->data = malloc(len + 1);
	assert_non_null(i->data);
	memcpy(i->data, data, len);
	s->store = "a.zcred";
	s->item = i;
	facts_of(i->data, len, type, &s->facts);
	b->rules.n++;
}

void
bag_put_bytes(struct bag *b, int tag, int type, struct pki_bytes bytes)
{
	bag_put(b, tag, type, bytes.data, bytes.len);
	pki_bytes_free(&bytes);
}

void
bag_put_bio(struct bag *b, int tag, int type, BIO *bio, bool nul)
{
	char *text;
	const long len = BIO_get_mem_data(bio, &text);
	char *copy = calloc(1, (size_t)len + 1);

	assert_non_null(copy);
	assert_true(len > 0);
	memcpy(copy, text, (size_t)len);
	bag_put(b, tag, type, copy, (size_t)len + nul);
	free(copy);
	BIO_free(bio);
}

void
bag_put_text(struct bag *b, int tag, int type, const char *text)
{
	bag_put(b, tag, type, text, strlen(text));
}

void
bag_put_ca(struct bag *b, int tag, const struct pki_cert *c)
{
	bag_put_bytes(b, tag, CRED_CA_CERTIFICATE, pki_cert_pem(c));
}

void
bag_put_serv(struct bag *b, int tag, const struct pki_cert *c)
{
	bag_put_bytes(b, tag, CRED_CERTIFICATE, pki_cert_pem(c));
}

void
bag_put_key(struct bag *b, int tag, const struct pki_cert *c)
{
	bag_put_bytes(b, tag, CRED_PRIVATE_KEY, pki_key_pem(c));
}

void
bag_put_pair(struct bag *b, int tag, const struct pki_cert *c)
{
	bag_put_serv(b, tag, c);
	bag_put_key(b, tag, c);
}

/* A certificate and its key in tag 2, of the usual CA unless self is set. */
void
bag_put_made(struct bag *b, const struct pki_spec *spec, bool self)
{
	struct pki_cert c;

	pki_make(&c, self ? NULL : &b->p.ca, spec);
	bag_put_pair(b, 2, &c);
	pki_free(&c);
}

/* The same as CA of tag 1. */
void
bag_put_made_ca(struct bag *b, const struct pki_spec *spec)
{
	struct pki_cert c;

	pki_make(&c, NULL, spec);
	bag_put_ca(b, 1, &c);
	pki_free(&c);
}

void
bag_put_chain(struct bag *b, const struct pki_cert *certs, size_t n)
{
	BIO *bio = BIO_new(BIO_s_mem());

	for (size_t i = 0; i < n; i++)
		PEM_write_bio_X509(bio, certs[i].cert);
	bag_put_bio(b, 2, CRED_CERTIFICATE, bio, true);
}

/* All that is bag_good, to have something beside which a rule might fire. */
void
bag_good(struct bag *b)
{
	bag_put_ca(b, 1, &b->p.ca);
	bag_put_pair(b, 2, &b->p.server);
}

const unsigned char bag_psk[16] = { 0x9d, 0x10, 0x7f, 0xc3, 0x21, 0x80, 0x55,
	0xee, 0x01, 0x6a, 0xb9, 0x44, 0x73, 0xd2, 0x3c, 0xf8 };

void
bag_begin(struct bag *b)
{
	*b = (struct bag){
		.rules = { .target = TARGET_ZEPHYR,
		    .at = time(NULL),
		    .max = 4 },
	};
	b->rules.subjects = b->subjects;
	pki_init(&b->p, PKI_EC);
}

void
bag_end(struct bag *b)
{
	rules_fini(&b->rules);
	for (size_t i = 0; i < b->rules.n; i++) {
		facts_fini(&b->subjects[i].facts);
		free(b->items[i].data);
	}
	pki_fini(&b->p);
}
