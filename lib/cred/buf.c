#include "cred/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define ROOM_FIRST 256

/* Not by realloc, which leaves the old bytes somewhere. */
bool
buf_reserve(struct buf *b, size_t more)
{
	size_t room = b->room == 0 ? ROOM_FIRST : b->room;
	unsigned char *data;

	if (b->failed || (b->data != NULL && more <= b->room - b->len))
		return !b->failed;
	while (room - b->len < more && room <= SIZE_MAX / 2)
		room *= 2;
	data = room - b->len >= more ? malloc(room) : NULL;
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		OPENSSL_cleanse(b->data, b->room);
		free(b->data);
	}
	b->data = data;
	b->room = room;
	return true;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || !buf_reserve(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void
buf_put(struct buf *b, unsigned char c)
{
	buf_add(b, &c, 1);
}

void
buf_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_vprintf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0 || !buf_reserve(b, (size_t)n + 1)) {
		b->failed = true;
		return;
	}
	(void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, format,
	    ap); /* there is room for all of it */
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_vprintf(b, format, ap);
	va_end(ap);
}

void
buf_base64(struct buf *b, const void *data, size_t len)
{
	const unsigned char *at = data;
	unsigned char group[65];
	size_t n;

	for (; len > 0; at += n, len -= n) {
		n = len < 48 ? len : 48;
		buf_add(b, group, (size_t)EVP_EncodeBlock(group, at, (int)n));
	}
	OPENSSL_cleanse(group, sizeof(group));
}

void
buf_hex(struct buf *b, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = data;

	for (size_t i = 0; i < len; i++) {
		buf_put(b, (unsigned char)digits[at[i] >> 4]);
		buf_put(b, (unsigned char)digits[at[i] & 15]);
	}
}

bool
buf_copy(struct buf *b, const void *data, size_t len)
{
	*b = (struct buf){ .len = 0 };
	if (!buf_reserve(b, len))
		return false;
	buf_add(b, data, len);
	return true;
}

bool
buf_is(const struct buf *b, const void *data, size_t len)
{
	return b->len == len &&
	    (len == 0 || CRYPTO_memcmp(b->data, data, len) == 0);
}

void
buf_clear(struct buf *b)
{
	if (b->data != NULL)
		OPENSSL_cleanse(b->data, b->room);
	b->len = 0;
}

void
buf_fini(struct buf *b)
{
	buf_clear(b);
	free(b->data);
	*b = (struct buf){ .data = NULL };
}
