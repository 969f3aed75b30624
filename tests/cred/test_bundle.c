/* Bundles of credentials as text: what is in them, and what is wrong. */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/bundle.h"
#include "cred/store.h"

#define TOP "zsock-credentials 1\n"
#define CA(tag) "Sec-Tag: " tag "\nType: CA\n"
#define BLOCK "-----BEGIN A-----\nAAEC\n-----END A-----\n"
#define SHA_OF_ABC "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

static struct bundle
parse(const char *text, size_t len)
{
	struct bundle_error e;
	struct bundle b;

	if (bundle_parse(text, len, &b, &e) != 0)
		fail_msg("line %d: %s", e.line, e.text);
	return b;
}

/* One section, and the bytes that a device would have. */
static const struct value_case {
	const char *name;
	const char *section;
	const char *data;
	size_t len;
} values[] = {
	{ "text_is_its_bytes", "Text: a b \n", "a b ", 4 },
	{ "text_may_be_empty", "Text: \n", "", 0 },
	{ "text_without_a_line_end", "Text: abc", "abc", 3 },
	{ "text_may_be_of_another_alphabet", "Text: \303\244\n", "\303\244",
	    2 },
	{ "hex_is_what_it_says", "Hex: 00fFA0\n", "\0\377\240", 3 },
	{ "hex_may_have_blanks_and_colons", "hex: 00 01:02 \n", "\0\1\2", 3 },
	{ "hex_may_be_empty", "Hex: \n", "", 0 },
	{ "pem_has_a_nul", BLOCK, BLOCK, sizeof(BLOCK) },
	{ "pem_as_it_is_said", "Store: PEM\n" BLOCK, BLOCK, sizeof(BLOCK) },
	{ "pem_of_several_blocks", BLOCK BLOCK, BLOCK BLOCK,
	    sizeof(BLOCK BLOCK) },
	{ "pem_raw_has_no_nul", "Store: pem-raw\n" BLOCK, BLOCK,
	    sizeof(BLOCK) - 1 },
	{ "pem_chomped_has_no_last_line_end", "Chomp: yes\n" BLOCK,
	    "-----BEGIN A-----\nAAEC\n-----END A-----", sizeof(BLOCK) - 1 },
	{ "pem_chomped_and_raw", "Store: pem-raw\nChomp: yes\n" BLOCK, BLOCK,
	    sizeof(BLOCK) - 2 },
	{ "pem_without_a_last_line_end",
	    "-----BEGIN A-----\nAAEC\n-----END A-----", BLOCK, sizeof(BLOCK) },
	{ "pem_keeps_its_line_ends",
	    "-----BEGIN A-----\r\nAAEC\r\n-----END A-----\r\n",
	    "-----BEGIN A-----\r\nAAEC\r\n-----END A-----\r\n",
	    sizeof(BLOCK) + 3 },
	{ "pem_keeps_its_blanks",
	    "-----BEGIN A----- \nAA EC \n-----END A-----\n",
	    "-----BEGIN A----- \nAA EC \n-----END A-----\n",
	    sizeof(BLOCK) + 3 },
	{ "pem_with_a_header",
	    "-----BEGIN A-----\nProc-Type: 4\n\nAA==\n-----END A-----\n",
	    "-----BEGIN A-----\nProc-Type: 4\n\nAA==\n-----END A-----\n", 54 },
	{ "der_is_what_a_block_encodes", "Store: der\n" BLOCK, "\0\1\2", 3 },
	{ "der_of_two_bytes",
	    "Store: der\n-----BEGIN A-----\nAAE=\n-----END A-----\n", "\0\1",
	    2 },
	{ "der_of_no_bytes", "Store: der\n-----BEGIN A-----\n-----END A-----\n",
	    "", 0 },
	{ "bytes_are_what_they_encode",
	    "-----BEGIN ZSOCK BYTES-----\nAA\n==\n-----END ZSOCK BYTES-----\n",
	    "\0", 1 },
	{ "notes_and_comments_do_not_count",
	    "# a\nNote: b\nX-c: d\n\n \t\nText: abc\n# e\n\n", "abc", 3 },
	{ "a_digest_may_be_right", "Digest: " SHA_OF_ABC " \nText: abc\n",
	    "abc", 3 },
};

