#include "place_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "cred/types.h"
#include "process_ask.h"
#include "say.h"

int place_timeout_ms = 3000, place_wait_ms;

/* No process has so many: what says so is not believed. */
#define ITEMS_MAX 65536

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* How often a store may change while it is read. */
#define TRIES 5

/* What a reading goes through: each value's serial, in the set's order. */
struct reading {
	struct process *p;
	struct set *set;
	uint64_t *serials;
	size_t n, room;
	bool changed; /* the store has, so it is to be read anew */
};

static const char *
origin_name(uint32_t origin)
{
	switch (origin) {
	case CRED_FROM_API:
		return "api";
	case CRED_FROM_ENV:
		return "env";
	case CRED_FROM_CTL:
		return "ctl";
	default:
		return "other";
	}
}

struct listed {
	uint32_t tag, type, len, error, origin, override;
	uint64_t serial;
	char digest[BUNDLE_DIGEST_SIZE];
};

static bool
read_listed(const struct link *l, struct listed *i)
{
	struct wire_field digest = { .len = 0 };
	const struct wire_want wants[] = {
		{ WIRE_SEC_TAG, &i->tag, NULL, NULL },
		{ WIRE_CRED_TYPE, &i->type, NULL, NULL },
		{ WIRE_LENGTH, &i->len, NULL, NULL },
		{ WIRE_DIGEST, NULL, NULL, &digest },
		{ WIRE_ERRNO, &i->error, NULL, NULL },
		{ WIRE_ORIGIN, &i->origin, NULL, NULL },
		{ WIRE_OVERRIDE, &i->override, NULL, NULL },
		{ WIRE_SERIAL, NULL, &i->serial, NULL },
	};

	*i = (struct listed){ .tag = UINT32_MAX };
	return wire_pick(&l->in, wants, LEN(wants)) &&
	    (digest.data == NULL ||
	        wire_text(&digest, i->digest, sizeof(i->digest))) &&
	    i->error < 4096 && i->tag <= INT32_MAX && i->type <= INT32_MAX &&
	    cred_types_short((int)i->type) != NULL;
}

static int
add_item(struct reading *r)
{
	struct listed l;
	struct item *i;
	uint64_t *serials;

	if (!read_listed(&r->p->link, &l) || r->set->n == ITEMS_MAX)
		return process_lost(r->p, -EPROTO);
	if (r->n == r->room) {
		r->room = r->room == 0 ? 16 : 2 * r->room;
		serials = reallocarray(r->serials, r->room, sizeof(*serials));
		if (serials == NULL)
			return say_no_memory();
		r->serials = serials;
	}
	i = set_add(r->set, (int)l.tag, (int)l.type, NULL, l.len);
	if (i == NULL)
		return say_no_memory();
	memcpy(i->digest, l.digest, sizeof(i->digest));
	i->denied = -(int)l.error;
	i->origin = origin_name(l.origin);
	i->override = l.override != 0;
	r->serials[r->n++] = l.serial;
	return DONE;
}

static int
read_done(struct reading *r)
{
	uint32_t count = UINT32_MAX;
	const struct wire_want wants[] = {
		{ WIRE_COUNT, &count, NULL, NULL },
		{ WIRE_GENERATION, NULL, &r->set->generation, NULL },
	};
	const bool ok = wire_pick(&r->p->link.in, wants, LEN(wants));

	return ok && count == r->set->n ? DONE : process_lost(r->p, -EPROTO);
}

