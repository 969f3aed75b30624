/*
 * The types in bytes.  The middle column is glibc's type in host mode and our
 * own under its older name in firmware mode: so both are held to one table, and
 * a program, the library and the kernel agree whatever mode each was built in.
 */
#include <zephyr/net/socket.h>

#ifndef __cplusplus
#define static_assert _Static_assert
#endif
#define TYPE(name, old, size, align) \
	static_assert(sizeof(name) == (size) && sizeof(old) == (size) && \
	        __alignof__(name) == (align) && __alignof__(old) == (align), \
	    #name)
#define MEMBER(name, old, member, at) \
	static_assert(offsetof(name, member) == (at) && \
	        offsetof(old, member) == (at), \
	    #name "." #member)

/* The numbers are those of a 64-bit machine. */
#if __SIZEOF_LONG__ == 8

TYPE(net_socklen_t, socklen_t, 4, 4);
TYPE(net_sa_family_t, sa_family_t, 2, 2);
TYPE(sec_tag_t, int, 4, 4);

TYPE(struct net_in_addr, struct in_addr, 4, 4);
MEMBER(struct net_in_addr, struct in_addr, s_addr, 0);
TYPE(struct net_in6_addr, struct in6_addr, 16, 4);
MEMBER(struct net_in6_addr, struct in6_addr, s6_addr, 0);

#ifdef ZSOCK_FIRMWARE /* room for an IPv6 address by value */
TYPE(struct net_sockaddr, struct sockaddr, 28, 4);
MEMBER(struct net_sockaddr, struct sockaddr, data, 2);
#endif
MEMBER(struct net_sockaddr, struct sockaddr, sa_family, 0);
MEMBER(struct net_sockaddr, struct sockaddr, sa_data, 2);

TYPE(struct net_sockaddr_in, struct sockaddr_in, 16, 4);
MEMBER(struct net_sockaddr_in, struct sockaddr_in, sin_family, 0);
MEMBER(struct net_sockaddr_in, struct sockaddr_in, sin_port, 2);
MEMBER(struct net_sockaddr_in, struct sockaddr_in, sin_addr, 4);

TYPE(struct net_sockaddr_in6, struct sockaddr_in6, 28, 4);
MEMBER(struct net_sockaddr_in6, struct sockaddr_in6, sin6_family, 0);
MEMBER(struct net_sockaddr_in6, struct sockaddr_in6, sin6_port, 2);
MEMBER(struct net_sockaddr_in6, struct sockaddr_in6, sin6_flowinfo, 4);
MEMBER(struct net_sockaddr_in6, struct sockaddr_in6, sin6_addr, 8);
MEMBER(struct net_sockaddr_in6, struct sockaddr_in6, sin6_scope_id, 24);

TYPE(struct net_sockaddr_storage, struct sockaddr_storage, 128, 8);
MEMBER(struct net_sockaddr_storage, struct sockaddr_storage, ss_family, 0);

TYPE(struct net_sockaddr_un, struct sockaddr_un, 110, 2);
MEMBER(struct net_sockaddr_un, struct sockaddr_un, sun_path, 2);

#ifndef ZSOCK_FIRMWARE
#include <linux/can.h>
#include <linux/if_packet.h>
#endif
TYPE(struct net_sockaddr_ll, struct sockaddr_ll, 20, 4);
MEMBER(struct net_sockaddr_ll, struct sockaddr_ll, sll_protocol, 2);
MEMBER(struct net_sockaddr_ll, struct sockaddr_ll, sll_ifindex, 4);
MEMBER(struct net_sockaddr_ll, struct sockaddr_ll, sll_hatype, 8);
MEMBER(struct net_sockaddr_ll, struct sockaddr_ll, sll_pkttype, 10);
MEMBER(struct net_sockaddr_ll, struct sockaddr_ll, sll_halen, 11);
MEMBER(struct net_sockaddr_ll, struct sockaddr_ll, sll_addr, 12);
TYPE(struct net_sockaddr_can, struct sockaddr_can, 24, 8);
MEMBER(struct net_sockaddr_can, struct sockaddr_can, can_ifindex, 4);

TYPE(struct net_iovec, struct iovec, 16, 8);
MEMBER(struct net_iovec, struct iovec, iov_base, 0);
MEMBER(struct net_iovec, struct iovec, iov_len, 8);

TYPE(struct net_msghdr, struct msghdr, 56, 8);
MEMBER(struct net_msghdr, struct msghdr, msg_name, 0);
MEMBER(struct net_msghdr, struct msghdr, msg_namelen, 8);
MEMBER(struct net_msghdr, struct msghdr, msg_iov, 16);
MEMBER(struct net_msghdr, struct msghdr, msg_iovlen, 24);
MEMBER(struct net_msghdr, struct msghdr, msg_control, 32);
MEMBER(struct net_msghdr, struct msghdr, msg_controllen, 40);
MEMBER(struct net_msghdr, struct msghdr, msg_flags, 48);

TYPE(struct net_cmsghdr, struct cmsghdr, 16, 8);
MEMBER(struct net_cmsghdr, struct cmsghdr, cmsg_len, 0);
MEMBER(struct net_cmsghdr, struct cmsghdr, cmsg_level, 8);
MEMBER(struct net_cmsghdr, struct cmsghdr, cmsg_type, 12);
static_assert(NET_CMSG_LEN(5) == 21 && CMSG_LEN(5) == 21, "CMSG_LEN");
static_assert(NET_CMSG_SPACE(5) == 24 && CMSG_SPACE(5) == 24, "CMSG_SPACE");

TYPE(struct net_linger, struct linger, 8, 4);
MEMBER(struct net_linger, struct linger, l_onoff, 0);
MEMBER(struct net_linger, struct linger, l_linger, 4);

TYPE(struct net_ifreq, struct ifreq, 40, 8);
MEMBER(struct net_ifreq, struct ifreq, ifr_name, 0);
MEMBER(struct net_ifreq, struct ifreq, ifr_ifindex, 16);

TYPE(struct net_ip_mreq, struct ip_mreq, 8, 4);
MEMBER(struct net_ip_mreq, struct ip_mreq, imr_multiaddr, 0);
MEMBER(struct net_ip_mreq, struct ip_mreq, imr_interface, 4);

TYPE(struct net_ip_mreqn, struct ip_mreqn, 12, 4);
MEMBER(struct net_ip_mreqn, struct ip_mreqn, imr_multiaddr, 0);
MEMBER(struct net_ip_mreqn, struct ip_mreqn, imr_address, 4);
MEMBER(struct net_ip_mreqn, struct ip_mreqn, imr_ifindex, 8);

TYPE(struct net_ipv6_mreq, struct ipv6_mreq, 20, 4);
MEMBER(struct net_ipv6_mreq, struct ipv6_mreq, ipv6mr_multiaddr, 0);
MEMBER(struct net_ipv6_mreq, struct ipv6_mreq, ipv6mr_ifindex, 16);

TYPE(struct net_in_pktinfo, struct in_pktinfo, 12, 4);
MEMBER(struct net_in_pktinfo, struct in_pktinfo, ipi_ifindex, 0);
MEMBER(struct net_in_pktinfo, struct in_pktinfo, ipi_spec_dst, 4);
MEMBER(struct net_in_pktinfo, struct in_pktinfo, ipi_addr, 8);

TYPE(struct net_in6_pktinfo, struct in6_pktinfo, 20, 4);
MEMBER(struct net_in6_pktinfo, struct in6_pktinfo, ipi6_addr, 0);
MEMBER(struct net_in6_pktinfo, struct in6_pktinfo, ipi6_ifindex, 16);

TYPE(struct zsock_timeval, struct timeval, 16, 8);
TYPE(zsock_fd_set, fd_set, 128, 8);

#if defined(ZSOCK_FIRMWARE) && !defined(ZSOCK_POSIX_NAMES)
#define pollfd zsock_pollfd
#define addrinfo zsock_addrinfo
#endif
TYPE(struct zsock_pollfd, struct pollfd, 8, 4);
MEMBER(struct zsock_pollfd, struct pollfd, fd, 0);
MEMBER(struct zsock_pollfd, struct pollfd, events, 4);
MEMBER(struct zsock_pollfd, struct pollfd, revents, 6);

TYPE(struct zsock_addrinfo, struct addrinfo, 48, 8);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_flags, 0);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_family, 4);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_socktype, 8);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_protocol, 12);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_addrlen, 16);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_addr, 24);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_canonname, 32);
MEMBER(struct zsock_addrinfo, struct addrinfo, ai_next, 40);

TYPE(struct zsock_tls_cert_verify_cb, struct tls_cert_verify_cb, 16, 8);

#endif
