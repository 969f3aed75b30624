#include "cred/bundle_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

/* A block that is for us alone, and that others pass over. */
#define BYTES "ZSOCK BYTES"

/* The blocks of one value, as they are read. */
struct blocks {
	const char *label; /* of the one at hand */
	size_t label_len;
	int first, begin; /* lines of the first one and of this one */
	int n;
	bool bytes;
	bool header; /* before the empty line of RFC 1421, 4.4 */
	/* What they encode, if it is wanted, and what is left of a group. */
	unsigned char *out;
	size_t len;
	uint32_t bits;
	int nbits, pad;
};

/* "-----BEGIN label-----", with blanks at its end or without. */
static bool
has_label(const struct bundle_line *l, const char *start, const char **label,
    size_t *len)
{
	const size_t before = strlen(start), after = strlen(DASHES);
	size_t n = l->len;

	while (n > 0 && (l->text[n - 1] == ' ' || l->text[n - 1] == '\t'))
		n--;
	if (n <= before + after || memcmp(l->text, start, before) != 0 ||
	    memcmp(l->text + n - after, DASHES, after) != 0)
		return false;
	*label = l->text + before;
	*len = n - before - after;
	return true;
}

bool
bundle_value_begins(const struct bundle_line *l)
{
	const char *label;
	size_t len;

	return has_label(l, BEGIN, &label, &len);
}

static int
too_large(const struct bundle_scan *s, int line)
{
	(void)bundle_scan_fail(s, line, "the value has more than %zu bytes",
	    BUNDLE_VALUE_MAX);
	return -EFBIG;
}

static int
digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
take_base64(struct blocks *b, char c)
{
	const int digit = digit_of(c);

	if (c == ' ' || c == '\t')
		return true;
	if (c == '=')
		return ++b->pad <= 2;
	if (digit < 0 || b->pad > 0)
		return false;
	b->bits = b->bits << 6 | (uint32_t)digit;
	b->nbits += 6;
	if (b->nbits >= 8) {
		b->nbits -= 8;
		if (b->out != NULL)
			b->out[b->len] = (unsigned char)(b->bits >> b->nbits);
		b->len++;
	}
	return true;
}

/* Groups are whole, and no bit is lost. */
static bool
is_complete(const struct blocks *b)
{
	return b->pad * 2 == b->nbits &&
	    (b->bits & ((UINT32_C(1) << b->nbits) - 1)) == 0;
}

static bool
is_empty(const struct bundle_line *l)
{
	return bundle_scan_is_idle(l) && (l->len == 0 || l->text[0] != '#');
}

/* A line between the two; number counts from 0. */
static int
take_line(struct bundle_scan *s, struct blocks *b, const struct bundle_line *l,
    int number)
{
	if (number == 0)
		b->header = memchr(l->text, ':', l->len) != NULL;
	if (b->header) {
		b->header = !is_empty(l);
		return 0;
	}
	for (size_t i = 0; i < l->len; i++) {
		if (!take_base64(b, l->text[i]))
			return bundle_scan_fail(s, s->line,
			    "this is no base64");
	}
	return 0;
}

static int
end_block(struct bundle_scan *s, struct blocks *b, const char *label,
    size_t len)
{
	if (len != b->label_len || memcmp(label, b->label, len) != 0)
		return bundle_scan_fail(s, s->line,
		    "END %.*s does not go with BEGIN %.*s of line %d", (int)len,
		    label, (int)b->label_len, b->label, b->begin);
	if (!is_complete(b))
		return bundle_scan_fail(s, b->begin,
		    "the base64 of this block is not complete");
	bundle_scan_next(s);
	return 0;
}

/* From the line behind its BEGIN to the one behind its END. */
static int
read_block(struct bundle_scan *s, struct blocks *b)
{
	struct bundle_line l;
	const char *label;
	size_t len;
	int rc = 0;

	b->bits = 0;
	b->nbits = b->pad = 0;
	for (int n = 0; rc == 0 && bundle_scan_line(s, &l); n++) {
		if (has_label(&l, END, &label, &len))
			return end_block(s, b, label, len);
		if (bundle_value_begins(&l))
			break;
		rc = take_line(s, b, &l, n);
		bundle_scan_next(s);
	}
	return rc < 0 ? rc
	              : bundle_scan_fail(s, b->begin,
	                    "the block that begins here has no END line");
}

