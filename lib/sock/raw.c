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

static const struct option *const options[] = {
	native_dgram_options,
	NULL,
};

static const struct zsock_ops raw_ops = {
	.name = "raw",
	.options = options,
	.destroy = native_destroy,
	.farewell = sock_no_farewell,
	.bind = native_bind,
	.connect = sock_no_address,
	.listen = sock_no_listen,
	.accept = sock_no_accept,
	.shutdown = native_shutdown,
	.sendmsg = raw_sendmsg,
	.recvmsg = raw_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.getsockopt = option_get,
	.setsockopt = option_set,
	.ioctl = sock_no_ioctl,
	.poll_begin = native_poll_begin,
	.poll_end = native_poll_end,
	.no_message = EDESTADDRREQ,
	.bare_pointers = true,
	.poll_out_free = true,
};

/* A datagram socket of the kernel that nothing is sent to stands in for it. */
int
raw_open(int family, int type, int proto, struct zsock **out)
{
	(void)type;
	(void)proto;
	if (quirk(QUIRK_RAW) != 0)
		return -quirk(QUIRK_RAW);
	return native_open_with(&raw_ops, family, SOCK_DGRAM, 0, out);
}
