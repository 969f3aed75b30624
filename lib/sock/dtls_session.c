#include "sock/dtls_session.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_LEAST 8

/*
 * More sessions of one socket than this are warm only if all of them have moved
 * bytes in so short a time.
 */
#define WARM_MAX 16
#define BURST_NS INT64_C(20000000)

bool
dtls_same_peer(const union native_addr *a, const union native_addr *b)
{
	if (a->any.sa_family != b->any.sa_family ||
	    a->in.sin_port != b->in.sin_port)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
	           sizeof(a->in6.sin6_addr)) == 0 &&
	    (a->in6.sin6_scope_id == b->in6.sin6_scope_id ||
	        a->in6.sin6_scope_id == 0 || b->in6.sin6_scope_id == 0);
}

/* FNV-1a over what dtls_same_peer always compares. */
static size_t
hash(const union native_addr *a)
{
	const bool v4 = a->any.sa_family == AF_INET;
	const unsigned char *p = v4 ? (const unsigned char *)&a->in.sin_addr
	                            : (const unsigned char *)&a->in6.sin6_addr;
	const size_t n = v4 ? sizeof(a->in.sin_addr) : sizeof(a->in6.sin6_addr);
	uint64_t h = UINT64_C(14695981039346656037) ^ a->in.sin_port;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

static struct dtls_session **
bucket_of(const struct dtls_table *t, const union native_addr *peer)
{
	return &t->buckets[hash(peer) & (t->nbuckets - 1)];
}

struct dtls_session *
dtls_table_find(const struct dtls_table *t, const union native_addr *peer)
{
	struct dtls_session *s;

	if (t->n == 0)
		return NULL;
	s = *bucket_of(t, peer);
	while (s != NULL && !dtls_same_peer(&s->peer, peer))
		s = s->next;
	return s;
}

static void
insert(struct dtls_table *t, struct dtls_session *s)
{
	struct dtls_session **bucket = bucket_of(t, &s->peer);

	s->next = *bucket;
	*bucket = s;
}

static bool
grow(struct dtls_table *t)
{
	struct dtls_table wider = *t;

	wider.nbuckets = t->nbuckets == 0 ? BUCKETS_LEAST : t->nbuckets * 2;
	wider.buckets = calloc(wider.nbuckets, sizeof(*wider.buckets));
	if (wider.buckets == NULL)
		return false;
	for (size_t i = 0; i < t->nbuckets; i++) {
		struct dtls_session *s = t->buckets[i], *next;

		for (; s != NULL; s = next) {
			next = s->next;
			insert(&wider, s);
		}
	}
	free(t->buckets);
	*t = wider;
	return true;
}

static struct dtls_list *
list_of(struct dtls_table *t, const struct dtls_session *s)
{
	return s->open ? &t->open : &t->opening;
}

static void
link_newest(struct dtls_list *l, struct dtls_session *s)
{
	s->newer = NULL;
	s->older = l->newest;
	if (l->newest != NULL)
		l->newest->newer = s;
	else
		l->oldest = s;
	l->newest = s;
}

static void
unlink_session(struct dtls_list *l, struct dtls_session *s)
{
	if (s->newer != NULL)
		s->newer->older = s->older;
	else
		l->newest = s->older;
	if (s->older != NULL)
		s->older->newer = s->newer;
	else
		l->oldest = s->newer;
}

struct dtls_session *
dtls_table_add(struct dtls_table *t, const union native_addr *peer,
    socklen_t len, struct tls_engine *engine)
{
	struct dtls_session *s;

	if (t->n >= t->nbuckets && !grow(t))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->engine = engine;
	s->peer = *peer;
	s->peer_len = len;
	s->wake = DEADLINE_NEVER;
	s->active_ns = deadline_coarse_ns();
	address_text(&peer->any, s->name);
	insert(t, s);
	link_newest(&t->opening, s);
	t->n++;
	t->nopening++;
	return s;
}

/* An open one that moves bytes; it is to be the newest. */
static void
warm(struct dtls_table *t, struct dtls_session *s)
{
	if (t->coldest == NULL)
		t->coldest = s;
	else if (t->coldest == s && s->newer != NULL)
		t->coldest = s->newer;
	t->nwarm += !s->warm;
	s->warm = true;
}

static void
cool(struct dtls_table *t)
{
	struct dtls_session *s = t->coldest;

	tls_engine_rest(s->engine);
	s->warm = false;
	t->nwarm--;
	t->coldest = s->newer;
}

/* What many clients at once took for their handshakes serves those to come. */
static void
limit_warm(struct dtls_table *t)
{
	const int64_t since = t->open.newest->active_ns - BURST_NS;

	while (t->nwarm > WARM_MAX && t->coldest != NULL &&
	    t->coldest->active_ns <= since)
		cool(t);
}

void
dtls_table_remove(struct dtls_table *t, struct dtls_session *s)
{
	struct dtls_session **link = bucket_of(t, &s->peer);

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	if (t->coldest == s)
		t->coldest = s->newer;
	t->nwarm -= s->warm;
	unlink_session(list_of(t, s), s);
	t->n--;
	t->nopening -= !s->open;
	tls_engine_free(s->engine);
	free(s);
}

void
dtls_table_touch(struct dtls_table *t, struct dtls_session *s)
{
	struct dtls_list *l = list_of(t, s);

	s->active_ns = deadline_coarse_ns();
	if (s->open)
		warm(t, s);
	if (l->newest == s)
		return;
	unlink_session(l, s);
	link_newest(l, s);
	if (s->open)
		limit_warm(t);
}

void
dtls_table_opened(struct dtls_table *t, struct dtls_session *s)
{
	unlink_session(&t->opening, s);
	t->nopening--;
	s->open = true;
	s->wake = DEADLINE_NEVER;
	link_newest(&t->open, s);
	warm(t, s);
	limit_warm(t);
}

void
dtls_table_rest(struct dtls_table *t, int64_t since_ns)
{
	while (t->coldest != NULL && t->coldest->active_ns <= since_ns)
		cool(t);
}

static void
free_sessions(struct dtls_session *oldest)
{
	struct dtls_session *newer;

	for (struct dtls_session *s = oldest; s != NULL; s = newer) {
		newer = s->newer;
		tls_engine_free(s->engine);
		free(s);
	}
}

void
dtls_table_fini(struct dtls_table *t)
{
	free_sessions(t->open.oldest);
	free_sessions(t->opening.oldest);
	free(t->buckets);
	*t = (struct dtls_table){ 0 };
}
