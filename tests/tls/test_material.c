#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "support/pki.h"
#include "tls/material.h"

#define TAG 7

static struct pki pki;
static struct pki_bytes ca_pem, ca_der, cert_pem, cert_der, key_pem, key_der;
static struct pki_bytes other_key_pem, encrypted_key_pem, two_cas, bad_bundle;

/* Text whose kind its first lines tell; nothing decodes what follows. */
#define TEXT(lines) \
	{ \
		(unsigned char *)(lines), sizeof(lines) \
	}
static const struct pki_bytes ec_key_pem =
    TEXT("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
         "-----END EC PARAMETERS-----\n"
         "-----BEGIN EC PRIVATE KEY-----\nMHc=\n"
         "-----END EC PRIVATE KEY-----\n");
static const struct pki_bytes request_pem =
    TEXT("-----BEGIN CERTIFICATE REQUEST-----\nMHc=\n"
         "-----END CERTIFICATE REQUEST-----\n");
static const struct pki_bytes cut_label_pem = TEXT("-----BEGIN CERTIF");
static const struct pki_bytes empty_text = TEXT("");

static struct pki_bytes
join(const struct pki_bytes *a, const struct pki_bytes *b)
{
	struct pki_bytes j = { malloc(a->len + b->len), 0 };

	/* The first loses its NUL: text goes on. */
	memcpy(j.data, a->data, a->len - 1);
	memcpy(j.data + a->len - 1, b->data, b->len);
	j.len = a->len - 1 + b->len;
	return j;
}

static struct pki_bytes
encrypt_key(const struct pki_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct pki_bytes b;
	char *data;

	PEM_write_bio_PKCS8PrivateKey(bio, c->key, EVP_aes_128_cbc(), "secret",
	    6, NULL, NULL);
	b.len = (size_t)BIO_get_mem_data(bio, &data) + 1;
	b.data = calloc(1, b.len);
	memcpy(b.data, data, b.len - 1);
	BIO_free(bio);
	return b;
}

static int
setup(void **state)
{
	struct pki_cert other;

	(void)state;
	pki_init(&pki, PKI_EC);
	ca_pem = pki_cert_pem(&pki.ca);
	ca_der = pki_cert_der(&pki.ca);
	cert_pem = pki_cert_pem(&pki.server);
	cert_der = pki_cert_der(&pki.server);
	key_pem = pki_key_pem(&pki.server);
	key_der = pki_key_der(&pki.server);
	encrypted_key_pem = encrypt_key(&pki.server);
	pki_make(&other, NULL, &(struct pki_spec){ .name = "other" });
	other_key_pem = pki_key_pem(&other);
	pki_free(&other);
	two_cas = join(&ca_pem, &cert_pem);
	bad_bundle = join(&ca_pem, &cert_pem);
	/* One letter inside the second certificate is not base64 any more. */
	bad_bundle.data[ca_pem.len + 60] = '*';
	return 0;
}

static int
teardown(void **state)
{
	struct pki_bytes *all[] = { &ca_pem, &ca_der, &cert_pem, &cert_der,
		&key_pem, &key_der, &other_key_pem, &encrypted_key_pem,
		&two_cas, &bad_bundle };

	(void)state;
	for (size_t i = 0; i < LEN(all); i++)
		pki_bytes_free(all[i]);
	pki_fini(&pki);
	return 0;
}

