#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <stdint.h>

#include <openssl/ssl.h>

#include "tls/settings.h"

/* TLS_CERT_VERIFY_RESULT before a handshake. */
#define TLS_VERIFY_NOT_RUN UINT32_MAX

/* Certificates of a chain that are told apart; more than OpenSSL verifies. */
#define TLS_VERIFY_DEPTHS 104

/*
 * How the peer's certificate fared.  The whole chain is looked at even after
 * a first problem, so that the flags are complete, as on the device.
 */
struct tls_verify_state {
	enum tls_verify mode;
	struct tls_verify_callback callback; /* the program's, or none */
	uint32_t at[TLS_VERIFY_DEPTHS];      /* flags of each certificate */
	int refused;       /* what the callback answered, if not 0 */
	bool ran;          /* the peer has shown a certificate */
	bool name_unset;   /* a client that was never given TLS_HOSTNAME */
	bool name_odd;     /* it was given one that no certificate can have */
	uint32_t flags;    /* Zephyr's bits, 0 is good; TLS_VERIFY_NOT_RUN */
	int error;         /* X509_V_ERR_* of the first problem, or X509_V_OK */
	int depth;         /* where it was; 0 is the peer's own certificate */
	char subject[256]; /* of the certificate at that depth */
	char issuer[256];  /* who signed that certificate */
	char presented[512]; /* the names in the peer's own certificate */
};

/* Makes every connection of c verify through its tls_verify_state. */
void tls_verify_install(SSL_CTX *c);

/*
 * Sets up ssl's verification, expected name and SNI from settings, to report
 * to state, which must outlive ssl.  Returns 0, -EINVAL for a name that
 * OpenSSL does not take, or -ENOMEM.
 */
int tls_verify_attach(SSL *ssl, struct tls_verify_state *state,
    enum tls_role role, const struct tls_settings *settings);

/*
 * The handshake is complete, perhaps without a certificate to verify, perhaps
 * by a session whose peer was verified earlier.
 */
void tls_verify_finish(const SSL *ssl, struct tls_verify_state *v);

#endif
