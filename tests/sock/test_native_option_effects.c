#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/option_numbers.h"
#include "support/capture.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static struct sockaddr *
sa(struct sockaddr_storage *addr)
{
	return (struct sockaddr *)addr;
}

static uint16_t
port_of(const struct sockaddr_storage *addr)
{
	return ntohs(((const struct sockaddr_in *)addr)->sin_port);
}

static int
open_bound(int family, int type, struct sockaddr_storage *addr, socklen_t *len)
{
	const int sock = call_socket(family, type, 0);

	assert_true(sock >= 0);
	*len = loop_addr(addr, family, 0);
	assert_int_equal(call_bind(sock, sa(addr), *len), 0);
	assert_int_equal(call_getsockname(sock, sa(addr), len), 0);
	return sock;
}

static int
set_int(int sock, int level, int name, int value)
{
	return call_setsockopt(sock, level, name, &value, sizeof(value));
}

static int
get_int(int sock, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(call_getsockopt(sock, level, name, &value, &len), 0);
	return value;
}

static int
kfd_of(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int kfd;

	assert_non_null(s);
	kfd = s->kfd;
	sock_put(s);
	return kfd;
}

/* What the kernel has below a socket of ours. */
static int
kernel_int(int sock, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(kfd_of(sock), level, name, &value, &len),
	    0);
	return value;
}

static const struct family_case {
	const char *name;
	int family;
} families[] = { { "v4", AF_INET }, { "v6", AF_INET6 } };

/* The next control message of m after c, which must be this one. */
static struct cmsghdr *
expect_control(struct msghdr *m, struct cmsghdr *c, int level, int type)
{
	c = c == NULL ? CMSG_FIRSTHDR(m) : CMSG_NXTHDR(m, c);
	assert_non_null(c);
	assert_int_equal(c->cmsg_level, level);
	assert_int_equal(c->cmsg_type, type);
	return c;
}

