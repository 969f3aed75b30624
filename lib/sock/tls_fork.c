#include "sock/tls_fork.h"

#include <errno.h>
#include <poll.h>

#include "base/kernel.h"
#include "sock/share.h"
#include "sock/tls_wait.h"

/* It is in no state to be used or freed. */
void
tls_fork_abandon(struct tls_sock *t)
{
	pthread_mutex_init(&t->lock, NULL);
	t->engine = NULL;
	t->reason = NULL;
	t->unsaid = NULL;
	t->guests = NULL;
	t->phase = TLS_PHASE_FAILED;
	t->error = -EBADF;
	tls_settings_init(&t->settings);
}

/* A word of another's, or that nobody has taken yet, still says it right. */
void
tls_fork_before(struct zsock *s)
{
	struct tls_sock *t = (struct tls_sock *)s;
	atomic_int *word = atomic_load(&t->share);

	if (pthread_mutex_trylock(&t->lock) == 0) {
		const bool moves = t->engine != NULL;

		if (t->phase == TLS_PHASE_OPEN)
			(void)tls_wait_flush_locked(t); /* as much as leaves */
		pthread_mutex_unlock(&t->lock);
		if (!moves)
			return;
	}
	if (word == NULL || share_is_ours(word))
		atomic_store(&t->share, share_new());
}

/* The copy has the same, so both would go on: the child may not. */
static bool
is_undecided(struct tls_sock *t)
{
	return atomic_load(&t->share) == NULL && t->engine != NULL &&
	    t->native.type == SOCK_STREAM;
}

/* What is still to leave is the parent's to send. */
static bool
owes(struct tls_sock *t)
{
	const void *data;

	return t->native.type == SOCK_STREAM && t->phase == TLS_PHASE_OPEN &&
	    tls_engine_output(t->engine, &data) > 0;
}

static bool
taken_by_other(struct tls_sock *t)
{
	atomic_int *word = atomic_load(&t->share);

	return word != NULL && !share_take(word);
}

bool
tls_fork_is_ours(struct tls_sock *t)
{
	atomic_int *word = atomic_load(&t->share);

	return word == NULL || share_is_ours(word);
}

bool
tls_fork_take_locked(struct tls_sock *t)
{
	struct verdict why;

	if (t->disowned)
		return false;
	if (__builtin_expect(!taken_by_other(t), 1))
		return true;
	t->disowned = true;
	verdict_set(&why,
	    "the connection with %s was forked, and process %d goes on with "
	    "it: EIO",
	    t->peer[0] != '\0' ? t->peer : "a peer",
	    share_owner(atomic_load(&t->share)));
	t->told = true;
	tls_sock_reason_locked(t, &why);
	return false;
}

bool
tls_fork_try_locked(struct tls_sock *t)
{
	atomic_int *word = atomic_load(&t->share);
	struct pollfd p = { .fd = t->native.base.kfd, .events = POLLIN };

	if (__builtin_expect(word == NULL, 1))
		return true;
	if (!t->disowned && share_owner(word) == 0 &&
	    kernel->poll(&p, 1, 0) == 0)
		return true;
	return tls_fork_take_locked(t);
}

void
tls_fork_after(struct zsock *s)
{
	struct tls_sock *t = (struct tls_sock *)s;
	const bool torn = pthread_mutex_trylock(&t->lock) != 0;
	const bool busy = t->receivers > 0 && t->native.type == SOCK_STREAM;

	if (torn)
		tls_fork_abandon(t);
	else
		pthread_mutex_unlock(&t->lock);
	tls_sock_init_conds(t); /* nobody waits on them in this process */
	t->pulling = false;
	t->receivers = 0;
	for (struct tls_sock *g = t->guests; g != NULL; g = g->next_guest)
		native_close_kfd(g->native.base.kfd); /* the parent's affair */
	t->guests = NULL;
	if (torn || busy || t->phase == TLS_PHASE_CONNECTING ||
	    is_undecided(t) || owes(t)) {
		t->phase = TLS_PHASE_FAILED;
		t->error = -EBADF;
	}
}
