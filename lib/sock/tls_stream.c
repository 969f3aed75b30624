#include "sock/tls_sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/kernel.h"
#include "sock/native.h"

/* How long close may wait for the peer to take what is still to be sent. */
#define FAREWELL_MS 1000

/* How often poll looks whether another thread's handshake has ended. */
#define CONNECTING_POLL_MS 25

static const struct zsock_ops tls_stream_ops;

int
tls_stream_open(int family, int type, int proto, struct zsock **out)
{
	const int kfd = native_socket(family, type, IPPROTO_TCP);
	struct tls_sock *t;
	int rc;

	if (kfd < 0)
		return kfd;
	rc = tls_sock_new(&tls_stream_ops, kfd, family, proto, &t);
	if (rc == 0)
		*out = &t->native.base;
	return rc;
}

struct tls_sock *
tls_sock_from(struct zsock *s)
{
	return s->ops == &tls_stream_ops ? (struct tls_sock *)s : NULL;
}

static int
stream_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	struct tls_sock *t = (struct tls_sock *)s;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	switch (t->phase) {
	case TLS_PHASE_NEW:
		t->phase = TLS_PHASE_CONNECTING;
		tls_sock_name_peer_locked(t, addr, len);
		break;
	case TLS_PHASE_LISTENING:
		rc = -EOPNOTSUPP;
		break;
	case TLS_PHASE_FAILED:
		rc = t->error;
		break;
	default:
		rc = -EALREADY;
		break;
	}
	if (rc < 0)
		goto out;

	pthread_mutex_unlock(&t->lock);
	rc = native_connect_stream(&t->native, addr, len, true);
	pthread_mutex_lock(&t->lock);
	if (rc == 0) {
		rc = tls_sock_handshake_locked(t, TLS_ROLE_CLIENT);
	} else {
		t->phase = TLS_PHASE_NEW; /* it may be tried again */
		pthread_cond_broadcast(&t->settled);
	}
out:
	pthread_mutex_unlock(&t->lock);
	return rc;
}

static int
stream_listen(struct zsock *s, int backlog)
{
	struct tls_sock *t = (struct tls_sock *)s;
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = native_listen(s, backlog);
	if (rc == 0)
		t->phase = TLS_PHASE_LISTENING;
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* The listener keeps the reason, for the child has no number to ask by. */
static int
refuse_child(struct tls_sock *t, struct tls_sock *child, int rc)
{
	pthread_mutex_lock(&t->lock);
	if (child->reason != NULL) {
		free(t->reason);
		t->reason = child->reason;
		child->reason = NULL;
	}
	pthread_mutex_unlock(&t->lock);
	sock_put(&child->native.base);
	if (rc == -ETIMEDOUT && native_nonblock(t->native.base.kfd) > 0)
		return -EAGAIN; /* as the device says it on such sockets */
	return rc;
}

/*
 * The handshake is part of accept, as on the device: until it is over or its
 * time is up, the caller waits.  The listener's lock is not held meanwhile.
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
	pthread_mutex_lock(&t->lock);
	rc = tls_settings_copy(&c->settings, &t->settings);
	pthread_mutex_unlock(&t->lock);
	if (rc == 0) {
		pthread_mutex_lock(&c->lock);
		c->phase = TLS_PHASE_CONNECTING;
		rc = tls_sock_handshake_locked(c, TLS_ROLE_SERVER);
		pthread_mutex_unlock(&c->lock);
	}
	if (rc < 0)
		return refuse_child(t, c, rc);
	*child = &c->native.base;
	return 0;
}

/*
 * What a failed or finished call answers, once the log has been told.  Before
 * a broken connection is blamed, an alert that has arrived may say more.
 */
static ssize_t
conclude_locked(struct tls_sock *t, ssize_t rc, int transport_error)
{
	if (rc < 0 && rc != -EAGAIN && rc != -EINTR) {
		if (tls_sock_fill_locked(t) == 0)
			(void)tls_engine_readable(t->engine);
		tls_engine_fail(t->engine, VERDICT_TRANSPORT, transport_error,
		    (int)-rc, 0);
		tls_sock_tell_locked(t);
		return tls_engine_error(t->engine);
	}
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
    const struct tls_patience *patience)
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
		go = tls_sock_step_locked(t, n, patience);
		if (go != 0)
			return done > 0 ? (ssize_t)done : go < 0 ? go : n;
	}
	return (ssize_t)done;
}

