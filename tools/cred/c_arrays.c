#include "c_arrays.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "c_lex.h"

/* With a name in it, a list of fewer numbers is one of something else. */
#define BYTES_LEAST 16

/* What a list or a string has turned out to be. */
enum found { FOUND, FOUND_BAD, FOUND_OTHER };

struct reader {
	struct c_lex x;
	struct c_arrays *all;
	struct c_array now; /* the one at hand; not yet among them */
	bool sized;         /* "[12]" */
	unsigned long size;
};

static enum found fail(struct reader *r, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum found
fail(struct reader *r, int line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(r->now.why, sizeof(r->now.why), format, ap);
	va_end(ap);
	r->now.why_line = line;
	return FOUND_BAD;
}

static bool
is_mark(const struct reader *r, int mark)
{
	return r->x.word == C_MARK && r->x.mark == mark;
}

/* What is in the way of an array, with the word that is. */
static enum found
fail_word(struct reader *r)
{
	const struct c_lex *x = &r->x;

	switch (x->word) {
	case C_BAD:
		return fail(r, x->word_line, "%s", x->why);
	case C_NAME:
		return fail(r, x->word_line,
		    "%.*s is a macro, and none is "
		    "expanded",
		    (int)(x->name_len < 40 ? x->name_len : 40), x->name);
	case C_LINE:
	case C_DEFINE:
		return fail(r, x->word_line,
		    "a line of the preprocessor is in it: import what it "
		    "includes");
	case C_END:
	case C_EOL:
		return fail(r, x->word_line, "it is cut short here");
	default:
		return fail(r, x->word_line, "this is no byte of an array");
	}
}

/* Adjacent literals, from the first on; goes to the word behind them. */
static enum found
read_strings(struct reader *r)
{
	while (r->x.word == C_STRING) {
		buf_add(&r->now.bytes, r->x.bytes.data, r->x.bytes.len);
		(void)c_lex_next(&r->x);
	}
	while (is_mark(r, ')'))
		(void)c_lex_next(&r->x);
	if (r->x.word == C_MARK && strchr(";,}", r->x.mark) != NULL)
		return FOUND;
	if (r->x.word == C_MARK)
		return FOUND_OTHER; /* a part of an expression */
	return fail_word(r);
}

/* A number, a character, also with a sign or parentheses. */
static enum found
read_element(struct reader *r)
{
	bool minus = false;
	int depth = 0;

	for (; is_mark(r, '(') || is_mark(r, '-'); (void)c_lex_next(&r->x)) {
		depth += is_mark(r, '(');
		minus = minus || is_mark(r, '-');
	}
	if (r->x.word != C_NUMBER && r->x.word != C_CHAR)
		return r->now.bytes.len < BYTES_LEAST &&
		        (r->x.word == C_NAME || r->x.word == C_MARK ||
		            r->x.word == C_STRING)
		    ? FOUND_OTHER
		    : fail_word(r);
	if (r->x.number > (minus ? 128 : 255))
		return FOUND_OTHER;
	buf_put(&r->now.bytes,
	    (unsigned char)(minus ? 0U - (unsigned)r->x.number : r->x.number));
	(void)c_lex_next(&r->x);
	for (; depth > 0 && is_mark(r, ')'); depth--)
		(void)c_lex_next(&r->x);
	return depth == 0 ? FOUND : fail_word(r);
}

/* To the brace that ends it, or to the end of a bare one. */
static enum found
read_list(struct reader *r, bool bare)
{
	enum found found = FOUND;

	while (found == FOUND) {
		if (is_mark(r, '}') || (bare && r->x.word == C_END))
			return r->now.bytes.len > 0 ? FOUND : FOUND_OTHER;
		found = read_element(r);
		if (found != FOUND)
			return found;
		if (is_mark(r, ','))
			(void)c_lex_next(&r->x);
		else if (!is_mark(r, '}') && !(bare && r->x.word == C_END))
			found = r->x.word == C_NUMBER || r->x.word == C_CHAR
			    ? fail(r, r->x.word_line, "a comma is missing")
			    : fail_word(r);
	}
	return found;
}

static enum found
read_braces(struct reader *r)
{
	enum found found;

	(void)c_lex_next(&r->x);
	if (r->x.word != C_STRING)
		return read_list(r, false);
	found = read_strings(r);
	if (found == FOUND && is_mark(r, ','))
		(void)c_lex_next(&r->x);
	return found == FOUND && !is_mark(r, '}') ? FOUND_OTHER : found;
}

/* Of "[N]": what is missing would be NUL bytes, and no one means them. */
static enum found
check_size(struct reader *r, bool string)
{
	const size_t n = r->now.bytes.len;

	if (!r->sized || n == r->size || (string && n + 1 == r->size))
		return FOUND;
	return fail(r, r->now.line, "it has %zu bytes, and is to have %lu", n,
	    r->size);
}

static void
keep(struct reader *r)
{
	struct c_arrays *a = r->all;
	struct c_array *v;

	if (a->n == C_ARRAYS_MAX) {
		a->many = true;
		return;
	}
	v = realloc(a->v, (a->n + 1) * sizeof(*v));
	if (v == NULL || r->now.bytes.failed) {
		a->failed = true;
		a->v = v != NULL ? v : a->v;
		return;
	}
	a->v = v;
	a->v[a->n++] = r->now;
	r->now.bytes = (struct buf){ .data = NULL }; /* the array's now */
}

/* "(const unsigned char[])" before what it is a type of. */
static void
skip_cast(struct reader *r)
{
	while (is_mark(r, '(')) {
		(void)c_lex_next(&r->x);
		if (r->x.word != C_NAME)
			continue;
		while (!is_mark(r, ')') && r->x.word != C_END)
			(void)c_lex_next(&r->x);
		(void)c_lex_next(&r->x);
	}
}

/* "NAME_len = 12", as xxd writes it. */
static void
check_length(struct reader *r)
{
	struct c_arrays *a = r->all;
	const size_t len = r->now.name_len;

	if (len < 4 || memcmp(r->now.name + len - 4, "_len", 4) != 0)
		return;
	for (size_t i = 0; i < a->n; i++) {
		struct c_array *v = &a->v[i];

		if (v->name_len != len - 4 || v->why[0] != '\0' ||
		    memcmp(v->name, r->now.name, len - 4) != 0 ||
		    v->bytes.len == r->x.number)
			continue;
		(void)snprintf(v->why, sizeof(v->why),
		    "it has %zu bytes, and line %d says %lu", v->bytes.len,
		    r->x.word_line, r->x.number);
		v->why_line = v->line;
	}
}

/* Behind a name and "=", or behind the name of a #define. */
static void
read_value(struct reader *r)
{
	enum found found = FOUND_OTHER;
	bool string;

	skip_cast(r);
	string = r->x.word == C_STRING;
	if (string)
		found = read_strings(r);
	else if (is_mark(r, '{'))
		found = read_braces(r);
	else if (r->x.word == C_BAD && r->x.mark == '"')
		found = fail_word(r);
	else if (r->x.word == C_NUMBER)
		check_length(r);
	if (found == FOUND_BAD && r->x.word == C_EOL && string)
		found = FOUND; /* of a #define that is the end */
	if (found == FOUND) {
		r->now.why[0] = '\0';
		found = check_size(r, string);
	}
	if (found != FOUND_OTHER)
		keep(r);
	buf_fini(&r->now.bytes);
}

static void
set_name(struct reader *r)
{
	r->now = (struct c_array){ .name = r->x.name,
		.name_len = r->x.name_len,
		.line = r->x.word_line };
}

static void
read_define(struct reader *r)
{
	r->sized = false;
	if (c_lex_next(&r->x) != C_NAME)
		return;
	set_name(r);
	(void)c_lex_next(&r->x);
	read_value(r);
}

/* "[12]" or "[]"; the name before it is that of the array. */
static void
read_size(struct reader *r)
{
	if (c_lex_next(&r->x) == C_NUMBER) {
		r->sized = true;
		r->size = r->x.number;
		(void)c_lex_next(&r->x);
	}
	while (!is_mark(r, ']') && r->x.word != C_END && !is_mark(r, ';')) {
		r->sized = false; /* it is an expression */
		(void)c_lex_next(&r->x);
	}
}

/* What is in parentheses behind a name says nothing of an array. */
static void
skip_parentheses(struct reader *r)
{
	int depth = 0;

	do {
		depth += is_mark(r, '(') - is_mark(r, ')');
		if (depth > 0)
			(void)c_lex_next(&r->x);
	} while (depth > 0 && r->x.word != C_END && !is_mark(r, ';') &&
	    !is_mark(r, '{'));
}

/* A word outside of an array; true if the next one is at hand already. */
static bool
read_outside(struct reader *r, bool *named)
{
	switch (r->x.word) {
	case C_DEFINE:
		read_define(r);
		*named = false;
		return true;
	case C_NAME:
		if (!*named)
			set_name(r);
		return false;
	case C_MARK:
		break;
	default:
		return false;
	}
	if (r->x.mark == '=') {
		(void)c_lex_next(&r->x);
		if (r->now.name != NULL)
			read_value(r);
	}
	if (is_mark(r, '[')) {
		*named = r->now.name != NULL;
		read_size(r);
	} else if (is_mark(r, '(')) {
		skip_parentheses(r);
	}
	if (r->x.word == C_MARK && strchr(";,{}", r->x.mark) != NULL) {
		*named = r->sized = false;
		r->now.name = NULL;
	}
	return r->x.word != C_MARK;
}

static void
read_bare(struct reader *r)
{
	enum found found;

	r->now = (struct c_array){ .name = r->x.text, .line = r->x.word_line };
	if (r->x.word == C_STRING) {
		found = read_strings(r);
		if (found == FOUND_BAD && r->x.word == C_END) {
			r->now.why[0] = '\0';
			found = FOUND;
		} else if (found == FOUND && is_mark(r, ',') &&
		    c_lex_next(&r->x) != C_END) {
			found = fail(r, r->x.word_line,
			    "a comma is between two values, and one is to be "
			    "stored");
		}
	} else {
		found = read_list(r, true);
	}
	if (found != FOUND_OTHER)
		keep(r);
	buf_fini(&r->now.bytes);
}

void
c_arrays_read(struct c_arrays *a, const void *text, size_t len)
{
	struct reader r = { .all = a };
	bool named = false, have;

	*a = (struct c_arrays){ .n = 0 };
	c_lex_init(&r.x, text, len);
	(void)c_lex_next(&r.x);
	if (r.x.word == C_NUMBER || r.x.word == C_CHAR ||
	    r.x.word == C_STRING || is_mark(&r, '('))
		read_bare(&r);
	while (r.x.word != C_END) {
		have = read_outside(&r, &named);
		if (!have)
			(void)c_lex_next(&r.x);
	}
	c_lex_fini(&r.x);
}

void
c_arrays_fini(struct c_arrays *a)
{
	for (size_t i = 0; i < a->n; i++)
		buf_fini(&a->v[i].bytes);
	free(a->v);
	*a = (struct c_arrays){ .n = 0 };
}
