#include "support/test.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/option_numbers.h"

#define ANSWERS 9

/* What each of the nine tries below answers. */
enum { OK = 0, INV = EINVAL, NOP = ENOPROTOOPT, ENT = ENOENT };

/* Always in this order. */
static const char *const tries[ANSWERS] = {
	"set a good value",
	"set with a length one too short",
	"set with a length one too long",
	"set a bad value",
	"set NULL",
	"get",
	"get with a length one too short",
	"get with a length one too long",
	"get NULL",
};

typedef unsigned char answers[ANSWERS];

static const answers absent = { NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP },
                     exact = { OK, INV, INV, INV, INV, OK, INV, INV, INV },
                     room = { OK, INV, INV, INV, INV, OK, INV, OK, INV },
                     set_only = { OK, INV, INV, INV, INV, NOP, NOP, NOP, NOP },
                     get_exact = { NOP, NOP, NOP, NOP, NOP, OK, INV, INV, INV },
                     get_room = { NOP, NOP, NOP, NOP, NOP, OK, INV, OK, INV },
                     ignored = { OK, OK, OK, OK, OK, NOP, NOP, NOP, NOP };

/* Answers of a single row. */
static const answers
    priority_3_3 = { OK, OK, INV, OK, INV, NOP, NOP, NOP, NOP },
    txtime_3_3 = { OK, OK, INV, OK, INV, OK, INV, OK, INV },
    a_byte_or_int = { OK, INV, INV, OK, INV, OK, OK, OK, INV },
    device = { OK, INV, INV, ENODEV, INV, NOP, NOP, NOP, NOP },
    proxy = { OK, OK, OK, INV, INV, NOP, NOP, NOP, NOP },
    crash = { NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, INV },
    multicast_if = { OK, INV, INV, ENT, INV, INV, INV, INV, INV },
    multicast_if6 = { OK, INV, INV, ENT, INV, OK, INV, INV, INV },
    no_family = { NOP, INV, INV, NOP, INV, NOP, INV, NOP, INV },
    no_family_exact = { NOP, INV, INV, NOP, INV, NOP, INV, INV, INV },
    no_family_set = { NOP, INV, INV, NOP, INV, NOP, NOP, NOP, NOP },
    drop = { ENT, INV, INV, INV, INV, NOP, NOP, NOP, NOP },
    no_family4 = { EAFNOSUPPORT, EAFNOSUPPORT, INV, INV, INV, INV, INV, INV,
	    INV },
    no_family6 = { EAFNOSUPPORT, INV, INV, INV, INV, EAFNOSUPPORT, INV, INV,
	    INV };

static struct ifreq lo = { .ifr_name = "lo" },
                    nowhere = { .ifr_name = "no.if" };
static struct sockaddr_in sa4 = { .sin_family = AF_INET };
static struct sockaddr_in6 sa6 = { .sin6_family = AF_INET6 },
                           wrong6 = { .sin6_family = AF_INET };
static struct ip_mreqn lo4, group4, any_group4, foreign4;
static struct ipv6_mreq group6, any_group6;
static int lo_index;

#define S4 AF_INET, SOCK_STREAM
#define S6 AF_INET6, SOCK_STREAM
#define D4 AF_INET, SOCK_DGRAM
#define D6 AF_INET6, SOCK_DGRAM
#define INT(n) &(int){ n }, sizeof(int)
#define UINT(n) &(uint32_t){ n }, sizeof(uint32_t)
#define BYTE(n) &(uint8_t){ n }, sizeof(uint8_t)
#define OF(object) &(object), sizeof(object)
#define NAME(level, option) #option, level, option
#define NAMED(what, level, option) #option what, level, option

/*
 * The good value is read back where it can be, and is what it already is where
 * it can only be read.
 */
