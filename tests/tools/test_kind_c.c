/* Arrays and strings of C source: what they are, and where they are wrong. */
#include "support/test.h"

#include <string.h>

#include "c_arrays.h"
#include "cred/store.h"
#include "got.h"

/* T51: a source, the symbol that is asked for, and the bytes of a PSK. */
static const struct good_case {
	const char *name;
	const char *text;
	const char *symbol;
	const char *data;
	size_t len;
} goods[] = {
	{ "a_list_of_file2hex", "0x01, 0x02, 0xff,\n0x00,\n", NULL,
	    "\1\2\377\0", 4 },
	{ "a_list_without_a_last_comma", "1, 2", NULL, "\1\2", 2 },
	{ "a_list_with_comments", "// a\n0x01, /* 0x02, */ 0x03,\n", NULL,
	    "\1\3", 2 },
	{ "a_list_in_parentheses", "(0x41), (0x42),", NULL, "AB", 2 },
	{ "literals_without_a_name", "\"ab\"\n\"c\\n\"\n", NULL, "abc\n", 4 },
	{ "an_array_of_xxd",
	    "unsigned char psk[] = {\n  0x61, 0x62\n};\n"
	    "unsigned int psk_len = 2;\n",
	    NULL, "ab", 2 },
	{ "numbers_of_all_bases", "char a[] = { 0x61, 98, 0143, 0b1100100 };",
	    NULL, "abcd", 4 },
	{ "numbers_with_their_type", "char a[] = { 0x61u, 98UL };", NULL, "ab",
	    2 },
	{ "numbers_with_a_sign", "char a[] = { -1, -128 };", NULL, "\377\200",
	    2 },
	{ "characters", "char a[] = { 'a', '\\n', '\\'', '\\x41', '\\101' };",
	    NULL, "a\n'AA", 5 },
	{ "a_literal_has_no_nul_of_its_own", "const char *a = \"ab\";", NULL,
	    "ab", 2 },
	{ "adjacent_literals", "char a[] = \"a\" /* b */ \"b\"\n\t\"c\";", NULL,
	    "abc", 3 },
	{ "a_literal_in_braces", "char a[] = { \"ab\" };", NULL, "ab", 2 },
	{ "a_literal_in_braces_with_a_last_comma",
	    "char a[] = { \"a\" \"b\", };", NULL, "ab", 2 },
	{ "literals_of_an_array_of_them_do_not_count",
	    "char *n[] = { \"c\", \"d\", }; char a[] = \"ab\";", NULL, "ab",
	    2 },
	{ "literals_without_a_name_and_a_last_comma", "\"a\"\n\"b\",\n", NULL,
	    "ab", 2 },
	{ "a_literal_in_parentheses", "char a[] = (\"ab\");", NULL, "ab", 2 },
	{ "a_literal_behind_a_cast", "x = (const char *)\"ab\";", NULL, "ab",
	    2 },
	{ "escapes", "char a[] = \"\\r\\t\\\\\\\"\\0\\12\\1234\\x41\\?\";",
	    NULL, "\r\t\\\"\0\nS4A?", 10 },
	{ "a_hexadecimal_escape_ends_with_its_literal",
	    "char a[] = \"\\x41\" \"B\";", NULL, "AB", 2 },
	{ "a_define", "#define A \"a\" \\\n\t\"b\"\n#define B 1\n", NULL, "ab",
	    2 },
	{ "a_define_at_the_end", "#define A \"ab\"", NULL, "ab", 2 },
	{ "a_define_of_dos", "#define A \"a\" \\\r\n\t\"b\"\r\n", NULL, "ab",
	    2 },
	{ "a_define_of_braces", "#  define A { 0x61, 0x62 }\n", NULL, "ab", 2 },
	{ "a_literal_that_goes_on_in_the_next_line", "char a[] = \"a\\\nb\";",
	    NULL, "ab", 2 },
	{ "attributes_and_a_section",
	    "static const char a[] __attribute__((section(\"x\"))) "
	    "__aligned(4) = \"ab\";",
	    NULL, "ab", 2 },
	{ "one_of_a_function",
	    "int main(void)\n{\n\tstatic char a[] = \"ab\";\n\n\tif (b == 1)"
	    "\n\t\treturn f(\"c\", 'd');\n}\n",
	    NULL, "ab", 2 },
	{ "one_of_a_structure", "struct s s = { .n = 2, .a = \"ab\" };", NULL,
	    "ab", 2 },
	{ "one_that_has_the_room_it_says", "char a[2] = { 0x61, 0x62 };", NULL,
	    "ab", 2 },
	{ "a_literal_that_has_room_for_its_nul", "char a[3] = \"ab\";", NULL,
	    "ab", 2 },
	{ "other_lines_of_the_preprocessor",
	    "#ifdef A\n#include \"b.h\"\n#error don't\nchar a[] = \"ab\";\n"
	    "#endif\n",
	    NULL, "ab", 2 },
	{ "numbers_that_are_no_bytes_do_not_count",
	    "int n[] = { 4433, 1 }; char a[] = \"ab\"; float f = 1.5;", NULL,
	    "ab", 2 },
	{ "one_of_several", "char a[] = \"x\"; char b[] = \"ab\";", "b", "ab",
	    2 },
	{ "one_of_several_without_a_mistake",
	    "char a[] = { 1, 2, 'xy' }; char b[] = \"ab\";", "b", "ab", 2 },
};

