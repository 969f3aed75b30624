#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/address.h"
#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "support/fake_resolver.h"

/* Rows of the device: flags and addrlen do not count. */
static const struct info_case {
	const char *name;
	const char *from;
	int flags;
	size_t hostlen, servlen; /* 0 is a NULL buffer */
	int want;
	const char *host, *serv;
} infos[] = {
	{ "v4", "192.0.2.1:80", 0, 64, 32, 0, "192.0.2.1", "80" },
	{ "v6", "[2001:db8::1]:65535", 0, 64, 32, 0, "2001:db8::1", "65535" },
	{ "flags", "192.0.2.1:80",
	    ZSOCK_NI_NAMEREQD | ZSOCK_NI_NOFQDN | ZSOCK_NI_DGRAM, 64, 32, 0,
	    "192.0.2.1", "80" },
	{ "no_serv", "192.0.2.1:80", 0, 64, 0, 0, "192.0.2.1", NULL },
	{ "no_host", "192.0.2.1:80", 0, 0, 32, 0, NULL, "80" },
	{ "neither", "192.0.2.1:80", 0, 0, 0, 0, NULL, NULL },
	{ "host_just_fits", "192.0.2.1:80", 0, 10, 32, 0, "192.0.2.1", "80" },
	{ "host_too_short", "192.0.2.1:80", 0, 9, 32, DNS_EAI_OVERFLOW, NULL,
	    NULL },
	{ "v6_host_too_short", "[::1]:80", 0, 3, 0, DNS_EAI_OVERFLOW, NULL,
	    NULL },
	{ "serv_is_cut", "192.0.2.1:8080", 0, 64, 3, 0, "192.0.2.1", "80" },
	{ "serv_of_one_byte", "192.0.2.1:8080", 0, 64, 1, 0, "192.0.2.1", "" },
};

static void
info_is_numeric(void **state)
{
	const struct info_case *c = *state;
	struct sockaddr_storage addr;
	struct address a;

	assert_true(address_parse(c->from, strlen(c->from), false, &a));
	(void)address_store(&a, a.port, &addr);
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		/* Exact, so that ASan sees what is written beyond. */
		char *host = c->hostlen > 0 ? malloc(c->hostlen) : NULL;
		char *serv = c->servlen > 0 ? malloc(c->servlen) : NULL;

		profile_set((enum profile)p);
		assert_int_equal(zsock_getnameinfo((struct net_sockaddr *)&addr,
		                     0, host, (net_socklen_t)c->hostlen, serv,
		                     (net_socklen_t)c->servlen, c->flags),
		    c->want);
		if (c->want == 0 && host != NULL)
			assert_string_equal(host, c->host);
		if (c->want == 0 && serv != NULL)
			assert_string_equal(serv, c->serv);
		free(host);
		free(serv);
	}
}

static void
an_unknown_family_has_a_port_only(void **state)
{
	const struct net_sockaddr addr = { .sa_family = NET_AF_PACKET };
	char host[64], serv[32];

	(void)state;
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		errno = 0;
		assert_int_equal(zsock_getnameinfo(&addr, sizeof(addr), host,
		                     sizeof(host), serv, sizeof(serv), 0),
		    DNS_EAI_SYSTEM);
		assert_int_equal(errno, EAFNOSUPPORT);
		assert_int_equal(zsock_getnameinfo(&addr, sizeof(addr), NULL, 0,
		                     serv, sizeof(serv), 0),
		    0);
		assert_string_equal(serv, "0");
	}
}

static void
no_address_has_no_name(void **state)
{
	char host[64];

	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		profile_set((enum profile)p);
		errno = 0;
		assert_int_equal(zsock_getnameinfo(NULL, 16, host, sizeof(host),
		                     NULL, 0, 0),
		    p == PROFILE_LINUX ? DNS_EAI_FAMILY : DNS_EAI_SYSTEM);
		assert_int_equal(errno, p == PROFILE_LINUX ? 0 : EINVAL);
	}
}

static void
linux_asks_the_host(void **state)
{
	struct net_sockaddr_in addr = { .sin_family = NET_AF_INET,
		.sin_port = net_htons(80) };
	char host[64], serv[32];

	(void)state;
	addr.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK);
	profile_set(PROFILE_LINUX);
	fake_resolver_install();
	assert_int_equal(zsock_getnameinfo((struct net_sockaddr *)&addr,
	                     sizeof(addr), host, sizeof(host), serv,
	                     sizeof(serv), 0),
	    0);
	assert_int_equal(fake_resolver_count(), 1);
	assert_string_equal(host, "127.0.0.1");
	/* Zephyr's length is too short for the host. */
	assert_int_equal(zsock_getnameinfo((struct net_sockaddr *)&addr, 8,
	                     host, sizeof(host), serv, sizeof(serv), 0),
	    DNS_EAI_FAMILY);
	assert_int_equal(zsock_getnameinfo((struct net_sockaddr *)&addr,
	                     sizeof(addr), host, 3, NULL, 0, 0),
	    DNS_EAI_OVERFLOW);
	fake_resolver_remove();
}

