#include "sock/dtls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/dtls_calls.h"
#include "sock/dtls_due.h"
#include "sock/dtls_fork.h"
#include "sock/dtls_io.h"
#include "sock/option.h"
#include "sock/share.h"
#include "sock/tls_handshake.h"
#include "sock/tls_names.h"

static const struct zsock_ops dtls_ops;

int
dtls_open(int family, int type, int proto, struct zsock **out)
{
	const int kfd = native_socket(family, type, IPPROTO_UDP);
	struct tls_sock *t;
	int rc;

	if (kfd < 0)
		return kfd;
	rc = tls_sock_new(&dtls_ops, sizeof(struct dtls_sock), kfd, family,
	    proto, &t);
	if (rc == 0)
		*out = &t->native.base;
	return rc;
}

bool
dtls_is_server_locked(const struct dtls_sock *d)
{
	return d->sessions.n > 0 || d->hello != NULL
	    ? d->server
	    : d->tls.settings.dtls_role == TLS_ROLE_SERVER;
}

struct dtls_session *
dtls_only_locked(const struct dtls_sock *d)
{
	const struct dtls_table *t = &d->sessions;

	return t->open.newest != NULL ? t->open.newest : t->opening.newest;
}

int
dtls_make_engine_locked(struct dtls_sock *d, const char *name,
    struct tls_engine **out)
{
	int rc;

	d->server = dtls_is_server_locked(d);
	rc = tls_handshake_make_engine_locked(&d->tls,
	    d->server ? TLS_ROLE_SERVER : TLS_ROLE_CLIENT, name, out);
	if (rc == 0 && d->mtu != 0)
		tls_engine_limit_mtu(*out, d->mtu);
	if (rc == 0)
		dtls_io_find_mtu_locked(d, *out);
	return rc;
}

int
dtls_whole_locked(const struct dtls_sock *d)
{
	return d->tls.phase == TLS_PHASE_FAILED ? d->tls.error : 0;
}

/* What options and zsock_tls_version tell of. */
static void
show(struct dtls_sock *d, struct dtls_session *s)
{
	d->latest = s;
	d->tls.engine = s != NULL ? s->engine : NULL;
	if (d->tls.phase != TLS_PHASE_CONNECTING)
		d->tls.phase = s != NULL ? TLS_PHASE_OPEN : TLS_PHASE_NEW;
}

static void
opened(struct dtls_sock *d, struct dtls_session *s)
{
	struct verdict v;

	dtls_table_opened(&d->sessions, s);
	d->ready = s; /* data may have overtaken the last message */
	d->refused = false;
	d->tls.error = d->untold = 0;
	dtls_heard_locked(d, s);
	show(d, s);
	if (!log_wants(LOG_INFO))
		return;
	tls_engine_summary(s->engine, s->name, &v);
	tls_sock_say_locked(&d->tls, LOG_INFO, &v);
}

/*
 * While the program's TLS_CERT_VERIFY_CALLBACK runs, without the lock, nobody
 * else may take in what comes.
 */
static int
shake_hands(struct dtls_sock *d, struct dtls_session *s)
{
	const bool pulling = d->tls.pulling;
	int rc;

	s->busy = true;
	d->asking = d->tls.settings.callback.call != NULL;
	d->tls.pulling = pulling || d->asking;
	rc = tls_engine_handshake(s->engine);
	s->busy = false;
	d->asking = false;
	if (d->tls.pulling && !pulling) {
		d->tls.pulling = false;
		pthread_cond_broadcast(&d->tls.pulled);
	}
	return rc;
}

/* A network that refuses to carry it ends it, in the device's words. */
static bool
is_fatal(int rc)
{
	return rc < 0 && rc != -EAGAIN && rc != -EMSGSIZE && rc != -ENOBUFS;
}

void
dtls_advance_locked(struct dtls_sock *d, struct dtls_session *s)
{
	int rc = shake_hands(d, s);
	const int sent = dtls_io_flush_locked(d, s); /* an alert, too */

	if (rc == -EAGAIN && is_fatal(sent)) {
		tls_engine_fail(s->engine, VERDICT_TRANSPORT, ECONNABORTED,
		    -sent, 0);
		rc = tls_engine_error(s->engine);
	}
	if (rc == -EAGAIN)
		dtls_arm_locked(d, s);
	else if (rc == 0)
		opened(d, s);
	else
		dtls_end_locked(d, s, rc);
}

bool
dtls_count_locked(struct dtls_sock *d)
{
	if (d->counted >= d->sessions.n)
		return true;
	if (limit_try(LIMIT_TLS_SESSION_CONTEXTS)) {
		d->counted++;
		return true;
	}
	if (!d->full)
		limit_exceeded(LIMIT_TLS_SESSION_CONTEXTS,
		    "a DTLS server's session with one more client, whose "
		    "datagrams are dropped until another one leaves");
	d->full = true;
	return false;
}

void
dtls_discount_locked(struct dtls_sock *d)
{
	if (d->counted == 0 || d->counted < d->sessions.n)
		return;
	limit_give(LIMIT_TLS_SESSION_CONTEXTS);
	d->counted--;
	d->full = false;
}

