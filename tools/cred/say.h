#ifndef CRED_SAY_H
#define CRED_SAY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What the tool ends with; zsock-cred(1). */
enum outcome {
	DONE = 0,      /* all input was used, or each skipped entry named */
	NO = 1,        /* the answer is no: check found errors, stores differ */
	USAGE = 2,     /* wrong arguments, an ambiguous @NAME */
	MALFORMED = 3, /* input that cannot be understood */
	ABSENT = 4,    /* no such file, process, credential */
	REFUSED =
	    5, /* mode or owner, level, redacted, a secret to a terminal */
	CONFLICT = 6, /* a pair exists, or the store changed meanwhile */
	LIMIT = 7,    /* file, value, count, store full */
	ENDED = 8,  /* the process ended, timed out, speaks no common version */
	FAILED = 9, /* system error: disk full, no memory */
};

/* "zsock-cred: ..." on standard error, escaped; returns outcome. */
int say(enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* FAILED, for want of memory. */
int say_no_memory(void);
/* The same as say without an outcome: a warning, or what was done; not with -q. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern int say_quiet; /* -q */

/* The outcome of a negative errno. */
enum outcome outcome_of(int rc);

/*
 * Text from certificates, processes and peers, as it may be shown on a terminal:
 * control bytes and invalid UTF-8 are \xNN.  Writes at most size bytes, the NUL
 * included, and returns out.
 */
char *say_escape(const char *text, size_t len, char *out, size_t size);

/* The bytes of the UTF-8 character that text begins with; 0 if there is none. */
size_t say_utf8(const char *text, size_t len, unsigned long *code);
/* False of those that steer a terminal, or turn the direction of what follows. */
bool say_is_shown(unsigned long code);

/* Waits until fd can be written or read, for one that does not by itself. */
int say_wait(int fd, short events);

/*
 * Standard output, collected and written once at the end; out_end returns DONE,
 * or FAILED with a message if it cannot be written.  A closed pipe is silent,
 * and no failure.
 */
void out(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_bytes(const void *data, size_t len);
int out_end(void);

#endif