static void
value_is_read(void **state)
{
	const struct value_case *c = *state;
	char text[1024];
	struct bundle b;

	snprintf(text, sizeof(text), TOP CA("7") "%s", c->section);
	b = parse(text, strlen(text));
	assert_int_equal(b.n, 1);
	assert_int_equal(b.sections[0].tag, 7);
	assert_int_equal(b.sections[0].type, CRED_CA_CERTIFICATE);
	assert_int_equal(b.sections[0].line, 2);
	assert_int_equal(b.sections[0].len, c->len);
	assert_memory_equal(b.sections[0].data, c->data, c->len);
	bundle_fini(&b);
}

/* A whole text, and the line and a word of what is said to it. */
static const struct bad_case {
	const char *name;
	const char *text;
	int line;
	const char *said;
} bads[] = {
	{ "nothing", "", 1, "first line" },
	{ "pem_alone", BLOCK, 1, "first line" },
	{ "a_first_line_with_more", "zsock-credentials 1 \n", 1, "newer" },
	{ "another_version", "zsock-credentials 2\n", 1, "newer" },
	{ "a_nul", NULL, 3, "0x00" },
	{ "an_escape", TOP "# \33[0m\n", 2, "0x1b" },
	{ "a_lone_carriage_return", TOP "# a\rb\n", 2, "0x0d" },
	{ "text_in_the_head", TOP "hello\n", 2, "Name: value" },
	{ "a_name_without_a_blank", TOP "Note:a\n", 2, "Name: value" },
	{ "an_unknown_field_in_the_head", TOP "Type: CA\n", 2,
	    "unknown field \"Type\"" },
	{ "an_unknown_mode", TOP "Mode: seeds\n", 2, "seed or override" },
	{ "a_mode_twice", TOP "Mode: seed\nMode: seed\n", 3, "line 2" },
	{ "test_only_perhaps", TOP "Test-Only: maybe\n", 2, "yes or no" },
	{ "test_only_twice", TOP "Test-Only: no\n\ntest-only: no\n", 4,
	    "line 2" },
	{ "a_negative_tag", TOP CA("-1") "Text: a\n", 2, "0 to 2147483647" },
	{ "a_large_tag", TOP CA("2147483648") "Text: a\n", 2, "2147483647" },
	{ "a_very_large_tag", TOP CA("99999999999999999999") "Text: a\n", 2,
	    "2147483647" },
	{ "a_tag_with_more", TOP CA("1x") "Text: a\n", 2, "2147483647" },
	{ "a_tag_of_nothing", TOP "Sec-Tag: \nType: CA\n", 2, "2147483647" },
	{ "an_unknown_type", TOP "Sec-Tag: 1\nType: CERT\n", 3, "SERV" },
	{ "a_type_twice", TOP CA("1") "Type: CA\nText: a\n", 4, "line 3" },
	{ "no_type", TOP "Sec-Tag: 1\nText: a\n", 2, "no \"Type: \"" },
	{ "no_value", TOP CA("1"), 2, "no value" },
	{ "no_value_before_the_next", TOP CA("1") CA("2") "Text: a\n", 2,
	    "no value" },
	{ "a_value_and_another", TOP CA("1") "Text: a\nHex: 00\n", 5,
	    "in line 4, is its last" },
	{ "a_value_and_a_block", TOP CA("1") "Text: a\n" BLOCK, 5,
	    "in line 4" },
	{ "a_block_and_a_value", TOP CA("1") BLOCK "Text: a\n", 7,
	    "in line 4" },
	{ "a_field_after_the_value", TOP CA("1") "Text: a\nNote: b\n", 5,
	    "in line 4" },
	{ "text_between_blocks", TOP CA("1") BLOCK "hello\n" BLOCK, 7,
	    "in line 4" },
	{ "an_empty_line_between_blocks", TOP CA("1") BLOCK "\n" BLOCK, 8,
	    "in line 4" },
	{ "an_unknown_field", TOP CA("1") "Stroe: der\n" BLOCK, 4,
	    "unknown field \"Stroe\"" },
	{ "an_unknown_store", TOP CA("1") "Store: p12\n", 4, "pem-raw" },
	{ "a_store_twice", TOP CA("1") "Store: der\nStore: der\n", 5,
	    "line 4" },
	{ "a_store_of_text", TOP CA("1") "Store: der\nText: a\n", 4,
	    "is for PEM" },
	{ "a_store_of_bytes",
	    TOP CA("1") "Store: der\n-----BEGIN ZSOCK BYTES-----\nAA==\n"
	                "-----END ZSOCK BYTES-----\n",
	    4, "is for PEM" },
	{ "a_chomp_of_hex", TOP CA("1") "Chomp: yes\nHex: 00\n", 4,
	    "is for PEM" },
	{ "a_chomp_of_no", TOP CA("1") "Chomp: no\n", 4, "is yes" },
	{ "a_digest_twice", TOP CA("1") "Digest: a\nDigest: a\nText: a\n", 5,
	    "line 4" },
	{ "a_wrong_digest", TOP CA("1") "Digest: " SHA_OF_ABC "\nText: abd\n",
	    5, "has changed" },
	{ "a_digest_of_other_line_ends",
	    TOP CA("1") "Digest: "
	                "aMF7bZsRqZ0bPpnkSyzmlAhqZlWZ0oCbN3dTSFV6fAA=\n"
	                "-----BEGIN A-----\r\nAAEC\r\n-----END A-----\r\n",
	    5, "line ends" },
	{ "hex_with_a_letter", TOP CA("1") "Hex: 0g\n", 4, "hexadecimal" },
	{ "hex_of_an_odd_number", TOP CA("1") "Hex: 000\n", 4, "odd" },
	{ "redacted_of_no", TOP CA("1") "Redacted: no\n", 4, "is yes" },
	{ "a_block_without_an_end", TOP CA("1") "-----BEGIN A-----\nAAEC\n", 4,
	    "no END" },
	{ "a_block_in_a_block",
	    TOP CA("1") "-----BEGIN A-----\nAAEC\n-----BEGIN A-----\n", 4,
	    "no END" },
	{ "an_end_of_another",
	    TOP CA("1") "-----BEGIN A-----\nAAEC\n-----END AB-----\n", 6,
	    "BEGIN A of line 4" },
	{ "an_end_alone", TOP CA("1") "-----END A-----\n", 4, "Name: value" },
	{ "a_letter_that_is_no_base64",
	    TOP CA("1") "-----BEGIN A-----\nAA\nE!\n-----END A-----\n", 6,
	    "no base64" },
	{ "base64_that_is_cut",
	    TOP CA("1") "-----BEGIN A-----\nAAE\n-----END A-----\n", 4,
	    "not complete" },
	{ "base64_that_loses_bits",
	    TOP CA("1") "-----BEGIN A-----\nAB==\n-----END A-----\n", 4,
	    "not complete" },
	{ "base64_after_its_end",
	    TOP CA("1") "-----BEGIN A-----\nAA==\nAA==\n-----END A-----\n", 6,
	    "no base64" },
	{ "base64_with_too_many_ends",
	    TOP CA("1") "-----BEGIN A-----\nAA===\n-----END A-----\n", 5,
	    "no base64" },
	{ "der_of_two_blocks", TOP CA("1") "Store: der\n" BLOCK BLOCK, 8,
	    "one block" },
	{ "bytes_and_a_block",
	    TOP CA("1") "-----BEGIN ZSOCK BYTES-----\nAA==\n"
	                "-----END ZSOCK BYTES-----\n" BLOCK,
	    7, "stands alone" },
	{ "a_block_and_bytes",
	    TOP CA("1") BLOCK "-----BEGIN ZSOCK BYTES-----\nAA==\n"
	                      "-----END ZSOCK BYTES-----\n",
	    7, "stands alone" },
	{ "the_same_twice",
	    TOP CA("3") "Text: a\n" CA("4") "Text: a\n"
	                                    "Sec-Tag: 3\nType: ca_cert\n"
	                                    "Text: b\n",
	    8, "sec_tag 3 has a CA already, in line 2" },
};

