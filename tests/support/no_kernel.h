#ifndef SUPPORT_NO_KERNEL_H
#define SUPPORT_NO_KERNEL_H

#include <poll.h>
#include <sys/socket.h>

/*
 * A kernel table for one datagram socket that is nowhere but in the test: it is
 * not connected, does not wait, and takes every option.  What it carries is the
 * test's.
 */
struct no_kernel {
	ssize_t (*sendto)(int kfd, const void *buf, size_t len, int flags,
	    const struct sockaddr *addr, socklen_t addrlen);
	ssize_t (*recvfrom)(int kfd, void *buf, size_t len, int flags,
	    struct sockaddr *addr, socklen_t *addrlen);
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout_ms);
};

void no_kernel_install(const struct no_kernel *n);

#endif
