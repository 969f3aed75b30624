#include "facts.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cred/store.h"

static const char begin[] = "-----BEGIN ", end[] = "-----END ";

const char *
form_name(enum form f)
{
	static const char *const names[] = {
		[FORM_PEM] = "pem",
		[FORM_PEM_NO_NUL] = "pem-raw",
		[FORM_DER] = "der",
		[FORM_TEXT] = "text",
		[FORM_BYTES] = "bytes",
		[FORM_NONE] = "-",
	};

	return names[f];
}

const char *
object_name(enum object o)
{
	static const char *const names[] = {
		[OBJECT_NONE] = "no known object",
		[OBJECT_CERT] = "a certificate",
		[OBJECT_KEY] = "a private key",
		[OBJECT_KEY_ENCRYPTED] = "an encrypted private key",
		[OBJECT_PUBLIC_KEY] = "a public key",
		[OBJECT_CSR] = "a certificate request",
		[OBJECT_CRL] = "a revocation list",
	};

	return names[o];
}

static bool
add_cert(struct facts *f, X509 *cert)
{
	if (cert == NULL)
		return false;
	if (f->certs == NULL)
		f->certs = sk_X509_new_null();
	if (f->certs != NULL && sk_X509_push(f->certs, cert) > 0)
		return true;
	X509_free(cert);
	return false;
}

/* A device takes the first key, whatever the others may be. */
static bool
add_key(struct facts *f, const unsigned char *der, size_t len)
{
	if (f->keys++ == 0)
		f->key = d2i_AutoPrivateKey(NULL, &der, (long)len);
	return f->key != NULL;
}

static bool
ends_in(const char *text, const char *tail)
{
	const size_t n = strlen(text), k = strlen(tail);

	return n >= k && strcmp(text + n - k, tail) == 0;
}

/* What a block says that it is, by its label and the fields in it. */
static enum object
object_of_label(const char *label, const char *fields)
{
	static const struct {
		const char *label;
		enum object object;
	} rows[] = {
		{ PEM_STRING_X509, OBJECT_CERT },
		{ PEM_STRING_X509_OLD, OBJECT_CERT },
		{ PEM_STRING_X509_TRUSTED, OBJECT_CERT },
		{ PEM_STRING_X509_REQ, OBJECT_CSR },
		{ PEM_STRING_X509_REQ_OLD, OBJECT_CSR },
		{ PEM_STRING_X509_CRL, OBJECT_CRL },
		{ PEM_STRING_PKCS8, OBJECT_KEY_ENCRYPTED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(label, rows[i].label) == 0)
			return rows[i].object;
	}
	if (ends_in(label, "PRIVATE KEY"))
		return strstr(fields, "ENCRYPTED") != NULL
		    ? OBJECT_KEY_ENCRYPTED
		    : OBJECT_KEY;
	if (ends_in(label, "PUBLIC KEY"))
		return OBJECT_PUBLIC_KEY;
	return OBJECT_NONE;
}

/* Decodes what facts hold of; of the other kinds their name is enough. */
static bool
decode(struct facts *f, enum object object, const char *label,
    const unsigned char *der, size_t len)
{
	switch (object) {
	case OBJECT_CERT:
		return add_cert(f,
		    strcmp(label, PEM_STRING_X509_TRUSTED) == 0
		        ? d2i_X509_AUX(NULL, &der, (long)len)
		        : d2i_X509(NULL, &der, (long)len));
	case OBJECT_KEY:
		return add_key(f, der, len);
	default:
		return true;
	}
}

/* The parameters that may come before a key say nothing that it does not. */
static void
add_block(struct facts *f, const char *label, const char *fields,
    const unsigned char *der, size_t len)
{
	const enum object object = object_of_label(label, fields);

	f->blocks++;
	if (object == OBJECT_NONE && ends_in(label, "PARAMETERS"))
		return;
	if (f->object == OBJECT_NONE)
		f->object = object;
	if (object == OBJECT_NONE)
		f->around = true;
	else if (!decode(f, object, label, der, len))
		f->bad++;
}

/* False if there are no more. */
static bool
read_block(struct facts *f, BIO *bio)
{
	char *label = NULL, *fields = NULL;
	unsigned char *der = NULL;
	long len = 0;

	if (PEM_read_bio_ex(bio, &label, &fields, &der, &len,
	        PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) != 1) {
		if (ERR_GET_REASON(ERR_peek_last_error()) ==
		    PEM_R_NO_START_LINE)
			return false;
		f->bad++;
		return true;
	}
	add_block(f, label, fields, der, (size_t)len);
	OPENSSL_secure_free(label);
	OPENSSL_secure_clear_free(fields, strlen(fields));
	OPENSSL_secure_clear_free(der, (size_t)len);
	return true;
}

