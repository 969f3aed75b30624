#include "json.h"

#include <assert.h>
#include <string.h>

#include "say.h"

static void
put(const char *text)
{
	out_bytes(text, strlen(text));
}

static void
put_text(const char *text, size_t len)
{
	size_t step;

	put("\"");
	for (size_t i = 0; i < len; i += step) {
		const char c = text[i];
		unsigned long code = 0;

		step = say_utf8(text + i, len - i, &code);
		if (step == 0) {
			put("\\ufffd");
			step = 1;
		} else if (c == '\n') {
			put("\\n");
		} else if (!say_is_shown(code)) {
			out("\\u%04lx", code);
		} else {
			if (c == '"' || c == '\\')
				put("\\");
			out_bytes(text + i, step);
		}
	}
	put("\"");
}

/* What stands before each thing. */
static void
lead(struct json *j, const char *name)
{
	if (j->more)
		put(",");
	if (j->depth > 0)
		out("\n%*s", j->depth * 2, "");
	if (name != NULL) {
		put_text(name, strlen(name));
		put(": ");
	}
	j->more = true;
}

static void
begin(struct json *j, const char *name, const char *open, char close)
{
	assert(j->depth < JSON_DEPTH);
	lead(j, name);
	put(open);
	j->close[j->depth++] = close;
	j->more = false;
}

void
json_object(struct json *j, const char *name)
{
	begin(j, name, "{", '}');
}

void
json_list(struct json *j, const char *name)
{
	begin(j, name, "[", ']');
}

void
json_end(struct json *j)
{
	assert(j->depth > 0);
	j->depth--;
	if (j->more)
		out("\n%*s", j->depth * 2, "");
	out_bytes(&j->close[j->depth], 1);
	j->more = true;
	if (j->depth == 0)
		put("\n");
}

void
json_bytes(struct json *j, const char *name, const void *text, size_t len)
{
	lead(j, name);
	put_text(text, len);
}

void
json_text(struct json *j, const char *name, const char *text)
{
	json_bytes(j, name, text, strlen(text));
}

void
json_number(struct json *j, const char *name, long long n)
{
	lead(j, name);
	out("%lld", n);
}

void
json_bool(struct json *j, const char *name, bool yes)
{
	lead(j, name);
	put(yes ? "true" : "false");
}
