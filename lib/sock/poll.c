#include "sock/poll.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/fdtable.h"
#include "sock/poll_events.h"
#include "sock/poll_room.h"
#include "sock/shimmed.h"

/*
 * An entry whose kernel can be asked as it is.  A plain socket is not
 * referenced while the kernel is asked without waiting.  Of a stream's FIN the
 * kernel is asked as well.
 */
static inline bool
begin_plain(struct pollfd *fd, struct pollfd *k)
{
	unsigned word;

	if ((unsigned)fd->fd >= FDTABLE_CAPACITY)
		return false;
	word =
	    atomic_load_explicit(&fdtable_polls[fd->fd], memory_order_relaxed);
	if (word == 0)
		return false;
	fd->revents = 0;
	k->fd = (int)(word >> FDTABLE_POLL_BITS);
	k->events = (short)(fd->events | ((word & SOCK_POLL_FIN) * POLLRDHUP));
	return true; /* the kernel fills in k->revents */
}

/* A pollfd, which is one word, as it was asked: without revents. */
static inline uint64_t
asked(const struct pollfd *fd)
{
	static const struct pollfd mask = { .fd = -1, .events = -1 };
	uint64_t word, bits;

	_Static_assert(sizeof(*fd) == sizeof(word), "a pollfd is one word");
	memcpy(&word, fd, sizeof(word));
	memcpy(&bits, &mask, sizeof(bits));
	return word & bits;
}

/*
 * Most programs poll the same sockets over and over: what was made of their
 * entries then is right as long as no socket has changed.  Leaves revents 0.
 */
static bool
is_known(const struct poll_room *r, struct pollfd *fds, nfds_t n,
    unsigned long long changes)
{
	uint64_t other = 0;

	if (r->nknown != n || r->changes != changes)
		return false;
	for (nfds_t i = 0; i < n; i++) {
		const uint64_t word = asked(&fds[i]);

		other |= word ^ asked(&r->known[i]);
		memcpy(&fds[i], &word, sizeof(word));
	}
	return other == 0;
}

/* Fills in the first entries, which are plain: how many. */
static nfds_t
begin_all_plain(struct poll_room *r, struct pollfd *fds, nfds_t n)
{
	const unsigned long long changes =
	    atomic_load_explicit(&fdtable_poll_changes, memory_order_acquire);
	nfds_t plain = 0;

	if (is_known(r, fds, n, changes))
		return n;
	while (plain < n && begin_plain(&fds[plain], &r->kfds[plain]))
		plain++;
	r->nknown = plain == n ? n : 0;
	r->changes = changes;
	if (r->nknown > 0) /* else there may be neither array */
		memcpy(r->known, fds, r->nknown * sizeof(*fds));
	return plain;
}

/*
 * Fills in one entry that is waited for, or whose socket has a poll of its own:
 * that needs the reference.  Returns when it wants to be looked at again.
 */
static struct deadline
begin(const struct pollfd *fd, struct poll_entry *e, struct pollfd *k,
    bool foreign_ok)
{
	struct poll_slot slot;
	struct zsock *s;

	e->ready = 0;
	*k = (struct pollfd){ .fd = -1 };
	if (fd->fd < 0)
		return DEADLINE_NEVER;
	s = fdtable_get(fd->fd);
	e->held = s;
	e->kernels = s == NULL && foreign_ok && !fdtable_holds(fd->fd);
	e->foreign = s == NULL && !e->kernels;
	if (e->foreign)
		return DEADLINE_NEVER;
	*k = (struct pollfd){ .fd = s != NULL ? s->kfd : fd->fd,
		.events = fd->events };
	if (s == NULL || s->ops->poll_begin == NULL)
		return DEADLINE_NEVER;
	s->ops->poll_begin(s, poll_events_to_kind(s, fd->events), &slot);
	e->ready = poll_events_from_kind(s, fd->events, slot.ready);
	k->events = slot.kernel_events;
	if (poll_events_are_hosts(s) && slot.kernel_events != POLL_NOT_ASKED)
		k->events |= fd->events & POLLRDHUP;
	if (slot.kernel_events == POLL_NOT_ASKED)
		k->fd = -1;
	else if (e->told_fin)
		k->events &= (short)~POLLRDHUP;
	return slot.wake;
}

/* Adds the second descriptor of an entry whose kind has one. */
static void
add_second(struct poll_room *r, struct poll_entry *e, short events)
{
	int kfd;

	e->also = 0;
	if (e->held == NULL || e->held->ops->poll_also == NULL)
		return;
	kfd = e->held->ops->poll_also(e->held, events);
	if (kfd == -1)
		return;
	e->also = r->used++;
	r->kfds[e->also] = (struct pollfd){ .fd = kfd, .events = POLLIN };
}

