#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

/* A line that grows. */
struct line {
	char text[256];
	size_t len;
};

static void put(struct line *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct line *l, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(l->text) - l->len)
		l->len += (size_t)n;
}

static void
put_count(struct line *l, size_t n, const char *what)
{
	if (n > 0)
		put(l, "%s%zu %s", l->len > 0 ? ", " : "", n, what);
}

/* Those whose sockets took their credentials before the change. */
static void
put_tags(struct line *l, const struct place_result *r)
{
	const size_t n = r->open_tags < PLACE_TAGS ? r->open_tags : PLACE_TAGS;

	if (n == 0)
		return;
	put(l, "; open sockets still use what tag%s ", n > 1 ? "s" : "");
	for (size_t i = 0; i < n; i++)
		put(l, "%s%" PRIu32, i > 0 ? ", " : "", r->tags[i]);
	if (r->open_tags > n)
		put(l, " and %zu more", r->open_tags - n);
	put(l, " had");
}

bool
is_stream(const struct place *p)
{
	return strcmp(place_name(p), "-") == 0;
}

void
report_change(const struct place *p, const struct place_result *r)
{
	struct line l = { .len = 0 };

	put_count(&l, r->count.added, "added");
	put_count(&l, r->count.replaced, "replaced");
	put_count(&l, r->count.deleted, "deleted");
	put_count(&l, r->count.same, "the same");
	if (l.len == 0)
		put(&l, "nothing to change");
	if (place_is_process(p) && r->generation != 0)
		put(&l, "; generation %" PRIu64, r->generation);
	put_tags(&l, r);
	if (r->sessions > 0)
		put(&l,
		    "; %zu cached sessions may hide the change until they end",
		    r->sessions);
	remark("%s: %s", place_name(p), l.text);
}
