#include "tls/material.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/profile.h"
#include "tls/shortage.h"

static bool
contains_pem(const struct cred *c)
{
	static const char begin[] = "-----BEGIN";

	return memmem(c->data, c->len, begin, sizeof(begin) - 1) != NULL;
}

/* The device takes a credential as text only if the NUL is counted in. */
static bool
is_pem(const struct cred *c)
{
	return c->len > 0 && c->data[c->len - 1] == '\0' && contains_pem(c);
}

/*
 * The label of the first PEM block that says what the text is, "EC PRIVATE
 * KEY" say; the parameters that may come before a key do not.  Empty if there
 * is none.
 */
static void
pem_label(const struct cred *c, char *buf, size_t size)
{
	static const char begin[] = "-----BEGIN ";
	const char *p = (const char *)c->data, *end;

	buf[0] = '\0';
	while ((p = strstr(p, begin)) != NULL) {
		p += sizeof(begin) - 1;
		end = strstr(p, "-----");
		if (end == NULL || (size_t)(end - p) >= size)
			continue;
		memcpy(buf, p, (size_t)(end - p));
		buf[end - p] = '\0';
		if (strstr(buf, "PARAMETERS") == NULL)
			return;
	}
}

static bool
ends_in(const char *text, const char *tail)
{
	const size_t n = strlen(text), k = strlen(tail);

	return n >= k && strcmp(text + n - k, tail) == 0;
}

/* PEM that was read: is it of another kind, or of this kind and damaged? */
static void
explain_pem(const struct cred *c, const char *reason, struct verdict *why)
{
	const char *what = cred_type_name(c->type);
	char label[64];

	pem_label(c, label, sizeof(label));
	if (label[0] == '\0' ||
	    ends_in(label,
	        c->type == CRED_PRIVATE_KEY ? "PRIVATE KEY" : "CERTIFICATE"))
		verdict_set(why,
		    "sec_tag %d: the %s is PEM that cannot be decoded (%s)",
		    c->tag, what, reason);
	else
		verdict_set(why,
		    "sec_tag %d: the %s is PEM, but holds %s %s; a %s is "
		    "expected",
		    c->tag, what,
		    strchr("AEIORX", label[0]) != NULL ? "an" : "a", label,
		    what);
}

/* Says why c was refused; the cause is usually one of the known traps. */
static int
refuse(const struct cred *c, struct verdict *why)
{
	const char *what = cred_type_name(c->type);
	char reason[128];

	if (c->len == 0 || (c->len == 1 && c->data[0] == '\0')) {
		verdict_set(why, "sec_tag %d: the %s is empty (%zu byte%s)",
		    c->tag, what, c->len, c->len == 1 ? "" : "s");
		return -EINVAL;
	}
	if (contains_pem(c) && !is_pem(c)) {
		verdict_set(why,
		    "sec_tag %d: the %s is PEM text without its final NUL, "
		    "which the device refuses; pass strlen(pem) + 1 as its "
		    "length",
		    c->tag, what);
		return -EINVAL;
	}
	ERR_error_string_n(ERR_peek_error(), reason, sizeof(reason));
	if (is_pem(c)) {
		explain_pem(c, reason, why);
		return -EINVAL;
	}
	verdict_set(why,
	    "sec_tag %d: the %s (%zu bytes) is neither PEM nor DER that can be "
	    "read (%s)",
	    c->tag, what, c->len, reason);
	return -EINVAL;
}

/* Takes over x, also on failure. */
static int
push(STACK_OF(X509) * chain, X509 *x)
{
	if (sk_X509_push(chain, x) > 0)
		return 0;
	X509_free(x);
	return -ENOMEM;
}

/* What is encrypted must fail at once, never ask a person for its password. */
static int
no_password(char *buf, int size, int rwflag, void *asked)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	*(bool *)asked = true;
	return -1;
}

/*
 * Appends the certificates of c to chain.  A PEM block that cannot be decoded
 * refuses the whole credential, as on the device.
 */
static int
parse_certificates(const struct cred *c, STACK_OF(X509) * chain,
    struct verdict *why)
{
	const unsigned char *der = c->data;
	const int before = sk_X509_num(chain);
	bool encrypted = false; /* then it cannot be read, and is refused */
	X509 *x;
	BIO *bio;
	unsigned long e;
	int rc = 0;

