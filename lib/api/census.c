#include "api/census.h"

#include <pthread.h>
#include <stdbool.h>

#include "sock/fdtable.h"
#include "sock/tls_sock.h"
#include "tls/session.h"

/* A question about tags: which of them does any socket use? */
struct census {
	const int *tags;
	size_t n;
	int *used;
	size_t found;
};

static bool
has(const int *tags, size_t n, int tag)
{
	for (size_t i = 0; i < n; i++) {
		if (tags[i] == tag)
			return true;
	}
	return false;
}

static void
ask(struct zsock *s, int sock, void *arg)
{
	struct tls_sock *t = tls_sock_from(s);
	struct census *c = arg;

	(void)sock;
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->settings.ntags; i++) {
		const int tag = t->settings.tags[i];

		if (has(c->tags, c->n, tag) && !has(c->used, c->found, tag))
			c->used[c->found++] = tag;
	}
	tls_sock_unlock(t);
}

static size_t
open_tags(const int *tags, size_t n, int *used)
{
	struct census c = { tags, n, used, 0 };

	fdtable_each(ask, &c);
	return c.found;
}

const struct control_census census = { open_tags, tls_session_count };

__attribute__((constructor)) static void
install(void)
{
	control_count_by(&census);
}
