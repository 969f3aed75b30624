#ifndef SOCK_TLS_SOCK_H
#define SOCK_TLS_SOCK_H

#include <pthread.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/log.h"
#include "sock/native.h"
#include "sock/tls_retry.h"
#include "tls/engine.h"
#include "tls/record.h"

enum tls_phase {
	TLS_PHASE_NEW, /* options may be set; not connected */
	TLS_PHASE_LISTENING,
	TLS_PHASE_CONNECTING, /* one thread owns it; the others wait */
	TLS_PHASE_PENDING, /* the handshake is left to whichever call is next */
	TLS_PHASE_OPEN, /* the handshake is done; the engine may have failed */
	TLS_PHASE_FAILED, /* it never came to that; error says why */
};

/* A secure socket: an engine, and a kernel socket that carries its bytes. */
struct tls_sock {
	struct native native;
	size_t size;          /* of what it is the first member of; constant */
	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t settled; /* phase is no longer CONNECTING */
	enum tls_phase phase;
	int error;    /* negative errno for TLS_PHASE_FAILED */
	int protocol; /* IPPROTO_TLS_* or _DTLS_*, constant */
	int inner;    /* the second number of a device, or -1; constant */
	char peer[ADDRESS_TEXT_SIZE]; /* empty before connect */
	struct tls_settings settings;
	enum tls_role role;        /* from the handshake on */
	struct deadline until;     /* of a handshake that has begun */
	struct tls_engine *engine; /* constant while OPEN; NULL before */
	char *reason;              /* the last failure in one line, or NULL */
	char *unsaid;              /* what tls_sock_unlock will log, or NULL */
	enum log_level loudness;   /* of unsaid */
	bool disowned;             /* another process has it, since a fork */
	bool told;                 /* the engine's failure is in the log */
	bool said_all;             /* SHUT_WR: close_notify is out */
	bool quick;       /* TCP_NODELAY is on, until data follow the first */
	bool spoken;      /* the first data are out */
	int nodelay;      /* what the program wants TCP_NODELAY to be */
	bool pulling;     /* a receiver sleeps; only it takes input in */
	pthread_t puller; /* who, while pulling */
	pthread_t owner;  /* who has the handshake, while CONNECTING */
	pthread_cond_t pulled; /* it has woken up: the others' turn */
	int receivers;         /* calls of recv under way */
	bool quiet;            /* nothing has come since the last look */
	bool sent, received;   /* data were, since then: it may be busy */
	size_t lowat;          /* SO_RCVLOWAT; at least 1 */
	struct tls_retry refused;
	/* See sock/tls_hold.h. */
	bool holds;    /* constant */
	bool held;     /* the last byte of a record is in the kernel, too */
	bool deafened; /* its descriptor is readable for ever */
	struct tls_record record;    /* where input stands */
	size_t out_room;             /* bytes that the kernel is sure to take */
	_Atomic(atomic_int *) share; /* see sock/share.h; NULL: no fork yet */
	unsigned used; /* sock_forks when this process last moved bytes */
	/* A listener's: connections whose handshake is part of an accept. */
	struct tls_sock *guests;
	struct tls_sock *next_guest; /* guarded by the listener's lock */
};

int tls_stream_open(int family, int type, int proto, struct zsock **out);

/*
 * Makes kfd, a stream socket of the kernel's that is neither connected nor
 * listens, a secure one.  After a failure it is as it was.
 */
int tls_stream_adopt(int kfd, int family, int proto, struct zsock **out);

/* NULL if s is a socket of another kind. */
struct tls_sock *tls_sock_from(struct zsock *s);

/*
 * A new socket in TLS_PHASE_NEW that owns kfd: one of family, or with a parent
 * the connection that it has accepted.  It is the first member of a struct of
 * size bytes, which is zeroed.  A failure, -ENOMEM or -ENOENT, closes kfd.
 */
int tls_sock_new(const struct zsock_ops *ops, size_t size, int kfd, int family,
    int protocol, struct tls_sock **out);
int tls_sock_new_child(const struct zsock_ops *ops, int kfd,
    const struct tls_sock *parent, struct tls_sock **out);
void tls_sock_destroy(struct zsock *s);

/* Conditions that nobody waits on. */
void tls_sock_init_conds(struct tls_sock *t);

/* A receive of the calling thread's begins, or is over. */
void tls_sock_receiving_locked(struct tls_sock *t, bool begins);

/* The calling thread is cancelled in the middle of a call, and asleep. */
void tls_sock_forsake(struct tls_sock *t);

/* Gives the lock up, and writes the line that was composed under it. */
void tls_sock_unlock(struct tls_sock *t);

/*
 * Everything below needs the lock, which is given up while sleeping and held
 * again on return.
 */

/*
 * Keeps addr as the peer's name in the log: a connection that was reset has no
 * address any more.
 */
void tls_sock_name_peer_locked(struct tls_sock *t, const struct sockaddr *addr,
    socklen_t len);

/* A server's: accept need not have asked for it. */
void tls_sock_find_peer_locked(struct tls_sock *t);

/*
 * What has arrived may hold an alert, which says more than that nothing can be
 * sent any more.
 */
void tls_sock_hear_out_locked(struct tls_sock *t);

/* Logs the engine's failure once and keeps the line for zsock_error_text. */
void tls_sock_tell_locked(struct tls_sock *t);

/*
 * The other handshakes are worth a line, too, to whoever asks for it.
 */
void tls_sock_tell_success_locked(struct tls_sock *t);

/* Logs a line when the lock is given up. */
void tls_sock_say_locked(struct tls_sock *t, enum log_level level,
    const struct verdict *v);

/* Keeps a reason of ours, and logs it when the lock is given up. */
void tls_sock_reason_locked(struct tls_sock *t, const struct verdict *v);

extern const struct option tls_options[];
extern const struct option tls_stream_options[]; /* streams' alone */

#endif
