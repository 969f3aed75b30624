#ifndef SHIM_TEXT_H
#define SHIM_TEXT_H

#include <stddef.h>

/* Text built without stdio, also in a signal handler; what is too long is cut. */
struct text {
	char *buf;
	size_t size, len;
};

/* size is at least 1; buf always ends with a NUL. */
void text_init(struct text *text, char *buf, size_t size);
void text_add(struct text *text, const char *s);
void text_add_part(struct text *text, const char *s, size_t len);
void text_add_number(struct text *text, long n);

#endif
