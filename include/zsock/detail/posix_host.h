#ifndef ZSOCK_DETAIL_POSIX_HOST_H
#define ZSOCK_DETAIL_POSIX_HOST_H

/* Host mode: glibc has declared every name, and this binds it. */

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

ZSOCK_BEGIN_DECLS

#ifndef __USE_XOPEN2K /* a strict language mode hides these five */
int getaddrinfo(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct zsock_addrinfo **res);
void freeaddrinfo(struct zsock_addrinfo *ai);
const char *gai_strerror(int errcode);
int getnameinfo(const struct net_sockaddr *addr, net_socklen_t len, char *host,
    net_socklen_t hostlen, char *serv, net_socklen_t servlen, int flags);
int gethostname(char *buf, size_t len);
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls" /* that is the point */
ZSOCK_POSIX_BIND(socket);
ZSOCK_POSIX_BIND(socketpair);
ZSOCK_POSIX_BIND(close);
ZSOCK_POSIX_BIND(shutdown);
ZSOCK_POSIX_BIND(bind);
ZSOCK_POSIX_BIND(connect);
ZSOCK_POSIX_BIND(listen);
ZSOCK_POSIX_BIND(accept);
ZSOCK_POSIX_BIND(send);
ZSOCK_POSIX_BIND(sendto);
ZSOCK_POSIX_BIND(sendmsg);
ZSOCK_POSIX_BIND(recv);
ZSOCK_POSIX_BIND(recvfrom);
ZSOCK_POSIX_BIND(recvmsg);
ZSOCK_POSIX_BIND(read);
ZSOCK_POSIX_BIND(write);
ZSOCK_POSIX_BIND(fcntl);
ZSOCK_POSIX_BIND(ioctl);
ZSOCK_POSIX_BIND(poll);
ZSOCK_POSIX_BIND(select);
ZSOCK_POSIX_BIND(getsockopt);
ZSOCK_POSIX_BIND(setsockopt);
ZSOCK_POSIX_BIND(getpeername);
ZSOCK_POSIX_BIND(getsockname);
ZSOCK_POSIX_BIND(getaddrinfo);
ZSOCK_POSIX_BIND(freeaddrinfo);
ZSOCK_POSIX_BIND(gai_strerror);
ZSOCK_POSIX_BIND(getnameinfo);
ZSOCK_POSIX_BIND(gethostname);
ZSOCK_POSIX_BIND(inet_ntop);
ZSOCK_POSIX_BIND(inet_pton);
#pragma GCC diagnostic pop

ZSOCK_END_DECLS

#endif
