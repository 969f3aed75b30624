#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stddef.h>

/* What may stand at the ends of a line, and between its words. */
#define LINES_BLANKS " \t\r\n\v\f"

/*
 * Takes one line, which it may change: 0 to go on, or a negative errno with a
 * sentence in why.
 */
typedef int lines_take(void *arg, const char *path, int number, char *line,
    char *why, size_t size);

/*
 * Gives each line of a text file to take, until it fails.  Returns 0, or a
 * negative errno with a sentence in why: take's; -EINVAL if a line has a NUL
 * byte; why the file cannot be opened or read.
 */
int lines_read(const char *path, lines_take *take, void *arg, char *why,
    size_t size);

/* Without the blanks at both ends; text is changed. */
char *lines_trim(char *text);

#endif