/* What fails without taking anything would fail for ever. */
static void
read_blocks(struct facts *f, const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	size_t left = len + 1;

	if (bio == NULL)
		return;
	while (BIO_ctrl_pending(bio) < left) {
		left = BIO_ctrl_pending(bio);
		ERR_clear_error();
		if (!read_block(f, bio))
			break;
	}
	BIO_free(bio);
}

static bool
is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	}
	return true;
}

/* Is there anything but blanks before, between or behind the blocks? */
static bool
has_text_around(const char *text, size_t len)
{
	const char *at = text, *stop = text + len, *next;

	while ((next = memmem(at, (size_t)(stop - at), begin, strlen(begin))) !=
	    NULL) {
		if (!is_blank(at, (size_t)(next - at)))
			return true;
		at = memmem(next, (size_t)(stop - next), end, strlen(end));
		if (at == NULL)
			return false;
		next = memchr(at, '\n', (size_t)(stop - at));
		at = next != NULL ? next : stop;
	}
	return !is_blank(at, (size_t)(stop - at));
}

static void
read_pem(struct facts *f, const char *text, size_t len)
{
	const bool nul = text[len - 1] == '\0';

	f->form = nul ? FORM_PEM : FORM_PEM_NO_NUL;
	len -= nul;
	f->crlf = memmem(text, len, "\r\n", 2) != NULL;
	f->around = has_text_around(text, len);
	read_blocks(f, text, len);
}

/*
 * The length of the one object at the beginning, or 0 if there is none that is
 * whole.  Two bytes of content are in the least of those that we know.
 */
static size_t
outer_length(const unsigned char *data, size_t len)
{
	const unsigned char *p = data;
	long content;
	int tag, class;

	if (len < 4 ||
	    ASN1_get_object(&p, &content, &tag, &class, (long)len) !=
	        V_ASN1_CONSTRUCTED)
		return 0;
	if (tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
		return 0;
	return (size_t)(p - data) + (size_t)content;
}

/* Is it one of the kinds that a device does not take? */
static enum object
object_of_others(const unsigned char *der, long len)
{
	const unsigned char *p = der;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, len);
	X509_CRL *crl = d2i_X509_CRL(NULL, (p = der, &p), len);
	EVP_PKEY *key = d2i_PUBKEY(NULL, (p = der, &p), len);
	enum object object = OBJECT_NONE;

	if (key == NULL)
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, (p = der, &p), len);
	if (csr != NULL)
		object = OBJECT_CSR;
	else if (crl != NULL)
		object = OBJECT_CRL;
	else if (key != NULL)
		object = OBJECT_PUBLIC_KEY;
	X509_REQ_free(csr);
	X509_CRL_free(crl);
	EVP_PKEY_free(key);
	return object;
}

/* By structure, and before anything that may want a pass phrase. */
static bool
is_encrypted(const unsigned char *der, long len)
{
	X509_SIG *sealed = d2i_X509_SIG(NULL, &der, len);
	const bool is = sealed != NULL;

	X509_SIG_free(sealed);
	return is;
}

static bool
read_der(struct facts *f, const unsigned char *data, size_t len)
{
	const size_t n = outer_length(data, len);
	const unsigned char *p = data;

	if (n == 0)
		return false;
	if (is_encrypted(data, (long)n))
		f->object = OBJECT_KEY_ENCRYPTED;
	else if (add_cert(f, d2i_X509(NULL, &p, (long)n)))
		f->object = OBJECT_CERT;
	else if (add_key(f, data, n))
		f->object = OBJECT_KEY;
	else
		f->object = object_of_others(data, (long)n);
	f->keys = f->key != NULL;
	if (f->object == OBJECT_NONE)
		return false;
	f->form = FORM_DER;
	f->blocks = 1;
	f->tail = len - n;
	return true;
}

static enum form
form_of_bytes(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] < ' ' || data[i] > '~')
			return FORM_BYTES;
	}
	return FORM_TEXT;
}

/* A text with a block in it may still be DER that happens to have one. */
static void
read_object(struct facts *f, const void *data, size_t len)
{
	if (read_der(f, data, len))
		return;
	if (memmem(data, len, begin, strlen(begin)) != NULL)
		read_pem(f, data, len);
}

void
facts_of(const void *data, size_t len, int type, struct facts *out)
{
	*out = (struct facts){ .form = FORM_NONE };
	if (data == NULL)
		return;
	out->form = form_of_bytes(data, len);
	if (type == CRED_PSK || type == CRED_PSK_ID || len > INT_MAX)
		return;
	read_object(out, data, len);
	ERR_clear_error();
}

void
facts_fini(struct facts *f)
{
	sk_X509_pop_free(f->certs, X509_free);
	EVP_PKEY_free(f->key);
	*f = (struct facts){ .form = FORM_NONE };
}
