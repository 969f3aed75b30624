#ifndef SUPPORT_LINK_H
#define SUPPORT_LINK_H

#include <poll.h>
#include <stdbool.h>

#include <cmocka.h>

#include "support/peer.h"

/*
 * A secure socket of the library and OpenSSL as its peer, once for each version
 * and role: what a test program says of one link it says of all four.
 */
struct link {
	int sock;
	struct peer peer;
	bool server; /* the library's role */
	int version;
};

/* One case of a table; which of the links are not for it. */
struct link_case {
	const char *name;
	void (*run)(struct link *l);
	int only_version;                                  /* 0: both */
	enum { LINK_BOTH, LINK_CLIENT, LINK_SERVER } only; /* the role */
	const char *record; /* ZSOCK_TLS_MAX_RECORD, or NULL */
};

/* Runs every case on every link it is for; the program's exit status. */
int link_run(const char *group, const struct link_case *cases, size_t n);

/* Calls of the library on the link: the result, or a negative errno. */
ssize_t link_send(const struct link *l, const void *buf, size_t len, int flags);
ssize_t link_recv(const struct link *l, void *buf, size_t len, int flags);

/*
 * All that the peer has sent is in the library's queue of the kernel: like
 * peer_settle, but no matter when it is acknowledged.
 */
void link_settle(struct link *l);

/*
 * From now on the kernel takes nothing, until the fake one is removed, and a
 * byte already waits in the library.
 */
void link_block(const struct link *l);

/* The revents of the socket; timeout_ms as for poll. */
short link_poll(const struct link *l, short events, int timeout_ms);

#endif
