#include "sock/native.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/fdtable.h"

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
	atomic_store(&n->taken, false);
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

/* A walk over the sockets that have the port of addr. */
struct beside {
	const struct native *self;
	const union native_addr *addr;
	int value;   /* of the option that lets them be beside each other */
	bool exact;  /* one has the very same address */
	bool others; /* one has another */
};

static int
beside_option(const struct native *n)
{
	return n->type == SOCK_STREAM ? SO_REUSEPORT : SO_REUSEADDR;
}

static bool
same_host(const union native_addr *a, const union native_addr *b)
{
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

static void
look_beside(struct zsock *s, int sock, void *arg)
{
	struct beside *b = arg;
	const struct native *n = (const struct native *)s;
	union native_addr a;
	socklen_t len = sizeof(a);

	(void)sock;
	if (s->ops->bind != native_bind || n == b->self ||
	    n->type != b->self->type ||
	    kernel->getsockname(s->kfd, &a.any, &len) == -1 ||
	    a.any.sa_family != b->addr->any.sa_family ||
	    a.in.sin_port != b->addr->in.sin_port)
		return;
	if (same_host(&a, b->addr)) {
		b->exact = true;
		return;
	}
	b->others = true;
	/* If it cannot be set, the second try fails as the first one did. */
	(void)native_set_int(s->kfd, SOL_SOCKET, beside_option(n), b->value);
}

/*
 * On the older device a wildcard and an address of its own may have the same
 * port.  The kernel wants an option on both for that, at the moment of the
 * call; for longer it would have other processes share the port as well.
 */
int
native_try_beside(struct native *n, const struct sockaddr *addr,
    int (*again)(struct native *n, const struct sockaddr *addr))
{
	struct beside b = { .self = n,
		.addr = (const union native_addr *)addr,
		.value = 1 };
	int rc = -EADDRINUSE;

	if (quirk(QUIRK_BIND_BESIDE_WILDCARD) == 0)
		return rc;
	fdtable_each(look_beside, &b);
	if (b.others && !b.exact) {
		rc = native_set_int(n->base.kfd, SOL_SOCKET, beside_option(n),
		    1);
		if (rc == 0)
			rc = again(n, addr);
	}
	b.value = 0;
	fdtable_each(look_beside, &b);
	if (b.others && !b.exact)
		(void)native_set_int(n->base.kfd, SOL_SOCKET, beside_option(n),
		    0); /* as the others' it is not there any more */
	return rc;
}

static socklen_t
len_of(const struct sockaddr *addr)
{
	return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                   : sizeof(struct sockaddr_in);
}

static int
bind_again(struct native *n, const struct sockaddr *addr)
{
	return (int)err_from_kernel(
	    kernel->bind(n->base.kfd, addr, len_of(addr)));
}

static int
kernel_bind(struct native *n, const struct sockaddr *addr, socklen_t len)
{
	int rc;

	rc = n->type == SOCK_STREAM
	    ? bind_stream(n, addr, len)
	    : (int)err_from_kernel(kernel->bind(n->base.kfd, addr, len));
	return rc == -EADDRINUSE ? native_try_beside(n, addr, bind_again) : rc;
}

int
native_bind_wish(struct native *n)
{
	const struct sockaddr *wish = (const struct sockaddr *)&n->wish;
	int rc = 0;

	if (!atomic_load(&n->taken))
		return 0;
	rc = kernel_bind(n, wish, len_of(wish));
	if (rc == 0)
		atomic_store(&n->taken, false);
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
	int refused;

	if (atomic_load(&n->bound) || !fresh) {
		if (quirk(again) != 0 || !fresh)
			return -EISCONN;
		return replace(n, family);
	}
	if (family == atomic_load(&n->family))
		return 0;
	refused = quirk(
	    family == AF_INET6 ? QUIRK_BIND_V6_ON_V4 : QUIRK_BIND_V4_ON_V6);
	return refused != 0 ? -refused : replace(n, family);
}

static int
device_error(struct native *n, const struct sockaddr *addr, int rc)
{
	switch (rc) {
	case -EADDRNOTAVAIL:
		return -quirk(QUIRK_BIND_FOREIGN);
	case -EADDRINUSE:
		if (n->type == SOCK_DGRAM)
			return -quirk(QUIRK_BIND_TAKEN_DGRAM);
		if (quirk(QUIRK_BIND_TAKEN_STREAM) != 0)
			return -quirk(QUIRK_BIND_TAKEN_STREAM);
		memcpy(&n->wish, addr, len_of(addr));
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
	rc = kernel_bind(n, addr, len);
	if (rc < 0)
		rc = device_error(n, addr, rc);
	if (rc == 0)
		atomic_store(&n->bound, true);
	return rc;
}
