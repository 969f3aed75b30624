/* PKCS #12: what is in it, and what keeps it shut. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pkcs12.h>

#include "cred/store.h"
#include "got.h"
#include "support/pki.h"

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

/* What a file is made of, safe by safe, without a MAC. */
static STACK_OF(PKCS12_SAFEBAG) * bags;

static void
begin(void)
{
	bags = sk_PKCS12_SAFEBAG_new_null();
	assert_non_null(bags);
}

static void
put(PKCS12_SAFEBAG *bag)
{
	assert_non_null(bag);
	assert_true(sk_PKCS12_SAFEBAG_push(bags, bag) > 0);
}

static void
put_key(const struct pki_cert *c, int rounds)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(c->key);

	assert_non_null(info);
	if (rounds == 0)
		put(PKCS12_SAFEBAG_create0_p8inf(info));
	else
		put(PKCS12_SAFEBAG_create_pkcs8_encrypt(NID_aes_256_cbc,
		    "secret", -1, NULL, 0, rounds, info));
	if (rounds != 0)
		PKCS8_PRIV_KEY_INFO_free(info);
}

static void
put_cert(const struct pki_cert *c)
{
	put(PKCS12_SAFEBAG_create_cert(c->cert));
}

/* The file of the bags; they are gone.  More bytes may follow it. */
static struct got
read_bags(size_t tail)
{
	const struct kind_input in = { .tag = 7, .pass = "secret" };
	PKCS7 *safe = PKCS12_pack_p7data(bags);
	STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
	PKCS12 *p = PKCS12_init(NID_pkcs7_data);
	unsigned char *der = NULL, *more;
	struct got g;
	int len;

	assert_non_null(safe);
	assert_true(sk_PKCS7_push(safes, safe) > 0);
	assert_int_equal(PKCS12_pack_authsafes(p, safes), 1);
	assert_int_equal(PKCS12_set_mac(p, "secret", -1, NULL, 0, 1, NULL), 1);
	len = i2d_PKCS12(p, &der);
	assert_true(len > 0);
	more = calloc(1, (size_t)len + tail);
	assert_non_null(more);
	memcpy(more, der, (size_t)len);
	g = got_import(kind_p12_import, more, (size_t)len + tail, &in);
	free(more);
	OPENSSL_free(der);
	PKCS12_free(p);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return g;
}

static void
has_certs(const struct got *g, int type, const struct pki_cert *const *certs,
    size_t n)
{
	struct buf b = { .data = NULL };

	for (size_t i = 0; i < n; i++) {
		struct pki_bytes pem = pki_cert_pem(certs[i]);

		buf_add(&b, pem.data, pem.len - 1);
		pki_bytes_free(&pem);
	}
	buf_put(&b, '\0');
	got_has(g, 7, type, b.data, b.len);
	buf_fini(&b);
}

/* A root, two authorities below it, a leaf, and one that signed itself. */
static struct pki_cert root, upper, lower, leaf, own;

static void
make_chain(void)
{
	pki_make(&root, NULL, &(struct pki_spec){ .name = "root", .ca = true });
	pki_make(&upper, &root,
	    &(struct pki_spec){ .name = "upper", .ca = true });
	pki_make(&lower, &upper,
	    &(struct pki_spec){ .name = "lower", .ca = true });
	pki_make(&leaf, &lower, &(struct pki_spec){ .name = "leaf" });
	pki_make(&own, NULL, &(struct pki_spec){ .name = "own", .ca = true });
}

static void
free_chain(void)
{
	pki_free(&root);
	pki_free(&upper);
	pki_free(&lower);
	pki_free(&leaf);
	pki_free(&own);
}

static void
the_chain_of_the_key_goes_with_its_certificate(void **state)
{
	const struct pki_cert *const chain[] = { &leaf, &lower, &upper };
	const struct pki_cert *const roots[] = { &root, &own };
	struct got g;

	(void)state;
	make_chain();
	begin();
	put_cert(&root);
	put_cert(&upper);
	put_cert(&lower);
	put_cert(&own);
	put_cert(&leaf);
	put_key(&leaf, 0);
	g = read_bags(0);
	has_certs(&g, CRED_CERTIFICATE, chain, 3);
	has_certs(&g, CRED_CA_CERTIFICATE, roots, 2);
	assert_int_equal(g.set.n, 3);
	got_fini(&g);
	free_chain();
}

