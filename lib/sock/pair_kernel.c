#include "sock/pair.h"

#include <errno.h>
#include <stddef.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "sock/native.h"
#include "sock/option.h"

static void
plain_destroy(struct zsock *s)
{
	native_close_kfd(s->kfd);
	sock_release(s, sizeof(*s));
}

static void
plain_farewell(struct zsock *s)
{
	(void)s; /* the peer sees the end when the last reference goes */
}

static int
plain_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	return (int)err_from_kernel(kernel->bind(s->kfd, addr, len));
}

static int
plain_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	return (int)err_from_kernel(kernel->connect(s->kfd, addr, len));
}

static int
plain_listen(struct zsock *s, int backlog)
{
	return (int)err_from_kernel(kernel->listen(s->kfd, backlog));
}

/* An end is connected and so can never listen. */
static int
plain_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len)
{
	(void)s;
	(void)child;
	(void)addr;
	(void)len;
	return -EINVAL;
}

static int
plain_shutdown(struct zsock *s, int how)
{
	return (int)err_from_kernel(kernel->shutdown(s->kfd, how));
}

static ssize_t
plain_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	return err_from_kernel(
	    kernel->sendmsg(s->kfd, m, flags | MSG_NOSIGNAL));
}

static ssize_t
plain_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	return err_from_kernel(kernel->recvmsg(s->kfd, m, flags));
}

static int
plain_getsockname(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	return (int)err_from_kernel(kernel->getsockname(s->kfd, addr, len));
}

static int
plain_getpeername(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	return (int)err_from_kernel(kernel->getpeername(s->kfd, addr, len));
}

static int
plain_ioctl(struct zsock *s, unsigned long request, int *value)
{
	return (int)err_from_kernel(kernel->ioctl(s->kfd, request, value));
}

/* Every option is the kernel's. */
static const struct option *const plain_options[] = { NULL };

static const struct zsock_ops plain_ops = {
	.name = "pair",
	.options = plain_options,
	.destroy = plain_destroy,
	.farewell = plain_farewell,
	.bind = plain_bind,
	.connect = plain_connect,
	.listen = plain_listen,
	.accept = plain_accept,
	.shutdown = plain_shutdown,
	.sendmsg = plain_sendmsg,
	.recvmsg = plain_recvmsg,
	.getsockname = plain_getsockname,
	.getpeername = plain_getpeername,
	.getsockopt = option_get,
	.setsockopt = option_set,
	.ioctl = plain_ioctl,
};

int
pair_open_kernel(int family, int type, int proto, struct zsock *out[2])
{
	struct zsock *ends[2] = { NULL, NULL };
	int kfds[2], rc;

	rc = kfd_opened_pair(kernel->socketpair(family, type | SOCK_CLOEXEC,
	                         proto, kfds),
	    kfds);
	if (rc < 0)
		return rc;
	for (int i = 0; i < 2; i++) {
		ends[i] = sock_alloc(sizeof(*ends[i]));
		if (ends[i] == NULL)
			rc = -ENOMEM;
	}
	for (int i = 0; i < 2; i++) {
		if (rc == 0) {
			sock_init(ends[i], &plain_ops, kfds[i]);
			out[i] = ends[i];
			continue;
		}
		native_close_kfd(kfds[i]);
		if (ends[i] != NULL)
			sock_release(ends[i], sizeof(*ends[i]));
	}
	return rc;
}
