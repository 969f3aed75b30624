#include "cred/store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "cred/lent.h"
#include "cred/store_parts.h"

struct store store = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.generation = 1,
};

void
store_freeze(void)
{
	pthread_mutex_lock(&store.lock);
}

void
store_thaw(void)
{
	pthread_mutex_unlock(&store.lock);
}

size_t
store_limit(void)
{
	return (size_t)limit_get(LIMIT_CREDENTIALS, INT_MAX);
}

/* What the program may see of (tag, type), or NULL. */
static struct shelf_place *
find_locked(int tag, int type)
{
	struct shelf_place *p = shelf_find(&store.shelf, tag, type);

	return p != NULL && !p->hidden ? p : NULL;
}

static bool
is_full_locked(void)
{
	return shelf_visible(&store.shelf) >= store_limit();
}

/*
 * A decree is added by its pair alone: what was deleted is there again, as the
 * last, like anything that is added.
 */
static int
add_again_locked(struct shelf_place *p, bool *say)
{
	const struct shelf_place again = { .cred = p->cred, .told = true };

	if (p->hidden && is_full_locked())
		return -ENOSPC;
	*say = !p->told;
	p->told = true;
	if (!p->hidden)
		return 0;
	(void)shelf_take(&store.shelf, p); /* again has its reference */
	shelf_append(&store.shelf, again);
	store.generation++;
	return 0;
}

/* Takes over c if it returns 0 and *c is NULL.  -ENOSPC: the limit. */
static int
add_locked(struct cred **c, bool *say)
{
	struct shelf_place *p = shelf_find(&store.shelf, (*c)->tag, (*c)->type);

	if (p != NULL)
		return p->cred->override ? add_again_locked(p, say) : -EEXIST;
	if (is_full_locked())
		return -ENOSPC;
	if (shelf_reserve(&store.shelf, 1) < 0)
		return -ENOMEM;
	(*c)->serial = ++store.last_serial;
	shelf_append(&store.shelf, (struct shelf_place){ .cred = *c });
	*c = NULL;
	store.generation++;
	return 0;
}

int
store_add(int tag, int type, const void *data, size_t len)
{
	bool say = false;
	struct cred *c;
	int rc;

	limits_from_environment();
	c = shelf_cred_new(tag, type, data, len);
	if (c == NULL)
		return -ENOMEM;
	c->origin = CRED_FROM_API;
	c->lent = data;

	pthread_mutex_lock(&store.lock);
	rc = add_locked(&c, &say);
	pthread_mutex_unlock(&store.lock);
	shelf_cred_put(c);
	if (say)
		log_line(LOG_WARN,
		    "tls_credential_add: sec_tag %d: the %s stays that of the "
		    "bundle, whose mode is override",
		    tag, cred_type_name(type));
	if (rc != -ENOSPC)
		return rc;
	limit_exceeded(LIMIT_CREDENTIALS, "tls_credential_add");
	return -ENOMEM;
}

int
store_copy(int tag, int type, void *buf, size_t *len)
{
	const struct shelf_place *p;
	int rc = 0;

	pthread_mutex_lock(&store.lock);
	p = find_locked(tag, type);
	if (p == NULL) {
		*len = 0;
		rc = -ENOENT;
		goto out;
	}
	if (p->cred->len > *len)
		rc = -EFBIG;
	else if (p->cred->len > 0)
		memcpy(buf, p->cred->data, p->cred->len);
	*len = p->cred->len;
out:
	pthread_mutex_unlock(&store.lock);
	return rc;
}

int
store_delete(int tag, int type)
{
	struct cred *c = NULL;
	struct shelf_place *p;
	int rc = 0;

	pthread_mutex_lock(&store.lock);
	p = find_locked(tag, type);
	if (p == NULL) {
		rc = -ENOENT;
		goto out;
	}
	if (p->cred->override)
		p->hidden = true;
	else
		c = shelf_take(&store.shelf, p);
	store.generation++;
out:
	pthread_mutex_unlock(&store.lock);
	shelf_cred_put(c);
	return rc;
}