static int
read_blocks(struct bundle_scan *s, struct blocks *b)
{
	struct bundle_line l;
	bool bytes;
	int rc;

	b->first = s->line;
	while (bundle_scan_line(s, &l) &&
	    has_label(&l, BEGIN, &b->label, &b->label_len)) {
		bytes = b->label_len == strlen(BYTES) &&
		    memcmp(b->label, BYTES, b->label_len) == 0;
		if (b->n > 0 && (bytes || b->bytes))
			return bundle_scan_fail(s, s->line,
			    "a second value: a block of bytes stands alone");
		b->bytes = bytes;
		b->begin = s->line;
		b->n++;
		bundle_scan_next(s);
		rc = read_block(s, b);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The text of blocks, verbatim; the last line end may be missing. */
static int
keep_text(const struct bundle_scan *s, const struct bundle_want *want,
    const char *text, size_t n, int line, struct bundle_value *v)
{
	unsigned char *data = malloc(n + 2);

	if (data == NULL)
		return -ENOMEM;
	memcpy(data, text, n);
	if (n == 0 || text[n - 1] != '\n')
		data[n++] = '\n';
	if (want->chomp)
		n--;
	if (want->chomp && n > 0 && data[n - 1] == '\r')
		n--;
	if (want->store == BUNDLE_PEM)
		data[n++] = '\0';
	*v = (struct bundle_value){ data, n };
	return n > BUNDLE_VALUE_MAX ? too_large(s, line) : 0;
}

/* What the one block encodes; it was read before, from start on. */
static int
decode(const struct bundle_scan *start, struct blocks *b,
    struct bundle_value *v)
{
	struct bundle_scan again = *start;
	unsigned char *data;

	if (b->n > 1)
		return bundle_scan_fail(start, b->begin,
		    "\"Store: der\" is for one block, and this is another");
	if (b->len > BUNDLE_VALUE_MAX)
		return too_large(start, b->first);
	data = malloc(b->len + 1);
	if (data == NULL)
		return -ENOMEM;
	*b = (struct blocks){ .out = data };
	(void)read_blocks(&again, b); /* it succeeds again */
	*v = (struct bundle_value){ data, b->len };
	return 0;
}

int
bundle_value_blocks(struct bundle_scan *s, const struct bundle_want *want,
    struct bundle_value *v, bool *bytes)
{
	const struct bundle_scan start = *s;
	struct blocks b = { .n = 0 };
	int rc;

	rc = read_blocks(s, &b);
	if (rc < 0)
		return rc;
	*bytes = b.bytes;
	if (!b.bytes && want->store != BUNDLE_DER)
		return keep_text(s, want, s->text + start.at, s->at - start.at,
		    b.first, v);
	return decode(&start, &b, v);
}

int
bundle_value_text(struct bundle_scan *s, const struct bundle_field *f,
    struct bundle_value *v)
{
	unsigned char *data = malloc(f->value_len + 1);

	if (data == NULL)
		return -ENOMEM;
	memcpy(data, f->value, f->value_len);
	*v = (struct bundle_value){ data, f->value_len };
	if (f->value_len > BUNDLE_VALUE_MAX)
		return too_large(s, s->line);
	bundle_scan_next(s);
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
bundle_value_hex(struct bundle_scan *s, const struct bundle_field *f,
    struct bundle_value *v)
{
	const size_t room = f->value_len / 2 + 1;
	unsigned char *data = calloc(1, room);
	size_t digits = 0;

	if (data == NULL)
		return -ENOMEM;
	*v = (struct bundle_value){ data, room }; /* all is wiped on failure */
	for (size_t i = 0; i < f->value_len; i++) {
		const int digit = hex_digit(f->value[i]);

		if (strchr(" \t:", f->value[i]) != NULL)
			continue;
		if (digit < 0)
			return bundle_scan_fail(s, s->line,
			    "this is no hexadecimal number");
		data[digits / 2] =
		    (unsigned char)(digits % 2 == 0 ? digit << 4
		                                    : data[digits / 2] | digit);
		digits++;
	}
	if (digits % 2 != 0)
		return bundle_scan_fail(s, s->line,
		    "an odd number of hexadecimal digits");
	v->len = digits / 2;
	if (v->len > BUNDLE_VALUE_MAX)
		return too_large(s, s->line);
	bundle_scan_next(s);
	return 0;
}
