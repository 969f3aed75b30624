/* What whoever hosts the library says of its configuration. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/profile.h"

static const char *const own[] = {
	"ZSOCK_LOG=debug",
	"ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=321",
	"ZSOCK_HOSTS=",
	"ZSOCK_PROFILE_OF_OTHERS=zephyr-3.3",
	"ZSOCK_LOG=error",
	NULL,
};

static const char *const nothing[] = { NULL };

static int
clear(void **state)
{
	(void)state;
	config_keep(NULL);
	config_default_profile(PROFILE_ZEPHYR);
	unsetenv("ZSOCK_LOG");
	unsetenv("ZSOCK_HOSTS");
	unsetenv("ZSOCK_LIMITS");
	unsetenv("ZSOCK_PROFILE");
	unsetenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS");
	config_reload();
	return 0;
}

/* A variable with what is kept of it and what the environment has. */
static const struct kept_case {
	const char *name;
	const char *const *kept;
	const char *variable;
	const char *environment; /* NULL: not set */
	const char *want;        /* NULL: none */
} cases[] = {
	{ "nothing_kept_and_nothing_set", NULL, "ZSOCK_LOG", NULL, NULL },
	{ "nothing_kept_is_the_environments", NULL, "ZSOCK_LOG", "warn",
	    "warn" },
	{ "an_empty_list_is_the_environments", nothing, "ZSOCK_LOG", "warn",
	    "warn" },
	{ "kept_and_not_set", own, "ZSOCK_LOG", NULL, "debug" },
	{ "kept_goes_before_the_environment", own, "ZSOCK_LOG", "warn",
	    "debug" },
	{ "kept_empty_goes_before_the_environment", own, "ZSOCK_HOSTS", "hosts",
	    "" },
	{ "another_is_the_environments", own, "ZSOCK_LIMITS", "limits",
	    "limits" },
	{ "another_is_not_set", own, "ZSOCK_LIMITS", NULL, NULL },
	{ "the_beginning_of_a_name_is_another_name", own, "ZSOCK_PROFILE", NULL,
	    NULL },
	{ "a_longer_name_is_another_name", own, "ZSOCK_LOG_FILE", NULL, NULL },
};

static void
it_is_found_where_it_should_be(void **state)
{
	const struct kept_case *c = *state;
	const char *got;

	config_keep(c->kept);
	if (c->environment != NULL)
		assert_int_equal(setenv(c->variable, c->environment, 1), 0);
	got = config_variable(c->variable);
	if (c->want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, c->want);
	/* This program has no more rights than its user. */
	got = config_secure(c->variable);
	if (c->want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, c->want);
}

static void
what_is_kept_is_the_configuration(void **state)
{
	(void)state;
	config_keep(own);
	assert_int_equal(setenv("ZSOCK_HOSTS", "hosts", 1), 0);
	config_reload();
	assert_int_equal(config_get()->log_level, LOG_DEBUG);
	assert_int_equal(config_get()->handshake_ms, 321);
	assert_null(config_get()->hosts);
}

/* Of the environment alone, for a program may have been told something else. */
static const struct profile_case {
	const char *name;
	int fallback;
	const char *environment; /* NULL: not set */
	int want;
} profiles[] = {
	{ "the_default_is_zephyr", PROFILE_ZEPHYR, NULL, PROFILE_ZEPHYR },
	{ "the_default_may_be_linux", PROFILE_LINUX, NULL, PROFILE_LINUX },
	{ "an_empty_variable_is_the_default", PROFILE_LINUX, "",
	    PROFILE_LINUX },
	{ "the_variable_goes_before_the_default", PROFILE_LINUX, "zephyr",
	    PROFILE_ZEPHYR },
	{ "the_older_device_goes_before_the_default", PROFILE_LINUX,
	    "zephyr-3.3", PROFILE_ZEPHYR_3_3 },
};

static void
the_profile_is_the_variables_or_the_default(void **state)
{
	const struct profile_case *c = *state;

	config_default_profile(c->fallback);
	if (c->environment != NULL)
		assert_int_equal(setenv("ZSOCK_PROFILE", c->environment, 1), 0);
	config_reload();
	assert_int_equal(config_get()->profile, c->want);
}

int
main(void)
{
	struct CMUnitTest tests[1 + LEN(cases) + LEN(profiles)] = {
		cmocka_unit_test(what_is_kept_is_the_configuration),
	};
	size_t n = 1;

	n += test_rows(tests + n, it_is_found_where_it_should_be, cases,
	    LEN(cases), sizeof(cases[0]));
	(void)test_rows(tests + n, the_profile_is_the_variables_or_the_default,
	    profiles, LEN(profiles), sizeof(profiles[0]));
	for (size_t i = 0; i < LEN(tests); i++) {
		tests[i].setup_func = clear;
		tests[i].teardown_func = clear;
	}
	return cmocka_run_group_tests_name("base/config_host", tests, NULL,
	    NULL);
}
