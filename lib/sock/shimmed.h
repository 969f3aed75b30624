#ifndef SOCK_SHIMMED_H
#define SOCK_SHIMMED_H

#include <stdbool.h>

/*
 * Are the program's calls libc's own, under the preload library?  Such a
 * program waits in ways that are not seen here, epoll say, and knows the rules
 * of the host's sockets alone.  Set once, before there is a socket.
 */
extern bool shimmed;

void shimmed_set(void);

#endif
