#include "sock/dtls_calls.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "sock/native_ip.h"

/* Bytes of the headers of IPv6 and UDP. */
#define HEADERS 48

/* Handshakes under way, and those to come, keep to it. */
static void
keep_to(struct dtls_sock *d, size_t mtu)
{
	const struct dtls_table *t = &d->sessions;

	d->mtu = mtu;
	for (struct dtls_session *s = t->opening.oldest; s != NULL;
	     s = s->newer)
		tls_engine_limit_mtu(s->engine, mtu);
}

static int
set_mtu(struct zsock *s, const struct option *o, const void *val, socklen_t len)
{
	struct dtls_sock *d = (struct dtls_sock *)s;
	const int rc = native_put(s, o, val, len);
	int mtu;

	if (rc < 0)
		return rc;
	memcpy(&mtu, val, sizeof(mtu));
	pthread_mutex_lock(&d->tls.lock);
	if (mtu > HEADERS)
		keep_to(d, (size_t)mtu - HEADERS);
	pthread_mutex_unlock(&d->tls.lock);
	return 0;
}

/* Flights of the handshake are no larger than what is set here. */
const struct option dtls_options[] = {
	{ .level = IPPROTO_IPV6,
	    .name = IPV6_MTU,
	    .min = sizeof(int),
	    .max = sizeof(int),
	    .set = set_mtu,
	    .get = native_get_mtu,
	    .in = OPTION_IN(OPTION_GET | OPTION_SET, 0, 0) },
	OPTION_END,
};
