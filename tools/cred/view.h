#ifndef CRED_VIEW_H
#define CRED_VIEW_H

#include "facts.h"
#include "set.h"

/* One credential as it is shown: what its value says, and what goes with it. */
struct about {
	struct facts facts;
	char spki[BUNDLE_DIGEST_SIZE]; /* "" if it has no key that is seen */
	int pair; /* the type that has the same key in the same tag, or 0 */
};

/* A set that is to be shown, and what is known of each of its items. */
struct view {
	const char *store;
	struct set set;
	struct about *abouts;
};

/* The set becomes the view's in any case; an outcome. */
int view_init(struct view *v, const char *store, struct set *set);
void view_fini(struct view *v);
/* Leaves out all other types. */
void view_keep(struct view *v, int type);

/* The first certificate, or NULL; its public key, or that of a private key. */
X509 *about_cert(const struct about *a);
EVP_PKEY *about_key(const struct about *a);

/* May a digest be shown to people?  Not one that a weak secret is guessed by. */
bool item_shows_digest(const struct item *i);
/* "2049-12-31T23:59:59Z"; "" if it is none. */
void view_time(const ASN1_TIME *t, char *out, size_t size);

/* The formats of "list". */
void list_table(const struct view *v);
void list_zephyr(const struct view *v);
void list_csv(const struct view *v);
void list_cmng(const struct view *v);
void list_json(const struct view *v);
void list_keys(const struct view *v);
/* And of "show". */
void list_long(const struct view *v);

#endif
