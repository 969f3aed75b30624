#include "tls/ssl_ctx.h"

#include <errno.h>

#include <openssl/err.h>

#include "base/log.h"
#include "tls/alpn.h"
#include "tls/cookie.h"
#include "tls/keylog.h"
#include "tls/session.h"
#include "tls/shortage.h"
#include "tls/suites.h"
#include "tls/verify.h"
#include "tls/version.h"

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
set_sessions(SSL_CTX *c, const struct tls_kind *kind)
{
	if (kind->cache) {
		tls_session_install(c, kind->role);
		return;
	}
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	if (kind->role == TLS_ROLE_SERVER) {
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

	return is_higher || SSL_CTX_set_min_proto_version(c, min_version) == 1;
}

/* After allow_versions: is what was asked for still too low? */
static bool
is_too_low(SSL_CTX *c, int min_version)
{
	return !is_strong(min_version) &&
	    (SSL_CTX_get_min_proto_version(c) != min_version ||
	        SSL_CTX_get_security_level(c) > 0);
}

static void
warn_of_policy(int min_version)
{
	log_line(LOG_WARN,
	    "a socket for %s cannot go so low: the "
	    "system's OpenSSL policy has a higher MinProtocol, or a "
	    "security level above 0",
	    tls_version_is_dgram(min_version) ? "DTLS 1.0" : "TLS 1.0 or 1.1");
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
method_of(const struct tls_kind *kind)
{
	if (tls_version_is_dgram(kind->min_version))
		return kind->role == TLS_ROLE_CLIENT ? DTLS_client_method()
		                                     : DTLS_server_method();
	return kind->role == TLS_ROLE_CLIENT ? TLS_client_method()
	                                     : TLS_server_method();
}

/*
 * The size of datagrams is the owner's affair, and the newest version the
 * device's: there is no DTLS 1.3 on it.  With Encrypt-then-MAC, OpenSSL lets
 * one forged record end a connection instead of dropping it.
 */
static bool
set_dgram(SSL_CTX *c, const struct tls_kind *kind)
{
	SSL_CTX_set_options(c,
	    SSL_OP_NO_QUERY_MTU | SSL_OP_NO_ENCRYPT_THEN_MAC);
	if (kind->role == TLS_ROLE_SERVER)
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
static void
set_manners(SSL_CTX *c, const struct tls_kind *kind)
{
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
}

/* The suites last: which of them are left depends on the versions. */
static int
set_suites(SSL_CTX *c, const struct tls_material *m,
    const struct tls_kind *kind, struct verdict *why)
{
	if (kind->nsuites > 0)
		return tls_suites_narrow(c, kind->role, kind->suites,
		    kind->nsuites, why);
	return m->npsks > 0 ? tls_suites_prefer_sha256(c, kind->role) : 0;
}

static int
refused(struct verdict *why)
{
	char reason[128];

	ERR_error_string_n(ERR_peek_error(), reason, sizeof(reason));
	if (tls_shortage())
		return -ENOMEM;
	verdict_set(why,
	    "OpenSSL refuses these credentials or its policy "
	    "forbids them: %s",
	    reason);
	return -EINVAL;
}

int
tls_ssl_ctx_new(const struct tls_material *m, const struct tls_kind *kind,
    SSL_CTX **out, struct verdict *why)
{
	bool too_low;
	SSL_CTX *c;
	int rc = 0;

	ERR_clear_error();
	c = SSL_CTX_new(method_of(kind));
	if (c == NULL)
		return refused(why);
	set_manners(c, kind);
	if (tls_suites_install(c, is_strong(kind->min_version)) < 0 ||
	    (tls_version_is_dgram(kind->min_version) && !set_dgram(c, kind)) ||
	    !allow_versions(c, kind->min_version) || !trust(c, m) ||
	    !identify(c, m))
		rc = refused(why);
	too_low = is_too_low(c, kind->min_version);
	if (rc == 0)
		rc = set_suites(c, m, kind, why);
	if (rc < 0) {
		SSL_CTX_free(c);
		return rc;
	}
	if (too_low)
		warn_of_policy(kind->min_version);
	*out = c;
	return 0;
}
