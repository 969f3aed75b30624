#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "cred/types.h"
#include "say.h"
#include "view.h"

/* The certificate that ends first. */
static X509 *
first_to_end(const struct about *a)
{
	X509 *first = about_cert(a);

	for (int i = 1; i < sk_X509_num(a->facts.certs); i++) {
		X509 *cert = sk_X509_value(a->facts.certs, i);

		if (ASN1_TIME_compare(X509_get0_notAfter(cert),
		        X509_get0_notAfter(first)) == -1)
			first = cert;
	}
	return first;
}

static void
put_expiry(const struct about *a, char *out, size_t size)
{
	X509 *cert = first_to_end(a);

	if (cert == NULL)
		(void)snprintf(out, size, "-");
	else
		facts_date(X509_get0_notAfter(cert), out, size);
}

static void
put_cert(const struct about *a, char *out, size_t size)
{
	const int more = sk_X509_num(a->facts.certs) - 1;
	char name[256];

	facts_name(about_cert(a), name, sizeof(name));
	if (more > 0)
		(void)snprintf(out, size, "%s and %d more", name, more);
	else
		(void)snprintf(out, size, "%s", name);
}

static void
put_key(const struct about *a, char *out, size_t size)
{
	char kind[64];

	facts_key(a->facts.key, kind, sizeof(kind));
	if (a->pair != 0)
		(void)snprintf(out, size, "%s, pairs with %s", kind,
		    cred_types_short(a->pair));
	else
		(void)snprintf(out, size, "%s", kind);
}

static void
put_what(const struct item *i, const struct about *a, char *out, size_t size)
{
	char text[256];

	if (i->redacted)
		(void)snprintf(out, size, "redacted");
	else if (about_cert(a) != NULL)
		put_cert(a, out, size);
	else if (a->facts.key != NULL)
		put_key(a, out, size);
	else if (i->type == CRED_PSK_ID && i->data != NULL)
		(void)snprintf(out, size, "%s",
		    say_escape((const char *)i->data, i->len, text,
		        sizeof(text)));
	else if (a->facts.object != OBJECT_NONE)
		(void)snprintf(out, size, "%s", object_name(a->facts.object));
	else
		(void)snprintf(out, size, "%zu bytes", i->len);
}

void
list_table(const struct view *v)
{
	char expiry[32], what[320], len[24];

	out("%10s %-6s %7s %-7s %-10s %s\n", "TAG", "TYPE", "LEN", "FORM",
	    "EXPIRES", "WHAT");
	for (size_t n = 0; n < v->set.n; n++) {
		const struct item *i = &v->set.items[n];
		const struct about *a = &v->abouts[n];

		put_expiry(a, expiry, sizeof(expiry));
		put_what(i, a, what, sizeof(what));
		(void)snprintf(len, sizeof(len), "%zu", i->len);
		out("%10d %-6s %7s %-7s %-10s %s\n", i->tag,
		    cred_types_short(i->type), i->redacted ? "-" : len,
		    form_name(a->facts.form), expiry, what);
	}
}

void
list_keys(const struct view *v)
{
	for (size_t i = 0; i < v->set.n; i++)
		out("%d %s\n", v->set.items[i].tag,
		    cred_types_short(v->set.items[i].type));
}

static void
put_line(const char *name, const char *text)
{
	if (text[0] != '\0')
		out("  %-8s %s\n", name, text);
}

static void
show_cert(X509 *cert)
{
	char text[1024], from[32], until[32];

	facts_subject(cert, text, sizeof(text));
	put_line("subject", text);
	facts_san(cert, text, sizeof(text));
	put_line("names", text);
	facts_date(X509_get0_notBefore(cert), from, sizeof(from));
	facts_date(X509_get0_notAfter(cert), until, sizeof(until));
	out("  %-8s %s to %s\n", "valid", from, until);
	if (X509_get0_pubkey(cert) == NULL)
		return;
	facts_key(X509_get0_pubkey(cert), text, sizeof(text));
	put_line("key", text);
}

static void
show_item(const struct item *i, const struct about *a)
{
	const int certs = sk_X509_num(a->facts.certs);
	char text[1024];

	out("%d %s: ", i->tag, cred_types_short(i->type));
	if (i->redacted)
		out("redacted");
	else
		out("%zu bytes, %s", i->len,
		    i->data != NULL ? form_name(a->facts.form)
		                    : "not readable");
	out(", from %s%s\n", i->origin, i->override ? ", override" : "");
	for (int n = 0; n < certs; n++)
		show_cert(sk_X509_value(a->facts.certs, n));
	if (certs < 1) {
		put_what(i, a, text, sizeof(text));
		put_line("what", i->data != NULL ? text : "");
	}
	if (certs > 0 && a->pair != 0)
		put_line("pair", "its private key is in this tag");
	put_line("key hash", a->spki);
	if (item_shows_digest(i))
		put_line("digest", i->digest);
}

void
list_long(const struct view *v)
{
	for (size_t i = 0; i < v->set.n; i++) {
		out("%s", i > 0 ? "\n" : "");
		show_item(&v->set.items[i], &v->abouts[i]);
	}
}
