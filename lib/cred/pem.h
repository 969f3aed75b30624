#ifndef CRED_PEM_H
#define CRED_PEM_H

#include <stdbool.h>
#include <stddef.h>

/* The lines around a block of PEM, RFC 7468. */
#define PEM_LINE_BEGIN "-----BEGIN "
#define PEM_LINE_END "-----END "
#define PEM_LINE_DASHES "-----"

/*
 * Is a line start, one of the two above, and a label: "-----BEGIN label-----",
 * with blanks and a line end behind it or without?  The label is part of text.
 */
bool pem_label(const char *text, size_t len, const char *start,
    const char **label, size_t *label_len);

/* Begins a value with a block? */
bool pem_is_first(const void *data, size_t len);

#endif
