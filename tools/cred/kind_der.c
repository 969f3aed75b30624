#include "kinds.h"

#include <openssl/x509.h>

#include "cred/store.h"
#include "encode.h"
#include "facts.h"
#include "kind_key.h"
#include "kind_text.h"

/* Opens it with the pass phrase, and stores it without one. */
static int
import_encrypted(struct kind_input *in, struct set *out)
{
	struct kind_value v = { .tag = in->tag, .type = CRED_PRIVATE_KEY };
	struct buf b = { .data = NULL };
	EVP_PKEY *key;
	int rc;

	if (in->type != CRED_NONE && in->type != CRED_PRIVATE_KEY)
		return kind_fail(in, MALFORMED, 0,
		    "a private key is not of the --type that was said");
	rc = kind_key_open(in, in->data, in->len, 0, &key);
	if (rc != DONE)
		return rc;
	if (encode_key_der(&b, key)) {
		v.data = b.data;
		v.len = b.len;
		rc = kind_add(in, &v, out);
	} else {
		rc = kind_no_memory(in);
	}
	EVP_PKEY_free(key);
	buf_fini(&b);
	return rc;
}

int
kind_der_import(struct kind_input *in, struct set *out)
{
	struct facts f;
	int rc;

	facts_of(in->data, in->len, CRED_NONE, &f);
	if (kind_pem_length(in->data, in->len) > 0 && f.form != FORM_DER)
		rc = kind_fail(in, MALFORMED, 0,
		    "it is PEM, not DER: --from pem");
	else if (f.object == OBJECT_NONE)
		rc = kind_fail(in, MALFORMED, 0,
		    "neither a certificate nor a private key begins here, or "
		    "it is cut short");
	else if (f.tail > 0)
		rc = kind_fail(in, MALFORMED, 0,
		    "%zu bytes follow %s, which ends before them", f.tail,
		    object_name(f.object));
	else if (f.object == OBJECT_KEY_ENCRYPTED)
		rc = import_encrypted(in, out);
	else
		rc = kind_add_typed(in, in->data, in->len, 0, out);
	facts_fini(&f);
	return rc;
}

static int
write_der(const struct kind_output *o, const struct item *item, struct buf *b)
{
	const char *pair = kind_pair(item->tag, item->type);
	struct facts f;
	int rc = DONE;

	facts_of(item->data, item->len, item->type, &f);
	if (f.form == FORM_DER) {
		buf_add(b, item->data, item->len);
	} else if (kind_pem_length(item->data, item->len) == 0) {
		remark("%s is left out: it is no DER", pair);
		rc = KIND_LEFT_OUT;
	} else if (o->as != KIND_AS_DER) {
		remark("%s is left out: it is PEM, which --as der converts",
		    pair);
		rc = KIND_LEFT_OUT;
	} else if (!kind_to_der(b, item)) {
		remark("%s is left out: it is not one object, which is all "
		       "that "
		       "DER takes",
		    pair);
		rc = KIND_LEFT_OUT;
	}
	facts_fini(&f);
	return rc;
}

int
kind_der_export(struct kind_output *o, const struct set *s)
{
	return kind_export_each(o, s, "der", write_der);
}
