#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/socketutils.h>

#include "base/config.h"
#include "base/profile.h"
#include "support/fake_resolver.h"

/* Not an address of any entry: hints are NULL. */
#define NO_HINTS (-1)

/*
 * A query that one node, or an error, answers without asking anybody, with the
 * rules of the device, of either year.
 */
static const struct query_case {
	const char *name;
	const char *host, *service;
	int family, flags;   /* of the hints; family may be NO_HINTS */
	int want;            /* 0 or a DNS_EAI_* */
	const char *address; /* as text, if want is 0 */
	int port;
} queries[] = {
	{ "v4", "192.0.2.1", "80", NO_HINTS, 0, 0, "192.0.2.1", 80 },
	{ "v4_of_any_family", "192.0.2.1", "80", NET_AF_UNSPEC, 0, 0,
	    "192.0.2.1", 80 },
	{ "v4_of_its_family", "192.0.2.1", "80", NET_AF_INET, 0, 0, "192.0.2.1",
	    80 },
	{ "v4_of_the_other_family", "192.0.2.1", "80", NET_AF_INET6, 0,
	    DNS_EAI_ADDRFAMILY, NULL, 0 },
	{ "v4_numeric", "192.0.2.1", NULL, NET_AF_INET, ZSOCK_AI_NUMERICHOST, 0,
	    "192.0.2.1", 0 },
	{ "v4_with_port", "192.0.2.1:8080", "80", NO_HINTS, 0, 0, "192.0.2.1",
	    80 },
	{ "v4_with_port_and_no_service", "192.0.2.1:8080", NULL, NO_HINTS, 0, 0,
	    "192.0.2.1", 0 },
	{ "v6", "2001:db8::1", "443", NO_HINTS, 0, 0, "2001:db8::1", 443 },
	{ "v6_of_its_family", "2001:db8::1", NULL, NET_AF_INET6, 0, 0,
	    "2001:db8::1", 0 },
	{ "v6_of_the_other_family", "2001:db8::1", NULL, NET_AF_INET, 0,
	    DNS_EAI_ADDRFAMILY, NULL, 0 },
	{ "v6_any", "::", "1", NO_HINTS, 0, 0, "::", 1 },
	{ "v6_with_v4_at_its_end", "::ffff:192.0.2.1", NULL, NO_HINTS, 0, 0,
	    "::ffff:192.0.2.1", 0 },
	{ "v6_in_brackets", "[2001:db8::1]", "443", NO_HINTS, 0, 0,
	    "2001:db8::1", 443 },
	{ "v6_in_brackets_with_port", "[2001:db8::1]:8443", "443", NO_HINTS, 0,
	    0, "2001:db8::1", 443 },
	{ "v6_in_brackets_of_the_other_family", "[::1]", NULL, NET_AF_INET, 0,
	    DNS_EAI_ADDRFAMILY, NULL, 0 },
	{ "v4_in_brackets", "[192.0.2.1]", NULL, NET_AF_UNSPEC,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "bracket_without_end", "[::1", NULL, NET_AF_UNSPEC,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "bracket_with_a_tail", "[::1]x", NULL, NET_AF_UNSPEC,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "brackets_alone", "[]", NULL, NET_AF_UNSPEC, ZSOCK_AI_NUMERICHOST,
	    DNS_EAI_FAIL, NULL, 0 },
	{ "colon_alone", ":", NULL, NET_AF_UNSPEC, ZSOCK_AI_NUMERICHOST,
	    DNS_EAI_FAIL, NULL, 0 },
	{ "empty_host", "", NULL, NET_AF_UNSPEC, ZSOCK_AI_NUMERICHOST,
	    DNS_EAI_FAIL, NULL, 0 },
	{ "host_longer_than_any_address",
	    "[00000000000000000000000000000000000000000000000000:1]", NULL,
	    NET_AF_UNSPEC, ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "name_where_a_number_is_wanted", "localhost", NULL, NET_AF_INET,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },

	{ "service_smallest", "::1", "1", NO_HINTS, 0, 0, "::1", 1 },
	{ "service_largest", "::1", "65535", NO_HINTS, 0, 0, "::1", 65535 },
	{ "service_with_a_tail", "::1", "80abc", NO_HINTS, 0, 0, "::1", 80 },
	{ "service_0", "::1", "0", NO_HINTS, 0, DNS_EAI_NONAME, NULL, 0 },
	{ "service_too_large", "::1", "65536", NO_HINTS, 0, DNS_EAI_NONAME,
	    NULL, 0 },
	{ "service_beyond_long", "::1", "99999999999999999999", NO_HINTS, 0,
	    DNS_EAI_NONAME, NULL, 0 },
	{ "service_negative", "::1", "-1", NO_HINTS, 0, DNS_EAI_NONAME, NULL,
	    0 },
	{ "service_name", "::1", "http", NO_HINTS, 0, DNS_EAI_NONAME, NULL, 0 },
	{ "service_empty", "::1", "", NO_HINTS, 0, DNS_EAI_NONAME, NULL, 0 },
	{ "service_comes_before_the_host", NULL, "http", NO_HINTS, 0,
	    DNS_EAI_NONAME, NULL, 0 },

	{ "nothing_at_all", NULL, NULL, NO_HINTS, 0, DNS_EAI_SYSTEM, NULL, 0 },
	{ "nothing_passive", NULL, NULL, NET_AF_INET, ZSOCK_AI_PASSIVE,
	    DNS_EAI_SYSTEM, NULL, 0 },
	{ "no_host_no_hints", NULL, "80", NO_HINTS, 0, DNS_EAI_FAIL, NULL, 0 },
	{ "no_host_not_passive", NULL, "80", NET_AF_INET, 0, DNS_EAI_FAIL, NULL,
	    0 },
	{ "passive_of_any_family", NULL, "80", NET_AF_UNSPEC, ZSOCK_AI_PASSIVE,
	    0, "0.0.0.0", 80 },
	{ "passive_v4", NULL, "80", NET_AF_INET, ZSOCK_AI_PASSIVE, 0, "0.0.0.0",
	    80 },
	{ "passive_v6", NULL, "80", NET_AF_INET6, ZSOCK_AI_PASSIVE, 0,
	    "::", 80 },
	{ "passive_with_a_host", "192.0.2.1", "80", NET_AF_INET,
	    ZSOCK_AI_PASSIVE, 0, "192.0.2.1", 80 },

	{ "v4_of_the_other_family_numeric", "192.0.2.1", NULL, NET_AF_INET6,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "v4_numeric_with_a_service_name", "192.0.2.1", "http", NET_AF_INET,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "v4_of_the_other_family_and_a_service_name", "192.0.2.1", "http",
	    NET_AF_INET6, 0, DNS_EAI_NONAME, NULL, 0 },
	{ "no_host_numeric", NULL, "80", NET_AF_INET,
	    ZSOCK_AI_PASSIVE | ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "nothing_numeric", NULL, NULL, NET_AF_INET, ZSOCK_AI_NUMERICHOST,
	    DNS_EAI_FAIL, NULL, 0 },
	{ "other_flags", "192.0.2.1", "80", NET_AF_INET,
	    ZSOCK_AI_CANONNAME | ZSOCK_AI_V4MAPPED | ZSOCK_AI_ALL |
	        ZSOCK_AI_ADDRCONFIG | ZSOCK_AI_NUMERICSERV,
	    0, "192.0.2.1", 80 },
};

