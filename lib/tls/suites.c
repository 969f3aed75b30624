#include "tls/suites.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "tls/shortage.h"

/* What certificates and parameters must reach; see suites.h. */
#define LEVEL 2

/* OpenSSL's default, and last the CCM suites of devices, which it leaves out. */
static const char list[] =
    "ALL:!aNULL:!eNULL:!SRP:!RC4:!ARIA:!CAMELLIA:-AESCCM:AESCCM";
static const char list_1_3[] =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
    "TLS_AES_128_CCM_8_SHA256";

static const char list_psk[] =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
    "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256:TLS_AES_256_GCM_SHA384";

typedef int judge(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
    void *other, void *ex);

static _Atomic(judge *) default_judge; /* OpenSSL's: every context has it */

static bool
is_about_suite(int op)
{
	return op == SSL_SECOP_CIPHER_SUPPORTED ||
	    op == SSL_SECOP_CIPHER_SHARED || op == SSL_SECOP_CIPHER_CHECK;
}

/*
 * CCM_8 has a tag of 64 bits, for which newer OpenSSL puts it at level 0; it
 * is what devices speak.
 */
static int
judge_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
    void *other, void *ex)
{
	if (is_about_suite(op) && bits == 64 &&
	    strstr(SSL_CIPHER_get_name(other), "CCM") != NULL)
		return 1;
	return atomic_load(&default_judge)(ssl, ctx, op, bits, nid, other, ex);
}

int
tls_suites_install(SSL_CTX *c, bool strong)
{
	if (strong && SSL_CTX_get_security_level(c) < LEVEL)
		SSL_CTX_set_security_level(c, LEVEL);
	atomic_store(&default_judge, SSL_CTX_get_security_callback(c));
	SSL_CTX_set_security_callback(c, judge_security);
	return SSL_CTX_set_cipher_list(c, list) == 1 &&
	        SSL_CTX_set_ciphersuites(c, list_1_3) == 1
	    ? 0
	    : -1;
}

const char *
tls_suite_name(const SSL_CIPHER *c)
{
	const char *name = SSL_CIPHER_standard_name(c);

	return name != NULL ? name : SSL_CIPHER_get_name(c);
}

static const SSL_CIPHER *
find(SSL *ssl, int id)
{
	const unsigned char wire[2] = { (unsigned char)(id >> 8),
		(unsigned char)id };

	if (id < 0 || id > UINT16_MAX)
		return NULL;
	return SSL_CIPHER_find(ssl, wire);
}

static bool
is_1_3(const SSL_CIPHER *c)
{
	return SSL_CIPHER_get_id(c) >> 8 == 0x030013;
}

/* Without encryption, or without a proof of either side, it is no TLS. */
static bool
is_sound(const SSL_CIPHER *c)
{
	return SSL_CIPHER_get_auth_nid(c) != NID_auth_null &&
	    SSL_CIPHER_get_cipher_nid(c) != NID_undef;
}

/* OpenSSL's name of a suite, or NULL if it is not to be in that list. */
static const char *
name_for(SSL *ssl, int id, bool modern)
{
	const SSL_CIPHER *c = find(ssl, id);

	return c != NULL && is_sound(c) && is_1_3(c) == modern
	    ? SSL_CIPHER_get_name(c)
	    : NULL;
}

/* Names of the suites of one generation, as OpenSSL's lists want them. */
static char *
names(SSL *ssl, const int *ids, size_t n, bool modern)
{
	size_t size = 1;
	const char *name;
	char *text, *end;

	for (size_t i = 0; i < n; i++) {
		name = name_for(ssl, ids[i], modern);
		size += name != NULL ? strlen(name) + 1 : 0;
	}
	text = end = malloc(size);
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		name = name_for(ssl, ids[i], modern);
		if (name == NULL)
			continue;
		if (end != text)
			*end++ = ':';
		end = stpcpy(end, name);
	}
	*end = '\0';
	return text;
}

static int
none_is_known(const int *ids, size_t n, struct verdict *why)
{
	verdict_set(why,
	    "TLS_CIPHERSUITE_LIST: OpenSSL has none of its %zu suite%s, or it "
	    "neither encrypts nor proves anything; the first is 0x%04x",
	    n, n == 1 ? "" : "s", (unsigned)ids[0]);
	return -ECONNABORTED;
}

