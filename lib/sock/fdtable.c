#include "sock/fdtable.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/config.h"
#include "base/kfd.h"
#include "base/limits.h"
#include "base/log.h"
#include "sock/shimmed.h"

#define CAPACITY FDTABLE_CAPACITY
#define WORD_BITS 64

/* What fdtable_reserve answers when the kernel will choose the number. */
#define BY_KERNEL INT_MAX

_Atomic(struct zsock *) fdtable_slots[CAPACITY];
atomic_uint fdtable_polls[CAPACITY];
atomic_ullong fdtable_poll_changes;

/* Of the kernel's numbers, those of sockets, also while they are closing. */
static atomic_bool ours[CAPACITY];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t taken[CAPACITY / WORD_BITS]; /* guarded by lock */
static int asked_base = -1; /* guarded by lock; -1: the environment's */
static int first;  /* guarded by lock; the lowest number of a program */
static int lowest; /* guarded by lock; from first to it none is free */
static int most;   /* guarded by lock; 0 until it is known */
static int in_use; /* guarded by lock; kernel's numbers given out */
static atomic_bool by_kernel; /* changed with the lock, read without */
static atomic_bool numbering_fixed;
static atomic_int highest = -1; /* below hidden none was ever put above it */
static atomic_int hidden = CAPACITY; /* the lowest hidden place ever given */

void
fdtable_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
fdtable_thaw(void)
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

/* Fixes the numbering: the first place that is given out does it. */
static void
prepare_locked(void)
{
	if (most == 0)
		most = default_limit();
	if (atomic_load(&numbering_fixed))
		return;
	first = asked_base >= 0 ? asked_base : config_get()->fd_base;
	lowest = first;
	atomic_store(&numbering_fixed, true);
}

int
fdtable_set_base(int n)
{
	int rc = 0;

	if (n < 0 || n > CONFIG_FD_BASE_MAX)
		return -EINVAL;
	pthread_mutex_lock(&lock);
	if (atomic_load(&numbering_fixed))
		rc = -EBUSY;
	else
		asked_base = n;
	pthread_mutex_unlock(&lock);
	return rc;
}

bool
fdtable_fixed(void)
{
	return atomic_load(&numbering_fixed);
}

bool
fdtable_use_kernel_numbers(void)
{
	bool answer;

	pthread_mutex_lock(&lock);
	if (!atomic_load(&numbering_fixed))
		atomic_store(&by_kernel, true);
	answer = atomic_load(&by_kernel);
	pthread_mutex_unlock(&lock);
	if (answer)
		kfd_keep_numbers();
	return answer;
}

bool
fdtable_kernel_numbers(void)
{
	return atomic_load(&by_kernel);
}

void
fdtable_limit(int n)
{
	pthread_mutex_lock(&lock);
	most = n > 0 && n < CAPACITY ? n : default_limit();
	pthread_mutex_unlock(&lock);
}

static bool
is_taken_locked(int n)
{
	return (taken[n / WORD_BITS] & UINT64_C(1) << (n % WORD_BITS)) != 0;
}

static void
mark_locked(int n)
{
	taken[n / WORD_BITS] |= UINT64_C(1) << (n % WORD_BITS);
}

/* The lowest free number, or one that is not below end if there is none. */
static int
find_locked(int end)
{
	int n = lowest;

	while (n < end) {
		const uint64_t bits =
		    ~taken[n / WORD_BITS] & (UINT64_MAX << (n % WORD_BITS));

		if (bits != 0)
			return (n / WORD_BITS) * WORD_BITS +
			    __builtin_ctzll(bits);
		n = (n / WORD_BITS + 1) * WORD_BITS;
	}
	return end;
}

/*
 * A place.  Private numbers stay below the target's limit, which counts its
 * stdin, stdout and stderr too if numbers begin at 3; of the kernel's, so many
 * are given.
 */
static int
take_locked(int target)
{
	const int end = most < CAPACITY - first ? first + most : CAPACITY;
	int n;

	if (by_kernel) {
		if (in_use >= target)
			return -ENFILE;
		in_use++;
		return BY_KERNEL;
	}
	n = find_locked(target < end ? target : end);
	if (n >= end || n >= target)
		return -ENFILE;
	mark_locked(n);
	lowest = n + 1;
	return n;
}

int
fdtable_reserve(void)
{
	bool fixes, limited;
	int n, target;

	limits_from_environment(); /* it may end the program, so no lock */
	target = limit_get(LIMIT_FDS, INT_MAX);
	pthread_mutex_lock(&lock);
	fixes = !atomic_load(&numbering_fixed);
	prepare_locked();
	n = take_locked(target);
	limited = n < 0 && (by_kernel || target - first <= most);
	fixes = fixes && by_kernel && first > 0 && !shimmed;
	pthread_mutex_unlock(&lock);
	if (fixes)
		log_line(LOG_WARN,
		    "ZSOCK_FD_BASE, or fd_base of zsock_init, is ignored: this "
		    "program's sockets have the kernel's numbers");
	if (limited)
		limit_exceeded(LIMIT_FDS, "no socket number is free");
	return n;
}

int
fdtable_reserve_inner(int *place)
{
	int n = -1;

	if (limit_get(LIMIT_FDS, -1) >= 0) {
		n = fdtable_reserve();
		if (n < 0)
			return n;
	}
	*place = n;
	return 0;
}

