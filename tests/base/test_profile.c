#include "support/test.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/profile.h"
#include "support/capture.h"

static const struct name_case {
	const char *name;
	int want;
} names[] = {
	{ "zephyr", PROFILE_ZEPHYR },
	{ "zephyr-3.3", PROFILE_ZEPHYR_3_3 },
	{ "linux", PROFILE_LINUX },
	{ "", -1 },
	{ "Zephyr", -1 },
	{ "zephyr ", -1 },
	{ "zephyr-3", -1 },
	{ "zephyr-3.4", -1 },
	{ "linux2", -1 },
};

static void
name_is_known_or_not(void **state)
{
	const struct name_case *c = *state;

	assert_int_equal(profile_parse(c->name), c->want);
	if (c->want >= 0)
		assert_string_equal(profile_name((enum profile)c->want),
		    c->name);
}

/* The rows as the library has them, and as the manual prints them. */
static const struct row_case {
	const char *id;
	int values[PROFILE_COUNT];
	const char *what;
	const char *words[PROFILE_COUNT];
} rows[] = {
#define QUIRK(id, z, o, h, what, zw, ow, hw) \
	{ #id, { z, o, h }, what, { zw, ow, hw } },
#include "base/quirks.def"
#undef QUIRK
};

static void
row_has_three_columns(void **state)
{
	const struct row_case *c = *state;
	const enum quirk q = (enum quirk)(c - rows);

	assert_true(strlen(c->what) > 0);
	for (int p = 0; p < PROFILE_COUNT; p++) {
		assert_int_equal(quirk_of(q, (enum profile)p), c->values[p]);
		profile_set((enum profile)p);
		assert_int_equal(quirk(q), c->values[p]);
		assert_true(strlen(c->words[p]) > 0);
	}
	profile_set(PROFILE_ZEPHYR);
}

static void
no_row_is_there_twice(void **state)
{
	(void)state;
	assert_int_equal(LEN(rows), QUIRK_COUNT);
	for (size_t i = 0; i < LEN(rows); i++) {
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rows[i].what, rows[k].what);
	}
}

/* A quirk that is none, three times the same, has no place in the table. */
static void
every_row_has_a_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const char *const *w = rows[i].words;

		if (strcmp(w[0], w[1]) == 0 && strcmp(w[1], w[2]) == 0)
			fail_msg("%s", rows[i].id);
	}
}

static void
a_hazard_is_one_warning(void **state)
{
	(void)state;
	capture_start();
	errno = EXDEV;
	profile_hazard("poll after a failed connect", "crashes");
	assert_int_equal(errno, EXDEV);
	assert_string_equal(capture_text(),
	    "zsock: warn: hazard: poll after a failed connect; the device "
	    "crashes\n");
	capture_stop();
}

/* The profile of a child, which has not asked for it yet, or how it ended. */
static int
profile_with(const char *value)
{
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (value != NULL)
			setenv("ZSOCK_PROFILE", value, 1);
		else
			unsetenv("ZSOCK_PROFILE");
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		config_reload();
		_exit(100 + (int)profile_get());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Must come first: nobody has asked for the profile yet. */
static void
the_environment_chooses_the_first_profile(void **state)
{
	(void)state;
	assert_int_equal(profile_with(NULL), 100 + PROFILE_ZEPHYR);
	assert_int_equal(profile_with(""), 100 + PROFILE_ZEPHYR);
	assert_int_equal(profile_with("zephyr"), 100 + PROFILE_ZEPHYR);
	assert_int_equal(profile_with("zephyr-3.3"), 100 + PROFILE_ZEPHYR_3_3);
	assert_int_equal(profile_with("linux"), 100 + PROFILE_LINUX);
	assert_int_equal(profile_with("zephyr-9"), 78);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(no_row_is_there_twice),
		cmocka_unit_test(every_row_has_a_difference),
		cmocka_unit_test(a_hazard_is_one_warning),
	};
	struct CMUnitTest tests[1 + LEN(names) + LEN(rows) + LEN(others)];
	size_t n = 0;

	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    the_environment_chooses_the_first_profile);
	for (size_t i = 0; i < LEN(names); i++) {
		tests[n++] = (struct CMUnitTest){ .name = names[i].name,
			.test_func = name_is_known_or_not,
			.initial_state = (void *)&names[i] };
	}
	for (size_t i = 0; i < LEN(rows); i++) {
		tests[n++] = (struct CMUnitTest){ .name = rows[i].id,
			.test_func = row_has_three_columns,
			.initial_state = (void *)&rows[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("base/profile", tests, NULL, NULL);
}
