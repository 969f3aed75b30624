#ifndef CRED_ARGS_H
#define CRED_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/* Each returns an outcome, and has said why unless it is DONE. */

/* TAG: 0..2147483647.  With any: "any" is -1. */
int args_tag(const char *text, bool any, int *tag);
/* TYPE: a name of Zephyr's or nRF's.  With any: "any" is 0. */
int args_type(const char *text, bool any, int *type);
/* [TAG|any [TYPE|any]] of the n words that are left. */
int args_filter(char *const *words, int n, int *tag, int *type);

/*
 * SRC: FILE, -, env:NAME, fd:N, text:CHARS, hex:DIGITS.  With secret, text: and
 * hex: are REFUSED, for other users see arguments.  At most BUNDLE_VALUE_MAX
 * bytes, else LIMIT; max 0 is that.  out is a new buf.
 */
int args_source(const char *text, bool secret, size_t max, struct buf *out);

/*
 * A pass phrase of --pass-file, --pass-env or --pass-fd: the first line, with a
 * NUL behind it that is not of its length, in a new buf; NULL data: none is given.
 */
int args_pass(const char *file, const char *env, const char *fd,
    struct buf *out);

/*
 * A file that is written whole or not at all, with mode 0600 if it is secret,
 * else 0644 and the umask, and never more than the file had that it replaces; "-"
 * is standard output, which must not be a terminal if it is secret (REFUSED).
 */
int args_write(const char *path, const void *data, size_t len, bool secret);

#endif
