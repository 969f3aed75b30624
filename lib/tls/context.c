#include "tls/context.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "base/log.h"
#include "tls/alpn.h"
#include "tls/cookie.h"
#include "tls/keylog.h"
#include "tls/material.h"
#include "tls/session.h"
#include "tls/suites.h"
#include "tls/verify.h"
#include "tls/version.h"

/* Lowest versions that a socket can ask for: 1.0 to 1.3, DTLS 1.0 and 1.2. */
#define VERSIONS 6

/* Contexts kept although no socket uses them at the moment. */
#define CACHE_MAX 16

struct tls_context {
	atomic_int refs;          /* the cache's own is one of them */
	struct tls_context *next; /* guarded by cache_lock */
	uint64_t serial;
	struct cred_set *set;
	struct tls_material material;
	/* By role, version and cache, made on demand; constant once set. */
	_Atomic(SSL_CTX *) ssl_ctx[2][VERSIONS][2];
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
context_free(struct tls_context *ctx)
{
	for (int role = 0; role < 2; role++) {
		for (int v = 0; v < VERSIONS; v++) {
			SSL_CTX_free(ctx->ssl_ctx[role][v][0]);
			SSL_CTX_free(ctx->ssl_ctx[role][v][1]);
		}
	}
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

/*
 * A trusted certificate need not be self-signed: on the device every
 * certificate of the CA list is an anchor.
 */
static bool
trust(SSL_CTX *ssl_ctx, const struct tls_material *m)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);

	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl_ctx),
	    X509_V_FLAG_PARTIAL_CHAIN);
	for (int i = 0; i < sk_X509_num(m->cas); i++) {
		if (X509_STORE_add_cert(store, sk_X509_value(m->cas, i)) != 1)
			return false;
	}
	return true;
}

/* A certificate without a key, or the reverse, is not used: see verdict.c. */
static bool
identify(SSL_CTX *ssl_ctx, const struct tls_material *m)
{
	if (m->key == NULL || sk_X509_num(m->chain) == 0)
		return true;
	if (SSL_CTX_use_certificate(ssl_ctx, sk_X509_value(m->chain, 0)) != 1)
		return false;
	for (int i = 1; i < sk_X509_num(m->chain); i++) {
		if (SSL_CTX_add1_chain_cert(ssl_ctx,
		        sk_X509_value(m->chain, i)) != 1)
			return false;
	}
	return SSL_CTX_use_PrivateKey(ssl_ctx, m->key) == 1;
}

/* Unless it is asked for, no session is given out, or come back to. */
static void
set_sessions(SSL_CTX *c, struct tls_kind kind)
{
	if (kind.cache) {
		tls_session_install(c, kind.role);
		return;
	}
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	if (kind.role == TLS_ROLE_SERVER) {
		SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(c, 0); /* it cannot fail */
	}
}

/* Versions that need no weak digest. */
static bool
is_strong(int min_version)
{
	return min_version == DTLS1_2_VERSION ||
	    (!tls_version_is_dgram(min_version) &&
	        min_version >= TLS1_2_VERSION);
}

/*
 * The lowest version is what was asked for, unless the system's policy has a
 * higher one, which SSL_CTX_new took over, or a level that has none so old.
 */
static bool
allow_versions(SSL_CTX *c, int min_version)
{
	const int system = (int)SSL_CTX_get_min_proto_version(c);
	const bool is_higher =
	    system != 0 && tls_version_is_older(min_version, system);

	if (!is_strong(min_version) &&
	    (is_higher || SSL_CTX_get_security_level(c) > 0))
		log_line(LOG_WARN,
		    "a socket for %s cannot go so low: the "
		    "system's OpenSSL policy has a higher MinProtocol, or a "
		    "security level above 0",
		    tls_version_is_dgram(min_version) ? "DTLS 1.0"
		                                      : "TLS 1.0 or 1.1");
	return is_higher || SSL_CTX_set_min_proto_version(c, min_version) == 1;
}

/*
 * OpenSSL 3.0's own, for all versions: the first choice of later ones makes a
 * ClientHello that does not fit into one packet.  Where the provider lacks one,
 * that version's own are left.
 */
