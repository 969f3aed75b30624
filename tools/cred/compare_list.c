#include "compare_list.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "cred/buf.h"
#include "cred/store.h"
#include "cred/types.h"
#include "kind_text.h"
#include "kinds.h"
#include "modem.h"
#include "say.h"

const char compare_list_modem[] = "cmng";

/* Base64 and hexadecimal digits of a digest. */
#define BASE64 44
#define HEX 64

struct list {
	struct kind_input *in;
	struct set *out;
	int line;
	size_t entries, skipped;
	bool counted;             /* "5 credentials found." was there, */
	unsigned long long count; /* and this is the sum of them */
};

/* A line, and where in it. */
struct at {
	const char *text;
	size_t len;
};

static bool
take(struct at *a, char c)
{
	while (a->len > 0 && *a->text == ' ')
		a->text++, a->len--;
	if (a->len == 0 || *a->text != c)
		return false;
	a->text++;
	a->len--;
	return true;
}

static bool
take_number(struct at *a, unsigned long long *n)
{
	bool any = false;

	while (a->len > 0 && *a->text == ' ')
		a->text++, a->len--;
	for (*n = 0; a->len > 0 && isdigit((unsigned char)*a->text);
	     a->text++, a->len--) {
		if (*n > 99999999999)
			return false;
		*n = *n * 10 + (unsigned)(*a->text - '0');
		any = true;
	}
	return any;
}

/* What is before the next comma, quotation mark or blank. */
static size_t
take_field(struct at *a, const char **text)
{
	size_t n = 0;

	while (n < a->len && strchr(",\" \r", a->text[n]) == NULL)
		n++;
	*text = a->text;
	a->text += n;
	a->len -= n;
	return n;
}

static int
malformed(const struct list *l, const char *why)
{
	return kind_fail(l->in, MALFORMED, l->line, "%s", why);
}

static int
add(struct list *l, int tag, int type, const char *digest, int denied)
{
	struct item *item =
	    type != CRED_NONE ? set_find(l->out, tag, type) : NULL;

	l->entries++;
	if (item != NULL)
		return strcmp(item->digest, digest) == 0
		    ? DONE
		    : malformed(l, "the same pair again, with another digest");
	item = set_add(l->out, tag, type, NULL, 0);
	if (item == NULL)
		return kind_no_memory(l->in);
	memcpy(item->digest, digest, strlen(digest) + 1);
	item->denied = denied;
	item->line = l->line;
	return DONE;
}

/* The digest in base64, of hexadecimal digits. */
static bool
read_hex(const char *text, size_t len, char digest[BUNDLE_DIGEST_SIZE])
{
	struct buf bytes = { .data = NULL }, base64 = { .data = NULL };
	bool good;

	good = len == HEX &&
	    kind_read_hex(&bytes, (const unsigned char *)text, len) &&
	    bytes.len == HEX / 2;
	if (good)
		buf_base64(&base64, bytes.data, bytes.len);
	good = good && base64.len == BASE64;
	if (good) {
		memcpy(digest, base64.data, BASE64);
		digest[BASE64] = '\0';
	}
	buf_fini(&bytes);
	buf_fini(&base64);
	return good;
}

/* ": TAG,TYPE,"DIGEST"", behind "%CMNG". */
static int
read_modem(struct list *l, struct at *a)
{
	unsigned long long tag, type;
	char digest[BUNDLE_DIGEST_SIZE];
	const char *text;
	size_t len;
	int rc;

	if (!take(a, ':'))
		return DONE; /* a command */
	if (!take_number(a, &tag) || !take(a, ',') || !take_number(a, &type))
		return malformed(l, "no tag and type behind %CMNG:");
	if (tag > INT_MAX || type >= MODEM_TYPES) {
		l->skipped++;
		return DONE;
	}
	if (!take(a, ',') || !take(a, '"'))
		return malformed(l, "no digest of this entry");
	len = take_field(a, &text);
	if (!read_hex(text, len, digest))
		return malformed(l, "a digest has 64 hexadecimal digits");
	rc = add(l, (int)tag, modem_type(type), digest, 0);
	if (rc == DONE)
		l->out->items[l->out->n - 1].origin = compare_list_modem;
	return rc;
}

static bool
is_digest(const char *text, size_t len)
{
	struct buf b = { .data = NULL };
	const bool is = len == BASE64 &&
	    kind_read_base64(&b, (const unsigned char *)text, len) &&
	    b.len == HEX / 2;

	buf_fini(&b);
	return is;
}

