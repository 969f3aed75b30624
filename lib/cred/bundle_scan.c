#include "cred/bundle_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool
bundle_scan_line(const struct bundle_scan *s, struct bundle_line *l)
{
	const char *text = s->text + s->at, *end;

	if (s->at >= s->len)
		return false;
	end = memchr(text, '\n', s->len - s->at);
	l->text = text;
	l->begin = s->at;
	l->len = end != NULL ? (size_t)(end - text) : s->len - s->at;
	l->next = s->at + l->len + (end != NULL);
	if (l->len > 0 && text[l->len - 1] == '\r')
		l->len--;
	return true;
}

void
bundle_scan_next(struct bundle_scan *s)
{
	struct bundle_line l;

	if (!bundle_scan_line(s, &l))
		return;
	s->at = l.next;
	s->line++;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
bundle_scan_is_idle(const struct bundle_line *l)
{
	if (l->len > 0 && l->text[0] == '#')
		return true;
	for (size_t i = 0; i < l->len; i++) {
		if (!is_blank(l->text[i]))
			return false;
	}
	return true;
}

bool
bundle_scan_field(const struct bundle_line *l, struct bundle_field *f)
{
	size_t n = 0;

	while (n < l->len &&
	    (isalnum((unsigned char)l->text[n]) || l->text[n] == '-'))
		n++;
	if (n == 0 || n + 1 >= l->len || l->text[n] != ':' ||
	    l->text[n + 1] != ' ')
		return false;
	*f = (struct bundle_field){ .name = l->text,
		.name_len = n,
		.value = l->text + n + 2,
		.value_len = l->len - n - 2 };
	return true;
}

void
bundle_scan_trim(struct bundle_field *f)
{
	while (f->value_len > 0 && is_blank(f->value[f->value_len - 1]))
		f->value_len--;
}

static bool
same(const char *a, size_t len, const char *b)
{
	return strlen(b) == len && strncasecmp(a, b, len) == 0;
}

bool
bundle_scan_is(const struct bundle_field *f, const char *name)
{
	return same(f->name, f->name_len, name);
}

bool
bundle_scan_has(const struct bundle_field *f, const char *value)
{
	return same(f->value, f->value_len, value);
}

bool
bundle_scan_is_note(const struct bundle_field *f)
{
	return bundle_scan_is(f, "Note") ||
	    (f->name_len > 2 && (f->name[0] == 'X' || f->name[0] == 'x') &&
	        f->name[1] == '-');
}

int
bundle_scan_fail(const struct bundle_scan *s, int line, const char *format, ...)
{
	va_list args;

	s->error->line = line;
	va_start(args, format);
	vsnprintf(s->error->text, sizeof(s->error->text), format, args);
	va_end(args);
	return -EINVAL;
}
