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
#include "sock/pair_end.h"

/*
 * More than the kernel charges a sender for a message of one byte, halved as it
 * doubles what is asked: so the buffer can be filled byte by byte.
 */
#define CHARGE_HALVED 2048

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
		pair_end_give(e->freed, (uint64_t)n);
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
	ssize_t n = pair_end_measure(m);

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
	.shutdown = end_shutdown, .sendmsg = pair_end_sendmsg, \
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
