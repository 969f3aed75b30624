#include "support/fake_kernel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/kernel.h"

#define MAX_IOV 8

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

/* Puts into iov the pieces of m up to the cap, and them into m. */
static void
cap_message(struct msghdr *m, struct iovec iov[MAX_IOV])
{
	size_t left = atomic_load(&cap), n = 0;

	if (left == SIZE_MAX)
		return;
	for (; n < m->msg_iovlen && n < MAX_IOV && left > 0; n++) {
		iov[n] = m->msg_iov[n];
		if (iov[n].iov_len > left)
			iov[n].iov_len = left;
		left -= iov[n].iov_len;
	}
	m->msg_iov = iov;
	m->msg_iovlen = n;
}

static int
fake_socket(int family, int type, int proto)
{
	return refused(FAKE_SOCKET) ? -1 : socket(family, type, proto);
}

static int
fake_close(int kfd)
{
	return refused(FAKE_CLOSE) ? -1 : close(kfd);
}

static int
fake_bind(int kfd, const struct sockaddr *addr, socklen_t len)
{
	return refused(FAKE_BIND) ? -1 : bind(kfd, addr, len);
}

static int
fake_connect(int kfd, const struct sockaddr *addr, socklen_t len)
{
	return refused(FAKE_CONNECT) ? -1 : connect(kfd, addr, len);
}

static int
fake_accept4(int kfd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return refused(FAKE_ACCEPT4) ? -1 : accept4(kfd, addr, len, flags);
}

static int
fake_shutdown(int kfd, int how)
{
	return refused(FAKE_SHUTDOWN) ? -1 : shutdown(kfd, how);
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
fake_sendmsg(int kfd, const struct msghdr *msg, int flags)
{
	struct msghdr m = *msg;
	struct iovec iov[MAX_IOV];

	if (refused(FAKE_SENDMSG))
		return -1;
	cap_message(&m, iov);
	return sendmsg(kfd, &m, flags);
}

static ssize_t
fake_recvfrom(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	if (refused(FAKE_RECVFROM))
		return -1;
	return recvfrom(kfd, buf, capped(len), flags, addr, addrlen);
}

static ssize_t
fake_recvmsg(int kfd, struct msghdr *msg, int flags)
{
	struct msghdr m = *msg;
	struct iovec iov[MAX_IOV];
	ssize_t n;

	if (refused(FAKE_RECVMSG))
		return -1;
	cap_message(&m, iov);
	n = recvmsg(kfd, &m, flags);
	m.msg_iov = msg->msg_iov;
	m.msg_iovlen = msg->msg_iovlen;
	*msg = m;
	return n;
}

static int
fake_setsockopt(int kfd, int level, int name, const void *val, socklen_t len)
{
	if (refused(FAKE_SETSOCKOPT))
		return -1;
	return setsockopt(kfd, level, name, val, len);
}

static int
fake_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	atomic_store(&poll_timeout, timeout_ms);
	return refused(FAKE_POLL) ? -1 : poll(fds, n, timeout_ms);
}

static int
fake_fcntl(int kfd, int cmd, long arg)
{
	return refused(FAKE_FCNTL) ? -1 : kernel_libc.fcntl(kfd, cmd, arg);
}

static ssize_t
fake_write(int kfd, const void *buf, size_t len)
{
	return refused(FAKE_WRITE) ? -1 : write(kfd, buf, len);
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
