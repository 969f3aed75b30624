#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "base/profile.h"

/* Text and back; NULL is what cannot be read. */
static const struct text_case {
	const char *name;
	int family;
	const char *text;
	const char *back[PROFILE_COUNT];
} texts[] = {
#define ALL(text) \
	{ \
		text, text, text \
	}
	{ "v4", NET_AF_INET, "127.0.0.1", ALL("127.0.0.1") },
	{ "v4_largest", NET_AF_INET, "255.255.255.255",
	    ALL("255.255.255.255") },
	{ "v6", NET_AF_INET6, "2001:DB8:0:0:0:0:0:1", ALL("2001:db8::1") },
	{ "v6_any", NET_AF_INET6, "::", ALL("::") },
	{ "v6_end", NET_AF_INET6, "1::", ALL("1::") },
	{ "v4_with_letter", NET_AF_INET, "127.0.0.1a", ALL(NULL) },
	{ "v4_in_v6", NET_AF_INET6, "127.0.0.1", ALL(NULL) },
	{ "v6_in_v4", NET_AF_INET, "::1", ALL(NULL) },
	{ "v6_in_brackets", NET_AF_INET6, "[::1]", ALL(NULL) },
	{ "null", NET_AF_INET, NULL, ALL(NULL) },
	/* What Zephyr 3.3 takes. */
	{ "three_numbers", NET_AF_INET, "1.2.3", { NULL, "1.2.3.0", NULL } },
	{ "too_large", NET_AF_INET, "256.2.3.4", { NULL, "0.2.3.4", NULL } },
	{ "empty", NET_AF_INET, "", { NULL, "0.0.0.0", NULL } },
	{ "a_hole", NET_AF_INET, "1..2.3", { NULL, "1.0.2.3", NULL } },
	{ "three_colons", NET_AF_INET6, ":::", { NULL, "::", NULL } },
	{ "two_gaps", NET_AF_INET6, "1::2::3", { NULL, "1::2:0:3", NULL } },
	{ "wide_group", NET_AF_INET6, "12345::1", { NULL, "2345::1", NULL } },
};

static void
text_and_back(void **state)
{
	const struct text_case *c = *state;
	const net_sa_family_t family = (net_sa_family_t)c->family;
	unsigned char addr[16], same[16];
	char back[NET_INET6_ADDRSTRLEN];

	for (int p = 0; p < PROFILE_COUNT; p++) {
		const char *want = c->back[p];

		profile_set((enum profile)p);
		memset(addr, 0xa5, sizeof(addr));
		memset(same, 0xa5, sizeof(same));
		assert_int_equal(zsock_inet_pton(family, c->text, addr),
		    want != NULL);
		assert_int_equal(net_addr_pton(family, c->text, same),
		    want != NULL ? 0 : -EINVAL);
		assert_memory_equal(addr, same, sizeof(addr));
		if (want == NULL)
			continue;
		assert_ptr_equal(zsock_inet_ntop(family, addr, back,
		                     sizeof(back)),
		    back);
		assert_string_equal(back, want);
		memset(back, 0, sizeof(back));
		assert_ptr_equal(net_addr_ntop(family, addr, back,
		                     strlen(want) + 1),
		    back);
		assert_string_equal(back, want);
		/* One byte less than it needs. */
		errno = 0;
		assert_null(net_addr_ntop(family, addr, back, strlen(want)));
		assert_int_equal(errno, ENOSPC);
		errno = 0;
		assert_null(zsock_inet_ntop(family, addr, back, strlen(want)));
		assert_int_equal(errno, ENOSPC);
	}
}

static void
ntop_refuses_what_it_cannot_do(void **state)
{
	const struct net_in_addr addr = { 0 };
	char text[NET_INET6_ADDRSTRLEN];
	char *(*const calls[])(net_sa_family_t, const void *, char *,
	    size_t) = { zsock_inet_ntop, net_addr_ntop };

	(void)state;
	for (size_t i = 0; i < LEN(calls); i++) {
		errno = 0;
		assert_null(calls[i](NET_AF_INET, NULL, text, sizeof(text)));
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_null(calls[i](NET_AF_INET, &addr, NULL, sizeof(text)));
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_null(calls[i](NET_AF_UNIX, &addr, text, sizeof(text)));
		assert_int_equal(errno, EAFNOSUPPORT);
		assert_non_null(calls[i](NET_AF_INET, &addr, text, (size_t)-1));
	}
}

static void
pton_of_another_family(void **state)
{
	const int wants[PROFILE_COUNT] = { 0, 0, -1 };
	unsigned char addr[16];

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		profile_set((enum profile)p);
		errno = 0;
		assert_int_equal(zsock_inet_pton(NET_AF_UNIX, "127.0.0.1",
		                     addr),
		    wants[p]);
		assert_int_equal(errno, wants[p] < 0 ? EAFNOSUPPORT : 0);
		assert_int_equal(net_addr_pton(NET_AF_UNIX, "127.0.0.1", addr),
		    -EINVAL);
		assert_int_equal(zsock_inet_pton(NET_AF_INET, "127.0.0.1",
		                     NULL),
		    0);
		assert_int_equal(net_addr_pton(NET_AF_INET, "127.0.0.1", NULL),
		    -EINVAL);
	}
}

