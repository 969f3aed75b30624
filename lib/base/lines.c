#include "base/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
lines_trim(char *text)
{
	char *end;

	text += strspn(text, LINES_BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(LINES_BLANKS, end[-1]) != NULL)
		end--;
	*end = '\0';
	return text;
}

static int
unreadable(const char *path, int error, char *why, size_t size)
{
	snprintf(why, size, "%s cannot be read: %s", path, strerror(error));
	return -error;
}

static int
read_all(const char *path, FILE *file, lines_take *take, void *arg, char *why,
    size_t size)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int number = 0, rc = 0;

	while (rc == 0) {
		errno = 0;
		len = getline(&line, &room, file);
		if (len < 0)
			break;
		number++;
		if (strlen(line) == (size_t)len) {
			rc = take(arg, path, number, line, why, size);
			continue;
		}
		snprintf(why, size,
		    "%s:%d: the line has a NUL byte; this must be a text file",
		    path, number);
		rc = -EINVAL;
	}
	/* A failure is no end of the file: not even one of malloc. */
	if (rc == 0 && !feof(file))
		rc = unreadable(path, errno != 0 ? errno : EIO, why, size);
	free(line);
	return rc;
}

int
lines_read(const char *path, lines_take *take, void *arg, char *why,
    size_t size)
{
	FILE *file = fopen(path, "re");
	int rc;

	if (file == NULL)
		return unreadable(path, errno, why, size);
	rc = read_all(path, file, take, arg, why, size);
	fclose(file);
	return rc;
}
