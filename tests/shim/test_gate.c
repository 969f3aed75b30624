/* Forks beside the locks of OpenSSL's that the core has a copy of. */
#include "support/test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "shim/core/gate.h"

/* What the linker would make of OpenSSL's own. */
int __real_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK *lock);
int __real_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock);
int __real_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock);
int __real_CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void));
int __wrap_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock);
int __wrap_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock);
int __wrap_CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void));

static sem_t inside, may_leave;

int
__real_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK *lock)
{
	return lock != NULL;
}

int
__real_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock)
{
	return lock != NULL;
}

int
__real_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock)
{
	return lock != NULL;
}

int
__real_CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void))
{
	(void)once;
	init();
	return 1;
}

static CRYPTO_RWLOCK *
a_lock(void)
{
	static int lock;

	return (CRYPTO_RWLOCK *)&lock;
}

/* A child's answer: is it torn?  In it, a lock can be had. */
static bool
forks_torn(void)
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (__wrap_CRYPTO_THREAD_write_lock(a_lock()) != 1 ||
		    __wrap_CRYPTO_THREAD_unlock(a_lock()) != 1)
			_exit(2);
		_exit(gate_torn);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	assert_false(gate_torn);
	return WEXITSTATUS(status) == 1;
}

static void
stay(void)
{
	sem_post(&inside);
	sem_wait(&may_leave);
}

static void *
run_once(void *arg)
{
	CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

	(void)__wrap_CRYPTO_THREAD_run_once(&once, stay);
	return arg;
}

static void *
hold_for_a_moment(void *arg)
{
	atomic_bool *over = arg;

	while (!atomic_load(over)) {
		(void)__wrap_CRYPTO_THREAD_write_lock(a_lock());
		(void)__wrap_CRYPTO_THREAD_unlock(a_lock());
	}
	return NULL;
}

static void
a_fork_with_nobody_inside(void **state)
{
	(void)state;
	assert_false(forks_torn());
}

static void
a_fork_waits_for_a_lock_to_be_given_back(void **state)
{
	atomic_bool over = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, hold_for_a_moment,
	                     &over),
	    0);
	for (int i = 0; i < 100; i++)
		assert_false(forks_torn());
	over = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* As one that waits for memory while the thread that forks has its lock. */
static void
a_fork_does_not_wait_for_one_that_stands_still(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, run_once, NULL), 0);
	sem_wait(&inside);
	assert_true(forks_torn());
	sem_post(&may_leave);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(forks_torn());
}

/* A lock of one's own is no other thread's. */
static void
a_fork_by_who_has_a_lock(void **state)
{
	(void)state;
	assert_int_equal(__wrap_CRYPTO_THREAD_write_lock(a_lock()), 1);
	assert_false(forks_torn());
	assert_int_equal(__wrap_CRYPTO_THREAD_unlock(a_lock()), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_with_nobody_inside),
		cmocka_unit_test(a_fork_waits_for_a_lock_to_be_given_back),
		cmocka_unit_test(
		    a_fork_does_not_wait_for_one_that_stands_still),
		cmocka_unit_test(a_fork_by_who_has_a_lock),
	};

	sem_init(&inside, 0, 0);
	sem_init(&may_leave, 0, 0);
	return cmocka_run_group_tests_name("shim/gate", tests, NULL, NULL);
}