static int
read_list(struct reading *r, int tag, int type)
{
	static const enum wire_type types[2] = { WIRE_ITEM, WIRE_DONE };
	const struct deadline until = deadline_in_ms(place_timeout_ms);
	struct process *p = r->p;
	struct wire_frame w;
	int rc, error;

	rc = process_begin(p, &w, WIRE_LIST);
	if (rc != DONE)
		return rc;
	if (tag >= 0)
		wire_put_u32(&w, WIRE_SEC_TAG, (uint32_t)tag);
	if (type != 0)
		wire_put_u32(&w, WIRE_CRED_TYPE, (uint32_t)type);
	rc = process_send(p, &w, until);
	while (rc == DONE) {
		rc = process_next(p, until, types, &error);
		if (rc == DONE && error != 0)
			return process_refused(p, error, "list", NULL, 0);
		if (rc == DONE && p->link.in.head.type == WIRE_DONE)
			return read_done(r);
		if (rc == DONE)
			rc = add_item(r);
	}
	return rc;
}

/* What was asked for, and what came of it. */
struct asked {
	int tag, type;
	struct wire_field value;
	uint64_t serial;
	int error; /* as process_next has it */
};

/* The value in the answer, or false if it is not the one that was asked for. */
static bool
read_value(const struct link *l, struct asked *a)
{
	uint32_t tag = UINT32_MAX, type = 0;
	const struct wire_want wants[] = {
		{ WIRE_SEC_TAG, &tag, NULL, NULL },
		{ WIRE_CRED_TYPE, &type, NULL, NULL },
		{ WIRE_SERIAL, NULL, &a->serial, NULL },
		{ WIRE_BYTES, NULL, NULL, &a->value },
	};

	return wire_pick(&l->in, wants, LEN(wants)) && a->value.data != NULL &&
	    tag == (uint32_t)a->tag && type == (uint32_t)a->type &&
	    a->value.len <= BUNDLE_VALUE_MAX;
}

/* GET; an outcome. */
static int
ask_value(struct process *p, struct asked *a)
{
	static const enum wire_type types[2] = { WIRE_VALUE, WIRE_VALUE };
	const struct deadline until = deadline_in_ms(place_timeout_ms);
	struct wire_frame w;
	int rc;

	rc = process_begin(p, &w, WIRE_GET);
	if (rc != DONE)
		return rc;
	wire_put_u32(&w, WIRE_SEC_TAG, (uint32_t)a->tag);
	wire_put_u32(&w, WIRE_CRED_TYPE, (uint32_t)a->type);
	rc = process_send(p, &w, until);
	if (rc == DONE)
		rc = process_next(p, until, types, &a->error);
	if (rc == DONE && a->error == 0 && !read_value(&p->link, a))
		rc = process_lost(p, -EPROTO);
	return rc;
}

static int
fill_item(struct reading *r, size_t n)
{
	struct item *i = &r->set->items[n];
	char digest[BUNDLE_DIGEST_SIZE];
	struct asked a = { .tag = i->tag, .type = i->type };
	int rc;

	rc = ask_value(r->p, &a);
	if (rc != DONE)
		return rc;
	if (a.error == EACCES) /* so it stays unseen */
		return DONE;
	if (a.error == ENOENT || r->serials == NULL ||
	    (a.error == 0 && a.serial != r->serials[n])) {
		r->changed = true;
		return DONE;
	}
	if (a.error != 0)
		return process_refused(r->p, a.error, "get", NULL, 0);
	if (!bundle_digest(a.value.data, a.value.len, digest))
		return say_no_memory();
	if (a.value.len != i->len ||
	    (i->digest[0] != '\0' && strcmp(digest, i->digest) != 0))
		return process_lost(r->p, -EPROTO);
	i->data = malloc(a.value.len > 0 ? a.value.len : 1);
	if (i->data == NULL)
		return say_no_memory();
	memcpy(i->data, a.value.data, a.value.len);
	memcpy(i->digest, digest, sizeof(digest));
	return DONE;
}

static int
read_once(struct reading *r, enum place_want want, int tag, int type)
{
	int rc;

	r->n = 0;
	r->changed = false;
	rc = read_list(r, tag, type);
	for (size_t i = 0; i < r->set->n && rc == DONE && !r->changed; i++) {
		const bool secret = type_is_secret(r->set->items[i].type);

		if (want == PLACE_LIST || (want == PLACE_PUBLIC && secret) ||
		    (secret && r->p->self.level < WIRE_LEVEL_FULL))
			continue;
		rc = fill_item(r, i);
	}
	return rc;
}

