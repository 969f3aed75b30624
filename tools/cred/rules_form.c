#include "rules_own.h"

#include <string.h>

#include "cred/store.h"

static bool
is_pem(const struct subject *s)
{
	return s->facts.form == FORM_PEM || s->facts.form == FORM_PEM_NO_NUL;
}

static bool
holds_certs(const struct subject *s)
{
	return s->item->type == CRED_CA_CERTIFICATE ||
	    s->item->type == CRED_CERTIFICATE;
}

RULE(e05)
{
	if (rules_is_object(s) && s->facts.form == FORM_PEM_NO_NUL)
		rules_find_plain(r, s);
}

/* An object of another kind, or one that is encrypted, has a rule of its own. */
static bool
is_foreign(const struct subject *s)
{
	const struct facts *f = &s->facts;

	if (holds_certs(s))
		return f->certs == NULL && f->object != OBJECT_NONE &&
		    f->object != OBJECT_CERT;
	return f->keys == 0 && f->object != OBJECT_NONE;
}

/* PEM_read_bio has other names for a certificate, Mbed TLS has just this. */
static bool
is_renamed(const struct rules *r, const struct subject *s)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";

	return r->target == TARGET_ZEPHYR && is_pem(s) && rules_ncerts(s) > 0 &&
	    memmem(s->item->data, s->item->len, begin, strlen(begin)) == NULL;
}

static void
find_no_object(struct rules *r, const struct subject *s)
{
	const struct item *i = s->item;

	if (i->len == 0 || (i->len == 1 && i->data[0] == '\0'))
		rules_find(r, s, "it is empty");
	else if (is_pem(s))
		rules_find(r, s, "PEM in which no block can be used");
	else if (i->data[0] == 0x30)
		rules_find(r, s, "%zu bytes of DER, damaged or cut short",
		    i->len);
	else
		rules_find(r, s, "%zu bytes, neither PEM nor DER", i->len);
}

RULE(e06)
{
	const struct facts *f = &s->facts;

	if (!rules_is_object(s) || !rules_is_seen(s) || is_foreign(s))
		return;
	if (f->object == OBJECT_NONE)
		find_no_object(r, s);
	else if (r->target == TARGET_OPENSSL && f->form == FORM_PEM_NO_NUL)
		rules_find(r, s,
		    "PEM without its final NUL is read as DER, as on the "
		    "device");
	else if (holds_certs(s) && f->bad > 0)
		rules_find(r, s, "%zu of %zu blocks cannot be decoded", f->bad,
		    f->blocks);
	else if (!holds_certs(s) && f->key == NULL)
		rules_find(r, s, "the private key cannot be decoded");
	else if (is_renamed(r, s))
		rules_find(r, s, "Mbed TLS wants \"BEGIN CERTIFICATE\"");
}

RULE(e10)
{
	if (s->item->type == CRED_PRIVATE_KEY && s->facts.keys == 0 &&
	    s->facts.object == OBJECT_KEY_ENCRYPTED)
		rules_find_plain(r, s);
}

/* A key beside certificates is not kept as the secret that it is. */
RULE(e11)
{
	const struct facts *f = &s->facts;

	if (!rules_is_object(s) || !rules_is_seen(s))
		return;
	if (holds_certs(s) && f->certs != NULL && f->keys > 0)
		rules_find(r, s, "a private key beside the certificate");
	else if (is_foreign(s) &&
	    (holds_certs(s) || f->object != OBJECT_KEY_ENCRYPTED))
		rules_find(r, s, "it is %s", object_name(f->object));
}

RULE(e17)
{
	if (s->item->redacted)
		rules_find_plain(r, s);
}

RULE(e18)
{
	const enum form form = s->facts.form;

	if (rules_is_object(s) && form == FORM_DER)
		rules_find(r, s, "DER");
	else if ((rules_is_object(s) || s->item->type == CRED_PSK_ID) &&
	    form == FORM_BYTES)
		rules_find(r, s, "bytes");
}

RULE(w26)
{
	const struct facts *f = &s->facts;

	if (!rules_is_object(s) || !is_pem(s))
		return;
	if (f->crlf)
		rules_find(r, s, "CR LF line ends");
	else if (f->around)
		rules_find(r, s, "text around the blocks");
	else if (s->item->type == CRED_PRIVATE_KEY && f->certs != NULL)
		rules_find(r, s, "a certificate beside the key");
}

RULE(w34)
{
	const struct facts *f = &s->facts;
	struct facts next;

	if (!rules_is_object(s) || f->form != FORM_DER || f->tail == 0)
		return;
	facts_of(s->item->data + s->item->len - f->tail, f->tail, 0, &next);
	if (next.object == OBJECT_CERT)
		rules_find(r, s, "another certificate follows");
	else
		rules_find(r, s, "%zu bytes follow", f->tail);
	facts_fini(&next);
}

RULE(n42)
{
	if (s->item->type == CRED_PRIVATE_KEY_PSA)
		rules_find_plain(r, s);
}
