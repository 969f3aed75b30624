#include "tls/verify.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/state.h"
#include "tls/verify_callback.h"

/* Bits of TLS_CERT_VERIFY_RESULT. */
enum flag {
	FLAG_EXPIRED = 0x01,
	FLAG_REVOKED = 0x02,
	FLAG_NAME = 0x04,
	FLAG_NOT_TRUSTED = 0x08,
	FLAG_MISSING = 0x40,
	FLAG_SKIPPED = 0x80,
	FLAG_OTHER = 0x100,
	FLAG_FUTURE = 0x200,
	FLAG_EXT_KEY_USAGE = 0x1000,
	FLAG_BAD_MD = 0x4000,
	FLAG_BAD_KEY = 0x10000,
};

static const struct {
	int error;
	enum flag flag;
} flags[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, FLAG_EXPIRED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, FLAG_EXPIRED },
	{ X509_V_ERR_CERT_REVOKED, FLAG_REVOKED },
	{ X509_V_ERR_HOSTNAME_MISMATCH, FLAG_NAME },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, FLAG_NAME },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_REJECTED, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_INVALID_CA, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, FLAG_NOT_TRUSTED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, FLAG_FUTURE },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, FLAG_FUTURE },
	{ X509_V_ERR_INVALID_PURPOSE, FLAG_EXT_KEY_USAGE },
	{ X509_V_ERR_CA_MD_TOO_WEAK, FLAG_BAD_MD },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, FLAG_BAD_KEY },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, FLAG_BAD_KEY },
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

/* Moves what was printed to bio into buf, cut to fit. */
static void
take_text(BIO *bio, char *buf, size_t size)
{
	int n = BIO_read(bio, buf, (int)size - 1);

	buf[n > 0 ? n : 0] = '\0';
}

static void
describe_name(const X509_NAME *name, char *buf, size_t size)
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

/* "DNS:a.test, IP Address:10.0.0.1"; the common name if there is no other. */
static void
describe_names(const X509 *cert, char *buf, size_t size)
{
	GENERAL_NAMES *names;
	BIO *bio = BIO_new(BIO_s_mem());
	int cn;

	buf[0] = '\0';
	if (bio == NULL)
		return;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (i > 0)
			BIO_puts(bio, ", ");
		print_general_name(bio, sk_GENERAL_NAME_value(names, i));
	}
	cn = X509_NAME_get_index_by_NID(X509_get_subject_name(cert),
	    NID_commonName, -1);
	if (names == NULL && cn >= 0) {
		BIO_puts(bio, "common name:");
		ASN1_STRING_print(bio,
		    X509_NAME_ENTRY_get_data(
		        X509_NAME_get_entry(X509_get_subject_name(cert), cn)));
	}
	GENERAL_NAMES_free(names);
	take_text(bio, buf, size);
	BIO_free(bio);
}

static void
note(struct tls_verify_state *v, int error, int depth, const X509 *cert)
{
	/* OpenSSL may fail for want of memory and not say so. */
	if (error == X509_V_OK)
		error = X509_V_ERR_UNSPECIFIED;
	v->flags |= flag_of(error);
	if (depth >= 0 && depth < TLS_VERIFY_DEPTHS)
		v->at[depth] |= flag_of(error);
	if (v->error != X509_V_OK)
		return;
	v->error = error;
	v->depth = depth;
	if (cert == NULL)
		return;
	describe_name(X509_get_subject_name(cert), v->subject,
	    sizeof(v->subject));
	describe_name(X509_get_issuer_name(cert), v->issuer, sizeof(v->issuer));
}

/* Called for every problem, and once for every certificate found good. */
static int
on_certificate(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verify_state *v = &tls_state_of(ssl)->verify;

	if (!good)
		note(v, X509_STORE_CTX_get_error(store),
		    X509_STORE_CTX_get_error_depth(store),
		    X509_STORE_CTX_get_current_cert(store));
	return 1;
}

static int
verify_chain(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verify_state *v = &tls_state_of(ssl)->verify;
	X509 *leaf = X509_STORE_CTX_get0_cert(store);

	(void)arg; /* none was given to SSL_CTX_set_cert_verify_callback */
	v->ran = true;
	v->flags = 0;
	memset(v->at, 0, sizeof(v->at));
	if (leaf != NULL)
		describe_names(leaf, v->presented, sizeof(v->presented));
	if (v->mode == TLS_VERIFY_NONE) {
		v->flags = FLAG_SKIPPED;
		return 1;
	}
	if (X509_verify_cert(store) <= 0)
		note(v, X509_STORE_CTX_get_error(store),
		    X509_STORE_CTX_get_error_depth(store), leaf);
	if (v->name_unset || v->name_odd)
		note(v, X509_V_ERR_HOSTNAME_MISMATCH, 0, leaf);
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

/*
 * SNI carries names only (RFC 6066, 3), so an address is checked but not sent.
 * The device accepts a wildcard as the whole leftmost label alone.  To OpenSSL
 * a name with a leading dot is every name below it; to the device it is none.
 */
static int
expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (*name == '.')
		return 0;
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
		return 0;
	ERR_clear_error();
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_host(param, name, 0) != 1 ||
	    SSL_set_tlsext_host_name(ssl, name) != 1) {
		ERR_clear_error();
		return -EINVAL;
	}
	return 0;
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
    const struct tls_settings *settings)
{
	const char *name = settings->hostname;
	const bool named = name != NULL && *name != '\0';

	*v = (struct tls_verify_state){
		.mode = tls_settings_verify(settings, role),
		.callback = settings->callback,
		.flags = TLS_VERIFY_NOT_RUN,
	};
	SSL_set_verify(ssl, ssl_mode(v->mode), on_certificate);
	if (role == TLS_ROLE_SERVER)
		return 0;
	/* An empty name matches no certificate, and so does one never set. */
	v->name_unset = !named && (!settings->hostname_set || name != NULL);
	v->name_odd = named && *name == '.';
	return named ? expect_name(ssl, name) : 0;
}

void
tls_verify_finish(const SSL *ssl, struct tls_verify_state *v)
{
	if (v->ran)
		return;
	if (v->mode == TLS_VERIFY_NONE) {
		v->flags = FLAG_SKIPPED;
	} else if (SSL_session_reused(ssl) == 1 &&
	    SSL_get0_peer_certificate(ssl) != NULL) {
		v->error = (int)SSL_get_verify_result(ssl);
		v->flags = v->error == X509_V_OK ? 0 : flag_of(v->error);
		v->ran = true;
	} else {
		v->flags = FLAG_MISSING;
	}
}
