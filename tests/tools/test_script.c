/* The first lines of scripts. */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "script.h"

static const struct line_case {
	const char *name, *text;
	int rc;
	const char *interp, *arg;
} lines[] = {
	{ "an_interpreter", "#!/bin/sh\necho\n", 0, "/bin/sh", "" },
	{ "without_a_line_end", "#!/bin/sh", 0, "/bin/sh", "" },
	{ "blanks_around_it", "#! \t/bin/sh \t\n", 0, "/bin/sh", "" },
	{ "one_argument", "#!/bin/awk -f\n", 0, "/bin/awk", "-f" },
	{ "all_that_follows_is_one", "#!/usr/bin/env -S a  b \n", 0,
	    "/usr/bin/env", "-S a  b" },
	{ "a_carriage_return_is_part_of_it", "#!/bin/sh\r\n", 0, "/bin/sh\r",
	    "" },
	{ "nothing", "", -ENOEXEC, NULL, NULL },
	{ "one_byte", "#", -ENOEXEC, NULL, NULL },
	{ "a_comment", "# /bin/sh\n", -ENOEXEC, NULL, NULL },
	{ "no_interpreter", "#!\n/bin/sh\n", -EINVAL, NULL, NULL },
	{ "only_blanks", "#!  \t", -EINVAL, NULL, NULL },
};

static void
a_line_is_understood(void **state)
{
	const struct line_case *c = *state;
	struct script s;

	assert_int_equal(script_parse(c->text, strlen(c->text), &s), c->rc);
	if (c->rc < 0)
		return;
	assert_string_equal(s.interp, c->interp);
	assert_string_equal(s.arg, c->arg);
}

/* The kernel reads 256 bytes, of which the last is its NUL. */
static void
a_name_that_does_not_fit_is_refused(void **state)
{
	char text[SCRIPT_LINE_MAX];
	struct script s;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	assert_int_equal(script_parse(text, sizeof(text), &s), -EINVAL);
	text[254] = '\n';
	assert_int_equal(script_parse(text, sizeof(text), &s), 0);
	assert_int_equal(strlen(s.interp), 252);
	text[254] = 'x';
	text[100] = ' '; /* an argument may be cut */
	assert_int_equal(script_parse(text, sizeof(text), &s), 0);
	assert_int_equal(strlen(s.interp), 98);
	assert_int_equal(strlen(s.arg), 154);
}

static const struct env_case {
	const char *name, *arg;
	enum script_env rc;
	const char *want;
} envs[] = {
	{ "a_name", "python3", SCRIPT_ENV_NAME, "python3" },
	{ "an_option_alone", "-v", SCRIPT_ENV_NONE, NULL },
	{ "nothing", "", SCRIPT_ENV_NONE, NULL },
	{ "an_assignment_alone", "A=b", SCRIPT_ENV_NONE, NULL },
	{ "split", "-S python3 -u", SCRIPT_ENV_NAME, "python3" },
	{ "split_without_a_blank", "-Spython3 -u", SCRIPT_ENV_NAME, "python3" },
	{ "split_and_told", "-vS python3", SCRIPT_ENV_NAME, "python3" },
	{ "split_in_words", "--split-string=sh -e", SCRIPT_ENV_NAME, "sh" },
	{ "assignments_first", "-S A=b C=d perl -w", SCRIPT_ENV_NAME, "perl" },
	{ "options_first", "-S -v -u HOME perl", SCRIPT_ENV_NAME, "perl" },
	{ "a_directory_first", "-S -C /tmp perl", SCRIPT_ENV_NAME, "perl" },
	{ "long_options_first", "-S --unset HOME --chdir=/ perl",
	    SCRIPT_ENV_NAME, "perl" },
	{ "letters_together", "-S -vu HOME perl", SCRIPT_ENV_NAME, "perl" },
	{ "a_value_in_the_word", "-S -uHOME perl", SCRIPT_ENV_NAME, "perl" },
	{ "an_option_that_only_looks_so", "-S -u i -C-i perl", SCRIPT_ENV_NAME,
	    "perl" },
	{ "options_alone", "-S -v", SCRIPT_ENV_NONE, NULL },
	{ "an_option_without_its_word", "-S -u", SCRIPT_ENV_NONE, NULL },
	{ "quotes_are_left_to_env", "-S 'a b'", SCRIPT_ENV_NONE, NULL },
	{ "variables_are_left_to_env", "-S ${HOME}/a", SCRIPT_ENV_NONE, NULL },
	{ "nothing_is_left", "-i", SCRIPT_ENV_BARE, "-i" },
	{ "nothing_is_left_by_a_dash", "-", SCRIPT_ENV_BARE, "-" },
	{ "nothing_is_left_of_a_split", "-S -i sh", SCRIPT_ENV_BARE, "-i" },
	{ "nothing_is_left_by_a_split_dash", "-S - sh", SCRIPT_ENV_BARE, "-" },
	{ "nothing_is_left_by_letters", "-S -vi sh", SCRIPT_ENV_BARE, "-vi" },
	{ "nothing_is_left_before_the_split", "-iS sh", SCRIPT_ENV_BARE,
	    "-iS" },
	{ "nothing_is_left_in_words", "-S --ignore-env sh", SCRIPT_ENV_BARE,
	    "--ignore-env" },
	{ "the_library_is_unset", "-S -u LD_PRELOAD sh", SCRIPT_ENV_BARE,
	    "-u" },
	{ "the_library_is_unset_in_a_word", "-S -uLD_PRELOAD sh",
	    SCRIPT_ENV_BARE, "-uLD_PRELOAD" },
	{ "the_library_is_unset_alone", "-uLD_PRELOAD", SCRIPT_ENV_BARE,
	    "-uLD_PRELOAD" },
	{ "the_library_is_unset_by_a_long_option", "-S --unset=LD_PRELOAD sh",
	    SCRIPT_ENV_BARE, "--unset=LD_PRELOAD" },
	{ "the_library_is_unset_by_two_words", "-S --uns LD_PRELOAD sh",
	    SCRIPT_ENV_BARE, "--uns" },
	{ "another_library_instead", "-S LD_PRELOAD=/a.so sh", SCRIPT_ENV_BARE,
	    "LD_PRELOAD=/a.so" },
	{ "the_programs_own_words", "-S sh -i LD_PRELOAD=", SCRIPT_ENV_NAME,
	    "sh" },
};

static void
env_runs_a_name(void **state)
{
	const struct env_case *c = *state;
	char name[SCRIPT_LINE_MAX];

	assert_int_equal(script_env(c->arg, name), c->rc);
	if (c->want != NULL)
		assert_string_equal(name, c->want);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(lines) + LEN(envs) + 1];
	size_t n = 0;

	n += test_rows(tests, a_line_is_understood, lines, LEN(lines),
	    sizeof(lines[0]));
	n += test_rows(tests + n, env_runs_a_name, envs, LEN(envs),
	    sizeof(envs[0]));
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    a_name_that_does_not_fit_is_refused);
	assert_int_equal(n, LEN(tests));
	return cmocka_run_group_tests_name("tools/script", tests, NULL, NULL);
}
