#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "say.h"

X509 *
about_cert(const struct about *a)
{
	return sk_X509_num(a->facts.certs) > 0
	    ? sk_X509_value(a->facts.certs, 0)
	    : NULL;
}

EVP_PKEY *
about_key(const struct about *a)
{
	X509 *cert = about_cert(a);

	return cert != NULL ? X509_get0_pubkey(cert) : a->facts.key;
}

/* A certificate goes with a private key, and the other way round. */
static int
counterpart(int type)
{
	if (type == CRED_CERTIFICATE)
		return CRED_PRIVATE_KEY;
	return type == CRED_PRIVATE_KEY ? CRED_CERTIFICATE : 0;
}

static void
find_pair(struct view *v, size_t at)
{
	const struct item *item = &v->set.items[at];
	struct about *a = &v->abouts[at];

	for (size_t i = 0; i < v->set.n && a->spki[0] != '\0'; i++) {
		if (v->set.items[i].tag == item->tag &&
		    v->set.items[i].type == counterpart(item->type) &&
		    strcmp(v->abouts[i].spki, a->spki) == 0)
			a->pair = v->set.items[i].type;
	}
}

int
view_init(struct view *v, const char *store, struct set *set)
{
	*v = (struct view){ .store = store, .set = *set };
	*set = (struct set){ .n = 0 };
	v->abouts = calloc(v->set.n + 1, sizeof(*v->abouts));
	if (v->abouts == NULL) {
		set_fini(&v->set);
		return say_no_memory();
	}
	for (size_t i = 0; i < v->set.n; i++) {
		const struct item *item = &v->set.items[i];
		struct about *a = &v->abouts[i];

		facts_of(item->data, item->len, item->type, &a->facts);
		if (about_key(a) == NULL || !facts_spki(about_key(a), a->spki))
			a->spki[0] = '\0';
	}
	for (size_t i = 0; i < v->set.n; i++)
		find_pair(v, i);
	return DONE;
}

void
view_fini(struct view *v)
{
	for (size_t i = 0; i < v->set.n; i++)
		facts_fini(&v->abouts[i].facts);
	free(v->abouts);
	set_fini(&v->set);
}

void
view_keep(struct view *v, int type)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->set.n; i++) {
		if (v->set.items[i].type != type) {
			item_fini(&v->set.items[i]);
			facts_fini(&v->abouts[i].facts);
			continue;
		}
		v->set.items[kept] = v->set.items[i];
		v->abouts[kept++] = v->abouts[i];
	}
	v->set.n = kept;
}

bool
item_shows_digest(const struct item *i)
{
	return i->digest[0] != '\0' && i->type != CRED_PSK;
}

void
view_time(const ASN1_TIME *t, char *out, size_t size)
{
	struct tm tm;

	out[0] = '\0';
	if (t != NULL && ASN1_TIME_to_tm(t, &tm) == 1)
		(void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}
