#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cred/store_parts.h"

static void (*watcher)(int tag, int type);

void
store_watch(void (*changed)(int tag, int type))
{
	watcher = changed;
}

/* What becomes of one op. */
struct step {
	struct cred *fresh; /* of an add or a put; a reference of its own */
	enum cred_deed deed;
};

/*
 * The changes are made to a copy, which takes the place of the store's shelf
 * when all of them could be made: so there is nothing to be undone.
 */
struct draft {
	struct shelf shelf;
	struct step *steps;
	struct cred_op_count count;
	bool decreed; /* a value that stays has become a decree */
};

static void
draft_fini(struct draft *d, size_t n)
{
	shelf_fini(&d->shelf);
	for (size_t i = 0; d->steps != NULL && i < n; i++)
		shelf_cred_put(d->steps[i].fresh);
	free(d->steps);
}

/* All values are copied before the lock is taken. */
static int
draft_init(struct draft *d, const struct cred_op *ops, size_t n,
    const struct store_change *how)
{
	struct cred *c;

	*d = (struct draft){ 0 };
	d->steps = calloc(n > 0 ? n : 1, sizeof(*d->steps));
	if (d->steps == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (ops[i].kind == CRED_OP_DELETE)
			continue;
		c = shelf_cred_new(ops[i].tag, ops[i].type, ops[i].data,
		    ops[i].len);
		if (c == NULL)
			return -ENOMEM;
		c->origin = how->origin;
		c->override = how->override || ops[i].override;
		d->steps[i].fresh = c;
	}
	return 0;
}

static bool
same_value(const struct cred *a, const struct cred *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void
add_locked(struct draft *d, struct step *s)
{
	s->fresh->serial = ++store.last_serial;
	shelf_append(&d->shelf,
	    (struct shelf_place){ .cred = shelf_cred_ref(s->fresh) });
	d->count.added++;
	s->deed = CRED_ADDED;
}

/* In its place; a decree remains one. */
static void
replace_locked(struct draft *d, struct step *s, struct shelf_place *p)
{
	struct cred *old = p->cred, *c = s->fresh;
	const bool same = same_value(old, c);

	c->override |= old->override;
	if (same)
		d->count.same++;
	if (same && c->override == old->override)
		return;
	if (same) {
		c->serial = old->serial; /* to all others it is the old one */
		c->origin = old->origin;
		d->decreed = true;
	} else {
		c->serial = ++store.last_serial;
		d->count.replaced++;
		s->deed = CRED_REPLACED;
	}
	p->cred = shelf_cred_ref(c);
	shelf_cred_put(old); /* others have it until the lock is given up */
}

static int
step_locked(struct draft *d, const struct cred_op *op, struct step *s)
{
	struct shelf_place *p = shelf_find(&d->shelf, op->tag, op->type);

	if (p == NULL || p->hidden) {
		if (op->kind == CRED_OP_DELETE)
			return -ENOENT;
		if (p != NULL) {
			s->fresh->override |= p->cred->override;
			shelf_cred_put(shelf_take(&d->shelf, p));
		}
		add_locked(d, s);
		return 0;
	}
	if (op->kind == CRED_OP_ADD)
		return -EEXIST;
	if (op->kind == CRED_OP_PUT) {
		replace_locked(d, s, p);
		return 0;
	}
	shelf_cred_put(shelf_take(&d->shelf, p));
	d->count.deleted++;
	s->deed = CRED_DELETED;
	return 0;
}

/* The last change that added one; n if none did. */
static size_t
last_added(const struct cred_op *ops, size_t n)
{
	for (size_t i = n; i > 0; i--) {
		if (ops[i - 1].kind != CRED_OP_DELETE)
			return i - 1;
	}
	return n;
}

static int
draft_locked(struct draft *d, const struct cred_op *ops, size_t n,
    size_t *failed)
{
	size_t visible;
	int rc;

	if (shelf_copy(&d->shelf, &store.shelf, n) < 0) {
		*failed = n;
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		rc = step_locked(d, &ops[i], &d->steps[i]);
		if (rc < 0) {
			*failed = i;
			return rc;
		}
	}
	visible = shelf_visible(&d->shelf);
	if (visible > store_limit() && visible > shelf_visible(&store.shelf)) {
		*failed = last_added(ops, n);
		return -ENOMEM;
	}
	return 0;
}

/* The old shelf is the draft's afterwards, and given back with it. */
static void
swap_locked(struct draft *d)
{
	const struct shelf old = store.shelf;

	store.shelf = d->shelf;
	d->shelf = old;
	store.generation++;
}

static bool
changes(const struct draft *d)
{
	return d->count.added > 0 || d->count.replaced > 0 ||
	    d->count.deleted > 0 || d->decreed;
}

static void
tell(const struct draft *d, const struct cred_op *ops, size_t n)
{
	for (size_t i = 0; watcher != NULL && i < n; i++) {
		if (d->steps[i].deed != CRED_SAME)
			watcher(ops[i].tag, ops[i].type);
	}
}

int
store_apply(const struct cred_op *ops, size_t n, const struct store_change *how,
    struct cred_op_count *count, uint64_t *generation, size_t *failed)
{
	bool swapped = false;
	struct draft d;
	int rc;

	limits_from_environment();
	rc = draft_init(&d, ops, n, how);

	pthread_mutex_lock(&store.lock);
	if (rc == 0 && how->if_generation &&
	    how->generation != store.generation)
		rc = -ESTALE;
	if (rc < 0)
		*failed = n;
	else
		rc = draft_locked(&d, ops, n, failed);
	if (rc == 0 && !how->dry_run && changes(&d)) {
		swap_locked(&d);
		swapped = true;
	}
	*generation = store.generation;
	pthread_mutex_unlock(&store.lock);

	if (rc == 0)
		*count = d.count;
	for (size_t i = 0; rc == 0 && how->deeds != NULL && i < n; i++)
		how->deeds[i] = d.steps[i].deed;
	if (swapped)
		tell(&d, ops, n);
	draft_fini(&d, n);
	return rc;
}
