#include "sock/native.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/fdtable.h"

/* How long a blocking send waits for a peer that takes nothing. */
#define SEND_MS_DEFAULT 10000

int
native_send_ms(void)
{
	return quirk(QUIRK_SEND_WINDOW) != 0
	    ? limit_get(LIMIT_SEND_MS, SEND_MS_DEFAULT)
	    : 0;
}

bool
native_untouched(const struct native *n)
{
	return atomic_load(&n->plain) && profile_get() != PROFILE_LINUX &&
	    !fdtable_kernel_numbers();
}

/*
 * May poll, send and recv ask the kernel alone?  See struct zsock_ops.  What
 * contains a struct native has operations of its own, and is never plain.
 */
static void
set_plain(struct native *n, bool plain)
{
	const struct zsock_ops *ops = n->base.ops;

	plain = plain && !atomic_load(&n->shut);
	if (ops->poll_begin == native_poll_begin)
		fdtable_set_poll(&n->base,
		    plain ? SOCK_POLL_FIN : SOCK_POLL_OWN);
	if (ops->sent == native_sent)
		atomic_store(&n->base.io_plain,
		    profile_get() == PROFILE_LINUX ||
		        (plain && n->type == SOCK_STREAM &&
		            quirk(QUIRK_SEND_AFTER_FIN) == 0 &&
		            quirk(QUIRK_SEND_SNDTIMEO) == 0));
}

void
native_set_state(struct native *n, enum native_state state)
{
	atomic_store(&n->state, (int)state);
	set_plain(n, state == NATIVE_CONNECTED);
}

int
native_set_windows(int kfd)
{
	const int recv = limit_get(LIMIT_RECV_WINDOW, 0);
	const int send = limit_get(LIMIT_SEND_WINDOW, 0);
	int rc = 0;

	if (recv > 0)
		rc = native_set_int(kfd, SOL_SOCKET, SO_RCVBUF, recv);
	if (rc == 0 && send > 0)
		rc = native_set_int(kfd, SOL_SOCKET, SO_SNDBUF, send);
	return rc;
}

/* On the device an IPv6 socket never carries IPv4. */
static int
prepare(int kfd, int family, int type)
{
	int rc = 0;

	if (family == AF_INET6 && quirk(QUIRK_V6_ONLY) != 0)
		rc = native_set_int(kfd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (rc == 0 && type == SOCK_STREAM && quirk(QUIRK_BIND_TIME_WAIT))
		rc = native_set_int(kfd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rc == 0 && type == SOCK_DGRAM && quirk(QUIRK_SEND_BROADCAST))
		rc = native_set_int(kfd, SOL_SOCKET, SO_BROADCAST, 1);
	/* The target's limits, which are nobody's on the host. */
	if (rc == 0 && type == SOCK_STREAM && profile_get() != PROFILE_LINUX)
		rc = native_set_windows(kfd);
	return rc;
}

int
native_socket(int family, int type, int proto)
{
	int kfd, rc;

	kfd = kfd_opened(kernel->socket(family, type | SOCK_CLOEXEC, proto));
	if (kfd < 0)
		return kfd;
	rc = prepare(kfd, family, type);
	if (rc < 0) {
		native_close_kfd(kfd);
		return rc;
	}
	return kfd;
}

int
native_init(struct native *n, const struct zsock_ops *ops, int kfd, int family,
    int type)
{
	if (!limit_take(LIMIT_CONTEXTS, "zsock_socket")) {
		native_close_kfd(kfd);
		return -ENOENT;
	}
	n->type = type;
	atomic_init(&n->family, family);
	atomic_init(&n->plain, true);
	sock_init(&n->base, ops, kfd);
	set_plain(n, type == SOCK_DGRAM);
	return 0;
}

void
native_fini(struct native *n)
{
	limit_give(LIMIT_CONTEXTS);
	native_free_proxies(n);
	native_close_kfd(n->base.kfd);
}

/* Did the call fail, and not the connection? */
static bool
is_of_the_call(int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR:
	case ENOTCONN:
	case EFAULT:
	case EINVAL:
	case ENOMEM:
	case ENOBUFS:
	case EBADF:
		return true;
	default:
		return false;
	}
}

int
native_latch(struct native *n, int error)
{
	int none = 0;

	if (is_of_the_call(error))
		return error;
	atomic_compare_exchange_strong(&n->error, &none, error);
	return none != 0 ? none : error;
}