/* Either family's names ask for both, and the hop limit is the sender's. */
static void
packet_info_and_hop_limit_arrive(void **state)
{
	const struct family_case *f = *state;
	const bool v6 = f->family == AF_INET6;
	const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct sockaddr_storage addr;
	socklen_t len;
	const int to = open_bound(f->family, SOCK_DGRAM, &addr, &len);
	const int from = call_socket(f->family, SOCK_DGRAM, 0);
	char byte;
	union {
		struct cmsghdr header;
		char room[256];
	} control;
	struct msghdr m = { .msg_iov = &(struct iovec){ &byte, 1 },
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int hops;

	/* One by its own name, the other by the other family's. */
	assert_int_equal(set_int(to, level, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO,
	                     1),
	    0);
	assert_int_equal(set_int(from, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL,
	                     9),
	    0);
	if (v6)
		assert_int_equal(set_int(to, level, IPV6_RECVHOPLIMIT, 1), 0);
	else
		assert_int_equal(set_int(to, level, IP_RECVTTL, 1), 0);
	assert_int_equal(call_sendto(from, "x", 1, 0, sa(&addr), len), 1);
	assert_int_equal(call_recvmsg(to, &m, 0), 1);
	c = expect_control(&m, NULL, level, v6 ? IPV6_PKTINFO : IP_PKTINFO);
	assert_int_equal(*(int *)(CMSG_DATA(c) + (v6 ? 16 : 0)),
	    (int)if_nametoindex("lo"));
	c = expect_control(&m, c, level, v6 ? IPV6_HOPLIMIT : IP_TTL);
	memcpy(&hops, CMSG_DATA(c), sizeof(hops));
	assert_int_equal(hops, 9);
	assert_int_equal(call_close(to), 0);
	assert_int_equal(call_close(from), 0);
}

/* The names of the other family mean this one's. */
static void
type_of_service_is_sent(void **state)
{
	const struct family_case *f = *state;
	const bool v6 = f->family == AF_INET6;
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, f->family, 0);
	const int to = socket(f->family, SOCK_DGRAM, 0), on = 1;
	const int from = call_socket(f->family, SOCK_DGRAM, 0);
	char byte;
	union {
		struct cmsghdr header;
		char room[64];
	} control;
	struct msghdr m = { .msg_iov = &(struct iovec){ &byte, 1 },
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	assert_int_equal(bind(to, sa(&addr), len), 0);
	assert_int_equal(getsockname(to, sa(&addr), &len), 0);
	assert_int_equal(setsockopt(to, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	                     v6 ? IPV6_RECVTCLASS : IP_RECVTOS, &on,
	                     sizeof(on)),
	    0);
	assert_int_equal(set_int(from, v6 ? IPPROTO_IP : IPPROTO_IPV6,
	                     v6 ? IP_TOS : IPV6_TCLASS, 0x28),
	    0);
	assert_int_equal(get_int(from, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	                     v6 ? IPV6_TCLASS : IP_TOS),
	    0x28);
	assert_int_equal(call_sendto(from, "x", 1, 0, sa(&addr), len), 1);
	assert_int_equal(recvmsg(to, &m, 0), 1);
	assert_int_equal(*CMSG_DATA(CMSG_FIRSTHDR(&m)), 0x28);
	assert_int_equal(close(to), 0);
	assert_int_equal(call_close(from), 0);
}

/* A receiver on every address, and where a group of its port is. */
static int
open_receiver(int family, struct sockaddr_storage *group, socklen_t *len)
{
	struct sockaddr_storage any = { .ss_family = (sa_family_t)family };
	const int sock = call_socket(family, SOCK_DGRAM, 0);

	assert_true(sock >= 0);
	*len = loop_addr(group, family, 0);
	assert_int_equal(call_bind(sock, sa(&any), *len), 0);
	assert_int_equal(call_getsockname(sock, sa(&any), len), 0);
	*len = loop_addr(group, family, port_of(&any));
	if (family == AF_INET)
		((struct sockaddr_in *)group)->sin_addr.s_addr =
		    htonl(0xe0000042); /* 224.0.0.66 */
	else
		inet_pton(AF_INET6, "ff02::4242",
		    &((struct sockaddr_in6 *)group)->sin6_addr);
	return sock;
}

static int
join(int sock, const struct sockaddr_storage *group, int index, bool leave)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)group;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)group;
	const struct ip_mreqn m = { .imr_multiaddr = in->sin_addr,
		.imr_ifindex = index };
	struct ipv6_mreq m6 = { .ipv6mr_interface = (unsigned int)index };

	if (in->sin_family == AF_INET)
		return call_setsockopt(sock, IPPROTO_IP,
		    leave ? IP_DROP_MEMBERSHIP : IP_ADD_MEMBERSHIP, &m,
		    sizeof(m));
	m6.ipv6mr_multiaddr = in6->sin6_addr;
	return call_setsockopt(sock, IPPROTO_IPV6,
	    leave ? IPV6_DROP_MEMBERSHIP : IPV6_ADD_MEMBERSHIP, &m6,
	    sizeof(m6));
}

