#include "cred/bundle_name.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "cred/store.h"
#include "cred/types.h"

const char bundle_name_rule[] =
    "a file here is named TAG-TYPE.EXT, as 42-ca.pem is; EXT is pem, der, bin, "
    "hex or txt";

enum { PEM, DER, BIN, HEX, TXT };

/* pem: without the final NUL; txt: with a line end more. */
static const char *const names[] = { "pem", "der", "bin", "hex", "txt" };

static int
find_ext(const char *text)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i]) == 0)
			return (int)i;
	}
	return -1;
}

/* Digits alone, up to a "-". */
static bool
parse_tag(const char *text, size_t len, int *tag)
{
	long long n = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (text[i] - '0');
	}
	*tag = (int)n;
	return n <= INT_MAX;
}

bool
bundle_name_parse(const char *text, struct bundle_name *out)
{
	const char *type = strchr(text, '-'), *ext = strrchr(text, '.');
	struct bundle_name n;

	if (type == NULL || ext == NULL || ext < type)
		return false;
	type++;
	n.type = cred_types_find(type, (size_t)(ext - type));
	n.ext = find_ext(ext + 1);
	if (n.type == CRED_NONE || n.ext < 0 ||
	    !parse_tag(text, (size_t)(type - 1 - text), &n.tag))
		return false;
	*out = n;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Blanks, colons and line ends do not count. */
static int
decode_hex(struct bundle_bytes *b)
{
	size_t digits = 0;

	for (size_t i = 0; i < b->len; i++) {
		const char c = b->data[i];
		const int digit = hex_digit(c);

		if (c != '\0' && strchr(" \t:\r\n", c) != NULL)
			continue;
		if (digit < 0)
			return -EINVAL;
		/* Never ahead of what is read. */
		b->data[digits / 2] =
		    (char)(digits % 2 == 0 ? digit << 4
		                           : b->data[digits / 2] | digit);
		digits++;
	}
	/* The rest of the text would be out of reach of a later wipe. */
	OPENSSL_cleanse(b->data + digits / 2, b->len - digits / 2);
	b->len = digits / 2;
	return digits % 2 == 0 ? 0 : -EINVAL;
}

static void
cut_line_end(struct bundle_bytes *b)
{
	if (b->len == 0 || b->data[b->len - 1] != '\n')
		return;
	b->len--;
	if (b->len > 0 && b->data[b->len - 1] == '\r')
		b->len--;
}

int
bundle_name_decode(int ext, const struct bundle_bytes *file,
    struct bundle_bytes *value)
{
	struct bundle_bytes b = { malloc(file->len + 1), file->len };
	int rc = 0;

	if (b.data == NULL)
		return -ENOMEM;
	if (file->len > 0)
		memcpy(b.data, file->data, file->len);
	if (ext == PEM)
		b.data[b.len++] = '\0';
	else if (ext == TXT)
		cut_line_end(&b);
	else if (ext == HEX)
		rc = decode_hex(&b);
	if (rc < 0) {
		b.len = file->len;
		bundle_disk_wipe(&b);
		return rc;
	}
	*value = b;
	return 0;
}

static void
encode_hex(const unsigned char *value, size_t len, struct bundle_bytes *b)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		b->data[b->len++] = digits[value[i] >> 4];
		b->data[b->len++] = digits[value[i] & 15];
	}
	b->data[b->len++] = '\n';
}

static bool
is_faithful(int ext, const struct bundle_bytes *file, const void *value,
    size_t len, int *rc)
{
	struct bundle_bytes again;
	bool same;

	*rc = bundle_name_decode(ext, file, &again);
	if (*rc < 0)
		return false;
	same = again.len == len &&
	    (len == 0 || memcmp(again.data, value, len) == 0);
	bundle_disk_wipe(&again);
	*rc = same ? 0 : -EINVAL;
	return same;
}

int
bundle_name_encode(int ext, const void *value, size_t len,
    struct bundle_bytes *file)
{
	struct bundle_bytes b = { malloc(2 * len + 2), 0 };
	int rc;

	if (b.data == NULL)
		return -ENOMEM;
	if (ext == HEX) {
		encode_hex(value, len, &b);
	} else if (len > 0) {
		memcpy(b.data, value, len);
		b.len = len;
	}
	if (ext == PEM && b.len > 0)
		b.len--;
	if (ext == TXT)
		b.data[b.len++] = '\n';
	if (is_faithful(ext, &b, value, len, &rc)) {
		*file = b;
		return 0;
	}
	b.len = len > b.len ? len : b.len; /* with what was left out */
	bundle_disk_wipe(&b);
	return rc;
}

static bool
is_pem(const char *value, size_t len)
{
	return len > 11 && memcmp(value, "-----BEGIN ", 11) == 0 &&
	    value[len - 1] == '\0';
}

/* What an editor shows as it is, in a file of one line. */
static bool
is_line(const unsigned char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (value[i] < ' ' || value[i] == 0x7f)
			return false;
	}
	return true;
}

int
bundle_name_choose(int type, const void *value, size_t len)
{
	const unsigned char *bytes = value;

	if (type == CRED_PSK)
		return HEX;
	if (type == CRED_PSK_ID)
		return is_line(bytes, len) ? TXT : BIN;
	if (is_pem(value, len))
		return PEM;
	return len > 0 && bytes[0] == 0x30 ? DER : BIN;
}

void
bundle_name_write(const struct bundle_name *n, char text[BUNDLE_NAME_SIZE])
{
	char type[BUNDLE_NAME_SIZE];

	snprintf(type, sizeof(type), "%s", cred_types_short(n->type));
	for (char *at = type; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	snprintf(text, BUNDLE_NAME_SIZE, "%d-%.8s.%s", n->tag, type,
	    names[n->ext]);
}
