#include "sock/poll.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/fdtable.h"

/* What one call works with; kept for the thread's next call. */
struct room {
	nfds_t n;
	struct entry {
		struct zsock *held; /* a reference, or NULL */
		short ready;        /* without asking the kernel */
		bool foreign;       /* not ours: POLLNVAL */
		bool told_fin;      /* POLLRDHUP came and was of no use */
	} * entries;
	struct pollfd *kfds;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_error;

static void
room_free(void *p)
{
	struct room *r = p;

	free(r->entries);
	free(r->kfds);
	free(r);
}

static void
make_key(void)
{
	key_error = pthread_key_create(&key, room_free);
}

/* The thread's room for n entries, or NULL. */
static struct room *
room_get(nfds_t n)
{
	struct room *r;
	void *p;

	pthread_once(&once, make_key);
	if (key_error != 0)
		return NULL;
	r = pthread_getspecific(key);
	if (r == NULL) {
		r = calloc(1, sizeof(*r));
		if (r == NULL || pthread_setspecific(key, r) != 0) {
			free(r);
			return NULL;
		}
	}
	if (n <= r->n)
		return r;
	p = reallocarray(r->entries, n, sizeof(*r->entries));
	if (p == NULL)
		return NULL;
	r->entries = p;
	p = reallocarray(r->kfds, n, sizeof(*r->kfds));
	if (p == NULL)
		return NULL;
	r->kfds = p;
	r->n = n;
	return r;
}

/*
 * Fills in one entry.  A plain socket is not referenced while the kernel is
 * asked without waiting; a wait, and any other, need the reference.  Returns
 * when the entry wants to be looked at again.
 */
static struct deadline
begin(const struct pollfd *fd, struct entry *e, struct pollfd *k, bool wait,
    bool foreign_ok)
{
	const struct zsock_ops *ops;
	struct poll_slot slot;
	struct zsock *s;

	e->held = NULL;
	e->ready = 0;
	*k = (struct pollfd){ .fd = -1 };
	if (fd->fd < 0)
		return DEADLINE_NEVER;
	s = fdtable_peek(fd->fd);
	ops = s != NULL ? s->ops : NULL;
	if (s != NULL && (wait || (ops->poll_begin != NULL && !s->poll_plain)))
		e->held = s = fdtable_get(fd->fd);
	if (s == NULL && !foreign_ok) {
		e->foreign = true;
		return DEADLINE_NEVER;
	}
	*k = (struct pollfd){ .fd = s != NULL ? s->kfd : fd->fd,
		.events = fd->events };
	if (e->held == NULL) {
		if (s != NULL && ops->poll_begin != NULL)
			k->events |= POLLRDHUP;
		return DEADLINE_NEVER;
	}
	if (s->ops->poll_begin == NULL)
		return DEADLINE_NEVER;
	s->ops->poll_begin(s, fd->events, &slot);
	e->ready = slot.ready;
	k->events = slot.kernel_events;
	if (slot.kernel_events == POLL_NOT_ASKED)
		k->fd = -1;
	else if (e->told_fin)
		k->events &= (short)~POLLRDHUP;
	return slot.wake;
}

/*
 * What a plain socket's kernel says beyond data and room needs a closer look,
 * and so the reference that was spared.
 */
static void
hold(const struct pollfd *fd, struct entry *e, const struct pollfd *k)
{
	struct zsock *s;

	if ((k->revents & ~(POLLIN | POLLOUT | POLLPRI)) == 0)
		return;
	s = fdtable_get(fd->fd);
	if (s != NULL && s->kfd != k->fd) {
		sock_put(s); /* another socket by now */
		s = NULL;
	}
	e->held = s;
}

/* Works out one entry's revents and drops what begin took.  True: closed. */
static bool
end(struct pollfd *fd, struct entry *e, const struct pollfd *k)
{
	short revents = k->fd == -1 ? 0 : k->revents;
	bool closed = false;

	if (e->held == NULL && revents != 0)
		hold(fd, e, k);
	if (e->held != NULL && e->held->ops->poll_end != NULL && revents != 0) {
		const bool fin = (revents & POLLRDHUP) != 0;

		revents = e->held->ops->poll_end(e->held, fd->events, revents);
		e->told_fin = e->told_fin || (fin && revents == 0);
	}
	fd->revents = revents | e->ready;
	if (e->held != NULL) {
		closed = atomic_load(&e->held->closing);
		sock_put(e->held);
	}
	return closed;
}

/* Is a number that is not ours reported in this round? */
static bool
nval_now(const struct deadline *until)
{
	return quirk(QUIRK_POLL_NVAL_WAITS) == 0 ||
	    (until != NULL && deadline_left_ms(*until) == 0);
}

/*
 * One round: ask, and sleep until the deadline if told to.  -EINTR if one of
 * the sockets was closed meanwhile.
 */
static int
look(struct room *r, struct pollfd *fds, nfds_t n, const struct deadline *until,
    bool foreign_ok)
{
	const bool nval = nval_now(until);
	struct deadline wake =
	    until != NULL ? *until : (struct deadline){ INT64_MIN };
	bool ready = false, closed = false;
	int count = 0, rc;

	for (nfds_t i = 0; i < n; i++) {
		struct entry *e = &r->entries[i];
		const struct deadline w =
		    begin(&fds[i], e, &r->kfds[i], until != NULL, foreign_ok);

		if (e->foreign && nval)
			e->ready = POLLNVAL;
		if (w.at_ns < wake.at_ns)
			wake = w;
		ready = ready || e->ready != 0;
	}
	rc = (int)err_from_kernel(kernel->poll(r->kfds, n,
	    ready || until == NULL ? 0 : deadline_left_ms(wake)));
	for (nfds_t i = 0; i < n; i++) {
		if (rc <= 0)
			r->kfds[i].revents = 0;
		closed = end(&fds[i], &r->entries[i], &r->kfds[i]) || closed;
		count += fds[i].revents != 0;
	}
	if (rc < 0 && rc != -EINTR)
		return rc;
	return closed ? -EINTR : count;
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

/* At the end of its time the older device reports what it cannot watch. */
static int
last_look(struct room *r, struct pollfd *fds, nfds_t n, int rc)
{
	if (quirk(QUIRK_POLL_NVAL_WAITS) == 0 || rc < 0)
		return rc;
	for (nfds_t i = 0; i < n; i++) {
		if (!r->entries[i].foreign || fds[i].revents != 0)
			continue;
		fds[i].revents = POLLNVAL;
		rc++;
	}
	return rc;
}

/*
 * Asking without waiting comes first: a wait costs the kernel three times as
 * much per descriptor, and is in vain when something is ready.
 */
int
poll_sockets(struct pollfd *fds, nfds_t n, int timeout_ms, bool foreign_ok)
{
	struct room *r = room_get(n);
	struct deadline until;
	int rc;

	if (r == NULL)
		return -ENOMEM;
	rc = check_limit(fds, n);
	if (rc < 0)
		return rc;
	for (nfds_t i = 0; i < n; i++)
		r->entries[i] = (struct entry){ 0 };
	rc = look(r, fds, n, NULL, foreign_ok);
	if (rc != 0 || timeout_ms == 0)
		return last_look(r, fds, n, rc);
	until = deadline_in_ms(timeout_ms);
	do {
		rc = look(r, fds, n, &until, foreign_ok);
	} while (rc == 0 && deadline_left_ms(until) != 0);
	return last_look(r, fds, n, rc);
}
