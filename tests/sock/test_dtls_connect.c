/*
 * connect on a secure datagram socket: the handshake in it, or after it, and
 * peers that are not there.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/tls_names.h"
#include "support/dtls_pair.h"
#include "tls/dgram_record.h"

/* A limit, and what a slow machine may add to it before it is another one. */
#define LIMIT_MS 40
#define SLACK_MS 3000

/* The waits of a schedule: OpenSSL takes up to 15 ms off each. */
#define FIRST_MS 20
#define LAST_MS 40
#define SCHEDULE_MS (FIRST_MS + LAST_MS - 2 * 15)

static bool
is_linux(void)
{
	return profile_get() == PROFILE_LINUX;
}

static void
limit_connect(void)
{
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     LIMIT_MS),
	    0);
}

static void
assert_took(int64_t start_ns, int ms)
{
	assert_in_range((deadline_now_ns() - start_ns) / 1000000, ms - 2,
	    ms + SLACK_MS);
}

/* How many ClientHellos have come; random is that of all of them. */
static int
count_hellos(int kfd, unsigned char random[DGRAM_RANDOM_SIZE])
{
	unsigned char buf[2048], other[DGRAM_RANDOM_SIZE];
	uint64_t number;
	ssize_t len;
	int n = 0;

	while ((len = recv(kfd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		assert_true(dgram_record_is_hello(buf, (size_t)len, &number,
		    n == 0 ? random : other));
		if (n++ > 0)
			assert_memory_equal(random, other, sizeof(other));
	}
	return n;
}

static void
a_silent_peer_costs_the_limit(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);
	int64_t start;

	limit_connect();
	(void)dtls_pair_raw(AF_INET, &port);
	start = deadline_now_ns();
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_took(start, LIMIT_MS);
}

static void
the_environment_has_a_limit_as_well(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);
	int64_t start;

	setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", "40", 1);
	config_reload();
	(void)dtls_pair_raw(AF_INET, &port);
	start = deadline_now_ns();
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	unsetenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS");
	config_reload();
	assert_took(start, LIMIT_MS);
}

/* On the device it waits all the same, and has another word for the limit. */
static void
a_non_blocking_connect_waits_on_the_device_alone(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);
	const int64_t start = deadline_now_ns();

	limit_connect();
	(void)dtls_pair_raw(AF_INET, &port);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	if (is_linux()) {
		assert_int_equal(loop_connect(sock, AF_INET, port),
		    -EINPROGRESS);
		assert_int_equal(dtls_pair_send(sock, "x", 0), -EAGAIN);
		return;
	}
	assert_int_equal(loop_connect(sock, AF_INET, port), -EAGAIN);
	assert_took(start, LIMIT_MS);
	assert_int_equal(call_fcntl(sock, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
}

static void
a_non_blocking_connect_succeeds(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	ssize_t n;
	int rc;

	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	dtls_pair_serve(server);
	/* The server may have answered by the time that it is looked. */
	rc = loop_connect(sock, AF_INET, port);
	assert_true(rc == 0 || (rc == -EINPROGRESS && is_linux()));
	while ((n = dtls_pair_send(sock, "x", 0)) == -EAGAIN)
		(void)dtls_pair_poll(sock, POLLIN, 20);
	assert_int_equal(n, 1);
	dtls_pair_served();
	dtls_pair_expect(server, "x");
}

static void
after_the_limit_a_send_goes_on_with_the_same_handshake(void)
{
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	unsigned char before[DGRAM_RANDOM_SIZE], after[DGRAM_RANDOM_SIZE];
	char byte;

	limit_connect();
	dtls_pair_schedule(sock, 200, 200);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_int_equal(count_hellos(kfd, before), 1);
	assert_int_equal(dtls_pair_recv(sock, &byte, 1, MSG_DONTWAIT),
	    is_linux() ? -EAGAIN : -ENOTCONN);
	assert_int_equal(dtls_pair_send(sock, "x", 0), -ETIMEDOUT);
	assert_int_equal(count_hellos(kfd, after), 0);
	/* That one was over; the next begins another. */
	assert_int_equal(dtls_pair_send(sock, "x", 0), -ETIMEDOUT);
	assert_int_equal(count_hellos(kfd, after), 1);
	assert_memory_not_equal(before, after, sizeof(after));
}

static void
a_peer_that_comes_late_is_met_by_the_send(void)
{
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	int server;

	limit_connect();
	dtls_pair_schedule(sock, 100, 10000);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	dtls_pair_close_raw(kfd);
	server = dtls_pair_server(AF_INET, &port);
	dtls_pair_serve(server);
	assert_int_equal(dtls_pair_send(sock, "late", 0), 4);
	dtls_pair_served();
	dtls_pair_expect(server, "late");
}

static void
after_the_limit_it_may_be_connected_to_another(void)
{
	uint16_t silent = 0, port = 0;
	const int sock = dtls_pair_client(AF_INET);
	int server;

	limit_connect();
	(void)dtls_pair_raw(AF_INET, &silent);
	assert_int_equal(loop_connect(sock, AF_INET, silent), -ETIMEDOUT);
	limits_clear();
	server = dtls_pair_server(AF_INET, &port);
	dtls_pair_meet(sock, server, AF_INET, port);
}

/* A port that was the kernel's choice, and is nobody's any more. */
static uint16_t
free_port(void)
{
	uint16_t port = 0;

	dtls_pair_close_raw(dtls_pair_raw(AF_INET, &port));
	return port;
}

static void
nobody_at_the_port_is_told_on_linux_alone(void)
{
	const int sock = dtls_pair_client(AF_INET);
	const int64_t start = deadline_now_ns();

	if (!is_linux())
		limit_connect();
	assert_int_equal(loop_connect(sock, AF_INET, free_port()),
	    is_linux() ? -ECONNREFUSED : -ETIMEDOUT);
	if (!is_linux())
		assert_took(start, LIMIT_MS);
}

static void
a_connect_that_stores_asks_nobody(void)
{
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	unsigned char random[DGRAM_RANDOM_SIZE];
	int64_t start;

	if (profile_get() != PROFILE_ZEPHYR_3_3)
		dtls_pair_set(sock, TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, 0);
	dtls_pair_schedule(sock, FIRST_MS, LAST_MS);
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	assert_int_equal(count_hellos(kfd, random), 0);
	start = deadline_now_ns();
	assert_int_equal(dtls_pair_send(sock, "x", 0), -ETIMEDOUT);
	assert_took(start, SCHEDULE_MS);
	assert_int_equal(count_hellos(kfd, random), 2);
}

static void
the_first_send_does_the_handshake_then(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);

	if (profile_get() != PROFILE_ZEPHYR_3_3)
		dtls_pair_set(sock, TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, 0);
	dtls_pair_meet(sock, server, AF_INET, port);
}

