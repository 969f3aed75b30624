#include "sock/dtls_calls.h"

#include <errno.h>
#include <string.h>

#include "base/profile.h"
#include "sock/dtls_due.h"
#include "sock/dtls_path.h"

/* Datagrams without data are no reason to pass over a call's time limit. */
#define FILLS_A_LOOK 64

/* A record's data into the caller's buffers; what does not fit is thrown away. */
static ssize_t
read_record(struct tls_engine *e, struct msghdr *m, int flags)
{
	ssize_t n = 0, total = 0;
	size_t rest = 0;
	bool full = false;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len == 0)
			continue;
		/* Behind its end may be another record, of which no part. */
		if (total > 0 && (!full || tls_engine_left(e) == 0))
			break;
		n = tls_engine_read(e, m->msg_iov[i].iov_base,
		    m->msg_iov[i].iov_len);
		if (n <= 0)
			return total > 0 ? total : n;
		total += n;
		full = (size_t)n == m->msg_iov[i].iov_len;
	}
	if (full)
		rest = tls_engine_skip(e);
	if (rest > 0)
		m->msg_flags |= MSG_TRUNC;
	return flags & MSG_TRUNC ? total + (ssize_t)rest : total;
}

static size_t
room_of(const struct msghdr *m)
{
	size_t total = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		total += m->msg_iov[i].iov_len;
	return total;
}

/* As much of the address as there is room for, and no more is counted. */
static void
store_peer(const struct dtls_session *s, struct msghdr *m)
{
	if (m->msg_name == NULL)
		return;
	if (m->msg_namelen > s->peer_len)
		m->msg_namelen = s->peer_len;
	memcpy(m->msg_name, &s->peer, m->msg_namelen);
}

/*
 * What the session that has got something has for the caller: -EAGAIN if that
 * is nothing.  Reading nothing leaves it there.
 */
static ssize_t
read_ready(struct dtls_sock *d, struct msghdr *m, int flags)
{
	struct dtls_session *s = d->ready;
	ssize_t n = 0;
	bool over;
	int rc;

	if (s == NULL)
		return -EAGAIN;
	if (room_of(m) > 0)
		n = read_record(s->engine, m, flags);
	else if (!tls_engine_readable(s->engine))
		n = -EAGAIN;
	over = tls_engine_error(s->engine) != 0 ||
	    (n == 0 && tls_engine_ended(s->engine));
	if (n > 0 || (n == 0 && !over)) {
		store_peer(s, m);
		dtls_heard_locked(d, s);
		if (n > 0 && tls_engine_starved(s->engine))
			d->ready = NULL;
		return n;
	}
	d->ready = NULL;
	(void)dtls_io_flush_locked(d, s); /* OpenSSL may have an answer */
	if (!over)
		return -EAGAIN;
	rc = dtls_settle_locked(d, s);
	return rc == 0 ? -EAGAIN : rc; /* a server has others */
}

/*
 * Is the call's time over?  Not to be asked between taking a datagram in and
 * reading it: it is lent from the caller's stack.
 */
static int
check_time(struct dtls_sock *d, struct tls_patience *p)
{
	if (++p->fills % FILLS_A_LOOK != 0)
		return 0;
	return tls_wait_bound_locked(&d->tls, p);
}

static PATH_INLINE ssize_t
recv_locked(struct dtls_sock *d, struct msghdr *m, int flags,
    struct tls_patience *p)
{
	unsigned char room[DTLS_DATAGRAM_MAX];
	ssize_t rc = 0;

	for (;;) {
		rc = dtls_is_server_locked(d) ? dtls_server_ready_locked(d)
		                              : dtls_client_usable_locked(d, p);
		if (rc < 0)
			return rc;
		rc = read_ready(d, m, flags);
		if (rc != -EAGAIN)
			return rc;
		dtls_glance_locked(d);
		rc = check_time(d, p);
		if (rc < 0)
			return rc;
		rc = d->tls.pulling ? -EAGAIN
		                    : dtls_path_take_in_locked(d, room);
		if (rc < 0) {
			dtls_tick_locked(d);
			/* Nothing more has come from those who were silent. */
			if (!d->tls.pulling)
				dtls_expire_locked(d);
			rc = dtls_io_wait_locked(d, p);
		}
		if (rc < 0)
			return rc;
	}
}

ssize_t
dtls_recvmsg(struct zsock *base, struct msghdr *m, int flags)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT,
		.option = SO_RCVTIMEO };
	bool waited;
	ssize_t rc;

	if (flags & MSG_PEEK)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&d->tls.lock);
	d->served = true;
	tls_sock_receiving_locked(&d->tls, true);
	rc = dtls_whole_locked(d);
	if (rc == 0)
		rc = recv_locked(d, m, flags, &p);
	tls_sock_receiving_locked(&d->tls, false);
	if (d->ready == NULL)
		dtls_path_release_locked(d);
	d->news = 0; /* the call has told what there was to tell */
	if (rc == -EAGAIN && atomic_load(&d->tls.native.shut))
		rc = -quirk(QUIRK_RECV_SHUT_DGRAM);
	if (rc < 0 && rc == d->untold)
		d->untold = 0;
	waited = rc == -EAGAIN && p.begun && native_nonblock(base->kfd) == 0;
	tls_sock_unlock(&d->tls);
	if (waited && quirk(QUIRK_DTLS_RCVTIMEO) != 0)
		profile_hazard("recv: SO_RCVTIMEO on a DTLS socket: EAGAIN",
		    "waits for ever");
	return rc;
}
