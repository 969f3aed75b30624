#include "sock/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/fdtable.h"
#include "sock/native.h"
#include "sock/sock.h"

struct event {
	struct zsock base;  /* its kfd is the counter */
	int wake;           /* an eventfd: not 0 once it was closed in use */
	atomic_int writers; /* threads that may sleep in the kernel's write */
};

/* How much is taken from a semaphore to make room for sleeping writers. */
#define LET_GO_READS 65536

_Static_assert((int)EVENT_SEMAPHORE == EFD_SEMAPHORE, "flags");

/*
 * Waits for what a read or a write needs.  It must not be the kernel's read
 * that sleeps: nothing but a value would wake it, so a close could not.
 */
static int
wait_for(struct event *v, short events)
{
	struct pollfd fds[] = {
		{ .fd = v->base.kfd, .events = events },
		{ .fd = v->wake, .events = POLLIN },
	};
	uint64_t woken;
	int rc;

	rc = (int)err_from_kernel(kernel->poll(fds, 2, -1));
	if (rc < 0)
		return rc;
	if (atomic_load(&v->base.closing))
		return -EINTR;
	/* After a fork the other process may have closed its own. */
	if (fds[1].revents != 0)
		(void)kernel->read(v->wake, &woken, sizeof(woken));
	return 0;
}

/* Whatever the mode of the descriptor is, it does not wait. */
static ssize_t
take(struct event *v, uint64_t *value)
{
	const struct iovec iov = { value, sizeof(*value) };

	return err_from_kernel(
	    kernel->preadv2(v->base.kfd, &iov, 1, -1, RWF_NOWAIT));
}

static ssize_t
event_read(struct event *v, uint64_t *value)
{
	ssize_t n;
	int rc;

	for (;;) {
		n = take(v, value);
		if (n != -EAGAIN)
			return n;
		rc = native_nonblock(v->base.kfd);
		if (rc != 0)
			return rc < 0 ? rc : -EAGAIN;
		rc = wait_for(v, POLLIN);
		if (rc < 0)
			return rc;
	}
}

/*
 * A writer for whose value there is no room sleeps in the kernel's write:
 * nothing else knows when there is.  Taking the value away lets it go.  One
 * read takes all of it, but 1 from a semaphore, hence the limit.
 */
static void
let_writers_go(struct event *v)
{
	uint64_t value;

	for (int i = 0; i < LET_GO_READS; i++) {
		if (atomic_load(&v->writers) == 0 || take(v, &value) < 0)
			break;
	}
}

static ssize_t
event_write(struct event *v, uint64_t value)
{
	ssize_t n;
	int rc;

	if (value == UINT64_MAX)
		return -EINVAL;
	rc = native_nonblock(v->base.kfd);
	if (rc == 0)
		rc = wait_for(v, POLLOUT);
	if (rc < 0)
		return rc;
	atomic_fetch_add(&v->writers, 1);
	n = atomic_load(&v->base.closing)
	    ? -EINTR
	    : err_from_kernel(
	          kernel->write(v->base.kfd, &value, sizeof(value)));
	atomic_fetch_sub(&v->writers, 1);
	if (!atomic_load(&v->base.closing))
		return n;
	let_writers_go(v);
	return -EINTR;
}

static bool
is_one_value(const struct msghdr *m)
{
	return m->msg_iovlen == 1 && m->msg_iov->iov_base != NULL &&
	    m->msg_iov->iov_len >= sizeof(uint64_t);
}

static ssize_t
event_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	uint64_t value;

	(void)flags;
	if (!is_one_value(m))
		return -EINVAL;
	memcpy(&value, m->msg_iov->iov_base, sizeof(value));
	return event_write((struct event *)s, value);
}

static ssize_t
event_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	uint64_t value;
	ssize_t n;

	(void)flags;
	if (!is_one_value(m))
		return -EINVAL;
	m->msg_namelen = 0;
	m->msg_controllen = 0;
	n = event_read((struct event *)s, &value);
	if (n > 0)
		memcpy(m->msg_iov->iov_base, &value, sizeof(value));
	return n;
}

static void
event_poll_begin(struct zsock *s, short events, struct poll_slot *slot)
{
	(void)s;
	*slot = (struct poll_slot){ .kernel_events = events,
		.wake = DEADLINE_NEVER };
}

static int
event_poll_also(struct zsock *s, short events)
{
	(void)events;
	return ((struct event *)s)->wake;
}

static short
event_poll_end(struct zsock *s, short events, short revents)
{
	struct event *v = (struct event *)s;
	uint64_t woken;

	/* As in wait_for; poll finds out by itself that it is closing. */
	if ((revents & POLL_ALSO) != 0 && !atomic_load(&s->closing))
		(void)kernel->read(v->wake, &woken, sizeof(woken));
	return revents & events;
}

/* What only sockets can do; a device's eventfd has no place for the answer. */
static int
refuse(enum quirk q)
{
	if (profile_get() != PROFILE_LINUX)
		profile_hazard("a socket call on an eventfd",
		    "calls through a table that has no such entry");
	return -quirk(q);
}

static int
event_getsockopt(struct zsock *s, int level, int name, void *val,
    socklen_t *len)
{
	(void)s;
	(void)level;
	(void)name;
	(void)val;
	(void)len;
	return refuse(QUIRK_EVENT_CALLS);
}

static int
event_setsockopt(struct zsock *s, int level, int name, const void *val,
    socklen_t len)
{
	(void)s;
	(void)level;
	(void)name;
	(void)val;
	(void)len;
	return refuse(QUIRK_EVENT_CALLS);
}

