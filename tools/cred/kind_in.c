#include "kind_in.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cred/store.h"
#include "facts.h"
#include "kind_key.h"
#include "kind_text.h"
#include "kinds.h"

int
kind_fail(struct kind_input *in, enum outcome outcome, int line,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(in->text, sizeof(in->text), format, ap);
	va_end(ap);
	in->line = line;
	return outcome;
}

int
kind_no_memory(struct kind_input *in)
{
	return kind_fail(in, FAILED, 0, "%s", strerror(ENOMEM));
}

int
kind_say(const struct kind_input *in, enum outcome outcome, const char *name)
{
	if (in->line > 0)
		return say(outcome, "%s:%d: %s", name, in->line, in->text);
	return say(outcome, "%s: %s", name, in->text);
}

int
kind_add(struct kind_input *in, const struct kind_value *v, struct set *out)
{
	const struct item *held = set_find(out, v->tag, v->type);
	/* A value of no bytes is none that cannot be seen. */
	const void *data = v->data != NULL ? v->data : "";

	/* A log may show what was written, and then what was read. */
	if (held != NULL && held->len == v->len &&
	    CRYPTO_memcmp(held->data, data, v->len) == 0)
		return DONE;
	if (held != NULL)
		return kind_fail(in, CONFLICT, v->line,
		    "%s is there twice, with two values",
		    kind_pair(v->tag, v->type));
	if (v->len > BUNDLE_VALUE_MAX)
		return kind_fail(in, LIMIT, v->line,
		    "%s has more than %zu bytes", kind_pair(v->tag, v->type),
		    BUNDLE_VALUE_MAX);
	if (set_add(out, v->tag, v->type, data, v->len) == NULL)
		return kind_no_memory(in);
	return DONE;
}

void
kind_delete(int tag, int type, int line, struct set *out)
{
	struct item *item = set_find(out, tag, type);

	if (item == NULL) {
		remark("line %d: to delete %s is passed over: no line before "
		       "it adds that",
		    line, kind_pair(tag, type));
		return;
	}
	item_fini(item);
	out->n--;
	memmove(item, item + 1,
	    (size_t)(out->items + out->n - item) * sizeof(*item));
}

/* Certificates and a key: as the same text in a file. */
static int
take_apart(struct kind_input *in, const void *data, size_t len, int line,
    struct set *out)
{
	struct kind_input text = *in;
	int rc;

	text.data = data;
	text.len = len;
	rc = kind_pem_import(&text, out);
	return rc == DONE ? DONE : kind_fail(in, rc, line, "%s", text.text);
}

static int
type_of(const struct facts *f)
{
	if (f->object == OBJECT_KEY)
		return CRED_PRIVATE_KEY;
	if (f->object != OBJECT_CERT || f->certs == NULL)
		return CRED_NONE;
	return kind_is_ca(sk_X509_value(f->certs, 0)) ? CRED_CA_CERTIFICATE
	                                              : CRED_CERTIFICATE;
}

/* By what it is, which facts tell. */
static int
add_known(struct kind_input *in, struct kind_value *v, const struct facts *f,
    struct set *out)
{
	v->type = type_of(f);
	if (f->tail > 0)
		return kind_fail(in, MALFORMED, v->line,
		    "%zu bytes follow %s, which ends before them", f->tail,
		    object_name(f->object));
	if (f->certs != NULL && f->key != NULL)
		return take_apart(in, v->data, v->len, v->line, out);
	if (v->type != CRED_NONE)
		return kind_add(in, v, out);
	if (f->object == OBJECT_NONE)
		return kind_fail(in,
		    kind_pem_length(v->data, v->len) > 0 ? MALFORMED : USAGE,
		    v->line,
		    "neither a certificate nor a private key: if it is whole, "
		    "say what it is by --type");
	return kind_fail(in, MALFORMED, v->line,
	    "%s, and no credential is of that kind", object_name(f->object));
}

int
kind_add_typed(struct kind_input *in, const void *data, size_t len, int line,
    struct set *out)
{
	struct kind_value v = { in->tag, in->type, data, len, line };
	struct facts f;
	int rc;

	if (in->type != CRED_NONE)
		return kind_add(in, &v, out);
	facts_of(data, len, CRED_NONE, &f);
	rc = add_known(in, &v, &f, out);
	facts_fini(&f);
	return rc;
}
