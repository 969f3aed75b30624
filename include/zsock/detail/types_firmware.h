#ifndef ZSOCK_DETAIL_TYPES_FIRMWARE_H
#define ZSOCK_DETAIL_TYPES_FIRMWARE_H

/*
 * Firmware mode: glibc's socket headers are out of sight, and these are our
 * own definitions, with Zephyr's member names and, byte for byte, glibc's
 * layout; tests/headers/layout.c compares the two.  Nothing here may pull in
 * <unistd.h> or <fcntl.h>: firmware has functions named read and open.
 */

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sys/select.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <zsock/api.h>

/* As wide as glibc's, so that a typedef of its headers does not disagree. */
typedef unsigned int net_socklen_t;
typedef unsigned short net_sa_family_t;
typedef unsigned int socklen_t;
typedef unsigned short sa_family_t;
typedef uint32_t in_addr_t;
typedef uint16_t in_port_t;

struct net_in_addr {
	union {
		uint8_t s4_addr[4];
		uint16_t s4_addr16[2];
		uint32_t s4_addr32[1];
		uint32_t s_addr;
	};
};

struct net_in6_addr {
	union {
		uint8_t s6_addr[16];
		uint16_t s6_addr16[8];
		uint32_t s6_addr32[4];
	};
};

/*
 * Larger than glibc's 16 bytes: firmware declares one by value and puts an
 * IPv6 address into it.
 */
struct net_sockaddr {
	net_sa_family_t sa_family;
	union {
		char data[26];
		char sa_data[26];
	};
} __attribute__((aligned(4)));

struct net_sockaddr_in {
	net_sa_family_t sin_family;
	uint16_t sin_port;
	struct net_in_addr sin_addr;
	uint8_t sin_zero[8];
};

struct net_sockaddr_in6 {
	net_sa_family_t sin6_family;
	uint16_t sin6_port;
	uint32_t sin6_flowinfo;
	struct net_in6_addr sin6_addr;
	uint32_t sin6_scope_id;
};

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

struct net_sockaddr_un {
	net_sa_family_t sun_family;
	char sun_path[108];
};

struct net_sockaddr_storage {
	net_sa_family_t ss_family;
	char data[126];
} __attribute__((aligned(sizeof(long))));

/* <sys/uio.h> has it and may be included by firmware, so it is glibc's. */
#define net_iovec iovec

struct net_msghdr {
	void *msg_name;
	net_socklen_t msg_namelen;
	struct net_iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	int msg_flags;
};

struct net_cmsghdr {
	size_t cmsg_len;
	int cmsg_level;
	int cmsg_type;
};

struct net_linger {
	int l_onoff;
	int l_linger;
};

struct net_ifreq {
	char ifr_name[16];
	union {
		int ifr_ifindex;
		unsigned long ifr_room[sizeof(long) == 8 ? 3 : 4];
	};
};

struct net_ip_mreq {
	struct net_in_addr imr_multiaddr;
	struct net_in_addr imr_interface;
};

struct net_ip_mreqn {
	struct net_in_addr imr_multiaddr;
	struct net_in_addr imr_address;
	int imr_ifindex;
};

struct net_ipv6_mreq {
	struct net_in6_addr ipv6mr_multiaddr;
	int ipv6mr_ifindex;
};

struct net_in_pktinfo {
	int ipi_ifindex;
	struct net_in_addr ipi_spec_dst;
	struct net_in_addr ipi_addr;
};

struct net_in6_pktinfo {
	struct net_in6_addr ipi6_addr;
	unsigned int ipi6_ifindex;
};

struct zsock_pollfd {
	int fd;
	short events;
	short revents;
};

struct zsock_addrinfo {
	int ai_flags;
	int ai_family;
	int ai_socktype;
	int ai_protocol;
	net_socklen_t ai_addrlen;
	struct net_sockaddr *ai_addr;
	char *ai_canonname;
	struct zsock_addrinfo *ai_next;
};

/* clang-format off */
#define NET_INADDR_ANY_INIT { { { 0, 0, 0, 0 } } }
#define NET_INADDR_LOOPBACK_INIT { { { 127, 0, 0, 1 } } }
/* clang-format on */

/* libc's own objects, so that both modes have one and the same. */
ZSOCK_BEGIN_DECLS
extern const struct net_in6_addr net_in6addr_any __asm__("in6addr_any");
extern const struct net_in6_addr net_in6addr_loopback __asm__(
    "in6addr_loopback");
ZSOCK_END_DECLS

#endif
