/*
 * What a header's macros and inline functions expand to is no business of a
 * program that is compiled with -pedantic or -Wold-style-cast.
 */
#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

int use_control(struct net_msghdr *m);
int use_sets(int sock);
int use_addresses(const struct net_in6_addr *a, uint16_t port, uint32_t addr);

int
use_control(struct net_msghdr *m)
{
	struct net_cmsghdr *c = NET_CMSG_FIRSTHDR(m);
	unsigned sum = 0;

	while (c != 0) {
		sum += *NET_CMSG_DATA(c);
		c = NET_CMSG_NXTHDR(m, c);
	}
	return sum > NET_CMSG_SPACE(sizeof(int)) - NET_CMSG_LEN(0);
}

int
use_sets(int sock)
{
	zsock_fd_set set;

	ZSOCK_FD_ZERO(&set);
	ZSOCK_FD_SET(sock, &set);
	ZSOCK_FD_CLR(sock, &set);
	return ZSOCK_FD_ISSET(sock, &set);
}

int
use_addresses(const struct net_in6_addr *a, uint16_t port, uint32_t addr)
{
	const struct net_in6_addr any = NET_IN6ADDR_ANY_INIT;

	return net_htons(port) == net_ntohs(80) || net_htonl(addr) == 1 ||
	    net_ntohl(NET_INADDR_LOOPBACK) == addr || net_htonll(1) == 2 ||
	    ZSOCK_IN6_IS_ADDR_LOOPBACK(a) || ZSOCK_IN6_IS_ADDR_V4MAPPED(a) ||
	    ZSOCK_IN6_IS_ADDR_MC_GLOBAL(&any);
}
