#include <errno.h>
#include <limits.h>
#include <sys/uio.h>

#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"

/*
 * preadv2 and its like are readv and writev with flags where the offset is -1;
 * any other offset is refused by the kernel, because a socket has none.
 */

/* What is to be kept from waiting, and what means nothing to a socket. */
#define FLAGS (RWF_NOWAIT | RWF_HIPRI | RWF_DSYNC | RWF_SYNC)

static bool
is_cores_at(int fd, off_t offset)
{
	return offset == -1 && slots_has(fd);
}

/* 0, or -1 and errno. */
static int
check(int n, int flags)
{
	if ((flags & ~FLAGS) == 0 && n >= 0 && n <= IOV_MAX)
		return 0;
	errno = (flags & ~FLAGS) != 0 ? EOPNOTSUPP : EINVAL;
	return -1;
}

static ssize_t
receive(int fd, const struct iovec *iov, int n, int flags)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov };

	if (check(n, flags) == -1)
		return -1;
	if ((flags & RWF_NOWAIT) == 0)
		return slots_core->readv(fd, iov, n);
	msg.msg_iovlen = (size_t)n;
	return slots_core->recvmsg(fd, &msg, MSG_DONTWAIT);
}

static ssize_t
transmit(int fd, const struct iovec *iov, int n, int flags)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov };

	if (check(n, flags) == -1)
		return -1;
	if ((flags & RWF_NOWAIT) == 0)
		return slots_core->writev(fd, iov, n);
	msg.msg_iovlen = (size_t)n;
	return slots_core->sendmsg(fd, &msg, MSG_DONTWAIT);
}

EXPORT ssize_t
preadv2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	if (pending_refuses(fd))
		return -1;
	if (!is_cores_at(fd, offset))
		return real.preadv2(fd, iov, n, offset, flags);
	return receive(fd, iov, n, flags);
}

EXPORT ssize_t
preadv64v2(int fd, const struct iovec *iov, int n, off64_t offset, int flags)
{
	if (pending_refuses(fd))
		return -1;
	if (!is_cores_at(fd, offset))
		return real.preadv64v2(fd, iov, n, offset, flags);
	return receive(fd, iov, n, flags);
}

EXPORT ssize_t
pwritev2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	if (pending_refuses(fd))
		return -1;
	if (!is_cores_at(fd, offset))
		return real.pwritev2(fd, iov, n, offset, flags);
	return transmit(fd, iov, n, flags);
}

EXPORT ssize_t
pwritev64v2(int fd, const struct iovec *iov, int n, off64_t offset, int flags)
{
	if (pending_refuses(fd))
		return -1;
	if (!is_cores_at(fd, offset))
		return real.pwritev64v2(fd, iov, n, offset, flags);
	return transmit(fd, iov, n, flags);
}
