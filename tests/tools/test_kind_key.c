/* Private keys that are encrypted. */
#include "support/test.h"

#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"
#include "got.h"
#include "kind_key.h"

static struct buf text;

static void
begin(void)
{
	buf_clear(&text);
}

static struct got
read_text(const struct kind_input *o)
{
	return got_import(kind_pem_import, text.data, text.len, o);
}

/* Writes the leaf's key under a pass phrase, in the new form or the old one. */
static void
add_encrypted(bool old)
{
	BIO *in = BIO_new_mem_buf(got_pki.key, (int)got_pki.key_len - 1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	BIO *out = BIO_new(BIO_s_mem());
	unsigned char pass[] = "secret";
	char *data;
	long len;

	assert_non_null(key);
	assert_int_equal(old
	        ? PEM_write_bio_PrivateKey_traditional(out, key,
	              EVP_aes_128_cbc(), pass, 6, NULL, NULL)
	        : PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(),
	              (char *)pass, 6, NULL, NULL),
	    1);
	len = BIO_get_mem_data(out, &data);
	buf_add(&text, data, (size_t)len);
	BIO_free(out);
	BIO_free(in);
	EVP_PKEY_free(key);
}

static void
an_encrypted_key_is_stored_plain(void **state)
{
	struct kind_input o = { .tag = 7 };
	struct got g;

	(void)state;
	for (int old = 0; old < 2; old++) {
		begin();
		add_encrypted(old);
		o.pass = NULL;
		g = read_text(&o);
		got_failed(&g, REFUSED, 1, "--pass-file");
		got_fini(&g);
		o.pass = "wrong";
		g = read_text(&o);
		got_failed(&g, REFUSED, 1, "does not open");
		got_fini(&g);
		o.pass = "secret";
		g = read_text(&o);
		got_has(&g, 7, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
		got_fini(&g);
	}
}

static void
a_pass_phrase_of_the_old_form_has_a_limit(void **state)
{
	char pass[1026] = "";
	struct kind_input o = { .tag = 7, .pass = pass };
	struct got g;

	(void)state;
	memset(pass, 'a', sizeof(pass) - 1);
	begin();
	add_encrypted(true);
	g = read_text(&o);
	got_failed(&g, LIMIT, 1, "1024 bytes at most");
	got_fini(&g);
	begin();
	add_encrypted(false);
	g = read_text(&o);
	got_failed(&g, REFUSED, 1, "does not open");
	got_fini(&g);
}

/* A key that says it takes so many rounds of hashing; its salt is random. */
static void
add_key_of_rounds(X509_ALGOR *alg)
{
	X509_SIG *sealed = X509_SIG_new();
	BIO *out = BIO_new(BIO_s_mem());
	X509_ALGOR *to;
	ASN1_OCTET_STRING *bytes;
	char *pem;
	long len;

	assert_non_null(alg);
	X509_SIG_getm(sealed, &to, &bytes);
	assert_int_equal(X509_ALGOR_copy(to, alg), 1);
	assert_int_equal(ASN1_OCTET_STRING_set(bytes,
	                     (const unsigned char *)"0123456789abcdef", 16),
	    1);
	assert_int_equal(PEM_write_bio_PKCS8(out, sealed), 1);
	len = BIO_get_mem_data(out, &pem);
	buf_add(&text, pem, (size_t)len);
	BIO_free(out);
	X509_SIG_free(sealed);
	X509_ALGOR_free(alg);
}

static void
rounds_without_end_are_not_begun(void **state)
{
	struct kind_input o = { .tag = 7, .pass = "secret" };
	struct got g;

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin();
		add_key_of_rounds(i == 0
		        ? PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), 0x7fffffff, NULL,
		              0, NULL, NID_hmacWithSHA256)
		        : i == 1
		        ? PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
		              0x7fffffff, NULL, 0)
		        : PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0,
		              NULL, 32768, 1, 65536));
		g = read_text(&o);
		got_failed(&g, LIMIT, 1, "more than 10000000 rounds");
		got_fini(&g);
	}
}

static int
tear_down(void **state)
{
	buf_fini(&text);
	return got_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_encrypted_key_is_stored_plain),
		cmocka_unit_test(a_pass_phrase_of_the_old_form_has_a_limit),
		cmocka_unit_test(rounds_without_end_are_not_begun),
	};

	return cmocka_run_group_tests_name("tools/kind_key", tests, got_setup,
	    tear_down);
}
