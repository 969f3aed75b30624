#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "cred/pem.h"
#include "cred/store.h"
#include "kind_text.h"
#include "pki_files.h"

/* What a value is called in the name of its file. */
static const char *
suffix(int type)
{
	switch (type) {
	case CRED_CA_CERTIFICATE:
		return "-ca";
	case CRED_CERTIFICATE:
		return "-cert";
	case CRED_PRIVATE_KEY:
		return "-key";
	case CRED_PSK_ID:
		return "-id";
	default:
		return "";
	}
}

static bool
is_pem(const struct item *i)
{
	return pem_is_first(i->data, i->len);
}

/* Without the NUL that text in a file does not have. */
static size_t
text_len(const struct item *i)
{
	return i->len > 0 && i->data[i->len - 1] == '\0' ? i->len - 1 : i->len;
}

static bool
add_pem(struct pki_files *f, const char *name, const struct item *i)
{
	struct buf b;

	return buf_copy(&b, i->data, text_len(i)) &&
	    pki_files_add(f, b, i->type == CRED_PRIVATE_KEY, "%s.pem", name);
}

/* "0x2d, 0x2d, ", to stand in the braces of an array. */
static bool
add_inc(struct pki_files *f, const char *name, const struct item *i)
{
	struct buf b = { .len = 0 };

	kind_put_numbers(&b, i->data, text_len(i), "");
	return pki_files_add(f, b, i->type == CRED_PRIVATE_KEY, "%s.pem.inc",
	    name);
}

/* Each block of it: the second and later ones have a number. */
static bool
add_der_blocks(struct pki_files *f, const char *name, const struct item *i)
{
	BIO *bio = BIO_new_mem_buf(i->data, (int)text_len(i));
	char *label = NULL, *header = NULL, number[16] = "";
	unsigned char *data = NULL;
	bool good = bio != NULL;
	struct buf b;
	long len;

	for (int k = 1;
	     good && PEM_read_bio(bio, &label, &header, &data, &len) == 1;
	     k++) {
		if (k > 1)
			snprintf(number, sizeof(number), "-%d", k);
		good = buf_copy(&b, data, (size_t)len) &&
		    pki_files_add(f, b, i->type == CRED_PRIVATE_KEY, "%s%s.der",
		        name, number);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len);
	}
	BIO_free(bio);
	return good;
}

static bool
add_der(struct pki_files *f, const char *name, const struct item *i)
{
	struct buf b;

	if (is_pem(i))
		return add_der_blocks(f, name, i);
	return buf_copy(&b, i->data, i->len) &&
	    pki_files_add(f, b, i->type == CRED_PRIVATE_KEY, "%s.der", name);
}

/* What is DER in the set cannot be had as PEM: it may be none. */
bool
pki_forms_add_one(struct pki_files *f, const char *name, const struct item *i,
    unsigned forms)
{
	if ((forms & PKI_FORM_PEM) != 0 && is_pem(i) && !add_pem(f, name, i))
		return false;
	if ((forms & PKI_FORM_INC) != 0 && is_pem(i) && !add_inc(f, name, i))
		return false;
	return (forms & PKI_FORM_DER) == 0 || add_der(f, name, i);
}

/* A key as digits in a line, an identity as its bytes. */
static bool
add_psk(struct pki_files *f, const char *name, const struct item *i)
{
	struct buf b;

	if (i->type == CRED_PSK_ID)
		return buf_copy(&b, i->data, i->len) &&
		    pki_files_add(f, b, false, "%s.txt", name);
	b = (struct buf){ .len = 0 };
	buf_hex(&b, i->data, i->len);
	buf_put(&b, '\n');
	return pki_files_add(f, b, true, "%s.hex", name);
}

bool
pki_forms_add(struct pki_files *f, const char *base, const struct set *s,
    const struct set *good, unsigned forms)
{
	char name[100];

	for (size_t at = 0; forms != 0 && at < s->n; at++) {
		const struct item *i = &s->items[at];

		if (item_is_same(i, set_find(good, i->tag, i->type)))
			continue;
		snprintf(name, sizeof(name), "%s%s", base, suffix(i->type));
		if (i->type == CRED_PSK || i->type == CRED_PSK_ID) {
			if (!add_psk(f, name, i))
				return false;
		} else if (!pki_forms_add_one(f, name, i, forms)) {
			return false;
		}
	}
	return true;
}

/* "-2.der" of the second block. */
static bool
is_numbered_der(const char *text)
{
	if (*text != '-' || !isdigit((unsigned char)text[1]))
		return false;
	text++;
	while (isdigit((unsigned char)*text))
		text++;
	return strcmp(text, ".der") == 0;
}

bool
pki_forms_is_rest(const char *rest)
{
	static const char *const parts[] = { "-ca", "-cert", "-key", "-id" };
	static const char *const ends[] = { ".pem", ".der", ".pem.inc", ".hex",
		".txt" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strncmp(rest, parts[i], strlen(parts[i])) == 0) {
			rest += strlen(parts[i]);
			break;
		}
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(rest, ends[i]) == 0)
			return true;
	}
	return is_numbered_der(rest);
}
