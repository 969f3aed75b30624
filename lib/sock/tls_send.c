#include "sock/tls_data.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "base/config.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/shimmed.h"
#include "sock/tls_handshake.h"
#include "sock/tls_hold.h"
#include "sock/tls_wait.h"

/* What is sent when the kernel's count of its room is too low for any. */
#define ROOM_LEAST 256

/* How long a call may wait for records that the kernel has not taken. */
#define REST_MS 1000

/*
 * Data follow the first ones: from here the program's wish counts.  Many a
 * connection never comes to that.
 */
static void
relax_locked(struct tls_sock *t)
{
	if (!t->quick || !t->spoken)
		return;
	t->quick = false;
	if (t->nodelay == 0 &&
	    kernel->setsockopt(t->native.base.kfd, IPPROTO_TCP, TCP_NODELAY,
	        &t->nodelay, sizeof(t->nodelay)) == -1)
		t->nodelay = 1; /* it stays on, and getsockopt says so */
}

/* Encrypts one piece of a message; returns how much, or a negative errno. */
static ssize_t
send_piece_locked(struct tls_sock *t, const char *p, size_t len,
    struct tls_patience *patience)
{
	size_t done = 0;
	ssize_t n;
	int go;

	while (done < len) {
		n = tls_engine_write(t->engine, p + done, len - done);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		go = tls_wait_step_locked(t, n, patience);
		if (go != 0)
			return done > 0 ? (ssize_t)done : go < 0 ? go : n;
	}
	return (ssize_t)done;
}

/*
 * How much of a piece a call may take.  A device's send takes one record, which
 * ZSOCK_TLS_MAX_RECORD brings about; its sendmsg goes on until all is taken.
 */
static size_t
most_of(const struct msghdr *m, size_t len)
{
	const size_t limit = (size_t)config_get()->max_record;

	return m->msg_flags == SOCK_ONE_BUFFER && limit != 0 && len > limit
	    ? limit
	    : len;
}

/* A piece of a message, counted in bytes of its data. */
struct part {
	size_t from, most;
};

/*
 * At most that part of the message, and what earlier calls have left.  Returns
 * how much was taken, or a negative errno; a broken connection shows in
 * tls_engine_write_error.
 */
static ssize_t
send_part_locked(struct tls_sock *t, const struct msghdr *m, struct part part,
    struct tls_patience *p)
{
	ssize_t rc, total = 0;
	size_t len;

	relax_locked(t);
	/* Ciphertext of an earlier call goes first, or nothing does. */
	rc = tls_wait_drain_locked(t, p);
	for (size_t i = 0; rc >= 0 && i < m->msg_iovlen; i++) {
		const size_t all = m->msg_iov[i].iov_len;
		const size_t skip = part.from < all ? part.from : all;

		part.from -= skip;
		len = most_of(m, all - skip);
		if (len > part.most - (size_t)total)
			len = part.most - (size_t)total;
		rc = send_piece_locked(t,
		    (const char *)m->msg_iov[i].iov_base + skip, len, p);
		if (rc > 0)
			total += rc;
		if (rc >= 0 && (size_t)rc < all - skip)
			break;
	}
	if (rc >= 0)
		(void)tls_wait_drain_locked(t, p); /* or the next call does */
	t->spoken = true;
	return total > 0 || rc >= 0 ? total : rc;
}

static size_t
total_of(const struct msghdr *m)
{
	size_t total = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		total += m->msg_iov[i].iov_len;
	return total;
}

/* The kernel says that it has room, and the program would believe it. */
static size_t
least_room(const struct tls_sock *t)
{
	struct pollfd p = { .fd = t->native.base.kfd, .events = POLLOUT };

	return kernel->poll(&p, 1, 0) > 0 ? ROOM_LEAST : 0;
}

/* Records that are made and not taken: nobody would look after them. */
static void
leave_none_locked(struct tls_sock *t)
{
	struct tls_patience p = { .handshake = true,
		.until = deadline_in_ms(REST_MS) };

	(void)tls_wait_drain_locked(t, &p); /* else the next call goes on */
}

/*
 * How much of len bytes may become records now: what the kernel has room for.
 * Waits for some, if the call may; else -EAGAIN.
 */
