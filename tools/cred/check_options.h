#ifndef CRED_CHECK_OPTIONS_H
#define CRED_CHECK_OPTIONS_H

#include <stdbool.h>

#include "rules.h"

/* What the options of "check" say that is not for the rules. */
struct check_options {
	bool strict, json;
	long max;  /* as it was said, or -1 */
	int *tags; /* which the rules look at */
};

/*
 * Reads them, up to the names of stores at optind, of which there is one at
 * least.  Returns an outcome, and has said why unless it is DONE; in any case o
 * is to be given back.
 */
int check_options(int argc, char **argv, struct check_options *o,
    struct rules *r);
void check_options_fini(struct check_options *o);

#endif
