#include "cred/bundle.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "cred/bundle_value.h"
#include "cred/digits.h"
#include "cred/store.h"
#include "cred/types.h"

#define FIRST_WORD "zsock-credentials "

/* What a section says before its value; 0 is not yet, else the line. */
struct fields {
	int type, store, chomp, digest;
	struct bundle_want want;
	struct bundle_field digest_value;
};

static int
is_second(struct bundle_scan *s, const struct bundle_field *f, int *line)
{
	if (*line != 0)
		return bundle_scan_fail(s, s->line,
		    "\"%.*s\" comes twice; the first is in line %d",
		    (int)f->name_len, f->name, *line);
	*line = s->line;
	return 0;
}

static int
unknown_value(struct bundle_scan *s, const struct bundle_field *f,
    const char *known)
{
	return bundle_scan_fail(s, s->line, "\"%.*s\" is %s, not \"%.*s\"",
	    (int)f->name_len, f->name, known, (int)f->value_len, f->value);
}

static int
unknown_field(struct bundle_scan *s, const struct bundle_field *f)
{
	return bundle_scan_fail(s, s->line,
	    "unknown field \"%.*s\"; notes of your own begin with \"X-\"",
	    (int)f->name_len, f->name);
}

static int
read_type(struct bundle_scan *s, const struct bundle_field *f, int *type)
{
	*type = cred_types_find(f->value, f->value_len);
	return *type != CRED_NONE
	    ? 0
	    : unknown_value(s, f, "CA, SERV, PK, PSK, PSK_ID or PK_PSA");
}

static int
read_store(struct bundle_scan *s, const struct bundle_field *f,
    enum bundle_store *store)
{
	if (bundle_scan_has(f, "pem"))
		*store = BUNDLE_PEM;
	else if (bundle_scan_has(f, "pem-raw"))
		*store = BUNDLE_PEM_RAW;
	else if (bundle_scan_has(f, "der"))
		*store = BUNDLE_DER;
	else
		return unknown_value(s, f, "pem, pem-raw or der");
	return 0;
}

static int
read_yes(struct bundle_scan *s, const struct bundle_field *f, bool *yes)
{
	*yes = bundle_scan_has(f, "yes");
	return *yes ? 0 : unknown_value(s, f, "yes");
}

/* 1: it is no field of those before a value. */
static int
read_field(struct bundle_scan *s, const struct bundle_field *f,
    struct fields *out, int *type)
{
	int rc;

	if (bundle_scan_is_note(f))
		return 0;
	if (bundle_scan_is(f, "Type")) {
		rc = is_second(s, f, &out->type);
		return rc < 0 ? rc : read_type(s, f, type);
	}
	if (bundle_scan_is(f, "Store")) {
		rc = is_second(s, f, &out->store);
		return rc < 0 ? rc : read_store(s, f, &out->want.store);
	}
	if (bundle_scan_is(f, "Chomp")) {
		rc = is_second(s, f, &out->chomp);
		return rc < 0 ? rc : read_yes(s, f, &out->want.chomp);
	}
	if (bundle_scan_is(f, "Digest")) {
		out->digest_value = *f;
		return is_second(s, f, &out->digest);
	}
	return 1;
}

/* The line that has the value in it, if it is one. */
static int
read_value_field(struct bundle_scan *s, struct bundle_field *f,
    struct bundle_section *section, struct buf *v)
{
	if (bundle_scan_is(f, "Text"))
		return bundle_value_text(s, f, v);
	bundle_scan_trim(f);
	if (bundle_scan_is(f, "Hex"))
		return bundle_value_hex(s, f, v);
	if (!bundle_scan_is(f, "Redacted"))
		return unknown_field(s, f);
	if (read_yes(s, f, &section->redacted) < 0)
		return -EINVAL;
	bundle_scan_next(s);
	return 0;
}

bool
bundle_digest(const void *data, size_t len, char text[BUNDLE_DIGEST_SIZE])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	size_t n;

	if (EVP_Q_digest(NULL, "SHA256", NULL, data, len, md, &n) != 1)
		return false;
	return EVP_EncodeBlock((unsigned char *)text, md, (int)n) ==
	    BUNDLE_DIGEST_SIZE - 1;
}

static int
check_digest(struct bundle_scan *s, const struct fields *f,
    const struct bundle_section *section, int line)
{
	const char *ends = memchr(s->text, '\r', s->len) == NULL
	    ? ""
	    : "; the file has CR LF line ends, which it may not have had "
	      "before (git: core.autocrlf)";
	const struct bundle_field *d = &f->digest_value;
	char digest[BUNDLE_DIGEST_SIZE];

	if (f->digest == 0 || section->redacted)
		return 0;
	if (!bundle_digest(section->data, section->len, digest))
		return -ENOMEM;
	if (d->value_len == strlen(digest) &&
	    memcmp(d->value, digest, d->value_len) == 0)
		return 0;
	return bundle_scan_fail(s, line,
	    "the value has changed: its digest is %s, not %.*s%s; if the new "
	    "one is meant, delete the Digest line",
	    digest, (int)d->value_len, d->value, ends);
}

