#include "shim/core/calls.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/kernel.h"
#include "base/log.h"
#include "shim/core/passage.h"
#include "sock/call.h"

/* Flags that mean nothing to a secure connection, or that it has no answer to. */
#define SEND_REFUSED (MSG_OOB | MSG_ZEROCOPY | MSG_FASTOPEN)
#define RECV_REFUSED MSG_OOB

static bool
is_secure(const struct zsock *s)
{
	const struct zsock_ops *ops = s->ops;

	return ops->secure;
}

static bool
is_stream(const struct zsock *s)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return kernel->getsockopt(s->kfd, SOL_SOCKET, SO_TYPE, &type, &len) ==
	    0 &&
	    type == SOCK_STREAM;
}

static int
refuse_flags(const char *call, int flags)
{
	log_line(LOG_WARN, "%s: flags 0x%x: not on a secure socket: EOPNOTSUPP",
	    call, flags);
	return -EOPNOTSUPP;
}

/* 0, or why these flags are no good. */
static int
check_send(const struct zsock *s, int flags)
{
	if (s == NULL)
		return -EBADF;
	if ((flags & SEND_REFUSED) != 0 && is_secure(s))
		return refuse_flags("send", flags & SEND_REFUSED);
	return 0;
}

static int
check_recv(const struct zsock *s, int flags)
{
	if (s == NULL)
		return -EBADF;
	if (flags == 0 || !is_secure(s))
		return 0;
	if ((flags & RECV_REFUSED) != 0)
		return refuse_flags("recv", flags & RECV_REFUSED);
	if ((flags & MSG_TRUNC) != 0 && is_stream(s))
		return refuse_flags("recv", MSG_TRUNC);
	return 0;
}

/* The total of a vector, or what the kernel says to such a one. */
static ssize_t
vector_length(const struct iovec *iov, size_t n)
{
	size_t total = 0;

	if (n > IOV_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (iov[i].iov_base == NULL && iov[i].iov_len > 0)
			return -EFAULT;
		if (iov[i].iov_len > SSIZE_MAX - total)
			return -EINVAL;
		total += iov[i].iov_len;
	}
	return (ssize_t)total;
}

static ssize_t
do_sendto(const struct zsock *s, int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	const int rc = check_send(s, flags);

	if (rc < 0)
		return rc;
	if (buf == NULL && len > 0)
		return -EFAULT;
	return call_sendto(fd, buf, len, flags, addr, addrlen);
}

static ssize_t
do_sendmsg(const struct zsock *s, int fd, const struct msghdr *msg, int flags)
{
	ssize_t rc = check_send(s, flags);

	if (rc == 0)
		rc = vector_length(msg->msg_iov, msg->msg_iovlen);
	if (rc < 0)
		return rc == -EINVAL && msg->msg_iovlen > IOV_MAX ? -EMSGSIZE
		                                                  : rc;
	if (msg->msg_controllen > 0 && is_secure(s)) {
		log_line(LOG_WARN,
		    "sendmsg: control data on a secure socket: EOPNOTSUPP");
		return -EOPNOTSUPP;
	}
	return call_sendmsg(fd, msg, flags);
}

static ssize_t
do_recvfrom(const struct zsock *s, int fd, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	const int rc = check_recv(s, flags);

	if (rc < 0)
		return rc;
	if ((buf == NULL && len > 0) || (addr != NULL && addrlen == NULL))
		return -EFAULT;
	return call_recvfrom(fd, buf, len, flags, addr, addrlen);
}

static ssize_t
do_recvmsg(const struct zsock *s, int fd, struct msghdr *msg, int flags)
{
	ssize_t rc = check_recv(s, flags);

	if (rc == 0)
		rc = vector_length(msg->msg_iov, msg->msg_iovlen);
	if (rc < 0)
		return rc == -EINVAL && msg->msg_iovlen > IOV_MAX ? -EMSGSIZE
		                                                  : rc;
	/* The queue of errors is the kernel's, and nobody waits for it. */
	if ((flags & MSG_ERRQUEUE) != 0)
		return err_from_kernel(
		    kernel->recvmsg(s->kfd, msg, flags | MSG_DONTWAIT));
	rc = call_recvmsg(fd, msg, flags);
	if (rc >= 0 && is_secure(s)) {
		msg->msg_controllen = 0;
		if (is_stream(s))
			msg->msg_namelen = 0;
	}
	return rc;
}