static const struct option_case {
	int family, type;
	const char *name;
	int level, option;
	const void *good;
	socklen_t len;
	const void *bad;
	const answers *zephyr, *zephyr_3_3;
} cases[] = {
	{ S4, NAME(SOL_SOCKET, SO_DEBUG), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_REUSEADDR), INT(1), NULL, &exact, &ignored },
	{ D6, NAME(SOL_SOCKET, SO_REUSEADDR), INT(1), NULL, &exact, &ignored },
	{ S4, NAME(SOL_SOCKET, SO_TYPE), INT(SOCK_STREAM), NULL, &get_exact,
	    &get_exact },
	{ D6, NAME(SOL_SOCKET, SO_TYPE), INT(SOCK_DGRAM), NULL, &get_exact,
	    &get_exact },
	{ S4, NAME(SOL_SOCKET, SO_ERROR), INT(0), NULL, &get_exact, &absent },
	{ D4, NAME(SOL_SOCKET, SO_ERROR), INT(0), NULL, &get_exact, &absent },
	{ S4, NAME(SOL_SOCKET, SO_DONTROUTE), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_BROADCAST), INT(1), NULL, &absent, &absent },
	{ D4, NAME(SOL_SOCKET, SO_BROADCAST), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_SNDBUF), INT(65535), &(int){ 65536 }, &room,
	    &room },
	{ D4, NAME(SOL_SOCKET, SO_SNDBUF), INT(1), &(int){ -1 }, &room, &room },
	{ S6, NAME(SOL_SOCKET, SO_RCVBUF), INT(1), &(int){ 65536 }, &room,
	    &room },
	{ D6, NAME(SOL_SOCKET, SO_RCVBUF), INT(0), &(int){ -1 }, &room, &room },
	{ S4, NAME(SOL_SOCKET, SO_KEEPALIVE), INT(1), &(int){ 2 }, &exact,
	    &absent },
	{ D4, NAME(SOL_SOCKET, SO_KEEPALIVE), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_OOBINLINE), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_PRIORITY), BYTE(2), NULL, &room,
	    &priority_3_3 },
	{ D6, NAME(SOL_SOCKET, SO_PRIORITY), BYTE(8), NULL, &room,
	    &priority_3_3 },
	{ S4, NAME(SOL_SOCKET, SO_LINGER), OF(((struct linger){ 1, 4 })), NULL,
	    &exact, &ignored },
	{ D4, NAME(SOL_SOCKET, SO_LINGER), OF(((struct linger){ 1, 4 })), NULL,
	    &exact, &ignored },
	{ S4, NAME(SOL_SOCKET, SO_REUSEPORT), INT(1), NULL, &exact, &absent },
	{ D6, NAME(SOL_SOCKET, SO_REUSEPORT), INT(1), NULL, &exact, &absent },
	{ S4, NAME(SOL_SOCKET, SO_RCVLOWAT), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_SNDLOWAT), INT(1), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_RCVTIMEO), OF(((struct timeval){ 3, 5 })),
	    NULL, &set_only, &set_only },
	{ D6, NAME(SOL_SOCKET, SO_RCVTIMEO),
	    OF(((struct timeval){ 0, 5000000 })), NULL, &set_only, &set_only },
	{ S4, NAME(SOL_SOCKET, SO_SNDTIMEO), OF(((struct timeval){ -1, 0 })),
	    NULL, &set_only, &set_only },
	{ D6, NAME(SOL_SOCKET, SO_SNDTIMEO), OF(((struct timeval){ 0, 0 })),
	    NULL, &set_only, &set_only },
	{ S4, NAME(SOL_SOCKET, SO_BINDTODEVICE), OF(lo), &nowhere, &device,
	    &device },
	{ D6, NAME(SOL_SOCKET, SO_BINDTODEVICE), OF(lo), &nowhere, &device,
	    &device },
	{ S4, NAME(SOL_SOCKET, SO_ACCEPTCONN), INT(0), NULL, &absent, &absent },
	{ S4, NAME(SOL_SOCKET, SO_TIMESTAMPING), INT(5), NULL, &a_byte_or_int,
	    &absent },
	{ D6, NAMED("_byte", SOL_SOCKET, SO_TIMESTAMPING), BYTE(4), NULL, &room,
	    &absent },
	{ S4, NAME(SOL_SOCKET, SO_PROTOCOL), INT(IPPROTO_TCP), NULL, &get_exact,
	    &get_exact },
	{ D6, NAME(SOL_SOCKET, SO_PROTOCOL), INT(IPPROTO_UDP), NULL, &get_exact,
	    &get_exact },
	{ S4, NAME(SOL_SOCKET, SO_DOMAIN), INT(AF_INET), NULL, &get_exact,
	    &absent },
	{ D6, NAME(SOL_SOCKET, SO_DOMAIN), INT(AF_INET6), NULL, &get_exact,
	    &absent },
	{ S4, NAME(SOL_SOCKET, SO_ZEROCOPY), INT(1), NULL, &absent, &absent },
	{ D4, NAME(SOL_SOCKET, SO_TXTIME), OF((bool){ true }), NULL, &room,
	    &txtime_3_3 },
	{ S4, NAMED("_int", SOL_SOCKET, SO_TXTIME), INT(1), NULL,
	    &a_byte_or_int, NULL },
	{ S4, NAME(SOL_SOCKET, OPTION_SO_SOCKS5), OF(sa4), &sa6, &proxy,
	    &proxy },
	{ S6, NAME(SOL_SOCKET, OPTION_SO_SOCKS5), OF(sa6), &wrong6, &proxy,
	    &proxy },
	{ D4, NAME(SOL_SOCKET, OPTION_SO_SOCKS5), OF(sa4), &sa6, &proxy,
	    &proxy },

	{ S4, NAME(IPPROTO_TCP, TCP_NODELAY), INT(1), &(int){ 2 }, &room,
	    &room },
	{ S6, NAME(IPPROTO_TCP, TCP_NODELAY), INT(1), &(int){ -1 }, &room,
	    &room },
	{ D4, NAME(IPPROTO_TCP, TCP_NODELAY), INT(1), NULL, &absent, &crash },
	{ S4, NAME(IPPROTO_TCP, TCP_CORK), INT(1), NULL, &absent, &absent },
	{ S4, NAME(IPPROTO_TCP, TCP_KEEPIDLE), INT(77), &(int){ 0 }, &exact,
	    &absent },
	{ S6, NAME(IPPROTO_TCP, TCP_KEEPINTVL), INT(5), &(int){ 0 }, &exact,
	    &absent },
	{ S4, NAME(IPPROTO_TCP, TCP_KEEPCNT), INT(3), &(int){ 0 }, &exact,
	    &absent },
	{ D4, NAME(IPPROTO_TCP, TCP_KEEPIDLE), INT(77), NULL, &absent,
	    &absent },

	{ S4, NAME(IPPROTO_IP, IP_TOS), INT(0x28), &(int){ 256 }, &room,
	    &room },
	{ D6, NAME(IPPROTO_IP, IP_TOS), INT(255), &(int){ -1 }, &room, &room },
	{ S4, NAME(IPPROTO_IP, IP_TTL), INT(9), NULL, &room, &absent },
	{ S4, NAMED("_highest", IPPROTO_IP, IP_TTL), INT(255), NULL, &room,
	    &absent },
	{ S6, NAME(IPPROTO_IP, IP_TTL), INT(9), NULL, &no_family, &absent },
	{ D6, NAME(IPPROTO_IP, IP_TTL), INT(9), NULL, &no_family, &absent },
	{ D4, NAME(IPPROTO_IP, IP_PKTINFO), INT(1), NULL, &set_only, &absent },
	{ D6, NAME(IPPROTO_IP, IP_PKTINFO), INT(7), NULL, &set_only, &absent },
	{ S4, NAME(IPPROTO_IP, IP_PKTINFO), INT(1), NULL, &absent, &absent },
	{ D4, NAME(IPPROTO_IP, IP_RECVTTL), INT(1), NULL, &set_only, &absent },
	{ S4, NAME(IPPROTO_IP, IP_MTU), NULL, sizeof(int), NULL, &get_room,
	    &absent },
	{ D6, NAME(IPPROTO_IP, IP_MTU), NULL, sizeof(int), NULL, &get_room,
	    &absent },
	{ S4, NAME(IPPROTO_IP, OPTION_IP_DONTFRAG), INT(1), NULL, &exact,
	    &absent },
	{ D4, NAME(IPPROTO_IP, OPTION_IP_DONTFRAG), INT(0), NULL, &exact,
	    &absent },
	{ D4, NAME(IPPROTO_IP, IP_FREEBIND), INT(1), NULL, &absent, &absent },
	{ D4, NAME(IPPROTO_IP, IP_MULTICAST_IF), OF(lo4), &foreign4,
	    &multicast_if, &absent },
	{ D6, NAME(IPPROTO_IP, IP_MULTICAST_IF), OF(lo4), NULL, &no_family4,
	    &absent },
	{ D4, NAME(IPPROTO_IP, IP_MULTICAST_TTL), INT(6), NULL, &room,
	    &absent },
	{ D4, NAME(IPPROTO_IP, IP_MULTICAST_LOOP), INT(0), NULL, &exact,
	    &absent },
	{ D6, NAME(IPPROTO_IP, IP_MULTICAST_TTL), INT(6), NULL, &no_family,
	    &absent },
	{ D6, NAME(IPPROTO_IP, IP_MULTICAST_LOOP), INT(0), NULL,
	    &no_family_exact, &absent },
	{ D4, NAME(IPPROTO_IP, IP_ADD_MEMBERSHIP), OF(group4), &any_group4,
	    &set_only, &absent },
	{ D6, NAME(IPPROTO_IP, IP_ADD_MEMBERSHIP), OF(group4), &any_group4,
	    &no_family_set, &absent },
	{ D6, NAME(IPPROTO_IP, IP_DROP_MEMBERSHIP), OF(group4), &any_group4,
	    &no_family_set, &absent },
	{ D4, NAME(IPPROTO_IP, IP_DROP_MEMBERSHIP), OF(group4), &any_group4,
	    &drop, &absent },
	{ S4, NAME(IPPROTO_IP, IP_ADD_MEMBERSHIP), OF(group4), NULL, &absent,
	    &absent },
	{ S4, NAME(IPPROTO_IP, IP_LOCAL_PORT_RANGE), UINT(50000U << 16 | 40000),
	    &(uint32_t){ 40000U << 16 | 50000 }, &exact, &absent },

	{ S6, NAMED("_v6", IPPROTO_IP, IP_LOCAL_PORT_RANGE),
	    UINT(50000U << 16 | 40000), NULL, &exact, &absent },

	{ S6, NAME(IPPROTO_IPV6, IPV6_UNICAST_HOPS), INT(9), NULL, &room,
	    &absent },
	{ S4, NAME(IPPROTO_IPV6, IPV6_UNICAST_HOPS), INT(9), NULL, &no_family,
	    &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_MULTICAST_IF), OF(lo_index),
	    &(int){ 999999 }, &multicast_if6, &absent },
	{ D4, NAME(IPPROTO_IPV6, IPV6_MULTICAST_IF), OF(lo_index), NULL,
	    &no_family6, &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_MULTICAST_HOPS), INT(6), &(int){ 256 },
	    &room, &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_MULTICAST_LOOP), INT(0), NULL, &exact,
	    &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP), OF(group6), &any_group6,
	    &set_only, &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP), OF(group6), &any_group6,
	    &drop, &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_MTU), NULL, sizeof(int), &(int){ 1279 },
	    &room, &absent },
	{ S6, NAME(IPPROTO_IPV6, IPV6_V6ONLY), INT(0), NULL, &ignored,
	    &ignored },
	{ D4, NAME(IPPROTO_IPV6, IPV6_V6ONLY), INT(1), NULL, &ignored,
	    &ignored },
	{ D6, NAME(IPPROTO_IPV6, IPV6_RECVPKTINFO), INT(1), NULL, &set_only,
	    &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_RECVHOPLIMIT), INT(1), NULL, &set_only,
	    &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_DONTFRAG), INT(1), NULL, &exact,
	    &absent },
	{ D6, NAME(IPPROTO_IPV6, IPV6_TCLASS), INT(0x28), &(int){ 256 }, &room,
	    &room },
	{ S4, NAME(IPPROTO_IPV6, IPV6_TCLASS), INT(0), &(int){ -1 }, &room,
	    &room },
	{ S6, NAME(IPPROTO_IPV6, IPV6_ADDR_PREFERENCES), INT(0x1),
	    &(int){ 65536 }, &room, &absent },

	{ S4, NAMED("_of_the_kernel", 282, TCP_ULP), INT(1), NULL, &absent,
	    &absent },
	{ D4, NAMED("_on_no_level", 4242, SO_REUSEADDR), INT(1), NULL, &absent,
	    &absent },
};

