#ifndef SOCK_CALL_IO_H
#define SOCK_CALL_IO_H

#include <errno.h>

#include "base/err.h"
#include "base/inline.h"
#include "base/kernel.h"
#include "sock/call.h"
#include "sock/fdtable.h"

/* call_sendto and call_recvfrom, for callers that have no time to lose. */

/* Drops the reference that a call held; one that was closed under it says so. */
static PATH_INLINE ssize_t
call_io_leave_plain(struct zsock *s, ssize_t rc)
{
	if (rc <= 0 && atomic_load_explicit(&s->closing, memory_order_relaxed))
		rc = -EINTR;
	sock_put(s);
	return rc;
}

/*
 * The way to a result may lead over calls of the kernel that fail; a success
 * does not show it.
 */
static PATH_INLINE ssize_t
call_io_leave(struct zsock *s, int saved, ssize_t rc)
{
	rc = call_io_leave_plain(s, rc);
	if (rc >= 0)
		errno = saved;
	return rc;
}

static PATH_INLINE ssize_t
call_io_send_one(struct zsock *s, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	const struct msghdr m = { .msg_name = (void *)addr,
		.msg_namelen = addr != NULL ? addrlen : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_flags = SOCK_ONE_BUFFER };

	return s->ops->sendmsg(s, &m, flags);
}

static PATH_INLINE ssize_t
call_io_sendto(int sock, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	struct zsock *s = fdtable_get(sock);
	ssize_t n;
	int saved;

	if (s == NULL)
		return -EBADF;
	if (addr == NULL &&
	    atomic_load_explicit(&s->io_plain, memory_order_relaxed)) {
		n = err_from_kernel(kernel->sendto(s->kfd, buf, len,
		    flags | MSG_NOSIGNAL, NULL, 0));
		if (n < 0)
			n = s->ops->sent(s, flags, n); /* a failure it stays */
		return call_io_leave_plain(s, n);
	}
	saved = errno;
	return call_io_leave(s, saved,
	    call_io_send_one(s, buf, len, flags, addr, addrlen));
}

static PATH_INLINE ssize_t
call_io_recv_one(struct zsock *s, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr m = { .msg_name = addr,
		.msg_namelen = addr != NULL ? *addrlen : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_flags = SOCK_FLAGS_UNWATCHED };
	const ssize_t n = s->ops->recvmsg(s, &m, flags);

	if (n >= 0 && addr != NULL)
		*addrlen = m.msg_namelen;
	return n;
}

/* Of the flags, what is the same for the kernel and the device. */
static PATH_INLINE bool
call_io_is_plain_recv(const struct zsock *s, size_t len, int flags)
{
	return atomic_load_explicit(&s->io_plain, memory_order_relaxed) &&
	    len > 0 && (flags & ~(MSG_DONTWAIT | MSG_PEEK)) == 0;
}

static PATH_INLINE ssize_t
call_io_recvfrom(int sock, void *buf, size_t len, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	struct zsock *s = fdtable_get(sock);
	ssize_t n;
	int saved;

	if (s == NULL)
		return -EBADF;
	if (addr == NULL && call_io_is_plain_recv(s, len, flags)) {
		n = err_from_kernel(
		    kernel->recvfrom(s->kfd, buf, len, flags, NULL, NULL));
		if (n <= 0)
			n = s->ops->received(s, n); /* no failure becomes 0 */
		return call_io_leave_plain(s, n);
	}
	saved = errno;
	return call_io_leave(s, saved,
	    call_io_recv_one(s, buf, len, flags, addr, addrlen));
}

#endif
