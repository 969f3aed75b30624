#include "sock/dtls_calls.h"

#include <errno.h>
#include <string.h>

#include "base/profile.h"
#include "sock/dtls_io.h"

/* What the line about a handshake calls a client that has no address yet. */
#define NOBODY "its clients"

int
dtls_server_ready_locked(struct dtls_sock *d)
{
	int rc;

	if (d->hello != NULL && !d->stale)
		return 0;
	tls_engine_free(d->hello);
	d->hello = NULL;
	rc = dtls_make_engine_locked(d, NOBODY, &d->hello);
	if (rc < 0)
		d->tls.error = rc;
	else
		d->stale = false;
	return rc;
}

/* The client has returned its cookie: from here on there is something to keep. */
static void
admit(struct dtls_sock *d, const union native_addr *from, socklen_t len,
    const unsigned char *random)
{
	struct tls_engine *engine = d->hello;
	struct dtls_session *s = dtls_table_find(&d->sessions, from);

	if (s != NULL)
		dtls_end_locked(d, s, 0); /* it is the same client, anew */
	d->hello = NULL;
	s = NULL;
	if (dtls_count_locked(d))
		s = dtls_table_add(&d->sessions, from, len, engine);
	if (s == NULL) {
		dtls_discount_locked(d);
		tls_engine_free(engine);
		return;
	}
	memcpy(s->random, random, sizeof(s->random));
	dtls_advance_locked(d, s);
}

/*
 * A client is another one only if its address is, so nothing else goes into its
 * cookie.
 */
static size_t
identify(const union native_addr *from, unsigned char id[24])
{
	const bool v4 = from->any.sa_family == AF_INET;
	const void *addr = v4 ? (const void *)&from->in.sin_addr
	                      : (const void *)&from->in6.sin6_addr;
	const size_t n =
	    v4 ? sizeof(from->in.sin_addr) : sizeof(from->in6.sin6_addr);

	memcpy(id, &from->in.sin_port, sizeof(from->in.sin_port));
	memcpy(id + sizeof(from->in.sin_port), addr, n);
	return sizeof(from->in.sin_port) + n;
}

void
dtls_server_welcome_locked(struct dtls_sock *d, const union native_addr *from,
    socklen_t len, const void *data, size_t n)
{
	unsigned char random[DGRAM_RANDOM_SIZE], id[24];
	uint64_t number;
	int rc;

	/* An older device hears one client at a time. */
	if (quirk(QUIRK_DTLS_SESSIONS) != 0 && d->sessions.n > 0 &&
	    dtls_table_find(&d->sessions, from) == NULL)
		return;
	if (!dgram_record_is_hello(data, n, &number, random) ||
	    dtls_server_ready_locked(d) < 0)
		return;
	rc = tls_engine_hello(d->hello, id, identify(from, id), data, n);
	(void)dtls_io_flush_to_locked(d, d->hello, from, len);
	if (rc == 0)
		admit(d, from, len, random);
}
