#ifndef SOCK_TLS_HANDSHAKE_H
#define SOCK_TLS_HANDSHAKE_H

#include "sock/tls_sock.h"
#include "sock/tls_wait.h"

/*
 * The handshake of a secure socket: within connect and accept, as on the
 * device, or piece by piece in the calls that follow.  Everything here needs
 * the lock, which is given up while sleeping and held again on return.
 */

/*
 * A new engine for t's settings and credentials; peer, its peer in words,
 * outlives it.  0, or a negative errno and the line that says why.
 */
int tls_handshake_make_engine_locked(struct tls_sock *t, enum tls_role role,
    const char *peer, struct tls_engine **out);

/* The time that connect and accept have for it, in milliseconds. */
int tls_handshake_limit_ms(void);

/* Run it on the connected kfd.  0 or a negative errno. */
int tls_handshake_locked(struct tls_sock *t, enum tls_role role);

/* Leave it to the calls that follow; a client's TCP may not be connected yet. */
void tls_handshake_later_locked(struct tls_sock *t, enum tls_role role);

/*
 * Of one that was left: goes on as far as that is without waiting, and the
 * phase says how far that was.  0, -EAGAIN, or what has ended it.
 */
int tls_handshake_go_on_locked(struct tls_sock *t);

/* What to ask the kernel for until it can go on. */
short tls_handshake_wants_locked(struct tls_sock *t);

/*
 * 0, or the -errno that send and recv answer in this phase.  Goes on with the
 * handshake, or waits for another thread's, as long as p says.
 */
int tls_handshake_usable_locked(struct tls_sock *t, struct tls_patience *p);

#endif
