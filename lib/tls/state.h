#ifndef TLS_STATE_H
#define TLS_STATE_H

#include <openssl/ssl.h>

#include "tls/alpn.h"
#include "tls/psk.h"
#include "tls/session.h"
#include "tls/verify.h"

/*
 * What OpenSSL's callbacks have to know about one connection: the app data of
 * its SSL.  The engine owns it, and it outlives the SSL.
 */
struct tls_state {
	struct tls_verify_state verify;
	struct tls_alpn alpn;
	struct tls_psk_state psk;
	struct tls_session_state session;
};

static inline struct tls_state *
tls_state_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

#endif
