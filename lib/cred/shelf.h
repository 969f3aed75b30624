#ifndef CRED_SHELF_H
#define CRED_SHELF_H

#include "cred/store.h"

/*
 * References to credentials, each pair of tag and type once, in the order they
 * were added.  Not locked by itself.
 */
struct shelf_place {
	struct cred *cred;
	bool hidden; /* a decree that the program has deleted */
	bool told;   /* that the program's own value does not count was said */
};

struct shelf {
	struct shelf_place *places;
	size_t n, room;
};

/*
 * A credential with one reference and a copy of data, which is wiped with the
 * last; NULL when out of memory.
 */
struct cred *shelf_cred_new(int tag, int type, const void *data, size_t len);
struct cred *shelf_cred_ref(struct cred *c);
void shelf_cred_put(struct cred *c);

/* What holds (tag, type), hidden or not, until the shelf changes; or NULL. */
struct shelf_place *shelf_find(const struct shelf *s, int tag, int type);

/* How many are not hidden. */
size_t shelf_visible(const struct shelf *s);

/* Room for so many more; -ENOMEM. */
int shelf_reserve(struct shelf *s, size_t more);

/* Takes the reference of p; there is room. */
void shelf_append(struct shelf *s, struct shelf_place p);

/* Takes a place out; its reference is the caller's now. */
struct cred *shelf_take(struct shelf *s, struct shelf_place *p);

/* An empty shelf becomes a copy with references, and room for more; -ENOMEM. */
int shelf_copy(struct shelf *to, const struct shelf *from, size_t more);

/* Gives all references back. */
void shelf_fini(struct shelf *s);

#endif
