/* Scripts and logs of a modem's AT%CMNG. */
#include "support/test.h"

#include <string.h>

#include "cred/store.h"
#include "got.h"

#define SHA \
	"\"00112233445566778899AABBCCDDEEFF" \
	"00112233445566778899AABBCCDDEEFF\""
#define PEM "-----BEGIN A-----\nAA==\n-----END A-----\n"

/* A text, and the one value that it has under (16842753, type). */
static const struct good_case {
	const char *name;
	const char *text;
	int type;
	const char *data;
	size_t len;
} goods[] = {
	{ "a_command_of_several_lines",
	    "AT%CMNG=0,16842753,0,\"" PEM "\"\nOK\n", CRED_CA_CERTIFICATE, PEM,
	    sizeof(PEM) },
	{ "a_command_of_one_line",
	    "AT%CMNG=0,16842753,1,\"-----BEGIN A-----\\nAA==\\n"
	    "-----END A-----\\n\"\r\n",
	    CRED_CERTIFICATE, PEM, sizeof(PEM) },
	{ "a_command_of_a_shell",
	    "uart:~$ at 'at%cmng=0, 16842753, 2, \"" PEM "\"'\n",
	    CRED_PRIVATE_KEY, PEM, sizeof(PEM) },
	{ "a_psk_is_bytes", "AT%CMNG=0,16842753,3,\"00fF\"", CRED_PSK, "\0\377",
	    2 },
	{ "an_identity_is_text", "AT%CMNG=0,16842753,4,\"a\\n\"", CRED_PSK_ID,
	    "a\\n", 3 },
	{ "an_answer_with_content",
	    "AT%CMNG=2,16842753,0\n%CMNG: 16842753,0," SHA ",\"" PEM "\"\nOK\n",
	    CRED_CA_CERTIFICATE, PEM, sizeof(PEM) },
	{ "one_that_is_written_and_read",
	    "AT%CMNG=0,16842753,4,\"ab\"\nOK\n%CMNG: 16842753,4," SHA
	    ",\"ab\"\n",
	    CRED_PSK_ID, "ab", 2 },
	{ "other_commands_do_not_count",
	    "AT%CMNG=1\nAT%CMNG=3,1,0\nAT%CMNG=?\n%CMNG\n"
	    "AT%CMNG=0,16842753,4,\"ab\"\n",
	    CRED_PSK_ID, "ab", 2 },
	{ "a_test_of_what_there_is",
	    "AT%CMNG=?\n%CMNG: (0,1,2,3)\nAT%CMNG=0,16842753,4,\"ab\"\n",
	    CRED_PSK_ID, "ab", 2 },
	{ "a_deletion_takes_out_what_was_added",
	    "AT%CMNG=0,1,0,\"" PEM "\"\nAT%CMNG=0,16842753,4,\"x\"\n"
	    "AT%CMNG=3,1,0\nat%cmng=3,16842753,4\nAT%CMNG=3,4294967292,11\n"
	    "AT%CMNG=0,16842753,4,\"ab\"\n",
	    CRED_PSK_ID, "ab", 2 },
	/* T53: a tag and a type of the modem's own, and one without content. */
	{ "entries_of_the_modem_are_skipped",
	    "%CMNG: 4294967292,11," SHA "\n%CMNG: 1,11," SHA
	    "\n%CMNG: 4294967292,0," SHA ",\"" PEM "\"\n%CMNG: 2,0," SHA
	    "\nAT%CMNG=0,16842753,4,\"ab\"\n",
	    CRED_PSK_ID, "ab", 2 },
};

static void
a_value_is_read(void **state)
{
	const struct good_case *c = *state;
	struct got g =
	    got_import(kind_cmng_import, c->text, strlen(c->text), NULL);

	got_has(&g, 16842753, c->type, c->data, c->len);
	assert_int_equal(g.set.n, 1);
	got_fini(&g);
}

