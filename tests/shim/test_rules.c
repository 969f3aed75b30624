#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shim/rules.h"

static const struct parse_case {
	const char *name;
	enum rules_kind kind;
	const char *text;
	size_t n;        /* of rules */
	const char *why; /* or NULL */
} parse_cases[] = {
	{ "nothing_is_no_rule", RULES_CONNECT, "", 0, NULL },
	{ "blanks_are_no_rule", RULES_CONNECT, " \t\n", 0, NULL },
	{ "an_address", RULES_CONNECT, "127.0.0.1:443=1", 1, NULL },
	{ "any_host", RULES_CONNECT, "*:1=0", 1, NULL },
	{ "an_ipv6_address", RULES_CONNECT, "[::1]:65535=2147483647", 1, NULL },
	{ "a_name", RULES_CONNECT, "a-b_c.example.:8883=1,2,3", 1, NULL },
	{ "a_name_that_begins_with_digits", RULES_CONNECT, "1.2.3.4a:1=1", 1,
	    NULL },
	{ "several", RULES_CONNECT, " *:1=1  a:2=2,3\tb:3=4\n", 3, NULL },
	{ "eight_tags", RULES_CONNECT, "*:1=1,2,3,4,5,6,7,8", 1, NULL },
	{ "a_port_of_a_listener", RULES_LISTEN, "8443=1,2 80=3", 2, NULL },
	{ "nine_tags", RULES_CONNECT, "*:1=1,2,3,4,5,6,7,8,9", 0,
	    "rule 1, '*:1=1,2,3,4,5,6,7,8,9': it has more than 8 TAGs" },
	{ "no_tags", RULES_CONNECT, "*:1=", 0, "a TAG is a number" },
	{ "an_empty_tag", RULES_CONNECT, "*:1=1,,2", 0, "a TAG is a number" },
	{ "a_comma_at_the_end", RULES_CONNECT, "*:1=1,", 0,
	    "a TAG is a number" },
	{ "a_negative_tag", RULES_CONNECT, "*:1=-1", 0, "a TAG is a number" },
	{ "a_tag_too_big", RULES_CONNECT, "*:1=2147483648", 0,
	    "a TAG is a number from 0 to 2147483647" },
	{ "a_tag_far_too_big", RULES_CONNECT, "*:1=99999999999999999999", 0,
	    "a TAG is a number" },
	{ "the_second_is_wrong", RULES_CONNECT, "*:1=1 *:0=1", 0,
	    "rule 2, '*:0=1': PORT is a number from 1 to 65535" },
	{ "a_port_too_big", RULES_CONNECT, "*:65536=1", 0, "PORT" },
	{ "no_port", RULES_CONNECT, "a:=1", 0, "PORT" },
	{ "a_service_is_no_port", RULES_CONNECT, "a:https=1", 0, "PORT" },
	{ "no_host", RULES_CONNECT, ":1=1", 0, "HOST is" },
	{ "no_colon", RULES_CONNECT, "443=1", 0, "HOST:PORT=TAG" },
	{ "no_equals_sign", RULES_CONNECT, "a:443", 0, "HOST:PORT=TAG" },
	{ "an_address_with_a_slip", RULES_CONNECT, "1.2.3.400:1=1", 0,
	    "HOST is" },
	{ "ipv6_without_brackets", RULES_CONNECT, "::1:1=1", 0, "HOST is" },
	{ "ipv6_with_a_slip", RULES_CONNECT, "[::g]:1=1", 0, "HOST is" },
	{ "empty_brackets", RULES_CONNECT, "[]:1=1", 0, "HOST is" },
	{ "a_pattern_is_no_host", RULES_CONNECT, "*.example:1=1", 0,
	    "HOST is" },
	{ "a_listener_has_no_host", RULES_LISTEN, "a:443=1", 0, "PORT" },
	{ "a_listener_without_tags", RULES_LISTEN, "443", 0, "PORT=TAG" },
};

