#ifndef ZEPHYR_NET_SOCKET_SELECT_H
#define ZEPHYR_NET_SOCKET_SELECT_H

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

#include <stddef.h>

#include <zephyr/net/socket_types.h>
#include <zsock/api.h>

ZSOCK_BEGIN_DECLS

/*
 * Wait until a socket of the three sets is ready, or the time is over.
 *
 * readfds: data, a connection to accept, or the end to be read; writefds: room
 * to send, or a failed connection; exceptfds: urgent data, or a failure.  Each
 * may be NULL.  On return the sets hold the sockets that are ready and no
 * other.  timeout is not changed; NULL waits without limit, and what is longer
 * than 24.8 days waits that long.  As on a device every bit of a set counts,
 * whatever nfds says.  In the linux profile only those below nfds do, and
 * timeout is what is left of it on return.
 *
 * May be called from any thread; blocks up to the time limit, and signals do
 * not interrupt it.
 *
 * Returns the number of bits that are set, 0 when the time was over, or -1
 * with errno (Zephyr)
 *   EBADF   a set has a number that is not an open socket of the library; the
 *           sets are empty then (not so in the linux profile)
 *   EINVAL  the time limit is negative, which a device does not look at; in the
 *           linux profile nfds is
 *   EINTR   another thread closed one of the sockets while the call waited
 *   ENOMEM  there is no memory for that many sockets, or the limits of the
 *           target that are in force allow fewer
 */
ZSOCK_API int zsock_select(int nfds, zsock_fd_set *readfds,
    zsock_fd_set *writefds, zsock_fd_set *exceptfds,
    struct zsock_timeval *timeout);

/*
 * Change or ask a set.  A number that no set can hold, below 0 or from
 * ZSOCK_FD_SETSIZE on, changes nothing and is in no set (Zephyr); and a set that
 * is NULL has none.
 */
static inline int
zsock_fd_fits(int fd)
{
	return fd >= 0 && fd < (int)ZSOCK_FD_SETSIZE;
}

static inline void
ZSOCK_FD_ZERO(zsock_fd_set *set)
{
	if (set != NULL)
		FD_ZERO(set);
}

static inline void
ZSOCK_FD_SET(int fd, zsock_fd_set *set)
{
	if (set != NULL && zsock_fd_fits(fd))
		FD_SET(fd, set);
}

static inline void
ZSOCK_FD_CLR(int fd, zsock_fd_set *set)
{
	if (set != NULL && zsock_fd_fits(fd))
		FD_CLR(fd, set);
}

static inline int
ZSOCK_FD_ISSET(int fd, zsock_fd_set *set)
{
	return set != NULL && zsock_fd_fits(fd) && FD_ISSET(fd, set);
}

ZSOCK_END_DECLS

#endif
