#include "api/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/hosts.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/profile.h"
#include "base/resolver.h"

/* Bytes of a name that fit the device's query. */
#define NAME_MAX_LEN 253

/* What is asked for, hints and service understood. */
struct query {
	const char *host;
	int family, socktype, flags;
	bool port_ok;
	uint16_t port; /* network order */
	int max;       /* entries */
	bool cut;      /* there were more, and it was said */
};

/* Decimal, 1 to 65535, what follows the digits ignored; no service names. */
static bool
parse_service(const char *service, uint16_t *port)
{
	long n;

	*port = 0;
	if (service == NULL)
		return true;
	n = strtol(service, NULL, 10);
	if (n < 1 || n > UINT16_MAX)
		return false;
	*port = htons((uint16_t)n);
	return true;
}

static void
parse(const char *host, const char *service, const struct zsock_addrinfo *hints,
    struct query *q)
{
	*q = (struct query){ .host = host, .family = AF_UNSPEC };
	if (hints != NULL) {
		q->family = hints->ai_family;
		q->socktype = hints->ai_socktype;
		q->flags = hints->ai_flags;
	}
	q->port_ok = parse_service(service, &q->port);
	q->max = limit_get(LIMIT_DNS_ENTRIES, quirk(QUIRK_GAI_ENTRIES));
	if (q->max < 1)
		q->max = 1;
}

/* An address that was found; what is beyond the limit is dropped. */
static int
add(struct query *q, int socktype, const struct sockaddr_storage *addr,
    struct results *r)
{
	const struct zsock_addrinfo ai = { .ai_family = addr->ss_family,
		.ai_socktype = socktype,
		.ai_protocol =
		    socktype == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP };

	if (r->n >= (size_t)q->max && q->cut)
		return 0;
	if (r->n >= (size_t)q->max) {
		q->cut = true;
		log_line(LOG_INFO,
		    "getaddrinfo: \"%s\" has more addresses than %s=%d; the "
		    "rest is left out",
		    q->host != NULL ? q->host : "",
		    limit_symbol(LIMIT_DNS_ENTRIES), q->max);
		return 0;
	}
	return results_add(r, &ai, addr,
	    addr->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                               : sizeof(struct sockaddr_in6));
}

/* A socket type that is none of two is a stream, if nobody need be asked. */
static int
add_address(struct query *q, const struct address *a, struct results *r)
{
	struct sockaddr_storage addr;

	(void)address_store(a, q->port, &addr);
	return add(q, q->socktype == SOCK_DGRAM ? SOCK_DGRAM : SOCK_STREAM,
	    &addr, r);
}

/* A type that is asked for stays as it is, if somebody is. */
static int
add_found(struct query *q, const struct sockaddr_storage *addr,
    struct results *r)
{
	return add(q, q->socktype != 0 ? q->socktype : SOCK_STREAM, addr, r);
}

/* No host: the address to bind to. */
static int
any_address(struct query *q, const char *service, struct results *r)
{
	struct address any = { .family = AF_INET };

	if (service == NULL) {
		errno = EINVAL;
		return DNS_EAI_SYSTEM;
	}
	if ((q->flags & AI_PASSIVE) == 0)
		return DNS_EAI_FAIL;
	if (q->family == AF_INET6)
		any.family = AF_INET6;
	else if (q->family != AF_UNSPEC && q->family != AF_INET)
		return DNS_EAI_FAIL;
	return add_address(q, &any, r);
}

static bool
is_there(const struct results *r, const struct sockaddr_storage *addr)
{
	for (size_t i = 0; i < r->n; i++) {
		if (memcmp(&r->v[i].addr, addr, sizeof(*addr)) == 0)
			return true;
	}
	return false;
}

/*
 * The resolver's answer, with the port that was asked for.  The host's files
 * make two of "localhost" where they have it for ::1 as well.
 */
