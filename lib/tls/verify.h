#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "tls/settings.h"

/* TLS_CERT_VERIFY_RESULT before a handshake. */
#define TLS_VERIFY_NOT_RUN UINT32_MAX

/* The most certificates between the peer's own and a trusted one. */
#define TLS_VERIFY_INTERMEDIATES 8

/* Certificates of a chain that are told apart; more than OpenSSL puts in one. */
#define TLS_VERIFY_DEPTHS (TLS_VERIFY_INTERMEDIATES + 4)

/* How many problems besides the first are kept. */
#define TLS_VERIFY_OTHERS 6

/* What may be misunderstood about names. */
enum tls_name_trap {
	TLS_NAME_PLAIN,
	TLS_NAME_UNSET,   /* a client that was never given TLS_HOSTNAME */
	TLS_NAME_HIDDEN,  /* the common name matches, and does not count */
	TLS_NAME_URL,     /* more than a name is expected: a scheme, a port */
	TLS_NAME_ADDRESS, /* an address is expected, and names are shown */
};

/* What a person is told of the peer's certificates; each may be empty. */
struct tls_verify_words {
	char subject[256];   /* of the certificate that has the first problem */
	char issuer[256];    /* who signed that certificate */
	char detail[128];    /* what more is known of the problem */
	char presented[512]; /* the names in the peer's own certificate */
};

/*
 * How the peer's certificate fared.  The whole chain is looked at even after
 * a first problem, so that the flags are complete, as on the device.
 */
struct tls_verify_state {
	enum tls_verify mode;
	struct tls_verify_callback callback; /* the program's, or none */
	int refused;      /* what the callback answered, if not 0 */
	bool ran;         /* the peer has shown a certificate */
	bool name_wanted; /* a client looks for name, which no name may match */
	const char *name; /* TLS_HOSTNAME, or NULL; the owner's */
	uint32_t flags;   /* Zephyr's bits, 0 is good; TLS_VERIFY_NOT_RUN */
	uint32_t at[TLS_VERIFY_DEPTHS]; /* those of each certificate */
	int error; /* X509_V_ERR_* of the first problem, or X509_V_OK */
	int depth; /* where it was; 0 is the peer's own certificate */
	/* NULL while no certificate is seen: most servers never see one. */
	struct tls_verify_words *words;
	enum tls_name_trap trap;
	int others[TLS_VERIFY_OTHERS]; /* further problems, by X509_V_ERR_* */
	size_t nothers;
	bool dated; /* a certificate is out of its time: these, since 1970 */
	int64_t from_s, to_s, now_s;
};

/* Makes every connection of c verify through its tls_verify_state. */
void tls_verify_install(SSL_CTX *c);

/*
 * Sets up ssl's verification, expected name and SNI from settings, to report
 * to state, which must outlive ssl, as must name: settings->hostname or a copy
 * of it.  Returns 0, -EINVAL for a name that OpenSSL does not take, or
 * -ENOMEM.
 */
int tls_verify_attach(SSL *ssl, struct tls_verify_state *state,
    enum tls_role role, const struct tls_settings *settings, const char *name);

/*
 * Makes this the problem that is told in full: X509_V_ERR_* of a certificate
 * of the chain, or of none if that is NULL.
 */
void tls_verify_blame(struct tls_verify_state *state, int error, int depth,
    const X509 *cert);

void tls_verify_fini(struct tls_verify_state *state);

/* Never NULL. */
const struct tls_verify_words *tls_verify_words(
    const struct tls_verify_state *v);

/*
 * The handshake is complete, perhaps without a certificate to verify, perhaps
 * by a session whose peer was verified earlier.  False: a proof was required,
 * and none was given.
 */
bool tls_verify_finish(const SSL *ssl, struct tls_verify_state *v);

#endif
