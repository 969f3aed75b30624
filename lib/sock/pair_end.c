#include "sock/pair.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/native.h"
#include "sock/option.h"

/*
 * The bytes lie in a stream pair of the kernel's, which also says what there
 * is to read and that the peer is gone.  What it cannot say is when the device
 * would have room: its buffer is a few bytes, the kernel's is hundreds of
 * messages.  So each end has a counter of the bytes that it may still send, an
 * eventfd.  A sender takes bytes out of it first and the reader puts back what
 * it has read: counter, bytes on their way and bytes in the kernel's queue are
 * always the whole buffer.  The counter is readable exactly while there is
 * room, so that a blocked sender, and poll, sleep in the kernel until the
 * reader has read; no lock and no shared memory is needed, and it works as
 * well if one end has gone to a child process.
 */

/*
 * More than the kernel charges a sender for a message of one byte, halved as it
 * doubles what is asked: so the buffer can be filled byte by byte.
 */
#define CHARGE_HALVED 2048

/* The two ends' common property. */
struct pair {
	atomic_int ends; /* not yet destroyed */
	int size;        /* of the buffer each way, in bytes */
	int room[2];     /* eventfds: bytes that this end may send */
};

/* All but choked is constant. */
struct end {
	struct zsock base;
	struct pair *pair;
	int room;           /* bytes that this end may send */
	int freed;          /* the peer's, to which reading adds */
	atomic_bool choked; /* there is room, but the kernel takes no more */
};

/* It cannot fail: a counter never has more than the buffer's size. */
static void
give(int room, uint64_t n)
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
		give(e->room, room - n);
		room = n;
	}
	return (size_t)room;
}

/* All bytes of the buffers, or -EINVAL if one is NULL or they are too many. */
static ssize_t
measure(const struct msghdr *m)
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
		give(e->room, taken - (n > 0 ? (size_t)n : 0));
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
		give(e->room, taken);
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
static ssize_t
end_sendmsg(struct zsock *s, const struct msghdr *m, int flags)
{
	struct end *e = (struct end *)s;
	const ssize_t len = measure(m);

	if (len < 0)
		return len;
	if (m->msg_flags != SOCK_ONE_BUFFER)
		return send_message(e, m, len);
	if (len == 0)
		return -quirk(QUIRK_PAIR_EMPTY);
	return send_some(e, m->msg_iov->iov_base, (size_t)len,
	    (flags & SOCK_DONTWAIT) != 0);
}

static ssize_t
pull(struct end *e, const struct msghdr *from, int flags)
{
	ssize_t n;

	do {
		struct msghdr m = { .msg_iov = from->msg_iov,
			.msg_iovlen = from->msg_iovlen };

		n = err_from_kernel(kernel->recvmsg(e->base.kfd, &m, flags));
		/* Told once, of a peer that had not read everything. */
	} while (n == -ECONNRESET);
	if (n > 0)
		give(e->freed, (uint64_t)n);
	return n;
}

/*
 * The device ends a wait for a peer that then closes with an error, and
 * answers 0 only to those who come later; so the first try does not wait.
 */
static ssize_t
end_recvmsg(struct zsock *s, struct msghdr *m, int flags)
{
	struct end *e = (struct end *)s;
	ssize_t n = measure(m);

	(void)flags;
	if (n < 0)
		return n;
	if (n == 0)
		return -quirk(QUIRK_PAIR_EMPTY);
	m->msg_namelen = 0;
	m->msg_controllen = 0;
	n = pull(e, m, MSG_DONTWAIT);
	if (n != -EAGAIN)
		return n;
	n = pull(e, m, 0);
	if (n == 0 && native_nonblock(s->kfd) == 0)
		n = -quirk(QUIRK_PAIR_CLOSED_READER);
	return n;
}

static void
end_poll_begin(struct zsock *s, short events, struct poll_slot *slot)
{
	*slot = (struct poll_slot){ .kernel_events = events & POLLIN,
		.wake = DEADLINE_NEVER };
	if (atomic_load(&((struct end *)s)->choked))
		slot->kernel_events |= events & POLLOUT;
}

static int
end_poll_also(struct zsock *s, short events)
{
	struct end *e = (struct end *)s;

	return (events & POLLOUT) != 0 && !atomic_load(&e->choked) ? e->room
	                                                           : -1;
}

/* A peer that is gone is something to read, and a hangup for a writer. */
static short
end_poll_end(struct zsock *s, short events, short revents)
{
	const bool gone = (revents & POLLHUP) != 0;
	short r = 0;

	(void)s;
	if (gone || (revents & POLLIN) != 0)
		r |= events & POLLIN;
	if (gone && ((events & POLLOUT) != 0 || (events & POLLIN) == 0))
		r |= POLLHUP;
	if (!gone && (revents & (POLLOUT | POLL_ALSO)) != 0)
		r |= events & POLLOUT;
	return r;
}

static int
end_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -EISCONN;
}

