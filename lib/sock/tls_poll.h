#ifndef SOCK_TLS_POLL_H
#define SOCK_TLS_POLL_H

#include "sock/tls_sock.h"

/* What sock/poll.c asks of a secure stream: see struct zsock_ops. */
void tls_poll_begin(struct zsock *s, short events, struct poll_slot *slot);
short tls_poll_end(struct zsock *s, short events, short revents);

/* Takes in records until one gives the program something to read. */
void tls_poll_input_locked(struct tls_sock *t);

#endif
