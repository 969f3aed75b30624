#include "sock/native.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/address.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/profile.h"
#include "sock/socks.h"

/* How long connect sleeps in the kernel: what a connection on loopback needs. */
#define FIRST_WAIT_MS 1

/* How often a wait for nothing but time looks whether it was closed. */
#define CLOSED_LOOK_MS 20

static int
connect_ms(void)
{
	const int ms = quirk(QUIRK_CONNECT_LIMIT);

	return ms != 0 ? limit_get(LIMIT_CONNECT_MS, ms) : -1;
}

/* The older device waits its whole limit out before it says that it failed. */
static void
wait_out(struct native *n, struct deadline until)
{
	int left;

	while ((left = deadline_left_ms(until)) > 0 &&
	    !atomic_load(&n->base.closing)) {
		/* An interruption shortens this look, not the whole wait. */
		(void)kernel->poll(NULL, 0,
		    left < CLOSED_LOOK_MS ? left : CLOSED_LOOK_MS);
	}
}

/*
 * The device connects from a port that another listens on, too; the kernel then
 * takes one of its own.
 */
static int
bind_for_connect(struct native *n)
{
	const int rc = native_bind_wish(n);

	if (rc != -EADDRINUSE)
		return rc;
	log_line(LOG_WARN,
	    "connect: another socket listens on the port that "
	    "this one is bound to: it gets another port");
	atomic_store(&n->taken, false);
	return 0;
}

/*
 * It is connected: from here on the limit of its sends counts.  No send of a
 * secure socket waits in the kernel.
 */
static int
settle_connected(struct native *n)
{
	const struct zsock_ops *ops = n->base.ops;
	int rc = 0;

	if (quirk(QUIRK_SEND_WINDOW) != 0 && !ops->secure)
		rc = native_limit_sends(n);
	native_set_state(n, NATIVE_CONNECTED);
	return rc;
}

/* Did the network fail, rather than the caller's arguments? */
static bool
is_network_error(int error)
{
	return error == ECONNREFUSED || error == ETIMEDOUT ||
	    error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN;
}

/*
 * It will never be connected.  The kernel may still be trying, and those who
 * wait for it then hear what has become of it.
 */
static void
give_up(struct native *n, int error)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	(void)native_latch(n, error);
	native_set_state(n, NATIVE_FAILED);
	/* It may have been closed meanwhile, which is as good. */
	(void)kernel->connect(n->base.kfd, &nobody, sizeof(nobody));
}

/* The errno is not what the kernel had to say about that peer. */
static void
tell_other_word(const struct sockaddr *peer, int cause, int error)
{
	char text[ADDRESS_TEXT_SIZE];

	address_text(peer, text);
	log_line(LOG_WARN, "connect to %s: %s, which the device calls %s", text,
	    err_name(cause), err_name(error));
}

/* The stream will never be connected; the device's word for why. */
static int
settle_failed(struct native *n, const struct sockaddr *peer, int error,
    bool blocking, struct deadline until)
{
	const int cause = error;

	if (quirk(QUIRK_CONNECT_AFTER_FAILURE) == 0 || !is_network_error(error))
		return -error;
	if (quirk(QUIRK_CONNECT_WAITS_OUT) != 0) {
		wait_out(n, until);
		error = ETIMEDOUT;
	} else if (error == ECONNREFUSED && blocking) {
		error = quirk(QUIRK_CONNECT_REFUSED);
	}
	if (error != cause)
		tell_other_word(peer, cause, error);
	give_up(n, error);
	return -error;
}

static bool
same_peer(struct native *n, const union native_addr *to)
{
	union native_addr now;
	socklen_t len = sizeof(now);

	if (kernel->getpeername(n->base.kfd, &now.any, &len) == -1 ||
	    now.any.sa_family != to->any.sa_family ||
	    now.in.sin_port != to->in.sin_port)
		return false;
	if (to->any.sa_family == AF_INET)
		return now.in.sin_addr.s_addr == to->in.sin_addr.s_addr;
	return memcmp(&now.in6.sin6_addr, &to->in6.sin6_addr,
	           sizeof(now.in6.sin6_addr)) == 0;
}

int
native_progress(struct native *n)
{
	struct pollfd p = { .fd = n->base.kfd, .events = POLLOUT };
	int error;

	if (kernel->poll(&p, 1, 0) <= 0)
		return -EALREADY;
	error = native_error(n);
	if (error == 0)
		return settle_connected(n);
	native_set_state(n, NATIVE_FAILED);
	return -error;
}

