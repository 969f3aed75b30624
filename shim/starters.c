#include "shim/starters.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define CLOCKS 16
#define NAP_NS 200000 /* between two looks */

/*
 * Who has not had the processor for so long waits for something.  Each further
 * fork of the same while waits half as long: the threads get on in between.
 */
#define STILL_NS INT64_C(50000000)

/* At most; a thread that waits may do it by trying again and again. */
#define WAIT_NS INT64_C(2000000000)

static atomic_int forking; /* threads that are about to fork */
static atomic_int inside;  /* threads that start it */
static atomic_int in_vain; /* forks that have waited for the same ones */
static atomic_bool torn;

/* The processor's clocks of those inside; 0 is a free place. */
static atomic_int clocks[CLOCKS];
static _Thread_local int place; /* this thread's, or CLOCKS: there was none */

static int64_t
ns_of(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) == -1)
		return 0; /* the thread has just ended */
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t
now_ns(void)
{
	return ns_of(CLOCK_MONOTONIC);
}

static void
nap(void)
{
	const struct timespec t = { 0, NAP_NS };

	(void)nanosleep(&t, NULL); /* it may be shorter */
}

static void
take_place(void)
{
	clockid_t own;
	int none;

	if (pthread_getcpuclockid(pthread_self(), &own) != 0)
		own = CLOCK_PROCESS_CPUTIME_ID;
	for (place = 0; place < CLOCKS; place++) {
		none = 0;
		if (atomic_compare_exchange_strong(&clocks[place], &none, own))
			return;
	}
}

/* Not for ever: whoever forks may wait for what this thread's caller has. */
static void
wait_for_forks(int64_t until)
{
	while (atomic_load(&forking) > 0 && now_ns() < until)
		nap();
}

void
starters_enter(void)
{
	const int64_t until = now_ns() + WAIT_NS;

	for (;;) {
		wait_for_forks(until);
		atomic_fetch_add(&inside, 1);
		if (atomic_load(&forking) == 0 || now_ns() >= until)
			break;
		atomic_fetch_sub(&inside, 1);
	}
	take_place();
}

/* A fork that has begun knows nothing of the core's own handlers yet. */
void
starters_leave(void)
{
	if (place < CLOCKS)
		atomic_store(&clocks[place], 0);
	atomic_fetch_sub(&inside, 1);
	wait_for_forks(now_ns() + WAIT_NS);
}

void
starters_step_aside(void)
{
	starters_leave();
	nap();
	starters_enter();
}

bool
starters_torn(void)
{
	return atomic_load(&torn);
}

/* Changes whenever one of those inside has run. */
static int64_t
progress(void)
{
	int64_t sum = 0;
	int clock;

	for (int i = 0; i < CLOCKS; i++) {
		clock = atomic_load(&clocks[i]);
		if (clock != 0)
			sum += ns_of(clock);
	}
	return sum;
}

/* False: they stand still. */
static bool
wait_for_starters(int64_t patience)
{
	const int64_t begin = now_ns();
	int64_t seen = -1, since = begin, now = begin, sum;

	while (atomic_load(&inside) > 0) {
		if (now - since >= patience || now - begin >= WAIT_NS)
			return false;
		sum = progress();
		if (sum != seen)
			since = now;
		seen = sum;
		nap();
		now = now_ns();
	}
	return true;
}

static void
before_fork(void)
{
	const int before = atomic_load(&in_vain);

	atomic_fetch_add(&forking, 1);
	if (wait_for_starters(STILL_NS >> (before < 16 ? before : 16)))
		atomic_store(&in_vain, 0);
	else
		atomic_fetch_add(&in_vain, 1);
}

static void
in_parent(void)
{
	atomic_fetch_sub(&forking, 1);
}

static void
in_child(void)
{
	if (atomic_exchange(&inside, 0) > 0)
		atomic_store(&torn, true);
	for (int i = 0; i < CLOCKS; i++)
		atomic_store(&clocks[i], 0);
	atomic_store(&forking, 0);
}

void
starters_watch(void)
{
	/* Fails only without memory, and then there is nobody to tell. */
	(void)pthread_atfork(before_fork, in_parent, in_child);
}
