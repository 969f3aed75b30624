#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "cred/store.h"
#include "facts.h"
#include "support/pki.h"

#define MIB ((size_t)1 << 20)

static struct pki p;

/* Bytes that a case is about. */
struct bytes_of {
	unsigned char *data;
	size_t len;
};

static void
take(BIO *bio, bool nul, struct bytes_of *out)
{
	char *text;
	const long len = BIO_get_mem_data(bio, &text);

	out->data = calloc(1, (size_t)len + 1);
	assert_non_null(out->data);
	memcpy(out->data, text, (size_t)len);
	out->len = (size_t)len + nul;
	BIO_free(bio);
}

typedef void make_value(struct bytes_of *out);

static void
cert_pem(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, p.server.cert);
	take(bio, true, out);
}

static void
cert_pem_no_nul(struct bytes_of *out)
{
	cert_pem(out);
	out->len--;
}

static void
cert_der(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_X509_bio(bio, p.server.cert);
	take(bio, false, out);
}

static void
cert_der_and_more(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_X509_bio(bio, p.server.cert);
	BIO_puts(bio, "more");
	take(bio, false, out);
}

static void
cert_der_cut(struct bytes_of *out)
{
	cert_der(out);
	out->len--;
}

static void
two_certs(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, p.server.cert);
	PEM_write_bio_X509(bio, p.ca.cert);
	take(bio, true, out);
}

static void
cert_with_words(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, "Bag Attributes\r\n");
	PEM_write_bio_X509(bio, p.server.cert);
	take(bio, true, out);
}

static void
key_pkcs8(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, p.server.key, NULL, NULL, 0, NULL, NULL);
	take(bio, true, out);
}

static void
key_pkcs8_der(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_PKCS8PrivateKeyInfo_bio(bio, p.server.key);
	take(bio, false, out);
}

static void
key_sec1(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey_traditional(bio, p.server.key, NULL, NULL, 0,
	    NULL, NULL);
	take(bio, true, out);
}

static void
key_sec1_der(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_PrivateKey_bio(bio, p.server.key);
	take(bio, false, out);
}

static void
write_rsa(struct bytes_of *out, bool pem)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	BIO *bio = BIO_new(BIO_s_mem());

	if (pem)
		PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0,
		    NULL, NULL);
	else
		i2d_PrivateKey_bio(bio, key);
	take(bio, pem, out);
	EVP_PKEY_free(key);
}

static void
key_pkcs1(struct bytes_of *out)
{
	write_rsa(out, true);
}

static void
key_pkcs1_der(struct bytes_of *out)
{
	write_rsa(out, false);
}

static void
key_ed25519(struct bytes_of *out)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	take(bio, true, out);
	EVP_PKEY_free(key);
}

static void
sealed_pkcs8(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PKCS8PrivateKey(bio, p.server.key, EVP_aes_256_cbc(),
	    "pass", 4, NULL, NULL);
	take(bio, true, out);
}

static void
sealed_pkcs8_der(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_PKCS8PrivateKey_bio(bio, p.server.key, EVP_aes_256_cbc(), "pass", 4,
	    NULL, NULL);
	take(bio, false, out);
}

static void
sealed_proc_type(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey_traditional(bio, p.server.key,
	    EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL, NULL);
	take(bio, true, out);
}

static void
write_request(struct bytes_of *out, bool pem)
{
	X509_REQ *csr =
	    X509_to_X509_REQ(p.server.cert, p.server.key, EVP_sha256());
	BIO *bio = BIO_new(BIO_s_mem());

	if (pem)
		PEM_write_bio_X509_REQ(bio, csr);
	else
		i2d_X509_REQ_bio(bio, csr);
	take(bio, pem, out);
	X509_REQ_free(csr);
}

static void
request(struct bytes_of *out)
{
	write_request(out, true);
}

static void
request_der(struct bytes_of *out)
{
	write_request(out, false);
}

static void
public_key(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PUBKEY(bio, p.server.key);
	take(bio, true, out);
}

static void
public_key_der(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_PUBKEY_bio(bio, p.server.key);
	take(bio, false, out);
}

