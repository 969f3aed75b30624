#include "tls/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
tls_settings_init(struct tls_settings *s)
{
	*s = (struct tls_settings){ .verify = TLS_VERIFY_UNSET };
}

void
tls_settings_fini(struct tls_settings *s)
{
	free(s->tags);
	free(s->hostname);
	tls_settings_init(s);
}

int
tls_settings_copy(struct tls_settings *dst, const struct tls_settings *src)
{
	int rc;

	rc = tls_settings_set_tags(dst, src->tags, src->ntags);
	if (rc == 0 && src->hostname_set)
		rc = tls_settings_set_hostname(dst, src->hostname);
	if (rc == 0) {
		dst->tags_error = src->tags_error;
		dst->verify = src->verify;
	}
	return rc;
}

int
tls_settings_set_tags(struct tls_settings *s, const int *tags, size_t n)
{
	int *copy = NULL;

	if (n > 0) {
		copy = malloc(n * sizeof(*copy));
		if (copy == NULL)
			return -ENOMEM;
		memcpy(copy, tags, n * sizeof(*copy));
	}
	free(s->tags);
	s->tags = copy;
	s->ntags = n;
	s->tags_error = 0;
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
