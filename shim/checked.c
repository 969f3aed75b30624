#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"

/*
 * What the compiler makes of read, recv and recvfrom where it knows the size of
 * the buffer.  Libc's do not come by the plain names; and what does not fit is
 * for them to end the process with.
 */

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
    struct sockaddr *addr, socklen_t *addrlen);

EXPORT ssize_t
__read_chk(int fd, void *buf, size_t len, size_t size)
{
	if (pending_refuses(fd))
		return -1;
	if (len > size || !slots_has(fd))
		return real.__read_chk(fd, buf, len, size);
	return slots_core->read(fd, buf, len);
}

EXPORT ssize_t
__recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	if (pending_refuses(fd))
		return -1;
	if (len > size || !slots_has(fd))
		return real.__recv_chk(fd, buf, len, size, flags);
	return slots_core->recv(fd, buf, len, flags);
}

EXPORT ssize_t
__recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
    struct sockaddr *addr, socklen_t *addrlen)
{
	if (pending_refuses(fd))
		return -1;
	if (len > size || !slots_has(fd))
		return real.__recvfrom_chk(fd, buf, len, size, flags, addr,
		    addrlen);
	return slots_core->recvfrom(fd, buf, len, flags, addr, addrlen);
}