/*
 * What a plain socket's kernel says beyond data and room needs a closer look,
 * and so the reference that was spared.  False: it has been closed since.
 */
static bool
hold(const struct pollfd *fd, struct poll_entry *e, const struct pollfd *k)
{
	struct zsock *s;

	if ((k->revents & ~(POLLIN | POLLOUT | POLLPRI)) == 0)
		return true;
	s = fdtable_get(fd->fd);
	if (s != NULL && s->kfd != k->fd) {
		sock_put(s); /* another socket by now */
		s = NULL;
	}
	e->held = s;
	return s != NULL;
}

/* Works out one entry's revents and drops what begin took.  True: closed. */
static bool
end(struct pollfd *fd, struct poll_entry *e, const struct pollfd *k)
{
	short revents = k->fd == -1 ? 0 : k->revents;
	bool closed = false;

	if (e->held == NULL && !e->kernels && revents != 0 && !hold(fd, e, k))
		revents = POLLNVAL;
	if (e->held != NULL && e->held->ops->poll_end != NULL && revents != 0) {
		const bool fin = (revents & POLLRDHUP) != 0;
		const struct zsock *s = e->held;
		const short hup = poll_events_are_hosts(s)
		    ? revents & fd->events & POLLRDHUP
		    : 0;

		revents = e->held->ops->poll_end(e->held,
		    poll_events_to_kind(s, fd->events), revents);
		revents = poll_events_from_kind(s, fd->events, revents) | hup;
		e->told_fin = e->told_fin || (fin && revents == 0);
	}
	fd->revents = revents | e->ready;
	if (e->held != NULL) {
		closed = atomic_load(&e->held->closing);
		sock_put(e->held);
	}
	return closed;
}

/* The kernel's answers, entry by entry; -EINTR if one was closed meanwhile. */
static int
collect(struct poll_room *r, struct pollfd *fds, nfds_t n, int rc)
{
	bool closed = false;
	int count = 0;

	for (nfds_t i = 0; i < n; i++) {
		const nfds_t also = r->entries[i].also;

		if (rc <= 0)
			r->kfds[i].revents = 0;
		else if (also != 0 && r->kfds[also].revents != 0)
			r->kfds[i].revents |= POLL_ALSO;
		closed = end(&fds[i], &r->entries[i], &r->kfds[i]) || closed;
		r->entries[i].held = NULL;
		count += fds[i].revents != 0;
	}
	if (rc < 0 && rc != -EINTR)
		return rc;
	/* Signals are the host's, not the device's. */
	if (rc == -EINTR && shimmed && count == 0)
		return rc;
	return closed ? -EINTR : count;
}

/*
 * The same when every entry is plain: only those for which the kernel has
 * something are looked at.
 */
static int
collect_plain(struct poll_room *r, struct pollfd *fds, nfds_t n, int rc)
{
	bool closed = false;
	int count = 0;

	for (nfds_t i = 0; i < n && rc > 0; i++) {
		struct poll_entry *e = &r->entries[i];

		if (r->kfds[i].revents == 0)
			continue;
		rc--;
		closed = end(&fds[i], e, &r->kfds[i]) || closed;
		e->held = NULL;
		r->touched = r->touched || e->told_fin;
		count += fds[i].revents != 0;
	}
	if (rc < 0 && rc != -EINTR)
		return rc;
	return closed ? -EINTR : count;
}

/* Of its arguments the kernel can only find that there are too many entries. */
static int
ask_kernel(struct poll_room *r, int timeout_ms)
{
	const int rc =
	    (int)err_from_kernel(kernel->poll(r->kfds, r->used, timeout_ms));

	return rc == -EINVAL ? -quirk(QUIRK_POLL_TOO_MANY) : rc;
}

/* The thread is cancelled in the kernel: what the call had is given back. */
static void
forsake(void *arg)
{
	struct poll_room *r = arg;

	for (nfds_t i = 0; i < r->n; i++) {
		if (r->entries[i].held != NULL)
			sock_put(r->entries[i].held);
		r->entries[i] = (struct poll_entry){ 0 };
	}
	poll_room_put(r);
}

/* Also a look without waiting is where a cancelled thread ends. */
static int
ask_with_references(struct poll_room *r, int timeout_ms)
{
	int rc;

	pthread_cleanup_push(forsake, r);
	rc = ask_kernel(r, timeout_ms);
	pthread_cleanup_pop(0);
	return rc;
}