int
native_error(struct native *n)
{
	int error = atomic_load_explicit(&n->error, memory_order_relaxed);
	socklen_t len = sizeof(error);

	if (error != 0 ||
	    kernel->getsockopt(n->base.kfd, SOL_SOCKET, SO_ERROR, &error,
	        &len) == -1)
		return error;
	return error != 0 ? native_latch(n, error) : 0;
}

void
native_destroy(struct zsock *s)
{
	native_fini((struct native *)s);
	sock_release(s, sizeof(struct native));
}

/*
 * The kernel sends the FIN when the last reference goes; with data unread it
 * would send a reset instead, which the device does not.  After a fork, in
 * either process, the data may be the other one's.
 */
static void
native_farewell(struct zsock *s)
{
	struct native *n = (struct native *)s;

	if (quirk(QUIRK_CLOSE_UNREAD) != 0 &&
	    s->made == atomic_load(&sock_forks) && n->type == SOCK_STREAM &&
	    atomic_load(&n->state) == NATIVE_CONNECTED)
		native_discard(s->kfd);
}

/*
 * The kernel refuses SHUT_RD on an unconnected socket, but wakes whoever
 * receives on it all the same.  A listener would stop listening: it is not
 * told.
 */
static int
shut_receiving(struct native *n)
{
	atomic_store(&n->shut, true);
	set_plain(n, false);
	if (atomic_load(&n->state) == NATIVE_LISTENING)
		return 0;
	if (kernel->shutdown(n->base.kfd, SHUT_RD) == -1 && errno != ENOTCONN)
		return -errno;
	native_discard(n->base.kfd);
	return 0;
}

int
native_check_shutdown(int how)
{
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	return how != SHUT_RD ? -quirk(QUIRK_SHUTDOWN_WR) : 0;
}

int
native_shutdown(struct zsock *s, int how)
{
	const int rc = native_check_shutdown(how);

	if (rc < 0)
		return rc;
	if (quirk(QUIRK_SHUTDOWN_RD) != 0)
		return shut_receiving((struct native *)s);
	return (int)err_from_kernel(kernel->shutdown(s->kfd, how));
}

/* Stores what the kernel would: as much as fits, and the whole length. */
static void
store_addr(const union native_addr *a, socklen_t alen, struct sockaddr *addr,
    socklen_t *len)
{
	memcpy(addr, a, alen < *len ? alen : *len);
	*len = alen;
}

/* A device has an address only once something gave it one. */
static int
device_name(struct native *n, union native_addr *a)
{
	const bool v6 = a->any.sa_family == AF_INET6;
	const int invented = atomic_load(&n->child_port);

	if (invented != 0) {
		/* The port has the same place in both structures. */
		memset(a, 0, sizeof(*a));
		a->any.sa_family = v6 ? AF_INET6 : AF_INET;
		a->in.sin_port = (in_port_t)invented;
		return 0;
	}
	if (a->in.sin_port == 0)
		return -quirk(QUIRK_SOCKNAME_UNBOUND);
	/* The older device does not know where it listens unless told. */
	if (quirk(QUIRK_SOCKNAME_CHILD) != 0 && !atomic_load(&n->bound) &&
	    atomic_load(&n->state) == NATIVE_LISTENING)
		return -EINVAL;
	return 0;
}

int
native_getsockname(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	struct native *n = (struct native *)s;
	union native_addr a;
	socklen_t alen = sizeof(a);
	int rc;

	if (kernel->getsockname(s->kfd, &a.any, &alen) == -1)
		return -errno;
	if (atomic_load(&n->taken))
		memcpy(&a, &n->wish, sizeof(n->wish));
	rc = device_name(n, &a);
	if (rc == 0)
		store_addr(&a, alen, addr, len);
	return rc;
}

int
native_getpeername(struct zsock *s, struct sockaddr *addr, socklen_t *len)
{
	return (int)err_from_kernel(kernel->getpeername(s->kfd, addr, len));
}

