/*
 * What Zephyr 3.3 answered where it was thought to do something else: each is
 * what the profile zephyr-3.3 does.  The number is the case's.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "support/quirks.h"

#define BOTH (ZSOCK_POLLIN | ZSOCK_POLLOUT)

static char buf[32];

static int
stream(void)
{
	return quirks_open(NET_AF_INET, NET_SOCK_STREAM);
}

static int
dgram(void)
{
	return quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
}

static int
bind_to(int sock, const union quirks_addr *a)
{
	return zsock_bind(sock, &a->any, quirks_len(a));
}

static int
connect_to(int sock, const union quirks_addr *a)
{
	return zsock_connect(sock, &a->any, quirks_len(a));
}

static int
refused(void)
{
	union quirks_addr a;
	const int sock = stream();

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", 20),
	    0);
	(void)quirks_bound(NET_SOCK_STREAM, &a);
	assert_errno(connect_to(sock, &a), ETIMEDOUT);
	return sock;
}

static void
first_keeps_receiving(int first, const union quirks_addr *a)
{
	assert_int_equal(zsock_sendto(dgram(), "x", 1, 0, &a->any,
	                     quirks_len(a)),
	    1);
	assert_int_equal(zsock_recv(first, buf, sizeof(buf), 0), 1);
}

static void
udp_second_bind(void)
{
	union quirks_addr a;
	const int first = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_errno(bind_to(dgram(), &a), EALREADY);
	first_keeps_receiving(first, &a);
}

static void
udp_second_bind_with_reuseaddr(void)
{
	union quirks_addr a;
	const int first = dgram(), second = dgram(), on = 1;

	assert_int_equal(zsock_setsockopt(first, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_REUSEADDR, &on, sizeof(on)),
	    0);
	assert_int_equal(zsock_setsockopt(second, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_REUSEADDR, &on, sizeof(on)),
	    0);
	a = quirks_loopback(NET_AF_INET, 0);
	assert_int_equal(bind_to(first, &a), 0);
	assert_errno(bind_to(second, &a), EALREADY);
	first_keeps_receiving(first, &a);
}

static void
tcp_second_listen(void)
{
	union quirks_addr a;
	const int first = quirks_bound(NET_SOCK_STREAM, &a);
	const int second = stream();

	assert_int_equal(bind_to(second, &a), 0);
	assert_int_equal(zsock_listen(first, 1), 0);
	assert_errno(zsock_listen(second, 1), EALREADY);
}

static void
tcp_bind_beside_a_listener(void)
{
	union quirks_addr a;
	int second;

	(void)quirks_listener(&a);
	second = stream();
	assert_int_equal(bind_to(second, &a), 0);
	assert_errno(zsock_listen(second, 1), EALREADY);
}

static void
wildcard_beside(int type)
{
	union quirks_addr a, any;
	const int first = quirks_bound(type, &a);
	const int second = quirks_open(NET_AF_INET, type);

	any = a;
	any.in.sin_addr.s_addr = NET_INADDR_ANY;
	assert_int_equal(bind_to(second, &any), 0);
	if (type == NET_SOCK_STREAM) {
		assert_int_equal(zsock_listen(first, 1), 0);
		assert_int_equal(zsock_listen(second, 1), 0);
	}
}

static void
tcp_wildcard_beside_an_address(void)
{
	wildcard_beside(NET_SOCK_STREAM);
}

static void
udp_wildcard_beside_an_address(void)
{
	wildcard_beside(NET_SOCK_DGRAM);
}

static void
tcp_bind_twice(void)
{
	union quirks_addr a, b = quirks_loopback(NET_AF_INET, 0), now;
	const int sock = quirks_bound(NET_SOCK_STREAM, &a);
	net_socklen_t len = sizeof(now);

	assert_int_equal(bind_to(sock, &b), 0);
	assert_int_equal(zsock_getsockname(sock, &now.any, &len), 0);
	assert_int_equal(now.in.sin_port, b.in.sin_port);
	assert_int_not_equal(now.in.sin_port, a.in.sin_port);
}

static void
udp_bind_twice(void)
{
	union quirks_addr a, b = quirks_loopback(NET_AF_INET, 0);

	assert_errno(bind_to(quirks_bound(NET_SOCK_DGRAM, &a), &b), EISCONN);
}

static void
connected_tcp_bind(void)
{
	const struct quirks_link l = quirks_link();
	union quirks_addr b = quirks_loopback(NET_AF_INET, 0);

	assert_errno(bind_to(l.client, &b), EISCONN);
}

/* Without a destination, then with one. */
static void
cannot_send(int sock)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, 9);

	assert_errno(zsock_send(sock, "x", 1, 0), EDESTADDRREQ);
	assert_errno(zsock_send(sock, "", 0, 0), EDESTADDRREQ);
	assert_errno(zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)),
	    ENOTCONN);
}

