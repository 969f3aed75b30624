#include "sock/poll.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/fdtable.h"
#include "sock/poll_events.h"
#include "sock/shimmed.h"

/* What one call works with; kept for the thread's next call. */
struct room {
	nfds_t n;
	bool nested;  /* the thread's own is in use: freed after the call */
	bool touched; /* an entry is not all zero, as they are between calls */
	struct entry {
		struct zsock *held; /* a reference, or NULL */
		short ready;        /* without asking the kernel */
		bool foreign;       /* not ours: POLLNVAL */
		bool kernels;       /* not ours: what the kernel says */
		bool told_fin;      /* POLLRDHUP came and was of no use */
		nfds_t also;        /* the second descriptor's place, or 0 */
	} * entries;
	struct pollfd *kfds; /* one an entry, then the second ones */
	nfds_t used;         /* of kfds */
};

/*
 * The thread's, NULL while a call has it: a signal handler may poll in the
 * middle of that call.  The key has it for the thread's end.
 */
static _Thread_local struct room *mine
    __attribute__((tls_model("initial-exec")));
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_error;

static void
room_free(struct room *r)
{
	free(r->entries);
	free(r->kfds);
	free(r);
}

static void
thread_ends(void *p)
{
	mine = NULL; /* a destructor that comes later may poll */
	room_free(p);
}

static void
make_key(void)
{
	key_error = pthread_key_create(&key, thread_ends);
}

static struct room *
room_make(void)
{
	struct room *r;

	pthread_once(&once, make_key);
	if (key_error != 0)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->nested = pthread_getspecific(key) != NULL;
	if (!r->nested && pthread_setspecific(key, r) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

static void
room_put(struct room *r)
{
	if (r->nested)
		room_free(r);
	else
		mine = r;
}

static bool
room_grow(struct room *r, nfds_t n)
{
	void *p;

	p = reallocarray(r->entries, n, sizeof(*r->entries));
	if (p == NULL)
		return false;
	r->entries = p;
	memset(&r->entries[r->n], 0, (n - r->n) * sizeof(*r->entries));
	p = reallocarray(r->kfds, n, 2 * sizeof(*r->kfds));
	if (p == NULL)
		return false;
	r->kfds = p;
	r->n = n;
	return true;
}

/* Room for n entries that is this call's until room_put, or NULL. */
static struct room *
room_get(nfds_t n)
{
	struct room *r = mine;

	mine = NULL;
	atomic_signal_fence(memory_order_seq_cst); /* before it is looked at */
	if (r == NULL)
		r = room_make();
	if (r == NULL || n <= r->n || room_grow(r, n))
		return r;
	room_put(r);
	return NULL;
}

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

/*
 * Fills in one entry that is waited for, or whose socket has a poll of its own:
 * that needs the reference.  Returns when it wants to be looked at again.
 */
static struct deadline
begin(const struct pollfd *fd, struct entry *e, struct pollfd *k,
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
add_second(struct room *r, struct entry *e, short events)
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
hold(const struct pollfd *fd, struct entry *e, const struct pollfd *k)
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
end(struct pollfd *fd, struct entry *e, const struct pollfd *k)
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
collect(struct room *r, struct pollfd *fds, nfds_t n, int rc)
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
collect_plain(struct room *r, struct pollfd *fds, nfds_t n, int rc)
{
	bool closed = false;
	int count = 0;

	for (nfds_t i = 0; i < n && rc > 0; i++) {
		struct entry *e = &r->entries[i];

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
ask_kernel(struct room *r, int timeout_ms)
{
	const int rc =
	    (int)err_from_kernel(kernel->poll(r->kfds, r->used, timeout_ms));

	return rc == -EINVAL ? -quirk(QUIRK_POLL_TOO_MANY) : rc;
}

/* The thread is cancelled while it sleeps: what the call had is given back. */
static void
forsake(void *arg)
{
	struct room *r = arg;

	for (nfds_t i = 0; i < r->n; i++) {
		if (r->entries[i].held != NULL)
			sock_put(r->entries[i].held);
		r->entries[i] = (struct entry){ 0 };
	}
	room_put(r);
}

static int
sleep_in_kernel(struct room *r, int timeout_ms)
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
glance(struct room *r, struct pollfd *fds, nfds_t n, bool nval, bool foreign_ok)
{
	nfds_t plain = 0;
	int rc;

	r->used = n;
	while (plain < n && begin_plain(&fds[plain], &r->kfds[plain]))
		plain++;
	for (nfds_t i = plain; i < n; i++) {
		struct entry *e = &r->entries[i];

		if (begin_plain(&fds[i], &r->kfds[i]))
			continue;
		(void)begin(&fds[i], e, &r->kfds[i], foreign_ok);
		add_second(r, e, fds[i].events);
		if (e->foreign && nval)
			e->ready = POLLNVAL;
	}
	rc = ask_kernel(r, 0);
	r->touched = plain < n;
	return r->touched ? collect(r, fds, n, rc)
	                  : collect_plain(r, fds, n, rc);
}

/* One round that sleeps until something is ready, or the deadline. */
static int
look(struct room *r, struct pollfd *fds, nfds_t n, struct deadline until,
    bool nval, bool foreign_ok)
{
	struct deadline wake = until;
	bool ready = false;

	r->touched = true;
	r->used = n;
	for (nfds_t i = 0; i < n; i++) {
		struct entry *e = &r->entries[i];
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
	    ready ? ask_kernel(r, 0)
	          : sleep_in_kernel(r, deadline_left_ms(wake)));
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
finish(struct room *r, struct pollfd *fds, nfds_t n, int rc, bool late_nval)
{
	bool foreign = false;

	if (!r->touched)
		return rc;
	for (nfds_t i = 0; i < n; i++) {
		struct entry *e = &r->entries[i];

		foreign = foreign || e->foreign;
		if (late_nval && rc >= 0 && e->foreign && fds[i].revents == 0) {
			fds[i].revents = POLLNVAL;
			rc++;
		}
		*e = (struct entry){ 0 };
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
	struct room *r;
	int rc;

	rc = check_limit(fds, n);
	if (rc < 0)
		return rc;
	r = room_get(n);
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
	room_put(r);
	if (rc >= 0)
		errno = saved;
	return rc;
}
