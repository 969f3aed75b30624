#include "cred/control_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cred/control.h"
#include "cred/control_helper.h"
#include "cred/store.h"
#include "cred/types.h"

static const struct control_census *census;

void
control_count_by(const struct control_census *c)
{
	census = c;
}

static int
refuse(const struct control_request *r, int error, size_t failed,
    struct wire_frame *out)
{
	const char *why = error == EEXIST ? "something is stored there already"
	    : error == ENOENT             ? "nothing is stored there"
	    : error == ESTALE             ? "the store has changed meanwhile"
	    : error == ENOMEM             ? "the store is full"
	                                  : strerror(error);

	if (failed < r->n)
		return control_refuse_op(r, error, why, failed, out);
	if (error == ENOMEM)
		why = "out of memory";
	return control_refuse(r, error, why, out);
}

static const char *const deeds[] = {
	[CRED_ADDED] = "added",
	[CRED_REPLACED] = "replaced",
	[CRED_DELETED] = "deleted",
};

/* One line each: it is a key that somebody else has put there. */
static void
tell(const struct control_request *r, const struct control_peer *peer,
    const enum cred_deed *done)
{
	for (size_t i = 0; i < r->n; i++) {
		if (done[i] != CRED_SAME)
			log_line(LOG_INFO, "control: uid %ju pid %jd %s %d/%s",
			    (uintmax_t)peer->uid, (intmax_t)peer->pid,
			    deeds[done[i]], r->ops[i].tag,
			    cred_types_short(r->ops[i].type));
	}
}

static int
compare_tags(const void *a, const void *b)
{
	const int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* What is counted for the answer. */
struct count {
	int *tags, *used;
	size_t n, found, sessions;
};

static void
count_open(void *arg)
{
	struct count *c = arg;

	c->found = census->open_tags(c->tags, c->n, c->used);
	c->sessions = census->sessions();
}

/* Of the tags of its ops, each once, those that open sockets use. */
static int
put_census(const struct control_request *r, struct wire_frame *out)
{
	struct count c = { 0 };

	c.tags = calloc(2 * r->n + 1, sizeof(*c.tags));
	if (c.tags == NULL)
		return -ENOMEM;
	c.used = &c.tags[r->n];
	for (size_t i = 0; i < r->n; i++)
		c.tags[i] = r->ops[i].tag;
	qsort(c.tags, r->n, sizeof(*c.tags), compare_tags);
	for (size_t i = 0; i < r->n; i++) {
		if (c.n == 0 || c.tags[c.n - 1] != c.tags[i])
			c.tags[c.n++] = c.tags[i];
	}
	if (control_helper_call(count_open, &c)) {
		wire_put_u32(out, WIRE_SESSIONS, (uint32_t)c.sessions);
		for (size_t i = 0; i < c.found; i++)
			wire_put_u32(out, WIRE_OPEN_TAG, (uint32_t)c.used[i]);
	}
	free(c.tags);
	return 0;
}

/*
 * It is done, so a lack of memory from here on must not look as if it were not:
 * the connection ends then.
 */
static int
put_applied(const struct control_request *r, const struct cred_op_count *count,
    uint64_t generation, struct wire_frame *out)
{
	int rc = 0;

	wire_begin(out, WIRE_APPLIED, r->head->id);
	wire_put_u32(out, WIRE_ADDED, (uint32_t)count->added);
	wire_put_u32(out, WIRE_REPLACED, (uint32_t)count->replaced);
	wire_put_u32(out, WIRE_DELETED, (uint32_t)count->deleted);
	wire_put_u32(out, WIRE_SAME, (uint32_t)count->same);
	wire_put_u64(out, WIRE_GENERATION, generation);
	if (census != NULL)
		rc = put_census(r, out);
	return rc == 0 && wire_end(out) ? 0 : -ENOMEM;
}

/* rc is of store_apply. */
static int
apply(const struct control_request *r, const struct control_peer *peer,
    struct cred_op_count *count, uint64_t *generation, size_t *failed)
{
	struct store_change how = { .origin = CRED_FROM_CTL,
		.dry_run = r->dry_run,
		.if_generation = r->has_generation,
		.generation = r->generation };
	int rc;

	how.deeds = calloc(r->n + 1, sizeof(*how.deeds));
	if (how.deeds == NULL) {
		*failed = r->n;
		return -ENOMEM;
	}
	rc = store_apply(r->ops, r->n, &how, count, generation, failed);
	if (rc == 0 && !r->dry_run)
		tell(r, peer, how.deeds);
	free(how.deeds);
	return rc;
}

int
control_apply(const struct control_request *r, const struct control_peer *peer,
    struct wire_frame *out)
{
	struct cred_op_count count = { 0 };
	uint64_t generation = 0;
	size_t failed = r->n;
	int rc;

	if (peer->self->level < WIRE_LEVEL_LOAD)
		return control_refuse(r, EACCES,
		    "changes are allowed at the levels load and full only",
		    out);
	rc = apply(r, peer, &count, &generation, &failed);
	if (rc < 0)
		return refuse(r, -rc, failed, out);
	return put_applied(r, &count, generation, out);
}