/* Port 4242 stays where the text has none. */
static const struct parse_case {
	const char *name;
	const char *text;
	size_t len;
	const char *address[PROFILE_COUNT];
	int port;
} parses[] = {
	{ "parse_v4", "192.0.2.42", 10, ALL("192.0.2.42"), 4242 },
	{ "parse_v4_and_port", "192.0.2.1:80", 12, ALL("192.0.2.1"), 80 },
	{ "parse_v6", "2001:db8::42", 12, ALL("2001:db8::42"), 4242 },
	{ "parse_v6_brackets", "[2001:db8::2]", 13, ALL("2001:db8::2"), 4242 },
	{ "parse_v6_and_port", "[2001:db8::1]:8080", 18, ALL("2001:db8::1"),
	    8080 },
	{ "parse_no_further", "192.0.2.1:80 and more", 12, ALL("192.0.2.1"),
	    80 },
	{ "parse_beyond_the_end", "192.0.2.1", 1000, ALL("192.0.2.1"), 4242 },
	{ "parse_large_number", "256.1.1.1", 9, { NULL, "0.1.1.1", NULL },
	    4242 },
	{ "parse_name", "localhost", 9, ALL(NULL), 0 },
	{ "parse_bad_port", "192.0.2.1:http", 14, ALL(NULL), 0 },
	{ "parse_empty", "", 0, ALL(NULL), 0 },
	{ "parse_empty_with_length", "", 5, ALL(NULL), 0 },
	{ "parse_null", NULL, 5, ALL(NULL), 0 },
};

static void
text_is_parsed(void **state)
{
	const struct parse_case *c = *state;
	const size_t port_at = offsetof(struct net_sockaddr_in, sin_port);

	_Static_assert(offsetof(struct net_sockaddr_in, sin_port) ==
	        offsetof(struct net_sockaddr_in6, sin6_port),
	    "one place for the port");
	for (int p = 0; p < PROFILE_COUNT; p++) {
		struct net_sockaddr_storage addr, before;
		const uint16_t old = net_htons(4242);
		char text[NET_INET6_ADDRSTRLEN];
		uint16_t port;

		profile_set((enum profile)p);
		memset(&addr, 0xa5, sizeof(addr));
		memcpy((char *)&addr + port_at, &old, sizeof(old));
		before = addr;
		assert_int_equal(net_ipaddr_parse(c->text, c->len,
		                     (struct net_sockaddr *)&addr),
		    c->address[p] != NULL);
		if (c->address[p] == NULL) {
			assert_memory_equal(&addr, &before, sizeof(addr));
			continue;
		}
		memcpy(&port, (char *)&addr + port_at, sizeof(port));
		assert_int_equal(net_ntohs(port), c->port);
		assert_int_equal(zsock_getnameinfo((struct net_sockaddr *)&addr,
		                     sizeof(addr), text, sizeof(text), NULL, 0,
		                     ZSOCK_NI_NUMERICHOST),
		    0);
		/* No zone is left of what was there before. */
		assert_string_equal(text, c->address[p]);
	}
}

static void
an_address_that_has_no_place_is_false(void **state)
{
	(void)state;
	assert_false(net_ipaddr_parse("127.0.0.1", 9, NULL));
}

/* In exactly as much memory as it may look at and store into. */
static void
random_text_is_parsed_within_bounds(void **state)
{
	static const char bytes[] = "0123456789af:.[]x";
	unsigned seed = 7;
	int understood = 0;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		const size_t len = (size_t)(rand_r(&seed) % 20);
		char *text = malloc(len > 0 ? len : 1);
		struct net_sockaddr_in6 *addr = calloc(1, sizeof(*addr));

		profile_set((enum profile)(round % PROFILE_COUNT));
		assert_true(text != NULL && addr != NULL);
		for (size_t i = 0; i < len; i++)
			text[i] = bytes[(size_t)rand_r(&seed) %
			    (round % 2 ? 14 : sizeof(bytes))];
		understood +=
		    net_ipaddr_parse(text, len, (struct net_sockaddr *)addr);
		free(addr);
		free(text);
	}
	assert_true(understood > 100);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(ntop_refuses_what_it_cannot_do),
		cmocka_unit_test(pton_of_another_family),
		cmocka_unit_test(an_address_that_has_no_place_is_false),
		cmocka_unit_test(random_text_is_parsed_within_bounds),
	};
	struct CMUnitTest tests[LEN(texts) + LEN(parses) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	n += test_rows(tests, text_and_back, texts, LEN(texts),
	    sizeof(texts[0]));
	n += test_rows(tests + n, text_is_parsed, parses, LEN(parses),
	    sizeof(parses[0]));
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/address", tests, NULL, NULL);
}
