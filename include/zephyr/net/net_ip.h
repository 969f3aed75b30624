#ifndef ZEPHYR_NET_NET_IP_H
#define ZEPHYR_NET_NET_IP_H

/*
 * Addresses, families, protocols and byte order.
 *
 * Names and members are Zephyr's, numbers and layouts Linux's, so nothing is
 * translated between the two.  Numbers are those of the kernel's generic
 * headers (x86, arm, riscv, s390x); tests/headers/layout.c compares them with
 * glibc's.
 */

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

#include <stdbool.h>

#include <zsock/api.h>

#ifdef ZSOCK_FIRMWARE
#include <zsock/detail/types_firmware.h>
#else
#include <zsock/detail/types_host.h>
#endif

/* Families. */
#define NET_PF_UNSPEC 0
#define NET_PF_LOCAL 1
#define NET_PF_UNIX 1
#define NET_PF_INET 2
#define NET_PF_INET6 10
#define NET_PF_PACKET 17
#define NET_PF_CAN 29
/* Zephyr's alone; its number there, 5, is AppleTalk here. */
#define NET_PF_NET_MGMT 0x5a05

#define NET_AF_UNSPEC NET_PF_UNSPEC
#define NET_AF_LOCAL NET_PF_LOCAL
#define NET_AF_UNIX NET_PF_UNIX
#define NET_AF_INET NET_PF_INET
#define NET_AF_INET6 NET_PF_INET6
#define NET_AF_PACKET NET_PF_PACKET
#define NET_AF_CAN NET_PF_CAN
#define NET_AF_NET_MGMT NET_PF_NET_MGMT

/* Protocols. */
#define NET_IPPROTO_IP 0
#define NET_IPPROTO_ICMP 1
#define NET_IPPROTO_IGMP 2
#define NET_IPPROTO_ETH_P_ALL 3
#define NET_IPPROTO_IPIP 4
#define NET_IPPROTO_TCP 6
#define NET_IPPROTO_UDP 17
#define NET_IPPROTO_IPV6 41
#define NET_IPPROTO_ICMPV6 58
#define NET_IPPROTO_RAW 255

/* Secure sockets: the lowest version that the socket accepts. */
#define NET_IPPROTO_TLS_1_0 256
#define NET_IPPROTO_TLS_1_1 257
#define NET_IPPROTO_TLS_1_2 258
#define NET_IPPROTO_TLS_1_3 259
#define NET_IPPROTO_DTLS_1_0 272
#define NET_IPPROTO_DTLS_1_2 273

/* Types. */
#define NET_SOCK_STREAM 1
#define NET_SOCK_DGRAM 2
#define NET_SOCK_RAW 3
#define NET_SOCK_SEQPACKET 5

/* sll_pkttype. */
#define NET_PACKET_HOST 0
#define NET_PACKET_BROADCAST 1
#define NET_PACKET_MULTICAST 2
#define NET_PACKET_OTHERHOST 3
#define NET_PACKET_OUTGOING 4
#define NET_PACKET_LOOPBACK 5
#define NET_PACKET_FASTROUTE 6

/* CAN. */
#define NET_CAN_RAW 1
#define NET_SOL_CAN_BASE 100
#define NET_SOL_CAN_RAW (NET_SOL_CAN_BASE + NET_CAN_RAW)

/* Addresses; the numbers are in host byte order. */
#define NET_INADDR_ANY 0
#define NET_INADDR_LOOPBACK 0x7f000001
#define NET_INADDR_BROADCAST 0xffffffff
/* clang-format off */
#define NET_IN6ADDR_ANY_INIT \
	{ { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } }
#define NET_IN6ADDR_LOOPBACK_INIT \
	{ { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } } }
/* clang-format on */

/* Room for an address as text, its NUL included; and for a device's name. */
#define NET_INET_ADDRSTRLEN 16
#define NET_INET6_ADDRSTRLEN 46
#define NET_IFNAMSIZ 16

/* Byte order.  Constant arguments give constants, also in initializers. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define net_ntohs(x) __builtin_bswap16((uint16_t)(x))
#define net_ntohl(x) __builtin_bswap32((uint32_t)(x))
#define net_ntohll(x) __builtin_bswap64((uint64_t)(x))
#else
#define net_ntohs(x) ((uint16_t)(x))
#define net_ntohl(x) ((uint32_t)(x))
#define net_ntohll(x) ((uint64_t)(x))
#endif
#define net_htons(x) net_ntohs(x)
#define net_htonl(x) net_ntohl(x)
#define net_htonll(x) net_ntohll(x)

/*
 * Control messages, laid out as the kernel does it: header and data are
 * aligned to a size_t.  FIRSTHDR and NXTHDR are NULL where no header fits.
 */
#define NET_ALIGN_H(len) (((len) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define NET_ALIGN_D(len) NET_ALIGN_H(len)
#define NET_CMSG_LEN(len) (NET_ALIGN_H(sizeof(struct net_cmsghdr)) + (len))
#define NET_CMSG_SPACE(len) NET_CMSG_LEN(NET_ALIGN_D(len))
#define NET_CMSG_DATA(cmsg) \
	((unsigned char *)(cmsg) + NET_ALIGN_H(sizeof(struct net_cmsghdr)))
#define NET_CMSG_FIRSTHDR(msg) zsock_cmsg_at((msg), 0)
#define NET_CMSG_NXTHDR(msg, cmsg) zsock_cmsg_next((msg), (cmsg))

