#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/kernel.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "sock/tls_sock.h"

/* Buffers of a message that are handed on at once. */
#define CHUNK 16

/* Where a message stands: what comes before was taken. */
struct position {
	const struct net_msghdr *msg;
	size_t i;  /* the buffer */
	size_t at; /* bytes of it that are gone */
};

/* What the kernel says of the socket itself, or -1. */
static int
kernel_option(const struct zsock *s, int name)
{
	int value;
	socklen_t len = sizeof(value);

	return kernel->getsockopt(s->kfd, SOL_SOCKET, name, &value, &len) == 0
	    ? value
	    : -1;
}

static bool
at_end(struct position *p)
{
	while (p->i < p->msg->msg_iovlen &&
	    p->at == p->msg->msg_iov[p->i].iov_len) {
		p->i++;
		p->at = 0;
	}
	return p->i == p->msg->msg_iovlen;
}

static void
advance(struct position *p, size_t n)
{
	while (!at_end(p) && n > 0) {
		const size_t left = p->msg->msg_iov[p->i].iov_len - p->at;
		const size_t step = n < left ? n : left;

		p->at += step;
		n -= step;
	}
}

/* Hands what is left on, or the first of it; control data go once. */
static ssize_t
send_message(int sock, const struct position *p, int flags, bool first)
{
	struct net_iovec iov[CHUNK];
	struct net_msghdr m = *p->msg;

	iov[0] = p->msg->msg_iov[p->i];
	iov[0].iov_base = (char *)iov[0].iov_base + p->at;
	iov[0].iov_len -= p->at;
	m.msg_iov = iov;
	m.msg_iovlen = 1;
	for (size_t i = p->i + 1;
	     i < p->msg->msg_iovlen && m.msg_iovlen < CHUNK; i++)
		iov[m.msg_iovlen++] = p->msg->msg_iov[i];
	if (!first) {
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return zsock_sendmsg(sock, &m, flags);
}

static ssize_t
send_buffer(int sock, const struct position *p, int flags)
{
	const struct net_iovec *iov = &p->msg->msg_iov[p->i];

	return zsock_send(sock, (const char *)iov->iov_base + p->at,
	    iov->iov_len - p->at, flags);
}

/* A socketpair passes over the program's flags, so it gets one of its own. */
static ssize_t
send_to_pair(int sock, const struct position *p, int flags)
{
	const struct net_iovec *iov = &p->msg->msg_iov[p->i];

	return call_sendto(sock, (const char *)iov->iov_base + p->at,
	    iov->iov_len - p->at, edge_flags(flags) | SOCK_DONTWAIT, NULL, 0);
}

/* On a pair only single buffers are sent in part; a message is all or none. */
static ssize_t
send_some(const struct zsock *s, int sock, const struct position *p, int flags,
    bool first)
{
	const bool last = p->i + 1 == p->msg->msg_iovlen;
	ssize_t n;

	flags |= ZSOCK_MSG_DONTWAIT;
	if (kernel_option(s, SO_DOMAIN) == AF_UNIX)
		return send_to_pair(sock, p, flags);
	if (last && p->msg->msg_controllen == 0)
		n = send_buffer(sock, p, flags);
	else
		n = send_message(sock, p, flags, first);
	return n == -1 ? -errno : n;
}

static bool
has_peer(const struct zsock *s)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	return kernel->getpeername(s->kfd, (struct sockaddr *)&addr, &len) == 0;
}

/*
 * Waits until something can be sent; what has no peer never can, and its send
 * says why.  A stream whose peer has sent its end is never writable for a
 * program, but for the kernel, which asks it when nothing was taken though the
 * wait was over: stalled.
 */
static int
wait_for_room(const struct zsock *s, int sock, struct deadline until,
    bool stalled)
{
	struct pollfd p = { .fd = stalled ? s->kfd : sock, .events = POLLOUT };
	int rc;

	if (stalled) {
		rc = (int)err_from_kernel(
		    kernel->poll(&p, 1, deadline_left_ms(until)));
		return rc == 0 ? -ETIMEDOUT : rc == -EINTR ? 0 : rc;
	}
	rc = poll_sockets(&p, 1, 0, false);
	if (rc != 0 || !has_peer(s))
		return rc;
	rc = poll_sockets(&p, 1, deadline_left_ms(until), false);
	return rc == 0 ? -ETIMEDOUT : rc;
}

/*
 * What a secure socket has encrypted counts as sent, but leaves with a later
 * call if the kernel has no room for it; whoever has sent all may not make one.
 * It is writable when all has left.
 */
static void
see_off(struct zsock *s, int sock, struct deadline until)
{
	struct pollfd p = { .fd = sock, .events = POLLOUT };

	if (tls_sock_from(s) != NULL)
		(void)poll_sockets(&p, 1, deadline_left_ms(until), false);
}

static int
send_all(struct zsock *s, int sock, struct position *p, int flags,
    struct deadline until, size_t *sent)
{
	bool first = true, stalled = false;
	ssize_t n;
	int rc;

	while (!at_end(p)) {
		rc = wait_for_room(s, sock, until, stalled);
		if (rc < 0)
			return rc;
		n = send_some(s, sock, p, flags, first);
		stalled = n == -EAGAIN && !stalled;
		if (n == -EAGAIN && deadline_left_ms(until) != 0)
			continue;
		if (n == -EAGAIN)
			return -ETIMEDOUT;
		if (n == -EINTR && !atomic_load(&s->closing))
			continue; /* a signal */
		if (n < 0)
			return (int)n;
		advance(p, (size_t)n);
		*sent += (size_t)n;
		first = false;
	}
	see_off(s, sock, until);
	return 0;
}

static struct deadline
deadline_for(int64_t ms)
{
	return ms < 0 || ms > INT_MAX ? DEADLINE_NEVER : deadline_in_ms(ms);
}

static int
check_message(const struct net_msghdr *msg)
{
	if (msg == NULL || (msg->msg_iov == NULL && msg->msg_iovlen > 0))
		return -EINVAL;
	if (msg->msg_iovlen > SSIZE_MAX / sizeof(*msg->msg_iov))
		return -EMSGSIZE; /* no array is so long */
	return 0;
}

/* The reference keeps the number from becoming another socket's meanwhile. */
int
zsock_sendmsg_all_ms(int sock, const struct net_msghdr *msg, int flags,
    int64_t timeout_ms, size_t *sent)
{
	const struct deadline until = deadline_for(timeout_ms);
	const int saved = errno;
	struct position p = { .msg = msg };
	struct zsock *s;
	size_t taken = 0;
	int rc;

	if (sent != NULL)
		*sent = 0;
	s = fdtable_get(sock);
	if (s == NULL)
		return -EBADF;
	if (kernel_option(s, SO_TYPE) != SOCK_STREAM)
		rc = -EOPNOTSUPP;
	else
		rc = check_message(msg);
	if (rc == 0)
		rc = send_all(s, sock, &p, flags, until, &taken);
	if (rc < 0 && atomic_load(&s->closing))
		rc = -EINTR;
	sock_put(s);
	if (sent != NULL)
		*sent = taken;
	errno = saved;
	return rc;
}

int
zsock_send_all_ms(int sock, const void *buf, size_t len, int flags,
    int64_t timeout_ms, size_t *sent)
{
	struct net_iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	const struct net_msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (buf == NULL && len > 0 && fdtable_owns(sock)) {
		if (sent != NULL)
			*sent = 0;
		return edge_null("zsock_send_all", "the buffer");
	}
	return zsock_sendmsg_all_ms(sock, &msg, flags, timeout_ms, sent);
}
