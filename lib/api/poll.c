#include "api/poll.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/profile.h"
#include "sock/poll.h"

int
zsock_poll(struct zsock_pollfd *fds, int nfds, int timeout)
{
	int rc;

	if (nfds < 0) {
		if (quirk(QUIRK_POLL_NEGATIVE) != 0)
			profile_hazard("zsock_poll: nfds is negative: EINVAL",
			    "crashes");
		return (int)err_edge(-EINVAL);
	}
	if (fds == NULL && nfds > 0)
		return (int)err_edge(edge_null("zsock_poll", "the array"));
	rc = poll_sockets(fds, (nfds_t)nfds, timeout, false);
	if (rc > 0 && quirk(QUIRK_POLL_NVAL_ERRNO) != 0) {
		for (int i = 0; i < nfds; i++) {
			if ((fds[i].revents & POLLNVAL) != 0)
				errno = quirk(QUIRK_POLL_NVAL_ERRNO);
		}
	}
	return (int)err_edge(rc);
}

/* Which revents mark which of the three sets. */
struct rules {
	short r, w, e;
};

static const struct rules device_rules = {
	POLLIN,
	POLLOUT | POLLHUP | POLLERR,
	POLLPRI | POLLHUP | POLLERR,
};

static const struct rules older_rules = {
	POLLIN,
	POLLOUT,
	POLLPRI | POLLHUP | POLLERR,
};

static const struct rules posix_rules = {
	POLLIN | POLLHUP | POLLERR,
	POLLOUT | POLLERR,
	POLLPRI,
};

static const struct rules *
rules_for(bool posix)
{
	if (posix || profile_get() == PROFILE_LINUX)
		return &posix_rules;
	return quirk(QUIRK_SELECT_HUP_WRITES) != 0 ? &device_rules
	                                           : &older_rules;
}

static bool
in_set(int fd, const fd_set *set)
{
	return set != NULL && FD_ISSET(fd, set);
}

static nfds_t
collect(struct pollfd *fds, int nbits, const fd_set *r, const fd_set *w,
    const fd_set *e)
{
	nfds_t n = 0;

	for (int fd = 0; fd < nbits; fd++) {
		const short events = (in_set(fd, r) ? POLLIN : 0) |
		    (in_set(fd, w) ? POLLOUT : 0) |
		    (in_set(fd, e) ? POLLPRI : 0);

		if (events != 0)
			fds[n++] =
			    (struct pollfd){ .fd = fd, .events = events };
	}
	return n;
}

static void
zero(fd_set *set)
{
	if (set != NULL)
		FD_ZERO(set);
}

static int
mark(const struct pollfd *p, short asked, short rule, fd_set *set)
{
	if (set == NULL || (p->events & asked) == 0 || (p->revents & rule) == 0)
		return 0;
	FD_SET(p->fd, set);
	return 1;
}

/* What is longer than poll(2) can wait for waits that long: 24 days. */
static int
timeout_ms(const struct timeval *tv)
{
	if (tv == NULL)
		return -1;
	if (tv->tv_sec >= INT_MAX / 2000 || tv->tv_usec >= INT_MAX / 2)
		return INT_MAX;
	return (int)tv->tv_sec * 1000 + (int)((tv->tv_usec + 999) / 1000);
}

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
poll_select(int nbits, struct poll_sets sets, const struct timeval *timeout,
    bool posix)
{
	const struct rules *rules = rules_for(posix);
	const bool keep = posix || quirk(QUIRK_SELECT_EBADF_CLEARS) == 0;
	struct pollfd fds[FD_SETSIZE];
	nfds_t n;
	int rc, bits = 0;

	if (nbits < 0 ||
	    (timeout != NULL && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return -EINVAL;
	n = collect(fds, nbits < FD_SETSIZE ? nbits : FD_SETSIZE, sets.r,
	    sets.w, sets.e);
	rc = poll_sockets(fds, n, timeout_ms(timeout), posix);
	if (rc < 0)
		return rc;
	if (keep && has_invalid(fds, n))
		return -EBADF;
	zero(sets.r);
	zero(sets.w);
	zero(sets.e);
	if (has_invalid(fds, n))
		return -EBADF; /* the sets are empty, as on the device */
	for (nfds_t i = 0; i < n; i++) {
		bits += mark(&fds[i], POLLIN, rules->r, sets.r) +
		    mark(&fds[i], POLLOUT, rules->w, sets.w) +
		    mark(&fds[i], POLLPRI, rules->e, sets.e);
	}
	return bits;
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

/* The device looks at every bit, whatever nfds says. */
int
zsock_select(int nfds, zsock_fd_set *readfds, zsock_fd_set *writefds,
    zsock_fd_set *exceptfds, struct zsock_timeval *timeout)
{
	const struct poll_sets sets = { readfds, writefds, exceptfds };
	const struct deadline until = deadline_in_ms(timeout_ms(timeout));
	int rc;

	if (quirk(QUIRK_SELECT_ALL_BITS) != 0)
		nfds = FD_SETSIZE;
	rc = poll_select(nfds, sets, timeout, false);
	if (timeout != NULL && rc >= 0 && quirk(QUIRK_SELECT_TIME_LEFT) != 0)
		store_left(timeout, until);
	return (int)err_edge(rc);
}
