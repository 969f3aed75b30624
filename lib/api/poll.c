#include "api/poll.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/profile.h"
#include "sock/fdtable.h"
#include "sock/poll.h"

static bool
has_invalid(const struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++) {
		if ((fds[i].revents & POLLNVAL) != 0)
			return true;
	}
	return false;
}

int
poll_array(struct pollfd *fds, nfds_t n, int timeout, bool foreign_ok)
{
	int rc;

	if (n > INT_MAX) { /* below 0 by the other name */
		if (quirk(QUIRK_POLL_NEGATIVE) != 0)
			profile_hazard("zsock_poll: nfds is negative: EINVAL",
			    "crashes");
		return -EINVAL;
	}
	if (fds == NULL && n > 0)
		return edge_fault("zsock_poll", "the array");
	/* More than there can be sockets is no array, and not looked into. */
	if (n > FDTABLE_CAPACITY)
		return -quirk(QUIRK_POLL_TOO_MANY);
	rc = poll_sockets(fds, n, timeout, foreign_ok);
	if (rc > 0 && quirk(QUIRK_POLL_NVAL_ERRNO) != 0 && has_invalid(fds, n))
		errno = quirk(QUIRK_POLL_NVAL_ERRNO);
	return rc;
}

int
zsock_poll(struct zsock_pollfd *fds, int nfds, int timeout)
{
	return (int)err_edge(poll_array(fds, (nfds_t)nfds, timeout, false));
}

/* Which revents mark which of the three sets. */
struct rules {
	short r, w, e;
};

/* By the value of QUIRK_SELECT_HUP_WRITES. */
static const struct rules rules[] = {
	{ POLLIN, POLLOUT, POLLPRI | POLLHUP | POLLERR },
	{ POLLIN, POLLOUT | POLLHUP | POLLERR, POLLPRI | POLLHUP | POLLERR },
	{ POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI },
};

/* The descriptors of others have POSIX's, whatever the profile is. */
static const struct rules *
rules_for(int fd, bool foreign_ok)
{
	if (foreign_ok && !fdtable_owns(fd))
		return &rules[quirk_of(QUIRK_SELECT_HUP_WRITES, PROFILE_LINUX)];
	return &rules[quirk(QUIRK_SELECT_HUP_WRITES)];
}

static bool
in_set(int fd, const fd_set *set)
{
	return set != NULL && FD_ISSET(fd, set);
}

/* The bits that count: below nbits, and on the device all of its own. */
static nfds_t
collect(struct pollfd *fds, int nbits, const struct poll_sets *sets,
    bool foreign_ok)
{
	const bool all = quirk(QUIRK_SELECT_ALL_BITS) != 0;
	nfds_t n = 0;

	for (int fd = 0; fd < (all ? FD_SETSIZE : nbits); fd++) {
		const short events = (in_set(fd, sets->r) ? POLLIN : 0) |
		    (in_set(fd, sets->w) ? POLLOUT : 0) |
		    (in_set(fd, sets->e) ? POLLPRI : 0);

		if (events == 0 ||
		    (fd >= nbits && foreign_ok && !fdtable_owns(fd)))
			continue;
		fds[n++] = (struct pollfd){ .fd = fd, .events = events };
	}
	return n;
}

/* The kernel clears no more of a set than the words that nbits reach into. */
static void
zero(fd_set *set, int nbits)
{
	if (quirk(QUIRK_SELECT_ALL_BITS) != 0)
		nbits = FD_SETSIZE;
	if (set != NULL)
		memset(set, 0,
		    (size_t)(nbits + NFDBITS - 1) / NFDBITS * sizeof(fd_mask));
}

static int
mark(const struct pollfd *p, short asked, short rule, fd_set *set)
{
	if (set == NULL || (p->events & asked) == 0 || (p->revents & rule) == 0)
		return 0;
	FD_SET(p->fd, set);
	return 1;
}

/* What is longer than poll(2) can wait for waits that long: 24.8 days. */
int
poll_select_ms(const struct timeval *tv)
{
	int64_t ms;

	if (tv == NULL)
		return -1;
	if (tv->tv_sec > INT_MAX / 1000)
		return INT_MAX;
	ms = (int64_t)tv->tv_sec * 1000 + tv->tv_usec / 1000 +
	    (tv->tv_usec % 1000 != 0);
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static bool
is_negative(const struct timeval *tv)
{
	if (tv == NULL || (tv->tv_sec >= 0 && tv->tv_usec >= 0))
		return false;
	if (quirk(QUIRK_SELECT_NEGATIVE) != 0)
		profile_hazard("zsock_select: the time limit is negative: "
		               "EINVAL",
		    "may wait for ever");
	return true;
}

/* What is left of the limit; 0 if it is over. */
static void
store_left(struct timeval *tv, struct deadline until)
{
	int64_t left = until.at_ns - deadline_now_ns();

	if (left < 0)
		left = 0;
	tv->tv_sec = left / 1000000000;
	tv->tv_usec = left % 1000000000 / 1000;
}

/* Puts what is ready into the sets; how many bits that are. */
static int
fill(const struct pollfd *fds, nfds_t n, const struct poll_sets *sets,
    bool foreign_ok)
{
	int bits = 0;

	for (nfds_t i = 0; i < n; i++) {
		const struct rules *rule = rules_for(fds[i].fd, foreign_ok);

		bits += mark(&fds[i], POLLIN, rule->r, sets->r) +
		    mark(&fds[i], POLLOUT, rule->w, sets->w) +
		    mark(&fds[i], POLLPRI, rule->e, sets->e);
	}
	return bits;
}

int
poll_select(int nbits, struct poll_sets sets, struct timeval *timeout,
    bool foreign_ok)
{
	struct pollfd fds[FD_SETSIZE];
	struct deadline until;
	bool invalid;
	nfds_t n;
	int rc;

	/* The device looks at every bit, whatever nfds says. */
	if (nbits < 0 && quirk(QUIRK_SELECT_ALL_BITS) != 0)
		nbits = 0;
	if (nbits < 0 || is_negative(timeout))
		return -EINVAL;
	if (nbits > FD_SETSIZE)
		nbits = FD_SETSIZE;
	until = deadline_in_ms(poll_select_ms(timeout));
	n = collect(fds, nbits, &sets, foreign_ok);
	rc = poll_sockets(fds, n, poll_select_ms(timeout), foreign_ok);
	if (rc < 0)
		return rc;
	invalid = has_invalid(fds, n);
	if (invalid && quirk(QUIRK_SELECT_EBADF_CLEARS) == 0)
		return -EBADF;
	zero(sets.r, nbits);
	zero(sets.w, nbits);
	zero(sets.e, nbits);
	if (invalid)
		return -EBADF; /* the sets are empty, as on the device */
	if (timeout != NULL && quirk(QUIRK_SELECT_TIME_LEFT) != 0)
		store_left(timeout, until);
	return fill(fds, n, &sets, foreign_ok);
}

int
zsock_select(int nfds, zsock_fd_set *readfds, zsock_fd_set *writefds,
    zsock_fd_set *exceptfds, struct zsock_timeval *timeout)
{
	const struct poll_sets sets = { readfds, writefds, exceptfds };

	return (int)err_edge(poll_select(nfds, sets, timeout, false));
}