static int
check_fields(struct bundle_scan *s, const struct fields *f,
    const struct bundle_section *section, bool pem)
{
	if (f->type == 0)
		return bundle_scan_fail(s, section->line,
		    "this section has no \"Type: \"");
	if (!pem && f->store != 0)
		return bundle_scan_fail(s, f->store,
		    "\"Store\" is for PEM, and the value is none");
	if (!pem && f->chomp != 0)
		return bundle_scan_fail(s, f->chomp,
		    "\"Chomp\" is for PEM, and the value is none");
	return 0;
}

/* What follows a value belongs to the next section. */
static int
check_end(struct bundle_scan *s, int value)
{
	struct bundle_field f;
	struct bundle_line l;

	while (bundle_scan_line(s, &l) && bundle_scan_is_idle(&l))
		bundle_scan_next(s);
	if (!bundle_scan_line(s, &l) ||
	    (bundle_scan_field(&l, &f) && bundle_scan_is(&f, "Sec-Tag")))
		return 0;
	return bundle_scan_fail(s, s->line,
	    "the section's value, in line %d, is its last; \"Sec-Tag: \" "
	    "begins the next section",
	    value);
}

/* From the line at hand; *found, if there is one. */
static int
read_value(struct bundle_scan *s, const struct bundle_line *l,
    struct fields *fields, struct bundle_section *section, bool *found)
{
	struct buf v = { .len = 0 };
	struct bundle_field f;
	bool bytes = false, pem = bundle_value_begins(l);
	const int line = s->line;
	int rc;

	*found = true;
	if (pem)
		rc = bundle_value_blocks(s, &fields->want, &v, &bytes);
	else if (bundle_scan_field(l, &f))
		rc = read_value_field(s, &f, section, &v);
	else
		rc = bundle_scan_fail(s, s->line,
		    "neither \"Name: value\" nor a value nor a comment (#)");
	section->data = v.data;
	section->len = v.len;
	section->end = s->at;
	if (rc == 0)
		rc = check_fields(s, fields, section, pem && !bytes);
	if (rc == 0)
		rc = check_digest(s, fields, section, line);
	return rc < 0 ? rc : check_end(s, line);
}

static int
check_length(struct bundle_scan *s, const struct bundle_line *l)
{
	if (l->len <= BUNDLE_LINE_MAX)
		return 0;
	(void)bundle_scan_fail(s, s->line, "the line has more than %zu bytes",
	    BUNDLE_LINE_MAX);
	return -EFBIG;
}

/* One line of a section. */
static int
read_line(struct bundle_scan *s, struct fields *fields,
    struct bundle_section *section, bool *found)
{
	struct bundle_field f;
	struct bundle_line l;
	int rc = 1;

	if (!bundle_scan_line(s, &l))
		return bundle_scan_fail(s, section->line,
		    "this section has no value");
	if (bundle_scan_is_idle(&l)) {
		rc = 0;
	} else if (bundle_scan_field(&l, &f)) {
		if (bundle_scan_is(&f, "Sec-Tag"))
			return bundle_scan_fail(s, section->line,
			    "this section has no value");
		bundle_scan_trim(&f);
		rc = read_field(s, &f, fields, &section->type);
	}
	if (rc > 0)
		return read_value(s, &l, fields, section, found);
	if (rc == 0)
		rc = check_length(s, &l);
	bundle_scan_next(s);
	return rc;
}

static int
read_tag(struct bundle_scan *s, const struct bundle_field *f, int *tag)
{
	return digits_number(f->value, f->value_len, tag)
	    ? 0
	    : unknown_value(s, f, "a number from 0 to 2147483647");
}

static int
check_new(struct bundle_scan *s, const struct bundle *b,
    const struct bundle_section *section)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct bundle_section *other = &b->sections[i];

		if (other->tag == section->tag && other->type == section->type)
			return bundle_scan_fail(s, section->line,
			    "sec_tag %d has a %s already, in line %d",
			    section->tag, cred_types_short(section->type),
			    other->line);
	}
	return 0;
}

