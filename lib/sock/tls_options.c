#include "sock/tls_sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "sock/tls_names.h"

/* Most tags in TLS_SEC_TAG_LIST; far beyond what a device takes. */
#define TAGS_MAX 64

/* The rows below are in the tables of secure sockets alone. */
static struct tls_sock *
self(struct zsock *s)
{
	return (struct tls_sock *)s;
}

#define TAGS_SIZE (TAGS_MAX * sizeof(int))

static bool
check_tags(const void *val, socklen_t len)
{
	static const char call[] = "zsock_setsockopt: TLS_SEC_TAG_LIST";

	if (val == NULL)
		log_line(LOG_WARN, "%s: the value is NULL", call);
	else if (len % sizeof(int) != 0)
		log_line(LOG_WARN,
		    "%s: a length of %u is not one of whole sec_tags; the "
		    "length is in bytes, %zu for each",
		    call, len, sizeof(int));
	else if (len >
	        (size_t)limit_get(LIMIT_TLS_TAGS, TAGS_MAX) * sizeof(int) &&
	    limit_get(LIMIT_TLS_TAGS, -1) >= 0)
		limit_exceeded(LIMIT_TLS_TAGS, call);
	else if (len > TAGS_SIZE)
		log_line(LOG_WARN, "%s: more than %d sec_tags", call, TAGS_MAX);
	else
		return true;
	return false;
}

/* The older device looks at them only when a handshake needs them. */
static int
load_tags(const int *tags, size_t n, struct tls_context **ctx,
    struct verdict *why)
{
	*ctx = NULL;
	if (quirk(QUIRK_TLS_TAGS_LATE) != 0)
		return 0;
	return tls_context_get(tags, n, ctx, why);
}

/*
 * The list is checked at once, as on the device: every tag must be there and
 * every credential readable, or the old list stays.  A handshake that fails for
 * want of credentials tells of the failure here.
 */
static int
set_tags(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	const size_t n = len / sizeof(int);
	struct tls_context *ctx;
	const bool fits = check_tags(val, len);
	struct verdict why;
	int rc = -EINVAL;

	(void)o;
	if (fits)
		rc = load_tags(val, n, &ctx, &why);
	pthread_mutex_lock(&t->lock);
	if (rc == 0) {
		rc = tls_settings_set_tags(&t->settings, val, n);
		if (ctx != NULL)
			tls_context_put(ctx);
	} else if (fits) {
		tls_sock_reason_locked(t, &why);
	}
	t->settings.tags_error = -rc;
	tls_sock_unlock(t);
	return rc;
}

static int
get_tags(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	struct tls_sock *t = self(s);
	size_t n;

	(void)o;
	if (*len == 0 || *len % sizeof(int) != 0)
		return -EINVAL;
	pthread_mutex_lock(&t->lock);
	n = t->settings.ntags;
	if (n > *len / sizeof(int))
		n = *len / sizeof(int);
	if (n > 0)
		memcpy(val, t->settings.tags, n * sizeof(int));
	pthread_mutex_unlock(&t->lock);
	*len = (socklen_t)(n * sizeof(int));
	return 0;
}

/* The device reads a C string and does not look at its length argument. */
static int
set_hostname(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	struct verdict why;
	int rc;

	(void)o;
	(void)len;
	pthread_mutex_lock(&t->lock);
	rc = tls_settings_set_hostname(&t->settings, val);
	if (rc == -EINVAL) {
		verdict_set(&why, "TLS_HOSTNAME is longer than %d bytes",
		    TLS_HOSTNAME_MAX);
		tls_sock_reason_locked(t, &why);
	}
	tls_sock_unlock(t);
	return rc;
}

static int
set_verify(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	int verify, rc;

	(void)o;
	memcpy(&verify, val, len);
	pthread_mutex_lock(&t->lock);
	rc = tls_settings_set_verify(&t->settings, verify);
	pthread_mutex_unlock(&t->lock);
	if (rc < 0)
		log_line(LOG_WARN,
		    "zsock_setsockopt: TLS_PEER_VERIFY is 0 (none), 1 "
		    "(optional) or 2 (required), not %d",
		    verify);
	return rc;
}

