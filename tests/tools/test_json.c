/* JSON as the tool writes it. */
#include "support/test.h"

#include <unistd.h>

#include "json.h"
#include "say.h"
#include "tools/redirect.h"

static void
objects_and_lists_nest(void **state)
{
	struct json j = { .depth = 0 };

	(void)state;
	redirect_begin(STDOUT_FILENO);
	json_object(&j, NULL);
	json_number(&j, "n", -7);
	json_list(&j, "empty");
	json_end(&j);
	json_list(&j, "list");
	json_object(&j, NULL);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_end(&j);
	json_text(&j, NULL, "t");
	json_end(&j);
	json_end(&j);
	assert_int_equal(out_end(), DONE);
	assert_string_equal(redirect_end(),
	    "{\n"
	    "  \"n\": -7,\n"
	    "  \"empty\": [],\n"
	    "  \"list\": [\n"
	    "    {\n"
	    "      \"yes\": true,\n"
	    "      \"no\": false\n"
	    "    },\n"
	    "    \"t\"\n"
	    "  ]\n"
	    "}\n");
}

/* A text, and what it is in JSON. */
static const struct text_case {
	const char *name;
	const char *text;
	size_t len;
	const char *json;
} texts[] = {
	{ "quotes_and_backslashes_are_escaped", "\"\\/", 3,
	    "[\n  \"\\\"\\\\/\"\n]\n" },
	{ "line_ends_are_short", "a\nb", 3, "[\n  \"a\\nb\"\n]\n" },
	{ "controls_are_numbers", "\0\033\177\r", 4,
	    "[\n  \"\\u0000\\u001b\\u007f\\u000d\"\n]\n" },
	{ "c1_controls_are_numbers", "\302\233\302\200", 4,
	    "[\n  \"\\u009b\\u0080\"\n]\n" },
	{ "turned_text_is_numbers", "\342\200\256a\342\201\246", 7,
	    "[\n  \"\\u202ea\\u2066\"\n]\n" },
	{ "utf8_stays", "\303\251", 2, "[\n  \"\303\251\"\n]\n" },
	{ "what_is_none_is_replaced", "\377\303", 2,
	    "[\n  \"\\ufffd\\ufffd\"\n]\n" },
};

static void
text_case(void **state)
{
	const struct text_case *c = *state;
	struct json j = { .depth = 0 };

	redirect_begin(STDOUT_FILENO);
	json_list(&j, NULL);
	json_bytes(&j, NULL, c->text, c->len);
	json_end(&j);
	assert_int_equal(out_end(), DONE);
	assert_string_equal(redirect_end(), c->json);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(texts) + 1];
	const size_t n =
	    test_rows(tests, text_case, texts, LEN(texts), sizeof(texts[0]));

	tests[n] = (struct CMUnitTest)cmocka_unit_test(objects_and_lists_nest);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
