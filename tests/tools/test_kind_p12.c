/* PKCS #12: what is in it, and what keeps it shut. */
#include "support/test.h"

#include <string.h>

#include <openssl/pkcs12.h>

#include "cred/store.h"
#include "got.h"

/* As the tool makes one, of the leaf and its key under tag 7. */
static struct kind_output
make(const char *pass, bool legacy, bool with_ca)
{
	struct kind_output o = { .pass = pass, .legacy = legacy };
	struct set s = { .n = 0 };

	if (with_ca)
		assert_non_null(set_add(&s, 7, CRED_CA_CERTIFICATE, got_pki.ca,
		    got_pki.ca_len));
	assert_non_null(
	    set_add(&s, 7, CRED_CERTIFICATE, got_pki.leaf, got_pki.leaf_len));
	assert_non_null(
	    set_add(&s, 7, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len));
	say_quiet = 1;
	assert_int_equal(kind_p12_export(&o, &s), DONE);
	assert_int_equal(o.n, 1);
	assert_true(o.files[0].secret);
	set_fini(&s);
	return o;
}

static struct got
open_file(const struct kind_output *o, const char *pass)
{
	const struct kind_input in = { .tag = 7, .pass = pass };

	return got_import(kind_p12_import, o->files[0].data.data,
	    o->files[0].data.len, &in);
}

/* T49, T50 */
static void
what_goes_in_comes_out(void **state)
{
	(void)state;
	for (int legacy = 0; legacy < 2; legacy++) {
		struct kind_output o = make("secret", legacy, true);
		struct got g = open_file(&o, "secret");

		got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
		got_has(&g, 7, CRED_CERTIFICATE, got_pki.leaf,
		    got_pki.leaf_len);
		got_has(&g, 7, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
		got_fini(&g);
		kind_output_fini(&o);
	}
}

/* T50 */
static void
a_wrong_pass_phrase_is_told(void **state)
{
	struct kind_output o = make("secret", false, false);
	struct got g = open_file(&o, "wrong");

	(void)state;
	got_failed(&g, REFUSED, 0, "pass phrase is wrong");
	got_fini(&g);
	g = open_file(&o, NULL);
	got_failed(&g, REFUSED, 0, "--pass-file");
	got_fini(&g);
	kind_output_fini(&o);
	o = make("", false, false);
	g = open_file(&o, NULL); /* there is nothing to give */
	got_has(&g, 7, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
	got_fini(&g);
	kind_output_fini(&o);
}

static void
what_is_no_such_file_is_malformed(void **state)
{
	struct kind_output o = make("secret", false, false);
	struct buf *b = &o.files[0].data;
	struct got g;

	(void)state;
	b->len--;
	g = open_file(&o, "secret");
	got_failed(&g, MALFORMED, 0, "no PKCS #12");
	got_fini(&g);
	g = got_import(kind_p12_import, "", 0, NULL);
	got_failed(&g, MALFORMED, 0, "no PKCS #12");
	got_fini(&g);
	kind_output_fini(&o);
}

static void
certificates_alone_are_taken(void **state)
{
	struct kind_output o = make("secret", false, true);
	const unsigned char *at = o.files[0].data.data;
	PKCS12 *whole = d2i_PKCS12(NULL, &at, (long)o.files[0].data.len), *p;
	STACK_OF(X509) *certs = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	unsigned char *der = NULL;
	const struct kind_input in = { .tag = 7, .pass = "secret" };
	struct got g;
	int len;

	(void)state;
	assert_int_equal(PKCS12_parse(whole, "secret", &key, &cert, &certs), 1);
	p = PKCS12_create("secret", NULL, NULL, cert, certs, 0, 0, 0, 0, 0);
	len = i2d_PKCS12(p, &der);
	g = got_import(kind_p12_import, der, (size_t)len, &in);
	got_has(&g, 7, CRED_CERTIFICATE, got_pki.leaf, got_pki.leaf_len);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	assert_int_equal(g.set.n, 2);
	got_fini(&g);
	OPENSSL_free(der);
	PKCS12_free(p);
	PKCS12_free(whole);
	EVP_PKEY_free(key);
	X509_free(cert);
	sk_X509_pop_free(certs, X509_free);
	kind_output_fini(&o);
}

static void
one_without_its_key_is_not_made(void **state)
{
	struct kind_output o = { .pass = "secret" };
	struct set s = { .n = 0 };

	(void)state;
	say_quiet = 1;
	assert_non_null(
	    set_add(&s, 7, CRED_CERTIFICATE, got_pki.leaf, got_pki.leaf_len));
	assert_non_null(
	    set_add(&s, 8, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len));
	assert_int_equal(kind_p12_export(&o, &s), ABSENT);
	kind_output_fini(&o);
	o.pass = NULL;
	assert_int_equal(kind_p12_export(&o, &s), USAGE);
	set_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(a_wrong_pass_phrase_is_told),
		cmocka_unit_test(what_is_no_such_file_is_malformed),
		cmocka_unit_test(certificates_alone_are_taken),
		cmocka_unit_test(one_without_its_key_is_not_made),
	};

	return cmocka_run_group_tests_name("tools/kind_p12", tests, got_setup,
	    got_teardown);
}