static int
get_suite(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	struct tls_sock *t = self(s);
	int suite = -ENOTCONN;

	(void)o;
	pthread_mutex_lock(&t->lock);
	if (t->phase == TLS_PHASE_OPEN)
		suite = tls_engine_suite(t->engine);
	pthread_mutex_unlock(&t->lock);
	if (suite < 0)
		return suite;
	memcpy(val, &suite, *len);
	return 0;
}

static int
get_verify_result(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	struct tls_sock *t = self(s);
	uint32_t flags;

	(void)o;
	pthread_mutex_lock(&t->lock);
	flags = UINT32_MAX; /* no handshake has been tried */
	if (t->phase != TLS_PHASE_CONNECTING && t->engine != NULL)
		flags = tls_engine_verify_flags(t->engine);
	pthread_mutex_unlock(&t->lock);
	memcpy(val, &flags, *len);
	return 0;
}

static int
get_protocol(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)o;
	memcpy(val, &self(s)->protocol, *len);
	return 0;
}

/* 0, or the failure that ended the connection; reading does not clear it. */
static int
get_error(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	struct tls_sock *t = self(s);
	int error = 0;

	pthread_mutex_lock(&t->lock);
	if (t->phase == TLS_PHASE_FAILED)
		error = -t->error;
	else if (t->phase == TLS_PHASE_OPEN)
		error = -tls_engine_error(t->engine);
	pthread_mutex_unlock(&t->lock);
	(void)o;
	if (error == 0)
		error = native_error(&t->native); /* the kernel tells once */
	memcpy(val, &error, *len);
	return 0;
}

/* While the first data are not out yet, the wish is kept for afterwards. */
static int
set_nodelay(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	int wish, rc = 0;

	memcpy(&wish, val, len);
	if (profile_get() != PROFILE_LINUX && wish != 0 && wish != 1)
		return -EINVAL;
	atomic_store(&t->native.plain, false);
	pthread_mutex_lock(&t->lock);
	if (t->quick)
		t->nodelay = wish != 0;
	else
		rc = option_kernel_set(s, o, val, len);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

static int
get_nodelay(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	struct tls_sock *t = self(s);
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	if (t->quick) {
		memcpy(val, &t->nodelay, sizeof(t->nodelay));
		*len = sizeof(t->nodelay);
	} else {
		rc = option_kernel_get(s, o, val, len);
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* Lengths of values, for getsockopt too where they are EXACT. */
#define BETWEEN(least, most) .min = (least), .max = (most)
#define EXACT(type) .min = sizeof(type), .max = sizeof(type), .exact = true
#define TLS(nam) .level = TLS_LEVEL, .name = TLS_NAME_##nam
#define INNER(lev, nam) .level = (lev), .name = (nam)

const struct option tls_options[] = {
	{ TLS(SEC_TAG_LIST), BETWEEN(0, UINT32_MAX), .set = set_tags,
	    .get = get_tags, .null_ok = true },
	{ TLS(HOSTNAME), BETWEEN(0, UINT32_MAX), .set = set_hostname,
	    .null_ok = true },
	{ TLS(CIPHERSUITE_USED), EXACT(int), .get = get_suite },
	{ TLS(PEER_VERIFY), EXACT(int), .set = set_verify },
	/* From the number 14 on, the older device has none. */
	{ TLS(CERT_VERIFY_RESULT), EXACT(uint32_t), .get = get_verify_result,
	    .in = OPTION_IN(OPTION_GET, 0, OPTION_GET) },
	{ INNER(SOL_SOCKET, SO_PROTOCOL), EXACT(int), .get = get_protocol },
	/* The older device asks the TCP socket below, which has none. */
	{ INNER(SOL_SOCKET, SO_ERROR), EXACT(int), .get = get_error,
	    .in = OPTION_IN(OPTION_GET, 0, OPTION_GET) },
	{ INNER(IPPROTO_TCP, TCP_NODELAY), BETWEEN(sizeof(int), sizeof(int)),
	    .set = set_nodelay, .get = get_nodelay },
	OPTION_END,
};
