#include "sock/dtls_calls.h"

#include <poll.h>

#include "base/profile.h"
#include "sock/dtls_due.h"
#include "sock/dtls_io.h"

/*
 * How often poll looks at what another thread may do unseen by the kernel, as
 * in tls_poll.c.
 */
#define OTHERS_MS 25

/* How much is taken in at most before other sockets are looked at again. */
#define FILLS_MAX 16

/* Is there something to read?  What is lent to the engine is taken in. */
static bool
readable(struct dtls_sock *d)
{
	struct dtls_session *s = d->ready;

	if (s == NULL)
		return false;
	if (!tls_engine_readable(s->engine)) {
		(void)dtls_io_flush_locked(d, s); /* an answer of OpenSSL's */
		d->ready = NULL;
		return false;
	}
	if (tls_engine_error(s->engine) == 0 && !tls_engine_ended(s->engine)) {
		dtls_heard_locked(d, s);
		return true;
	}
	(void)dtls_settle_locked(d, s); /* news of it are kept */
	return false;
}

static short
take_news(struct dtls_sock *d)
{
	const short news = d->news;

	d->news = 0;
	return news;
}

/*
 * There is always room on the device.  On Linux POLLOUT is how a program hears
 * that the handshake it does not wait for is complete.
 */
static short
asked_room(const struct dtls_sock *d, short events)
{
	const bool under_way = d->tls.phase == TLS_PHASE_PENDING ||
	    d->tls.phase == TLS_PHASE_CONNECTING;

	return under_way && quirk(QUIRK_TLS_HANDSHAKE_INSIDE) == 0
	    ? 0
	    : events & POLLOUT;
}

/*
 * Takes in what has come until there is something to tell; true if nothing more
 * is there.  Not from under a receiver that sleeps, nor from a handshake.
 */
static bool
input(struct dtls_sock *d)
{
	unsigned char room[DTLS_DATAGRAM_MAX];
	bool emptied = false;

	for (int i = 0; i < FILLS_MAX && !emptied; i++) {
		if (readable(d) || d->news != 0 || d->tls.pulling)
			break;
		emptied = dtls_io_take_in_locked(d, room) != 0;
	}
	(void)readable(d); /* room goes */
	return emptied;
}

/* Silent sessions end, unless something of theirs has come after all. */
static void
end_silent(struct dtls_sock *d)
{
	if (dtls_is_server_locked(d) && dtls_idle_over_locked(d) && input(d) &&
	    d->ready == NULL)
		dtls_expire_locked(d);
}

static void
begin_open(struct dtls_sock *d, short events, struct poll_slot *slot)
{
	end_silent(d);
	slot->kernel_events = asked_room(d, events);
	if (readable(d))
		slot->ready = events & POLLIN;
	else if (!d->asking)
		slot->kernel_events |= POLLIN;
	slot->ready |= take_news(d);
	slot->wake = dtls_wake_locked(d);
	if (slot->ready != 0)
		return;
	if (d->tls.receivers > 0 || d->asking)
		slot->wake = deadline_in_ms(OTHERS_MS);
	if (d->tls.quiet)
		dtls_rest_locked(d);
	d->tls.quiet = true;
}

/* The older device's poll does not know yet what has come. */
static bool
is_unaware(const struct dtls_sock *d)
{
	return quirk(QUIRK_DTLS_POLL_FIRST) != 0 && !d->served &&
	    dtls_is_server_locked(d);
}

static void
begin_server(struct dtls_sock *d, short events, struct poll_slot *slot)
{
	if (is_unaware(d)) {
		slot->kernel_events = events;
		return;
	}
	if (dtls_server_ready_locked(d) < 0) {
		slot->ready = POLLERR;
		return;
	}
	begin_open(d, events, slot);
}

/* A handshake that was left goes on while the program only polls. */
static void
go_on(struct dtls_sock *d)
{
	if (d->tls.phase != TLS_PHASE_PENDING)
		return;
	(void)dtls_client_go_on_locked(d); /* the phase tells */
}

/* Nobody but a send or a connect begins a handshake. */
static void
begin_client(struct dtls_sock *d, short events, struct poll_slot *slot)
{
	go_on(d);
	switch (d->tls.phase) {
	case TLS_PHASE_OPEN:
	case TLS_PHASE_PENDING:
		begin_open(d, events, slot);
		break;
	default:
		slot->kernel_events = asked_room(d, events);
		slot->ready = take_news(d);
		slot->wake = deadline_in_ms(OTHERS_MS);
		break;
	}
}

void
dtls_poll_begin(struct zsock *base, short events, struct poll_slot *slot)
{
	struct dtls_sock *d = (struct dtls_sock *)base;

	*slot = (struct poll_slot){ .wake = DEADLINE_NEVER };
	pthread_mutex_lock(&d->tls.lock);
	if (dtls_whole_locked(d) != 0) {
		slot->ready = (events & POLLIN) | POLLERR;
	} else if (atomic_load(&d->tls.native.shut)) {
		slot->ready = events & POLLIN;
		if (quirk(QUIRK_SHUTDOWN_RD) != 0)
			slot->ready |= POLLHUP;
	} else {
		dtls_tick_locked(d);
		if (dtls_is_server_locked(d))
			begin_server(d, events, slot);
		else
			begin_client(d, events, slot);
	}
	tls_sock_unlock(&d->tls);
}

short
dtls_poll_end(struct zsock *base, short events, short revents)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	short ready = revents & events & POLLOUT;

	pthread_mutex_lock(&d->tls.lock);
	if (dtls_whole_locked(d) != 0) {
		ready = 0; /* begin has said what there is to say */
	} else if (is_unaware(d) && (revents & POLLIN) != 0) {
		ready |= (short)(POLLIN | quirk(QUIRK_DTLS_POLL_FIRST));
	} else if ((revents & (POLLIN | POLLERR | POLLHUP)) != 0) {
		if (d->tls.phase == TLS_PHASE_PENDING)
			go_on(d);
		else if (d->tls.phase != TLS_PHASE_CONNECTING)
			(void)input(d);
		if (readable(d))
			ready |= events & POLLIN;
		ready |= take_news(d);
	}
	tls_sock_unlock(&d->tls);
	return ready;
}
