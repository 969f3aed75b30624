#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket_service.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/native.h"
#include "sock/poll.h"
#include "sock/wake.h"

/* Sockets that the thread is asked to close. */
struct closing {
	struct closing *next;
	int n;
	int socks[];
};

enum state { STOPPED, STARTING, RUNNING };

/* A leaf: no other lock is taken, and no callback called, under it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t settled = PTHREAD_COND_INITIALIZER;  /* not STARTING */
static pthread_cond_t returned = PTHREAD_COND_INITIALIZER; /* a callback */

/* All guarded by lock, and with them what the services point to. */
static const struct net_socket_service_desc *services;
static struct closing *to_close;
static enum state state;
static int wake = -1;         /* has the thread look at all this again */
static unsigned long process; /* one more in each forked child */
static const struct net_socket_service_desc *called; /* at this moment */
static pthread_t caller;                             /* of it */
static bool exiting;

/* One round of the thread: entry 0 is the wake, the others are sockets. */
struct round {
	unsigned long process;
	size_t n, room;
	struct pollfd *fds;
	struct source {
		const struct net_socket_service_desc *svc;
		int i;
		unsigned long changes; /* the service's, when it was read */
	} * sources;
};

static bool
is_known_locked(const struct net_socket_service_desc *svc)
{
	const struct net_socket_service_desc *s = services;

	while (s != NULL && s != svc)
		s = s->list->next;
	return s != NULL;
}

static size_t
capacity_locked(void)
{
	size_t n = 1; /* the wake */

	for (const struct net_socket_service_desc *s = services; s != NULL;
	     s = s->list->next)
		n += (size_t)s->pev_len;
	return n;
}

static void
empty_locked(const struct net_socket_service_desc *svc)
{
	for (int i = 0; i < svc->pev_len; i++) {
		svc->pev[i].event = (struct zsock_pollfd){ .fd = -1 };
		svc->pev[i].user_data = NULL;
	}
	svc->list->changes++;
}

static void
free_closing(struct closing *c)
{
	while (c != NULL) {
		struct closing *next = c->next;

		free(c);
		c = next;
	}
}

static void
fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void
fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* The thread is not here, and what it served is the parent's. */
static void
fork_child(void)
{
	for (const struct net_socket_service_desc *s = services; s != NULL;
	     s = s->list->next)
		empty_locked(s);
	free_closing(to_close);
	to_close = NULL;
	state = STOPPED;
	process++;
	called = NULL;
	pthread_cond_init(&settled, NULL); /* its waiters are not here either */
	pthread_cond_init(&returned, NULL);
	pthread_mutex_unlock(&lock);
}

/* What is removed from here on is not unloaded, and may be called for ever. */
static void
note_exit(void)
{
	pthread_mutex_lock(&lock);
	exiting = true;
	pthread_cond_broadcast(&returned);
	pthread_mutex_unlock(&lock);
}

static void
watch_process(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
	(void)atexit(note_exit); /* or an exit waits for a callback to return */
}

void
zsock_service_add(const struct net_socket_service_desc *svc,
    net_socket_service_handler_t cb)
{
	pthread_mutex_lock(&lock);
	if (svc != NULL && !is_known_locked(svc)) {
		empty_locked(svc);
		for (int i = 0; i < svc->pev_len; i++)
			svc->pev[i].callback = cb;
		svc->list->next = services;
		services = svc;
	}
	pthread_mutex_unlock(&lock);
}

/* The code of a callback that runs must not be unloaded, but by itself. */
static void
await_callback_locked(const struct net_socket_service_desc *svc)
{
	while (
	    called == svc && !exiting && !pthread_equal(caller, pthread_self()))
		pthread_cond_wait(&returned, &lock);
}

void
zsock_service_remove(const struct net_socket_service_desc *svc)
{
	const struct net_socket_service_desc **link = &services;

	pthread_mutex_lock(&lock);
	while (*link != NULL && *link != svc)
		link = &(*link)->list->next;
	if (*link != NULL) {
		*link = svc->list->next;
		empty_locked(svc);
		await_callback_locked(svc);
	}
	pthread_mutex_unlock(&lock);
}

