#ifndef SOCK_TLS_SOCK_H
#define SOCK_TLS_SOCK_H

#include <pthread.h>
#include <sys/types.h>

#include "sock/native.h"
#include "tls/engine.h"

enum tls_phase {
	TLS_PHASE_NEW, /* options may be set; not connected */
	TLS_PHASE_LISTENING,
	TLS_PHASE_CONNECTING, /* one thread owns it; the others wait */
	TLS_PHASE_OPEN, /* the handshake is done; the engine may have failed */
	TLS_PHASE_FAILED, /* it never came to that; error says why */
};

/* A secure socket: an engine, and a kernel socket that carries its bytes. */
struct tls_sock {
	struct native native;
	pthread_mutex_t lock;   /* guards all that follows */
	pthread_cond_t settled; /* phase is no longer CONNECTING */
	enum tls_phase phase;
	int error;     /* negative errno for TLS_PHASE_FAILED */
	int protocol;  /* IPPROTO_TLS_*, constant */
	char peer[56]; /* "127.0.0.1:443", "[::1]:443"; empty before connect */
	struct tls_settings settings;
	struct tls_engine *engine; /* constant while OPEN; NULL before */
	char *reason;              /* the last failure in one line, or NULL */
	bool told;                 /* the engine's failure is in the log */
	bool quick;  /* TCP_NODELAY is on until the first data are out */
	int nodelay; /* what the program wants TCP_NODELAY to be */
};

/* How long a call may sleep. */
struct tls_patience {
	bool dontwait;  /* not at all: MSG_DONTWAIT */
	bool handshake; /* until the deadline, whatever the socket's mode */
	struct deadline until;
	int limit_ms; /* the deadline's length, for the log */
};

int tls_stream_open(int family, int type, int proto, struct zsock **out);

/* NULL if s is a socket of another kind. */
struct tls_sock *tls_sock_from(struct zsock *s);

/*
 * A new socket in TLS_PHASE_NEW that owns kfd: one of family, or with a parent
 * the connection that it has accepted.  A failure, -ENOMEM or -ENOENT, closes
 * kfd.
 */
int tls_sock_new(const struct zsock_ops *ops, int kfd, int family, int protocol,
    struct tls_sock **out);
int tls_sock_new_child(const struct zsock_ops *ops, int kfd,
    const struct tls_sock *parent, struct tls_sock **out);
void tls_sock_destroy(struct zsock *s);

/*
 * Everything below needs the lock, which is given up while sleeping and held
 * again on return.
 */

/*
 * 0, or the -errno that send and recv answer in this phase.  Waits for another
 * thread's handshake unless p says not to.
 */
int tls_sock_usable_locked(struct tls_sock *t, const struct tls_patience *p);

/*
 * Keeps addr as the peer's name in the log: a connection that was reset has no
 * address any more.
 */
void tls_sock_name_peer_locked(struct tls_sock *t, const struct sockaddr *addr,
    socklen_t len);

/* Run the handshake on the connected kfd.  0 or a negative errno. */
int tls_sock_handshake_locked(struct tls_sock *t, enum tls_role role);

/*
 * Move bytes after an engine call answered rc, and sleep if none moved.
 * Returns 1 when rc is the final answer, 0 to make the call again, or a
 * negative errno.
 */
int tls_sock_step_locked(struct tls_sock *t, ssize_t rc,
    const struct tls_patience *p);

/* Sends what the ring holds; waits for room as p allows. */
int tls_sock_drain_locked(struct tls_sock *t, const struct tls_patience *p);

/* Takes in what has arrived.  0 progress, -EAGAIN none, else an error. */
int tls_sock_fill_locked(struct tls_sock *t);

/* Sends what the kernel takes.  0 when the ring is empty, -EAGAIN, error. */
int tls_sock_flush_locked(struct tls_sock *t);

/* Logs the engine's failure once and keeps the line for zsock_error_text. */
void tls_sock_tell_locked(struct tls_sock *t);

/* Keeps and logs a reason of ours. */
void tls_sock_reason_locked(struct tls_sock *t, const struct verdict *v);

extern const struct option tls_options[];

#endif
