#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/config.h"

/* What an address of that family is read as; NULL is not at all. */
static const struct pton_case {
	const char *name;
	int family;
	const char *text;
	const char *strict, *lax;
} ptons[] = {
	{ "v4", AF_INET, "192.0.2.1", "192.0.2.1", "192.0.2.1" },
	{ "v4_largest", AF_INET, "255.255.255.255", "255.255.255.255",
	    "255.255.255.255" },
	{ "v4_wraps", AF_INET, "256.2.3.4", NULL, "0.2.3.4" },
	{ "v4_wraps_often", AF_INET, "1.2.3.1000", NULL, "1.2.3.232" },
	{ "v4_of_three", AF_INET, "1.2.3", NULL, "1.2.3.0" },
	{ "v4_of_one", AF_INET, "7", NULL, "7.0.0.0" },
	{ "v4_of_five", AF_INET, "1.2.3.4.5", NULL, "1.2.3.4" },
	{ "v4_with_a_hole", AF_INET, "1..2.3", NULL, "1.0.2.3" },
	{ "v4_that_is_empty", AF_INET, "", NULL, "0.0.0.0" },
	{ "v4_that_is_a_dot", AF_INET, ".", NULL, "0.0.0.0" },
	{ "v4_beyond_long", AF_INET, "1.2.3.99999999999999999999", NULL,
	    "1.2.3.255" },
	{ "v4_with_a_letter", AF_INET, "127.0.0.1a", NULL, NULL },
	{ "v4_with_a_blank", AF_INET, " 127.0.0.1", NULL, NULL },
	{ "v4_with_a_sign", AF_INET, "1.2.3.-4", NULL, NULL },
	{ "v6_in_v4", AF_INET, "::1", NULL, NULL },
	{ "v6", AF_INET6, "2001:DB8::1", "2001:db8::1", "2001:db8::1" },
	{ "v6_full", AF_INET6, "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8",
	    "1:2:3:4:5:6:7:8" },
	{ "v6_any", AF_INET6, "::", "::", "::" },
	{ "v6_loopback", AF_INET6, "::1", "::1", "::1" },
	{ "v6_gap_at_the_end", AF_INET6, "1:2::", "1:2::", "1:2::" },
	{ "v6_gap_inside", AF_INET6, "1:2::7:8", "1:2::7:8", "1:2::7:8" },
	{ "v6_mapped", AF_INET6, "::ffff:192.0.2.1", "::ffff:192.0.2.1",
	    "::ffff:192.0.2.1" },
	{ "v6_with_v4_and_gap", AF_INET6, "64:ff9b::192.0.2.33",
	    "64:ff9b::c000:221", "64:ff9b::c000:221" },
	{ "v6_with_v4_and_six_groups", AF_INET6, "1:2:3:4:5:6:1.2.3.4",
	    "1:2:3:4:5:6:102:304", "1:2:3:4:5:6:102:304" },
	{ "v6_compatible", AF_INET6, "::1.2.3.4", "::1.2.3.4", "::1.2.3.4" },
	{ "v6_three_colons", AF_INET6, ":::", NULL, "::" },
	{ "v6_two_gaps", AF_INET6, "1::2::3", NULL, "1::2:0:3" },
	{ "v6_group_wraps", AF_INET6, "12345::1", NULL, "2345::1" },
	{ "v6_nine_groups", AF_INET6, "1:2:3:4:5:6:7:8:9", NULL,
	    "1:2:3:4:5:6:7:8" },
	{ "v6_colon_before", AF_INET6, ":1:2:3:4:5:6:7:8", NULL,
	    "1:2:3:4:5:6:7:8" },
	{ "v6_colon_after", AF_INET6, "1:2:3:4:5:6:7:8:", NULL,
	    "1:2:3:4:5:6:7:8" },
	{ "v6_v4_wraps", AF_INET6, "::256.1.2.3", NULL, "::0.1.2.3" },
	{ "v6_too_short", AF_INET6, "1:2:3", NULL, NULL },
	{ "v6_ends_in_a_colon", AF_INET6, "1:", NULL, NULL },
	{ "v6_gap_and_a_colon", AF_INET6, "::1:", NULL, NULL },
	{ "v6_gap_and_eight_groups", AF_INET6, "::1:2:3:4:5:6:7:8", NULL,
	    NULL },
	{ "v6_of_one_number", AF_INET6, "12345", NULL, NULL },
	{ "v6_empty", AF_INET6, "", NULL, NULL },
	{ "v6_colon", AF_INET6, ":", NULL, NULL },
	{ "v6_v4_alone", AF_INET6, "1.2.3.4", NULL, NULL },
	{ "v6_v4_after_a_colon", AF_INET6, ":1.2.3.4", NULL, NULL },
	{ "v6_v4_of_three", AF_INET6, "::1.2.3", NULL, NULL },
	{ "v6_v4_ends_in_a_dot", AF_INET6, "::1.2.3.", NULL, NULL },
	{ "v6_v4_too_early", AF_INET6, "1:2:1.2.3.4", NULL, NULL },
	{ "v6_v4_inside", AF_INET6, "1.2.3.4::5", NULL, NULL },
	{ "v6_bad_letter", AF_INET6, "fe80::g", NULL, NULL },
	{ "v6_in_brackets", AF_INET6, "[::1]", NULL, NULL },
	{ "v6_with_zone", AF_INET6, "fe80::1%lo", NULL, NULL },
};

