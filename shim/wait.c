#include "shim/given.h"
#include "shim/real.h"
#include "shim/slots.h"

#define FDS_MAX (1 << 30) /* more than there can be descriptors */

/*
 * The kernel is right about what is ready, also of a secure connection; but one
 * that became readable may hold nothing for the program, which the core finds
 * out where a wait includes one of its own.
 */

/*
 * What has no memory is the kernel's to refuse.  The headers say of poll that
 * it only writes fds, so this may not be const.
 */
static bool
is_any_cores(struct pollfd *fds, nfds_t n)
{
	if (atomic_load_explicit(&slots_n, memory_order_relaxed) == 0)
		return false;
	if (n > FDS_MAX || !given(fds, n * sizeof(*fds)))
		return false;
	for (nfds_t i = 0; i < n; i++) {
		if (slots_has(fds[i].fd))
			return true;
	}
	return false;
}

static int
poll_cores(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000L };

	return slots_core->ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout,
	    NULL);
}

EXPORT int
poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (!is_any_cores(fds, n))
		return real.poll(fds, n, timeout_ms);
	return poll_cores(fds, n, timeout_ms);
}

EXPORT int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	if (!is_any_cores(fds, n))
		return real.ppoll(fds, n, timeout, mask);
	return slots_core->ppoll(fds, n, timeout, mask);
}

/* Libc's other name of it. */
EXPORT int __poll(struct pollfd *fds, nfds_t n, int timeout_ms)
    __attribute__((alias("poll")));

/* What the compiler makes of the two where it knows the size of fds. */
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t size);

EXPORT int
__poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t size)
{
	if (n > size / sizeof(*fds) || !is_any_cores(fds, n))
		return real.__poll_chk(fds, n, timeout_ms, size);
	return poll_cores(fds, n, timeout_ms);
}

EXPORT int
__ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t size)
{
	if (n > size / sizeof(*fds) || !is_any_cores(fds, n))
		return real.__ppoll_chk(fds, n, timeout, mask, size);
	return slots_core->ppoll(fds, n, timeout, mask);
}
