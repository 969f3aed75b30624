#include "support/fake_kernel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/kernel.h"

static struct {
	atomic_int count, skips, failures, err;
} script[FAKE_CALLS];

static atomic_size_t cap; /* SIZE_MAX is no limit */
static atomic_int poll_timeout;
static struct kernel table;

/* Counts the call; true if this one is to fail. */
static bool
refused(enum fake_call call)
{
	int left = atomic_load(&script[call].failures);

	atomic_fetch_add(&script[call].count, 1);
	if (atomic_load(&script[call].skips) > 0 &&
	    atomic_fetch_sub(&script[call].skips, 1) > 0)
		return false;
	while (left > 0) {
		if (!atomic_compare_exchange_weak(&script[call].failures, &left,
		        left - 1))
			continue;
		errno = atomic_load(&script[call].err);
		return true;
	}
	return false;
}

static size_t
capped(size_t len)
{
	const size_t most = atomic_load(&cap);

	return len < most ? len : most;
}

/* An entry that only counts and fails. */
#define FAKE(ret, name, call, params, args) \
	static ret fake_##name params \
	{ \
		return refused(call) ? -1 : kernel_libc.name args; \
	}

FAKE(int, socket, FAKE_SOCKET, (int f, int t, int p), (f, t, p))
FAKE(int, socketpair, FAKE_SOCKETPAIR, (int f, int t, int p, int k[2]),
    (f, t, p, k))
FAKE(int, eventfd, FAKE_EVENTFD, (unsigned int v, int f), (v, f))
FAKE(int, close, FAKE_CLOSE, (int k), (k))
FAKE(int, bind, FAKE_BIND, (int k, const struct sockaddr *a, socklen_t n),
    (k, a, n))
FAKE(int, connect, FAKE_CONNECT, (int k, const struct sockaddr *a, socklen_t n),
    (k, a, n))
FAKE(int, accept4, FAKE_ACCEPT4,
    (int k, struct sockaddr *a, socklen_t *n, int f), (k, a, n, f))
FAKE(int, shutdown, FAKE_SHUTDOWN, (int k, int how), (k, how))
FAKE(int, setsockopt, FAKE_SETSOCKOPT,
    (int k, int level, int name, const void *v, socklen_t n),
    (k, level, name, v, n))
FAKE(int, fcntl, FAKE_FCNTL, (int k, int cmd, long arg), (k, cmd, arg))
FAKE(int, listen, FAKE_LISTEN, (int k, int backlog), (k, backlog))
FAKE(int, getsockopt, FAKE_GETSOCKOPT,
    (int k, int level, int name, void *v, socklen_t *n), (k, level, name, v, n))
FAKE(int, getsockname, FAKE_GETSOCKNAME,
    (int k, struct sockaddr *a, socklen_t *n), (k, a, n))
FAKE(int, getpeername, FAKE_GETPEERNAME,
    (int k, struct sockaddr *a, socklen_t *n), (k, a, n))
FAKE(int, ioctl, FAKE_IOCTL, (int k, unsigned long request, void *arg),
    (k, request, arg))
FAKE(int, dup3, FAKE_DUP3, (int k, int to, int f), (k, to, f))
FAKE(ssize_t, write, FAKE_WRITE, (int k, const void *b, size_t n), (k, b, n))

/* The buffers that m has, cut to the cap, in cut. */
static struct msghdr
capped_message(const struct msghdr *m, struct iovec *cut, size_t room)
{
	size_t left = atomic_load(&cap);
	struct msghdr c = *m;

	if (left == SIZE_MAX)
		return c;
	c.msg_iov = cut;
	c.msg_iovlen = 0;
	for (size_t i = 0; i < m->msg_iovlen && i < room && left > 0; i++) {
		cut[i] = m->msg_iov[i];
		if (cut[i].iov_len > left)
			cut[i].iov_len = left;
		left -= cut[i].iov_len;
		c.msg_iovlen++;
	}
	return c;
}

#define CUT_ROOM 16

static ssize_t
fake_sendmsg(int kfd, const struct msghdr *m, int flags)
{
	struct iovec cut[CUT_ROOM];
	const struct msghdr c = capped_message(m, cut, CUT_ROOM);

	return refused(FAKE_SENDMSG) ? -1 : sendmsg(kfd, &c, flags);
}

static ssize_t
fake_recvmsg(int kfd, struct msghdr *m, int flags)
{
	struct iovec cut[CUT_ROOM];
	struct msghdr c = capped_message(m, cut, CUT_ROOM);
	ssize_t n;

	if (refused(FAKE_RECVMSG))
		return -1;
	n = recvmsg(kfd, &c, flags);
	c.msg_iov = m->msg_iov;
	c.msg_iovlen = m->msg_iovlen;
	*m = c;
	return n;
}

static int
fake_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	atomic_store(&poll_timeout, timeout_ms);
	return refused(FAKE_POLL) ? -1 : poll(fds, n, timeout_ms);
}

static ssize_t
fake_sendto(int kfd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	if (refused(FAKE_SENDTO))
		return -1;
	return sendto(kfd, buf, capped(len), flags, addr, addrlen);
}

static ssize_t
fake_recvfrom(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	if (refused(FAKE_RECVFROM))
		return -1;
	return recvfrom(kfd, buf, capped(len), flags, addr, addrlen);
}

void
fake_kernel_install(void)
{
	for (int i = 0; i < FAKE_CALLS; i++) {
		atomic_store(&script[i].count, 0);
		atomic_store(&script[i].failures, 0);
		atomic_store(&script[i].skips, 0);
	}
	atomic_store(&cap, SIZE_MAX);
	table = kernel_libc;
	table.socket = fake_socket;
	table.socketpair = fake_socketpair;
	table.eventfd = fake_eventfd;
	table.close = fake_close;
	table.bind = fake_bind;
	table.connect = fake_connect;
	table.accept4 = fake_accept4;
	table.shutdown = fake_shutdown;
	table.sendto = fake_sendto;
	table.sendmsg = fake_sendmsg;
	table.recvfrom = fake_recvfrom;
	table.recvmsg = fake_recvmsg;
	table.setsockopt = fake_setsockopt;
	table.poll = fake_poll;
	table.fcntl = fake_fcntl;
	table.write = fake_write;
	table.listen = fake_listen;
	table.getsockopt = fake_getsockopt;
	table.getsockname = fake_getsockname;
	table.getpeername = fake_getpeername;
	table.ioctl = fake_ioctl;
	table.dup3 = fake_dup3;
	kernel = &table;
}

void
fake_kernel_remove(void)
{
	kernel = &kernel_libc;
}

void
fake_kernel_fail(enum fake_call call, int n, int err)
{
	atomic_store(&script[call].err, err);
	atomic_store(&script[call].failures, n);
}

void
fake_kernel_skip(enum fake_call call, int n)
{
	atomic_store(&script[call].skips, n);
}

void
fake_kernel_cap(size_t bytes)
{
	atomic_store(&cap, bytes > 0 ? bytes : SIZE_MAX);
}

int
fake_kernel_count(enum fake_call call)
{
	return atomic_load(&script[call].count);
}

int
fake_kernel_poll_timeout(void)
{
	return atomic_load(&poll_timeout);
}
