#include "tls/engine_parts.h"

#include <errno.h>

#include "tls/stage.h"
#include "tls/suites.h"

/* A record begins with a type of 20 to 24 and 3, or 254, as major version. */
static bool
opened_otherwise(const struct tls_engine *e)
{
	return e->nopening > 0 &&
	    (e->opening[0] < 20 || e->opening[0] > 24 ||
	        (e->nopening > 1 && e->opening[1] != 3 &&
	            e->opening[1] != 254));
}

/* A server always shows the one it has, a client if it was asked. */
static bool
has_shown_certificate(const struct tls_engine *e)
{
	return SSL_get_certificate(e->ssl) != NULL &&
	    (e->role == TLS_ROLE_SERVER || e->asked);
}

static struct verdict_case
case_of(const struct tls_engine *e, const char *peer)
{
	/* The output may be broken while what has come is still read. */
	const bool output_only = e->error == 0 && e->output_error != 0;

	return (struct verdict_case){
		.role = e->role,
		.dgram = e->dgram != NULL,
		.refused = e->refused,
		.handshake = !e->established,
		.peer = peer,
		.side = output_only ? VERDICT_TRANSPORT : e->side,
		.ssl_error = e->ssl_error,
		.kernel_error = output_only ? e->output_error : e->kernel_error,
		.waited_ms = e->waited_ms,
		.stage = e->stage,
		.verify = &e->state.verify,
		.cut = e->cut,
		.not_tls = opened_otherwise(e),
		.asked_in_vain = e->asked_in_vain,
		.shown = has_shown_certificate(e),
		.ssl = e->ssl,
		.hostname = e->hostname,
		.credentials = tls_context_credentials(e->context),
		.tags_error = e->tags_error,
		.psk = &e->state.psk,
		.alpn = &e->state.alpn,
	};
}

void
tls_engine_explain(const struct tls_engine *e, const char *peer,
    struct verdict *v)
{
	const struct verdict_case c = case_of(e, peer);

	verdict_compose(v, &c);
}

bool
tls_engine_outdated(const struct tls_engine *e, const int *tags, size_t n)
{
	struct tls_context *now;
	struct verdict why;
	bool other = true;

	if (tls_context_get(tags, n, &now, &why) == 0) {
		other = now != e->context;
		tls_context_put(now);
	}
	return other;
}

void
tls_engine_explain_waiting(const struct tls_engine *e, const char *peer,
    int waited_ms, struct verdict *v)
{
	struct verdict_case c = case_of(e, peer);

	c.side = VERDICT_DEADLINE;
	c.waited_ms = waited_ms;
	c.stage = tls_stage_of(e->ssl);
	verdict_compose(v, &c);
}

void
tls_engine_summary(const struct tls_engine *e, const char *peer,
    struct verdict *v)
{
	const struct verdict_case c = case_of(e, peer);

	verdict_compose_success(v, &c, tls_engine_version(e),
	    tls_engine_suite_name(e), e->resumed);
}

const char *
tls_engine_version(const struct tls_engine *e)
{
	return e->established ? SSL_get_version(e->ssl) : NULL;
}

const char *
tls_engine_suite_name(const struct tls_engine *e)
{
	if (!e->established)
		return NULL;
	return tls_suite_name(SSL_get_current_cipher(e->ssl));
}

int
tls_engine_suite(const struct tls_engine *e)
{
	if (!e->established)
		return -ENOTCONN;
	return SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(e->ssl));
}

uint32_t
tls_engine_verify_flags(const struct tls_engine *e)
{
	return e->state.verify.flags;
}

size_t
tls_engine_protocol(const struct tls_engine *e, const char **name)
{
	const unsigned char *p;
	unsigned len;

	SSL_get0_alpn_selected(e->ssl, &p, &len);
	*name = (const char *)p;
	return len;
}

bool
tls_engine_resumed(const struct tls_engine *e)
{
	return e->resumed;
}

/* RFC 5246, 6.2.3; RFC 5288, 3; RFC 6655, 3; RFC 7905, 2; RFC 8446, 5.2. */
size_t
tls_engine_overhead(const struct tls_engine *e)
{
	const bool newest = SSL_version(e->ssl) == TLS1_3_VERSION;
	const SSL_CIPHER *suite = SSL_get_current_cipher(e->ssl);

	if (suite == NULL)
		return 0;
	switch (SSL_CIPHER_get_cipher_nid(suite)) {
	case NID_aes_128_ccm: /* of which some have half a tag */
	case NID_aes_256_ccm:
		return newest ? 9 : 16;
	case NID_aes_128_gcm:
	case NID_aes_256_gcm:
		return newest ? 17 : 24;
	case NID_chacha20_poly1305:
		return newest ? 17 : 16;
	default:
		return newest ? 9 : 20; /* a MAC, of SHA-1 */
	}
}
