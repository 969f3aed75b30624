#include "support/test.h"

#include <string.h>

#include <openssl/err.h>

#include "tls/offer.h"
#include "tls/suites.h"

#define OURS(reason) ERR_PACK(ERR_LIB_SSL, 0, SSL_R_##reason)
#define ALERT(number) ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + (number))

/* What ended a handshake, and whether it is that nothing is shared. */
static void
reasons_are_told_apart(void **state)
{
	(void)state;
	assert_true(tls_offer_is_at_fault(OURS(NO_SHARED_CIPHER)));
	assert_true(tls_offer_is_at_fault(OURS(UNSUPPORTED_PROTOCOL)));
	assert_true(tls_offer_is_at_fault(ALERT(40)));
	assert_true(tls_offer_is_at_fault(ALERT(70)));
	assert_true(tls_offer_is_at_fault(ALERT(71)));
	assert_false(tls_offer_is_at_fault(ALERT(48)));
	assert_false(tls_offer_is_at_fault(OURS(CERTIFICATE_VERIFY_FAILED)));
	assert_false(tls_offer_is_at_fault(0));
}

/* A stranger's ClientHello may name any number, and the log prints it. */
static void
every_suite_has_a_name(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx);
	int known = 0;

	(void)state;
	for (int id = 0; id <= UINT16_MAX; id++) {
		const unsigned char wire[] = { (unsigned char)(id >> 8),
			(unsigned char)id };
		const SSL_CIPHER *c = SSL_CIPHER_find(ssl, wire);

		if (c == NULL)
			continue;
		known++;
		assert_non_null(tls_suite_name(c));
		assert_true(strlen(tls_suite_name(c)) > 0);
	}
	assert_true(known > 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* What a side says of itself. */
static const struct offer_case {
	const char *name;
	bool server;
	int min, max;
	const char *suites, *suites13;
	const char *want;
} rows[] = {
	{ "both_versions", false, TLS1_2_VERSION, 0, "AES128-SHA256",
	    "TLS_AES_128_GCM_SHA256",
	    "we speak TLSv1.2 to TLSv1.3 with TLS_AES_128_GCM_SHA256, "
	    "TLS_RSA_WITH_AES_128_CBC_SHA256" },
	{ "the_new_one", false, TLS1_3_VERSION, 0, "AES128-SHA256",
	    "TLS_AES_128_GCM_SHA256",
	    "we speak TLSv1.3 with TLS_AES_128_GCM_SHA256" },
	{ "the_old_one", false, TLS1_2_VERSION, TLS1_2_VERSION, "AES128-SHA256",
	    "TLS_AES_128_GCM_SHA256",
	    "we speak TLSv1.2 with TLS_RSA_WITH_AES_128_CBC_SHA256" },
	{ "no_lowest", false, 0, TLS1_2_VERSION, "AES128-SHA256", "",
	    "we speak TLSv1.2 and lower with TLS_RSA_WITH_AES_128_CBC_SHA256" },
	{ "many_suites", false, TLS1_3_VERSION, 0, "AES128-SHA256",
	    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
	    "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
	    "TLS_AES_128_CCM_8_SHA256",
	    "we speak TLSv1.3 with TLS_AES_256_GCM_SHA384, "
	    "TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, "
	    "TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256" },
	{ "a_server_without_a_certificate", true, TLS1_2_VERSION,
	    TLS1_2_VERSION, "AES128-SHA256", "",
	    "we speak TLSv1.2 with TLS_RSA_WITH_AES_128_CBC_SHA256; we have no "
	    "certificate with its key" },
};

static void
offer(void **state)
{
	const struct offer_case *c = *state;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl;
	char text[512], cut[9];

	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, c->suites), 1);
	assert_int_equal(SSL_CTX_set_ciphersuites(ctx, c->suites13), 1);
	ssl = SSL_new(ctx);
	assert_int_equal(SSL_set_min_proto_version(ssl, c->min), 1);
	assert_int_equal(SSL_set_max_proto_version(ssl, c->max), 1);
	if (c->server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	tls_offer_describe(ssl, OURS(NO_SHARED_CIPHER), text, sizeof(text));
	assert_string_equal(text, c->want);
	tls_offer_describe(ssl, OURS(NO_SHARED_CIPHER), cut, sizeof(cut));
	assert_string_equal(cut, "we speak");
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + 2];

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = offer,
			.initial_state = (void *)&rows[i] };
	tests[LEN(rows)] =
	    (struct CMUnitTest)cmocka_unit_test(reasons_are_told_apart);
	tests[LEN(rows) + 1] =
	    (struct CMUnitTest)cmocka_unit_test(every_suite_has_a_name);
	return cmocka_run_group_tests_name("tls/offer", tests, NULL, NULL);
}
