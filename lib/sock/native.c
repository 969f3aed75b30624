#include "sock/native.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/kernel.h"

static int
set_int(int kfd, int level, int name, int value)
{
	return (int)err_from_kernel(
	    kernel->setsockopt(kfd, level, name, &value, sizeof(value)));
}

void
native_close_kfd(int kfd)
{
	const int saved = errno;

	/* The number is free whatever close answers; there is no second try. */
	if (kernel->close(kfd) == -1)
		errno = saved;
}

/*
 * On the device an IPv6 socket never carries IPv4, and no port waits out
 * TIME_WAIT.
 */
static int
prepare(int kfd, int family, int type)
{
	int rc = 0;

	if (family == AF_INET6)
		rc = set_int(kfd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (rc == 0 && type == SOCK_STREAM)
		rc = set_int(kfd, SOL_SOCKET, SO_REUSEADDR, 1);
	return rc;
}

int
native_socket(int family, int type, int proto)
{
	int kfd, rc;

	kfd = err_from_open(kernel->socket(family, type | SOCK_CLOEXEC, proto));
	if (kfd < 0)
		return kfd;
	rc = prepare(kfd, family, type);
	if (rc < 0) {
		native_close_kfd(kfd);
		return rc;
	}
	return kfd;
}

int
native_nonblock(int kfd)
{
	const int flags = (int)err_from_kernel(kernel->fcntl(kfd, F_GETFL, 0));

	return flags < 0 ? flags : flags & O_NONBLOCK;
}

int
native_set_nonblock(int kfd, bool on)
{
	const int flags = (int)err_from_kernel(kernel->fcntl(kfd, F_GETFL, 0));

	if (flags < 0)
		return flags;
	return (int)err_from_kernel(kernel->fcntl(kfd, F_SETFL,
	    on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

static void
native_destroy(struct zsock *s)
{
	native_close_kfd(s->kfd);
	sock_release(s, sizeof(*s));
}

static void
native_farewell(struct zsock *s)
{
	(void)s; /* the kernel sends the FIN when the last reference goes */
}

int
native_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	return (int)err_from_kernel(kernel->bind(s->kfd, addr, len));
}

int
native_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	return (int)err_from_kernel(kernel->connect(s->kfd, addr, len));
}

int
native_listen(struct zsock *s, int backlog)
{
	return (int)err_from_kernel(kernel->listen(s->kfd, backlog));
}

int
native_accept_kfd(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	return err_from_open(kernel->accept4(s->kfd, addr, len, SOCK_CLOEXEC));
}

static const struct zsock_ops stream_ops;

static int
wrap(int kfd, const struct zsock_ops *ops, struct zsock **out)
{
	struct zsock *s = sock_alloc(sizeof(*s));

	if (s == NULL) {
		native_close_kfd(kfd);
		return -ENOMEM;
	}
	sock_init(s, ops, kfd);
	*out = s;
	return 0;
}

static int
stream_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len)
{
	const int kfd = native_accept_kfd(s, addr, len);

	return kfd < 0 ? kfd : wrap(kfd, &stream_ops, child);
}

int
native_shutdown(struct zsock *s, int how)
{
	return (int)err_from_kernel(kernel->shutdown(s->kfd, how));
}

/* A message of one piece goes by the shorter call: send is the hot path. */
static ssize_t
native_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	flags |= MSG_NOSIGNAL;
	if (m->msg_iovlen == 1 && m->msg_controllen == 0)
		return err_from_kernel(kernel->sendto(s->kfd,
		    m->msg_iov->iov_base, m->msg_iov->iov_len, flags,
		    m->msg_name, m->msg_namelen));
	return err_from_kernel(kernel->sendmsg(s->kfd, m, flags));
}

static ssize_t
native_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	if (m->msg_iovlen == 1 && m->msg_flags == SOCK_FLAGS_UNWATCHED)
		return err_from_kernel(kernel->recvfrom(s->kfd,
		    m->msg_iov->iov_base, m->msg_iov->iov_len, flags,
		    m->msg_name, m->msg_name != NULL ? &m->msg_namelen : NULL));
	return err_from_kernel(kernel->recvmsg(s->kfd, m, flags));
}

/* On a stream Linux would take MSG_TRUNC as a wish to throw data away. */
static ssize_t
stream_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	return native_recvmsg(s, m, flags & ~MSG_TRUNC);
}

int
native_getsockname(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	return (int)err_from_kernel(kernel->getsockname(s->kfd, addr, len));
}

int
native_getpeername(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	return (int)err_from_kernel(kernel->getpeername(s->kfd, addr, len));
}

/*
 * FIONBIO sets non-blocking mode without looking at its argument, as on the
 * device.  SIOCOUTQ is what the device calls FIONWRITE.
 */
static int
native_ioctl(struct zsock *s, unsigned long request, int *value)
{
	switch (request) {
	case FIONBIO:
		return native_set_nonblock(s->kfd, true);
	case FIONREAD:
	case SIOCOUTQ:
		if (value == NULL)
			return -EINVAL;
		return (int)err_from_kernel(
		    kernel->ioctl(s->kfd, request, value));
	default:
		return -EOPNOTSUPP;
	}
}

static const struct option *const stream_options[] = {
	native_stream_options,
	NULL,
};

static const struct option *const dgram_options[] = {
	native_dgram_options,
	NULL,
};

static const struct zsock_ops stream_ops = {
	.name = "stream",
	.options = stream_options,
	.destroy = native_destroy,
	.farewell = native_farewell,
	.bind = native_bind,
	.connect = native_connect,
	.listen = native_listen,
	.accept = stream_accept,
	.shutdown = native_shutdown,
	.sendmsg = native_sendmsg,
	.recvmsg = stream_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.ioctl = native_ioctl,
};

static const struct zsock_ops dgram_ops = {
	.name = "dgram",
	.options = dgram_options,
	.destroy = native_destroy,
	.farewell = native_farewell,
	.bind = native_bind,
	.connect = native_connect,
	.listen = sock_no_listen,
	.accept = sock_no_accept,
	.shutdown = native_shutdown,
	.sendmsg = native_sendmsg,
	.recvmsg = native_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.ioctl = native_ioctl,
};

int
native_open(int family, int type, int proto, struct zsock **out)
{
	const int kfd = native_socket(family, type, proto);

	if (kfd < 0)
		return kfd;
	return wrap(kfd, type == SOCK_STREAM ? &stream_ops : &dgram_ops, out);
}
