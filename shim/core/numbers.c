#include "shim/core/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/log.h"
#include "shim/core/gate.h"
#include "shim/core/marks.h"
#include "shim/core/passage.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/names.h"

/* In a signal handler, in the middle of a call: what can be done without it. */
static int
close_at_once(int fd)
{
	passage_defer(fdtable_remove(fd), fd);
	return 0;
}

int
calls_close(int fd)
{
	struct passage p;

	if (!passage_enter_steady(&p))
		return close_at_once(fd);
	return (int)passage_leave(&p, call_close(fd));
}

/* What it stands for stays in memory: nothing of it can be ended. */
static int
drop(int fd)
{
	(void)fdtable_remove(fd);
	fdtable_disown(fd);
	return 0;
}

int
calls_vacate(int fd)
{
	struct passage p;

	if (!passage_enter_steady(&p))
		return atomic_load(&gate_torn) ? drop(fd) : passage_refuse();
	return (int)passage_leave(&p, names_vacate(fd));
}

void
calls_forget(int fd)
{
	struct passage p;

	if (!passage_enter_steady(&p))
		return; /* the next call finds it as it is */
	names_forget(fd);
	(void)passage_leave(&p, 0);
}

static int
do_dup(int fd, long least, bool cloexec)
{
	int n;

	if (least < 0 || least > FDTABLE_CAPACITY)
		return -EINVAL;
	n = names_dup(fd, (int)least, cloexec);
	if (n >= 0)
		marks_set(n, cloexec);
	return n;
}

/*
 * The signal that the kernel would send is the mark, which must never be sent.
 * A plain socket stops being the core's; a secure one cannot.
 */
static int
signal_io(int fd)
{
	if (marks_secure(fd)) {
		log_line(LOG_WARN,
		    "descriptor %d: O_ASYNC, F_SETSIG: not on a secure socket: "
		    "EINVAL",
		    fd);
		return -EINVAL;
	}
	(void)kernel->fcntl(fd, F_SETSIG, 0); /* it is open */
	names_forget(fd);
	return 0;
}

/* At fd itself there may be a stand-in. */
static int
kernels_number(int fd)
{
	struct zsock *s = fdtable_get(fd);
	int kfd;

	if (s == NULL)
		return fd;
	kfd = s->kfd;
	sock_put(s);
	return kfd;
}

static int
pass_fcntl(int fd, int cmd, long arg)
{
	const int rc = (cmd == F_SETFL && (arg & O_ASYNC) != 0) ||
	        (cmd == F_SETSIG && arg != 0)
	    ? signal_io(fd)
	    : 0;

	return rc < 0
	    ? rc
	    : (int)err_from_kernel(kernel->fcntl(kernels_number(fd), cmd, arg));
}

static int
do_fcntl(int fd, int cmd, long arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return do_dup(fd, arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return marks_cloexec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		marks_set_cloexec(fd, (arg & FD_CLOEXEC) != 0);
		return 0;
	case F_GETSIG:
		return 0;
	case F_SETSIG:
		return arg == 0 ? 0 : pass_fcntl(fd, cmd, arg);
	default:
		return pass_fcntl(fd, cmd, arg);
	}
}

int
calls_fcntl(int fd, int cmd, long arg)
{
	struct passage p;

	if (!passage_enter(&p, -1))
		return passage_refuse();
	return (int)passage_leave(&p, do_fcntl(fd, cmd, arg));
}

static int
do_ioctl(int fd, unsigned long request, void *arg)
{
	int rc;

	if (request == FIONREAD && marks_secure(fd)) {
		if (arg == NULL)
			return -EFAULT;
		rc = call_readable(fd);
		if (rc >= 0)
			*(int *)arg = rc;
		return rc < 0 ? rc : 0;
	}
	if (request == FIOASYNC && arg != NULL && *(int *)arg != 0) {
		rc = signal_io(fd);
		if (rc < 0)
			return rc;
	}
	return (int)err_from_kernel(
	    kernel->ioctl(kernels_number(fd), request, arg));
}

int
calls_ioctl(int fd, unsigned long request, void *arg)
{
	struct passage p;

	if (!passage_enter(&p, fd))
		return passage_refuse();
	return (int)passage_leave(&p, do_ioctl(fd, request, arg));
}

static int
do_dup3(int fd, int to, int flags)
{
	const int rc = names_dup_onto(fd, to, (flags & O_CLOEXEC) != 0);

	if (rc >= 0)
		marks_set(to, (flags & O_CLOEXEC) != 0);
	return rc;
}

int
calls_dup3(int fd, int to, int flags)
{
	struct passage p;

	if (!passage_enter_steady(&p))
		return passage_refuse();
	return (int)passage_leave(&p, do_dup3(fd, to, flags));
}

static int
do_adopt_copy(int fd, int copy)
{
	const int flags = (int)err_from_kernel(kernel->fcntl(copy, F_GETFD, 0));
	int rc;

	if (flags < 0)
		return flags;
	rc = names_share(fd, copy);
	if (rc == 0)
		marks_set(copy, (flags & FD_CLOEXEC) != 0);
	return rc;
}

int
calls_adopt_copy(int fd, int copy)
{
	struct passage p;

	if (!passage_enter(&p, -1))
		return passage_refuse();
	return (int)passage_leave(&p, do_adopt_copy(fd, copy));
}

bool
calls_withheld(int fd)
{
	return marks_secure(fd) && !marks_cloexec(fd);
}

void
calls_log(enum core_log level, const char *text)
{
	log_line((enum log_level)level, "%s", text);
}
