#ifndef CRED_HELP_H
#define CRED_HELP_H

#include <stddef.h>

#include "verb.h"

/* Each verb with what it is for, in the order of the manual. */
struct help_row {
	const struct verb *verb;
	const char *about;
};
extern const struct help_row help_rows[];
extern const size_t help_count;

/* NULL if there is no such verb. */
const struct verb *help_find(const char *name);

/* The overview, or all about a verb, on standard output. */
void help_all(void);
void help_verb(const struct verb *v);

#endif
