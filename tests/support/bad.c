#include "support/bad.h"

#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/zvfs/eventfd.h>

#include "base/config.h"
#include "support/loop.h"

#define TESTS_MAX 64

struct bad_world bad;

static int wrong;

/* What malloc cannot give is NULL under AddressSanitizer, too. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

void
bad_check(const char *call, long result, int zephyr, int zephyr_3_3, int host)
{
	const int error = errno;
	const int wants[PROFILE_COUNT] = { zephyr, zephyr_3_3, host };
	const int want = wants[profile_get()];
	int got = 0;

	if (result == -1)
		got = error;
	else if (result < 0)
		got = (int)-result;
	if (got == want)
		return;
	print_message("%s: %s, not %s\n", call, strerror(got), strerror(want));
	wrong++;
}

static void
open_connection(void)
{
	net_socklen_t len = sizeof(bad.in);
	struct net_sockaddr *a = (struct net_sockaddr *)&bad.in;

	bad.in.sin_family = NET_AF_INET;
	bad.in.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK);
	bad.in6.sin6_family = NET_AF_INET6;
	bad.in6.sin6_addr = net_in6addr_loopback;
	bad.listener = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	assert_int_equal(zsock_bind(bad.listener, a, len), 0);
	assert_int_equal(zsock_getsockname(bad.listener, a, &len), 0);
	bad.in6.sin6_port = bad.in.sin_port;
	assert_int_equal(zsock_listen(bad.listener, 4), 0);
	bad.tcp = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	assert_int_equal(zsock_connect(bad.tcp, a, len), 0);
	bad.peer = zsock_accept(bad.listener, NULL, NULL);
	assert_int_equal(zsock_send(bad.tcp, "a", 1, 0), 1);
	assert_int_equal(zsock_send(bad.peer, "b", 1, 0), 1);
}

static int
setup(void **state)
{
	struct net_sockaddr_in a = { .sin_family = NET_AF_INET };
	net_socklen_t len = sizeof(a);
	int sv[2];

	profile_set(*(const enum profile *)*state);
	memset(&bad, 0, sizeof(bad));
	wrong = 0;
	open_connection();
	bad.fresh = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	bad.udp = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	a.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK);
	assert_int_equal(zsock_bind(bad.udp, (struct net_sockaddr *)&a, len),
	    0);
	assert_int_equal(zsock_getsockname(bad.udp, (struct net_sockaddr *)&a,
	                     &len),
	    0);
	assert_int_equal(zsock_sendto(bad.udp, "c", 1, 0,
	                     (struct net_sockaddr *)&a, len),
	    1);
	bad.tls =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	bad.pair = sv[0];
	bad.other = sv[1];
	assert_int_equal(zsock_send(bad.pair, "d", 1, 0), 1);
	assert_int_equal(zsock_send(bad.other, "e", 1, 0), 1);
	bad.event = zvfs_eventfd(1, ZVFS_EFD_NONBLOCK);
	for (const int *s = bad_sockets(); *s >= 0; s++)
		assert_non_null(zsock_get_context_object(*s));
	return 0;
}

const int *
bad_sockets(void)
{
	static int all[10];
	const int now[] = { bad.tcp, bad.peer, bad.listener, bad.fresh, bad.udp,
		bad.tls, bad.pair, bad.other, bad.event, -1 };

	memcpy(all, now, sizeof(all));
	return all;
}

static int
teardown(void **state)
{
	const int *sockets = bad_sockets();

	(void)state;
	for (int i = 0; sockets[i] >= 0; i++)
		(void)zsock_close(sockets[i]); /* a test may have done it */
	return 0;
}

struct job {
	enum profile profile; /* the first member: setup looks at it */
	const struct bad_test *test;
	char name[80];
};

static void
run(void **state)
{
	const struct job *j = *state;

	j->test->run();
	assert_int_equal(wrong, 0);
}

int
bad_run(const char *group, const struct bad_test *tests, size_t n)
{
	static struct job jobs[TESTS_MAX * PROFILE_COUNT];
	struct CMUnitTest all[TESTS_MAX * PROFILE_COUNT];
	size_t n_jobs = 0;

	if (n > TESTS_MAX)
		return EXIT_FAILURE;
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (int p = 0; p < PROFILE_COUNT; p++) {
		for (size_t i = 0; i < n; i++, n_jobs++) {
			struct job *j = &jobs[n_jobs];

			*j = (struct job){ (enum profile)p, &tests[i], "" };
			snprintf(j->name, sizeof(j->name), "%s: %s",
			    profile_name((enum profile)p), tests[i].name);
			all[n_jobs] = (struct CMUnitTest){ .name = j->name,
				.test_func = run,
				.setup_func = setup,
				.teardown_func = teardown,
				.initial_state = j };
		}
	}
	return _cmocka_run_group_tests(group, all, n_jobs, NULL, NULL);
}
