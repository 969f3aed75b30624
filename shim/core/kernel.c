#include "shim/core/kernel.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "shim/core/passage.h"

/* libc's originals, which the shim gave. */
static const struct kernel *host;

/*
 * A call that may sleep is made outside: handlers may come, and cancellation.
 * The library holds no lock in one.
 */
#define SLEEPING(type, may_sleep, call) \
	do { \
		const bool slept = (may_sleep) && passage_sleep(); \
		const type rc = (call); \
\
		passage_wake(slept); \
		return rc; \
	} while (0)

static int
outside_connect(int kfd, const struct sockaddr *addr, socklen_t len)
{
	SLEEPING(int, true, host->connect(kfd, addr, len));
}

static int
outside_accept4(int kfd, struct sockaddr *addr, socklen_t *len, int flags)
{
	SLEEPING(int, true, host->accept4(kfd, addr, len, flags));
}

static ssize_t
outside_sendto(int kfd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	SLEEPING(ssize_t, (flags & MSG_DONTWAIT) == 0,
	    host->sendto(kfd, buf, len, flags, addr, addrlen));
}

static ssize_t
outside_sendmsg(int kfd, const struct msghdr *msg, int flags)
{
	SLEEPING(ssize_t, (flags & MSG_DONTWAIT) == 0,
	    host->sendmsg(kfd, msg, flags));
}

static ssize_t
outside_recvfrom(int kfd, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	SLEEPING(ssize_t, (flags & MSG_DONTWAIT) == 0,
	    host->recvfrom(kfd, buf, len, flags, addr, addrlen));
}

static ssize_t
outside_recvmsg(int kfd, struct msghdr *msg, int flags)
{
	SLEEPING(ssize_t, (flags & MSG_DONTWAIT) == 0,
	    host->recvmsg(kfd, msg, flags));
}

static _Thread_local const sigset_t *poll_mask
    __attribute__((tls_model("initial-exec")));

void
kernel_poll_mask(const sigset_t *mask)
{
	poll_mask = mask;
}

/* libc's ppoll is the shim's; the kernel's own changes its time limit. */
static int
ask_masked(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	return (int)syscall(SYS_ppoll, fds, n, timeout_ms < 0 ? NULL : &t,
	    poll_mask, _NSIG / 8);
}

static int
outside_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	SLEEPING(int, timeout_ms != 0,
	    poll_mask != NULL && timeout_ms != 0
	        ? ask_masked(fds, n, timeout_ms)
	        : host->poll(fds, n, timeout_ms));
}

static int
outside_select(int nfds, fd_set *r, fd_set *w, fd_set *e,
    struct timeval *timeout)
{
	SLEEPING(int, true, host->select(nfds, r, w, e, timeout));
}

static ssize_t
outside_read(int kfd, void *buf, size_t len)
{
	SLEEPING(ssize_t, true, host->read(kfd, buf, len));
}

/* A log line that nobody takes may sleep, too, but with locks held. */
const struct kernel *
kernel_outside(const struct kernel *libc)
{
	static struct kernel table;

	host = libc;
	table = *libc;
	table.connect = outside_connect;
	table.accept4 = outside_accept4;
	table.sendto = outside_sendto;
	table.sendmsg = outside_sendmsg;
	table.recvfrom = outside_recvfrom;
	table.recvmsg = outside_recvmsg;
	table.poll = outside_poll;
	table.select = outside_select;
	table.read = outside_read;
	return &table;
}
