#ifndef CRED_CONTROL_H
#define CRED_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cred/wire.h"

/*
 * The control socket of this process, zsock-control(7), and the thread that
 * serves it.  Off unless ZSOCK_CTL or the program asks for it.
 */

/* Starts what the environment asks for, once in each process of a fork. */
void control_ready(void);

/*
 * By program, and for the children of a fork too: name NULL is ZSOCK_CTL_NAME
 * or the process's own.  0, -EALREADY, -EINVAL (the level, or the name), or why
 * there is no socket; all but -EALREADY are logged.
 */
int control_start(enum wire_level level, const char *name);
/* Ends the thread and removes the socket: 0, or -ENOENT if there is none. */
int control_stop(void);

/* What the layers above know: set once, before main, by api/. */
struct control_census {
	/* Which of the n tags open sockets use; returns how many of them. */
	size_t (*open_tags)(const int *tags, size_t n, int *used);
	/* TLS sessions that are kept to be resumed. */
	size_t (*sessions)(void);
};
void control_count_by(const struct control_census *c);

/* Hold it across a fork; the child has neither the thread nor the socket. */
void control_freeze(void);
void control_thaw(void);
void control_forked(void);

/* A name: 1 to 63 printable bytes, not a number, and not beginning with "/". */
bool control_name_ok(const char *name);

#endif
