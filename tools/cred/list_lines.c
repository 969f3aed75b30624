#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "cred/store.h"
#include "cred/types.h"
#include "modem.h"
#include "say.h"
#include "view.h"

/* What a digest that may not be seen is to Zephyr. */
static int
status(const struct item *i)
{
	if (i->digest[0] != '\0')
		return 0;
	return i->denied != 0 ? i->denied : -EACCES;
}

void
list_zephyr(const struct view *v)
{
	for (size_t n = 0; n < v->set.n; n++) {
		const struct item *i = &v->set.items[n];

		out("%d,%s,%s,%d\n", i->tag, cred_types_short(i->type),
		    status(i) == 0 ? i->digest : "ERROR", status(i));
	}
	out("%zu credentials found.\n", v->set.n);
}

/* RFC 4180: quoted if it has to be. */
static void
put_field(const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		out(",%s", text);
		return;
	}
	out(",\"");
	for (; *text != '\0'; text++)
		out(*text == '"' ? "\"\"" : "%c", *text);
	out("\"");
}

void
list_csv(const struct view *v)
{
	char text[1024];

	out("sectag,type,digest,status,len,form,not_before,not_after,subject,"
	    "spki_sha256,origin\r\n");
	for (size_t n = 0; n < v->set.n; n++) {
		const struct item *i = &v->set.items[n];
		const struct about *a = &v->abouts[n];
		X509 *cert = about_cert(a);

		out("%d,%s,%s,%d", i->tag, cred_types_short(i->type),
		    status(i) == 0 ? i->digest : "ERROR", status(i));
		if (i->redacted)
			out(",");
		else
			out(",%zu", i->len);
		put_field(form_name(a->facts.form));
		text[0] = '\0';
		if (cert != NULL)
			view_time(X509_get0_notBefore(cert), text,
			    sizeof(text));
		put_field(text);
		if (cert != NULL)
			view_time(X509_get0_notAfter(cert), text, sizeof(text));
		put_field(text);
		if (cert != NULL)
			facts_subject(cert, text, sizeof(text));
		put_field(text);
		put_field(a->spki);
		put_field(i->origin);
		out("\r\n");
	}
}

void
list_cmng(const struct view *v)
{
	unsigned char md[BUNDLE_DIGEST_SIZE];
	size_t skipped = 0;

	for (size_t n = 0; n < v->set.n; n++) {
		const struct item *i = &v->set.items[n];

		if (modem_number(i->type) < 0 || status(i) != 0 ||
		    EVP_DecodeBlock(md, (const unsigned char *)i->digest,
		        BUNDLE_DIGEST_SIZE - 1) < 32) {
			skipped++;
			continue;
		}
		out("%%CMNG: %d,%d,\"", i->tag, modem_number(i->type));
		for (int k = 0; k < 32; k++)
			out("%02X", md[k]);
		out("\"\n");
	}
	if (skipped > 0)
		remark("%zu skipped: a modem has no number for the type, or "
		       "the digest may not be seen",
		    skipped);
}