	if (!is_pem(c)) {
		x = d2i_X509(NULL, &der, (long)c->len);
		if (x == NULL)
			return refuse(c, why);
		return push(chain, x);
	}
	bio = BIO_new_mem_buf(c->data, (int)c->len - 1);
	if (bio == NULL)
		return -ENOMEM;
	while (rc == 0 &&
	    (x = PEM_read_bio_X509(bio, NULL, no_password, &encrypted)) != NULL)
		rc = push(chain, x);
	BIO_free(bio);
	if (rc < 0)
		return rc;
	e = ERR_peek_last_error();
	if (sk_X509_num(chain) == before ||
	    ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return refuse(c, why);
	return 0;
}

static EVP_PKEY *
decode_key(const struct cred *c, bool *encrypted)
{
	const unsigned char *der = c->data;
	EVP_PKEY *key;
	BIO *bio;

	if (!is_pem(c))
		return d2i_AutoPrivateKey(NULL, &der, (long)c->len);
	bio = BIO_new_mem_buf(c->data, (int)c->len - 1);
	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, encrypted);
	BIO_free(bio);
	return key;
}

static int
parse_key(struct tls_material *m, const struct cred *c, struct verdict *why)
{
	bool encrypted = false;

	if (m->key != NULL) {
		verdict_set(why,
		    "sec_tag %d: a second private key; sec_tag %d has one "
		    "already, and a socket can use only one",
		    c->tag, m->key_tag);
		return -EINVAL;
	}
	m->key = decode_key(c, &encrypted);
	if (encrypted) {
		verdict_set(why,
		    "sec_tag %d: the private key is encrypted; store it "
		    "without a password",
		    c->tag);
		return -EINVAL;
	}
	if (m->key == NULL)
		return refuse(c, why);
	m->key_tag = c->tag;
	return 0;
}

/* The device has room for one; here a server may have several. */
static int
parse_psk(struct tls_material *m, const struct cred *c,
    const struct cred_set *set, struct verdict *why)
{
	struct tls_psk *psks;
	int rc;

	psks = reallocarray(m->psks, m->npsks + 1, sizeof(*psks));
	if (psks == NULL)
		return -ENOMEM;
	m->psks = psks;
	rc = tls_psk_init(&psks[m->npsks], c, set, why);
	if (rc < 0)
		return rc;
	if (++m->npsks == 2 && quirk(QUIRK_TLS_SECOND_PSK) != 0)
		profile_hazard("TLS_SEC_TAG_LIST: a second pre-shared key",
		    "answers EINVAL");
	return 0;
}

static int
parse_one(struct tls_material *m, const struct cred *c,
    const struct cred_set *set, struct verdict *why)
{
	if (c->len > INT_MAX)
		return refuse(c, why);
	switch (c->type) {
	case CRED_CA_CERTIFICATE:
		return parse_certificates(c, m->cas, why);
	case CRED_CERTIFICATE:
		if (sk_X509_num(m->chain) == 0)
			m->cert_tag = c->tag;
		return parse_certificates(c, m->chain, why);
	case CRED_PRIVATE_KEY:
		return parse_key(m, c, why);
	case CRED_PSK:
		return parse_psk(m, c, set, why);
	case CRED_PSK_ID:
		return 0; /* its key finds it; without one it is nothing */
	default:
		verdict_set(why, "sec_tag %d: credential type %d is unknown",
		    c->tag, c->type);
		return -EINVAL;
	}
}

/* A key without a certificate is ignored, as on the device. */
static int
check_pair(const struct tls_material *m, struct verdict *why)
{
	if (m->key == NULL || sk_X509_num(m->chain) == 0)
		return 0;
	if (X509_check_private_key(sk_X509_value(m->chain, 0), m->key) == 1)
		return 0;
	verdict_set(why,
	    "sec_tag %d: the private key does not belong to the certificate "
	    "of sec_tag %d",
	    m->key_tag, m->cert_tag);
	return -EINVAL;
}

int
tls_material_init(struct tls_material *m, const struct cred_set *set,
    struct verdict *why)
{
	int rc = 0;

	*m = (struct tls_material){ .cas = sk_X509_new_null(),
		.chain = sk_X509_new_null() };
	if (m->cas == NULL || m->chain == NULL)
		rc = -ENOMEM;
	for (size_t i = 0; rc == 0 && i < set->n; i++) {
		ERR_clear_error();
		rc = parse_one(m, set->creds[i], set, why);
	}
	if (rc == 0)
		rc = check_pair(m, why);
	if (tls_shortage() && rc == -EINVAL)
		rc = -ENOMEM; /* what could not be read may be right */
	if (rc == -ENOMEM)
		verdict_set(why, "out of memory for the credentials");
	if (rc < 0)
		tls_material_fini(m);
	return rc;
}

void
tls_material_fini(struct tls_material *m)
{
	sk_X509_pop_free(m->cas, X509_free);
	sk_X509_pop_free(m->chain, X509_free);
	EVP_PKEY_free(m->key);
	free(m->psks);
	*m = (struct tls_material){ 0 };
}
