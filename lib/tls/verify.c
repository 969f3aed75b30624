#include "tls/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/names.h"
#include "tls/rules.h"
#include "tls/shortage.h"
#include "tls/state.h"
#include "tls/verify_callback.h"

/* Bits of TLS_CERT_VERIFY_RESULT. */
enum flag {
	FLAG_EXPIRED = 0x01,
	FLAG_REVOKED = 0x02,
	FLAG_NAME = 0x04,
	FLAG_NOT_TRUSTED = 0x08,
	FLAG_CRL_NOT_TRUSTED = 0x10,
	FLAG_CRL_EXPIRED = 0x20,
	FLAG_MISSING = 0x40,
	FLAG_SKIPPED = 0x80,
	FLAG_OTHER = 0x100,
	FLAG_FUTURE = 0x200,
	FLAG_KEY_USAGE = 0x800,
	FLAG_EXT_KEY_USAGE = 0x1000,
	FLAG_BAD_MD = 0x4000,
	FLAG_BAD_PK = 0x8000,
	FLAG_BAD_KEY = 0x10000,
};

/*
 * On the device, whatever keeps a certificate from being an issuer (it is no
 * CA, may not sign, is too deep, has another key) leaves the other one without.
 */
static const struct {
	int error;
	enum flag flag;
} flags[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, FLAG_EXPIRED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, FLAG_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, FLAG_FUTURE },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, FLAG_FUTURE },
	{ X509_V_ERR_CERT_REVOKED, FLAG_REVOKED },
	{ X509_V_ERR_HOSTNAME_MISMATCH, FLAG_NAME },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, FLAG_NAME },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_REJECTED, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_INVALID_CA, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_INVALID_PURPOSE, FLAG_EXT_KEY_USAGE },
	{ X509_V_ERR_CA_MD_TOO_WEAK, FLAG_BAD_MD },
	{ X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM, FLAG_BAD_PK },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, FLAG_BAD_KEY },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, FLAG_BAD_KEY },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, FLAG_CRL_NOT_TRUSTED },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, FLAG_CRL_NOT_TRUSTED },
	{ X509_V_ERR_CRL_HAS_EXPIRED, FLAG_CRL_EXPIRED },
};

static enum flag
flag_of(int error)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].error == error)
			return flags[i].flag;
	}
	return FLAG_OTHER;
}

static int64_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* Of several certificates that are out of their time, one is told. */
static void
note_dates(struct tls_verify_state *v, const X509 *cert)
{
	if (v->dated)
		return;
	v->dated = true;
	v->from_s = seconds_of(X509_get0_notBefore(cert));
	v->to_s = seconds_of(X509_get0_notAfter(cert));
	v->now_s = (int64_t)time(NULL);
}

void
tls_verify_blame(struct tls_verify_state *v, int error, int depth,
    const X509 *cert)
{
	v->error = error;
	v->depth = depth;
	if (cert == NULL)
		return;
	tls_names_describe_dn(X509_get_subject_name(cert), v->words->subject,
	    sizeof(v->words->subject));
	tls_names_describe_dn(X509_get_issuer_name(cert), v->words->issuer,
	    sizeof(v->words->issuer));
}

/* Problems with the same flag are one; each is kept, and the first in full. */
static void
note_flag(struct tls_verify_state *v, enum flag flag, int error, int depth,
    const X509 *cert)
{
	if (v->error == X509_V_OK)
		tls_verify_blame(v, error, depth, cert);
	else if ((v->flags & flag) == 0 && v->nothers < TLS_VERIFY_OTHERS)
		v->others[v->nothers++] = error;
	v->flags |= flag;
	if (depth >= 0 && depth < TLS_VERIFY_DEPTHS)
		v->at[depth] |= flag;
	if ((flag == FLAG_EXPIRED || flag == FLAG_FUTURE) && cert != NULL)
		note_dates(v, cert);
}

