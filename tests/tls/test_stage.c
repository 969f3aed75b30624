#include "support/test.h"

#include "tls/stage.h"

/* Numbers of the list of OpenSSL 3.0, and of the one since 3.2. */
static const struct stage_case {
	const char *name;
	int older, newer;
} cases[] = {
	{ "before", 0, 0 },
	{ "client_reads_server_hello", 3, 3 },
	{ "client_reads_certificate", 4, 4 },
	{ "client_reads_certificate_status", 5, 6 },
	{ "client_has_sent_its_hello", 12, 13 },
	{ "client_sends_certificate", 13, 14 },
	{ "client_sends_key", 14, 16 },
	{ "client_has_sent_finished", 18, 20 },
	{ "server_sends_certificate", 23, 25 },
	{ "server_sends_key", 24, 27 },
	{ "server_reads_certificate", 27, 30 },
	{ "server_reads_key", 28, 32 },
	{ "server_reads_finished", 32, 36 },
	{ "early_data", 46, 50 },
	{ "the_last", 49, 53 },
};

static void
is_the_same_stage_in_both_lists(void **state)
{
	const struct stage_case *c = *state;

	assert_int_equal(tls_stage_translate(c->older, false, true), c->newer);
	assert_int_equal(tls_stage_translate(c->newer, true, false), c->older);
	assert_int_equal(tls_stage_translate(c->older, false, false), c->older);
	assert_int_equal(tls_stage_translate(c->newer, true, true), c->newer);
}

static void
a_compressed_certificate_is_a_certificate(void **state)
{
	static const int compressed[] = { 5, 15, 26, 31 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(tls_stage_translate(compressed[i], true, true),
		    compressed[i] - 1);
		assert_int_equal(tls_stage_translate(compressed[i], true,
		                     false),
		    tls_stage_translate(compressed[i] - 1, true, false));
	}
}

/* What this build calls so is what the library at hand means. */
static void
a_new_connection_is_before_its_first_message(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);

	(void)state;
	assert_non_null(ssl);
	assert_int_equal(tls_stage_of(ssl), TLS_ST_BEFORE);
	SSL_set_connect_state(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	assert_int_equal(SSL_do_handshake(ssl), -1);
	assert_int_equal(tls_stage_of(ssl), TLS_ST_CW_CLNT_HELLO);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases) + 2];
	size_t n = 0;

	for (size_t i = 0; i < LEN(cases); i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name,
			is_the_same_stage_in_both_lists, NULL, NULL,
			(void *)&cases[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    a_compressed_certificate_is_a_certificate);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    a_new_connection_is_before_its_first_message);
	return _cmocka_run_group_tests("tls/stage", tests, n, NULL, NULL);
}
