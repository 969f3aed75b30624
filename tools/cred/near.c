#include "near.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "cred/buf.h"
#include "cred/store.h"
#include "kind_key.h"
#include "kind_text.h"

/* What is looked for, and where the answer goes. */
struct near {
	const char *digest;
	char *text;
	size_t size;
};

static bool
is_hit(const struct near *n, const void *data, size_t len)
{
	char digest[BUNDLE_DIGEST_SIZE];

	return bundle_digest(data != NULL ? data : "", len, digest) &&
	    strcmp(digest, n->digest) == 0;
}

static bool
answer(const struct near *n, const char *first, const char *second,
    const char *third)
{
	const char *parts[] = { first, second, third };
	size_t len = 0;

	n->text[0] = '\0';
	for (size_t i = 0; i < 3 && len < n->size; i++) {
		if (parts[i] != NULL)
			len += (size_t)snprintf(n->text + len, n->size - len,
			    "%s%s", len == 0 ? "" : ", ", parts[i]);
	}
	return true;
}

/* A text, as it may be written. */
struct shape {
	bool crlf, ended;
	bool mixed; /* line ends of both kinds */
	size_t nuls;
};

/* Is there a line end without a CR, beside those with one? */
static bool
is_mixed(const unsigned char *data, size_t len)
{
	bool with = false, without = false;

	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n')
			continue;
		with = with || (i > 0 && data[i - 1] == '\r');
		without = without || i == 0 || data[i - 1] != '\r';
	}
	return with && without;
}

/* Cuts what a shape tells of. */
static size_t
shape_of(const unsigned char *data, size_t len, struct shape *s)
{
	*s = (struct shape){ .nuls = 0 };
	for (; len > 0 && data[len - 1] == '\0'; len--)
		s->nuls++;
	s->ended = len > 0 && data[len - 1] == '\n';
	s->mixed = is_mixed(data, len);
	s->crlf = memmem(data, len, "\r\n", 2) != NULL;
	len -= s->ended;
	return len - (s->ended && len > 0 && data[len - 1] == '\r');
}

static void
make(struct buf *b, const void *text, size_t len, const struct shape *s)
{
	kind_add_text(b, text, len, s->crlf ? KIND_EOL_CRLF : KIND_EOL_LF);
	if (s->ended)
		buf_text(b, s->crlf ? "\r\n" : "\n");
	for (size_t i = 0; i < s->nuls; i++)
		buf_put(b, '\0');
}

static bool
answer_shape(const struct near *n, const struct shape *mine,
    const struct shape *s)
{
	static const char *const ends[2][2] = {
		{ "with LF line ends", "with LF line ends, mixed here" },
		{ "with CR LF line ends", "with CR LF line ends, mixed here" },
	};

	return answer(n,
	    s->crlf == mine->crlf && !mine->mixed ? NULL
	                                          : ends[s->crlf][mine->mixed],
	    s->ended == mine->ended ? NULL
	        : s->ended          ? "with a last line end"
	                            : "without the last line end",
	    s->nuls == mine->nuls      ? NULL
	        : s->nuls == 0         ? "without the final NUL"
	        : s->nuls > mine->nuls ? "with a NUL more"
	                               : "with a NUL less");
}

static bool
try_shapes(const struct near *n, const void *data, size_t len)
{
	struct buf b = { .data = NULL };
	struct shape mine, s;
	bool hit = false;

	len = shape_of(data, len, &mine);
	for (unsigned i = 0; !hit && i < 12; i++) {
		s = (struct shape){ .crlf = i & 1,
			.ended = i & 2,
			.nuls = i >> 2 };
		buf_clear(&b);
		make(&b, data, len, &s);
		hit = !b.failed && is_hit(n, b.data, b.len);
	}
	buf_fini(&b);
	return hit && answer_shape(n, &mine, &s);
}

/* PEM of what is DER here, with its NUL or as it is without. */
static bool
try_pem(const struct near *n, const struct item *item)
{
	struct buf b = { .data = NULL };
	bool hit = false, nul = false;

	if (kind_to_pem(&b, item)) {
		hit = is_hit(n, b.data, b.len);
		buf_put(&b, '\0');
		nul = !hit && !b.failed && is_hit(n, b.data, b.len);
	}
	buf_fini(&b);
	return (hit || nul) &&
	    answer(n, "as PEM, which is DER here",
	        hit ? "without a final NUL" : NULL, NULL);
}

/* What the first block holds, in the form of that, such as SEC1 of a key. */
static bool
is_block(const struct near *n, const struct item *item)
{
	BIO *bio = BIO_new_mem_buf(item->data, (int)item->len);
	char *label = NULL, *fields = NULL;
	unsigned char *der = NULL;
	long len = 0;
	bool hit;

	hit = bio != NULL &&
	    PEM_read_bio(bio, &label, &fields, &der, &len) == 1 &&
	    is_hit(n, der, (size_t)len);
	OPENSSL_free(label);
	OPENSSL_free(fields);
	OPENSSL_clear_free(der, (size_t)len);
	BIO_free(bio);
	ERR_clear_error();
	return hit;
}

static bool
try_der(const struct near *n, const struct item *item)
{
	struct buf b = { .data = NULL };
	bool hit;

	hit = kind_to_der(&b, item) && is_hit(n, b.data, b.len);
	buf_fini(&b);
	hit = hit || is_block(n, item);
	return hit && answer(n, "as DER, which is PEM here", NULL, NULL);
}

/* Text where bytes were meant, or bytes where text was. */
static bool
try_hex(const struct near *n, const struct item *item)
{
	struct buf b = { .data = NULL };
	bool digits, bytes;

	buf_hex(&b, item->data, item->len);
	digits = is_hit(n, b.data, b.len);
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] >= 'a')
			b.data[i] = (unsigned char)(b.data[i] - 'a' + 'A');
	}
	digits = digits || is_hit(n, b.data, b.len);
	buf_clear(&b);
	bytes = !digits && kind_read_hex(&b, item->data, item->len) &&
	    is_hit(n, b.data, b.len);
	buf_fini(&b);
	if (digits)
		return answer(n, "as text of its hexadecimal digits", NULL,
		    NULL);
	return bytes &&
	    answer(n, "as the bytes that the hexadecimal digits here stand for",
	        NULL, NULL);
}

bool
near_find(const struct item *item, const char *digest, char *text, size_t size)
{
	const struct near n = { digest, text, size };

	if (item->data == NULL || digest[0] == '\0')
		return false;
	if (try_shapes(&n, item->data, item->len))
		return true;
	if (item->type == CRED_PSK || item->type == CRED_PSK_ID)
		return try_hex(&n, item);
	return try_der(&n, item) || try_pem(&n, item);
}

struct item
near_modem(const struct item *item)
{
	const size_t pem = kind_pem_length(item->data, item->len);
	struct item kept = *item;

	kept.len = pem > 0 ? pem : item->len;
	if (!bundle_digest(kept.data, kept.len, kept.digest))
		kept.digest[0] = '\0';
	return kept;
}
