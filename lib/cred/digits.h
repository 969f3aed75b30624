#ifndef CRED_DIGITS_H
#define CRED_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include "cred/buf.h"

/* Numbers and bytes that are written as text. */

/* A number of decimal digits alone, from 0 to INT_MAX: a tag, say. */
bool digits_number(const char *text, size_t len, int *n);

/* What a digit stands for, or -1. */
int digits_hex_digit(unsigned char c);
int digits_base64_digit(unsigned char c);

/* Adds the bytes of pairs of hexadecimal digits; blanks are passed over. */
enum digits_hex { DIGITS_GOOD, DIGITS_WRONG, DIGITS_ODD };
enum digits_hex digits_read_hex(struct buf *b, const void *text, size_t len,
    const char *blanks);

/* Base64, character by character; begins as zeros. */
struct digits_base64 {
	uint32_t bits; /* what is left of a group */
	int nbits, pad;
};

/* 1 if *byte is the next, 0 if more is needed, -1 if that cannot follow. */
int digits_take_base64(struct digits_base64 *d, unsigned char c,
    unsigned char *byte);

/* Groups are whole, and no bit is lost. */
bool digits_is_whole(const struct digits_base64 *d);

#endif
