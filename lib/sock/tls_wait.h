#ifndef SOCK_TLS_WAIT_H
#define SOCK_TLS_WAIT_H

#include "base/deadline.h"
#include "sock/tls_sock.h"

/* How long one call may sleep in all, however often it wakes up meanwhile. */
struct tls_patience {
	bool dontwait;    /* not at all: MSG_DONTWAIT */
	bool handshake;   /* until the deadline, whatever the mode */
	size_t room;      /* bytes of data that the caller takes at once */
	int option;       /* else SO_RCVTIMEO or SO_SNDTIMEO is the limit */
	bool begun;       /* it has slept, since start_ns */
	bool bounded;     /* until is known */
	int fills;        /* how often input came that was of no use */
	int64_t start_ns; /* monotonic */
	struct deadline until; /* given for a handshake, else found out */
	int limit_ms;          /* the handshake's deadline, for the log */
};

/*
 * All of this needs the lock, which is given up while sleeping and held again
 * on return.
 */

/*
 * Move bytes after an engine call answered rc, and sleep if none moved.
 * Returns 1 when rc is the final answer, 0 to make the call again, or
 *   -EAGAIN     it may not wait, or no longer
 *   -EINTR      a signal
 *   -ETIMEDOUT  the handshake's deadline is over
 */
int tls_wait_step_locked(struct tls_sock *t, ssize_t rc,
    struct tls_patience *p);

/*
 * Sends what the ring holds and waits for room as p allows.  0, the above, or
 * another negative errno when the output is broken.
 */
int tls_wait_drain_locked(struct tls_sock *t, struct tls_patience *p);

/* 0 if the call may sleep, and p->until says for how long; -EAGAIN as above. */
int tls_wait_bound_locked(struct tls_sock *t, struct tls_patience *p);

/* Waits until the kernel has room: 0, or what tls_wait_step_locked answers. */
int tls_wait_output_locked(struct tls_sock *t, struct tls_patience *p);

/* Sleeps until the kernel has it, or the time is over: 0, or -EINTR. */
int tls_wait_sleep_locked(struct tls_sock *t, short want,
    struct deadline until);

/*
 * A receiver's sleep until a datagram has come, or wake: 0, -EAGAIN or -EINTR.
 */
int tls_wait_datagram_locked(struct tls_sock *t, struct tls_patience *p,
    struct deadline wake);

/* Waits until cond is signalled: 0, or -EAGAIN as above. */
int tls_wait_cond_locked(struct tls_sock *t, pthread_cond_t *cond,
    struct tls_patience *p);

/*
 * Takes in what has arrived, or that no more will.  0 progress, -EAGAIN none.
 * Only for whoever finds that no receiver is pulling.  room is how many bytes
 * of data the caller will read at once: see sock/tls_hold.h.
 */
int tls_wait_fill_locked(struct tls_sock *t, size_t room);

/* The same once recvfrom has answered n, and the engine has got it. */
int tls_wait_filled_locked(struct tls_sock *t, ssize_t n);

/* Nothing has come that was waited or asked for: memory may be given back. */
void tls_wait_vain_locked(struct tls_sock *t);

/*
 * Data were sent or received.  The first time since the stream was idle that
 * may be all for long, so memory is given back; before is t->sent or received.
 */
void tls_wait_moved_locked(struct tls_sock *t, bool *before);

/*
 * Sends what the kernel takes.  0 when the ring is empty, -EAGAIN, or the
 * negative errno that has broken the output.
 */
int tls_wait_flush_locked(struct tls_sock *t);

#endif
