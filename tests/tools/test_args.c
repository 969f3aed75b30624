/* Arguments of the tool: tags, types, where a value comes from and goes to. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "cred/store.h"
#include "say.h"
#include "tools/redirect.h"

static char dir[] = "/tmp/zsock-test-args-XXXXXX";

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static const struct tag_case {
	const char *name;
	const char *text;
	bool any;
	int outcome;
	int tag;
} tags[] = {
	{ "zero_is_a_tag", "0", false, DONE, 0 },
	{ "the_largest_tag", "2147483647", false, DONE, 2147483647 },
	{ "one_more_is_none", "2147483648", false, USAGE, 0 },
	{ "what_would_wrap_is_none", "4294967297", false, USAGE, 0 },
	{ "a_negative_tag_is_none", "-1", true, USAGE, 0 },
	{ "a_tag_is_decimal", "0x1", false, USAGE, 0 },
	{ "a_tag_is_a_number_alone", "1 ", false, USAGE, 0 },
	{ "an_empty_tag_is_none", "", true, USAGE, 0 },
	{ "any_is_every_tag", "ANY", true, DONE, -1 },
	{ "any_is_no_tag_of_one", "any", false, USAGE, 0 },
};

static void
tag_case(void **state)
{
	const struct tag_case *c = *state;
	int tag = 0;

	redirect_begin(STDERR_FILENO);
	assert_int_equal(args_tag(c->text, c->any, &tag), c->outcome);
	assert_int_equal(redirect_end()[0] == '\0', c->outcome == DONE);
	if (c->outcome == DONE)
		assert_int_equal(tag, c->tag);
}

static void
types_have_many_names(void **state)
{
	int type = -1;

	(void)state;
	assert_int_equal(args_type("serv", false, &type), DONE);
	assert_int_equal(type, CRED_CERTIFICATE);
	assert_int_equal(args_type("any", true, &type), DONE);
	assert_int_equal(type, 0);
	redirect_begin(STDERR_FILENO);
	assert_int_equal(args_type("any", false, &type), USAGE);
	assert_int_equal(args_type("", true, &type), USAGE);
	assert_non_null(strstr(redirect_end(), "PK_PSA"));
}

static void
a_filter_has_two_words_at_most(void **state)
{
	char tag[] = "7", type[] = "PSK", more[] = "x";
	char *words[] = { tag, type, more };
	int t, y;

	(void)state;
	assert_int_equal(args_filter(words, 0, &t, &y), DONE);
	assert_true(t == -1 && y == 0);
	assert_int_equal(args_filter(words, 1, &t, &y), DONE);
	assert_true(t == 7 && y == 0);
	assert_int_equal(args_filter(words, 2, &t, &y), DONE);
	assert_true(t == 7 && y == CRED_PSK);
	redirect_begin(STDERR_FILENO);
	assert_int_equal(args_filter(words, 3, &t, &y), USAGE);
	assert_non_null(strstr(redirect_end(), "\"x\""));
}

static const struct source_case {
	const char *name;
	const char *text;
	bool secret;
	size_t max;
	int outcome;
	const char *value;
	size_t len;
} sources[] = {
	{ "text_is_its_characters", "text:a:b ", false, 0, DONE, "a:b ", 4 },
	{ "text_may_be_empty", "text:", false, 0, DONE, "", 0 },
	{ "hex_is_bytes", "hex:00Ff", false, 0, DONE, "\0\377", 2 },
	{ "hex_may_be_empty", "hex:", false, 0, DONE, "", 0 },
	{ "half_a_byte_is_none", "hex:000", false, 0, USAGE, NULL, 0 },
	{ "no_digit_is_none", "hex:0g", false, 0, USAGE, NULL, 0 },
	{ "a_secret_is_no_text", "text:a", true, 0, REFUSED, NULL, 0 },
	{ "a_secret_is_no_hex", "hex:00", true, 0, REFUSED, NULL, 0 },
	{ "a_secret_is_in_the_environment", "env:ARGS_TEST", true, 0, DONE,
	    "value", 5 },
	{ "a_variable_that_is_not_there", "env:ARGS_NONE", false, 0, ABSENT,
	    NULL, 0 },
	{ "a_descriptor_is_a_number", "fd:x", false, 0, USAGE, NULL, 0 },
	{ "a_descriptor_is_open", "fd:1000000", false, 0, FAILED, NULL, 0 },
	{ "a_file_that_is_not_there", "/nowhere/at/all", false, 0, ABSENT, NULL,
	    0 },
	{ "what_has_no_end_is_too_much", "/dev/zero", false, 0, LIMIT, NULL,
	    0 },
	{ "as_much_as_may_be", "text:1234", false, 4, DONE, "1234", 4 },
	{ "one_byte_more", "text:12345", false, 4, LIMIT, NULL, 0 },
	{ "one_byte_more_of_the_environment", "env:ARGS_TEST", false, 4, LIMIT,
	    NULL, 0 },
	{ "an_empty_file_is_one", "/dev/null", true, 0, DONE, "", 0 },
};

static void
source_case(void **state)
{
	const struct source_case *c = *state;
	struct buf b = { .len = 0 };

	assert_int_equal(setenv("ARGS_TEST", "value", 1), 0);
	redirect_begin(STDERR_FILENO);
	assert_int_equal(args_source(c->text, c->secret, c->max, &b),
	    c->outcome);
	assert_int_equal(redirect_end()[0] == '\0', c->outcome == DONE);
	if (c->outcome != DONE) {
		assert_null(b.data);
		return;
	}
	assert_non_null(b.data);
	assert_int_equal(b.len, c->len);
	assert_memory_equal(b.data, c->value, c->len);
	buf_fini(&b);
	assert_null(b.data);
}

static void
a_pass_phrase_is_the_first_line(void **state)
{
	static const char *const values[] = { "pass", "pass\n", "pass\r\n",
		"pass\nmore\n" };
	struct buf b;

	(void)state;
	for (size_t i = 0; i < LEN(values); i++) {
		assert_int_equal(setenv("ARGS_TEST", values[i], 1), 0);
		assert_int_equal(args_pass(NULL, "ARGS_TEST", NULL, &b), DONE);
		assert_int_equal(b.len, 4);
		assert_memory_equal(b.data, "pass", 4);
		buf_fini(&b);
	}
	assert_int_equal(args_pass(NULL, NULL, NULL, &b), DONE);
	assert_null(b.data);
	redirect_begin(STDERR_FILENO);
	assert_int_equal(args_pass("/dev/null", "A", NULL, &b), USAGE);
	assert_non_null(strstr(redirect_end(), "enough"));
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
a_file_is_written_whole_with_its_mode(void **state)
{
	const mode_t mask = umask(022);
	char path[64], text[8];
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(args_write(path, "open", 4, false), DONE);
	assert_int_equal(mode_of(path), 0644);
	assert_int_equal(args_write(path, "key", 3, true), DONE);
	assert_int_equal(mode_of(path), 0600);
	(void)umask(mask);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_memory_equal(text, "key", 3);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
}

static void
what_cannot_be_written_is_told(void **state)
{
	(void)state;
	redirect_begin(STDERR_FILENO);
	assert_int_equal(args_write("/nowhere/at/all", "x", 1, false), ABSENT);
	assert_int_equal(args_write(dir, "x", 1, false), FAILED);
	assert_int_equal(args_write("/dev/full", "x", 1, true), FAILED);
	assert_non_null(strstr(redirect_end(), "/nowhere/at/all"));
	assert_int_equal(args_write("/dev/null", "x", 1, true), DONE);
}

static void
a_dash_is_standard_output(void **state)
{
	(void)state;
	redirect_begin(STDOUT_FILENO);
	assert_int_equal(args_write("-", "ab", 2, true), DONE);
	assert_int_equal(out_end(), DONE);
	assert_string_equal(redirect_end(), "ab");
}

int
main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(types_have_many_names),
		cmocka_unit_test(a_filter_has_two_words_at_most),
		cmocka_unit_test(a_pass_phrase_is_the_first_line),
		cmocka_unit_test(a_file_is_written_whole_with_its_mode),
		cmocka_unit_test(what_cannot_be_written_is_told),
		cmocka_unit_test(a_dash_is_standard_output),
	};
	struct CMUnitTest tests[LEN(tags) + LEN(sources) + LEN(others)];
	size_t n;

	n = test_rows(tests, tag_case, tags, LEN(tags), sizeof(tags[0]));
	n += test_rows(tests + n, source_case, sources, LEN(sources),
	    sizeof(sources[0]));
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests(tests, setup, teardown);
}
