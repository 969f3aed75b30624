#include "tls/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/err.h"
#include "tls/alert.h"
#include "tls/hint.h"
#include "tls/offer.h"
#include "tls/psk.h"
#include "tls/verify.h"

/* A clock that says less has not been set: 1 January 2020. */
#define PLAUSIBLE_S INT64_C(1577836800)

/* Nor has one that is so far behind a certificate: a year. */
#define BEHIND_S (INT64_C(365) * 24 * 3600)

void
verdict_set(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

static void append(struct verdict *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
append(struct verdict *v, const char *fmt, ...)
{
	const size_t used = strlen(v->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->text + used, sizeof(v->text) - used, fmt, ap);
	va_end(ap);
}

/* What the handshake was doing, in the words of RFC 8446 and RFC 5246. */
static const struct {
	int state;
	const char *text;
} stages[] = {
	{ TLS_ST_BEFORE, "before the first message" },
	{ TLS_ST_CW_CLNT_HELLO, "waiting for the ServerHello" },
	{ TLS_ST_CR_SRVR_HELLO, "after the ServerHello" },
	{ TLS_ST_CR_ENCRYPTED_EXTENSIONS, "after the EncryptedExtensions" },
	{ TLS_ST_CR_CERT_REQ, "after the CertificateRequest" },
	{ TLS_ST_CR_CERT, "reading the server's Certificate" },
	{ TLS_ST_CR_CERT_VRFY, "reading the server's CertificateVerify" },
	{ TLS_ST_CR_KEY_EXCH, "reading the ServerKeyExchange" },
	{ TLS_ST_CR_SRVR_DONE, "after the ServerHelloDone" },
	{ TLS_ST_CW_CERT, "sending our Certificate" },
	{ TLS_ST_CW_KEY_EXCH, "sending the ClientKeyExchange" },
	{ TLS_ST_CW_FINISHED, "waiting for the server's Finished" },
	{ TLS_ST_CR_SESSION_TICKET, "after the NewSessionTicket" },
	{ TLS_ST_CR_CHANGE, "after the server's ChangeCipherSpec" },
	{ TLS_ST_CR_FINISHED, "reading the server's Finished" },
	{ TLS_ST_SR_CLNT_HELLO, "reading the ClientHello" },
	{ TLS_ST_SW_SRVR_HELLO, "sending the ServerHello" },
	{ TLS_ST_SW_SRVR_DONE, "waiting for the ClientKeyExchange" },
	{ TLS_ST_SW_FINISHED, "waiting for the client's Finished" },
	{ TLS_ST_SR_CERT, "reading the client's Certificate" },
	{ TLS_ST_SR_KEY_EXCH, "reading the ClientKeyExchange" },
	{ TLS_ST_SR_CERT_VRFY, "reading the client's CertificateVerify" },
	{ TLS_ST_SR_CHANGE, "after the client's ChangeCipherSpec" },
	{ TLS_ST_SR_FINISHED, "reading the client's Finished" },
	{ TLS_ST_EARLY_DATA, "waiting for the client's Finished" },
	{ TLS_ST_OK, "after the handshake" },
};

static const char *
stage_text(int stage, enum tls_role role)
{
	if (stage == TLS_ST_BEFORE && role == TLS_ROLE_SERVER)
		return "waiting for the ClientHello";
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (stages[i].state == stage)
			return stages[i].text;
	}
	return "in the middle of the handshake";
}

static const char *
reason_text(unsigned long ssl_error)
{
	const char *text = ERR_reason_error_string(ssl_error);

	return text != NULL ? text : "unknown reason";
}

static void
append_side(struct verdict *v, const struct verdict_case *c)
{
	const int alert = tls_alert_of(c->ssl_error);

	switch (c->side) {
	case VERDICT_PEER:
		append(v, "the peer sent the alert '%s' (%d)",
		    tls_alert_name(alert), alert);
		break;
	case VERDICT_CLOSED:
		append(v, "the peer closed the connection%s",
		    c->cut ? " in the middle of a record" : "");
		break;
	case VERDICT_TRANSPORT:
		append(v, "the connection broke: %s",
		    strerror(c->kernel_error));
		break;
	case VERDICT_DEADLINE:
		append(v, "the peer did not answer within %d ms%s",
		    c->waited_ms,
		    c->refused ? ", and its host says that nobody has "
		                 "that port"
		               : "");
		break;
	case VERDICT_OURS:
		if (c->verify->error != X509_V_OK)
			append(v, "we refused the peer's certificate: %s",
			    X509_verify_cert_error_string(c->verify->error));
		else
			append(v, "we ended it: %s", reason_text(c->ssl_error));
		break;
	}
	if (c->handshake)
		append(v, ", %s", stage_text(c->stage, c->role));
	if (c->side == VERDICT_OURS && c->not_tls)
		append(v,
		    "; what arrived is not %s: does that %s speak plain "
		    "text?",
		    c->dgram ? "DTLS" : "TLS",
		    c->role == TLS_ROLE_CLIENT ? "port" : "client");
}

/* Both sides' versions and suites, while they were what was spoken of. */
static void
append_offer(struct verdict *v, const struct verdict_case *c)
{
	char text[768];

	if (!c->handshake || c->ssl == NULL ||
	    !tls_offer_is_at_fault(c->ssl_error) ||
	    (c->side == VERDICT_PEER && c->stage != TLS_ST_CW_CLNT_HELLO))
		return;
	tls_offer_describe(c->ssl, c->ssl_error, text, sizeof(text));
	append(v, "; %s", text);
}

static void
append_hint(struct verdict *v, const struct verdict_case *c)
{
	char text[512];

	tls_hint(c, text, sizeof(text));
	if (text[0] != '\0')
		append(v, "; %s", text);
}

/* In TLS 1.3 a client hears only later what became of its certificate. */
static bool
names_certificate(const struct verdict_case *c)
{
	return c->side == VERDICT_PEER &&
	    (c->asked_in_vain ||
	        tls_alert_hint(tls_alert_of(c->ssl_error), c->role, c->shown) !=
	            NULL);
}

/* The problems that another trusted certificate solves. */
static bool
lacks_issuer(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return true;
	default:
		return false;
	}
}

