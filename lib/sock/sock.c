#include "sock/sock.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sock/fdtable.h"
#include "sock/leaks.h"

/* Two cache lines, for the prefetcher fetches pairs. */
#define GRAIN 128
#define CLASSES 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zsock *unused[CLASSES]; /* guarded by lock; by size in grains */

void
sock_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
sock_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

static size_t
class_of(size_t size)
{
	return (size + GRAIN - 1) / GRAIN - 1;
}

void *
sock_alloc(size_t size)
{
	const size_t class = class_of(size);
	struct zsock *s;

	if (class >= CLASSES)
		return NULL;
	pthread_mutex_lock(&lock);
	s = unused[class];
	if (s != NULL)
		unused[class] = s->next_free;
	pthread_mutex_unlock(&lock);
	if (s == NULL) {
		s = aligned_alloc(GRAIN, (class + 1) * GRAIN);
		if (s == NULL)
			return NULL;
		memset(s, 0, sizeof(*s));
	}
	memset(s + 1, 0, size - sizeof(*s));
	return s;
}

void
sock_release(struct zsock *s, size_t size)
{
	const size_t class = class_of(size);

	leaks_forget(s);
	pthread_mutex_lock(&lock);
	s->next_free = unused[class];
	unused[class] = s;
	pthread_mutex_unlock(&lock);
}

void
sock_init(struct zsock *s, const struct zsock_ops *ops, int kfd)
{
	s->number = -1;
	atomic_store_explicit(&s->names, 0, memory_order_relaxed);
	atomic_store_explicit(&s->apart, false, memory_order_relaxed);
	leaks_note(s);
	s->made = atomic_load_explicit(&sock_forks, memory_order_relaxed);
	atomic_store_explicit(&s->ops, ops, memory_order_relaxed);
	atomic_store_explicit(&s->kfd, kfd, memory_order_relaxed);
	atomic_store_explicit(&s->closing, false, memory_order_relaxed);
	atomic_store_explicit(&s->io_plain, false, memory_order_relaxed);
	atomic_store_explicit(&s->poll_plain,
	    ops->poll_begin == NULL ? SOCK_POLL_KERNEL : SOCK_POLL_OWN,
	    memory_order_relaxed);
	atomic_store_explicit(&s->refs, 1, memory_order_release);
}

void
sock_end(struct zsock *s)
{
	const int number = s->number;

	s->ops->destroy(s);
	fdtable_free_number(number);
}

void
sock_no_farewell(struct zsock *s)
{
	(void)s;
}

int
sock_no_address(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -EOPNOTSUPP;
}

int
sock_no_name(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -EOPNOTSUPP;
}

int
sock_no_listen(struct zsock *s, int backlog)
{
	(void)s;
	(void)backlog;
	return -EOPNOTSUPP;
}

int
sock_no_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len)
{
	(void)s;
	(void)child;
	(void)addr;
	(void)len;
	return -EOPNOTSUPP;
}

int
sock_no_ioctl(struct zsock *s, unsigned long request, int *value)
{
	(void)s;
	(void)request;
	(void)value;
	return -EOPNOTSUPP;
}