/* The word for why, while somebody is there to hear it. */
static void
tell(struct dtls_sock *d, struct dtls_session *s)
{
	struct verdict v;

	if (!tls_engine_failed(s->engine) ||
	    atomic_load(&d->tls.native.base.closing))
		return;
	if (d->refused)
		tls_engine_note_refused(s->engine);
	tls_engine_explain(s->engine, s->name, &v);
	tls_sock_reason_locked(&d->tls, &v);
}

void
dtls_end_locked(struct dtls_sock *d, struct dtls_session *s, int error)
{
	const bool server = dtls_is_server_locked(d);

	tell(d, s);
	if (s->open || !server)
		d->news |= error == 0 || error == -ENOTCONN ? POLLHUP : POLLERR;
	if (error != 0 && (s->open || !server))
		d->tls.error = d->untold = error;
	if (d->ready == s)
		d->ready = NULL;
	dtls_table_remove(&d->sessions, s);
	dtls_discount_locked(d);
	if (d->active == s)
		d->active = d->sessions.open.newest;
	if (d->latest == s || !server)
		show(d, d->sessions.open.newest);
}

int
dtls_settle_locked(struct dtls_sock *d, struct dtls_session *s)
{
	const bool failed = tls_engine_error(s->engine) != 0;
	const bool server = dtls_is_server_locked(d);
	int error = 0;

	if (failed)
		error = -quirk(QUIRK_DTLS_FAILED);
	else if (!server)
		error = -ENOTCONN;
	if (!failed)
		tls_engine_shutdown(s->engine); /* the answer to the peer's */
	(void)dtls_io_flush_locked(d, s);       /* the peer may be gone */
	dtls_end_locked(d, s, error);
	return server ? 0 : error;
}

void
dtls_break_locked(struct dtls_sock *d, struct dtls_session *s, int error,
    const char *why)
{
	struct verdict v;

	verdict_set(&v, "DTLS %s: session with %s ended: %s",
	    dtls_is_server_locked(d) ? "server" : "client", s->name, why);
	tls_sock_reason_locked(&d->tls, &v);
	dtls_end_locked(d, s, error);
}

bool
dtls_is_elsewhere(const struct dtls_session *s)
{
	return s->share != NULL && !share_is_ours(s->share);
}

/* Sessions end by close_notify; best effort, as a stream's. */
static void
dtls_farewell(struct zsock *base)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	struct dtls_list *l = &d->sessions.open;

	pthread_mutex_lock(&d->tls.lock);
	if (d->tls.used == atomic_load(&sock_forks)) {
		for (struct dtls_session *s = l->oldest; s != NULL;) {
			struct dtls_session *newer = s->newer;

			if (!dtls_is_elsewhere(s)) {
				tls_engine_shutdown(s->engine);
				(void)dtls_io_flush_to_locked(d, s->engine,
				    &s->peer, s->peer_len);
			}
			s = newer;
		}
	}
	tls_sock_unlock(&d->tls);
}

static void
dtls_destroy(struct zsock *base)
{
	struct dtls_sock *d = (struct dtls_sock *)base;

	dtls_table_fini(&d->sessions);
	while (d->counted > 0)
		dtls_discount_locked(d);
	tls_engine_free(d->hello);
	d->tls.engine = NULL; /* it was a session's */
	tls_sock_destroy(base);
}

/*
 * Shut for reading, the kernel hands out empty datagrams without end; also of
 * one without a peer, whatever it says.
 */
static int
dtls_shutdown(struct zsock *base, int how)
{
	struct native *n = (struct native *)base;
	const int rc = native_shutdown(base, how);

	if ((rc == 0 || rc == -ENOTCONN) && how != SHUT_WR)
		atomic_store(&n->shut, true);
	return rc;
}

/* A client that is to come finds the new settings. */
static int
dtls_setsockopt(struct zsock *base, int level, int name, const void *val,
    socklen_t len)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	const int rc = option_set(base, level, name, val, len);

	if (rc < 0 || level != TLS_LEVEL)
		return rc;
	pthread_mutex_lock(&d->tls.lock);
	d->stale = true;
	pthread_mutex_unlock(&d->tls.lock);
	return rc;
}

static const struct option *const tables[] = {
	tls_options,
	dtls_options,
	native_dgram_options,
	NULL,
};

static const struct zsock_ops dtls_ops = {
	.name = "dtls",
	.options = tables,
	.destroy = dtls_destroy,
	.farewell = dtls_farewell,
	.forking = dtls_fork_before,
	.forked = dtls_fork_after,
	.bind = native_bind,
	.connect = dtls_connect,
	.listen = native_listen_dgram,
	.accept = sock_no_accept,
	.shutdown = dtls_shutdown,
	.sendmsg = dtls_sendmsg,
	.recvmsg = dtls_recvmsg,
	.getsockname = native_getsockname,
	.getpeername = native_getpeername,
	.getsockopt = option_get,
	.setsockopt = dtls_setsockopt,
	.ioctl = sock_no_ioctl,
	.poll_begin = dtls_poll_begin,
	.poll_end = dtls_poll_end,
	.no_public_recvmsg = true,
	.poll_out_free = true,
	.secure = true,
};
