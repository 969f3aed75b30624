#include "sock/native.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/profile.h"

/* Bytes of IP and UDP header, as the device counts its buffers. */
#define HEADERS_V4 28
#define HEADERS_V6 48

/* Room for the control messages that are passed on. */
#define CONTROL_ROOM 256

static ssize_t
kernel_send(struct native *n, const struct msghdr *m, int flags)
{
	/* A message of one piece goes by the shorter call: the hot path. */
	if (m->msg_iovlen == 1 && m->msg_controllen == 0)
		return err_from_kernel(kernel->sendto(n->base.kfd,
		    m->msg_iov->iov_base, m->msg_iov->iov_len,
		    flags | MSG_NOSIGNAL, m->msg_name, m->msg_namelen));
	return err_from_kernel(
	    kernel->sendmsg(n->base.kfd, m, flags | MSG_NOSIGNAL));
}

static ssize_t
kernel_recv(struct native *n, struct msghdr *m, int flags)
{
	if (m->msg_iovlen == 1 && m->msg_flags == SOCK_FLAGS_UNWATCHED)
		return err_from_kernel(kernel->recvfrom(n->base.kfd,
		    m->msg_iov->iov_base, m->msg_iov->iov_len, flags,
		    m->msg_name, m->msg_name != NULL ? &m->msg_namelen : NULL));
	return err_from_kernel(kernel->recvmsg(n->base.kfd, m, flags));
}

static size_t
total_len(const struct msghdr *m)
{
	size_t total = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		total += m->msg_iov[i].iov_len;
	return total;
}

/* The older device has no other word for a stream that is no more. */
static int
broken(struct native *n)
{
	const int error = atomic_load(&n->error);

	return error != 0 && quirk(QUIRK_SEND_AFTER_FIN) == 0
	    ? -error
	    : -quirk(QUIRK_SEND_BROKEN);
}

/*
 * May it carry data, as far as connect goes?  0, or what recv answers.  One
 * that nothing was heard of is still being connected as the kernel has it,
 * which would wait for that, or give up by its own time.
 */
static int
check_connect(struct native *n)
{
	int rc;

	switch (atomic_load_explicit(&n->state, memory_order_relaxed)) {
	case NATIVE_CONNECTING:
		rc = native_progress(n);
		return rc == -EALREADY ? -ENOTCONN : rc;
	case NATIVE_FAILED:
		return -atomic_load(&n->error);
	default:
		return 0;
	}
}

/* What the device answers for a stream that could not send. */
static ssize_t
stream_send_error(struct native *n, bool for_address, int flags, ssize_t rc)
{
	const int state = atomic_load(&n->state);

	if (rc == -EPIPE &&
	    (state == NATIVE_NEW || state == NATIVE_LISTENING)) {
		if (quirk(QUIRK_SEND_UNCONNECTED) == EDESTADDRREQ &&
		    for_address)
			return -ENOTCONN;
		return -quirk(QUIRK_SEND_UNCONNECTED);
	}
	if (rc == -EPIPE)
		return broken(n);
	if (rc == -ECONNRESET && quirk(QUIRK_SEND_AFTER_FIN) != 0)
		return -quirk(QUIRK_SEND_AFTER_FIN);
	if (rc == -EAGAIN && (flags & MSG_DONTWAIT) == 0 &&
	    native_send_ms() > 0 && !atomic_load(&n->send_timeout) &&
	    native_nonblock(n->base.kfd) == 0)
		return -quirk(QUIRK_SEND_WINDOW);
	return -native_latch(n, (int)-rc);
}

/* The older device sends nothing once the peer has ended its half. */
static bool
fin_has_come(struct native *n)
{
	struct pollfd p = { .fd = n->base.kfd, .events = POLLRDHUP };

	return kernel->poll(&p, 1, 0) > 0 && (p.revents & POLLRDHUP) != 0;
}

static ssize_t
stream_send(struct native *n, const struct msghdr *m, int flags)
{
	struct msghdr plain = *m;
	ssize_t rc;

	/* What a stream of the device has no use for, and the kernel might. */
	plain.msg_name = NULL;
	plain.msg_namelen = 0;
	plain.msg_control = NULL;
	plain.msg_controllen = 0;
	rc = check_connect(n);
	if (rc < 0)
		return rc == -ENOTCONN ? rc : broken(n);
	if (quirk(QUIRK_SEND_AFTER_FIN) != 0 &&
	    atomic_load(&n->state) == NATIVE_CONNECTED && fin_has_come(n))
		return -quirk(QUIRK_SEND_AFTER_FIN);
	if (quirk(QUIRK_SEND_SNDTIMEO) != 0 && atomic_load(&n->send_timeout))
		flags |= MSG_DONTWAIT;
	rc = kernel_send(n, &plain, flags);
	return rc >= 0 ? rc
	               : stream_send_error(n, m->msg_name != NULL, flags, rc);
}

/*
 * The control messages that the device knows; it passes over all others, for
 * which the kernel would refuse the whole message.  0, or -EINVAL.
 */
