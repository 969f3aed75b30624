#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "shim/given.h"
#include "shim/real.h"
#include "shim/select_top.h"
#include "shim/slots.h"

/* A select in which one descriptor is the core's is a poll. */

#define BITS (8 * (int)sizeof(fd_mask))
#define FEW 64
#define NS_A_SECOND 1000000000L

/* What the kernel takes for readable, writable and out of band. */
#define READABLE (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)

struct sets {
	int n; /* one more than the highest descriptor */
	fd_set *r, *w, *e;
};

struct polls {
	struct pollfd few[FEW], *fds;
	nfds_t n, room;
};

/* Sets may be longer than an fd_set, whose own macros would not have it. */
static fd_mask *
word_of(fd_set *set, int fd)
{
	return (fd_mask *)(void *)set + fd / BITS;
}

static bool
is_in(fd_set *set, int fd)
{
	return set != NULL &&
	    (*word_of(set, fd) & ((fd_mask)1 << fd % BITS)) != 0;
}

/* What has no memory is the kernel's to refuse. */
static bool
has_memory(const struct sets *s)
{
	const size_t size =
	    (size_t)((s->n + BITS - 1) / BITS) * sizeof(fd_mask);

	return (s->r == NULL || given(s->r, size)) &&
	    (s->w == NULL || given(s->w, size)) &&
	    (s->e == NULL || given(s->e, size));
}

static bool
is_any_cores(const struct sets *s)
{
	const size_t n = atomic_load_explicit(&slots_n, memory_order_relaxed);

	if (n == 0 || s->n <= 0 || !has_memory(s))
		return false;
	for (int fd = 0; fd < s->n && (size_t)fd < n; fd++) {
		if (slots_may(fd) &&
		    (is_in(s->r, fd) || is_in(s->w, fd) || is_in(s->e, fd)) &&
		    slots_confirm(fd))
			return true;
	}
	return false;
}

static nfds_t
count(const struct sets *s)
{
	nfds_t n = 0;

	for (int fd = 0; fd < s->n; fd++)
		n += is_in(s->r, fd) || is_in(s->w, fd) || is_in(s->e, fd);
	return n;
}

/* 0 or -ENOMEM; polls_free afterwards.  Also called in a signal handler. */
static int
polls_fill(struct polls *p, const struct sets *s)
{
	p->room = count(s);
	p->fds = p->few;
	p->n = 0;
	if (p->room > FEW) {
		p->fds = mmap(NULL, p->room * sizeof(*p->fds),
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p->fds == MAP_FAILED)
			return -ENOMEM;
	}
	for (int fd = 0; fd < s->n && p->n < p->room; fd++) {
		const short want = (short)((is_in(s->r, fd) ? POLLIN : 0) |
		    (is_in(s->w, fd) ? POLLOUT : 0) |
		    (is_in(s->e, fd) ? POLLPRI : 0));

		if (want != 0)
			p->fds[p->n++] = (struct pollfd){ fd, want, 0 };
	}
	return 0;
}

static void
polls_free(struct polls *p)
{
	if (p->fds != p->few)
		(void)munmap(p->fds, p->room * sizeof(*p->fds));
}

/* Which of the three sets a descriptor is to be in: as its events are named. */
static short
outcome(const struct pollfd *p)
{
	short is = 0;

	if ((p->events & POLLIN) != 0 && (p->revents & READABLE) != 0)
		is |= POLLIN;
	if ((p->events & POLLOUT) != 0 && (p->revents & WRITABLE) != 0)
		is |= POLLOUT;
	if ((p->events & POLLPRI) != 0 && (p->revents & POLLPRI) != 0)
		is |= POLLPRI;
	return is;
}

/*
 * How many bits the sets will have, or -EBADF.  What poll tells and select does
 * not is not asked for again, or the next wait would end at once.
 */
static int
judge(struct polls *p)
{
	int bits = 0;

	for (nfds_t i = 0; i < p->n; i++) {
		struct pollfd *one = &p->fds[i];
		const short is = outcome(one);

		if ((one->revents & POLLNVAL) != 0)
			return -EBADF;
		bits += __builtin_popcount((unsigned int)is);
		if (is == 0 && one->revents != 0)
			one->fd = ~one->fd;
	}
	return bits;
}

