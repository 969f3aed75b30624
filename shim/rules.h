#ifndef SHIM_RULES_H
#define SHIM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Which plain sockets become secure: HOST:PORT=TAGS for those that connect,
 * PORT=TAGS for those that listen, separated by blanks.  HOST is an IPv4
 * address, an [IPv6] address, a name, or *; TAGS are numbers of credentials,
 * separated by commas.  Nothing here allocates by malloc or takes a lock.
 */

#define RULES_CONNECT_ENV "ZSOCK_TLS_CONNECT"
#define RULES_LISTEN_ENV "ZSOCK_TLS_LISTEN"

#define RULES_MAX 32
#define RULES_TAGS_MAX 8
#define RULES_HOST_MAX 255
#define RULES_ERROR_MAX 256

enum rules_kind { RULES_CONNECT, RULES_LISTEN };

enum rules_host {
	RULES_HOST_ANY, /* "*", and every rule of a listener */
	RULES_HOST_ADDRESS,
	RULES_HOST_NAME
};

struct rule {
	enum rules_host kind;
	uint16_t port;
	size_t ntags;
	int tags[RULES_TAGS_MAX];
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	/* As it was written, without brackets; "" for any. */
	char host[RULES_HOST_MAX + 1];
};

struct rules {
	size_t n;
	bool names; /* one is by name */
	struct rule rule[RULES_MAX];
};

/*
 * 0, or -EINVAL: then error says which rule is wrong, what about it, and what
 * it has to be, and rules is not to be used.  Blank or empty text is no rule.
 */
int rules_parse(struct rules *rules, enum rules_kind kind, const char *text,
    char error[RULES_ERROR_MAX]);

/* The first rule for a connect to, or a listener at, this address, or NULL. */
const struct rule *rules_match(const struct rules *rules,
    const struct sockaddr *addr, socklen_t len);

/*
 * Name has been looked up, and addr was an answer: a rule by that name is one
 * for this address from now on, too.  For the process's one set of rules; safe
 * from every thread.  0, or -ENOMEM.
 */
int rules_remember(const struct rules *rules, const char *name,
    const struct sockaddr *addr, socklen_t len);

/* ::ffff:a.b.c.d, of the four bytes of an IPv4 address. */
void rules_map_ipv4(uint8_t address[16], const void *ipv4);

/*
 * The index of the next rule by name, from that of from on, for the port of
 * addr; -1: there is none.
 */
int rules_by_name(const struct rules *rules, const struct sockaddr *addr,
    socklen_t len, int from);

#endif
