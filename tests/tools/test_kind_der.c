/* DER: one object, told by its structure. */
#include "support/test.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "cred/store.h"
#include "encode.h"
#include "got.h"
#include "kind_key.h"
#include "support/pki.h"

static struct pki_cert ca, leaf, rsa;

static int
set_up(void **state)
{
	const struct pki_spec root = { .name = "root", .ca = true };
	const struct pki_spec spec = { .name = "leaf" };
	const struct pki_spec big = { .name = "rsa", .key = PKI_RSA };

	(void)state;
	pki_make(&ca, NULL, &root);
	pki_make(&leaf, &ca, &spec);
	pki_make(&rsa, &ca, &big);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_free(&ca);
	pki_free(&leaf);
	pki_free(&rsa);
	return 0;
}

static void
is_read(unsigned char *der, int len, int type)
{
	struct got g;

	assert_true(len > 0);
	g = got_import(kind_der_import, der, (size_t)len, NULL);
	got_has(&g, 7, type, der, (size_t)len);
	got_fini(&g);
	OPENSSL_free(der);
}

static void
is_refused(unsigned char *der, int len, const char *word)
{
	struct got g;

	assert_true(len > 0);
	g = got_import(kind_der_import, der, (size_t)len, NULL);
	got_failed(&g, MALFORMED, 0, word);
	got_fini(&g);
	OPENSSL_free(der);
}

static void
certificates_and_keys_are_told_apart(void **state)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(leaf.key);
	unsigned char *der = NULL;
	int len;

	(void)state;
	len = i2d_X509(ca.cert, &der);
	is_read(der, len, CRED_CA_CERTIFICATE);
	der = NULL;
	len = i2d_X509(leaf.cert, &der);
	is_read(der, len, CRED_CERTIFICATE);
	der = NULL;
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	is_read(der, len, CRED_PRIVATE_KEY);
	der = NULL;
	len = i2d_PrivateKey(leaf.key, &der); /* SEC 1 */
	is_read(der, len, CRED_PRIVATE_KEY);
	der = NULL;
	len = i2d_PrivateKey(rsa.key, &der); /* PKCS #1 */
	is_read(der, len, CRED_PRIVATE_KEY);
	PKCS8_PRIV_KEY_INFO_free(info);
}

static void
what_is_no_credential_is_named(void **state)
{
	X509_REQ *request = X509_to_X509_REQ(leaf.cert, leaf.key, EVP_sha256());
	unsigned char *der = NULL;
	int len;

	(void)state;
	len = i2d_X509_REQ(request, &der);
	is_refused(der, len, "a certificate request");
	der = NULL;
	len = i2d_PUBKEY(leaf.key, &der);
	is_refused(der, len, "a public key");
	X509_REQ_free(request);
}

static void
what_is_not_whole_or_too_long_is_refused(void **state)
{
	unsigned char *der = NULL;
	struct got g;
	int len;

	(void)state;
	len = i2d_X509(ca.cert, &der);
	g = got_import(kind_der_import, der, (size_t)len - 1, NULL);
	got_failed(&g, MALFORMED, 0, "cut short");
	got_fini(&g);
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509(ca.cert, &der);
	der = OPENSSL_realloc(der, (size_t)len + 2);
	der[len] = der[len + 1] = 0;
	is_refused(der, len + 2, "2 bytes follow");
	g = got_import(kind_der_import, "", 0, NULL);
	got_failed(&g, MALFORMED, 0, "neither");
	got_fini(&g);
}

static void
pem_is_not_der(void **state)
{
	struct pki_bytes pem = pki_cert_pem(&ca);
	struct got g = got_import(kind_der_import, pem.data, pem.len, NULL);

	(void)state;
	got_failed(&g, MALFORMED, 0, "--from pem");
	got_fini(&g);
	pki_bytes_free(&pem);
}

static void
an_encrypted_key_is_stored_plain(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct kind_input o = { .tag = 7 };
	struct buf plain = { .data = NULL };
	char *data;
	long len;
	struct got g;

	(void)state;
	assert_int_equal(i2d_PKCS8PrivateKey_bio(bio, leaf.key,
	                     EVP_aes_256_cbc(), "secret", 6, NULL, NULL),
	    1);
	len = BIO_get_mem_data(bio, &data);
	g = got_import(kind_der_import, data, (size_t)len, &o);
	got_failed(&g, REFUSED, 0, "--pass-file");
	got_fini(&g);
	o.pass = "wrong";
	g = got_import(kind_der_import, data, (size_t)len, &o);
	got_failed(&g, REFUSED, 0, "does not open");
	got_fini(&g);
	o.pass = "secret";
	assert_true(encode_key_der(&plain, leaf.key));
	g = got_import(kind_der_import, data, (size_t)len, &o);
	got_has(&g, 7, CRED_PRIVATE_KEY, plain.data, plain.len);
	got_fini(&g);
	buf_fini(&plain);
	BIO_free(bio);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_and_keys_are_told_apart),
		cmocka_unit_test(what_is_no_credential_is_named),
		cmocka_unit_test(what_is_not_whole_or_too_long_is_refused),
		cmocka_unit_test(pem_is_not_der),
		cmocka_unit_test(an_encrypted_key_is_stored_plain),
	};

	return cmocka_run_group_tests_name("tools/kind_der", tests, set_up,
	    tear_down);
}
