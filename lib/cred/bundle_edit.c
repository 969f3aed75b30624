#include "cred/bundle_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cred/bundle_plan.h"
#include "cred/bundle_scan.h"
#include "cred/bundle_value.h"
#include "cred/bundle_write.h"

#define TOP "zsock-credentials 1\n"

/* The text as it grows; it has secrets in it. */
struct page {
	char *text;
	size_t len, room;
	bool full; /* out of memory: all the rest is left out */
};

static void
page_fini(struct page *p)
{
	if (p->text == NULL)
		return;
	OPENSSL_cleanse(p->text, p->len);
	free(p->text);
	*p = (struct page){ NULL, 0, 0, true };
}

/* Not by realloc, which leaves the old bytes somewhere. */
static bool
make_room(struct page *p, size_t len)
{
	struct page next = { .len = p->len, .room = 2 * (p->room + len) };

	if (p->room - p->len >= len)
		return true;
	next.text = malloc(next.room);
	if (next.text != NULL && p->len > 0)
		memcpy(next.text, p->text, p->len);
	page_fini(p);
	if (next.text == NULL)
		return false;
	*p = next;
	return true;
}

static void
put(struct page *p, const char *text, size_t len)
{
	if (len == 0 || p->full)
		return;
	p->full = !make_room(p, len);
	if (p->full)
		return;
	memcpy(p->text + p->len, text, len);
	p->len += len;
}

static void
put_line(struct page *p, const char *text, size_t len)
{
	put(p, text, len);
	put(p, "\n", 1);
}

/* Of a section that is replaced: what is said in it for others. */
static void
put_old_notes(struct page *p, const char *text, size_t len, bool all)
{
	struct bundle_scan s = { text, len, 0, 1, NULL };
	struct bundle_field f;
	struct bundle_line l;

	/* A block may have what looks like a field; nothing else has. */
	for (; bundle_scan_line(&s, &l) && !bundle_value_begins(&l);
	     bundle_scan_next(&s)) {
		if (bundle_scan_field(&l, &f) && bundle_scan_is_note(&f) &&
		    (all || !bundle_scan_is(&f, "Note")))
			put_line(p, l.text, l.len);
	}
}

static void
put_new_note(struct page *p, const char *note)
{
	if (note == NULL || note[0] == '\0')
		return;
	put(p, "Note: ", 6);
	put_line(p, note, strlen(note));
}

/* How long the first two lines are, its tag and its type. */
static size_t
pair_len(const char *section, size_t len)
{
	const char *first = memchr(section, '\n', len);
	const char *second =
	    memchr(first + 1, '\n', len - (size_t)(first + 1 - section));

	return (size_t)(second + 1 - section);
}

/* text is that of the whole bundle. */
static void
put_section(struct page *p, const struct bundle_plan_entry *e, const char *text,
    const char *note)
{
	const struct cred_op *op = e->value;
	size_t len, pair;
	char *section;

	section =
	    bundle_write_section(op->tag, op->type, op->data, op->len, &len);
	if (section == NULL) {
		p->full = true;
		return;
	}
	pair = pair_len(section, len);
	put(p, section, pair);
	if (e->old != NULL)
		put_old_notes(p, text + e->old->begin,
		    e->old->end - e->old->begin, note == NULL);
	put_new_note(p, note);
	put(p, section + pair, len - pair);
	OPENSSL_cleanse(section, len);
	free(section);
}

static bool
is_blank(const struct bundle_line *l)
{
	return bundle_scan_is_idle(l) && (l->len == 0 || l->text[0] != '#');
}

/* Behind the blank line at at, if there is one. */
static size_t
skip_blank(const char *text, size_t len, size_t at)
{
	const struct bundle_scan s = { text, len, at, 1, NULL };
	struct bundle_line l;

	return bundle_scan_line(&s, &l) && is_blank(&l) ? l.next : at;
}

/* One blank line is between what is there and what comes. */
static void
put_gap(struct page *p)
{
	const char *before;
	size_t last;

	if (!p->full && p->len > 0 && p->text[p->len - 1] != '\n')
		put(p, "\n", 1);
	if (p->full || p->len == 0)
		return;
	before = memrchr(p->text, '\n', p->len - 1);
	last = before != NULL ? (size_t)(before + 1 - p->text) : 0;
	if (skip_blank(p->text, p->len, last) == last)
		put(p, "\n", 1);
}

static void
put_all(struct page *p, const char *text, size_t len,
    const struct bundle_plan *plan, const char *note)
{
	const struct bundle_plan_entry *e = plan->entries;
	const struct bundle_plan_entry *const end = e + plan->n;
	size_t at = 0;

	for (; e < end && e->old != NULL; e++) {
		if (e->held && e->value == NULL)
			continue;
		put(p, text + at, e->old->begin - at);
		at = e->old->end;
		if (e->held)
			put_section(p, e, text, note);
		else
			at = skip_blank(text, len, at);
	}
	put(p, text + at, len - at);
	for (; e < end; e++) {
		if (!e->held)
			continue;
		put_gap(p);
		put_section(p, e, text, note);
	}
}

static bool
is_meant(const struct bundle_section *s, const struct bundle_plan_entry *e)
{
	const unsigned char *data;
	size_t len;

	if (s->tag != e->tag || s->type != e->type)
		return false;
	data = e->value != NULL ? e->value->data : e->old->data;
	len = e->value != NULL ? e->value->len : e->old->len;
	return s->redacted == (e->value == NULL && e->old->redacted) &&
	    s->len == len && (len == 0 || memcmp(s->data, data, len) == 0);
}

/* Whatever is wrong here would be found when it is too late. */
static int
check(const struct page *p, const struct bundle_plan *plan)
{
	struct bundle_error why;
	struct bundle b;
	size_t n = 0;
	bool good = true;
	int rc;

	rc = bundle_parse(p->text, p->len, &b, &why);
	if (rc < 0)
		return rc;
	for (size_t i = 0; good && i < plan->n; i++) {
		if (!plan->entries[i].held)
			continue;
		good = n < b.n && is_meant(&b.sections[n], &plan->entries[i]);
		n++;
	}
	good = good && n == b.n;
	bundle_fini(&b);
	return good ? 0 : -EINVAL;
}

int
bundle_edit(const char *text, size_t len, const struct bundle *b,
    const struct cred_op *ops, size_t n, const char *note, char **out,
    size_t *out_len, struct cred_op_count *count, size_t *failed)
{
	static const struct bundle none = { .n = 0 };
	struct page p = { .len = 0 };
	struct bundle_plan plan;
	int rc;

	if (text == NULL) {
		text = TOP;
		len = strlen(TOP);
		b = &none;
	}
	rc = bundle_plan_make(b, ops, n, &plan, failed);
	if (rc < 0)
		return rc;
	*failed = n;
	put_all(&p, text, len, &plan, note);
	rc = p.full ? -ENOMEM : check(&p, &plan);
	if (rc == 0) {
		*out = p.text;
		*out_len = p.len;
		*count = plan.count;
	} else {
		page_fini(&p);
	}
	bundle_plan_fini(&plan);
	return rc;
}
