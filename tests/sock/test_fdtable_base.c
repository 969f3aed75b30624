#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "sock/fdtable.h"
#include "support/capture.h"

#define NO_LIMIT (-1)

/*
 * The base is fixed once in a process, so each row has a child of its own,
 * which says by its exit status whether all went as it should.
 */
static const struct base_case {
	const char *name;
	const char *variable; /* ZSOCK_FD_BASE, or NULL */
	int base;             /* for fdtable_set_base; -1 does not call it */
	int fds;              /* LIMIT_FDS, or NO_LIMIT */
	bool kernel;
	int first;  /* the number of the first socket */
	int count;  /* so many numbers can be had; -1: more than 100 */
	bool warns; /* that the base is ignored */
} cases[] = {
	{ "numbers_begin_at_0", NULL, -1, NO_LIMIT, false, 0, -1, false },
	{ "the_environment_says_where", "3", -1, NO_LIMIT, false, 3, -1,
	    false },
	{ "the_program_says_where", NULL, 5, NO_LIMIT, false, 5, -1, false },
	{ "the_program_overrides_the_environment", "3", 5, NO_LIMIT, false, 5,
	    -1, false },
	{ "the_program_can_go_back_to_0", "3", 0, NO_LIMIT, false, 0, -1,
	    false },
	{ "between_two_words_of_the_map", NULL, 63, NO_LIMIT, false, 63, -1,
	    false },
	{ "the_highest_base", NULL, CONFIG_FD_BASE_MAX, NO_LIMIT, false,
	    CONFIG_FD_BASE_MAX, -1, false },
	{ "a_limit_counts_from_0", NULL, -1, 4, false, 0, 4, false },
	{ "a_limit_counts_stdio_too", NULL, 3, 8, false, 3, 5, false },
	{ "a_base_beyond_the_limit_leaves_none", NULL, 8, 8, false, 0, 0,
	    false },
	{ "kernel_numbers_have_no_base", NULL, 5, NO_LIMIT, true, -1, -1,
	    true },
	{ "kernel_numbers_have_no_base_in_the_environment", "7", -1, NO_LIMIT,
	    true, -1, -1, true },
	{ "kernel_numbers_are_counted", NULL, -1, 6, true, -1, 6, false },
};

static void
destroy(struct zsock *s)
{
	(void)s;
}

static const struct zsock_ops ops = { .name = "dummy", .destroy = destroy };

/* Takes numbers until there are none; how many there were, 101 at most. */
static int
take_all(int first)
{
	static struct zsock socks[101];
	int n, place;

	for (n = 0; n < 101; n++) {
		place = fdtable_reserve();
		if (place < 0)
			break;
		sock_init(&socks[n], &ops, 200 + n);
		if (n == 0 && first >= 0)
			assert_int_equal(place, first);
		assert_true(fdtable_install(place, &socks[n]) >= 0);
	}
	return n;
}

static void
run(const struct base_case *c)
{
	const char *said;

	if (c->variable != NULL)
		assert_int_equal(setenv("ZSOCK_FD_BASE", c->variable, 1), 0);
	else
		assert_int_equal(unsetenv("ZSOCK_FD_BASE"), 0);
	capture_start();
	assert_int_equal(limits_set("CONFIG_ZVFS_OPEN_MAX", c->fds), 0);
	if (c->kernel)
		assert_true(fdtable_use_kernel_numbers());
	assert_false(fdtable_fixed());
	if (c->base >= 0)
		assert_int_equal(fdtable_set_base(c->base), 0);
	assert_int_equal(take_all(c->first), c->count < 0 ? 101 : c->count);
	assert_true(fdtable_fixed());
	assert_int_equal(fdtable_set_base(3), -EBUSY);
	said = capture_text();
	assert_int_equal(strstr(said, "ZSOCK_FD_BASE") != NULL, c->warns);
	/* The symbol to raise is named when, and only when, it is the limit. */
	assert_int_equal(strstr(said, "CONFIG_ZVFS_OPEN_MAX") != NULL,
	    c->count >= 0);
	capture_stop();
}

static void
numbers_begin_where_they_should(void **state)
{
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		run(*state);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
a_base_that_cannot_be_is_refused(void **state)
{
	const int bad[] = { -1, -2, CONFIG_FD_BASE_MAX + 1 };

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		assert_int_equal(fdtable_set_base(bad[i]), -EINVAL);
	assert_false(fdtable_fixed());
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases) + 1];
	size_t n;

	for (n = 0; n < LEN(cases); n++) {
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
			.test_func = numbers_begin_where_they_should,
			.initial_state = (void *)&cases[n] };
	}
	tests[n] = (struct CMUnitTest)cmocka_unit_test(
	    a_base_that_cannot_be_is_refused);
	return cmocka_run_group_tests_name("sock/fdtable_base", tests, NULL,
	    NULL);
}
