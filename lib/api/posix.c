#include "api/posix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>

#include <zephyr/net/socket.h>
#include <zephyr/zvfs/eventfd.h>

#include "api/poll.h"
#include "base/err.h"
#include "base/kernel.h"
#include "sock/call.h"
#include "sock/fdtable.h"

int
zsock_posix_socket(int family, int type, int proto)
{
	return zsock_socket(family, type, proto);
}

int
zsock_posix_socketpair(int family, int type, int proto, int sv[2])
{
	return zsock_socketpair(family, type, proto, sv);
}

int
zsock_posix_close(int fd)
{
	return fdtable_foreign(fd) ? kernel->close(fd) : zsock_close(fd);
}

int
zsock_posix_shutdown(int fd, int how)
{
	return zsock_shutdown(fd, how);
}

int
zsock_posix_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return zsock_bind(fd, addr, len);
}

int
zsock_posix_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return zsock_connect(fd, addr, len);
}

int
zsock_posix_listen(int fd, int backlog)
{
	return zsock_listen(fd, backlog);
}

int
zsock_posix_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return zsock_accept(fd, addr, len);
}

ssize_t
zsock_posix_send(int fd, const void *buf, size_t len, int flags)
{
	return zsock_send(fd, buf, len, flags);
}

ssize_t
zsock_posix_sendto(int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	return zsock_sendto(fd, buf, len, flags, addr, addrlen);
}

ssize_t
zsock_posix_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return zsock_sendmsg(fd, msg, flags);
}

ssize_t
zsock_posix_recv(int fd, void *buf, size_t len, int flags)
{
	return zsock_recv(fd, buf, len, flags);
}

ssize_t
zsock_posix_recvfrom(int fd, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	return zsock_recvfrom(fd, buf, len, flags, addr, addrlen);
}

ssize_t
zsock_posix_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return zsock_recvmsg(fd, msg, flags);
}

ssize_t
zsock_posix_read(int fd, void *buf, size_t len)
{
	return fdtable_foreign(fd) ? kernel->read(fd, buf, len)
	                           : zsock_recv(fd, buf, len, 0);
}

ssize_t
zsock_posix_write(int fd, const void *buf, size_t len)
{
	return fdtable_foreign(fd) ? kernel->write(fd, buf, len)
	                           : zsock_send(fd, buf, len, 0);
}

int
zsock_posix_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (fdtable_foreign(fd))
		return kernel->fcntl(fd, cmd, arg);
	return zsock_fcntl(fd, cmd, (int)arg);
}

int
zsock_posix_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fdtable_foreign(fd))
		return kernel->ioctl(fd, request, arg);
	return zsock_ioctl(fd, request, arg);
}

int
zsock_posix_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return (int)err_edge(
	    poll_array(fds, n, timeout_ms, fdtable_kernel_numbers()));
}

int
zsock_posix_select(int nfds, fd_set *readfds, fd_set *writefds,
    fd_set *exceptfds, struct timeval *timeout)
{
	const struct poll_sets sets = { readfds, writefds, exceptfds };

	return (int)err_edge(
	    poll_select(nfds, sets, timeout, fdtable_kernel_numbers()));
}

int
zsock_posix_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	return zsock_getsockopt(fd, level, name, val, len);
}

int
zsock_posix_setsockopt(int fd, int level, int name, const void *val,
    socklen_t len)
{
	return zsock_setsockopt(fd, level, name, val, len);
}

int
zsock_posix_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return zsock_getsockname(fd, addr, len);
}

int
zsock_posix_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return zsock_getpeername(fd, addr, len);
}

int
zsock_posix_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
	return zsock_getaddrinfo(host, service, hints, res);
}

void
zsock_posix_freeaddrinfo(struct addrinfo *ai)
{
	zsock_freeaddrinfo(ai);
}

const char *
zsock_posix_gai_strerror(int errcode)
{
	return zsock_gai_strerror(errcode);
}

int
zsock_posix_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	return zsock_getnameinfo(addr, len, host, hostlen, serv, servlen,
	    flags);
}

int
zsock_posix_gethostname(char *buf, size_t len)
{
	return zsock_gethostname(buf, len);
}

/* An int that no family has must not become one that has. */
static net_sa_family_t
family_of(int family)
{
	return family == (net_sa_family_t)family ? (net_sa_family_t)family
	                                         : NET_AF_UNSPEC;
}

const char *
zsock_posix_inet_ntop(int family, const void *src, char *dst, socklen_t size)
{
	return zsock_inet_ntop(family_of(family), src, dst, size);
}

int
zsock_posix_inet_pton(int family, const char *src, void *dst)
{
	return zsock_inet_pton(family_of(family), src, dst);
}

int
zsock_posix_eventfd(unsigned int initval, int flags)
{
	return zvfs_eventfd(initval, flags);
}

/* One that a source without the names has made is the kernel's. */
int
zsock_posix_eventfd_read(int fd, uint64_t *value)
{
	if (!fdtable_foreign(fd))
		return zvfs_eventfd_read(fd, value);
	return kernel->read(fd, value, sizeof(*value)) == sizeof(*value) ? 0
	                                                                 : -1;
}

int
zsock_posix_eventfd_write(int fd, uint64_t value)
{
	if (!fdtable_foreign(fd))
		return zvfs_eventfd_write(fd, value);
	return kernel->write(fd, &value, sizeof(value)) == sizeof(value) ? 0
	                                                                 : -1;
}
