#include "kind_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cred/types.h"

const char *
kind_pair(int tag, int type)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "%d %s", tag,
	    cred_types_short(type));
	return text;
}

const char *
kind_stem(int tag, int type)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "%d-%s", tag,
	    cred_types_short(type));
	for (char *at = text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return text;
}

size_t
kind_pem_length(const void *data, size_t len)
{
	const unsigned char *text = data;

	if (len == 0 || memmem(data, len, "-----BEGIN ", 11) == NULL)
		return 0;
	return text[len - 1] == '\0' ? len - 1 : len;
}

void
kind_add_text(struct buf *b, const void *text, size_t len, enum kind_eol eol)
{
	static const char *const ends[] = { [KIND_EOL_LF] = "\n",
		[KIND_EOL_CRLF] = "\r\n",
		[KIND_EOL_ESCAPED] = "\\n" };
	const char *at = text;

	if (eol == KIND_EOL_KEEP) {
		buf_add(b, text, len);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '\r' && i + 1 < len && at[i + 1] == '\n')
			continue;
		if (at[i] == '\n')
			buf_text(b, ends[eol]);
		else
			buf_put(b, (unsigned char)at[i]);
	}
}

int
kind_hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
kind_is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
kind_read_hex(struct buf *b, const unsigned char *text, size_t len)
{
	int high = -1;

	for (size_t i = 0; i < len; i++) {
		const int digit = kind_hex_digit(text[i]);

		if (kind_is_blank(text[i]) || text[i] == ':')
			continue;
		if (digit < 0)
			return false;
		if (high >= 0)
			buf_put(b, (unsigned char)(high << 4 | digit));
		high = high < 0 ? digit : -1;
	}
	return high < 0;
}

int
kind_base64_digit(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
kind_read_base64(struct buf *b, const unsigned char *text, size_t len)
{
	unsigned bits = 0, nbits = 0, pad = 0;

	for (size_t i = 0; i < len; i++) {
		const int digit = kind_base64_digit(text[i]);

		if (kind_is_blank(text[i]))
			continue;
		if (text[i] == '=' && pad < 2) {
			pad++;
			continue;
		}
		if (digit < 0 || pad > 0)
			return false;
		bits = (bits << 6 | (unsigned)digit) & 0xfff;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			buf_put(b, (unsigned char)(bits >> nbits));
		}
	}
	/* Groups are whole, and no bit is lost. */
	return pad * 2 == nbits && (bits & ((1U << nbits) - 1)) == 0;
}
