#include "say.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
say(enum outcome outcome, const char *format, ...)
{
	static const char lead[] = "zsock-run: ";
	char line[2 * PATH_MAX] = "zsock-run: ";
	const size_t begin = sizeof(lead) - 1;
	size_t len;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line + begin, sizeof(line) - begin - 1, format, ap);
	va_end(ap);
	len = strlen(line);
	for (size_t i = begin; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[len++] = '\n';
	/* There is no place left to tell that standard error is closed. */
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		continue;
	return outcome;
}

int
say_no_memory(void)
{
	return say(OWN, "out of memory");
}
