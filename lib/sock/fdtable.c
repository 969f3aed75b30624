#include "sock/fdtable.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

/*
 * The table never moves, so that it can be read without a lock: addresses for
 * the most that it can ever hold are set aside at once, and the kernel gives
 * memory only to the pages that are written.
 */
#define CAPACITY (1 << 20)
#define WORD_BITS 64

/* What fdtable_reserve answers when the kernel will choose the number. */
#define BY_KERNEL INT_MAX

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct zsock *) *slots;       /* constant once set */
static uint64_t taken[CAPACITY / WORD_BITS]; /* guarded by lock */
static int lowest;     /* guarded by lock; no number below it is free */
static int limit;      /* guarded by lock; 0 until it is known */
static bool by_kernel; /* guarded by lock until numbering_fixed */
static atomic_bool numbering_fixed;

static void
fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void
fork_done(void)
{
	pthread_mutex_unlock(&lock);
}

static int
default_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur > CAPACITY)
		return CAPACITY;
	return (int)r.rlim_cur;
}

/* Fixes the numbering and makes room; the first caller of reserve does it. */
static bool
prepare_locked(void)
{
	if (limit == 0)
		limit = default_limit();
	if (slots != NULL)
		return true;
	slots = calloc(CAPACITY, sizeof(*slots));
	if (slots == NULL)
		return false;
	pthread_atfork(fork_prepare, fork_done, fork_done);
	atomic_store_explicit(&numbering_fixed, true, memory_order_release);
	return true;
}

bool
fdtable_use_kernel_numbers(void)
{
	bool answer;

	pthread_mutex_lock(&lock);
	if (!atomic_load(&numbering_fixed))
		by_kernel = true;
	answer = by_kernel;
	pthread_mutex_unlock(&lock);
	return answer;
}

bool
fdtable_kernel_numbers(void)
{
	bool answer;

	pthread_mutex_lock(&lock);
	answer = by_kernel;
	pthread_mutex_unlock(&lock);
	return answer;
}

void
fdtable_limit(int n)
{
	pthread_mutex_lock(&lock);
	limit = n > 0 && n < CAPACITY ? n : default_limit();
	pthread_mutex_unlock(&lock);
}

static void
mark_locked(int n)
{
	taken[n / WORD_BITS] |= UINT64_C(1) << (n % WORD_BITS);
}

/* The lowest free number, or limit if there is none below it. */
static int
find_locked(void)
{
	int n = lowest;

	while (n < limit) {
		const uint64_t bits =
		    ~taken[n / WORD_BITS] & (UINT64_MAX << (n % WORD_BITS));

		if (bits != 0)
			return (n / WORD_BITS) * WORD_BITS +
			    __builtin_ctzll(bits);
		n = (n / WORD_BITS + 1) * WORD_BITS;
	}
	return limit;
}

int
fdtable_reserve(void)
{
	int n;

	pthread_mutex_lock(&lock);
	if (!prepare_locked()) {
		n = -ENFILE;
	} else if (by_kernel) {
		n = BY_KERNEL;
	} else {
		n = find_locked();
		if (n >= limit) {
			n = -ENFILE;
		} else {
			mark_locked(n);
			lowest = n + 1;
		}
	}
	pthread_mutex_unlock(&lock);
	return n;
}

void
fdtable_free_number(int n)
{
	if (n < 0 || n == BY_KERNEL)
		return;
	pthread_mutex_lock(&lock);
	taken[n / WORD_BITS] &= ~(UINT64_C(1) << (n % WORD_BITS));
	if (n < lowest)
		lowest = n;
	pthread_mutex_unlock(&lock);
}

void
fdtable_cancel(int place)
{
	fdtable_free_number(place);
}

int
fdtable_install(int place, struct zsock *s)
{
	if (place == BY_KERNEL) {
		if (s->kfd >= CAPACITY)
			return -ENFILE;
		place = s->kfd;
	}
	s->number = place;
	atomic_store_explicit(&slots[place], s, memory_order_release);
	return place;
}

struct zsock *
fdtable_peek(int sock)
{
	if (sock < 0 || sock >= CAPACITY ||
	    !atomic_load_explicit(&numbering_fixed, memory_order_acquire))
		return NULL;
	return atomic_load_explicit(&slots[sock], memory_order_acquire);
}

/*
 * A reference taken on a socket that was closed in between may be on another
 * socket that has got its memory since, so the place is looked at once more.
 */
struct zsock *
fdtable_get(int sock)
{
	struct zsock *s;

	while ((s = fdtable_peek(sock)) != NULL) {
		if (!sock_ref(s))
			continue;
		if (fdtable_peek(sock) == s)
			return s;
		sock_put(s);
	}
	return NULL;
}

bool
fdtable_owns(int sock)
{
	return fdtable_peek(sock) != NULL;
}

struct zsock *
fdtable_remove(int sock)
{
	if (fdtable_peek(sock) == NULL)
		return NULL;
	/* Of two threads that close the same number, one gets the socket. */
	return atomic_exchange_explicit(&slots[sock], NULL,
	    memory_order_acq_rel);
}
