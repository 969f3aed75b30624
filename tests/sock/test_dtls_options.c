/*
 * The options below SOL_TLS of a secure datagram socket, which are those of a
 * plain one but for a few, in each state and profile.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "support/dtls_pair.h"

/* A client that is new, a server that nobody has come to, and an open pair. */
#define STATES 4

static const char *const state_names[STATES] = { "new client", "new server",
	"open client", "open server" };

static void
open_states(int socks[STATES])
{
	struct dtls_pair p;
	uint16_t port = 0;

	dtls_pair_open(&p);
	socks[0] = dtls_pair_client(AF_INET);
	socks[1] = dtls_pair_server(AF_INET, &port);
	socks[2] = p.client;
	socks[3] = p.server;
}

static const struct timeval second = { .tv_sec = 1 };

#define KERNEL 1 /* the kernel's answer, whatever it is */

/* What setting a good value, and getting it, answer in each profile. */
static const struct row {
	const char *name;
	int level, option;
	const void *val;
	socklen_t len;
	int set[PROFILE_COUNT], get[PROFILE_COUNT];
	int value; /* what an int is then read as; -1: not looked at */
} rows[] = {
	{ "SO_TYPE", SOL_SOCKET, SO_TYPE, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, KERNEL }, { 0, 0, 0 }, SOCK_DGRAM },
	{ "SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, -ENOPROTOOPT }, { 0, 0, 0 },
	    KINDS_DTLS_1_2 },
	{ "SO_ERROR", SOL_SOCKET, SO_ERROR, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, -ENOPROTOOPT },
	    { 0, -ENOPROTOOPT, 0 }, 0 },
	{ "SO_DOMAIN", SOL_SOCKET, SO_DOMAIN, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, KERNEL }, { 0, -ENOPROTOOPT, 0 },
	    AF_INET },
	{ "SO_RCVTIMEO", SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second),
	    { 0, 0, 0 }, { -ENOPROTOOPT, -ENOPROTOOPT, 0 }, -1 },
	{ "SO_SNDTIMEO", SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second),
	    { 0, 0, 0 }, { -ENOPROTOOPT, -ENOPROTOOPT, 0 }, -1 },
	{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, 4, { 0, 0, 0 },
	    { 0, -ENOPROTOOPT, 0 }, 1 },
	{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, &(int){ 60000 }, 4, { 0, 0, 0 },
	    { 0, 0, 0 }, -1 },
	{ "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, &(int){ 60000 }, 4, { 0, 0, 0 },
	    { 0, 0, 0 }, -1 },
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, 0 },
	    { -ENOPROTOOPT, -ENOPROTOOPT, 0 }, -1 },
	{ "SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, 0 },
	    { -ENOPROTOOPT, -ENOPROTOOPT, 0 }, -1 },
	{ "IP_TOS", IPPROTO_IP, IP_TOS, &(int){ 0x20 }, 4, { 0, 0, 0 },
	    { 0, 0, 0 }, 0x20 },
	{ "IP_TTL", IPPROTO_IP, IP_TTL, &(int){ 7 }, 4, { 0, -ENOPROTOOPT, 0 },
	    { 0, -ENOPROTOOPT, 0 }, 7 },
	{ "IP_MULTICAST_TTL", IPPROTO_IP, IP_MULTICAST_TTL, &(int){ 7 }, 4,
	    { 0, -ENOPROTOOPT, 0 }, { 0, -ENOPROTOOPT, 0 }, 7 },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, KERNEL },
	    { -ENOPROTOOPT, -ENOPROTOOPT, KERNEL }, -1 },
	{ "no option", SOL_SOCKET, 4711, &(int){ 1 }, 4,
	    { -ENOPROTOOPT, -ENOPROTOOPT, -ENOPROTOOPT },
	    { -ENOPROTOOPT, -ENOPROTOOPT, -ENOPROTOOPT }, -1 },
};

