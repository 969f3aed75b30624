#include "sock/native.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/profile.h"

static bool
has_port(int kfd)
{
	union native_addr a;
	socklen_t len = sizeof(a);

	return kernel->getsockname(kfd, &a.any, &len) == 0 &&
	    a.in.sin_port != 0;
}

/*
 * The kernel never gives a socket another address or family, and the older
 * device does: a new kernel socket takes the old one's descriptor.
 */
static int
replace(struct native *n, int family)
{
	const int kfd = native_socket(family, n->type, 0);
	int nonblock, rc = 0;

	if (kfd < 0)
		return kfd;
	nonblock = native_nonblock(n->base.kfd);
	if (!atomic_load(&n->plain))
		native_move_options(n, n->base.kfd, kfd);
	if (nonblock > 0)
		rc = native_set_nonblock(kfd, true);
	if (rc == 0)
		rc = (int)err_from_kernel(
		    kernel->dup3(kfd, n->base.kfd, O_CLOEXEC));
	native_close_kfd(kfd);
	if (rc < 0)
		return rc;
	atomic_store(&n->family, family);
	atomic_store(&n->bound, false);
	return 0;
}

/*
 * On the device a port in TIME_WAIT is free, and one that another socket is
 * bound to is not, whether that one listens or not.  The kernel's SO_REUSEADDR
 * gives the first and takes the second away, so it is set only for the second
 * try, and from listen or connect on.
 */
static int
bind_stream(struct native *n, const struct sockaddr *addr, socklen_t len)
{
	const int kfd = n->base.kfd;
	const int first =
	    atomic_load(&n->reuse) != 0 || quirk(QUIRK_BIND_TAKEN_STREAM) == 0;
	int rc;

	rc = native_set_int(kfd, SOL_SOCKET, SO_REUSEADDR, first);
	if (rc == 0)
		rc = (int)err_from_kernel(kernel->bind(kfd, addr, len));
	if (rc != -EADDRINUSE || first != 0)
		return rc;
	rc = native_set_int(kfd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rc == 0)
		rc = (int)err_from_kernel(kernel->bind(kfd, addr, len));
	if (rc == 0)
		rc = native_set_int(kfd, SOL_SOCKET, SO_REUSEADDR, 0);
	return rc;
}

/* May it be bound now?  May change what it is to make that so. */
static int
make_bindable(struct native *n, int family)
{
	const enum quirk again = n->type == SOCK_STREAM
	    ? QUIRK_BIND_AGAIN_STREAM
	    : QUIRK_BIND_AGAIN_DGRAM;
	const bool fresh = atomic_load(&n->state) == NATIVE_NEW;

	if (atomic_load(&n->bound) || !fresh) {
		if (quirk(again) != 0 || !fresh)
			return -EISCONN;
		return replace(n, family);
	}
	if (family == atomic_load(&n->family))
		return 0;
	if (quirk(QUIRK_BIND_OTHER_FAMILY) != 0)
		return -quirk(QUIRK_BIND_OTHER_FAMILY);
	return replace(n, family);
}

static int
device_error(struct native *n, int rc)
{
	switch (rc) {
	case -EADDRNOTAVAIL:
		return -quirk(QUIRK_BIND_FOREIGN);
	case -EADDRINUSE:
		if (n->type == SOCK_DGRAM)
			return -quirk(QUIRK_BIND_TAKEN_DGRAM);
		if (quirk(QUIRK_BIND_TAKEN_STREAM) != 0)
			return -quirk(QUIRK_BIND_TAKEN_STREAM);
		atomic_store(&n->taken, true); /* listen will say so */
		return 0;
	case -EINVAL:
		/* The kernel has chosen a port for it already. */
		return has_port(n->base.kfd) ? -EISCONN : rc;
	default:
		return rc;
	}
}

int
native_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	struct native *n = (struct native *)s;
	int rc;

	if (profile_get() == PROFILE_LINUX)
		return (int)err_from_kernel(kernel->bind(s->kfd, addr, len));
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		return -EINVAL;
	rc = make_bindable(n, addr->sa_family);
	if (rc < 0)
		return rc;
	rc = n->type == SOCK_STREAM
	    ? bind_stream(n, addr, len)
	    : (int)err_from_kernel(kernel->bind(s->kfd, addr, len));
	if (rc < 0)
		rc = device_error(n, rc);
	if (rc == 0)
		atomic_store(&n->bound, true);
	return rc;
}
