#include "sock/native.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

#include "base/profile.h"

/* The error that ended a stream; on the device reading does not clear it. */
static int
get_error(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	int error;

	if (profile_get() == PROFILE_LINUX)
		return option_kernel_get(s, o, val, len);
	error = native_error((struct native *)s);
	memcpy(val, &error, sizeof(error));
	*len = sizeof(error);
	return 0;
}

/*
 * What the kernel's stream and datagram sockets have in common.  A program
 * sees ENOPROTOOPT for every option without a row.
 */
#define COMMON_ROWS \
	OPTION_KERNEL(SOL_SOCKET, SO_REUSEADDR, int), \
	    OPTION_KERNEL(SOL_SOCKET, SO_REUSEPORT, int), \
	    OPTION_KERNEL(SOL_SOCKET, SO_RCVBUF, int), \
	    OPTION_KERNEL(SOL_SOCKET, SO_SNDBUF, int), \
	    OPTION_KERNEL(SOL_SOCKET, SO_RCVTIMEO, struct timeval), \
	    OPTION_KERNEL(SOL_SOCKET, SO_SNDTIMEO, struct timeval), \
	    OPTION_KERNEL_READ(SOL_SOCKET, SO_TYPE, int), \
	    OPTION_KERNEL_READ(SOL_SOCKET, SO_PROTOCOL, int), \
	    OPTION_KERNEL_READ(SOL_SOCKET, SO_DOMAIN, int), \
	    { SOL_SOCKET, SO_ERROR, sizeof(int), sizeof(int), NULL, get_error, \
		    false, true }, \
	    OPTION_KERNEL(IPPROTO_IP, IP_TOS, int), \
	    OPTION_KERNEL(IPPROTO_IP, IP_TTL, int), \
	    OPTION_KERNEL(IPPROTO_IPV6, IPV6_V6ONLY, int), \
	    OPTION_KERNEL(IPPROTO_IPV6, IPV6_TCLASS, int), \
	    OPTION_KERNEL(IPPROTO_IPV6, IPV6_UNICAST_HOPS, int)

const struct option native_stream_options[] = {
	COMMON_ROWS,
	OPTION_KERNEL(SOL_SOCKET, SO_KEEPALIVE, int),
	OPTION_KERNEL(SOL_SOCKET, SO_LINGER, struct linger),
	OPTION_KERNEL(IPPROTO_TCP, TCP_NODELAY, int),
	OPTION_KERNEL(IPPROTO_TCP, TCP_KEEPIDLE, int),
	OPTION_KERNEL(IPPROTO_TCP, TCP_KEEPINTVL, int),
	OPTION_KERNEL(IPPROTO_TCP, TCP_KEEPCNT, int),
	OPTION_END,
};

const struct option native_dgram_options[] = {
	COMMON_ROWS,
	OPTION_KERNEL(SOL_SOCKET, SO_BROADCAST, int),
	OPTION_KERNEL(IPPROTO_IP, IP_PKTINFO, int),
	OPTION_KERNEL(IPPROTO_IP, IP_MULTICAST_TTL, int),
	OPTION_KERNEL(IPPROTO_IP, IP_MULTICAST_LOOP, int),
	OPTION_KERNEL(IPPROTO_IP, IP_ADD_MEMBERSHIP, struct ip_mreqn),
	OPTION_KERNEL(IPPROTO_IP, IP_DROP_MEMBERSHIP, struct ip_mreqn),
	OPTION_KERNEL(IPPROTO_IPV6, IPV6_RECVPKTINFO, int),
	OPTION_KERNEL(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int),
	OPTION_KERNEL(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, int),
	OPTION_KERNEL(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, struct ipv6_mreq),
	OPTION_KERNEL(IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, struct ipv6_mreq),
	OPTION_END,
};
