#include "cred/bundle_value.h"

#include <errno.h>
#include <string.h>

#include "cred/digits.h"
#include "cred/pem.h"

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
	struct buf *out;
	size_t len;
	struct digits_base64 base64;
};

bool
bundle_value_begins(const struct bundle_line *l)
{
	const char *label;
	size_t len;

	return pem_label(l->text, l->len, PEM_LINE_BEGIN, &label, &len);
}

static int
too_large(const struct bundle_scan *s, int line)
{
	(void)bundle_scan_fail(s, line, "the value has more than %zu bytes",
	    BUNDLE_VALUE_MAX);
	return -EFBIG;
}

static bool
take_base64(struct blocks *b, char c)
{
	unsigned char byte;
	int n;

	if (c == ' ' || c == '\t')
		return true;
	n = digits_take_base64(&b->base64, (unsigned char)c, &byte);
	if (n > 0 && b->out != NULL)
		buf_put(b->out, byte);
	b->len += n > 0;
	return n >= 0;
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
	if (!digits_is_whole(&b->base64))
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

	b->base64 = (struct digits_base64){ .nbits = 0 };
	for (int n = 0; rc == 0 && bundle_scan_line(s, &l); n++) {
		if (pem_label(l.text, l.len, PEM_LINE_END, &label, &len))
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
	    pem_label(l.text, l.len, PEM_LINE_BEGIN, &b->label,
	        &b->label_len)) {
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

/* A value as it is read is never NULL, also if it has no bytes. */
static int
check(const struct bundle_scan *s, int line, struct buf *v)
{
	if (!buf_reserve(v, 0))
		return -ENOMEM;
	return v->len > BUNDLE_VALUE_MAX ? too_large(s, line) : 0;
}

/* The text of n blocks up to s, verbatim; the last line end may be missing. */
static int
keep_text(const struct bundle_scan *s, const struct bundle_scan *start,
    const struct bundle_want *want, struct buf *v)
{
	(void)buf_reserve(v, s->at - start->at + 2); /* v->failed says if not */
	buf_add(v, s->text + start->at, s->at - start->at);
	if (!v->failed && (v->len == 0 || v->data[v->len - 1] != '\n'))
		buf_put(v, '\n');
	if (want->chomp && v->len > 0)
		v->len--;
	if (want->chomp && v->len > 0 && v->data[v->len - 1] == '\r')
		v->len--;
	if (want->store == BUNDLE_PEM)
		buf_put(v, '\0');
	return check(s, start->line, v);
}

/* What the one block encodes; it was read before, from start on. */
static int
decode(const struct bundle_scan *start, const struct blocks *b, struct buf *v)
{
	struct blocks into = { .out = v };
	struct bundle_scan again = *start;

	if (b->n > 1)
		return bundle_scan_fail(start, b->begin,
		    "\"Store: der\" is for one block, and this is another");
	if (b->len > BUNDLE_VALUE_MAX)
		return too_large(start, b->first);
	if (buf_reserve(v, b->len))
		(void)read_blocks(&again, &into); /* it succeeds again */
	return v->failed ? -ENOMEM : 0;
}

int
bundle_value_blocks(struct bundle_scan *s, const struct bundle_want *want,
    struct buf *v, bool *bytes)
{
	const struct bundle_scan start = *s;
	struct blocks b = { .n = 0 };
	int rc;

	rc = read_blocks(s, &b);
	if (rc < 0)
		return rc;
	*bytes = b.bytes;
	if (!b.bytes && want->store != BUNDLE_DER)
		return keep_text(s, &start, want, v);
	return decode(&start, &b, v);
}

int
bundle_value_text(struct bundle_scan *s, const struct bundle_field *f,
    struct buf *v)
{
	int rc;

	buf_add(v, f->value, f->value_len);
	rc = check(s, s->line, v);
	if (rc == 0)
		bundle_scan_next(s);
	return rc;
}

int
bundle_value_hex(struct bundle_scan *s, const struct bundle_field *f,
    struct buf *v)
{
	int rc;

	(void)buf_reserve(v, f->value_len / 2); /* v->failed says if not */
	switch (digits_read_hex(v, f->value, f->value_len, " \t:")) {
	case DIGITS_WRONG:
		return bundle_scan_fail(s, s->line,
		    "this is no hexadecimal number");
	case DIGITS_ODD:
		return bundle_scan_fail(s, s->line,
		    "an odd number of hexadecimal digits");
	case DIGITS_GOOD:
		break;
	}
	rc = check(s, s->line, v);
	if (rc == 0)
		bundle_scan_next(s);
	return rc;
}
