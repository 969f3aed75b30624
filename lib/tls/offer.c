#include "tls/offer.h"

#include <stdio.h>

#include <openssl/err.h>

#include "tls/alert.h"
#include "tls/suites.h"
#include "tls/version.h"

/* Suites that are named; a person who needs more knows how to ask. */
#define SUITES_SHOWN 6

bool
tls_offer_is_at_fault(unsigned long ssl_error)
{
	switch (tls_alert_of(ssl_error)) {
	case -1:
		break;
	case SSL_AD_HANDSHAKE_FAILURE:
	case SSL_AD_PROTOCOL_VERSION:
	case SSL_AD_INSUFFICIENT_SECURITY:
		return true;
	default:
		return false;
	}
	switch (ERR_GET_REASON(ssl_error)) {
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_CIPHERS_AVAILABLE:
	case SSL_R_WRONG_CIPHER_RETURNED:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SUITABLE_GROUPS:
		return true;
	default:
		return false;
	}
}

static const char *
version_name(int version)
{
	switch (version) {
	case TLS1_VERSION:
		return "TLSv1";
	case TLS1_1_VERSION:
		return "TLSv1.1";
	case TLS1_2_VERSION:
		return "TLSv1.2";
	case DTLS1_VERSION:
		return "DTLSv1";
	case DTLS1_2_VERSION:
		return "DTLSv1.2";
	default:
		return "TLSv1.3"; /* also the highest, if nobody has set it */
	}
}

/* Without a lowest version OpenSSL goes as far down as its policy lets it. */
static void
print_versions(BIO *out, SSL *ssl)
{
	const int min = (int)SSL_get_min_proto_version(ssl);
	const int max = (int)SSL_get_max_proto_version(ssl);

	if (min == 0)
		BIO_printf(out, "we speak %s and lower", version_name(max));
	else if (version_name(min) == version_name(max))
		BIO_printf(out, "we speak %s", version_name(min));
	else
		BIO_printf(out, "we speak %s to %s", version_name(min),
		    version_name(max));
}

static void
print_rest(BIO *out, int n)
{
	if (n > SUITES_SHOWN)
		BIO_printf(out, " and %d more", n - SUITES_SHOWN);
}

/* Suites of TLS 1.3 are of no other version, and the reverse. */
static bool
is_of_version(const SSL *ssl, const SSL_CIPHER *c)
{
	const int min = (int)SSL_get_min_proto_version((SSL *)ssl);
	const int max = (int)SSL_get_max_proto_version((SSL *)ssl);

	if (SSL_CIPHER_get_kx_nid(c) == NID_kx_any)
		return max == 0 || tls_version_is_1_3(max);
	return !tls_version_is_1_3(min);
}

static void
print_ours(BIO *out, SSL *ssl)
{
	STACK_OF(SSL_CIPHER) *all = SSL_get_ciphers(ssl);
	int n = 0;

	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);

		if (is_of_version(ssl, c) && n++ < SUITES_SHOWN)
			BIO_printf(out, "%s%s", n == 1 ? " with " : ", ",
			    tls_suite_name(c));
	}
	print_rest(out, n);
}

/* Numbers that OpenSSL does not know by name, a signalling value say, stay. */
static void
print_theirs(BIO *out, SSL *ssl)
{
	const unsigned char *p = NULL;
	const long len = SSL_get0_raw_cipherlist(ssl, &p);
	const int n = len > 0 && p != NULL ? (int)len / 2 : 0;

	for (int i = 0; i < n && i < SUITES_SHOWN; i++, p += 2) {
		const SSL_CIPHER *c = SSL_CIPHER_find(ssl, p);

		BIO_printf(out, "%s", i == 0 ? "; the client offers " : ", ");
		if (c != NULL)
			BIO_puts(out, tls_suite_name(c));
		else
			BIO_printf(out, "0x%02x%02x", p[0], p[1]);
	}
	print_rest(out, n);
}

static void
print_key(BIO *out, SSL *ssl)
{
	const EVP_PKEY *key = SSL_get_privatekey(ssl);

	if (key == NULL)
		BIO_puts(out, "; we have no certificate with its key");
	else
		BIO_printf(out, "; the key of our certificate is %s",
		    EVP_PKEY_get0_type_name(key));
}

/*
 * The old field of a ClientHello tells the highest version if that is not 1.3,
 * which a server does not speak by a list of suites or without a certificate.
 */
static void
print_highest(BIO *out, SSL *ssl, unsigned long ssl_error)
{
	const long max = SSL_get_max_proto_version(ssl);

	if (ERR_GET_REASON(ssl_error) == SSL_R_UNSUPPORTED_PROTOCOL &&
	    (max == 0 || max == TLS1_3_VERSION) &&
	    SSL_get_privatekey(ssl) != NULL)
		BIO_printf(out, "; the client speaks %s at most",
		    version_name(SSL_client_version(ssl)));
}

void
tls_offer_describe(SSL *ssl, unsigned long ssl_error, char *buf, size_t size)
{
	BIO *out = BIO_new(BIO_s_mem());
	int n = 0;

	ERR_set_mark();
	if (out != NULL) {
		print_versions(out, ssl);
		print_ours(out, ssl);
		if (SSL_is_server(ssl)) {
			print_key(out, ssl);
			print_highest(out, ssl, ssl_error);
			print_theirs(out, ssl);
		}
		n = BIO_read(out, buf, (int)size - 1);
	}
	buf[n > 0 ? n : 0] = '\0';
	BIO_free(out);
	ERR_pop_to_mark();
}
