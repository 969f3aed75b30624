#include "cred/bundle_edit.h"

#include <errno.h>
#include <string.h>

#include "cred/bundle_plan.h"
#include "cred/bundle_scan.h"
#include "cred/bundle_value.h"
#include "cred/bundle_write.h"

static void
put_line(struct buf *p, const char *text, size_t len)
{
	buf_add(p, text, len);
	buf_put(p, '\n');
}

/* Of a section that is replaced: what is said in it for others. */
static void
put_old_notes(struct buf *p, const char *text, size_t len, bool all)
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
put_new_note(struct buf *p, const char *note)
{
	if (note == NULL || note[0] == '\0')
		return;
	buf_text(p, "Note: ");
	put_line(p, note, strlen(note));
}

/* How long the first two lines are, its tag and its type. */
static size_t
pair_len(const struct buf *section)
{
	const unsigned char *first = memchr(section->data, '\n', section->len);
	const size_t tag = (size_t)(first + 1 - section->data);
	const unsigned char *second =
	    memchr(first + 1, '\n', section->len - tag);

	return (size_t)(second + 1 - section->data);
}

/* text is that of the whole bundle. */
static void
put_section(struct buf *p, const struct bundle_plan_entry *e, const char *text,
    const char *note)
{
	const struct cred_op *op = e->value;
	struct buf section = { .len = 0 };
	size_t pair;

	if (!bundle_write_section(&section, op->tag, op->type, op->data,
	        op->len)) {
		p->failed = true;
		return;
	}
	pair = pair_len(&section);
	buf_add(p, section.data, pair);
	if (e->old != NULL)
		put_old_notes(p, text + e->old->begin,
		    e->old->end - e->old->begin, note == NULL);
	put_new_note(p, note);
	buf_add(p, section.data + pair, section.len - pair);
	buf_fini(&section);
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
put_gap(struct buf *p)
{
	const char *text, *before;
	size_t last;

	if (!p->failed && p->len > 0 && p->data[p->len - 1] != '\n')
		buf_put(p, '\n');
	if (p->failed || p->len == 0)
		return;
	text = (const char *)p->data;
	before = memrchr(text, '\n', p->len - 1);
	last = before != NULL ? (size_t)(before + 1 - text) : 0;
	if (skip_blank(text, p->len, last) == last)
		buf_put(p, '\n');
}

static void
put_all(struct buf *p, const struct bundle_edit *in,
    const struct bundle_plan *plan)
{
	const struct bundle_plan_entry *e = plan->entries;
	const struct bundle_plan_entry *const end = e + plan->n;
	size_t at = 0;

	for (; e < end && e->old != NULL; e++) {
		if (e->held && e->value == NULL)
			continue;
		buf_add(p, in->text + at, e->old->begin - at);
		at = e->old->end;
		if (e->held)
			put_section(p, e, in->text, in->note);
		else
			at = skip_blank(in->text, in->len, at);
	}
	buf_add(p, in->text + at, in->len - at);
	for (; e < end; e++) {
		if (!e->held)
			continue;
		put_gap(p);
		put_section(p, e, in->text, in->note);
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
check(const struct buf *p, const struct bundle_plan *plan)
{
	struct bundle_error why;
	struct bundle b;
	size_t n = 0;
	bool good = true;
	int rc;

	rc = bundle_parse((const char *)p->data, p->len, &b, &why);
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
bundle_edit(const struct bundle_edit *e, const struct cred_op *ops, size_t n,
    struct bundle_edited *out)
{
	static const char top[] = BUNDLE_FIRST_LINE "\n";
	static const struct bundle none = { .n = 0 };
	const struct bundle_edit in = e->text != NULL
	    ? *e
	    : (struct bundle_edit){ top, strlen(top), &none, e->note };
	struct bundle_plan plan;
	int rc;

	*out = (struct bundle_edited){ .failed = n };
	rc = bundle_plan_make(in.bundle, ops, n, &plan, &out->failed);
	if (rc < 0)
		return rc;
	put_all(&out->text, &in, &plan);
	rc = out->text.failed ? -ENOMEM : check(&out->text, &plan);
	if (rc == 0)
		out->count = plan.count;
	else
		buf_fini(&out->text);
	bundle_plan_fini(&plan);
	return rc;
}
