#include "shim/stdio.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "shim/number.h"
#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"

/*
 * Libc's streams do not come by the plain names of read and write.  A stream of
 * the core's has functions of its own, which go by what the number is at the
 * time of the call.
 */

#define SHORT_LINE 1024

void *
stdio_cookie(int fd)
{
	return (void *)(intptr_t)fd;
}

int
stdio_number(void *cookie)
{
	return (int)(intptr_t)cookie;
}

ssize_t
stdio_read(void *cookie, char *buf, size_t len)
{
	const int fd = stdio_number(cookie);

	if (slots_has(fd))
		return slots_core->read(fd, buf, len);
	return pending_refuses(fd) ? -1 : real.read(fd, buf, len);
}

static ssize_t
write_some(int fd, const char *buf, size_t len)
{
	if (slots_has(fd))
		return slots_core->write(fd, buf, len);
	return pending_refuses(fd) ? -1 : real.write(fd, buf, len);
}

/* All of it, or -1 and errno. */
static int
write_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write_some(fd, buf, len);
		if (n == -1)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

/* 0 is what a cookie says of an error. */
ssize_t
stdio_write(void *cookie, const char *buf, size_t len)
{
	return write_all(stdio_number(cookie), buf, len) == 0 ? (ssize_t)len
	                                                      : 0;
}

int
stdio_seek(void *cookie, off64_t *offset, int whence)
{
	const off64_t at = lseek(stdio_number(cookie), *offset, whence);

	if (at == -1)
		return -1; /* a socket has no place */
	*offset = at;
	return 0;
}

static int
stream_close(void *cookie)
{
	return number_close(stdio_number(cookie));
}

EXPORT FILE *
fdopen(int fd, const char *mode)
{
	const cookie_io_functions_t calls = { stdio_read, stdio_write,
		stdio_seek, stream_close };
	const int saved = errno;
	FILE *stream;

	if (!slots_has(fd) && !pending_is(fd))
		return real.fdopen(fd, mode);
	stream = fopencookie(stdio_cookie(fd), mode, calls);
	if (stream != NULL) {
		stream->_fileno = fd; /* for fileno */
		errno = saved;
	}
	return stream;
}

FILE *_IO_fdopen(int fd, const char *mode);

/* Libc's other name of it. */
EXPORT FILE *
_IO_fdopen(int fd, const char *mode)
{
	return fdopen(fd, mode);
}

/* What the compiler makes of vsnprintf; flag is its caution. */
int __vsnprintf_chk(char *buf, size_t len, int flag, size_t size,
    const char *format, va_list ap);

static int
print_long(int fd, int flag, const char *format, va_list ap, size_t len)
{
	char *line = malloc(len + 1);
	int n;

	if (line == NULL)
		return -1;
	n = __vsnprintf_chk(line, len + 1, flag, len + 1, format, ap);
	if (n >= 0 && write_all(fd, line, (size_t)n) == -1)
		n = -1;
	free(line);
	return n;
}

static int
print(int fd, int flag, const char *format, va_list ap)
{
	const int saved = errno;
	char line[SHORT_LINE];
	va_list again;
	int n;

	va_copy(again, ap);
	n = __vsnprintf_chk(line, sizeof(line), flag, sizeof(line), format, ap);
	if (n >= SHORT_LINE)
		n = print_long(fd, flag, format, again, (size_t)n);
	else if (n >= 0 && write_all(fd, line, (size_t)n) == -1)
		n = -1;
	va_end(again);
	if (n >= 0)
		errno = saved;
	return n;
}

/* What is not yet settled is written to by the shim, which may refuse it. */
static bool
is_libcs(int fd)
{
	return !slots_has(fd) && !pending_is(fd);
}

EXPORT int
vdprintf(int fd, const char *format, va_list ap)
{
	if (is_libcs(fd))
		return real.vdprintf(fd, format, ap);
	return print(fd, 0, format, ap);
}

EXPORT int
dprintf(int fd, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = is_libcs(fd) ? real.vdprintf(fd, format, ap)
	                 : print(fd, 0, format, ap);
	va_end(ap);
	return n;
}

int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list ap);

EXPORT int
__vdprintf_chk(int fd, int flag, const char *format, va_list ap)
{
	if (is_libcs(fd))
		return real.__vdprintf_chk(fd, flag, format, ap);
	return print(fd, flag, format, ap);
}

EXPORT int
__dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = is_libcs(fd) ? real.__vdprintf_chk(fd, flag, format, ap)
	                 : print(fd, flag, format, ap);
	va_end(ap);
	return n;
}
