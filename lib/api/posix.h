#ifndef API_POSIX_H
#define API_POSIX_H

#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <zsock/api.h>

/*
 * What a program's POSIX names are bound to when it defines
 * CONFIG_NET_SOCKETS_POSIX_NAMES or CONFIG_POSIX_API: each has POSIX's
 * prototype and the contract of the zsock_ call.  close, read, write, fcntl,
 * ioctl, poll and select act on any descriptor: one that is not a socket of
 * ours is handed to libc.  One that is closing, while another thread's call is
 * still under way, is nobody's: EBADF, or POLLNVAL.
 */
ZSOCK_API int zsock_posix_socket(int family, int type, int proto);
ZSOCK_API int zsock_posix_socketpair(int family, int type, int proto,
    int sv[2]);
ZSOCK_API int zsock_posix_close(int fd);
ZSOCK_API int zsock_posix_shutdown(int fd, int how);
ZSOCK_API int zsock_posix_bind(int fd, const struct sockaddr *addr,
    socklen_t len);
ZSOCK_API int zsock_posix_connect(int fd, const struct sockaddr *addr,
    socklen_t len);
ZSOCK_API int zsock_posix_listen(int fd, int backlog);
ZSOCK_API int zsock_posix_accept(int fd, struct sockaddr *addr, socklen_t *len);
ZSOCK_API ssize_t zsock_posix_send(int fd, const void *buf, size_t len,
    int flags);
ZSOCK_API ssize_t zsock_posix_sendto(int fd, const void *buf, size_t len,
    int flags, const struct sockaddr *addr, socklen_t addrlen);
ZSOCK_API ssize_t zsock_posix_sendmsg(int fd, const struct msghdr *msg,
    int flags);
ZSOCK_API ssize_t zsock_posix_recv(int fd, void *buf, size_t len, int flags);
ZSOCK_API ssize_t zsock_posix_recvfrom(int fd, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen);
ZSOCK_API ssize_t zsock_posix_recvmsg(int fd, struct msghdr *msg, int flags);
ZSOCK_API ssize_t zsock_posix_read(int fd, void *buf, size_t len);
ZSOCK_API ssize_t zsock_posix_write(int fd, const void *buf, size_t len);
ZSOCK_API int zsock_posix_fcntl(int fd, int cmd, ...);
ZSOCK_API int zsock_posix_ioctl(int fd, unsigned long request, ...);
ZSOCK_API int zsock_posix_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
ZSOCK_API int zsock_posix_select(int nfds, fd_set *readfds, fd_set *writefds,
    fd_set *exceptfds, struct timeval *timeout);
ZSOCK_API int zsock_posix_getsockopt(int fd, int level, int name, void *val,
    socklen_t *len);
ZSOCK_API int zsock_posix_setsockopt(int fd, int level, int name,
    const void *val, socklen_t len);
ZSOCK_API int zsock_posix_getsockname(int fd, struct sockaddr *addr,
    socklen_t *len);
ZSOCK_API int zsock_posix_getpeername(int fd, struct sockaddr *addr,
    socklen_t *len);
ZSOCK_API int zsock_posix_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **res);
ZSOCK_API void zsock_posix_freeaddrinfo(struct addrinfo *ai);
ZSOCK_API const char *zsock_posix_gai_strerror(int errcode);
ZSOCK_API int zsock_posix_getnameinfo(const struct sockaddr *addr,
    socklen_t len, char *host, socklen_t hostlen, char *serv, socklen_t servlen,
    int flags);
ZSOCK_API int zsock_posix_gethostname(char *buf, size_t len);
ZSOCK_API const char *zsock_posix_inet_ntop(int family, const void *src,
    char *dst, socklen_t size);
ZSOCK_API int zsock_posix_inet_pton(int family, const char *src, void *dst);

/* The eventfd calls act on any descriptor as well. */
ZSOCK_API int zsock_posix_eventfd(unsigned int initval, int flags);
ZSOCK_API int zsock_posix_eventfd_read(int fd, uint64_t *value);
ZSOCK_API int zsock_posix_eventfd_write(int fd, uint64_t value);

#endif
