#ifndef TLS_ENGINE_PARTS_H
#define TLS_ENGINE_PARTS_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/engine.h"
#include "tls/rings.h"
#include "tls/state.h"

/*
 * What the files of the engine share: engine.c is the protocol, engine_stream.c
 * and engine_dgram.c carry its bytes, engine_info.c tells of it.
 */

struct tls_engine {
	SSL *ssl;
	BIO *dgram;              /* the SSL's, or NULL if it is a stream's */
	struct tls_rings *rings; /* a stream's; NULL while idle, then starved */
	struct tls_context *context;
	char *hostname;
	enum tls_role role;
	bool established;  /* the handshake is complete */
	bool resumed;      /* with an earlier session */
	size_t max_record; /* bytes of data in what is sent */
	size_t mtu;        /* bytes of a datagram */
	bool ruled;        /* what records have to be does not change */
	bool refused;      /* the peer's host says that nobody is there */
	int64_t hello_ms;  /* when tls_engine_hello took one in, or 0 */
	bool resting;      /* OpenSSL's buffers are given back */
	bool fed;          /* a datagram has come since */
	bool starved;      /* OpenSSL has taken in all that came */
	bool hoards;       /* it may have data that overtook the handshake */
	bool input_ended;
	bool ended;             /* the stream has, in order */
	bool cut;               /* it has, inside a record */
	int input_error;        /* errno of the kernel, or 0 */
	int output_error;       /* errno of the kernel, or 0 */
	int write_error;        /* what write has answered then, or 0 */
	int error;              /* negative errno, sticky */
	enum verdict_side side; /* these four describe error */
	unsigned long ssl_error;
	int kernel_error;
	int waited_ms;
	int stage;
	struct tls_state state;
	bool asked;               /* a client, for a certificate */
	bool asked_in_vain;       /* for a certificate, and there is none */
	unsigned char opening[2]; /* the first bytes that came */
	size_t nopening;
	int tags_error; /* of the settings */
};

/* It has failed for good: -error. */
int engine_parts_fail(struct tls_engine *e, enum verdict_side side, int error);

/* The same for want of memory. */
int engine_parts_fail_memory(struct tls_engine *e);

/*
 * Can OpenSSL do nothing without more input?  Then it need not be asked, and a
 * stream may have no rings.
 */
bool engine_parts_starving(struct tls_engine *e);

/*
 * Has OpenSSL part of a stream's record, or more?  Of a record of which it has
 * read no more than the header, only its state tells.
 */
bool engine_parts_inside_record(const struct tls_engine *e);

/* A stream's rings, made anew if it was idle; false without memory. */
bool engine_parts_rings(struct tls_engine *e);

/* A datagram connection's own: its BIO, timer and sizes.  0 or -ENOMEM. */
int engine_parts_init_dgram(struct tls_engine *e,
    const struct tls_settings *settings);

/* The peer has not answered the last flight, however often it was sent. */
int engine_parts_time_out(struct tls_engine *e);

/* Its handshake is complete. */
void engine_parts_open_dgram(struct tls_engine *e);

/* Before a record is written: what a rest gave back.  False: no memory. */
bool engine_parts_wake(struct tls_engine *e);

/* The program's own use of OpenSSL may have left something in the queue. */
static inline void
engine_parts_forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

#endif
