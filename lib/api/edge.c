#include "api/edge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hosts.h"
#include "base/log.h"
#include "base/profile.h"
#include "sock/call.h"

/* Bytes of Zephyr's own sockaddr_in and sockaddr_in6. */
#define ZEPHYR_IN_LEN 8
#define ZEPHYR_IN6_LEN 24

int
edge_null(const char *call, const char *arg)
{
	char what[96];

	snprintf(what, sizeof(what), "%s: %s is NULL", call, arg);
	if (profile_get() != PROFILE_LINUX)
		profile_hazard(what, "crashes");
	else
		log_line(LOG_WARN, "%s", what);
	return -EINVAL;
}

int
edge_fault(const char *call, const char *arg)
{
	if (profile_get() != PROFILE_LINUX)
		(void)edge_null(call, arg); /* for its line */
	return -quirk(QUIRK_ARGUMENT_NULL);
}

/* The kernel is to judge it, its length first. */
static int
as_it_is(struct edge_addr *out, const struct net_sockaddr *addr,
    net_socklen_t len)
{
	out->len = len;
	if (len == 0 || len > sizeof(out->any))
		return 0;
	if (addr == NULL)
		return -quirk(QUIRK_ARGUMENT_NULL);
	memcpy(&out->any, addr, len);
	return 0;
}

static int
convert(struct edge_addr *out, const struct net_sockaddr *addr,
    net_socklen_t len)
{
	size_t used;

	memset(out, 0, sizeof(*out));
	if (quirk(QUIRK_ADDRESS_SHORT) == 0)
		return as_it_is(out, addr, len);
	if (addr == NULL)
		return -quirk(QUIRK_ARGUMENT_NULL);
	if (len < sizeof(addr->sa_family))
		return -EINVAL;
	memcpy(&out->any.ss_family, addr, sizeof(out->any.ss_family));
	switch (out->any.ss_family) {
	case AF_INET:
		used = ZEPHYR_IN_LEN;
		out->len = sizeof(struct sockaddr_in);
		break;
	case AF_INET6:
		used = len < sizeof(struct sockaddr_in6)
		    ? ZEPHYR_IN6_LEN
		    : sizeof(struct sockaddr_in6);
		out->len = sizeof(struct sockaddr_in6);
		break;
	default:
		used = len < sizeof(out->any) ? len : sizeof(out->any);
		out->len = (socklen_t)used;
		break;
	}
	if (len < used)
		return -EINVAL;
	memcpy(&out->any, addr, used);
	return 0;
}

/* An address that is no good, and what is wrong with it. */
static int
refuse(int rc, struct edge_addr *out, const struct net_sockaddr *addr,
    const char *call, bool used)
{
	if (!used) {
		out->len = 0;
		return 0;
	}
	return addr == NULL ? edge_fault(call, "the address") : rc;
}

int
edge_addr(struct edge_addr *out, int sock, const struct net_sockaddr *addr,
    net_socklen_t len, const char *call)
{
	const int rc = convert(out, addr, len);

	return rc == 0 ? 0
	               : refuse(rc, out, addr, call, call_uses_address(sock));
}

static int
redirected(struct edge_addr *out, const struct net_sockaddr *addr,
    net_socklen_t len)
{
	const int rc = convert(out, addr, len);

	return rc == 0 ? hosts_redirect(&out->any, &out->len) : rc;
}

int
edge_peer(struct edge_addr *out, int sock, const struct net_sockaddr *addr,
    net_socklen_t len, const char *call)
{
	const int rc = redirected(out, addr, len);

	return rc == 0 ? 0
	               : refuse(rc, out, addr, call, call_uses_address(sock));
}

int
edge_dest(struct edge_addr *out, int sock, const struct net_sockaddr *addr,
    net_socklen_t len, const char *call)
{
	const int rc = redirected(out, addr, len);

	return rc == 0 ? 0 : refuse(rc, out, addr, call, call_uses_dest(sock));
}
