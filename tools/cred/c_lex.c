#include "c_lex.h"

#include <ctype.h>
#include <string.h>

#include "cred/digits.h"

void
c_lex_init(struct c_lex *x, const void *text, size_t len)
{
	*x = (struct c_lex){ .text = text,
		.len = len,
		.line = 1,
		.begins = true };
}

void
c_lex_fini(struct c_lex *x)
{
	buf_fini(&x->bytes);
}

/* Passes over a backslash and a line end; they count as nothing. */
static void
splice(struct c_lex *x)
{
	for (;;) {
		const size_t left = x->len - x->at;
		const unsigned char *at = x->text + x->at;
		size_t n = 0;

		if (left >= 2 && at[0] == '\\' && at[1] == '\n')
			n = 2;
		else if (left >= 3 && memcmp(at, "\\\r\n", 3) == 0)
			n = 3;
		if (n == 0)
			return;
		x->at += n;
		x->line++;
	}
}

/* The character at hand, or -1 at the end. */
static int
peek(struct c_lex *x)
{
	splice(x);
	return x->at < x->len ? x->text[x->at] : -1;
}

static int
take(struct c_lex *x)
{
	const int c = peek(x);

	if (c >= 0)
		x->at++;
	if (c == '\n')
		x->line++;
	return c;
}

/* The character after the one at hand. */
static int
peek_second(struct c_lex *x)
{
	struct c_lex ahead = *x;

	(void)take(&ahead);
	return peek(&ahead);
}

static void
skip_line(struct c_lex *x)
{
	while (peek(x) >= 0 && peek(x) != '\n')
		(void)take(x);
}

/* From behind its beginning; false if it does not end. */
static bool
skip_comment(struct c_lex *x)
{
	int c, last = 0;

	while ((c = take(x)) >= 0) {
		if (last == '*' && c == '/')
			return true;
		last = c;
	}
	return false;
}

static enum c_word
bad(struct c_lex *x, const char *why)
{
	x->why = why;
	return C_BAD;
}

/* Blanks, line ends and comments; C_END if there is a word now. */
static enum c_word
skip_blanks(struct c_lex *x)
{
	for (;;) {
		const int c = peek(x);

		x->word_line = x->line;
		if (c == '/' && peek_second(x) == '/') {
			skip_line(x);
		} else if (c == '/' && peek_second(x) == '*') {
			(void)take(x);
			(void)take(x);
			if (!skip_comment(x))
				return bad(x, "a comment that does not end");
		} else if (c == '\n') {
			if (x->defining)
				return C_EOL;
			(void)take(x);
			x->begins = true;
		} else if (c >= 0 && isspace(c)) {
			(void)take(x);
		} else {
			return C_END;
		}
	}
}

static bool
is_name(int c)
{
	return c >= 0 && (isalnum(c) || c == '_' || c == '$');
}

/* 99 of what is no digit of any base. */
static int
digit_of(int c)
{
	const int digit = c >= 0 ? digits_hex_digit((unsigned char)c) : -1;

	return digit >= 0 ? digit : 99;
}

/* Decimal, octal, hexadecimal or binary, and the letters of its type. */
static enum c_word
read_number(struct c_lex *x)
{
	unsigned base = 10;
	size_t digits = 0;

	x->number = 0;
	if (peek(x) == '0') {
		const int second = peek_second(x);

		base = 8;
		if (second == 'x' || second == 'X')
			base = 16;
		else if (second == 'b' || second == 'B')
			base = 2;
		if (base != 8) {
			(void)take(x);
			(void)take(x);
		}
	}
	for (; digit_of(peek(x)) < (int)base; digits++) {
		x->number = x->number * base + (unsigned)digit_of(take(x));
		if (x->number > 0xffffffff)
			return bad(x, "a number that is too large");
	}
	while (peek(x) >= 0 && strchr("uUlL", peek(x)) != NULL)
		(void)take(x);
	if (digits == 0 || is_name(peek(x)) || peek(x) == '.')
		return bad(x, "this is no whole number");
	return C_NUMBER;
}

