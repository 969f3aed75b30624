#ifndef CRED_BUNDLE_NAME_H
#define CRED_BUNDLE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/* A file of one credential: TAG-TYPE.EXT, "42-ca.pem". */
struct bundle_name {
	int tag;
	int type; /* enum cred_type */
	int ext;  /* what its bytes stand for */
};

/* Any known name of the type, and any case.  False: it is no such name. */
bool bundle_name_parse(const char *text, struct bundle_name *out);

/* What parse understands, for people. */
extern const char bundle_name_rule[];

/*
 * The value of a file's bytes, in a new buf.  -EINVAL: they are no hexadecimal
 * number.
 */
int bundle_name_decode(int ext, const struct buf *file, struct buf *value);

/*
 * The bytes of a file for a value.  -EINVAL: decode would not give the value
 * back.
 */
int bundle_name_encode(int ext, const void *value, size_t len,
    struct buf *file);

/* The plainest extension for a value, which encode then takes. */
int bundle_name_choose(int type, const void *value, size_t len);

/* The name of a new file. */
#define BUNDLE_NAME_SIZE 32
void bundle_name_write(const struct bundle_name *n,
    char text[BUNDLE_NAME_SIZE]);

#endif
