#include "sock/option.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/log.h"
#include "sock/option_names.h"
#include "sock/tls_names.h"

/* Numbers of options that Linux has not, or uses for something else. */
#define OURS 0x5a00
#define OURS_MASK (~0xff)

int
option_kernel_set(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	return (int)err_from_kernel(
	    kernel->setsockopt(s->kfd, o->level, o->name, val, len));
}

int
option_kernel_get(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	return (int)err_from_kernel(
	    kernel->getsockopt(s->kfd, o->level, o->name, val, len));
}

static bool
has(const struct option *o, int direction)
{
	return (direction == OPTION_SET ? o->set != NULL : o->get != NULL) &&
	    (o->in == 0 || (o->in >> 2 * profile_get() & direction) != 0);
}

/* What the first table lacks in this direction may be in the second. */
static const struct option *
find(const struct zsock *s, int level, int name, int direction)
{
	for (const struct option *const *t = s->ops->options; *t != NULL; t++) {
		for (const struct option *o = *t; o->max != 0; o++) {
			if (o->level == level && o->name == name &&
			    has(o, direction))
				return o;
		}
	}
	return NULL;
}

/* May the kernel answer for an option without a row? */
static bool
is_kernels(int level, int name)
{
	return quirk(QUIRK_OPTION_ABSENT) == 0 && level != TLS_LEVEL &&
	    (name & OURS_MASK) != OURS;
}

static bool
knows_level(const struct zsock *s, int level)
{
	for (const struct option *const *t = s->ops->options; *t != NULL; t++) {
		for (const struct option *o = *t; o->max != 0; o++) {
			if (o->level == level)
				return true;
		}
	}
	return false;
}

/* One call, for the line that tells why it is refused. */
struct attempt {
	const struct zsock *s;
	const char *call;
	int level, name;
};

static void
tell(enum log_level loud, const struct attempt *a, int rc, const char *why)
{
	const char *text = option_name(a->level, a->name);

	log_line(loud, "%s: %s (level %d, option %d) on a %s socket: %s: %s",
	    a->call, text != NULL ? text : "an unknown option", a->level,
	    a->name, a->s->ops->name, err_name(-rc), why);
}

static int refuse(const struct attempt *a, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Few programs look at the result of a call for a TLS option, and the handshake
 * that fails later is far from the cause: so these are warnings.  Other options
 * are tried and refused in working programs too.
 */
static int
refuse(const struct attempt *a, int rc, const char *fmt, ...)
{
	const enum log_level loud =
	    a->level == TLS_LEVEL ? LOG_WARN : LOG_DEBUG;
	char why[160];
	va_list ap;

	if (!log_wants(loud))
		return rc;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	tell(loud, a, rc, why);
	return rc;
}

static int
refuse_absent(const struct attempt *a)
{
	if (find(a->s, a->level, a->name, OPTION_GET) != NULL ||
	    find(a->s, a->level, a->name, OPTION_SET) != NULL)
		return refuse(a, -ENOPROTOOPT, "not in this direction");
	if (a->level == TLS_LEVEL && !knows_level(a->s, a->level))
		return refuse(a, -ENOPROTOOPT,
		    "it was not opened with a TLS protocol");
	if (a->level == TLS_LEVEL)
		return refuse(a, -ENOPROTOOPT,
		    "such a socket does not have it");
	return refuse(a, -ENOPROTOOPT,
	    "such a socket does not have it in the profile %s",
	    profile_name(profile_get()));
}

static int
refuse_length(const struct attempt *a, const struct option *o, socklen_t len)
{
	if (o->min == o->max)
		return refuse(a, -EINVAL,
		    "the length is %u and must be %u: it is in bytes", len,
		    o->max);
	return refuse(a, -EINVAL,
	    "the length is %u and must be %u to %u: it is in bytes", len,
	    o->min, o->max);
}

/* What a row answers; it has said more if there is more to say. */
static int
answered(const struct attempt *a, int rc)
{
	if (rc < 0 && log_wants(LOG_DEBUG))
		tell(LOG_DEBUG, a, rc, "not this value, or not now");
	return rc;
}

int
option_set(struct zsock *s, int level, int name, const void *val, socklen_t len)
{
	const struct attempt a = { s, "zsock_setsockopt", level, name };
	const struct option *o;

	o = find(s, level, name, OPTION_SET);
	if (o == NULL && is_kernels(level, name))
		return (int)err_from_kernel(
		    kernel->setsockopt(s->kfd, level, name, val, len));
	if (o == NULL)
		return refuse_absent(&a);
	if (val == NULL && o->null_ok)
		return answered(&a, o->set(s, o, NULL, len));
	if (val == NULL)
		return refuse(&a, -EINVAL, "the value is NULL");
	if (len < o->min || len > o->max)
		return refuse_length(&a, o, len);
	return answered(&a, o->set(s, o, val, len));
}

static int
refuse_null(const struct attempt *a)
{
	if (profile_get() != PROFILE_LINUX && a->s->ops->bare_pointers)
		profile_hazard("getsockopt: the value or its length is NULL: "
		               "EINVAL",
		    "crashes");
	return refuse(a, -EINVAL, "the value or its length is NULL");
}

int
option_get(struct zsock *s, int level, int name, void *val, socklen_t *len)
{
	const struct attempt a = { s, "zsock_getsockopt", level, name };
	const struct option *o;

	o = find(s, level, name, OPTION_GET);
	if (o == NULL && is_kernels(level, name))
		return (int)err_from_kernel(
		    kernel->getsockopt(s->kfd, level, name, val, len));
	if (o == NULL)
		return refuse_absent(&a);
	if (val == NULL || len == NULL)
		return refuse_null(&a);
	if (*len < o->min && o->unchecked && quirk(QUIRK_OPTION_ANY_LENGTH))
		profile_hazard("getsockopt: *optlen is too short: EINVAL",
		    "writes beyond it");
	if (*len < o->min || (o->exact && *len != o->max))
		return refuse_length(&a, o, *len);
	return answered(&a, o->get(s, o, val, len));
}
