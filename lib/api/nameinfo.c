#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/profile.h"
#include "base/resolver.h"

#define NAME_ROOM NI_MAXHOST
#define DEVICE_NAME "zephyr" /* CONFIG_NET_HOSTNAME if nobody sets it */

/* Only numbers, and no flag and no length of the address is looked at. */
static int
device_nameinfo(const struct sockaddr *addr, char *host, socklen_t hostlen,
    char *serv, socklen_t servlen)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const void *bytes = addr->sa_family == AF_INET6
	    ? (const void *)&in6->sin6_addr
	    : &in->sin_addr;

	if (host != NULL &&
	    inet_ntop(addr->sa_family, bytes, host, hostlen) == NULL) {
		if (errno != ENOSPC)
			return DNS_EAI_SYSTEM;
		if (quirk(QUIRK_NAMEINFO_SHORT))
			profile_hazard("getnameinfo: the address does not fit "
			               "the host buffer",
			    "writes beyond its end");
		return DNS_EAI_OVERFLOW;
	}
	if (serv != NULL)
		snprintf(serv, servlen, "%d", ntohs(in->sin_port));
	return 0;
}

int
zsock_getnameinfo(const struct net_sockaddr *addr, net_socklen_t addrlen,
    char *host, net_socklen_t hostlen, char *serv, net_socklen_t servlen,
    int flags)
{
	if (!quirk(QUIRK_NAMEINFO_NUMERIC))
		return resolver->getnameinfo(addr, addrlen, host, hostlen, serv,
		    servlen, flags);
	if (addr == NULL) {
		errno = -edge_null("zsock_getnameinfo", "addr");
		return DNS_EAI_SYSTEM;
	}
	return device_nameinfo(addr, host, hostlen, serv, servlen);
}

int
zsock_gethostname(char *buf, size_t len)
{
	const char *name;
	size_t n;

	if (buf == NULL)
		return (int)err_edge(edge_null("zsock_gethostname", "buf"));
	if (!quirk(QUIRK_HOSTNAME_FIXED))
		return resolver->gethostname(buf, len);
	limits_from_environment();
	name = limit_hostname();
	if (name == NULL)
		name = DEVICE_NAME;
	/*
	 * Filled up with NULs, but no further than a name may go, and without
	 * one if there is no room for it.
	 */
	if (len > NAME_ROOM)
		len = NAME_ROOM;
	n = strnlen(name, len);
	memcpy(buf, name, n);
	memset(buf + n, 0, len - n);
	return 0;
}

const char *
zsock_gai_strerror(int errcode)
{
	static const struct {
		int code;
		bool early; /* Zephyr 3.3 knows it */
		const char *token;
	} tokens[] = {
		{ DNS_EAI_BADFLAGS, true, "EAI_BADFLAGS" },
		{ DNS_EAI_NONAME, true, "EAI_NONAME" },
		{ DNS_EAI_AGAIN, true, "EAI_AGAIN" },
		{ DNS_EAI_FAIL, true, "EAI_FAIL" },
		{ DNS_EAI_NODATA, true, "EAI_NODATA" },
		{ DNS_EAI_FAMILY, false, "EAI_FAMILY" },
		{ DNS_EAI_SOCKTYPE, false, "EAI_SOCKTYPE" },
		{ DNS_EAI_SERVICE, true, "EAI_SERVICE" },
		{ DNS_EAI_ADDRFAMILY, false, "EAI_ADDRFAMILY" },
		{ DNS_EAI_MEMORY, true, "EAI_MEMORY" },
		{ DNS_EAI_SYSTEM, true, "EAI_SYSTEM" },
		{ DNS_EAI_OVERFLOW, false, "EAI_OVERFLOW" },
		{ DNS_EAI_INPROGRESS, false, "EAI_INPROGRESS" },
		{ DNS_EAI_CANCELED, false, "EAI_CANCELED" },
		{ DNS_EAI_NOTCANCELED, false, "EAI_NOTCANCELED" },
		{ DNS_EAI_ALLDONE, false, "EAI_ALLDONE" },
		{ DNS_EAI_IDN_ENCODE, false, "EAI_IDN_ENCODE" },
	};

	if (quirk(QUIRK_GAI_TOKENS) == 0)
		return gai_strerror(errcode);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		if (tokens[i].code == errcode &&
		    (tokens[i].early || !quirk(QUIRK_GAI_FEW_TOKENS)))
			return tokens[i].token;
	}
	return "EAI_UNKNOWN";
}
