/* Hexadecimal digits and base64. */
#include "support/test.h"

#include <string.h>

#include "cred/store.h"
#include "got.h"

static const struct good_case {
	const char *name;
	kind_import *import;
	const char *text;
	bool nul;
	const char *data;
	size_t len;
} goods[] = {
	{ "hex", kind_hex_import, "00fFA0", false, "\0\377\240", 3 },
	{ "hex_with_blanks_colons_and_lines", kind_hex_import,
	    "00 01:02\t03\r\n04\n", false, "\0\1\2\3\4", 5 },
	{ "hex_with_a_colon_at_a_line_end", kind_hex_import,
	    "  00:01:\r\n  02:03\n", false, "\0\1\2\3", 4 },
	{ "hex_in_words", kind_hex_import, "00000000 11223344\n", false,
	    "\0\0\0\0\x11\x22\x33\x44", 8 },
	{ "hex_with_a_nul", kind_hex_import, "61", true, "a", 2 },
	{ "hex_of_nothing", kind_hex_import, "\n", false, "", 0 },
	{ "base64", kind_base64_import, "AAEC", false, "\0\1\2", 3 },
	{ "base64_with_one_pad", kind_base64_import, "AAE=", false, "\0\1", 2 },
	{ "base64_with_two_pads_and_lines", kind_base64_import, "AA\n=\r\n=\n",
	    false, "\0", 1 },
	{ "base64_with_a_nul", kind_base64_import, "YQ==", true, "a", 2 },
};

static void
a_value_is_read(void **state)
{
	const struct good_case *c = *state;
	const struct kind_input o = { .tag = 3,
		.type = CRED_PSK,
		.nul = c->nul };
	struct got g = got_import(c->import, c->text, strlen(c->text), &o);

	got_has(&g, 3, CRED_PSK, c->data, c->len);
	got_fini(&g);
}

static const struct bad_case {
	const char *name;
	kind_import *import;
	const char *text;
	int line;
	const char *word;
} bads[] = {
	{ "hex_of_an_odd_number", kind_hex_import, "00\n0\n", 2, "odd" },
	{ "hex_with_a_blank_in_a_pair", kind_hex_import, "0 0", 1, "odd" },
	{ "hex_of_xxd", kind_hex_import, "00000000: 3132 3334  1234\n", 1,
	    "a colon" },
	{ "hex_of_od_x", kind_hex_import, "0000000 3231 3433\n0000004\n", 1,
	    "an offset" },
	{ "hex_of_od_with_offsets_of_six_digits", kind_hex_import,
	    "000000 31 32\n000002\n", 1, "an offset" },
	{ "hex_with_a_colon_first", kind_hex_import, "00\n:01", 2, "a colon" },
	{ "hex_with_a_colon_last", kind_hex_import, "00:\n", 1, "a colon" },
	{ "hex_with_two_colons", kind_hex_import, "00::01", 1, "a colon" },
	{ "hex_with_a_letter", kind_hex_import, "00\n0g\n", 2, "pairs" },
	{ "hex_with_a_lead", kind_hex_import, "0x00", 1, "pairs" },
	{ "base64_cut_short", kind_base64_import, "AAE", 0, "not all of" },
	{ "base64_with_bits_that_are_lost", kind_base64_import, "AB==", 0,
	    "no base64" },
	{ "base64_with_three_pads", kind_base64_import, "A===", 0,
	    "no base64" },
	{ "base64_behind_a_pad", kind_base64_import, "AA==\nAA==", 0,
	    "no base64" },
	{ "base64_of_pem", kind_base64_import, "AAAA\n-----BEGIN", 2,
	    "no base64" },
};

static void
a_mistake_is_named(void **state)
{
	const struct bad_case *c = *state;
	const struct kind_input o = { .tag = 3, .type = CRED_PSK };
	struct got g = got_import(c->import, c->text, strlen(c->text), &o);

	got_failed(&g, MALFORMED, c->line, c->word);
	got_fini(&g);
}

static void
bytes_that_tell_nothing_want_a_type(void **state)
{
	struct got g = got_import(kind_hex_import, "0102", 4, NULL);

	(void)state;
	got_failed(&g, USAGE, 0, "--type");
	got_fini(&g);
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(bytes_that_tell_nothing_want_a_type),
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
	return cmocka_run_group_tests_name("tools/kind_text", tests, NULL,
	    NULL);
}