static void
parse_row(void **state)
{
	const struct parse_case *row = *state;
	char error[RULES_ERROR_MAX] = "";
	static struct rules rules;
	int rc;

	rc = rules_parse(&rules, row->kind, row->text, error);
	assert_int_equal(rc, row->why != NULL ? -EINVAL : 0);
	if (row->why == NULL)
		assert_int_equal(rules.n, row->n);
	else if (strstr(error, row->why) == NULL)
		fail_msg("\"%s\" has no \"%s\"", error, row->why);
}

static const struct match_case {
	const char *name;
	const char *rules;
	const char *address;
	uint16_t port;
	int tag; /* the first of the rule that matches, or -1 */
} match_cases[] = {
	{ "the_address", "1.2.3.4:5=6", "1.2.3.4", 5, 6 },
	{ "another_port", "1.2.3.4:5=6", "1.2.3.4", 6, -1 },
	{ "another_address", "1.2.3.4:5=6", "1.2.3.5", 5, -1 },
	{ "any_address", "*:5=6", "9.9.9.9", 5, 6 },
	{ "any_ipv6_address", "*:5=6", "2001:db8::1", 5, 6 },
	{ "the_first_that_matches", "1.1.1.1:5=1 *:5=2 1.2.3.4:5=3", "1.2.3.4",
	    5, 2 },
	{ "an_ipv4_address_mapped", "1.2.3.4:5=6", "::ffff:1.2.3.4", 5, 6 },
	{ "a_rule_with_a_mapped_address", "[::ffff:1.2.3.4]:5=6", "1.2.3.4", 5,
	    6 },
	{ "ipv6_in_another_notation", "[2001:DB8:0::1]:5=6", "2001:db8::1", 5,
	    6 },
	{ "no_address_is_loopback", "127.0.0.1:5=6", "0.0.0.0", 5, 6 },
	{ "no_address_mapped_is_loopback", "127.0.0.1:5=6", "::ffff:0.0.0.0", 5,
	    6 },
	{ "no_ipv6_address_is_loopback", "[::1]:5=6", "::", 5, 6 },
	{ "no_address_is_that_of_localhost", "localhost:5=6", "0.0.0.0", 5, 6 },
	{ "a_rule_for_no_address", "0.0.0.0:5=6", "127.0.0.1", 5, 6 },
	{ "a_rule_for_no_ipv6_address", "[::]:5=6", "::1", 5, 6 },
	{ "no_address_is_no_other_loopback", "127.0.0.2:5=6", "0.0.0.0", 5,
	    -1 },
	{ "no_ipv6_address_is_ipv6", "127.0.0.1:5=6", "::", 5, -1 },
	{ "a_name_that_nobody_has_asked_for", "unasked.example:5=6", "1.2.3.4",
	    5, -1 },
};

