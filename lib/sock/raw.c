#include "sock/raw.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/profile.h"
#include "sock/native.h"

static ssize_t
raw_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	(void)s;
	(void)m;
	(void)flags;
	return -EPROTONOSUPPORT;
}

static ssize_t
raw_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	(void)s;
	(void)m;
	(void)flags;
	profile_hazard("recv: a SOCK_RAW socket: 0", "stops at an assertion");
	return 0;
}

static int
raw_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -EOPNOTSUPP;
}

static void
raw_destroy(struct zsock *s)
{
	native_fini((struct native *)s);
	sock_release(s, sizeof(struct native));
}

static void
raw_farewell(struct zsock *s)
{
	(void)s; /* nobody was ever spoken to */
}

static const struct option *const options[] = {
	native_dgram_options,
	NULL,
};

static const struct zsock_ops raw_ops = {
	.name = "raw",
	.options = options,
	.destroy = raw_destroy,
	.farewell = raw_farewell,
	.bind = native_bind,
	.connect = raw_connect,
	.listen = sock_no_listen,
	.accept = sock_no_accept,
	.shutdown = native_shutdown,
	.sendmsg = raw_sendmsg,
	.recvmsg = raw_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.ioctl = sock_no_ioctl,
	.poll_begin = native_poll_begin,
	.poll_end = native_poll_end,
	.no_message = EDESTADDRREQ,
	.poll_out_free = true,
};

/* A datagram socket of the kernel that nothing is sent to stands in for it. */
static int
open_useless(int family, struct zsock **out)
{
	const int kfd = native_socket(family, SOCK_DGRAM, 0);
	struct native *n;
	int rc;

	if (kfd < 0)
		return kfd;
	n = sock_alloc(sizeof(*n));
	if (n == NULL) {
		native_close_kfd(kfd);
		return -ENOMEM;
	}
	rc = native_init(n, &raw_ops, kfd, family, SOCK_DGRAM);
	if (rc < 0)
		sock_release(&n->base, sizeof(*n));
	else
		*out = &n->base;
	return rc;
}

int
raw_open(int family, int type, int proto, struct zsock **out)
{
	(void)type;
	(void)proto;
	if (quirk(QUIRK_RAW) != 0)
		return -quirk(QUIRK_RAW);
	return open_useless(family, out);
}
