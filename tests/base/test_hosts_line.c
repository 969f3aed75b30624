#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/hosts.h"
#include "base/hosts_line.h"

/* A line that is wrong, and a part of what is said about it. */
static const struct wrong_case {
	const char *name;
	const char *line;
	const char *want;
} wrongs[] = {
	{ "no_address", "localhost 127.0.0.1", "not begin with an address" },
	{ "bad_address", "256.1.1.1 name", "not begin with an address" },
	{ "short_address", "127.1 name", "not begin with an address" },
	{ "address_alone", "127.0.0.1", "no name follows" },
	{ "address_and_comment", "127.0.0.1 # name", "no name follows" },
	{ "address_with_port", "127.0.0.1:80 name", "the address has a port" },
	{ "two_addresses", "127.0.0.1 10.0.0.1 name", "a name belongs" },
	{ "name_with_slash", "127.0.0.1 a/b", "correct the name" },
	{ "name_with_port", "127.0.0.1 a:80", "correct the name" },
	{ "name_that_is_a_dot", "127.0.0.1 .", "correct the name" },
	{ "name_with_two_dots", "127.0.0.1 a..b", "correct the name" },
	{ "name_that_begins_with_a_dot", "127.0.0.1 .a", "correct the name" },
	{ "name_that_ends_with_two_dots", "127.0.0.1 a..", "correct the name" },
	{ "alias_that_is_wrong", "127.0.0.1 a b c%", "correct the name" },
	{ "label_too_long",
	    "127.0.0.1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaa",
	    "correct the name" },
	{ "name_with_umlaut", "127.0.0.1 b\xc3\xbc", "correct the name" },
	{ "redirect_without_port", "name -> 127.0.0.1:80", "has no port" },
	{ "redirect_of_port_0", "name:0 -> 127.0.0.1:80", "has no port" },
	{ "redirect_of_a_service", "name:http -> 127.0.0.1:80", "has no port" },
	{ "redirect_port_too_large", "a:65536 -> 127.0.0.1:80", "has no port" },
	{ "redirect_of_bare_v6", "::1:80 -> [::1]:81", "has no port" },
	{ "redirect_of_nothing", "-> 127.0.0.1:80", "has no port" },
	{ "redirect_of_a_port", ":80 -> 127.0.0.1:80", "correct the name" },
	{ "redirect_of_a_bad_name", "a b:80 -> 127.0.0.1:80",
	    "correct the name" },
	{ "redirect_of_bad_brackets", "[a]:80 -> 127.0.0.1:80",
	    "correct the name" },
	{ "redirect_of_bracketed_v4", "[10.0.0.1]:80 -> 127.0.0.1:80",
	    "correct the name" },
	{ "redirect_to_nothing", "name:80 ->", "what follows" },
	{ "redirect_to_an_address_alone", "name:80 -> 127.0.0.1",
	    "what follows" },
	{ "redirect_to_port_0", "name:80 -> 127.0.0.1:0", "what follows" },
	{ "redirect_to_a_name", "name:80 -> localhost:80", "what follows" },
	{ "redirect_to_two", "name:80 -> 127.0.0.1:1 127.0.0.1:2",
	    "what follows" },
	{ "redirect_twice", "a:80 -> 127.0.0.1:1 -> 127.0.0.1:2",
	    "what follows" },
	{ "redirect_to_bare_v6", "name:80 -> ::1:80", "what follows" },
	{ "redirect_v4_to_v6", "10.0.0.1:80 -> [::1]:80", "two families" },
	{ "redirect_v6_to_v4", "[::1]:80 -> 10.0.0.1:80", "two families" },
};

static void
wrong_line_is_told(void **state)
{
	const struct wrong_case *c = *state;
	struct sockaddr_storage found;
	char lines[512], why[512];

	hosts_clear();
	snprintf(lines, sizeof(lines),
	    "# first\n127.0.0.1 good.test\n%s\n127.0.0.1 rest.test\n", c->line);
	assert_int_equal(hosts_add("file", lines, why, sizeof(why)), -EINVAL);
	assert_memory_equal(why, "file:3: ", 8);
	if (strstr(why, c->want) == NULL)
		fail_msg("%s", why);
	assert_non_null(strchr(why, ';')); /* and the cure */
	/* Nothing of it counts. */
	assert_int_equal(hosts_find("good.test", AF_INET, 0, &found, 1),
	    -ENOENT);
}

/* Which names there may be, and how they are kept. */
static const struct name_case {
	const char *name;
	const char *text;
	const char *kept; /* NULL: refused */
} names[] = {
	{ "name_simple", "localhost", "localhost" },
	{ "name_in_capitals", "Broker.Example.COM", "broker.example.com" },
	{ "name_with_final_dot", "a.test.", "a.test" },
	{ "name_of_one_letter", "a", "a" },
	{ "name_with_digits", "1a-2_b", "1a-2_b" },
	{ "name_empty", "", NULL },
	{ "name_of_a_dot", ".", NULL },
	{ "name_of_two_dots", "..", NULL },
	{ "name_with_a_blank", "a b", NULL },
	{ "name_with_an_empty_part", "a..b", NULL },
};

static void
name_is_kept(void **state)
{
	const struct name_case *c = *state;
	char name[HOSTS_NAME_MAX + 1] = "before";

	assert_int_equal(hosts_line_name(c->text, name), c->kept != NULL);
	assert_string_equal(name, c->kept != NULL ? c->kept : "before");
}

static void
a_name_has_at_most_253_bytes(void **state)
{
	char text[300], name[HOSTS_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 50 == 49 ? '.' : 'x';
	text[253] = '\0';
	assert_true(hosts_line_name(text, name));
	assert_int_equal(strlen(name), 253);
	text[253] = '.';
	text[254] = '\0';
	assert_true(hosts_line_name(text, name));
	text[253] = 'x';
	assert_false(hosts_line_name(text, name));
}

int
main(void)
{
	struct CMUnitTest tests[LEN(wrongs) + LEN(names) + 1];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(wrongs); i++) {
		tests[n++] = (struct CMUnitTest){ .name = wrongs[i].name,
			.test_func = wrong_line_is_told,
			.initial_state = (void *)&wrongs[i] };
	}
	for (size_t i = 0; i < LEN(names); i++) {
		tests[n++] = (struct CMUnitTest){ .name = names[i].name,
			.test_func = name_is_kept,
			.initial_state = (void *)&names[i] };
	}
	tests[n] =
	    (struct CMUnitTest)cmocka_unit_test(a_name_has_at_most_253_bytes);
	return cmocka_run_group_tests_name("base/hosts_line", tests, NULL,
	    NULL);
}
