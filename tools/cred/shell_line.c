#include "shell_line.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cred/digits.h"
#include "cred/types.h"
#include "kind_text.h"
#include "shell_words.h"

#define CTRL_C 3

void
shell_session_fini(struct shell_session *s)
{
	buf_fini(&s->buffer);
	*s = (struct shell_session){ .room = 0 };
}

void
shell_command_fini(struct shell_command *c)
{
	buf_fini(&c->data);
}

static bool wrong(struct shell_command *c, enum shell_error error,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Returns false. */
static bool
wrong(struct shell_command *c, enum shell_error error, const char *format, ...)
{
	va_list ap;

	c->verb = SHELL_WRONG;
	c->error = error;
	va_start(ap, format);
	(void)vsnprintf(c->text, sizeof(c->text), format, ap);
	va_end(ap);
	return false;
}

static bool
is_any(const char *text)
{
	return strcasecmp(text, "any") == 0;
}

static bool
read_tag(struct shell_command *c, const char *text, bool any)
{
	if (any && is_any(text)) {
		c->tag = -1;
		return true;
	}
	return digits_number(text, strlen(text), &c->tag) ||
	    wrong(c, SHELL_ERROR_TAG,
	        "\"%.80s\" is no sec_tag: 0 to 2147483647.", text);
}

static bool
read_type(struct shell_command *c, const char *text, bool any)
{
	if (any && is_any(text)) {
		c->type = 0;
		return true;
	}
	c->type = cred_types_find(text, strlen(text));
	return c->type != 0 ||
	    wrong(c, SHELL_ERROR_TYPE,
	        "\"%.80s\" is no type: CA, SERV, PK, PSK or PSK_ID.", text);
}

static bool
read_format(struct shell_command *c, const char *text)
{
	static const struct {
		const char *name;
		struct shell_format format;
	} rows[] = {
		{ "bin", { true, false } },
		{ "bint", { true, true } },
		{ "str", { false, false } },
		{ "strt", { false, true } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcasecmp(text, rows[i].name) != 0)
			continue;
		c->format = rows[i].format;
		return true;
	}
	/* It may be the secret, with a word missing before it. */
	return wrong(c, SHELL_ERROR_FORMAT,
	    "This is no format: bin, bint, str or strt.");
}

/* A device keeps a byte of its buffer free. */
static bool
put_buffer(struct shell_session *s, struct shell_command *c, const char *text,
    size_t len)
{
	if (s->room > 0 && s->buffer.len + len >= s->room) {
		buf_clear(&s->buffer);
		return wrong(c, SHELL_ERROR_ROOM,
		    "The buffer has no room for this: "
		    "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE is too small.");
	}
	buf_add(&s->buffer, text, len);
	c->len = len;
	return !s->buffer.failed ||
	    wrong(c, SHELL_ERROR_MEMORY, "Out of memory.");
}

static void
do_buf(struct shell_session *s, struct shell_command *c,
    const struct shell_words *w)
{
	const char *text = shell_words_get(w, 2);

	if (w->n != 3) {
		(void)wrong(c, SHELL_ERROR_USAGE, "cred buf wants one DATA.");
	} else if (strcmp(text, "clear") == 0) {
		buf_clear(&s->buffer);
		c->verb = SHELL_CLEAR;
	} else if (strcmp(text, "load") == 0) {
		buf_clear(&s->buffer);
		s->loading = true;
		c->verb = SHELL_LOAD;
	} else if (put_buffer(s, c, text, strlen(text))) {
		c->verb = SHELL_BUF;
	}
}

/* What is to be stored, of what is in the buffer. */
static bool
make_value(struct shell_session *s, struct shell_command *c)
{
	if (s->buffer.len == 0)
		return wrong(c, SHELL_ERROR_EMPTY,
		    "Nothing to add: no data here, and none in the buffer.");
	if (!c->format.base64)
		buf_add(&c->data, s->buffer.data, s->buffer.len);
	else if (!kind_read_base64(&c->data, s->buffer.data, s->buffer.len))
		return wrong(c, SHELL_ERROR_BASE64, "This is no base64.");
	if (c->format.nul)
		buf_put(&c->data, '\0');
	return !c->data.failed ||
	    wrong(c, SHELL_ERROR_MEMORY, "Out of memory.");
}

/* cred add TAG TYPE BACKEND FORMAT [DATA] */
static void
do_add(struct shell_session *s, struct shell_command *c,
    const struct shell_words *w)
{
	const char *backend = shell_words_get(w, 4);
	const char *data = shell_words_get(w, 6);
	bool good;

	if (w->n < 6 || w->n > 7) {
		(void)wrong(c, SHELL_ERROR_USAGE,
		    "cred add wants TAG TYPE BACKEND FORMAT [DATA].");
		return;
	}
	good = read_tag(c, shell_words_get(w, 2), false) &&
	    read_type(c, shell_words_get(w, 3), false) &&
	    (strcasecmp(backend, "default") == 0 ||
	        wrong(c, SHELL_ERROR_BACKEND,
	            "This is no backend: DEFAULT.")) &&
	    read_format(c, shell_words_get(w, 5));
	if (good && data != NULL) {
		c->cleared = s->buffer.len > 0;
		buf_clear(&s->buffer);
		good = put_buffer(s, c, data, strlen(data));
	}
	if (good && make_value(s, c))
		c->verb = SHELL_ADD;
	buf_clear(&s->buffer);
}

static void
do_pair(struct shell_command *c, const struct shell_words *w,
    enum shell_verb verb)
{
	const size_t n = verb == SHELL_GET ? 5 : 4;

	if (w->n != n)
		(void)wrong(c, SHELL_ERROR_USAGE,
		    "cred %.10s wants TAG TYPE%s.", shell_words_get(w, 1),
		    n == 5 ? " FORMAT" : "");
	else if (read_tag(c, shell_words_get(w, 2), false) &&
	    read_type(c, shell_words_get(w, 3), false) &&
	    (n == 4 || read_format(c, shell_words_get(w, 4))))
		c->verb = verb;
}

static void
do_list(struct shell_command *c, const struct shell_words *w)
{
	c->tag = -1;
	if (w->n > 4)
		(void)wrong(c, SHELL_ERROR_USAGE,
		    "cred list wants [TAG|any [TYPE|any]].");
	else if ((w->n < 3 || read_tag(c, shell_words_get(w, 2), true)) &&
	    (w->n < 4 || read_type(c, shell_words_get(w, 3), true)))
		c->verb = SHELL_LIST;
}

static void
do_words(struct shell_session *s, struct shell_command *c,
    const struct shell_words *w)
{
	const char *verb = shell_words_get(w, 1);

	if (w->open)
		(void)wrong(c, SHELL_ERROR_USAGE,
		    "a quotation mark has no second one");
	else if (w->nul)
		(void)wrong(c, SHELL_ERROR_USAGE,
		    "a NUL is in a word, which a device would cut there");
	else if (verb == NULL)
		(void)wrong(c, SHELL_ERROR_USAGE, "cred: which command?");
	else if (strcmp(verb, "buf") == 0)
		do_buf(s, c, w);
	else if (strcmp(verb, "add") == 0)
		do_add(s, c, w);
	else if (strcmp(verb, "del") == 0)
		do_pair(c, w, SHELL_DELETE);
	else if (strcmp(verb, "get") == 0)
		do_pair(c, w, SHELL_GET);
	else if (strcmp(verb, "expiry") == 0)
		do_pair(c, w, SHELL_EXPIRY);
	else if (strcmp(verb, "list") == 0)
		do_list(c, w);
	else
		(void)wrong(c, SHELL_ERROR_USAGE,
		    "\"%.40s\" is none of cred's commands: buf, add, del, "
		    "get, list, expiry.",
		    verb);
}

/* Behind a prompt such as "uart:~$ ", if there is one. */
static size_t
skip_prompt(const char *line, size_t len)
{
	const char *at = memmem(line, len, ":~$ ", 4);

	if (at == NULL || memchr(line, ' ', (size_t)(at - line)) != NULL)
		return 0;
	return (size_t)(at - line) + 4;
}

void
shell_line(struct shell_session *s, const char *line, size_t len,
    struct shell_command *c)
{
	struct shell_words w;
	const char *first;
	size_t skip;

	*c = (struct shell_command){ .verb = SHELL_NONE };
	if (len > 0 && line[len - 1] == '\r')
		len--;
	skip = skip_prompt(line, len);
	shell_words_read(&w, line + skip, len - skip);
	first = shell_words_get(&w, 0);
	if (w.text.failed)
		(void)wrong(c, SHELL_ERROR_MEMORY, "Out of memory.");
	else if (first != NULL && strcmp(first, "cred") == 0)
		do_words(s, c, &w);
	else if (first != NULL && first[0] != '#')
		c->verb = SHELL_OTHER;
	shell_words_fini(&w);
}

size_t
shell_load(struct shell_session *s, const char *data, size_t len,
    struct shell_command *c)
{
	const char *end = memchr(data, CTRL_C, len);
	const size_t n = end == NULL ? len : (size_t)(end - data);
	bool good;

	*c = (struct shell_command){ .verb = SHELL_NONE };
	good = put_buffer(s, c, data, n);
	s->loading = good && end == NULL;
	if (good && end != NULL) {
		c->verb = SHELL_LOADED;
		c->len = s->buffer.len;
	}
	return n + (end != NULL);
}

size_t
shell_next(struct shell_session *s, const char *text, size_t len,
    struct shell_command *c)
{
	const char *end;
	size_t n;

	if (s->loading)
		return shell_load(s, text, len, c);
	end = memchr(text, '\n', len);
	n = end == NULL ? len : (size_t)(end - text);
	shell_line(s, text, n, c);
	return n + (end != NULL);
}