static bool
make_room(struct round *r, size_t n)
{
	void *p;

	if (r->fds != NULL && n <= r->room)
		return true;
	p = reallocarray(r->fds, n, sizeof(*r->fds));
	if (p == NULL)
		return false;
	r->fds = p;
	p = reallocarray(r->sources, n, sizeof(*r->sources));
	if (p == NULL)
		return false;
	r->sources = p;
	r->room = n;
	return true;
}

/* What the thread waits for next. */
static int
collect_locked(struct round *r)
{
	if (!make_room(r, capacity_locked()))
		return -ENOMEM;
	r->fds[0] = (struct pollfd){ .fd = wake, .events = POLLIN };
	r->n = 1;
	for (const struct net_socket_service_desc *s = services; s != NULL;
	     s = s->list->next) {
		for (int i = 0; i < s->pev_len; i++) {
			if (s->pev[i].event.fd < 0)
				continue;
			r->fds[r->n] = s->pev[i].event;
			r->sources[r->n++] =
			    (struct source){ s, i, s->list->changes };
		}
	}
	return 0;
}

/* A number that is not ours is one of the kernel's, if we have its numbers. */
static void
close_all(const struct closing *c, bool foreign_ok)
{
	for (; c != NULL; c = c->next) {
		for (int i = 0; i < c->n; i++) {
			if (call_close(c->socks[i]) == -EBADF && foreign_ok)
				native_close_kfd(c->socks[i]);
		}
	}
}

/* One callback, unless its service was changed since the round began. */
static void
call_back(const struct round *r, size_t k)
{
	const struct source *from = &r->sources[k];
	struct net_socket_service_event ev;
	bool current;

	pthread_mutex_lock(&lock);
	current = process == r->process && is_known_locked(from->svc) &&
	    from->svc->list->changes == from->changes;
	if (current) {
		ev = from->svc->pev[from->i];
		called = from->svc;
		caller = pthread_self();
	}
	pthread_mutex_unlock(&lock);
	if (!current)
		return;
	ev.event.revents = r->fds[k].revents;
	ev.svc = (struct net_socket_service_desc *)from->svc;
	ev.callback(&ev);
	pthread_mutex_lock(&lock);
	if (process == r->process) /* or it has forked, and came back */
		called = NULL;
	pthread_cond_broadcast(&returned);
	pthread_mutex_unlock(&lock);
}

/* 0 as long as it can go on. */
static int
serve_once(struct round *r, bool foreign_ok)
{
	struct closing *closing;
	int rc;

	pthread_mutex_lock(&lock);
	closing = to_close;
	to_close = NULL;
	rc = process == r->process ? collect_locked(r) : -ECHILD;
	pthread_mutex_unlock(&lock);
	close_all(closing, foreign_ok);
	free_closing(closing);
	if (rc == 0)
		rc = poll_sockets(r->fds, r->n, -1, foreign_ok);
	if (rc == -EINTR) /* one was closed: it is POLLNVAL from now on */
		return 0;
	if (rc < 0)
		return rc;
	if ((r->fds[0].revents & POLLNVAL) != 0)
		return -EBADF;
	if (r->fds[0].revents != 0)
		wake_clear(r->fds[0].fd);
	for (size_t k = 1; k < r->n; k++) {
		if (r->fds[k].revents != 0)
			call_back(r, k);
	}
	return 0;
}

static void *
serve(void *arg)
{
	struct round r = { .process = (unsigned long)(uintptr_t)arg };
	const bool foreign_ok = fdtable_kernel_numbers();
	int rc;

	do {
		rc = serve_once(&r, foreign_ok);
	} while (rc == 0);
	free(r.fds);
	free(r.sources);
	if (rc == -ECHILD) /* a callback has forked, and came back */
		return NULL;
	pthread_mutex_lock(&lock);
	state = STOPPED;
	pthread_mutex_unlock(&lock);
	log_line(LOG_ERROR,
	    "socket services: poll: %s; no callback is called before the next "
	    "net_socket_service_register",
	    strerror(-rc));
	return NULL;
}