/* A value with a byte to spare on either side of its length. */
struct try_value {
	unsigned char bytes[256];
	const void *ptr;
	socklen_t len;
};

/* The try by its number. */
static struct try_value
try_of(const struct option_case *c, int n)
{
	static const socklen_t lengths[] = { 0, -1U, 1, 0, 0, 0, -1U, 1, 0 };
	struct try_value v = { .len = c->len + lengths[n] };
	const void *from = n == 3 ? c->bad : c->good;

	if (n < 5 && from != NULL)
		memcpy(v.bytes, from, c->len);
	else if (n < 5)
		memcpy(v.bytes, &(int){ 1280 }, sizeof(int));
	return v;
}

static int
do_try(int sock, const struct option_case *c, int n, struct try_value *v)
{
	void *val = n == 4 || n == 8 ? NULL : v->bytes;

	if (n < 5)
		return call_setsockopt(sock, c->level, c->option, val, v->len);
	return call_getsockopt(sock, c->level, c->option, val, &v->len);
}

static void
check_device(const struct option_case *c, enum profile p, const answers *want)
{
	if (want == NULL)
		return;
	profile_set(p);
	for (int n = 0; n < ANSWERS; n++) {
		const int sock = call_socket(c->family, c->type, 0);
		struct try_value v = try_of(c, n), good = try_of(c, 0);
		const bool kept = (*want)[0] == 0;
		int rc;

		assert_true(sock >= 0);
		if (n == 3 && c->bad == NULL)
			goto next;
		if (n > 4 && kept)
			assert_int_equal(do_try(sock, c, 0, &good), 0);
		rc = do_try(sock, c, n, &v);
		if (rc != -(*want)[n])
			print_error("%s, %s: %d\n", tries[n], profile_name(p),
			    rc);
		assert_int_equal(rc, -(*want)[n]);
		if (n == 5 && rc == 0 && c->good != NULL) {
			assert_int_equal(v.len, c->len);
			assert_memory_equal(v.bytes, c->good, c->len);
		}
	next:
		assert_int_equal(call_close(sock), 0);
	}
}

