#include "sock/dtls_calls.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/kernel.h"
#include "base/profile.h"
#include "sock/dtls_due.h"
#include "sock/dtls_io.h"
#include "sock/tls_handshake.h"

/* What has come at most before a step looks at the clock again. */
#define STEP_MAX 64

/*
 * The session that the handshake makes, and its first flight.  What has come
 * before is of an earlier one, and could be taken for an answer to this; nor is
 * what ICMP has said of that one's datagrams any news of this.
 */
static int
start(struct dtls_sock *d)
{
	struct tls_engine *engine;
	struct dtls_session *s;
	struct verdict why;
	int rc;

	dtls_io_discard_locked(d);
	d->tls.error = d->untold = 0;
	d->refused = false;
	d->news = 0;
	address_text(&d->peer.any, d->tls.peer);
	rc = dtls_make_engine_locked(d, d->tls.peer, &engine);
	if (rc < 0)
		return rc;
	s = dtls_table_add(&d->sessions, &d->peer, d->peer_len, engine);
	if (s == NULL) {
		tls_engine_free(engine);
		verdict_set(&why,
		    "DTLS client: out of memory for a session "
		    "with %s",
		    d->tls.peer);
		tls_sock_reason_locked(&d->tls, &why);
		return -ENOMEM;
	}
	dtls_advance_locked(d, s);
	return 0;
}

/* On Linux, nobody being there ends it; the device is not told. */
static void
hear_refusal(struct dtls_sock *d)
{
	struct dtls_session *s = dtls_only_locked(d);

	if (!d->refused || s == NULL || s->open ||
	    quirk(QUIRK_DGRAM_NO_ICMP) != 0)
		return;
	tls_engine_fail(s->engine, VERDICT_TRANSPORT, ECONNREFUSED,
	    ECONNREFUSED, 0);
	dtls_end_locked(d, s, -ECONNREFUSED);
}

/* As far as it goes without waiting: 0, -EAGAIN, or what has ended it. */
static int
step(struct dtls_sock *d)
{
	unsigned char room[DTLS_DATAGRAM_MAX];
	struct dtls_session *s;
	int rc = 0;

	if (dtls_only_locked(d) == NULL)
		rc = start(d);
	for (int i = 0; rc == 0; i++) {
		dtls_tick_locked(d);
		hear_refusal(d);
		s = dtls_only_locked(d);
		if (s == NULL)
			return d->tls.error != 0 ? d->tls.error : -ECONNABORTED;
		if (s->open) {
			(void)tls_engine_readable(s->engine); /* room goes */
			return 0;
		}
		if (i == STEP_MAX || d->tls.pulling)
			return -EAGAIN;
		rc = dtls_io_take_in_locked(d, room);
	}
	if (rc != -EAGAIN)
		d->tls.error = rc;
	return rc;
}

/* It is left again, unless it is over, to whichever call is next. */
static int
leave(struct dtls_sock *d, int rc)
{
	struct dtls_session *s = dtls_only_locked(d);

	if (s == NULL)
		d->tls.phase = TLS_PHASE_NEW;
	else
		d->tls.phase = s->open ? TLS_PHASE_OPEN : TLS_PHASE_PENDING;
	pthread_cond_broadcast(&d->tls.settled);
	return rc;
}

int
dtls_client_go_on_locked(struct dtls_sock *d)
{
	d->tls.phase = TLS_PHASE_CONNECTING;
	d->tls.owner = pthread_self();
	return leave(d, step(d));
}

/*
 * The handshake as long as p lets it take.  It is not interrupted by signals if
 * the device would not be.
 */
static int
run(struct dtls_sock *d, struct tls_patience *p)
{
	struct tls_sock *t = &d->tls;
	struct deadline until;
	int rc;

	t->phase = TLS_PHASE_CONNECTING;
	t->owner = pthread_self();
	for (;;) {
		rc = step(d);
		if (rc != -EAGAIN)
			return leave(d, rc);
		if (atomic_load(&t->native.base.closing))
			return leave(d, -EINTR);
		if (atomic_load(&t->native.shut))
			return leave(d, -ENOTCONN); /* nothing can come */
		rc = tls_wait_bound_locked(t, p);
		if (rc < 0)
			return leave(d, rc);
		until = dtls_wake_locked(d);
		if (p->until.at_ns < until.at_ns)
			until = p->until;
		rc = tls_wait_sleep_locked(t, POLLIN, until);
		if (rc < 0 && rc != -EINTR)
			return leave(d, rc);
	}
}

/* One thread has the handshake; the others wait for what becomes of it. */
static int
follow(struct dtls_sock *d, struct tls_patience *p)
{
	int rc = 0;

	while (d->tls.phase == TLS_PHASE_CONNECTING && rc == 0)
		rc = tls_wait_cond_locked(&d->tls, &d->tls.settled, p);
	return rc;
}

static bool
is_open(const struct dtls_sock *d)
{
	const struct dtls_session *s = dtls_only_locked(d);

	return s != NULL && s->open;
}

int
dtls_client_usable_locked(struct dtls_sock *d, struct tls_patience *p)
{
	int rc = follow(d, p);

	if (rc < 0 || is_open(d))
		return rc;
	if (quirk(QUIRK_TLS_HANDSHAKE_INSIDE) == 0 &&
	    d->tls.phase == TLS_PHASE_PENDING)
		return run(d, p);
	/* What poll has met, or a handshake's end, is told once. */
	rc = d->untold != 0 ? d->untold : -ENOTCONN;
	d->untold = 0;
	return rc;
}

