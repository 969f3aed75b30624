/* What the tool says, and to whom it may be shown. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "tools/redirect.h"

/* What is shown of a text. */
static const struct escape_case {
	const char *name;
	const char *text;
	size_t len;
	const char *shown;
} escapes[] = {
	{ "ascii_is_shown", "a ~\\x", 5, "a ~\\x" },
	{ "nothing_is_nothing", "", 0, "" },
	{ "controls_are_bytes", "\033[2J\n\r\t", 7, "\\x1b[2J\\x0a\\x0d\\x09" },
	{ "a_nul_is_a_byte", "a\0b", 3, "a\\x00b" },
	{ "delete_is_a_byte", "\177", 1, "\\x7f" },
	{ "utf8_is_shown", "\303\251\342\202\254\360\237\230\200", 9,
	    "\303\251\342\202\254\360\237\230\200" },
	{ "c1_controls_are_bytes", "\302\233", 2, "\\xc2\\x9b" },
	{ "turned_text_is_bytes", "\342\200\256", 3, "\\xe2\\x80\\xae" },
	{ "isolates_are_bytes", "\342\201\246", 3, "\\xe2\\x81\\xa6" },
	{ "a_stray_byte_is_one", "\200a", 2, "\\x80a" },
	{ "a_cut_sequence_is_bytes", "\342\202", 2, "\\xe2\\x82" },
	{ "an_overlong_one_is_bytes", "\300\257", 2, "\\xc0\\xaf" },
	{ "an_overlong_one_of_three_is_bytes", "\340\200\257", 3,
	    "\\xe0\\x80\\xaf" },
	{ "a_surrogate_is_bytes", "\355\240\200", 3, "\\xed\\xa0\\x80" },
	{ "more_than_unicode_is_bytes", "\364\220\200\200", 4,
	    "\\xf4\\x90\\x80\\x80" },
	{ "byte_ff_is_one", "\377", 1, "\\xff" },
};

static void
escape_case(void **state)
{
	const struct escape_case *c = *state;
	char out[64];

	assert_ptr_equal(say_escape(c->text, c->len, out, sizeof(out)), out);
	assert_string_equal(out, c->shown);
}

static void
a_text_is_cut_between_characters(void **state)
{
	char out[8];

	(void)state;
	memset(out, 'x', sizeof(out));
	say_escape("abc\033def", 7, out, 7);
	assert_string_equal(out, "abc");
	say_escape("a\342\202\254b", 5, out, 4);
	assert_string_equal(out, "a");
	say_escape("a\342\202\254b", 5, out, 5);
	assert_string_equal(out, "a\342\202\254");
	say_escape("abc", 3, out, 1);
	assert_string_equal(out, "");
	assert_int_equal(out[7], 'x');
}

static void
a_message_is_one_line_and_returns_its_outcome(void **state)
{
	(void)state;
	redirect_begin(STDERR_FILENO);
	assert_int_equal(say(LIMIT, "%s: %d", "a\nb\033", 7), LIMIT);
	assert_string_equal(redirect_end(), "zsock-cred: a\\x0ab\\x1b: 7\n");
}

static void
a_long_message_is_cut(void **state)
{
	static char text[5000];
	const char *said;

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	redirect_begin(STDERR_FILENO);
	assert_int_equal(say(NO, "%s", text), NO);
	said = redirect_end();
	assert_int_equal(said[strlen(said) - 1], '\n');
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_true(strlen(said) > 2047 * 4);
}

static void
a_remark_is_not_made_when_quiet(void **state)
{
	(void)state;
	redirect_begin(STDERR_FILENO);
	remark("%d", 1);
	say_quiet = 1;
	remark("%d", 2);
	say_quiet = 0;
	assert_string_equal(redirect_end(), "zsock-cred: 1\n");
}

static void
output_comes_at_the_end(void **state)
{
	char big[10000];

	(void)state;
	memset(big, 'b', sizeof(big));
	redirect_begin(STDOUT_FILENO);
	out("%s-", "a");
	out_bytes(big, sizeof(big));
	out_bytes("", 0);
	out("%d", 7);
	assert_int_equal(lseek(STDOUT_FILENO, 0, SEEK_CUR), 0);
	assert_int_equal(out_end(), DONE);
	assert_int_equal(lseek(STDOUT_FILENO, 0, SEEK_CUR), 10003);
	assert_int_equal(out_end(), DONE);
	assert_int_equal(strncmp(redirect_end(), "a-bbb", 5), 0);
}

/* With standard output at path: what out_end makes of it. */
static int
end_at(int fd)
{
	const int saved = dup(STDOUT_FILENO);
	int rc;

	assert_true(saved >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	out("text");
	redirect_begin(STDERR_FILENO);
	rc = out_end();
	if (rc != DONE)
		assert_non_null(
		    strstr(redirect_end(), "No space left on device"));
	else
		assert_string_equal(redirect_end(), "");
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(close(saved), 0);
	assert_int_equal(close(fd), 0);
	return rc;
}

static void
a_full_device_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(end_at(open("/dev/full", O_WRONLY | O_CLOEXEC)),
	    FAILED);
}

static void
a_closed_pipe_is_none(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	assert_int_equal(end_at(ends[1]), DONE);
}

static void
an_errno_has_an_outcome(void **state)
{
	static const int rows[][2] = {
		{ EINVAL, MALFORMED },
		{ ENOENT, ABSENT },
		{ ESRCH, ABSENT },
		{ EACCES, REFUSED },
		{ EPERM, REFUSED },
		{ EEXIST, CONFLICT },
		{ ESTALE, CONFLICT },
		{ EFBIG, LIMIT },
		{ ETIMEDOUT, ENDED },
		{ ECONNRESET, ENDED },
		{ EPROTONOSUPPORT, ENDED },
		{ ENOSPC, FAILED },
		{ ENOMEM, FAILED },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_int_equal(outcome_of(-rows[i][0]), rows[i][1]);
}

int
main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(a_message_is_one_line_and_returns_its_outcome),
		cmocka_unit_test(a_long_message_is_cut),
		cmocka_unit_test(a_remark_is_not_made_when_quiet),
		cmocka_unit_test(output_comes_at_the_end),
		cmocka_unit_test(a_full_device_is_an_error),
		cmocka_unit_test(a_closed_pipe_is_none),
		cmocka_unit_test(an_errno_has_an_outcome),
	};
	struct CMUnitTest tests[LEN(escapes) + LEN(others)];
	const size_t n = test_rows(tests, escape_case, escapes, LEN(escapes),
	    sizeof(escapes[0]));

	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
