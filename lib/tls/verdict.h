#ifndef TLS_VERDICT_H
#define TLS_VERDICT_H

#include <stdbool.h>

#include <openssl/types.h>

#include "cred/store.h"
#include "tls/settings.h"

/* Why something failed: one sentence for a person, no newline, no secret. */
struct verdict {
	char text[1920];
};

void verdict_set(struct verdict *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Who ended it. */
enum verdict_side {
	VERDICT_OURS,      /* we found something wrong */
	VERDICT_PEER,      /* the peer sent an alert */
	VERDICT_CLOSED,    /* the peer closed the connection */
	VERDICT_TRANSPORT, /* the kernel reported an error */
	VERDICT_DEADLINE,  /* the time was up */
};

struct tls_alpn;
struct tls_psk_state;
struct tls_verify_state;

/* All that is known about a connection that failed. */
struct verdict_case {
	enum tls_role role;
	bool dgram;       /* DTLS */
	bool refused;     /* ICMP says that nobody has the peer's port */
	bool handshake;   /* it failed before the handshake was complete */
	const char *peer; /* "127.0.0.1:443" */
	enum verdict_side side;
	unsigned long ssl_error; /* OpenSSL's packed code, or 0 */
	int kernel_error;        /* errno for VERDICT_TRANSPORT */
	int waited_ms;           /* for VERDICT_DEADLINE */
	int stage;               /* OSSL_HANDSHAKE_STATE when it failed */
	const struct tls_verify_state *verify;
	bool cut;             /* the input ended inside a record */
	bool not_tls;         /* the first bytes that came are no TLS record */
	bool asked_in_vain;   /* for a certificate that a client has not got */
	bool shown;           /* a certificate of ours, to the peer */
	SSL *ssl;             /* for what was offered; may be NULL */
	const char *hostname; /* TLS_HOSTNAME or NULL */
	const struct cred_set *credentials;
	int tags_error; /* errno of the last attempt to set the tags, or 0 */
	const struct tls_psk_state *psk; /* NULL is none */
	const struct tls_alpn *alpn;     /* NULL is none */
};

/* Puts before the sentence in v that it ended the handshake with peer. */
void verdict_of_handshake(struct verdict *v, enum tls_role role, bool dgram,
    const char *peer);

/* Composes the line: side, stage, reason, verification, credentials. */
void verdict_compose(struct verdict *v, const struct verdict_case *c);

/*
 * Composes the line of a handshake that is complete; version and suite are its
 * names.  Of c it reads role, peer, verify, psk, hostname and credentials.
 */
void verdict_compose_success(struct verdict *v, const struct verdict_case *c,
    const char *version, const char *suite, bool resumed);

#endif
