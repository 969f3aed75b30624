#include "shim/text.h"

#include <string.h>

void
text_init(struct text *text, char *buf, size_t size)
{
	text->buf = buf;
	text->size = size;
	text->len = 0;
	buf[0] = '\0';
}

void
text_add_part(struct text *text, const char *s, size_t len)
{
	const size_t room = text->size - text->len - 1;

	if (len > room)
		len = room;
	memcpy(text->buf + text->len, s, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

void
text_add(struct text *text, const char *s)
{
	text_add_part(text, s, strlen(s));
}

void
text_add_number(struct text *text, long n)
{
	unsigned long rest = n < 0 ? 0 - (unsigned long)n : (unsigned long)n;
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (n < 0)
		digits[--at] = '-';
	text_add_part(text, digits + at, sizeof(digits) - at);
}
