/* What becomes of the sessions of a secure datagram socket with time. */
#include "sock/dtls_due.h"

#include <errno.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/dtls_io.h"

/* How long a session keeps memory that it needs only to move bytes. */
#define WARM_NS INT64_C(1000000000)

static void
sooner(int64_t *due_ns, int64_t at_ns)
{
	if (at_ns < *due_ns)
		*due_ns = at_ns;
}

void
dtls_arm_locked(struct dtls_sock *d, struct dtls_session *s)
{
	const int ms = tls_engine_timer_ms(s->engine);

	s->wake = ms < 0 ? DEADLINE_NEVER : deadline_in_ms(ms);
	sooner(&d->due_ns, s->wake.at_ns);
}

/* How long a server's session may be silent, in nanoseconds; 0 is for ever. */
static int64_t
idle_ns(const struct dtls_sock *d)
{
	if (!dtls_is_server_locked(d))
		return 0;
	return (int64_t)limit_get(LIMIT_DTLS_IDLE_MS,
	           quirk(QUIRK_DTLS_IDLE_S) * 1000) *
	    1000000;
}

/* It ends by itself: the peer is told. */
static void
say_goodbye(struct dtls_sock *d, struct dtls_session *s)
{
	if (dtls_is_elsewhere(s))
		return;
	tls_engine_shutdown(s->engine);
	(void)dtls_io_flush_locked(d, s);
}

static void
send_again(struct dtls_sock *d, struct dtls_session *s)
{
	const int rc = tls_engine_timer(s->engine);

	(void)dtls_io_flush_locked(d, s); /* it is sent again, or given up */
	if (rc < 0)
		dtls_end_locked(d, s, rc);
	else
		dtls_arm_locked(d, s);
}

/* Nothing was heard of the client: it is told, in case it is still there. */
static void
expire(struct dtls_sock *d, struct dtls_session *s)
{
	if (s->open) {
		say_goodbye(d, s);
		dtls_end_locked(d, s, 0);
		return;
	}
	tls_engine_fail(s->engine, VERDICT_DEADLINE, ETIMEDOUT, 0,
	    (int)(idle_ns(d) / 1000000));
	dtls_end_locked(d, s, -ETIMEDOUT);
}

/* The earliest of all that is waited for. */
static void
find_due(struct dtls_sock *d, int64_t idle)
{
	const struct dtls_table *t = &d->sessions;

	d->due_ns = INT64_MAX;
	/* What is due of a busy one has to wait until that is no more. */
	for (struct dtls_session *s = t->opening.oldest; s != NULL;
	     s = s->newer) {
		if (!s->busy)
			sooner(&d->due_ns, s->wake.at_ns);
	}
	if (idle > 0 && t->opening.oldest != NULL && !t->opening.oldest->busy)
		sooner(&d->due_ns, t->opening.oldest->active_ns + idle);
	if (idle > 0 && t->open.oldest != NULL)
		sooner(&d->due_ns, t->open.oldest->active_ns + idle);
	if (t->coldest != NULL)
		sooner(&d->due_ns, t->coldest->active_ns + WARM_NS);
}

static void
send_all_again(struct dtls_sock *d, int64_t now)
{
	struct dtls_session *newer;

	for (struct dtls_session *s = d->sessions.opening.oldest; s != NULL;
	     s = newer) {
		newer = s->newer;
		if (s->wake.at_ns <= now && !s->busy)
			send_again(d, s);
	}
}

/* due_ns may be too early, for what it was for may have been put off. */
void
dtls_tick_locked(struct dtls_sock *d)
{
	const int64_t idle = idle_ns(d), now = deadline_now_ns();

	if (d->sessions.n == 0 || (now < d->due_ns && idle == d->idle_ns))
		return;
	d->idle_ns = idle; /* the target's limit may have changed */
	send_all_again(d, now);
	dtls_table_rest(&d->sessions, now - WARM_NS);
	find_due(d, idle);
}

void
dtls_glance_locked(struct dtls_sock *d)
{
	if (deadline_coarse_ns() >= d->due_ns || idle_ns(d) != d->idle_ns)
		dtls_tick_locked(d);
}

static bool
is_idle(const struct dtls_session *s, int64_t since)
{
	return s != NULL && !s->busy && s->active_ns <= since;
}

bool
dtls_idle_over_locked(const struct dtls_sock *d)
{
	const int64_t idle = idle_ns(d), since = deadline_now_ns() - idle;

	return idle > 0 &&
	    (is_idle(d->sessions.open.oldest, since) ||
	        is_idle(d->sessions.opening.oldest, since));
}

void
dtls_expire_locked(struct dtls_sock *d)
{
	const int64_t idle = idle_ns(d), since = deadline_now_ns() - idle;
	const size_t before = d->sessions.n;

	if (idle == 0)
		return;
	while (is_idle(d->sessions.open.oldest, since))
		expire(d, d->sessions.open.oldest);
	while (is_idle(d->sessions.opening.oldest, since))
		expire(d, d->sessions.opening.oldest);
	if (d->sessions.n != before)
		find_due(d, idle);
}

void
dtls_heard_locked(struct dtls_sock *d, struct dtls_session *s)
{
	const int64_t idle = idle_ns(d);

	dtls_table_touch(&d->sessions, s);
	d->active = s;
	sooner(&d->due_ns, s->active_ns + WARM_NS);
	if (idle > 0)
		sooner(&d->due_ns, s->active_ns + idle);
}

struct deadline
dtls_wake_locked(const struct dtls_sock *d)
{
	return (struct deadline){ d->sessions.n > 0 ? d->due_ns : INT64_MAX };
}

void
dtls_rest_locked(struct dtls_sock *d)
{
	dtls_table_rest(&d->sessions, INT64_MAX);
	find_due(d, idle_ns(d));
}