/* Of the device's handshake the call's own patience is no limit. */
static void
a_send_that_may_not_wait_waits_for_it_on_the_device(void)
{
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	unsigned char random[DGRAM_RANDOM_SIZE];
	int64_t start = deadline_now_ns();

	/* Nor is connect's. */
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     1),
	    0);
	dtls_pair_schedule(sock, FIRST_MS, is_linux() ? 60000 : LAST_MS);
	assert_int_equal(call_sendto(sock, "x", 1, MSG_DONTWAIT, NULL, 0),
	    -EDESTADDRREQ);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, port),
	    is_linux() ? -EAGAIN : -ETIMEDOUT);
	if (is_linux()) {
		assert_int_equal(dtls_pair_send(sock, "x", 0), -EAGAIN);
		return;
	}
	assert_took(start, SCHEDULE_MS);
	assert_int_equal(count_hellos(kfd, random), 2);
	start = deadline_now_ns();
	assert_int_equal(dtls_pair_send(sock, "x", MSG_DONTWAIT), -ETIMEDOUT);
	assert_took(start, SCHEDULE_MS);
}

static void
sndtimeo_bounds_the_handshake_of_a_send_on_linux_alone(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);
	const int64_t start = deadline_now_ns();

	(void)dtls_pair_raw(AF_INET, &port);
	dtls_pair_limit(sock, SO_SNDTIMEO, LIMIT_MS);
	dtls_pair_schedule(sock, 100, is_linux() ? 60000 : 100);
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, port),
	    is_linux() ? -EAGAIN : -ETIMEDOUT);
	assert_took(start, is_linux() ? LIMIT_MS : 100 - 15);
}

static void
a_second_connect_begins_anew_on_linux_alone(void)
{
	struct dtls_pair p;
	uint16_t port = 0;
	const int other = dtls_pair_server(AF_INET, &port);
	char byte;

	dtls_pair_open(&p);
	if (!is_linux()) {
		assert_int_equal(loop_connect(p.client, AF_INET, p.port),
		    -EALREADY);
		assert_int_equal(loop_connect(p.client, AF_INET, port),
		    -EALREADY);
		assert_int_equal(dtls_pair_send(p.client, "good", 0), 4);
		dtls_pair_expect(p.server, "good");
		return;
	}
	dtls_pair_meet(p.client, other, AF_INET, port);
	/* The first was told. */
	assert_int_equal(dtls_pair_recv(p.server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	assert_int_equal(dtls_pair_send(p.server, "x", 0), -ENOTCONN);
}

static void
a_server_cannot_be_connected(void)
{
	uint16_t port = 0, other = 0;
	const int sock = dtls_pair_server(AF_INET, &port);

	(void)dtls_pair_raw(AF_INET, &other);
	assert_int_equal(loop_connect(sock, AF_INET, other), -EOPNOTSUPP);
}

static void
an_address_of_another_family_is_refused(void)
{
	const int sock = dtls_pair_client(AF_INET);

	assert_int_equal(loop_connect(sock, AF_INET6, 1),
	    is_linux() ? -EAFNOSUPPORT : -EINVAL);
	assert_int_equal(dtls_pair_send(sock, "x", 0), -EDESTADDRREQ);
}

static void
what_is_no_peer_is_none(void)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);

	if (is_linux()) {
		dtls_pair_meet(sock, server, AF_INET, port);
		assert_int_equal(call_connect(sock, &nobody, sizeof(nobody)),
		    0);
	} else {
		assert_int_equal(call_connect(sock, &nobody, sizeof(nobody)),
		    -EINVAL);
		/* Where connect has a handshake to do, it cannot. */
		assert_int_equal(loop_connect(sock, AF_INET, 0),
		    profile_get() == PROFILE_ZEPHYR ? -ECONNABORTED : 0);
	}
	assert_int_equal(dtls_pair_send(sock, "x", 0), -EDESTADDRREQ);
	dtls_pair_serve(server);
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, port), 1);
	dtls_pair_served();
	dtls_pair_expect(server, "x");
}

