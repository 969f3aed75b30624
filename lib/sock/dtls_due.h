#ifndef SOCK_DTLS_DUE_H
#define SOCK_DTLS_DUE_H

#include "sock/dtls.h"

/* All of this needs the lock, and holds it on return. */

/* A flight has left: when it is sent again, if nothing comes. */
void dtls_arm_locked(struct dtls_sock *d, struct dtls_session *s);

/*
 * Does what is due: flights are sent again, memory is given back.  glance is
 * for whoever comes often, and may be some milliseconds late.  wake is when the
 * next thing is due, or sooner.
 */
void dtls_tick_locked(struct dtls_sock *d);
void dtls_glance_locked(struct dtls_sock *d);
struct deadline dtls_wake_locked(const struct dtls_sock *d);

/*
 * A server's sessions of which nothing was heard.  They end only when it is
 * known that nothing of theirs waits in the kernel or in ready.
 */
bool dtls_idle_over_locked(const struct dtls_sock *d);
void dtls_expire_locked(struct dtls_sock *d);

/* Something has come from the session's peer, beyond doubt. */
void dtls_heard_locked(struct dtls_sock *d, struct dtls_session *s);

/* Gives memory back that sessions need only to move bytes. */
void dtls_rest_locked(struct dtls_sock *d);

#endif
