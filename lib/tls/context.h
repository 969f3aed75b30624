#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "cred/store.h"
#include "tls/psk.h"
#include "tls/ssl_ctx.h"
#include "tls/verdict.h"

/*
 * The credentials of one list of sec_tags, parsed once, and the SSL_CTX made
 * of them for each kind of connection, of which the 16 that were used last are
 * kept.  Shared by all sockets
 * that use the same credentials: parsing them is what makes a connection dear.
 * Immutable for its users; a store that changes gives new contexts.
 */
struct tls_context;

/*
 * The context for the credentials that the store holds now.  The caller gives
 * it back with tls_context_put.  Returns 0, or -ENOENT (a tag is unknown),
 * -EINVAL or -ENOMEM with a sentence in why.
 */
int tls_context_get(const int *tags, size_t n, struct tls_context **out,
    struct verdict *why);
struct tls_context *tls_context_ref(struct tls_context *ctx);
void tls_context_put(struct tls_context *ctx);

/*
 * A new SSL for a connection, its verification, SNI and role not yet set.
 * Returns 0, or what tls_ssl_ctx_new does.
 */
int tls_context_new_ssl(struct tls_context *ctx, const struct tls_kind *kind,
    SSL **out, struct verdict *why);

/* What the context was built from.  Valid as long as the context. */
const struct cred_set *tls_context_credentials(const struct tls_context *ctx);
const struct tls_psk *tls_context_psks(const struct tls_context *ctx,
    size_t *n);

/* Unique in the process: two contexts never share one. */
uint64_t tls_context_serial(const struct tls_context *ctx);

/*
 * A credential was deleted: no new connection shares what was parsed from it.
 * Connections that use it keep it until they close.
 */
void tls_context_forget(int tag, int type);

/* Hold the locks of this cache and of sessions' across a fork. */
void tls_context_freeze(void);
void tls_context_thaw(void);

#endif
