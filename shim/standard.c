#include "shim/standard.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "shim/number.h"
#include "shim/stdio.h"

#define NO_DESCRIPTOR (-1)

static struct standard {
	bool taken;
	FILE *libcs; /* what the variable was */
	FILE *ours;  /* kept for the next time */
} standards[3];

static FILE **
variable_of(int fd)
{
	switch (fd) {
	case STDIN_FILENO:
		return &stdin;
	case STDOUT_FILENO:
		return &stdout;
	default:
		return &stderr;
	}
}

/* The program closes the stream: it is no more, and the number is free. */
static int
close_ours(void *cookie)
{
	const int fd = stdio_number(cookie);

	standard_give(fd);
	standards[fd].ours = NULL;
	return number_close(fd);
}

static FILE *
open_ours(int fd, FILE *libcs)
{
	const cookie_io_functions_t calls = { stdio_read, stdio_write,
		stdio_seek, close_ours };
	FILE *stream = fopencookie(stdio_cookie(fd),
	    fd == STDIN_FILENO ? "r" : "w", calls);

	if (stream == NULL)
		return NULL;
	stream->_fileno = fd; /* for fileno */
	if (fd == STDERR_FILENO || __fbufsize(libcs) == 1)
		(void)setvbuf(stream, NULL, _IONBF, 0); /* it is new */
	else if (__flbf(libcs))
		(void)setvbuf(stream, NULL, _IOLBF, BUFSIZ);
	return stream;
}

/*
 * What waits in a buffer goes to the file that the descriptor then is.  A stream
 * that another thread is busy with keeps it.
 */
static void
move_pending(FILE *from, FILE *to)
{
	if (ftrylockfile(from) != 0)
		return;
	if (__fpending(from) > 0)
		(void)fwrite(from->_IO_write_base, 1, __fpending(from), to);
	__fpurge(from);
	funlockfile(from);
}

void
standard_take(int fd)
{
	struct standard *s = &standards[fd];
	FILE **variable = variable_of(fd);
	const int saved = errno;

	if (s->taken || *variable == NULL || (*variable)->_fileno != fd)
		return; /* or it is a stream of the program's own making */
	s->libcs = *variable;
	s->taken = true;
	if (s->ours == NULL)
		s->ours = open_ours(fd, s->libcs);
	if (s->ours != NULL) {
		if (fd != STDIN_FILENO)
			move_pending(s->libcs, s->ours);
		*variable = s->ours;
	}
	s->libcs->_fileno = NO_DESCRIPTOR;
	errno = saved;
}

void
standard_give(int fd)
{
	struct standard *s = &standards[fd];
	FILE **variable = variable_of(fd);
	const int saved = errno;

	if (!s->taken)
		return;
	s->taken = false;
	s->libcs->_fileno = fd;
	if (s->ours != NULL) {
		if (fd != STDIN_FILENO)
			move_pending(s->ours, s->libcs);
		else
			__fpurge(s->ours);
		if (*variable == s->ours)
			*variable = s->libcs;
	}
	errno = saved;
}
