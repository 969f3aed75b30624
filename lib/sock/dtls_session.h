#ifndef SOCK_DTLS_SESSION_H
#define SOCK_DTLS_SESSION_H

#include <stdatomic.h>

#include "base/address.h"
#include "base/deadline.h"
#include "sock/native.h"
#include "tls/dgram_record.h"
#include "tls/engine.h"

/* One peer of a secure datagram socket. */
struct dtls_session {
	struct tls_engine *engine;
	union native_addr peer;
	socklen_t peer_len;
	char name[ADDRESS_TEXT_SIZE]; /* the peer's, for the log */
	/* A client's, in its ClientHello: another one is another handshake. */
	unsigned char random[DGRAM_RANDOM_SIZE];
	bool open; /* the handshake is complete */
	bool warm; /* its engine has memory that only moving bytes needs */
	atomic_int *share; /* see sock/share.h; NULL: no fork since it began */
	bool disowned;     /* another process has it, and that was said */
	bool busy; /* its engine is at work, and the lock may be given up */
	struct deadline wake;      /* when a flight is to be sent again */
	int64_t active_ns;         /* when a datagram last moved, about */
	struct dtls_session *next; /* in its bucket */
	struct dtls_session *newer, *older; /* in its list */
};

/* Sessions in the order of their last datagram. */
struct dtls_list {
	struct dtls_session *newest, *oldest;
};

/* The sessions of one socket, by address; its lock guards them. */
struct dtls_table {
	struct dtls_session **buckets; /* nbuckets, a power of 2, or none */
	size_t nbuckets, n, nopening;
	struct dtls_list opening, open; /* each session is in one */
	struct dtls_session *coldest;   /* the oldest that is warm */
	size_t nwarm;                   /* it and all that are newer */
};

/* The same address and port. */
bool dtls_same_peer(const union native_addr *a, const union native_addr *b);

/* NULL if there is none. */
struct dtls_session *dtls_table_find(const struct dtls_table *t,
    const union native_addr *peer);

/*
 * A new session in it, with engine, which it takes over; NULL, and nothing has
 * changed, when out of memory.
 */
struct dtls_session *dtls_table_add(struct dtls_table *t,
    const union native_addr *peer, socklen_t len, struct tls_engine *engine);

/* Takes it out, and frees it with its engine. */
void dtls_table_remove(struct dtls_table *t, struct dtls_session *s);

/* A datagram has come or left: it is the newest of its list. */
void dtls_table_touch(struct dtls_table *t, struct dtls_session *s);

/* Its handshake is complete. */
void dtls_table_opened(struct dtls_table *t, struct dtls_session *s);

/* Those that have moved none since then give that memory back. */
void dtls_table_rest(struct dtls_table *t, int64_t since_ns);

/* Frees all of them. */
void dtls_table_fini(struct dtls_table *t);

#endif
