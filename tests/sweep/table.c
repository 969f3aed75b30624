#include "sweep/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/kernel.h"
#include "sweep/turns.h"

const char *const fault_names[FAULTS] = { "nothing", "EINTR", "EAGAIN",
	"a short count", "ENOBUFS", "ECONNRESET", "ENOMEM", "EMFILE" };

/* What a call may answer. */
#define CAN(f) (1U << (f))
#define MAKES (CAN(FAULT_ENOMEM) | CAN(FAULT_EMFILE) | CAN(FAULT_ENOBUFS))
#define MOVES \
	(CAN(FAULT_EINTR) | CAN(FAULT_EAGAIN) | CAN(FAULT_SHORT) | \
	    CAN(FAULT_ENOBUFS) | CAN(FAULT_ECONNRESET) | CAN(FAULT_ENOMEM))
#define ASKS (CAN(FAULT_ENOBUFS) | CAN(FAULT_ENOMEM))

static struct {
	bool armed, fired;
	long count, at;
	enum fault fault;
	const char *call;
	int side;
	bool cuts; /* the call under way is to be a short one */
} plan;

/* What each call of the last count may answer. */
#define COUNTED 4096
static unsigned counted[COUNTED];

static struct kernel table;

bool
table_can(long n, enum fault f)
{
	return n < COUNTED && (counted[n] & CAN(f)) != 0;
}

int
fault_errno(enum fault f)
{
	static const int errors[FAULTS] = { 0, EINTR, EAGAIN, 0, ENOBUFS,
		ECONNRESET, ENOMEM, EMFILE };

	return errors[f];
}

static bool
may_wait(int kfd, int flags)
{
	const int saved = errno, mode = fcntl(kfd, F_GETFL);

	errno = saved;
	return (flags & MSG_DONTWAIT) == 0 && (mode & O_NONBLOCK) == 0;
}

static bool
is_stream(int kfd)
{
	int type = 0;
	socklen_t len = sizeof(type);
	const int saved = errno;

	(void)getsockopt(kfd, SOL_SOCKET, SO_TYPE, &type, &len);
	errno = saved;
	return type == SOCK_STREAM;
}

/* Counts the call; true if it fails, with errno. */
static bool
fails(const char *call, unsigned can, int kfd, int flags)
{
	plan.cuts = false;
	if (!plan.armed)
		return false;
	if ((can & CAN(FAULT_EAGAIN)) != 0 && may_wait(kfd, flags))
		can &= ~CAN(FAULT_EAGAIN);
	if ((can & CAN(FAULT_SHORT)) != 0 && !is_stream(kfd))
		can &= ~CAN(FAULT_SHORT);
	if (++plan.count < COUNTED)
		counted[plan.count] = can;
	if (plan.count != plan.at || (can & CAN(plan.fault)) == 0)
		return false;
	plan.fired = true;
	plan.call = call;
	plan.side = turns_side();
	plan.cuts = plan.fault == FAULT_SHORT;
	if (plan.cuts)
		return false;
	if (plan.fault == FAULT_ECONNRESET && is_stream(kfd))
		(void)shutdown(kfd, SHUT_RDWR); /* what is reset is over */
	errno = fault_errno(plan.fault);
	return true;
}

/* A call that may sleep waits here first; -1 and EAGAIN when its time is over. */
static int
ready(int kfd, short want, int flags, int option)
{
	struct pollfd p = { .fd = kfd, .events = want };
	struct timeval tv = { 0 };
	socklen_t len = sizeof(tv);
	int n;

	if (!may_wait(kfd, flags))
		return 0;
	(void)getsockopt(kfd, SOL_SOCKET, option, &tv, &len);
	n = turns_poll(&p, 1,
	    tv.tv_sec == 0 && tv.tv_usec == 0
	        ? -1
	        : (int)(tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1));
	if (n != 0)
		return 0;
	errno = EAGAIN;
	return -1;
}

/* Bytes that have moved are news for the other side. */
static ssize_t
moved(ssize_t n, int flags)
{
	if (n >= 0 && (flags & MSG_PEEK) == 0)
		turns_moved();
	return n;
}