/* Room for one more: in steps, of which the sizes are powers of two. */
static int
make_room(struct bundle_scan *s, struct bundle *b)
{
	struct bundle_section *v;

	if (b->n >= BUNDLE_SECTIONS_MAX) {
		(void)bundle_scan_fail(s, s->line, "more than %d sections",
		    BUNDLE_SECTIONS_MAX); /* which is -EINVAL */
		return -EFBIG;
	}
	if (b->n != 0 && (b->n < 8 || (b->n & (b->n - 1)) != 0))
		return 0;
	v = realloc(b->sections, (b->n < 8 ? 8 : b->n * 2) * sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	b->sections = v;
	return 0;
}

/* The line at hand is its "Sec-Tag:". */
static int
read_section(struct bundle_scan *s, const struct bundle_field *f,
    struct bundle *b)
{
	struct fields fields = { .type = 0 };
	struct bundle_section *section;
	bool found = false;
	int rc;

	rc = make_room(s, b);
	if (rc < 0)
		return rc;
	section = &b->sections[b->n];
	*section = (struct bundle_section){ .line = s->line, .begin = s->at };
	rc = read_tag(s, f, &section->tag);
	bundle_scan_next(s);
	while (rc == 0 && !found)
		rc = read_line(s, &fields, section, &found);
	if (rc == 0)
		rc = check_new(s, b, section);
	b->n++; /* in any case, for what it has is freed with the others */
	return rc;
}

static int
read_mode(struct bundle_scan *s, const struct bundle_field *f,
    enum bundle_mode *mode)
{
	if (!bundle_scan_has(f, "seed") && !bundle_scan_has(f, "override"))
		return unknown_value(s, f, "seed or override");
	*mode = bundle_scan_has(f, "override") ? BUNDLE_OVERRIDE : BUNDLE_SEED;
	return 0;
}

static int
read_head(struct bundle_scan *s, const struct bundle_field *f, struct bundle *b,
    int seen[2])
{
	int rc;

	if (bundle_scan_is_note(f))
		return 0;
	if (bundle_scan_is(f, "Mode")) {
		rc = is_second(s, f, &seen[0]);
		return rc < 0 ? rc : read_mode(s, f, &b->mode);
	}
	if (!bundle_scan_is(f, "Test-Only"))
		return unknown_field(s, f);
	rc = is_second(s, f, &seen[1]);
	b->test_only = bundle_scan_has(f, "yes");
	if (rc == 0 && !b->test_only && !bundle_scan_has(f, "no"))
		rc = unknown_value(s, f, "yes or no");
	return rc;
}

static int
read_all(struct bundle_scan *s, struct bundle *b)
{
	struct bundle_field f;
	struct bundle_line l;
	int rc = 0, seen[2] = { 0 };

	while (rc == 0 && bundle_scan_line(s, &l)) {
		rc = check_length(s, &l);
		if (rc < 0)
			return rc;
		if (bundle_scan_is_idle(&l)) {
			bundle_scan_next(s);
			continue;
		}
		if (!bundle_scan_field(&l, &f))
			return bundle_scan_fail(s, s->line,
			    "neither \"Name: value\" nor a comment (#)");
		bundle_scan_trim(&f);
		if (bundle_scan_is(&f, "Sec-Tag")) {
			rc = read_section(s, &f, b);
			continue;
		}
		rc = read_head(s, &f, b, seen);
		bundle_scan_next(s);
	}
	return rc;
}

static int
read_first_line(struct bundle_scan *s)
{
	const size_t len = strlen(BUNDLE_FIRST_LINE), word = strlen(FIRST_WORD);
	struct bundle_line l;

	if (bundle_scan_line(s, &l) && l.len == len &&
	    memcmp(l.text, BUNDLE_FIRST_LINE, len) == 0) {
		bundle_scan_next(s);
		return 0;
	}
	if (s->len > word && memcmp(s->text, FIRST_WORD, word) == 0)
		return bundle_scan_fail(s, 1,
		    "this version reads \"" BUNDLE_FIRST_LINE
		    "\", and nothing newer");
	return bundle_scan_fail(s, 1,
	    "no bundle of credentials: the first line of one is "
	    "\"" BUNDLE_FIRST_LINE "\"");
}

/* Text has none but tabs and line ends. */
static int
check_bytes(struct bundle_scan *s)
{
	int line = 1;

	for (size_t i = 0; i < s->len; i++) {
		const unsigned char c = (unsigned char)s->text[i];
		const bool cr =
		    c == '\r' && (i + 1 == s->len || s->text[i + 1] == '\n');

		if ((c < ' ' && c != '\t' && c != '\n' && !cr) || c == 0x7f)
			return bundle_scan_fail(s, line,
			    "a byte 0x%02x, which no text has", c);
		line += c == '\n';
	}
	return 0;
}

int
bundle_parse(const char *text, size_t len, struct bundle *out,
    struct bundle_error *e)
{
	struct bundle_scan s = { text, len, 0, 1, e };
	struct bundle b = { .n = 0 };
	int rc;

	e->line = 0;
	e->text[0] = '\0';
	if (len > BUNDLE_SIZE_MAX) {
		(void)bundle_scan_fail(&s, 1, "more than %zu bytes",
		    BUNDLE_SIZE_MAX);
		return -EFBIG;
	}
	rc = read_first_line(&s);
	if (rc == 0)
		rc = check_bytes(&s);
	if (rc == 0)
		rc = read_all(&s, &b);
	if (rc < 0) {
		bundle_fini(&b);
		return rc;
	}
	*out = b;
	return 0;
}

void
bundle_fini(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->sections[i].data == NULL)
			continue;
		OPENSSL_cleanse(b->sections[i].data, b->sections[i].len);
		free(b->sections[i].data);
	}
	free(b->sections);
	*b = (struct bundle){ .n = 0 };
}