/* The one node of a list, and that nothing in it was left out. */
static void
assert_node(const struct zsock_addrinfo *ai, const char *address, int port,
    int socktype)
{
	char text[NET_INET6_ADDRSTRLEN];
	const struct net_sockaddr_in *in =
	    (const struct net_sockaddr_in *)ai->ai_addr;
	const struct net_sockaddr_in6 *in6 =
	    (const struct net_sockaddr_in6 *)ai->ai_addr;
	const bool six = ai->ai_family == NET_AF_INET6;

	assert_int_equal(ai->ai_addr->sa_family, ai->ai_family);
	assert_int_equal(ai->ai_addrlen, six ? sizeof(*in6) : sizeof(*in));
	assert_int_equal(net_ntohs(six ? in6->sin6_port : in->sin_port), port);
	assert_non_null(zsock_inet_ntop((net_sa_family_t)ai->ai_family,
	    six ? (const void *)&in6->sin6_addr : &in->sin_addr, text,
	    sizeof(text)));
	assert_string_equal(text, address);
	assert_int_equal(ai->ai_socktype, socktype);
	assert_int_equal(ai->ai_protocol,
	    socktype == NET_SOCK_DGRAM ? NET_IPPROTO_UDP : NET_IPPROTO_TCP);
	assert_int_equal(ai->ai_flags, 0);
	assert_non_null(ai->ai_canonname);
	assert_string_equal(ai->ai_canonname, "");
}

