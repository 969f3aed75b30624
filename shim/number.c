#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shim/number.h"
#include "shim/pending.h"
#include "shim/real.h"
#include "shim/say.h"
#include "shim/slots.h"
#include "shim/standard.h"
#include "shim/withheld.h"

/*
 * Calls about the number itself.  In a child of vfork the table is the
 * parent's: the kernel alone is asked, but never to let go of the flag that
 * closes a secure connection at exec.
 */

/* Must a copy that this call makes be closed at exec, come what may? */
static bool
is_secure_in_vfork(int fd)
{
	return slots_was(fd) && slots_is_secure(fd) && slots_vforked();
}

static bool
is_cores(int fd)
{
	return slots_has(fd) && !slots_vforked();
}

static __attribute__((noinline)) int
close_ours(int fd)
{
	if (is_cores(fd))
		return slots_close(fd);
	if (slots_hidden(fd)) {
		errno = EBADF;
		return -1;
	}
	pending_gone(fd);
	return real.close(fd);
}

int
number_close(int fd)
{
	if (slots_may(fd) || slots_hide_some() || pending_may())
		return close_ours(fd);
	return real.close(fd);
}

__attribute__((used)) long
number_close_long(int fd)
{
	return number_close(fd);
}

EXPORT int
close(int fd)
{
	return number_close(fd);
}

/* Libc's other name of it. */
EXPORT int __close(int fd) __attribute__((alias("close")));

static __attribute__((noinline)) int
dup_ours(int fd)
{
	if (is_cores(fd))
		return slots_new(slots_core->fcntl(fd, F_DUPFD, 0));
	if (is_secure_in_vfork(fd))
		return slots_note(real.fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (pending_is(fd))
		return pending_fcntl(fd, F_DUPFD, 0);
	return real.dup(fd);
}

EXPORT int
dup(int fd)
{
	if (slots_may(fd) || slots_was(fd) || pending_may())
		return dup_ours(fd);
	return real.dup(fd);
}

static bool
is_open(int fd)
{
	return real.fcntl(fd, F_GETFD, 0) != -1;
}

/* What would be put over a descriptor that only the library knows of. */
static int
refuse_hidden(int fd)
{
	if (!is_open(fd))
		return -1;
	say(CORE_LOG_WARN,
	    "dup2 to a descriptor that the library itself uses is refused with "
	    "EBUSY: another number will do");
	errno = EBUSY;
	return -1;
}

/*
 * Puts fd over one of the core's, whose connection ends first; unless fd is none
 * at all.  The number is not free in between: another thread could be given it.
 */
static int
put_over(int fd, int to, int flags)
{
	const int saved = errno;

	if (!is_open(fd))
		return -1;
	if (standard_is(to))
		standard_give(to);
	(void)slots_core->vacate(to); /* else the place is found stale */
	errno = saved;
	return real.dup3(fd, to, flags);
}

/* Neither end is the core's. */
static int
put_plain(int fd, int to, int flags)
{
	const bool pending = pending_is(fd);
	int rc;

	rc = real.dup3(fd, to, pending ? O_CLOEXEC : flags);
	if (rc == -1)
		return -1;
	if (pending)
		return pending_copy(fd, to, flags != 0);
	if (pending_may())
		pending_gone(to); /* what it was */
	return to;
}

EXPORT int
dup2(int fd, int to)
{
	if (fd == to)
		return real.dup2(fd, to);
	if (slots_hidden(to) && !slots_vforked())
		return refuse_hidden(fd);
	if (is_cores(fd))
		return slots_new(slots_core->dup3(fd, to, 0));
	if (is_secure_in_vfork(fd))
		return slots_note(real.dup3(fd, to, O_CLOEXEC));
	if (is_cores(to))
		return put_over(fd, to, 0);
	if (pending_may())
		return put_plain(fd, to, 0);
	return real.dup2(fd, to);
}

/* Libc's other name of it. */
EXPORT int __dup2(int fd, int to) __THROW __attribute__((alias("dup2")));

EXPORT int
dup3(int fd, int to, int flags)
{
	if (fd == to || (flags & ~O_CLOEXEC) != 0)
		return real.dup3(fd, to, flags); /* EINVAL */
	if (slots_hidden(to) && !slots_vforked())
		return refuse_hidden(fd);
	if (is_cores(fd))
		return slots_new(slots_core->dup3(fd, to, flags));
	if (is_secure_in_vfork(fd))
		return slots_note(real.dup3(fd, to, O_CLOEXEC));
	if (is_cores(to))
		return put_over(fd, to, flags);
	return put_plain(fd, to, flags);
}

/* In a child of vfork, of a secure connection. */
static int
fcntl_in_vfork(int fd, int cmd, long arg)
{
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return slots_note(real.fcntl(fd, F_DUPFD_CLOEXEC, arg));
	if ((arg & FD_CLOEXEC) == 0)
		withheld_say_one("exec in a child", fd);
	return real.fcntl(fd, cmd, arg | FD_CLOEXEC);
}

static bool
is_about_number(int cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_SETFD;
}

/* original is libc's of the same name. */
static __attribute__((noinline)) int
control_ours(int (*original)(int, int, long), int fd, int cmd, long arg)
{
	if (is_about_number(cmd) && is_secure_in_vfork(fd))
		return fcntl_in_vfork(fd, cmd, arg);
	if (!slots_has(fd))
		return pending_is(fd) ? pending_fcntl(fd, cmd, arg)
		                      : original(fd, cmd, arg);
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return slots_new(slots_core->fcntl(fd, cmd, arg));
	return slots_core->fcntl(fd, cmd, arg);
}

/* Nothing is in the way of the kernel's call: the short way for most. */
static inline int
control(int (*original)(int, int, long), int fd, int cmd, long arg)
{
	if (slots_may(fd) || (is_about_number(cmd) && slots_was(fd)) ||
	    pending_may())
		return control_ours(original, fd, cmd, arg);
	return original(fd, cmd, arg);
}

/*
 * The third argument, if there is one, is a number or an address, which is
 * passed as that of a function that always has one: which is what these are, for
 * a variadic one has to save all that there could be.
 */
EXPORT int number_fcntl(int fd, int cmd, long arg) __asm__("fcntl");
EXPORT int number_fcntl64(int fd, int cmd, long arg) __asm__("fcntl64");
EXPORT int number_ioctl(int fd, unsigned long request, void *arg) __asm__(
    "ioctl");

/* Libc's other name of the first. */
EXPORT int __fcntl(int fd, int cmd, long arg) __attribute__((alias("fcntl")));

int
number_fcntl(int fd, int cmd, long arg)
{
	return control(real.fcntl, fd, cmd, arg);
}

int
number_fcntl64(int fd, int cmd, long arg)
{
	return control(real.fcntl64, fd, cmd, arg);
}

int
number_ioctl(int fd, unsigned long request, void *arg)
{
	if ((request == FIONCLEX || request == FIOCLEX) &&
	    (slots_has(fd) || is_secure_in_vfork(fd) || pending_is(fd)))
		return control(real.fcntl, fd, F_SETFD,
		    request == FIOCLEX ? FD_CLOEXEC : 0);
	if (!slots_has(fd))
		return real.ioctl(fd, request, arg);
	return slots_core->ioctl(fd, request, arg);
}