static void
write_crl(struct bytes_of *out, bool pem)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL));
	BIO *bio = BIO_new(BIO_s_mem());

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(p.ca.cert));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, now);
	assert_true(X509_CRL_sign(crl, p.ca.key, EVP_sha256()) > 0);
	if (pem)
		PEM_write_bio_X509_CRL(bio, crl);
	else
		i2d_X509_CRL_bio(bio, crl);
	take(bio, pem, out);
	ASN1_TIME_free(now);
	X509_CRL_free(crl);
}

static void
crl(struct bytes_of *out)
{
	write_crl(out, true);
}

static void
crl_der(struct bytes_of *out)
{
	write_crl(out, false);
}

static void
words(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, "PSK_identity");
	take(bio, false, out);
}

static void
some_bytes(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, "0\x82\xff\xff\x01");
	take(bio, false, out);
}

static void
bad_block(struct bytes_of *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, "-----BEGIN CERTIFICATE-----\n****\n");
	BIO_puts(bio, "-----END CERTIFICATE-----\n");
	PEM_write_bio_X509(bio, p.server.cert);
	take(bio, true, out);
}

static const struct facts_case {
	const char *name;
	make_value *make;
	enum form form;
	enum object object;
	int certs;
	const char *key; /* as facts_key names it */
	size_t blocks, bad, tail;
	bool crlf, around;
} rows[] = {
	{ "pem", cert_pem, FORM_PEM, OBJECT_CERT, 1, .blocks = 1 },
	{ "pem_without_nul", cert_pem_no_nul, FORM_PEM_NO_NUL, OBJECT_CERT, 1,
	    .blocks = 1 },
	{ "der", cert_der, FORM_DER, OBJECT_CERT, 1, .blocks = 1 },
	{ "der_and_more", cert_der_and_more, FORM_DER, OBJECT_CERT, 1,
	    .blocks = 1, .tail = 4 },
	{ "der_cut_short", cert_der_cut, FORM_BYTES, OBJECT_NONE, .certs = 0 },
	{ "several_blocks", two_certs, FORM_PEM, OBJECT_CERT, 2, .blocks = 2 },
	{ "words_around_and_crlf", cert_with_words, FORM_PEM, OBJECT_CERT, 1,
	    .blocks = 1, .crlf = true, .around = true },
	{ "a_bad_block_hides_no_good_one", bad_block, FORM_PEM, OBJECT_CERT, 1,
	    .blocks = 1, .bad = 1 },
	{ "pkcs8", key_pkcs8, FORM_PEM, OBJECT_KEY, 0, "EC P-256",
	    .blocks = 1 },
	{ "pkcs8_der", key_pkcs8_der, FORM_DER, OBJECT_KEY, 0, "EC P-256",
	    .blocks = 1 },
	{ "sec1", key_sec1, FORM_PEM, OBJECT_KEY, 0, "EC P-256", .blocks = 1 },
	{ "sec1_der", key_sec1_der, FORM_DER, OBJECT_KEY, 0, "EC P-256",
	    .blocks = 1 },
	{ "pkcs1", key_pkcs1, FORM_PEM, OBJECT_KEY, 0, "RSA 1024",
	    .blocks = 1 },
	{ "pkcs1_der", key_pkcs1_der, FORM_DER, OBJECT_KEY, 0, "RSA 1024",
	    .blocks = 1 },
	{ "ed25519", key_ed25519, FORM_PEM, OBJECT_KEY, 0, "Ed25519",
	    .blocks = 1 },
	{ "encrypted_pkcs8", sealed_pkcs8, FORM_PEM, OBJECT_KEY_ENCRYPTED, 0,
	    .blocks = 1 },
	{ "encrypted_pkcs8_der", sealed_pkcs8_der, FORM_DER,
	    OBJECT_KEY_ENCRYPTED, 0, .blocks = 1 },
	{ "encrypted_proc_type", sealed_proc_type, FORM_PEM,
	    OBJECT_KEY_ENCRYPTED, 0, .blocks = 1 },
	{ "request", request, FORM_PEM, OBJECT_CSR, 0, .blocks = 1 },
	{ "request_der", request_der, FORM_DER, OBJECT_CSR, 0, .blocks = 1 },
	{ "public_key", public_key, FORM_PEM, OBJECT_PUBLIC_KEY, 0,
	    .blocks = 1 },
	{ "public_key_der", public_key_der, FORM_DER, OBJECT_PUBLIC_KEY, 0,
	    .blocks = 1 },
	{ "crl", crl, FORM_PEM, OBJECT_CRL, 0, .blocks = 1 },
	{ "crl_der", crl_der, FORM_DER, OBJECT_CRL, 0, .blocks = 1 },
	{ "text", words, FORM_TEXT, OBJECT_NONE, .certs = 0 },
	{ "bytes", some_bytes, FORM_BYTES, OBJECT_NONE, .certs = 0 },
};

