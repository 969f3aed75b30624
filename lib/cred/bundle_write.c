#include "cred/bundle_write.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cred/bundle.h"
#include "cred/pem.h"
#include "cred/store.h"
#include "cred/types.h"

/* Bytes of a line of base64, and what they encode (RFC 7468, 2). */
#define LINE 64
#define LINE_BYTES 48

/* One way to write a value: false if it is not for this one. */
struct value {
	int tag, type;
	const unsigned char *data;
	size_t len;
};
typedef bool form(struct buf *p, const struct value *v);

static void
put_base64(struct buf *p, const unsigned char *data, size_t len)
{
	size_t n;

	for (; len > 0; data += n, len -= n) {
		n = len < LINE_BYTES ? len : LINE_BYTES;
		buf_base64(p, data, n);
		buf_put(p, '\n');
	}
}

static void
put_block(struct buf *p, const char *label, const struct value *v)
{
	buf_printf(p, "-----BEGIN %s-----\n", label);
	put_base64(p, v->data, v->len);
	buf_printf(p, "-----END %s-----\n", label);
}

/* Its last line end is written in any case. */
static void
put_pem(struct buf *p, const struct value *v, size_t len)
{
	const bool ended = v->data[len - 1] == '\n';

	if (!ended)
		buf_text(p, "Chomp: yes\n");
	buf_add(p, v->data, len);
	if (!ended)
		buf_text(p, "\n");
}

static bool
as_pem(struct buf *p, const struct value *v)
{
	if (!pem_is_first(v->data, v->len) || v->data[v->len - 1] != '\0')
		return false;
	put_pem(p, v, v->len - 1);
	return true;
}

static bool
as_raw_pem(struct buf *p, const struct value *v)
{
	if (!pem_is_first(v->data, v->len))
		return false;
	buf_text(p, "Store: pem-raw\n");
	put_pem(p, v, v->len);
	return true;
}

/* A key in a structure that names its own kind. */
static bool
is_pkcs8(const struct value *v)
{
	const unsigned char *at = v->data;
	PKCS8_PRIV_KEY_INFO *key =
	    d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)v->len);
	const bool whole = key != NULL && at == v->data + v->len;

	PKCS8_PRIV_KEY_INFO_free(key);
	return whole;
}

/* A certificate's DER begins as all do; a key's has a label of its kind. */
static bool
as_der(struct buf *p, const struct value *v)
{
	const char *label = "CERTIFICATE";

	if (v->len == 0 || v->data[0] != 0x30)
		return false;
	if (v->type == CRED_PRIVATE_KEY) {
		if (!is_pkcs8(v))
			return false;
		label = "PRIVATE KEY";
	} else if (v->type != CRED_CA_CERTIFICATE &&
	    v->type != CRED_CERTIFICATE) {
		return false;
	}
	buf_text(p, "Store: der\n");
	put_block(p, label, v);
	return true;
}

static bool
as_text(struct buf *p, const struct value *v)
{
	if (v->type != CRED_PSK_ID || memchr(v->data, '\n', v->len) != NULL)
		return false;
	buf_text(p, "Text: ");
	buf_add(p, v->data, v->len);
	buf_text(p, "\n");
	return true;
}

static bool
as_hex(struct buf *p, const struct value *v)
{
	if (v->type != CRED_PSK && v->type != CRED_PSK_ID)
		return false;
	buf_text(p, "Hex: ");
	buf_hex(p, v->data, v->len);
	buf_text(p, "\n");
	return true;
}

static bool
as_bytes(struct buf *p, const struct value *v)
{
	put_block(p, "ZSOCK BYTES", v);
	return true;
}

static bool
put_head(struct buf *p, const struct value *v)
{
	char digest[BUNDLE_DIGEST_SIZE];

	if (!bundle_digest(v->data, v->len, digest))
		return false;
	buf_printf(p, "Sec-Tag: %d\nType: %s\nDigest: %s\n", v->tag,
	    cred_types_short(v->type), digest);
	return true;
}

/* Is it read as it is meant? */
static bool
is_faithful(const struct buf *p, size_t top, const struct value *v)
{
	struct bundle_error e;
	struct bundle b;
	bool same;

	if (p->failed ||
	    bundle_parse((const char *)p->data, p->len, &b, &e) != 0)
		return false;
	same = b.n == 1 && b.sections[0].begin == top &&
	    b.sections[0].end == p->len && b.sections[0].len == v->len &&
	    (v->len == 0 || memcmp(b.sections[0].data, v->data, v->len) == 0);
	bundle_fini(&b);
	return same;
}

static bool
try_form(struct buf *b, form *f, const struct value *v)
{
	struct buf p = { .len = 0 };
	size_t top;
	bool good;

	buf_text(&p, BUNDLE_FIRST_LINE "\n");
	top = p.len;
	good = put_head(&p, v) && f(&p, v) && is_faithful(&p, top, v);
	if (good)
		buf_add(b, p.data + top, p.len - top);
	buf_fini(&p);
	return good;
}

bool
bundle_write_section(struct buf *b, int tag, int type, const void *data,
    size_t len)
{
	static form *const forms[] = { as_pem, as_raw_pem, as_der, as_text,
		as_hex, as_bytes };
	const struct value v = { tag, type, data, len };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (try_form(b, forms[i], &v))
			return !b->failed;
	}
	return false;
}

bool
bundle_write_redacted(struct buf *b, int tag, int type, const char *digest)
{
	buf_printf(b, "Sec-Tag: %d\nType: %s\n", tag, cred_types_short(type));
	if (digest != NULL)
		buf_printf(b, "Digest: %s\n", digest);
	buf_text(b, "Redacted: yes\n");
	return !b->failed;
}
