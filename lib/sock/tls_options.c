#include "sock/tls_sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "sock/option_names.h"
#include "sock/tls_names.h"
#include "tls/session.h"
#include "tls/suites.h"

/* Most tags in TLS_SEC_TAG_LIST; far beyond what a device takes. */
#define TAGS_MAX 64

/* The rows below are in the tables of secure sockets alone. */
static struct tls_sock *
self(struct zsock *s)
{
	return (struct tls_sock *)s;
}

#define TAGS_SIZE (TAGS_MAX * sizeof(int))

/* Most members of the other lists. */
#define LIST_MAX 256

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

static bool
check_list(const char *call, const void *val, socklen_t len, size_t size,
    enum limit limit)
{
	const int most = limit_get(limit, LIST_MAX);

	if (val == NULL)
		log_line(LOG_WARN, "%s: the value is NULL", call);
	else if (len % size != 0)
		log_line(LOG_WARN,
		    "%s: a length of %u is not one of whole members; the "
		    "length is in bytes, %zu for each",
		    call, len, size);
	else if (len / size <= (size_t)most)
		return true;
	else if (limit_get(limit, -1) >= 0)
		limit_exceeded(limit, call);
	else
		log_line(LOG_WARN, "%s: more than %d members", call, most);
	return false;
}

