#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "cred/types.h"
#include "report.h"
#include "say.h"

/* What is redacted has the digest of a value, and not the value. */
static bool
is_same(const struct item *held, const struct item *wanted)
{
	return held != NULL && !held->redacted &&
	    strcmp(held->digest, wanted->digest) == 0 &&
	    (held->override || !wanted->override);
}

static void
put_op(struct plan *plan, enum cred_op_kind kind, const struct item *i)
{
	plan->ops[plan->n++] = (struct cred_op){ .kind = kind,
		.tag = i->tag,
		.type = i->type,
		.data = i->data,
		.len = i->len,
		.override = i->override };
}

/* What is to go comes first, and makes room. */
static int
make(struct plan *plan)
{
	const bool others = plan->sync && !plan->keep_others;

	plan->n = 0;
	plan->ops =
	    calloc(plan->wanted.n + plan->held.n + 1, sizeof(*plan->ops));
	if (plan->ops == NULL)
		return say_no_memory();
	for (size_t i = 0; others && i < plan->held.n; i++) {
		const struct item *held = &plan->held.items[i];

		if (set_find(&plan->wanted, held->tag, held->type) == NULL)
			put_op(plan, CRED_OP_DELETE, held);
	}
	for (size_t i = 0; i < plan->wanted.n; i++) {
		const struct item *wanted = &plan->wanted.items[i];

		if (!plan->sync)
			put_op(plan, plan->replace ? CRED_OP_PUT : CRED_OP_ADD,
			    wanted);
		else if (!is_same(set_find(&plan->held, wanted->tag,
		                      wanted->type),
		             wanted))
			put_op(plan, CRED_OP_PUT, wanted);
	}
	return DONE;
}

static void
show_plan(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n && plan->ops[i].kind == CRED_OP_DELETE;
	     i++)
		out("delete %d %s\n", plan->ops[i].tag,
		    cred_types_short(plan->ops[i].type));
	for (size_t i = 0; i < plan->wanted.n; i++) {
		const struct item *wanted = &plan->wanted.items[i];
		const struct item *held =
		    set_find(&plan->held, wanted->tag, wanted->type);
		const char *what = held == NULL ? "add"
		    : is_same(held, wanted)     ? "same"
		                                : "replace";

		out("%s %d %s\n", what, wanted->tag,
		    cred_types_short(wanted->type));
	}
}

static int
apply(struct plan *plan, struct place *p)
{
	const struct place_change c = {
		.ops = plan->ops,
		.n = plan->n,
		.dry_run = plan->dry_run,
		.if_generation = plan->sync,
		.generation = plan->held.generation,
	};
	struct place_result r = { .generation = 0 };
	int rc = DONE;

	if (plan->n > 0 || is_stream(p) || place_is_new(p))
		rc = place_apply(p, &c, &r);
	if (rc != DONE)
		return rc;
	if (plan->dry_run)
		show_plan(plan);
	else
		report_change(p, &r);
	return DONE;
}

/* What is there must be known, to be left alone or to be shown. */
int
plan_carry_out(struct plan *plan, struct place *p)
{
	int rc = DONE;

	if ((plan->sync || plan->dry_run) && !place_is_new(p))
		rc = place_read(p, PLACE_LIST, -1, 0, &plan->held);
	if (rc == DONE)
		rc = make(plan);
	if (rc == DONE)
		rc = apply(plan, p);
	free(plan->ops);
	plan->ops = NULL;
	set_fini(&plan->held);
	return rc;
}
