#include "sock/tls_data.h"

#include <errno.h>
#include <poll.h>

#include "base/kernel.h"
#include "base/profile.h"
#include "sock/shimmed.h"
#include "sock/tls_fork.h"
#include "sock/tls_handshake.h"
#include "sock/tls_hold.h"
#include "sock/tls_wait.h"

/*
 * To whoever waits for the kernel's descriptor a call that has not filled its
 * buffer says that all is read, so all that has come is.
 */
static bool
goes_on_locked(struct tls_sock *t, size_t room)
{
	return t->holds && !t->pulling && tls_wait_fill_locked(t, room) == 0;
}

/* What recv waits for at least: SO_RCVLOWAT, and something. */
static size_t
least_of(const struct tls_sock *t, size_t len)
{
	return t->lowat < len ? t->lowat : len;
}

/*
 * Fills one buffer with what there is, or all of it if the caller waits for
 * that.  Returns how much, 0 at the end of the stream, or a negative errno.
 */
static ssize_t
recv_piece_locked(struct tls_sock *t, char *p, size_t len, bool all,
    struct tls_patience *patience)
{
	const size_t least = all ? len : least_of(t, len);
	size_t done = 0;
	ssize_t n;
	int go;

	while (done < len) {
		n = tls_engine_read(t->engine, p + done, len - done);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n == -EAGAIN && done >= least) {
			if (!goes_on_locked(t, len - done))
				break;
			continue;
		}
		patience->room = len - done;
		go = tls_wait_step_locked(t, n, patience);
		if (go != 0)
			return done > 0 ? (ssize_t)done : go < 0 ? go : n;
	}
	return (ssize_t)done;
}

static ssize_t
recv_all_locked(struct tls_sock *t, struct msghdr *m, bool all,
    struct tls_patience *p)
{
	ssize_t rc = 0, total = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		rc = recv_piece_locked(t, m->msg_iov[i].iov_base,
		    m->msg_iov[i].iov_len, all, p);
		if (rc > 0)
			total += rc;
		if (rc < 0 || (size_t)rc < m->msg_iov[i].iov_len)
			break;
		/* Further buffers take what is there, but wait no more. */
		p->dontwait = p->dontwait || !all;
	}
	return total > 0 ? total : rc;
}

/* What is there of one record, and stays there. */
static ssize_t
peek_locked(struct tls_sock *t, struct msghdr *m, struct tls_patience *p)
{
	size_t i = 0;
	ssize_t n;
	int go;

	while (i < m->msg_iovlen && m->msg_iov[i].iov_len == 0)
		i++;
	if (i == m->msg_iovlen)
		return 0;
	do {
		n = tls_engine_peek(t->engine, m->msg_iov[i].iov_base,
		    m->msg_iov[i].iov_len);
		go = n == -EAGAIN ? tls_wait_step_locked(t, n, p) : 1;
	} while (go == 0);
	return go < 0 ? go : n;
}

/* Is there nothing to wait for, and will the older device wait for it? */
static bool
is_idle_locked(struct tls_sock *t, const struct msghdr *m, bool dontwait)
{
	struct pollfd p = { .fd = t->native.base.kfd, .events = POLLIN };

	if (quirk(QUIRK_TLS_RECV_NOTHING) == 0 || dontwait)
		return false;
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len > 0)
			return false;
	}
	return native_nonblock(p.fd) == 0 && kernel->poll(&p, 1, 0) == 0 &&
	    !tls_engine_readable(t->engine);
}

/* After SHUT_RD, where that throws away what is queued. */
static bool
is_deaf(struct tls_sock *t)
{
	return atomic_load(&t->native.shut) && quirk(QUIRK_SHUTDOWN_RD) != 0;
}

/*
 * After a fork both processes have what was decrypted before: it is read by the
 * one that goes on with the stream.
 */
static int
own_pending_locked(struct tls_sock *t)
{
	if (!t->held && tls_engine_left(t->engine) == 0)
		return 0;
	return tls_fork_take_locked(t) ? 0 : -EIO;
}

/* What the kernel's descriptor tells is what is left to be read. */
static void
after_recv_locked(struct tls_sock *t)
{
	tls_hold_read_locked(t);
	if (tls_engine_ended(t->engine) || tls_engine_error(t->engine) != 0)
		tls_hold_end_locked(t);
}

ssize_t
tls_data_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	struct tls_sock *t = (struct tls_sock *)s;
	struct tls_patience p = { .dontwait = flags & MSG_DONTWAIT,
		.option = SO_RCVTIMEO };
	bool idle = false;
	ssize_t rc;

	if ((flags & MSG_PEEK) != 0 && !shimmed)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&t->lock);
	rc = tls_handshake_usable_locked(t, &p);
	if (rc == -ENOTCONN)
		rc = -quirk(QUIRK_TLS_RECV_UNCONNECTED);
	if (rc < 0)
		goto out;
	if (is_deaf(t))
		goto out;
	rc = own_pending_locked(t);
	if (rc < 0)
		goto out;
	idle = is_idle_locked(t, m, p.dontwait);
	tls_sock_receiving_locked(t, true);
	rc = flags & MSG_PEEK ? peek_locked(t, m, &p)
	                      : recv_all_locked(t, m, flags & MSG_WAITALL, &p);
	tls_sock_receiving_locked(t, false);
	if (rc == -EAGAIN && atomic_load(&t->native.shut))
		rc = 0;
	if (t->holds)
		after_recv_locked(t);
	if (rc > 0) {
		t->used =
		    atomic_load_explicit(&sock_forks, memory_order_relaxed);
		/* An answer of TLS's own does not wait for the next call. */
		(void)tls_wait_flush_locked(t);
		tls_wait_moved_locked(t, &t->received);
	} else if (rc < 0)
		tls_sock_tell_locked(t);
out:
	tls_sock_unlock(t);
	if (idle)
		profile_hazard("recv: length 0 on a secure socket: 0",
		    "waits for the peer to send something");
	return rc;
}