static void
bytes_are_read(void **state)
{
	const struct good_case *c = *state;
	const struct kind_input o = { .tag = 3,
		.type = CRED_PSK,
		.symbol = c->symbol };
	struct got g = got_import(kind_c_import, c->text, strlen(c->text), &o);

	got_has(&g, 3, CRED_PSK, c->data, c->len);
	got_fini(&g);
}

/* T51: where it is wrong. */
static const struct bad_case {
	const char *name;
	const char *text;
	const char *symbol;
	int rc, line;
	const char *word;
} bads[] = {
	{ "nothing", "", NULL, MALFORMED, 0, "no array" },
	{ "no_array", "int main(void)\n{\n\treturn 0;\n}\n", NULL, MALFORMED, 0,
	    "no array" },
	{ "an_array_cut_short", "char a[] = {\n0x01,\n0x02,\n", NULL, MALFORMED,
	    4, "cut short" },
	{ "an_array_cut_in_a_number", "char a[] = {\n0x01,\n0x", NULL,
	    MALFORMED, 3, "whole number" },
	{ "a_literal_cut_short", "char a[] =\n\"abc", NULL, MALFORMED, 2,
	    "does not end" },
	{ "a_literal_without_its_semicolon", "char a[] =\n\"abc\"\n", NULL,
	    MALFORMED, 3, "cut short" },
	{ "a_literal_over_two_lines", "char a[] = \"a\nb\";", NULL, MALFORMED,
	    1, "does not end" },
	{ "a_comment_that_does_not_end", "char a[] = { 1, /* 2 };", NULL,
	    MALFORMED, 1, "comment" },
	{ "a_comma_that_is_missing", "char a[] = { 1\n2 };", NULL, MALFORMED, 2,
	    "comma" },
	{ "an_include_in_an_array", "char a[] = {\n#include \"a.inc\"\n};\n",
	    NULL, MALFORMED, 2, "includes" },
	{ "a_macro_between_literals", "char a[] = \"a\"\nEOL \"b\";", NULL,
	    MALFORMED, 2, "EOL is a macro" },
	{ "an_escape_that_means_nothing", "char a[] = \"\\q\";", NULL,
	    MALFORMED, 1, "backslash" },
	{ "an_escape_above_a_byte", "char a[] = \"\\x100\";", NULL, MALFORMED,
	    1, "backslash" },
	{ "a_length_that_is_another",
	    "unsigned char a[] = {\n1, 2 };\nunsigned a_len = 3;", NULL,
	    MALFORMED, 1, "line 3 says 3" },
	{ "a_size_that_is_another", "char a[4] = { 1, 2 };", NULL, MALFORMED, 1,
	    "is to have 4" },
	{ "a_list_in_which_a_comma_is_missing", "1, 2 3", NULL, MALFORMED, 1,
	    "comma" },
	{ "literals_without_a_name_with_commas", "\"abc\",\n\"def\"\n", NULL,
	    MALFORMED, 2, "between two values" },
	{ "several", "char a[] = \"x\"; char b[] = \"y\";", NULL, USAGE, 0,
	    "--symbol: a, b" },
	{ "a_name_that_is_not_there", "char a[] = \"x\";", "c", ABSENT, 0,
	    "there are: a" },
	{ "a_name_that_is_there_twice", "char a[] = \"x\"; char a[] = \"y\";",
	    "a", MALFORMED, 0, "several arrays have that name" },
};

