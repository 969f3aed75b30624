/*
 * Takes libzsock's place at link time: what the POSIX names are to be bound to,
 * each leaving its name behind.
 */
#include "posix_stub.h"

#include <stdint.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

const char *stub_hit = "";
int stub_kernel_numbers;

/* Their declarations are the library's own affair, so they are given here. */
#define STUB(ret, name, params) \
	ret zsock_posix_##name params; \
	ret zsock_posix_##name params \
	{ \
		stub_hit = #name; \
		return 0; \
	}

STUB(int, socket, (int a, int b, int c))
STUB(int, socketpair, (int a, int b, int c, int d[2]))
STUB(int, close, (int a))
STUB(int, shutdown, (int a, int b))
STUB(int, bind, (int a, const struct net_sockaddr *b, net_socklen_t c))
STUB(int, connect, (int a, const struct net_sockaddr *b, net_socklen_t c))
STUB(int, listen, (int a, int b))
STUB(int, accept, (int a, struct net_sockaddr *b, net_socklen_t *c))
STUB(ssize_t, send, (int a, const void *b, size_t c, int d))
STUB(ssize_t, sendto,
    (int a, const void *b, size_t c, int d, const struct net_sockaddr *e,
        net_socklen_t f))
STUB(ssize_t, sendmsg, (int a, const struct net_msghdr *b, int c))
STUB(ssize_t, recv, (int a, void *b, size_t c, int d))
STUB(ssize_t, recvfrom,
    (int a, void *b, size_t c, int d, struct net_sockaddr *e, net_socklen_t *f))
STUB(ssize_t, recvmsg, (int a, struct net_msghdr *b, int c))
STUB(ssize_t, read, (int a, void *b, size_t c))
STUB(ssize_t, write, (int a, const void *b, size_t c))
STUB(int, fcntl, (int a, int b, ...))
STUB(int, ioctl, (int a, unsigned long b, ...))
STUB(int, poll, (struct zsock_pollfd * a, unsigned long b, int c))
STUB(int, select,
    (int a, zsock_fd_set *b, zsock_fd_set *c, zsock_fd_set *d,
        struct zsock_timeval *e))
STUB(int, getsockopt, (int a, int b, int c, void *d, net_socklen_t *e))
STUB(int, setsockopt, (int a, int b, int c, const void *d, net_socklen_t e))
STUB(int, getpeername, (int a, struct net_sockaddr *b, net_socklen_t *c))
STUB(int, getsockname, (int a, struct net_sockaddr *b, net_socklen_t *c))
STUB(int, getaddrinfo,
    (const char *a, const char *b, const struct zsock_addrinfo *c,
        struct zsock_addrinfo **d))
STUB(const char *, gai_strerror, (int a))
STUB(int, getnameinfo,
    (const struct net_sockaddr *a, net_socklen_t b, char *c, net_socklen_t d,
        char *e, net_socklen_t f, int g))
STUB(int, gethostname, (char *a, size_t b))
STUB(const char *, inet_ntop, (int a, const void *b, char *c, net_socklen_t d))
STUB(int, inet_pton, (int a, const char *b, void *c))
STUB(int, eventfd, (unsigned int a, int b))
STUB(int, eventfd_read, (int a, uint64_t *b))
STUB(int, eventfd_write, (int a, uint64_t b))

void zsock_posix_freeaddrinfo(struct zsock_addrinfo *ai);

void
zsock_posix_freeaddrinfo(struct zsock_addrinfo *ai)
{
	(void)ai;
	stub_hit = "freeaddrinfo";
}

void
zsock_use_kernel_numbers(void)
{
	stub_kernel_numbers++;
}
