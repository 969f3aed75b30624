#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <unistd.h>

#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"

/*
 * Calls about all descriptors from one to another.  The core's are dealt with
 * one by one, and those that it uses for itself are left out.
 */

/* The core's next descriptor from first to last, or -1. */
static int
next_cores(unsigned int first, unsigned int last)
{
	const size_t n = (size_t)atomic_load(&slots_top);

	for (size_t fd = first; fd < n && fd <= last; fd++) {
		if (slots_has((int)fd))
			return (int)fd;
	}
	return -1;
}

static bool
is_any_cores(unsigned int first, unsigned int last)
{
	return slots_core != NULL &&
	    (next_cores(first, last) != -1 ||
	        slots_core->hidden(first, last) != -1) &&
	    !slots_vforked();
}

static void
close_cores(unsigned int first, unsigned int last)
{
	int fd;

	while ((fd = next_cores(first, last)) != -1) {
		(void)slots_close(fd); /* it is free in any case */
		first = (unsigned int)fd + 1;
	}
}

/* The flag of the program's, for each of the core's. */
static void
mark_cores(unsigned int first, unsigned int last)
{
	int fd;

	while ((fd = next_cores(first, last)) != -1) {
		(void)slots_core->fcntl(fd, F_SETFD, FD_CLOEXEC);
		first = (unsigned int)fd + 1;
	}
}

/* The kernel's call for all but those that the core uses for itself. */
static int
around_hidden(unsigned int first, unsigned int last, int flags)
{
	int hidden, rc = 0;

	while (rc == 0 && (hidden = slots_core->hidden(first, last)) != -1) {
		if ((unsigned int)hidden > first)
			rc = real.close_range(first, (unsigned int)hidden - 1,
			    flags);
		if ((unsigned int)hidden == last)
			return rc;
		first = (unsigned int)hidden + 1;
	}
	return rc == 0 ? real.close_range(first, last, flags) : rc;
}

/*
 * A thread that first takes its descriptors for itself has the table in common
 * with the others all the same: it is theirs, and only the kernel's call is made.
 */
EXPORT int
close_range(unsigned int first, unsigned int last, int flags)
{
	const int saved = errno;
	int rc;

	if (first > last || (flags & ~(int)CLOSE_RANGE_CLOEXEC) != 0)
		return real.close_range(first, last, flags);
	if ((flags & (int)CLOSE_RANGE_CLOEXEC) != 0)
		pending_mark_range(first, last);
	else
		pending_gone_range(first, last);
	if (!is_any_cores(first, last))
		return real.close_range(first, last, flags);
	if ((flags & (int)CLOSE_RANGE_CLOEXEC) != 0)
		mark_cores(first, last);
	else
		close_cores(first, last);
	errno = saved;
	rc = around_hidden(first, last, flags);
	return rc;
}

/* The system may be too old for close_range: then each is closed by itself. */
static void
close_each(unsigned int first)
{
	const long most = sysconf(_SC_OPEN_MAX);

	for (long fd = first; fd < most; fd++) {
		if (!slots_hidden((int)fd))
			(void)real.close((int)fd); /* most are not open */
	}
}

EXPORT void
closefrom(int first)
{
	const unsigned int from = first < 0 ? 0 : (unsigned int)first;
	const int saved = errno;

	pending_gone_range(from, UINT_MAX);
	if (!is_any_cores(from, UINT_MAX)) {
		real.closefrom(first);
		return;
	}
	close_cores(from, UINT_MAX);
	if (around_hidden(from, UINT_MAX, 0) == -1)
		close_each(from);
	errno = saved;
}
