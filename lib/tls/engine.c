#include "tls/engine_parts.h"

#include <errno.h>

#include "base/profile.h"
#include "tls/dgram_bio.h"
#include "tls/stage.h"

/* The most that a record adds to its data, and room for a queued message. */
#define RECORD_OVERHEAD 512

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
 * while it waits in a handshake, and only then.  ENOBUFS would say that the
 * output ring is full.
 */
static int
fail_transport(struct tls_engine *e, int kernel_error, int error)
{
	e->kernel_error = kernel_error;
	if (!e->established && kernel_error == e->input_error &&
	    kernel_error != ENOBUFS &&
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

/* Turns the failure of an SSL call into the engine's answer. */
static int
settle(struct tls_engine *e, int error)
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
	if (e->dgram == NULL && e->starved && !e->input_ended)
		return -EAGAIN;
	engine_parts_forget_errors();
	if (SSL_do_handshake(e->ssl) != 1)
		return settle(e, ECONNABORTED);
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

/* What read and peek answer without OpenSSL: 1 if it has to be asked. */
static int
before_read(struct tls_engine *e, size_t len)
{
	if (e->error != 0)
		return e->error;
	if (e->ended || len == 0)
		return 0;
	if (engine_parts_starving(e))
		return -EAGAIN;
	if (e->dgram == NULL)
		engine_parts_forget_errors();
	return 1;
}

ssize_t
tls_engine_read(struct tls_engine *e, void *buf, size_t len)
{
	const int rc = before_read(e, len);
	size_t n;

	if (rc <= 0)
		return rc;
	if (SSL_read_ex(e->ssl, buf, len, &n) != 1)
		return settle(e, EIO);
	/* The only record, and all of it: OpenSSL need not be asked for more. */
	if (e->dgram != NULL && n < len && !e->hoards &&
	    dgram_bio_gave_one(e->dgram))
		e->starved = true;
	return (ssize_t)n;
}

ssize_t
tls_engine_peek(struct tls_engine *e, void *buf, size_t len)
{
	const int rc = before_read(e, len);
	size_t n;

	if (rc <= 0)
		return rc;
	if (SSL_peek_ex(e->ssl, buf, len, &n) == 1)
		return (ssize_t)n;
	return settle(e, EIO);
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
	return settle(e, ECONNABORTED);
}

void
tls_engine_shutdown(struct tls_engine *e)
{
	if (!e->established || e->error != 0 || !engine_parts_wake(e))
		return;
	/* A second call would wait for the peer's, and lose its data. */
	if ((SSL_get_shutdown(e->ssl) & SSL_SENT_SHUTDOWN) != 0)
		return;
	engine_parts_forget_errors();
	SSL_shutdown(e->ssl);
	engine_parts_forget_errors();
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
	(void)settle(e, ECONNABORTED); /* kept, and told by read and write */
	return e->error != 0 || e->ended;
}

bool
tls_engine_ended(const struct tls_engine *e)
{
	return e->ended;
}
