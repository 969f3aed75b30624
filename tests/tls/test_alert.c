#include "support/test.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/alert.h"

/* An alert, its name, and a part of what it means to whom. */
static const struct alert_case {
	const char *test;
	int alert;
	enum tls_role role;
	bool shown; /* a certificate of this side */
	const char *name, *hint;
} rows[] = {
	{ "handshake_failure", 40, TLS_ROLE_CLIENT, true, "handshake failure",
	    NULL },
	{ "bad_certificate", 42, TLS_ROLE_CLIENT, true, "bad certificate",
	    "the peer refused our certificate" },
	{ "unsupported_certificate", 43, TLS_ROLE_SERVER, true,
	    "unsupported certificate", "cannot use our certificate" },
	{ "certificate_revoked", 44, TLS_ROLE_SERVER, true,
	    "certificate revoked", "as revoked" },
	{ "certificate_expired", 45, TLS_ROLE_CLIENT, true,
	    "certificate expired", "the peer's clock" },
	{ "certificate_unknown", 46, TLS_ROLE_SERVER, true,
	    "certificate unknown", "the peer refused our certificate" },
	{ "unknown_ca", 48, TLS_ROLE_SERVER, true, "unknown CA",
	    "does not trust the CA of our certificate" },
	{ "unknown_ca_of_none", 48, TLS_ROLE_CLIENT, false, "unknown CA",
	    NULL },
	{ "missing_extension", 109, TLS_ROLE_CLIENT, false, "missing extension",
	    NULL },
	{ "unrecognized_name", 112, TLS_ROLE_CLIENT, false, "unrecognized name",
	    "TLS_HOSTNAME" },
	{ "unrecognized_name_of_a_client", 112, TLS_ROLE_SERVER, false,
	    "unrecognized name", NULL },
	{ "certificate_required", 116, TLS_ROLE_CLIENT, false,
	    "certificate required", NULL },
	{ "no_application_protocol", 120, TLS_ROLE_CLIENT, false,
	    "no application protocol", NULL },
};

static void
meaning(void **state)
{
	const struct alert_case *c = *state;
	const char *hint = tls_alert_hint(c->alert, c->role, c->shown);

	assert_string_equal(tls_alert_name(c->alert), c->name);
	if (c->hint == NULL) {
		assert_null(hint);
		return;
	}
	assert_non_null(hint);
	if (strstr(hint, c->hint) == NULL)
		fail_msg("no \"%s\" in: %s", c->hint, hint);
}

static void
an_alert_is_told_from_a_reason(void **state)
{
	(void)state;
	assert_int_equal(tls_alert_of(ERR_PACK(ERR_LIB_SSL, 0,
	                     SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)),
	    40);
	assert_int_equal(tls_alert_of(ERR_PACK(ERR_LIB_SSL, 0, 1000 + 255)),
	    255);
	assert_int_equal(tls_alert_of(
	                     ERR_PACK(ERR_LIB_SSL, 0, SSL_R_NO_SHARED_CIPHER)),
	    -1);
	assert_int_equal(tls_alert_of(ERR_PACK(ERR_LIB_EVP, 0, 1040)), -1);
	assert_int_equal(tls_alert_of(0), -1);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + 1];

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].test,
			.test_func = meaning,
			.initial_state = (void *)&rows[i] };
	tests[LEN(rows)] =
	    (struct CMUnitTest)cmocka_unit_test(an_alert_is_told_from_a_reason);
	return cmocka_run_group_tests_name("tls/alert", tests, NULL, NULL);
}
