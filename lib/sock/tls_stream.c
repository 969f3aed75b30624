#include "sock/tls_sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/kernel.h"
#include "sock/native.h"
#include "sock/option.h"
#include "sock/tls_close.h"
#include "sock/tls_handshake.h"
#include "sock/tls_poll.h"
#include "sock/tls_wait.h"

static const struct zsock_ops tls_stream_ops;

int
tls_stream_open(int family, int type, int proto, struct zsock **out)
{
	const int kfd = native_socket(family, type, IPPROTO_TCP);
	struct tls_sock *t;
	int rc;

	if (kfd < 0)
		return kfd;
	rc = tls_sock_new(&tls_stream_ops, sizeof(*t), kfd, family, proto, &t);
	if (rc == 0)
		*out = &t->native.base;
	return rc;
}

/* What a socket answers that is not new; 1 if it may be connected. */
static int
not_new_locked(struct tls_sock *t)
{
	const bool linux_like = profile_get() == PROFILE_LINUX;

	(void)tls_handshake_go_on_locked(t);
	switch (t->phase) {
	case TLS_PHASE_NEW:
		return 1;
	case TLS_PHASE_LISTENING:
		return -EOPNOTSUPP;
	case TLS_PHASE_FAILED:
		return t->error;
	case TLS_PHASE_OPEN:
		return linux_like ? -EISCONN : -EALREADY;
	default:
		return -EALREADY;
	}
}

/* A call's own answer, when the device waits in it on a non-blocking socket. */
static int
timed_out(const struct tls_sock *caller, int rc)
{
	return rc == -ETIMEDOUT && native_nonblock(caller->native.base.kfd) > 0
	    ? -EAGAIN
	    : rc;
}

/* In the linux profile a non-blocking socket does not wait for anything. */
static int
stream_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	struct tls_sock *t = (struct tls_sock *)s;
	const bool wait = quirk(QUIRK_TLS_HANDSHAKE_INSIDE) != 0 ||
	    native_nonblock(s->kfd) <= 0;
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = not_new_locked(t);
	if (rc <= 0)
		goto out;
	t->phase = TLS_PHASE_CONNECTING;
	tls_sock_name_peer_locked(t, addr, len);
	tls_sock_unlock(t);
	rc = native_connect_stream(&t->native, addr, len, wait);
	pthread_mutex_lock(&t->lock);
	if (!wait && (rc == 0 || rc == -EINPROGRESS)) {
		tls_handshake_later_locked(t, TLS_ROLE_CLIENT);
		pthread_cond_broadcast(&t->settled);
		rc = -EINPROGRESS;
	} else if (rc == 0) {
		rc = timed_out(t, tls_handshake_locked(t, TLS_ROLE_CLIENT));
	} else {
		t->phase = TLS_PHASE_NEW; /* it may be tried again */
		pthread_cond_broadcast(&t->settled);
	}
out:
	tls_sock_unlock(t);
	return rc;
}

static int
stream_listen(struct zsock *s, int backlog)
{
	struct tls_sock *t = (struct tls_sock *)s;
	int rc;

	rc = native_listen(s, backlog); /* it looks at other sockets */
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&t->lock);
	if (t->phase == TLS_PHASE_NEW)
		t->phase = TLS_PHASE_LISTENING;
	tls_sock_unlock(t);
	return rc;
}

/*
 * From here until the child is handed out, close of the listener ends what it
 * does.  The child starts with the listener's settings of TLS.
 */
static int
admit(struct tls_sock *t, struct tls_sock *child)
{
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = atomic_load(&t->native.base.closing)
	    ? -EINTR
	    : tls_settings_copy(&child->settings, &t->settings);
	child->next_guest = t->guests;
	t->guests = child;
	tls_sock_unlock(t);
	return rc;
}

/*
 * A listener that was closed meanwhile hands out nobody.  It keeps the reason
 * of a failure, for the child has no number to ask by.
 */
static int
dismiss(struct tls_sock *t, struct tls_sock *child, int rc)
{
	struct tls_sock **link = &t->guests;

	pthread_mutex_lock(&t->lock);
	while (*link != child)
		link = &(*link)->next_guest;
	*link = child->next_guest;
	if (atomic_load(&t->native.base.closing))
		rc = -EINTR;
	if (rc < 0 && child->reason != NULL) {
		free(t->reason);
		t->reason = child->reason;
		child->reason = NULL;
	}
	tls_sock_unlock(t);
	if (rc == 0)
		return 0;
	sock_put(&child->native.base);
	return timed_out(t, rc);
}

/*
 * The handshake is part of accept, as on the device: until it is over or its
 * time is up, the caller waits.  The listener's lock is not held meanwhile.  In
 * the linux profile it is left to the calls that follow.
 */
