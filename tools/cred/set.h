#ifndef CRED_SET_H
#define CRED_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cred/bundle.h"

/* What a store holds, as far as this user may see it. */
struct item {
	int tag;
	int type;            /* enum cred_type */
	unsigned char *data; /* NULL: it may not be seen, or is redacted */
	size_t len;
	char digest[BUNDLE_DIGEST_SIZE]; /* "" if that may not be seen either */
	int denied;    /* the negative errno of the digest, or 0 */
	bool redacted; /* a bundle that leaves the value out */
	bool override;
	const char *origin; /* "file", "api", "env", "ctl"; static */
	int line;           /* in its file, or 0 */
};

struct set {
	struct item *items; /* by tag, and within one in the store's order */
	size_t n, room;
	uint64_t generation; /* of a process or a file, else 0 */
};

/* Copies data (may be NULL) and works out the digest; NULL when out of memory. */
struct item *set_add(struct set *s, int tag, int type, const void *data,
    size_t len);
struct item *set_find(const struct set *s, int tag, int type);
/* By tag; a stable sort. */
void set_sort(struct set *s);
/* Wipes and frees. */
void set_fini(struct set *s);

/* Have two the same value, which can be seen?  b may be NULL. */
bool item_is_same(const struct item *a, const struct item *b);
/* Wipes and frees the value of one that is in no set. */
void item_fini(struct item *i);

/* Is it a secret: PK, PSK? */
bool type_is_secret(int type);
/* Or has a value of another type a private key in it? */
bool value_is_secret(int type, const void *data, size_t len);

#endif
