/*
 * What Zephyr 3.3 answered about names and addresses as text, where it differs
 * from Linux: the profile zephyr-3.3 answers the same.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "support/fake_resolver.h"
#include "support/quirks.h"

/* A limit that is waited out, in milliseconds. */
#define LIMIT_MS 20

/* What is an address to it, and is none to Linux. */
static void
inet_pton_takes(int family, const char *text)
{
	struct net_in6_addr a;

	if (zsock_inet_pton((net_sa_family_t)family, text, &a) != 1)
		fail_msg("\"%s\"", text);
}

static void
pton_v4(void)
{
	inet_pton_takes(NET_AF_INET, "1.2.3");
	inet_pton_takes(NET_AF_INET, "256.2.3.4");
	inet_pton_takes(NET_AF_INET, "");
	inet_pton_takes(NET_AF_INET, "1..2.3");
}

static void
pton_v6(void)
{
	inet_pton_takes(NET_AF_INET6, ":::");
	inet_pton_takes(NET_AF_INET6, "1::2::3");
	inet_pton_takes(NET_AF_INET6, "12345::1");
}

/* The code; and the first address if it is 0. */
static int
resolve(const char *host, const char *service, int family, int flags,
    union quirks_addr *a)
{
	const struct zsock_addrinfo hints = { .ai_family = family,
		.ai_flags = flags };
	struct zsock_addrinfo *res;
	const int rc = zsock_getaddrinfo(host, service, &hints, &res);

	if (rc != 0) {
		assert_null(res);
		return rc;
	}
	assert_null(res->ai_next);
	assert_string_equal(res->ai_canonname, "");
	memcpy(a, res->ai_addr, res->ai_addrlen);
	zsock_freeaddrinfo(res);
	return 0;
}

static void
octets_wrap(void)
{
	union quirks_addr a;

	assert_int_equal(resolve("256.1.1.1", NULL, NET_AF_UNSPEC, 0, &a), 0);
	assert_int_equal(net_ntohl(a.in.sin_addr.s_addr), 0x00010101);
}

static void
services_that_are_no_port(void)
{
	static const char *const services[] = { "http", "0", "", "65536" };
	union quirks_addr a;

	for (size_t i = 0; i < LEN(services); i++)
		assert_int_equal(resolve("127.0.0.1", services[i],
		                     NET_AF_UNSPEC, 0, &a),
		    DNS_EAI_NONAME);
	assert_int_equal(DNS_EAI_NONAME, -2);
}

static void
service_with_more_behind(void)
{
	union quirks_addr a;

	assert_int_equal(resolve("127.0.0.1", "80x", NET_AF_UNSPEC, 0, &a), 0);
	assert_int_equal(net_ntohs(a.in.sin_port), 80);
}

static void
family_mismatch(void)
{
	union quirks_addr a;

	assert_int_equal(resolve("127.0.0.1", NULL, NET_AF_INET6, 0, &a), -9);
}

static void
codes_without_a_name(void)
{
	static const int codes[] = { -9, 0, 1, 2, 100 };

	for (size_t i = 0; i < LEN(codes); i++)
		assert_string_equal(zsock_gai_strerror(codes[i]),
		    "EAI_UNKNOWN");
}

static void
numeric_host_that_is_a_name(void)
{
	union quirks_addr a;

	assert_int_equal(resolve("localhost", NULL, NET_AF_UNSPEC,
	                     ZSOCK_AI_NUMERICHOST, &a),
	    DNS_EAI_FAIL);
}

/* A query for each family, one after the other. */
static void
no_answer(void)
{
	const int64_t begin = deadline_now_ns();
	union quirks_addr a;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DNS_TIMEOUT", LIMIT_MS),
	    0);
	fake_resolver_install();
	fake_resolver_hold(true);
	assert_int_equal(resolve("name.test", NULL, NET_AF_UNSPEC, 0, &a),
	    -101);
	assert_true(
	    deadline_now_ns() - begin >= 2 * LIMIT_MS * INT64_C(1000000));
	fake_resolver_remove();
}

static void
name_that_is_too_long(void)
{
	char name[512];
	union quirks_addr a;

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	errno = 0;
	assert_int_equal(resolve(name, NULL, NET_AF_UNSPEC, 0, &a),
	    DNS_EAI_SYSTEM);
	assert_int_equal(errno, ENOMEM);
}

/* resolve looks that there is no second one. */
static void
one_node_of_many(void)
{
	union quirks_addr a;

	fake_resolver_install();
	fake_resolver_answer(NET_AF_INET, 0, 0, "192.0.2.1 192.0.2.2");
	assert_int_equal(resolve("name.test", NULL, NET_AF_INET, 0, &a), 0);
	assert_int_equal(net_ntohl(a.in.sin_addr.s_addr), 0xc0000201);
	fake_resolver_remove();
}

static const struct quirks_test tests[] = {
	{ "9_1_16_pton_v4", pton_v4 },
	{ "9_1_16_pton_v6", pton_v6 },
	{ "9_1_16_octets_wrap", octets_wrap },
	{ "9_2_services_that_are_no_port", services_that_are_no_port },
	{ "9_2_service_with_more_behind", service_with_more_behind },
	{ "9_2_family_mismatch", family_mismatch },
	{ "9_2_codes_without_a_name", codes_without_a_name },
	{ "9_2_numeric_host_that_is_a_name", numeric_host_that_is_a_name },
	{ "9_2_no_answer", no_answer },
	{ "9_2_name_that_is_too_long", name_that_is_too_long },
	{ "9_2_one_node_of_many", one_node_of_many },
};

int
main(void)
{
	return quirks_run_tests("api/zephyr_3_3_names", PROFILE_ZEPHYR_3_3,
	    tests, LEN(tests));
}
