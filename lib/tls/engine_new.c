/* How a connection is made ready for its handshake, and freed. */
#include "tls/engine_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "tls/version.h"

static int
out_of_memory(struct tls_engine *e, struct verdict *why)
{
	ERR_clear_error();
	verdict_set(why, "out of memory for a TLS connection");
	tls_engine_free(e);
	return -ENOMEM;
}

/* The target's own limits; Mbed TLS rounds its fragments down. */
static void
limit_datagrams(struct tls_engine *e)
{
	const int content = limit_get(LIMIT_TLS_CONTENT, CONFIG_RECORD_MAX);
	const int fragment = limit_get(LIMIT_DTLS_FRAGMENT, 0);
	size_t rounded = 4096; /* the most that there is a code for */

	if (content > 0 && (size_t)content < e->max_record)
		e->max_record = (size_t)content;
	if (fragment < 512)
		return;
	while (rounded > (size_t)fragment)
		rounded /= 2;
	if (rounded < e->max_record)
		e->max_record = rounded;
}

/*
 * As in Mbed TLS, TLS_MAX_FRAGMENT_LENGTH limits what its own side sends, in
 * either role and whatever the peer says to it: 512 bytes is 1, and so on.
 */
static void
limit_records(struct tls_engine *e, int max_fragment)
{
	const int limit = config_get()->max_record;

	e->max_record = limit != 0 ? (size_t)limit : CONFIG_RECORD_MAX;
	if (e->dgram != NULL)
		limit_datagrams(e);
	if (max_fragment > 0 && e->max_record > (size_t)256 << max_fragment)
		e->max_record = (size_t)256 << max_fragment;
	SSL_set_max_send_fragment(e->ssl, (long)e->max_record);
}

/* The server wants a certificate; without one the client's message is empty. */
static int
on_request(SSL *ssl, void *arg)
{
	struct tls_engine *e = arg;

	e->asked = true;
	e->asked_in_vain = SSL_get_certificate(ssl) == NULL;
	return 1;
}

/* What the program has asked for by options, besides the credentials. */
static int
apply_settings(struct tls_engine *e, const struct tls_settings *settings,
    struct verdict *why)
{
	int rc;

	rc = tls_verify_attach(e->ssl, &e->state.verify, e->role, settings,
	    e->hostname);
	if (rc < 0) {
		verdict_set(why,
		    "TLS_HOSTNAME \"%s\" is not a name that a "
		    "certificate can carry",
		    e->hostname);
		return rc;
	}
	rc = tls_alpn_init(&e->state.alpn, e->ssl, e->role, settings, why);
	if (rc == 0 && settings->max_fragment > 0 &&
	    e->role == TLS_ROLE_CLIENT &&
	    SSL_set_tlsext_max_fragment_length(e->ssl,
	        (uint8_t)settings->max_fragment) != 1)
		rc = -ENOMEM;
	return rc;
}

/* A client shows one identity: which of several is not for us to choose. */
static int
check_psks(const struct tls_engine *e, struct verdict *why)
{
	size_t n;
	const struct tls_psk *psks = tls_context_psks(e->context, &n);

	if (e->role == TLS_ROLE_SERVER || n < 2)
		return 0;
	verdict_set(why,
	    "sec_tag %d: a second pre-shared key; sec_tag %d has one already, "
	    "and a client can use only one",
	    psks[1].key->tag, psks[0].key->tag);
	return -EINVAL;
}

/* Before the handshake: keys, and the session to go on with. */
static void
attach_secrets(struct tls_engine *e, const struct tls_settings *settings,
    const char *peer)
{
	size_t n;
	const struct tls_psk *psks = tls_context_psks(e->context, &n);

	tls_psk_attach(e->ssl, &e->state.psk, e->role, psks, n);
	e->state.session = (struct tls_session_state){
		.on = tls_session_wanted(settings),
		.mode = e->state.verify.mode,
		.context = tls_context_serial(e->context),
		.dgram = e->dgram != NULL,
		.peer = peer,
		/* None that was set is not any: see verify.h. */
		.hostname = e->hostname == NULL && e->state.verify.name_wanted
		    ? ""
		    : e->hostname,
	};
	tls_session_attach(e->ssl, &e->state.session, e->role);
}

/* What takes bytes to OpenSSL, and from it. */
static bool
make_carrier(struct tls_engine *e, int min_version,
    const struct tls_settings *settings)
{
	return tls_version_is_dgram(min_version)
	    ? engine_parts_init_dgram(e, settings) == 0
	    : engine_parts_rings(e);
}

int
tls_engine_new(struct tls_context *ctx, const struct tls_settings *settings,
    enum tls_role role, int min_version, const char *peer,
    struct tls_engine **out, struct verdict *why)
{
	const struct tls_kind kind = { role, min_version,
		tls_session_wanted(settings), settings->suites,
		settings->nsuites };
	struct tls_engine *e;
	int rc;

	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return out_of_memory(e, why);
	e->role = role;
	e->state.verify.flags = TLS_VERIFY_NOT_RUN;
	e->tags_error = settings->tags_error;
	if (settings->hostname != NULL) {
		e->hostname = strdup(settings->hostname);
		if (e->hostname == NULL)
			return out_of_memory(e, why);
	}
	rc = tls_context_new_ssl(ctx, &kind, &e->ssl, why);
	if (rc == -ENOMEM)
		return out_of_memory(e, why);
	if (rc < 0) {
		tls_engine_free(e);
		return rc;
	}
	e->context = tls_context_ref(ctx);
	if (SSL_set_app_data(e->ssl, &e->state) != 1 ||
	    !make_carrier(e, min_version, settings))
		return out_of_memory(e, why);
	limit_records(e, settings->max_fragment);
	rc = apply_settings(e, settings, why);
	if (rc == 0)
		rc = check_psks(e, why);
	if (rc == -ENOMEM)
		return out_of_memory(e, why);
	if (rc < 0) {
		tls_engine_free(e);
		return rc;
	}
	attach_secrets(e, settings, peer);
	if (role == TLS_ROLE_CLIENT) {
		SSL_set_cert_cb(e->ssl, on_request, e);
		SSL_set_connect_state(e->ssl);
	} else {
		SSL_set_accept_state(e->ssl);
	}
	*out = e;
	return 0;
}

void
tls_engine_free(struct tls_engine *e)
{
	if (e == NULL)
		return;
	SSL_free(e->ssl);
	tls_rings_give(e->rings);
	tls_context_put(e->context);
	tls_alpn_fini(&e->state.alpn);
	tls_verify_fini(&e->state.verify);
	free(e->hostname);
	free(e);
}

int
tls_engine_limit_version(struct tls_engine *e, int max_version)
{
	return SSL_set_max_proto_version(e->ssl, max_version) == 1 ? 0
	                                                           : -EINVAL;
}