static bool
contains(const struct cred_set *set, enum cred_type type)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->creds[i]->type == (int)type)
			return true;
	}
	return false;
}

/* Who has a pre-shared key and no CA did not mean to trust any. */
static bool
wants_ca(const struct verdict_case *c)
{
	return lacks_issuer(c->verify->error) &&
	    !(tls_hint_prefers_certificate(c) && c->credentials != NULL &&
	        !contains(c->credentials, CRED_CA_CERTIFICATE));
}

static const char *
date_text(int64_t s, char buf[32])
{
	const time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "a time that has no name";
	return buf;
}

static void
append_dates(struct verdict *v, const struct tls_verify_state *verify)
{
	char from[32], to[32], now[32];

	if (!verify->dated)
		return;
	append(v, "; valid from %s to %s, and the clock says %s",
	    date_text(verify->from_s, from), date_text(verify->to_s, to),
	    date_text(verify->now_s, now));
	if (verify->now_s < PLAUSIBLE_S ||
	    verify->from_s - verify->now_s > BEHIND_S)
		append(v,
		    "; is the clock set? That of a device starts in 1970 and "
		    "waits for an RTC or SNTP");
	else if (verify->now_s >= verify->to_s)
		append(v,
		    "; the peer needs a new certificate, or the clock is "
		    "wrong");
}

static void
append_names(struct verdict *v, const struct verdict_case *c)
{
	const struct tls_verify_state *verify = c->verify;
	const struct tls_verify_words *words = tls_verify_words(verify);

	if (verify->trap == TLS_NAME_UNSET)
		append(v,
		    "; TLS_HOSTNAME was never set or is empty, and the "
		    "device then refuses every certificate: set it to "
		    "the server's name, or to NULL to accept any name");
	else if (c->hostname != NULL)
		append(v, "; expected name \"%s\"", c->hostname);
	append(v, "; presented names: %s",
	    words->presented[0] != '\0' ? words->presented : "none");
	if (verify->trap == TLS_NAME_HIDDEN)
		append(v,
		    "; its common name is the expected one, but does not count "
		    "beside a subjectAltName");
	if (verify->trap == TLS_NAME_URL)
		append(v,
		    "; TLS_HOSTNAME takes a name only, without scheme and "
		    "port, and without blanks");
	if (verify->trap == TLS_NAME_ADDRESS)
		append(v,
		    "; an address has to be among the certificate's IP "
		    "addresses");
}

static void
append_verification(struct verdict *v, const struct verdict_case *c)
{
	const struct tls_verify_state *verify = c->verify;
	const struct tls_verify_words *words = tls_verify_words(verify);

	if (c->side != VERDICT_OURS || verify->error == X509_V_OK)
		return;
	for (size_t i = 0; i < verify->nothers; i++)
		append(v, "%s%s", i == 0 ? "; also: " : ", ",
		    X509_verify_cert_error_string(verify->others[i]));
	append(v, "; depth %d, subject \"%s\", issuer \"%s\"", verify->depth,
	    words->subject, words->issuer);
	if (words->detail[0] != '\0')
		append(v, "; %s", words->detail);
	if (verify->refused != 0)
		append(v, "; TLS_CERT_VERIFY_CALLBACK answered %d",
		    verify->refused);
	append_dates(v, verify);
	append_names(v, c);
	if (wants_ca(c))
		append(v,
		    "; to trust it, store the CA certificate of its issuer "
		    "\"%s\" under a tag of TLS_SEC_TAG_LIST",
		    words->issuer);
}

static bool
has_no_tags(const struct verdict_case *c)
{
	return c->credentials == NULL || c->credentials->n == 0;
}

/* No tag is no credential; a list that was refused is the usual reason. */
static void
append_no_tags(struct verdict *v, const struct verdict_case *c)
{
	append(v, "; TLS_SEC_TAG_LIST is empty");
	if (c->tags_error != 0)
		append(v, ": setting it failed with %s",
		    err_name(c->tags_error));
}

