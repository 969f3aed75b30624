#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/kernel.h"
#include "sock/native.h"
#include "sock/option_numbers.h"

/* Room for the value of each option below. */
#define VALUE_MAX 64

struct carried {
	int level, name;
};

/* The kernel's options that programs reach by rows of native_options.def. */
static const struct carried carried[] = {
	{ SOL_SOCKET, SO_REUSEPORT },
	{ SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_RCVTIMEO },
	{ SOL_SOCKET, SO_SNDTIMEO },
	{ IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_KEEPIDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL },
	{ IPPROTO_TCP, TCP_KEEPCNT },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_TTL },
	{ IPPROTO_IP, IP_MTU_DISCOVER },
	{ IPPROTO_IP, IP_LOCAL_PORT_RANGE },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS },
	{ IPPROTO_IPV6, IPV6_TCLASS },
	{ IPPROTO_IPV6, IPV6_DONTFRAG },
	{ IPPROTO_IPV6, IPV6_ADDR_PREFERENCES },
};

#define N_CARRIED (sizeof(carried) / sizeof(carried[0]))

/* Of an option; one that the socket's family or the kernel lacks has len 0. */
struct value {
	socklen_t len;
	unsigned char bytes[VALUE_MAX];
};

static void
get_value(const struct carried *c, int kfd, struct value *v)
{
	v->len = sizeof(v->bytes);
	if (kernel->getsockopt(kfd, c->level, c->name, v->bytes, &v->len) == -1)
		v->len = 0;
}

static int
put_value(const struct carried *c, int kfd, const struct value *v)
{
	if (v->len == 0)
		return 0;
	return (int)err_from_kernel(
	    kernel->setsockopt(kfd, c->level, c->name, v->bytes, v->len));
}

/* What a new stream of the kernel has. */
struct defaults {
	struct value of[N_CARRIED];
	int recv_size, send_size; /* as told, not as the kernel doubles them */
	struct value buf_lock;
};

/* Of IPv4 and IPv6; NULL until they are known, and never freed. */
static _Atomic(struct defaults *) defaults[2];

static const struct carried buf_lock = { SOL_SOCKET, SO_BUF_LOCK };

static int
get_size(int kfd, int name)
{
	int size = 0;
	socklen_t len = sizeof(size);

	(void)kernel->getsockopt(kfd, SOL_SOCKET, name, &size, &len);
	return size / 2;
}

/* Nobody knows them better than a new socket. */
static int
ask_defaults(int family, struct defaults *d)
{
	const int fresh = err_from_open(
	    kernel->socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (fresh < 0)
		return fresh;
	for (size_t i = 0; i < N_CARRIED; i++)
		get_value(&carried[i], fresh, &d->of[i]);
	d->recv_size = get_size(fresh, SO_RCVBUF);
	d->send_size = get_size(fresh, SO_SNDBUF);
	get_value(&buf_lock, fresh, &d->buf_lock);
	native_close_kfd(fresh);
	return 0;
}

int
native_learn_defaults(int family)
{
	_Atomic(struct defaults *) *place = &defaults[family == AF_INET6];
	struct defaults *d, *none = NULL;
	int rc;

	if (atomic_load(place) != NULL)
		return 0;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return -ENOMEM;
	rc = ask_defaults(family, d);
	if (rc < 0 || !atomic_compare_exchange_strong(place, &none, d))
		free(d);
	return rc;
}

/* Switching it off alone leaves the kernel the time. */
static int
forget_linger(int kfd)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };

	return (int)err_from_kernel(kernel->setsockopt(kfd, SOL_SOCKET,
	    SO_LINGER, &none, sizeof(none)));
}

/* The kernel's size, which it may change by itself, unless there is a limit. */
static int
forget_buffers(const struct native *parent, int kfd, const struct defaults *d)
{
	int rc = 0;

	if (atomic_load(&parent->rcvbuf) != 0)
		rc = native_set_int(kfd, SOL_SOCKET, SO_RCVBUF, d->recv_size);
	if (rc == 0 && atomic_load(&parent->sndbuf) != 0)
		rc = native_set_int(kfd, SOL_SOCKET, SO_SNDBUF, d->send_size);
	if (rc == 0)
		rc = put_value(&buf_lock, kfd, &d->buf_lock);
	return rc == 0 ? native_set_windows(kfd) : rc;
}

int
native_forget_options(const struct native *parent, int kfd)
{
	const int family = atomic_load(&parent->family);
	const struct defaults *d;
	int rc;

	rc = native_learn_defaults(family);
	if (rc < 0)
		return rc;
	d = atomic_load(&defaults[family == AF_INET6]);
	rc = forget_linger(kfd);
	for (size_t i = 0; rc == 0 && i < N_CARRIED; i++)
		rc = put_value(&carried[i], kfd, &d->of[i]);
	if (rc == 0 &&
	    (atomic_load(&parent->rcvbuf) != 0 ||
	        atomic_load(&parent->sndbuf) != 0))
		rc = forget_buffers(parent, kfd, d);
	if (rc == 0 && native_send_ms() > 0)
		rc = native_set_timeout(kfd, SO_SNDTIMEO, native_send_ms());
	return rc;
}

void
native_move_options(const struct native *n, int from, int to)
{
	const int recv = atomic_load(&n->rcvbuf),
	          send = atomic_load(&n->sndbuf);
	char device[IFNAMSIZ] = "";
	socklen_t len = sizeof(device);
	struct value value;

	/* What the new socket does not take was never more than a wish. */
	for (size_t i = 0; i < N_CARRIED; i++) {
		get_value(&carried[i], from, &value);
		(void)put_value(&carried[i], to, &value);
	}
	if (recv != 0)
		(void)native_set_int(to, SOL_SOCKET, SO_RCVBUF, recv);
	if (send != 0)
		(void)native_set_int(to, SOL_SOCKET, SO_SNDBUF, send);
	if (kernel->getsockopt(from, SOL_SOCKET, SO_BINDTODEVICE, device,
	        &len) == 0 &&
	    len > 0)
		(void)kernel->setsockopt(to, SOL_SOCKET, SO_BINDTODEVICE,
		    device, len);
}