static void
an_identity_that_signed_itself_is_no_authority(void **state)
{
	const struct pki_cert *const chain[] = { &own };
	struct got g;

	(void)state;
	make_chain();
	begin();
	put_cert(&own);
	put_key(&own, 2048);
	g = read_bags(0);
	has_certs(&g, CRED_CERTIFICATE, chain, 1);
	assert_int_equal(g.set.n, 2);
	got_fini(&g);
	free_chain();
}

static void
a_second_key_is_one_too_many(void **state)
{
	struct got g;

	(void)state;
	make_chain();
	for (int same = 0; same < 2; same++) {
		begin();
		put_cert(&own);
		put_key(&own, 0);
		put_key(same ? &own : &leaf, 0);
		g = read_bags(0);
		if (same)
			assert_int_equal(g.rc, DONE);
		else
			got_failed(&g, MALFORMED, 0, "second private key");
		got_fini(&g);
	}
	free_chain();
}

static void
bytes_behind_the_file_are_an_error(void **state)
{
	struct got g;

	(void)state;
	make_chain();
	begin();
	put_key(&own, 0);
	g = read_bags(3);
	got_failed(&g, MALFORMED, 0, "3 bytes follow");
	got_fini(&g);
	free_chain();
}

/* It says that it takes more than it did, which would be found out too late. */
static void
rounds_without_end_are_not_begun(void **state)
{
	struct pki_cert c;
	PKCS12_SAFEBAG *bag;
	const X509_ALGOR *alg;
	X509_ALGOR *wrong;
	struct got g;

	(void)state;
	pki_make(&c, NULL, &(struct pki_spec){ .name = "c" });
	begin();
	put_key(&c, 1);
	bag = sk_PKCS12_SAFEBAG_value(bags, 0);
	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &alg, NULL);
	/* Its salt and cipher do not count, its rounds do. */
	wrong = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), 0x7fffffff, NULL, 0, NULL,
	    NID_hmacWithSHA256);
	assert_non_null(wrong);
	assert_int_equal(X509_ALGOR_copy((X509_ALGOR *)alg, wrong), 1);
	X509_ALGOR_free(wrong);
	g = read_bags(0);
	got_failed(&g, LIMIT, 0, "more than 10000000 rounds");
	got_fini(&g);
	pki_free(&c);
}

static void
lists_and_secrets_are_left_out(void **state)
{
	X509_CRL *crl = X509_CRL_new();
	struct got g;

	(void)state;
	make_chain();
	assert_non_null(crl);
	assert_int_equal(X509_CRL_set_issuer_name(crl,
	                     X509_get_subject_name(own.cert)),
	    1);
	assert_int_equal(X509_CRL_set1_lastUpdate(crl,
	                     X509_get0_notBefore(own.cert)),
	    1);
	assert_true(X509_CRL_sign(crl, own.key, EVP_sha256()) > 0);
	begin();
	put(PKCS12_SAFEBAG_create_crl(crl));
	put(PKCS12_SAFEBAG_create_secret(NID_commonName, V_ASN1_OCTET_STRING,
	    (unsigned char *)"x", 1));
	put_cert(&own);
	put_key(&own, 0);
	g = read_bags(0);
	assert_int_equal(g.rc, DONE);
	assert_int_equal(g.set.n, 2);
	got_fini(&g);
	X509_CRL_free(crl);
	free_chain();
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
		cmocka_unit_test(
		    the_chain_of_the_key_goes_with_its_certificate),
		cmocka_unit_test(
		    an_identity_that_signed_itself_is_no_authority),
		cmocka_unit_test(a_second_key_is_one_too_many),
		cmocka_unit_test(bytes_behind_the_file_are_an_error),
		cmocka_unit_test(rounds_without_end_are_not_begun),
		cmocka_unit_test(lists_and_secrets_are_left_out),
	};

	return cmocka_run_group_tests_name("tools/kind_p12", tests, got_setup,
	    got_teardown);
}
