#ifndef SHIM_STANDARD_H
#define SHIM_STANDARD_H

#include <stdbool.h>

/*
 * stdin, stdout and stderr while descriptor 0, 1 or 2 is the core's: libc's own
 * streams would write plain text on a secure connection.  The variables point to
 * streams of the core's meanwhile, and libc's have no descriptor: whoever kept
 * one of them is told EBADF.
 */

static inline bool
standard_is(int fd)
{
	return fd >= 0 && fd <= 2;
}

/* fd, which standard_is, has become the core's.  Leaves errno alone. */
void standard_take(int fd);

/* It is about to become another file's, or nobody's.  Leaves errno alone. */
void standard_give(int fd);

#endif
