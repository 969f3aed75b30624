#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/address.h"
#include "base/err.h"
#include "base/profile.h"

static char *
ntop(const char *call, net_sa_family_t family, const void *src, char *dst,
    size_t size)
{
	const char *text;

	if (src == NULL || dst == NULL) {
		errno = -edge_null(call, "an argument");
		return NULL;
	}
	text = inet_ntop(family, src, dst,
	    size > UINT32_MAX ? UINT32_MAX : (socklen_t)size);
	if (text == NULL && errno == ENOSPC && quirk(QUIRK_NTOP_SHORT) != 0)
		profile_hazard("inet_ntop: the text does not fit its buffer: "
		               "ENOSPC",
		    "writes beyond its end");
	return text != NULL ? dst : NULL;
}

static int
pton(const char *call, net_sa_family_t family, const char *src, void *dst)
{
	if (src == NULL || dst == NULL)
		return edge_null(call, "an argument");
	return address_pton(family, src, quirk(QUIRK_PTON_LAX), dst);
}

char *
zsock_inet_ntop(net_sa_family_t family, const void *src, char *dst, size_t size)
{
	return ntop("zsock_inet_ntop", family, src, dst, size);
}

int
zsock_inet_pton(net_sa_family_t family, const char *src, void *dst)
{
	const int rc = pton("zsock_inet_pton", family, src, dst);

	if (rc == -EAFNOSUPPORT && quirk(QUIRK_PTON_FAMILY))
		return (int)err_edge(-quirk(QUIRK_PTON_FAMILY));
	return rc == 0;
}

char *
net_addr_ntop(net_sa_family_t family, const void *src, char *dst, size_t size)
{
	return ntop("net_addr_ntop", family, src, dst, size);
}

int
net_addr_pton(net_sa_family_t family, const char *src, void *dst)
{
	const int rc = pton("net_addr_pton", family, src, dst);

	return rc == -EAFNOSUPPORT ? -EINVAL : rc;
}

bool
net_ipaddr_parse(const char *str, size_t str_len, struct net_sockaddr *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct address a;

	if (str == NULL)
		return false;
	if (addr == NULL) {
		(void)edge_null("net_ipaddr_parse", "addr");
		return false;
	}
	if (!address_parse(str, str_len, quirk(QUIRK_PTON_LAX), &a))
		return false;
	addr->sa_family = (net_sa_family_t)a.family;
	if (a.family == AF_INET) {
		in->sin_addr = a.v4;
		memset(in->sin_zero, 0, sizeof(in->sin_zero));
	} else {
		in6->sin6_addr = a.v6;
		/* The device's struct has no such members: they were not set. */
		in6->sin6_flowinfo = 0;
		in6->sin6_scope_id = 0;
	}
	if (a.has_port)
		in->sin_port = a.port; /* it has the same place in both */
	return true;
}
