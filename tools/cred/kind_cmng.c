#include "kinds.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "cred/store.h"
#include "cred/types.h"
#include "kind_key.h"
#include "kind_text.h"
#include "modem.h"

static const char word[] = "%CMNG";

/* The text, and where in it. */
struct scan {
	const unsigned char *text;
	size_t len, at;
	int line;
};

/* One entry, of a command that writes or of an answer. */
struct entry {
	int line;
	bool write;
	unsigned long long tag, type;
	const unsigned char *content; /* NULL: the digest alone is there */
	size_t len;
};

struct count {
	size_t entries, skipped, empty;
};

static void
go_to(struct scan *s, size_t at)
{
	for (; s->at < at; s->at++)
		s->line += s->text[s->at] == '\n';
}

/* Behind the next word; false if there is none. */
static bool
find_word(struct scan *s)
{
	const size_t n = sizeof(word) - 1;

	for (size_t at = s->at; at + n <= s->len; at++) {
		const unsigned char *c =
		    memchr(s->text + at, word[0], s->len - at);

		if (c == NULL)
			return false;
		at = (size_t)(c - s->text);
		if (at + n > s->len ||
		    strncasecmp((const char *)c, word, n) != 0)
			continue;
		go_to(s, at + n);
		return true;
	}
	return false;
}

static void
skip_blanks(struct scan *s)
{
	while (
	    s->at < s->len && (s->text[s->at] == ' ' || s->text[s->at] == '\t'))
		s->at++;
}

static bool
take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->at == s->len || s->text[s->at] != (unsigned char)c)
		return false;
	s->at++;
	return true;
}

static bool
take_number(struct scan *s, unsigned long long *n)
{
	size_t begin;

	skip_blanks(s);
	begin = s->at;
	*n = 0;
	for (; s->at < s->len && s->text[s->at] >= '0' && s->text[s->at] <= '9';
	     s->at++) {
		if (*n > 99999999999)
			return false;
		*n = *n * 10 + (s->text[s->at] - '0');
	}
	return s->at > begin;
}

/* In quotation marks; false if it has no end. */
static bool
take_string(struct scan *s, const unsigned char **text, size_t *len)
{
	const unsigned char *end;

	if (!take(s, '"'))
		return false;
	*text = s->text + s->at;
	end = memchr(*text, '"', s->len - s->at);
	if (end == NULL)
		return false;
	*len = (size_t)(end - *text);
	go_to(s, s->at + *len + 1);
	return true;
}

/* "TAG,TYPE", as both have it; a tag has no more than 32 bits. */
static bool
read_pair(struct scan *s, struct entry *e)
{
	return take_number(s, &e->tag) && take(s, ',') &&
	    take_number(s, &e->type) && e->tag <= UINT32_MAX;
}

static int
fail_pair(struct kind_input *in, const struct entry *e, const char *what)
{
	return kind_fail(in, MALFORMED, e->line,
	    "%s has no tag from 0 to 4294967295 and no number of a type "
	    "behind a comma",
	    what);
}

/* "3,TAG,TYPE" */
static int
take_deletion(struct kind_input *in, struct scan *s, struct set *out)
{
	struct entry e = { .line = s->line };

	if (!take(s, ',') || !read_pair(s, &e))
		return fail_pair(in, &e, "AT%CMNG=3");
	if (e.tag > INT_MAX || e.type >= MODEM_TYPES)
		remark("line %d: to delete tag %llu, type %llu is passed over: "
		       "it is of the modem's own",
		    e.line, e.tag, e.type);
	else
		kind_delete((int)e.tag, modem_type(e.type), e.line, out);
	return DONE;
}

/*
 * "=0,TAG,TYPE,"CONTENT"", or ": TAG,TYPE,"DIGEST"[,"CONTENT"]"; *is is false
 * if it is neither, as of other commands.
 */
static int
read_entry(struct kind_input *in, struct scan *s, struct entry *e, bool *is,
    struct set *out)
{
	unsigned long long what = 0;
	bool number;

	*e = (struct entry){ .line = s->line };
	*is = false;
	e->write = take(s, '=');
	number = e->write && take_number(s, &what);
	if (number && what == 3)
		return take_deletion(in, s, out);
	/* What a modem answers to "=?" is in parentheses. */
	*is = e->write ? number && what == 0 : take(s, ':') && !take(s, '(');
	if (!*is)
		remark("line %d: %%CMNG is passed over: it adds nothing",
		    e->line);
	else if ((e->write && !take(s, ',')) || !read_pair(s, e))
		return fail_pair(in, e, e->write ? "AT%CMNG=0" : "%CMNG:");
	return DONE;
}

static int
read_content(struct kind_input *in, struct scan *s, struct entry *e)
{
	const unsigned char *digest;
	size_t len;

	if (!e->write) {
		if (!take(s, ','))
			return DONE;
		if (!take_string(s, &digest, &len))
			return kind_fail(in, MALFORMED, e->line,
			    "its digest does not end");
		if (!take(s, ','))
			return DONE;
	} else if (!take(s, ',')) {
		return kind_fail(in, MALFORMED, e->line,
		    "it writes no content");
	}
	if (!take_string(s, &e->content, &e->len))
		return kind_fail(in, MALFORMED, e->line,
		    "its content is not between two \"");
	return DONE;
}

/* Line ends may be written as backslash and n. */
static void
add_unescaped(struct buf *b, const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const int next =
		    text[i] == '\\' && i + 1 < len ? text[i + 1] : 0;

		if (next == 'n')
			buf_put(b, '\n');
		else if (next == 'r')
			buf_put(b, '\r');
		else
			buf_put(b, text[i]);
		i += next == 'n' || next == 'r';
	}
}

