#include "cred/bundle_write.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cred/bundle.h"
#include "cred/store.h"
#include "cred/types.h"

/* Bytes of a line of base64, and what they encode (RFC 7468, 2). */
#define LINE 64
#define LINE_BYTES 48

/* Bytes that a section has beside its value: names, a digest, two labels. */
#define OVERHEAD 512

/* A section as it is written; text never moves, for it has secrets in it. */
struct page {
	char *text;
	size_t len, room;
};

/* One way to write a value: false if it is not for this one. */
struct value {
	int tag, type;
	const unsigned char *data;
	size_t len;
};
typedef bool form(struct page *p, const struct value *v);

static void put(struct page *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct page *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	p->len +=
	    (size_t)vsnprintf(p->text + p->len, p->room - p->len, format, args);
	va_end(args);
}

static void
put_bytes(struct page *p, const void *data, size_t len)
{
	memcpy(p->text + p->len, data, len);
	p->len += len;
}

static void
put_base64(struct page *p, const unsigned char *data, size_t len)
{
	size_t n;

	for (; len > 0; data += n, len -= n) {
		n = len < LINE_BYTES ? len : LINE_BYTES;
		p->len +=
		    (size_t)EVP_EncodeBlock((unsigned char *)p->text + p->len,
		        data, (int)n);
		put(p, "\n");
	}
}

static void
put_block(struct page *p, const char *label, const struct value *v)
{
	put(p, "-----BEGIN %s-----\n", label);
	put_base64(p, v->data, v->len);
	put(p, "-----END %s-----\n", label);
}

static bool
is_pem(const struct value *v)
{
	return v->len > 11 && memcmp(v->data, "-----BEGIN ", 11) == 0;
}

/* Its last line end is written in any case. */
static void
put_pem(struct page *p, const struct value *v, size_t len)
{
	const bool ended = v->data[len - 1] == '\n';

	if (!ended)
		put(p, "Chomp: yes\n");
	put_bytes(p, v->data, len);
	if (!ended)
		put(p, "\n");
}

static bool
as_pem(struct page *p, const struct value *v)
{
	if (!is_pem(v) || v->data[v->len - 1] != '\0')
		return false;
	put_pem(p, v, v->len - 1);
	return true;
}

static bool
as_raw_pem(struct page *p, const struct value *v)
{
	if (!is_pem(v))
		return false;
	put(p, "Store: pem-raw\n");
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
as_der(struct page *p, const struct value *v)
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
	put(p, "Store: der\n");
	put_block(p, label, v);
	return true;
}

static bool
as_text(struct page *p, const struct value *v)
{
	if (v->type != CRED_PSK_ID || memchr(v->data, '\n', v->len) != NULL)
		return false;
	put(p, "Text: ");
	put_bytes(p, v->data, v->len);
	put(p, "\n");
	return true;
}

static bool
as_hex(struct page *p, const struct value *v)
{
	if (v->type != CRED_PSK && v->type != CRED_PSK_ID)
		return false;
	put(p, "Hex: ");
	for (size_t i = 0; i < v->len; i++)
		put(p, "%02x", v->data[i]);
	put(p, "\n");
	return true;
}

static bool
as_bytes(struct page *p, const struct value *v)
{
	put_block(p, "ZSOCK BYTES", v);
	return true;
}

static bool
put_head(struct page *p, const struct value *v)
{
	char digest[BUNDLE_DIGEST_SIZE];

	if (!bundle_digest(v->data, v->len, digest))
		return false;
	put(p, "Sec-Tag: %d\nType: %s\nDigest: %s\n", v->tag,
	    cred_types_short(v->type), digest);
	return true;
}

/* Is it read as it is meant? */
static bool
is_faithful(const struct page *p, size_t top, const struct value *v)
{
	struct bundle_error e;
	struct bundle b;
	bool same;

	if (bundle_parse(p->text, p->len, &b, &e) != 0)
		return false;
	same = b.n == 1 && b.sections[0].begin == top &&
	    b.sections[0].end == p->len && b.sections[0].len == v->len &&
	    (v->len == 0 || memcmp(b.sections[0].data, v->data, v->len) == 0);
	bundle_fini(&b);
	return same;
}

static bool
try_form(struct page *p, form *f, const struct value *v)
{
	size_t top;

	p->len = 0;
	put(p, "zsock-credentials 1\n");
	top = p->len;
	if (!put_head(p, v) || !f(p, v) || !is_faithful(p, top, v))
		return false;
	p->len -= top;
	memmove(p->text, p->text + top, p->len);
	/* What was tried before may be longer. */
	OPENSSL_cleanse(p->text + p->len, p->room - p->len);
	return true;
}

char *
bundle_write_section(int tag, int type, const void *data, size_t dlen,
    size_t *len)
{
	static form *const forms[] = { as_pem, as_raw_pem, as_der, as_text,
		as_hex, as_bytes };
	const struct value v = { tag, type, data, dlen };
	struct page p = { .room = 2 * dlen + OVERHEAD };

	p.text = malloc(p.room);
	if (p.text == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!try_form(&p, forms[i], &v))
			continue;
		*len = p.len;
		return p.text;
	}
	OPENSSL_cleanse(p.text, p.room);
	free(p.text);
	return NULL;
}

char *
bundle_write_redacted(int tag, int type, const char *digest, size_t *len)
{
	struct page p = { .room = OVERHEAD };

	p.text = malloc(p.room);
	if (p.text == NULL)
		return NULL;
	put(&p, "Sec-Tag: %d\nType: %s\n", tag, cred_types_short(type));
	if (digest != NULL)
		put(&p, "Digest: %s\n", digest);
	put(&p, "Redacted: yes\n");
	*len = p.len;
	return p.text;
}