static void
the_device_has_its_own_name(void **state)
{
	char name[8], want[8] = "zephyr";

	(void)state;
	for (int p = PROFILE_ZEPHYR; p <= PROFILE_ZEPHYR_3_3; p++) {
		profile_set((enum profile)p);
		memset(name, '#', sizeof(name));
		assert_int_equal(zsock_gethostname(name, sizeof(name)), 0);
		assert_memory_equal(name, want, sizeof(name));
		/* Cut, and without a NUL. */
		memset(name, '#', sizeof(name));
		assert_int_equal(zsock_gethostname(name, 6), 0);
		assert_memory_equal(name, "zephyr##", sizeof(name));
		memset(name, '#', sizeof(name));
		assert_int_equal(zsock_gethostname(name, 2), 0);
		assert_memory_equal(name, "ze######", sizeof(name));
		assert_int_equal(zsock_gethostname(name, 0), 0);
		assert_memory_equal(name, "ze######", sizeof(name));
	}
}

static void
the_name_is_the_configurations(void **state)
{
	char path[] = "/tmp/zsock-test-name-XXXXXX";
	const int fd = mkstemp(path);
	char name[32], why[128];
	const char *line = "CONFIG_NET_HOSTNAME=\"ztest_hostname\"\n";

	(void)state;
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_int_equal(close(fd), 0);
	assert_int_equal(limits_load(path, why, sizeof(why)), 0);
	assert_int_equal(unlink(path), 0);
	profile_set(PROFILE_ZEPHYR);
	assert_int_equal(zsock_gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, "ztest_hostname");
	limits_clear();
	assert_int_equal(zsock_gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, "zephyr");
}

static void
linux_has_the_hosts_name(void **state)
{
	char name[32];

	(void)state;
	profile_set(PROFILE_LINUX);
	fake_resolver_install();
	assert_int_equal(zsock_gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, "the-host");
	errno = 0;
	assert_int_equal(zsock_gethostname(name, 3), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	fake_resolver_remove();
	errno = 0;
	assert_int_equal(zsock_gethostname(NULL, 3), -1);
	assert_int_equal(errno, EINVAL);
}

/* early: Zephyr 3.3 knows it too. */
static const struct token_case {
	int code;
	bool early;
	const char *token;
} tokens[] = {
	{ DNS_EAI_BADFLAGS, true, "EAI_BADFLAGS" },
	{ DNS_EAI_NONAME, true, "EAI_NONAME" },
	{ DNS_EAI_AGAIN, true, "EAI_AGAIN" },
	{ DNS_EAI_FAIL, true, "EAI_FAIL" },
	{ DNS_EAI_NODATA, true, "EAI_NODATA" },
	{ DNS_EAI_FAMILY, false, "EAI_FAMILY" },
	{ DNS_EAI_SOCKTYPE, false, "EAI_SOCKTYPE" },
	{ DNS_EAI_SERVICE, true, "EAI_SERVICE" },
	{ DNS_EAI_ADDRFAMILY, false, "EAI_ADDRFAMILY" },
	{ DNS_EAI_MEMORY, true, "EAI_MEMORY" },
	{ DNS_EAI_SYSTEM, true, "EAI_SYSTEM" },
	{ DNS_EAI_OVERFLOW, false, "EAI_OVERFLOW" },
	{ DNS_EAI_INPROGRESS, false, "EAI_INPROGRESS" },
	{ DNS_EAI_CANCELED, false, "EAI_CANCELED" },
	{ DNS_EAI_NOTCANCELED, false, "EAI_NOTCANCELED" },
	{ DNS_EAI_ALLDONE, false, "EAI_ALLDONE" },
	{ DNS_EAI_IDN_ENCODE, false, "EAI_IDN_ENCODE" },
	{ 0, true, "EAI_UNKNOWN" },
	{ 1, true, "EAI_UNKNOWN" },
	{ -104, true, "EAI_UNKNOWN" },
	{ -9999, true, "EAI_UNKNOWN" },
};

static void
code_has_its_token(void **state)
{
	const struct token_case *c = *state;

	profile_set(PROFILE_ZEPHYR);
	assert_string_equal(zsock_gai_strerror(c->code), c->token);
	profile_set(PROFILE_ZEPHYR_3_3);
	assert_string_equal(zsock_gai_strerror(c->code),
	    c->early ? c->token : "EAI_UNKNOWN");
	profile_set(PROFILE_LINUX);
	assert_string_equal(zsock_gai_strerror(c->code), gai_strerror(c->code));
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(an_unknown_family_has_a_port_only),
		cmocka_unit_test(no_address_has_no_name),
		cmocka_unit_test(linux_asks_the_host),
		cmocka_unit_test(the_device_has_its_own_name),
		cmocka_unit_test(the_name_is_the_configurations),
		cmocka_unit_test(linux_has_the_hosts_name),
	};
	struct CMUnitTest tests[LEN(infos) + LEN(tokens) + LEN(others)];
	char names[LEN(tokens)][32];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(infos); i++) {
		tests[n++] = (struct CMUnitTest){ .name = infos[i].name,
			.test_func = info_is_numeric,
			.initial_state = (void *)&infos[i] };
	}
	for (size_t i = 0; i < LEN(tokens); i++) {
		snprintf(names[i], sizeof(names[i]), "code_%d_is_%s",
		    tokens[i].code, tokens[i].token);
		tests[n++] = (struct CMUnitTest){ .name = names[i],
			.test_func = code_has_its_token,
			.initial_state = (void *)&tokens[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/nameinfo", tests, NULL, NULL);
}