static void
choose_groups(SSL_CTX *c)
{
	(void)SSL_CTX_set1_groups_list(c,
	    "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:"
	    "ffdhe6144:ffdhe8192");
	ERR_clear_error();
}

static const SSL_METHOD *
method_of(struct tls_kind kind)
{
	if (tls_version_is_dgram(kind.min_version))
		return kind.role == TLS_ROLE_CLIENT ? DTLS_client_method()
		                                    : DTLS_server_method();
	return kind.role == TLS_ROLE_CLIENT ? TLS_client_method()
	                                    : TLS_server_method();
}

/*
 * The size of datagrams is the owner's affair, and the newest version the
 * device's: there is no DTLS 1.3 on it.  With Encrypt-then-MAC, OpenSSL lets
 * one forged record end a connection instead of dropping it.
 */
static bool
set_dgram(SSL_CTX *c, struct tls_kind kind)
{
	SSL_CTX_set_options(c,
	    SSL_OP_NO_QUERY_MTU | SSL_OP_NO_ENCRYPT_THEN_MAC);
	if (kind.role == TLS_ROLE_SERVER)
		tls_cookie_install(c);
	return SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION) == 1;
}

/*
 * OpenSSL's SSL_OP_NO_TX_ and NO_RX_CERTIFICATE_COMPRESSION, which came with
 * 3.2 and mean nothing before: the device compresses none.
 */
#define NO_COMPRESSED_CERTIFICATES (UINT64_C(3) << 32)

/*
 * TCP FIN without close_notify reads as the end of the stream, as on the
 * device; the engine tells a stream that was cut inside a record.
 * Renegotiation is off: TLS 1.3 has none and the device refuses it.  What is
 * sent is what the public certificate's credential has: OpenSSL by itself would
 * complete it with those of the CAs, which the device does not.
 */
static SSL_CTX *
make_ssl_ctx(const struct tls_material *m, struct tls_kind kind)
{
	SSL_CTX *c;

	c = SSL_CTX_new(method_of(kind));
	if (c == NULL)
		return NULL;
	SSL_CTX_set_options(c,
	    SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
	        SSL_OP_NO_COMPRESSION | NO_COMPRESSED_CERTIFICATES);
	SSL_CTX_set_mode(c,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	choose_groups(c);
	set_sessions(c, kind);
	tls_verify_install(c);
	tls_alpn_install(c);
	SSL_CTX_set_keylog_callback(c, tls_keylog());
	if (tls_suites_install(c, is_strong(kind.min_version)) < 0 ||
	    (tls_version_is_dgram(kind.min_version) && !set_dgram(c, kind)) ||
	    !allow_versions(c, kind.min_version) || !trust(c, m) ||
	    !identify(c, m)) {
		SSL_CTX_free(c);
		return NULL;
	}
	return c;
}

static int
version_index(int min_version)
{
	if (tls_version_is_dgram(min_version))
		return min_version == DTLS1_VERSION ? 4 : 5;
	return min_version - TLS1_VERSION;
}

/* Of two threads that make it at once, one throws its own away. */
static SSL_CTX *
get_ssl_ctx(struct tls_context *ctx, struct tls_kind kind)
{
	_Atomic(SSL_CTX *) *slot = &ctx->ssl_ctx[kind.role][version_index(
	    kind.min_version)][kind.cache];
	SSL_CTX *c = atomic_load(slot), *fresh;

	if (c != NULL)
		return c;
	fresh = make_ssl_ctx(&ctx->material, kind);
	if (fresh == NULL || atomic_compare_exchange_strong(slot, &c, fresh))
		return fresh;
	SSL_CTX_free(fresh);
	return c;
}

int
tls_context_new_ssl(struct tls_context *ctx, struct tls_kind kind, SSL **out,
    struct verdict *why)
{
	SSL_CTX *c;
	char reason[128];

	ERR_clear_error();
	c = get_ssl_ctx(ctx, kind);
	*out = c != NULL ? SSL_new(c) : NULL;
	if (*out != NULL)
		return 0;
	ERR_error_string_n(ERR_peek_error(), reason, sizeof(reason));
	ERR_clear_error();
	verdict_set(why,
	    "OpenSSL refuses these credentials or its policy "
	    "forbids them: %s",
	    reason);
	return -EINVAL;
}