static void
fault_is_told(void **state)
{
	static const char with_nul[] = TOP "\n# a\0b\n";
	const struct bad_case *c = *state;
	const char *text = c->text != NULL ? c->text : with_nul;
	const size_t len =
	    c->text != NULL ? strlen(c->text) : sizeof(with_nul) - 1;
	struct bundle b = { .n = 77 };
	struct bundle_error e;

	assert_int_equal(bundle_parse(text, len, &b, &e), -EINVAL);
	assert_int_equal(b.n, 77);
	if (strstr(e.text, c->said) == NULL)
		fail_msg("no \"%s\" in: %s", c->said, e.text);
	assert_int_equal(e.line, c->line);
}

static const struct type_case {
	const char *name;
	int type;
} types[] = {
	{ "CA", CRED_CA_CERTIFICATE },
	{ "ca_cert", CRED_CA_CERTIFICATE },
	{ "ROOT_CA_CERT", CRED_CA_CERTIFICATE },
	{ "SERV", CRED_CERTIFICATE },
	{ "Server_Cert", CRED_CERTIFICATE },
	{ "CLIENT_CERT", CRED_CERTIFICATE },
	{ "CLIENT", CRED_CERTIFICATE },
	{ "SELF", CRED_CERTIFICATE },
	{ "SELF_CERT", CRED_CERTIFICATE },
	{ "pk", CRED_PRIVATE_KEY },
	{ "PRIVATE_KEY", CRED_PRIVATE_KEY },
	{ "CLIENT_KEY", CRED_PRIVATE_KEY },
	{ "PSK", CRED_PSK },
	{ "PRE_SHARED_KEY", CRED_PSK },
	{ "PSK_ID", CRED_PSK_ID },
	{ "PRE_SHARED_KEY_ID", CRED_PSK_ID },
	{ "IDENTITY", CRED_PSK_ID },
	{ "PK_PSA", CRED_PRIVATE_KEY_PSA },
};

