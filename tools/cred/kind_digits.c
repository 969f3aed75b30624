#include "kinds.h"

#include "cred/digits.h"
#include "kind_text.h"

/* The line of the first byte that is none of base64; 0 if each one is. */
static int
line_of(const struct kind_input *in)
{
	int line = 1;

	for (size_t i = 0; i < in->len; i++) {
		const unsigned char c = in->data[i];

		if (digits_base64_digit(c) < 0 && !kind_is_blank(c) && c != '=')
			return line;
		line += c == '\n';
	}
	return 0;
}

static int
add_value(struct kind_input *in, struct buf *b, struct set *out)
{
	if (in->nul)
		buf_put(b, '\0');
	if (b->failed)
		return kind_no_memory(in);
	return kind_add_typed(in, b->data != NULL ? (void *)b->data : "",
	    b->len, 0, out);
}

int
kind_hex_import(struct kind_input *in, struct set *out)
{
	int line;
	const char *fault = kind_hex_fault(in->data, in->len, &line);
	struct buf b = { .data = NULL };
	int rc;

	if (fault != NULL)
		return kind_fail(in, MALFORMED, line, "%s", fault);
	(void)kind_read_hex(&b, in->data, in->len);
	rc = add_value(in, &b, out);
	buf_fini(&b);
	return rc;
}

int
kind_base64_import(struct kind_input *in, struct set *out)
{
	const int line = line_of(in);
	struct buf b = { .data = NULL };
	int rc;

	if (kind_read_base64(&b, in->data, in->len))
		rc = add_value(in, &b, out);
	else
		rc = kind_fail(in, MALFORMED, line, "%s",
		    line > 0 ? "this is no base64"
		             : "this is no base64, or it is not all of it");
	buf_fini(&b);
	return rc;
}

/* With --nul the reader adds one, so the one that is there is not written. */
static int
length_of(const struct kind_output *o, const struct item *item, size_t *len)
{
	*len = item->len;
	if (!o->nul)
		return DONE;
	if (item->len > 0 && item->data[item->len - 1] == '\0') {
		*len = item->len - 1;
		return DONE;
	}
	remark("%s is left out: it does not end in a NUL, which --nul is for",
	    kind_pair(item->tag, item->type));
	return KIND_LEFT_OUT;
}

static int
write_hex(const struct kind_output *o, const struct item *item, struct buf *b)
{
	size_t len;
	const int rc = length_of(o, item, &len);

	if (rc != DONE)
		return rc;
	buf_hex(b, item->data, len);
	buf_put(b, '\n');
	return DONE;
}

static int
write_base64(const struct kind_output *o, const struct item *item,
    struct buf *b)
{
	size_t len;
	const int rc = length_of(o, item, &len);

	if (rc != DONE)
		return rc;
	buf_base64(b, item->data, len);
	buf_put(b, '\n');
	return DONE;
}

int
kind_hex_export(struct kind_output *o, const struct set *s)
{
	return kind_export_each(o, s, "hex", write_hex);
}

int
kind_base64_export(struct kind_output *o, const struct set *s)
{
	return kind_export_each(o, s, "b64", write_base64);
}