static void
ask(const char *host, const char *service, int family, int flags, int want,
    const char *address, int port)
{
	const struct zsock_addrinfo hints = { .ai_family = family,
		.ai_flags = flags };
	struct zsock_addrinfo *res = (struct zsock_addrinfo *)&hints;
	int rc;

	errno = 0;
	rc = zsock_getaddrinfo(host, service,
	    family == NO_HINTS ? NULL : &hints, &res);
	assert_int_equal(rc, want);
	if (rc != 0) {
		assert_null(res);
		if (rc == DNS_EAI_SYSTEM)
			assert_int_equal(errno, EINVAL);
		return;
	}
	assert_non_null(res);
	assert_null(res->ai_next);
	assert_node(res, address, port, NET_SOCK_STREAM);
	zsock_freeaddrinfo(res);
}

static void
query_is_answered(void **state)
{
	const struct query_case *c = *state;

	fake_resolver_install();
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		ask(c->host, c->service, c->family, c->flags, c->want,
		    c->address, c->port);
	}
	assert_int_equal(fake_resolver_count(), 0);
	fake_resolver_remove();
}

/* Where the three differ: what each answers. */
static const struct cell_case {
	const char *name;
	const char *host, *service;
	int family, flags;
	struct {
		int want;
		const char *address;
	} cell[PROFILE_COUNT];
} cells[] = {
	{ "v4_too_large", "256.1.1.1", "1", NET_AF_INET, ZSOCK_AI_NUMERICHOST,
	    { { DNS_EAI_FAIL, NULL }, { 0, "0.1.1.1" },
	        { DNS_EAI_NONAME, NULL } } },
	{ "v4_too_short", "192.0.2", "1", NET_AF_INET, ZSOCK_AI_NUMERICHOST,
	    { { DNS_EAI_FAIL, NULL }, { 0, "192.0.2.0" },
	        { 0, "192.0.0.2" } } },
	{ "v6_with_two_gaps", "1::2::3", "1", NET_AF_INET6,
	    ZSOCK_AI_NUMERICHOST,
	    { { DNS_EAI_FAIL, NULL }, { 0, "1::2:0:3" },
	        { DNS_EAI_NONAME, NULL } } },
	{ "v6_in_brackets_numeric", "[::1]", "1", NET_AF_INET6,
	    ZSOCK_AI_NUMERICHOST,
	    { { 0, "::1" }, { 0, "::1" }, { DNS_EAI_NONAME, NULL } } },
	{ "name_numeric", "localhost", "1", NET_AF_INET, ZSOCK_AI_NUMERICHOST,
	    { { DNS_EAI_FAIL, NULL }, { DNS_EAI_FAIL, NULL },
	        { DNS_EAI_NONAME, NULL } } },
	{ "passive_packet", NULL, "1", NET_AF_PACKET, ZSOCK_AI_PASSIVE,
	    { { DNS_EAI_ADDRFAMILY, NULL }, { DNS_EAI_FAIL, NULL },
	        { DNS_EAI_FAMILY, NULL } } },
	{ "v4_packet", "192.0.2.1", "1", NET_AF_PACKET, 0,
	    { { DNS_EAI_ADDRFAMILY, NULL }, { 0, "192.0.2.1" },
	        { DNS_EAI_FAMILY, NULL } } },
	{ "v6_packet", "::1", "1", NET_AF_PACKET, 0,
	    { { DNS_EAI_ADDRFAMILY, NULL }, { 0, "::1" },
	        { DNS_EAI_FAMILY, NULL } } },
	{ "service_name", "127.0.0.1", "http", NET_AF_INET,
	    ZSOCK_AI_NUMERICHOST | ZSOCK_AI_NUMERICSERV,
	    { { DNS_EAI_FAIL, NULL }, { DNS_EAI_FAIL, NULL },
	        { DNS_EAI_NONAME, NULL } } },
	{ "service_tail", "127.0.0.1", "1x", NET_AF_INET,
	    ZSOCK_AI_NUMERICHOST | ZSOCK_AI_NUMERICSERV,
	    { { 0, "127.0.0.1" }, { 0, "127.0.0.1" },
	        { DNS_EAI_NONAME, NULL } } },
	{ "nothing", NULL, NULL, NET_AF_INET, 0,
	    { { DNS_EAI_SYSTEM, NULL }, { DNS_EAI_SYSTEM, NULL },
	        { DNS_EAI_NONAME, NULL } } },
	{ "any_without_passive", NULL, "1", NET_AF_INET, 0,
	    { { DNS_EAI_FAIL, NULL }, { DNS_EAI_FAIL, NULL },
	        { 0, "127.0.0.1" } } },
};

