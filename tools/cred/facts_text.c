#include "facts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "say.h"

/* Room for what is cut to the caller's size afterwards. */
#define TEXT_MAX 4096

/* Moves what was printed to bio into out, as it may be shown. */
static void
take_text(BIO *bio, char *out, size_t size)
{
	char *text;
	const long len = BIO_get_mem_data(bio, &text);

	say_escape(text, len > 0 ? (size_t)len : 0, out, size);
}

static void
print_string(BIO *bio, const ASN1_STRING *s)
{
	unsigned char *text = NULL;
	const int len = ASN1_STRING_to_UTF8(&text, s);

	if (len > 0)
		BIO_write(bio, text, len);
	OPENSSL_free(text);
}

static void
print_address(BIO *bio, const ASN1_OCTET_STRING *ip)
{
	const int len = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN] = "invalid";

	if (len == 4 || len == 16)
		inet_ntop(len == 4 ? AF_INET : AF_INET6,
		    ASN1_STRING_get0_data(ip), text, sizeof(text));
	BIO_puts(bio, text);
}

static void
print_general_name(BIO *bio, const GENERAL_NAME *name, bool kind)
{
	int type;
	const void *value = GENERAL_NAME_get0_value(name, &type);
	const char *const what = type == GEN_DNS ? "DNS:"
	    : type == GEN_IPADD                  ? "IP:"
	    : type == GEN_EMAIL                  ? "email:"
	    : type == GEN_URI                    ? "URI:"
	                                         : "";

	if (kind)
		BIO_puts(bio, what);
	if (type == GEN_IPADD)
		print_address(bio, value);
	else if (*what != '\0')
		print_string(bio, value);
	else
		GENERAL_NAME_print(bio, (GENERAL_NAME *)name);
}

/* The first max names; false if there are none. */
static bool
print_san(BIO *bio, X509 *cert, int max, bool kind)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const int n = sk_GENERAL_NAME_num(names);

	for (int i = 0; i < n && i < max; i++) {
		if (i > 0)
			BIO_puts(bio, ", ");
		print_general_name(bio, sk_GENERAL_NAME_value(names, i), kind);
	}
	GENERAL_NAMES_free(names);
	return n > 0;
}

void
facts_san(X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	out[0] = '\0';
	if (bio == NULL)
		return;
	(void)print_san(bio, cert, TEXT_MAX, true);
	take_text(bio, out, size);
	BIO_free(bio);
}

/* RFC 2253 escapes, all but those of bytes, which say_escape has its own for. */
static void
print_subject(BIO *bio, X509 *cert)
{
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
	    XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_ESC_2253 |
	        ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN |
	        ASN1_STRFLGS_DUMP_DER);
}

void
facts_subject(X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	out[0] = '\0';
	if (bio == NULL)
		return;
	print_subject(bio, cert);
	take_text(bio, out, size);
	BIO_free(bio);
}

void
facts_name(X509 *cert, char *out, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	BIO *bio = BIO_new(BIO_s_mem());

	out[0] = '\0';
	if (bio == NULL)
		return;
	if (at >= 0)
		print_string(bio,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	else if (!print_san(bio, cert, 1, false))
		print_subject(bio, cert);
	take_text(bio, out, size);
	BIO_free(bio);
}

/* As people call a curve: P-256 rather than prime256v1. */
static void
name_curve(EVP_PKEY *key, char *out, size_t size)
{
	char group[64] = "of a curve without a name";
	const char *nist = NULL;
	int nid;

	ERR_set_mark();
	if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1) {
		nid = OBJ_txt2nid(group);
		nist = nid != NID_undef ? EC_curve_nid2nist(nid) : NULL;
	}
	ERR_pop_to_mark();
	snprintf(out, size, "EC %s", nist != NULL ? nist : group);
}

void
facts_key(EVP_PKEY *key, char *out, size_t size)
{
	const int bits = EVP_PKEY_get_bits(key);
	const char *name;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		name_curve(key, out, size);
		break;
	case EVP_PKEY_RSA:
		snprintf(out, size, "RSA %d", bits);
		break;
	case EVP_PKEY_RSA_PSS:
		snprintf(out, size, "RSA-PSS %d", bits);
		break;
	case EVP_PKEY_ED25519:
		snprintf(out, size, "Ed25519");
		break;
	case EVP_PKEY_ED448:
		snprintf(out, size, "Ed448");
		break;
	default:
		name = EVP_PKEY_get0_type_name(key);
		snprintf(out, size, "%s %d", name != NULL ? name : "unknown",
		    bits);
	}
}

bool
facts_spki(EVP_PKEY *key, char out[BUNDLE_DIGEST_SIZE])
{
	unsigned char *der = NULL;
	const int len = i2d_PUBKEY(key, &der);
	bool good;

	if (len <= 0)
		return false;
	good = bundle_digest(der, (size_t)len, out);
	OPENSSL_free(der);
	return good;
}

bool
facts_time(const ASN1_TIME *t, time_t *out)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = timegm(&tm);
	return true;
}

/* RFC 5280 has a time for what does not end. */
static bool
is_never(const struct tm *tm)
{
	return tm->tm_year + 1900 == 9999 && tm->tm_mon == 11 &&
	    tm->tm_mday == 31 && tm->tm_hour == 23 && tm->tm_min == 59;
}

void
facts_date(const ASN1_TIME *t, char *out, size_t size)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		snprintf(out, size, "invalid");
	else if (is_never(&tm))
		snprintf(out, size, "never");
	else
		snprintf(out, size, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
}
