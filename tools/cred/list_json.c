#include "cred/store.h"
#include "cred/types.h"
#include "encode.h"
#include "json.h"
#include "say.h"
#include "view.h"

/*
 * Certificates alone, written anew: around them, and in blocks of other kinds,
 * may be what is nobody's to see, whatever the type says.  DER is shown as PEM,
 * so that whoever reads it needs one way only.
 */
static void
put_pem(struct json *j, const struct about *a)
{
	const int n = sk_X509_num(a->facts.certs);
	struct buf b = { .len = 0 };
	bool good = n > 0;

	for (int i = 0; good && i < n; i++)
		good = encode_cert_pem(&b, sk_X509_value(a->facts.certs, i));
	if (good)
		json_bytes(j, "pem", b.data, b.len);
	buf_fini(&b);
}

static void
put_cert(struct json *j, X509 *cert)
{
	char text[1024];

	facts_subject(cert, text, sizeof(text));
	json_text(j, "subject", text);
	facts_san(cert, text, sizeof(text));
	json_text(j, "san", text);
	view_time(X509_get0_notBefore(cert), text, sizeof(text));
	json_text(j, "not_before", text);
	view_time(X509_get0_notAfter(cert), text, sizeof(text));
	json_text(j, "not_after", text);
}

static void
put_key(struct json *j, const struct about *a)
{
	char text[64];

	facts_key(about_key(a), text, sizeof(text));
	json_object(j, "key");
	json_text(j, "alg", text);
	json_number(j, "bits", EVP_PKEY_get_bits(about_key(a)));
	json_text(j, "spki_sha256", a->spki);
	json_end(j);
}

static void
put_item(struct json *j, const struct item *i, const struct about *a)
{
	const bool secret = type_is_secret(i->type);

	json_object(j, NULL);
	json_number(j, "tag", i->tag);
	json_text(j, "type", cred_types_short(i->type));
	if (!i->redacted)
		json_number(j, "len", (long long)i->len);
	json_text(j, "form", form_name(a->facts.form));
	if (item_shows_digest(i))
		json_text(j, "digest", i->digest);
	json_text(j, "origin", i->origin);
	if (i->override)
		json_bool(j, "override", true);
	if (secret)
		json_bool(j, "secret", true);
	if (i->redacted)
		json_bool(j, "redacted", true);
	if (!secret && i->data != NULL)
		put_pem(j, a);
	if (i->type == CRED_PSK_ID && a->facts.form == FORM_TEXT)
		json_bytes(j, "text", i->data, i->len);
	if (about_cert(a) != NULL)
		put_cert(j, about_cert(a));
	if (about_key(a) != NULL)
		put_key(j, a);
	if (a->pair != 0)
		json_text(j, "pairs_with", cred_types_short(a->pair));
	json_end(j);
}

void
list_json(const struct view *v)
{
	struct json j = { .depth = 0 };

	json_object(&j, NULL);
	json_number(&j, "version", 1);
	json_text(&j, "store", v->store);
	json_list(&j, "credentials");
	for (size_t i = 0; i < v->set.n; i++)
		put_item(&j, &v->set.items[i], &v->abouts[i]);
	json_end(&j);
	json_end(&j);
}
