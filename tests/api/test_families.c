/*
 * Both families beside each other, and groups of both, in each profile.
 * Nothing leaves this host: IPv4's groups are on the loopback interface; IPv6
 * has no route for groups there, so its group is one that no interface sends
 * out.
 */
#include "support/test.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/quirks.h"

/* How often a port is looked for that is free in both families. */
#define PORT_TRIES 50

static char buf[16];

static bool
on_linux(void)
{
	return profile_get() == PROFILE_LINUX;
}

static bool
on_3_3(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3;
}

static int
connect_to(int sock, const union quirks_addr *a)
{
	return zsock_connect(sock, &a->any, quirks_len(a));
}

static ssize_t
send_to(int sock, const void *data, size_t len, const union quirks_addr *a)
{
	return zsock_sendto(sock, data, len, 0, &a->any, quirks_len(a));
}

/* Without waiting: loopback has delivered what was sent. */
static ssize_t
receive(int sock)
{
	return zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT);
}

/* Binds first and second to one port; -1 if the second cannot have it. */
static int
bind_both(int type, bool wildcard, int socks[2], union quirks_addr a[2])
{
	net_socklen_t len = sizeof(a[0]);

	socks[0] = quirks_open(NET_AF_INET, type);
	socks[1] = quirks_open(NET_AF_INET6, type);
	a[0] = quirks_loopback(NET_AF_INET, 0);
	a[1] = quirks_loopback(NET_AF_INET6, 0);
	if (wildcard) {
		a[0].in.sin_addr.s_addr = NET_INADDR_ANY;
		a[1].in6.sin6_addr = net_in6addr_any;
	}
	assert_int_equal(zsock_bind(socks[0], &a[0].any, quirks_len(&a[0])), 0);
	assert_int_equal(zsock_getsockname(socks[0], &a[0].any, &len), 0);
	a[1].in6.sin6_port = a[0].in.sin_port;
	return zsock_bind(socks[1], &a[1].any, quirks_len(&a[1]));
}

/* Somebody else may have the port in one family. */
static int
bind_both_somewhere(int type, bool wildcard, int socks[2],
    union quirks_addr a[2])
{
	int rc = -1;

	for (int i = 0; i < PORT_TRIES && rc == -1; i++) {
		rc = bind_both(type, wildcard, socks, a);
		if (rc == 0)
			break;
		quirks_close(socks[0]);
		quirks_close(socks[1]);
	}
	return rc;
}

/* What goes to a family's address comes to that family's socket. */
static void
each_hears_its_own(int socks[2], union quirks_addr a[2])
{
	for (int i = 0; i < 2; i++) {
		const int sock =
		    quirks_open(a[i].any.sa_family, NET_SOCK_DGRAM);
		union quirks_addr from;
		net_socklen_t len = sizeof(from);

		assert_int_equal(send_to(sock, "x", 1, &a[i]), 1);
		assert_int_equal(zsock_recvfrom(socks[i], buf, 1, 0, &from.any,
		                     &len),
		    1);
		assert_int_equal(from.any.sa_family, a[i].any.sa_family);
		assert_int_equal(len, quirks_len(&a[i]));
		assert_int_equal(receive(socks[!i]), -1);
	}
}

static void
both_families_have_one_port_of_udp(void)
{
	union quirks_addr a[2];
	int socks[2];

	assert_int_equal(bind_both_somewhere(NET_SOCK_DGRAM, false, socks, a),
	    0);
	each_hears_its_own(socks, a);
}

static void
both_families_have_one_port_of_tcp(void)
{
	union quirks_addr a[2];
	int socks[2];

	assert_int_equal(bind_both_somewhere(NET_SOCK_STREAM, false, socks, a),
	    0);
	for (int i = 0; i < 2; i++) {
		const int sock =
		    quirks_open(a[i].any.sa_family, NET_SOCK_STREAM);
		union quirks_addr peer;
		net_socklen_t len = sizeof(peer);
		int child;

		assert_int_equal(zsock_listen(socks[i], 1), 0);
		assert_int_equal(connect_to(sock, &a[i]), 0);
		child = quirks_keep(zsock_accept(socks[i], &peer.any, &len));
		assert_int_equal(len, quirks_len(&a[i]));
		assert_int_equal(zsock_send(sock, "ab", 2, 0), 2);
		assert_int_equal(zsock_recv(child, buf, sizeof(buf), 0), 2);
		len = sizeof(peer);
		assert_int_equal(zsock_getpeername(sock, &peer.any, &len), 0);
		assert_memory_equal(&peer, &a[i], len);
	}
}

