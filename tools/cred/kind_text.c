#include "kind_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cred/digits.h"
#include "cred/types.h"

#define LINE_BYTES 12 /* bytes of a line of numbers */

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

void
kind_put_numbers(struct buf *b, const unsigned char *data, size_t len,
    const char *lead)
{
	for (size_t i = 0; i < len; i++) {
		if (i % LINE_BYTES == 0)
			buf_text(b, lead);
		buf_printf(b, "0x%02x,%s", data[i],
		    (i + 1) % LINE_BYTES == 0 || i + 1 == len ? "\n" : " ");
	}
}

bool
kind_is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How many digits are next to each other. */
static size_t
run_of(const unsigned char *text, size_t len)
{
	size_t n = 0;

	while (n < len && digits_hex_digit(text[n]) >= 0)
		n++;
	return n;
}

/*
 * Dumps begin each line with where it was; that would be read as bytes.  It has
 * more digits than the bytes or pairs of bytes behind it.
 */
static bool
is_offset(const unsigned char *text, size_t len, size_t n)
{
	size_t at = n, second;

	while (at < len && (text[at] == ' ' || text[at] == '\t'))
		at++;
	second = run_of(text + at, len - at);
	return n >= 6 && at > n && second > 0 && second <= 4;
}

/* A colon joins two pairs; the second may be on the next line. */
static bool
is_joint(const unsigned char *text, size_t len, size_t at)
{
	size_t next = at + 1;

	if (at == 0 || digits_hex_digit(text[at - 1]) < 0)
		return false;
	if (next < len && (text[next] == '\r' || text[next] == '\n')) {
		while (next < len && kind_is_blank(text[next]))
			next++;
	}
	return next < len && digits_hex_digit(text[next]) >= 0;
}

/* Not at a character that is of no hexadecimal digits at all. */
static bool
ends_run(const unsigned char *text, size_t len, size_t at)
{
	return at == len || text[at] == ':' || kind_is_blank(text[at]);
}

const char *
kind_hex_fault(const unsigned char *text, size_t len, int *line)
{
	bool begins = true;
	size_t n;

	*line = 1;
	for (size_t i = 0; i<len; i += n> 0 ? n : 1) {
		n = run_of(text + i, len - i);
		if (n > 0 && begins && is_offset(text + i, len - i, n))
			return "the line begins with an offset, as dumps have "
			       "it: xxd -p and od -An -tx1 leave that out";
		if (n % 2 != 0 && ends_run(text, len, i + n))
			return "an odd number of hexadecimal digits";
		if (n == 0 && text[i] == ':' && !is_joint(text, len, i))
			return "a colon that is not between two pairs of "
			       "hexadecimal digits";
		if (n == 0 && text[i] != ':' && !kind_is_blank(text[i]))
			return "these are not pairs of hexadecimal digits";
		begins = n == 0 && (begins || text[i] == '\n');
		*line += n == 0 && text[i] == '\n';
	}
	return NULL;
}

bool
kind_read_hex(struct buf *b, const unsigned char *text, size_t len)
{
	int line;

	return kind_hex_fault(text, len, &line) == NULL &&
	    digits_read_hex(b, text, len, ": \t\r\n") == DIGITS_GOOD;
}

bool
kind_read_base64(struct buf *b, const unsigned char *text, size_t len)
{
	struct digits_base64 d = { .nbits = 0 };
	unsigned char byte;

	for (size_t i = 0; i < len; i++) {
		const int n = kind_is_blank(text[i])
		    ? 0
		    : digits_take_base64(&d, text[i], &byte);

		if (n < 0)
			return false;
		if (n > 0)
			buf_put(b, byte);
	}
	return digits_is_whole(&d);
}