static void
is_the_newest_devices(void **state)
{
	const struct option_case *c = *state;

	check_device(c, PROFILE_ZEPHYR, c->zephyr);
}

static void
is_the_older_devices(void **state)
{
	const struct option_case *c = *state;

	check_device(c, PROFILE_ZEPHYR_3_3, c->zephyr_3_3);
}

/* Errno, length and value are those of a socket of the kernel's. */
static void
is_the_kernels(void **state)
{
	const struct option_case *c = *state;

	profile_set(PROFILE_LINUX);
	if (c->level == 282 || (c->option & ~0xff) == 0x5a00)
		return; /* not asked: see test_option.c */
	for (int n = 0; n < ANSWERS; n++) {
		const int sock = call_socket(c->family, c->type, 0);
		const int kfd = socket(c->family, c->type, 0);
		struct try_value v = try_of(c, n), w = v;
		void *val = n == 4 || n == 8 ? NULL : w.bytes;
		int rc;

		if (n < 5)
			rc = setsockopt(kfd, c->level, c->option, val, w.len);
		else
			rc = getsockopt(kfd, c->level, c->option, val, &w.len);
		if (rc == -1)
			rc = -errno;
		assert_int_equal(do_try(sock, c, n, &v), rc);
		assert_int_equal(v.len, w.len);
		assert_memory_equal(v.bytes, w.bytes, sizeof(v.bytes));
		assert_int_equal(close(kfd), 0);
		assert_int_equal(call_close(sock), 0);
	}
}