/*
 * Bytes that were encrypted count as sent; what the kernel does not take at
 * once leaves with the next call on this socket, or its close.
 */
static ssize_t
stream_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	struct tls_sock *t = (struct tls_sock *)s;
	const struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT };
	ssize_t rc, total = 0;
	int last;

	pthread_mutex_lock(&t->lock);
	rc = tls_sock_usable_locked(t, &p);
	if (rc < 0)
		goto out;
	/* After the peer's close_notify the device sends no more. */
	if (tls_engine_ended(t->engine)) {
		rc = -ECONNABORTED;
		goto out;
	}
	/* Ciphertext of an earlier call goes first, or nothing does. */
	rc = tls_sock_drain_locked(t, &p);
	for (size_t i = 0; rc >= 0 && i < m->msg_iovlen; i++) {
		rc = send_piece_locked(t, m->msg_iov[i].iov_base,
		    m->msg_iov[i].iov_len, &p);
		if (rc > 0)
			total += rc;
		if (rc >= 0 && (size_t)rc < m->msg_iov[i].iov_len)
			break;
	}
	if (rc >= 0) {
		last = tls_sock_drain_locked(t, &p);
		rc = last == -EAGAIN || last == -EINTR ? 0 : last;
	}
	relax_locked(t);
	rc = conclude_locked(t, rc, ECONNABORTED);
	if (total > 0 && (rc >= 0 || rc == -EAGAIN || rc == -EINTR))
		rc = total;
out:
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/*
 * Fills one buffer with what there is, or all of it if the caller waits for
 * that.  Returns how much, 0 at the end of the stream, or a negative errno.
 */
static ssize_t
recv_piece_locked(struct tls_sock *t, char *p, size_t len, bool all,
    const struct tls_patience *patience)
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
		go = tls_sock_step_locked(t, n, patience);
		if (go != 0)
			return done > 0 ? (ssize_t)done : go < 0 ? go : n;
	}
	return (ssize_t)done;
}

static ssize_t
stream_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	struct tls_sock *t = (struct tls_sock *)s;
	const bool all = flags & MSG_WAITALL;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT };
	ssize_t rc, total = 0;

	if (flags & MSG_PEEK)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&t->lock);
	rc = tls_sock_usable_locked(t, &p);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		rc = recv_piece_locked(t, m->msg_iov[i].iov_base,
		    m->msg_iov[i].iov_len, all, &p);
		if (rc > 0)
			total += rc;
		if (rc < 0 || (size_t)rc < m->msg_iov[i].iov_len)
			break;
		/* Further buffers take what is there, but wait no more. */
		p.dontwait = p.dontwait || !all;
	}
	if (total > 0)
		rc = total;
	else
		rc = conclude_locked(t, rc, EIO);
out:
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* Both wishes in one wait: what has to leave must leave, whatever is asked. */
static void
poll_begin_open_locked(struct tls_sock *t, short events, struct poll_slot *slot)
{
	const void *data;

	if (tls_engine_readable(t->engine))
		slot->ready = events & POLLIN;
	if (tls_engine_ended(t->engine))
		slot->ready |= POLLHUP;
	if (tls_engine_error(t->engine) != 0) {
		tls_sock_tell_locked(t);
		slot->ready |= POLLERR;
	}
	slot->kernel_events = events & (POLLIN | POLLOUT);
	if (tls_sock_flush_locked(t) == -EAGAIN &&
	    tls_engine_output(t->engine, &data) > 0)
		slot->kernel_events |= POLLOUT;
}

