#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"

/* A result.  The whole list is one block, so that one free() releases it. */
struct node {
	struct zsock_addrinfo ai;
	struct sockaddr_storage addr;
	char canonname[NI_MAXHOST];
};

/* What is asked for, hints and service understood. */
struct query {
	int family, socktype, protocol;
	bool numeric, passive;
	uint16_t port; /* network order */
};

static struct node *
nodes_new(size_t n)
{
	struct node *nodes = calloc(n, sizeof(*nodes));

	for (size_t i = 0; nodes != NULL && i < n; i++) {
		nodes[i].ai.ai_canonname = nodes[i].canonname;
		if (i + 1 < n)
			nodes[i].ai.ai_next = &nodes[i + 1].ai;
	}
	return nodes;
}

static void
node_fill(struct node *node, const struct query *q, int family,
    const void *addr, uint32_t scope)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&node->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&node->addr;

	if (family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = q->port;
		memcpy(&in->sin_addr, addr, sizeof(in->sin_addr));
		node->ai.ai_addrlen = sizeof(*in);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = q->port;
		in6->sin6_scope_id = scope;
		memcpy(&in6->sin6_addr, addr, sizeof(in6->sin6_addr));
		node->ai.ai_addrlen = sizeof(*in6);
	}
	node->ai.ai_family = family;
	node->ai.ai_socktype = q->socktype;
	node->ai.ai_protocol = q->protocol;
	node->ai.ai_addr = (struct net_sockaddr *)&node->addr;
}

/* Decimal, 1 to 65535, what follows the digits ignored; no service names. */
static int
parse_service(const char *service, uint16_t *port)
{
	long n;

	*port = 0;
	if (service == NULL)
		return 0;
	n = strtol(service, NULL, 10);
	if (n < 1 || n > UINT16_MAX)
		return DNS_EAI_NONAME;
	*port = htons((uint16_t)n);
	return 0;
}

static int
parse_hints(const struct zsock_addrinfo *hints, const char *service,
    struct query *q)
{
	*q = (struct query){ .family = AF_UNSPEC };
	if (hints != NULL) {
		q->family = hints->ai_family;
		q->socktype = hints->ai_socktype;
		q->numeric = (hints->ai_flags & ZSOCK_AI_NUMERICHOST) != 0;
		q->passive = (hints->ai_flags & ZSOCK_AI_PASSIVE) != 0;
	}
	/* One node an address, never one for every socket type. */
	if (q->socktype != SOCK_DGRAM)
		q->socktype = SOCK_STREAM;
	q->protocol = q->socktype == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
	return parse_service(service, &q->port);
}

/*
 * Is host an address: "1.2.3.4", "fe80::1", either with a port, the latter in
 * brackets then?  The port is not used: the service argument has the say.
 */
static int
parse_literal(const char *host, void *addr)
{
	char text[INET6_ADDRSTRLEN];
	const char *start = host, *stop = host + strlen(host);

	if (inet_pton(AF_INET6, host, addr) == 1)
		return AF_INET6;
	if (*host == '[') {
		start = host + 1;
		stop = strchr(start, ']');
		if (stop == NULL || (stop[1] != '\0' && stop[1] != ':'))
			return AF_UNSPEC;
	} else if (strchr(host, ':') != NULL) {
		stop = strchr(host, ':');
	}
	if ((size_t)(stop - start) >= sizeof(text))
		return AF_UNSPEC;
	memcpy(text, start, (size_t)(stop - start));
	text[stop - start] = '\0';
	if (*host == '[')
		return inet_pton(AF_INET6, text, addr) == 1 ? AF_INET6
		                                            : AF_UNSPEC;
	return inet_pton(AF_INET, text, addr) == 1 ? AF_INET : AF_UNSPEC;
}

static int
one_node(const struct query *q, int family, const void *addr,
    struct zsock_addrinfo **res)
{
	struct node *node = nodes_new(1);

	if (node == NULL)
		return DNS_EAI_MEMORY;
	node_fill(node, q, family, addr, 0);
	*res = &node->ai;
	return 0;
}

/* No host: the address to bind to. */
static int
any_address(const struct query *q, const char *service,
    struct zsock_addrinfo **res)
{
	if (service == NULL) {
		errno = EINVAL;
		return DNS_EAI_SYSTEM;
	}
	if (!q->passive)
		return DNS_EAI_FAIL;
	if (q->family == AF_INET6)
		return one_node(q, AF_INET6, &in6addr_any, res);
	if (q->family != AF_UNSPEC && q->family != AF_INET)
		return DNS_EAI_FAIL;
	return one_node(q, AF_INET, &(struct in_addr){ htonl(INADDR_ANY) },
	    res);
}

