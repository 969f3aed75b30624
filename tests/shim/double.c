#include "double.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/kernel.h"
#include "shim/core.h"

#define SLOTS 4096
#define HIDDEN_FROM 300

static _Atomic(void *) slots[SLOTS];
static const struct kernel *outside;
static char adopted[128];

static struct count {
	const char *name;
	int n;
} counts[64];

static void
count(const char *name)
{
	struct count *c = counts;

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	c->name = name;
	c->n++;
}

static int
calls(const char *name)
{
	for (const struct count *c = counts; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c->n;
	}
	return 0;
}

extern struct double_report double_report;
__attribute__((visibility("default"))) struct double_report double_report = {
	.calls = calls,
	.adopted = adopted,
};

static int
take(int fd)
{
	if (fd == -1)
		return -1;
	(void)outside->fcntl(fd, F_SETSIG, CORE_SECURE);
	(void)outside->fcntl(fd, F_SETFD, FD_CLOEXEC);
	slots[fd] = slots;
	return fd;
}

/* The rows of the table: counted, and the kernel's. */
#define ROW(ret, name, params, args) \
	static ret double_##name params \
	{ \
		count(#name); \
		return outside_##name args; \
	}

#define KERNELS(ret, name, params, args) \
	static ret outside_##name params \
	{ \
		return outside->name args; \
	}
KERNELS(int, bind, (int fd, const struct sockaddr *addr, socklen_t len),
    (fd, addr, len))
KERNELS(int, shutdown, (int fd, int how), (fd, how))
KERNELS(ssize_t, sendto,
    (int fd, const void *buf, size_t len, int flags,
        const struct sockaddr *addr, socklen_t addrlen),
    (fd, buf, len, flags, addr, addrlen))
KERNELS(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags),
    (fd, msg, flags))
KERNELS(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len))
KERNELS(ssize_t, recvfrom,
    (int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
        socklen_t *addrlen),
    (fd, buf, len, flags, addr, addrlen))
KERNELS(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags),
    (fd, msg, flags))
KERNELS(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len))
KERNELS(int, accept4,
    (int fd, struct sockaddr *addr, socklen_t *len, int flags),
    (fd, addr, len, flags))
KERNELS(int, getsockname, (int fd, struct sockaddr *addr, socklen_t *len),
    (fd, addr, len))
KERNELS(int, getpeername, (int fd, struct sockaddr *addr, socklen_t *len),
    (fd, addr, len))
KERNELS(int, setsockopt,
    (int fd, int level, int name, const void *val, socklen_t len),
    (fd, level, name, val, len))

static int
outside_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	if (level != SOL_SOCKET || name != SO_PROTOCOL)
		return outside->getsockopt(fd, level, name, val, len);
	*(int *)val = 258;
	return 0;
}

static ssize_t
outside_send(int fd, const void *buf, size_t len, int flags)
{
	return outside->sendto(fd, buf, len, flags, NULL, 0);
}

static ssize_t
outside_recv(int fd, void *buf, size_t len, int flags)
{
	return outside->recvfrom(fd, buf, len, flags, NULL, NULL);
}

static int
outside_sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags)
{
	const ssize_t rc =
	    n > 0 ? outside->sendmsg(fd, &msgs[0].msg_hdr, flags) : 0;

	return rc < 0 ? -1 : n > 0;
}

static int
outside_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags,
    struct timespec *timeout)
{
	const ssize_t rc =
	    n > 0 ? outside->recvmsg(fd, &msgs[0].msg_hdr, flags) : 0;

	(void)timeout;
	return rc < 0 ? -1 : n > 0;
}

static ssize_t
outside_writev(int fd, const struct iovec *iov, int n)
{
	const struct msghdr msg = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };

	return outside->sendmsg(fd, &msg, 0);
}

static ssize_t
outside_readv(int fd, const struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };

	return outside->recvmsg(fd, &msg, 0);
}

static int
outside_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return outside->accept4(fd, addr, len, 0);
}

