#ifndef CRED_PLAN_H
#define CRED_PLAN_H

#include "place.h"
#include "set.h"

/* What STORE is to hold, and how it comes there. */
struct plan {
	bool sync; /* what is not wanted goes, but with keep_others */
	bool replace, keep_others, dry_run;
	struct set wanted;
	/* While it is carried out: what is there, and the changes. */
	struct set held;
	struct cred_op *ops;
	size_t n;
};

/*
 * Makes it so, all at one moment or not at all, and reports it; or prints what
 * would be done, a pair a line.  Returns an outcome, and has said why; wanted is
 * the caller's all the time.
 */
int plan_carry_out(struct plan *plan, struct place *p);

#endif