static void
read_as(const struct pton_case *c, bool lax, const char *want)
{
	unsigned char addr[16];
	char back[INET6_ADDRSTRLEN];

	memset(addr, 0xa5, sizeof(addr));
	assert_int_equal(address_pton(c->family, c->text, lax, addr),
	    want != NULL ? 0 : -EINVAL);
	if (want == NULL) {
		for (size_t i = 0; i < sizeof(addr); i++)
			assert_int_equal(addr[i], 0xa5);
		return;
	}
	assert_non_null(inet_ntop(c->family, addr, back, sizeof(back)));
	assert_string_equal(back, want);
}

static void
text_is_read(void **state)
{
	const struct pton_case *c = *state;

	read_as(c, false, c->strict);
	read_as(c, true, c->lax);
}

/* An address with or without a port; port -1 is none, -2 no address at all. */
static const struct parse_case {
	const char *name;
	const char *text;
	size_t len;
	const char *address;
	int port;
} parses[] = {
	{ "parse_v4", "192.0.2.1", 99, "192.0.2.1", -1 },
	{ "parse_v4_and_port", "192.0.2.1:80", 99, "192.0.2.1", 80 },
	{ "parse_port_0", "192.0.2.1:0", 99, "192.0.2.1", 0 },
	{ "parse_port_with_zeros", "192.0.2.1:0000080", 99, "192.0.2.1", 80 },
	{ "parse_largest_port", "192.0.2.1:65535", 99, "192.0.2.1", 65535 },
	{ "parse_v6", "2001:db8::1", 99, "2001:db8::1", -1 },
	{ "parse_v6_in_brackets", "[2001:db8::1]", 99, "2001:db8::1", -1 },
	{ "parse_v6_and_port", "[2001:db8::1]:8080", 99, "2001:db8::1", 8080 },
	{ "parse_longest",
	    "[1111:2222:3333:4444:5555:6666:177.188.199.111]:65535", 99,
	    "1111:2222:3333:4444:5555:6666:b1bc:c76f", 65535 },
	{ "parse_cut_by_its_length", "192.0.2.123:8080", 9, "192.0.2.1", -1 },
	{ "parse_port_cut", "192.0.2.1:8080", 12, "192.0.2.1", 80 },
	{ "parse_length_0", "192.0.2.1", 0, NULL, -2 },
	{ "parse_empty", "", 99, NULL, -2 },
	{ "parse_name", "localhost", 99, NULL, -2 },
	{ "parse_name_and_port", "localhost:80", 99, NULL, -2 },
	{ "parse_port_too_large", "192.0.2.1:65536", 99, NULL, -2 },
	{ "parse_port_far_too_large", "192.0.2.1:99999999999999999999999", 99,
	    NULL, -2 },
	{ "parse_port_empty", "192.0.2.1:", 99, NULL, -2 },
	{ "parse_port_with_a_sign", "192.0.2.1:+80", 99, NULL, -2 },
	{ "parse_port_with_a_tail", "192.0.2.1:80x", 99, NULL, -2 },
	{ "parse_v6_port_empty", "[::1]:", 99, NULL, -2 },
	{ "parse_v6_tail", "[::1]x", 99, NULL, -2 },
	{ "parse_bracket_alone", "[", 99, NULL, -2 },
	{ "parse_brackets_alone", "[]", 99, NULL, -2 },
	{ "parse_bracket_cut", "[::1]", 4, NULL, -2 },
	{ "parse_v4_in_brackets", "[192.0.2.1]", 99, NULL, -2 },
	{ "parse_closing_bracket", "::1]", 99, NULL, -2 },
	{ "parse_too_long",
	    "[00000000000000000000000000000000000000000000000000000000:1]", 99,
	    NULL, -2 },
};

