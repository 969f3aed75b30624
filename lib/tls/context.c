#include "tls/context.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tls/material.h"
#include "tls/session.h"

/* Contexts kept although no socket uses them at the moment. */
#define CACHE_MAX 16

/* Kinds of connection that a context is kept ready for. */
#define VARIANTS_MAX 16

struct variant {
	struct variant *next;
	struct tls_kind kind;
	SSL_CTX *ssl_ctx;
	int suites[];
};

struct tls_context {
	atomic_int refs;          /* the cache's own is one of them */
	struct tls_context *next; /* guarded by cache_lock */
	uint64_t serial;
	struct cred_set *set;
	struct tls_material material;
	struct variant *variants; /* guarded by cache_lock; last used first */
};

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tls_context *cache; /* guarded by cache_lock; newest first */
static unsigned forgets;          /* guarded by cache_lock; calls of _forget */
static atomic_ullong serials;

void
tls_context_freeze(void)
{
	pthread_mutex_lock(&cache_lock);
	tls_session_freeze();
}

void
tls_context_thaw(void)
{
	tls_session_thaw();
	pthread_mutex_unlock(&cache_lock);
}

static void
variants_free(struct variant *v)
{
	struct variant *next;

	for (; v != NULL; v = next) {
		next = v->next;
		SSL_CTX_free(v->ssl_ctx);
		free(v);
	}
}

static void
context_free(struct tls_context *ctx)
{
	variants_free(ctx->variants);
	tls_material_fini(&ctx->material);
	store_set_put(ctx->set);
	free(ctx);
}

struct tls_context *
tls_context_ref(struct tls_context *ctx)
{
	atomic_fetch_add(&ctx->refs, 1);
	return ctx;
}

void
tls_context_put(struct tls_context *ctx)
{
	if (ctx != NULL && atomic_fetch_sub(&ctx->refs, 1) == 1)
		context_free(ctx);
}

/* Takes over set, also on failure. */
static int
context_new(struct cred_set *set, struct tls_context **out, struct verdict *why)
{
	struct tls_context *ctx;
	int rc;

	ctx = calloc(1, sizeof(*ctx));
	if (ctx == NULL) {
		store_set_put(set);
		verdict_set(why, "out of memory for the credentials");
		return -ENOMEM;
	}
	rc = tls_material_init(&ctx->material, set, why);
	if (rc < 0) {
		store_set_put(set);
		free(ctx);
		return rc;
	}
	atomic_init(&ctx->refs, 1);
	ctx->serial = atomic_fetch_add(&serials, 1);
	ctx->set = set;
	*out = ctx;
	return 0;
}

/* Serials are never reused, so equal serials are equal bytes. */
static bool
same_credentials(const struct cred_set *a, const struct cred_set *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->creds[i]->serial != b->creds[i]->serial)
			return false;
	}
	return true;
}

static struct tls_context *
cache_find_locked(const struct cred_set *set)
{
	for (struct tls_context *c = cache; c != NULL; c = c->next) {
		if (same_credentials(c->set, set)) {
			atomic_fetch_add(&c->refs, 1);
			return c;
		}
	}
	return NULL;
}

/* The oldest entries beyond CACHE_MAX go; whoever uses one keeps it. */
static struct tls_context *
cache_trim_locked(void)
{
	struct tls_context **link = &cache, *rest;

	for (int n = 0; n < CACHE_MAX && *link != NULL; n++)
		link = &(*link)->next;
	rest = *link;
	*link = NULL;
	return rest;
}

/* They have left the cache: no new connection comes back to their sessions. */
static void
put_all(struct tls_context *list)
{
	struct tls_context *next;

	for (; list != NULL; list = next) {
		next = list->next;
		tls_session_forget(list->serial);
		tls_context_put(list);
	}
}

int
tls_context_get(const int *tags, size_t n, struct tls_context **out,
    struct verdict *why)
{
	struct tls_context *found, *fresh, *rest = NULL;
	struct cred_set *set;
	unsigned forgets_before;
	int missing = 0, rc;

	pthread_mutex_lock(&cache_lock);
	forgets_before = forgets;
	pthread_mutex_unlock(&cache_lock);
	rc = store_collect(tags, n, &set, &missing);
	if (rc == -ENOENT)
		verdict_set(why,
		    "sec_tag %d: no credential is stored under it; "
		    "tls_credential_add() comes before the socket uses it",
		    missing);
	else if (rc < 0)
		verdict_set(why, "out of memory for the credentials");
	if (rc < 0)
		return rc;

	pthread_mutex_lock(&cache_lock);
	found = cache_find_locked(set);
	pthread_mutex_unlock(&cache_lock);
	if (found != NULL) {
		store_set_put(set);
		*out = found;
		return 0;
	}

