#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "base/config.h"

/* Not an address of any entry: hints are NULL. */
#define NO_HINTS (-1)

/* A query that one node, or an error, answers without asking anybody. */
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
	{ "v4_that_is_too_large", "256.1.1.1", NULL, NET_AF_UNSPEC,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
	{ "v4_that_is_too_short", "192.0.2", NULL, NET_AF_UNSPEC,
	    ZSOCK_AI_NUMERICHOST, DNS_EAI_FAIL, NULL, 0 },
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
	{ "passive_of_another_family", NULL, "80", NET_AF_PACKET,
	    ZSOCK_AI_PASSIVE, DNS_EAI_FAIL, NULL, 0 },
	{ "passive_with_a_host", "192.0.2.1", "80", NET_AF_INET,
	    ZSOCK_AI_PASSIVE, 0, "192.0.2.1", 80 },

	{ "address_of_another_family", "192.0.2.1", NULL, NET_AF_PACKET, 0,
	    DNS_EAI_ADDRFAMILY, NULL, 0 },
	{ "name_of_another_family", "localhost", NULL, NET_AF_UNIX, 0,
	    DNS_EAI_ADDRFAMILY, NULL, 0 },
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
query_is_answered(void **state)
{
	const struct query_case *c = *state;
	const struct zsock_addrinfo hints = { .ai_family = c->family,
		.ai_flags = c->flags };
	struct zsock_addrinfo *res = (struct zsock_addrinfo *)&hints;
	int rc;

	errno = 0;
	rc = zsock_getaddrinfo(c->host, c->service,
	    c->family == NO_HINTS ? NULL : &hints, &res);
	assert_int_equal(rc, c->want);
	if (rc != 0) {
		assert_null(res);
		if (rc == DNS_EAI_SYSTEM)
			assert_int_equal(errno, EINVAL);
		return;
	}
	assert_non_null(res);
	assert_null(res->ai_next);
	assert_node(res, c->address, c->port, NET_SOCK_STREAM);
	zsock_freeaddrinfo(res);
}

/* What the hints ask for, and what each node has then. */
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
	const char *hosts[] = { "127.0.0.1", "localhost" };

	for (size_t i = 0; i < LEN(hosts); i++) {
		struct zsock_addrinfo *res;

		assert_int_equal(zsock_getaddrinfo(hosts[i], "53", &hints,
		                     &res),
		    0);
		assert_node(res, "127.0.0.1", 53, c->want);
		zsock_freeaddrinfo(res);
	}
}

static void
localhost_is_found(void **state)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET };
	struct zsock_addrinfo *res = NULL;

	(void)state;
	assert_int_equal(zsock_getaddrinfo("localhost", "8080", &hints, &res),
	    0);
	assert_node(res, "127.0.0.1", 8080, NET_SOCK_STREAM);
	assert_null(res->ai_next);
	zsock_freeaddrinfo(res);
}

/* One entry an address, v4 before v6, whatever the host has. */
static void
no_address_comes_twice(void **state)
{
	struct zsock_addrinfo *res = NULL;
	bool six = false;

	(void)state;
	assert_int_equal(zsock_getaddrinfo("localhost", "1", NULL, &res), 0);
	for (struct zsock_addrinfo *a = res; a != NULL; a = a->ai_next) {
		six = six || a->ai_family == NET_AF_INET6;
		assert_int_equal(a->ai_family,
		    six ? NET_AF_INET6 : NET_AF_INET);
		for (struct zsock_addrinfo *b = a->ai_next; b != NULL;
		     b = b->ai_next)
			assert_false(a->ai_addrlen == b->ai_addrlen &&
			    memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) == 0);
	}
	zsock_freeaddrinfo(res);
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

static const struct token_case {
	int code;
	const char *token;
} tokens[] = {
	{ DNS_EAI_BADFLAGS, "EAI_BADFLAGS" },
	{ DNS_EAI_NONAME, "EAI_NONAME" },
	{ DNS_EAI_AGAIN, "EAI_AGAIN" },
	{ DNS_EAI_FAIL, "EAI_FAIL" },
	{ DNS_EAI_NODATA, "EAI_NODATA" },
	{ DNS_EAI_FAMILY, "EAI_FAMILY" },
	{ DNS_EAI_SOCKTYPE, "EAI_SOCKTYPE" },
	{ DNS_EAI_SERVICE, "EAI_SERVICE" },
	{ DNS_EAI_ADDRFAMILY, "EAI_ADDRFAMILY" },
	{ DNS_EAI_MEMORY, "EAI_MEMORY" },
	{ DNS_EAI_SYSTEM, "EAI_SYSTEM" },
	{ DNS_EAI_OVERFLOW, "EAI_OVERFLOW" },
	{ DNS_EAI_INPROGRESS, "EAI_INPROGRESS" },
	{ DNS_EAI_CANCELED, "EAI_CANCELED" },
	{ DNS_EAI_NOTCANCELED, "EAI_NOTCANCELED" },
	{ DNS_EAI_ALLDONE, "EAI_ALLDONE" },
	{ DNS_EAI_IDN_ENCODE, "EAI_IDN_ENCODE" },
	{ 0, "EAI_UNKNOWN" },
	{ 1, "EAI_UNKNOWN" },
	{ -104, "EAI_UNKNOWN" },
	{ -9999, "EAI_UNKNOWN" },
};