static void
cell_is_answered(void **state)
{
	const struct cell_case *c = *state;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		const struct zsock_addrinfo hints = { .ai_family = c->family,
			.ai_socktype = NET_SOCK_STREAM,
			.ai_flags = c->flags };
		struct zsock_addrinfo *res = (struct zsock_addrinfo *)&hints;
		char text[NET_INET6_ADDRSTRLEN];

		profile_set((enum profile)p);
		assert_int_equal(zsock_getaddrinfo(c->host, c->service, &hints,
		                     &res),
		    c->cell[p].want);
		if (c->cell[p].want != 0) {
			assert_null(res);
			continue;
		}
		assert_null(res->ai_next);
		assert_int_equal(zsock_getnameinfo(res->ai_addr,
		                     res->ai_addrlen, text, sizeof(text), NULL,
		                     0, ZSOCK_NI_NUMERICHOST),
		    0);
		assert_string_equal(text, c->cell[p].address);
		zsock_freeaddrinfo(res);
	}
}

/* What the hints ask for, and what an address has then. */
static const struct type_case {
	const char *name;
	int socktype, protocol;
	int want;
} types[] = {
	{ "type_0_is_a_stream", 0, 0, NET_SOCK_STREAM },
	{ "type_stream", NET_SOCK_STREAM, 0, NET_SOCK_STREAM },
	{ "type_dgram", NET_SOCK_DGRAM, 0, NET_SOCK_DGRAM },
	{ "type_raw_is_a_stream", NET_SOCK_RAW, 0, NET_SOCK_STREAM },
	{ "protocol_is_ignored", NET_SOCK_DGRAM, NET_IPPROTO_TCP,
	    NET_SOCK_DGRAM },
	{ "protocol_without_type_is_ignored", 0, NET_IPPROTO_UDP,
	    NET_SOCK_STREAM },
};

static void
type_of_hints(void **state)
{
	const struct type_case *c = *state;
	const struct zsock_addrinfo hints = { .ai_socktype = c->socktype,
		.ai_protocol = c->protocol };
	struct zsock_addrinfo *res;

	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		assert_int_equal(zsock_getaddrinfo("127.0.0.1", "53", &hints,
		                     &res),
		    0);
		assert_node(res, "127.0.0.1", 53, c->want);
		zsock_freeaddrinfo(res);
	}
}

/* The host's resolver itself; every host has this name. */
static void
localhost_is_found(void **state)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET };
	struct zsock_addrinfo *res = NULL;

	(void)state;
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		assert_int_equal(zsock_getaddrinfo("localhost", "8080", &hints,
		                     &res),
		    0);
		assert_node(res, "127.0.0.1", 8080, NET_SOCK_STREAM);
		assert_null(res->ai_next);
		zsock_freeaddrinfo(res);
	}
}

static void
what_was_found_can_be_connected_to(void **state)
{
	struct zsock_addrinfo *res;
	struct net_sockaddr_in name = { .sin_family = NET_AF_INET };
	net_socklen_t len = sizeof(name);
	const int listener = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	char port[8];
	int sock;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	name.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK);
	assert_int_equal(zsock_bind(listener, (struct net_sockaddr *)&name,
	                     len),
	    0);
	assert_int_equal(zsock_listen(listener, 1), 0);
	assert_int_equal(zsock_getsockname(listener,
	                     (struct net_sockaddr *)&name, &len),
	    0);
	snprintf(port, sizeof(port), "%d", net_ntohs(name.sin_port));
	assert_int_equal(zsock_getaddrinfo("localhost", port, NULL, &res), 0);
	sock = zsock_socket(res->ai_family, res->ai_socktype, res->ai_protocol);
	assert_int_equal(zsock_connect(sock, res->ai_addr, res->ai_addrlen), 0);
	zsock_freeaddrinfo(res);
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(zsock_close(listener), 0);
}

static void
a_result_that_has_no_place_is_einval(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(zsock_getaddrinfo("::1", "80", NULL, NULL),
	    DNS_EAI_SYSTEM);
	assert_int_equal(errno, EINVAL);
}

static void
freeing_nothing_is_harmless(void **state)
{
	(void)state;
	errno = EXDEV;
	zsock_freeaddrinfo(NULL);
	assert_int_equal(errno, EXDEV);
}