static void
compare(const struct row *r, const char *state, const char *call, int got,
    int want)
{
	if (want == KERNEL ? got > 0 : got != want)
		fail_msg("%s %s on a %s: %d, not %d", call, r->name, state, got,
		    want);
}

static void
try_it(const struct row *r, int sock, const char *state)
{
	const enum profile p = profile_get();
	unsigned char room[64] = { 0 };
	socklen_t len = r->len;
	int value, rc;

	compare(r, state, "set",
	    call_setsockopt(sock, r->level, r->option, r->val, r->len),
	    r->set[p]);
	rc = call_getsockopt(sock, r->level, r->option, room, &len);
	compare(r, state, "get", rc, r->get[p]);
	if (rc < 0 || r->value == -1)
		return;
	memcpy(&value, room, sizeof(value));
	assert_int_equal(len, sizeof(value));
	if (value != r->value)
		fail_msg("%s of a %s is %d", r->name, state, value);
}

static void
each_option_in_each_state(void)
{
	int socks[STATES];

	open_states(socks);
	for (int s = 0; s < STATES; s++) {
		for (size_t i = 0; i < LEN(rows); i++)
			try_it(&rows[i], socks[s], state_names[s]);
	}
}

/* Lengths are looked at before anything else. */
static void
a_length_or_a_pointer_that_is_wrong_is_einval(void)
{
	static const int names[] = { SO_PROTOCOL, SO_ERROR, SO_TYPE };
	const bool device = profile_get() != PROFILE_LINUX;
	int socks[STATES], n = 0;
	socklen_t len;

	open_states(socks);
	for (int s = 0; s < STATES; s++) {
		for (size_t i = 0; i < LEN(names); i++) {
			const bool absent = names[i] == SO_ERROR &&
			    profile_get() == PROFILE_ZEPHYR_3_3;

			/* SO_TYPE is the kernel's own on the host. */
			if (!device && names[i] == SO_TYPE)
				continue;
			for (len = 0; len < 4; len++) {
				socklen_t l = len;

				assert_int_equal(call_getsockopt(socks[s],
				                     SOL_SOCKET, names[i], &n,
				                     &l),
				    absent ? -ENOPROTOOPT : -EINVAL);
			}
		}
		assert_int_equal(call_setsockopt(socks[s], SOL_SOCKET,
		                     SO_RCVTIMEO, &second, 4),
		    -EINVAL);
		assert_int_equal(call_setsockopt(socks[s], SOL_SOCKET,
		                     SO_SNDTIMEO, &second, 4),
		    -EINVAL);
	}
}

static void
both_protocols_are_told_as_they_were_asked_for(void)
{
	static const int protocols[] = { KINDS_DTLS_1_0, KINDS_DTLS_1_2 };

	for (size_t i = 0; i < LEN(protocols); i++) {
		const int sock = dtls_pair_keep(
		    call_socket(AF_INET6, SOCK_DGRAM, protocols[i]));
		int n = 0;
		socklen_t len = sizeof(n);

		assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_PROTOCOL,
		                     &n, &len),
		    0);
		assert_int_equal(n, protocols[i]);
	}
}

static void
no_other_type_or_family_goes_with_them(void)
{
	const bool device = profile_get() != PROFILE_LINUX;

	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, KINDS_DTLS_1_2),
	    device ? -EPROTONOSUPPORT : -EINVAL);
	assert_int_equal(call_socket(AF_INET, SOCK_DGRAM, KINDS_TLS_1_2),
	    -EPROTONOSUPPORT);
	assert_int_equal(call_socket(AF_UNIX, SOCK_DGRAM, KINDS_DTLS_1_2),
	    -EAFNOSUPPORT);
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(each_option_in_each_state, 0),
		DTLS_PAIR_TEST(a_length_or_a_pointer_that_is_wrong_is_einval,
		    0),
		DTLS_PAIR_TEST(both_protocols_are_told_as_they_were_asked_for,
		    0),
		DTLS_PAIR_TEST(no_other_type_or_family_goes_with_them, 0),
	};

	return dtls_pair_run("sock/dtls_options", tests, LEN(tests));
}