#define WRAP ROW
#include "shim/wrapped.def"
#undef WRAP

static int
double_socket(int family, int type, int proto)
{
	count("socket");
	return take(
	    outside->socket(family, type, proto == 258 ? IPPROTO_TCP : proto));
}

static int
double_adopt(int fd, const int *tags, size_t ntags, const char *hostname,
    bool server)
{
	size_t at = 0;

	count("adopt");
	for (size_t i = 0; i < ntags; i++)
		at += (size_t)snprintf(adopted + at, sizeof(adopted) - at,
		    "%d,", tags[i]);
	(void)snprintf(adopted + at, sizeof(adopted) - at, " %s %d",
	    hostname != NULL ? hostname : "any", server);
	(void)take(fd);
	return 0;
}

static int
double_adopt_copy(int fd, int copy)
{
	(void)fd;
	count("adopt_copy");
	(void)take(copy);
	return 0;
}

static int
double_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	count("connect");
	return outside->connect(fd, addr, len);
}

static int
double_listen(int fd, int backlog)
{
	count("listen");
	return outside->listen(fd, backlog);
}

static int
double_close(int fd)
{
	count("close");
	slots[fd] = NULL;
	return outside->close(fd);
}

static int
double_vacate(int fd)
{
	count("vacate");
	slots[fd] = NULL;
	return 0;
}

static void
double_forget(int fd)
{
	count("forget");
	slots[fd] = NULL;
}

static int
double_fcntl(int fd, int cmd, long arg)
{
	const int rc = outside->fcntl(fd, cmd, arg);

	count("fcntl");
	if (cmd == F_SETFD)
		count("F_SETFD");
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		(void)take(rc);
	return rc;
}

static int
double_ioctl(int fd, unsigned long request, void *arg)
{
	count("ioctl");
	return outside->ioctl(fd, request, arg);
}

static int
double_dup3(int fd, int to, int flags)
{
	count("dup3");
	return take(outside->dup3(fd, to, flags));
}

static const atomic_bool double_hides = true;

static int
double_hidden(unsigned int first, unsigned int last)
{
	const unsigned int hidden = (unsigned int)double_report.hidden;

	return hidden >= first && hidden <= last ? (int)hidden : -1;
}

static int
double_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	count("ppoll");
	(void)mask;
	return outside->poll(fds, n,
	    timeout == NULL
	        ? -1
	        : (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000));
}

static bool
double_withheld(int fd)
{
	count("withheld");
	return slots[fd] != NULL;
}

static bool
double_secure(int fd)
{
	return slots[fd] != NULL;
}

static void
double_log(enum core_log level, const char *text)
{
	char line[256];
	const int n =
	    snprintf(line, sizeof(line), "double: %d: %s\n", level, text);

	count("log");
	(void)outside->write(STDERR_FILENO, line, (size_t)n);
}

static const struct core core = {
	.slots = slots,
	.nslots = SLOTS,
#define WRAP(ret, name, params, args) .name = double_##name,
#include "shim/wrapped.def"
#undef WRAP
	.socket = double_socket,
	.adopt = double_adopt,
	.adopt_copy = double_adopt_copy,
	.connect = double_connect,
	.listen = double_listen,
	.close = double_close,
	.vacate = double_vacate,
	.forget = double_forget,
	.fcntl = double_fcntl,
	.ioctl = double_ioctl,
	.dup3 = double_dup3,
	.hidden = double_hidden,
	.hides = &double_hides,
	.ppoll = double_ppoll,
	.withheld = double_withheld,
	.secure = double_secure,
	.log = double_log,
};

__attribute__((visibility("default"))) core_start zsock_core_start;

const struct core *
zsock_core_start(const struct core_host *host)
{
	int null;

	if (host->abi != CORE_ABI)
		return NULL;
	outside = host->kernel;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	double_report.hidden =
	    outside->fcntl(null, F_DUPFD_CLOEXEC, HIDDEN_FROM);
	(void)outside->close(null);
	return &core;
}
