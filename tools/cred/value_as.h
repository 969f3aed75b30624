#ifndef CRED_VALUE_AS_H
#define CRED_VALUE_AS_H

#include "args.h"

/* How a value is taken in, or given out: --as. */
enum value_as {
	AS_ANY, /* of an add: PEM with its final NUL if it looks like PEM */
	AS_RAW, /* the bytes as they are */
	AS_PEM,
	AS_DER,
	AS_HEX,
	AS_BASE64,
};

/* By name; in: those that an add takes.  Said unless DONE. */
int value_as_find(const char *name, bool in, enum value_as *as);

/* Makes what is stored of what was given. */
int value_as_in(enum value_as as, int type, struct buf *b);
/* Makes what is printed of what is stored; out is wiped by the caller. */
int value_as_out(enum value_as as, int type, const void *data, size_t len,
    struct buf *out);

#endif
