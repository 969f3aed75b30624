#ifndef CRED_BUNDLE_WRITE_H
#define CRED_BUNDLE_WRITE_H

#include <stddef.h>

/*
 * The text of a section, from "Sec-Tag:" to the end of its value, that a parse
 * gives back bit by bit; with its digest.  PEM stays PEM, DER is shown as PEM, a
 * pre-shared key is hexadecimal and its identity text, as long as that is
 * possible.  Returns *len bytes, the caller's to wipe and free, or NULL when out
 * of memory.
 */
char *bundle_write_section(int tag, int type, const void *data, size_t dlen,
    size_t *len);

/* The same without the value, which somebody else may not see. */
char *bundle_write_redacted(int tag, int type, const char *digest, size_t *len);

#endif
