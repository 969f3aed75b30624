#ifndef CRED_C_LEX_H
#define CRED_C_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/*
 * Words of C source, as far as arrays of bytes need them: comments and line ends
 * behind a backslash are passed over, nothing is expanded.
 */
enum c_word {
	C_END,
	C_NAME,
	C_NUMBER,
	C_CHAR,   /* number is its value */
	C_STRING, /* bytes have what it means, without a NUL */
	C_MARK,   /* one character of punctuation, which mark is */
	C_DEFINE, /* "#define" at the beginning of a line */
	C_LINE,   /* any other directive: all of its line */
	C_EOL,    /* the end of a line that began with #define */
	C_BAD,    /* why has what is wrong */
};

struct c_lex {
	const unsigned char *text;
	size_t len, at;
	int line;
	bool begins, defining; /* at the beginning of a line, in a #define */
	/* The word at hand: */
	enum c_word word;
	int word_line;
	const unsigned char *name; /* of a name or a directive */
	size_t name_len;
	unsigned long number;
	int mark; /* of a string or a character too, also a bad one */
	struct buf bytes;
	const char *why;
};

void c_lex_init(struct c_lex *x, const void *text, size_t len);
/* Goes to the next word, and returns it. */
enum c_word c_lex_next(struct c_lex *x);
void c_lex_fini(struct c_lex *x);

#endif