static const struct bad_case {
	const char *name;
	const char *text;
	int rc, line;
	const char *word;
} bads[] = {
	{ "nothing", "OK\n", MALFORMED, 0, "no AT%CMNG=0" },
	{ "content_that_does_not_end", "\nAT%CMNG=0,1,0,\"abc\n", MALFORMED, 2,
	    "between two" },
	{ "a_tag_below_0", "\nAT%CMNG=0,-5,4,\"x\"\n", MALFORMED, 2,
	    "AT%CMNG=0 has no tag" },
	{ "a_tag_above_32_bits", "AT%CMNG=0,4294967296,4,\"x\"\n", MALFORMED, 1,
	    "AT%CMNG=0 has no tag" },
	{ "a_tag_of_very_many_digits", "AT%CMNG=0,9999999999999,4,\"x\"\n",
	    MALFORMED, 1, "AT%CMNG=0 has no tag" },
	{ "a_tag_that_is_no_number", "AT%CMNG=0,x2,4,\"x\"\n", MALFORMED, 1,
	    "AT%CMNG=0 has no tag" },
	{ "a_tag_of_blanks", "AT%CMNG=0, ,4,\"x\"\n", MALFORMED, 1,
	    "AT%CMNG=0 has no tag" },
	{ "no_comma", "AT%CMNG=0;4,4,\"x\"\n", MALFORMED, 1,
	    "AT%CMNG=0 has no tag" },
	{ "a_type_that_is_no_number", "AT%CMNG=0,2,PSK,\"x\"\n", MALFORMED, 1,
	    "AT%CMNG=0 has no tag" },
	{ "an_answer_without_a_tag", "%CMNG: x,0\n", MALFORMED, 1,
	    "%CMNG: has no tag" },
	{ "a_deletion_of_nothing", "AT%CMNG=3\n", MALFORMED, 1,
	    "AT%CMNG=3 has no tag" },
	{ "no_content", "AT%CMNG=0,1,0\n", MALFORMED, 1, "no content" },
	{ "a_digest_that_does_not_end", "%CMNG: 1,0,\"00\n", MALFORMED, 1,
	    "does not end" },
	{ "a_psk_that_is_text", "\n\nAT%CMNG=0,1,3,\"secret\"\n", MALFORMED, 3,
	    "hexadecimal" },
	{ "a_pair_with_two_values",
	    "AT%CMNG=0,1,4,\"a\"\nAT%CMNG=0,1,4,\"b\"\n", CONFLICT, 2,
	    "1 PSK_ID is there twice" },
};

static void
a_mistake_is_named(void **state)
{
	const struct bad_case *c = *state;
	struct got g =
	    got_import(kind_cmng_import, c->text, strlen(c->text), NULL);

	got_failed(&g, c->rc, c->line, c->word);
	got_fini(&g);
}

static void
what_a_string_cannot_hold_is_left_out(void **state)
{
	struct kind_output o = { .eol = KIND_EOL_ESCAPED };
	struct set s = { .n = 0 };

	(void)state;
	say_quiet = 1;
	assert_non_null(set_add(&s, 1, CRED_PSK_ID, "a\"b", 3));
	assert_non_null(set_add(&s, 2, CRED_PSK_ID, "a\0b", 3));
	assert_non_null(set_add(&s, 3, CRED_CA_CERTIFICATE, "\x30\x80", 2));
	assert_non_null(set_add(&s, 4, CRED_PRIVATE_KEY_PSA, "1", 1));
	assert_non_null(set_add(&s, 5, CRED_CA_CERTIFICATE, PEM, sizeof(PEM)));
	assert_non_null(set_add(&s, 6, CRED_PSK, "\1\377", 2));
	assert_int_equal(kind_cmng_export(&o, &s), DONE);
	buf_put(&o.files[0].data, '\0');
	assert_string_equal((char *)o.files[0].data.data,
	    "AT%CMNG=0,5,0,\"-----BEGIN A-----\\nAA==\\n-----END A-----\\n\"\n"
	    "AT%CMNG=0,6,3,\"01ff\"\n");
	kind_output_fini(&o);
	s.n = 3; /* of which no one has a place */
	assert_int_equal(kind_cmng_export(&o, &s), DONE);
	assert_int_equal(o.n, 0);
	s.n = 6;
	set_fini(&s);
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(what_a_string_cannot_hold_is_left_out),
};

int
main(void)
{
	struct CMUnitTest tests[LEN(goods) + LEN(bads) + LEN(others)];
	size_t n = 0;

	n += test_rows(tests, a_value_is_read, goods, LEN(goods),
	    sizeof(goods[0]));
	n += test_rows(tests + n, a_mistake_is_named, bads, LEN(bads),
	    sizeof(bads[0]));
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("tools/kind_cmng", tests, NULL,
	    NULL);
}
