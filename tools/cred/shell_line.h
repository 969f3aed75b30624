#ifndef CRED_SHELL_LINE_H
#define CRED_SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/*
 * Lines of Zephyr's shell, as far as its "cred" command goes: what a person
 * types, a script sends, or a terminal has logged with the prompt before it.
 */

/* What lines leave behind for the next: the buffer of "cred buf". */
struct shell_session {
	struct buf buffer;
	size_t room;  /* CRED_BUF_SIZE of the device; 0: there is no limit */
	bool loading; /* "cred buf load": what follows is data, up to ^C,
	               * with line ends and all */
};
void shell_session_fini(struct shell_session *s);

enum shell_verb {
	SHELL_NONE,   /* a blank line or a comment, or a part of a load */
	SHELL_OTHER,  /* of another command */
	SHELL_BUF,    /* the buffer has len bytes more */
	SHELL_CLEAR,  /* the buffer is empty */
	SHELL_LOAD,   /* from now on lines are data */
	SHELL_LOADED, /* that has ended; the buffer has len bytes */
	SHELL_ADD,
	SHELL_DELETE,
	SHELL_GET,
	SHELL_LIST,
	SHELL_EXPIRY,
	SHELL_WRONG, /* text says why */
};

/* bin, bint, str, strt: is it base64, and is a NUL added? */
struct shell_format {
	bool base64, nul;
};

/* Why a line is wrong, in the order in which a device looks. */
enum shell_error {
	SHELL_ERROR_NONE,
	SHELL_ERROR_USAGE, /* wrong words, or too many or few of them */
	SHELL_ERROR_TAG,
	SHELL_ERROR_TYPE,
	SHELL_ERROR_BACKEND,
	SHELL_ERROR_FORMAT,
	SHELL_ERROR_EMPTY,  /* nothing to add */
	SHELL_ERROR_BASE64, /* what is to be added is none */
	SHELL_ERROR_ROOM,   /* the buffer is too small for it */
	SHELL_ERROR_MEMORY,
};

struct shell_command {
	enum shell_verb verb;
	int tag, type; /* -1 and 0 are any, of a list */
	struct shell_format format;
	struct buf data; /* of an add: the value */
	size_t len;      /* of a buf: bytes that it brought */
	bool cleared;    /* an add has emptied a buffer that was not used */
	enum shell_error error;
	char text[160]; /* the error, for people */
};

/*
 * One line, without its line end, while s is not loading; c is the caller's to
 * finish, here and below.
 */
void shell_line(struct shell_session *s, const char *line, size_t len,
    struct shell_command *c);
/* While s is loading: takes data up to ^C; returns how much that was, with it. */
size_t shell_load(struct shell_session *s, const char *data, size_t len,
    struct shell_command *c);
/* The one or the other of a script; returns how much of text that was. */
size_t shell_next(struct shell_session *s, const char *text, size_t len,
    struct shell_command *c);
void shell_command_fini(struct shell_command *c);

#endif