/* The header at this offset in msg's control data, or NULL: what is above. */
static inline struct net_cmsghdr *
zsock_cmsg_at(const struct net_msghdr *msg, size_t at)
{
	if (at > msg->msg_controllen ||
	    msg->msg_controllen - at < sizeof(struct net_cmsghdr))
		return NULL;
	return (struct net_cmsghdr *)(void *)((char *)msg->msg_control + at);
}

static inline struct net_cmsghdr *
zsock_cmsg_next(const struct net_msghdr *msg, const struct net_cmsghdr *cmsg)
{
	const size_t at =
	    (size_t)((const char *)cmsg - (const char *)msg->msg_control);

	if (cmsg->cmsg_len < sizeof(*cmsg) ||
	    cmsg->cmsg_len > msg->msg_controllen - at)
		return NULL;
	return zsock_cmsg_at(msg, at + NET_ALIGN_H(cmsg->cmsg_len));
}

/* What an IPv6 address, a pointer to it, is. */
static inline int
zsock_in6_is_zero(const struct net_in6_addr *a, int last)
{
	int i = 0;

	while (i < 15 && a->s6_addr[i] == 0)
		i++;
	return i == 15 && a->s6_addr[15] == last;
}

static inline int
zsock_in6_is_mapped(const struct net_in6_addr *a)
{
	int i = 0;

	while (i < 10 && a->s6_addr[i] == 0)
		i++;
	return i == 10 && a->s6_addr[10] == 0xff && a->s6_addr[11] == 0xff;
}

static inline int
zsock_in6_starts(const struct net_in6_addr *a, int first, int bits)
{
	return a->s6_addr[0] == first && (a->s6_addr[1] & 0xc0) == bits;
}

static inline int
zsock_in6_is_mc(const struct net_in6_addr *a, int scope)
{
	return a->s6_addr[0] == 0xff && (a->s6_addr[1] & 0x0f) == scope;
}

#define ZSOCK_IN6_IS_ADDR_UNSPECIFIED(a) zsock_in6_is_zero((a), 0)
#define ZSOCK_IN6_IS_ADDR_LOOPBACK(a) zsock_in6_is_zero((a), 1)
#define ZSOCK_IN6_IS_ADDR_MULTICAST(a) ((a)->s6_addr[0] == 0xff)
#define ZSOCK_IN6_IS_ADDR_LINKLOCAL(a) zsock_in6_starts((a), 0xfe, 0x80)
#define ZSOCK_IN6_IS_ADDR_SITELOCAL(a) zsock_in6_starts((a), 0xfe, 0xc0)
#define ZSOCK_IN6_IS_ADDR_V4MAPPED(a) zsock_in6_is_mapped(a)
#define ZSOCK_IN6_IS_ADDR_MC_NODELOCAL(a) zsock_in6_is_mc((a), 1)
#define ZSOCK_IN6_IS_ADDR_MC_LINKLOCAL(a) zsock_in6_is_mc((a), 2)
#define ZSOCK_IN6_IS_ADDR_MC_SITELOCAL(a) zsock_in6_is_mc((a), 5)
#define ZSOCK_IN6_IS_ADDR_MC_ORGLOCAL(a) zsock_in6_is_mc((a), 8)
#define ZSOCK_IN6_IS_ADDR_MC_GLOBAL(a) zsock_in6_is_mc((a), 14)

ZSOCK_BEGIN_DECLS

/*
 * An address, a struct net_in_addr or net_in6_addr, as text in dst of size
 * bytes: NET_INET6_ADDRSTRLEN is always enough.  This and the next two may be
 * called from any thread, do not block, and keep no pointer.
 *
 * Returns dst, or NULL (Zephyr), and here also errno
 *   EAFNOSUPPORT  family is neither NET_AF_INET nor NET_AF_INET6
 *   ENOSPC        size is too small; a device writes beyond the end
 *   EINVAL        src or dst is NULL
 */
ZSOCK_API char *net_addr_ntop(net_sa_family_t family, const void *src,
    char *dst, size_t size);

/*
 * Text as an address, into a struct net_in_addr or net_in6_addr.  Under the
 * profile zephyr-3.3 it is no more exact than there: "256.1" is 0.1.0.0.
 *
 * Returns 0, or (Zephyr; errno itself is left alone)
 *   -EINVAL  src is not an address of that family, the family is not an
 *            internet one, or src or dst is NULL; dst is untouched
 */
ZSOCK_API int net_addr_pton(net_sa_family_t family, const char *src, void *dst);

/*
 * Understand "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or
 * "[2001:db8::1]:80": the first str_len bytes of str, or fewer if its end comes
 * before.  Stores family, address and, if the text has one, the port; else the
 * port stays as it was (Zephyr).  Flow label and zone are 0.
 *
 * addr must have room for the address that comes: in host mode a struct
 * net_sockaddr is too small for IPv6, and a net_sockaddr_storage is right.
 *
 * Returns whether it was understood; if not, *addr is untouched.
 */
ZSOCK_API bool net_ipaddr_parse(const char *str, size_t str_len,
    struct net_sockaddr *addr);

ZSOCK_END_DECLS

#ifndef ZSOCK_NO_COMPAT_NAMES
#include <zephyr/net/net_compat.h>
#endif

#endif
