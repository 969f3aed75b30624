#include "shim/core/calls.h"

#include <pthread.h>

#include <zephyr/net/socket.h>

#include "shim/core/passage.h"

/*
 * The codes of getaddrinfo and getnameinfo have the same numbers in Zephyr and
 * in glibc, and its structures are the host's.
 */

int
calls_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
	return zsock_getaddrinfo(host, service, hints, res);
}

void
calls_freeaddrinfo(struct addrinfo *list)
{
	zsock_freeaddrinfo(list);
}

int
calls_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	return zsock_getnameinfo(addr, len, host, hostlen, serv, servlen,
	    flags);
}
