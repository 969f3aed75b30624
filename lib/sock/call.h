#ifndef SOCK_CALL_H
#define SOCK_CALL_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * The socket calls by number, in the host's types: what api/ and the shim
 * share.  Each returns >= 0 or a negative errno; -EBADF if sock is not ours.
 * Arguments and blocking are POSIX's unless the public header says otherwise.
 */

struct zsock;

/*
 * -EAFNOSUPPORT, -ENFILE, -EPROTOTYPE, -EPROTONOSUPPORT, in the order in which
 * the device looks at them; -ENOMEM, or the kernel's.
 */
int call_socket(int family, int type, int proto);

/*
 * Makes kfd, a plain stream socket of the kernel's that no number of ours
 * stands for, a secure one with that number.  prepare sets its options before
 * anybody can find it.  0; after a failure it is as it was: what prepare has
 * answered, -ENFILE, -ENOMEM, -EINVAL if numbers are not the kernel's.
 */
int call_adopt(int kfd, int family, int proto,
    int (*prepare)(struct zsock *s, const void *arg), const void *arg);

int call_close(int sock);
int call_bind(int sock, const struct sockaddr *addr, socklen_t len);

/*
 * For a caller that would refuse an argument: would sock look at it?  False if
 * sock is not ours, which then decides.  An address of bind and connect; where
 * data are to go; whether a buffer is NULL, which most leave to their users.
 */
bool call_uses_address(int sock);
bool call_uses_dest(int sock);
bool call_checks_buffer(int sock);

/* 0, or what stands against recvmsg before its arguments are looked at. */
int call_no_recvmsg(int sock);

/*
 * Writes the port that the socket has into addr, which was bound with port 0:
 * the device does, though the parameter is const.
 */
void call_port_back(int sock, struct sockaddr *addr);
int call_connect(int sock, const struct sockaddr *addr, socklen_t len);
int call_listen(int sock, int backlog);
int call_accept(int sock, struct sockaddr *addr, socklen_t *len);
int call_shutdown(int sock, int how);
ssize_t call_sendto(int sock, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen);
ssize_t call_sendmsg(int sock, const struct msghdr *m, int flags);

/* What sendmsg answers to a message that is NULL. */
int call_sendmsg_null(int sock);

/* addr and addrlen may be NULL, together. */
ssize_t call_recvfrom(int sock, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen);
ssize_t call_recvmsg(int sock, struct msghdr *m, int flags);
int call_getsockname(int sock, struct sockaddr *addr, socklen_t *len);
int call_getpeername(int sock, struct sockaddr *addr, socklen_t *len);
int call_getsockopt(int sock, int level, int name, void *val, socklen_t *len);
int call_setsockopt(int sock, int level, int name, const void *val,
    socklen_t len);

/*
 * F_GETFL and F_SETFL, O_NONBLOCK alone; else -EOPNOTSUPP.  In the linux
 * profile the kernel's, but for the making of copies.
 */
int call_fcntl(int sock, int cmd, int flags);
/* Bytes of data that recv of a secure socket would answer with at least. */
int call_readable(int sock);

int call_ioctl(int sock, unsigned long request, int *value);

/*
 * What a secure socket has to tell.  -EOPNOTSUPP if sock is none, -ENOTCONN
 * before its handshake is complete.  The strings are static.
 */
int call_tls_version(int sock, const char **name);
int call_tls_suite(int sock, const char **name);

/* Copies the application protocol; its full length, 0 if there is none. */
ssize_t call_tls_protocol(int sock, char *buf, size_t len);

/* 1: it went on with an earlier session; 0: the handshake was a full one. */
int call_tls_resumed(int sock);

/* Copies the last failure's line; its full length, 0 if there is none. */
ssize_t call_error_text(int sock, char *buf, size_t len);

#endif