/*
 * One round that does not wait.  Most are about plain sockets of which none is
 * ready, so these cost nothing but the kernel's own time.
 */
static int
glance(struct poll_room *r, struct pollfd *fds, nfds_t n, bool nval,
    bool foreign_ok)
{
	const nfds_t plain = begin_all_plain(r, fds, n);

	r->used = n;
	for (nfds_t i = plain; i < n; i++) {
		struct poll_entry *e = &r->entries[i];

		if (begin_plain(&fds[i], &r->kfds[i]))
			continue;
		(void)begin(&fds[i], e, &r->kfds[i], foreign_ok);
		add_second(r, e, fds[i].events);
		if (e->foreign && nval)
			e->ready = POLLNVAL;
	}
	r->touched = plain < n;
	return r->touched ? collect(r, fds, n, ask_with_references(r, 0))
	                  : collect_plain(r, fds, n, ask_kernel(r, 0));
}

/* One round that sleeps until something is ready, or the deadline. */
static int
look(struct poll_room *r, struct pollfd *fds, nfds_t n, struct deadline until,
    bool nval, bool foreign_ok)
{
	struct deadline wake = until;
	bool ready = false;

	r->touched = true;
	r->nknown = 0; /* who waits holds a reference, and asks for more */
	r->used = n;
	for (nfds_t i = 0; i < n; i++) {
		struct poll_entry *e = &r->entries[i];
		const struct deadline w =
		    begin(&fds[i], e, &r->kfds[i], foreign_ok);

		add_second(r, e, fds[i].events);
		if (e->foreign && nval)
			e->ready = POLLNVAL;
		if (w.at_ns < wake.at_ns)
			wake = w;
		ready = ready || e->ready != 0;
	}
	return collect(r, fds, n,
	    ask_with_references(r, ready ? 0 : deadline_left_ms(wake)));
}

/* The device's slots: one for input, and one for output on a stream. */
static int
check_limit(const struct pollfd *fds, nfds_t n)
{
	const int max = limit_get(LIMIT_POLL, -1);
	nfds_t slots = 0;

	if (max < 0)
		return 0;
	for (nfds_t i = 0; i < n; i++) {
		const struct zsock *s = fdtable_peek(fds[i].fd);

		if (s == NULL)
			continue;
		slots += (fds[i].events & POLLIN) != 0;
		slots +=
		    (fds[i].events & POLLOUT) != 0 && !s->ops->poll_out_free;
	}
	if (slots <= (nfds_t)max)
		return 0;
	limit_exceeded(LIMIT_POLL, "poll");
	return -ENOMEM;
}

/*
 * The older device says only when its time is over that a number is nobody's;
 * if it has no end, never.  Leaves the entries as the next call wants to find
 * them.
 */
static int
finish(struct poll_room *r, struct pollfd *fds, nfds_t n, int rc,
    bool late_nval)
{
	bool foreign = false;

	if (!r->touched)
		return rc;
	for (nfds_t i = 0; i < n; i++) {
		struct poll_entry *e = &r->entries[i];

		foreign = foreign || e->foreign;
		if (late_nval && rc >= 0 && e->foreign && fds[i].revents == 0) {
			fds[i].revents = POLLNVAL;
			rc++;
		}
		*e = (struct poll_entry){ 0 };
	}
	if (foreign && !late_nval && quirk(QUIRK_POLL_NVAL_WAITS) != 0)
		profile_hazard("poll: a number that is not open, and no time "
		               "limit: POLLNVAL at once",
		    "waits for ever");
	return rc;
}

/*
 * Asking without waiting comes first: a wait costs the kernel three times as
 * much per descriptor, and is in vain when something is ready.
 */
int
poll_sockets(struct pollfd *fds, nfds_t n, int timeout_ms, bool foreign_ok)
{
	const bool late_nval =
	    quirk(QUIRK_POLL_NVAL_WAITS) != 0 && timeout_ms >= 0;
	const int saved = errno;
	struct deadline until;
	struct poll_room *r;
	int rc;

	rc = check_limit(fds, n);
	if (rc < 0)
		return rc;
	r = poll_room_get(n);
	if (r == NULL)
		return -ENOMEM;
	rc = glance(r, fds, n, !late_nval, foreign_ok);
	if (rc == 0 && timeout_ms != 0) {
		until = deadline_in_ms(timeout_ms);
		do {
			rc = look(r, fds, n, until, !late_nval, foreign_ok);
		} while (rc == 0 && deadline_left_ms(until) != 0);
	}
	rc = finish(r, fds, n, rc, late_nval);
	poll_room_put(r);
	if (rc >= 0)
		errno = saved;
	return rc;
}
