#include "api/poll.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/err.h"
#include "sock/poll.h"

int
zsock_poll(struct zsock_pollfd *fds, int nfds, int timeout)
{
	if (nfds < 0)
		return (int)err_edge(-EINVAL);
	if (fds == NULL && nfds > 0)
		return (int)err_edge(edge_null("zsock_poll", "the array"));
	return (int)err_edge(poll_sockets(fds, (nfds_t)nfds, timeout, false));
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

static const struct rules posix_rules = {
	POLLIN | POLLHUP | POLLERR,
	POLLOUT | POLLERR,
	POLLPRI,
};

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

int
poll_select(int nbits, fd_set *r, fd_set *w, fd_set *e,
    const struct timeval *timeout, bool posix)
{
	const struct rules *rules = posix ? &posix_rules : &device_rules;
	struct pollfd fds[FD_SETSIZE];
	nfds_t n;
	int rc, bits = 0;

	if (nbits < 0 ||
	    (timeout != NULL && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return -EINVAL;
	n = collect(fds, nbits < FD_SETSIZE ? nbits : FD_SETSIZE, r, w, e);
	rc = poll_sockets(fds, n, timeout_ms(timeout), posix);
	if (rc < 0)
		return rc;
	zero(r);
	zero(w);
	zero(e);
	for (nfds_t i = 0; i < n; i++) {
		if ((fds[i].revents & POLLNVAL) != 0)
			return -EBADF; /* the sets are empty, as on the device */
	}
	for (nfds_t i = 0; i < n; i++) {
		bits += mark(&fds[i], POLLIN, rules->r, r) +
		    mark(&fds[i], POLLOUT, rules->w, w) +
		    mark(&fds[i], POLLPRI, rules->e, e);
	}
	return bits;
}

/* The device looks at every bit, whatever nfds says. */
int
zsock_select(int nfds, zsock_fd_set *readfds, zsock_fd_set *writefds,
    zsock_fd_set *exceptfds, struct zsock_timeval *timeout)
{
	(void)nfds;
	return (int)err_edge(poll_select(FD_SETSIZE, readfds, writefds,
	    exceptfds, timeout, false));
}
