#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * Every call into the kernel that concerns descriptors, with libc's
 * conventions: -1 and errno on failure.  This table is the only way out of the
 * library, so that an interposing shim can point it at libc's originals and a
 * test at a script of results.
 */
struct kernel {
	int (*socket)(int family, int type, int proto);
	int (*socketpair)(int family, int type, int proto, int kfds[2]);
	int (*eventfd)(unsigned int value, int flags);
	int (*close)(int kfd);
	int (*bind)(int kfd, const struct sockaddr *addr, socklen_t len);
	int (*connect)(int kfd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int kfd, int backlog);
	int (*accept4)(int kfd, struct sockaddr *addr, socklen_t *len,
	    int flags);
	int (*shutdown)(int kfd, int how);
	ssize_t (*sendto)(int kfd, const void *buf, size_t len, int flags,
	    const struct sockaddr *addr, socklen_t addrlen);
	ssize_t (*sendmsg)(int kfd, const struct msghdr *msg, int flags);
	ssize_t (*recvfrom)(int kfd, void *buf, size_t len, int flags,
	    struct sockaddr *addr, socklen_t *addrlen);
	ssize_t (*recvmsg)(int kfd, struct msghdr *msg, int flags);
	int (*getsockopt)(int kfd, int level, int name, void *val,
	    socklen_t *len);
	int (*setsockopt)(int kfd, int level, int name, const void *val,
	    socklen_t len);
	int (*getsockname)(int kfd, struct sockaddr *addr, socklen_t *len);
	int (*getpeername)(int kfd, struct sockaddr *addr, socklen_t *len);
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout_ms);
	int (*select)(int nfds, fd_set *r, fd_set *w, fd_set *e,
	    struct timeval *timeout);
	int (*fcntl)(int kfd, int cmd, long arg);
	int (*dup3)(int kfd, int to, int flags);
	int (*ioctl)(int kfd, unsigned long request, void *arg);
	ssize_t (*read)(int kfd, void *buf, size_t len);
	ssize_t (*write)(int kfd, const void *buf, size_t len);
	ssize_t (*preadv2)(int kfd, const struct iovec *iov, int n,
	    off_t offset, int flags);
};

/* The table in use.  Set before the first call of any other thread. */
extern const struct kernel *kernel;

/* libc's own calls: what kernel points to unless somebody changed it. */
extern const struct kernel kernel_libc;

#endif
