#ifndef CRED_BUNDLE_PLAN_H
#define CRED_BUNDLE_PLAN_H

#include "cred/bundle.h"
#include "cred/op.h"

/* What becomes of one pair; of those that are no section yet, old is NULL. */
struct bundle_plan_entry {
	const struct bundle_section *old;
	int tag;
	int type;
	bool touched; /* by any change */
	bool held;    /* in the end */
	/* The value then, if it is not old's; of the caller's operation. */
	const struct cred_op *value;
};

/*
 * What changes make of a bundle, without doing it: entry i is section i of the
 * bundle, and those behind are new, in the order in which they came.
 */
struct bundle_plan {
	struct bundle_plan_entry *entries;
	size_t n;
	size_t bytes; /* of all values that are held in the end */
	struct cred_op_count count;
};

/*
 * Each change sees what those before it did.  Returns 0; or, with nothing in
 * out, the index of the change in *failed and -EEXIST, -ENOENT, -EFBIG (the value
 * is too large) or -EINVAL (there is no such tag or type); or, and n in *failed,
 * -EFBIG (too many credentials) or -ENOMEM.  b and ops must outlive the plan.
 */
int bundle_plan_make(const struct bundle *b, const struct cred_op *ops,
    size_t n, struct bundle_plan *out, size_t *failed);
void bundle_plan_fini(struct bundle_plan *p);

#endif
