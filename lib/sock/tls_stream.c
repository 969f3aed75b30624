#include "sock/tls_sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>

#include "sock/native.h"
#include "sock/option.h"
#include "sock/shimmed.h"
#include "sock/tls_close.h"
#include "sock/tls_data.h"
#include "sock/tls_fork.h"
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

int
tls_stream_adopt(int kfd, int family, int proto, struct zsock **out)
{
	struct tls_sock *t;
	int rc;

	/* Of no descriptor, for a failure would close it. */
	rc = tls_sock_new(&tls_stream_ops, sizeof(*t), -1, family, proto, &t);
	if (rc < 0)
		return rc;
	atomic_store(&t->native.base.kfd, kfd);
	atomic_store(&t->native.plain, false); /* it has been used before */
	*out = &t->native.base;
	return 0;
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
	return rc == -ETIMEDOUT && !shimmed &&
	        native_nonblock(caller->native.base.kfd) > 0
	    ? -EAGAIN
	    : rc;
}

/*
 * A program that waits for the kernel's descriptor would take one that can be
 * written to for connected, while the handshake waits for input: so there is no
 * such phase, and no longer wait than for a handshake.
 */
static int
connect_in_time(struct tls_sock *t, const struct sockaddr *addr, socklen_t len)
{
	int rc;

	rc = native_connect_stream(&t->native, addr, len, false);
	if (rc == -EINPROGRESS) {
		rc = native_wait(t->native.base.kfd, POLLOUT,
		    deadline_in_ms(tls_handshake_limit_ms()));
		if (rc == 0)
			rc = native_progress(&t->native);
	}
	return rc;
}

/* In the linux profile a non-blocking socket does not wait for anything. */
static int
stream_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	struct tls_sock *t = (struct tls_sock *)s;
	const bool blocking = quirk(QUIRK_TLS_HANDSHAKE_INSIDE) != 0 ||
	    native_nonblock(s->kfd) <= 0;
	const bool wait = blocking || shimmed;
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = not_new_locked(t);
	if (rc <= 0)
		goto out;
	t->phase = TLS_PHASE_CONNECTING;
	t->owner = pthread_self();
	tls_sock_name_peer_locked(t, addr, len);
	tls_sock_unlock(t);
	rc = shimmed && !blocking
	    ? connect_in_time(t, addr, len)
	    : native_connect_stream(&t->native, addr, len, wait);
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
	struct verdict why;
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = atomic_load(&t->native.base.closing)
	    ? -EINTR
	    : tls_settings_copy(&child->settings, &t->settings);
	child->next_guest = t->guests;
	t->guests = child;
	if (rc == -ENOMEM) {
		verdict_set(&why, "out of memory for a client, who is refused");
		tls_sock_reason_locked(t, &why);
	}
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
	struct sockaddr_storage own;
	socklen_t room = sizeof(own);
	int kfd, rc;

	if (addr == NULL) {
		addr = (struct sockaddr *)&own;
		len = &room;
	} else if (len != NULL) {
		room = *len;
	}
	kfd = native_accept_kfd(s, addr, len);
	if (kfd < 0)
		return kfd;
	rc = tls_sock_new_child(&tls_stream_ops, kfd, t, &c);
	if (rc < 0)
		return rc;
	if (*len <= room)
		tls_sock_name_peer_locked(c, addr, *len); /* nobody has it */
	rc = admit(t, c);
	if (rc == 0) {
		pthread_mutex_lock(&c->lock);
		if (quirk(QUIRK_TLS_HANDSHAKE_INSIDE) == 0) {
			tls_sock_find_peer_locked(c);
			tls_handshake_later_locked(c, TLS_ROLE_SERVER);
		} else {
			c->phase = TLS_PHASE_CONNECTING;
			c->owner = pthread_self();
			rc = tls_handshake_locked(c, TLS_ROLE_SERVER);
		}
		tls_sock_unlock(c);
	}
	rc = dismiss(t, c, rc);
	if (rc == 0)
		*child = &c->native.base;
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
	.forking = tls_fork_before,
	.forked = tls_fork_after,
	.bind = native_bind,
	.connect = stream_connect,
	.listen = stream_listen,
	.accept = stream_accept,
	.shutdown = tls_close_shutdown,
	.sendmsg = tls_data_sendmsg,
	.recvmsg = tls_data_recvmsg,
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
