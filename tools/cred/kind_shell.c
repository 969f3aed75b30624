#include "kinds.h"

#include <string.h>

#include "cred/store.h"
#include "cred/types.h"
#include "kind_text.h"
#include "shell_line.h"

/* Base64 on a line of a script; the line is far below what a shell takes. */
#define WIDTH 48
/* What a device has if its configuration does not say. */
#define ROOM_DEFAULT 1024

static int
take_command(struct kind_input *in, const struct shell_command *c, int line,
    struct set *out)
{
	switch (c->verb) {
	case SHELL_ADD:
		return kind_add(in,
		    &(struct kind_value){ c->tag, c->type, c->data.data,
		        c->data.len, line },
		    out);
	case SHELL_DELETE:
		kind_delete(c->tag, c->type, line, out);
		return DONE;
	case SHELL_WRONG:
		return kind_fail(in,
		    c->error == SHELL_ERROR_MEMORY ? FAILED : MALFORMED, line,
		    "%s", c->text);
	case SHELL_OTHER:
	case SHELL_GET:
	case SHELL_LIST:
	case SHELL_EXPIRY:
		remark("line %d is passed over: it adds nothing", line);
		return DONE;
	default:
		return DONE;
	}
}

/* What is in the buffer at the end was never added. */
static int
check_end(struct kind_input *in, const struct shell_session *s, int line,
    size_t commands)
{
	if (s->loading || s->buffer.len > 0)
		return kind_fail(in, MALFORMED, line,
		    "the script ends with data in its buffer, and no \"cred "
		    "add\"");
	if (commands == 0)
		return kind_fail(in, MALFORMED, 0,
		    "no \"cred\" command is in it");
	return DONE;
}

int
kind_shell_import(struct kind_input *in, struct set *out)
{
	struct shell_session s = { .room = 0 };
	const char *text = (const char *)in->data;
	size_t left = in->len, commands = 0;
	int line = 1, last = 0, rc = DONE;

	while (rc == DONE && left > 0) {
		struct shell_command c;
		size_t len = shell_next(&s, text, left, &c);

		commands += c.verb != SHELL_NONE && c.verb != SHELL_OTHER;
		rc = take_command(in, &c, line, out);
		shell_command_fini(&c);
		last = line;
		for (; len > 0; len--, left--)
			line += *text++ == '\n';
	}
	if (rc == DONE)
		rc = check_end(in, &s, last, commands);
	shell_session_fini(&s);
	return rc;
}

/* A value that ends in NUL is one of "bint", which adds it. */
static size_t
length_of(const struct item *item)
{
	const bool nul = item->len > 1 && item->data[item->len - 1] == '\0';

	return nul ? item->len - 1 : item->len;
}

/* The buffer holds all of the base64, and one byte stays free. */
static size_t
room_of(const struct item *item)
{
	return (length_of(item) + 2) / 3 * 4 + 1;
}

/* "load" is base64 as well, but a word of the shell's: it goes in two pieces. */
static void
write_line(struct buf *b, const unsigned char *data, size_t len)
{
	static const unsigned char load[] = { 0x96, 0x86, 0x9d };

	if (len == sizeof(load) && memcmp(data, load, len) == 0) {
		buf_text(b, "cred buf lo\ncred buf ad\n");
		return;
	}
	buf_text(b, "cred buf ");
	buf_base64(b, data, len);
	buf_text(b, "\n");
}

static int
write_value(struct buf *b, const struct item *item)
{
	const size_t n = length_of(item), step = (size_t)WIDTH / 4 * 3;

	if (item->len == 0) {
		remark("%s is left out: a shell adds no value of no bytes",
		    kind_pair(item->tag, item->type));
		return DONE;
	}
	buf_text(b, "cred buf clear\n");
	for (size_t at = 0; at < n; at += step)
		write_line(b, item->data + at, n - at < step ? n - at : step);
	buf_printf(b, "cred add %d %s DEFAULT %s\n", item->tag,
	    cred_types_short(item->type), n < item->len ? "bint" : "bin");
	return b->failed ? say_no_memory() : DONE;
}

int
kind_shell_export(struct kind_output *o, const struct set *s)
{
	struct kind_file *f = kind_file_new(o, "credentials.shell");
	size_t room = 0;
	int rc = f == NULL ? FAILED : DONE;

	for (size_t i = 0; i < s->n; i++) {
		if (room_of(&s->items[i]) > room)
			room = room_of(&s->items[i]);
	}
	if (f != NULL)
		buf_printf(&f->data,
		    "# CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE must be at "
		    "least %zu%s\n",
		    room,
		    room <= ROOM_DEFAULT ? " (it is 1024 by default)"
		                         : ", above its default 1024");
	for (size_t i = 0; rc == DONE && i < s->n; i++) {
		rc = write_value(&f->data, &s->items[i]);
		f->secret = f->secret || type_is_secret(s->items[i].type);
	}
	return rc;
}
