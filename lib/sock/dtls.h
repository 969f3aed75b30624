#ifndef SOCK_DTLS_H
#define SOCK_DTLS_H

#include "sock/dtls_session.h"
#include "sock/tls_sock.h"
#include "sock/tls_wait.h"

/*
 * A secure datagram socket: a session with its peer or, of a server, one with
 * each of its clients, over a kernel socket that carries their datagrams.  The
 * engine of its struct tls_sock is that of the last handshake, and the phase
 * OPEN while that session is there; before, a client's is NEW, CONNECTING or
 * PENDING as a stream's is.
 */
struct dtls_sock {
	struct tls_sock tls; /* its lock guards all that follows */
	struct dtls_table sessions;
	size_t counted; /* of them, against the target's limit: all but one */
	/* A client's: whom it sends to, and hears; len 0 is nobody yet. */
	union native_addr peer;
	socklen_t peer_len;
	bool connected; /* the kernel knows the peer */
	bool refused;   /* ICMP has said that nobody has the peer's port */
	/* A server's: what the next client's ClientHello is shown to, or NULL. */
	struct tls_engine *hello;
	int64_t retry_ns; /* no hello engine is made before */
	bool stale;       /* options have changed since it was made */
	bool served;      /* recv was called */
	bool server;      /* the role of the sessions that there are */
	bool asking;      /* a verify callback runs, and nothing is taken in */
	bool full;        /* it is told that the target has room for no more */
	int untold; /* what ended a client's session, until recv has told */
	struct dtls_session *active; /* for a send without an address */
	struct dtls_session *latest; /* of the last handshake, or NULL */
	struct dtls_session *ready;  /* has got something: it may have data */
	int64_t due_ns;  /* there is nothing for a tick to do before */
	int64_t idle_ns; /* how long sessions may be silent, by the last tick */
	size_t mtu;      /* bytes of a datagram by IPV6_MTU, or 0 */
	short news; /* POLLHUP, POLLERR: sessions have ended since poll said */
};

/* The most that OpenSSL takes of one datagram, and a bit. */
#define DTLS_DATAGRAM_MAX ((size_t)17 * 1024)

int dtls_open(int family, int type, int proto, struct zsock **out);

/* All below needs the lock, and holds it on return. */

bool dtls_is_server_locked(const struct dtls_sock *d);

/* The session of a client, or NULL. */
struct dtls_session *dtls_only_locked(const struct dtls_sock *d);

/* A new engine for a peer of that name; 0 or a negative errno, and a line. */
int dtls_make_engine_locked(struct dtls_sock *d, const char *name,
    struct tls_engine **out);

/* Goes on with a session's handshake: at first, and when something has come. */
void dtls_advance_locked(struct dtls_sock *d, struct dtls_session *s);

/*
 * The session is over, and freed; if it failed, a line says why.  error is 0 or
 * the negative errno that the socket answers for it.
 */
void dtls_end_locked(struct dtls_sock *d, struct dtls_session *s, int error);

/*
 * The peer, or a fault in what came, has ended the session: so it ends here.
 * The negative errno that a client's call answers; a server's goes on: 0.
 */
int dtls_settle_locked(struct dtls_sock *d, struct dtls_session *s);

/* It ends for a reason of ours, which is the line. */
void dtls_break_locked(struct dtls_sock *d, struct dtls_session *s, int error,
    const char *why);

/*
 * Before there is one session more, and when there is one less.  The device's
 * first one comes with its socket; the others are taken from what the target
 * has: false if that is used up.
 */
bool dtls_count_locked(struct dtls_sock *d);
void dtls_discount_locked(struct dtls_sock *d);

/* Another process may have it, or has it, since a fork. */
bool dtls_is_elsewhere(const struct dtls_session *s);

#endif