/* A device's IPv6 socket leaves IPv4 alone; Linux's has both. */
static void
wildcards_of_both_families(void)
{
	union quirks_addr a[2];
	int socks[2];

	if (on_linux()) {
		assert_errno(bind_both(NET_SOCK_DGRAM, true, socks, a),
		    EADDRINUSE);
		return;
	}
	assert_int_equal(bind_both_somewhere(NET_SOCK_DGRAM, true, socks, a),
	    0);
	a[0].in.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK);
	a[1].in6.sin6_addr = net_in6addr_loopback;
	each_hears_its_own(socks, a);
}

static void
ipv4_on_an_ipv6_wildcard(void)
{
	union quirks_addr any = quirks_loopback(NET_AF_INET6, 0);
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);
	const int sock = quirks_open(NET_AF_INET6, NET_SOCK_DGRAM);
	net_socklen_t len = sizeof(any);

	any.in6.sin6_addr = net_in6addr_any;
	assert_int_equal(zsock_bind(sock, &any.any, sizeof(any.in6)), 0);
	assert_int_equal(zsock_getsockname(sock, &any.any, &len), 0);
	a.in.sin_port = any.in6.sin6_port;
	assert_int_equal(send_to(quirks_open(NET_AF_INET, NET_SOCK_DGRAM), "x",
	                     1, &a),
	    1);
	assert_int_equal(receive(sock), on_linux() ? 1 : -1);
}

/* A group of this process's own: others may use the usual ones. */
static union quirks_addr
group4(uint16_t port)
{
	union quirks_addr g = quirks_loopback(NET_AF_INET, 0);

	g.in.sin_port = port;
	g.in.sin_addr.s_addr =
	    net_htonl(0xef000000 | (uint32_t)(getpid() & 0xffffff));
	return g;
}

static int
interface4(void)
{
	return (int)if_nametoindex("lo");
}

static bool
has_groups(int kfd, const char *name)
{
	struct ifreq r = { 0 };

	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	return ioctl(kfd, SIOCGIFFLAGS, &r) == 0 &&
	    (r.ifr_flags & (IFF_UP | IFF_MULTICAST | IFF_LOOPBACK)) ==
	    (IFF_UP | IFF_MULTICAST);
}

/* One with IPv6 and groups, or 0. */
static int
interface6(void)
{
	const int kfd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all = if_nameindex();
	int index = 0;

	assert_non_null(all);
	for (struct if_nameindex *i = all; i->if_index != 0; i++) {
		if (index == 0 && has_groups(kfd, i->if_name) &&
		    setsockopt(kfd, IPPROTO_IPV6, IPV6_MULTICAST_IF,
		        &i->if_index, sizeof(i->if_index)) == 0)
			index = (int)i->if_index;
	}
	if_freenameindex(all);
	close(kfd);
	return index;
}

static union quirks_addr
group6(uint16_t port)
{
	union quirks_addr g = quirks_loopback(NET_AF_INET6, 0);
	const uint32_t own = net_htonl((uint32_t)getpid());

	g.in6.sin6_port = port;
	g.in6.sin6_addr.s6_addr[0] = 0xff;
	g.in6.sin6_addr.s6_addr[1] = 0x11; /* transient, of this host */
	memcpy(&g.in6.sin6_addr.s6_addr[12], &own, sizeof(own));
	g.in6.sin6_scope_id = (uint32_t)interface6();
	return g;
}

static int
set_group4(int sock, int name, const union quirks_addr *g)
{
	const struct net_ip_mreqn m = { .imr_multiaddr = g->in.sin_addr,
		.imr_ifindex = interface4() };

	return zsock_setsockopt(sock, NET_IPPROTO_IP, name, &m, sizeof(m));
}