int
process_read(struct process *p, enum place_want want, int tag, int type,
    struct set *out)
{
	struct set set = { 0 };
	struct reading r = { .p = p, .set = &set };
	int rc, tries = 0;

	do {
		set_fini(&set);
		rc = read_once(&r, want, tag, type);
	} while (rc == DONE && r.changed && ++tries < TRIES);
	free(r.serials);
	if (rc == DONE && r.changed)
		rc = say(CONFLICT, "%s: its credentials change all the time",
		    p->typed);
	if (rc != DONE) {
		set_fini(&set);
		return rc;
	}
	*out = set;
	return DONE;
}

int
process_get(struct process *p, int tag, int type, struct item *out)
{
	struct asked a = { .tag = tag, .type = type };
	struct set set = { 0 };
	char what[64];
	int rc;

	rc = ask_value(p, &a);
	if (rc != DONE)
		return rc;
	if (a.error != 0) {
		snprintf(what, sizeof(what), "get %d %s", tag,
		    cred_types_short(type));
		return process_refused(p, a.error, what, NULL, 0);
	}
	if (set_add(&set, tag, type, a.value.data, a.value.len) == NULL)
		return say_no_memory();
	*out = set.items[0];
	free(set.items); /* what was in it is out's */
	return DONE;
}

static void
read_applied(const struct link *l, struct place_result *r, bool *ok)
{
	uint32_t v = 0, *to;
	uint32_t added = 0, replaced = 0, deleted = 0, same = 0, sessions = 0;
	struct wire_field f;
	size_t at = 0;

	while (*ok && link_field(l, &at, &f) == 1) {
		to = f.tag == WIRE_ADDED     ? &added
		    : f.tag == WIRE_REPLACED ? &replaced
		    : f.tag == WIRE_DELETED  ? &deleted
		    : f.tag == WIRE_SAME     ? &same
		    : f.tag == WIRE_SESSIONS ? &sessions
		    : f.tag == WIRE_OPEN_TAG ? &v
		                             : NULL;
		if (f.tag == WIRE_GENERATION)
			*ok = wire_u64(&f, &r->generation);
		else if (to != NULL)
			*ok = wire_u32(&f, to);
		if (f.tag == WIRE_OPEN_TAG && r->open_tags++ < PLACE_TAGS)
			r->tags[r->open_tags - 1] = v;
	}
	r->count = (struct cred_op_count){ added, replaced, deleted, same };
	r->sessions = sessions;
}

int
process_apply(struct process *p, const struct place_change *c,
    struct place_result *r)
{
	static const enum wire_type types[2] = { WIRE_APPLIED, WIRE_APPLIED };
	const struct deadline until = deadline_in_ms(place_timeout_ms);
	struct place_result result = { .generation = 0 };
	struct wire_frame w;
	bool ok = true;
	int rc, error;

	rc = process_begin(p, &w, WIRE_APPLY);
	if (rc != DONE)
		return rc;
	if (c->if_generation)
		wire_put_u64(&w, WIRE_IF_GENERATION, c->generation);
	if (c->dry_run)
		wire_put_u32(&w, WIRE_DRY_RUN, 1);
	for (size_t i = 0; i < c->n; i++)
		wire_put_op(&w, &c->ops[i]);
	rc = process_send(p, &w, until);
	if (rc == DONE)
		rc = process_next(p, until, types, &error);
	if (rc != DONE)
		return rc;
	if (error == ENOENT && c->missing_ok)
		return ABSENT;
	if (error != 0)
		return process_refused(p, error, "nothing was changed", c->ops,
		    c->n);
	read_applied(&p->link, &result, &ok);
	if (!ok)
		return process_lost(p, -EPROTO);
	*r = result;
	return DONE;
}