static int
event_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	(void)s;
	(void)addr;
	(void)len;
	return refuse(QUIRK_EVENT_CALLS);
}

static int
event_listen(struct zsock *s, int backlog)
{
	(void)s;
	(void)backlog;
	return refuse(QUIRK_EVENT_CALLS);
}

static int
event_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len)
{
	(void)s;
	(void)child;
	(void)addr;
	(void)len;
	return refuse(QUIRK_EVENT_CALLS);
}

static int
event_name(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	(void)s;
	(void)addr;
	(void)len;
	return refuse(QUIRK_EVENT_CALLS);
}

static int
event_shutdown(struct zsock *s, int how)
{
	(void)s;
	(void)how;
	return refuse(QUIRK_EVENT_SHUTDOWN);
}

static int
event_ioctl(struct zsock *s, unsigned long request, int *value)
{
	if (quirk(QUIRK_IOCTL_OTHER) != 0)
		return -quirk(QUIRK_IOCTL_OTHER);
	return (int)err_from_kernel(kernel->ioctl(s->kfd, request, value));
}

/* Wakes all that sleep; they find that it is closing. */
static void
event_farewell(struct zsock *s)
{
	struct event *v = (struct event *)s;
	const uint64_t one = 1;

	if (atomic_load(&s->refs) == 1)
		return;
	(void)kernel->write(v->wake, &one, sizeof(one)); /* there is room */
	let_writers_go(v);
}

/* The writers are the parent's threads. */
static void
event_forked(struct zsock *s)
{
	atomic_store(&((struct event *)s)->writers, 0);
}

static void
event_destroy(struct zsock *s)
{
	struct event *v = (struct event *)s;

	native_close_kfd(s->kfd);
	native_close_kfd(v->wake);
	limit_give(LIMIT_EVENTS);
	sock_release(s, sizeof(*v));
}

static const struct zsock_ops event_ops = {
	.name = "eventfd",
	.destroy = event_destroy,
	.farewell = event_farewell,
	.forked = event_forked,
	.bind = event_bind,
	.connect = event_bind,
	.listen = event_listen,
	.accept = event_accept,
	.shutdown = event_shutdown,
	.sendmsg = event_sendmsg,
	.recvmsg = event_recvmsg,
	.getsockname = event_name,
	.getpeername = event_name,
	.getsockopt = event_getsockopt,
	.setsockopt = event_setsockopt,
	.ioctl = event_ioctl,
	.poll_begin = event_poll_begin,
	.poll_end = event_poll_end,
	.poll_also = event_poll_also,
	.no_message = EOPNOTSUPP,
	.no_address = true,
};

static int
event_open(unsigned int value, int kernel_flags, struct zsock **out)
{
	struct event *v = NULL;
	int kfd, rc;

	if (!limit_take(LIMIT_EVENTS, "eventfd"))
		return -ENOMEM;
	kfd = kfd_opened(kernel->eventfd(value, kernel_flags));
	if (kfd < 0) {
		rc = kfd;
		goto out;
	}
	v = sock_alloc(sizeof(*v));
	if (v == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	v->wake = kfd_opened(kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (v->wake < 0) {
		rc = v->wake;
		goto out;
	}
	sock_init(&v->base, &event_ops, kfd);
	atomic_init(&v->writers, 0);
	*out = &v->base;
	return 0;
out:
	if (kfd >= 0)
		native_close_kfd(kfd);
	if (v != NULL)
		sock_release(&v->base, sizeof(*v));
	limit_give(LIMIT_EVENTS);
	return rc;
}

/* The flags as the kernel wants them, or -EINVAL. */
static int
flags_for_kernel(int flags)
{
	const int semaphore = EVENT_SEMAPHORE | EVENT_SEMAPHORE_ZEPHYR;
	const int nonblock = O_NONBLOCK | EVENT_NONBLOCK_ZEPHYR;
	const int cloexec = quirk(QUIRK_EVENT_FLAGS) == 0 ? O_CLOEXEC : 0;

	if ((flags & ~(semaphore | nonblock | cloexec)) != 0)
		return -EINVAL;
	return EFD_CLOEXEC | ((flags & semaphore) != 0 ? EFD_SEMAPHORE : 0) |
	    ((flags & nonblock) != 0 ? EFD_NONBLOCK : 0);
}

int
call_eventfd(unsigned int value, int flags)
{
	const int kernel_flags = flags_for_kernel(flags);
	struct zsock *s;
	int place, rc;

	if (kernel_flags < 0)
		return kernel_flags;
	rc = event_open(value, kernel_flags, &s);
	if (rc < 0)
		return rc;
	place = fdtable_reserve();
	rc = place < 0 ? place : fdtable_install(place, s);
	if (rc < 0)
		sock_put(s);
	return rc;
}

static struct event *
event_get(int sock)
{
	struct zsock *s = fdtable_get(sock);

	if (s == NULL || s->ops == &event_ops)
		return (struct event *)s;
	sock_put(s);
	return NULL;
}

int
call_eventfd_read(int sock, uint64_t *value)
{
	struct event *v = event_get(sock);
	ssize_t n = -EFAULT;

	if (v == NULL)
		return -EBADF;
	if (value != NULL)
		n = event_read(v, value);
	sock_put(&v->base);
	return n < 0 ? (int)n : 0;
}

int
call_eventfd_write(int sock, uint64_t value)
{
	struct event *v = event_get(sock);
	ssize_t n;

	if (v == NULL)
		return -EBADF;
	n = event_write(v, value);
	sock_put(&v->base);
	return n < 0 ? (int)n : 0;
}
