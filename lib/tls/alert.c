#include "tls/alert.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* OpenSSL files a received alert under this base plus its number. */
int
tls_alert_of(unsigned long ssl_error)
{
	const int reason = ERR_GET_REASON(ssl_error);

	if (ERR_GET_LIB(ssl_error) != ERR_LIB_SSL ||
	    reason < SSL_AD_REASON_OFFSET ||
	    reason > SSL_AD_REASON_OFFSET + 255)
		return -1;
	return reason - SSL_AD_REASON_OFFSET;
}

/* Alerts of RFC 8446 and RFC 7301 that OpenSSL 3.0 has no words for. */
const char *
tls_alert_name(int alert)
{
	switch (alert) {
	case SSL_AD_MISSING_EXTENSION:
		return "missing extension";
	case SSL_AD_CERTIFICATE_REQUIRED:
		return "certificate required";
	case SSL_AD_NO_APPLICATION_PROTOCOL:
		return "no application protocol";
	default:
		return SSL_alert_desc_string_long(alert);
	}
}

/* About the certificate that this side has shown. */
static const char *
certificate_hint(int alert)
{
	switch (alert) {
	case SSL_AD_UNKNOWN_CA:
		return "the peer does not trust the CA of our certificate, or "
		       "was not sent an intermediate of its chain";
	case SSL_AD_CERTIFICATE_EXPIRED:
		return "to the peer our certificate is out of date: compare "
		       "its dates with the peer's clock";
	case SSL_AD_CERTIFICATE_REVOKED:
		return "the peer knows our certificate as revoked";
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
		return "the peer cannot use our certificate: its keyUsage, "
		       "extendedKeyUsage or kind of key is none for this";
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_CERTIFICATE_UNKNOWN:
		return "the peer refused our certificate: its name, its chain "
		       "or its strength may be the reason";
	default:
		return NULL;
	}
}

const char *
tls_alert_hint(int alert, enum tls_role role, bool shown)
{
	const char *hint = shown ? certificate_hint(alert) : NULL;

	if (hint != NULL)
		return hint;
	if (role == TLS_ROLE_CLIENT && alert == SSL_AD_UNRECOGNIZED_NAME)
		return "the server does not answer to the name in "
		       "TLS_HOSTNAME";
	return NULL;
}
