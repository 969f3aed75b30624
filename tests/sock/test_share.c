#include "support/test.h"

#include <unistd.h>

#include "sock/share.h"
#include "support/loop.h"

static void
a_word_is_the_first_ones_who_takes_it(void **state)
{
	atomic_int *a = share_new(), *b = share_new();

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_int_equal(share_owner(a), 0);
	assert_false(share_is_ours(a));
	assert_true(share_take(a));
	assert_true(share_take(a));
	assert_true(share_is_ours(a));
	assert_int_equal(share_owner(a), getpid());
	assert_int_equal(share_owner(b), 0);
	atomic_store(b, getppid());
	assert_false(share_take(b));
	assert_false(share_is_ours(b));
	assert_int_equal(share_owner(b), getppid());
}

static int
take_word(void *arg)
{
	return share_is_ours(arg) || !share_take(arg) || !share_is_ours(arg);
}

static void
a_word_is_shared_with_children(void **state)
{
	atomic_int *word = share_new();
	pid_t child;

	(void)state;
	assert_non_null(word);
	child = loop_fork(take_word, word);
	assert_int_equal(loop_wait(child), 0);
	assert_int_equal(share_owner(word), child);
	assert_false(share_take(word));
}

/* As many as a mapping has, and more: a word from before still counts. */
static void
words_do_not_run_out(void **state)
{
	atomic_int *early = share_new(), *word = NULL;

	(void)state;
	assert_true(share_take(early));
	for (int i = 0; i < 2500000; i++) {
		word = share_new();
		assert_non_null(word);
		assert_int_equal(share_owner(word), 0);
	}
	assert_true(share_take(word));
	assert_true(share_is_ours(early));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_the_first_ones_who_takes_it),
		cmocka_unit_test(a_word_is_shared_with_children),
		cmocka_unit_test(words_do_not_run_out),
	};

	return cmocka_run_group_tests_name("sock/share", tests, NULL, NULL);
}
