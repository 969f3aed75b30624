#include "support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "support/fake_kernel.h"

static char path[] = "/tmp/zsock-test-log-XXXXXX";
static char text[3 * LOG_LINE_MAX];

static void
configure(const char *level, const char *file)
{
	assert_int_equal(setenv("ZSOCK_LOG", level, 1), 0);
	if (file != NULL)
		assert_int_equal(setenv("ZSOCK_LOG_FILE", file, 1), 0);
	else
		assert_int_equal(unsetenv("ZSOCK_LOG_FILE"), 0);
	config_reload();
}

static int
group_setup(void **state)
{
	const int fd = mkstemp(path);

	(void)state;
	return fd >= 0 ? close(fd) : -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* An empty file, which takes every line. */
static int
setup(void **state)
{
	(void)state;
	configure("debug", path);
	return truncate(path, 0);
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	return 0;
}

/* What is in the log file now. */
static const char *
logged(void)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	assert_int_equal(fclose(file), 0);
	return text;
}

static const struct parse_case {
	const char *name;
	int want;
} parses[] = {
	{ "off", LOG_OFF },
	{ "error", LOG_ERROR },
	{ "warn", LOG_WARN },
	{ "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
	{ "", -1 },
	{ "warning", -1 },
	{ "Warn", -1 },
	{ "debug ", -1 },
};

static void
name_is_a_level(void **state)
{
	const struct parse_case *c = *state;

	assert_int_equal(log_level_parse(c->name), c->want);
}

/* A level that is asked for, and what is written then. */
static const struct level_case {
	const char *level;
	const char *want;
} levels[] = {
	{ "off", "" },
	{ "error", "zsock: error: 1\n" },
	{ "warn", "zsock: error: 1\nzsock: warn: 2\n" },
	{ "info", "zsock: error: 1\nzsock: warn: 2\nzsock: info: 3\n" },
	{ "debug",
	    "zsock: error: 1\nzsock: warn: 2\nzsock: info: 3\n"
	    "zsock: debug: 4\n" },
};

static void
level_lets_through(void **state)
{
	const struct level_case *c = *state;
	const int most = log_level_parse(c->level);

	configure(c->level, path);
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		log_line((enum log_level)level, "%d", level);
		assert_int_equal(log_wants((enum log_level)level),
		    level <= most);
	}
	assert_string_equal(logged(), c->want);
}

static void
control_characters_become_question_marks(void **state)
{
	(void)state;
	log_line(LOG_WARN, "a\nb\r\tc\x1b[31m\x7f\x01z~ %s", "\xc3\xa9\n");
	assert_string_equal(logged(),
	    "zsock: warn: a?b??c?[31m??z~ \xc3\xa9?\n");
}

static void
a_long_line_is_cut(void **state)
{
	char big[2 * LOG_LINE_MAX];
	const char *got;
	size_t len;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_line(LOG_ERROR, "%s", big);
	log_line(LOG_ERROR, "next");
	got = logged();
	len = strcspn(got, "\n") + 1;
	assert_in_range(len, LOG_LINE_MAX - 8, LOG_LINE_MAX);
	assert_int_equal(strspn(got + strlen("zsock: error: "), "x"),
	    len - strlen("zsock: error: \n"));
	assert_string_equal(got + len, "zsock: error: next\n");
}

static void
each_length_around_the_limit_ends_in_a_newline(void **state)
{
	(void)state;
	for (int pad = LOG_LINE_MAX - 24; pad < LOG_LINE_MAX + 4; pad++) {
		const char *got;
		size_t len;

		assert_int_equal(truncate(path, 0), 0);
		log_line(LOG_WARN, "%*s", pad, "y");
		got = logged();
		len = strlen(got);
		assert_in_range(len, 1, LOG_LINE_MAX);
		assert_ptr_equal(strchr(got, '\n'), got + len - 1);
		/* Either all of it is there, or it is cut to the limit. */
		if (len == strlen("zsock: warn: \n") + (size_t)pad)
			assert_int_equal(got[len - 2], 'y');
		else
			assert_in_range(len, LOG_LINE_MAX - 1, LOG_LINE_MAX);
	}
}

static void
a_line_is_one_write(void **state)
{
	(void)state;
	fake_kernel_install();
	log_line(LOG_INFO, "%s and %d", "text", 5);
	assert_int_equal(fake_kernel_count(FAKE_WRITE), 1);
	assert_string_equal(logged(), "zsock: info: text and 5\n");
}

static void
a_silent_line_is_no_write(void **state)
{
	(void)state;
	configure("warn", path);
	fake_kernel_install();
	log_line(LOG_INFO, "nobody hears this");
	assert_int_equal(fake_kernel_count(FAKE_WRITE), 0);
	assert_string_equal(logged(), "");
}