/* With no hops nothing leaves this host. */
static int
leave_by(int sock, int family, int index)
{
	const struct ip_mreqn m = { .imr_ifindex = index };

	assert_int_equal(family == AF_INET
	        ? set_int(sock, IPPROTO_IP, IP_MULTICAST_TTL, 0)
	        : set_int(sock, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 0),
	    0);
	if (family == AF_INET)
		return call_setsockopt(sock, IPPROTO_IP, IP_MULTICAST_IF, &m,
		    sizeof(m));
	return set_int(sock, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
}

/*
 * The loopback, if it has a route for groups of the family, or another
 * interface, which hands its own multicasts back.  0 if there is none.
 */
static int
multicast_interface(int family)
{
	struct if_nameindex *list = if_nameindex();
	struct sockaddr_storage group;
	socklen_t len;
	const int sock = open_receiver(family, &group, &len);
	int index = 0;

	assert_non_null(list);
	for (size_t i = 0; index == 0 && list[i].if_index != 0; i++) {
		const int try = (int)list[i].if_index;

		if (leave_by(sock, family, try) == 0 &&
		    call_sendto(sock, "", 0, 0, sa(&group), len) == 0)
			index = try;
	}
	if_freenameindex(list);
	assert_int_equal(call_close(sock), 0);
	return index;
}

static void
a_group_is_joined_received_and_left(void **state)
{
	const struct family_case *f = *state;
	struct sockaddr_storage group;
	socklen_t len;
	const int lo = multicast_interface(f->family);
	const int to = open_receiver(f->family, &group, &len);
	const int from = call_socket(f->family, SOCK_DGRAM, 0);
	char byte;

	if (lo == 0) {
		print_message("skipped: no interface that is up sends to "
		              "groups of this family\n");
		skip();
	}
	assert_int_equal(join(to, &group, lo, true), -ENOENT);
	assert_int_equal(join(to, &group, lo, false), 0);
	assert_int_equal(join(to, &group, lo, false), 0); /* counted there */
	assert_int_equal(leave_by(from, f->family, lo), 0);
	assert_int_equal(call_sendto(from, "x", 1, 0, sa(&group), len), 1);
	assert_int_equal(call_recvfrom(to, &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(join(to, &group, lo, true), 0);
	assert_int_equal(join(to, &group, lo, true), -ENOENT);
	assert_int_equal(call_close(to), 0);
	assert_int_equal(call_close(from), 0);
}

static void
multicast_options_reach_the_kernel(void **state)
{
	const int four = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int six = call_socket(AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(set_int(four, IPPROTO_IP, IP_MULTICAST_TTL, 6), 0);
	assert_int_equal(kernel_int(four, IPPROTO_IP, IP_MULTICAST_TTL), 6);
	assert_int_equal(set_int(four, IPPROTO_IP, IP_MULTICAST_LOOP, 0), 0);
	assert_int_equal(kernel_int(four, IPPROTO_IP, IP_MULTICAST_LOOP), 0);
	assert_int_equal(set_int(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 6), 0);
	assert_int_equal(kernel_int(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 6);
	assert_int_equal(set_int(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, -1),
	    0);
	assert_int_equal(get_int(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 1);
	assert_int_equal(set_int(six, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0), 0);
	assert_int_equal(kernel_int(six, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 0);
	/* The kernel alone would refuse another value than 0 and 1. */
	assert_int_equal(set_int(six, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 7), 0);
	assert_int_equal(get_int(six, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 1);
	assert_int_equal(call_close(four), 0);
	assert_int_equal(call_close(six), 0);
}

/* By address, by index, by the shorter structure, and back to none. */
static void
multicast_interface_is_read_back_as_its_address(void **state)
{
	const struct ip_mreqn by_address = {
		.imr_address.s_addr = htonl(INADDR_LOOPBACK),
	}, by_index = {
		.imr_ifindex = (int)if_nametoindex("lo"),
	}, unknown = { .imr_ifindex = 999999 };
	const struct ip_mreq shorter = { .imr_interface.s_addr =
		                             htonl(INADDR_LOOPBACK) };
	const struct {
		const void *val;
		socklen_t len;
		in_addr_t want;
	} rows[] = {
		{ &by_address, sizeof(by_address), INADDR_LOOPBACK },
		{ &(struct ip_mreqn){ .imr_ifindex = 0 },
		    sizeof(struct ip_mreqn), INADDR_ANY },
		{ &by_index, sizeof(by_index), INADDR_LOOPBACK },
		{ &unknown, sizeof(unknown), INADDR_ANY },
		{ &shorter, sizeof(shorter), INADDR_LOOPBACK },
		{ &(struct ip_mreq){ .imr_interface.s_addr = 0 },
		    sizeof(struct ip_mreq), INADDR_ANY },
	};
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int six = call_socket(AF_INET6, SOCK_DGRAM, 0);
	struct in_addr got;
	socklen_t len = sizeof(got);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_int_equal(call_setsockopt(sock, IPPROTO_IP,
		                     IP_MULTICAST_IF, rows[i].val, rows[i].len),
		    0);
		assert_int_equal(call_getsockopt(sock, IPPROTO_IP,
		                     IP_MULTICAST_IF, &got, &len),
		    0);
		assert_int_equal(ntohl(got.s_addr), rows[i].want);
		assert_int_equal(len, sizeof(got));
	}
	assert_int_equal(call_getsockopt(six, IPPROTO_IP, IP_MULTICAST_IF, &got,
	                     &len),
	    -EAFNOSUPPORT);
	assert_int_equal(set_int(six, IPPROTO_IPV6, IPV6_MULTICAST_IF, -1),
	    -EINVAL);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(six), 0);
}

/* An interface that is not there is not looked for: some other one is taken. */
static void
an_unknown_interface_is_the_default_one(void **state)
{
	struct ip_mreqn m = { .imr_ifindex = 999999 };
	struct ipv6_mreq m6 = { .ipv6mr_interface = 999999 };
	const int four = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int six = call_socket(AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	m.imr_multiaddr.s_addr = htonl(0xe0000043);
	assert_int_equal(call_setsockopt(four, IPPROTO_IP, IP_ADD_MEMBERSHIP,
	                     &m, sizeof(m)),
	    0);
	m.imr_ifindex = 0;
	m.imr_address.s_addr = htonl(0xc6336401); /* 198.51.100.1 */
	assert_int_equal(call_setsockopt(four, IPPROTO_IP, IP_DROP_MEMBERSHIP,
	                     &m, sizeof(m)),
	    0);
	inet_pton(AF_INET6, "ff02::4243", &m6.ipv6mr_multiaddr);
	assert_int_equal(call_setsockopt(six, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP,
	                     &m6, sizeof(m6)),
	    0);
	m6.ipv6mr_interface = 0;
	assert_int_equal(call_setsockopt(six, IPPROTO_IPV6,
	                     IPV6_DROP_MEMBERSHIP, &m6, sizeof(m6)),
	    0);
	assert_int_equal(call_close(four), 0);
	assert_int_equal(call_close(six), 0);
}

/* Only then does the device say that it has none. */
static void
no_interface_at_all_is_einval_or_enoent(void **state)
{
	struct ip_mreqn m = { .imr_ifindex = 0 };
	struct ipv6_mreq m6 = { .ipv6mr_interface = 0 };
	const int four = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int six = call_socket(AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	m.imr_multiaddr.s_addr = htonl(0xe0000044);
	inet_pton(AF_INET6, "ff02::4244", &m6.ipv6mr_multiaddr);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SETSOCKOPT, 2, ENODEV);
	assert_int_equal(call_setsockopt(four, IPPROTO_IP, IP_ADD_MEMBERSHIP,
	                     &m, sizeof(m)),
	    -EINVAL);
	fake_kernel_fail(FAKE_SETSOCKOPT, 2, ENODEV);
	assert_int_equal(call_setsockopt(six, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP,
	                     &m6, sizeof(m6)),
	    -ENOENT);
	fake_kernel_remove();
	assert_int_equal(call_close(four), 0);
	assert_int_equal(call_close(six), 0);
}

/* Bound, connected, or neither: an MTU, in 16 bits. */
static void
mtu_is_the_ways_or_an_interfaces(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len;
	const int to = open_bound(AF_INET6, SOCK_DGRAM, &addr, &len);
	const int sock = call_socket(AF_INET6, SOCK_DGRAM, 0);
	const struct ifreq lo = { .ifr_name = "lo" };

	(void)state;
	assert_in_range(get_int(sock, IPPROTO_IPV6, IPV6_MTU), 68, 65535);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, &lo,
	                     sizeof(lo)),
	    0);
	assert_in_range(get_int(sock, IPPROTO_IP, IP_MTU), 1280, 65535);
	assert_int_equal(call_connect(sock, sa(&addr), len), 0);
	assert_in_range(get_int(sock, IPPROTO_IPV6, IPV6_MTU), 1280, 65535);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(to), 0);
}

static void
more_than_8_bits_of_hops_are_cut_with_a_warning(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	capture_start();
	assert_int_equal(set_int(sock, IPPROTO_IP, IP_TTL, 300), 0);
	assert_non_null(
	    strstr(capture_text(), "warn: setsockopt: IP_TTL: 300 becomes 44"));
	assert_int_equal(get_int(sock, IPPROTO_IP, IP_TTL), 44);
	capture_stop();
	assert_int_equal(call_close(sock), 0);
}

static int
bind_to(int sock, const char *name, socklen_t len)
{
	struct ifreq r = { 0 };

	strcpy(r.ifr_name, name);
	return call_setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, &r, len);
}

static void
a_device_is_bound_to_and_given_up(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);
	int rc;

	(void)state;
	assert_int_equal(bind_to(sock, "", 0), 0);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE,
	                     NULL, 0),
	    0);
	assert_int_equal(bind_to(sock, "", 1), 0);
	assert_int_equal(bind_to(sock, "lo", sizeof(struct ifreq)), 0);
	assert_int_equal(getsockopt(kfd_of(sock), SOL_SOCKET, SO_BINDTODEVICE,
	                     name, &len),
	    0);
	assert_string_equal(name, "lo");
	/* Once more is no change, for which the kernel wants a privilege. */
	fake_kernel_install();
	assert_int_equal(bind_to(sock, "lo", sizeof(struct ifreq)), 0);
	assert_int_equal(fake_kernel_count(FAKE_SETSOCKOPT), 0);
	fake_kernel_fail(FAKE_SETSOCKOPT, 1, EPERM);
	assert_int_equal(bind_to(sock, "", sizeof(struct ifreq)), -ENOPROTOOPT);
	fake_kernel_remove();
	rc = bind_to(sock, "", sizeof(struct ifreq));
	assert_true(rc == 0 || rc == -ENOPROTOOPT); /* is the test root? */
	assert_int_equal(call_close(sock), 0);
}

