#ifndef BASE_RESOLVER_H
#define BASE_RESOLVER_H

#include <netdb.h>

/*
 * The host's resolver, with libc's conventions.  As with the kernel's calls, a
 * table, so that a test can give slow, many and failing answers.
 */
struct resolver {
	int (*getaddrinfo)(const char *host, const char *service,
	    const struct addrinfo *hints, struct addrinfo **res);
	void (*freeaddrinfo)(struct addrinfo *res);
	int (*getnameinfo)(const struct sockaddr *addr, socklen_t len,
	    char *host, socklen_t hostlen, char *serv, socklen_t servlen,
	    int flags);
	int (*gethostname)(char *name, size_t len);
};

/* The table in use.  Set before the first call of any other thread. */
extern const struct resolver *resolver;

/* libc's own calls: what resolver points to unless somebody changed it. */
extern const struct resolver resolver_libc;

/* Queries that may be under way at once after their callers have given up. */
#define RESOLVER_MAX 32

/*
 * Asks for the addresses of host, of hints' family and type, and waits at most
 * limit_ms milliseconds.  A query that takes longer goes on in a thread of its
 * own, which cleans up after itself and does not keep the process from ending.
 *
 * Returns 0 and *res, which is released with resolver->freeaddrinfo; or an EAI_
 * code of the resolver's, with errno if it is EAI_SYSTEM, or
 *   EAI_CANCELED  the time is over
 *   EAI_AGAIN     RESOLVER_MAX queries are under way, or there is no thread
 *   EAI_MEMORY    out of memory
 */
int resolver_query(const char *host, const struct addrinfo *hints, int limit_ms,
    struct addrinfo **res);

/* Waits until no query is under way any more.  For tests. */
void resolver_drain(void);

#endif
