#ifndef CORE_MARKS_H
#define CORE_MARKS_H

#include <stdbool.h>

/*
 * What a descriptor of the core's carries besides its socket.  In the kernel: a
 * signal number for F_GETSIG, by which the shim and the programs after exec
 * know it, wherever its number has come from; and FD_CLOEXEC, which a secure
 * one always has.  Here: whether the program wants it to be closed by exec.
 */

/* Sets all three for a new number. */
void marks_set(int fd, bool cloexec);

/* The program's FD_CLOEXEC: a secure socket's is kept here. */
bool marks_cloexec(int fd);
void marks_set_cloexec(int fd, bool cloexec);

/* Is fd a secure socket? */
bool marks_secure(int fd);

#endif
