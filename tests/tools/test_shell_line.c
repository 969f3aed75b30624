/* Lines of Zephyr's shell. */
#include "support/test.h"

#include <string.h>

#include "cred/store.h"
#include "shell_line.h"

/* Lines, one after the other, and what the last of them is. */
static const struct line_case {
	const char *name;
	const char *lines;
	enum shell_verb verb;
	int tag, type;
	const char *data; /* of an add */
	size_t len;
	size_t left; /* bytes in the buffer afterwards */
} goods[] = {
	{ "nothing", "", SHELL_NONE, 0, 0, NULL, 0, 0 },
	{ "blanks", " \t\r", SHELL_NONE, 0, 0, NULL, 0, 0 },
	{ "a_comment", "# cred add", SHELL_NONE, 0, 0, NULL, 0, 0 },
	{ "another_command", "kernel uptime", SHELL_OTHER, 0, 0, NULL, 0, 0 },
	{ "a_buf", "cred buf abcd", SHELL_BUF, 0, 0, NULL, 0, 4 },
	{ "two_bufs", "cred buf abcd\ncred buf efg", SHELL_BUF, 0, 0, NULL, 0,
	    7 },
	{ "a_clear", "cred buf abcd\ncred buf clear", SHELL_CLEAR, 0, 0, NULL,
	    0, 0 },
	{ "an_add_of_the_buffer",
	    "cred buf YW\ncred buf Jj\ncred add 1 CA DEFAULT bin", SHELL_ADD, 1,
	    CRED_CA_CERTIFICATE, "abc", 3, 0 },
	{ "an_add_of_an_argument", "cred add 1 PSK default bin YWJj", SHELL_ADD,
	    1, CRED_PSK, "abc", 3, 0 },
	{ "an_argument_and_not_the_buffer",
	    "cred buf x\ncred add 1 PSK default str abc", SHELL_ADD, 1,
	    CRED_PSK, "abc", 3, 0 },
	{ "bint", "cred add 1 PRE_SHARED_KEY_ID DEFAULT BINT YWJj", SHELL_ADD,
	    1, CRED_PSK_ID, "abc", 4, 0 },
	{ "str", "cred add 1 SERVER_CERT DEFAULT STR abc", SHELL_ADD, 1,
	    CRED_CERTIFICATE, "abc", 3, 0 },
	{ "strt", "cred add 1 PRIVATE_KEY DEFAULT strt abc", SHELL_ADD, 1,
	    CRED_PRIVATE_KEY, "abc", 4, 0 },
	{ "a_string_in_quotes", "cred add 1 PSK_ID DEFAULT str \"a b\"",
	    SHELL_ADD, 1, CRED_PSK_ID, "a b", 3, 0 },
	{ "escapes_in_quotes",
	    "cred add 1 PSK_ID DEFAULT str 'a\\'\\x41\\0101\\n'", SHELL_ADD, 1,
	    CRED_PSK_ID, "a'AA\\n", 6, 0 },
	{ "escapes_without_quotes", "cred add 1 PSK_ID DEFAULT str a\\ b\\\\",
	    SHELL_ADD, 1, CRED_PSK_ID, "a b\\", 4, 0 },
	{ "the_prompt_of_a_log", "uart:~$ cred add 1 CA DEFAULT str a\r",
	    SHELL_ADD, 1, CRED_CA_CERTIFICATE, "a", 1, 0 },
	{ "the_greatest_tag", "cred add 2147483647 CA DEFAULT str a", SHELL_ADD,
	    2147483647, CRED_CA_CERTIFICATE, "a", 1, 0 },
	{ "a_load", "cred buf load\nab\nc\3\ncred add 1 CA DEFAULT str",
	    SHELL_ADD, 1, CRED_CA_CERTIFICATE, "ab\nc", 4, 0 },
	{ "a_command_behind_the_end_of_a_load",
	    "cred buf load\na\r\n\3cred add 1 CA DEFAULT str", SHELL_ADD, 1,
	    CRED_CA_CERTIFICATE, "a\r\n", 3, 0 },
	{ "a_del", "cred del 3 SERV", SHELL_DELETE, 3, CRED_CERTIFICATE, NULL,
	    0, 0 },
	{ "a_get", "cred get 3 SERV bint", SHELL_GET, 3, CRED_CERTIFICATE, NULL,
	    0, 0 },
	{ "an_expiry", "cred expiry 3 CA", SHELL_EXPIRY, 3, CRED_CA_CERTIFICATE,
	    NULL, 0, 0 },
	{ "a_list", "cred list", SHELL_LIST, -1, 0, NULL, 0, 0 },
	{ "a_list_of_any", "cred list any any", SHELL_LIST, -1, 0, NULL, 0, 0 },
	{ "a_list_of_some", "cred list 4 PSK", SHELL_LIST, 4, CRED_PSK, NULL, 0,
	    0 },
};

