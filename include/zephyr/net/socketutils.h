#ifndef ZEPHYR_NET_SOCKETUTILS_H
#define ZEPHYR_NET_SOCKETUTILS_H

/* Text of the form host[:port], "[2001:db8::1]:8080" say. */

#include <zephyr/net/socket.h>

ZSOCK_BEGIN_DECLS

/*
 * Where the port begins in addr_str, or NULL if there is none.  What follows
 * the last ':' counts as one, so an IPv6 address must be in brackets (Zephyr).
 * The result points into addr_str.  Safe to call from any thread.
 */
ZSOCK_API const char *net_addr_str_find_port(const char *addr_str);

/*
 * zsock_getaddrinfo() of addr_str's host and port; def_port, which may be NULL,
 * is the service if it has none.  Blocks, answers, and gives *res to the caller,
 * who releases it with zsock_freeaddrinfo, as that call does.  Safe to call from
 * any thread.
 *
 * Returns its result, or -1 (Zephyr) with errno
 *   EINVAL  addr_str is NULL, or has more than 63 bytes before the port, which
 *           the profile linux does not mind
 */
ZSOCK_API int net_getaddrinfo_addr_str(const char *addr_str,
    const char *def_port, const struct zsock_addrinfo *hints,
    struct zsock_addrinfo **res);

ZSOCK_END_DECLS

#endif
