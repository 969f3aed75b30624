/* What a device has listed, as it was pasted. */
#include "support/test.h"

#include <string.h>

#include "compare_list.h"
#include "cred/store.h"
#include "got.h"

#define ABC "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
#define ABC_HEX \
	"\"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\""
#define A_HEX \
	"\"CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB\""

/* A text, how many it has, and the digest of 1 CA. */
static const struct good_case {
	const char *name;
	const char *text;
	size_t n;
	const char *digest;
} goods[] = {
	{ "a_list", "1,CA," ABC ",0\n1 credentials found.\n", 1, ABC },
	{ "a_list_with_prompts",
	    "uart:~$ cred list\r\n1,CA," ABC ",0\r\n\x1b[m"
	    "2,PSK," ABC ",0\r\n2 credentials found.\r\nuart:~$ \r\n",
	    2, ABC },
	{ "colours_of_a_terminal",
	    "\x1b[1;32muart:~$ \x1b[m1,CA," ABC ",0\x1b[m\n", 1, ABC },
	{ "a_log_with_times", "[00:00:01.234,567] 1,CA_CERT," ABC ",0\n", 1,
	    ABC },
	{ "an_error_in_place_of_a_digest", "1,CA,ERROR,-13\n", 1, "" },
	{ "csv",
	    "sectag,type,digest,status,len,form,not_before\n1,CA," ABC
	    ",0,3,text,\n",
	    1, ABC },
	{ "answers_of_a_modem",
	    "AT%CMNG=1\n%CMNG: 1,0," ABC_HEX "\n%CMNG: 2,3," ABC_HEX "\nOK\n",
	    2, ABC },
	{ "entries_of_the_modems_own",
	    "%CMNG: 1,0," ABC_HEX "\n%CMNG: 4294967292,11," ABC_HEX "\n", 1,
	    ABC },
	{ "types_without_a_name_here",
	    "1,CA," ABC ",0\n3,UNKNOWN," ABC ",0\n3,UNKNOWN,ERROR,-5\n"
	    "4,NEW_ONE," ABC ",0\n4 credentials found.\n",
	    4, ABC },
	{ "an_empty_list", "0 credentials found.\n", 0, NULL },
	{ "a_pair_twice_alike", "1,CA," ABC ",0\n1,CA," ABC ",0\n", 1, ABC },
};

static void
a_list_is_read(void **state)
{
	const struct good_case *c = *state;
	struct got g =
	    got_import(compare_list_read, c->text, strlen(c->text), NULL);
	const struct item *i = set_find(&g.set, 1, CRED_CA_CERTIFICATE);

	assert_int_equal(g.rc, DONE);
	assert_int_equal(g.set.n, c->n);
	if (c->digest != NULL) {
		assert_non_null(i);
		assert_string_equal(i->digest, c->digest);
	}
	got_fini(&g);
}

static const struct bad_case {
	const char *name;
	const char *text;
	int line;
	const char *word;
} bads[] = {
	{ "nothing", "", 0, "no line" },
	{ "no_list", "hello, 1, 2\n", 0, "no line" },
	{ "a_line_cut_short", "\n1,CA," ABC "\n", 2, "cut short" },
	{ "a_line_without_a_status", "1,CA," ABC ",\n", 1, "no status" },
	{ "a_digest_cut_short", "1,CA,ungWv48B,0\n", 1, "no digest" },
	{ "a_modems_digest_cut_short", "%CMNG: 1,0,\"BA78\"\n", 1,
	    "64 hexadecimal" },
	{ "a_modem_that_says_no_type", "%CMNG: 1\n", 1, "no tag and type" },
	{ "lines_that_are_missing", "1,CA," ABC ",0\n2 credentials found.\n", 0,
	    "a part is missing" },
	{ "a_pair_with_two_digests",
	    "%CMNG: 1,0," ABC_HEX "\n%CMNG: 1,0," A_HEX "\n", 2,
	    "another digest" },
};

static void
a_mistake_is_named(void **state)
{
	const struct bad_case *c = *state;
	struct got g =
	    got_import(compare_list_read, c->text, strlen(c->text), NULL);

	got_failed(&g, MALFORMED, c->line, c->word);
	got_fini(&g);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(goods) + LEN(bads)];
	const size_t n = test_rows(tests, a_list_is_read, goods, LEN(goods),
	    sizeof(goods[0]));

	(void)test_rows(tests + n, a_mistake_is_named, bads, LEN(bads),
	    sizeof(bads[0]));
	return cmocka_run_group_tests_name("tools/compare_list", tests, NULL,
	    NULL);
}
