#ifndef TLS_STATE_H
#define TLS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "tls/alpn.h"
#include "tls/cookie.h"
#include "tls/psk.h"
#include "tls/session.h"
#include "tls/verify.h"

/* When a flight that is not answered is sent again, in milliseconds. */
struct tls_timer {
	uint32_t min_ms, max_ms; /* TLS_DTLS_HANDSHAKE_TIMEOUT_MIN, _MAX */
	uint32_t now_ms;         /* the wait that is under way, 0 for ever */
	int64_t waited_ms;       /* in vain, since the flight was sent */
	bool over;               /* the longest wait has been in vain */
};

/*
 * What OpenSSL's callbacks have to know about one connection: the app data of
 * its SSL.  The engine owns it, and it outlives the SSL.
 */
struct tls_state {
	struct tls_verify_state verify;
	struct tls_alpn alpn;
	struct tls_psk_state psk;
	struct tls_session_state session;
	/* Of datagrams alone. */
	struct tls_cookie cookie;
	struct tls_timer timer;
	bool alerted; /* the peer has sent a fatal alert */
};

static inline struct tls_state *
tls_state_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

#endif
