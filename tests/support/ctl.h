#ifndef SUPPORT_CTL_H
#define SUPPORT_CTL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "cred/wire.h"

/* A client of a control socket, without the tool. */

/*
 * Runs fn as a process of its own, for there is one socket a process: its
 * status, or minus the signal.  In it, CHECK is what an assertion is elsewhere.
 */
int ctl_run(void (*fn)(void));
#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			dprintf(1, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			_exit(1); \
		} \
	} while (0)

/* As sandboxes do that know close_range(2) not, or forbid it. */
void ctl_forbid_close_range(void);

/* A new directory as ZSOCK_CTL_DIR; gone with all that is in it. */
const char *ctl_dir_make(void);
void ctl_dir_remove(void);
/* How many names that end in suffix are in it. */
int ctl_dir_count(const char *suffix);

/* Connected to <pid>.sock there, or -errno. */
int ctl_connect(pid_t pid);

/* Sends a whole frame and wipes it; false: the connection is over. */
bool ctl_send(int fd, struct wire_frame *w);
/* One frame, within 10 s; false: the connection is over. */
bool ctl_receive(int fd, struct wire_reader *r);
/* The connection is closed within ms. */
bool ctl_closed(int fd, int ms);

/* The number of the field of that tag in a frame; fallback if there is none. */
uint64_t ctl_number(const struct wire_reader *r, uint16_t tag,
    uint64_t fallback);

/* HELLO to the process, on a connection of its own; the pid that it says. */
int ctl_hello(pid_t pid);

/* How many threads of the socket's, and open descriptors, this process has. */
int ctl_threads(void);
int ctl_descriptors(void);

#endif