	/* Parsed without the lock; two threads may do so at once, one wins. */
	rc = context_new(set, &fresh, why);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&cache_lock);
	found = cache_find_locked(fresh->set);
	if (found == NULL) {
		found = fresh;
		fresh = NULL;
	}
	/* What was deleted while we parsed must not be kept by the cache. */
	if (fresh == NULL && forgets == forgets_before) {
		atomic_fetch_add(&found->refs, 1);
		found->next = cache;
		cache = found;
		rest = cache_trim_locked();
	}
	pthread_mutex_unlock(&cache_lock);
	tls_context_put(fresh);
	put_all(rest);
	*out = found;
	return 0;
}

static bool
uses(const struct tls_context *ctx, int tag, int type)
{
	for (size_t i = 0; i < ctx->set->n; i++) {
		if (ctx->set->creds[i]->tag == tag &&
		    ctx->set->creds[i]->type == type)
			return true;
	}
	return false;
}

void
tls_context_forget(int tag, int type)
{
	struct tls_context *c, **link = &cache, *rest = NULL;

	pthread_mutex_lock(&cache_lock);
	forgets++;
	while ((c = *link) != NULL) {
		if (uses(c, tag, type)) {
			*link = c->next;
			c->next = rest;
			rest = c;
		} else {
			link = &c->next;
		}
	}
	pthread_mutex_unlock(&cache_lock);
	put_all(rest);
}

const struct cred_set *
tls_context_credentials(const struct tls_context *ctx)
{
	return ctx->set;
}

const struct tls_psk *
tls_context_psks(const struct tls_context *ctx, size_t *n)
{
	*n = ctx->material.npsks;
	return ctx->material.psks;
}

uint64_t
tls_context_serial(const struct tls_context *ctx)
{
	return ctx->serial;
}

static bool
same_kind(const struct tls_kind *a, const struct tls_kind *b)
{
	return a->role == b->role && a->min_version == b->min_version &&
	    a->cache == b->cache && a->nsuites == b->nsuites &&
	    (a->nsuites == 0 ||
	        memcmp(a->suites, b->suites, a->nsuites * sizeof(int)) == 0);
}

/* A new reference, or NULL.  What is found is the last to be pushed out. */
static SSL_CTX *
find_ssl_ctx_locked(struct tls_context *ctx, const struct tls_kind *kind)
{
	struct variant **link = &ctx->variants, *v;

	while (*link != NULL && !same_kind(&(*link)->kind, kind))
		link = &(*link)->next;
	v = *link;
	if (v == NULL)
		return NULL;
	*link = v->next;
	v->next = ctx->variants;
	ctx->variants = v;
	SSL_CTX_up_ref(v->ssl_ctx);
	return v->ssl_ctx;
}

static SSL_CTX *
find_ssl_ctx(struct tls_context *ctx, const struct tls_kind *kind)
{
	SSL_CTX *c;

	pthread_mutex_lock(&cache_lock);
	c = find_ssl_ctx_locked(ctx, kind);
	pthread_mutex_unlock(&cache_lock);
	return c;
}

static struct variant *
variant_new(const struct tls_kind *kind, SSL_CTX *c)
{
	const size_t size = kind->nsuites * sizeof(int);
	struct variant *v = malloc(sizeof(*v) + size);

	if (v == NULL)
		return NULL;
	*v = (struct variant){ .kind = *kind, .ssl_ctx = c };
	if (size > 0)
		memcpy(v->suites, kind->suites, size);
	v->kind.suites = v->suites;
	SSL_CTX_up_ref(c);
	return v;
}

/* Those used longest ago, beyond VARIANTS_MAX. */
static struct variant *
trim_locked(struct tls_context *ctx)
{
	struct variant **link = &ctx->variants, *rest;

	for (int n = 0; n < VARIANTS_MAX && *link != NULL; n++)
		link = &(*link)->next;
	rest = *link;
	*link = NULL;
	return rest;
}

/*
 * Takes over c and returns what is to be used: of two threads that make the
 * same at once, one throws its own away.  Without memory to keep it, this
 * connection has it alone.
 */
static SSL_CTX *
keep_ssl_ctx(struct tls_context *ctx, const struct tls_kind *kind, SSL_CTX *c)
{
	struct variant *v = variant_new(kind, c), *rest;
	SSL_CTX *found;

	if (v == NULL)
		return c;
	pthread_mutex_lock(&cache_lock);
	found = find_ssl_ctx_locked(ctx, kind);
	if (found == NULL) {
		v->next = ctx->variants;
		ctx->variants = v;
		rest = trim_locked(ctx);
	} else {
		rest = v;
	}
	pthread_mutex_unlock(&cache_lock);
	variants_free(rest);
	if (found == NULL)
		return c;
	SSL_CTX_free(c);
	return found;
}

int
tls_context_new_ssl(struct tls_context *ctx, const struct tls_kind *kind,
    SSL **out, struct verdict *why)
{
	SSL_CTX *c = find_ssl_ctx(ctx, kind);
	int rc;

	if (c == NULL) {
		rc = tls_ssl_ctx_new(&ctx->material, kind, &c, why);
		if (rc < 0)
			return rc;
		c = keep_ssl_ctx(ctx, kind, c);
	}
	*out = SSL_new(c);
	SSL_CTX_free(c); /* the SSL has its own reference */
	return *out != NULL ? 0 : -ENOMEM;
}