static void
type_is_known(void **state)
{
	const struct type_case *c = *state;
	char text[200];
	struct bundle b;

	snprintf(text, sizeof(text), TOP "Sec-Tag: 1\nType: %s\nText: a\n",
	    c->name);
	b = parse(text, strlen(text));
	assert_int_equal(b.sections[0].type, c->type);
	bundle_fini(&b);
}

static void
the_head_is_read(void **state)
{
	static const char text[] = TOP "# a\nmode: Override\nTEST-ONLY: yes\n"
	                               "Note: b\nX-c: d\n";
	struct bundle b;

	(void)state;
	b = parse(TOP, strlen(TOP) - 1);
	assert_false(b.test_only);
	assert_int_equal(b.mode, BUNDLE_SEED);
	assert_int_equal(b.n, 0);
	bundle_fini(&b);
	b = parse(text, strlen(text));
	assert_true(b.test_only);
	assert_int_equal(b.mode, BUNDLE_OVERRIDE);
	bundle_fini(&b);
}

static void
what_is_redacted_has_no_value(void **state)
{
	static const char text[] =
	    TOP "Sec-Tag: 1\nType: PSK\nDigest: x\nRedacted: yes\n";
	struct bundle b = parse(text, strlen(text));

	(void)state;
	assert_true(b.sections[0].redacted);
	assert_null(b.sections[0].data);
	assert_int_equal(b.sections[0].len, 0);
	bundle_fini(&b);
}

