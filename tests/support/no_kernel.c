#include "support/no_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "base/kernel.h"

/* More than any descriptor that a test has. */
#define KFD 100000

static struct kernel table;

static int
none_socket(int family, int type, int proto)
{
	(void)family;
	(void)type;
	(void)proto;
	return KFD;
}

static int
none_close(int kfd)
{
	if (kfd == KFD)
		return 0;
	errno = EBADF;
	return -1;
}

static int
none_bind(int kfd, const struct sockaddr *addr, socklen_t len)
{
	(void)kfd;
	(void)addr;
	(void)len;
	return 0;
}

static int
none_setsockopt(int kfd, int level, int name, const void *val, socklen_t len)
{
	(void)kfd;
	(void)level;
	(void)name;
	(void)val;
	(void)len;
	return 0;
}

static int
none_getsockopt(int kfd, int level, int name, void *val, socklen_t *len)
{
	(void)kfd;
	(void)level;
	(void)name;
	(void)val;
	(void)len;
	errno = ENOPROTOOPT;
	return -1;
}

static int
none_getsockname(int kfd, struct sockaddr *addr, socklen_t *len)
{
	const struct sockaddr_in own =
	    (struct sockaddr_in){ .sin_family = AF_INET,
		    .sin_port = htons(1),
		    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	(void)kfd;
	memcpy(addr, &own, sizeof(own));
	*len = sizeof(own);
	return 0;
}

static int
none_getpeername(int kfd, struct sockaddr *addr, socklen_t *len)
{
	(void)kfd;
	(void)addr;
	(void)len;
	errno = ENOTCONN;
	return -1;
}

static int
none_fcntl(int kfd, int cmd, long arg)
{
	(void)kfd;
	(void)arg;
	return cmd == F_GETFL ? O_RDWR | O_NONBLOCK : 0;
}

void
no_kernel_install(const struct no_kernel *n)
{
	table = kernel_libc;
	table.socket = none_socket;
	table.close = none_close;
	table.bind = none_bind;
	table.setsockopt = none_setsockopt;
	table.getsockopt = none_getsockopt;
	table.getsockname = none_getsockname;
	table.getpeername = none_getpeername;
	table.fcntl = none_fcntl;
	table.poll = n->poll;
	table.sendto = n->sendto;
	table.recvfrom = n->recvfrom;
	kernel = &table;
}