static void
code_has_its_token(void **state)
{
	const struct token_case *c = *state;

	assert_string_equal(zsock_gai_strerror(c->code), c->token);
}

/* Text and back; NULL is what inet_pton must refuse. */
static const struct text_case {
	const char *name;
	int family;
	const char *text;
	const char *back;
} texts[] = {
	{ "text_v4", NET_AF_INET, "127.0.0.1", "127.0.0.1" },
	{ "text_v4_largest", NET_AF_INET, "255.255.255.255",
	    "255.255.255.255" },
	{ "text_v6", NET_AF_INET6, "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "text_v6_any", NET_AF_INET6, "::", "::" },
	{ "text_v6_end", NET_AF_INET6, "1::", "1::" },
	{ "text_v4_with_letter", NET_AF_INET, "127.0.0.1a", NULL },
	{ "text_v4_in_v6", NET_AF_INET6, "127.0.0.1", NULL },
	{ "text_v6_in_v4", NET_AF_INET, "::1", NULL },
	{ "text_v6_in_brackets", NET_AF_INET6, "[::1]", NULL },
	{ "text_empty", NET_AF_INET, "", NULL },
	{ "text_of_another_family", NET_AF_UNIX, "127.0.0.1", NULL },
	{ "text_null", NET_AF_INET, NULL, NULL },
};

static void
text_and_back(void **state)
{
	const struct text_case *c = *state;
	const net_sa_family_t family = (net_sa_family_t)c->family;
	unsigned char addr[16];
	char back[NET_INET6_ADDRSTRLEN];

	assert_int_equal(zsock_inet_pton(family, c->text, addr),
	    c->back != NULL);
	if (c->back == NULL)
		return;
	assert_ptr_equal(zsock_inet_ntop(family, addr, back, sizeof(back)),
	    back);
	assert_string_equal(back, c->back);
	/* One byte less than it needs. */
	errno = 0;
	assert_null(zsock_inet_ntop(family, addr, back, strlen(c->back)));
	assert_int_equal(errno, ENOSPC);
	assert_non_null(
	    zsock_inet_ntop(family, addr, back, strlen(c->back) + 1));
}

static void
inet_ntop_refuses_what_it_cannot_do(void **state)
{
	const struct net_in_addr addr = { 0 };
	char text[NET_INET6_ADDRSTRLEN];

	(void)state;
	errno = 0;
	assert_null(zsock_inet_ntop(NET_AF_INET, NULL, text, sizeof(text)));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(zsock_inet_ntop(NET_AF_INET, &addr, NULL, sizeof(text)));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(zsock_inet_ntop(NET_AF_UNIX, &addr, text, sizeof(text)));
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_int_equal(zsock_inet_pton(NET_AF_INET, "127.0.0.1", NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(localhost_is_found),
		cmocka_unit_test(no_address_comes_twice),
		cmocka_unit_test(what_was_found_can_be_connected_to),
		cmocka_unit_test(a_result_that_has_no_place_is_einval),
		cmocka_unit_test(freeing_nothing_is_harmless),
		cmocka_unit_test(inet_ntop_refuses_what_it_cannot_do),
	};
	struct CMUnitTest tests[LEN(queries) + LEN(types) + LEN(tokens) +
	    LEN(texts) + LEN(others)];
	char names[LEN(tokens)][32];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(queries); i++) {
		tests[n++] = (struct CMUnitTest){ .name = queries[i].name,
			.test_func = query_is_answered,
			.initial_state = (void *)&queries[i] };
	}
	for (size_t i = 0; i < LEN(types); i++) {
		tests[n++] = (struct CMUnitTest){ .name = types[i].name,
			.test_func = type_of_hints,
			.initial_state = (void *)&types[i] };
	}
	for (size_t i = 0; i < LEN(tokens); i++) {
		snprintf(names[i], sizeof(names[i]), "code_%d_is_%s",
		    tokens[i].code, tokens[i].token);
		tests[n++] = (struct CMUnitTest){ .name = names[i],
			.test_func = code_has_its_token,
			.initial_state = (void *)&tokens[i] };
	}
	for (size_t i = 0; i < LEN(texts); i++) {
		tests[n++] = (struct CMUnitTest){ .name = texts[i].name,
			.test_func = text_and_back,
			.initial_state = (void *)&texts[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/netdb", tests, NULL, NULL);
}
