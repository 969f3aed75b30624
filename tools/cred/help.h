#ifndef CRED_HELP_H
#define CRED_HELP_H

#include "verb.h"

/* NULL if there is no such verb. */
const struct verb *help_find(const char *name);

/* The overview, or all about a verb, on standard output. */
void help_all(void);
void help_verb(const struct verb *v);

#endif