static size_t
copy_family(const struct addrinfo *found, const struct query *q, int family,
    struct node *nodes, size_t n)
{
	const struct sockaddr_in *in;
	const struct sockaddr_in6 *in6;

	for (; found != NULL; found = found->ai_next) {
		if (found->ai_family != family)
			continue;
		if (nodes != NULL && family == AF_INET) {
			in = (const struct sockaddr_in *)found->ai_addr;
			node_fill(&nodes[n], q, family, &in->sin_addr, 0);
		} else if (nodes != NULL) {
			in6 = (const struct sockaddr_in6 *)found->ai_addr;
			node_fill(&nodes[n], q, family, &in6->sin6_addr,
			    in6->sin6_scope_id);
		}
		n++;
	}
	return n;
}

/* The host's resolver finds; the device's order is IPv4 before IPv6. */
static int
resolve(const char *host, const struct query *q, struct zsock_addrinfo **res)
{
	const struct addrinfo hints = { .ai_family = q->family,
		.ai_socktype = q->socktype };
	struct addrinfo *found;
	struct node *nodes;
	size_t n;
	int rc;

	rc = getaddrinfo(host, NULL, &hints, &found);
	if (rc != 0)
		return rc; /* glibc's codes are Zephyr's */
	n = copy_family(found, q, AF_INET, NULL, 0);
	n = copy_family(found, q, AF_INET6, NULL, n);
	if (n == 0) {
		freeaddrinfo(found);
		return DNS_EAI_NODATA;
	}
	nodes = nodes_new(n);
	if (nodes != NULL) {
		n = copy_family(found, q, AF_INET, nodes, 0);
		(void)copy_family(found, q, AF_INET6, nodes, n);
		*res = &nodes->ai;
	}
	freeaddrinfo(found);
	return nodes != NULL ? 0 : DNS_EAI_MEMORY;
}

int
zsock_getaddrinfo(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct zsock_addrinfo **res)
{
	unsigned char addr[sizeof(struct in6_addr)];
	struct query q;
	int family, rc;

	if (res == NULL) {
		errno = -edge_null("zsock_getaddrinfo", "res");
		return DNS_EAI_SYSTEM;
	}
	*res = NULL;
	rc = parse_hints(hints, service, &q);
	if (rc != 0)
		return rc;
	if (host == NULL)
		return any_address(&q, service, res);
	if (q.family != AF_UNSPEC && q.family != AF_INET &&
	    q.family != AF_INET6)
		return DNS_EAI_ADDRFAMILY;
	family = parse_literal(host, addr);
	if (family != AF_UNSPEC) {
		if (q.family != AF_UNSPEC && q.family != family)
			return DNS_EAI_ADDRFAMILY;
		return one_node(&q, family, addr, res);
	}
	if (q.numeric)
		return DNS_EAI_FAIL;
	return resolve(host, &q, res);
}

void
zsock_freeaddrinfo(struct zsock_addrinfo *ai)
{
	free(ai); /* the head node is where the block starts */
}

const char *
zsock_gai_strerror(int errcode)
{
	static const struct {
		int code;
		const char *token;
	} tokens[] = {
		{ DNS_EAI_BADFLAGS, "EAI_BADFLAGS" },
		{ DNS_EAI_NONAME, "EAI_NONAME" },
		{ DNS_EAI_AGAIN, "EAI_AGAIN" },
		{ DNS_EAI_FAIL, "EAI_FAIL" },
		{ DNS_EAI_NODATA, "EAI_NODATA" },
		{ DNS_EAI_FAMILY, "EAI_FAMILY" },
		{ DNS_EAI_SOCKTYPE, "EAI_SOCKTYPE" },
		{ DNS_EAI_SERVICE, "EAI_SERVICE" },
		{ DNS_EAI_ADDRFAMILY, "EAI_ADDRFAMILY" },
		{ DNS_EAI_MEMORY, "EAI_MEMORY" },
		{ DNS_EAI_SYSTEM, "EAI_SYSTEM" },
		{ DNS_EAI_OVERFLOW, "EAI_OVERFLOW" },
		{ DNS_EAI_INPROGRESS, "EAI_INPROGRESS" },
		{ DNS_EAI_CANCELED, "EAI_CANCELED" },
		{ DNS_EAI_NOTCANCELED, "EAI_NOTCANCELED" },
		{ DNS_EAI_ALLDONE, "EAI_ALLDONE" },
		{ DNS_EAI_IDN_ENCODE, "EAI_IDN_ENCODE" },
	};

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		if (tokens[i].code == errcode)
			return tokens[i].token;
	}
	return "EAI_UNKNOWN";
}
