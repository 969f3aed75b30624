#ifndef CRED_BUNDLE_WRITE_H
#define CRED_BUNDLE_WRITE_H

#include <stdbool.h>

#include "cred/buf.h"

/*
 * Adds the text of a section, from "Sec-Tag:" to the end of its value, that a
 * parse gives back bit by bit; with its digest.  PEM stays PEM, DER is shown as
 * PEM, a pre-shared key is hexadecimal and its identity text, as long as that is
 * possible.  False, and nothing added: out of memory.
 */
bool bundle_write_section(struct buf *b, int tag, int type, const void *data,
    size_t len);

/* The same without the value, which somebody else may not see. */
bool bundle_write_redacted(struct buf *b, int tag, int type,
    const char *digest);

#endif
