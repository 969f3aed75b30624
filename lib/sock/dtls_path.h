#ifndef SOCK_DTLS_PATH_H
#define SOCK_DTLS_PATH_H

#include <errno.h>

#include "base/inline.h"
#include "base/kernel.h"
#include "sock/dtls_fork.h"
#include "sock/dtls_io.h"

/* The way of data between the engines and the kernel: flush and take in. */

/*
 * What the kernel has to say of earlier datagrams, by ICMP, is told to the next
 * call, whose own datagram has not been looked at then.  So a call is made
 * again, and what it says then is about itself.
 */
static PATH_INLINE bool
dtls_path_may_be_icmp(int error)
{
	return error != EAGAIN && error != EMSGSIZE;
}

static PATH_INLINE void
dtls_path_note_icmp(struct dtls_sock *d, int error)
{
	d->refused = d->refused || error == ECONNREFUSED;
}

static PATH_INLINE int
dtls_path_send_one(struct dtls_sock *d, const void *data, size_t n,
    const union native_addr *addr, socklen_t len)
{
	const struct sockaddr *to = d->connected ? NULL : &addr->any;
	int error = 0;

	/* Again, if the first time was told of an earlier datagram. */
	for (int i = 0; i < 2; i++) {
		if (kernel->sendto(d->tls.native.base.kfd, data, n,
		        MSG_DONTWAIT | MSG_NOSIGNAL, to,
		        to != NULL ? len : 0) >= 0)
			return 0;
		error = errno;
		if (!dtls_path_may_be_icmp(error))
			break;
		dtls_path_note_icmp(d, error);
	}
	return -error;
}

/* 1 if nothing has waited; else 0, or what the kernel has said last. */
static PATH_INLINE int
dtls_path_drain_locked(struct dtls_sock *d, struct tls_engine *e,
    const union native_addr *addr, socklen_t len)
{
	const void *data;
	size_t n;
	int rc = 1;

	while ((n = tls_engine_output(e, &data)) > 0) {
		rc = dtls_path_send_one(d, data, n, addr, len);
		tls_engine_output_done(e, n);
		if (rc == -EMSGSIZE)
			dtls_io_find_mtu_locked(d, e);
	}
	if (rc <= 0)
		d->tls.used =
		    atomic_load_explicit(&sock_forks, memory_order_relaxed);
	return rc;
}

static PATH_INLINE int
dtls_path_flush_locked(struct dtls_sock *d, struct dtls_session *s)
{
	const void *data;
	int rc;

	if (__builtin_expect(s->share != NULL, 0) &&
	    !dtls_fork_take_locked(d, s)) {
		while (tls_engine_output(s->engine, &data) > 0)
			tls_engine_output_done(s->engine, 0);
		return -EIO;
	}
	rc = dtls_path_drain_locked(d, s->engine, &s->peer, s->peer_len);
	if (rc <= 0)
		dtls_table_touch(&d->sessions, s);
	return rc < 0 ? rc : 0;
}

/*
 * Where the program has the kernel's descriptor, a datagram stays in the
 * kernel's queue until its data are read, so that the kernel's waits tell of
 * them: see sock/tls_hold.h.  Now they are.
 */
static PATH_INLINE void
dtls_path_release_locked(struct dtls_sock *d)
{
	char byte;

	if (__builtin_expect(!d->tls.held, 1))
		return;
	d->tls.held = false;
	(void)kernel->recvfrom(d->tls.native.base.kfd, &byte, 1, MSG_DONTWAIT,
	    NULL, NULL);
}

static PATH_INLINE int
dtls_path_take_in_locked(struct dtls_sock *d, void *room)
{
	const bool named = !d->connected || dtls_is_server_locked(d);
	struct native *native = &d->tls.native;
	const int flags = d->tls.holds ? MSG_DONTWAIT | MSG_PEEK : MSG_DONTWAIT;
	union native_addr from;
	socklen_t len = sizeof(from);
	ssize_t n = -1;

	dtls_path_release_locked(d);
	for (int i = 0; i < 2; i++) {
		n = kernel->recvfrom(native->base.kfd, room, DTLS_DATAGRAM_MAX,
		    flags, named ? &from.any : NULL, named ? &len : NULL);
		if (n != -1 || !dtls_path_may_be_icmp(errno))
			break;
		dtls_path_note_icmp(d, errno);
	}
	if (n == -1)
		return -EAGAIN;
	/* What close and SHUT_RD end looks like an empty datagram. */
	if (n == 0 &&
	    (atomic_load(&native->shut) || atomic_load(&native->base.closing)))
		return -EAGAIN;
	d->tls.held = d->tls.holds;
	d->tls.quiet = false;
	d->tls.used = atomic_load_explicit(&sock_forks, memory_order_relaxed);
	if (n > 0)
		dtls_io_route_locked(d, named ? &from : NULL, len, room,
		    (size_t)n);
	if (d->ready == NULL)
		dtls_path_release_locked(d);
	return 0;
}

#endif
