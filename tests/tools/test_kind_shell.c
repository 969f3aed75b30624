/* Scripts for Zephyr's shell. */
#include "support/test.h"

#include <string.h>

#include "cred/store.h"
#include "got.h"

static const struct good_case {
	const char *name;
	const char *text;
	size_t n;
	const char *data; /* of 1 CA, if that is there */
	size_t len;
} goods[] = {
	{ "a_script",
	    "# a\ncred buf clear\ncred buf YW\ncred buf Jj\n"
	    "cred add 1 CA DEFAULT bint\ncred add 1 PSK DEFAULT str x\n",
	    2, "abc", 4 },
	{ "one_of_dos_without_a_last_line_end",
	    "cred buf YWJj\r\ncred add 1 CA DEFAULT bin", 1, "abc", 3 },
	{ "a_log_with_answers",
	    "uart:~$ cred add 1 CA DEFAULT str abc\r\n"
	    "Added TLS credential of type CA_CERT, sectag 1, and length 3 "
	    "bytes.\r\nuart:~$ cred list\r\n",
	    1, "abc", 3 },
	{ "an_add_behind_the_end_of_a_load",
	    "cred buf load\nabc\3cred add 1 CA DEFAULT str\n", 1, "abc", 3 },
	{ "a_del_before_an_add",
	    "cred del 1 CA\ncred add 1 CA DEFAULT str abc\n", 1, "abc", 3 },
	{ "a_del_after_an_add",
	    "cred add 1 CA DEFAULT str x\ncred add 2 CA DEFAULT str y\n"
	    "cred del 1 CA\n",
	    1, NULL, 0 },
	{ "an_add_after_a_del",
	    "cred add 1 CA DEFAULT str x\ncred del 1 CA\n"
	    "cred add 1 CA DEFAULT str abc\n",
	    1, "abc", 3 },
};

static void
a_script_is_read(void **state)
{
	const struct good_case *c = *state;
	struct got g =
	    got_import(kind_shell_import, c->text, strlen(c->text), NULL);

	if (c->data != NULL)
		got_has(&g, 1, CRED_CA_CERTIFICATE, c->data, c->len);
	assert_int_equal(g.rc, DONE);
	assert_int_equal(g.set.n, c->n);
	got_fini(&g);
}

static const struct bad_case {
	const char *name;
	const char *text;
	int rc, line;
	const char *word;
} bads[] = {
	{ "nothing", "", MALFORMED, 0, "no \"cred\"" },
	{ "no_command", "hello\n", MALFORMED, 0, "no \"cred\"" },
	{ "one_cut_short", "cred buf YWJj\ncred buf YWJj\n", MALFORMED, 2,
	    "no \"cred add\"" },
	{ "a_wrong_line", "\ncred add 1 CA DEFAULT bin a\n", MALFORMED, 2,
	    "base64" },
	{ "a_nul_in_a_value", "cred add 1 CA DEFAULT str \"a\\x00b\"\n",
	    MALFORMED, 1, "a NUL" },
	{ "a_wrong_line_behind_a_load",
	    "cred buf load\na\nb\3cred add 1 CA DEFAULT bin\n", MALFORMED, 3,
	    "base64" },
	{ "a_pair_twice",
	    "cred add 1 CA DEFAULT str a\ncred add 1 CA DEFAULT str b\n",
	    CONFLICT, 2, "1 CA is there twice" },
};

static void
a_mistake_is_named(void **state)
{
	const struct bad_case *c = *state;
	struct got g =
	    got_import(kind_shell_import, c->text, strlen(c->text), NULL);

	got_failed(&g, c->rc, c->line, c->word);
	got_fini(&g);
}

/* A value of so many bytes, and the buffer that it needs. */
static const struct room_case {
	const char *name;
	size_t len;
	const char *line;
} rooms[] = {
	{ "the_greatest_for_1024", 765, "at least 1021 (it is 1024" },
	{ "one_byte_more", 766, "at least 1025, above its default 1024" },
	{ "a_byte", 1, "at least 5 (" },
};

static void
the_buffer_it_needs_is_stated(void **state)
{
	static const unsigned char zeros[1024] = { 1 };
	const struct room_case *c = *state;
	struct kind_output o = { .as = KIND_AS_IS };
	struct set s = { .n = 0 };
	char line[128];
	size_t n;

	assert_non_null(set_add(&s, 1, CRED_CA_CERTIFICATE, zeros, c->len));
	s.items[0].data[c->len - 1] = 1;
	assert_int_equal(kind_shell_export(&o, &s), DONE);
	n = strcspn((char *)o.files[0].data.data, "\n");
	assert_in_range(n, 1, sizeof(line) - 1);
	memcpy(line, o.files[0].data.data, n);
	line[n] = '\0';
	if (strstr(line, c->line) == NULL)
		fail_msg("no \"%s\" in: %s", c->line, line);
	kind_output_fini(&o);
	set_fini(&s);
}

/* Its base64 is "load", which is a word of the shell's own. */
static void
a_value_that_reads_load_comes_back(void **state)
{
	static const unsigned char value[] = { 0x96, 0x86, 0x9d };
	struct kind_output o = { .as = KIND_AS_IS };
	struct set s = { .n = 0 };
	struct got g;

	(void)state;
	assert_non_null(set_add(&s, 7, CRED_PSK, value, sizeof(value)));
	assert_int_equal(kind_shell_export(&o, &s), DONE);
	g = got_import(kind_shell_import, (char *)o.files[0].data.data,
	    o.files[0].data.len, NULL);
	assert_int_equal(g.set.n, 1);
	assert_int_equal(g.set.items[0].len, sizeof(value));
	assert_memory_equal(g.set.items[0].data, value, sizeof(value));
	got_fini(&g);
	kind_output_fini(&o);
	set_fini(&s);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(goods) + LEN(bads) + LEN(rooms) + 1];
	size_t n = 0;

	n += test_rows(tests, a_script_is_read, goods, LEN(goods),
	    sizeof(goods[0]));
	n += test_rows(tests + n, a_mistake_is_named, bads, LEN(bads),
	    sizeof(bads[0]));
	n += test_rows(tests + n, the_buffer_it_needs_is_stated, rooms,
	    LEN(rooms), sizeof(rooms[0]));
	tests[n] = (struct CMUnitTest)cmocka_unit_test(
	    a_value_that_reads_load_comes_back);
	return cmocka_run_group_tests_name("tools/kind_shell", tests, NULL,
	    NULL);
}
