#include "shim/core/marks.h"

#include <fcntl.h>
#include <stdatomic.h>

#include "base/kernel.h"
#include "shim/core.h"
#include "sock/fdtable.h"

/* Its pages cost memory once they are written. */
static atomic_bool wishes[FDTABLE_CAPACITY];

bool
marks_secure(int fd)
{
	struct zsock *s = fdtable_get(fd);
	const struct zsock_ops *ops;
	bool secure;

	if (s == NULL)
		return false;
	ops = s->ops;
	secure = ops->secure;
	sock_put(s);
	return secure;
}

void
marks_set(int fd, bool cloexec)
{
	const bool secure = marks_secure(fd);

	/* Neither fails on a descriptor that is open. */
	(void)kernel->fcntl(fd, F_SETSIG, secure ? CORE_SECURE : CORE_PLAIN);
	(void)kernel->fcntl(fd, F_SETFD, secure || cloexec ? FD_CLOEXEC : 0);
	atomic_store(&wishes[fd], cloexec);
}

bool
marks_cloexec(int fd)
{
	return atomic_load(&wishes[fd]);
}

void
marks_set_cloexec(int fd, bool cloexec)
{
	if (!marks_secure(fd))
		(void)kernel->fcntl(fd, F_SETFD, cloexec ? FD_CLOEXEC : 0);
	atomic_store(&wishes[fd], cloexec);
}