static void
keepalive_and_priority_reach_the_kernel(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	uint8_t priority = 5;
	socklen_t len = sizeof(priority);

	(void)state;
	assert_int_equal(set_int(sock, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
	assert_int_equal(set_int(sock, IPPROTO_TCP, TCP_KEEPIDLE, 77), 0);
	assert_int_equal(set_int(sock, IPPROTO_TCP, TCP_KEEPINTVL, 5), 0);
	assert_int_equal(set_int(sock, IPPROTO_TCP, TCP_KEEPCNT, 3), 0);
	assert_int_equal(kernel_int(sock, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(kernel_int(sock, IPPROTO_TCP, TCP_KEEPIDLE), 77);
	assert_int_equal(kernel_int(sock, IPPROTO_TCP, TCP_KEEPINTVL), 5);
	assert_int_equal(kernel_int(sock, IPPROTO_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_PRIORITY,
	                     &priority, len),
	    0);
	assert_int_equal(kernel_int(sock, SOL_SOCKET, SO_PRIORITY), 5);
	/* What the kernel may refuse is the program's all the same. */
	priority = 8;
	fake_kernel_install();
	fake_kernel_fail(FAKE_SETSOCKOPT, 1, EPERM);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_PRIORITY,
	                     &priority, len),
	    0);
	fake_kernel_remove();
	priority = 0;
	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_PRIORITY,
	                     &priority, &len),
	    0);
	assert_int_equal(priority, 8);
	assert_int_equal(call_close(sock), 0);
}