/* What a stream answers that is not new; 1 if it may be connected. */
static int
not_new(struct native *n, const union native_addr *to)
{
	if (profile_get() == PROFILE_LINUX)
		return 1;
	switch (atomic_load(&n->state)) {
	case NATIVE_LISTENING:
		return -quirk(QUIRK_CONNECT_LISTENER);
	case NATIVE_CONNECTING:
		return native_progress(n);
	case NATIVE_CONNECTED:
		if (quirk(QUIRK_CONNECT_AGAIN) != 0 && !same_peer(n, to))
			profile_hazard("connect: a connected stream and "
			               "another peer: EALREADY",
			    "says 0 after its time limit and has lost the "
			    "connection");
		return -quirk(QUIRK_CONNECT_AGAIN);
	case NATIVE_FAILED:
		profile_hazard("connect: a stream that failed to connect "
		               "before",
		    quirk(QUIRK_POLL_AFTER_FAILURE) != 0
		        ? "crashes: make a new socket"
		        : "needs a new socket");
		return -atomic_load(&n->error);
	default:
		return 1;
	}
}

static bool
is_nowhere(const union native_addr *a)
{
	if (a->in.sin_port == 0)
		return true;
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == htonl(INADDR_ANY) ||
		    IN_MULTICAST(ntohl(a->in.sin_addr.s_addr));
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr) ||
	    IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
}

static bool
is_multicast6(const union native_addr *a)
{
	return a->any.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
}

static int
check_family(struct native *n, const struct sockaddr *addr)
{
	if (profile_get() == PROFILE_LINUX ||
	    addr->sa_family == atomic_load(&n->family))
		return 0;
	return -quirk(QUIRK_CONNECT_FAMILY);
}

static bool
has_peer(int kfd)
{
	union native_addr a;
	socklen_t len = sizeof(a);

	return kernel->getpeername(kfd, &a.any, &len) == 0;
}

/*
 * The kernel's own blocking connect, so that closing the socket and signals
 * work on it as on any other, but not for longer than most connections take:
 * SO_SNDTIMEO is the limit that it knows.  A poll waits for the rest.
 */
static int
kernel_connect(struct native *n, const struct sockaddr *addr, socklen_t len,
    bool blocking, struct deadline until)
{
	const int kfd = n->base.kfd;
	bool interrupted;
	int rc;

	if (profile_get() == PROFILE_LINUX && !blocking)
		return (int)err_from_kernel(kernel->connect(kfd, addr, len));
	/* One that does not wait sleeps nowhere. */
	rc = blocking && connect_ms() >= 0
	    ? native_set_timeout(kfd, SO_SNDTIMEO,
	          connect_ms() < FIRST_WAIT_MS ? connect_ms() : FIRST_WAIT_MS)
	    : 0;
	if (rc == 0 && atomic_load(&n->base.closing))
		return -EINTR;
	if (rc == 0)
		rc = (int)err_from_kernel(kernel->connect(kfd, addr, len));
	if (rc != -EINPROGRESS && rc != -EINTR)
		return rc;
	if (!blocking)
		return -EINPROGRESS;
	/*
	 * Interrupted, the first wait over, or its mode does not wait.  Closing
	 * the socket before the kernel's connect began has woken nobody.
	 */
	if (atomic_load(&n->base.closing))
		return -EINTR;
	interrupted = rc == -EINTR;
	rc = native_wait(kfd, POLLOUT, until);
	if (rc == 0)
		rc = -native_error(n);
	if (rc == 0 && interrupted && !has_peer(kfd))
		rc = -EINTR; /* it never began */
	return rc;
}

