/*
 * Every POSIX name goes to the library: called by its name, and through a
 * pointer.  Linked with posix_stub.c; exits with 0 if all did, and names those
 * that did not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/posix/fcntl.h>
#include <zephyr/posix/poll.h>
#include <zephyr/posix/sys/eventfd.h>
#include <zephyr/posix/sys/ioctl.h>
#include <zephyr/posix/sys/select.h>
#include <zephyr/posix/sys/socket.h>
#include <zephyr/posix/unistd.h>

#include "posix_stub.h"

static int missed;

static void
look(const char *name, const char *how)
{
	if (strcmp(stub_hit, name) != 0) {
		missed++;
		printf("%s, called %s, did not reach the library\n", name, how);
	}
	stub_hit = "";
}

/* Each name in a function of its own, which is not inlined. */
#define CALL(name, ...) \
	static void __attribute__((noinline)) call_##name(void) \
	{ \
		__typeof__(&name) volatile pointer = name; \
\
		(void)name(__VA_ARGS__); \
		look(#name, "by its name"); \
		(void)pointer(__VA_ARGS__); \
		look(#name, "through a pointer"); \
	}

static struct sockaddr_in to;
static struct sockaddr *addr = (struct sockaddr *)&to;
static socklen_t len = sizeof(to);
static char buf[64];
static struct msghdr msg;
static struct pollfd fds[1];
static fd_set set;
static struct timeval tv;
static struct addrinfo *ai;
static int value, sv[2];
static eventfd_t event;

CALL(socket, AF_INET, SOCK_STREAM, IPPROTO_TLS_1_2)
CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, sv)
CALL(close, 1000)
CALL(shutdown, 1000, SHUT_RD)
CALL(bind, 1000, addr, len)
CALL(connect, 1000, addr, len)
CALL(listen, 1000, 1)
CALL(accept, 1000, addr, &len)
CALL(send, 1000, buf, 1, MSG_NOSIGNAL)
CALL(sendto, 1000, buf, 1, 0, addr, len)
CALL(sendmsg, 1000, &msg, 0)
CALL(recv, 1000, buf, sizeof(buf), MSG_DONTWAIT)
CALL(recvfrom, 1000, buf, sizeof(buf), 0, addr, &len)
CALL(recvmsg, 1000, &msg, 0)
CALL(read, 1000, buf, sizeof(buf))
CALL(write, 1000, buf, 1)
CALL(fcntl, 1000, F_SETFL, O_NONBLOCK)
CALL(ioctl, 1000, FIONREAD, &value)
CALL(poll, fds, 1, 0)
CALL(select, 1, &set, NULL, NULL, &tv)
CALL(getsockopt, 1000, SOL_SOCKET, SO_TYPE, &value, &len)
CALL(setsockopt, 1000, SOL_TLS, TLS_PEER_VERIFY, &value, sizeof(value))
CALL(getpeername, 1000, addr, &len)
CALL(getsockname, 1000, addr, &len)
CALL(getaddrinfo, "127.0.0.1", "80", NULL, &ai)
CALL(freeaddrinfo, ai)
CALL(gai_strerror, EAI_NONAME)
CALL(getnameinfo, addr, len, buf, sizeof(buf), NULL, 0, NI_NUMERICHOST)
CALL(gethostname, buf, sizeof(buf))
CALL(inet_ntop, AF_INET, &to.sin_addr, buf, sizeof(buf))
CALL(inet_pton, AF_INET, "127.0.0.1", &to.sin_addr)
CALL(eventfd, 0, EFD_SEMAPHORE | EFD_NONBLOCK)
CALL(eventfd_read, 1000, &event)
CALL(eventfd_write, 1000, 1)

static void (*const calls[])(void) = {
	call_socket,
	call_socketpair,
	call_close,
	call_shutdown,
	call_bind,
	call_connect,
	call_listen,
	call_accept,
	call_send,
	call_sendto,
	call_sendmsg,
	call_recv,
	call_recvfrom,
	call_recvmsg,
	call_read,
	call_write,
	call_fcntl,
	call_ioctl,
	call_poll,
	call_select,
	call_getsockopt,
	call_setsockopt,
	call_getpeername,
	call_getsockname,
	call_getaddrinfo,
	call_freeaddrinfo,
	call_gai_strerror,
	call_getnameinfo,
	call_gethostname,
	call_inet_ntop,
	call_inet_pton,
	call_eventfd,
	call_eventfd_read,
	call_eventfd_write,
};

int
main(void)
{
	const size_t n = sizeof(calls) / sizeof(calls[0]);

	if (stub_kernel_numbers != 1) {
		missed++;
		printf("kernel numbers were asked for %d times before main\n",
		    stub_kernel_numbers);
	}
	for (size_t i = 0; i < n; i++)
		calls[i]();

	/* Objects of libc that the headers give another name. */
	if (memcmp(&net_in6addr_loopback, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
	        16) != 0 ||
	    !ZSOCK_IN6_IS_ADDR_UNSPECIFIED(&net_in6addr_any)) {
		missed++;
		printf("in6addr_any or in6addr_loopback is not libc's\n");
	}
	printf("%d names, %d missed\n", (int)n, missed);
	return missed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
