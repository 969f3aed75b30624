#ifndef ZEPHYR_NET_SOCKET_TYPES_H
#define ZEPHYR_NET_SOCKET_TYPES_H

/* Sets of sockets and time limits: libc's own types, in either mode. */

#include <sys/select.h>
#include <sys/time.h>

#define zsock_timeval timeval

/* The number of sockets in a set: 0 to ZSOCK_FD_SETSIZE - 1. */
#define ZSOCK_FD_SETSIZE FD_SETSIZE

typedef fd_set zsock_fd_set;

#endif
