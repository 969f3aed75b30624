#ifndef SOCK_DTLS_FORK_H
#define SOCK_DTLS_FORK_H

#include "sock/dtls.h"

/* forking and forked of struct zsock_ops, for secure datagram sockets. */
void dtls_fork_before(struct zsock *s);
void dtls_fork_after(struct zsock *s);

/*
 * May this process go on with the session?  Where a fork has made a copy of it,
 * whoever does so first may; the other says why not.
 */
bool dtls_fork_take_locked(struct dtls_sock *d, struct dtls_session *s);

#endif
