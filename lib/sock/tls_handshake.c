#include "sock/tls_handshake.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <openssl/ssl.h>

#include "base/config.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "sock/kinds.h"
#include "sock/tls_hold.h"
#include "tls/version.h"

/* The lowest version that the protocol number asks for. */
static int
min_version(int protocol)
{
	switch (protocol) {
	case KINDS_TLS_1_3:
		return TLS1_3_VERSION;
	case KINDS_TLS_1_2:
		return TLS1_2_VERSION;
	case KINDS_TLS_1_1:
		return TLS1_1_VERSION;
	case KINDS_DTLS_1_2:
		return DTLS1_2_VERSION;
	case KINDS_DTLS_1_0:
		return DTLS1_VERSION;
	default:
		return TLS1_VERSION;
	}
}

/*
 * The program's TLS_CERT_VERIFY_CALLBACK may call for this very socket, so it
 * is called without the lock.  That it is CONNECTING keeps the engine from
 * everybody else meanwhile.
 */
static int
ask_unlocked(void *ctx, void *cert, int depth, uint32_t *flags)
{
	struct tls_sock *t = ctx;
	const struct tls_verify_callback program = t->settings.callback;
	int rc;

	tls_sock_unlock(t);
	rc = program.call(program.ctx, cert, depth, flags);
	pthread_mutex_lock(&t->lock);
	return rc;
}

int
tls_handshake_make_engine_locked(struct tls_sock *t, enum tls_role role,
    const char *peer, struct tls_engine **out)
{
	const int version = min_version(t->protocol);
	struct tls_settings settings = t->settings; /* borrowed */
	struct tls_context *ctx;
	struct verdict why;
	int rc;

	if (settings.callback.call != NULL)
		settings.callback =
		    (struct tls_verify_callback){ ask_unlocked, t };
	rc = tls_context_get(settings.tags, settings.ntags, &ctx, &why);
	if (rc == 0) {
		rc = tls_engine_new(ctx, &settings, role, version, peer, out,
		    &why);
		tls_context_put(ctx);
	}
	if (rc < 0) {
		verdict_of_handshake(&why, role, tls_version_is_dgram(version),
		    peer);
		tls_sock_reason_locked(t, &why);
	}
	return rc;
}

/*
 * Small flights that wait for each other meet Nagle's algorithm and delayed
 * acknowledgements, 40 ms at a time; so they leave at once, until the
 * program's own data flow.
 */
static void
hurry_locked(struct tls_sock *t)
{
	const int on = 1;
	socklen_t len = sizeof(t->nodelay);

	if (!native_untouched(&t->native) &&
	    kernel->getsockopt(t->native.base.kfd, IPPROTO_TCP, TCP_NODELAY,
	        &t->nodelay, &len) == -1)
		return; /* slower, not wrong */
	if (kernel->setsockopt(t->native.base.kfd, IPPROTO_TCP, TCP_NODELAY,
	        &on, sizeof(on)) == 0)
		t->quick = true;
}

/* Why the handshake could not go on, if the engine does not know. */
static void
note_failure_locked(struct tls_sock *t, int rc, const struct tls_patience *p)
{
	if (rc == -ETIMEDOUT) {
		tls_engine_fail(t->engine, VERDICT_DEADLINE, ETIMEDOUT, 0,
		    p->limit_ms);
	} else {
		tls_sock_hear_out_locked(t);
		tls_engine_fail(t->engine, VERDICT_TRANSPORT, ECONNABORTED, -rc,
		    0);
	}
	tls_sock_tell_locked(t);
}

int
tls_handshake_limit_ms(void)
{
	return limit_get(LIMIT_HANDSHAKE_MS, config_get()->handshake_ms);
}

/* The handshake as far as p lets it wait. */
static int
run_locked(struct tls_sock *t, struct tls_patience *p)
{
	int rc, go;

	do {
		rc = tls_engine_handshake(t->engine);
		go = tls_wait_step_locked(t, rc, p);
	} while (go == 0);
	if (go > 0 && rc == 0)
		return tls_wait_drain_locked(t, p);
	return go < 0 ? go : rc;
}

/* What became of it: says so, and wakes up who waits for it. */
static int
settle_locked(struct tls_sock *t, int rc, const struct tls_patience *p)
{
	const bool closing = atomic_load(&t->native.base.closing);

	if (rc < 0 && t->engine != NULL && !closing) {
		note_failure_locked(t, rc, p);
		rc = tls_engine_error(t->engine);
	} else if (rc < 0 && closing) {
		rc = -EINTR; /* nobody is there to hear why */
	}
	if (rc == 0) {
		t->record.adds = tls_engine_overhead(t->engine);
		tls_sock_tell_success_locked(t);
		tls_engine_rest(t->engine);
	}
	t->phase = rc == 0 ? TLS_PHASE_OPEN : TLS_PHASE_FAILED;
	t->error = rc;
	if (rc < 0 && t->holds)
		tls_hold_end_locked(t);
	pthread_cond_broadcast(&t->settled);
	return rc;
}

