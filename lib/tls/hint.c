#include "tls/hint.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/alert.h"
#include "tls/alpn.h"
#include "tls/offer.h"
#include "tls/psk.h"
#include "tls/verify.h"
#include "tls/version.h"

/* A key that may be text by mistake has at least so many hex digits. */
#define HEX_LEAST 16

/* Why this side ended it, or 0 if it did not. */
static int
own_reason(const struct verdict_case *c)
{
	if (c->side != VERDICT_OURS || c->verify->error != X509_V_OK ||
	    ERR_GET_LIB(c->ssl_error) != ERR_LIB_SSL)
		return 0;
	return ERR_GET_REASON(c->ssl_error);
}

/* The alert by which the peer ended it, or -1 if it did not. */
static int
peer_alert(const struct verdict_case *c)
{
	return c->side == VERDICT_PEER ? tls_alert_of(c->ssl_error) : -1;
}

/*
 * Keys that differ show in the first thing that is proved or encrypted by one:
 * the ClientHello of TLS 1.3, the Finished of TLS 1.2.
 */
static bool
proves_another_key(const struct verdict_case *c)
{
	switch (own_reason(c)) {
	case SSL_R_BINDER_DOES_NOT_VERIFY:
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
	case SSL_R_DIGEST_CHECK_FAILED:
		return true;
	default:
		break;
	}
	switch (peer_alert(c)) {
	case SSL_AD_BAD_RECORD_MAC:
	case SSL_AD_DECRYPT_ERROR:
	case SSL_AD_ILLEGAL_PARAMETER:
		return c->stage == TLS_ST_CW_CLNT_HELLO ||
		    c->stage == TLS_ST_CW_FINISHED;
	default:
		return false;
	}
}

/*
 * Over datagrams they show in silence: what cannot be decrypted is dropped.
 * The peer may as well be gone at that very moment.
 */
static bool
may_prove_another_key(const struct verdict_case *c)
{
	return c->dgram && c->side == VERDICT_DEADLINE &&
	    (c->stage == TLS_ST_CW_FINISHED || c->stage == TLS_ST_SR_CHANGE);
}

/* A server that found nothing in what the client offered. */
static bool
finds_nothing(const struct verdict_case *c)
{
	return peer_alert(c) == SSL_AD_HANDSHAKE_FAILURE &&
	    c->stage == TLS_ST_CW_CLNT_HELLO;
}

/* A server that knows no such identity, and perhaps has nothing else. */
static bool
knows_no_identity(const struct verdict_case *c)
{
	return peer_alert(c) == SSL_AD_UNKNOWN_PSK_IDENTITY || finds_nothing(c);
}

static bool
is_hex_text(const struct cred *key)
{
	size_t len = key->len;

	/* The end of the line, or of the string, was taken along. */
	if (len % 2 == 1 &&
	    (key->data[len - 1] == '\n' || key->data[len - 1] == '\0'))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit(key->data[i]))
			return false;
	}
	return len >= HEX_LEAST && len % 2 == 0;
}

static void
hint_wrong_key(const struct tls_psk *used, enum tls_role role, bool sure,
    char *buf, size_t size)
{
	char id[TLS_PSK_ID_MAX + 1];

	tls_psk_print(used->id->data, used->id->len, id);
	snprintf(buf, size,
	    "the two sides %s different pre-shared keys for the identity "
	    "\"%s\"%s; ours, of sec_tag %d, has %zu bytes%s",
	    sure ? "have" : "may have", id,
	    role == TLS_ROLE_CLIENT && sure ? ", or the server knows none" : "",
	    used->key->tag, used->key->len,
	    is_hex_text(used->key)
	        ? ", which are hex digits: text, where the device takes the "
	          "bytes themselves?"
	        : "");
}

static void
hint_identity(const struct tls_psk *used, char *buf, size_t size)
{
	char id[TLS_PSK_ID_MAX + 1];

	tls_psk_print(used->id->data, used->id->len, id);
	snprintf(buf, size,
	    "the server may not know the PSK identity \"%s\" of sec_tag %d", id,
	    used->id->tag);
}

/*
 * Does TLS_CIPHERSUITE_LIST keep a pre-shared key, which goes with SHA-256 (see
 * psk.c), from TLS 1.3?  Without that list such a suite is always there.
 */
static bool
lacks_sha256_suite(const struct verdict_case *c)
{
	STACK_OF(SSL_CIPHER) *all =
	    c->ssl != NULL ? SSL_get_ciphers(c->ssl) : NULL;
	bool others = false;

	if (c->ssl != NULL && SSL_is_dtls(c->ssl))
		return false;
	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *suite = sk_SSL_CIPHER_value(all, i);

		if (SSL_CIPHER_get_kx_nid(suite) != NID_kx_any)
			continue;
		if (EVP_MD_is_a(SSL_CIPHER_get_handshake_digest(suite),
		        "SHA256"))
			return false;
		others = true;
	}
	return others;
}

/* Did both sides find no way to prove who the server is? */
static bool
has_no_way(const struct verdict_case *c)
{
	return finds_nothing(c) ||
	    (own_reason(c) != 0 && tls_offer_is_at_fault(c->ssl_error));
}

