#ifndef CRED_TYPES_H
#define CRED_TYPES_H

#include <stddef.h>

/*
 * The type of a credential by its name, in any case: Zephyr's shell's, long and
 * short, and the nRF modem's.  Returns its number, or CRED_NONE.
 */
int cred_types_find(const char *name, size_t len);

/* The short name that the shell prints, "SERV"; NULL if there is no such type. */
const char *cred_types_short(int type);

#endif
