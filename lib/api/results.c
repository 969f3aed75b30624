#include "api/results.h"

#include <stdlib.h>
#include <string.h>

/* The list is one block, so that one free() releases it. */
struct node {
	struct zsock_addrinfo ai;
	struct sockaddr_storage addr;
};

int
results_add(struct results *r, const struct zsock_addrinfo *ai,
    const void *addr, socklen_t len)
{
	struct result *v = realloc(r->v, (r->n + 1) * sizeof(*v));

	if (v == NULL)
		return DNS_EAI_MEMORY;
	r->v = v;
	v += r->n++;
	v->ai = *ai;
	v->ai.ai_addrlen = len;
	memset(&v->addr, 0, sizeof(v->addr));
	memcpy(&v->addr, addr, len);
	return 0;
}

struct zsock_addrinfo *
results_list(const struct results *r)
{
	const size_t size = strlen(r->canonname) + 1;
	struct node *nodes = calloc(1, r->n * sizeof(*nodes) + size);
	char *canonname;

	if (nodes == NULL)
		return NULL;
	canonname = (char *)(nodes + r->n);
	memcpy(canonname, r->canonname, size);
	for (size_t i = 0; i < r->n; i++) {
		struct zsock_addrinfo *ai = &nodes[i].ai;

		*ai = r->v[i].ai;
		nodes[i].addr = r->v[i].addr;
		ai->ai_addr = (struct net_sockaddr *)&nodes[i].addr;
		ai->ai_canonname =
		    r->has_canonname && (i == 0 || *canonname == '\0')
		    ? canonname
		    : NULL;
		ai->ai_next = i + 1 < r->n ? &nodes[i + 1].ai : NULL;
	}
	return &nodes->ai;
}

void
results_fini(struct results *r)
{
	free(r->v);
	r->v = NULL;
	r->n = 0;
}
