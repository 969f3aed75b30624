#include "support/test.h"

#include <string.h>

#include "support/pki.h"
#include "tls/names.h"

/* A certificate, a name, and whether the one is the other's. */
static const struct match_case {
	const char *test;
	const char *name;
	const char *san, *common; /* "server" if that is NULL */
	bool match, hidden;
} matches[] = {
	{ "a_dns_name", "a.test", "DNS:a.test", NULL, true, false },
	{ "no_case", "A.tesT", "DNS:a.TEST", NULL, true, false },
	{ "the_last_of_several", "c.test", "DNS:a.test,IP:::1,DNS:c.test", NULL,
	    true, false },
	{ "a_part", "a.tes", "DNS:a.test", NULL, false, false },
	{ "more", "a.test.x", "DNS:a.test", NULL, false, false },
	{ "the_empty_name", "", "DNS:a.test", NULL, false, false },
	{ "a_trailing_dot_is_a_character", "a.test.", "DNS:a.test", NULL, false,
	    false },
	{ "a_wildcard", "x.a.test", "DNS:*.a.test", NULL, true, false },
	{ "a_wildcard_below_the_top", "x.test", "DNS:*.test", NULL, true,
	    false },
	{ "a_wildcard_for_any_label", "x_y.a.test", "DNS:*.a.test", NULL, true,
	    false },
	{ "a_wildcard_for_two_labels", "x.y.a.test", "DNS:*.a.test", NULL,
	    false, false },
	{ "a_wildcard_for_none", "a.test", "DNS:*.a.test", NULL, false, false },
	{ "a_wildcard_for_an_empty_one", ".a.test", "DNS:*.a.test", NULL, false,
	    false },
	{ "a_wildcard_alone", "a", "DNS:*", NULL, false, false },
	{ "a_wildcard_and_a_dot", "a.", "DNS:*.", NULL, false, false },
	{ "a_wildcard_inside_a_label", "xy.a.test", "DNS:x*.a.test", NULL,
	    false, false },
	{ "a_wildcard_further_right", "x.y.test", "DNS:x.*.test", NULL, false,
	    false },
	{ "a_wildcard_is_itself", "*.a.test", "DNS:*.a.test", NULL, true,
	    false },
	{ "a_wildcard_for_part_of_an_address", "10.0.0.1", "DNS:*.0.0.1", NULL,
	    true, false },
	{ "a_common_name", "a.test", NULL, "a.test", true, false },
	{ "a_wildcard_as_common_name", "x.a.test", NULL, "*.a.test", true,
	    false },
	{ "another_common_name", "a.test", NULL, "b.test", false, false },
	{ "a_common_name_beside_a_dns_name", "a.test", "DNS:b.test", "a.test",
	    false, true },
	{ "a_common_name_beside_an_address", "a.test", "IP:192.0.2.1", "a.test",
	    false, true },
	{ "a_common_name_beside_a_mail_address", "a.test", "email:a@b.test",
	    "a.test", false, true },
	{ "both", "a.test", "DNS:a.test", "a.test", true, true },
	{ "an_ipv4_address", "192.0.2.1", "IP:192.0.2.1", NULL, true, false },
	{ "another_ipv4_address", "192.0.2.2", "IP:192.0.2.1", NULL, false,
	    false },
	{ "an_ipv6_address", "2001:db8:0::1", "IP:2001:db8::1", NULL, true,
	    false },
	{ "an_address_of_the_other_family", "::192.0.2.1", "IP:192.0.2.1", NULL,
	    false, false },
	{ "an_address_as_dns_name", "192.0.2.1", "DNS:192.0.2.1", NULL, true,
	    false },
	{ "an_address_as_common_name", "192.0.2.1", NULL, "192.0.2.1", true,
	    false },
	{ "a_name_among_addresses", "a.test", "IP:192.0.2.1", NULL, false,
	    false },
	{ "a_uri", "urn:a", "URI:urn:a", NULL, true, false },
	{ "a_uri_has_case", "urn:A", "URI:urn:a", NULL, false, false },
	{ "a_mail_address_is_no_name", "a@b.test", "email:a@b.test", NULL,
	    false, false },
};