/* host:port in one text, and what zsock_getaddrinfo finds. */
static const struct text_case {
	const char *name;
	const char *text, *def_port;
	const char *port; /* what net_addr_str_find_port says */
	int want;
	const char *address;
	int number;
} texts[] = {
	{ "text_v4", "192.0.2.1", "5", NULL, 0, "192.0.2.1", 5 },
	{ "text_v4_no_default", "192.0.2.1", NULL, NULL, 0, "192.0.2.1", 0 },
	{ "text_v4_and_port", "192.0.2.1:80", "5", "80", 0, "192.0.2.1", 80 },
	{ "text_v6", "[2001:db8::1]", "5", NULL, 0, "2001:db8::1", 5 },
	{ "text_v6_and_port", "[2001:db8::1]:80", "5", "80", 0, "2001:db8::1",
	    80 },
	{ "text_bare_v6", "2001:db8::1:80", "5", "80", 0, "2001:db8::1", 80 },
	{ "text_port_is_a_name", "192.0.2.1:http", "5", "http", DNS_EAI_NONAME,
	    NULL, 0 },
	{ "text_port_is_empty", "192.0.2.1:", "5", "", DNS_EAI_NONAME, NULL,
	    0 },
	{ "text_longest",
	    "123456789012345678901234567890123456789012345678901234567890123:1",
	    NULL, "1", DNS_EAI_NONAME, NULL, 0 },
	{ "text_too_long",
	    "1234567890123456789012345678901234567890123456789012345678901234:"
	    "1",
	    NULL, "1", -1, NULL, 0 },
};

static void
text_is_split(void **state)
{
	const struct text_case *c = *state;
	struct zsock_addrinfo *res = NULL;
	const char *port = net_addr_str_find_port(c->text);

	if (c->port == NULL)
		assert_null(port);
	else
		assert_string_equal(port, c->port);
	profile_set(PROFILE_ZEPHYR);
	fake_resolver_install();
	errno = 0;
	assert_int_equal(net_getaddrinfo_addr_str(c->text, c->def_port, NULL,
	                     &res),
	    c->want);
	if (c->want == -1)
		assert_int_equal(errno, EINVAL);
	if (c->want == 0)
		assert_node(res, c->address, c->number, NET_SOCK_STREAM);
	zsock_freeaddrinfo(res);
	fake_resolver_remove();
}

/* As from a hosts file that has the name for ::1, too. */
static void
an_address_found_twice_is_one(void **state)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET };
	struct zsock_addrinfo *res = NULL;

	(void)state;
	fake_resolver_install();
	fake_resolver_answer(AF_INET, 0, 0, "127.0.0.1 127.0.0.1 192.0.2.1");
	profile_set(PROFILE_ZEPHYR);
	assert_int_equal(zsock_getaddrinfo("twice.test", "1", &hints, &res), 0);
	assert_node(res, "127.0.0.1", 1, NET_SOCK_STREAM);
	assert_non_null(res->ai_next);
	assert_node(res->ai_next, "192.0.2.1", 1, NET_SOCK_STREAM);
	assert_null(res->ai_next->ai_next);
	zsock_freeaddrinfo(res);
	fake_resolver_remove();
}

static void
text_of_any_length_is_for_linux(void **state)
{
	const struct zsock_addrinfo hints = { .ai_socktype = NET_SOCK_STREAM };
	struct zsock_addrinfo *res = NULL;

	(void)state;
	profile_set(PROFILE_LINUX);
	fake_resolver_install();
	assert_int_equal(net_getaddrinfo_addr_str(texts[LEN(texts) - 1].text,
	                     NULL, &hints, &res),
	    DNS_EAI_NONAME);
	fake_resolver_remove();
	assert_int_equal(net_getaddrinfo_addr_str("[::1]:7", NULL, &hints,
	                     &res),
	    0);
	assert_int_equal(res->ai_family, NET_AF_INET6);
	zsock_freeaddrinfo(res);
}

static void
no_text_is_einval(void **state)
{
	struct zsock_addrinfo *res;

	(void)state;
	errno = 0;
	assert_int_equal(net_getaddrinfo_addr_str(NULL, "80", NULL, &res), -1);
	assert_int_equal(errno, EINVAL);
	assert_null(net_addr_str_find_port(NULL));
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(localhost_is_found),
		cmocka_unit_test(what_was_found_can_be_connected_to),
		cmocka_unit_test(a_result_that_has_no_place_is_einval),
		cmocka_unit_test(freeing_nothing_is_harmless),
		cmocka_unit_test(an_address_found_twice_is_one),
		cmocka_unit_test(text_of_any_length_is_for_linux),
		cmocka_unit_test(no_text_is_einval),
	};
	struct CMUnitTest tests[LEN(queries) + LEN(cells) + LEN(types) +
	    LEN(texts) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	n += test_rows(tests, query_is_answered, queries, LEN(queries),
	    sizeof(queries[0]));
	n += test_rows(tests + n, cell_is_answered, cells, LEN(cells),
	    sizeof(cells[0]));
	n += test_rows(tests + n, type_of_hints, types, LEN(types),
	    sizeof(types[0]));
	n += test_rows(tests + n, text_is_split, texts, LEN(texts),
	    sizeof(texts[0]));
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/netdb", tests, NULL, NULL);
}