static void
note(struct tls_verify_state *v, int error, int depth, const X509 *cert)
{
	/* OpenSSL may fail for want of memory and not say so. */
	if (error == X509_V_OK)
		error = X509_V_ERR_UNSPECIFIED;
	note_flag(v, flag_of(error), error, depth, cert);
}

/* What more is known of a problem, if that is the first one. */
static void
detail(struct tls_verify_state *v, int error, int depth, const char *text)
{
	if (v->error == error && v->depth == depth &&
	    v->words->detail[0] == '\0')
		snprintf(v->words->detail, sizeof(v->words->detail), "%s",
		    text);
}

/*
 * Called for every problem, and once for every certificate found good.  What
 * the peer's own certificate may be used for is not OpenSSL's to judge.  An
 * issuer that is none for this purpose is no issuer.
 */
static int
on_certificate(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verify_state *v = &tls_state_of(ssl)->verify;
	const X509 *cert = X509_STORE_CTX_get_current_cert(store);
	const int error = X509_STORE_CTX_get_error(store);
	const int depth = X509_STORE_CTX_get_error_depth(store);

	if (good)
		return 1;
	if (error != X509_V_ERR_INVALID_PURPOSE)
		note(v, error, depth, cert);
	else if (depth > 0)
		note_flag(v, FLAG_NOT_TRUSTED, error, depth, cert);
	return 1;
}

/* RSA key exchange encrypts to the certificate; all else has it sign. */
static uint32_t
usage_of(const SSL *ssl)
{
	const SSL_CIPHER *suite = SSL_get_pending_cipher(ssl);
	const int exchange =
	    suite != NULL ? SSL_CIPHER_get_kx_nid(suite) : NID_undef;

	if (!SSL_is_server(ssl) &&
	    (exchange == NID_kx_rsa || exchange == NID_kx_rsa_psk))
		return X509v3_KU_KEY_ENCIPHERMENT;
	return X509v3_KU_DIGITAL_SIGNATURE;
}

static void
check_use(struct tls_verify_state *v, const SSL *ssl, const X509 *leaf)
{
	const int error = X509_V_ERR_INVALID_PURPOSE;
	char why[sizeof(v->words->detail)];

	if (!tls_rules_usage(leaf, usage_of(ssl), why, sizeof(why))) {
		note_flag(v, FLAG_KEY_USAGE, error, 0, leaf);
		detail(v, error, 0, why);
	}
	if (!tls_rules_purpose(leaf, !SSL_is_server(ssl), why, sizeof(why))) {
		note_flag(v, FLAG_EXT_KEY_USAGE, error, 0, leaf);
		detail(v, error, 0, why);
	}
}

static void
check_key(struct tls_verify_state *v, int depth, const X509 *cert)
{
	const int error = depth == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL
	                             : X509_V_ERR_CA_KEY_TOO_SMALL;
	char why[sizeof(v->words->detail)];

	if (tls_rules_key(cert, why, sizeof(why)))
		return;
	note(v, error, depth, cert);
	detail(v, error, depth, why);
}

static void
check_digest(struct tls_verify_state *v, int depth, const X509 *cert)
{
	const int error = X509_V_ERR_CA_MD_TOO_WEAK;
	char why[sizeof(v->words->detail)];

	if (tls_rules_digest(cert, why, sizeof(why)))
		return;
	note(v, error, depth, cert);
	detail(v, error, depth, why);
}

/*
 * How the certificate of somebody trusted is signed does not matter.  OpenSSL
 * takes some for a CA that do not say so; the device asks for it, except of
 * those that are too old to have extensions.
 */
static void
check_chain(struct tls_verify_state *v, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	const int untrusted = X509_STORE_CTX_get_num_untrusted(store);

	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (i == 0 || i < untrusted)
			check_digest(v, i, cert);
		if (i > 0 && X509_get_version(cert) == X509_VERSION_3 &&
		    X509_check_ca(cert) != 1)
			note(v, X509_V_ERR_INVALID_CA, i, cert);
		check_key(v, i, cert);
	}
}