static socklen_t
address(struct sockaddr_storage *to, const char *text, uint16_t port)
{
	struct sockaddr_in *in = (void *)to;
	struct sockaddr_in6 *in6 = (void *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

static int
tag_for(const struct rules *rules, const char *text, uint16_t port)
{
	struct sockaddr_storage addr;
	const socklen_t len = address(&addr, text, port);
	const struct rule *rule;

	rule = rules_match(rules, (struct sockaddr *)&addr, len);
	return rule != NULL ? rule->tags[0] : -1;
}

static void
match_row(void **state)
{
	const struct match_case *row = *state;
	char error[RULES_ERROR_MAX];
	static struct rules rules;

	assert_int_equal(rules_parse(&rules, RULES_CONNECT, row->rules, error),
	    0);
	assert_int_equal(tag_for(&rules, row->address, row->port), row->tag);
}

static int
remember(const struct rules *rules, const char *name, const char *text)
{
	struct sockaddr_storage addr;
	const socklen_t len = address(&addr, text, 0);

	return rules_remember(rules, name, (struct sockaddr *)&addr, len);
}

static void
a_rule_by_name_is_for_the_addresses_of_it(void **state)
{
	static struct rules rules;
	char error[RULES_ERROR_MAX];

	(void)state;
	assert_int_equal(rules_parse(&rules, RULES_CONNECT,
	                     "Broker.example:5=6 other.example:5=7", error),
	    0);
	assert_true(rules.names);
	assert_int_equal(tag_for(&rules, "10.0.0.1", 5), -1);
	assert_int_equal(remember(&rules, "broker.EXAMPLE.", "10.0.0.1"), 0);
	assert_int_equal(remember(&rules, "third.example", "10.0.0.2"), 0);
	assert_int_equal(remember(&rules, "broker.example", "2001:db8::7"), 0);
	assert_int_equal(tag_for(&rules, "10.0.0.1", 5), 6);
	assert_int_equal(tag_for(&rules, "10.0.0.1", 6), -1);
	assert_int_equal(tag_for(&rules, "2001:db8::7", 5), 6);
	assert_int_equal(tag_for(&rules, "10.0.0.2", 5), -1);
}

/* More than one piece of memory holds. */
static void
no_address_is_ever_forgotten(void **state)
{
	static struct rules rules;
	char error[RULES_ERROR_MAX], text[32];

	(void)state;
	assert_int_equal(rules_parse(&rules, RULES_CONNECT, "many.example:5=6",
	                     error),
	    0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 1000; i++) {
			(void)snprintf(text, sizeof(text), "10.1.%d.%d",
			    i / 250, i % 250);
			assert_int_equal(remember(&rules, "many.example", text),
			    0);
			assert_int_equal(tag_for(&rules, text, 5), 6);
		}
	}
	assert_int_equal(tag_for(&rules, "10.1.0.0", 5), 6);
	assert_int_equal(tag_for(&rules, "10.1.3.249", 5), 6);
}

static void
what_is_no_address_of_the_internet_has_no_rule(void **state)
{
	struct sockaddr addr = { .sa_family = AF_UNIX };
	static struct rules rules;
	char error[RULES_ERROR_MAX];

	(void)state;
	assert_int_equal(rules_parse(&rules, RULES_CONNECT, "*:5=6", error), 0);
	assert_null(rules_match(&rules, &addr, sizeof(addr)));
	assert_null(rules_match(&rules, NULL, 0));
	addr.sa_family = AF_INET;
	assert_null(rules_match(&rules, &addr, sizeof(addr.sa_family)));
}

static void
thirty_three_rules_are_too_many(void **state)
{
	static struct rules rules;
	char error[RULES_ERROR_MAX], text[33 * 8] = "";

	(void)state;
	for (int i = 0; i < 32; i++)
		strcat(text, "*:1=1 ");
	assert_int_equal(rules_parse(&rules, RULES_CONNECT, text, error), 0);
	strcat(text, "*:1=1");
	assert_int_equal(rules_parse(&rules, RULES_CONNECT, text, error),
	    -EINVAL);
	assert_string_equal(error, "rule 33, '*:1=1': there may be 32 rules");
}

int
main(void)
{
	struct CMUnitTest tests[LEN(parse_cases) + LEN(match_cases)];
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_rule_by_name_is_for_the_addresses_of_it),
		cmocka_unit_test(no_address_is_ever_forgotten),
		cmocka_unit_test(
		    what_is_no_address_of_the_internet_has_no_rule),
		cmocka_unit_test(thirty_three_rules_are_too_many),
	};
	size_t n;
	int rc;

	memset(tests, 0, sizeof(tests));
	n = test_rows(tests, parse_row, parse_cases, LEN(parse_cases),
	    sizeof(parse_cases[0]));
	(void)test_rows(tests + n, match_row, match_cases, LEN(match_cases),
	    sizeof(match_cases[0]));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	return cmocka_run_group_tests(others, NULL, NULL) + rc;
}
