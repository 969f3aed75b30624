#include "sock/dtls_path.h"

#include <errno.h>
#include <netinet/ip.h>
#include <poll.h>
#include <string.h>

#include "base/kernel.h"
#include "sock/dtls_calls.h"
#include "sock/dtls_due.h"

/* Bytes of the headers of IP and UDP. */
#define HEADERS_V4 28
#define HEADERS_V6 48

/* More than the kernel keeps for a socket: who sends on and on is left to it. */
#define DISCARD_MAX 4096

void
dtls_io_find_mtu_locked(struct dtls_sock *d, struct tls_engine *e)
{
	const bool v6 = atomic_load(&d->tls.native.family) == AF_INET6;
	const int headers = v6 ? HEADERS_V6 : HEADERS_V4;
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	/* Of a socket that has no peer the kernel knows none. */
	if (kernel->getsockopt(d->tls.native.base.kfd,
	        v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu,
	        &len) == 0 &&
	    mtu > headers)
		tls_engine_limit_mtu(e, (size_t)(mtu - headers));
}

int
dtls_io_flush_to_locked(struct dtls_sock *d, struct tls_engine *e,
    const union native_addr *addr, socklen_t len)
{
	const int rc = dtls_path_drain_locked(d, e, addr, len);

	return rc < 0 ? rc : 0;
}

/* Is it a ClientHello, and another than that which the session began with? */
static bool
begins_anew(const struct dtls_session *s, const void *data, size_t n)
{
	unsigned char random[DGRAM_RANDOM_SIZE];
	uint64_t number;

	return dgram_record_is_hello(data, n, &number, random) &&
	    memcmp(random, s->random, sizeof(random)) != 0;
}

void
dtls_io_route_locked(struct dtls_sock *d, const union native_addr *from,
    socklen_t len, const void *data, size_t n)
{
	struct dtls_session *s = from != NULL
	    ? dtls_table_find(&d->sessions, from)
	    : dtls_only_locked(d);

	if (s != NULL && s->busy)
		return; /* lost, as some are on their way */
	if (from != NULL && dtls_is_server_locked(d) &&
	    (s == NULL || begins_anew(s, data, n))) {
		dtls_server_welcome_locked(d, from, len, data, n);
		return;
	}
	if (s == NULL || (s->share != NULL && !dtls_fork_take_locked(d, s)))
		return;
	tls_engine_datagram(s->engine, data, n);
	if (s->open) {
		d->ready = s; /* whose it is will show when it is read */
	} else {
		dtls_table_touch(&d->sessions, s);
		dtls_advance_locked(d, s);
	}
}

int
dtls_io_flush_locked(struct dtls_sock *d, struct dtls_session *s)
{
	return dtls_path_flush_locked(d, s);
}

int
dtls_io_take_in_locked(struct dtls_sock *d, void *room)
{
	return dtls_path_take_in_locked(d, room);
}

void
dtls_io_discard_locked(struct dtls_sock *d)
{
	int errors = 0;
	ssize_t n;
	char byte;

	for (int i = 0; i < DISCARD_MAX && errors < 2; i++) {
		n = kernel->recvfrom(d->tls.native.base.kfd, &byte, 1,
		    MSG_DONTWAIT, NULL, NULL);
		if ((n == -1 && !dtls_path_may_be_icmp(errno)) ||
		    (n == 0 && atomic_load(&d->tls.native.shut)))
			break;
		errors = n == -1 ? errors + 1 : 0;
	}
}

int
dtls_io_wait_locked(struct dtls_sock *d, struct tls_patience *p)
{
	struct tls_sock *t = &d->tls;
	int rc;

	if (p->dontwait || atomic_load(&t->native.shut) ||
	    atomic_load(&t->native.base.closing))
		return -EAGAIN;
	if (t->pulling)
		return tls_wait_cond_locked(t, &t->pulled, p);
	rc = native_nonblock(t->native.base.kfd);
	if (rc != 0)
		return rc < 0 ? rc : -EAGAIN;
	/* A client then sleeps in the kernel's recv, for nothing else is due. */
	if (!dtls_is_server_locked(d))
		dtls_rest_locked(d);
	t->pulling = true;
	t->puller = pthread_self();
	rc = tls_wait_datagram_locked(t, p, dtls_wake_locked(d));
	t->pulling = false;
	pthread_cond_broadcast(&t->pulled);
	return rc;
}
