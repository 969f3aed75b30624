#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "base/config.h"
#include "base/hosts.h"
#include "base/profile.h"
#include "support/fake_resolver.h"

static const char lines[] = "127.0.0.1 broker.test\n"
                            "::1 broker.test\n"
                            "127.0.0.9 v4.test\n"
                            "cloud.test:8883 -> 127.0.0.1:18883\n"
                            "cloud6.test:8883 -> [::1]:18883\n";

static int
setup(void **state)
{
	(void)state;
	zsock_hosts_clear();
	assert_int_equal(zsock_hosts_add(lines), 0);
	fake_resolver_install();
	fake_resolver_answer(AF_INET, 0, 0, "192.0.2.1");
	fake_resolver_answer(AF_UNSPEC, 0, 0, "192.0.2.1");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_resolver_remove();
	zsock_hosts_clear();
	return 0;
}

/* "address:port", of every entry, where it leads when it is connected to. */
static const char *
shown(const struct zsock_addrinfo *res, int port)
{
	static char text[512];
	size_t len = 0;

	text[0] = '\0';
	for (; res != NULL; res = res->ai_next) {
		struct sockaddr_storage addr;
		socklen_t addrlen = res->ai_addrlen;
		char host[64], serv[8];

		memcpy(&addr, res->ai_addr, addrlen);
		if (port != 0)
			((struct sockaddr_in *)&addr)->sin_port =
			    htons((uint16_t)port);
		if (hosts_redirect(&addr, &addrlen) < 0)
			return "refused";
		assert_int_equal(getnameinfo((struct sockaddr *)&addr, addrlen,
		                     host, sizeof(host), serv, sizeof(serv),
		                     NI_NUMERICHOST | NI_NUMERICSERV),
		    0);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s:%s", len > 0 ? " " : "", host, serv);
	}
	return text;
}

/* The same in all three profiles; asked: the host's resolver was. */
static const struct name_case {
	const char *name;
	const char *host, *service;
	int family;
	int port; /* what the program puts in afterwards, or 0 */
	int want, asked;
	const char *found;
} names[] = {
	{ "own_v4", "broker.test", "1883", NET_AF_INET, 0, 0, 0,
	    "127.0.0.1:1883" },
	{ "own_v6", "Broker.TEST", "1883", NET_AF_INET6, 0, 0, 0, "::1:1883" },
	{ "own_no_service", "v4.test", NULL, NET_AF_INET, 5, 0, 0,
	    "127.0.0.9:5" },
	{ "own_of_the_other_family", "v4.test", "1", NET_AF_INET6, 0,
	    DNS_EAI_NODATA, 0, NULL },
	{ "redirected_by_service", "cloud.test", "8883", NET_AF_INET, 0, 0, 0,
	    "127.0.0.1:18883" },
	{ "redirected_afterwards", "cloud.test", NULL, NET_AF_INET, 8883, 0, 0,
	    "127.0.0.1:18883" },
	{ "redirected_of_any_family", "cloud.test", NULL, NET_AF_UNSPEC, 8883,
	    0, 0, "127.0.0.1:18883" },
	{ "redirected_v6", "cloud6.test", "8883", NET_AF_UNSPEC, 0, 0, 0,
	    "::1:18883" },
	{ "redirected_v6_afterwards", "cloud6.test", NULL, NET_AF_UNSPEC, 8883,
	    0, 0, "::1:18883" },
	{ "redirected_wrong_port", "cloud.test", NULL, NET_AF_INET, 443, 0, 0,
	    "refused" },
	{ "redirected_other_service", "cloud.test", "443", NET_AF_INET, 0, 0, 1,
	    "192.0.2.1:443" },
};

