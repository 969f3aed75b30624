#include <netinet/in.h>
#include <string.h>

#include "shim/memory.h"
#include "shim/rules.h"

/* To connect to no address in particular is to connect to this machine. */
static void
any_is_loopback(uint8_t address[16])
{
	static const uint8_t any[16], mapped[16] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(address, mapped, 16) == 0)
		address[12] = 127;
	else if (memcmp(address, any, 16) != 0)
		return;
	address[15] = 1;
}

/* What a rule knows of an address of the internet; false for any other. */
static bool
take_apart(const struct sockaddr *addr, socklen_t len, uint8_t address[16],
    uint16_t *port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (addr == NULL || len < sizeof(addr->sa_family))
		return false;
	if (addr->sa_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, addr, sizeof(in));
		rules_map_ipv4(address, &in.sin_addr);
		any_is_loopback(address);
		*port = ntohs(in.sin_port);
		return true;
	}
	/* The kernel does without the scope. */
	if (addr->sa_family == AF_INET6 &&
	    len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memcpy(&in6, addr,
		    offsetof(struct sockaddr_in6, sin6_scope_id));
		memcpy(address, &in6.sin6_addr, 16);
		any_is_loopback(address);
		*port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

/* A dot at the end of a name says only that nothing is to be added to it. */
static size_t
name_len(const char *name)
{
	const size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

static bool
same_name(const char *a, const char *b)
{
	const size_t len = name_len(a);

	return len == name_len(b) && strncasecmp(a, b, len) == 0;
}

/*
 * What RFC 6761 section 6.3 says of a name that programs need not look up, and
 * some do not.
 */
static bool
is_localhost(const char *host, const uint8_t address[16])
{
	static const uint8_t v4[13] = { [10] = 0xff, [11] = 0xff, [12] = 127 },
	                     v6[16] = { [15] = 1 };

	return same_name(host, "localhost") &&
	    (memcmp(address, v4, sizeof(v4)) == 0 ||
	        memcmp(address, v6, sizeof(v6)) == 0);
}

static bool
is_for(const struct rules *rules, const struct rule *rule,
    const uint8_t address[16])
{
	uint8_t own[16];

	if (rule->kind == RULES_HOST_ANY)
		return true;
	if (rule->kind == RULES_HOST_ADDRESS) {
		memcpy(own, rule->address, sizeof(own));
		any_is_loopback(own);
		return memcmp(own, address, sizeof(own)) == 0;
	}
	return is_localhost(rule->host, address) ||
	    memory_has((int)(rule - rules->rule), address);
}

const struct rule *
rules_match(const struct rules *rules, const struct sockaddr *addr,
    socklen_t len)
{
	uint8_t address[16];
	uint16_t port;

	if (rules->n == 0 || !take_apart(addr, len, address, &port))
		return NULL;
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->rule[i].port == port &&
		    is_for(rules, &rules->rule[i], address))
			return &rules->rule[i];
	}
	return NULL;
}

int
rules_by_name(const struct rules *rules, const struct sockaddr *addr,
    socklen_t len, int from)
{
	uint8_t address[16];
	uint16_t port;

	if (!take_apart(addr, len, address, &port))
		return -1;
	for (size_t i = (size_t)from; i < rules->n; i++) {
		if (rules->rule[i].kind == RULES_HOST_NAME &&
		    rules->rule[i].port == port)
			return (int)i;
	}
	return -1;
}

int
rules_remember(const struct rules *rules, const char *name,
    const struct sockaddr *addr, socklen_t len)
{
	uint8_t address[16];
	uint16_t port;
	int rc;

	if (!take_apart(addr, len, address, &port))
		return 0;
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->rule[i].kind != RULES_HOST_NAME ||
		    !same_name(rules->rule[i].host, name))
			continue;
		rc = memory_add((int)i, address);
		if (rc < 0)
			return rc;
	}
	return 0;
}
