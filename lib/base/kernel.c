#include "base/kernel.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

/* A table entry cannot be variadic: the callee's prototype must be known. */
static int
libc_fcntl(int kfd, int cmd, long arg)
{
	return fcntl(kfd, cmd, arg);
}

static int
libc_ioctl(int kfd, unsigned long request, void *arg)
{
	return ioctl(kfd, request, arg);
}

const struct kernel kernel_libc = {
	.socket = socket,
	.socketpair = socketpair,
	.eventfd = eventfd,
	.close = close,
	.bind = bind,
	.connect = connect,
	.listen = listen,
	.accept4 = accept4,
	.shutdown = shutdown,
	.sendto = sendto,
	.sendmsg = sendmsg,
	.recvfrom = recvfrom,
	.recvmsg = recvmsg,
	.getsockopt = getsockopt,
	.setsockopt = setsockopt,
	.getsockname = getsockname,
	.getpeername = getpeername,
	.poll = poll,
	.select = select,
	.fcntl = libc_fcntl,
	.dup3 = dup3,
	.ioctl = libc_ioctl,
	.read = read,
	.write = write,
	.preadv2 = preadv2,
};

const struct kernel *kernel = &kernel_libc;