static int
connect_directly(struct native *n, const struct sockaddr *addr, socklen_t len,
    bool blocking)
{
	const union native_addr *to = (const union native_addr *)addr;
	const struct deadline until = deadline_in_ms(connect_ms());
	int rc;

	if (quirk(QUIRK_CONNECT_NOWHERE) != 0 && is_nowhere(to))
		return settle_failed(n, addr, quirk(QUIRK_CONNECT_NOWHERE),
		    true, until);
	if (quirk(QUIRK_CONNECT_MULTICAST) != 0 && is_multicast6(to))
		return -quirk(QUIRK_CONNECT_MULTICAST);
	rc = bind_for_connect(n);
	if (rc < 0)
		return rc;
	/* What it leaves in TIME_WAIT must not keep the port from others. */
	if (atomic_load(&n->bound)) {
		rc = native_set_int(n->base.kfd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (rc < 0)
			return rc;
	}
	rc = kernel_connect(n, addr, len, blocking, until);
	if (rc == -EINPROGRESS) {
		native_set_state(n, NATIVE_CONNECTING);
		return rc;
	}
	/* Connected, and reset before this thread came to see it. */
	if (rc == -ECONNRESET && profile_get() != PROFILE_LINUX) {
		(void)native_latch(n, ECONNRESET);
		rc = 0;
	}
	if (rc < 0)
		return settle_failed(n, addr, -rc, blocking, until);
	return settle_connected(n);
}

/* Without its peer the connection to the proxy is of no use, nor its words. */
static int
ask_proxy(struct native *n, const struct sockaddr *addr)
{
	const int rc = socks_connect(n, addr, deadline_in_ms(connect_ms()));

	if (rc < 0)
		give_up(n, -rc);
	return rc;
}

int
native_connect_stream(struct native *n, const struct sockaddr *addr,
    socklen_t len, bool blocking)
{
	const struct native_proxy *proxy;
	int rc;

	rc = check_family(n, addr);
	if (rc == 0)
		rc = not_new(n, (const union native_addr *)addr);
	if (rc <= 0)
		return rc;
	if (profile_get() != PROFILE_LINUX && !blocking)
		blocking = quirk(QUIRK_CONNECT_NONBLOCK) == 0 ||
		    native_nonblock(n->base.kfd) == 0;
	proxy = atomic_load(&n->proxy);
	if (proxy == NULL)
		return connect_directly(n, addr, len, blocking);
	rc = connect_directly(n, &proxy->addr.any, proxy->len, true);
	return rc < 0 ? rc : ask_proxy(n, addr);
}

/* What is no peer makes the device forget the one it had. */
static bool
is_no_peer(const union native_addr *a)
{
	if (a->any.sa_family != AF_INET && a->any.sa_family != AF_INET6)
		return false;
	return a->in.sin_port == 0 ||
	    (a->any.sa_family == AF_INET
	            ? a->in.sin_addr.s_addr == htonl(INADDR_ANY)
	            : IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr));
}

static int
connect_dgram(struct native *n, const struct sockaddr *addr, socklen_t len)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int rc;

	if (atomic_load(&n->proxy) != NULL)
		return -ENOTSUP; /* streams alone go through a proxy */
	if (addr->sa_family == AF_UNSPEC && quirk(QUIRK_CONNECT_UNSPEC) != 0)
		return -quirk(QUIRK_CONNECT_UNSPEC);
	rc = check_family(n, addr);
	if (rc < 0)
		return rc;
	if (quirk(QUIRK_CONNECT_ANY_CLEARS) != 0 &&
	    is_no_peer((const union native_addr *)addr)) {
		addr = &nobody;
		len = sizeof(nobody);
	}
	return (int)err_from_kernel(kernel->connect(n->base.kfd, addr, len));
}

int
native_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len)
{
	struct native *n = (struct native *)s;

	if (n->type == SOCK_STREAM)
		return native_connect_stream(n, addr, len, false);
	return connect_dgram(n, addr, len);
}

static int
listen_again(struct native *n, const struct sockaddr *addr)
{
	(void)addr;
	return (int)err_from_kernel(kernel->listen(n->base.kfd, SOMAXCONN));
}

/* Listening looks at the other sockets of the port once more. */
static int
listen_beside(struct native *n)
{
	union native_addr a;
	socklen_t len = sizeof(a);

	if (kernel->getsockname(n->base.kfd, &a.any, &len) == -1)
		return -errno;
	return native_try_beside(n, &a.any, listen_again);
}

int
native_listen(struct zsock *s, int backlog)
{
	struct native *n = (struct native *)s;
	int rc;

	/* The kernel forgets what has failed, and the device does not. */
	if (quirk(QUIRK_CONNECT_AFTER_FAILURE) != 0 &&
	    atomic_load(&n->state) == NATIVE_FAILED)
		return -EINVAL;
	rc = native_bind_wish(n);
	if (rc < 0)
		return rc == -EADDRINUSE ? -quirk(QUIRK_LISTEN_TAKEN) : rc;
	if (quirk(QUIRK_BACKLOG_IGNORED) != 0)
		backlog = SOMAXCONN;
	/* Its children must not keep the port from the next listener. */
	if (quirk(QUIRK_BIND_TIME_WAIT) != 0)
		rc = native_set_int(s->kfd, SOL_SOCKET, SO_REUSEADDR, 1);
	/* Children begin with the listener's limit of a blocking send. */
	if (rc == 0 && native_send_ms() > 0)
		rc = native_set_timeout(s->kfd, SO_SNDTIMEO, native_send_ms());
	if (rc == 0)
		rc = (int)err_from_kernel(kernel->listen(s->kfd, backlog));
	if (rc == -EADDRINUSE)
		rc = listen_beside(n);
	if (rc == -EADDRINUSE)
		rc = -quirk(QUIRK_LISTEN_TAKEN);
	if (rc < 0)
		return rc;
	/* If it cannot be known now, accept asks again. */
	if (quirk(QUIRK_ACCEPT_PLAIN_CHILD) != 0)
		(void)native_learn_defaults(atomic_load(&n->family));
	native_set_state(n, NATIVE_LISTENING);
	return 0;
}
