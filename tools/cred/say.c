#include "say.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int say_quiet;

enum outcome
outcome_of(int rc)
{
	switch (-rc) {
	case EINVAL:
	case EBADMSG:
	case EILSEQ:
		return MALFORMED;
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
		return ABSENT;
	case EPERM:
	case EACCES:
		return REFUSED;
	case EEXIST:
	case ESTALE:
		return CONFLICT;
	case EFBIG:
	case E2BIG:
	case EMSGSIZE:
		return LIMIT;
	case ETIMEDOUT:
	case ECONNREFUSED:
	case ECONNRESET:
	case EPIPE:
	case EPROTO:
	case EPROTONOSUPPORT:
		return ENDED;
	default:
		return FAILED;
	}
}

/* What a UTF-8 sequence that begins with c has: its bytes, and its bits. */
static size_t
sequence(unsigned char c, unsigned long *bits)
{
	if (c < 0x80) {
		*bits = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		*bits = c & 0x1f;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*bits = c & 0xf;
		return 3;
	}
	*bits = c & 7;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

static size_t
decode(const char *text, size_t len, unsigned long *code)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t n = sequence((unsigned char)text[0], code);

	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		const unsigned char c = (unsigned char)text[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (c & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

size_t
say_utf8(const char *text, size_t len, unsigned long *code)
{
	return len == 0 ? 0 : decode(text, len, code);
}

bool
say_is_shown(unsigned long code)
{
	return code >= 0x20 && !(code >= 0x7f && code < 0xa0) &&
	    !(code >= 0x2028 && code <= 0x202e) &&
	    !(code >= 0x2066 && code <= 0x2069);
}

char *
say_escape(const char *text, size_t len, char *out, size_t size)
{
	size_t at = 0, n, used = 0;

	while (at < len) {
		unsigned long code = 0;
		bool shown;

		n = decode(text + at, len - at, &code);
		shown = n > 0 && say_is_shown(code);
		if (!shown)
			n = 1;
		if (used + (shown ? n : 4) >= size)
			break;
		if (shown)
			memcpy(out + used, text + at, n);
		else
			(void)snprintf(out + used, size - used, "\\x%02x",
			    (unsigned char)text[at]);
		used += shown ? n : 4;
		at += n;
	}
	out[used] = '\0';
	return out;
}

int
say_wait(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* One write, so that lines of several processes do not mix. */
static void
complain(const char *format, va_list ap)
{
	static const char lead[] = "zsock-cred: ";
	char text[2048], line[4 * sizeof(text) + sizeof(lead) + 1];
	size_t len;
	int n;

	n = vsnprintf(text, sizeof(text), format, ap);
	if (n < 0)
		return;
	len = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
	memcpy(line, lead, sizeof(lead));
	(void)say_escape(text, len, line + sizeof(lead) - 1,
	    sizeof(line) - sizeof(lead));
	len = strlen(line);
	line[len++] = '\n';
	/* There is no place left to tell that standard error is closed. */
	while (write(STDERR_FILENO, line, len) < 0) {
		if (errno != EAGAIN || say_wait(STDERR_FILENO, POLLOUT) < 0)
			return;
	}
}

int
say(enum outcome outcome, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	return outcome;
}

int
say_no_memory(void)
{
	return say(FAILED, "%s", strerror(ENOMEM));
}

void
remark(const char *format, ...)
{
	va_list ap;

	if (say_quiet)
		return;
	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
}
