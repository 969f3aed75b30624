#include "tls/engine_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "tls/dgram_bio.h"
#include "tls/stage.h"
#include "tls/version.h"

/* The most that a record adds to its data, and room for a queued message. */
#define RECORD_OVERHEAD 512

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
	SSL_set_app_data(e->ssl, &e->state);
	if (!make_carrier(e, min_version, settings))
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

int
engine_parts_fail(struct tls_engine *e, enum verdict_side side, int error)
{
	e->side = side;
	e->error = -error;
	e->stage = tls_stage_of(e->ssl);
	if (!e->established)
		tls_session_drop(&e->state.session);
	return e->error;
}

void
tls_engine_fail(struct tls_engine *e, enum verdict_side side, int error,
    int kernel_error, int waited_ms)
{
	if (e->error != 0)
		return;
	e->kernel_error = kernel_error;
	e->waited_ms = waited_ms;
	engine_parts_fail(e, side, error);
}

/*
 * The kernel's error is the connection's from now on.  The device asks for it
 * while it waits in a handshake, and only then.
 */
static int
fail_transport(struct tls_engine *e, int kernel_error, int error)
{
	e->kernel_error = kernel_error;
	if (!e->established && kernel_error == e->input_error &&
	    quirk(QUIRK_TLS_HANDSHAKE_RESET) != ECONNABORTED)
		error = kernel_error;
	return engine_parts_fail(e, VERDICT_TRANSPORT,
	    e->write_error != 0 ? -e->write_error : error);
}

int
tls_engine_error(const struct tls_engine *e)
{
	return e->error;
}

bool
tls_engine_failed(const struct tls_engine *e)
{
	return e->error != 0 || e->output_error != 0;
}

int
tls_engine_write_error(struct tls_engine *e)
{
	if (e->error != 0)
		return e->error;
	if (e->output_error != 0)
		e->write_error = -ECONNABORTED;
	return e->write_error;
}

