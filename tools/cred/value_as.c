#include "value_as.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "cred/pem.h"
#include "cred/store.h"
#include "encode.h"
#include "facts.h"
#include "say.h"

static const struct {
	const char *name;
	enum value_as as;
} names[] = {
	{ "raw", AS_RAW },
	{ "pem", AS_PEM },
	{ "der", AS_DER },
	{ "hex", AS_HEX },
	{ "base64", AS_BASE64 },
};

int
value_as_find(const char *name, bool in, enum value_as *as)
{
	for (size_t i = 0; i < (in ? 3 : 5); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*as = names[i].as;
			return DONE;
		}
	}
	return say(USAGE, "--as wants raw, pem%s, not \"%s\"",
	    in ? " or der" : ", der, hex or base64", name);
}

static int
copy(const void *data, size_t len, struct buf *out)
{
	return buf_copy(out, data, len) ? DONE : say_no_memory();
}

/* Does a line of it begin a block? */
static bool
looks_like_pem(const struct buf *b)
{
	const unsigned char *at = b->data;
	size_t left = b->len;

	while ((at = memmem(at, left, PEM_LINE_BEGIN,
	            strlen(PEM_LINE_BEGIN))) != NULL) {
		if (at == b->data || at[-1] == '\n')
			return true;
		at++;
		left = b->len - (size_t)(at - b->data);
	}
	return false;
}

static bool
is_pem(const struct facts *f)
{
	return f->form == FORM_PEM || f->form == FORM_PEM_NO_NUL;
}

/* Its one block, decoded. */
static int
decode(const void *data, size_t len, struct buf *out)
{
	char *label = NULL, *fields = NULL;
	unsigned char *der = NULL;
	long n = 0;
	BIO *bio;
	int rc;

	bio = BIO_new_mem_buf(data, (int)len);
	if (bio == NULL)
		return say_no_memory();
	if (PEM_read_bio(bio, &label, &fields, &der, &n) != 1) {
		ERR_clear_error();
		rc = say(MALFORMED, "the PEM of it cannot be decoded");
	} else if (fields[0] != '\0') {
		rc = say(MALFORMED,
		    "its PEM has header fields, for which DER has no place");
	} else {
		rc = copy(der, (size_t)n, out);
	}
	OPENSSL_free(label);
	OPENSSL_free(fields);
	OPENSSL_clear_free(der, (size_t)n);
	BIO_free(bio);
	return rc;
}

static int
to_der(const void *data, size_t len, const struct facts *f, struct buf *out)
{
	if (f->form == FORM_DER)
		return copy(data, len, out);
	if (!is_pem(f))
		return say(MALFORMED, "the value is neither PEM nor DER");
	if (f->blocks != 1)
		return say(MALFORMED,
		    "the value has %zu blocks of PEM, and DER holds one",
		    f->blocks);
	return decode(data, len, out);
}

/* A private key in DER has one of three structures. */
static const char *
key_label(const unsigned char *data, size_t len, const struct facts *f)
{
	PKCS8_PRIV_KEY_INFO *p8;

	p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &data, (long)len);
	ERR_clear_error();
	if (p8 != NULL) {
		PKCS8_PRIV_KEY_INFO_free(p8);
		return PEM_STRING_PKCS8INF;
	}
	return EVP_PKEY_get_base_id(f->key) == EVP_PKEY_RSA
	    ? PEM_STRING_RSA
	    : PEM_STRING_ECPRIVATEKEY;
}

static const char *
label_of(const void *data, size_t len, const struct facts *f)
{
	switch (f->object) {
	case OBJECT_CERT:
		return PEM_STRING_X509;
	case OBJECT_KEY:
		return f->key != NULL ? key_label(data, len, f) : NULL;
	case OBJECT_KEY_ENCRYPTED:
		return PEM_STRING_PKCS8;
	case OBJECT_PUBLIC_KEY:
		return PEM_STRING_PUBLIC;
	case OBJECT_CSR:
		return PEM_STRING_X509_REQ;
	case OBJECT_CRL:
		return PEM_STRING_X509_CRL;
	default:
		return NULL;
	}
}

static int
to_pem(const void *data, size_t len, const struct facts *f, struct buf *out)
{
	const char *label;

	if (is_pem(f))
		return copy(data, len - (f->form == FORM_PEM), out);
	label = f->form == FORM_DER ? label_of(data, len, f) : NULL;
	if (label == NULL)
		return say(MALFORMED, "the value is neither PEM nor DER");
	*out = (struct buf){ .len = 0 };
	if (encode_pem(out, label, data, len - f->tail))
		return DONE;
	ERR_clear_error();
	return say_no_memory();
}

static int
to_digits(enum value_as as, const void *data, size_t len, struct buf *out)
{
	*out = (struct buf){ .len = 0 };
	if (as == AS_HEX)
		buf_hex(out, data, len);
	else
		buf_base64(out, data, len);
	buf_put(out, '\n');
	return out->failed ? say_no_memory() : DONE;
}

int
value_as_out(enum value_as as, int type, const void *data, size_t len,
    struct buf *out)
{
	struct facts f;
	int rc;

	switch (as) {
	case AS_HEX:
	case AS_BASE64:
		return to_digits(as, data, len, out);
	case AS_PEM:
	case AS_DER:
		facts_of(data, len, type, &f);
		rc = as == AS_PEM ? to_pem(data, len, &f, out)
		                  : to_der(data, len, &f, out);
		facts_fini(&f);
		return rc;
	default:
		return copy(data, len, out);
	}
}

/* Zephyr knows PEM by the NUL at its end. */
static int
add_nul(struct buf *b)
{
	if (b->len == 0 || b->data[b->len - 1] != '\0')
		buf_put(b, '\0');
	return b->failed ? say_no_memory() : DONE;
}

static int
check_pem(int type, const struct buf *b)
{
	struct facts f;
	bool good;

	facts_of(b->data, b->len, type, &f);
	good = is_pem(&f) && f.blocks > 0;
	facts_fini(&f);
	return good ? DONE : say(MALFORMED, "the value is no PEM");
}

static int
make_der(int type, struct buf *b)
{
	struct buf der = { .len = 0 };
	int rc;

	rc = value_as_out(AS_DER, type, b->data, b->len, &der);
	if (rc != DONE)
		return rc;
	buf_fini(b);
	*b = der;
	return DONE;
}

int
value_as_in(enum value_as as, int type, struct buf *b)
{
	const bool text = type == CRED_PSK || type == CRED_PSK_ID;
	int rc;

	switch (as) {
	case AS_PEM:
		rc = check_pem(type, b);
		return rc != DONE ? rc : add_nul(b);
	case AS_DER:
		return make_der(type, b);
	case AS_ANY:
		return !text && looks_like_pem(b) ? add_nul(b) : DONE;
	default:
		return DONE;
	}
}