static int
set_suites(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	int rc;

	(void)o;
	if (!check_list("zsock_setsockopt: TLS_CIPHERSUITE_LIST", val, len,
	        sizeof(int), LIMIT_TLS_SUITES))
		return -EINVAL;
	pthread_mutex_lock(&t->lock);
	rc = tls_settings_set_suites(&t->settings, val, len / sizeof(int));
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* The list that was set, or all that there are. */
static int
get_suites(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	struct tls_sock *t = self(s);
	size_t n = *len / sizeof(int), there;
	int all = 0;

	(void)o;
	if (n == 0 || *len % sizeof(int) != 0)
		return -EINVAL;
	pthread_mutex_lock(&t->lock);
	there = t->settings.nsuites;
	if (there > 0)
		memcpy(val, t->settings.suites,
		    (n < there ? n : there) * sizeof(int));
	pthread_mutex_unlock(&t->lock);
	if (there == 0) {
		all = tls_suites_all(val, n);
		there = (size_t)all;
	}
	if (all < 0)
		return all;
	*len = (socklen_t)((n < there ? n : there) * sizeof(int));
	return 0;
}

static int
set_protocols(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	int rc;

	(void)o;
	if (!check_list("zsock_setsockopt: TLS_ALPN_LIST", val, len,
	        sizeof(char *), LIMIT_TLS_PROTOCOLS))
		return -EINVAL;
	pthread_mutex_lock(&t->lock);
	rc =
	    tls_settings_set_protocols(&t->settings, val, len / sizeof(char *));
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* What is offered, not what was agreed on: zsock_tls_alpn tells that. */
static int
get_protocols(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	struct tls_sock *t = self(s);
	size_t n = *len / sizeof(char *);

	(void)o;
	if (n == 0 || *len % sizeof(char *) != 0)
		return -EINVAL;
	pthread_mutex_lock(&t->lock);
	if (n > t->settings.nprotocols)
		n = t->settings.nprotocols;
	if (n > 0)
		memcpy(val, t->settings.protocols, n * sizeof(char *));
	pthread_mutex_unlock(&t->lock);
	*len = (socklen_t)(n * sizeof(char *));
	return 0;
}

/* Options that take one of a few numbers, and what becomes of it. */
static int
set_number(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_settings *t = &self(s)->settings;
	int n, rc = 0;

	memcpy(&n, val, len);
	pthread_mutex_lock(&self(s)->lock);
	switch (o->name) {
	case TLS_NAME_DTLS_ROLE:
		rc = n == 0 || n == 1 ? 0 : -EINVAL;
		t->dtls_role = rc == 0 ? n : t->dtls_role;
		break;
	case TLS_NAME_CERT_NOCOPY: /* credentials are always shared here */
		rc = n == 0 || n == 1 ? 0 : -EINVAL;
		break;
	case TLS_NAME_SESSION_CACHE:
		t->cache = n == 1;
		break;
	case TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT:
		t->on_connect = n != 0;
		break;
	default:
		rc = tls_settings_set_max_fragment(t, n);
		break;
	}
	pthread_mutex_unlock(&self(s)->lock);
	if (rc < 0)
		log_line(LOG_WARN, "zsock_setsockopt: %s: %d is no value of it",
		    option_name(o->level, o->name), n);
	return rc;
}

static int
get_number(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	const struct tls_settings *t = &self(s)->settings;
	int n;

	pthread_mutex_lock(&self(s)->lock);
	n = o->name == TLS_NAME_SESSION_CACHE ? t->cache : t->on_connect;
	pthread_mutex_unlock(&self(s)->lock);
	memcpy(val, &n, sizeof(n));
	*len = sizeof(n);
	return 0;
}

static uint32_t *
timeout_of(struct zsock *s, const struct option *o)
{
	struct tls_settings *t = &self(s)->settings;

	return o->name == TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN
	    ? &t->timeout_min_ms
	    : &t->timeout_max_ms;
}

static int
set_timeout(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	pthread_mutex_lock(&self(s)->lock);
	memcpy(timeout_of(s, o), val, len);
	pthread_mutex_unlock(&self(s)->lock);
	return 0;
}

static int
get_timeout(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	pthread_mutex_lock(&self(s)->lock);
	memcpy(val, timeout_of(s, o), sizeof(uint32_t));
	pthread_mutex_unlock(&self(s)->lock);
	*len = sizeof(uint32_t);
	return 0;
}

/* Which of its networks serves a socket is a question for devices. */
static int
set_native(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	return 0;
}

static int
purge_sessions(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	tls_session_purge();
	return 0;
}

/* Zephyr's structure: the function, and what it is called with. */
static int
set_callback(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct tls_sock *t = self(s);
	struct tls_verify_callback callback;

	(void)o;
	memcpy(&callback, val, len);
	if (callback.call == NULL)
		return -EINVAL;
	pthread_mutex_lock(&t->lock);
	t->settings.callback = callback;
	pthread_mutex_unlock(&t->lock);
	return 0;
}

/* OpenSSL has no connection identifiers (RFC 9146). */
static int
refuse_cid(void)
{
	log_line(LOG_WARN,
	    "TLS_DTLS_CID: connection identifiers cannot be had here, OpenSSL "
	    "has none: ENOPROTOOPT");
	return -ENOPROTOOPT;
}

static int
set_cid(struct zsock *s, const struct option *o, const void *val, socklen_t len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	return refuse_cid();
}

static int
get_cid(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	return refuse_cid();
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
#define NEWER(directions) OPTION_IN(directions, 0, directions)
#define INNER(lev, nam) .level = (lev), .name = (nam)

const struct option tls_options[] = {
	{ TLS(SEC_TAG_LIST), BETWEEN(0, UINT32_MAX), .set = set_tags,
	    .get = get_tags, .null_ok = true },
	{ TLS(HOSTNAME), BETWEEN(0, UINT32_MAX), .set = set_hostname,
	    .null_ok = true },
	{ TLS(CIPHERSUITE_LIST), BETWEEN(0, UINT32_MAX), .set = set_suites,
	    .get = get_suites, .null_ok = true },
	{ TLS(CIPHERSUITE_USED), EXACT(int), .get = get_suite },
	{ TLS(PEER_VERIFY), EXACT(int), .set = set_verify },
	{ TLS(DTLS_ROLE), EXACT(int), .set = set_number },
	{ TLS(ALPN_LIST), BETWEEN(0, UINT32_MAX), .set = set_protocols,
	    .get = get_protocols, .null_ok = true },
	{ TLS(DTLS_HANDSHAKE_TIMEOUT_MIN), EXACT(uint32_t), .set = set_timeout,
	    .get = get_timeout },
	{ TLS(DTLS_HANDSHAKE_TIMEOUT_MAX), EXACT(uint32_t), .set = set_timeout,
	    .get = get_timeout },
	{ TLS(CERT_NOCOPY), EXACT(int), .set = set_number },
	{ TLS(NATIVE), BETWEEN(0, UINT32_MAX), .set = set_native,
	    .null_ok = true },
	{ TLS(SESSION_CACHE), EXACT(int), .set = set_number,
	    .get = get_number },
	{ TLS(SESSION_CACHE_PURGE), BETWEEN(0, UINT32_MAX),
	    .set = purge_sessions, .null_ok = true },
	/* From the number 14 on, the older device has none. */
	{ TLS(DTLS_CID), BETWEEN(0, UINT32_MAX), .set = set_cid,
	    .null_ok = true, .in = NEWER(OPTION_SET) },
	{ TLS(DTLS_CID_STATUS), BETWEEN(0, UINT32_MAX), .get = get_cid,
	    .in = NEWER(OPTION_GET) },
	{ TLS(DTLS_CID_VALUE), BETWEEN(0, UINT32_MAX), .set = set_cid,
	    .get = get_cid, .null_ok = true,
	    .in = NEWER(OPTION_GET | OPTION_SET) },
	{ TLS(DTLS_PEER_CID_VALUE), BETWEEN(0, UINT32_MAX), .get = get_cid,
	    .in = NEWER(OPTION_GET) },
	{ TLS(DTLS_HANDSHAKE_ON_CONNECT), EXACT(int), .set = set_number,
	    .get = get_number, .in = NEWER(OPTION_GET | OPTION_SET) },
	{ TLS(CERT_VERIFY_RESULT), EXACT(uint32_t), .get = get_verify_result,
	    .in = NEWER(OPTION_GET) },
	{ TLS(CERT_VERIFY_CALLBACK), EXACT(struct tls_verify_callback),
	    .set = set_callback, .in = NEWER(OPTION_SET) },
	{ TLS(MAX_FRAGMENT_LENGTH), EXACT(int), .set = set_number,
	    .in = NEWER(OPTION_SET) },
	{ INNER(SOL_SOCKET, SO_PROTOCOL), EXACT(int), .get = get_protocol },
	/* The older device asks the TCP socket below, which has none. */
	{ INNER(SOL_SOCKET, SO_ERROR), EXACT(int), .get = get_error,
	    .in = NEWER(OPTION_GET) },
	{ INNER(IPPROTO_TCP, TCP_NODELAY), BETWEEN(sizeof(int), sizeof(int)),
	    .set = set_nodelay, .get = get_nodelay },
	OPTION_END,
};