static void
run(struct shell_session *s, const char *lines, struct shell_command *c)
{
	size_t left = strlen(lines), n;

	do {
		n = shell_next(s, lines, left, c);
		lines += n;
		left -= n;
		if (left > 0)
			shell_command_fini(c);
	} while (left > 0);
}

static void
a_line_is_understood(void **state)
{
	const struct line_case *t = *state;
	struct shell_session s = { .room = 0 };
	struct shell_command c;

	run(&s, t->lines, &c);
	if (c.verb != t->verb)
		fail_msg("verb %d: %s", c.verb, c.text);
	assert_int_equal(c.tag, t->tag);
	assert_int_equal(c.type, t->type);
	assert_int_equal(c.data.len, t->len);
	if (t->len > 0)
		assert_memory_equal(c.data.data, t->data, t->len);
	assert_int_equal(s.buffer.len, t->left);
	shell_command_fini(&c);
	shell_session_fini(&s);
}

static const struct wrong_case {
	const char *name;
	const char *lines;
	size_t room;
	enum shell_error error;
	const char *word;
} wrongs[] = {
	{ "no_command", "cred", 0, SHELL_ERROR_USAGE, "which command" },
	{ "no_such_command", "cred put", 0, SHELL_ERROR_USAGE, "put" },
	{ "a_buf_of_two", "cred buf a b", 0, SHELL_ERROR_USAGE, "one DATA" },
	{ "an_add_of_too_few", "cred add 1 CA DEFAULT", 0, SHELL_ERROR_USAGE,
	    "BACKEND" },
	{ "an_add_of_too_many", "cred add 1 CA DEFAULT str a b", 0,
	    SHELL_ERROR_USAGE, "BACKEND" },
	{ "words_without_end", "cred add 1 2 3 4 5 6 7 8 9 10 11 12", 0,
	    SHELL_ERROR_USAGE, "BACKEND" },
	{ "a_quote_without_end", "cred add 1 CA DEFAULT str \"a", 0,
	    SHELL_ERROR_USAGE, "quotation" },
	{ "no_tag", "cred add x CA DEFAULT str a", 0, SHELL_ERROR_TAG,
	    "\"x\" is no sec_tag" },
	{ "a_tag_that_is_too_great", "cred add 2147483648 CA DEFAULT str a", 0,
	    SHELL_ERROR_TAG, "sec_tag" },
	{ "any_tag", "cred add any CA DEFAULT str a", 0, SHELL_ERROR_TAG,
	    "sec_tag" },
	{ "no_type", "cred add 1 XX DEFAULT str a", 0, SHELL_ERROR_TYPE,
	    "\"XX\" is no type" },
	{ "no_backend", "cred add 1 CA x str a", 0, SHELL_ERROR_BACKEND,
	    "This is no backend" },
	{ "no_format", "cred add 1 CA DEFAULT hex a", 0, SHELL_ERROR_FORMAT,
	    "This is no format" },
	{ "a_nul_in_a_word", "cred add 1 CA DEFAULT str \"a\\0000b\"", 0,
	    SHELL_ERROR_USAGE, "a NUL" },
	{ "a_secret_in_the_place_of_a_format",
	    "cred add 1 PSK DEFAULT secret str", 0, SHELL_ERROR_FORMAT,
	    "no format" },
	{ "nothing_to_add", "cred add 1 CA DEFAULT bin", 0, SHELL_ERROR_EMPTY,
	    "Nothing to add" },
	{ "no_base64", "cred add 1 CA DEFAULT bin abc", 0, SHELL_ERROR_BASE64,
	    "base64" },
	{ "a_buffer_without_room", "cred buf abcd", 4, SHELL_ERROR_ROOM,
	    "CRED_BUF_SIZE" },
	{ "a_buffer_that_is_filled", "cred buf ab\ncred buf cd", 4,
	    SHELL_ERROR_ROOM, "CRED_BUF_SIZE" },
};

static void
a_line_is_wrong(void **state)
{
	const struct wrong_case *t = *state;
	struct shell_session s = { .room = t->room };
	struct shell_command c;

	run(&s, t->lines, &c);
	assert_int_equal(c.verb, SHELL_WRONG);
	assert_int_equal(c.error, t->error);
	if (strstr(c.text, "secret") != NULL)
		fail_msg("a secret is in: %s", c.text);
	if (strstr(c.text, t->word) == NULL)
		fail_msg("no \"%s\" in: %s", t->word, c.text);
	assert_int_equal(s.buffer.len, 0);
	shell_command_fini(&c);
	shell_session_fini(&s);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(goods) + LEN(wrongs)];
	const size_t n = test_rows(tests, a_line_is_understood, goods,
	    LEN(goods), sizeof(goods[0]));

	(void)test_rows(tests + n, a_line_is_wrong, wrongs, LEN(wrongs),
	    sizeof(wrongs[0]));
	return cmocka_run_group_tests_name("tools/shell_line", tests, NULL,
	    NULL);
}
