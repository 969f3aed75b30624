#include "sock/tls_poll.h"

#include "base/profile.h"
#include "sock/shimmed.h"
#include "sock/tls_handshake.h"
#include "sock/tls_hold.h"
#include "sock/tls_wait.h"

/*
 * How often poll looks at what another thread may do unseen by the kernel: end
 * a handshake, or leave data in the engine.  A handshake's deadline is noticed
 * with it.
 */
#define OTHERS_MS 25

/* How much is taken in at most before other sockets are looked at again. */
#define FILLS_MAX 16

/*
 * To a program of the host's the end of what the peer sends is only that: it
 * may still send.
 */
static bool
is_over_locked(const struct tls_sock *t, bool shut)
{
	if (tls_engine_ended(t->engine))
		return !shimmed || t->said_all;
	return shut && quirk(QUIRK_SHUTDOWN_RD) != 0;
}

/* A failure that comes to light here leaves its line, and its alert. */
static short
ready_locked(struct tls_sock *t, short events)
{
	const bool shut = atomic_load(&t->native.shut);
	short ready = 0;

	if (tls_engine_readable(t->engine) || shut)
		ready = events & POLLIN;
	if (is_over_locked(t, shut))
		ready |= POLLHUP;
	if (tls_engine_error(t->engine) != 0) {
		(void)tls_wait_flush_locked(t); /* it has failed anyway */
		tls_sock_tell_locked(t);
		ready |= POLLERR;
	}
	return ready;
}

/* Both wishes in one wait: what has to leave must leave, whatever is asked. */
static void
begin_open_locked(struct tls_sock *t, short events, struct poll_slot *slot)
{
	slot->ready = ready_locked(t, events);
	slot->kernel_events = events & (POLLIN | POLLOUT);
	if (tls_wait_flush_locked(t) != 0 && !tls_engine_failed(t->engine))
		slot->kernel_events |= POLLOUT;
	if (t->receivers > 0)
		slot->wake = deadline_in_ms(OTHERS_MS);
	if (slot->ready == 0)
		tls_wait_vain_locked(t);
}

void
tls_poll_begin(struct zsock *s, short events, struct poll_slot *slot)
{
	struct tls_sock *t = (struct tls_sock *)s;

	*slot = (struct poll_slot){ .wake = DEADLINE_NEVER };
	pthread_mutex_lock(&t->lock);
	(void)tls_handshake_go_on_locked(t);
	switch (t->phase) {
	case TLS_PHASE_OPEN:
		begin_open_locked(t, events, slot);
		break;
	case TLS_PHASE_PENDING:
		slot->kernel_events = tls_handshake_wants_locked(t);
		slot->wake = deadline_in_ms(OTHERS_MS);
		break;
	case TLS_PHASE_CONNECTING:
		slot->wake = deadline_in_ms(OTHERS_MS);
		break;
	case TLS_PHASE_FAILED:
		slot->ready = (events & POLLIN) | POLLERR;
		break;
	default:
		native_poll_begin(s, events, slot);
		break;
	}
	tls_sock_unlock(t);
}

/*
 * Not from under a receiver that sleeps, which would not wake up for what is
 * gone: what the kernel has woke it up just now, and shows in the next look
 * what it was.
 */
void
tls_poll_input_locked(struct tls_sock *t)
{
	if (t->pulling)
		return;
	for (int i = 0; i < FILLS_MAX && !tls_engine_readable(t->engine); i++) {
		if (tls_wait_fill_locked(t, 0) != 0)
			break;
	}
	if (t->holds &&
	    (tls_engine_ended(t->engine) || tls_engine_error(t->engine) != 0))
		tls_hold_end_locked(t);
}

/*
 * While there are data the engine does not look for the end.  The kernel tells
 * of it all the same, and so do we: who asks for no input would wait in vain.
 */
static short
end_behind_data_locked(struct tls_sock *t, short events, short revents)
{
	if ((events & POLLIN) != 0 ||
	    (!tls_engine_readable(t->engine) && !atomic_load(&t->native.shut)))
		return 0;
	return revents & (POLLHUP | POLLERR);
}

static short
end_open_locked(struct tls_sock *t, short events, short revents)
{
	const void *data;
	short ready = 0;

	if ((revents & POLLOUT) != 0)
		(void)tls_wait_flush_locked(t); /* a failure shows in input */
	if ((events & revents & POLLOUT) != 0 &&
	    tls_engine_output(t->engine, &data) == 0)
		ready = POLLOUT;
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		tls_poll_input_locked(t);
	ready |= ready_locked(t, events);
	return ready != 0 ? ready : end_behind_data_locked(t, events, revents);
}

short
tls_poll_end(struct zsock *s, short events, short revents)
{
	struct tls_sock *t = (struct tls_sock *)s;
	short ready = 0;

	pthread_mutex_lock(&t->lock);
	if (t->phase == TLS_PHASE_PENDING) {
		/* What it means for the program shows in the next look. */
		(void)tls_handshake_go_on_locked(t);
		if (t->phase == TLS_PHASE_OPEN)
			ready = ready_locked(t, events);
		tls_sock_unlock(t);
		return ready;
	}
	switch (t->phase) {
	case TLS_PHASE_OPEN:
		ready = end_open_locked(t, events, revents);
		break;
	case TLS_PHASE_PENDING:
	case TLS_PHASE_CONNECTING:
	case TLS_PHASE_FAILED:
		break; /* begin has said what there is to say */
	default:
		ready = native_poll_end(s, events, revents);
		break;
	}
	tls_sock_unlock(t);
	return ready;
}
