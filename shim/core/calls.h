#ifndef CORE_CALLS_H
#define CORE_CALLS_H

#include "shim/core.h"

/* The entries of struct core, in libc's conventions: see shim/core.h. */

#define WRAP(ret, name, params, args) ret calls_##name params;
#include "shim/wrapped.def"
#undef WRAP

int calls_socket(int family, int type, int proto);
int calls_adopt(int fd, const int *tags, size_t ntags, const char *hostname,
    bool server);
int calls_adopt_copy(int fd, int copy);
int calls_connect(int fd, const struct sockaddr *addr, socklen_t len);
int calls_listen(int fd, int backlog);
int calls_close(int fd);
int calls_vacate(int fd);
void calls_forget(int fd);
int calls_fcntl(int fd, int cmd, long arg);
int calls_ioctl(int fd, unsigned long request, void *arg);
int calls_dup3(int fd, int to, int flags);
int calls_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask);
int calls_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **res);
void calls_freeaddrinfo(struct addrinfo *list);
int calls_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen, int flags);
bool calls_withheld(int fd);
void calls_log(enum core_log level, const char *text);

#endif
