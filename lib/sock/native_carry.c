#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

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

/* One that the socket's family or the kernel lacks has no value. */
static int
carry(const struct carried *c, int from, int to)
{
	unsigned char value[VALUE_MAX];
	socklen_t len = sizeof(value);

	if (kernel->getsockopt(from, c->level, c->name, value, &len) == -1)
		return 0;
	return (int)err_from_kernel(
	    kernel->setsockopt(to, c->level, c->name, value, len));
}

static int
carry_all(int from, int to)
{
	int rc = 0, failed;

	for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
		failed = carry(&carried[i], from, to);
		if (rc == 0)
			rc = failed;
	}
	return rc;
}

/* The kernel's doubled size, and whether it may change that by itself. */
static int
forget_buffer(int name, int from, int to)
{
	const struct carried lock = { SOL_SOCKET, SO_BUF_LOCK };
	int size;
	socklen_t len = sizeof(size);

	if (kernel->getsockopt(from, SOL_SOCKET, name, &size, &len) == -1 ||
	    kernel->setsockopt(to, SOL_SOCKET, name, &(int){ size / 2 }, len) ==
	        -1)
		return -errno;
	return carry(&lock, from, to);
}

/* Switching it off alone leaves the kernel the time. */
static int
forget_linger(int kfd)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };

	return (int)err_from_kernel(kernel->setsockopt(kfd, SOL_SOCKET,
	    SO_LINGER, &none, sizeof(none)));
}

/* Nobody knows the defaults better than a new socket. */
int
native_forget_options(const struct native *parent, int kfd)
{
	const int fresh =
	    native_socket(atomic_load(&parent->family), SOCK_STREAM, 0);
	int rc;

	if (fresh < 0)
		return fresh;
	rc = forget_linger(kfd);
	if (rc == 0)
		rc = carry_all(fresh, kfd);
	if (rc == 0 && atomic_load(&parent->rcvbuf) != 0)
		rc = forget_buffer(SO_RCVBUF, fresh, kfd);
	if (rc == 0 && atomic_load(&parent->sndbuf) != 0)
		rc = forget_buffer(SO_SNDBUF, fresh, kfd);
	if (rc == 0 && native_send_ms() > 0)
		rc = native_set_timeout(kfd, SO_SNDTIMEO, native_send_ms());
	native_close_kfd(fresh);
	return rc;
}

void
native_move_options(const struct native *n, int from, int to)
{
	const int recv = atomic_load(&n->rcvbuf),
	          send = atomic_load(&n->sndbuf);
	char device[IFNAMSIZ] = "";
	socklen_t len = sizeof(device);

	/* What the new socket does not take was never more than a wish. */
	(void)carry_all(from, to);
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