/* Up to three credentials under TAG, and what comes of them. */
static const struct material_case {
	const char *name;
	struct {
		int type;
		const struct pki_bytes *bytes;
		size_t cut; /* bytes left off at the end */
	} creds[3];
	int want;
	const char *said;
} cases[] = {
	{ "pem_ca", { { CRED_CA_CERTIFICATE, &ca_pem, 0 } }, 0, NULL },
	{ "der_ca", { { CRED_CA_CERTIFICATE, &ca_der, 0 } }, 0, NULL },
	{ "bundle_of_two", { { CRED_CA_CERTIFICATE, &two_cas, 0 } }, 0, NULL },
	{ "pem_identity",
	    { { CRED_CERTIFICATE, &cert_pem, 0 },
	        { CRED_PRIVATE_KEY, &key_pem, 0 } },
	    0, NULL },
	{ "der_identity",
	    { { CRED_CERTIFICATE, &cert_der, 0 },
	        { CRED_PRIVATE_KEY, &key_der, 0 } },
	    0, NULL },
	{ "key_without_certificate", { { CRED_PRIVATE_KEY, &key_pem, 0 } }, 0,
	    NULL },
	{ "certificate_without_key", { { CRED_CERTIFICATE, &cert_pem, 0 } }, 0,
	    NULL },
	{ "pem_ca_without_its_nul", { { CRED_CA_CERTIFICATE, &ca_pem, 1 } },
	    -EINVAL, "pass strlen(pem) + 1" },
	{ "pem_certificate_without_its_nul",
	    { { CRED_CERTIFICATE, &cert_pem, 1 } }, -EINVAL,
	    "sec_tag 7: the certificate is PEM text without its final NUL" },
	{ "pem_key_without_its_nul", { { CRED_PRIVATE_KEY, &key_pem, 1 } },
	    -EINVAL, "pass strlen(pem) + 1" },
	{ "der_ca_cut_short", { { CRED_CA_CERTIFICATE, &ca_der, 5 } }, -EINVAL,
	    "sec_tag 7: the CA certificate" },
	{ "der_key_cut_short", { { CRED_PRIVATE_KEY, &key_der, 5 } }, -EINVAL,
	    "neither PEM nor DER" },
	{ "a_key_is_no_certificate", { { CRED_CERTIFICATE, &key_der, 0 } },
	    -EINVAL, "sec_tag 7: the certificate" },
	{ "pem_of_a_key_is_no_ca", { { CRED_CA_CERTIFICATE, &key_pem, 0 } },
	    -EINVAL,
	    "sec_tag 7: the CA certificate is PEM, but holds a PRIVATE KEY; a "
	    "CA certificate is expected" },
	{ "pem_of_an_ec_key_with_parameters_is_no_certificate",
	    { { CRED_CERTIFICATE, &ec_key_pem, 0 } }, -EINVAL,
	    "holds an EC PRIVATE KEY; a certificate is expected" },
	{ "pem_of_a_certificate_is_no_key",
	    { { CRED_PRIVATE_KEY, &cert_pem, 0 } }, -EINVAL,
	    "sec_tag 7: the private key is PEM, but holds a CERTIFICATE; a "
	    "private key is expected" },
	{ "pem_of_a_request_is_no_certificate",
	    { { CRED_CERTIFICATE, &request_pem, 0 } }, -EINVAL,
	    "holds a CERTIFICATE REQUEST; a certificate is expected" },
	{ "pem_without_the_end_of_its_label",
	    { { CRED_CERTIFICATE, &cut_label_pem, 0 } }, -EINVAL,
	    "PEM that cannot be decoded" },
	{ "bundle_with_one_bad_is_refused_whole",
	    { { CRED_CA_CERTIFICATE, &bad_bundle, 0 } }, -EINVAL,
	    "sec_tag 7: the CA certificate is PEM that cannot be decoded" },
	{ "key_of_another_certificate",
	    { { CRED_CERTIFICATE, &cert_pem, 0 },
	        { CRED_PRIVATE_KEY, &other_key_pem, 0 } },
	    -EINVAL, "does not belong to the certificate of sec_tag 7" },
	{ "encrypted_key", { { CRED_PRIVATE_KEY, &encrypted_key_pem, 0 } },
	    -EINVAL, "encrypted" },
	{ "empty_ca", { { CRED_CA_CERTIFICATE, &ca_pem, SIZE_MAX } }, -EINVAL,
	    "sec_tag 7: the CA certificate is empty (0 bytes)" },
	{ "key_of_its_nul_alone", { { CRED_PRIVATE_KEY, &empty_text, 0 } },
	    -EINVAL, "sec_tag 7: the private key is empty (1 byte)" },
	{ "unknown_type", { { 99, &ca_pem, 0 } }, -EINVAL, "type 99" },
};

static void
material_of(void **state)
{
	const struct material_case *c = *state;
	const int tag = TAG;
	struct tls_material m;
	struct cred_set *set;
	struct verdict why = { "" };
	int missing, rc;

	for (size_t i = 0; i < LEN(c->creds) && c->creds[i].type != 0; i++) {
		const struct pki_bytes *b = c->creds[i].bytes;
		const size_t cut = c->creds[i].cut;

		assert_int_equal(store_add(TAG, c->creds[i].type, b->data,
		                     cut > b->len ? 0 : b->len - cut),
		    0);
	}
	assert_int_equal(store_collect(&tag, 1, &set, &missing), 0);
	rc = tls_material_init(&m, set, &why);
	assert_int_equal(rc, c->want);
	if (rc == 0)
		tls_material_fini(&m);
	else if (strstr(why.text, c->said) == NULL)
		fail_msg("%s", why.text);
	store_set_put(set);
	for (int type = 1; type < 100; type++)
		(void)store_delete(TAG, type);
}

static void
a_second_key_is_refused(void **state)
{
	struct tls_material m;
	struct cred_set *set;
	struct verdict why;
	int missing;

	(void)state;
	pki_store_identity(TAG, &pki.server);
	assert_int_equal(store_add(8, CRED_PRIVATE_KEY, other_key_pem.data,
	                     other_key_pem.len),
	    0);
	assert_int_equal(store_collect((int[]){ TAG, 8 }, 2, &set, &missing),
	    0);
	assert_int_equal(tls_material_init(&m, set, &why), -EINVAL);
	assert_non_null(strstr(why.text, "sec_tag 8: a second private key"));
	assert_non_null(strstr(why.text, "sec_tag 7"));
	store_set_put(set);
	pki_forget(TAG);
	pki_forget(8);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases) + 1];

	for (size_t i = 0; i < LEN(cases); i++) {
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			.test_func = material_of,
			.initial_state = (void *)&cases[i] };
	}
	tests[LEN(cases)] =
	    (struct CMUnitTest)cmocka_unit_test(a_second_key_is_refused);
	return cmocka_run_group_tests_name("tls/material", tests, setup,
	    teardown);
}