/* What a device of Zephyr's would hold of it: PEM has a NUL there. */
static int
add_entry(struct kind_input *in, const struct entry *e, struct set *out)
{
	const int type = modem_type(e->type);
	struct buf b = { .data = NULL };
	int rc = DONE;

	if (type == CRED_PSK_ID)
		buf_add(&b, e->content, e->len);
	else if (type != CRED_PSK)
		add_unescaped(&b, e->content, e->len);
	else if (!kind_read_hex(&b, e->content, e->len))
		rc = kind_fail(in, MALFORMED, e->line,
		    "a PSK is written as hexadecimal digits, and this is not");
	if (type != CRED_PSK && kind_pem_length(b.data, b.len) > 0)
		buf_put(&b, '\0');
	if (rc == DONE && b.failed)
		rc = kind_no_memory(in);
	if (rc == DONE)
		rc = kind_add(in,
		    &(struct kind_value){ (int)e->tag, type, b.data, b.len,
		        e->line },
		    out);
	buf_fini(&b);
	return rc;
}

static int
take_entry(struct kind_input *in, const struct entry *e, struct count *n,
    struct set *out)
{
	n->entries++;
	if (e->tag > INT_MAX || e->type >= MODEM_TYPES) {
		n->skipped++;
		remark("line %d: tag %llu, type %llu is skipped: %s", e->line,
		    e->tag, e->type,
		    e->tag > INT_MAX
		        ? "the tag is one of the modem's own, above 2147483647"
		        : "the type is one of the modem's own, above 4");
		return DONE;
	}
	if (e->content == NULL) {
		n->empty++;
		remark("line %d: %s is skipped: its digest alone is there, "
		       "which compare --list is for",
		    e->line, kind_pair((int)e->tag, modem_type(e->type)));
		return DONE;
	}
	return add_entry(in, e, out);
}

int
kind_cmng_import(struct kind_input *in, struct set *out)
{
	struct scan s = { .text = in->data, .len = in->len, .line = 1 };
	struct count n = { .entries = 0 };
	struct entry e;
	int rc = DONE;

	while (rc == DONE && find_word(&s)) {
		bool is;

		rc = read_entry(in, &s, &e, &is, out);
		if (rc == DONE && is)
			rc = read_content(in, &s, &e);
		if (rc == DONE && is)
			rc = take_entry(in, &e, &n, out);
	}
	if (rc == DONE && n.entries == 0)
		return kind_fail(in, MALFORMED, 0,
		    "no AT%%CMNG=0 command and no %%CMNG answer is in it");
	if (rc == DONE && n.skipped + n.empty > 0)
		remark("%zu of %zu entries were skipped", n.skipped + n.empty,
		    n.entries);
	return rc;
}

/* A string has no escapes: it ends with the first quotation mark. */
static bool
is_string(const struct buf *b, bool text)
{
	for (size_t i = 0; i < b->len; i++) {
		const unsigned char c = b->data[i];

		if (c == '"' || c == '\0' || (!text && (c < ' ' || c > '~')))
			return false;
	}
	return b->len > 0;
}

/* Its content, and what is in the way of it. */
static const char *
write_content(const struct kind_output *o, const struct item *item,
    struct buf *b)
{
	const size_t pem = kind_pem_length(item->data, item->len);
	struct buf text = { .data = NULL };
	bool der;

	if (item->type == CRED_PSK) {
		buf_hex(b, item->data, item->len);
		return NULL;
	}
	if (item->type == CRED_PSK_ID) {
		buf_add(b, item->data, item->len);
		return is_string(b, false) ? NULL
		                           : "it is no text that AT takes";
	}
	der = pem == 0 && kind_to_pem(&text, item);
	if (pem > 0)
		kind_add_text(b, item->data, pem, o->eol);
	else if (der && o->as == KIND_AS_PEM)
		kind_add_text(b, text.data, text.len, o->eol);
	buf_fini(&text);
	if (der && o->as != KIND_AS_PEM)
		return "it is DER, which --as pem converts";
	return is_string(b, true) ? NULL : "it is no PEM that AT takes";
}

static int
write_command(const struct kind_output *o, const struct item *item,
    struct buf *b)
{
	struct buf content = { .data = NULL };
	const char *why = "a modem has no such type";
	const int number = modem_number(item->type);

	if (number >= 0)
		why = write_content(o, item, &content);
	if (content.failed)
		b->failed = true;
	else if (why != NULL)
		remark("%s is left out: %s", kind_pair(item->tag, item->type),
		    why);
	if (why == NULL) {
		buf_printf(b, "AT%%CMNG=0,%d,%d,\"", item->tag, number);
		buf_add(b, content.data, content.len);
		buf_text(b, "\"\n");
	}
	buf_fini(&content);
	return b->failed ? say_no_memory() : DONE;
}

int
kind_cmng_export(struct kind_output *o, const struct set *s)
{
	struct kind_file *f = kind_file_new(o, "credentials.at");
	int rc = f == NULL ? FAILED : DONE;

	for (size_t i = 0; rc == DONE && i < s->n; i++) {
		rc = write_command(o, &s->items[i], &f->data);
		f->secret = f->secret || type_is_secret(s->items[i].type);
	}
	if (rc == DONE && f->data.len == 0)
		kind_output_fini(o); /* all was left out, and named */
	return rc;
}