static ssize_t
room_for_locked(struct tls_sock *t, size_t len, struct tls_patience *p)
{
	size_t room = tls_hold_room_locked(t, len);
	int rc;

	if (room == 0)
		room = least_room(t);
	while (room == 0) {
		rc = tls_wait_output_locked(t, p);
		if (rc < 0)
			return rc;
		room = tls_hold_room_locked(t, len);
		if (room == 0)
			room = ROOM_LEAST; /* there is some */
	}
	return (ssize_t)(room < len ? room : len);
}

/*
 * Where the program waits for the kernel's descriptor, no more records are made
 * than the kernel has room for: what is left of a call that was interrupted, or
 * may not wait, is the program's to send again, and nobody has to look after
 * any.  Should some be left all the same, it is waited for.
 */
static ssize_t
send_held_locked(struct tls_sock *t, const struct msghdr *m,
    struct tls_patience *p)
{
	const size_t all = total_of(m);
	size_t total = 0;
	ssize_t n;

	do {
		const ssize_t room = room_for_locked(t, all - total, p);

		n = room < 0 ? room
		             : send_part_locked(t, m,
		                   (struct part){ total, (size_t)room }, p);
		if (n > 0) {
			total += (size_t)n;
			leave_none_locked(t);
		}
		if (n < room)
			break;
	} while (n > 0 && total < all &&
	    !(p->dontwait || native_nonblock(t->native.base.kfd) != 0));
	return total > 0 ? (ssize_t)total : n;
}

/* The kernel would find it out; the engine would use it. */
static bool
has_null_buffer(const struct msghdr *m)
{
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_base == NULL && m->msg_iov[i].iov_len > 0)
			return true;
	}
	return false;
}

/* A program of the host's knows one errno for a peer that is gone. */
static ssize_t
write_error_locked(struct tls_sock *t)
{
	const int rc = tls_engine_write_error(t->engine);

	return rc == -ECONNABORTED && shimmed ? -EPIPE : rc;
}

/*
 * A program that waits for the kernel's descriptor finds it writable while the
 * handshake waits for the peer: so a send waits, too, as long as that may take.
 */
static int
usable_for_send_locked(struct tls_sock *t, struct tls_patience *call)
{
	struct tls_patience p = { .handshake = true };

	if (!shimmed || t->phase != TLS_PHASE_PENDING)
		return tls_handshake_usable_locked(t, call);
	p.until = deadline_in_ms(tls_handshake_limit_ms());
	return tls_handshake_usable_locked(t, &p);
}

/*
 * Bytes that were encrypted count as sent; what the kernel does not take at
 * once leaves with the next call on this socket, or its close.
 */
ssize_t
tls_data_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	struct tls_sock *t = (struct tls_sock *)s;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT,
		.option = SO_SNDTIMEO };
	bool unready, changed = false;
	ssize_t rc;

	if (has_null_buffer(m))
		return -quirk(QUIRK_ARGUMENT_NULL);
	pthread_mutex_lock(&t->lock);
	rc = usable_for_send_locked(t, &p);
	unready = rc == -ENOTCONN;
	if (rc < 0)
		goto out;
	if (t->said_all) {
		rc = -EPIPE;
		goto out;
	}
	/* After the peer's close_notify the device sends no more. */
	if (tls_engine_ended(t->engine) && !shimmed) {
		rc = -ECONNABORTED;
		goto out;
	}
	changed = tls_retry_differs(&t->refused, m);
	rc = t->holds
	    ? send_held_locked(t, m, &p)
	    : send_part_locked(t, m, (struct part){ 0, total_of(m) }, &p);
	tls_wait_moved_locked(t, &t->sent);
	if (rc == -EAGAIN)
		tls_retry_note(&t->refused, m);
	if (tls_engine_failed(t->engine)) {
		tls_sock_hear_out_locked(t);
		tls_sock_tell_locked(t);
		rc = write_error_locked(t);
		if (t->holds)
			tls_hold_end_locked(t);
	}
out:
	tls_sock_unlock(t);
	if (changed && quirk(QUIRK_TLS_SEND_CHANGED) != 0)
		profile_hazard("send: other data than EAGAIN has refused "
		               "before: sent",
		    "sends the refused ones in their place");
	if (unready && quirk(QUIRK_TLS_SEND_UNCONNECTED) != 0)
		profile_hazard("send: a secure socket before its handshake: "
		               "ENOTCONN",
		    "crashes");
	return rc;
}
