#include "support/fake_kernel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/kernel.h"

static struct {
	atomic_int count, failures, err;
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
FAKE(ssize_t, sendmsg, FAKE_SENDMSG, (int k, const struct msghdr *m, int f),
    (k, m, f))
FAKE(ssize_t, recvmsg, FAKE_RECVMSG, (int k, struct msghdr *m, int f),
    (k, m, f))
FAKE(ssize_t, write, FAKE_WRITE, (int k, const void *b, size_t n), (k, b, n))

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
