/*
 * Preloaded behind the library: a kernel that takes not even a goodbye where
 * poll says that there is no room.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SMALL 64

ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (len < SMALL && (flags & MSG_DONTWAIT) != 0 && poll(&p, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_sendto, fd, buf, len, flags, addr, addrlen);
}
