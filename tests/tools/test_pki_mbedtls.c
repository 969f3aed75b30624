#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "cred/store.h"
#include "pki_usual.h"

static void
values(const char *file, struct set *s)
{
	for (size_t i = 0; i < pki_ncases; i++) {
		if (strcmp(pki_cases[i].file, file) == 0) {
			assert_true(pki_case_values(&pki, &pki_cases[i], s));
			return;
		}
	}
	fail_msg("there is no case %s", file);
}

static const struct item *
find(const struct set *s, enum pki_tag tag, int type)
{
	const struct item *i = set_find(s, usual.tags[tag], type);

	assert_non_null(i);
	return i;
}

/* What the device's library does in a handshake: flags, or an error below 0. */
static int
verify(const struct item *ca, const struct item *cert, bool server)
{
	mbedtls_x509_crt trusted, sent;
	uint32_t flags = 0;
	int rc;

	mbedtls_x509_crt_init(&trusted);
	mbedtls_x509_crt_init(&sent);
	rc = mbedtls_x509_crt_parse(&trusted, ca->data, ca->len);
	if (rc == 0)
		rc = mbedtls_x509_crt_parse(&sent, cert->data, cert->len);
	if (rc == 0) {
		rc = mbedtls_x509_crt_verify(&sent, &trusted, NULL,
		    server ? pki.host : NULL, &flags, NULL, NULL);
		if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
			rc = 0;
		if (rc == 0 &&
		    mbedtls_x509_crt_check_extended_key_usage(&sent,
		        server ? MBEDTLS_OID_SERVER_AUTH
		               : MBEDTLS_OID_CLIENT_AUTH,
		        MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
			flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	}
	mbedtls_x509_crt_free(&trusted);
	mbedtls_x509_crt_free(&sent);
	return rc != 0 ? rc : (int)flags;
}

static int
parse_key(const struct item *key)
{
	mbedtls_pk_context pk;
	int rc;

	mbedtls_pk_init(&pk);
	rc = mbedtls_pk_parse_key(&pk, key->data, key->len, NULL, 0);
	mbedtls_pk_free(&pk);
	return rc;
}

/* As the index has it: "0x01", "-0x2180". */
static int
number(const char *text)
{
	return text[0] == '-' ? -(int)strtol(text + 1, NULL, 16)
	                      : (int)strtol(text, NULL, 16);
}

/* T58 says it of OpenSSL: each side judges the other one. */
static void
mbedtls_says_what_the_index_says(void **state)
{
	const struct pki_case *c = *state;
	struct set s, server, client;
	int got = 0;

	values("server", &server);
	values("client", &client);
	assert_true(pki_case_values(&pki, c, &s));
	if (c->role == PKI_SERVER) {
		got = parse_key(find(&s, PKI_TAG_SERVER, CRED_PRIVATE_KEY));
		if (got == 0)
			got = verify(find(&client, PKI_TAG_CA,
			                 CRED_CA_CERTIFICATE),
			    find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE), true);
	} else {
		got = verify(find(&server, PKI_TAG_CA, CRED_CA_CERTIFICATE),
		    find(&s, PKI_TAG_CLIENT, CRED_CERTIFICATE), false);
		if (got == 0)
			got = verify(find(&s, PKI_TAG_CA, CRED_CA_CERTIFICATE),
			    find(&server, PKI_TAG_SERVER, CRED_CERTIFICATE),
			    true);
	}
	if (got != number(c->flag))
		fail_msg("%s0x%x, not %s", got < 0 ? "-" : "",
		    (unsigned)abs(got), c->flag);
	set_fini(&s);
	set_fini(&server);
	set_fini(&client);
}

int
main(void)
{
	struct CMUnitTest tests[64];
	size_t n = 0;

	for (size_t i = 0; i < pki_ncases; i++) {
		if (pki_cases[i].flag == NULL)
			continue;
		tests[n++] = (struct CMUnitTest){
			.name = pki_cases[i].file,
			.test_func = mbedtls_says_what_the_index_says,
			.initial_state = (void *)&pki_cases[i],
		};
	}
	return _cmocka_run_group_tests("tools/pki_mbedtls", tests, n, set_up,
	    tear_down);
}