/* The device's handshake waits whatever the call's own patience is. */
int
dtls_client_ready_locked(struct dtls_sock *d, struct tls_patience *p)
{
	struct tls_patience whole = { .handshake = true,
		.until = DEADLINE_NEVER };
	/* It may be this thread's own, whose verify callback makes the call. */
	int rc = follow(d, p);

	if (rc < 0 || is_open(d))
		return rc;
	return run(d, quirk(QUIRK_TLS_HANDSHAKE_INSIDE) != 0 ? &whole : p);
}

/* connect's own time is over; a send goes on with the handshake. */
static int
give_up_waiting(struct dtls_sock *d, int limit_ms)
{
	struct dtls_session *s = dtls_only_locked(d);
	struct verdict why;

	if (d->refused)
		tls_engine_note_refused(s->engine);
	tls_engine_explain_waiting(s->engine, s->name, limit_ms, &why);
	tls_sock_reason_locked(&d->tls, &why);
	d->tls.error = -ETIMEDOUT; /* for SO_ERROR, until it is complete */
	return native_nonblock(d->tls.native.base.kfd) > 0 ? -EAGAIN
	                                                   : -ETIMEDOUT;
}

static int
connect_handshake(struct dtls_sock *d, bool wait)
{
	const int limit_ms = tls_handshake_limit_ms();
	struct tls_patience p = { .handshake = true,
		.dontwait = !wait,
		.until = deadline_in_ms(limit_ms),
		.limit_ms = limit_ms };
	int rc;

	if (!wait) {
		rc = dtls_client_go_on_locked(d);
		return rc == -EAGAIN ? -EINPROGRESS : rc;
	}
	rc = run(d, &p);
	return rc == -ETIMEDOUT && d->tls.phase == TLS_PHASE_PENDING
	    ? give_up_waiting(d, limit_ms)
	    : rc;
}

/* A handshake that connect did not wait for, on Linux. */
static int
go_on_connecting(struct dtls_sock *d)
{
	const int rc = dtls_client_go_on_locked(d);

	return rc == -EAGAIN ? -EALREADY : rc;
}

/* What is there from an earlier connect; 1 if there may be a new one. */
static int
check_again(struct dtls_sock *d, const union native_addr *to)
{
	struct dtls_session *s = dtls_only_locked(d);

	if (dtls_is_server_locked(d)) {
		profile_hazard("connect: a DTLS server: EOPNOTSUPP",
		    "takes both roles at once");
		return -EOPNOTSUPP;
	}
	if (d->tls.phase == TLS_PHASE_CONNECTING)
		return -EALREADY;
	if (s == NULL)
		return 1;
	if (d->tls.phase == TLS_PHASE_PENDING &&
	    quirk(QUIRK_TLS_HANDSHAKE_INSIDE) == 0 &&
	    dtls_same_peer(to, &d->peer))
		return go_on_connecting(d);
	if (s->open && quirk(QUIRK_DTLS_CONNECT_AGAIN) != 0) {
		profile_hazard("connect: a DTLS socket that has a session: "
		               "EALREADY",
		    "loses that session's memory, or fails with EINVAL");
		return -quirk(QUIRK_DTLS_CONNECT_AGAIN);
	}
	if (s->open) {
		tls_engine_shutdown(s->engine);
		(void)dtls_io_flush_locked(d, s);
	}
	dtls_end_locked(d, s, 0);
	return 1;
}

/* The peer as the kernel has it; nobody, if the address was no peer's. */
static void
keep_peer(struct dtls_sock *d)
{
	union native_addr now = { 0 };
	socklen_t len = sizeof(now);

	d->connected =
	    kernel->getpeername(d->tls.native.base.kfd, &now.any, &len) == 0;
	d->peer = now;
	d->peer_len = d->connected ? len : 0;
}

static int
handshake_with_nobody(struct dtls_sock *d, const struct sockaddr *addr,
    socklen_t len)
{
	struct verdict why;

	tls_sock_name_peer_locked(&d->tls, addr, len);
	verdict_set(&why, "that is nobody's address, or port 0");
	verdict_of_handshake(&why, TLS_ROLE_CLIENT, true, d->tls.peer);
	tls_sock_reason_locked(&d->tls, &why);
	return -ECONNABORTED;
}

static int
connect_locked(struct dtls_sock *d, const struct sockaddr *addr, socklen_t len,
    bool wait)
{
	union native_addr to = { 0 };
	int rc;

	memcpy(&to, addr, len < sizeof(to) ? len : sizeof(to));
	rc = dtls_whole_locked(d);
	if (rc == 0)
		rc = check_again(d, &to);
	if (rc <= 0)
		return rc;
	rc = native_connect(&d->tls.native.base, addr, len);
	if (rc < 0)
		return rc;
	keep_peer(d);
	if (d->tls.settings.on_connect == 0 || addr->sa_family == AF_UNSPEC ||
	    quirk(QUIRK_DTLS_CONNECT_STORES) != 0)
		return 0;
	return d->connected ? connect_handshake(d, wait)
	                    : handshake_with_nobody(d, addr, len);
}

int
dtls_connect(struct zsock *base, const struct sockaddr *addr, socklen_t len)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	const bool wait = quirk(QUIRK_TLS_HANDSHAKE_INSIDE) != 0 ||
	    native_nonblock(base->kfd) <= 0;
	int rc;

	pthread_mutex_lock(&d->tls.lock);
	rc = connect_locked(d, addr, len, wait);
	d->untold = 0;
	tls_sock_unlock(&d->tls);
	return rc;
}