/* What is between belongs to nobody. */
static void
sections_know_where_they_are(void **state)
{
	static const char first[] = CA("1") "\n# own\nText: a\n",
	                  between[] = "# of the next\n\n",
	                  second[] = CA("2") BLOCK;
	char text[500];
	struct bundle b;

	(void)state;
	snprintf(text, sizeof(text), TOP "%s%s%s\n# end\n", first, between,
	    second);
	b = parse(text, strlen(text));
	assert_int_equal(b.n, 2);
	assert_int_equal(b.sections[0].begin, strlen(TOP));
	assert_int_equal(b.sections[0].end, strlen(TOP) + strlen(first));
	assert_int_equal(b.sections[1].begin,
	    b.sections[0].end + strlen(between));
	assert_int_equal(b.sections[1].end - b.sections[1].begin,
	    strlen(second));
	assert_int_equal(b.sections[1].line, 9);
	bundle_fini(&b);
}

/* So many of a line, behind the top; freed by the caller. */
static char *
repeat(const char *line, size_t n)
{
	const size_t len = strlen(line);
	char *text = malloc(strlen(TOP) + n * len + 1);

	assert_non_null(text);
	strcpy(text, TOP);
	for (size_t i = 0; i < n; i++)
		memcpy(text + strlen(TOP) + i * len, line, len + 1);
	return text;
}

static void
assert_too_much(char *text, int line)
{
	struct bundle_error e;
	struct bundle b;

	assert_int_equal(bundle_parse(text, strlen(text), &b, &e), -EFBIG);
	assert_int_equal(e.line, line);
	assert_true(strlen(e.text) > 0);
	free(text);
}

static void
limits_are_kept(void **state)
{
	char *text, *at;
	struct bundle b;

	(void)state;
	text = repeat("\n", BUNDLE_SIZE_MAX - strlen(TOP));
	b = parse(text, strlen(text));
	bundle_fini(&b);
	free(text);
	assert_too_much(repeat("\n", BUNDLE_SIZE_MAX - strlen(TOP) + 1), 1);
	assert_too_much(repeat("#", BUNDLE_LINE_MAX + 1), 2);

	text = repeat(" ", BUNDLE_VALUE_MAX + 40);
	at = text + strlen(TOP);
	memcpy(at, CA("1") "Text: ", strlen(CA("1") "Text: "));
	assert_too_much(text, 4);

	text = repeat("Sec-Tag: 0000\nType: PSK\nText: a\n",
	    BUNDLE_SECTIONS_MAX + 1);
	at = text;
	for (int i = 0; (at = strstr(at, "0000")) != NULL; i++, at += 4) {
		char number[12];

		snprintf(number, sizeof(number), "%04d", i);
		memcpy(at, number, 4);
	}
	at = strstr(text, "Sec-Tag: 1024");
	assert_non_null(at);
	b = parse(text, (size_t)(at - text));
	assert_int_equal(b.n, BUNDLE_SECTIONS_MAX);
	bundle_fini(&b);
	assert_too_much(text, 2 + 3 * BUNDLE_SECTIONS_MAX);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(the_head_is_read),
		cmocka_unit_test(what_is_redacted_has_no_value),
		cmocka_unit_test(sections_know_where_they_are),
		cmocka_unit_test(limits_are_kept),
	};
	struct CMUnitTest
	    tests[LEN(others) + LEN(values) + LEN(bads) + LEN(types)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, value_is_read, values, LEN(values),
	    sizeof(values[0]));
	n += test_rows(tests + n, fault_is_told, bads, LEN(bads),
	    sizeof(bads[0]));
	n += test_rows(tests + n, type_is_known, types, LEN(types),
	    sizeof(types[0]));
	return cmocka_run_group_tests_name("cred/bundle", tests, NULL, NULL);
}
