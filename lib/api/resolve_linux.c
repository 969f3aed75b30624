#include "api/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/hosts.h"
#include "base/resolver.h"

/* Copies what the host's resolver found, and releases it. */
static int
take(struct addrinfo *found, struct results *r)
{
	int rc = 0;

	for (const struct addrinfo *a = found; rc == 0 && a != NULL;
	     a = a->ai_next) {
		/* Our type has the same layout, and in this unit is libc's. */
		if (a->ai_addrlen <= sizeof(struct sockaddr_storage))
			rc = results_add(r, a, a->ai_addr, a->ai_addrlen);
		if (a->ai_canonname != NULL && !r->has_canonname) {
			snprintf(r->canonname, sizeof(r->canonname), "%s",
			    a->ai_canonname);
			r->has_canonname = true;
		}
	}
	resolver->freeaddrinfo(found);
	return rc;
}

/* The number of a service, which may be a name here; 0 without one. */
static int
service_port(const char *service, const struct addrinfo *wanted, uint16_t *port)
{
	const struct addrinfo hints = { .ai_family = AF_INET,
		.ai_socktype = wanted->ai_socktype,
		.ai_protocol = wanted->ai_protocol,
		.ai_flags = AI_PASSIVE | (wanted->ai_flags & AI_NUMERICSERV) };
	struct addrinfo *found;
	int rc;

	*port = 0;
	if (service == NULL)
		return 0;
	rc = resolver->getaddrinfo(NULL, service, &hints, &found);
	if (rc != 0)
		return rc;
	*port = ((const struct sockaddr_in *)found->ai_addr)->sin_port;
	resolver->freeaddrinfo(found);
	return 0;
}

/* One of the process's own addresses, with an entry for each socket type. */
static int
expand(const struct sockaddr_storage *addr, const struct addrinfo *wanted,
    struct results *r)
{
	const struct addrinfo hints = { .ai_family = addr->ss_family,
		.ai_socktype = wanted->ai_socktype,
		.ai_protocol = wanted->ai_protocol,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	char text[INET6_ADDRSTRLEN], port[8];
	struct addrinfo *found;
	struct address a = { .family = AF_INET };
	int rc;

	(void)address_load((const struct sockaddr *)addr, &a);
	if (inet_ntop(a.family, &a.v6, text, sizeof(text)) == NULL)
		return EAI_SYSTEM;
	snprintf(port, sizeof(port), "%d", ntohs(a.port));
	rc = resolver->getaddrinfo(text, port, &hints, &found);
	return rc == 0 ? take(found, r) : rc;
}

/* Is host one of the process's own names?  Then *rc is the answer. */
static bool
own(const char *host, const char *service, const struct addrinfo *hints,
    struct results *r, int *rc)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct sockaddr_storage found[RESOLVE_MAX];
	uint16_t port;

	/* Whether it is must be known before a service can be wrong. */
	if (hosts_find(host, AF_INET, 0, found, 0) < 0)
		return false;
	*rc = service_port(service, hints, &port);
	for (int f = 0; *rc == 0 && f < 2; f++) {
		int n;

		if (hints->ai_family != AF_UNSPEC &&
		    hints->ai_family != families[f])
			continue;
		n = hosts_find(host, families[f], port, found, RESOLVE_MAX);
		if (n < 0)
			return false; /* another port of it is redirected */
		for (int i = 0; *rc == 0 && i < n; i++)
			*rc = expand(&found[i], hints, r);
	}
	if (*rc == 0 && r->n == 0)
		*rc = DNS_EAI_NODATA;
	if (*rc == 0 && (hints->ai_flags & AI_CANONNAME)) {
		snprintf(r->canonname, sizeof(r->canonname), "%s", host);
		r->has_canonname = true;
	}
	return true;
}

int
resolve_linux(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct results *r)
{
	static const struct addrinfo none = { .ai_family = AF_UNSPEC };
	const struct addrinfo *wanted = hints != NULL ? hints : &none;
	struct addrinfo *found;
	int rc;

	if (host != NULL && (wanted->ai_flags & AI_NUMERICHOST) == 0 &&
	    own(host, service, wanted, r, &rc))
		return rc;
	rc = resolver->getaddrinfo(host, service, hints, &found);
	return rc == 0 ? take(found, r) : rc;
}
