#include "cred/bundle_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cred/digits.h"
#include "cred/pem.h"
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
	    !digits_number(text, (size_t)(type - 1 - text), &n.tag))
		return false;
	*out = n;
	return true;
}

static void
cut_line_end(struct buf *b)
{
	if (b->len == 0 || b->data[b->len - 1] != '\n')
		return;
	b->len--;
	if (b->len > 0 && b->data[b->len - 1] == '\r')
		b->len--;
}

int
bundle_name_decode(int ext, const struct buf *file, struct buf *value)
{
	struct buf b = { .len = 0 };
	bool good = true;

	(void)buf_reserve(&b, file->len + 1); /* b.failed says if not */
	if (ext == HEX)
		good = digits_read_hex(&b, file->data, file->len, " \t:\r\n") ==
		    DIGITS_GOOD;
	else
		buf_add(&b, file->data, file->len);
	if (ext == PEM)
		buf_put(&b, '\0');
	else if (ext == TXT)
		cut_line_end(&b);
	if (good && !b.failed) {
		*value = b;
		return 0;
	}
	buf_fini(&b);
	return good ? -ENOMEM : -EINVAL;
}

static int
check_faithful(int ext, const struct buf *file, const void *value, size_t len)
{
	struct buf again;
	bool same;
	int rc;

	rc = bundle_name_decode(ext, file, &again);
	if (rc < 0)
		return rc;
	same = buf_is(&again, value, len);
	buf_fini(&again);
	return same ? 0 : -EINVAL;
}

int
bundle_name_encode(int ext, const void *value, size_t len, struct buf *file)
{
	struct buf b = { .len = 0 };
	int rc;

	(void)buf_reserve(&b, len + 1); /* b.failed says if not */
	if (ext == HEX)
		buf_hex(&b, value, len);
	else
		buf_add(&b, value, ext == PEM && len > 0 ? len - 1 : len);
	if (ext == HEX || ext == TXT)
		buf_put(&b, '\n');
	rc = b.failed ? -ENOMEM : check_faithful(ext, &b, value, len);
	if (rc == 0)
		*file = b;
	else
		buf_fini(&b);
	return rc;
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
	if (pem_is_first(value, len) && bytes[len - 1] == '\0')
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
