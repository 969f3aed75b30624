#include "sock/dtls_fork.h"

#include <errno.h>

#include "sock/share.h"
#include "sock/tls_fork.h"

bool
dtls_fork_take_locked(struct dtls_sock *d, struct dtls_session *s)
{
	struct verdict why;

	if (s->share == NULL || share_take(s->share))
		return true;
	if (s->disowned)
		return false;
	s->disowned = true;
	verdict_set(&why,
	    "the session with %s was forked, and process %d goes on with it: "
	    "EIO",
	    s->name, share_owner(s->share));
	tls_sock_say_locked(&d->tls, LOG_WARN, &why);
	return false;
}

static void
share_each(struct dtls_session *s)
{
	for (; s != NULL; s = s->older) {
		if (s->share == NULL || share_is_ours(s->share))
			s->share = share_new();
	}
}

/* A session that another thread is at work on stays without: see dtls_fork_after. */
void
dtls_fork_before(struct zsock *base)
{
	struct dtls_sock *d = (struct dtls_sock *)base;

	if (pthread_mutex_trylock(&d->tls.lock) != 0)
		return;
	share_each(d->sessions.open.newest);
	share_each(d->sessions.opening.newest);
	pthread_mutex_unlock(&d->tls.lock);
}

/* A callback of the parent's, which runs in no thread of this process. */
static void
give_up_busy(struct dtls_sock *d)
{
	for (struct dtls_session *s = d->sessions.opening.oldest; s != NULL;
	     s = s->newer) {
		if (!s->busy)
			continue;
		s->busy = false;
		s->wake = DEADLINE_NEVER;
		tls_engine_fail(s->engine, VERDICT_TRANSPORT, EBADF, EBADF, 0);
	}
}

/* Of a session without a word both would go on: the child may not. */
static bool
is_undecided(const struct dtls_sock *d)
{
	const struct dtls_session *s = d->sessions.open.newest;

	while (s != NULL && s->share != NULL)
		s = s->older;
	return s != NULL;
}

/* What another thread of the parent was at work on is left behind. */
void
dtls_fork_after(struct zsock *base)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	bool undecided = false;

	if (pthread_mutex_trylock(&d->tls.lock) != 0) {
		d->sessions = (struct dtls_table){ 0 };
		d->hello = NULL;
		d->active = d->latest = d->ready = NULL;
		tls_fork_abandon(&d->tls);
	} else {
		give_up_busy(d);
		undecided = is_undecided(d);
		pthread_mutex_unlock(&d->tls.lock);
	}
	d->asking = false; /* nor does a callback run in this process */
	tls_fork_after(base);
	if (undecided) {
		d->tls.phase = TLS_PHASE_FAILED;
		d->tls.error = -EBADF;
	}
}
