#ifndef SOCK_TLS_FORK_H
#define SOCK_TLS_FORK_H

#include "sock/tls_sock.h"

/* What fork does to a secure socket: see sock/share.h. */

/*
 * For a process that fork has just made.  A socket that another thread of the
 * parent was at work on answers -EBADF from now on.
 */
void tls_fork_after(struct zsock *s);

/* Before a fork: the copy and this one will find out who goes on. */
void tls_fork_before(struct zsock *s);

/*
 * The same for its own part, if another thread had the lock: what that was
 * changing is left behind.
 */
void tls_fork_abandon(struct tls_sock *t);

/*
 * May this process move bytes?  Where a fork has made a copy, whoever does so
 * first may; the other hears why not.
 */
bool tls_fork_take_locked(struct tls_sock *t);

/* Has no fork made a copy, or has this process taken it? */
bool tls_fork_is_ours(struct tls_sock *t);

/*
 * The same before input is looked for: as long as there is none, nobody has
 * taken anything.
 */
bool tls_fork_try_locked(struct tls_sock *t);

#endif