static int
filter_control(struct msghdr *m, unsigned char *room)
{
	struct msghdr out = { .msg_control = room,
		.msg_controllen = CONTROL_ROOM };
	struct cmsghdr *to = CMSG_FIRSTHDR(&out);
	size_t used = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c)) {
		const size_t at = (size_t)((char *)c - (char *)m->msg_control);
		const size_t len = CMSG_ALIGN(c->cmsg_len);
		const bool known = (c->cmsg_level == IPPROTO_IP &&
		                       (c->cmsg_type == IP_PKTINFO ||
		                           c->cmsg_type == IP_TTL)) ||
		    (c->cmsg_level == IPPROTO_IPV6 &&
		        (c->cmsg_type == IPV6_PKTINFO ||
		            c->cmsg_type == IPV6_HOPLIMIT));

		/* One that is longer than what it is in is none. */
		if (c->cmsg_len < sizeof(*c) ||
		    c->cmsg_len > m->msg_controllen - at)
			return -EINVAL;
		if (!known)
			continue;
		if (used + len > CONTROL_ROOM)
			return -EINVAL;
		memcpy((unsigned char *)to + used, c, c->cmsg_len);
		used += len;
	}
	m->msg_control = used > 0 ? room : NULL;
	m->msg_controllen = used;
	return 0;
}

/* More than the target's buffers hold? */
static bool
is_oversize(const struct native *n, size_t len)
{
	const int buffers = limit_get(LIMIT_TX_BUFFERS, 0);
	const int size = limit_get(LIMIT_BUFFER_SIZE, 128);
	const size_t room = (size_t)buffers * (size_t)size;
	const size_t headers =
	    atomic_load(&n->family) == AF_INET6 ? HEADERS_V6 : HEADERS_V4;
	char what[160];

	if (buffers == 0 || len + headers <= room)
		return false;
	snprintf(what, sizeof(what),
	    "a datagram of %zu bytes and %zu of headers, where %d buffers of "
	    "%s=%d hold %zu",
	    len, headers, buffers, limit_symbol(LIMIT_BUFFER_SIZE), size, room);
	limit_exceeded(LIMIT_TX_BUFFERS, what);
	return true;
}

/* Looks a destination over; may replace it by what the kernel needs. */
static int
check_destination(struct native *n, struct msghdr *m, union native_addr *room)
{
	const union native_addr *a = m->msg_name;
	const int family = atomic_load(&n->family);
	bool any;

	if (a->any.sa_family != family) {
		if (a->any.sa_family == AF_INET6)
			return -quirk(QUIRK_SEND_DEST_V6);
		if (a->any.sa_family == AF_INET)
			return -quirk(QUIRK_SEND_DEST_V4);
		if (quirk(QUIRK_SEND_DEST_FAMILY) != 0)
			return -quirk(QUIRK_SEND_DEST_FAMILY);
		memcpy(room, a,
		    m->msg_namelen < sizeof(*room) ? m->msg_namelen
		                                   : sizeof(*room));
		room->any.sa_family = (sa_family_t)family;
		m->msg_name = room;
		m->msg_namelen =
		    family == AF_INET6 ? sizeof(room->in6) : sizeof(room->in);
		a = room;
	}
	any = family == AF_INET ? a->in.sin_addr.s_addr == htonl(INADDR_ANY)
	                        : IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
	if (any || a->in.sin_port == 0)
		return -quirk(QUIRK_SEND_DEST_NOWHERE);
	return 0;
}

/*
 * May it be what an ICMP message said of an earlier datagram?  The kernel tells
 * it to the next call, once, and the device to none.
 */
static bool
is_icmp(ssize_t rc)
{
	static const int errors[] = { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
		EHOSTDOWN, ENONET, ENOPROTOOPT, EMSGSIZE, EACCES, EPROTO,
		EOPNOTSUPP };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (rc == -errors[i])
			return quirk(QUIRK_DGRAM_NO_ICMP) != 0;
	}
	return false;
}

static ssize_t
dgram_send(struct native *n, const struct msghdr *given, int flags)
{
	unsigned char control[CONTROL_ROOM]
	    __attribute__((aligned(sizeof(struct cmsghdr))));
	union native_addr room;
	struct msghdr m = *given;
	ssize_t rc = 0;

	memset(&room, 0, sizeof(room));
	if (m.msg_name != NULL)
		rc = check_destination(n, &m, &room);
	if (rc < 0)
		return rc;
	if (is_oversize(n, total_len(&m)))
		return -ENOMEM;
	if (m.msg_controllen > 0)
		rc = filter_control(&m, control);
	if (rc < 0)
		return rc;
	rc = kernel_send(n, &m, flags);
	if (is_icmp(rc)) /* if it comes again, it is this one's */
		rc = kernel_send(n, &m, flags);
	return rc == -EMSGSIZE ? -quirk(QUIRK_SEND_OVERSIZE) : rc;
}

