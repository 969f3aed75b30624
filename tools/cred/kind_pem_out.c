#include "kinds.h"

#include "encode.h"
#include "facts.h"
#include "kind_key.h"
#include "kind_text.h"

bool
kind_to_pem(struct buf *b, const struct item *item)
{
	struct facts f;
	bool good = false;

	facts_of(item->data, item->len, item->type, &f);
	if (f.form == FORM_DER && f.tail == 0) {
		if (f.object == OBJECT_CERT && f.certs != NULL)
			good = encode_cert_pem(b, sk_X509_value(f.certs, 0));
		else if (f.object == OBJECT_KEY && f.key != NULL)
			good = encode_key_pem(b, f.key, NULL);
	}
	facts_fini(&f);
	return good;
}

bool
kind_to_der(struct buf *b, const struct item *item)
{
	const bool pem = kind_pem_length(item->data, item->len) > 0;
	struct facts f;
	bool good = false;

	facts_of(item->data, item->len, item->type, &f);
	if (pem && f.blocks == 1) {
		if (f.object == OBJECT_CERT && f.certs != NULL)
			good = encode_cert_der(b, sk_X509_value(f.certs, 0));
		else if (f.object == OBJECT_KEY && f.key != NULL)
			good = encode_key_der(b, f.key);
	}
	facts_fini(&f);
	return good;
}

static int
write_pem(const struct kind_output *o, const struct item *item, struct buf *b)
{
	const size_t len = kind_pem_length(item->data, item->len);
	struct buf text = { .data = NULL };

	if (len > 0) {
		kind_add_text(b, item->data, len, o->eol);
		return DONE;
	}
	if (o->as == KIND_AS_PEM && kind_to_pem(&text, item))
		kind_add_text(b, text.data, text.len, o->eol);
	else if (o->as == KIND_AS_IS && kind_to_pem(&text, item))
		remark("%s is left out: it is DER, which --as pem converts",
		    kind_pair(item->tag, item->type));
	else
		remark("%s is left out: it is no PEM",
		    kind_pair(item->tag, item->type));
	buf_fini(&text);
	return b->len > 0 || b->failed ? DONE : KIND_LEFT_OUT;
}

int
kind_pem_export(struct kind_output *o, const struct set *s)
{
	return kind_export_each(o, s, "pem", write_pem);
}
