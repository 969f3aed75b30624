#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "base/resolver.h"
#include "support/fake_resolver.h"

static int
setup(void **state)
{
	(void)state;
	fake_resolver_install();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_resolver_remove();
	limits_clear();
	return 0;
}

/* The addresses of a list, with blanks between; and each entry's numbers. */
static const char *
shown(const struct zsock_addrinfo *res, int port, int socktype, int protocol)
{
	static char text[1024];
	size_t len = 0;

	text[0] = '\0';
	for (; res != NULL; res = res->ai_next) {
		char host[64], serv[8];

		assert_int_equal(getnameinfo(res->ai_addr, res->ai_addrlen,
		                     host, sizeof(host), serv, sizeof(serv),
		                     NI_NUMERICHOST | NI_NUMERICSERV),
		    0);
		assert_int_equal(atoi(serv), port);
		assert_int_equal(res->ai_family, res->ai_addr->sa_family);
		assert_int_equal(res->ai_socktype, socktype);
		assert_int_equal(res->ai_protocol, protocol);
		assert_int_equal(res->ai_flags, 0);
		assert_string_equal(res->ai_canonname, "");
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
		    len > 0 ? " " : "", host);
	}
	return text;
}

#define A "192.0.2.1 192.0.2.2 192.0.2.3"
#define AAAA "2001:db8::1 2001:db8::2"

/* What both queries get, and what comes of it: in N, and in 3.3. */
static const struct answer_case {
	const char *name;
	int family;
	int v4, v6; /* codes; 0 is A and AAAA */
	int want, asked;
	const char *found, *found_3_3;
} answers[] = {
	{ "both", NET_AF_UNSPEC, 0, 0, 0, 2, "192.0.2.1 192.0.2.2",
	    "192.0.2.1" },
	{ "v4_of_both", NET_AF_INET, 0, 0, 0, 1, "192.0.2.1 192.0.2.2",
	    "192.0.2.1" },
	{ "v6_of_both", NET_AF_INET6, 0, 0, 0, 1, "2001:db8::1 2001:db8::2",
	    "2001:db8::1" },
	{ "v4_fails", NET_AF_UNSPEC, EAI_NODATA, 0, 0, 2,
	    "2001:db8::1 2001:db8::2", "2001:db8::1" },
	{ "v6_fails", NET_AF_UNSPEC, 0, EAI_NONAME, 0, 2, "192.0.2.1 192.0.2.2",
	    "192.0.2.1" },
	{ "both_fail", NET_AF_UNSPEC, EAI_NODATA, EAI_NONAME, DNS_EAI_NODATA, 2,
	    NULL, NULL },
	{ "both_fail_other_way", NET_AF_UNSPEC, EAI_NONAME, EAI_NODATA,
	    DNS_EAI_NONAME, 2, NULL, NULL },
	{ "v4_has_no_family", NET_AF_UNSPEC, EAI_ADDRFAMILY, EAI_NODATA,
	    DNS_EAI_NODATA, 2, NULL, NULL },
	{ "v6_has_no_family", NET_AF_UNSPEC, EAI_FAIL, EAI_ADDRFAMILY,
	    DNS_EAI_FAIL, 2, NULL, NULL },
	{ "neither_has_a_family", NET_AF_UNSPEC, EAI_ADDRFAMILY, EAI_ADDRFAMILY,
	    DNS_EAI_ADDRFAMILY, 2, NULL, NULL },
	{ "v4_later", NET_AF_UNSPEC, EAI_AGAIN, 0, 0, 2,
	    "2001:db8::1 2001:db8::2", "2001:db8::1" },
	{ "v6_later", NET_AF_UNSPEC, 0, EAI_AGAIN, 0, 2, "192.0.2.1 192.0.2.2",
	    "192.0.2.1" },
	{ "both_later", NET_AF_UNSPEC, EAI_AGAIN, EAI_NODATA, DNS_EAI_AGAIN, 2,
	    NULL, NULL },
	{ "v4_alone_fails", NET_AF_INET, EAI_FAIL, 0, DNS_EAI_FAIL, 1, NULL,
	    NULL },
	{ "v6_alone_fails", NET_AF_INET6, 0, EAI_FAIL, DNS_EAI_FAIL, 1, NULL,
	    NULL },
	{ "no_memory", NET_AF_UNSPEC, EAI_MEMORY, 0, DNS_EAI_MEMORY, 1, NULL,
	    NULL },
	{ "system", NET_AF_INET, EAI_SYSTEM, 0, DNS_EAI_SYSTEM, 1, NULL, NULL },
	{ "no_family", NET_AF_INET, EAI_FAMILY, 0, DNS_EAI_FAMILY, 1, NULL,
	    NULL },
	{ "no_type", NET_AF_INET, EAI_SOCKTYPE, 0, DNS_EAI_SOCKTYPE, 1, NULL,
	    NULL },
};