/* Has the thread run; gives the lock up meanwhile. */
static int
start_locked(void)
{
	int stale, rc;

	while (state == STARTING)
		pthread_cond_wait(&settled, &lock);
	if (state == RUNNING)
		return 0;
	state = STARTING;
	stale = wake;
	wake = -1;
	pthread_mutex_unlock(&lock);
	wake_close(stale); /* a fork's child shares it with its parent */
	rc = wake_open();
	pthread_mutex_lock(&lock);
	wake = rc;
	if (rc >= 0)
		rc = thread_start(serve, (void *)(uintptr_t)process);
	state = rc == 0 ? RUNNING : STOPPED;
	pthread_cond_broadcast(&settled);
	return rc < 0 ? -EIO : 0;
}

/* Asks for svc's sockets to be closed, each once. */
static int
close_later_locked(const struct net_socket_service_desc *svc)
{
	struct closing *c;

	c = malloc(sizeof(*c) + (size_t)svc->pev_len * sizeof(c->socks[0]));
	if (c == NULL)
		return -ENOMEM;
	c->n = 0;
	for (int i = 0; i < svc->pev_len; i++) {
		const int sock = svc->pev[i].event.fd;
		int k = 0;

		while (k < c->n && c->socks[k] != sock)
			k++;
		if (sock >= 0 && k == c->n)
			c->socks[c->n++] = sock;
	}
	c->next = to_close;
	to_close = c;
	return 0;
}

static bool
has_sockets_locked(const struct net_socket_service_desc *svc)
{
	for (int i = 0; i < svc->pev_len; i++) {
		if (svc->pev[i].event.fd >= 0)
			return true;
	}
	return false;
}

static int
check_locked(const struct net_socket_service_desc *svc,
    const struct zsock_pollfd *fds, int len)
{
	if (!is_known_locked(svc))
		return -ENOENT;
	if (capacity_locked() > (size_t)limit_get(LIMIT_POLL, INT_MAX))
		return -EIO;
	if (fds == NULL)
		return 0;
	if (len > svc->pev_len)
		return -ENOMEM;
	return len < 0 || (len > 0 && svc->pev[0].callback == NULL) ? -EINVAL
	                                                            : 0;
}

static int
register_locked(const struct net_socket_service_desc *svc,
    const struct zsock_pollfd *fds, int len, void *user_data)
{
	const bool closes = fds == NULL &&
	    user_data == NET_SOCKET_SERVICE_CLOSE_SOCKETS &&
	    has_sockets_locked(svc);
	int rc = 0;

	if (fds != NULL || closes)
		rc = start_locked();
	if (rc == 0 && closes)
		rc = close_later_locked(svc);
	if (rc < 0)
		return rc;
	empty_locked(svc);
	for (int i = 0; fds != NULL && i < len; i++) {
		svc->pev[i].event = fds[i];
		svc->pev[i].event.revents = 0;
		svc->pev[i].user_data = user_data;
	}
	return 0;
}

int
net_socket_service_register(const struct net_socket_service_desc *svc,
    struct zsock_pollfd *fds, int len, void *user_data)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const int saved = errno;
	bool limited;
	int rc, number = -1;

	pthread_once(&once, watch_process);
	limits_from_environment();
	pthread_mutex_lock(&lock);
	rc = check_locked(svc, fds, len);
	limited = rc == -EIO;
	if (rc == 0)
		rc = register_locked(svc, fds, len, user_data);
	if (rc == 0 && state == RUNNING)
		number = wake;
	pthread_mutex_unlock(&lock);
	if (limited)
		limit_exceeded(LIMIT_POLL, "net_socket_service_register");
	wake_up(number);
	errno = saved;
	return rc;
}

void
net_socket_service_foreach(net_socket_service_cb_t cb, void *user_data)
{
	const struct net_socket_service_desc *svc;

	pthread_mutex_lock(&lock);
	svc = services;
	pthread_mutex_unlock(&lock);
	while (svc != NULL && cb != NULL) {
		cb(svc, user_data);
		pthread_mutex_lock(&lock);
		svc = svc->list->next;
		pthread_mutex_unlock(&lock);
	}
}
