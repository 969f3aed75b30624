#ifndef SOCK_FDTABLE_H
#define SOCK_FDTABLE_H

#include <stdbool.h>

#include "sock/sock.h"

/*
 * Numbers to sockets.  Two numberings, fixed when the first number is given:
 * private (the lowest free number from 0), or the kernel's own (a socket's
 * number is its kfd).  Looking a number up takes no lock.
 */

/* Kernel numbering from now on; false if private numbers were given out. */
bool fdtable_use_kernel_numbers(void);

/* Is it in force? */
bool fdtable_kernel_numbers(void);

/*
 * Sets a place aside before anything else is opened, so that a full table is
 * known before a connection is taken from a queue.  Returns it or -ENFILE.
 */
int fdtable_reserve(void);
void fdtable_cancel(int place);

/*
 * Puts s in the place reserved, handing over the caller's reference.  Returns
 * its number, or -ENFILE if the kernel's number is beyond the table, in which
 * case the caller still has s and the place is cancelled.
 */
int fdtable_install(int place, struct zsock *s);

/* The socket with a new reference, or NULL. */
struct zsock *fdtable_get(int sock);

/*
 * The socket without a reference, or NULL: only ops and kfd may be read, and
 * they may be another socket's by the time that they are.
 */
struct zsock *fdtable_peek(int sock);

bool fdtable_owns(int sock);

/*
 * Takes the socket out and hands the table's reference to the caller.  The
 * number is not given again before the last reference is gone.  NULL: none.
 */
struct zsock *fdtable_remove(int sock);

/* The last reference of the socket that had this number is gone. */
void fdtable_free_number(int sock);

/* At most n numbers; 0 is the default, RLIMIT_NOFILE.  For limits and tests. */
void fdtable_limit(int n);

#endif