static void
send_on_unconnected_tcp(void)
{
	cannot_send(stream());
}

static void
send_on_listening_tcp(void)
{
	union quirks_addr a;

	cannot_send(quirks_listener(&a));
}

static void
connect_again_to_the_same_peer(void)
{
	const struct quirks_link l = quirks_link();

	assert_errno(connect_to(l.client, &l.addr), EALREADY);
	assert_int_equal(zsock_send(l.client, "x", 1, 0), 1);
	assert_int_equal(zsock_recv(l.server, buf, sizeof(buf), 0), 1);
	assert_int_equal(quirks_hazards(), 0);
}

/* The device says 0 after its time, and the connection is gone. */
static void
connect_again_to_another_peer(void)
{
	const struct quirks_link l = quirks_link();
	union quirks_addr other, peer;
	net_socklen_t len = sizeof(peer);

	(void)quirks_listener(&other);
	assert_errno(connect_to(l.client, &other), EALREADY);
	assert_int_equal(quirks_hazards(), 1);
	assert_int_equal(zsock_getpeername(l.client, &peer.any, &len), 0);
	assert_int_equal(peer.in.sin_port, l.addr.in.sin_port);
	assert_int_equal(zsock_send(l.client, "x", 1, 0), 1);
	assert_int_equal(zsock_recv(l.server, buf, sizeof(buf), 0), 1);
}

static void
udp_sends_to_family(int family)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	a.any.sa_family = (net_sa_family_t)family;
	assert_int_equal(zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)),
	    1);
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), 0), 1);
}

static void
udp_sendto_family_0(void)
{
	udp_sends_to_family(0);
}

static void
udp_sendto_family_99(void)
{
	udp_sends_to_family(99);
}

static void
udp_sendto_v6_on_v4(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET6, 9);

	assert_errno(zsock_sendto(dgram(), "x", 1, 0, &a.any, sizeof(a.in6)),
	    EDESTADDRREQ);
}

static void
tcp_sendto_short_address(void)
{
	const struct quirks_link l = quirks_link();

	assert_errno(zsock_sendto(l.client, "x", 1, 0, &l.addr.any, 1), EINVAL);
}

static void
tcp_sendto_bogus_address(void)
{
	const struct quirks_link l = quirks_link();
	union quirks_addr bogus;

	memset(&bogus, 0x5a, sizeof(bogus));
	assert_int_equal(zsock_sendto(l.client, "x", 1, 0, &bogus.any,
	                     sizeof(bogus)),
	    1);
	assert_int_equal(zsock_recv(l.server, buf, sizeof(buf), 0), 1);
}

static int
shut_dgram(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_int_equal(zsock_shutdown(sock, ZSOCK_SHUT_RD), 0);
	return sock;
}

static void
udp_poll_after_shut_rd(void)
{
	assert_int_equal(quirks_poll(shut_dgram(), ZSOCK_POLLIN),
	    ZSOCK_POLLIN | ZSOCK_POLLHUP);
}

static void
udp_recv_dontwait_after_shut_rd(void)
{
	assert_errno(zsock_recv(shut_dgram(), buf, sizeof(buf),
	                 ZSOCK_MSG_DONTWAIT),
	    EAGAIN);
	assert_int_equal(quirks_hazards(), 0);
}

static void
udp_recv_after_shut_rd(void)
{
	assert_errno(zsock_recv(shut_dgram(), buf, sizeof(buf), 0), EAGAIN);
	assert_int_equal(quirks_hazards(), 1);
}

static void
getsockname_of_a_child(void)
{
	const struct quirks_link l = quirks_link();
	union quirks_addr a;
	net_socklen_t len = sizeof(a);

	assert_int_equal(zsock_getsockname(l.server, &a.any, &len), 0);
	assert_int_equal(a.in.sin_addr.s_addr, NET_INADDR_ANY);
	assert_int_not_equal(a.in.sin_port, l.addr.in.sin_port);
	assert_in_range(net_ntohs(a.in.sin_port), 0x8000, 0xffff);
}

