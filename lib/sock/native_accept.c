#include "sock/native.h"

#include <errno.h>
#include <poll.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "base/limits.h"
#include "base/profile.h"

/* A stream that does not listen has no connections, and no end of waiting. */
static int
accept_unlistening(struct native *n)
{
	const int nonblock = native_nonblock(n->base.kfd);

	if (nonblock != 0)
		return nonblock < 0 ? nonblock : -EAGAIN;
	profile_hazard("accept: the socket does not listen: EINVAL",
	    "waits for ever");
	return -EINVAL;
}

/*
 * The older device refuses a peer that is gone again.  What it has sent would
 * be lost then, so such a peer is handed out.
 */
static int
accept_gone(int kfd)
{
	struct pollfd p = { .fd = kfd, .events = POLLRDHUP };
	char byte;

	if (kernel->poll(&p, 1, 0) <= 0 || (p.revents & POLLRDHUP) == 0)
		return 0;
	if (kernel->recvfrom(kfd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL,
	        NULL) > 0) {
		profile_hazard("accept: the peer has sent data and closed: "
		               "handed out",
		    "answers ECONNABORTED and loses the data");
		return 0;
	}
	return -quirk(QUIRK_ACCEPT_GONE);
}

static int
accept_once(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	struct pollfd p = { .fd = s->kfd, .events = POLLIN };
	int kfd, rc;

	do {
		kfd = kfd_opened(
		    kernel->accept4(s->kfd, addr, len, SOCK_CLOEXEC));
		if (kfd != -EAGAIN || quirk(QUIRK_ACCEPT_NO_TIMEOUT) == 0 ||
		    native_nonblock(s->kfd) != 0)
			return kfd;
		/* SO_RCVTIMEO ended it, which accept does not look at. */
		rc = (int)err_from_kernel(kernel->poll(&p, 1, -1));
	} while (rc > 0);
	return rc;
}

int
native_accept_kfd(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	struct native *n = (struct native *)s;
	const socklen_t room = len != NULL ? *len : 0;
	int kfd, rc;

	if (quirk(QUIRK_ACCEPT_NOT_LISTENING) != 0 &&
	    atomic_load(&n->state) != NATIVE_LISTENING)
		return accept_unlistening(n);
	for (;;) {
		if (len != NULL)
			*len = room;
		kfd = accept_once(s, addr, len);
		if (kfd < 0)
			return kfd;
		rc = quirk(QUIRK_ACCEPT_GONE) != 0 ? accept_gone(kfd) : 0;
		if (rc < 0) {
			native_close_kfd(kfd);
			return rc;
		}
		/* Out of contexts the device does not see the connection. */
		if (limit_take(LIMIT_CONTEXTS, "an incoming connection"))
			return kfd;
		native_close_kfd(kfd);
	}
}

void
native_drop_child(int kfd)
{
	limit_give(LIMIT_CONTEXTS);
	native_close_kfd(kfd);
}

/* A port as the older device invents it for an accepted socket. */
static in_port_t
invented_port(int kfd)
{
	return htons((in_port_t)(0x8000 | (kfd * 2654435761U >> 17)));
}

int
native_init_child(struct native *n, const struct zsock_ops *ops, int kfd,
    const struct native *parent)
{
	int rc = 0;

	if (quirk(QUIRK_ACCEPT_PLAIN_CHILD) != 0 &&
	    !atomic_load(&parent->plain))
		rc = native_forget_options(parent, kfd);
	if (rc < 0) {
		native_drop_child(kfd);
		return rc;
	}
	n->type = SOCK_STREAM;
	atomic_init(&n->family, atomic_load(&parent->family));
	atomic_init(&n->plain,
	    quirk(QUIRK_ACCEPT_PLAIN_CHILD) != 0 ||
	        atomic_load(&parent->plain));
	if (quirk(QUIRK_SOCKNAME_CHILD) != 0)
		atomic_init(&n->child_port, invented_port(kfd));
	sock_init(&n->base, ops, kfd);
	native_set_state(n, NATIVE_CONNECTED);
	return 0;
}
