#include "tls/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/profile.h"

/*
 * Moves what was printed to bio into buf, cut to fit.  A newline in a name would
 * make two lines of the one that tells of it.
 */
static void
take_text(BIO *bio, char *buf, size_t size)
{
	int n = BIO_read(bio, buf, (int)size - 1);

	buf[n > 0 ? n : 0] = '\0';
	for (; *buf != '\0'; buf++) {
		if (iscntrl((unsigned char)*buf))
			*buf = '?';
	}
}

void
tls_names_describe_dn(const X509_NAME *name, char *buf, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	buf[0] = '\0';
	if (bio == NULL)
		return;
	X509_NAME_print_ex(bio, name, 0,
	    XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB);
	take_text(bio, buf, size);
	BIO_free(bio);
}

/* Where the longest run of two or more zero groups starts, or 8. */
static int
zero_run(const unsigned group[8], int *len)
{
	int at = 8, n;

	*len = 1;
	for (int i = 0; i < 8; i++) {
		n = 0;
		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > *len) {
			at = i;
			*len = n;
		}
	}
	return at;
}

/* An IPv6 address in the short form of RFC 5952. */
static void
print_ip6(BIO *bio, const unsigned char *ip)
{
	unsigned group[8];
	int skip, run;

	for (int i = 0; i < 8; i++, ip += 2)
		group[i] = (unsigned)ip[0] << 8 | ip[1];
	skip = zero_run(group, &run);
	for (int i = 0; i < 8; i++) {
		if (i == skip) {
			BIO_puts(bio, "::");
			i += run - 1;
			continue;
		}
		BIO_printf(bio, "%s%x", i == 0 || i == skip + run ? "" : ":",
		    group[i]);
	}
}

/* OpenSSL writes an IPv6 address in full; a person writes it short. */
static void
print_general_name(BIO *bio, GENERAL_NAME *name)
{
	int type;
	const ASN1_OCTET_STRING *ip = GENERAL_NAME_get0_value(name, &type);

	if (type != GEN_IPADD || ASN1_STRING_length(ip) != 16) {
		GENERAL_NAME_print(bio, name);
		return;
	}
	BIO_puts(bio, "IP Address:");
	print_ip6(bio, ASN1_STRING_get0_data(ip));
}

/* The common name after the one at index at, or NULL. */
static const ASN1_STRING *
next_common_name(const X509 *cert, int *at)
{
	const X509_NAME *subject = X509_get_subject_name(cert);

	*at = X509_NAME_get_index_by_NID(subject, NID_commonName, *at);
	if (*at < 0)
		return NULL;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, *at));
}

static bool
has_names(const X509 *cert)
{
	return X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) >= 0;
}

void
tls_names_describe(const X509 *cert, char *buf, size_t size)
{
	GENERAL_NAMES *names;
	const ASN1_STRING *common;
	BIO *bio = BIO_new(BIO_s_mem());
	int at = -1;

	buf[0] = '\0';
	if (bio == NULL)
		return;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (i > 0)
			BIO_puts(bio, ", ");
		print_general_name(bio, sk_GENERAL_NAME_value(names, i));
	}
	common = next_common_name(cert, &at);
	if (!has_names(cert) && common != NULL) {
		BIO_puts(bio, "common name:");
		ASN1_STRING_print(bio, common);
	}
	GENERAL_NAMES_free(names);
	take_text(bio, buf, size);
	BIO_free(bio);
}

/* The bytes of an address, or NULL if it is the text of none. */
static ASN1_OCTET_STRING *
address_of(const char *name)
{
	ASN1_OCTET_STRING *ip;

	ERR_set_mark();
	ip = a2i_IPADDRESS(name);
	ERR_pop_to_mark();
	return ip;
}

bool
tls_names_is_address(const char *name)
{
	ASN1_OCTET_STRING *ip = address_of(name);
	const bool is = ip != NULL;

	ASN1_OCTET_STRING_free(ip);
	return is;
}

/* Lengths first: a NUL inside the certificate's string ends nothing. */
static bool
same_text(const char *a, size_t alen, const char *b, size_t blen)
{
	return alen == blen && strncasecmp(a, b, alen) == 0;
}

/*
 * A wildcard stands for the first label of whatever is expected, also of an
 * address, as in Mbed TLS: no CA vouches for *.0.0.1.
 */
static bool
matches_dns(const ASN1_STRING *presented, const char *name)
{
	const char *p = (const char *)ASN1_STRING_get0_data(presented);
	const size_t len = (size_t)ASN1_STRING_length(presented);
	const char *dot = strchr(name, '.');

	if (same_text(p, len, name, strlen(name)))
		return true;
	if (len < 3 || p[0] != '*' || p[1] != '.' || dot == NULL || dot == name)
		return false;
	return same_text(p + 1, len - 1, dot, strlen(dot));
}

static bool
matches_address(const ASN1_OCTET_STRING *presented, const char *name)
{
	ASN1_OCTET_STRING *ip = address_of(name);
	const bool same =
	    ip != NULL && ASN1_OCTET_STRING_cmp(presented, ip) == 0;

	ASN1_OCTET_STRING_free(ip);
	return same;
}

static bool
matches_uri(const ASN1_STRING *presented, const char *name)
{
	const size_t len = strlen(name);

	return (size_t)ASN1_STRING_length(presented) == len &&
	    memcmp(ASN1_STRING_get0_data(presented), name, len) == 0;
}

static bool
matches(const GENERAL_NAME *presented, const char *name)
{
	int type;
	const void *value = GENERAL_NAME_get0_value(presented, &type);

	if (type == GEN_DNS)
		return matches_dns(value, name);
	if (quirk(QUIRK_TLS_NAME_NO_ADDRESS) != 0)
		return false;
	switch (type) {
	case GEN_IPADD:
		return matches_address(value, name);
	case GEN_URI:
		return matches_uri(value, name);
	default:
		return false;
	}
}

static bool
matches_common_name(const X509 *cert, const char *name)
{
	const ASN1_STRING *common;
	int at = -1;

	while ((common = next_common_name(cert, &at)) != NULL) {
		if (matches_dns(common, name))
			return true;
	}
	return false;
}

bool
tls_names_match(const X509 *cert, const char *name)
{
	GENERAL_NAMES *names;
	bool found = false;

	if (!has_names(cert))
		return matches_common_name(cert, name);
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = matches(sk_GENERAL_NAME_value(names, i), name);
	GENERAL_NAMES_free(names);
	return found;
}

bool
tls_names_match_hidden(const X509 *cert, const char *name)
{
	return has_names(cert) && matches_common_name(cert, name);
}
