#include "support/test.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"

#define LOG_VARIABLE "ZSOCK_LOG"
#define FILE_VARIABLE "ZSOCK_LOG_FILE"
#define MS_VARIABLE "ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS"

/* Whether the kernel calls this program set-user-ID. */
static bool secure;

unsigned long
getauxval(unsigned long type)
{
	unsigned long (*real)(unsigned long);

	if (type == AT_SECURE)
		return secure;
	*(void **)&real = dlsym(RTLD_NEXT, "getauxval");
	return real(type);
}

static void
set_variable(const char *name, const char *value)
{
	if (value != NULL)
		assert_int_equal(setenv(name, value, 1), 0);
	else
		assert_int_equal(unsetenv(name), 0);
}

static int
clear_environment(void **state)
{
	(void)state;
	set_variable(LOG_VARIABLE, NULL);
	set_variable(FILE_VARIABLE, NULL);
	set_variable(MS_VARIABLE, NULL);
	config_reload();
	return 0;
}

/* Reads the environment; said is what went to stderr meanwhile. */
static void
reload(char *said, size_t size)
{
	const int saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	size_t n;

	assert_non_null(file);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	config_reload();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(saved), 0);
	rewind(file);
	n = fread(said, 1, size - 1, file);
	said[n] = '\0';
	assert_int_equal(fclose(file), 0);
}

static const struct config_case {
	const char *name;
	const char *variable;
	const char *value; /* NULL: not set */
	int want;
	bool complains;
} cases[] = {
	{ "log_unset_is_warn", LOG_VARIABLE, NULL, LOG_WARN, false },
	{ "log_empty_is_warn", LOG_VARIABLE, "", LOG_WARN, false },
	{ "log_off", LOG_VARIABLE, "off", LOG_OFF, false },
	{ "log_error", LOG_VARIABLE, "error", LOG_ERROR, false },
	{ "log_warn", LOG_VARIABLE, "warn", LOG_WARN, false },
	{ "log_info", LOG_VARIABLE, "info", LOG_INFO, false },
	{ "log_debug", LOG_VARIABLE, "debug", LOG_DEBUG, false },
	{ "log_unknown_word", LOG_VARIABLE, "loud", LOG_WARN, true },
	{ "log_in_capitals", LOG_VARIABLE, "DEBUG", LOG_WARN, true },
	{ "log_as_a_number", LOG_VARIABLE, "4", LOG_WARN, true },
	{ "ms_unset_is_ten_seconds", MS_VARIABLE, NULL, 10000, false },
	{ "ms_empty_is_ten_seconds", MS_VARIABLE, "", 10000, false },
	{ "ms_smallest", MS_VARIABLE, "1", 1, false },
	{ "ms_usual", MS_VARIABLE, "250", 250, false },
	{ "ms_largest", MS_VARIABLE, "2147483647", INT_MAX, false },
	{ "ms_too_large", MS_VARIABLE, "2147483648", 10000, true },
	{ "ms_beyond_long", MS_VARIABLE, "99999999999999999999", 10000, true },
	{ "ms_zero", MS_VARIABLE, "0", 10000, true },
	{ "ms_negative", MS_VARIABLE, "-5", 10000, true },
	{ "ms_with_a_unit", MS_VARIABLE, "5s", 10000, true },
	{ "ms_no_number", MS_VARIABLE, "soon", 10000, true },
};

static void
value_is_understood_or_refused(void **state)
{
	const struct config_case *c = *state;
	char said[512], want[128];
	int got;

	set_variable(c->variable, c->value);
	errno = EXDEV;
	reload(said, sizeof(said));
	got = strcmp(c->variable, LOG_VARIABLE) == 0
	    ? config_get()->log_level
	    : config_get()->handshake_ms;
	assert_int_equal(got, c->want);
	if (!c->complains) {
		assert_string_equal(said, "");
		return;
	}
	snprintf(want, sizeof(want), "%s=%s is ignored", c->variable, c->value);
	if (strstr(said, want) == NULL)
		fail_msg("%s", said);
}

static void
reading_leaves_errno_alone(void **state)
{
	(void)state;
	set_variable(MS_VARIABLE, "99999999999999999999");
	set_variable(LOG_VARIABLE, "loud");
	errno = EXDEV;
	config_reload();
	assert_int_equal(errno, EXDEV);
}

static void
the_log_file_is_a_name_or_null(void **state)
{
	(void)state;
	assert_null(config_get()->log_file);
	set_variable(FILE_VARIABLE, "");
	config_reload();
	assert_null(config_get()->log_file);
	set_variable(FILE_VARIABLE, "/tmp/x");
	config_reload();
	assert_string_equal(config_get()->log_file, "/tmp/x");
}

static void
bundles_are_names_or_null(void **state)
{
	(void)state;
	assert_null(config_get()->credentials);
	assert_int_equal(config_get()->credentials_errors, CONFIG_ERRORS_EXIT);
	set_variable("ZSOCK_CREDENTIALS", "");
	set_variable("ZSOCK_CREDENTIALS_ERRORS", "");
	config_reload();
	assert_null(config_get()->credentials);
	assert_int_equal(config_get()->credentials_errors, CONFIG_ERRORS_EXIT);
	set_variable("ZSOCK_CREDENTIALS", "a:b");
	set_variable("ZSOCK_CREDENTIALS_ERRORS", "warn");
	config_reload();
	assert_string_equal(config_get()->credentials, "a:b");
	assert_int_equal(config_get()->credentials_errors, CONFIG_ERRORS_WARN);
	set_variable("ZSOCK_CREDENTIALS", NULL);
	set_variable("ZSOCK_CREDENTIALS_ERRORS", "exit");
	config_reload();
	assert_int_equal(config_get()->credentials_errors, CONFIG_ERRORS_EXIT);
	set_variable("ZSOCK_CREDENTIALS_ERRORS", NULL);
}

