#ifndef API_EDGE_H
#define API_EDGE_H

#include <zephyr/net/socket.h>

#include "base/profile.h"

/*
 * What firmware passes as an address, as the kernel wants it: a copy of full
 * length.  Zephyr's shorter structures (8 bytes for IPv4, 24 for IPv6) are
 * taken too; an address of another family is copied as it is, for the socket
 * to judge, and in the linux profile every address, for the kernel to judge.
 * Returns 0, or -EINVAL for a length that is too short for the family, or what
 * edge_fault answers; what sock has no use for, or no socket, is 0 and of
 * length 0, for the call on sock to judge.  call names it, for the log.
 */
struct edge_addr {
	struct sockaddr_storage any;
	socklen_t len;
};

int edge_addr(struct edge_addr *out, int sock, const struct net_sockaddr *addr,
    net_socklen_t len, const char *call);

/* The same for a peer's address, after redirections; also -ECONNREFUSED. */
int edge_peer(struct edge_addr *out, int sock, const struct net_sockaddr *addr,
    net_socklen_t len, const char *call);

/* The same for where data are to go. */
int edge_dest(struct edge_addr *out, int sock, const struct net_sockaddr *addr,
    net_socklen_t len, const char *call);

/* The message flags that count: on the device those that it knows. */
static inline int
edge_flags(int flags)
{
	if (quirk(QUIRK_FLAGS_IGNORED) == 0)
		return flags;
	return flags & (MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | MSG_WAITALL);
}

/*
 * A device would use the NULL pointer that the caller passed as arg: -EINVAL
 * and a warning.  edge_fault is for the calls that are the kernel's on Linux:
 * in the linux profile -EFAULT.
 */
int edge_null(const char *call, const char *arg);
int edge_fault(const char *call, const char *arg);

#endif