/* Of a type that is new, or broken: of such there may be several in a tag. */
static bool
is_unknown(const struct at *behind, const char *name, size_t n)
{
	struct at a = *behind;
	const char *text;
	size_t len;

	if (!take(&a, ','))
		return false;
	len = take_field(&a, &text);
	return (n == 7 && strncasecmp(name, "UNKNOWN", n) == 0) ||
	    (n > 0 && is_digest(text, len));
}

/* "TAG,TYPE,DIGEST,STATUS"; *is is false if it is none. */
static int
read_entry(struct list *l, struct at *a, bool *is)
{
	char digest[BUNDLE_DIGEST_SIZE] = "";
	const char *name, *text;
	unsigned long long tag, status;
	size_t n, len;
	bool minus;
	int type;

	*is = false;
	if (!take_number(a, &tag) || tag > INT_MAX || a->len == 0 ||
	    *a->text != ',')
		return DONE;
	(void)take(a, ',');
	n = take_field(a, &name);
	type = cred_types_find(name, n);
	if ((type == CRED_NONE && !is_unknown(a, name, n)) || !take(a, ','))
		return DONE;
	if (type == CRED_NONE)
		remark("line %d: %.*s of tag %llu is no type that is known "
		       "here",
		    l->line, (int)(n < 40 ? n : 40), name, tag);
	*is = true;
	len = take_field(a, &text);
	if (!take(a, ','))
		return malformed(l, "the line is cut short");
	minus = take(a, '-');
	if (!take_number(a, &status) || status > INT_MAX)
		return malformed(l, "the line has no status");
	if (is_digest(text, len)) {
		memcpy(digest, text, len);
		digest[len] = '\0';
	} else if (status == 0) {
		return malformed(l, "this is no digest");
	}
	return add(l, (int)tag, type, digest,
	    minus ? -(int)status : (int)status);
}

static void
read_count(struct list *l, const char *text, size_t len)
{
	static const char words[] = "credentials found";
	const char *at = memmem(text, len, words, sizeof(words) - 1);
	struct at number = { text, len };
	unsigned long long n;

	if (at == NULL)
		return;
	/* Behind what a terminal has put before it. */
	while (at > text && (at[-1] == ' ' || isdigit((unsigned char)at[-1])))
		at--;
	number.len -= (size_t)(at - text);
	number.text = at;
	if (!take_number(&number, &n))
		return;
	l->counted = true;
	l->count += n;
}

static int
read_line(struct list *l, const char *text, size_t len)
{
	int rc = DONE;

	for (size_t i = 0; i < len; i++) {
		struct at a = { text + i, len - i };
		bool is;

		if (a.len > 5 && strncasecmp(a.text, "%CMNG", 5) == 0) {
			a.text += 5;
			a.len -= 5;
			return read_modem(l, &a);
		}
		if (!isdigit((unsigned char)text[i]) ||
		    (i > 0 && isdigit((unsigned char)text[i - 1])))
			continue;
		rc = read_entry(l, &a, &is);
		if (is)
			return rc;
	}
	read_count(l, text, len);
	return DONE;
}

static int
check(const struct list *l)
{
	if (l->skipped > 0)
		remark("%zu entries of the modem's own were skipped: their "
		       "tags "
		       "are above 2147483647, or their types above 4",
		    l->skipped);
	if (l->counted && l->count != l->entries)
		return kind_fail(l->in, MALFORMED, 0,
		    "it says that %llu credentials were found, and has %zu "
		    "lines of them: a part is missing",
		    l->count, l->entries);
	if (l->entries + l->skipped == 0 && !l->counted)
		return kind_fail(l->in, MALFORMED, 0,
		    "it has no line TAG,TYPE,DIGEST,STATUS of \"cred list\" "
		    "and "
		    "no %%CMNG answer");
	return DONE;
}

int
compare_list_read(struct kind_input *in, struct set *out)
{
	struct list l = { .in = in, .out = out };
	const char *at = (const char *)in->data, *end;
	size_t len = in->len, n;
	int rc = DONE;

	for (; rc == DONE && len > 0; at += n, len -= n) {
		l.line++;
		end = memchr(at, '\n', len);
		n = end == NULL ? len : (size_t)(end - at);
		rc = read_line(&l, at, n);
		n += end != NULL;
	}
	if (rc == DONE)
		rc = check(&l);
	set_sort(out);
	return rc;
}
