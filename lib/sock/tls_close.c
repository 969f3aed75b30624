#include "sock/tls_close.h"

#include <errno.h>

#include "base/kernel.h"
#include "base/profile.h"
#include "sock/tls_fork.h"
#include "sock/tls_wait.h"

/*
 * How long close may wait for the peer to take what is still to be sent, unless
 * SO_LINGER says otherwise.
 */
#define FAREWELL_MS 1000

/* What of that is as good as no time. */
#define FAREWELL_SLACK_MS 10

/*
 * When close has to be done: within SO_LINGER if that is set, else a second.
 * *linger is what the program has set.
 */
static struct deadline
farewell_deadline(int kfd, struct linger *linger)
{
	socklen_t len = sizeof(*linger);

	if (kernel->getsockopt(kfd, SOL_SOCKET, SO_LINGER, linger, &len) ==
	        -1 ||
	    linger->l_onoff == 0) {
		*linger = (struct linger){ 0 };
		return deadline_in_ms(FAREWELL_MS);
	}
	return deadline_in_ms((int64_t)linger->l_linger * 1000);
}

/*
 * What is left of the time is all that the kernel may wait when the descriptor
 * is closed, and it must not at all on a non-blocking socket, which it would.
 * SO_LINGER of no time is a wish for a reset.
 */
static void
limit_linger(int kfd, struct linger linger, struct deadline until, bool wait)
{
	const int left = deadline_left_ms(until) + FAREWELL_SLACK_MS;

	if (linger.l_onoff == 0 || linger.l_linger == 0)
		return;
	linger.l_linger = wait ? left / 1000 : 0;
	linger.l_onoff = linger.l_linger > 0;
	/* It was set before, so it can be; else close takes its time. */
	(void)kernel->setsockopt(kfd, SOL_SOCKET, SO_LINGER, &linger,
	    sizeof(linger));
}

/* What the kernel does not take at once waits for it, but not for long. */
static void
wait_farewell_locked(struct tls_sock *t, bool open)
{
	const int kfd = t->native.base.kfd;
	/* Nor while others sleep, who are to be woken at once. */
	const bool wait =
	    native_nonblock(kfd) == 0 && atomic_load(&t->native.base.refs) == 1;
	struct linger linger;
	const struct deadline until = farewell_deadline(kfd, &linger);
	struct tls_patience p = { .handshake = wait,
		.dontwait = !wait,
		.until = until };

	if (open)
		(void)tls_wait_drain_locked(t, &p);
	limit_linger(kfd, linger, until, wait);
}

/*
 * close_notify, and what the ring still holds; after a failure, its alert.
 * Best effort: whoever closes does not want to hear more.  Most find room for
 * all of it, and were never told to linger.
 */
static void
farewell_locked(struct tls_sock *t)
{
	const bool open =
	    t->phase == TLS_PHASE_OPEN && !tls_engine_failed(t->engine);
	int rc = 0;

	if (open)
		tls_engine_shutdown(t->engine);
	if (t->engine != NULL && t->phase != TLS_PHASE_CONNECTING)
		rc = tls_wait_flush_locked(t);
	if (rc == -EAGAIN || !native_untouched(&t->native))
		wait_farewell_locked(t, open);
	if (open)
		native_discard(t->native.base.kfd);
}

/*
 * A process that closes a stream of which it and another one have a copy, and
 * which it has not used since, says nothing: the other one does.
 */
void
tls_close_farewell(struct zsock *s)
{
	struct tls_sock *t = (struct tls_sock *)s;

	pthread_mutex_lock(&t->lock);
	for (struct tls_sock *g = t->guests; g != NULL; g = g->next_guest) {
		atomic_store(&g->native.base.closing, true);
		/* Fails if its peer is gone, and then it does not sleep. */
		(void)kernel->shutdown(g->native.base.kfd, SHUT_RDWR);
	}
	if (t->used == atomic_load(&sock_forks) && tls_fork_is_ours(t))
		farewell_locked(t);
	tls_sock_unlock(t);
}

/*
 * The stream goes on in the other direction, so nothing is taken from the
 * engine's input but by the engine: what the device throws away is left where
 * it is, and recv answers 0.  The kernel wakes whoever sleeps.
 */
static int
shut_receiving_locked(struct tls_sock *t)
{
	atomic_store(&t->native.shut, true);
	if (kernel->shutdown(t->native.base.kfd, SHUT_RD) == -1 &&
	    errno != ENOTCONN)
		return -errno;
	return 0;
}

/* Waits, as send does, until close_notify is on its way; the FIN follows. */
static int
shut_sending_locked(struct tls_sock *t)
{
	struct tls_patience p = { .option = SO_SNDTIMEO };
	int rc;

	if (t->phase == TLS_PHASE_OPEN && !tls_engine_failed(t->engine)) {
		rc = tls_wait_drain_locked(t, &p);
		if (rc == 0) {
			tls_engine_shutdown(t->engine);
			rc = tls_wait_drain_locked(t, &p);
		}
		if (rc == -EAGAIN || rc == -EINTR)
			return rc;
	}
	t->said_all = true;
	return kernel->shutdown(t->native.base.kfd, SHUT_WR) == -1 ? -errno : 0;
}

int
tls_close_shutdown(struct zsock *s, int how)
{
	struct tls_sock *t = (struct tls_sock *)s;
	int rc;

	rc = native_check_shutdown(how);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&t->lock);
	if (t->phase == TLS_PHASE_NEW || t->phase == TLS_PHASE_LISTENING) {
		rc = native_shutdown(s, how);
	} else {
		if (how != SHUT_RD)
			rc = shut_sending_locked(t);
		if (rc == 0 && how != SHUT_WR)
			rc = shut_receiving_locked(t);
	}
	tls_sock_unlock(t);
	return rc;
}