static int
stream_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len)
{
	struct tls_sock *t = (struct tls_sock *)s, *c;
	const int kfd = native_accept_kfd(s, addr, len);
	int rc;

	if (kfd < 0)
		return kfd;
	rc = tls_sock_new_child(&tls_stream_ops, kfd, t, &c);
	if (rc < 0)
		return rc;
	rc = admit(t, c);
	if (rc == 0) {
		pthread_mutex_lock(&c->lock);
		if (quirk(QUIRK_TLS_HANDSHAKE_INSIDE) == 0) {
			tls_sock_find_peer_locked(c);
			tls_handshake_later_locked(c, TLS_ROLE_SERVER);
		} else {
			c->phase = TLS_PHASE_CONNECTING;
			rc = tls_handshake_locked(c, TLS_ROLE_SERVER);
		}
		tls_sock_unlock(c);
	}
	rc = dismiss(t, c, rc);
	if (rc == 0)
		*child = &c->native.base;
	return rc;
}

/* The first data are out: from here the program's wish counts. */
static void
relax_locked(struct tls_sock *t)
{
	if (!t->quick)
		return;
	t->quick = false;
	if (t->nodelay == 0 &&
	    kernel->setsockopt(t->native.base.kfd, IPPROTO_TCP, TCP_NODELAY,
	        &t->nodelay, sizeof(t->nodelay)) == -1)
		t->nodelay = 1; /* it stays on, and getsockopt says so */
}

/* Encrypts one piece of a message; returns how much, or a negative errno. */
static ssize_t
send_piece_locked(struct tls_sock *t, const char *p, size_t len,
    struct tls_patience *patience)
{
	size_t done = 0;
	ssize_t n;
	int go;

	while (done < len) {
		n = tls_engine_write(t->engine, p + done, len - done);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		go = tls_wait_step_locked(t, n, patience);
		if (go != 0)
			return done > 0 ? (ssize_t)done : go < 0 ? go : n;
	}
	return (ssize_t)done;
}

/*
 * How much of a piece a call may take.  A device's send takes one record, which
 * ZSOCK_TLS_MAX_RECORD brings about; its sendmsg goes on until all is taken.
 */
static size_t
most_of(const struct msghdr *m, size_t len)
{
	const size_t limit = (size_t)config_get()->max_record;

	return m->msg_flags == SOCK_ONE_BUFFER && limit != 0 && len > limit
	    ? limit
	    : len;
}

/*
 * The message, and what earlier calls have left.  Returns how much was taken,
 * or a negative errno; a broken connection shows in tls_engine_write_error.
 */
static ssize_t
send_all_locked(struct tls_sock *t, const struct msghdr *m,
    struct tls_patience *p)
{
	ssize_t rc, total = 0;

	/* Ciphertext of an earlier call goes first, or nothing does. */
	rc = tls_wait_drain_locked(t, p);
	for (size_t i = 0; rc >= 0 && i < m->msg_iovlen; i++) {
		rc = send_piece_locked(t, m->msg_iov[i].iov_base,
		    most_of(m, m->msg_iov[i].iov_len), p);
		if (rc > 0)
			total += rc;
		if (rc >= 0 && (size_t)rc < m->msg_iov[i].iov_len)
			break;
	}
	if (rc >= 0)
		(void)tls_wait_drain_locked(t, p); /* or the next call does */
	relax_locked(t);
	return total > 0 || rc >= 0 ? total : rc;
}

/* The kernel would find it out; the engine would use it. */
static bool
has_null_buffer(const struct msghdr *m)
{
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_base == NULL && m->msg_iov[i].iov_len > 0)
			return true;
	}
	return false;
}

/*
 * Bytes that were encrypted count as sent; what the kernel does not take at
 * once leaves with the next call on this socket, or its close.
 */
static ssize_t
stream_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	struct tls_sock *t = (struct tls_sock *)s;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT,
		.option = SO_SNDTIMEO };
	bool unready, changed = false;
	ssize_t rc;

	if (has_null_buffer(m))
		return -quirk(QUIRK_ARGUMENT_NULL);
	pthread_mutex_lock(&t->lock);
	rc = tls_handshake_usable_locked(t, &p);
	unready = rc == -ENOTCONN;
	if (rc < 0)
		goto out;
	if (t->said_all) {
		rc = -EPIPE;
		goto out;
	}
	/* After the peer's close_notify the device sends no more. */
	if (tls_engine_ended(t->engine)) {
		rc = -ECONNABORTED;
		goto out;
	}
	changed = tls_retry_differs(&t->refused, m);
	rc = send_all_locked(t, m, &p);
	tls_wait_moved_locked(t, &t->sent);
	if (rc == -EAGAIN)
		tls_retry_note(&t->refused, m);
	if (tls_engine_failed(t->engine)) {
		tls_sock_hear_out_locked(t);
		tls_sock_tell_locked(t);
		rc = tls_engine_write_error(t->engine);
	}
