#ifndef ZSOCK_DETAIL_TYPES_HOST_H
#define ZSOCK_DETAIL_TYPES_HOST_H

/*
 * Host mode: the net_ and zsock_ types are glibc's own under another name, so
 * a sockaddr_in of either header goes to either API.  Where a strict language
 * mode (-std=c11) hides one of glibc's types, a struct of the same layout takes
 * its place, which tests/headers/layout.c holds to it.
 */

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

typedef socklen_t net_socklen_t;
typedef sa_family_t net_sa_family_t;

#define net_in_addr in_addr
#define net_in6_addr in6_addr
#define net_sockaddr sockaddr
#define net_sockaddr_in sockaddr_in
#define net_sockaddr_in6 sockaddr_in6
#define net_sockaddr_un sockaddr_un
#define net_sockaddr_storage sockaddr_storage
#define net_iovec iovec
#define net_msghdr msghdr
#define net_cmsghdr cmsghdr
#define net_linger linger
#define net_ipv6_mreq ipv6_mreq
#define ipv6mr_ifindex ipv6mr_interface /* Zephyr's and the kernel's name */
#define net_in6addr_any in6addr_any
#define net_in6addr_loopback in6addr_loopback
#define zsock_pollfd pollfd

#ifdef __USE_MISC
#define net_ifreq ifreq
#define net_ip_mreq ip_mreq
#define net_ip_mreqn ip_mreqn
#define net_in_pktinfo in_pktinfo
#else
struct net_ifreq {
	char ifr_name[16];
	union {
		int ifr_ifindex;
		unsigned long ifr_room[sizeof(long) == 8 ? 3 : 4];
	};
};

struct net_ip_mreq {
	struct in_addr imr_multiaddr;
	struct in_addr imr_interface;
};

struct net_ip_mreqn {
	struct in_addr imr_multiaddr;
	struct in_addr imr_address;
	int imr_ifindex;
};

struct net_in_pktinfo {
	int ipi_ifindex;
	struct in_addr ipi_spec_dst;
	struct in_addr ipi_addr;
};
#endif

#ifdef __USE_GNU
#define net_in6_pktinfo in6_pktinfo
#else
struct net_in6_pktinfo {
	struct in6_addr ipi6_addr;
	unsigned int ipi6_ifindex;
};
#endif

#ifdef __USE_XOPEN2K
#define zsock_addrinfo addrinfo
#else
struct zsock_addrinfo {
	int ai_flags;
	int ai_family;
	int ai_socktype;
	int ai_protocol;
	socklen_t ai_addrlen;
	struct sockaddr *ai_addr;
	char *ai_canonname;
	struct zsock_addrinfo *ai_next;
};
#endif

/* glibc's headers for these two cannot be included beside the kernel's. */
struct net_sockaddr_ll {
	net_sa_family_t sll_family;
	uint16_t sll_protocol;
	int sll_ifindex;
	uint16_t sll_hatype;
	uint8_t sll_pkttype;
	uint8_t sll_halen;
	uint8_t sll_addr[8];
};

struct net_sockaddr_can {
	net_sa_family_t can_family;
	int can_ifindex;
	uint64_t zsock_room[2];
};

/* clang-format off */
#define NET_INADDR_ANY_INIT { 0 }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NET_INADDR_LOOPBACK_INIT { 0x0100007f }
#else
#define NET_INADDR_LOOPBACK_INIT { 0x7f000001 }
#endif
/* clang-format on */

#endif