static ssize_t
do_vector(const struct zsock *s, int fd, const struct iovec *iov, int n,
    bool sends)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };
	ssize_t rc;

	if (n < 0 || n > IOV_MAX)
		return -EINVAL;
	rc = vector_length(iov, (size_t)n);
	if (rc < 0)
		return rc;
	return sends ? do_sendmsg(s, fd, &m, 0) : do_recvmsg(s, fd, &m, 0);
}

/* As many as leave; only the first one's failure shows. */
static int
do_sendmmsg(const struct zsock *s, int fd, struct mmsghdr *msgs, unsigned int n,
    int flags)
{
	unsigned int done = 0;
	ssize_t rc = 0;

	while (done < n && done < IOV_MAX) {
		rc = do_sendmsg(s, fd, &msgs[done].msg_hdr, flags);
		if (rc < 0)
			break;
		msgs[done++].msg_len = (unsigned int)rc;
	}
	return done > 0 ? (int)done : (int)rc;
}

/* The limit is looked at after each message, as in the kernel. */
static int
do_recvmmsg(const struct zsock *s, int fd, struct mmsghdr *msgs, unsigned int n,
    int flags, struct timespec *timeout)
{
	const struct deadline until = timeout != NULL
	    ? deadline_in_ms(
	          (int64_t)timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000)
	    : DEADLINE_NEVER;
	int each = flags & ~MSG_WAITFORONE;
	unsigned int done = 0;
	ssize_t rc = 0;

	while (done < n && done < IOV_MAX) {
		rc = do_recvmsg(s, fd, &msgs[done].msg_hdr, each);
		if (rc < 0)
			break;
		msgs[done++].msg_len = (unsigned int)rc;
		if ((flags & MSG_WAITFORONE) != 0)
			each |= MSG_DONTWAIT;
		if (deadline_left_ms(until) == 0)
			break;
	}
	return done > 0 ? (int)done : (int)rc;
}

/*
 * A stream that nobody reads any more is a signal to whoever wants one.  The
 * handler may call again, or not come back.
 */
static ssize_t
sent(ssize_t rc, int flags)
{
	if (rc == -1 && errno == EPIPE && (flags & MSG_NOSIGNAL) == 0) {
		(void)raise(SIGPIPE); /* or it is blocked, or ignored */
		errno = EPIPE;
	}
	return rc;
}

static ssize_t
received(ssize_t rc, int flags)
{
	(void)flags;
	return rc;
}

#define CALL(ret, name, params, answer, then, flags) \
	PASSAGE_CALL(ret, name, params, answer, \
	    then(passage_leave(&p, rc), flags))

CALL(ssize_t, send, (int fd, const void *buf, size_t len, int flags),
    do_sendto(p.s, fd, buf, len, flags, NULL, 0), sent, flags)
CALL(ssize_t, sendto,
    (int fd, const void *buf, size_t len, int flags,
        const struct sockaddr *addr, socklen_t addrlen),
    do_sendto(p.s, fd, buf, len, flags, addr, addrlen), sent, flags)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags),
    do_sendmsg(p.s, fd, msg, flags), sent, flags)
CALL(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned int n, int flags),
    do_sendmmsg(p.s, fd, msgs, n, flags), sent, flags)
CALL(ssize_t, write, (int fd, const void *buf, size_t len),
    do_sendto(p.s, fd, buf, len, 0, NULL, 0), sent, 0)
CALL(ssize_t, writev, (int fd, const struct iovec *iov, int n),
    do_vector(p.s, fd, iov, n, true), sent, 0)
CALL(ssize_t, recv, (int fd, void *buf, size_t len, int flags),
    do_recvfrom(p.s, fd, buf, len, flags, NULL, NULL), received, flags)
CALL(ssize_t, recvfrom,
    (int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
        socklen_t *addrlen),
    do_recvfrom(p.s, fd, buf, len, flags, addr, addrlen), received, flags)
CALL(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags),
    do_recvmsg(p.s, fd, msg, flags), received, flags)
CALL(int, recvmmsg,
    (int fd, struct mmsghdr *msgs, unsigned int n, int flags,
        struct timespec *timeout),
    do_recvmmsg(p.s, fd, msgs, n, flags, timeout), received, flags)
CALL(ssize_t, read, (int fd, void *buf, size_t len),
    do_recvfrom(p.s, fd, buf, len, 0, NULL, NULL), received, 0)
CALL(ssize_t, readv, (int fd, const struct iovec *iov, int n),
    do_vector(p.s, fd, iov, n, false), received, 0)
