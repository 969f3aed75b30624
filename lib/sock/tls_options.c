#include "sock/tls_sock.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "sock/option_names.h"
#include "sock/tls_lists.h"
#include "sock/tls_names.h"
#include "tls/session.h"

/* The rows below are in the tables of secure sockets alone. */
static struct tls_sock *
self(struct zsock *s)
{
	return (struct tls_sock *)s;
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
	if (t->phase == TLS_PHASE_FAILED || t->native.type == SOCK_DGRAM)
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

/* Until data follow the first ones, the wish is kept for then. */
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

/*
 * The kernel's own would count bytes of records, and hold back those that tell
 * of data.  It is what recv waits for.
 */
static int
set_lowat(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int n;

	(void)o;
	memcpy(&n, val, sizeof(n));
	(void)len;
	pthread_mutex_lock(&self(s)->lock);
	self(s)->lowat = n < 0 ? INT_MAX : n == 0 ? 1 : (size_t)n;
	pthread_mutex_unlock(&self(s)->lock);
	return 0;
}

static int
get_lowat(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	int n;

	(void)o;
	pthread_mutex_lock(&self(s)->lock);
	n = (int)self(s)->lowat;
	pthread_mutex_unlock(&self(s)->lock);
	memcpy(val, &n, sizeof(n));
	*len = sizeof(n);
	return 0;
}

/* What would change the bytes under TLS's feet, or shows them. */
static int
refuse_set(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	(void)val;
	(void)len;
	log_line(LOG_WARN, "%s: not on a secure socket",
	    option_name(o->level, o->name) != NULL
	        ? option_name(o->level, o->name)
	        : "an option of the kernel's TCP");
	return -ENOPROTOOPT;
}

static int
refuse_get(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)val;
	return refuse_set(s, o, NULL, *len);
}

/* Lengths of values, for getsockopt too where they are EXACT. */
#define BETWEEN(least, most) .min = (least), .max = (most)
#define EXACT(type) .min = sizeof(type), .max = sizeof(type), .exact = true
#define TLS(nam) .level = TLS_LEVEL, .name = TLS_NAME_##nam
#define NEWER(directions) OPTION_IN(directions, 0, directions)
#define INNER(lev, nam) .level = (lev), .name = (nam)
#define HOSTS OPTION_IN(0, 0, OPTION_GET | OPTION_SET)

const struct option tls_options[] = {
	{ TLS(SEC_TAG_LIST), BETWEEN(0, UINT32_MAX), .set = tls_lists_set_tags,
	    .get = tls_lists_get_tags, .null_ok = true },
	{ TLS(HOSTNAME), BETWEEN(0, UINT32_MAX), .set = set_hostname,
	    .null_ok = true },
	{ TLS(CIPHERSUITE_LIST), BETWEEN(0, UINT32_MAX),
	    .set = tls_lists_set_suites, .get = tls_lists_get_suites,
	    .null_ok = true },
	{ TLS(CIPHERSUITE_USED), EXACT(int), .get = get_suite },
	{ TLS(PEER_VERIFY), EXACT(int), .set = set_verify },
	{ TLS(DTLS_ROLE), EXACT(int), .set = set_number },
	{ TLS(ALPN_LIST), BETWEEN(0, UINT32_MAX),
	    .set = tls_lists_set_protocols, .get = tls_lists_get_protocols,
	    .null_ok = true },
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
	OPTION_END,
};

const struct option tls_stream_options[] = {
	{ INNER(IPPROTO_TCP, TCP_NODELAY), BETWEEN(sizeof(int), sizeof(int)),
	    .set = set_nodelay, .get = get_nodelay },
	{ INNER(SOL_SOCKET, SO_RCVLOWAT), BETWEEN(sizeof(int), sizeof(int)),
	    .set = set_lowat, .get = get_lowat, .in = HOSTS },
	{ INNER(SOL_SOCKET, SO_PEEK_OFF), BETWEEN(0, UINT32_MAX),
	    .set = refuse_set, .get = refuse_get, .null_ok = true,
	    .in = HOSTS },
	{ INNER(SOL_SOCKET, SO_ZEROCOPY), BETWEEN(0, UINT32_MAX),
	    .set = refuse_set, .get = refuse_get, .null_ok = true,
	    .in = HOSTS },
	{ INNER(IPPROTO_TCP, TCP_ULP), BETWEEN(0, UINT32_MAX),
	    .set = refuse_set, .get = refuse_get, .null_ok = true,
	    .in = HOSTS },
	{ INNER(IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE), BETWEEN(0, UINT32_MAX),
	    .set = refuse_set, .get = refuse_get, .null_ok = true,
	    .in = HOSTS },
	OPTION_END,
};
