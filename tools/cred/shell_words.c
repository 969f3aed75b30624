#include "shell_words.h"

#include <ctype.h>
#include <string.h>

#include "cred/digits.h"

/* The line, and where in it. */
struct at {
	const char *line;
	size_t len, i;
};

static int
peek(const struct at *a, size_t ahead)
{
	return a->i + ahead < a->len ? (unsigned char)a->line[a->i + ahead]
	                             : -1;
}

static int
digit_of(int c, int base)
{
	const int digit = c >= 0 ? digits_hex_digit((unsigned char)c) : -1;

	return digit < base ? digit : -1;
}

/* "\0" and up to three octal digits, "\x" and up to two hexadecimal ones. */
static bool
take_number(struct at *a, struct buf *to)
{
	const int kind = peek(a, 1), base = kind == 'x' ? 16 : 8;
	const size_t max = kind == 'x' ? 2 : 3;
	unsigned value = 0;
	size_t n = 0;

	if (kind != 'x' && kind != '0')
		return false;
	for (; n < max && digit_of(peek(a, 2 + n), base) >= 0; n++)
		value = value * (unsigned)base +
		    (unsigned)digit_of(peek(a, 2 + n), base);
	if (n == 0)
		return false;
	buf_put(to, (unsigned char)value);
	a->i += 2 + n;
	return true;
}

/* From behind a quotation mark to behind its second. */
static bool
take_quoted(struct at *a, int quote, struct buf *to)
{
	for (; a->i < a->len; a->i++) {
		const int c = peek(a, 0);

		if (c == quote) {
			a->i++;
			return true;
		}
		if (c == '\\' && peek(a, 1) == quote) {
			a->i++;
			buf_put(to, (unsigned char)quote);
		} else if (c == '\\' && take_number(a, to)) {
			a->i--; /* the loop goes on behind it */
		} else {
			buf_put(to, (unsigned char)c);
		}
	}
	return false;
}

static bool
is_blank(int c)
{
	return c >= 0 && isspace(c);
}

static void
take_word(struct shell_words *w, struct at *a)
{
	const size_t begin = w->text.len;

	while (a->i < a->len && !is_blank(peek(a, 0))) {
		const int c = peek(a, 0);

		a->i++;
		if (c == '"' || c == '\'')
			w->open = !take_quoted(a, c, &w->text) || w->open;
		else if (c != '\\')
			buf_put(&w->text, (unsigned char)c);
		else if (a->i < a->len)
			buf_put(&w->text, (unsigned char)a->line[a->i++]);
	}
	if (w->text.len > begin &&
	    memchr(w->text.data + begin, '\0', w->text.len - begin) != NULL)
		w->nul = true;
	buf_put(&w->text, '\0');
}

void
shell_words_read(struct shell_words *w, const char *line, size_t len)
{
	struct at a = { line, len, 0 };

	*w = (struct shell_words){ .n = 0 };
	for (;;) {
		while (is_blank(peek(&a, 0)))
			a.i++;
		if (a.i == a.len)
			return;
		if (w->n < SHELL_WORDS_MAX)
			w->begin[w->n] = w->text.len;
		w->n++;
		take_word(w, &a);
	}
}

const char *
shell_words_get(const struct shell_words *w, size_t i)
{
	if (i >= w->n || i >= SHELL_WORDS_MAX || w->text.failed)
		return NULL;
	return (const char *)w->text.data + w->begin[i];
}

void
shell_words_fini(struct shell_words *w)
{
	buf_fini(&w->text);
}