static void
getsockname_of_an_unbound_listener(void)
{
	union quirks_addr a;
	net_socklen_t len = sizeof(a);
	const int sock = stream();

	assert_int_equal(zsock_listen(sock, 1), 0);
	assert_errno(zsock_getsockname(sock, &a.any, &len), EINVAL);
}

/* The device counts the same 5 bytes twice; what is there is 5. */
static void
recv_waitall_peek(void)
{
	const struct quirks_link l = quirks_link();

	assert_int_equal(zsock_send(l.server, "01234", 5, 0), 5);
	quirks_await(l.client);
	assert_int_equal(zsock_recv(l.client, buf, 10,
	                     ZSOCK_MSG_WAITALL | ZSOCK_MSG_PEEK),
	    5);
	assert_int_equal(quirks_hazards(), 1);
}

static void
poll_on_a_listener(void)
{
	union quirks_addr a;
	const int sock = quirks_listener(&a);

	assert_int_equal(quirks_poll(sock, BOTH), ZSOCK_POLLOUT);
	assert_int_equal(connect_to(stream(), &a), 0);
	assert_int_equal(quirks_poll(sock, BOTH), BOTH);
}

static void
poll_after_a_failed_connect(void)
{
	const int sock = refused();

	assert_true((quirks_poll(sock, ZSOCK_POLLOUT) & ZSOCK_POLLERR) != 0);
	assert_int_equal(quirks_hazards(), 1);
}

static void
connect_after_a_failed_connect(void)
{
	const int sock = refused();
	union quirks_addr a;

	(void)quirks_listener(&a);
	assert_errno(connect_to(sock, &a), ETIMEDOUT);
	assert_int_equal(quirks_hazards(), 1);
}

static const struct quirks_test tests[] = {
	{ "9_1_1_udp_second_bind", udp_second_bind },
	{ "9_1_1_udp_second_bind_with_reuseaddr",
	    udp_second_bind_with_reuseaddr },
	{ "9_1_2_tcp_second_listen", tcp_second_listen },
	{ "9_1_2_tcp_bind_beside_a_listener", tcp_bind_beside_a_listener },
	{ "9_1_2_tcp_wildcard_beside_an_address",
	    tcp_wildcard_beside_an_address },
	{ "9_1_2_udp_wildcard_beside_an_address",
	    udp_wildcard_beside_an_address },
	{ "9_1_3_tcp_bind_twice", tcp_bind_twice },
	{ "9_1_3_udp_bind_twice", udp_bind_twice },
	{ "9_1_3_connected_tcp_bind", connected_tcp_bind },
	{ "9_1_4_send_on_unconnected_tcp", send_on_unconnected_tcp },
	{ "9_1_4_send_on_listening_tcp", send_on_listening_tcp },
	{ "9_1_5_connect_again_to_the_same_peer",
	    connect_again_to_the_same_peer },
	{ "9_1_5_connect_again_to_another_peer",
	    connect_again_to_another_peer },
	{ "9_1_6_udp_sendto_family_0", udp_sendto_family_0 },
	{ "9_1_6_udp_sendto_family_99", udp_sendto_family_99 },
	{ "9_1_6_udp_sendto_v6_on_v4", udp_sendto_v6_on_v4 },
	{ "9_1_7_tcp_sendto_short_address", tcp_sendto_short_address },
	{ "9_1_7_tcp_sendto_bogus_address", tcp_sendto_bogus_address },
	{ "9_1_8_udp_poll_after_shut_rd", udp_poll_after_shut_rd },
	{ "9_1_8_udp_recv_dontwait_after_shut_rd",
	    udp_recv_dontwait_after_shut_rd },
	{ "9_1_8_udp_recv_after_shut_rd", udp_recv_after_shut_rd },
	{ "9_1_9_getsockname_of_a_child", getsockname_of_a_child },
	{ "9_1_9_getsockname_of_an_unbound_listener",
	    getsockname_of_an_unbound_listener },
	{ "9_1_10_recv_waitall_peek", recv_waitall_peek },
	{ "9_1_11_poll_on_a_listener", poll_on_a_listener },
	{ "9_1_12_poll_after_a_failed_connect", poll_after_a_failed_connect },
	{ "9_1_12_connect_after_a_failed_connect",
	    connect_after_a_failed_connect },
};

int
main(void)
{
	return quirks_run_tests("api/zephyr_3_3", PROFILE_ZEPHYR_3_3, tests,
	    LEN(tests));
}