static int
end_listen(struct zsock *s, int backlog)
{
	(void)s;
	(void)backlog;
	return -EINVAL;
}

static int
end_shutdown(struct zsock *s, int how)
{
	(void)s;
	(void)how;
	return -ENOTSUP;
}

static int
end_name(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -quirk(QUIRK_PAIR_NAMES);
}

static int
end_ioctl(struct zsock *s, unsigned long request, int *value)
{
	switch (request) {
	case FIONBIO:
		return native_set_nonblock(s->kfd, true);
	case FIONREAD:
		return value == NULL
		    ? -EINVAL
		    : (int)err_from_kernel(
		          kernel->ioctl(s->kfd, FIONREAD, value));
	default:
		return -EOPNOTSUPP;
	}
}

static void
pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->room[i] >= 0)
			native_close_kfd(p->room[i]);
	}
	free(p);
	limit_give(LIMIT_PAIRS);
}

static void
end_destroy(struct zsock *s)
{
	struct end *e = (struct end *)s;

	native_close_kfd(s->kfd);
	if (atomic_fetch_sub(&e->pair->ends, 1) == 1)
		pair_free(e->pair);
	sock_release(s, sizeof(*e));
}

static void
end_farewell(struct zsock *s)
{
	(void)s; /* the peer sees the end when the last reference goes */
}

static const struct option *const end_options[] = { NULL };

#define END_OPS \
	.name = "pair", .options = end_options, .destroy = end_destroy, \
	.farewell = end_farewell, .bind = end_bind, .connect = end_bind, \
	.listen = end_listen, .accept = sock_no_accept, \
	.shutdown = end_shutdown, .sendmsg = end_sendmsg, \
	.recvmsg = end_recvmsg, .getsockname = end_name, \
	.getpeername = end_name, .getsockopt = option_get, \
	.setsockopt = option_set, .ioctl = end_ioctl, \
	.poll_begin = end_poll_begin, .poll_end = end_poll_end, \
	.poll_also = end_poll_also, .no_message = EINVAL, .no_address = true

static const struct zsock_ops end_ops = { END_OPS };
static const struct zsock_ops end_ops_no_recvmsg = { END_OPS,
	.no_public_recvmsg = true };

static int
buffer_size(void)
{
	const int size = limit_get(LIMIT_PAIR_BUFFER, quirk(QUIRK_PAIR_BUFFER));

	return size > 0 ? size : quirk(QUIRK_PAIR_BUFFER);
}

/* The counters, each with the whole buffer; NULL and *rc if that fails. */
static struct pair *
pair_new(int *rc)
{
	struct pair *p;

	*rc = -ENOMEM;
	if (!limit_take(LIMIT_PAIRS, "socketpair"))
		return NULL;
	p = malloc(sizeof(*p));
	if (p == NULL) {
		limit_give(LIMIT_PAIRS);
		return NULL;
	}
	atomic_init(&p->ends, 2);
	p->size = buffer_size();
	for (int i = 0; i < 2; i++)
		p->room[i] = kfd_opened(kernel->eventfd((unsigned)p->size,
		    EFD_CLOEXEC | EFD_NONBLOCK));
	*rc = p->room[0] < 0 ? p->room[0] : p->room[1];
	if (*rc >= 0)
		return p;
	pair_free(p);
	return NULL;
}

static void
end_init(struct end *e, int kfd, struct pair *p, int which)
{
	const long space = (long)p->size * CHARGE_HALVED;
	const int bytes = space < INT_MAX ? (int)space : INT_MAX;

	/* As much as the system allows; push deals with less. */
	(void)kernel->setsockopt(kfd, SOL_SOCKET, SO_SNDBUF, &bytes,
	    sizeof(bytes));
	sock_init(&e->base,
	    quirk(QUIRK_PAIR_RECVMSG) ? &end_ops_no_recvmsg : &end_ops, kfd);
	e->pair = p;
	e->room = p->room[which];
	e->freed = p->room[!which];
	atomic_init(&e->choked, false);
}

int
pair_open_ends(struct zsock *out[2])
{
	struct end *ends[2];
	struct pair *p;
	int kfds[2], rc;

	p = pair_new(&rc);
	if (p == NULL)
		return rc;
	rc = -ENOMEM;
	ends[0] = sock_alloc(sizeof(*ends[0]));
	ends[1] = sock_alloc(sizeof(*ends[1]));
	if (ends[0] == NULL || ends[1] == NULL)
		goto out;
	rc = kfd_opened_pair(kernel->socketpair(AF_UNIX,
	                         SOCK_STREAM | SOCK_CLOEXEC, 0, kfds),
	    kfds);
	if (rc < 0)
		goto out;
	for (int i = 0; i < 2; i++) {
		end_init(ends[i], kfds[i], p, i);
		out[i] = &ends[i]->base;
	}
	return 0;
out:
	for (int i = 0; i < 2; i++) {
		if (ends[i] != NULL)
			sock_release(&ends[i]->base, sizeof(*ends[i]));
	}
	pair_free(p);
	return rc;
}
