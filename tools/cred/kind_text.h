#ifndef CRED_KIND_TEXT_H
#define CRED_KIND_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/* "42 CA", and in small letters "42-ca"; of a buffer that is static. */
const char *kind_pair(int tag, int type);
const char *kind_stem(int tag, int type);

/* Line ends of PEM; escaped is backslash and n. */
enum kind_eol { KIND_EOL_KEEP, KIND_EOL_LF, KIND_EOL_CRLF, KIND_EOL_ESCAPED };

/* Text of PEM: its length without the final NUL, or 0 if it is none. */
size_t kind_pem_length(const void *data, size_t len);
/* Adds text with the line ends that are wanted. */
void kind_add_text(struct buf *b, const void *text, size_t len,
    enum kind_eol eol);

/* "0x2d, 0x2d, ", to stand in the braces of an array; lead begins each line. */
void kind_put_numbers(struct buf *b, const unsigned char *data, size_t len,
    const char *lead);

/* Is it a blank or a line end? */
bool kind_is_blank(unsigned char c);
/*
 * Pairs of hexadecimal digits, with blanks, or a colon, between them.  What is
 * in the way of that, and on which line; NULL if nothing.
 */
const char *kind_hex_fault(const unsigned char *text, size_t len, int *line);
/* The bytes that they stand for; false if they are not so written. */
bool kind_read_hex(struct buf *b, const unsigned char *text, size_t len);
/* Base64 with blanks and line ends in it; false if it is none. */
bool kind_read_base64(struct buf *b, const unsigned char *text, size_t len);

#endif
