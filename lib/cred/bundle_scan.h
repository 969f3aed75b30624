#ifndef CRED_BUNDLE_SCAN_H
#define CRED_BUNDLE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/bundle.h"

/* The lines of a bundle, one after the other. */
struct bundle_scan {
	const char *text;
	size_t len;
	size_t at; /* where the line at hand begins */
	int line;  /* its number, from 1 */
	struct bundle_error *error;
};

/* One line, which is part of the text; a last one need not have a line end. */
struct bundle_line {
	const char *text;
	size_t len;   /* without its line end, LF or CR LF */
	size_t begin; /* in the whole text */
	size_t next;  /* where the one after it begins */
};

/* The line at hand; false behind the last. */
bool bundle_scan_line(const struct bundle_scan *s, struct bundle_line *l);
void bundle_scan_next(struct bundle_scan *s);

/* A blank line or a comment. */
bool bundle_scan_is_idle(const struct bundle_line *l);

/* "Name: value" of that line; false if it is none. */
struct bundle_field {
	const char *name, *value;
	size_t name_len, value_len;
};
bool bundle_scan_field(const struct bundle_line *l, struct bundle_field *f);

/* Without the blanks at the end of its value. */
void bundle_scan_trim(struct bundle_field *f);

/* In any case of letters. */
bool bundle_scan_is(const struct bundle_field *f, const char *name);
bool bundle_scan_has(const struct bundle_field *f, const char *value);

/* Is it text for people, or for other programs: "Note" or "X-name"? */
bool bundle_scan_is_note(const struct bundle_field *f);

/* Says what is wrong with a line.  Returns -EINVAL. */
int bundle_scan_fail(const struct bundle_scan *s, int line, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

#endif
