#ifndef ZSOCK_DETAIL_POSIX_FIRMWARE_H
#define ZSOCK_DETAIL_POSIX_FIRMWARE_H

/*
 * Firmware mode: the functions with our types are declared here.  read, write,
 * ioctl and select are bound by the shadows of their own headers, so that a
 * source may have a static read() as long as it does not include <unistd.h>.
 */

ZSOCK_BEGIN_DECLS

typedef unsigned long nfds_t;

int socket(int family, int type, int proto) ZSOCK_POSIX_SYMBOL(socket);
int socketpair(int family, int type, int proto, int sv[2])
    ZSOCK_POSIX_SYMBOL(socketpair);
int close(int fd) ZSOCK_POSIX_SYMBOL(close);
int shutdown(int fd, int how) ZSOCK_POSIX_SYMBOL(shutdown);
int bind(int fd, const struct net_sockaddr *addr, net_socklen_t len)
    ZSOCK_POSIX_SYMBOL(bind);
int connect(int fd, const struct net_sockaddr *addr, net_socklen_t len)
    ZSOCK_POSIX_SYMBOL(connect);
int listen(int fd, int backlog) ZSOCK_POSIX_SYMBOL(listen);
int accept(int fd, struct net_sockaddr *addr, net_socklen_t *len)
    ZSOCK_POSIX_SYMBOL(accept);
ssize_t send(int fd, const void *buf, size_t len, int flags)
    ZSOCK_POSIX_SYMBOL(send);
ssize_t sendto(int fd, const void *buf, size_t len, int flags,
    const struct net_sockaddr *dest, net_socklen_t addrlen)
    ZSOCK_POSIX_SYMBOL(sendto);
ssize_t sendmsg(int fd, const struct net_msghdr *msg, int flags)
    ZSOCK_POSIX_SYMBOL(sendmsg);
ssize_t recv(int fd, void *buf, size_t len, int flags) ZSOCK_POSIX_SYMBOL(recv);
ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
    struct net_sockaddr *src, net_socklen_t *addrlen)
    ZSOCK_POSIX_SYMBOL(recvfrom);
ssize_t recvmsg(int fd, struct net_msghdr *msg, int flags)
    ZSOCK_POSIX_SYMBOL(recvmsg);
int fcntl(int fd, int cmd, ...) ZSOCK_POSIX_SYMBOL(fcntl);
int poll(struct zsock_pollfd *fds, nfds_t nfds, int timeout_ms)
    ZSOCK_POSIX_SYMBOL(poll);
int getsockopt(int fd, int level, int optname, void *optval,
    net_socklen_t *optlen) ZSOCK_POSIX_SYMBOL(getsockopt);
int setsockopt(int fd, int level, int optname, const void *optval,
    net_socklen_t optlen) ZSOCK_POSIX_SYMBOL(setsockopt);
int getpeername(int fd, struct net_sockaddr *addr, net_socklen_t *len)
    ZSOCK_POSIX_SYMBOL(getpeername);
int getsockname(int fd, struct net_sockaddr *addr, net_socklen_t *len)
    ZSOCK_POSIX_SYMBOL(getsockname);
int getaddrinfo(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct zsock_addrinfo **res)
    ZSOCK_POSIX_SYMBOL(getaddrinfo);
void freeaddrinfo(struct zsock_addrinfo *ai) ZSOCK_POSIX_SYMBOL(freeaddrinfo);
const char *gai_strerror(int errcode) ZSOCK_POSIX_SYMBOL(gai_strerror);
int getnameinfo(const struct net_sockaddr *addr, net_socklen_t len, char *host,
    net_socklen_t hostlen, char *serv, net_socklen_t servlen, int flags)
    ZSOCK_POSIX_SYMBOL(getnameinfo);
int gethostname(char *buf, size_t len) ZSOCK_POSIX_SYMBOL_NOTHROW(gethostname);
const char *inet_ntop(int family, const void *src, char *dst,
    net_socklen_t size) ZSOCK_POSIX_SYMBOL(inet_ntop);
int inet_pton(int family, const char *src, void *dst)
    ZSOCK_POSIX_SYMBOL(inet_pton);

ZSOCK_END_DECLS

#define pollfd zsock_pollfd
#define addrinfo zsock_addrinfo

#define POLLIN ZSOCK_POLLIN
#define POLLPRI ZSOCK_POLLPRI
#define POLLOUT ZSOCK_POLLOUT
#define POLLERR ZSOCK_POLLERR
#define POLLHUP ZSOCK_POLLHUP
#define POLLNVAL ZSOCK_POLLNVAL

/* POSIX's other flags: the library ignores them, as the device does. */
#define MSG_OOB 0x01
#define MSG_DONTROUTE 0x04
#define MSG_EOR 0x80
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000

#define EAI_BADFLAGS DNS_EAI_BADFLAGS
#define EAI_NONAME DNS_EAI_NONAME
#define EAI_AGAIN DNS_EAI_AGAIN
#define EAI_FAIL DNS_EAI_FAIL
#define EAI_NODATA DNS_EAI_NODATA
#define EAI_FAMILY DNS_EAI_FAMILY
#define EAI_SOCKTYPE DNS_EAI_SOCKTYPE
#define EAI_SERVICE DNS_EAI_SERVICE
#define EAI_ADDRFAMILY DNS_EAI_ADDRFAMILY
#define EAI_MEMORY DNS_EAI_MEMORY
#define EAI_SYSTEM DNS_EAI_SYSTEM
#define EAI_OVERFLOW DNS_EAI_OVERFLOW
#define EAI_INPROGRESS DNS_EAI_INPROGRESS
#define EAI_CANCELED DNS_EAI_CANCELED
#define EAI_NOTCANCELED DNS_EAI_NOTCANCELED
#define EAI_ALLDONE DNS_EAI_ALLDONE
#define EAI_IDN_ENCODE DNS_EAI_IDN_ENCODE

#endif