/* Who starts it could else have it read and write files of its owner. */
static void
a_set_user_id_program_takes_no_file_from_the_environment(void **state)
{
	static const char *const names[] = { FILE_VARIABLE, "SSLKEYLOGFILE",
		"ZSOCK_CTL", "ZSOCK_CTL_NAME", "ZSOCK_LIMITS", "ZSOCK_HOSTS",
		"ZSOCK_CREDENTIALS", "ZSOCK_CREDENTIALS_ERRORS" };
	const struct config *c = config_get();

	(void)state;
	for (size_t i = 0; i < LEN(names); i++)
		set_variable(names[i], "warn");
	secure = true;
	config_reload();
	secure = false;
	assert_null(c->log_file);
	assert_null(c->keylog);
	assert_null(c->ctl);
	assert_null(c->ctl_name);
	assert_null(c->limits);
	assert_null(c->hosts);
	assert_null(c->credentials);
	assert_int_equal(c->credentials_errors, CONFIG_ERRORS_EXIT);
	config_reload();
	assert_string_equal(c->log_file, "warn");
	assert_string_equal(c->limits, "warn");
	assert_string_equal(c->hosts, "warn");
	for (size_t i = 0; i < LEN(names); i++)
		set_variable(names[i], NULL);
}

/* What must not be guessed. */
static const struct errors_case {
	const char *name;
	const char *value; /* of ZSOCK_CREDENTIALS_ERRORS */
} errors[] = {
	{ "errors_of_another_word", "ignore" },
	{ "errors_in_capitals", "WARN" },
	{ "errors_as_a_number", "1" },
};

static void
errors_of_another_value_end_the_program(void **state)
{
	const struct errors_case *c = *state;
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		setenv("ZSOCK_CREDENTIALS_ERRORS", c->value, 1);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		config_reload();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 78);
}

static void
a_change_is_not_seen_before_a_reload(void **state)
{
	(void)state;
	assert_int_equal(config_get()->handshake_ms, 10000);
	set_variable(MS_VARIABLE, "77");
	assert_int_equal(config_get()->handshake_ms, 10000);
	config_reload();
	assert_int_equal(config_get()->handshake_ms, 77);
}

/* What must not be guessed: the value, or -1 for a program that ends. */
static const struct record_case {
	const char *name;
	const char *value; /* of ZSOCK_TLS_MAX_RECORD */
	int want;
} records[] = {
	{ "record_unset_is_no_limit", NULL, 0 },
	{ "record_empty_is_no_limit", "", 0 },
	{ "record_smallest", "512", 512 },
	{ "record_largest", "16384", 16384 },
	{ "record_too_small", "511", -1 },
	{ "record_too_large", "16385", -1 },
	{ "record_zero", "0", -1 },
	{ "record_negative", "-512", -1 },
	{ "record_with_a_unit", "2k", -1 },
	{ "record_no_number", "small", -1 },
};

static void
record_is_understood_or_ends_the_program(void **state)
{
	const struct record_case *c = *state;
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (c->value != NULL)
			setenv("ZSOCK_TLS_MAX_RECORD", c->value, 1);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		config_reload();
		_exit(config_get()->max_record == c->want ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), c->want == -1 ? 78 : 0);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases) + LEN(records) + LEN(errors) + 5];
	size_t n = 0;

	for (; n < LEN(cases); n++) {
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
			.test_func = value_is_understood_or_refused,
			.setup_func = clear_environment,
			.initial_state = (void *)&cases[n] };
	}
	for (size_t i = 0; i < LEN(records); i++) {
		tests[n++] = (struct CMUnitTest){ .name = records[i].name,
			.test_func = record_is_understood_or_ends_the_program,
			.setup_func = clear_environment,
			.initial_state = (void *)&records[i] };
	}
	n += test_rows(tests + n, errors_of_another_value_end_the_program,
	    errors, LEN(errors), sizeof(errors[0]));
	tests[n++] = (struct CMUnitTest)cmocka_unit_test_setup(
	    a_set_user_id_program_takes_no_file_from_the_environment,
	    clear_environment);
	tests[n++] =
	    (struct CMUnitTest)cmocka_unit_test_setup(bundles_are_names_or_null,
	        clear_environment);
	tests[n++] = (struct CMUnitTest)
	    cmocka_unit_test_setup(reading_leaves_errno_alone,
	        clear_environment);
	tests[n++] = (struct CMUnitTest)
	    cmocka_unit_test_setup(the_log_file_is_a_name_or_null,
	        clear_environment);
	tests[n++] = (struct CMUnitTest)
	    cmocka_unit_test_setup(a_change_is_not_seen_before_a_reload,
	        clear_environment);
	return cmocka_run_group_tests_name("base/config", tests, NULL, NULL);
}
