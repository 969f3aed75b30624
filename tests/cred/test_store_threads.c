#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "support/loop.h"

#define THREADS 8
#define ROUNDS 10000
#define TAGS 3

/* Failures are counted, for an assertion in a thread would not be caught. */
static atomic_int torn, strange;
static atomic_int added, deleted, collected;

/* A credential all of whose bytes are its length: torn data shows. */
static size_t
make_data(unsigned char data[64], unsigned int seed)
{
	const size_t len = 1 + seed % 64;

	memset(data, (int)len, len);
	return len;
}

static bool
whole(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != len)
			return false;
	}
	return len >= 1 && len <= 64;
}

/* Adds and deletes; an answer that cannot be is counted. */
static void *
change(void *arg)
{
	unsigned char data[64];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const unsigned int seed =
		    i * 7919 + (unsigned int)(intptr_t)arg;
		const int tag = (int)(seed % TAGS);
		const int type = CRED_CA_CERTIFICATE + (int)(seed % 5);
		int rc = store_add(tag, type, data, make_data(data, seed));

		if (rc == 0)
			atomic_fetch_add(&added, 1);
		else if (rc != -EEXIST)
			atomic_fetch_add(&strange, 1);
		rc = store_delete((tag + (int)(i & 1)) % TAGS, type);
		if (rc == 0)
			atomic_fetch_add(&deleted, 1);
		else if (rc != -ENOENT)
			atomic_fetch_add(&strange, 1);
	}
	return NULL;
}

/* Copies and collects; what comes must be whole. */
static void *
look(void *arg)
{
	const int tags[TAGS] = { 0, 1, 2 };

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const unsigned int seed = i + (unsigned int)(intptr_t)arg;
		unsigned char data[64];
		size_t len = sizeof(data);
		struct cred_set *set;
		int missing, rc;

		rc = store_copy((int)(seed % TAGS),
		    CRED_CA_CERTIFICATE + (int)(seed % 5), data, &len);
		if (rc == 0 && !whole(data, len))
			atomic_fetch_add(&torn, 1);
		else if (rc != 0 && rc != -ENOENT)
			atomic_fetch_add(&strange, 1);
		rc = store_collect(tags, 1 + seed % TAGS, &set, &missing);
		if (rc != 0) {
			if (rc != -ENOENT)
				atomic_fetch_add(&strange, 1);
			continue;
		}
		atomic_fetch_add(&collected, 1);
		for (size_t k = 0; k < set->n; k++) {
			if (!whole(set->creds[k]->data, set->creds[k]->len))
				atomic_fetch_add(&torn, 1);
		}
		store_set_put(set);
	}
	return NULL;
}

static void
what_is_read_is_whole_while_others_change_it(void **state)
{
	pthread_t threads[THREADS];
	int left = 0;

	(void)state;
	/* Nobody deletes this one, so tag 0 can always be collected. */
	assert_int_equal(store_add(0, CRED_NONE, "\1", 1), 0);
	for (int i = 0; i < THREADS; i++)
		threads[i] = loop_start(i % 2 == 0 ? change : look,
		    (void *)(intptr_t)(i * 31));
	for (int i = 0; i < THREADS; i++)
		(void)loop_join(threads[i]);
	for (int tag = 0; tag < TAGS; tag++) {
		for (int type = CRED_NONE; type <= CRED_PSK_ID; type++)
			left += store_delete(tag, type) == 0;
	}
	assert_int_equal(atomic_load(&torn), 0);
	assert_int_equal(atomic_load(&strange), 0);
	assert_int_equal(atomic_load(&added) + 1, atomic_load(&deleted) + left);
	assert_true(atomic_load(&collected) > 0);
}

/* Of threads that add or delete the same place, one at a time wins. */
static void *
fight(void *arg)
{
	atomic_int *holders = arg;

	for (int i = 0; i < ROUNDS; i++) {
		if (store_add(9, CRED_PSK, "x", 1) != 0)
			continue;
		if (atomic_fetch_add(holders, 1) != 0)
			atomic_fetch_add(&strange, 1);
		atomic_fetch_sub(holders, 1);
		if (store_delete(9, CRED_PSK) != 0)
			atomic_fetch_add(&strange, 1);
	}
	return NULL;
}

