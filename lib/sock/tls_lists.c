#include "sock/tls_lists.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "sock/tls_sock.h"
#include "tls/suites.h"

/* Most tags in TLS_SEC_TAG_LIST; far beyond what a device takes. */
#define TAGS_MAX 64

#define TAGS_SIZE (TAGS_MAX * sizeof(int))

/* Most members of the other lists. */
#define LIST_MAX 256

/* The rows that name these are in the tables of secure sockets alone. */
static struct tls_sock *
self(struct zsock *s)
{
	return (struct tls_sock *)s;
}

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
int
tls_lists_set_tags(struct zsock *s, const struct option *o, const void *val,
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

int
tls_lists_get_tags(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
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

int
tls_lists_set_suites(struct zsock *s, const struct option *o, const void *val,
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
int
tls_lists_get_suites(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
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

int
tls_lists_set_protocols(struct zsock *s, const struct option *o,
    const void *val, socklen_t len)
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
int
tls_lists_get_protocols(struct zsock *s, const struct option *o, void *val,
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