/* An alert from the peer is in the queue as an error of ours. */
static enum verdict_side
side_of(unsigned long ssl_error)
{
	if (ERR_GET_LIB(ssl_error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(ssl_error) >= SSL_AD_REASON_OFFSET)
		return VERDICT_PEER;
	return VERDICT_OURS;
}

bool
engine_parts_inside_record(const struct tls_engine *e)
{
	return SSL_has_pending(e->ssl) != 0 ||
	    SSL_rstate_string(e->ssl)[1] == 'B';
}

/*
 * The end of input.  OpenSSL reports it alike between two records and inside
 * one.
 */
static int
end_of_stream(struct tls_engine *e, int error)
{
	if (e->input_error != 0)
		return fail_transport(e, e->input_error, error);
	e->cut = e->input_ended && engine_parts_inside_record(e);
	if (!e->established)
		return engine_parts_fail(e, VERDICT_CLOSED, ECONNABORTED);
	if (e->cut)
		return engine_parts_fail(e, VERDICT_CLOSED, ECONNRESET);
	e->ended = true;
	return 0;
}

/*
 * Empties OpenSSL's queue.  What the protocol has to say counts more than what
 * a cipher said before.
 */
static unsigned long
take_reason(void)
{
	unsigned long first = 0, e;

	while ((e = ERR_get_error()) != 0) {
		if (first == 0 ||
		    (ERR_GET_LIB(first) != ERR_LIB_SSL &&
		        ERR_GET_LIB(e) == ERR_LIB_SSL))
			first = e;
	}
	return first;
}

/* OpenSSL has sent a flight as often as it ever does. */
static bool
is_timeout(unsigned long ssl_error)
{
	return ERR_GET_LIB(ssl_error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(ssl_error) == SSL_R_READ_TIMEOUT_EXPIRED;
}

/*
 * Of an established DTLS connection.  Whether OpenSSL wants to read it also
 * tells without a look at its queue of errors, which then need not have been
 * empty before each call: of what is in it the newest counts.  That it ended is
 * told apart by the alerts heard, for errors of the program may be there.
 */
static int
settle_datagram(struct tls_engine *e, int error)
{
	if (SSL_want_read(e->ssl)) {
		e->starved = true;
		e->hoards = false;
		return -EAGAIN;
	}
	e->ssl_error = ERR_peek_last_error();
	ERR_clear_error();
	if ((SSL_get_shutdown(e->ssl) & SSL_RECEIVED_SHUTDOWN) != 0 &&
	    !e->state.alerted)
		return end_of_stream(e, error);
	return engine_parts_fail(e, side_of(e->ssl_error), error);
}

int
engine_parts_settle(struct tls_engine *e, int error)
{
	if (e->dgram != NULL && e->established)
		return settle_datagram(e, error);
	switch (SSL_get_error(e->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		e->starved = true;
		e->hoards = false;
		if (!e->established && e->state.timer.over)
			return engine_parts_time_out(e);
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		if (e->output_error != 0)
			return fail_transport(e, e->output_error, error);
		return -ENOBUFS;
	case SSL_ERROR_ZERO_RETURN:
		return end_of_stream(e, error);
	default:
		e->ssl_error = take_reason();
		if (!e->established && is_timeout(e->ssl_error))
			return engine_parts_time_out(e);
		if (e->ssl_error == 0 && e->input_error != 0)
			return fail_transport(e, e->input_error, error);
		if (e->ssl_error == 0)
			return engine_parts_fail(e, VERDICT_CLOSED, error);
		return engine_parts_fail(e, side_of(e->ssl_error), error);
	}
}

int
tls_engine_handshake(struct tls_engine *e)
{
	if (e->error != 0)
		return e->error;
	if (e->established)
		return 0;
	ERR_clear_error();
	if (SSL_do_handshake(e->ssl) != 1)
		return engine_parts_settle(e, ECONNABORTED);
	if (!tls_verify_finish(e->ssl, &e->state.verify)) {
		e->ssl_error = ERR_PACK(ERR_LIB_SSL, 0,
		    SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
		return engine_parts_fail(e, VERDICT_OURS, ECONNABORTED);
	}
	e->established = true;
	if (e->dgram != NULL)
		engine_parts_open_dgram(e);
	e->resumed = tls_session_resumed(e->ssl);
	e->state.psk.proved = tls_psk_proved(e->ssl);
	return 0;
}

static bool
has_input(const struct tls_engine *e)
{
	return e->dgram != NULL ? dgram_bio_lent(e->dgram)
	                        : tls_rings_in(e->rings) > 0;
}

bool
engine_parts_starving(struct tls_engine *e)
{
	if (e->input_ended || e->hoards)
		return false;
	if (!e->starved && !has_input(e) && SSL_has_pending(e->ssl) == 0 &&
	    !SSL_want_write(e->ssl))
		e->starved = true;
	return e->starved;
}

ssize_t
tls_engine_read(struct tls_engine *e, void *buf, size_t len)
{
	size_t n;

	if (e->error != 0)
		return e->error;
	if (e->ended || len == 0)
		return 0;
	if (engine_parts_starving(e))
		return -EAGAIN;
	if (e->dgram == NULL)
		engine_parts_forget_errors();
	if (SSL_read_ex(e->ssl, buf, len, &n) != 1)
		return engine_parts_settle(e, EIO);
	/* The only record, and all of it: OpenSSL need not be asked for more. */
	if (e->dgram != NULL && n < len && !e->hoards &&
	    dgram_bio_gave_one(e->dgram))
		e->starved = true;
	return (ssize_t)n;
}

ssize_t
tls_engine_peek(struct tls_engine *e, void *buf, size_t len)
{
	size_t n;

	if (e->error != 0)
		return e->error;
	if (e->ended || len == 0)
		return 0;
	if (engine_parts_starving(e))
		return -EAGAIN;
	engine_parts_forget_errors();
	if (SSL_peek_ex(e->ssl, buf, len, &n) == 1)
		return (ssize_t)n;
	return engine_parts_settle(e, EIO);
}

/* How many of len bytes make the next record: none unless it fits whole. */
static size_t
fitting(const struct tls_engine *e, size_t len)
{
	const size_t n = len < e->max_record ? len : e->max_record;
	size_t room;

	if (e->dgram != NULL)
		return n;
	room = TLS_RING_SIZE - tls_rings_out(e->rings);
	return n + RECORD_OVERHEAD <= room ? n : 0;
}

int
engine_parts_fail_memory(struct tls_engine *e)
{
	ERR_clear_error();
	e->ssl_error = ERR_PACK(ERR_LIB_SSL, 0, ERR_R_MALLOC_FAILURE);
	return engine_parts_fail(e, VERDICT_OURS, ENOMEM);
}

ssize_t
tls_engine_write(struct tls_engine *e, const void *buf, size_t len)
{
	const int error = tls_engine_write_error(e);
	size_t n;

	if (error != 0)
		return error;
	if (len == 0)
		return 0;
	if (e->dgram != NULL && len > e->max_record)
		return -EMSGSIZE;
	if (!engine_parts_wake(e))
		return engine_parts_fail_memory(e);
	len = fitting(e, len);
	if (len == 0)
		return -ENOBUFS;
	if (e->dgram == NULL)
		engine_parts_forget_errors();
	if (SSL_write_ex(e->ssl, buf, len, &n) == 1)
		return (ssize_t)n;
	return engine_parts_settle(e, ECONNABORTED);
}

void
tls_engine_shutdown(struct tls_engine *e)
{
	if (!e->established || e->error != 0 || !engine_parts_wake(e))
		return;
	/* A second call would wait for the peer's, and lose its data. */
	if ((SSL_get_shutdown(e->ssl) & SSL_SENT_SHUTDOWN) != 0)
		return;
	ERR_clear_error();
	SSL_shutdown(e->ssl);
	ERR_clear_error();
}

bool
tls_engine_readable(struct tls_engine *e)
{
	char byte;
	size_t n;

	if (e->error != 0 || e->ended || SSL_pending(e->ssl) > 0)
		return true;
	if (engine_parts_starving(e))
		return false;
	engine_parts_forget_errors();
	if (SSL_peek_ex(e->ssl, &byte, 1, &n) == 1)
		return true;
	(void)engine_parts_settle(e,
	    ECONNABORTED); /* kept, and told by read and write */
	return e->error != 0 || e->ended;
}

bool
tls_engine_ended(const struct tls_engine *e)
{
	return e->ended;
}