static void
name_is_resolved(void **state)
{
	const struct answer_case *c = *state;
	const struct zsock_addrinfo hints = { .ai_family = c->family };

	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		struct zsock_addrinfo *res = (struct zsock_addrinfo *)&hints;

		setup(NULL);
		profile_set((enum profile)p);
		fake_resolver_answer(AF_INET, c->v4, ENETDOWN, A);
		fake_resolver_answer(AF_INET6, c->v6, ENETDOWN, AAAA);
		errno = 0;
		assert_int_equal(zsock_getaddrinfo("host.test", "80x", &hints,
		                     &res),
		    c->want);
		assert_int_equal(fake_resolver_count(), c->asked);
		assert_int_equal(errno,
		    c->want == DNS_EAI_SYSTEM ? ENETDOWN : 0);
		if (c->want != 0)
			assert_null(res);
		else
			assert_string_equal(shown(res, 80, NET_SOCK_STREAM,
			                        NET_IPPROTO_TCP),
			    p == PROFILE_ZEPHYR ? c->found : c->found_3_3);
		zsock_freeaddrinfo(res);
		teardown(NULL);
	}
}

/* The type of what a query found is the one that was asked for. */
static const struct type_case {
	const char *name;
	int socktype, want, protocol;
} types[] = {
	{ "type_0", 0, NET_SOCK_STREAM, NET_IPPROTO_TCP },
	{ "type_stream", NET_SOCK_STREAM, NET_SOCK_STREAM, NET_IPPROTO_TCP },
	{ "type_dgram", NET_SOCK_DGRAM, NET_SOCK_DGRAM, NET_IPPROTO_UDP },
	{ "type_raw", NET_SOCK_RAW, NET_SOCK_RAW, NET_IPPROTO_TCP },
	{ "type_seqpacket", NET_SOCK_SEQPACKET, NET_SOCK_SEQPACKET,
	    NET_IPPROTO_TCP },
};

static void
type_is_kept(void **state)
{
	const struct type_case *c = *state;
	const struct zsock_addrinfo hints = { .ai_socktype = c->socktype };
	struct zsock_addrinfo *res;

	setup(NULL);
	profile_set(PROFILE_ZEPHYR);
	fake_resolver_answer(AF_INET, 0, 0, "192.0.2.1");
	assert_int_equal(zsock_getaddrinfo("host.test", NULL, &hints, &res), 0);
	assert_string_equal(shown(res, 0, c->want, c->protocol), "192.0.2.1");
	zsock_freeaddrinfo(res);
	teardown(NULL);
}

/* A name or a family that is not as it should be; asked: a query is made. */
static const struct odd_case {
	const char *name;
	size_t length; /* of the name */
	int family;
	struct {
		int want, err;
		bool asked;
	} cell[PROFILE_COUNT];
} odds[] = {
	{ "name_longest", 253, NET_AF_INET,
	    { { 0, 0, true }, { 0, 0, true }, { 0, 0, true } } },
	{ "name_too_long", 254, NET_AF_INET,
	    { { DNS_EAI_SYSTEM, ENOMEM, false },
	        { DNS_EAI_SYSTEM, ENOMEM, false }, { 0, 0, true } } },
	{ "name_empty", 0, NET_AF_INET,
	    { { DNS_EAI_SYSTEM, EINVAL, false },
	        { DNS_EAI_SYSTEM, EINVAL, false }, { 0, 0, true } } },
	{ "name_of_unknown_family", 5, 77,
	    { { DNS_EAI_ADDRFAMILY, 0, false }, { 0, 0, true },
	        { DNS_EAI_NONAME, 0, true } } },
};

static void
odd_name_is_answered(void **state)
{
	const struct odd_case *c = *state;
	const struct zsock_addrinfo hints = { .ai_family = c->family };
	char name[256] = "";

	memset(name, 'a', c->length);
	for (int p = 0; p < PROFILE_COUNT; p++) {
		struct zsock_addrinfo *res = (struct zsock_addrinfo *)&hints;

		setup(NULL);
		profile_set((enum profile)p);
		fake_resolver_answer(AF_INET, 0, 0, "192.0.2.1");
		errno = 0;
		assert_int_equal(zsock_getaddrinfo(name, "1", &hints, &res),
		    c->cell[p].want);
		assert_int_equal(errno, c->cell[p].err);
		assert_int_equal(fake_resolver_count() > 0, c->cell[p].asked);
		assert_int_equal(res != NULL, c->cell[p].want == 0);
		zsock_freeaddrinfo(res);
		teardown(NULL);
	}
}

