#include "sock/dtls_calls.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/dtls_due.h"
#include "sock/dtls_path.h"

/* What one datagram is made of. */
struct payload {
	const void *data;
	size_t len;
	void *merged; /* several buffers in one, or NULL */
};

/*
 * Only one buffer may have something in it, unless the target has room to put
 * several together.
 */
static int
check_pieces(size_t pieces, size_t total)
{
	const int shipped = quirk(QUIRK_DTLS_SENDMSG) != 0 ? 0 : -1;
	const int room = limit_get(LIMIT_DTLS_SENDMSG, shipped);

	return pieces > 1 && room >= 0 && total > (size_t)room ? -EMSGSIZE : 0;
}

static int
gather(const struct msghdr *m, struct payload *p)
{
	size_t pieces = 0, total = 0;
	unsigned char *to;
	int rc;

	*p = (struct payload){ 0 };
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		const struct iovec *v = &m->msg_iov[i];

		if (v->iov_len == 0)
			continue;
		if (v->iov_base == NULL)
			return -quirk(QUIRK_ARGUMENT_NULL);
		*p = (struct payload){ v->iov_base, v->iov_len, NULL };
		if (v->iov_len > SSIZE_MAX - total)
			return -EMSGSIZE;
		pieces++;
		total += v->iov_len;
	}
	rc = check_pieces(pieces, total);
	if (rc < 0 || pieces < 2)
		return rc;
	p->merged = to = malloc(total);
	if (to == NULL)
		return -ENOMEM;
	*p = (struct payload){ to, total, to };
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		const size_t n = m->msg_iov[i].iov_len;

		if (n > 0)
			memcpy(to, m->msg_iov[i].iov_base, n);
		to += n;
	}
	return 0;
}

static void
scatter(struct payload *p)
{
	if (p->merged == NULL)
		return;
	OPENSSL_cleanse(p->merged, p->len);
	free(p->merged);
}

/*
 * The device ends the session over a datagram that it, or its network, cannot
 * carry.
 */
static int
refuse(struct dtls_sock *d, struct dtls_session *s, size_t len, int rc)
{
	const int word = quirk(QUIRK_DTLS_SEND_FAILED);
	char why[160];

	if (word == 0)
		return rc;
	if (rc == -EMSGSIZE)
		snprintf(why, sizeof(why),
		    "a datagram of %zu bytes is more than one record, or the "
		    "way to the peer, carries",
		    len);
	else
		snprintf(why, sizeof(why), "the datagram could not be sent: %s",
		    strerror(-rc));
	dtls_break_locked(d, s, -word, why);
	return -word;
}

/* Until the kernel has room, for as long as the call may wait. */
static int
wait_room(struct dtls_sock *d, struct tls_patience *p)
{
	int rc = tls_wait_bound_locked(&d->tls, p);

	if (rc == 0 && atomic_load(&d->tls.native.base.closing))
		rc = -EINTR;
	return rc < 0 ? rc : tls_wait_sleep_locked(&d->tls, POLLOUT, p->until);
}

/* A session that ended while the call slept is looked for in vain. */
static struct dtls_session *
find(struct dtls_sock *d, const union native_addr *to)
{
	struct dtls_session *s = dtls_table_find(&d->sessions, to);

	return s != NULL && s->open ? s : NULL;
}

/*
 * What the kernel has no room for is not sent: the record is made anew, so that
 * nothing of a refused call leaves later.
 */
static PATH_INLINE ssize_t
send_payload(struct dtls_sock *d, struct dtls_session *s,
    const struct payload *payload, struct tls_patience *p)
{
	const union native_addr to = s->peer;
	ssize_t rc;

	for (;;) {
		rc = tls_engine_write(s->engine, payload->data, payload->len);
		if (rc >= 0)
			rc = dtls_path_flush_locked(d, s);
		if (rc != -EAGAIN)
			break;
		rc = wait_room(d, p);
		if (rc < 0)
			return rc;
		s = find(d, &to);
		if (s == NULL)
			return -ENOTCONN;
	}
	if (rc < 0 && tls_engine_error(s->engine) != 0)
		dtls_end_locked(d, s, (int)rc);
	else if (rc < 0)
		rc = refuse(d, s, payload->len, (int)rc);
	return rc < 0 ? rc : (ssize_t)payload->len;
}