/* Up to max digits of the base; false if there is none. */
static bool
read_digits(struct c_lex *x, int base, int max, unsigned *value)
{
	int n = 0;

	*value = 0;
	for (; n < max && digit_of(peek(x)) < base; n++) {
		*value = *value * (unsigned)base + (unsigned)digit_of(take(x));
		if (*value > 0xff)
			return false;
	}
	return n > 0;
}

/* Behind a backslash; -1 if it means nothing. */
static int
read_escape(struct c_lex *x)
{
	static const char names[] = "abfnrtv\\\"'?";
	static const char values[] = "\a\b\f\n\r\t\v\\\"'?";
	const int c = peek(x);
	const char *at;
	unsigned value;

	if (c >= '0' && c <= '7')
		return read_digits(x, 8, 3, &value) ? (int)value : -1;
	(void)take(x);
	if (c == 'x')
		return read_digits(x, 16, 1 << 20, &value) ? (int)value : -1;
	at = c > 0 ? strchr(names, c) : NULL;
	return at == NULL ? -1 : values[at - names];
}

/* From its quotation mark on. */
static enum c_word
read_quoted(struct c_lex *x, int quote)
{
	int c;

	x->mark = take(x);
	buf_clear(&x->bytes);
	while ((c = take(x)) != quote) {
		if (c < 0 || c == '\n')
			return bad(x,
			    quote == '"' ? "a string that does not end"
			                 : "a character that does not end");
		if (c == '\\')
			c = read_escape(x);
		if (c < 0)
			return bad(x, "a backslash that means nothing here");
		buf_put(&x->bytes, (unsigned char)c);
	}
	if (quote == '"')
		return C_STRING;
	if (x->bytes.len != 1)
		return bad(x, "this is not one character");
	x->number = x->bytes.data[0];
	return C_CHAR;
}

static enum c_word
read_name(struct c_lex *x)
{
	x->name = x->text + x->at;
	while (is_name(peek(x)))
		(void)take(x);
	/* One with a line end in it is not compared with any. */
	x->name_len = (size_t)(x->text + x->at - x->name);
	return C_NAME;
}

static bool
is_define(struct c_lex *x)
{
	struct c_lex ahead = *x;

	(void)take(&ahead);
	while (peek(&ahead) == ' ' || peek(&ahead) == '\t')
		(void)take(&ahead);
	if (read_name(&ahead) != C_NAME || ahead.name_len != 6 ||
	    memcmp(ahead.name, "define", 6) != 0)
		return false;
	x->at = ahead.at;
	x->line = ahead.line;
	return true;
}

static enum c_word
read_directive(struct c_lex *x)
{
	if (is_define(x)) {
		x->defining = true;
		return C_DEFINE;
	}
	x->name = x->text + x->at;
	skip_line(x);
	x->name_len = (size_t)(x->text + x->at - x->name);
	return C_LINE;
}

static enum c_word
read_word(struct c_lex *x)
{
	const bool begins = x->begins;
	const int c = peek(x);

	x->begins = false;
	if (c < 0)
		return C_END;
	if (c == '#' && begins)
		return read_directive(x);
	if (c >= '0' && c <= '9')
		return read_number(x);
	if (c == '"' || c == '\'')
		return read_quoted(x, c);
	if (is_name(c))
		return read_name(x);
	x->mark = take(x);
	return C_MARK;
}

enum c_word
c_lex_next(struct c_lex *x)
{
	x->mark = 0;
	x->word = skip_blanks(x);
	if (x->word == C_EOL) {
		x->defining = false;
	} else if (x->word == C_END) {
		x->word = read_word(x);
		if (x->word == C_END && x->defining) {
			x->defining = false;
			x->word = C_EOL;
		}
	}
	return x->word;
}
