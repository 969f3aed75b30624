#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static bool
make_room(struct buf *b, size_t len)
{
	size_t room = b->room == 0 ? 256 : b->room;
	unsigned char *data;

	if (b->failed || len <= b->room - b->len)
		return !b->failed;
	while (room - b->len < len)
		room *= 2;
	data = malloc(room);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		OPENSSL_cleanse(b->data, b->len);
		free(b->data);
	}
	b->data = data;
	b->room = room;
	return true;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || !make_room(b, len))
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
buf_printf(struct buf *b, const char *format, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		b->failed = true; /* a line of ours is never as long */
	else
		buf_add(b, text, (size_t)n);
	OPENSSL_cleanse(text, sizeof(text));
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

void
buf_clear(struct buf *b)
{
	if (b->data != NULL)
		OPENSSL_cleanse(b->data, b->len);
	b->len = 0;
}

void
buf_fini(struct buf *b)
{
	buf_clear(b);
	free(b->data);
	*b = (struct buf){ .data = NULL };
}
