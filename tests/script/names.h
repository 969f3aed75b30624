#ifndef SCRIPT_NAMES_H
#define SCRIPT_NAMES_H

/*
 * One source, three programs: SCRIPT_LIBC takes the calls from libc, without
 * the library; SCRIPT_ZSOCK has their zsock_ names; and without either they are
 * POSIX names bound to the library, by CONFIG_NET_SOCKETS_POSIX_NAMES.  N(bind)
 * is the call.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifdef SCRIPT_LIBC
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#else
#include <zephyr/net/socket.h>
#endif

#ifdef SCRIPT_ZSOCK
#define N(name) zsock_##name
/* What no zsock_ name stands for. */
#define zsock_read(fd, buf, len) zsock_recv((fd), (buf), (len), 0)
#define zsock_write(fd, buf, len) zsock_send((fd), (buf), (len), 0)
#else
#define N(name) name
#endif

#endif
