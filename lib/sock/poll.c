#include "sock/poll.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/kernel.h"
#include "sock/fdtable.h"

/* What one call works with; kept for the thread's next call. */
struct room {
	nfds_t n;
	struct entry {
		struct zsock *held; /* a reference, or NULL */
		short ready;        /* without asking the kernel */
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
 * asked without waiting; a wait, and a secure socket, need the reference.
 * Returns when the entry wants to be looked at again.
 */
static struct deadline
begin(const struct pollfd *fd, struct entry *e, struct pollfd *k, bool wait,
    bool foreign_ok)
{
	struct poll_slot slot;
	struct zsock *s;

	*e = (struct entry){ NULL, 0 };
	*k = (struct pollfd){ .fd = -1 };
	if (fd->fd < 0)
		return DEADLINE_NEVER;
	s = fdtable_peek(fd->fd);
	if (s != NULL && (wait || s->ops->poll_begin != NULL)) {
		s = fdtable_get(fd->fd);
		e->held = s;
	}
	if (s == NULL && !foreign_ok) {
		e->ready = POLLNVAL;
		return DEADLINE_NEVER;
	}
	*k = (struct pollfd){ .fd = s != NULL ? s->kfd : fd->fd,
		.events = fd->events };
	if (e->held == NULL || e->held->ops->poll_begin == NULL)
		return DEADLINE_NEVER;
	e->held->ops->poll_begin(e->held, fd->events, &slot);
	e->ready = slot.ready;
	k->events = slot.kernel_events;
	return slot.wake;
}

/* Works out one entry's revents and drops what begin took. */
static void
end(struct pollfd *fd, struct entry *e, const struct pollfd *k)
{
	short revents = k->fd == -1 ? 0 : k->revents;

	if (e->held != NULL && e->held->ops->poll_end != NULL && revents != 0)
		revents = e->held->ops->poll_end(e->held, fd->events, revents);
	fd->revents = revents | e->ready;
	if (e->held != NULL)
		sock_put(e->held);
}

/* One round: ask, and sleep until the deadline if told to. */
static int
look(struct room *r, struct pollfd *fds, nfds_t n, const struct deadline *until,
    bool foreign_ok)
{
	struct deadline wake =
	    until != NULL ? *until : (struct deadline){ INT64_MIN };
	bool ready = false;
	int count = 0, rc;

	for (nfds_t i = 0; i < n; i++) {
		const struct deadline w = begin(&fds[i], &r->entries[i],
		    &r->kfds[i], until != NULL, foreign_ok);

		if (w.at_ns < wake.at_ns)
			wake = w;
		ready = ready || r->entries[i].ready != 0;
	}
	rc = (int)err_from_kernel(kernel->poll(r->kfds, n,
	    ready || until == NULL ? 0 : deadline_left_ms(wake)));
	for (nfds_t i = 0; i < n; i++) {
		if (rc <= 0)
			r->kfds[i].revents = 0;
		end(&fds[i], &r->entries[i], &r->kfds[i]);
		count += fds[i].revents != 0;
	}
	return rc < 0 && rc != -EINTR ? rc : count;
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
	rc = look(r, fds, n, NULL, foreign_ok);
	if (rc != 0 || timeout_ms == 0)
		return rc;
	until = deadline_in_ms(timeout_ms);
	do {
		rc = look(r, fds, n, &until, foreign_ok);
	} while (rc == 0 && deadline_left_ms(until) != 0);
	return rc;
}
