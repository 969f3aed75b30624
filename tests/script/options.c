/* setsockopt and getsockopt. */
#include <stdio.h>

#include "script.h"

static int value;
static socklen_t len;

/* Where getsockopt stores: room for an int, and nothing in it. */
static int *
room(void)
{
	value = -1;
	len = sizeof(value);
	return &value;
}

static const int *
is(int v)
{
	value = v;
	return &value;
}

#define INT sizeof(int)

/* Sets it to v, and asks what it is. */
#define BOTH_WAYS(s, level, name, v) \
	both_ways(s, level, name, v, #s ", " #level ", " #name, #v)

static void
both_ways(int s, int level, int name, int v, const char *words,
    const char *number)
{
	char call[128];

	snprintf(call, sizeof(call), "setsockopt(%s, is(%s), INT)", words,
	    number);
	errno = 0;
	say("", N(setsockopt)(s, level, name, is(v), INT), call);
	snprintf(call, sizeof(call), "getsockopt(%s, room(), &len)", words);
	errno = 0;
	say("", N(getsockopt)(s, level, name, room(), &len), call);
	data("%d", value);
}

static void
about(int s, int u)
{
	part("options that say what it is");
	DO("", getsockopt, (s, SOL_SOCKET, SO_TYPE, room(), &len));
	data("%s, %d bytes", value == SOCK_STREAM ? "stream" : "other",
	    (int)len);
	DO("", getsockopt, (u, SOL_SOCKET, SO_TYPE, room(), &len));
	data("%s", value == SOCK_DGRAM ? "dgram" : "other");
	DO("", getsockopt, (s, SOL_SOCKET, SO_PROTOCOL, room(), &len));
	data("%s", value == IPPROTO_TCP ? "TCP" : "other");
	DO("", getsockopt, (u, SOL_SOCKET, SO_DOMAIN, room(), &len));
	data("%s", value == AF_INET6 ? "IPv6" : "other");
	DO("", getsockopt, (s, SOL_SOCKET, SO_ERROR, room(), &len));
	data("%d", value);
	DO("", setsockopt, (s, SOL_SOCKET, SO_TYPE, is(1), INT));
	DO("OPTION_ABSENT", getsockopt,
	    (s, SOL_SOCKET, SO_ACCEPTCONN, room(), &len));
}

static void
lengths(int s)
{
	part("options of other lengths");
	(void)room();
	len = 0;
	DO("SO_TYPE", getsockopt, (s, SOL_SOCKET, SO_TYPE, &value, &len));
	len = 3;
	DO("SO_TYPE", getsockopt, (s, SOL_SOCKET, SO_TYPE, &value, &len));
	DO("", setsockopt, (s, SOL_SOCKET, SO_KEEPALIVE, is(1), 0));
	DO("", setsockopt, (s, SOL_SOCKET, SO_KEEPALIVE, is(1), 3));
	DO("ARGUMENT_NULL", setsockopt,
	    (s, SOL_SOCKET, SO_KEEPALIVE, NULL, INT));
	(void)room();
	DO("ARGUMENT_NULL", getsockopt, (s, SOL_SOCKET, SO_TYPE, NULL, &len));
	DO("ARGUMENT_NULL", getsockopt, (s, SOL_SOCKET, SO_TYPE, &value, NULL));
	DO("", setsockopt, (s, SOL_SOCKET, 4242, is(1), INT));
	DO("", getsockopt, (s, SOL_SOCKET, 4242, room(), &len));
	DO("", setsockopt, (s, 4242, 1, is(1), INT));
	DO("OPTION_ABSENT", getsockopt, (s, 4242, 1, room(), &len));
	DO("", getsockopt, (s, SOL_SOCKET, -1, room(), &len));
}

static void
of_sockets(int s, int u)
{
	struct timeval tv = { .tv_sec = 0, .tv_usec = 20000 };
	char buf[1];

	part("options of the level SOL_SOCKET");
	BOTH_WAYS(s, SOL_SOCKET, SO_REUSEADDR, 1);
	BOTH_WAYS(s, SOL_SOCKET, SO_REUSEADDR, 0);
	BOTH_WAYS(u, SOL_SOCKET, SO_REUSEPORT, 1);
	BOTH_WAYS(s, SOL_SOCKET, SO_KEEPALIVE, 1);
	DO("", setsockopt, (s, SOL_SOCKET, SO_RCVBUF, is(8192), INT));
	DO("BUFFERS_AS_SET", getsockopt,
	    (s, SOL_SOCKET, SO_RCVBUF, room(), &len));
	data("%d", value);
	DO("", setsockopt, (u, SOL_SOCKET, SO_SNDBUF, is(8192), INT));
	DO("BUFFERS_AS_SET", getsockopt,
	    (u, SOL_SOCKET, SO_SNDBUF, room(), &len));
	data("%d", value);
	DO("BUFFERS_AS_SET", setsockopt,
	    (s, SOL_SOCKET, SO_SNDBUF, is(70000), INT));
	DO("BUFFERS_AS_SET", setsockopt,
	    (s, SOL_SOCKET, SO_RCVBUF, is(-1), INT));
	DO("OPTION_ABSENT", setsockopt,
	    (u, SOL_SOCKET, SO_BROADCAST, is(1), INT));
	DO("", setsockopt, (u, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	must(N(bind)(u, v6(1, 0), IN6) == 0, "bind");
	DO("", recv, (u, buf, 1, 0));
	DO("", setsockopt, (u, SOL_SOCKET, SO_RCVTIMEO, &tv, 1));
	DO("SO_RCVTIMEO", getsockopt,
	    (u, SOL_SOCKET, SO_RCVTIMEO, room(), &len));
	DO("", setsockopt, (s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
}

/* Values of which the device has other types. */
static void
of_other_types(int s, int u)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 3 };
	unsigned char byte = 2;

	part("options of other types");
	DO("", setsockopt, (s, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	memset(&linger, 0, sizeof(linger));
	len = sizeof(linger);
	DO("", getsockopt, (s, SOL_SOCKET, SO_LINGER, &linger, &len));
	data("%d %d", linger.l_onoff, linger.l_linger);
	DO("SO_PRIORITY", setsockopt, (u, SOL_SOCKET, SO_PRIORITY, &byte, 1));
	len = 1;
	DO("SO_PRIORITY", getsockopt,
	    (u, SOL_SOCKET, SO_PRIORITY, &byte, &len));
	data("%d", byte);
	DO("SO_TXTIME", setsockopt, (u, SOL_SOCKET, SO_TXTIME, &byte, 1));
	byte = 1;
	DO("SO_TIMESTAMPING", setsockopt,
	    (u, SOL_SOCKET, SO_TIMESTAMPING, &byte, 1));
	DO("SO_BINDTODEVICE", setsockopt,
	    (s, SOL_SOCKET, SO_BINDTODEVICE, "no-such-one", 11));
}

void
script_options(void)
{
	const int s = N(socket)(AF_INET, SOCK_STREAM, 0);
	const int u = N(socket)(AF_INET6, SOCK_DGRAM, 0);

	about(s, u);
	lengths(s);
	of_sockets(s, u);
	of_other_types(s, u);
	drop(s);
	drop(u);
}

static void
of_tcp(int s, int u)
{
	part("options of TCP");
	BOTH_WAYS(s, IPPROTO_TCP, TCP_NODELAY, 1);
	DO("TCP_NODELAY", setsockopt,
	    (s, IPPROTO_TCP, TCP_NODELAY, is(2), INT));
	DO("", setsockopt, (s, IPPROTO_TCP, TCP_NODELAY, is(0), 2));
	BOTH_WAYS(s, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	BOTH_WAYS(s, IPPROTO_TCP, TCP_KEEPINTVL, 10);
	BOTH_WAYS(s, IPPROTO_TCP, TCP_KEEPCNT, 3);
	DO("", setsockopt, (u, IPPROTO_TCP, TCP_KEEPIDLE, is(1), INT));
}

static void
of_ip(int s, int u)
{
	struct ip_mreqn group = { .imr_address.s_addr =
		                      htonl(INADDR_LOOPBACK) };
	struct in_addr in;

	part("options of IP");
	BOTH_WAYS(s, IPPROTO_IP, IP_TTL, 7);
	DO("", setsockopt, (s, IPPROTO_IP, IP_TTL, is(256), INT));
	BOTH_WAYS(u, IPPROTO_IP, IP_TOS, 0x20);
	DO("IP_TOS", setsockopt, (u, IPPROTO_IP, IP_TOS, is(256), INT));
	BOTH_WAYS(u, IPPROTO_IP, IP_MULTICAST_TTL, 9);
	BOTH_WAYS(u, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	DO("", setsockopt, (u, IPPROTO_IP, IP_PKTINFO, is(1), INT));
	group.imr_multiaddr.s_addr = htonl(0xe0000155);
	DO("", setsockopt,
	    (u, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)));
	DO("IP_ADD_MEMBERSHIP", setsockopt,
	    (u, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, 8));
	DO("", setsockopt,
	    (u, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group)));
	DO("", setsockopt,
	    (u, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)));
	len = sizeof(in);
	DO("", getsockopt, (u, IPPROTO_IP, IP_MULTICAST_IF, &in, &len));
	data("%s", in.s_addr == htonl(INADDR_LOOPBACK) ? "loopback" : "other");
	DO("IP_MTU", getsockopt, (u, IPPROTO_IP, IP_MTU, room(), &len));
	DO("OPTION_ABSENT", setsockopt,
	    (u, IPPROTO_IP, IP_RECVTOS, is(1), INT));
}

static void
of_ipv6(int s, int u)
{
	struct ipv6_mreq group = { .ipv6mr_interface = if_nametoindex("lo") };

	part("options of IPv6");
	BOTH_WAYS(u, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 7);
	BOTH_WAYS(u, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 9);
	BOTH_WAYS(u, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	BOTH_WAYS(s, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
	DO("", setsockopt, (u, IPPROTO_IPV6, IPV6_RECVPKTINFO, is(1), INT));
	group.ipv6mr_multiaddr.s6_addr[0] = 0xff;
	group.ipv6mr_multiaddr.s6_addr[1] = 0x01;
	group.ipv6mr_multiaddr.s6_addr[15] = 0x55;
	DO("", setsockopt,
	    (u, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group)));
	DO("", setsockopt,
	    (u, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &group, sizeof(group)));
	DO("", setsockopt, (u, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, 3));
	DO("", setsockopt, (s, IPPROTO_IPV6, IPV6_V6ONLY, is(1), INT));
	DO("IPV6_V6ONLY", getsockopt,
	    (s, IPPROTO_IPV6, IPV6_V6ONLY, room(), &len));
	data("%d", value);
	DO("OPTION_ABSENT", setsockopt,
	    (u, IPPROTO_IPV6, IPV6_RECVTCLASS, is(1), INT));
}

void
script_ip_options(void)
{
	const int s = N(socket)(AF_INET, SOCK_STREAM, 0);
	const int u = N(socket)(AF_INET, SOCK_DGRAM, 0);
	const int s6 = N(socket)(AF_INET6, SOCK_STREAM, 0);
	const int u6 = N(socket)(AF_INET6, SOCK_DGRAM, 0);

	of_tcp(s, u);
	of_ip(s, u);
	of_ipv6(s6, u6);
	drop(s);
	drop(u);
	drop(s6);
	drop(u6);
}