static void
stream_poll_begin(struct zsock *s, short events, struct poll_slot *slot)
{
	struct tls_sock *t = (struct tls_sock *)s;

	*slot = (struct poll_slot){ .wake = DEADLINE_NEVER };
	pthread_mutex_lock(&t->lock);
	switch (t->phase) {
	case TLS_PHASE_OPEN:
		poll_begin_open_locked(t, events, slot);
		break;
	case TLS_PHASE_CONNECTING:
		slot->wake = deadline_in_ms(CONNECTING_POLL_MS);
		break;
	case TLS_PHASE_FAILED:
		slot->ready = (events & POLLIN) | POLLERR;
		break;
	default:
		native_poll_begin(s, events, slot);
		break;
	}
	pthread_mutex_unlock(&t->lock);
}

/* Takes in records until one gives the program something to read. */
static short
poll_end_open_locked(struct tls_sock *t, short events, short revents)
{
	const void *data;
	short ready = 0;
	int err = 0;

	if ((revents & POLLOUT) != 0)
		err = tls_sock_flush_locked(t);
	if ((events & revents & POLLOUT) != 0 &&
	    tls_engine_output(t->engine, &data) == 0)
		ready |= POLLOUT;
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
		while (!tls_engine_readable(t->engine) && err == 0)
			err = tls_sock_fill_locked(t);
	}
	if (err < 0 && err != -EAGAIN)
		tls_engine_fail(t->engine, VERDICT_TRANSPORT, ECONNABORTED,
		    -err, 0);
	if (tls_engine_readable(t->engine))
		ready |= events & POLLIN;
	if (tls_engine_ended(t->engine))
		ready |= POLLHUP;
	if (tls_engine_error(t->engine) != 0) {
		tls_sock_tell_locked(t);
		ready |= POLLERR;
	}
	return ready;
}

static short
stream_poll_end(struct zsock *s, short events, short revents)
{
	struct tls_sock *t = (struct tls_sock *)s;
	short ready = 0;

	pthread_mutex_lock(&t->lock);
	switch (t->phase) {
	case TLS_PHASE_OPEN:
		ready = poll_end_open_locked(t, events, revents);
		break;
	case TLS_PHASE_CONNECTING:
	case TLS_PHASE_FAILED:
		break; /* begin has said what there is to say */
	default:
		ready = native_poll_end(s, events, revents);
		break;
	}
	pthread_mutex_unlock(&t->lock);
	return ready;
}

/*
 * close_notify, and what the ring still holds.  After a fork the stream is the
 * process's that made it; the other one's close must not end it.
 */
static void
stream_farewell(struct zsock *s)
{
	struct tls_sock *t = (struct tls_sock *)s;
	struct tls_patience p = { .handshake = true,
		.until = deadline_in_ms(FAREWELL_MS) };

	pthread_mutex_lock(&t->lock);
	if (t->phase == TLS_PHASE_OPEN && s->made == atomic_load(&sock_forks) &&
	    tls_engine_error(t->engine) == 0) {
		p.dontwait = native_nonblock(s->kfd) > 0;
		tls_engine_shutdown(t->engine);
		/* Best effort: whoever closes does not want to hear more. */
		(void)tls_sock_drain_locked(t, &p);
		native_discard(s->kfd);
	}
	pthread_mutex_unlock(&t->lock);
}

static const struct option *const tables[] = {
	tls_options,
	native_stream_options,
	NULL,
};

static const struct zsock_ops tls_stream_ops = {
	.name = "tls-stream",
	.options = tables,
	.destroy = tls_sock_destroy,
	.farewell = stream_farewell,
	.bind = native_bind,
	.connect = stream_connect,
	.listen = stream_listen,
	.accept = stream_accept,
	.shutdown = native_shutdown,
	.sendmsg = stream_sendmsg,
	.recvmsg = stream_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.ioctl = sock_no_ioctl,
	.poll_begin = stream_poll_begin,
	.poll_end = stream_poll_end,
	.no_public_recvmsg = true,
};
