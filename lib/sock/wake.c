#include "sock/wake.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "base/kernel.h"
#include "base/kfd.h"
#include "sock/fdtable.h"
#include "sock/leaks.h"
#include "sock/native.h"
#include "sock/option.h"

static void
wake_destroy(struct zsock *s)
{
	native_close_kfd(s->kfd);
	sock_release(s, sizeof(*s));
}

static int
no_shutdown(struct zsock *s, int how)
{
	(void)s;
	(void)how;
	return -EOPNOTSUPP;
}

static ssize_t
no_send(struct zsock *s, const struct msghdr *m, int flags)
{
	(void)s;
	(void)m;
	(void)flags;
	return -EOPNOTSUPP;
}

static ssize_t
no_recv(struct zsock *s, struct msghdr *m, int flags)
{
	(void)s;
	(void)m;
	(void)flags;
	return -EOPNOTSUPP;
}

static const struct option *const no_options[] = { NULL };

/* A program that guesses the number gets nothing but refusals. */
static const struct zsock_ops wake_ops = {
	.name = "wake",
	.options = no_options,
	.destroy = wake_destroy,
	.farewell = sock_no_farewell,
	.bind = sock_no_address,
	.connect = sock_no_address,
	.listen = sock_no_listen,
	.accept = sock_no_accept,
	.shutdown = no_shutdown,
	.sendmsg = no_send,
	.recvmsg = no_recv,
	.getsockname = sock_no_name,
	.getpeername = sock_no_name,
	.getsockopt = option_get,
	.setsockopt = option_set,
	.ioctl = sock_no_ioctl,
	.no_message = EOPNOTSUPP,
};

int
wake_open(void)
{
	const int kfd =
	    kfd_opened(kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	struct zsock *s;
	int place;

	if (kfd < 0)
		return kfd;
	s = sock_alloc(sizeof(*s));
	if (s == NULL) {
		native_close_kfd(kfd);
		return -ENOMEM;
	}
	sock_init(s, &wake_ops, kfd);
	leaks_forget(s); /* the library's own: nobody is to close it */
	place = fdtable_reserve_hidden();
	if (place < 0) {
		sock_put(s);
		return place;
	}
	return fdtable_install(place, s);
}

void
wake_close(int sock)
{
	struct zsock *s = fdtable_remove(sock);

	if (s != NULL)
		sock_put(s);
}

void
wake_up(int sock)
{
	struct zsock *s = fdtable_get(sock);
	const uint64_t one = 1;

	if (s == NULL)
		return;
	/* It fails only when it is readable beyond measure. */
	(void)kernel->write(s->kfd, &one, sizeof(one));
	sock_put(s);
}

void
wake_clear(int sock)
{
	struct zsock *s = fdtable_get(sock);
	uint64_t n;

	if (s == NULL)
		return;
	/* It fails only when nobody has woken it. */
	(void)kernel->read(s->kfd, &n, sizeof(n));
	sock_put(s);
}
