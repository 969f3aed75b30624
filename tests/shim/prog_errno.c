/* P39: what succeeds leaves errno alone; and what fails does so as ever. */
#include "prog.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <netinet/in.h>

#define KEEPS(expr) \
	do { \
		errno = 77; \
		MUST((expr) >= 0); \
		MUST_BE(errno, 77); \
		calls++; \
	} while (0)

static int calls;
static char buf[64];
static struct iovec vec = { buf, 4 };

/* What sends, and what reads the answers. */
static void
data(int fd)
{
	struct msghdr out = { .msg_iov = &vec, .msg_iovlen = 1 };
	struct mmsghdr many = { .msg_hdr = out };
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	KEEPS(send(fd, "send", 4, 0));
	KEEPS(recv(fd, buf, 4, MSG_PEEK));
	KEEPS(recv(fd, buf, 4, 0));
	KEEPS(write(fd, "writ", 4));
	KEEPS(read(fd, buf, 4));
	KEEPS(sendto(fd, "sdto", 4, 0, NULL, 0));
	KEEPS(recvfrom(fd, buf, 4, 0, (void *)&addr, &len));
	KEEPS(writev(fd, &vec, 1));
	KEEPS(readv(fd, &vec, 1));
	KEEPS(sendmsg(fd, &out, 0));
	KEEPS(recvmsg(fd, &out, 0));
	KEEPS(sendmmsg(fd, &many, 1, 0));
	KEEPS(recvmmsg(fd, &many, 1, 0, NULL));
	KEEPS(pwritev2(fd, &vec, 1, -1, 0));
	KEEPS(preadv2(fd, &vec, 1, -1, 0));
	KEEPS(dprintf(fd, "four"));
	KEEPS(recv(fd, buf, 4, MSG_WAITALL));
}

static void
options(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int value = 1;
	socklen_t vlen = sizeof(value);

	KEEPS(getsockname(fd, (void *)&addr, &len));
	len = sizeof(addr);
	KEEPS(getpeername(fd, (void *)&addr, &len));
	KEEPS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, vlen));
	KEEPS(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &vlen));
	KEEPS(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &vlen));
	KEEPS(ioctl(fd, FIONREAD, &value));
	value = 0;
	KEEPS(ioctl(fd, FIONBIO, &value));
	KEEPS(fcntl(fd, F_GETFL));
	KEEPS(fcntl(fd, F_SETFL, O_RDWR));
	KEEPS(fcntl(fd, F_GETFD));
	KEEPS(fcntl(fd, F_SETFD, 0));
}

static void
waits(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT | POLLIN };
	struct timeval tv = { 0 };
	const struct timespec ts = { 0 };
	fd_set set;

	KEEPS(poll(&p, 1, 0));
	KEEPS(ppoll(&p, 1, &ts, NULL));
	FD_ZERO(&set);
	FD_SET(fd, &set);
	KEEPS(select(fd + 1, NULL, &set, NULL, &tv));
	FD_SET(fd, &set);
	KEEPS(pselect(fd + 1, NULL, &set, NULL, &ts, NULL));
}

static void
numbers(int fd)
{
	int second, third;

	KEEPS(second = dup(fd));
	KEEPS(third = dup2(fd, 40));
	KEEPS(dup3(fd, 41, O_CLOEXEC));
	KEEPS(fcntl(fd, F_DUPFD, 50));
	KEEPS(fcntl(fd, F_DUPFD_CLOEXEC, 60));
	KEEPS(close(second));
	KEEPS(close(third));
	KEEPS(close_range(41, 90, 0));
}

static void
keep(void)
{
	struct addrinfo *list = NULL;
	int fd, port;

	errno = 77;
	fd = dial(0);
	MUST_BE(errno, 77);
	data(fd);
	options(fd);
	waits(fd);
	numbers(fd);
	KEEPS(shutdown(fd, SHUT_WR));
	KEEPS(recv(fd, buf, 1, 0));
	KEEPS(close(fd));
	errno = 77;
	close(listen_there(0, &port));
	MUST_BE(errno, 77);
	MUST_BE(getaddrinfo("127.0.0.1", "80", NULL, &list), 0);
	freeaddrinfo(list);
	MUST(calls >= 40);
}

/* What is no memory is an error, while there is a secure connection. */
static void
faults(void)
{
	const int fd = dial(0), plain = socket(AF_INET, SOCK_DGRAM, 0);
	struct msghdr msg = { .msg_controllen = 100 };
	void *volatile none = NULL; /* the compiler would object */

	MUST_FAIL(sendmsg(plain, none, 0), EFAULT);
	MUST_FAIL(sendmmsg(plain, none, 3, 0), EFAULT);
	MUST_FAIL(poll(none, 3, 0), EFAULT);
	MUST_FAIL(ppoll(none, 3, NULL, NULL), EFAULT);
	MUST_BE(sendmsg(plain, &msg, MSG_FASTOPEN), -1);
	MUST_FAIL(sendto(plain, "x", 1, MSG_FASTOPEN, none, 16), EDESTADDRREQ);
	must_echo(fd, "all is well");
}

static const struct verb verbs[] = { { "keep", keep }, { "faults", faults } };

PROG_MAIN(verbs)