static void
errno_is_left_alone(void **state)
{
	(void)state;
	fake_kernel_install();
	errno = EXDEV;
	log_line(LOG_ERROR, "written");
	assert_int_equal(errno, EXDEV);
	fake_kernel_fail(FAKE_WRITE, 1, ENOSPC);
	log_line(LOG_ERROR, "not written");
	assert_int_equal(errno, EXDEV);
	log_line(LOG_ERROR, "%s", "written");
	assert_int_equal(fake_kernel_count(FAKE_WRITE), 3);
	assert_string_equal(logged(),
	    "zsock: error: written\nzsock: error: written\n");
}

static void
a_new_file_is_for_its_owner_alone(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(unlink(path), 0);
	log_line(LOG_ERROR, "first");
	assert_string_equal(logged(), "zsock: error: first\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* stderr is the test's file while fn runs. */
static void
with_stderr_in_file(void (*fn)(void))
{
	const int saved = dup(STDERR_FILENO);
	FILE *file = fopen(path, "a");

	assert_true(saved >= 0);
	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	fn();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(saved), 0);
	assert_int_equal(fclose(file), 0);
}

static void
say_hello(void)
{
	log_line(LOG_WARN, "hello");
}

static void
without_a_file_lines_go_to_stderr(void **state)
{
	(void)state;
	configure("warn", NULL);
	with_stderr_in_file(say_hello);
	assert_string_equal(logged(), "zsock: warn: hello\n");
}

static void
a_file_that_cannot_be_opened_is_stderr(void **state)
{
	(void)state;
	configure("warn", "/nonexistent/directory/log");
	errno = EXDEV;
	with_stderr_in_file(say_hello);
	assert_int_equal(errno, EXDEV);
	/* It is said once; and stderr was not closed as if it were the file. */
	with_stderr_in_file(say_hello);
	assert_string_equal(logged(),
	    "zsock: error: ZSOCK_LOG_FILE=/nonexistent/directory/log cannot be "
	    "opened: No such file or directory; the log goes to stderr\n"
	    "zsock: warn: hello\nzsock: warn: hello\n");
}

static void
no_descriptor_stays_open(void **state)
{
	const int before = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(close(before), 0);
	log_line(LOG_ERROR, "line");
	assert_int_equal(dup(STDERR_FILENO), before);
	assert_int_equal(close(before), 0);
}

/* Whose reader is gone; the default action ends the program. */
static void
a_broken_stderr_ends_nothing(void **state)
{
	const int saved = dup(STDERR_FILENO);
	sigset_t pending;
	int ends[2];

	(void)state;
	configure("warn", NULL);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	say_hello();
	assert_int_equal(sigpending(&pending), 0);
	assert_int_equal(sigismember(&pending, SIGPIPE), 0);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(ends[1]);
	close(saved);
}

static void
a_stderr_that_is_a_socket_gets_no_line(void **state)
{
	(void)state;
	configure("warn", NULL);
	log_use_stderr(false);
	with_stderr_in_file(say_hello);
	log_use_stderr(true);
	assert_string_equal(logged(), "");
	with_stderr_in_file(say_hello);
	assert_string_equal(logged(), "zsock: warn: hello\n");
}

static void
a_bad_value_of_zsock_log_is_said(void **state)
{
	(void)state;
	assert_int_equal(setenv("ZSOCK_LOG", "shout", 1), 0);
	with_stderr_in_file(config_reload);
	assert_string_equal(logged(),
	    "zsock: error: ZSOCK_LOG=shout is ignored: it must be off, error, "
	    "warn, info or debug\n");
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test_setup(control_characters_become_question_marks,
		    setup),
		cmocka_unit_test_setup(a_long_line_is_cut, setup),
		cmocka_unit_test_setup(
		    each_length_around_the_limit_ends_in_a_newline, setup),
		cmocka_unit_test_setup_teardown(a_line_is_one_write, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(a_silent_line_is_no_write,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(errno_is_left_alone, setup,
		    teardown),
		cmocka_unit_test_setup(a_new_file_is_for_its_owner_alone,
		    setup),
		cmocka_unit_test_setup(without_a_file_lines_go_to_stderr,
		    setup),
		cmocka_unit_test_setup(a_file_that_cannot_be_opened_is_stderr,
		    setup),
		cmocka_unit_test_setup(no_descriptor_stays_open, setup),
		cmocka_unit_test_setup(a_broken_stderr_ends_nothing, setup),
		cmocka_unit_test_setup(a_stderr_that_is_a_socket_gets_no_line,
		    setup),
		cmocka_unit_test_setup(a_bad_value_of_zsock_log_is_said, setup),
	};
	struct CMUnitTest tests[LEN(parses) + LEN(levels) + LEN(others)];
	char names[LEN(parses) + LEN(levels)][32];
	size_t n = 0;

	for (size_t i = 0; i < LEN(parses); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "name_'%s'",
		    parses[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = name_is_a_level,
			.initial_state = (void *)&parses[i] };
	}
	for (size_t i = 0; i < LEN(levels); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "level_%s",
		    levels[i].level);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = level_lets_through,
			.setup_func = setup,
			.initial_state = (void *)&levels[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("base/log", tests, group_setup,
	    group_teardown);
}
