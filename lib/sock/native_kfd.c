/* Calls on the kernel's descriptor alone, whatever socket it is. */
#include "sock/native.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "sock/fdtable.h"

/*
 * What was not read is thrown away by so much at a time, so often at most, for
 * the peer may go on sending: 64 MiB, more than the kernel keeps for a socket.
 */
#define SCRAP_SIZE 16384
#define SCRAP_READS 4096

int
native_set_int(int kfd, int level, int name, int value)
{
	return (int)err_from_kernel(
	    kernel->setsockopt(kfd, level, name, &value, sizeof(value)));
}

int
native_set_timeout(int kfd, int name, int ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000L };

	return (int)err_from_kernel(
	    kernel->setsockopt(kfd, SOL_SOCKET, name, &tv, sizeof(tv)));
}

void
native_close_kfd(int kfd)
{
	fdtable_disown(kfd);
	kfd_close(kfd);
}

void
native_discard(int kfd)
{
	const int saved = errno;
	char scrap[SCRAP_SIZE];

	/* With MSG_TRUNC a stream's data are not copied first. */
	for (int i = 0; i < SCRAP_READS; i++) {
		if (kernel->recvfrom(kfd, scrap, sizeof(scrap),
		        MSG_DONTWAIT | MSG_TRUNC, NULL, NULL) <= 0)
			break;
	}
	errno = saved; /* nothing more is no failure */
}

int
native_wait(int kfd, short events, struct deadline until)
{
	struct pollfd p = { .fd = kfd, .events = events };
	int rc;

	do {
		rc = (int)err_from_kernel(
		    kernel->poll(&p, 1, deadline_left_ms(until)));
	} while (rc == -EINTR);
	return rc == 0 ? -ETIMEDOUT : rc < 0 ? rc : 0;
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