static void
ipv6_is_as_good(void)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	uint16_t port = 0, mine = 0;
	const int server = dtls_pair_server(AF_INET6, &port);
	const int sock = dtls_pair_bound_client(AF_INET6, &mine);
	char byte = 0;

	dtls_pair_meet(sock, server, AF_INET6, port);
	assert_int_equal(call_getpeername(sock, (struct sockaddr *)&addr, &len),
	    0);
	assert_int_equal(addr.ss_family, AF_INET6);
	assert_int_equal(len, sizeof(struct sockaddr_in6));
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET6, port), 1);
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, port), -EISCONN);
	len = sizeof(addr);
	assert_int_equal(call_recvfrom(server, &byte, 1, 0,
	                     (struct sockaddr *)&addr, &len),
	    1);
	assert_int_equal(len, sizeof(struct sockaddr_in6));
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&addr)->sin6_port),
	    mine);
	assert_int_equal(dtls_pair_send_to(server, "back", AF_INET6, mine), 4);
	dtls_pair_expect(sock, "back");
}

/* Linux takes it for this host. */
static void
the_wildcard_is_loopback_on_linux(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	const struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	dtls_pair_serve(server);
	assert_int_equal(call_connect(sock, (const struct sockaddr *)&any,
	                     sizeof(any)),
	    0);
	assert_int_equal(dtls_pair_send(sock, "x", 0), 1);
	dtls_pair_served();
	dtls_pair_expect(server, "x");
}

struct connecting {
	int sock;
	uint16_t port;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;

	return (void *)(intptr_t)loop_connect(c->sock, AF_INET, c->port);
}

static void
while_it_connects_another_connect_is_ealready_and_close_ends_it(void)
{
	struct connecting c = { .sock = dtls_pair_client(AF_INET) };
	const int kfd = dtls_pair_raw(AF_INET, &c.port);
	struct pollfd p = { .fd = kfd, .events = POLLIN };
	const pthread_t thread = loop_start(connect_it, &c);

	assert_int_equal(poll(&p, 1, DTLS_PAIR_FAR_MS), 1);
	assert_int_equal(loop_connect(c.sock, AF_INET, c.port), -EALREADY);
	dtls_pair_close(c.sock);
	assert_int_equal((intptr_t)loop_join(thread), -EINTR);
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(a_silent_peer_costs_the_limit, DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(the_environment_has_a_limit_as_well,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_non_blocking_connect_waits_on_the_device_alone,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_non_blocking_connect_succeeds, 0),
		DTLS_PAIR_TEST(
		    after_the_limit_a_send_goes_on_with_the_same_handshake,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_peer_that_comes_late_is_met_by_the_send,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(after_the_limit_it_may_be_connected_to_another,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(nobody_at_the_port_is_told_on_linux_alone,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_connect_that_stores_asks_nobody, 0),
		DTLS_PAIR_TEST(the_first_send_does_the_handshake_then, 0),
		DTLS_PAIR_TEST(
		    a_send_that_may_not_wait_waits_for_it_on_the_device, 0),
		DTLS_PAIR_TEST(
		    sndtimeo_bounds_the_handshake_of_a_send_on_linux_alone, 0),
		DTLS_PAIR_TEST(a_second_connect_begins_anew_on_linux_alone, 0),
		DTLS_PAIR_TEST(a_server_cannot_be_connected, 0),
		DTLS_PAIR_TEST(an_address_of_another_family_is_refused, 0),
		DTLS_PAIR_TEST(what_is_no_peer_is_none, 0),
		DTLS_PAIR_TEST(the_wildcard_is_loopback_on_linux,
		    DTLS_PAIR_LINUX),
		DTLS_PAIR_TEST(ipv6_is_as_good, 0),
		DTLS_PAIR_TEST(
		    while_it_connects_another_connect_is_ealready_and_close_ends_it,
		    DTLS_PAIR_NEWER),
	};

	return dtls_pair_run("sock/dtls_connect", tests, LEN(tests));
}
