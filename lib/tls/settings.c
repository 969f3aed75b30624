#include "tls/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
tls_settings_init(struct tls_settings *s)
{
	*s = (struct tls_settings){
		.verify = TLS_VERIFY_UNSET,
		.timeout_min_ms = TLS_TIMEOUT_MIN_MS,
		.timeout_max_ms = TLS_TIMEOUT_MAX_MS,
		.on_connect = 1,
	};
}

void
tls_settings_fini(struct tls_settings *s)
{
	free(s->tags);
	free(s->hostname);
	free(s->suites);
	free(s->protocols);
	tls_settings_init(s);
}

int
tls_settings_copy(struct tls_settings *dst, const struct tls_settings *src)
{
	int rc;

	rc = tls_settings_set_tags(dst, src->tags, src->ntags);
	if (rc == 0 && src->hostname_set)
		rc = tls_settings_set_hostname(dst, src->hostname);
	if (rc == 0)
		rc = tls_settings_set_suites(dst, src->suites, src->nsuites);
	if (rc == 0)
		rc = tls_settings_set_protocols(dst, src->protocols,
		    src->nprotocols);
	if (rc < 0)
		return rc;
	dst->tags_error = src->tags_error;
	dst->verify = src->verify;
	dst->cache = src->cache;
	dst->max_fragment = src->max_fragment;
	dst->callback = src->callback;
	dst->timeout_min_ms = src->timeout_min_ms;
	dst->timeout_max_ms = src->timeout_max_ms;
	dst->dtls_role = src->dtls_role;
	dst->on_connect = src->on_connect;
	return 0;
}

/* A copy of n members of size bytes; *copy is NULL for none. */
static int
duplicate(void **copy, const void *members, size_t n, size_t size)
{
	*copy = NULL;
	if (n == 0)
		return 0;
	*copy = calloc(n, size);
	if (*copy == NULL)
		return -ENOMEM;
	memcpy(*copy, members, n * size);
	return 0;
}

int
tls_settings_set_tags(struct tls_settings *s, const int *tags, size_t n)
{
	void *copy;
	const int rc = duplicate(&copy, tags, n, sizeof(*tags));

	if (rc < 0)
		return rc;
	free(s->tags);
	s->tags = copy;
	s->ntags = n;
	s->tags_error = 0;
	return 0;
}

int
tls_settings_set_suites(struct tls_settings *s, const int *ids, size_t n)
{
	void *copy;
	const int rc = duplicate(&copy, ids, n, sizeof(*ids));

	if (rc < 0)
		return rc;
	free(s->suites);
	s->suites = copy;
	s->nsuites = n;
	return 0;
}

int
tls_settings_set_protocols(struct tls_settings *s, const char *const *names,
    size_t n)
{
	void *copy;
	const int rc = duplicate(&copy, names, n, sizeof(*names));

	if (rc < 0)
		return rc;
	free(s->protocols);
	s->protocols = copy;
	s->nprotocols = n;
	return 0;
}

int
tls_settings_set_max_fragment(struct tls_settings *s, int code)
{
	if (code < -1 || code > 4)
		return -EINVAL;
	s->max_fragment = code;
	return 0;
}

int
tls_settings_set_hostname(struct tls_settings *s, const char *name)
{
	char *copy = NULL;

	if (name != NULL) {
		if (strnlen(name, TLS_HOSTNAME_MAX + 1) > TLS_HOSTNAME_MAX)
			return -EINVAL;
		copy = strdup(name);
		if (copy == NULL)
			return -ENOMEM;
	}
	free(s->hostname);
	s->hostname = copy;
	s->hostname_set = true;
	return 0;
}

int
tls_settings_set_verify(struct tls_settings *s, int verify)
{
	if (verify < TLS_VERIFY_NONE || verify > TLS_VERIFY_REQUIRED)
		return -EINVAL;
	s->verify = (enum tls_verify)verify;
	return 0;
}

enum tls_verify
tls_settings_verify(const struct tls_settings *s, enum tls_role role)
{
	if (s->verify != TLS_VERIFY_UNSET)
		return s->verify;
	return role == TLS_ROLE_CLIENT ? TLS_VERIFY_REQUIRED : TLS_VERIFY_NONE;
}
