#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "sock/fdtable.h"
#include "support/loop.h"

#define THREADS 8
#define ROUNDS 20000
#define NUMBERS 4

/* Failures are counted, for an assertion in a thread would not be caught. */
static atomic_int dead, misplaced, reused, full;
static atomic_int opened, destroyed, seen;

struct dummy {
	struct zsock base;
	atomic_bool alive;
};

static void
dummy_destroy(struct zsock *s)
{
	struct dummy *d = (struct dummy *)s;

	atomic_store(&d->alive, false);
	atomic_fetch_add(&destroyed, 1);
	sock_release(s, sizeof(*d));
}

static const struct zsock_ops dummy_ops = {
	.name = "dummy",
	.destroy = dummy_destroy,
};

static void
open_one(void)
{
	const int place = fdtable_reserve();
	struct dummy *d;

	if (place < 0) {
		atomic_fetch_add(&full, 1);
		return;
	}
	d = sock_alloc(sizeof(*d));
	if (d == NULL) {
		fdtable_cancel(place);
		return;
	}
	atomic_init(&d->alive, true);
	sock_init(&d->base, &dummy_ops, -1);
	atomic_fetch_add(&opened, 1);
	(void)fdtable_install(place, &d->base);
}

/* Closes a socket and opens another, so that most places are taken. */
static void *
change(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct zsock *s =
		    fdtable_remove((i + (int)(intptr_t)arg) % NUMBERS);

		if (s != NULL)
			sock_put(s);
		open_one();
	}
	return NULL;
}

/*
 * A socket with a reference is alive, is where it was found, and nobody else
 * gets its number.
 */
static void *
look(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		const int sock = (i + (int)(intptr_t)arg) % NUMBERS;
		struct zsock *s = fdtable_get(sock);
		struct zsock *there;

		if (s == NULL)
			continue;
		atomic_fetch_add(&seen, 1);
		if (!atomic_load(&((struct dummy *)s)->alive))
			atomic_fetch_add(&dead, 1);
		if (s->number != sock)
			atomic_fetch_add(&misplaced, 1);
		there = fdtable_peek(sock);
		if (there != NULL && there != s)
			atomic_fetch_add(&reused, 1);
		sock_put(s);
	}
	return NULL;
}

static void
get_and_put_against_remove_and_install(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	fdtable_limit(NUMBERS);
	for (int i = 0; i < NUMBERS; i++)
		open_one();
	for (int i = 0; i < THREADS; i++)
		threads[i] =
		    loop_start(i % 2 == 0 ? change : look, (void *)(intptr_t)i);
	for (int i = 0; i < THREADS; i++)
		(void)loop_join(threads[i]);
	for (int i = 0; i < NUMBERS; i++) {
		struct zsock *s = fdtable_remove(i);

		if (s != NULL)
			sock_put(s);
	}
	assert_int_equal(atomic_load(&dead), 0);
	assert_int_equal(atomic_load(&misplaced), 0);
	assert_int_equal(atomic_load(&reused), 0);
	assert_true(atomic_load(&seen) > 0);
	assert_int_equal(atomic_load(&opened), atomic_load(&destroyed));
	/* Every number came back. */
	for (int i = 0; i < NUMBERS; i++)
		assert_int_equal(fdtable_reserve(), i);
	for (int i = 0; i < NUMBERS; i++)
		fdtable_cancel(i);
}

/* Each thread takes and gives numbers; a number has one holder at a time. */
static atomic_int holders[THREADS];

static void *
reserve_and_cancel(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		const int place = fdtable_reserve();

		if (place < 0 || place >= THREADS) {
			atomic_fetch_add(&full, 1);
			continue;
		}
		if (atomic_fetch_add(&holders[place], 1) != 0)
			atomic_fetch_add(&reused, 1);
		atomic_fetch_sub(&holders[place], 1);
		fdtable_cancel(place);
	}
	return NULL;
}

static void
a_place_has_one_holder(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	atomic_store(&full, 0);
	fdtable_limit(THREADS);
	for (int i = 0; i < THREADS; i++)
		threads[i] = loop_start(reserve_and_cancel, NULL);
	for (int i = 0; i < THREADS; i++)
		(void)loop_join(threads[i]);
	fdtable_limit(0);
	assert_int_equal(atomic_load(&reused), 0);
	/* There is a place for each thread. */
	assert_int_equal(atomic_load(&full), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_and_put_against_remove_and_install),
		cmocka_unit_test(a_place_has_one_holder),
	};

	return cmocka_run_group_tests_name("sock/fdtable_threads", tests, NULL,
	    NULL);
}