static void
check_name(struct tls_verify_state *v, const X509 *leaf)
{
	if (!v->name_wanted)
		return;
	if (v->name != NULL && *v->name != '\0' &&
	    tls_names_match(leaf, v->name))
		return;
	note(v, X509_V_ERR_HOSTNAME_MISMATCH, 0, leaf);
	if (v->name == NULL || *v->name == '\0')
		v->trap = TLS_NAME_UNSET;
	else if (tls_names_match_hidden(leaf, v->name))
		v->trap = TLS_NAME_HIDDEN;
	else if (tls_names_is_address(v->name))
		v->trap = TLS_NAME_ADDRESS;
	else if (strpbrk(v->name, ":/ \t\r\n") != NULL)
		v->trap = TLS_NAME_URL;
}

/* Is one of certs, but cert itself, called as cert's issuer is? */
static bool
has_namesake(STACK_OF(X509) * certs, const X509 *cert)
{
	const X509_NAME *issuer = X509_get_issuer_name(cert);

	for (int i = 0; i < sk_X509_num(certs); i++) {
		const X509 *x = sk_X509_value(certs, i);

		if (x != cert &&
		    X509_NAME_cmp(X509_get_subject_name(x), issuer) == 0)
			return true;
	}
	return false;
}

/* Why did nobody vouch for cert, although somebody has its issuer's name? */
static void
explain_issuer(struct tls_verify_state *v, X509_STORE_CTX *store,
    const X509 *cert)
{
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
	STACK_OF(X509) *trusted =
	    X509_STORE_CTX_get1_certs(store, X509_get_issuer_name(cert));
	const int n = sk_X509_num(sent);

	if (sk_X509_num(trusted) > 0)
		detail(v, v->error, v->depth,
		    "a trusted CA has the name of its issuer, but did not sign "
		    "it: it is forged, or that CA is another one");
	else if (has_namesake(sent, cert))
		detail(v, v->error, v->depth,
		    "what the peer shows as its issuer did not sign it");
	else if (X509_NAME_cmp(X509_get_subject_name(cert),
	             X509_get_issuer_name(cert)) != 0)
		snprintf(v->words->detail, sizeof(v->words->detail),
		    "the peer shows %d certificate%s, and none of its issuer: "
		    "is an intermediate missing?",
		    n, n == 1 ? "" : "s");
	sk_X509_pop_free(trusted, X509_free);
}

static void
explain_trust(struct tls_verify_state *v, X509_STORE_CTX *store)
{
	X509 *cert = sk_X509_value(X509_STORE_CTX_get0_chain(store), v->depth);
	char why[sizeof(v->words->detail)];

	if (cert == NULL)
		return;
	switch (v->error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		explain_issuer(v, store, cert);
		break;
	case X509_V_ERR_INVALID_CA:
		if (!tls_rules_usage(cert, X509v3_KU_KEY_CERT_SIGN, why,
		        sizeof(why)))
			detail(v, v->error, v->depth, why);
		detail(v, v->error, v->depth,
		    "it is no CA, and yet signed another certificate");
		break;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		snprintf(v->words->detail, sizeof(v->words->detail),
		    "more than %d intermediates, which is what the device "
		    "takes",
		    TLS_VERIFY_INTERMEDIATES);
		break;
	default:
		break;
	}
}