static void
wipe(fd_set *set, int n)
{
	if (set != NULL)
		memset(set, 0,
		    (size_t)((n + BITS - 1) / BITS) * sizeof(fd_mask));
}

static void
put_in(fd_set *set, int fd, bool is)
{
	if (is)
		*word_of(set, fd) |= (fd_mask)1 << fd % BITS;
}

static void
answer(const struct polls *p, const struct sets *s)
{
	wipe(s->r, s->n);
	wipe(s->w, s->n);
	wipe(s->e, s->n);
	for (nfds_t i = 0; i < p->n; i++) {
		const short is = outcome(&p->fds[i]);

		if (p->fds[i].fd < 0)
			continue;
		put_in(s->r, p->fds[i].fd, (is & POLLIN) != 0);
		put_in(s->w, p->fds[i].fd, (is & POLLOUT) != 0);
		put_in(s->e, p->fds[i].fd, (is & POLLPRI) != 0);
	}
}

static int64_t
now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* there is one */
	return now.tv_sec * NS_A_SECOND + now.tv_nsec;
}

/* What is left until end_ns, which INT64_MAX never is. */
static struct timespec
left_until(int64_t end_ns)
{
	const int64_t ns = end_ns - now_ns();
	struct timespec left = { 0, 0 };

	if (ns > 0) {
		left.tv_sec = ns / NS_A_SECOND;
		left.tv_nsec = ns % NS_A_SECOND;
	}
	return left;
}

/* The number of bits, or -1 and errno; the sets are then as they were. */
static int
wait_for(const struct sets *s, int64_t end_ns, const sigset_t *mask)
{
	const int saved = errno;
	struct polls p;
	struct timespec left;
	int rc;

	rc = polls_fill(&p, s);
	if (rc < 0) {
		errno = -rc;
		return -1;
	}
	do {
		left = left_until(end_ns);
		rc = slots_core->ppoll(p.fds, p.n,
		    end_ns != INT64_MAX ? &left : NULL, mask);
		if (rc <= 0)
			break;
		rc = judge(&p);
	} while (rc == 0);
	if (rc >= 0)
		answer(&p, s);
	polls_free(&p);
	if (rc != -1)
		errno = rc == -EBADF ? EBADF : saved;
	return rc < 0 ? -1 : rc;
}

/* The time at which a wait of so long ends; -1 for a wrong one. */
static int64_t
end_of(const struct timespec *timeout)
{
	const int64_t most = (INT64_MAX - now_ns()) / NS_A_SECOND - 1;

	if (timeout == NULL)
		return INT64_MAX;
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
	    timeout->tv_nsec >= NS_A_SECOND)
		return -1;
	if (timeout->tv_sec >= most)
		return INT64_MAX;
	return now_ns() + timeout->tv_sec * NS_A_SECOND + timeout->tv_nsec;
}

EXPORT int
select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
	const struct sets sets = { select_top(n), r, w, e };
	struct timespec ts = { 0, 0 };
	int64_t end;
	int rc;

	if (!is_any_cores(&sets))
		return real.select(sets.n, r, w, e, timeout);
	if (timeout != NULL && timeout->tv_usec >= 0) {
		ts.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
		ts.tv_nsec = timeout->tv_usec % 1000000 * 1000;
	}
	end = end_of(timeout != NULL ? &ts : NULL);
	if (end < 0 || (timeout != NULL && timeout->tv_usec < 0)) {
		errno = EINVAL;
		return -1;
	}
	rc = wait_for(&sets, end, NULL);
	if (timeout != NULL && end != INT64_MAX) {
		ts = left_until(end);
		timeout->tv_sec = ts.tv_sec;
		timeout->tv_usec = ts.tv_nsec / 1000;
	}
	return rc;
}

/* Libc's other name of it. */
EXPORT int __select(int n, fd_set *r, fd_set *w, fd_set *e,
    struct timeval *timeout) __attribute__((alias("select")));

EXPORT int
pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
    const sigset_t *mask)
{
	const struct sets sets = { select_top(n), r, w, e };
	int64_t end;

	if (!is_any_cores(&sets))
		return real.pselect(sets.n, r, w, e, timeout, mask);
	end = end_of(timeout);
	if (end < 0) {
		errno = EINVAL;
		return -1;
	}
	return wait_for(&sets, end, mask);
}
