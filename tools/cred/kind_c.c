#include "kinds.h"

#include <stdio.h>
#include <string.h>

#include "c_arrays.h"
#include "cred/store.h"
#include "facts.h"
#include "kind_text.h"

static bool
is_named(const struct c_array *a, const char *name)
{
	return a->name_len == strlen(name) &&
	    memcmp(a->name, name, a->name_len) == 0;
}

/* Is there a certificate or a key in it? */
static bool
is_credential(const struct c_array *a)
{
	struct facts f;
	bool is;

	if (a->why[0] != '\0')
		return true; /* or was meant to be one */
	facts_of(a->bytes.data, a->bytes.len, CRED_NONE, &f);
	is = f.object != OBJECT_NONE ||
	    kind_pem_length(a->bytes.data, a->bytes.len) > 0;
	facts_fini(&f);
	return is;
}

static void
list_names(const struct c_arrays *a, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < a->n && len + 80 < size; i++) {
		const struct c_array *v = &a->v[i];
		const size_t n = v->name_len < 64 ? v->name_len : 64;

		len += (size_t)snprintf(text + len, size - len, "%s%.*s",
		    i == 0 ? "" : ", ", (int)n, v->name);
	}
	if (len + 80 >= size)
		(void)snprintf(text + len, size - len, ", ...");
}

/* The one that --symbol names, or the only one that can be meant. */
static int
choose(struct kind_input *in, const struct c_arrays *a,
    const struct c_array **chosen)
{
	char names[1024];
	size_t n = 0, usable = 0;

	list_names(a, names, sizeof(names));
	for (size_t i = 0; i < a->n; i++) {
		const struct c_array *v = &a->v[i];

		if (in->symbol != NULL && !is_named(v, in->symbol))
			continue;
		n++;
		if (in->symbol != NULL || a->n == 1 || in->type != CRED_NONE ||
		    is_credential(v)) {
			*chosen = v;
			usable++;
		}
	}
	if (usable == 1)
		return DONE;
	if (in->symbol != NULL)
		return kind_fail(in, n == 0 ? ABSENT : MALFORMED, 0,
		    n == 0 ? "no array has that name; there are: %s"
		           : "several arrays have that name, of: %s",
		    names);
	if (n == 0)
		return kind_fail(in, MALFORMED, 0,
		    "no array of bytes and no string is in it");
	return kind_fail(in, USAGE, 0,
	    "there are several arrays, choose one by --symbol: %s", names);
}

/* Text of PEM gets the NUL that a string has, and that Zephyr needs. */
static int
add_array(struct kind_input *in, const struct c_array *a, struct set *out)
{
	struct buf b = { .data = NULL };
	int rc;

	if (a->why[0] != '\0')
		return kind_fail(in, MALFORMED, a->why_line, "%.*s%s%s",
		    (int)(a->name_len < 64 ? a->name_len : 64), a->name,
		    a->name_len > 0 ? ": " : "", a->why);
	buf_add(&b, a->bytes.data, a->bytes.len);
	if (!in->raw && b.len > 0 && kind_pem_length(b.data, b.len) == b.len)
		buf_put(&b, '\0');
	rc = b.failed ? kind_no_memory(in)
	              : kind_add_typed(in, b.data != NULL ? (void *)b.data : "",
	                    b.len, a->line, out);
	buf_fini(&b);
	return rc;
}

int
kind_c_import(struct kind_input *in, struct set *out)
{
	const struct c_array *chosen = NULL;
	struct c_arrays a;
	int rc;

	c_arrays_read(&a, in->data, in->len);
	if (a.failed)
		rc = kind_no_memory(in);
	else if (a.many)
		rc = kind_fail(in, LIMIT, 0, "it has more than %d arrays",
		    C_ARRAYS_MAX);
	else
		rc = choose(in, &a, &chosen);
	if (rc == DONE && chosen != NULL)
		rc = add_array(in, chosen, out);
	c_arrays_fini(&a);
	return rc;
}

/* Without its NUL, which the source that includes it adds. */
static int
write_inc(const struct kind_output *o, const struct item *item, struct buf *b)
{
	const size_t pem = kind_pem_length(item->data, item->len);

	(void)o;
	kind_put_numbers(b, item->data, pem > 0 ? pem : item->len, "");
	return DONE;
}

int
kind_inc_export(struct kind_output *o, const struct set *s)
{
	int rc = DONE;

	for (size_t i = 0; rc == DONE && i < s->n; i++) {
		const struct item *item = &s->items[i];
		const struct set one = { .items = &s->items[i], .n = 1 };

		rc = kind_export_each(o, &one,
		    kind_pem_length(item->data, item->len) > 0 ? "pem.inc"
		                                               : "inc",
		    write_inc);
	}
	return rc;
}

static int
write_c(const struct kind_output *o, const struct item *item, struct buf *b)
{
	char name[48], *dash;

	(void)o;
	(void)snprintf(name, sizeof(name), "credential_%s",
	    kind_stem(item->tag, item->type));
	dash = strchr(name, '-');
	if (dash != NULL)
		*dash = '_';
	buf_printf(b, "/* %s */\n", kind_pair(item->tag, item->type));
	if (item->len == 0) {
		remark("%s is left out: an array of no bytes is no C",
		    kind_pair(item->tag, item->type));
		return KIND_LEFT_OUT;
	}
	buf_printf(b, "const unsigned char %s[] = {\n", name);
	kind_put_numbers(b, item->data, item->len, "\t");
	buf_printf(b, "};\nconst unsigned int %s_len = %zu;\n", name,
	    item->len);
	return DONE;
}

int
kind_c_export(struct kind_output *o, const struct set *s)
{
	return kind_export_each(o, s, "c", write_c);
}

/* A character of a string; others than these are three octal digits. */
static void
put_char(struct buf *b, unsigned char c)
{
	if (c == '\n')
		buf_text(b, "\\n");
	else if (c == '\r')
		buf_text(b, "\\r");
	else if (c == '"' || c == '\\')
		buf_printf(b, "\\%c", c);
	else if (c >= ' ' && c <= '~' && c != '?') /* "??=" is a trigraph */
		buf_put(b, c);
	else
		buf_printf(b, "\\%03o", c);
}

/* A literal of each line, or of 16 bytes of what has none. */
static int
write_cstr(const struct kind_output *o, const struct item *item, struct buf *b)
{
	const size_t pem = kind_pem_length(item->data, item->len);
	const size_t len = pem > 0 ? pem : item->len;
	bool open = false;

	(void)o;
	for (size_t i = 0; i < len; i++) {
		if (!open)
			buf_put(b, '"');
		put_char(b, item->data[i]);
		open = item->data[i] != '\n' && (pem > 0 || i % 16 != 15);
		if (!open)
			buf_text(b, "\"\n");
	}
	if (open || len == 0)
		buf_text(b, len == 0 ? "\"\"\n" : "\"\n");
	return DONE;
}

int
kind_cstr_export(struct kind_output *o, const struct set *s)
{
	return kind_export_each(o, s, "cstr", write_cstr);
}