static void
are_known(void **state)
{
	const struct facts_case *row = *state;
	struct bytes_of value;
	struct facts f;
	char key[64] = "";

	row->make(&value);
	facts_of(value.data, value.len, 0, &f);
	assert_string_equal(form_name(f.form), form_name(row->form));
	assert_string_equal(object_name(f.object), object_name(row->object));
	assert_int_equal(f.certs != NULL ? sk_X509_num(f.certs) : 0,
	    row->certs);
	if (f.key != NULL)
		facts_key(f.key, key, sizeof(key));
	assert_string_equal(key, row->key != NULL ? row->key : "");
	assert_int_equal(f.blocks, row->blocks);
	assert_int_equal(f.bad, row->bad);
	assert_int_equal(f.tail, row->tail);
	assert_int_equal(f.crlf, row->crlf);
	assert_int_equal(f.around, row->around);
	facts_fini(&f);
	free(value.data);
}

static void
what_cannot_be_seen_has_no_form(void **state)
{
	struct facts f;

	(void)state;
	facts_of(NULL, 99, CRED_PSK, &f);
	assert_int_equal(f.form, FORM_NONE);
	facts_fini(&f);
}

/* Its bytes are a key, whatever they look like. */
static void
a_psk_is_never_an_object(void **state)
{
	struct bytes_of value;
	struct facts f;

	(void)state;
	cert_der(&value);
	facts_of(value.data, value.len, CRED_PSK, &f);
	assert_int_equal(f.form, FORM_BYTES);
	assert_int_equal(f.object, OBJECT_NONE);
	assert_null(f.certs);
	facts_fini(&f);
	free(value.data);
}

/* Many times the same text, as much as a value may have. */
static unsigned char *
fill(const char *piece, size_t len, size_t *total)
{
	unsigned char *data = malloc(MIB);

	assert_non_null(data);
	*total = 0;
	for (; *total + len <= MIB; *total += len)
		memcpy(data + *total, piece, len);
	return data;
}

static const struct flood_case {
	const char *name, *piece;
} floods[] = {
	{ "a_mebibyte_of_begins", "-----BEGIN CERTIFICATE-----\n" },
	{ "a_mebibyte_of_begins_without_line_ends",
	    "-----BEGIN CERTIFICATE-----" },
	{ "a_mebibyte_of_empty_blocks",
	    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" },
	{ "a_mebibyte_of_bad_certificates",
	    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" },
	{ "a_mebibyte_of_bad_keys",
	    "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n" },
	{ "a_mebibyte_of_unknown_blocks",
	    "-----BEGIN X-----\nMAA=\n-----END X-----\n" },
	{ "a_mebibyte_of_sequences", "0\x82" },
	{ "a_mebibyte_of_dashes", "-----" },
};

/* Twenty times what the slowest of them takes under a sanitizer. */
static void
takes_no_time(void **state)
{
	const struct flood_case *row = *state;
	struct timespec from, to;
	struct facts f;
	size_t len;
	unsigned char *data = fill(row->piece, strlen(row->piece), &len);

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	facts_of(data, len, CRED_CERTIFICATE, &f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(to.tv_sec - from.tv_sec < 10);
	assert_null(f.certs);
	assert_null(f.key);
	facts_fini(&f);
	free(data);
}

int
main(void)
{
	struct CMUnitTest tests[2 + LEN(rows) + LEN(floods)] = {
		cmocka_unit_test(what_cannot_be_seen_has_no_form),
		cmocka_unit_test(a_psk_is_never_an_object),
	};
	size_t n = 2;
	int failed;

	n += test_rows(tests + n, are_known, rows, LEN(rows), sizeof(rows[0]));
	n += test_rows(tests + n, takes_no_time, floods, LEN(floods),
	    sizeof(floods[0]));
	assert_int_equal(n, LEN(tests));
	pki_init(&p, PKI_EC);
	failed = cmocka_run_group_tests_name("tools/facts", tests, NULL, NULL);
	pki_fini(&p);
	return failed;
}