static void
buffers_reach_the_kernel_and_0_is_none(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int before = kernel_int(sock, SOL_SOCKET, SO_SNDBUF);

	(void)state;
	assert_int_equal(get_int(sock, SOL_SOCKET, SO_SNDBUF), 0);
	assert_int_equal(set_int(sock, SOL_SOCKET, SO_SNDBUF, 0), 0);
	assert_int_equal(kernel_int(sock, SOL_SOCKET, SO_SNDBUF), before);
	assert_int_equal(set_int(sock, SOL_SOCKET, SO_SNDBUF, 8192), 0);
	assert_int_equal(kernel_int(sock, SOL_SOCKET, SO_SNDBUF), 16384);
	assert_int_equal(set_int(sock, SOL_SOCKET, SO_RCVBUF, 8192), 0);
	assert_int_equal(kernel_int(sock, SOL_SOCKET, SO_RCVBUF), 16384);
	assert_int_equal(get_int(sock, SOL_SOCKET, SO_RCVBUF), 8192);
	assert_int_equal(call_close(sock), 0);
}

static void
fragmentation_is_forbidden_and_allowed(void **state)
{
	const int four = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int six = call_socket(AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(get_int(four, IPPROTO_IP, OPTION_IP_DONTFRAG), 0);
	assert_int_equal(set_int(four, IPPROTO_IP, OPTION_IP_DONTFRAG, 2), 0);
	assert_int_equal(get_int(four, IPPROTO_IP, OPTION_IP_DONTFRAG), 1);
	assert_int_equal(kernel_int(four, IPPROTO_IP, IP_MTU_DISCOVER),
	    IP_PMTUDISC_DO);
	assert_int_equal(set_int(four, IPPROTO_IP, OPTION_IP_DONTFRAG, 0), 0);
	assert_int_equal(kernel_int(four, IPPROTO_IP, IP_MTU_DISCOVER),
	    IP_PMTUDISC_DONT);
	assert_int_equal(set_int(six, IPPROTO_IPV6, IPV6_DONTFRAG, 2), 0);
	assert_int_equal(kernel_int(six, IPPROTO_IPV6, IPV6_DONTFRAG), 1);
	assert_int_equal(call_close(four), 0);
	assert_int_equal(call_close(six), 0);
}

/* Ports that the kernel chooses come from there. */
static void
local_ports_are_from_the_range(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(set_int(sock, IPPROTO_IP, IP_LOCAL_PORT_RANGE,
	                     (int)(49999U << 16 | 40000)),
	    0);
	assert_int_equal(call_bind(sock, sa(&addr), len), 0);
	assert_int_equal(call_getsockname(sock, sa(&addr), &len), 0);
	assert_in_range(port_of(&addr), 40000, 49999);
	assert_int_equal(call_close(sock), 0);
}

/* Both must ask for it. */
static void
ports_are_shared_by_those_that_say_so(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	const int first = call_socket(AF_INET, SOCK_DGRAM, 0);
	const int second = call_socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(set_int(first, SOL_SOCKET, SO_REUSEPORT, 1), 0);
	assert_int_equal(call_bind(first, sa(&addr), len), 0);
	assert_int_equal(call_getsockname(first, sa(&addr), &len), 0);
	assert_int_equal(call_bind(second, sa(&addr), len), -EADDRINUSE);
	assert_int_equal(set_int(second, SOL_SOCKET, SO_REUSEPORT, 1), 0);
	assert_int_equal(call_bind(second, sa(&addr), len), 0);
	assert_int_equal(call_close(first), 0);
	assert_int_equal(call_close(second), 0);
}

int
main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} both[] = {
		{ "packet_info_and_hop_limit_arrive",
		    packet_info_and_hop_limit_arrive },
		{ "type_of_service_is_sent", type_of_service_is_sent },
		{ "a_group_is_joined_received_and_left",
		    a_group_is_joined_received_and_left },
	};
	const struct CMUnitTest others[] = {
		cmocka_unit_test(multicast_options_reach_the_kernel),
		cmocka_unit_test(
		    multicast_interface_is_read_back_as_its_address),
		cmocka_unit_test(an_unknown_interface_is_the_default_one),
		cmocka_unit_test(no_interface_at_all_is_einval_or_enoent),
		cmocka_unit_test(mtu_is_the_ways_or_an_interfaces),
		cmocka_unit_test(
		    more_than_8_bits_of_hops_are_cut_with_a_warning),
		cmocka_unit_test(a_device_is_bound_to_and_given_up),
		cmocka_unit_test(keepalive_and_priority_reach_the_kernel),
		cmocka_unit_test(buffers_reach_the_kernel_and_0_is_none),
		cmocka_unit_test(fragmentation_is_forbidden_and_allowed),
		cmocka_unit_test(local_ports_are_from_the_range),
		cmocka_unit_test(ports_are_shared_by_those_that_say_so),
	};
	struct CMUnitTest tests[LEN(both) * LEN(families) + LEN(others)];
	char names[LEN(both) * LEN(families)][64];
	size_t n = 0;

	for (size_t i = 0; i < LEN(names); i++, n++) {
		const struct family_case *f = &families[i % LEN(families)];

		snprintf(names[n], sizeof(names[n]), "%s_%s", f->name,
		    both[i / LEN(families)].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = both[i / LEN(families)].fn,
			.initial_state = (void *)f };
	}
	memcpy(&tests[n], others, sizeof(others));
	profile_set(PROFILE_ZEPHYR);
	return cmocka_run_group_tests_name("sock/native_option_effects", tests,
	    NULL, NULL);
}
