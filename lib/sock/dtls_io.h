#ifndef SOCK_DTLS_IO_H
#define SOCK_DTLS_IO_H

#include "sock/dtls.h"

/* Datagrams between the engines and the kernel; all of it needs the lock. */

/*
 * Sends what waits in the engine.  What the kernel does not take is lost: 0, or
 * the last negative errno that it said, -EAGAIN among it.
 */
int dtls_io_flush_locked(struct dtls_sock *d, struct dtls_session *s);
int dtls_io_flush_to_locked(struct dtls_sock *d, struct tls_engine *e,
    const union native_addr *addr, socklen_t len);

/*
 * Takes in one datagram, if there is one: 0, or -EAGAIN if none has come.  It
 * is lent from room, of DTLS_DATAGRAM_MAX bytes, to its session's engine: ready
 * is to be read, or asked whether it is readable, while room is there.
 */
int dtls_io_take_in_locked(struct dtls_sock *d, void *room);

/*
 * One that has come goes to whose it is; from NULL it is the only peer's, which
 * the kernel has seen to.
 */
void dtls_io_route_locked(struct dtls_sock *d, const union native_addr *from,
    socklen_t len, const void *data, size_t n);

/* Throws away what has come, and what ICMP said. */
void dtls_io_discard_locked(struct dtls_sock *d);

/* Tells the engine of the connected peer how much the way to it carries. */
void dtls_io_find_mtu_locked(struct dtls_sock *d, struct tls_engine *e);

/*
 * Sleeps until something has come, wake, or the end of the call's patience: 0,
 * -EAGAIN or -EINTR.  Of several receivers one does, and the others follow.
 */
int dtls_io_wait_locked(struct dtls_sock *d, struct tls_patience *p);

#endif
