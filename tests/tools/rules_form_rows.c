#include "rules_bag.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"

static void
no_nul(struct bag *b)
{
	struct pki_bytes pem = pki_cert_pem(&b->p.ca);

	bag_put(b, 1, CRED_CA_CERTIFICATE, pem.data, pem.len - 1);
	pki_bytes_free(&pem);
}

static void
no_nul_for_a_modem(struct bag *b)
{
	no_nul(b);
	b->rules.target = TARGET_NRF91;
}

static void
no_nul_for_the_library(struct bag *b)
{
	no_nul(b);
	b->rules.target = TARGET_OPENSSL;
}

static void
cut_der(struct bag *b)
{
	struct pki_bytes der = pki_cert_der(&b->p.ca);

	bag_put(b, 1, CRED_CA_CERTIFICATE, der.data, der.len - 1);
	pki_bytes_free(&der);
}

static void
no_object(struct bag *b)
{
	bag_put_text(b, 1, CRED_CA_CERTIFICATE, "no certificate");
}

static void
empty(struct bag *b)
{
	bag_put(b, 1, CRED_CA_CERTIFICATE, "", 1);
}

static void
one_bad_block(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, b->p.ca.cert);
	PEM_write_bio(bio, "CERTIFICATE", "", (const unsigned char *)"0\0", 2);
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, true);
}

static void
bad_key(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	bag_put_serv(b, 2, &b->p.server);
	PEM_write_bio(bio, "PRIVATE KEY", "", (const unsigned char *)"0\0", 2);
	bag_put_bio(b, 2, CRED_PRIVATE_KEY, bio, true);
}

static void
trusted_certificate(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509_AUX(bio, b->p.ca.cert);
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, true);
}

static void
trusted_certificate_for_the_library(struct bag *b)
{
	trusted_certificate(b);
	b->rules.target = TARGET_OPENSSL;
}

static void
psa_key(struct bag *b)
{
	bag_put_serv(b, 2, &b->p.server);
	bag_put(b, 2, CRED_PRIVATE_KEY_PSA, "\0\0\0\1", 4);
}

static void
encrypted_pkcs8(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	bag_put_serv(b, 2, &b->p.server);
	PEM_write_bio_PKCS8PrivateKey(bio, b->p.server.key, EVP_aes_256_cbc(),
	    "pass", 4, NULL, NULL);
	bag_put_bio(b, 2, CRED_PRIVATE_KEY, bio, true);
}

static void
encrypted_in_the_old_way(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	bag_put_serv(b, 2, &b->p.server);
	PEM_write_bio_PrivateKey_traditional(bio, b->p.server.key,
	    EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL, NULL);
	bag_put_bio(b, 2, CRED_PRIVATE_KEY, bio, true);
}

static void
encrypted_der(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	bag_put_serv(b, 2, &b->p.server);
	i2d_PKCS8PrivateKey_bio(bio, b->p.server.key, EVP_aes_256_cbc(), "pass",
	    4, NULL, NULL);
	bag_put_bio(b, 2, CRED_PRIVATE_KEY, bio, false);
}

static void
request(struct bag *b)
{
	X509_REQ *csr =
	    X509_to_X509_REQ(b->p.server.cert, b->p.server.key, EVP_sha256());
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509_REQ(bio, csr);
	bag_put_bio(b, 2, CRED_CERTIFICATE, bio, true);
	bag_put_key(b, 2, &b->p.server);
	X509_REQ_free(csr);
}

static void
public_key(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	bag_put_serv(b, 2, &b->p.server);
	PEM_write_bio_PUBKEY(bio, b->p.server.key);
	bag_put_bio(b, 2, CRED_PRIVATE_KEY, bio, true);
}

static void
key_as_ca(struct bag *b)
{
	bag_put_bytes(b, 1, CRED_CA_CERTIFICATE, pki_key_pem(&b->p.ca));
}

static void
encrypted_key_as_ca(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PKCS8PrivateKey(bio, b->p.server.key, EVP_aes_256_cbc(),
	    "pass", 4, NULL, NULL);
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, true);
}

static void
certificate_as_key(struct bag *b)
{
	bag_put_serv(b, 2, &b->p.server);
	bag_put_bytes(b, 2, CRED_PRIVATE_KEY, pki_cert_der(&b->p.server));
}

static void
key_beside_certificate(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, b->p.server.cert);
	PEM_write_bio_PrivateKey(bio, b->p.server.key, NULL, NULL, 0, NULL,
	    NULL);
	bag_put_bio(b, 2, CRED_CERTIFICATE, bio, true);
	bag_put_key(b, 2, &b->p.server);
}

static void
redacted(struct bag *b)
{
	bag_good(b);
	free(b->items[2].data);
	b->items[2].data = NULL;
	b->items[2].redacted = true;
	facts_fini(&b->subjects[2].facts);
}

static void
unseen(struct bag *b)
{
	redacted(b);
	b->items[2].redacted = false;
}

