#include "sock/option.h"

#include <errno.h>
#include <stddef.h>

#include "base/err.h"
#include "base/kernel.h"

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

static const struct option *
find(const struct zsock *s, int level, int name)
{
	for (const struct option *const *t = s->ops->options; *t != NULL; t++) {
		for (const struct option *o = *t; o->max != 0; o++) {
			if (o->level == level && o->name == name)
				return o;
		}
	}
	return NULL;
}

int
option_set(struct zsock *s, int level, int name, const void *val, socklen_t len)
{
	const struct option *o = find(s, level, name);

	if (o == NULL || o->set == NULL)
		return -ENOPROTOOPT;
	if (val == NULL && o->null_ok)
		return o->set(s, o, NULL, 0);
	if (val == NULL || len < o->min || len > o->max)
		return -EINVAL;
	return o->set(s, o, val, len);
}

int
option_get(struct zsock *s, int level, int name, void *val, socklen_t *len)
{
	const struct option *o = find(s, level, name);

	if (o == NULL || o->get == NULL)
		return -ENOPROTOOPT;
	if (val == NULL || len == NULL || *len < o->min)
		return -EINVAL;
	if (o->exact && *len != o->max)
		return -EINVAL;
	return o->get(s, o, val, len);
}