static void
append_tags(struct verdict *v, const struct cred_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		append(v, "%s sec_tag %d (%s)", i == 0 ? "; using" : ",",
		    set->creds[i]->tag, cred_type_name(set->creds[i]->type));
}

/* A certificate and no key, or the reverse: the other one may be elsewhere. */
static void
append_half_identity(struct verdict *v, enum cred_type missing)
{
	int tags[4];
	const size_t n =
	    store_find(missing, tags, sizeof(tags) / sizeof(*tags));

	append(v, "; there is a %s but no %s under these tags",
	    cred_type_name(missing == CRED_PRIVATE_KEY ? CRED_CERTIFICATE
	                                               : CRED_PRIVATE_KEY),
	    cred_type_name(missing));
	for (size_t i = 0; i < n; i++)
		append(v, "%s sec_tag %d", i == 0 ? ", only under" : ",",
		    tags[i]);
}

static bool
has_psk(const struct cred_set *set, int tag)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->creds[i]->tag == tag &&
		    set->creds[i]->type == CRED_PSK)
			return true;
	}
	return false;
}

/* An identity alone is no error when the tags are set, and proves nothing. */
static void
append_keyless_identities(struct verdict *v, const struct cred_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct cred *c = set->creds[i];

		if (c->type == CRED_PSK_ID && !has_psk(set, c->tag))
			append(v,
			    "; sec_tag %d has a PSK identity but no pre-shared "
			    "key: store a TLS_CREDENTIAL_PSK under it",
			    c->tag);
	}
}

/* What a person can change; that there is nothing is said before. */
static void
append_credentials(struct verdict *v, const struct verdict_case *c)
{
	const struct cred_set *set = c->credentials;
	bool cert, key;

	if (has_no_tags(c))
		return;
	append_tags(v, set);
	cert = contains(set, CRED_CERTIFICATE);
	key = contains(set, CRED_PRIVATE_KEY);
	if (c->side == VERDICT_OURS && wants_ca(c) &&
	    !contains(set, CRED_CA_CERTIFICATE))
		append(v, "; no CA certificate under these tags");
	if (cert != key)
		append_half_identity(v,
		    cert ? CRED_PRIVATE_KEY : CRED_CERTIFICATE);
	append_keyless_identities(v, set);
}

static void
begin(struct verdict *v, enum tls_role role, bool dgram, bool handshake,
    const char *peer)
{
	verdict_set(v, "%s %s: %s with %s failed: ", dgram ? "DTLS" : "TLS",
	    role == TLS_ROLE_CLIENT ? "client" : "server",
	    handshake ? "handshake" : "connection", peer);
}

void
verdict_of_handshake(struct verdict *v, enum tls_role role, bool dgram,
    const char *peer)
{
	const struct verdict reason = *v;

	begin(v, role, dgram, true, peer);
	append(v, "%s", reason.text);
}

void
verdict_compose(struct verdict *v, const struct verdict_case *c)
{
	const bool about_credentials = c->handshake || names_certificate(c);

	begin(v, c->role, c->dgram, c->handshake, c->peer);
	append_side(v, c);
	if (about_credentials && has_no_tags(c))
		append_no_tags(v, c);
	append_hint(v, c);
	append_offer(v, c);
	append_verification(v, c);
	if (about_credentials)
		append_credentials(v, c);
}

/* How sure this side is of its peer. */
static void
append_peer(struct verdict *v, const struct verdict_case *c)
{
	const struct tls_verify_state *verify = c->verify;
	const struct tls_verify_words *words = tls_verify_words(verify);

	if (!verify->ran && c->psk != NULL && c->psk->proved)
		append(v, "; the peer has the pre-shared key of sec_tag %d",
		    c->psk->used->key->tag);
	else if (!verify->ran)
		append(v, "; the peer showed no certificate");
	else if (verify->error != X509_V_OK)
		append(v, "; the peer is not verified: %s",
		    X509_verify_cert_error_string(verify->error));
	else if (verify->mode == TLS_VERIFY_NONE)
		append(v, "; the peer is not verified: TLS_PEER_VERIFY is 0");
	else if (c->role == TLS_ROLE_CLIENT && c->hostname != NULL)
		append(v, "; the peer is verified as \"%s\"", c->hostname);
	else
		append(v,
		    "; the peer is verified, with any name; presented "
		    "names: %s",
		    words->presented[0] != '\0' ? words->presented : "none");
}

void
verdict_compose_success(struct verdict *v, const struct verdict_case *c,
    const char *version, const char *suite, bool resumed)
{
	verdict_set(v, "%s %s: handshake with %s done: %s, %s%s",
	    c->dgram ? "DTLS" : "TLS",
	    c->role == TLS_ROLE_CLIENT ? "client" : "server", c->peer, version,
	    suite, resumed ? ", resumed" : "");
	append_peer(v, c);
	if (has_no_tags(c))
		append_no_tags(v, c);
	else
		append_tags(v, c->credentials);
}