static void
silence_is_cancelled(void **state)
{
	struct zsock_addrinfo *res = (struct zsock_addrinfo *)&res;

	(void)state;
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		assert_int_equal(quirk(QUIRK_GAI_LIMIT), 2000);
		assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DNS_TIMEOUT",
		                     2),
		    0);
		fake_resolver_answer(AF_INET, 0, 0, A);
		fake_resolver_hold(true);
		assert_int_equal(zsock_getaddrinfo("host.test", "80", NULL,
		                     &res),
		    DNS_EAI_CANCELED);
		assert_null(res);
		assert_string_equal(zsock_gai_strerror(DNS_EAI_CANCELED),
		    p == PROFILE_ZEPHYR ? "EAI_CANCELED" : "EAI_UNKNOWN");
		fake_resolver_hold(false);
		resolver_drain();
	}
	assert_int_equal(fake_resolver_count(), 4); /* two a call */
}

static void
the_limit_of_entries_is_the_targets(void **state)
{
	struct zsock_addrinfo *res;

	(void)state;
	fake_resolver_answer(AF_INET, 0, 0, A);
	fake_resolver_answer(AF_INET6, 0, 0, AAAA);
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		limits_set("CONFIG_DNS_RESOLVER_AI_MAX_ENTRIES", 4);
		assert_int_equal(zsock_getaddrinfo("host.test", "1", NULL,
		                     &res),
		    0);
		assert_string_equal(shown(res, 1, NET_SOCK_STREAM,
		                        NET_IPPROTO_TCP),
		    A " 2001:db8::1");
		zsock_freeaddrinfo(res);
		limits_set("CONFIG_DNS_RESOLVER_AI_MAX_ENTRIES", 0);
		assert_int_equal(zsock_getaddrinfo("host.test", "1", NULL,
		                     &res),
		    0);
		assert_null(res->ai_next);
		zsock_freeaddrinfo(res);
	}
}

static void
an_answer_of_the_other_family_is_none(void **state)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET };
	struct zsock_addrinfo *res;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	fake_resolver_answer(AF_INET, 0, 0, AAAA);
	assert_int_equal(zsock_getaddrinfo("host.test", "1", &hints, &res),
	    DNS_EAI_NODATA);
}

static void
linux_gives_all_that_the_host_has(void **state)
{
	const struct zsock_addrinfo hints = { .ai_flags = ZSOCK_AI_CANONNAME |
		    ZSOCK_AI_NUMERICHOST };
	struct zsock_addrinfo *res;
	int n = 0;

	(void)state;
	profile_set(PROFILE_LINUX);
	limits_set("CONFIG_NET_SOCKETS_DNS_TIMEOUT", 0);
	fake_resolver_answer(AF_UNSPEC, 0, 0, A " " AAAA);
	assert_int_equal(zsock_getaddrinfo("host.test", NULL, NULL, &res), 0);
	assert_true(fake_resolver_was_here()); /* no thread, so no limit */
	assert_null(res->ai_canonname);
	for (struct zsock_addrinfo *ai = res; ai != NULL; ai = ai->ai_next)
		n++;
	assert_int_equal(n, 5);
	zsock_freeaddrinfo(res);
	/* libc itself: an entry for each type, and a name. */
	assert_int_equal(zsock_getaddrinfo("127.0.0.1", "53", &hints, &res), 0);
	assert_string_equal(res->ai_canonname, "127.0.0.1");
	assert_int_equal(res->ai_socktype, NET_SOCK_STREAM);
	assert_non_null(res->ai_next);
	assert_int_equal(res->ai_next->ai_socktype, NET_SOCK_DGRAM);
	assert_null(res->ai_next->ai_canonname);
	zsock_freeaddrinfo(res);
}

/* The codes and their errno pass as they are. */
static void
linux_gives_the_hosts_codes(void **state)
{
	const int codes[] = { EAI_AGAIN, EAI_FAIL, EAI_NODATA, EAI_NONAME,
		EAI_ADDRFAMILY, EAI_SYSTEM };
	struct zsock_addrinfo *res;

	(void)state;
	profile_set(PROFILE_LINUX);
	for (size_t i = 0; i < LEN(codes); i++) {
		fake_resolver_answer(AF_UNSPEC, codes[i], ENETDOWN, NULL);
		errno = 0;
		assert_int_equal(zsock_getaddrinfo("host.test", "80", NULL,
		                     &res),
		    codes[i]);
		assert_null(res);
		assert_int_equal(errno, ENETDOWN);
	}
}

int
main(void)
{
#define WITH_FAKE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest others[] = {
		WITH_FAKE(silence_is_cancelled),
		WITH_FAKE(the_limit_of_entries_is_the_targets),
		WITH_FAKE(an_answer_of_the_other_family_is_none),
		WITH_FAKE(linux_gives_all_that_the_host_has),
		WITH_FAKE(linux_gives_the_hosts_codes),
	};
	struct CMUnitTest
	    tests[LEN(answers) + LEN(types) + LEN(odds) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	n += test_rows(tests, name_is_resolved, answers, LEN(answers),
	    sizeof(answers[0]));
	n += test_rows(tests + n, type_is_kept, types, LEN(types),
	    sizeof(types[0]));
	n += test_rows(tests + n, odd_name_is_answered, odds, LEN(odds),
	    sizeof(odds[0]));
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/resolve", tests, NULL, NULL);
}
