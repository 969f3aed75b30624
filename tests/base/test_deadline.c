#include "support/test.h"

#include "base/deadline.h"

static void
never_is_minus_one(void **state)
{
	(void)state;
	assert_int_equal(deadline_left_ms(DEADLINE_NEVER), -1);
	assert_int_equal(deadline_left_ms(deadline_in_ms(-1)), -1);
	assert_int_equal(deadline_left_ms(deadline_in_ms(INT_MIN)), -1);
}

static void
a_deadline_that_has_passed_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(deadline_left_ms((struct deadline){ 0 }), 0);
	assert_int_equal(deadline_left_ms(deadline_in_ms(0)), 0);
}

static void
what_is_left_is_at_most_what_was_given(void **state)
{
	const int left = deadline_left_ms(deadline_in_ms(60000));

	(void)state;
	assert_in_range(left, 1, 60000);
}

static void
a_far_deadline_is_the_longest_wait_of_poll(void **state)
{
	(void)state;
	assert_int_equal(deadline_left_ms((struct deadline){ INT64_MAX - 1 }),
	    INT_MAX);
	assert_int_equal(deadline_left_ms(deadline_in_ms(2 * (int64_t)INT_MAX)),
	    INT_MAX);
}

/* Looked at over and over, it must not say 0 while there is time left. */
static void
a_wait_never_ends_early(void **state)
{
	const struct deadline d = deadline_in_ms(5);
	int left, last = 5;

	(void)state;
	do {
		left = deadline_left_ms(d);
		assert_in_range(left, 0, last);
		/* What is left by now is less than what was left then. */
		assert_true(
		    d.at_ns - deadline_now_ns() <= left * INT64_C(1000000));
		last = left;
	} while (left > 0);
}

static void
the_clock_does_not_go_back(void **state)
{
	int64_t last = deadline_now_ns();

	(void)state;
	assert_true(last > 0);
	for (int i = 0; i < 1000; i++) {
		const int64_t now = deadline_now_ns();

		assert_true(now >= last);
		last = now;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_is_minus_one),
		cmocka_unit_test(a_deadline_that_has_passed_leaves_nothing),
		cmocka_unit_test(what_is_left_is_at_most_what_was_given),
		cmocka_unit_test(a_far_deadline_is_the_longest_wait_of_poll),
		cmocka_unit_test(a_wait_never_ends_early),
		cmocka_unit_test(the_clock_does_not_go_back),
	};

	return cmocka_run_group_tests_name("base/deadline", tests, NULL, NULL);
}