static void
a_mistake_is_named(void **state)
{
	const struct bad_case *c = *state;
	const struct kind_input o = { .tag = 3,
		.type = CRED_PSK,
		.symbol = c->symbol };
	struct got g = got_import(kind_c_import, c->text, strlen(c->text), &o);

	got_failed(&g, c->rc, c->line, c->word);
	got_fini(&g);
}

/* Writes PEM as literals, without what a line of them ends with. */
static void
quote(struct buf *b, const unsigned char *pem, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i == 0 || pem[i - 1] == '\n')
			buf_text(b, "\t\"");
		if (pem[i] == '\n')
			buf_text(b, "\\n\"\n");
		else
			buf_put(b, pem[i]);
	}
}

static void
pem_gets_its_nul_and_its_type(void **state)
{
	struct buf b = { .data = NULL };
	struct kind_input o = { .tag = 7 };
	struct got g;

	(void)state;
	buf_text(&b,
	    "static const char host[] = \"example.com\";\n"
	    "static const char ca[] =\n");
	quote(&b, got_pki.ca, got_pki.ca_len - 1);
	buf_text(&b, ";\n");
	g = got_import(kind_c_import, b.data, b.len, &o);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	got_fini(&g);
	o.raw = true;
	g = got_import(kind_c_import, b.data, b.len, &o);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len - 1);
	got_fini(&g);
	buf_fini(&b);
}

static void
a_certificate_and_its_key_in_one_string_are_taken_apart(void **state)
{
	struct buf b = { .data = NULL };
	struct got g;

	(void)state;
	buf_text(&b, "#define BOTH \\\n");
	quote(&b, got_pki.leaf, got_pki.leaf_len - 1);
	quote(&b, got_pki.key, got_pki.key_len - 1);
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] == '\n' && b.data[i - 1] == '"')
			b.data[i] = ' '; /* all of it in the one line */
	}
	g = got_import(kind_c_import, b.data, b.len, NULL);
	got_has(&g, 7, CRED_CERTIFICATE, got_pki.leaf, got_pki.leaf_len);
	got_has(&g, 7, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
	got_fini(&g);
	buf_fini(&b);
}

static void
more_arrays_than_there_may_be_are_too_many(void **state)
{
	struct buf b = { .data = NULL };
	struct got g;

	(void)state;
	for (int i = 0; i < C_ARRAYS_MAX + 1; i++)
		buf_text(&b, "char a[] = \"b\";");
	g = got_import(kind_c_import, b.data, b.len, NULL);
	got_failed(&g, LIMIT, 0, "more than 1024");
	got_fini(&g);
	buf_fini(&b);
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(pem_gets_its_nul_and_its_type),
	cmocka_unit_test(
	    a_certificate_and_its_key_in_one_string_are_taken_apart),
	cmocka_unit_test(more_arrays_than_there_may_be_are_too_many),
};

int
main(void)
{
	struct CMUnitTest tests[LEN(goods) + LEN(bads) + LEN(others)];
	size_t n = 0;

	n += test_rows(tests, bytes_are_read, goods, LEN(goods),
	    sizeof(goods[0]));
	n += test_rows(tests + n, a_mistake_is_named, bads, LEN(bads),
	    sizeof(bads[0]));
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("tools/kind_c", tests, got_setup,
	    got_teardown);
}
