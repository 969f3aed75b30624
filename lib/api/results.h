#ifndef API_RESULTS_H
#define API_RESULTS_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <zephyr/net/socket.h>

/* Addresses on their way into the list that getaddrinfo returns. */
struct results {
	struct result {
		struct zsock_addrinfo ai; /* its pointers count for nothing */
		struct sockaddr_storage addr;
	} * v;
	size_t n;
	/*
	 * The first entry's; that of the others is NULL, or "" if this is "".
	 * Without it all are NULL.
	 */
	char canonname[NI_MAXHOST];
	bool has_canonname;
};

/* Copies addr, of len bytes, with ai's numbers.  0, or DNS_EAI_MEMORY. */
int results_add(struct results *r, const struct zsock_addrinfo *ai,
    const void *addr, socklen_t len);

/*
 * The list, in one block that free() releases.  NULL if memory is out; r has at
 * least one entry.
 */
struct zsock_addrinfo *results_list(const struct results *r);

/* Releases what r holds, not r itself. */
void results_fini(struct results *r);

#endif
