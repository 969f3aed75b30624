#ifndef RUN_VARS_H
#define RUN_VARS_H

#include <stddef.h>

/*
 * The environment that the program will have.  It begins as another one,
 * of which the strings stay where they are.
 */
struct vars {
	char **list; /* ends with NULL */
	char **made; /* the strings of vars_set */
	size_t nmade;
};

/* Each returns 0 or -ENOMEM. */
int vars_init(struct vars *v, char *const *from);
int vars_set(struct vars *v, const char *name, const char *value);

/* The value, or NULL. */
const char *vars_get(const struct vars *v, const char *name);
void vars_unset(struct vars *v, const char *name);
/* Frees what these functions have made. */
void vars_fini(struct vars *v);

#endif