ssize_t
native_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	struct native *n = (struct native *)s;

	if (profile_get() == PROFILE_LINUX)
		return kernel_send(n, m, flags);
	if (n->type == SOCK_STREAM)
		return stream_send(n, m, flags);
	return dgram_send(n, m, flags);
}

ssize_t
native_sent(struct zsock *s, int flags, ssize_t rc)
{
	if (profile_get() == PROFILE_LINUX)
		return rc;
	return stream_send_error((struct native *)s, false, flags, rc);
}

/* A wait that ended early on the device would have lost what had come. */
static void
warn_waitall(struct native *n, const struct msghdr *m, int flags, ssize_t rc)
{
	if ((flags & MSG_DONTWAIT) != 0 || (size_t)rc >= total_len(m) ||
	    !atomic_load(&n->recv_timeout) ||
	    native_nonblock(n->base.kfd) != 0 || fin_has_come(n))
		return;
	profile_hazard("recv: MSG_WAITALL got a part when SO_RCVTIMEO was over",
	    "answers EAGAIN and loses that part");
}

/* The stream's peer is who sent it, which the kernel does not repeat. */
static void
stream_source(struct native *n, struct msghdr *m, socklen_t room)
{
	if (quirk(QUIRK_RECV_STREAM_ADDR) == 0) {
		m->msg_namelen = room; /* untouched */
		return;
	}
	m->msg_namelen = room;
	if (kernel->getpeername(n->base.kfd, m->msg_name, &m->msg_namelen) ==
	    -1)
		m->msg_namelen = room;
}

/* rc is not above 0.  A stream that has ended, or cannot receive, says for ever what ended it. */
static ssize_t
stream_recv_end(struct native *n, ssize_t rc)
{
	if (rc < 0)
		return -native_latch(n, (int)-rc);
	return -atomic_load(&n->error);
}

static ssize_t
stream_recv(struct native *n, struct msghdr *m, int flags)
{
	const socklen_t room = m->msg_namelen;
	ssize_t rc;

	if (atomic_load_explicit(&n->shut, memory_order_relaxed)) {
		native_discard(n->base.kfd);
		return 0;
	}
	/* The kernel would take it as a wish to throw data away. */
	flags &= ~MSG_TRUNC;
	if ((flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) != 0 &&
	    quirk(QUIRK_RECV_WAITALL_PEEK) != 0) {
		profile_hazard("recv: MSG_WAITALL with MSG_PEEK: what is there",
		    "counts the same bytes until it has enough");
		flags &= ~MSG_WAITALL;
	}
	rc = check_connect(n);
	if (rc < 0)
		return rc;
	rc = kernel_recv(n, m, flags);
	if (rc <= 0) {
		m->msg_namelen = room;
		return stream_recv_end(n, rc);
	}
	if (m->msg_name != NULL)
		stream_source(n, m, room);
	if ((flags & MSG_WAITALL) != 0)
		warn_waitall(n, m, flags, rc);
	return rc;
}

static int
dgram_shut(struct native *n, int flags)
{
	const int answer = quirk(QUIRK_RECV_SHUT_DGRAM);

	native_discard(n->base.kfd);
	if (answer != 0 && (flags & MSG_DONTWAIT) == 0 &&
	    native_nonblock(n->base.kfd) == 0)
		profile_hazard("recv: a datagram socket after SHUT_RD: EAGAIN",
		    "waits for ever");
	return -answer;
}

static ssize_t
dgram_recv(struct native *n, struct msghdr *m, int flags)
{
	const socklen_t least = atomic_load(&n->family) == AF_INET6
	    ? NATIVE_IN6_LEAST
	    : NATIVE_IN_LEAST;
	ssize_t rc = 0;

	if (atomic_load_explicit(&n->shut, memory_order_relaxed))
		return dgram_shut(n, flags);
	if (m->msg_name != NULL && m->msg_namelen < least) {
		profile_hazard("recvfrom: *addrlen is too short: EINVAL",
		    "answers that too, and loses the datagram");
		return -quirk(QUIRK_RECV_SHORT_ADDRLEN);
	}
	flags &= ~MSG_WAITALL;
	do {
		rc = kernel_recv(n, m, flags);
	} while (is_icmp(rc));
	/* Somebody else's SHUT_RD woke this call with nothing. */
	if (rc == 0 && atomic_load(&n->shut))
		return dgram_shut(n, flags);
	return rc;
}

ssize_t
native_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	struct native *n = (struct native *)s;

	if (profile_get() == PROFILE_LINUX)
		return kernel_recv(n, m, flags);
	if (m->msg_iovlen > 0 && total_len(m) == 0)
		return 0; /* nothing is consumed, in any state */
	if (n->type == SOCK_STREAM)
		return stream_recv(n, m, flags);
	return dgram_recv(n, m, flags);
}

ssize_t
native_received(struct zsock *s, ssize_t rc)
{
	if (quirk(QUIRK_RECV_ERROR_STAYS) == 0)
		return rc;
	return stream_recv_end((struct native *)s, rc);
}