static void
one_thread_at_a_time_has_a_place(void **state)
{
	atomic_int holders = 0;
	pthread_t threads[THREADS];

	(void)state;
	/* Nobody deletes this one, so tag 0 can always be collected. */
	assert_int_equal(store_add(0, CRED_NONE, "\1", 1), 0);
	for (int i = 0; i < THREADS; i++)
		threads[i] = loop_start(fight, &holders);
	for (int i = 0; i < THREADS; i++)
		(void)loop_join(threads[i]);
	assert_int_equal(atomic_load(&strange), 0);
	assert_int_equal(store_delete(9, CRED_PSK), -ENOENT);
}

/* Two pairs that are always changed together, and to the same value. */
#define PAIR_TAG 20

static void
set_pair(struct cred_op ops[2], const unsigned char *value)
{
	for (int i = 0; i < 2; i++) {
		ops[i] = (struct cred_op){ .kind = CRED_OP_PUT,
			.tag = PAIR_TAG,
			.type = i == 0 ? CRED_PSK : CRED_PSK_ID,
			.data = value,
			.len = 1 };
	}
}

static void *
apply(void *arg)
{
	const struct store_change how = { .origin = CRED_FROM_CTL };
	struct cred_op_count count;
	struct cred_op ops[2];
	unsigned char value;
	uint64_t generation, last = 0;
	size_t failed;

	for (int i = 0; i < ROUNDS; i++) {
		value = (unsigned char)(i + (int)(intptr_t)arg);
		set_pair(ops, &value);
		if (store_apply(ops, 2, &how, &count, &generation, &failed) !=
		        0 ||
		    generation < last)
			atomic_fetch_add(&strange, 1);
		last = generation;
	}
	return NULL;
}

static bool
is_pair(const struct cred_set *set)
{
	return set->n == 2 && set->creds[0]->data[0] == set->creds[1]->data[0];
}

static void *
look_at_pair(void *arg)
{
	struct cred_set *set;
	uint64_t generation;
	int missing;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (store_collect(&(int){ PAIR_TAG }, 1, &set, &missing) != 0) {
			atomic_fetch_add(&strange, 1);
			continue;
		}
		if (!is_pair(set))
			atomic_fetch_add(&torn, 1);
		store_set_put(set);
		if (store_list(&set, &generation) != 0) {
			atomic_fetch_add(&strange, 1);
			continue;
		}
		if (!is_pair(set))
			atomic_fetch_add(&torn, 1);
		store_set_put(set);
	}
	return NULL;
}

static void
changes_that_belong_together_are_seen_together(void **state)
{
	const struct store_change how = { .origin = CRED_FROM_CTL };
	struct cred_op_count count;
	struct cred_op ops[2];
	pthread_t threads[THREADS];
	uint64_t generation;
	size_t failed;

	(void)state;
	set_pair(ops, (const unsigned char *)"x");
	(void)store_delete(0, CRED_NONE);
	assert_int_equal(store_apply(ops, 2, &how, &count, &generation,
	                     &failed),
	    0);
	for (int i = 0; i < THREADS; i++)
		threads[i] = loop_start(i % 2 == 0 ? apply : look_at_pair,
		    (void *)(intptr_t)i);
	for (int i = 0; i < THREADS; i++)
		(void)loop_join(threads[i]);
	assert_int_equal(atomic_load(&torn), 0);
	assert_int_equal(atomic_load(&strange), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_whole_while_others_change_it),
		cmocka_unit_test(one_thread_at_a_time_has_a_place),
		cmocka_unit_test(
		    changes_that_belong_together_are_seen_together),
	};

	/* The threads' buffers change all the time, and that is told. */
	setenv("ZSOCK_LOG_FILE", "/dev/null", 1);
	return cmocka_run_group_tests_name("cred/store_threads", tests, NULL,
	    NULL);
}
