#include "cred/bundle_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cred/types.h"

/* The entry of a pair; a new one, which is not held, if there is none. */
static struct bundle_plan_entry *
find(struct bundle_plan *p, int tag, int type)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->entries[i].tag == tag && p->entries[i].type == type)
			return &p->entries[i];
	}
	p->entries[p->n] =
	    (struct bundle_plan_entry){ .tag = tag, .type = type };
	return &p->entries[p->n++];
}

/* A redacted section is there, though nobody knows its value. */
static bool
is_old(const struct bundle_section *old, const struct cred_op *op)
{
	return old != NULL && !old->redacted && old->len == op->len &&
	    (op->len == 0 || memcmp(old->data, op->data, op->len) == 0);
}

static int
take(struct bundle_plan *p, const struct cred_op *op)
{
	struct bundle_plan_entry *e;

	if (op->tag < 0 || cred_types_short(op->type) == NULL)
		return -EINVAL;
	if (op->kind != CRED_OP_DELETE && op->len > BUNDLE_VALUE_MAX)
		return -EFBIG;
	e = find(p, op->tag, op->type);
	if (op->kind == CRED_OP_ADD && e->held)
		return -EEXIST;
	if (op->kind == CRED_OP_DELETE && !e->held)
		return -ENOENT;
	e->touched = true;
	e->held = op->kind != CRED_OP_DELETE;
	e->value = e->held && !is_old(e->old, op) ? op : NULL;
	return 0;
}

/* What is so in the end: a delete and an add are a replacement. */
static int
count(struct bundle_plan *p)
{
	const struct bundle_plan_entry *e;
	size_t held = 0;

	for (size_t i = 0; i < p->n; i++) {
		e = &p->entries[i];
		held += e->held;
		if (e->held)
			p->bytes +=
			    e->value != NULL ? e->value->len : e->old->len;
		if (!e->touched)
			continue;
		p->count.deleted += e->old != NULL && !e->held;
		p->count.same += e->held && e->value == NULL;
		p->count.added += e->value != NULL && e->old == NULL;
		p->count.replaced += e->value != NULL && e->old != NULL;
	}
	return held > BUNDLE_SECTIONS_MAX ? -EFBIG : 0;
}

int
bundle_plan_make(const struct bundle *b, const struct cred_op *ops, size_t n,
    struct bundle_plan *out, size_t *failed)
{
	struct bundle_plan p = { .n = b->n };
	int rc = 0;

	*failed = n;
	p.entries = calloc(b->n + n + 1, sizeof(*p.entries));
	if (p.entries == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++)
		p.entries[i] = (struct bundle_plan_entry){
			.old = &b->sections[i],
			.tag = b->sections[i].tag,
			.type = b->sections[i].type,
			.held = true,
		};
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = take(&p, &ops[i]);
		if (rc < 0)
			*failed = i;
	}
	if (rc == 0)
		rc = count(&p);
	if (rc == 0)
		*out = p;
	else
		bundle_plan_fini(&p);
	return rc;
}

void
bundle_plan_fini(struct bundle_plan *p)
{
	free(p->entries);
	*p = (struct bundle_plan){ .n = 0 };
}
