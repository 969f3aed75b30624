#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "tls/settings.h"

/*
 * Sessions to come back to: TLS_SESSION_CACHE.  A client's are kept here, one
 * for each peer and what it was verified with; a server's are in the tickets
 * that its clients keep, or in OpenSSL's cache for those that take none.
 */

/*
 * A connection's part in it, and the key by which its session is kept: a peer
 * that was verified in another way, or by other credentials, is another one.
 */
struct tls_session_state {
	bool on;              /* see tls_session_wanted */
	bool offered;         /* a session of an earlier connection */
	enum tls_verify mode; /* how the peer is verified */
	uint64_t context;     /* serial of the credentials */
	bool dgram;           /* a peer is another one by UDP */
	const char *peer;     /* "127.0.0.1:443" */
	const char *hostname; /* that it must prove, or NULL */
};

/*
 * Does a socket give out, or keep, sessions?  Not if the program looks at the
 * certificates by itself: one that goes on with a session shows it none.
 */
bool tls_session_wanted(const struct tls_settings *settings);

/* Makes connections of c give out sessions, or keep those that they get. */
void tls_session_install(SSL_CTX *c, enum tls_role role);

/*
 * Before the handshake: a client offers the peer's last session, if there is
 * one; a server's sessions are good for the same verification only.  What state
 * points to outlives ssl.
 */
void tls_session_attach(SSL *ssl, struct tls_session_state *state,
    enum tls_role role);

/* The handshake with the session that was offered failed: it is forgotten. */
void tls_session_drop(const struct tls_session_state *state);

/*
 * After the handshake: does it go on with an earlier session?  To OpenSSL a
 * pre-shared key of TLS 1.3 is one as well.
 */
bool tls_session_resumed(const SSL *ssl);

/*
 * What was found out about the peer when the session began, as
 * TLS_CERT_VERIFY_RESULT has it.  False: nothing is known of it.
 */
bool tls_session_flags(const SSL *ssl, uint32_t *flags);

/* The credentials of this serial are not used any more, nor their sessions. */
void tls_session_forget(uint64_t context);

/* TLS_SESSION_CACHE_PURGE: no session given out so far is come back to. */
void tls_session_purge(void);

/* How many a client may come back to. */
size_t tls_session_count(void);

/* Hold the cache's lock across a fork. */
void tls_session_freeze(void);
void tls_session_thaw(void);

#endif