static void
name_is_ours(void **state)
{
	const struct name_case *c = *state;
	const struct zsock_addrinfo hints = { .ai_family = c->family,
		.ai_socktype = NET_SOCK_STREAM };

	for (int p = 0; p < PROFILE_COUNT; p++) {
		struct zsock_addrinfo *res;

		setup(NULL);
		profile_set((enum profile)p);
		assert_int_equal(zsock_getaddrinfo(c->host, c->service, &hints,
		                     &res),
		    c->want);
		assert_int_equal(fake_resolver_count(), c->asked);
		/* Of what the fake resolver finds, Linux sets the port. */
		if (c->want == 0 && (p != PROFILE_LINUX || c->asked == 0))
			assert_string_equal(shown(res, c->port), c->found);
		zsock_freeaddrinfo(res);
		teardown(NULL);
	}
}

static void
both_families_are_found_v4_first(void **state)
{
	const struct zsock_addrinfo hints = { .ai_socktype = NET_SOCK_STREAM };
	struct zsock_addrinfo *res;

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		profile_set((enum profile)p);
		assert_int_equal(zsock_getaddrinfo("broker.test", "1", &hints,
		                     &res),
		    0);
		assert_string_equal(shown(res, 0),
		    p == PROFILE_ZEPHYR_3_3 ? "127.0.0.1:1"
		                            : "127.0.0.1:1 ::1:1");
		zsock_freeaddrinfo(res);
	}
}

static void
linux_knows_services_and_types(void **state)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET,
		.ai_flags = ZSOCK_AI_CANONNAME };
	struct zsock_addrinfo *res;

	(void)state;
	profile_set(PROFILE_LINUX);
	assert_int_equal(zsock_getaddrinfo("broker.test", "http", &hints, &res),
	    0);
	assert_string_equal(res->ai_canonname, "broker.test");
	assert_int_equal(res->ai_socktype, NET_SOCK_STREAM);
	assert_int_equal(net_ntohs(
	                     ((struct sockaddr_in *)res->ai_addr)->sin_port),
	    80);
	assert_non_null(res->ai_next);
	zsock_freeaddrinfo(res);
	assert_int_equal(zsock_getaddrinfo("broker.test", "nosuchservice",
	                     &hints, &res),
	    DNS_EAI_SERVICE);
	assert_null(res);
}

static void
a_numeric_host_is_no_name(void **state)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET,
		.ai_flags = ZSOCK_AI_NUMERICHOST };
	struct zsock_addrinfo *res;

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		profile_set((enum profile)p);
		assert_int_equal(zsock_getaddrinfo("broker.test", "1", &hints,
		                     &res),
		    p == PROFILE_LINUX ? DNS_EAI_NONAME : DNS_EAI_FAIL);
	}
}

static void
lines_that_are_wrong_change_nothing(void **state)
{
	struct zsock_addrinfo *res;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	errno = 0;
	assert_int_equal(zsock_hosts_add("127.0.0.1 new.test\nwrong"), -1);
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_int_equal(zsock_hosts_add(NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(zsock_hosts_add(""), 0);
	assert_int_equal(zsock_getaddrinfo("new.test", "1", NULL, &res), 0);
	assert_string_equal(shown(res, 0), "192.0.2.1:1");
	zsock_freeaddrinfo(res);
}

static void
what_is_cleared_is_asked_for_again(void **state)
{
	struct zsock_addrinfo *res;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	zsock_hosts_clear();
	assert_int_equal(zsock_getaddrinfo("broker.test", "1", NULL, &res), 0);
	assert_string_equal(shown(res, 0), "192.0.2.1:1");
	zsock_freeaddrinfo(res);
}

int
main(void)
{
#define WITH_LINES(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest others[] = {
		WITH_LINES(both_families_are_found_v4_first),
		WITH_LINES(linux_knows_services_and_types),
		WITH_LINES(a_numeric_host_is_no_name),
		WITH_LINES(lines_that_are_wrong_change_nothing),
		WITH_LINES(what_is_cleared_is_asked_for_again),
	};
	struct CMUnitTest tests[LEN(names) + LEN(others)];

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(names); i++) {
		tests[i] = (struct CMUnitTest){ .name = names[i].name,
			.test_func = name_is_ours,
			.initial_state = (void *)&names[i] };
	}
	memcpy(&tests[LEN(names)], others, sizeof(others));
	return cmocka_run_group_tests_name("api/hosts", tests, NULL, NULL);
}
