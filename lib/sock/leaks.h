#ifndef SOCK_LEAKS_H
#define SOCK_LEAKS_H

#include "sock/sock.h"

/*
 * ZSOCK_LEAKS=1: when the program exits, standard error has for each socket
 * that it has not closed the number, the kind, the addresses and the calls that
 * made it.  Sockets that a forked process has from its parent are the parent's
 * to close, and not listed in the child.  Without the variable none of this
 * costs more than a test.
 */

/* s is being made: remembers the calls that lead here.  For sock_init. */
void leaks_note(struct zsock *s);

/* s is gone, or nobody is expected to close it. */
void leaks_forget(struct zsock *s);

#endif