static int
setup(void **state)
{
	(void)state;
	lo_index = (int)if_nametoindex("lo");
	sa4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa6.sin6_addr = in6addr_loopback;
	lo4.imr_ifindex = lo_index;
	foreign4.imr_address.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	group4.imr_ifindex = lo_index;
	group4.imr_multiaddr.s_addr = htonl(0xe0000042); /* 224.0.0.66 */
	any_group4.imr_ifindex = lo_index;
	group6.ipv6mr_interface = (unsigned int)lo_index;
	group6.ipv6mr_multiaddr.s6_addr[0] = 0xff;
	group6.ipv6mr_multiaddr.s6_addr[1] = 0x02;
	group6.ipv6mr_multiaddr.s6_addr[15] = 0x42;
	any_group6.ipv6mr_interface = (unsigned int)lo_index;
	return lo_index > 0 ? 0 : -1;
}

int
main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} columns[PROFILE_COUNT] = {
		[PROFILE_ZEPHYR] = { "zephyr", is_the_newest_devices },
		[PROFILE_ZEPHYR_3_3] = { "zephyr_3_3", is_the_older_devices },
		[PROFILE_LINUX] = { "linux", is_the_kernels },
	};
	static struct CMUnitTest tests[LEN(cases) * LEN(columns)];
	static char names[LEN(tests)][64];

	for (size_t i = 0; i < LEN(tests); i++) {
		const struct option_case *c = &cases[i / LEN(columns)];

		snprintf(names[i], sizeof(names[i]), "%s_%s%d_%s", c->name,
		    c->type == SOCK_STREAM ? "tcp" : "udp",
		    c->family == AF_INET ? 4 : 6,
		    columns[i % LEN(columns)].name);
		tests[i] = (struct CMUnitTest){ .name = names[i],
			.test_func = columns[i % LEN(columns)].fn,
			.initial_state = (void *)c };
	}
	return cmocka_run_group_tests_name("sock/native_options", tests, setup,
	    NULL);
}