/* What only asks changes nothing for the other side. */
#define ASK(ret, name, can, kfd, params, args) \
	static ret table_##name params \
	{ \
		return fails(#name, can, kfd, 0) ? -1 : kernel_libc.name args; \
	}

#define PLAIN(ret, name, can, kfd, params, args) \
	static ret table_##name params \
	{ \
		if (fails(#name, can, kfd, 0)) \
			return -1; \
		turns_moved(); \
		return kernel_libc.name args; \
	}

ASK(int, socket, MAKES, -1, (int f, int t, int p), (f, t, p))
PLAIN(int, socketpair, MAKES, -1, (int f, int t, int p, int k[2]), (f, t, p, k))
ASK(int, eventfd, MAKES, -1, (unsigned int v, int f), (v, f))
PLAIN(int, bind, ASKS, k, (int k, const struct sockaddr *a, socklen_t n),
    (k, a, n))
PLAIN(int, listen, ASKS, k, (int k, int backlog), (k, backlog))
PLAIN(int, shutdown, ASKS, k, (int k, int how), (k, how))
ASK(int, getsockopt, ASKS, k,
    (int k, int level, int name, void *v, socklen_t *n), (k, level, name, v, n))
ASK(int, setsockopt, ASKS, k,
    (int k, int level, int name, const void *v, socklen_t n),
    (k, level, name, v, n))
ASK(int, getsockname, ASKS, k, (int k, struct sockaddr *a, socklen_t *n),
    (k, a, n))
ASK(int, getpeername, ASKS, k, (int k, struct sockaddr *a, socklen_t *n),
    (k, a, n))
ASK(int, dup3, MAKES | CAN(FAULT_EINTR), k, (int k, int to, int f), (k, to, f))
ASK(int, ioctl, ASKS, k, (int k, unsigned long request, void *arg),
    (k, request, arg))

/* Only a new number can be refused. */
static int
table_fcntl(int kfd, int cmd, long arg)
{
	const bool makes = cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC;

	if (fails("fcntl", makes ? CAN(FAULT_EMFILE) | CAN(FAULT_ENOMEM) : 0,
	        kfd, 0))
		return -1;
	return kernel_libc.fcntl(kfd, cmd, arg);
}

/* Whatever it answers, the descriptor is gone. */
static int
table_close(int kfd)
{
	const bool failed =
	    fails("close", CAN(FAULT_EINTR) | CAN(FAULT_ENOBUFS), kfd, 0);
	const int err = errno;
	const int rc = kernel_libc.close(kfd);

	turns_moved();
	if (!failed)
		return rc;
	errno = err;
	return -1;
}

/* That of a stream may be reset, and an interrupted one goes on by itself. */
static int
table_connect(int kfd, const struct sockaddr *addr, socklen_t len)
{
	const unsigned can = !is_stream(kfd) ? ASKS
	    : may_wait(kfd, 0) ? ASKS | CAN(FAULT_ECONNRESET) | CAN(FAULT_EINTR)
	                       : ASKS | CAN(FAULT_ECONNRESET);

	turns_moved();
	if (!fails("connect", can, kfd, 0))
		return kernel_libc.connect(kfd, addr, len);
	if (plan.fault == FAULT_EINTR || plan.fault == FAULT_ECONNRESET)
		(void)kernel_libc.connect(kfd, addr, len);
	if (plan.fault == FAULT_ECONNRESET)
		(void)shutdown(kfd, SHUT_RDWR);
	errno = fault_errno(plan.fault);
	return -1;
}

static int
table_accept4(int kfd, struct sockaddr *addr, socklen_t *len, int flags)
{
	if (fails("accept4",
	        MAKES | CAN(FAULT_EINTR) | CAN(FAULT_EAGAIN) |
	            CAN(FAULT_ECONNRESET),
	        kfd, 0) ||
	    ready(kfd, POLLIN, 0, SO_RCVTIMEO) < 0)
		return -1;
	return (int)moved(kernel_libc.accept4(kfd, addr, len, flags), 0);
}

static int
table_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (fails("poll", CAN(FAULT_EINTR) | CAN(FAULT_ENOMEM), -1, 0))
		return -1;
	return turns_poll(fds, n, timeout_ms);
}

static size_t
cut(size_t len)
{
	return plan.cuts && len > 1 ? 1 : len;
}

static ssize_t
table_recvfrom(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	if (fails("recvfrom", MOVES, kfd, flags))
		return -1;
	len = cut(len);
	if (ready(kfd, POLLIN, flags, SO_RCVTIMEO) < 0)
		return -1;
	return moved(recvfrom(kfd, buf, len, flags, addr, addrlen), flags);
}

static ssize_t
table_recvmsg(int kfd, struct msghdr *m, int flags)
{
	struct msghdr whole = *m;
	struct iovec one;
	ssize_t n;

	if (fails("recvmsg", MOVES, kfd, flags))
		return -1;
	if (plan.cuts && m->msg_iovlen > 0) {
		one = (struct iovec){ m->msg_iov[0].iov_base,
			cut(m->msg_iov[0].iov_len) };
		m->msg_iov = &one;
		m->msg_iovlen = 1;
	}
	n = ready(kfd, POLLIN, flags, SO_RCVTIMEO);
	if (n == 0)
		n = recvmsg(kfd, m, flags);
	m->msg_iov = whole.msg_iov;
	m->msg_iovlen = whole.msg_iovlen;
	return moved(n, flags);
}

static ssize_t
table_sendto(int kfd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	if (fails("sendto", MOVES, kfd, flags))
		return -1;
	len = cut(len);
	if (ready(kfd, POLLOUT, flags, SO_SNDTIMEO) < 0)
		return -1;
	return moved(sendto(kfd, buf, len, flags | MSG_DONTWAIT, addr, addrlen),
	    flags);
}

static ssize_t
table_sendmsg(int kfd, const struct msghdr *m, int flags)
{
	struct msghdr copy = *m;
	struct iovec one;

	if (fails("sendmsg", MOVES, kfd, flags))
		return -1;
	if (plan.cuts && m->msg_iovlen > 0) {
		one = (struct iovec){ m->msg_iov[0].iov_base,
			cut(m->msg_iov[0].iov_len) };
		copy.msg_iov = &one;
		copy.msg_iovlen = 1;
	}
	if (ready(kfd, POLLOUT, flags, SO_SNDTIMEO) < 0)
		return -1;
	return moved(sendmsg(kfd, &copy, flags | MSG_DONTWAIT), flags);
}

/* Of eventfds: only one that would sleep can be interrupted. */
static unsigned
event_can(int kfd, short want)
{
	struct pollfd p = { .fd = kfd, .events = want };

	return poll(&p, 1, 0) == 0 ? CAN(FAULT_EINTR) | CAN(FAULT_EAGAIN) : 0;
}

static ssize_t
table_read(int kfd, void *buf, size_t len)
{
	if (fails("read", event_can(kfd, POLLIN), kfd, 0) ||
	    ready(kfd, POLLIN, 0, SO_RCVTIMEO) < 0)
		return -1;
	return moved(read(kfd, buf, len), 0);
}

static ssize_t
table_write(int kfd, const void *buf, size_t len)
{
	if (fails("write", event_can(kfd, POLLOUT), kfd, 0) ||
	    ready(kfd, POLLOUT, 0, SO_SNDTIMEO) < 0)
		return -1;
	return moved(write(kfd, buf, len), 0);
}

static ssize_t
table_preadv2(int kfd, const struct iovec *iov, int n, off_t offset, int flags)
{
	if (fails("preadv2", CAN(FAULT_EINTR) | CAN(FAULT_EAGAIN), kfd,
	        MSG_DONTWAIT))
		return -1;
	return moved(preadv2(kfd, iov, n, offset, flags), 0);
}

void
table_install(void)
{
	table = kernel_libc;
	table.socket = table_socket;
	table.socketpair = table_socketpair;
	table.eventfd = table_eventfd;
	table.close = table_close;
	table.bind = table_bind;
	table.connect = table_connect;
	table.listen = table_listen;
	table.accept4 = table_accept4;
	table.shutdown = table_shutdown;
	table.sendto = table_sendto;
	table.sendmsg = table_sendmsg;
	table.recvfrom = table_recvfrom;
	table.recvmsg = table_recvmsg;
	table.getsockopt = table_getsockopt;
	table.setsockopt = table_setsockopt;
	table.getsockname = table_getsockname;
	table.getpeername = table_getpeername;
	table.poll = table_poll;
	table.fcntl = table_fcntl;
	table.dup3 = table_dup3;
	table.ioctl = table_ioctl;
	table.read = table_read;
	table.write = table_write;
	table.preadv2 = table_preadv2;
	kernel = &table;
}

void
table_arm(long nth, enum fault f)
{
	plan.count = 0;
	plan.at = nth;
	plan.fault = f;
	plan.fired = false;
	plan.call = "";
	plan.armed = true;
}

long
table_disarm(void)
{
	plan.armed = false;
	return plan.count;
}

bool
table_fired(const char **call, int *side)
{
	*call = plan.call;
	*side = plan.side;
	return plan.fired;
}