static int
set_group6(int sock, int name, const union quirks_addr *g)
{
	const struct net_ipv6_mreq m = { .ipv6mr_multiaddr = g->in6.sin6_addr,
		.ipv6mr_ifindex = (unsigned int)interface6() };

	return zsock_setsockopt(sock, NET_IPPROTO_IPV6, name, &m, sizeof(m));
}

/* One family's ways. */
static const struct ways {
	int family;
	union quirks_addr (*group)(uint16_t port);
	int (*set)(int sock, int name, const union quirks_addr *g);
	int join, leave, level, interface;
} ways[] = {
	{ NET_AF_INET, group4, set_group4, ZSOCK_IP_ADD_MEMBERSHIP,
	    ZSOCK_IP_DROP_MEMBERSHIP, NET_IPPROTO_IP, ZSOCK_IP_MULTICAST_IF },
	{ NET_AF_INET6, group6, set_group6, ZSOCK_IPV6_ADD_MEMBERSHIP,
	    ZSOCK_IPV6_DROP_MEMBERSHIP, NET_IPPROTO_IPV6,
	    ZSOCK_IPV6_MULTICAST_IF },
};

static void
send_by(const struct ways *w, int sock)
{
	const struct net_ip_mreqn m = { .imr_ifindex = interface4() };
	const int index = interface6();

	assert_int_equal(w->family == NET_AF_INET
	        ? zsock_setsockopt(sock, w->level, w->interface, &m, sizeof(m))
	        : zsock_setsockopt(sock, w->level, w->interface, &index,
	              sizeof(index)),
	    0);
}

/* Joined, a socket hears the group; after it has left it, no more. */
static void
multicast(const struct ways *w)
{
	union quirks_addr a = quirks_loopback(w->family, 0), g;
	const int sock = quirks_open(w->family, NET_SOCK_DGRAM);
	const int sender = quirks_open(w->family, NET_SOCK_DGRAM);
	net_socklen_t len = sizeof(a);

	if (w->family == NET_AF_INET)
		a.in.sin_addr.s_addr = NET_INADDR_ANY;
	else
		a.in6.sin6_addr = net_in6addr_any;
	assert_int_equal(zsock_bind(sock, &a.any, quirks_len(&a)), 0);
	assert_int_equal(zsock_getsockname(sock, &a.any, &len), 0);
	g = w->group(a.in.sin_port);
	if (on_3_3()) {
		assert_errno(w->set(sock, w->join, &g), ENOPROTOOPT);
		return;
	}
	send_by(w, sender);
	assert_int_equal(w->set(sock, w->join, &g), 0);
	assert_int_equal(send_to(sender, "abc", 3, &g), 3);
	assert_int_equal(receive(sock), 3);
	assert_int_equal(w->set(sock, w->leave, &g), 0);
	assert_int_equal(send_to(sender, "abc", 3, &g), 3);
	assert_errno(receive(sock), EAGAIN);
	/* It was alone in the group: nothing to leave. */
	assert_errno(w->set(sock, w->leave, &g),
	    on_linux() ? EADDRNOTAVAIL : ENOENT);
}

static void
multicast_of_ipv4(void)
{
	multicast(&ways[0]);
}

static void
multicast_of_ipv6(void)
{
	if (interface6() == 0) {
		print_message("skipped: no interface but lo is up, which "
		              "carries no IPv6 groups\n");
		skip();
	}
	multicast(&ways[1]);
}

static const struct quirks_test tests[] = {
	{ "both_families_have_one_port_of_udp",
	    both_families_have_one_port_of_udp },
	{ "both_families_have_one_port_of_tcp",
	    both_families_have_one_port_of_tcp },
	{ "wildcards_of_both_families", wildcards_of_both_families },
	{ "ipv4_on_an_ipv6_wildcard", ipv4_on_an_ipv6_wildcard },
	{ "multicast_of_ipv4", multicast_of_ipv4 },
	{ "multicast_of_ipv6", multicast_of_ipv6 },
};

int
main(void)
{
	int failed = 0;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		char group[64];

		snprintf(group, sizeof(group), "api/families (%s)",
		    profile_name((enum profile)p));
		failed +=
		    quirks_run_tests(group, (enum profile)p, tests, LEN(tests));
	}
	return failed;
}