/* SIOCOUTQ is what the device calls FIONWRITE. */
static int
native_ioctl(struct zsock *s, unsigned long request, int *value)
{
	const struct native *n = (const struct native *)s;

	if (quirk(QUIRK_IOCTL_OTHER) == 0)
		return (int)err_from_kernel(
		    kernel->ioctl(s->kfd, request, value));
	switch (request) {
	case FIONBIO:
		if (quirk(QUIRK_FIONBIO_ALWAYS) != 0)
			return native_set_nonblock(s->kfd, true);
		break;
	case FIONREAD:
		break;
	case SIOCOUTQ:
		if (n->type == SOCK_DGRAM)
			return -EOPNOTSUPP;
		if (atomic_load(&n->state) == NATIVE_LISTENING)
			return -EINVAL;
		break;
	default:
		return -quirk(QUIRK_IOCTL_OTHER);
	}
	if (value == NULL)
		return -EINVAL;
	return (int)err_from_kernel(kernel->ioctl(s->kfd, request, value));
}

int
native_listen_dgram(struct zsock *s, int backlog)
{
	(void)s;
	(void)backlog;
	return -quirk(QUIRK_LISTEN_DGRAM);
}

static int stream_accept(struct zsock *s, struct zsock **child,
    struct sockaddr *addr, socklen_t *len);

static const struct option *const stream_options[] = {
	native_stream_options,
	NULL,
};

static const struct option *const dgram_options[] = {
	native_dgram_options,
	NULL,
};

/* The same operations; poll alone is a table of its own on the host. */
#define STREAM_OPS \
	.name = "stream", .options = stream_options, \
	.destroy = native_destroy, .farewell = native_farewell, \
	.bind = native_bind, .connect = native_connect, \
	.listen = native_listen, .accept = stream_accept, \
	.shutdown = native_shutdown, .sendmsg = native_sendmsg, \
	.recvmsg = native_recvmsg, .sent = native_sent, \
	.received = native_received, .getsockname = native_getsockname, \
	.getpeername = native_getpeername, .getsockopt = option_get, \
	.setsockopt = option_set, .ioctl = native_ioctl, \
	.no_message = EDESTADDRREQ, .bare_pointers = true
#define DGRAM_OPS \
	.name = "dgram", .options = dgram_options, .destroy = native_destroy, \
	.farewell = native_farewell, .bind = native_bind, \
	.connect = native_connect, .listen = native_listen_dgram, \
	.accept = sock_no_accept, .shutdown = native_shutdown, \
	.sendmsg = native_sendmsg, .recvmsg = native_recvmsg, \
	.sent = native_sent, .received = native_received, \
	.getsockname = native_getsockname, .getpeername = native_getpeername, \
	.getsockopt = option_get, .setsockopt = option_set, \
	.ioctl = native_ioctl, .no_message = EDESTADDRREQ, \
	.bare_pointers = true, .poll_out_free = true

static const struct zsock_ops host_stream_ops = { STREAM_OPS };
static const struct zsock_ops host_dgram_ops = { DGRAM_OPS };
static const struct zsock_ops stream_ops = { STREAM_OPS,
	.poll_begin = native_poll_begin, .poll_end = native_poll_end };
static const struct zsock_ops dgram_ops = { DGRAM_OPS,
	.poll_begin = native_poll_begin, .poll_end = native_poll_end };

static int
stream_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len)
{
	struct native *n;
	int kfd, rc;

	kfd = native_accept_kfd(s, addr, len);
	if (kfd < 0)
		return kfd;
	n = sock_alloc(sizeof(*n));
	if (n == NULL) {
		native_drop_child(kfd);
		return -ENOMEM;
	}
	rc = native_init_child(n, s->ops, kfd, (const struct native *)s);
	if (rc < 0)
		sock_release(&n->base, sizeof(*n));
	else
		*child = &n->base;
	return rc;
}

int
native_open_with(const struct zsock_ops *ops, int family, int type, int proto,
    struct zsock **out)
{
	const int kfd = native_socket(family, type, proto);
	struct native *n;
	int rc;

	if (kfd < 0)
		return kfd;
	n = sock_alloc(sizeof(*n));
	if (n == NULL) {
		native_close_kfd(kfd);
		return -ENOMEM;
	}
	rc = native_init(n, ops, kfd, family, type);
	if (rc < 0)
		sock_release(&n->base, sizeof(*n));
	else
		*out = &n->base;
	return rc;
}

int
native_open(int family, int type, int proto, struct zsock **out)
{
	const bool host = profile_get() == PROFILE_LINUX;
	/* On the host there are connections of other kinds as well. */
	const bool connects = type == SOCK_STREAM || type == SOCK_SEQPACKET;
	const struct zsock_ops *ops = connects
	    ? (host ? &host_stream_ops : &stream_ops)
	    : (host ? &host_dgram_ops : &dgram_ops);

	return native_open_with(ops, family, type, proto, out);
}
