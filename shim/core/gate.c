#include "shim/core/gate.h"

#include <pthread.h>
#include <sched.h>

#include <openssl/crypto.h>

#include "base/deadline.h"

/*
 * OpenSSL's locks do not know of fork: one that another thread holds at that
 * moment stays taken in the child for ever.  So the core's copy of OpenSSL
 * calls these in their place (see shim/meson.build): whoever wants a first lock
 * waits while a fork is about to happen, and fork waits until nobody has any.
 * They are held for a few instructions, and never while a thread sleeps; unless
 * it waits for what the thread that forks has, an allocator's lock above all.
 * So neither waits for ever.
 */

/* So long nobody has given a lock back: they are waiting. */
#define STILL_NS INT64_C(50000000)

/* A fork takes so long only if it waits for the one that waits for it. */
#define CLOSED_NS INT64_C(2000000000)

static atomic_int closed;   /* threads that are about to fork */
static atomic_int inside;   /* threads that hold a lock, or run_once runs for */
static atomic_uint returns; /* how often one has come out */
static _Thread_local int held __attribute__((tls_model("initial-exec")));
atomic_bool gate_torn;

static void
enter(void)
{
	int64_t until = 0;

	if (held++ > 0)
		return;
	for (;;) {
		atomic_fetch_add(&inside, 1);
		if (atomic_load(&closed) == 0)
			return;
		if (until == 0)
			until = deadline_now_ns() + CLOSED_NS;
		if (deadline_now_ns() >= until)
			return;
		atomic_fetch_sub(&inside, 1);
		while (atomic_load(&closed) > 0 && deadline_now_ns() < until)
			sched_yield();
	}
}

static void
leave(void)
{
	if (--held > 0)
		return;
	atomic_fetch_add(&returns, 1);
	atomic_fetch_sub(&inside, 1);
}

static bool
others_inside(void)
{
	return atomic_load(&inside) > (held > 0);
}

static void
close_gate(void)
{
	unsigned int seen = atomic_load(&returns), now;
	int64_t until = 0;

	atomic_fetch_add(&closed, 1);
	while (others_inside()) {
		now = atomic_load(&returns);
		if (until == 0 || now != seen)
			until = deadline_now_ns() + STILL_NS;
		else if (deadline_now_ns() >= until)
			return;
		seen = now;
		sched_yield();
	}
}

static void
open_gate(void)
{
	atomic_fetch_sub(&closed, 1);
}

void
gate_unseen(void)
{
	if (others_inside())
		atomic_store(&gate_torn, true);
	atomic_store(&inside, held > 0);
	atomic_store(&closed, 0);
}

/*
 * Handlers before a fork run last registered first: this one has to be the
 * last, for the library's own are taken around calls of OpenSSL's.
 */
__attribute__((constructor(101))) static void
watch(void)
{
	/* Fails only without memory, and then there is nobody to tell. */
	(void)pthread_atfork(close_gate, open_gate, gate_unseen);
}

/* What the linker makes of OpenSSL's own, and of calls of these. */
int __real_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK *lock);
int __real_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock);
int __real_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock);
int __real_CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void));
int __wrap_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK *lock);
int __wrap_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock);
int __wrap_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock);
int __wrap_CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void));

int
__wrap_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK *lock)
{
	int ok;

	enter();
	ok = __real_CRYPTO_THREAD_read_lock(lock);
	if (!ok)
		leave();
	return ok;
}

int
__wrap_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock)
{
	int ok;

	enter();
	ok = __real_CRYPTO_THREAD_write_lock(lock);
	if (!ok)
		leave();
	return ok;
}

int
__wrap_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock)
{
	const int ok = __real_CRYPTO_THREAD_unlock(lock);

	if (ok)
		leave();
	return ok;
}

int
__wrap_CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void))
{
	int ok;

	enter();
	ok = __real_CRYPTO_THREAD_run_once(once, init);
	leave();
	return ok;
}