static void
text_is_parsed(void **state)
{
	const struct parse_case *c = *state;
	char back[INET6_ADDRSTRLEN];
	struct address a, untouched;
	struct sockaddr_storage addr;

	memset(&a, 0xa5, sizeof(a));
	untouched = a;
	if (c->port == -2) {
		assert_false(address_parse(c->text, c->len, false, &a));
		assert_memory_equal(&a, &untouched, sizeof(a));
		return;
	}
	assert_true(address_parse(c->text, c->len, false, &a));
	assert_non_null(inet_ntop(a.family, &a.v6, back, sizeof(back)));
	assert_string_equal(back, c->address);
	assert_int_equal(a.has_port, c->port >= 0);
	assert_int_equal(ntohs(a.port), c->port >= 0 ? c->port : 0);
	/* Into a sockaddr and back. */
	assert_int_equal(address_store(&a, htons(7), &addr),
	    a.family == AF_INET ? sizeof(struct sockaddr_in)
	                        : sizeof(struct sockaddr_in6));
	assert_true(address_load((struct sockaddr *)&addr, &untouched));
	assert_true(address_equal(&a, &untouched));
	assert_int_equal(ntohs(untouched.port), 7);
}

static void
text_is_written_with_the_port(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "1.2.3.4:80", "1.2.3.4:80" },
		{ "255.255.255.255:65535", "255.255.255.255:65535" },
		{ "[fe80::1]:80", "[fe80::1]:80" },
		{ "[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
		    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535" },
		{ "::1", "[::1]:0" },
	};
	const struct sockaddr other = { .sa_family = AF_UNIX };
	char text[ADDRESS_TEXT_SIZE];
	struct sockaddr_storage addr;
	struct address a;

	(void)state;
	for (size_t i = 0; i < LEN(texts); i++) {
		assert_true(
		    address_parse(texts[i].in, strlen(texts[i].in), false, &a));
		address_store(&a, a.port, &addr);
		address_text((struct sockaddr *)&addr, text);
		assert_string_equal(text, texts[i].out);
	}
	address_text(&other, text);
	assert_string_equal(text, "another family's address");
}

static void
another_family_is_no_address(void **state)
{
	const struct sockaddr other = { .sa_family = AF_UNIX };
	struct address a = { .family = AF_INET }, b = { .family = AF_INET6 };
	unsigned char out[16];

	(void)state;
	assert_int_equal(address_pton(AF_UNIX, "127.0.0.1", false, out),
	    -EAFNOSUPPORT);
	assert_int_equal(address_pton(AF_UNSPEC, "127.0.0.1", true, out),
	    -EAFNOSUPPORT);
	assert_false(address_load(&other, &a));
	assert_int_equal(a.family, AF_INET);
	assert_false(address_equal(&a, &b));
}

/* Whatever the text is, nothing is read or written beyond its end. */
static void
random_text_is_harmless(void **state)
{
	static const char bytes[] = "0123456789afAFg.:[]%-> \n";
	unsigned seed = 1;
	int understood = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		const size_t len = (size_t)(rand_r(&seed) % 24);
		char *text = malloc(len + 1); /* exact, so that ASan sees */
		struct address a;
		unsigned char out[16];

		assert_non_null(text);
		for (size_t i = 0; i < len; i++)
			text[i] = bytes[(size_t)rand_r(&seed) %
			    (round % 2 ? 17 : sizeof(bytes) - 1)];
		understood += address_parse(text, len, round % 4 < 2, &a);
		text[len] = '\0';
		understood += address_pton(AF_INET, text, true, out) == 0;
		understood += address_pton(AF_INET6, text, true, out) == 0;
		free(text);
	}
	assert_true(understood > 1000);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(text_is_written_with_the_port),
		cmocka_unit_test(another_family_is_no_address),
		cmocka_unit_test(random_text_is_harmless),
	};
	struct CMUnitTest tests[LEN(ptons) + LEN(parses) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(ptons); i++) {
		tests[n++] = (struct CMUnitTest){ .name = ptons[i].name,
			.test_func = text_is_read,
			.initial_state = (void *)&ptons[i] };
	}
	for (size_t i = 0; i < LEN(parses); i++) {
		tests[n++] = (struct CMUnitTest){ .name = parses[i].name,
			.test_func = text_is_parsed,
			.initial_state = (void *)&parses[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("base/address", tests, NULL, NULL);
}