static void
match(void **state)
{
	const struct match_case *c = *state;
	struct pki_cert cert;

	pki_make(&cert, NULL,
	    &(struct pki_spec){ .name =
	                            c->common != NULL ? c->common : "server",
	        .san = c->san });
	assert_int_equal(tls_names_match(cert.cert, c->name), c->match);
	assert_int_equal(tls_names_match_hidden(cert.cert, c->name), c->hidden);
	pki_free(&cert);
}

static void
a_nul_inside_a_name_ends_nothing(void **state)
{
	static const char evil[] = "a.test\0.evil.test";
	struct pki_cert cert;
	X509_NAME *subject;

	(void)state;
	pki_make(&cert, NULL, &(struct pki_spec){ .name = "x" });
	subject = X509_get_subject_name(cert.cert);
	assert_int_equal(X509_NAME_add_entry_by_NID(subject, NID_commonName,
	                     MBSTRING_UTF8, (const unsigned char *)evil,
	                     sizeof(evil) - 1, -1, 0),
	    1);
	assert_false(tls_names_match(cert.cert, "a.test"));
	pki_free(&cert);
}

static void
a_malformed_extension_matches_nothing(void **state)
{
	ASN1_OCTET_STRING *junk = ASN1_OCTET_STRING_new();
	struct pki_cert cert;
	X509_EXTENSION *ext;
	char text[64];

	(void)state;
	pki_make(&cert, NULL, &(struct pki_spec){ .name = "a.test" });
	assert_int_equal(ASN1_OCTET_STRING_set(junk,
	                     (const unsigned char *)"\x30\x7f", 2),
	    1);
	ext = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, junk);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert.cert, ext, -1), 1);
	assert_false(tls_names_match(cert.cert, "a.test"));
	tls_names_describe(cert.cert, text, sizeof(text));
	assert_string_equal(text, "");
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(junk);
	pki_free(&cert);
}

static void
addresses_are_told_from_names(void **state)
{
	(void)state;
	assert_true(tls_names_is_address("192.0.2.1"));
	assert_true(tls_names_is_address("::1"));
	assert_true(tls_names_is_address("2001:db8::192.0.2.1"));
	assert_false(tls_names_is_address("192.0.2"));
	assert_false(tls_names_is_address("192.0.2.256"));
	assert_false(tls_names_is_address("a.test"));
	assert_false(tls_names_is_address(""));
}

static void
long_texts_are_cut(void **state)
{
	struct pki_cert cert;
	char text[12];

	(void)state;
	pki_make(&cert, NULL,
	    &(struct pki_spec){ .name = "a-long-name", .san = "DNS:a.test" });
	tls_names_describe_dn(X509_get_subject_name(cert.cert), text,
	    sizeof(text));
	assert_string_equal(text, "CN=a-long-n");
	tls_names_describe(cert.cert, text, 7);
	assert_string_equal(text, "DNS:a.");
	pki_free(&cert);
}

/* What is told of a certificate is one line, whatever stands in it. */
static void
control_bytes_are_not_told(void **state)
{
	static const char evil[] = "a\nzsock: error: b\r\x1b";
	struct pki_cert cert;
	char text[64];

	(void)state;
	pki_make(&cert, NULL, &(struct pki_spec){ .name = evil });
	tls_names_describe(cert.cert, text, sizeof(text));
	assert_string_equal(text, "common name:a?zsock: error: b?.");
	tls_names_describe_dn(X509_get_subject_name(cert.cert), text,
	    sizeof(text));
	assert_null(strpbrk(text, "\n\r\x1b"));
	pki_free(&cert);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(a_nul_inside_a_name_ends_nothing),
		cmocka_unit_test(a_malformed_extension_matches_nothing),
		cmocka_unit_test(addresses_are_told_from_names),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(control_bytes_are_not_told),
	};
	struct CMUnitTest tests[LEN(matches) + LEN(fixed)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(matches); i++)
		tests[n++] = (struct CMUnitTest){ .name = matches[i].test,
			.test_func = match,
			.initial_state = (void *)&matches[i] };
	memcpy(&tests[n], fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("tls/names", tests, NULL, NULL);
}