/* The TCP connection is there.  0, or the negative errno that ended it all. */
static int
start_locked(struct tls_sock *t, enum tls_role role)
{
	int rc;

	t->role = role;
	tls_sock_find_peer_locked(t);
	t->until = deadline_in_ms(tls_handshake_limit_ms());
	rc = tls_handshake_make_engine_locked(t, role, t->peer, &t->engine);
	if (rc == 0)
		hurry_locked(t);
	return rc;
}

int
tls_handshake_locked(struct tls_sock *t, enum tls_role role)
{
	struct tls_patience p = { .handshake = true,
		.limit_ms = tls_handshake_limit_ms() };
	int rc;

	rc = start_locked(t, role);
	p.until = t->until;
	if (rc == 0)
		rc = run_locked(t, &p);
	return settle_locked(t, rc, &p);
}

void
tls_handshake_later_locked(struct tls_sock *t, enum tls_role role)
{
	t->role = role;
	t->phase = TLS_PHASE_PENDING;
	t->until = DEADLINE_NEVER; /* it has not begun */
}

/* It is left again, unless it is over, to whichever call is next. */
static void
leave_locked(struct tls_sock *t)
{
	if (t->phase != TLS_PHASE_CONNECTING)
		return;
	t->phase = TLS_PHASE_PENDING;
	pthread_cond_broadcast(&t->settled);
}

/*
 * As far as it goes without waiting: 0 it is complete, -EAGAIN, or the negative
 * errno that has ended it.  The phase is CONNECTING, for whoever comes while
 * the program's callback runs.
 */
static int
step_locked(struct tls_sock *t)
{
	struct tls_patience p = { .handshake = true,
		.dontwait = true,
		.limit_ms = tls_handshake_limit_ms() };
	int rc = 0;

	if (t->engine == NULL) {
		if (t->role == TLS_ROLE_CLIENT)
			rc = native_progress(&t->native);
		if (rc == -EALREADY)
			return -EAGAIN; /* TCP has a time limit of its own */
		if (rc == 0)
			rc = start_locked(t, t->role);
	}
	p.until = t->until;
	if (rc == 0)
		rc = run_locked(t, &p);
	if (rc == -EAGAIN && deadline_left_ms(t->until) != 0)
		return rc;
	return settle_locked(t, rc == -EAGAIN ? -ETIMEDOUT : rc, &p);
}

short
tls_handshake_wants_locked(struct tls_sock *t)
{
	const void *data;

	if (t->engine == NULL)
		return t->role == TLS_ROLE_CLIENT ? POLLOUT : POLLIN;
	return (short)(POLLIN |
	    (tls_engine_output(t->engine, &data) > 0 ? POLLOUT : 0));
}

/*
 * A call that may wait goes on with the handshake as long as that may take; the
 * others wait for it, or for their own time to be over.  Only one sleeps on the
 * kernel: what it takes in would not wake up another.
 */
static int
finish_locked(struct tls_sock *t, struct tls_patience *call)
{
	struct deadline until;
	int rc;

	t->phase = TLS_PHASE_CONNECTING;
	t->owner = pthread_self();
	for (;;) {
		rc = step_locked(t);
		if (t->phase != TLS_PHASE_CONNECTING)
			return rc;
		rc = tls_wait_bound_locked(t, call);
		if (rc < 0)
			break;
		until =
		    call->until.at_ns < t->until.at_ns ? call->until : t->until;
		rc = tls_wait_sleep_locked(t, tls_handshake_wants_locked(t),
		    until);
		if (rc < 0 && rc != -EINTR)
			break;
	}
	leave_locked(t);
	return rc;
}

int
tls_handshake_go_on_locked(struct tls_sock *t)
{
	int rc;

	if (t->phase != TLS_PHASE_PENDING)
		return 0;
	t->phase = TLS_PHASE_CONNECTING;
	t->owner = pthread_self();
	rc = step_locked(t);
	leave_locked(t);
	return rc;
}

/* It is a copy of another process's, made while that was at work on it. */
static void
tell_of_fork_locked(struct tls_sock *t)
{
	struct verdict why;

	if (t->told)
		return;
	t->told = true;
	verdict_set(&why,
	    "this process was forked while the connection with %s was in use, "
	    "or by other means than fork: EBADF",
	    t->peer[0] != '\0' ? t->peer : "a peer");
	tls_sock_reason_locked(t, &why);
}

int
tls_handshake_usable_locked(struct tls_sock *t, struct tls_patience *p)
{
	int rc;

	while (t->phase == TLS_PHASE_CONNECTING) {
		rc = tls_wait_cond_locked(t, &t->settled, p);
		if (rc < 0)
			return rc;
	}
	if (t->phase == TLS_PHASE_PENDING) {
		rc = finish_locked(t, p);
		if (t->phase == TLS_PHASE_PENDING)
			return rc;
	}
	switch (t->phase) {
	case TLS_PHASE_OPEN:
		return 0;
	case TLS_PHASE_FAILED:
		if (t->error == -EBADF)
			tell_of_fork_locked(t);
		return t->error;
	default:
		return -ENOTCONN;
	}
}
