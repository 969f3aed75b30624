#include "cred/digits.h"

#include <limits.h>
#include <string.h>

bool
digits_number(const char *text, size_t len, int *n)
{
	long long v = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (text[i] - '0');
	}
	if (v > INT_MAX)
		return false;
	*n = (int)v;
	return true;
}

int
digits_hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
digits_base64_digit(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum digits_hex
digits_read_hex(struct buf *b, const void *text, size_t len, const char *blanks)
{
	const unsigned char *at = text;
	int high = -1;

	for (size_t i = 0; i < len; i++) {
		const int digit = digits_hex_digit(at[i]);

		if (digit < 0 && at[i] != '\0' && strchr(blanks, at[i]) != NULL)
			continue;
		if (digit < 0)
			return DIGITS_WRONG;
		if (high >= 0)
			buf_put(b, (unsigned char)(high << 4 | digit));
		high = high < 0 ? digit : -1;
	}
	return high < 0 ? DIGITS_GOOD : DIGITS_ODD;
}

int
digits_take_base64(struct digits_base64 *d, unsigned char c,
    unsigned char *byte)
{
	const int digit = digits_base64_digit(c);

	if (c == '=')
		return ++d->pad <= 2 ? 0 : -1;
	if (digit < 0 || d->pad > 0)
		return -1;
	d->bits = (d->bits << 6 | (uint32_t)digit) & 0xfff;
	d->nbits += 6;
	if (d->nbits < 8)
		return 0;
	d->nbits -= 8;
	*byte = (unsigned char)(d->bits >> d->nbits);
	return 1;
}

bool
digits_is_whole(const struct digits_base64 *d)
{
	return d->pad * 2 == d->nbits &&
	    (d->bits & ((UINT32_C(1) << d->nbits) - 1)) == 0;
}
