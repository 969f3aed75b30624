/* The half of a socketpair's end that sends. */
#include "sock/pair_end.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/native.h"

void
pair_end_give(int room, uint64_t n)
{
	(void)kernel->write(room, &n, sizeof(n));
}

/*
 * Takes up to n bytes of room; 0 if there is none.  Between taking all and
 * giving the rest back there is none for others: as on the device, a sender
 * that does not wait may find the other end busy.
 */
static size_t
take(const struct end *e, size_t n)
{
	uint64_t room;

	if (kernel->read(e->room, &room, sizeof(room)) != sizeof(room))
		return 0;
	if (room > n) {
		pair_end_give(e->room, room - n);
		room = n;
	}
	return (size_t)room;
}

ssize_t
pair_end_measure(const struct msghdr *m)
{
	size_t sum = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		const struct iovec *v = &m->msg_iov[i];

		if ((v->iov_base == NULL && v->iov_len > 0) ||
		    v->iov_len > SSIZE_MAX - sum)
			return -EINVAL;
		sum += v->iov_len;
	}
	return (ssize_t)sum;
}

/*
 * Sleeps until the reader has read.  -EAGAIN instead of sleeping on a
 * non-blocking socket or if dontwait, -EPIPE if the peer is gone, -EINTR.
 */
static int
wait_for_room(struct end *e, bool dontwait)
{
	const bool choked = atomic_load(&e->choked);
	struct pollfd fds[] = {
		{ .fd = e->base.kfd, .events = choked ? POLLOUT : 0 },
		{ .fd = choked ? -1 : e->room, .events = POLLIN },
	};
	const int nonblock = native_nonblock(e->base.kfd);
	int rc;

	if (nonblock < 0)
		return nonblock;
	rc = (int)err_from_kernel(
	    kernel->poll(fds, 2, nonblock || dontwait ? 0 : -1));
	if (rc < 0)
		return rc;
	if ((fds[0].revents & POLLHUP) != 0)
		return -EPIPE;
	if (rc == 0)
		return -EAGAIN;
	atomic_store(&e->choked, false);
	return 0;
}

/* Sends what room was taken for; what the kernel does not take is given back. */
static ssize_t
push(struct end *e, struct iovec *iov, size_t n_iov, size_t taken)
{
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = n_iov };
	const ssize_t n = err_from_kernel(
	    kernel->sendmsg(e->base.kfd, &m, MSG_DONTWAIT | MSG_NOSIGNAL));

	if (n < (ssize_t)taken)
		pair_end_give(e->room, taken - (n > 0 ? (size_t)n : 0));
	if (atomic_load(&e->choked) != (n == -EAGAIN))
		atomic_store(&e->choked, n == -EAGAIN);
	/* It went while we were sending, and had not read everything. */
	return n == -ECONNRESET ? -EPIPE : n;
}

/* Waits for some room and sends what fits. */
static ssize_t
send_some(struct end *e, const char *buf, size_t len, bool dontwait)
{
	ssize_t rc;

	do {
		const size_t n = take(e, len);
		struct iovec iov = { (void *)buf, n };

		if (n > 0) {
			rc = push(e, &iov, 1, n);
			if (rc != -EAGAIN)
				return rc;
		}
		rc = wait_for_room(e, dontwait);
	} while (rc == 0);
	return rc;
}

/* A message that does not wait goes as a whole or not at all. */
static ssize_t
send_at_once(struct end *e, const struct msghdr *m, size_t len)
{
	const size_t taken = take(e, len);

	if (taken == len)
		return push(e, m->msg_iov, m->msg_iovlen, len);
	if (taken > 0)
		pair_end_give(e->room, taken);
	if (len > (size_t)e->pair->size && limit_get(LIMIT_PAIR_BUFFER, 0) > 0)
		limit_exceeded(LIMIT_PAIR_BUFFER, "sendmsg on a socketpair");
	return -EMSGSIZE;
}

/*
 * One buffer as a whole; the device leaves it at what fits at once.  Less, or a
 * negative errno, if it comes to an end before.
 */
static ssize_t
send_whole(struct end *e, const struct iovec *v)
{
	const char *buf = v->iov_base;
	size_t done = 0;

	for (;;) {
		const ssize_t n =
		    send_some(e, buf + done, v->iov_len - done, false);

		if (n < 0)
			return done > 0 ? (ssize_t)done : n;
		if (done + (size_t)n == v->iov_len)
			return (ssize_t)v->iov_len;
		if (done == 0)
			profile_hazard("sendmsg on a socketpair: a buffer that "
			               "does not fit",
			    "sends a part and answers the whole");
		done += (size_t)n;
	}
}

/* What went counts, though the rest was interrupted or the peer has gone. */
static ssize_t
send_in_turn(struct end *e, const struct msghdr *m)
{
	ssize_t rc, total = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		rc = send_whole(e, &m->msg_iov[i]);
		if (rc < 0)
			return total > 0 ? total : rc;
		total += rc;
		if ((size_t)rc < m->msg_iov[i].iov_len)
			break;
	}
	return total;
}

static ssize_t
send_message(struct end *e, const struct msghdr *m, ssize_t len)
{
	struct pollfd fd = { .fd = e->base.kfd };
	int nonblock;

	if (kernel->poll(&fd, 1, 0) > 0 && (fd.revents & POLLHUP) != 0)
		return -EPIPE;
	if (len == 0)
		return 0;
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len == 0)
			return -EINVAL;
	}
	nonblock = native_nonblock(e->base.kfd);
	if (nonblock < 0)
		return nonblock;
	return nonblock ? send_at_once(e, m, (size_t)len) : send_in_turn(e, m);
}

/* The device looks neither at its flags nor at a destination. */
ssize_t
pair_end_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	struct end *e = (struct end *)s;
	const ssize_t len = pair_end_measure(m);

	if (len < 0)
		return len;
	if (m->msg_flags != SOCK_ONE_BUFFER)
		return send_message(e, m, len);
	if (len == 0)
		return -quirk(QUIRK_PAIR_EMPTY);
	return send_some(e, m->msg_iov->iov_base, (size_t)len,
	    (flags & SOCK_DONTWAIT) != 0);
}