static int
add_answer(struct query *q, int family, const struct addrinfo *found,
    struct results *r)
{
	bool any = false;
	int rc = 0;

	for (; rc == 0 && found != NULL; found = found->ai_next) {
		struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };

		if (found->ai_family != family ||
		    found->ai_addrlen > sizeof(addr))
			continue;
		memcpy(&addr, found->ai_addr, found->ai_addrlen);
		if (family == AF_INET)
			((struct sockaddr_in *)&addr)->sin_port = q->port;
		else
			((struct sockaddr_in6 *)&addr)->sin6_port = q->port;
		any = true;
		if (!is_there(r, &addr))
			rc = add_found(q, &addr, r);
	}
	return rc == 0 && !any ? DNS_EAI_NODATA : rc;
}

/* One query of the device: the addresses of one family. */
static int
ask(struct query *q, int family, struct results *r)
{
	const struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM };
	struct sockaddr_storage own[RESOLVE_MAX];
	struct addrinfo *found = NULL;
	int n, rc = 0;

	n = hosts_find(q->host, family, q->port, own, RESOLVE_MAX);
	for (int i = 0; rc == 0 && i < n; i++)
		rc = add_found(q, &own[i], r);
	if (n >= 0)
		return n == 0 ? DNS_EAI_NODATA : rc;
	rc = resolver_query(q->host, &hints,
	    limit_get(LIMIT_DNS_MS, quirk(QUIRK_GAI_LIMIT)), &found);
	if (rc != 0)
		return rc; /* libc's codes are Zephyr's */
	rc = add_answer(q, family, found, r);
	resolver->freeaddrinfo(found);
	return rc;
}

/* IPv4 is asked for before IPv6, and one answer is enough. */
static int
ask_all(struct query *q, struct results *r)
{
	int v4 = DNS_EAI_ADDRFAMILY, v6 = DNS_EAI_ADDRFAMILY;

	if (q->family != AF_INET6)
		v4 = ask(q, AF_INET, r);
	if (v4 == DNS_EAI_MEMORY)
		return v4;
	if (q->family != AF_INET)
		v6 = ask(q, AF_INET6, r);
	if (v6 == DNS_EAI_MEMORY)
		return v6;
	if (v4 == 0 || v6 == 0)
		return 0;
	return v4 != DNS_EAI_ADDRFAMILY ? v4 : v6;
}

/* A name that no query of the device can hold. */
static int
check_name(const char *host)
{
	const size_t len = strlen(host);

	if (len > 0 && len <= NAME_MAX_LEN)
		return 0;
	errno = quirk(len == 0 ? QUIRK_GAI_NAME_EMPTY : QUIRK_GAI_NAME_LENGTH);
	return DNS_EAI_SYSTEM;
}

static bool
internet(int family)
{
	return family == AF_UNSPEC || family == AF_INET || family == AF_INET6;
}

int
resolve_device(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct results *r)
{
	struct address a;
	struct query q;
	bool literal;
	int rc;

	r->has_canonname = true; /* "", never NULL */
	parse(host, service, hints, &q);
	literal = host != NULL &&
	    address_parse(host, strlen(host), quirk(QUIRK_PTON_LAX), &a);
	if (literal && q.port_ok &&
	    (q.family == AF_UNSPEC || q.family == a.family))
		return add_address(&q, &a, r);
	if (!internet(q.family) && quirk(QUIRK_GAI_FAMILY))
		return DNS_EAI_ADDRFAMILY;
	if (q.flags & AI_NUMERICHOST)
		return DNS_EAI_FAIL;
	if (!q.port_ok)
		return DNS_EAI_NONAME;
	if (host == NULL)
		return any_address(&q, service, r);
	if (literal)
		return internet(q.family) ? DNS_EAI_ADDRFAMILY
		                          : add_address(&q, &a, r);
	rc = check_name(host);
	return rc == 0 ? ask_all(&q, r) : rc;
}