out:
	tls_sock_unlock(t);
	if (changed && quirk(QUIRK_TLS_SEND_CHANGED) != 0)
		profile_hazard("send: other data than EAGAIN has refused "
		               "before: sent",
		    "sends the refused ones in their place");
	if (unready && quirk(QUIRK_TLS_SEND_UNCONNECTED) != 0)
		profile_hazard("send: a secure socket before its handshake: "
		               "ENOTCONN",
		    "crashes");
	return rc;
}

/*
 * Fills one buffer with what there is, or all of it if the caller waits for
 * that.  Returns how much, 0 at the end of the stream, or a negative errno.
 */
static ssize_t
recv_piece_locked(struct tls_sock *t, char *p, size_t len, bool all,
    struct tls_patience *patience)
{
	size_t done = 0;
	ssize_t n;
	int go;

	while (done < len) {
		n = tls_engine_read(t->engine, p + done, len - done);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n == -EAGAIN && done > 0 && !all)
			break;
		go = tls_wait_step_locked(t, n, patience);
		if (go != 0)
			return done > 0 ? (ssize_t)done : go < 0 ? go : n;
	}
	return (ssize_t)done;
}

static ssize_t
recv_all_locked(struct tls_sock *t, struct msghdr *m, bool all,
    struct tls_patience *p)
{
	ssize_t rc = 0, total = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		rc = recv_piece_locked(t, m->msg_iov[i].iov_base,
		    m->msg_iov[i].iov_len, all, p);
		if (rc > 0)
			total += rc;
		if (rc < 0 || (size_t)rc < m->msg_iov[i].iov_len)
			break;
		/* Further buffers take what is there, but wait no more. */
		p->dontwait = p->dontwait || !all;
	}
	return total > 0 ? total : rc;
}

/* Is there nothing to wait for, and will the older device wait for it? */
static bool
is_idle_locked(struct tls_sock *t, const struct msghdr *m, bool dontwait)
{
	struct pollfd p = { .fd = t->native.base.kfd, .events = POLLIN };

	if (quirk(QUIRK_TLS_RECV_NOTHING) == 0 || dontwait)
		return false;
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len > 0)
			return false;
	}
	return native_nonblock(p.fd) == 0 && kernel->poll(&p, 1, 0) == 0 &&
	    !tls_engine_readable(t->engine);
}

/* After SHUT_RD, where that throws away what is queued. */
static bool
is_deaf(struct tls_sock *t)
{
	return atomic_load(&t->native.shut) && quirk(QUIRK_SHUTDOWN_RD) != 0;
}

static ssize_t
stream_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	struct tls_sock *t = (struct tls_sock *)s;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT,
		.option = SO_RCVTIMEO };
	bool idle = false;
	ssize_t rc;

	if (flags & MSG_PEEK)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&t->lock);
	rc = tls_handshake_usable_locked(t, &p);
	if (rc == -ENOTCONN)
		rc = -quirk(QUIRK_TLS_RECV_UNCONNECTED);
	if (rc < 0)
		goto out;
	if (is_deaf(t))
		goto out;
	idle = is_idle_locked(t, m, p.dontwait);
	t->receivers++;
	rc = recv_all_locked(t, m, flags & MSG_WAITALL, &p);
	t->receivers--;
	if (rc == -EAGAIN && atomic_load(&t->native.shut))
		rc = 0;
	if (rc > 0) {
		t->used =
		    atomic_load_explicit(&sock_forks, memory_order_relaxed);
		/* An answer of TLS's own does not wait for the next call. */
		(void)tls_wait_flush_locked(t);
		tls_wait_moved_locked(t, &t->received);
	} else if (rc < 0)
		tls_sock_tell_locked(t);
out:
	tls_sock_unlock(t);
	if (idle)
		profile_hazard("recv: length 0 on a secure socket: 0",
		    "waits for the peer to send something");
	return rc;
}

static const struct option *const tables[] = {
	tls_options,
	tls_stream_options,
	native_stream_options,
	NULL,
};

static const struct zsock_ops tls_stream_ops = {
	.name = "tls-stream",
	.options = tables,
	.destroy = tls_sock_destroy,
	.farewell = tls_close_farewell,
	.forked = tls_sock_forked,
	.bind = native_bind,
	.connect = stream_connect,
	.listen = stream_listen,
	.accept = stream_accept,
	.shutdown = tls_close_shutdown,
	.sendmsg = stream_sendmsg,
	.recvmsg = stream_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.getsockopt = option_get,
	.setsockopt = option_set,
	.ioctl = sock_no_ioctl,
	.poll_begin = tls_poll_begin,
	.poll_end = tls_poll_end,
	.no_public_recvmsg = true,
	.secure = true,
};
