#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/socketutils.h>
#include <zsock/zsock.h>

#include "api/edge.h"
#include "api/resolve.h"
#include "api/results.h"
#include "base/err.h"
#include "base/hosts.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/profile.h"

int
zsock_getaddrinfo(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct zsock_addrinfo **res)
{
	struct results r = { .n = 0 };
	int rc;

	if (res == NULL) {
		errno = -edge_null("zsock_getaddrinfo", "res");
		return DNS_EAI_SYSTEM;
	}
	limits_from_environment();
	*res = NULL;
	if (quirk(QUIRK_GAI_DEVICE))
		rc = resolve_device(host, service, hints, &r);
	else
		rc = resolve_linux(host, service, hints, &r);
	if (rc == 0) {
		*res = results_list(&r);
		rc = *res != NULL ? 0 : DNS_EAI_MEMORY;
	}
	results_fini(&r);
	return rc;
}

void
zsock_freeaddrinfo(struct zsock_addrinfo *ai)
{
	free(ai); /* the head node is where the block starts */
}

const char *
net_addr_str_find_port(const char *addr_str)
{
	const char *colon;

	if (addr_str == NULL) {
		(void)edge_null("net_addr_str_find_port", "addr_str");
		return NULL;
	}
	colon = strrchr(addr_str, ':');
	if (colon == NULL || (*addr_str == '[' && colon[-1] != ']'))
		return NULL;
	return colon + 1;
}

int
net_getaddrinfo_addr_str(const char *addr_str, const char *def_port,
    const struct zsock_addrinfo *hints, struct zsock_addrinfo **res)
{
	const int max = quirk(QUIRK_ADDR_STR_MAX);
	const char *port;
	char *host;
	size_t len;
	int rc;

	if (addr_str == NULL) /* the result is the device's */
		return (int)err_edge(-EINVAL);
	port = net_addr_str_find_port(addr_str);
	len = port != NULL ? (size_t)(port - addr_str - 1) : strlen(addr_str);
	if (port != NULL && max > 0 && len > (size_t)max)
		return (int)err_edge(-EINVAL);
	if (len > 1 && *addr_str == '[' && addr_str[len - 1] == ']') {
		addr_str++; /* libc's resolver does not know brackets */
		len -= 2;
	}
	host = strndup(addr_str, len);
	if (host == NULL)
		return DNS_EAI_MEMORY;
	rc =
	    zsock_getaddrinfo(host, port != NULL ? port : def_port, hints, res);
	free(host);
	return rc;
}

int
zsock_hosts_add(const char *lines)
{
	char why[512];
	int rc;

	if (lines == NULL)
		return (int)err_edge(-EINVAL);
	rc = hosts_add("zsock_hosts_add", lines, why, sizeof(why));
	if (rc < 0)
		log_line(LOG_ERROR, "%s", why);
	return (int)err_edge(rc);
}

void
zsock_hosts_clear(void)
{
	hosts_clear();
}