static int
verify_chain(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verify_state *v = &tls_state_of(ssl)->verify;
	const X509 *leaf = X509_STORE_CTX_get0_cert(store);

	(void)arg; /* none was given to SSL_CTX_set_cert_verify_callback */
	if (v->words == NULL)
		v->words = calloc(1, sizeof(*v->words));
	if (v->words == NULL) {
		v->error = X509_V_ERR_OUT_OF_MEM;
		X509_STORE_CTX_set_error(store, v->error);
		return 0;
	}
	v->ran = true;
	v->flags = 0;
	memset(v->at, 0, sizeof(v->at));
	if (leaf != NULL)
		tls_names_describe(leaf, v->words->presented,
		    sizeof(v->words->presented));
	if (v->mode == TLS_VERIFY_NONE) {
		return 1; /* to the device it is good */
	}
	if (X509_verify_cert(store) <= 0)
		note(v, X509_STORE_CTX_get_error(store),
		    X509_STORE_CTX_get_error_depth(store), leaf);
	if (leaf != NULL) {
		check_chain(v, store);
		check_use(v, ssl, leaf);
		check_name(v, leaf);
		explain_trust(v, store);
	}
	X509_STORE_CTX_set_error(store, v->error);
	/* To the device that is no verification that failed, but none at all. */
	if (v->error == X509_V_ERR_CERT_CHAIN_TOO_LONG) {
		v->flags = TLS_VERIFY_NOT_RUN;
		return 0;
	}
	if (v->callback.call != NULL && !tls_verify_ask(store, v))
		return 0;
	X509_STORE_CTX_set_error(store, v->error);
	return v->error == X509_V_OK || v->mode == TLS_VERIFY_OPTIONAL;
}

void
tls_verify_install(SSL_CTX *c)
{
	SSL_CTX_set_cert_verify_callback(c, verify_chain, NULL);
}

/* SNI carries names only (RFC 6066, 3): an address is checked but not sent. */
static int
announce_name(SSL *ssl, const char *name)
{
	if (*name == '\0' || *name == '.' || tls_names_is_address(name))
		return 0;
	if (SSL_set_tlsext_host_name(ssl, name) == 1)
		return 0;
	return tls_shortage() ? -ENOMEM : -EINVAL;
}

static int
ssl_mode(enum tls_verify mode)
{
	switch (mode) {
	case TLS_VERIFY_NONE:
		return SSL_VERIFY_NONE;
	case TLS_VERIFY_OPTIONAL:
		return SSL_VERIFY_PEER;
	default:
		return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	}
}

int
tls_verify_attach(SSL *ssl, struct tls_verify_state *v, enum tls_role role,
    const struct tls_settings *settings, const char *name)
{
	*v = (struct tls_verify_state){
		.mode = tls_settings_verify(settings, role),
		.callback = settings->callback,
		.flags = TLS_VERIFY_NOT_RUN,
		.name = name,
	};
	SSL_set_verify(ssl, ssl_mode(v->mode), on_certificate);
	SSL_set_verify_depth(ssl, TLS_VERIFY_INTERMEDIATES);
	if (role == TLS_ROLE_SERVER)
		return 0;
	/* An empty name matches no certificate, and so does one never set. */
	v->name_wanted = !settings->hostname_set || name != NULL;
	return name != NULL ? announce_name(ssl, name) : 0;
}

void
tls_verify_fini(struct tls_verify_state *v)
{
	free(v->words);
	v->words = NULL;
}

const struct tls_verify_words *
tls_verify_words(const struct tls_verify_state *v)
{
	static const struct tls_verify_words none;

	return v->words != NULL ? v->words : &none;
}

/* What is known of a peer that has shown no certificate in this handshake. */
static void
settle_unshown(const SSL *ssl, struct tls_verify_state *v)
{
	if (tls_psk_proved(ssl)) {
		v->flags = 0; /* nobody needed a certificate */
	} else if (tls_session_resumed(ssl) &&
	    tls_session_flags(ssl, &v->flags)) {
		v->error = (int)SSL_get_verify_result(ssl);
		v->ran = SSL_get0_peer_certificate(ssl) != NULL;
	} else if (v->mode == TLS_VERIFY_NONE) {
		v->flags = SSL_is_server((SSL *)ssl) ? FLAG_SKIPPED : 0;
	} else {
		v->flags = FLAG_MISSING;
	}
}

bool
tls_verify_finish(const SSL *ssl, struct tls_verify_state *v)
{
	if (v->flags == TLS_VERIFY_NOT_RUN)
		settle_unshown(ssl, v);
	return v->mode != TLS_VERIFY_REQUIRED || (v->flags & FLAG_MISSING) == 0;
}
