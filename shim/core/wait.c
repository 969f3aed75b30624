#include "shim/core/calls.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>

#include "shim/core/kernel.h"
#include "shim/core/passage.h"
#include "sock/poll.h"

/* Milliseconds, rounded up; -1 for no end, or one that is weeks away. */
static int
in_ms(const struct timespec *timeout)
{
	int64_t ms;

	if (timeout == NULL || timeout->tv_sec > INT_MAX / 1000 - 1)
		return -1;
	ms = (int64_t)timeout->tv_sec * 1000 +
	    (timeout->tv_nsec + 999999) / 1000000;
	return (int)ms;
}

static int
do_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	int rc;

	if (timeout != NULL &&
	    (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
	        timeout->tv_nsec > 999999999))
		return -EINVAL;
	kernel_poll_mask(mask);
	rc = poll_sockets(fds, n, in_ms(timeout), true);
	kernel_poll_mask(NULL);
	return rc;
}

int
calls_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct passage p;
	ssize_t rc;

	if (!passage_enter(&p, -1))
		return passage_refuse();
	pthread_cleanup_push(passage_forsake, &p);
	rc = do_ppoll(fds, n, timeout, mask);
	pthread_cleanup_pop(0);
	return (int)passage_leave(&p, rc);
}
