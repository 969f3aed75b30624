#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Bytes of the longest line, its newline included; longer ones are cut. */
#define LOG_LINE_MAX 2048

/* Would a line of this level be written?  Saves the work of building it. */
bool log_wants(enum log_level level);

/*
 * Write one line, "zsock: error: ...", to stderr or ZSOCK_LOG_FILE in a single
 * write, so that lines of several threads and processes never mix.  A file that
 * cannot be opened is said once, and stderr takes its place.  Control
 * characters, which a peer's certificate may carry, become '?'.  Leaves errno
 * alone.  No secret is ever an argument.
 */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Appends line, its newline included, to a file of its own, by a descriptor
 * that is open for this line only; the file is made with mode 0600.  Never
 * blocks, and leaves errno and SIGPIPE alone.  0 or the negative errno; ENOSPC
 * also for a line of which a part was written.
 */
int log_append(const char *path, const char *line, size_t len);

/*
 * Hands the calling thread's lines to sink from now on: it may have a table of
 * descriptors of its own, with another stderr.
 */
void log_divert(void (*sink)(const char *line, size_t len));
/* Writes a line that a sink has got. */
void log_raw(const char *line, size_t len);

/* Whether stderr is a stderr, and not a socket that has its number. */
void log_use_stderr(bool is);

/* The level that name ("off" ... "debug") stands for, or -1. */
int log_level_parse(const char *name);

#endif