bool
tls_hint_prefers_certificate(const struct verdict_case *c)
{
	return c->role == TLS_ROLE_CLIENT && c->handshake &&
	    c->side == VERDICT_OURS && c->verify->error != X509_V_OK &&
	    c->ssl != NULL && tls_psk_passed_over(c->ssl);
}

/*
 * A server with nothing but keys, of which the client knows nothing.  Of TLS
 * 1.3 that is known once a suite is chosen, of TLS 1.2 by the suites offered.
 */
static bool
is_asked_for_certificate(const struct verdict_case *c)
{
	if (c->role != TLS_ROLE_SERVER || c->ssl == NULL || c->psk->n == 0 ||
	    c->psk->used != NULL || c->psk->unknown ||
	    SSL_get_certificate(c->ssl) != NULL)
		return false;
	switch (own_reason(c)) {
	case SSL_R_NO_SHARED_CIPHER:
		return !tls_version_is_1_3(SSL_version(c->ssl)) &&
		    !tls_psk_suite_offered(c->ssl);
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
		return true;
	default:
		return false;
	}
}

/* About pre-shared keys, if they were spoken of. */
static void
hint_psk(const struct verdict_case *c, char *buf, size_t size)
{
	const struct tls_psk_state *psk = c->psk;

	if (psk == NULL || !c->handshake)
		return;
	if (psk->n > 0 && has_no_way(c) && lacks_sha256_suite(c))
		snprintf(buf, size,
		    "TLS_CIPHERSUITE_LIST has no TLS 1.3 suite of SHA-256, "
		    "which pre-shared keys need (0x1301)");
	else if (tls_hint_prefers_certificate(c))
		snprintf(buf, size,
		    "the server chose a certificate although we offered a "
		    "pre-shared key");
	else if (is_asked_for_certificate(c))
		snprintf(buf, size,
		    "the client offered no pre-shared key, and we have "
		    "nothing else");
	else if (psk->used != NULL && proves_another_key(c))
		hint_wrong_key(psk->used, c->role, true, buf, size);
	else if (psk->used != NULL && may_prove_another_key(c))
		hint_wrong_key(psk->used, c->role, false, buf, size);
	else if (psk->used != NULL && knows_no_identity(c))
		hint_identity(psk->used, buf, size);
	else if (psk->unknown &&
	    (own_reason(c) == SSL_R_PSK_IDENTITY_NOT_FOUND ||
	        (own_reason(c) != 0 && tls_offer_is_at_fault(c->ssl_error))))
		snprintf(buf, size,
		    "the client named the PSK identity \"%s\", which no "
		    "TLS_CREDENTIAL_PSK_ID under these tags has",
		    psk->named);
}

static void
hint_alpn(const struct verdict_case *c, char *buf, size_t size)
{
	char ours[TLS_ALPN_TEXT];

	if (c->alpn == NULL ||
	    (own_reason(c) != SSL_R_NO_APPLICATION_PROTOCOL &&
	        peer_alert(c) != SSL_AD_NO_APPLICATION_PROTOCOL))
		return;
	tls_alpn_print(c->alpn->wire, c->alpn->len, ours);
	if (c->role == TLS_ROLE_CLIENT)
		snprintf(buf, size,
		    "the server speaks none of TLS_ALPN_LIST: %s", ours);
	else
		snprintf(buf, size,
		    "TLS_ALPN_LIST has %s; the client offers "
		    "%s",
		    ours, c->alpn->refused);
}

/*
 * A server that asked for a certificate and got none: some end the handshake by
 * an alert of their own choice, or without one; in TLS 1.3 it is over by then.
 */
static bool
lacks_certificate(const struct verdict_case *c)
{
	if (!c->asked_in_vain || c->side == VERDICT_OURS ||
	    c->side == VERDICT_DEADLINE)
		return false;
	return c->handshake || peer_alert(c) == SSL_AD_HANDSHAKE_FAILURE ||
	    peer_alert(c) == SSL_AD_BAD_CERTIFICATE ||
	    peer_alert(c) == SSL_AD_CERTIFICATE_REQUIRED;
}

/* Hints that are the same for everybody; NULL is none. */
static const char *
plain_hint(const struct verdict_case *c)
{
	if (lacks_certificate(c))
		return "the server asked for a certificate, and "
		       "TLS_SEC_TAG_LIST has none with a key";
	switch (own_reason(c)) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "the client has no certificate, and TLS_PEER_VERIFY is "
		       "2, required";
	case SSL_R_BAD_SIGNATURE:
		return "the peer's key does not belong to its certificate, or "
		       "the message was changed on its way";
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
		return "what came was not encrypted with the key of this "
		       "connection, or was changed on its way";
	case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:
		return "the peer speaks TLS 1.0 or 1.1, which the system's "
		       "OpenSSL policy forbids: they need security level 0";
	default:
		return tls_alert_hint(peer_alert(c), c->role, c->shown);
	}
}

void
tls_hint(const struct verdict_case *c, char *buf, size_t size)
{
	const char *plain = plain_hint(c);

	buf[0] = '\0';
	hint_psk(c, buf, size);
	if (buf[0] == '\0')
		hint_alpn(c, buf, size);
	if (buf[0] == '\0' && plain != NULL)
		snprintf(buf, size, "%s", plain);
}