/* Datagrams have one generation of suites. */
static int
narrow_dgram(SSL_CTX *c, const char *older)
{
	return *older != '\0' && SSL_CTX_set_cipher_list(c, older) == 1
	    ? 0
	    : -ECONNABORTED;
}

/* A generation without a suite of the list is a version that cannot be had. */
static int
narrow_stream(SSL_CTX *c, const char *older, const char *modern)
{
	if (*older == '\0') {
		if (SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1)
			return -ECONNABORTED;
	} else if (SSL_CTX_set_cipher_list(c, older) != 1) {
		return -ECONNABORTED;
	}
	if (*modern == '\0') {
		if (SSL_CTX_get_min_proto_version(c) == TLS1_3_VERSION ||
		    SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION) != 1)
			return -ECONNABORTED;
	} else if (SSL_CTX_set_ciphersuites(c, modern) != 1) {
		return -ECONNABORTED;
	}
	return 0;
}

/* Why none is left, of what OpenSSL knows. */
static void
explain(SSL_CTX *c, bool dgram, const char *older, const char *modern,
    struct verdict *why)
{
	if (*older == '\0' && dgram)
		verdict_set(why,
		    "TLS_CIPHERSUITE_LIST has suites of TLS 1.3 alone, and "
		    "DTLS goes up to 1.2: %s",
		    modern);
	else if (*modern == '\0' &&
	    SSL_CTX_get_min_proto_version(c) == TLS1_3_VERSION)
		verdict_set(why,
		    "TLS_CIPHERSUITE_LIST has no suite of TLS 1.3, which the "
		    "socket was opened for: %s",
		    older);
	else
		verdict_set(why,
		    "TLS_CIPHERSUITE_LIST: OpenSSL's policy forbids all of "
		    "%s%s%s",
		    older, *older != '\0' && *modern != '\0' ? ":" : "",
		    modern);
}

static int
narrow(SSL_CTX *c, SSL *ssl, const int *ids, size_t n, struct verdict *why)
{
	char *older = names(ssl, ids, n, false);
	char *modern = names(ssl, ids, n, true);
	const bool dgram = SSL_is_dtls(ssl) == 1;
	int rc;

	if (older == NULL || modern == NULL) {
		rc = -ENOMEM;
	} else if (*older == '\0' && *modern == '\0') {
		rc = none_is_known(ids, n, why);
	} else {
		rc = dgram ? narrow_dgram(c, older)
		           : narrow_stream(c, older, modern);
		if (rc < 0)
			explain(c, dgram, older, modern, why);
	}
	free(older);
	free(modern);
	return rc;
}

/* A server goes by its own list, as on the device. */
static void
set_order(SSL_CTX *c, enum tls_role role)
{
	if (role == TLS_ROLE_SERVER)
		SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE);
}

int
tls_suites_narrow(SSL_CTX *c, enum tls_role role, const int *ids, size_t n,
    struct verdict *why)
{
	SSL *ssl = SSL_new(c); /* OpenSSL finds suites for no other */
	int rc;

	if (ssl == NULL)
		return -ENOMEM;
	set_order(c, role);
	rc = narrow(c, ssl, ids, n, why);
	if (tls_shortage() && rc < 0)
		rc = -ENOMEM;
	SSL_free(ssl);
	return rc;
}

int
tls_suites_prefer_sha256(SSL_CTX *c, enum tls_role role)
{
	set_order(c, role);
	/* All are known: it fails for want of memory only. */
	if (SSL_CTX_set_ciphersuites(c, list_psk) == 1)
		return 0;
	ERR_clear_error();
	return -ENOMEM;
}

int
tls_suites_all(int *ids, size_t n)
{
	SSL_CTX *c = SSL_CTX_new(TLS_method());
	STACK_OF(SSL_CIPHER) * all;
	int total = -ENOMEM;

	if (c != NULL && tls_suites_install(c, true) == 0) {
		all = SSL_CTX_get_ciphers(c);
		total = sk_SSL_CIPHER_num(all);
		for (int i = 0; i < total && (size_t)i < n; i++)
			ids[i] = SSL_CIPHER_get_protocol_id(
			    sk_SSL_CIPHER_value(all, i));
	}
	ERR_clear_error();
	SSL_CTX_free(c);
	return total;
}
