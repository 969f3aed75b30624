#ifndef CRED_C_ARRAYS_H
#define CRED_C_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/* How many of them a source may have. */
#define C_ARRAYS_MAX 1024

/* An array of bytes or a string in C source. */
struct c_array {
	const unsigned char *name; /* part of the source; of no bytes for a list
	                            * that stands alone */
	size_t name_len;
	int line;
	struct buf bytes; /* of a string without its NUL */
	char why[96];     /* "": it is good, else what is wrong with it, */
	int why_line;     /* and where */
};

struct c_arrays {
	struct c_array *v;
	size_t n;
	bool failed; /* out of memory */
	bool many;   /* more than there may be */
};

/*
 * Finds arrays and strings with a name, also of #define and in functions and
 * structures; and a bare list of numbers or string literals, as build systems
 * make it for #include.  What is no array of bytes is passed over.
 */
void c_arrays_read(struct c_arrays *a, const void *text, size_t len);
void c_arrays_fini(struct c_arrays *a);

#endif