/* Linux takes an address of no bytes for none. */
static bool
has_name(const struct msghdr *m)
{
	return m->msg_name != NULL && m->msg_namelen > 0;
}

/* An address that is cut would be another one. */
static int
check_length(const struct msghdr *m)
{
	const union native_addr *to = m->msg_name;
	socklen_t least = sizeof(to->any.sa_family);

	if (m->msg_namelen >= least && to->any.sa_family == AF_INET)
		least = sizeof(to->in);
	else if (m->msg_namelen >= least && to->any.sa_family == AF_INET6)
		least = NATIVE_IN6_LEAST;
	return m->msg_namelen < least || m->msg_namelen > sizeof(*to) ? -EINVAL
	                                                              : 0;
}

/* The address as this side keeps it, whatever the caller's structure holds. */
static socklen_t
copy_name(const struct msghdr *m, union native_addr *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, m->msg_name, m->msg_namelen);
	return out->any.sa_family == AF_INET ? sizeof(out->in)
	                                     : sizeof(out->in6);
}

/* Nobody answers from such an address. */
static bool
is_nowhere(const union native_addr *a)
{
	if (a->in.sin_port == 0)
		return true;
	return a->any.sa_family == AF_INET
	    ? a->in.sin_addr.s_addr == htonl(INADDR_ANY)
	    : IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

/* A client's first destination is its peer; from then on there is no other. */
static int
choose_peer(struct dtls_sock *d, const struct msghdr *m)
{
	union native_addr to;
	socklen_t len;
	int rc;

	if (!has_name(m))
		return d->peer_len == 0 ? -EDESTADDRREQ : 0;
	rc = check_length(m);
	if (rc < 0)
		return rc;
	len = copy_name(m, &to);
	if (d->peer_len != 0)
		return dtls_same_peer(&to, &d->peer) ? 0 : -EISCONN;
	if (to.any.sa_family != atomic_load(&d->tls.native.family))
		return -EINVAL;
	if (is_nowhere(&to))
		return -EDESTADDRREQ;
	d->peer = to;
	d->peer_len = len;
	return 0;
}

static PATH_INLINE ssize_t
client_send(struct dtls_sock *d, const struct msghdr *m,
    const struct payload *payload, struct tls_patience *p)
{
	struct dtls_session *s;
	int rc;

	rc = choose_peer(d, m);
	if (rc == 0)
		rc = dtls_client_ready_locked(d, p);
	if (rc < 0)
		return rc;
	s = dtls_only_locked(d);
	return payload->len == 0 ? 0 : send_payload(d, s, payload, p);
}

/* To the client that the address, or else the last datagram, names. */
static PATH_INLINE ssize_t
server_send(struct dtls_sock *d, const struct msghdr *m,
    const struct payload *payload, struct tls_patience *p)
{
	struct dtls_session *s;
	union native_addr to;
	int rc;

	dtls_glance_locked(d); /* which may end any of them */
	s = d->active;
	if (has_name(m)) {
		rc = check_length(m);
		if (rc < 0)
			return rc;
		(void)copy_name(m, &to);
		s = find(d, &to);
		if (s == NULL && d->sessions.open.newest != NULL &&
		    quirk(QUIRK_DTLS_SESSIONS) != 0)
			return -EISCONN;
	}
	if (s == NULL)
		return -ENOTCONN;
	d->active = s;
	return payload->len == 0 ? 0 : send_payload(d, s, payload, p);
}

ssize_t
dtls_sendmsg(struct zsock *base, const struct msghdr *m, int flags)
{
	struct dtls_sock *d = (struct dtls_sock *)base;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT,
		.option = SO_SNDTIMEO };
	struct payload payload;
	ssize_t rc;

	rc = gather(m, &payload);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&d->tls.lock);
	rc = dtls_whole_locked(d);
	if (rc == 0)
		rc = dtls_is_server_locked(d) ? server_send(d, m, &payload, &p)
		                              : client_send(d, m, &payload, &p);
	if (rc < 0 && rc == d->untold)
		d->untold = 0;
	tls_sock_unlock(&d->tls);
	scatter(&payload);
	return rc;
}