static void
put_der_pair(struct bag *b, enum target target)
{
	bag_put_bytes(b, 2, CRED_CERTIFICATE, pki_cert_der(&b->p.server));
	bag_put_key(b, 2, &b->p.server);
	b->rules.target = target;
}

static void
der_for_a_modem(struct bag *b)
{
	put_der_pair(b, TARGET_NRF91);
}

static void
der_for_zephyr(struct bag *b)
{
	put_der_pair(b, TARGET_ZEPHYR);
}

static void
bytes_for_a_modem(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put(b, 4, CRED_PSK_ID, "\xff\x01", 2);
	b->rules.target = TARGET_NRF91;
}

static void
crlf(struct bag *b)
{
	struct pki_bytes pem = pki_cert_pem(&b->p.ca);
	char text[4096];
	size_t n = 0;

	for (size_t i = 0; i < pem.len; i++) {
		if (pem.data[i] == '\n')
			text[n++] = '\r';
		text[n++] = (char)pem.data[i];
	}
	bag_put(b, 1, CRED_CA_CERTIFICATE, text, n);
	pki_bytes_free(&pem);
}

static void
text_around(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, "subject=CN = Test CA\n");
	PEM_write_bio_X509(bio, b->p.ca.cert);
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, true);
}

static void
blanks_around(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, "\n");
	PEM_write_bio_X509(bio, b->p.ca.cert);
	BIO_puts(bio, "\n \n");
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, true);
}

static void
parameters_before_a_key(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	bag_put_serv(b, 2, &b->p.server);
	PEM_write_bio(bio, "EC PARAMETERS", "",
	    (const unsigned char *)"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
	    10);
	PEM_write_bio_PrivateKey_traditional(bio, b->p.server.key, NULL, NULL,
	    0, NULL, NULL);
	bag_put_bio(b, 2, CRED_PRIVATE_KEY, bio, true);
}

static void
two_in_one_der(struct bag *b)
{
	struct pki_bytes der = pki_cert_der(&b->p.ca);
	unsigned char both[2048];

	memcpy(both, der.data, der.len);
	memcpy(both + der.len, der.data, der.len);
	bag_put(b, 1, CRED_CA_CERTIFICATE, both, 2 * der.len);
	pki_bytes_free(&der);
}

static void
nul_behind_der(struct bag *b)
{
	struct pki_bytes der = pki_cert_der(&b->p.ca);
	unsigned char tail[2048] = { 0 };

	memcpy(tail, der.data, der.len);
	bag_put(b, 1, CRED_CA_CERTIFICATE, tail, der.len + 1);
	pki_bytes_free(&der);
}

const struct rules_case rules_form_rows[] = {
	{ "E05_pem_without_nul", no_nul, "E05 N41" },
	{ "E05_is_not_for_a_modem", no_nul_for_a_modem, "" },
	{ "E06_pem_without_nul_in_the_library", no_nul_for_the_library, "E06" },
	{ "E06_der_cut_short", cut_der, "E06 N41" },
	{ "E06_no_object", no_object, "E06 N41" },
	{ "E06_empty", empty, "E06 N41" },
	{ "E06_one_bad_block_of_two", one_bad_block, "E06 N41" },
	{ "E06_a_key_that_cannot_be_decoded", bad_key, "E06 N41" },
	{ "E06_trusted_certificate", trusted_certificate, "E06 N41" },
	{ "E06_trusted_certificate_is_fine_here",
	    trusted_certificate_for_the_library, "" },
	{ "E10_pkcs8", encrypted_pkcs8, "E10 N41" },
	{ "E10_proc_type", encrypted_in_the_old_way, "E10 N41" },
	{ "E10_der", encrypted_der, "E10 N41" },
	{ "E11_request", request, "E11 N41" },
	{ "E11_public_key", public_key, "E11 N41" },
	{ "E11_key_as_ca", key_as_ca, "E11 N41" },
	{ "E11_encrypted_key_as_ca", encrypted_key_as_ca, "E11 N41" },
	{ "E11_certificate_as_key", certificate_as_key, "E11 N41" },
	{ "E11_key_beside_certificate", key_beside_certificate, "E11 N41" },
	{ "E17_redacted", redacted, "E17" },
	{ "E17_not_what_may_not_be_seen", unseen, "" },
	{ "E18_der_for_a_modem", der_for_a_modem, "E18" },
	{ "E18_not_der_for_zephyr", der_for_zephyr, "" },
	{ "E18_identity_of_bytes", bytes_for_a_modem, "E18" },
	{ "W26_crlf", crlf, "W26" },
	{ "W26_text_around", text_around, "W26" },
	{ "W26_not_blanks", blanks_around, "" },
	{ "W26_not_parameters_before_a_key", parameters_before_a_key, "" },
	{ "W34_two_certificates", two_in_one_der, "W34" },
	{ "W34_a_nul", nul_behind_der, "W34" },
	{ "N42_psa_key", psa_key, "N42" },
};
const size_t rules_form_count = LEN(rules_form_rows);