int
fdtable_reserve_hidden(void)
{
	int n = CAPACITY;

	pthread_mutex_lock(&lock);
	prepare_locked();
	do {
		n--;
	} while (n >= 0 && is_taken_locked(n));
	if (n >= 0)
		mark_locked(n);
	if (n >= 0 && n < atomic_load(&hidden))
		atomic_store(&hidden, n);
	pthread_mutex_unlock(&lock);
	return n >= 0 ? n : -ENFILE;
}

/* The kernel's numbers are not marked, but for the hidden ones. */
void
fdtable_free_number(int n)
{
	if (n < 0)
		return;
	pthread_mutex_lock(&lock);
	if (n == BY_KERNEL || !is_taken_locked(n)) {
		in_use--;
	} else {
		taken[n / WORD_BITS] &= ~(UINT64_C(1) << (n % WORD_BITS));
		if (n < lowest)
			lowest = n;
	}
	pthread_mutex_unlock(&lock);
}

void
fdtable_cancel(int place)
{
	fdtable_free_number(place);
}

static void
raise_highest(int n)
{
	int old = atomic_load_explicit(&highest, memory_order_relaxed);

	while (old < n &&
	    !atomic_compare_exchange_weak_explicit(&highest, &old, n,
	        memory_order_relaxed, memory_order_relaxed))
		continue;
}

static atomic_int top_held = -1; /* none above it ever was */

void
fdtable_hold(int n)
{
	int old = atomic_load(&top_held);

	atomic_store(&ours[n], true);
	while (old < n && !atomic_compare_exchange_weak(&top_held, &old, n))
		continue;
}

static unsigned
poll_word(const struct zsock *s)
{
	const unsigned how = (unsigned)atomic_load(&s->poll_plain);

	if (how == SOCK_POLL_OWN)
		return 0;
	return (unsigned)s->kfd << FDTABLE_POLL_BITS | how;
}

/* The word comes first: who sees the count sees it as well. */
static void
put_poll(int n, unsigned word)
{
	atomic_store(&fdtable_polls[n], word);
	atomic_fetch_add(&fdtable_poll_changes, 1);
}

/*
 * The caller's reference keeps the number from being given again.  Of one that
 * is closed meanwhile, either this or fdtable_remove clears the word last.
 */
void
fdtable_set_poll(struct zsock *s, enum sock_poll how)
{
	const int n = s->number;

	atomic_store(&s->poll_plain, (int)how);
	if (n < 0)
		return;
	put_poll(n, poll_word(s));
	if (atomic_load(&fdtable_slots[n]) != s)
		put_poll(n, 0);
}

int
fdtable_install(int place, struct zsock *s)
{
	if (place == BY_KERNEL) {
		if (s->kfd >= CAPACITY) {
			fdtable_cancel(place);
			return -ENFILE;
		}
		place = s->kfd;
		fdtable_hold(place);
	}
	s->number = place;
	atomic_store(&s->names, 1);
	if (place < atomic_load(&hidden))
		raise_highest(place);
	put_poll(place, poll_word(s));
	atomic_store_explicit(&fdtable_slots[place], s, memory_order_release);
	return place;
}

bool
fdtable_owns(int sock)
{
	return fdtable_peek(sock) != NULL;
}

bool
fdtable_holds(int fd)
{
	return (unsigned)fd < CAPACITY && atomic_load(&ours[fd]);
}

bool
fdtable_foreign(int fd)
{
	return atomic_load(&by_kernel) && !fdtable_owns(fd) &&
	    !fdtable_holds(fd);
}

int
fdtable_hidden(unsigned int from, unsigned int to)
{
	const int top = atomic_load(&top_held);

	for (unsigned int n = from; top >= 0 && n <= to; n++) {
		if (n > (unsigned int)top)
			break;
		if (atomic_load(&ours[n]) && fdtable_peek((int)n) == NULL)
			return (int)n;
	}
	return -1;
}

void
fdtable_share(int n, struct zsock *s)
{
	fdtable_hold(n);
	raise_highest(n);
	put_poll(n, 0);
	atomic_store_explicit(&fdtable_slots[n], s, memory_order_release);
}

void
fdtable_move(int from, int to)
{
	struct zsock *s = fdtable_peek(from);
	const unsigned word = atomic_exchange(&fdtable_polls[from], 0);

	atomic_store(&fdtable_slots[from], NULL);
	atomic_store(&s->kfd, to);
	s->number = to;
	fdtable_share(to, s);
	put_poll(to, word != 0 ? poll_word(s) : 0);
	fdtable_disown(from);
	kfd_close(from);
}

void
fdtable_disown(int kfd)
{
	if (fdtable_holds(kfd))
		atomic_store(&ours[kfd], false);
}

struct zsock *
fdtable_remove(int sock)
{
	struct zsock *s;

	if (fdtable_peek(sock) == NULL)
		return NULL;
	/* Of two threads that close the same number, one gets the socket. */
	s = atomic_exchange(&fdtable_slots[sock], NULL);
	if (s != NULL)
		put_poll(sock, 0);
	return s;
}

static void
walk(int from, int end, void (*fn)(struct zsock *s, int sock, void *arg),
    void *arg)
{
	for (int n = from; n < end; n++) {
		struct zsock *s = fdtable_get(n);

		if (s == NULL)
			continue;
		fn(s, n, arg);
		sock_put(s);
	}
}

/* There is nothing between the program's numbers and the hidden ones. */
void
fdtable_each(void (*fn)(struct zsock *s, int sock, void *arg), void *arg)
{
	const int end = atomic_load(&highest) + 1;
	const int top = atomic_load(&hidden);

	walk(0, end, fn, arg);
	if (top < CAPACITY)
		walk(top > end ? top : end, CAPACITY, fn, arg);
}
