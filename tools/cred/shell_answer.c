#include "shell_answer.h"

#include <openssl/x509.h>

#include "cred/store.h"
#include "cred/types.h"
#include "facts.h"
#include "say.h"
#include "view.h"

/* Characters of a line that a value is printed in. */
#define WIDTH 64

static int
failed(const char *what, const struct shell_command *c)
{
	out("%s failed for sec_tag %d, %s: standard error says why.\n", what,
	    c->tag, cred_types_short(c->type));
	return FAILED;
}

/* 1: the pair is held; 0: it is not; else an outcome, as a negative number. */
static int
is_held(struct place *p, const struct shell_command *c)
{
	struct set s = { .n = 0 };
	int rc = DONE;

	if (!place_is_new(p))
		rc = place_read(p, PLACE_LIST, c->tag, c->type, &s);
	if (rc == DONE)
		rc = set_find(&s, c->tag, c->type) != NULL ? 1 : 0;
	else
		rc = -rc;
	set_fini(&s);
	return rc;
}

static int
change(struct place *p, const struct shell_command *c, enum cred_op_kind kind)
{
	const struct cred_op op = { .kind = kind,
		.tag = c->tag,
		.type = c->type,
		.data = c->data.data,
		.len = c->data.len };
	const struct place_change how = { .ops = &op, .n = 1 };
	struct place_result r;

	return place_apply(p, &how, &r);
}

static int
add(struct place *p, const struct shell_command *c)
{
	const int held = is_held(p, c);
	int rc;

	if (held < 0) {
		(void)failed("Adding", c);
		return -held;
	}
	if (held == 1) {
		out("sec_tag %d, %s already exists.\n", c->tag,
		    cred_types_short(c->type));
		return CONFLICT;
	}
	rc = change(p, c, CRED_OP_ADD);
	if (rc != DONE) {
		(void)failed("Adding", c);
		return rc;
	}
	out("Added TLS credential: sec_tag %d, %s, %zu bytes.\n", c->tag,
	    cred_types_short(c->type), c->data.len);
	return DONE;
}

static int
no_such(const struct shell_command *c)
{
	out("There is no TLS credential: sec_tag %d, %s.\n", c->tag,
	    cred_types_short(c->type));
	return ABSENT;
}

static int delete (struct place *p, const struct shell_command *c)
{
	const int held = is_held(p, c);
	int rc;

	if (held == 0)
		return no_such(c);
	rc = held < 0 ? -held : change(p, c, CRED_OP_DELETE);
	if (rc != DONE) {
		(void)failed("Deleting", c);
		return rc;
	}
	out("Deleted TLS credential: sec_tag %d, %s.\n", c->tag,
	    cred_types_short(c->type));
	return DONE;
}

static int
list(struct place *p, const struct shell_command *c)
{
	struct set s = { .n = 0 };
	struct view v;
	int rc = DONE;

	if (!place_is_new(p))
		rc = place_read(p, PLACE_LIST, c->tag, c->type, &s);
	if (rc == DONE)
		rc = view_init(&v, place_name(p), &s);
	if (rc != DONE) {
		out("0 credentials found.\n");
		return rc;
	}
	list_zephyr(&v);
	view_fini(&v);
	return DONE;
}

static void
put_lines(const unsigned char *text, size_t len)
{
	size_t n;

	for (; len > 0; text += n, len -= n) {
		n = len < WIDTH ? len : WIDTH;
		out_bytes(text, n);
		out("\n");
	}
}

/* What was stored with a NUL is asked for as such. */
static int
print_value(const struct shell_command *c, const struct item *item)
{
	const bool ended = item->len > 0 && item->data[item->len - 1] == '\0';
	const size_t len = item->len - (c->format.nul && ended ? 1 : 0);
	struct buf text = { .len = 0 };
	int rc = DONE;

	if (c->format.nul && !ended) {
		out("This one has no final NUL; ask for it as %s.\n",
		    c->format.base64 ? "bin" : "str");
		return NO;
	}
	if (!c->format.base64) {
		out_bytes(item->data, len);
		out("\n");
		return DONE;
	}
	buf_base64(&text, item->data, len);
	if (text.failed)
		rc = say_no_memory();
	else
		put_lines(text.data, text.len);
	buf_fini(&text);
	return rc;
}

static int
get(struct place *p, const struct shell_command *c)
{
	const int held = is_held(p, c);
	struct item item = { .data = NULL };
	int rc;

	if (held == 0)
		return no_such(c);
	if (type_is_secret(c->type)) {
		out("sec_tag %d, %s is a secret, and is not shown here; "
		    "zsock-cred get writes it to a file.\n",
		    c->tag, cred_types_short(c->type));
		return REFUSED;
	}
	rc = held < 0 ? -held : place_get(p, c->tag, c->type, &item);
	if (rc != DONE) {
		(void)failed("Reading", c);
		return rc;
	}
	rc = print_value(c, &item);
	item_fini(&item);
	return rc;
}

static int
expiry(struct place *p, const struct shell_command *c)
{
	const int held = is_held(p, c);
	char date[64] = "";
	struct item item = { .data = NULL };
	struct facts f;
	int rc;

	if (held == 0)
		return no_such(c);
	if (type_is_secret(c->type)) {
		out("sec_tag %d, %s is no certificate.\n", c->tag,
		    cred_types_short(c->type));
		return NO;
	}
	rc = held < 0 ? -held : place_get(p, c->tag, c->type, &item);
	if (rc != DONE) {
		(void)failed("Reading", c);
		return rc;
	}
	facts_of(item.data, item.len, c->type, &f);
	if (f.certs != NULL && sk_X509_num(f.certs) > 0)
		view_time(X509_get0_notAfter(sk_X509_value(f.certs, 0)), date,
		    sizeof(date));
	if (date[0] != '\0')
		out("%s\n", date);
	else
		out("sec_tag %d, %s is no certificate.\n", c->tag,
		    cred_types_short(c->type));
	facts_fini(&f);
	item_fini(&item);
	return date[0] != '\0' ? DONE : NO;
}

int
shell_answer(struct place *p, const struct shell_command *c)
{
	switch (c->verb) {
	case SHELL_NONE:
	case SHELL_CLEAR:
	case SHELL_LOAD:
		return DONE;
	case SHELL_BUF:
	case SHELL_LOADED:
		out("Stored: %zu bytes.\n", c->len);
		return DONE;
	case SHELL_ADD:
		return add(p, c);
	case SHELL_DELETE:
		return delete (p, c);
	case SHELL_GET:
		return get(p, c);
	case SHELL_LIST:
		return list(p, c);
	case SHELL_EXPIRY:
		return expiry(p, c);
	case SHELL_WRONG:
		out("%s\n", c->text);
		return MALFORMED;
	case SHELL_OTHER:
		break;
	}
	out("There is no such command; this shell has \"cred\" alone.\n");
	return MALFORMED;
}
