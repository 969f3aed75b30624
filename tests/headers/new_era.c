/*
 * Firmware of 4.4 and later, in either mode and without the older names.
 */
#define ZSOCK_NO_COMPAT_NAMES
#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

static const struct net_in6_addr loopback = NET_IN6ADDR_LOOPBACK_INIT;
static const struct net_in_addr home = NET_INADDR_LOOPBACK_INIT;
static const struct net_in_addr nowhere = NET_INADDR_ANY_INIT;

int new_era(void);

int
new_era(void)
{
	struct net_sockaddr_in6 to = { .sin6_family = NET_AF_INET6,
		.sin6_port = net_htons(443),
		.sin6_addr = loopback };
	struct net_sockaddr_storage from;
	net_socklen_t fromlen = sizeof(from);
	struct zsock_pollfd fds[1] = { { .fd = 0, .events = ZSOCK_POLLIN } };
	struct zsock_timeval tv = { .tv_sec = 1 };
	struct net_ipv6_mreq mreq = { .ipv6mr_multiaddr = loopback,
		.ipv6mr_ifindex = 1 };
	struct net_linger linger = { .l_onoff = 1 };
	struct zsock_addrinfo hints = { .ai_flags = ZSOCK_AI_NUMERICHOST };
	struct zsock_addrinfo *res;
	char control[NET_CMSG_SPACE(sizeof(struct net_in_pktinfo))] = { 0 };
	struct net_msghdr msg = { .msg_control = control,
		.msg_controllen = sizeof(control) };
	zsock_fd_set set;
	int sock;

	sock = zsock_socket(NET_AF_INET6, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_3);
	ZSOCK_FD_ZERO(&set);
	ZSOCK_FD_SET(-1, &set);
	ZSOCK_FD_SET((int)ZSOCK_FD_SETSIZE, &set);
	ZSOCK_FD_SET(sock, &set);
	zsock_setsockopt(sock, NET_IPPROTO_IPV6, ZSOCK_IPV6_ADD_MEMBERSHIP,
	    &mreq, sizeof(mreq));
	zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_LINGER, &linger,
	    sizeof(linger));
	zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK);
	zsock_recvfrom(sock, control, sizeof(control), ZSOCK_MSG_DONTWAIT,
	    (struct net_sockaddr *)&from, &fromlen);
	for (struct net_cmsghdr *c = NET_CMSG_FIRSTHDR(&msg); c != NULL;
	     c = NET_CMSG_NXTHDR(&msg, c))
		zsock_send(sock, NET_CMSG_DATA(c), 1, 0);
	if (zsock_getaddrinfo("::1", "80", &hints, &res) == DNS_EAI_NONAME)
		zsock_freeaddrinfo(res);
	return zsock_poll(fds, 1, 0) +
	    zsock_select(sock + 1, &set, NULL, NULL, &tv) +
	    ZSOCK_FD_ISSET(sock, &set) + (home.s_addr != nowhere.s_addr) +
	    zsock_connect(sock, (struct net_sockaddr *)&to, sizeof(to));
}