size_t
store_find(int type, int *tags, size_t n)
{
	size_t found = 0;

	pthread_mutex_lock(&store.lock);
	for (size_t i = 0; i < store.shelf.n && found < n; i++) {
		const struct shelf_place *p = &store.shelf.places[i];

		if (!p->hidden && p->cred->type == type)
			tags[found++] = p->cred->tag;
	}
	pthread_mutex_unlock(&store.lock);
	return found;
}

/* Appends the tag's credentials to set if it is not NULL; counts them. */
static size_t
collect_locked(int tag, struct cred_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < store.shelf.n; i++) {
		const struct shelf_place *p = &store.shelf.places[i];

		if (p->hidden || p->cred->tag != tag)
			continue;
		n++;
		if (set != NULL)
			set->creds[set->n++] = shelf_cred_ref(p->cred);
	}
	return n;
}

/* An empty set with room for n; NULL when out of memory. */
static struct cred_set *
set_new(size_t n)
{
	struct cred_set *set;

	set = malloc(sizeof(*set) + n * sizeof(struct cred *));
	if (set != NULL)
		set->n = 0;
	return set;
}

int
store_collect(const int *tags, size_t n, struct cred_set **out, int *missing)
{
	struct cred_set *set;
	size_t total = 0, found;
	int rc = 0;

	pthread_mutex_lock(&store.lock);
	for (size_t i = 0; i < n; i++) {
		found = collect_locked(tags[i], NULL);
		if (found == 0) {
			*missing = tags[i];
			rc = -ENOENT;
			goto out;
		}
		total += found;
	}
	set = set_new(total);
	if (set == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		(void)collect_locked(tags[i], set); /* counted above */
	*out = set;
out:
	pthread_mutex_unlock(&store.lock);
	if (rc == 0)
		lent_look(*out);
	return rc;
}

/* Where a credential was before it was sorted: qsort is not stable. */
struct listed {
	struct cred *cred;
	size_t at;
};

static int
by_tag(const void *x, const void *y)
{
	const struct listed *a = x, *b = y;

	if (a->cred->tag != b->cred->tag)
		return a->cred->tag < b->cred->tag ? -1 : 1;
	return a->at < b->at ? -1 : 1;
}

static int
sort(struct cred_set *set)
{
	struct listed *all = calloc(set->n > 0 ? set->n : 1, sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < set->n; i++)
		all[i] = (struct listed){ set->creds[i], i };
	qsort(all, set->n, sizeof(*all), by_tag);
	for (size_t i = 0; i < set->n; i++)
		set->creds[i] = all[i].cred;
	free(all);
	return 0;
}

int
store_list(struct cred_set **out, uint64_t *generation)
{
	struct cred_set *set;
	uint64_t now;
	int rc;

	pthread_mutex_lock(&store.lock);
	now = store.generation;
	set = set_new(store.shelf.n);
	for (size_t i = 0; set != NULL && i < store.shelf.n; i++) {
		if (!store.shelf.places[i].hidden)
			set->creds[set->n++] =
			    shelf_cred_ref(store.shelf.places[i].cred);
	}
	pthread_mutex_unlock(&store.lock);
	if (set == NULL)
		return -ENOMEM;
	rc = sort(set);
	if (rc < 0) {
		store_set_put(set);
		return rc;
	}
	*out = set;
	*generation = now;
	return 0;
}

void
store_set_put(struct cred_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n; i++)
		shelf_cred_put(set->creds[i]);
	free(set);
}

const char *
cred_type_name(int type)
{
	switch (type) {
	case CRED_CA_CERTIFICATE:
		return "CA certificate";
	case CRED_CERTIFICATE:
		return "certificate";
	case CRED_PRIVATE_KEY:
		return "private key";
	case CRED_PSK:
		return "PSK";
	case CRED_PSK_ID:
		return "PSK identity";
	case CRED_PRIVATE_KEY_PSA:
		return "private key in PSA";
	default:
		return "credential of unknown type";
	}
}
