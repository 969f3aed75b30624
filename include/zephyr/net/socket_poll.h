#ifndef ZEPHYR_NET_SOCKET_POLL_H
#define ZEPHYR_NET_SOCKET_POLL_H

#include <zephyr/net/net_ip.h>
#include <zsock/api.h>

#define ZSOCK_POLLIN 1
#define ZSOCK_POLLPRI 2
#define ZSOCK_POLLOUT 4
#define ZSOCK_POLLERR 8
#define ZSOCK_POLLHUP 0x10
#define ZSOCK_POLLNVAL 0x20

ZSOCK_BEGIN_DECLS

/*
 * Wait until one of nfds sockets is ready, for at most timeout_ms milliseconds;
 * a negative limit waits without end, 0 only looks.  Entries with a negative fd
 * are skipped; their revents is 0.
 *
 * On a secure socket ZSOCK_POLLIN means data for the program, the end or an
 * error to be read: half a record or a session ticket wakes nobody.  The end is
 * ZSOCK_POLLHUP too, and a failed connection ZSOCK_POLLERR.  A number that is
 * not an open socket of the library is ZSOCK_POLLNVAL.
 *
 * May be called from any thread, also while others use the sockets; blocks up
 * to the time limit, and signals do not interrupt it.
 *
 * Returns the number of entries whose revents is not 0, 0 when the time was
 * over, or -1 with errno
 *   EINVAL  nfds is negative, or fds is NULL and nfds is not 0 (in the linux
 *           profile EFAULT)
 *   EINTR   another thread closed one of the sockets while the call waited
 *   ENOMEM  there is no memory for that many sockets (Zephyr), nfds is above
 *           RLIMIT_NOFILE or 1048576 (in the linux profile EINVAL), or the
 *           limits of the target that are in force allow fewer
 */
ZSOCK_API int zsock_poll(struct zsock_pollfd *fds, int nfds, int timeout_ms);

ZSOCK_END_DECLS

#endif
