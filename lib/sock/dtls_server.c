#include "sock/dtls_calls.h"

#include <errno.h>
#include <string.h>

#include "base/profile.h"
#include "sock/dtls_io.h"

/* What the line about a handshake calls a client that has no address yet. */
#define NOBODY "its clients"

/* Handshakes under way at once: each has OpenSSL's whole state. */
#define OPENING_MAX 1024

/* After this long it is tried again to get ready for a client. */
#define RETRY_NS INT64_C(1000000000)

/* A client that is to come finds the options and credentials of that moment. */
static bool
is_outdated(const struct dtls_sock *d)
{
	return d->stale ||
	    tls_engine_outdated(d->hello, d->tls.settings.tags,
	        d->tls.settings.ntags);
}

static int
make_hello(struct dtls_sock *d)
{
	int rc;

	if (d->hello != NULL && !is_outdated(d))
		return 0;
	tls_engine_free(d->hello);
	d->hello = NULL;
	rc = dtls_make_engine_locked(d, NOBODY, &d->hello);
	d->stale = false;
	if (rc < 0)
		d->tls.error = rc;
	return rc;
}

int
dtls_server_ready_locked(struct dtls_sock *d)
{
	if (d->sessions.n > 0)
		return 0; /* and what comes to them is of more interest */
	return d->hello != NULL && !d->stale ? 0 : make_hello(d);
}

/* Those who fail to go on make room for those who come. */
static void
limit_opening(struct dtls_sock *d)
{
	struct dtls_session *oldest = d->sessions.opening.oldest;

	if (d->sessions.nopening >= OPENING_MAX && !oldest->busy)
		dtls_end_locked(d, oldest, 0);
}

/*
 * The client has returned its cookie: from here on there is something to keep.
 * If there is no room the engine is left to the next one.
 */
static void
admit(struct dtls_sock *d, const union native_addr *from, socklen_t len,
    const unsigned char *random)
{
	struct dtls_session *s = dtls_table_find(&d->sessions, from);

	if (s != NULL)
		dtls_end_locked(d, s, 0); /* it is the same client, anew */
	limit_opening(d);
	if (!dtls_count_locked(d))
		return;
	s = dtls_table_add(&d->sessions, from, len, d->hello);
	if (s == NULL) {
		dtls_discount_locked(d);
		return;
	}
	d->hello = NULL;
	d->due_ns = 0; /* it is to be found out anew */
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
	    deadline_coarse_ns() < d->retry_ns)
		return;
	if (make_hello(d) < 0) {
		/* A line for each that comes would be one for whoever asks. */
		d->retry_ns = deadline_coarse_ns() + RETRY_NS;
		return;
	}
	rc = tls_engine_hello(d->hello, id, identify(from, id), data, n);
	(void)dtls_io_flush_to_locked(d, d->hello, from, len);
	if (rc == 0)
		admit(d, from, len, random);
}
