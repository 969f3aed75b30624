#ifndef SOCK_DTLS_CALLS_H
#define SOCK_DTLS_CALLS_H

#include "sock/dtls.h"

/* The operations of a secure datagram socket. */
int dtls_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len);
ssize_t dtls_sendmsg(struct zsock *s, const struct msghdr *m, int flags);
ssize_t dtls_recvmsg(struct zsock *s, struct msghdr *m, int flags);
void dtls_poll_begin(struct zsock *s, short events, struct poll_slot *slot);
short dtls_poll_end(struct zsock *s, short events, short revents);

/* What datagrams alone have. */
extern const struct option dtls_options[];

/* The rest needs the lock. */

/* 0, or what every call answers since a fork has torn the socket. */
int dtls_whole_locked(const struct dtls_sock *d);

/*
 * A client's handshake.  go_on goes as far as that is without waiting: 0 it is
 * complete, -EAGAIN, or what has ended it.  usable waits for it, or for another
 * thread's, as long as the profile lets the call: 0 or a negative errno.
 */
int dtls_client_go_on_locked(struct dtls_sock *d);
int dtls_client_usable_locked(struct dtls_sock *d, struct tls_patience *p);

/* A send by a client: the same, but the handshake is begun if there is none. */
int dtls_client_ready_locked(struct dtls_sock *d, struct tls_patience *p);

/* A server gets ready for clients: 0 or a negative errno. */
int dtls_server_ready_locked(struct dtls_sock *d);

/* What has come to a server is for no session, or begins one anew. */
void dtls_server_welcome_locked(struct dtls_sock *d,
    const union native_addr *from, socklen_t len, const void *data, size_t n);

#endif
