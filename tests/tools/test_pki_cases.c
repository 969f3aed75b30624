#include "support/test.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "cred/store.h"
#include "pki_files.h"
#include "pki_usual.h"

/* The level at which Debian's OpenSSL, and the library, judge a handshake. */
#define LEVEL 2

#define ERROR(name) \
	{ \
#name, name \
	}
static const struct {
	const char *name;
	int error;
} errors[] = {
	ERROR(X509_V_OK),
	ERROR(X509_V_ERR_CERT_HAS_EXPIRED),
	ERROR(X509_V_ERR_CERT_NOT_YET_VALID),
	ERROR(X509_V_ERR_HOSTNAME_MISMATCH),
	ERROR(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT),
	ERROR(X509_V_ERR_CERT_SIGNATURE_FAILURE),
	ERROR(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
	ERROR(X509_V_ERR_INVALID_CA),
	ERROR(X509_V_ERR_PATH_LENGTH_EXCEEDED),
	ERROR(X509_V_ERR_INVALID_PURPOSE),
	ERROR(X509_V_ERR_EE_KEY_TOO_SMALL),
	ERROR(X509_V_ERR_CA_MD_TOO_WEAK),
};

static const char *
error_name(int error)
{
	for (size_t i = 0; i < LEN(errors); i++) {
		if (errors[i].error == error)
			return errors[i].name;
	}
	return X509_verify_cert_error_string(error);
}

/* Certificates as OpenSSL reads them, whose PEM needs no NUL. */
static STACK_OF(X509) * read_certs(const struct item *i)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	const unsigned char *der = i->data;
	BIO *bio = BIO_new_mem_buf(i->data, (int)i->len);
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(all, x);
	if (sk_X509_num(all) == 0 &&
	    (x = d2i_X509(NULL, &der, (long)i->len)) != NULL)
		sk_X509_push(all, x);
	BIO_free(bio);
	ERR_clear_error();
	return all;
}

static const struct item *
find(const struct set *s, enum pki_tag tag, int type)
{
	return set_find(s, usual.tags[tag], type);
}

/* What a peer that trusts the CA says of the certificate. */
static int
verify(const struct item *ca, const struct item *cert, bool server)
{
	STACK_OF(X509) *trusted = read_certs(ca), *sent = read_certs(cert);
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param;
	int error;

	X509_STORE_add_cert(store, sk_X509_value(trusted, 0));
	assert_int_equal(X509_STORE_CTX_init(c, store, sk_X509_value(sent, 0),
	                     sent),
	    1);
	X509_STORE_CTX_set_default(c, server ? "ssl_server" : "ssl_client");
	param = X509_STORE_CTX_get0_param(c);
	X509_VERIFY_PARAM_set_auth_level(param, LEVEL);
	if (server)
		X509_VERIFY_PARAM_set1_host(param, pki.host, 0);
	X509_verify_cert(c);
	error = X509_STORE_CTX_get_error(c);
	X509_STORE_CTX_free(c);
	X509_STORE_free(store);
	sk_X509_pop_free(trusted, X509_free);
	sk_X509_pop_free(sent, X509_free);
	return error;
}

static void
values(const char *file, struct set *s)
{
	for (size_t i = 0; i < pki_ncases; i++) {
		if (strcmp(pki_cases[i].file, file) == 0) {
			assert_true(pki_case_values(&pki, &pki_cases[i], s));
			return;
		}
	}
	fail_msg("there is no case %s", file);
}

/* T58, in this process: each side judges the other one. */
static void
openssl_says_what_the_index_says(void **state)
{
	const struct pki_case *c = *state;
	struct set s, server, client;
	int error = X509_V_OK;

	values("server", &server);
	values("client", &client);
	assert_true(pki_case_values(&pki, c, &s));
	if (c->role == PKI_SERVER)
		error = verify(find(&client, PKI_TAG_CA, CRED_CA_CERTIFICATE),
		    find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE), true);
	if (c->role == PKI_CLIENT || c->role == PKI_BOTH)
		error = verify(find(&server, PKI_TAG_CA, CRED_CA_CERTIFICATE),
		    find(&s, PKI_TAG_CLIENT, CRED_CERTIFICATE), false);
	if (error == X509_V_OK && c->role == PKI_CLIENT)
		error = verify(find(&s, PKI_TAG_CA, CRED_CA_CERTIFICATE),
		    find(&server, PKI_TAG_SERVER, CRED_CERTIFICATE), true);
	assert_string_equal(error_name(error), c->verify);
	set_fini(&s);
	set_fini(&server);
	set_fini(&client);
}

/* Exactly what is under the tags of the good one. */
static void
has_what_the_good_one_has(void **state)
{
	const struct pki_case *c = *state;
	struct set s, good;

	values(pki_role_name(c->role), &good);
	assert_true(pki_case_values(&pki, c, &s));
	assert_int_equal(s.n, good.n);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.items[i].tag, good.items[i].tag);
		assert_int_equal(s.items[i].type, good.items[i].type);
	}
	set_fini(&s);
	set_fini(&good);
}

/* One thing, or two that are of one. */
static void
differs_from_the_good_one(void **state)
{
	const struct pki_case *c = *state;
	struct set s, good;
	size_t others = 0;

	values(pki_role_name(c->role), &good);
	assert_true(pki_case_values(&pki, c, &s));
	for (size_t i = 0; i < s.n; i++)
		others += strcmp(s.items[i].digest, good.items[i].digest) != 0;
	assert_int_equal(others, c->leaf.rsa1024 ? 2 : 1);
	set_fini(&s);
	set_fini(&good);
}

static void
has_28_bad_cases(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < pki_ncases; i++)
		n += pki_cases[i].make != NULL;
	assert_int_equal(n, 28);
	assert_non_null(pki_case_find("sha1", 4));
	assert_null(pki_case_find("sha", 3));
	assert_null(pki_case_find("server", 6));
}

static EVP_PKEY *
read_key(const struct item *i, const char *pass)
{
	BIO *bio = BIO_new_mem_buf(i->data, (int)i->len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)pass);

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

/* Is the key of a set the one of its certificate? */
static bool
pairs(const struct set *s, enum pki_tag tag, const char *pass)
{
	STACK_OF(X509) *certs = read_certs(find(s, tag, CRED_CERTIFICATE));
	EVP_PKEY *key = read_key(find(s, tag, CRED_PRIVATE_KEY), pass);
	const bool pair = key != NULL &&
	    X509_check_private_key(sk_X509_value(certs, 0), key) == 1;

	ERR_clear_error();
	EVP_PKEY_free(key);
	sk_X509_pop_free(certs, X509_free);
	return pair;
}

static void
all_keys_but_one_belong_to_their_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < pki_ncases; i++) {
		const struct pki_case *c = &pki_cases[i];
		const bool encrypted = strstr(c->file, "encrypted") != NULL;
		struct set s;

		/* Of what cannot be read nothing can be said. */
		if (c->role == PKI_PSK || c->verify == NULL)
			continue;
		assert_true(pki_case_values(&pki, c, &s));
		if (c->role != PKI_CLIENT)
			assert_int_equal(pairs(&s, PKI_TAG_SERVER,
			                     encrypted ? PKI_PASS : ""),
			    strcmp(c->file, "bad/key-mismatch") != 0);
		if (c->role == PKI_CLIENT || c->role == PKI_BOTH)
			assert_true(pairs(&s, PKI_TAG_CLIENT, ""));
		set_fini(&s);
	}
}

static void
an_encrypted_key_needs_its_pass_phrase(void **state)
{
	const struct item *key;
	struct set s;

	(void)state;
	values("bad/key-encrypted", &s);
	key = find(&s, PKI_TAG_SERVER, CRED_PRIVATE_KEY);
	assert_null(read_key(key, "another"));
	assert_non_null(
	    strstr((const char *)key->data, "BEGIN ENCRYPTED PRIVATE KEY"));
	set_fini(&s);
}

static void
the_far_future_is_generalized_time(void **state)
{
	STACK_OF(X509) * certs;
	const ASN1_TIME *from, *until;
	struct set s;

	(void)state;
	values("bad/server-future", &s);
	certs = read_certs(find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE));
	from = X509_get0_notBefore(sk_X509_value(certs, 0));
	assert_int_equal(ASN1_STRING_type(from), V_ASN1_GENERALIZEDTIME);
	sk_X509_pop_free(certs, X509_free);
	set_fini(&s);

	values("server", &s);
	certs = read_certs(find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE));
	until = X509_get0_notAfter(sk_X509_value(certs, 0));
	assert_int_equal(ASN1_STRING_type(until), V_ASN1_UTCTIME);
	assert_string_equal((const char *)ASN1_STRING_get0_data(until),
	    "491231235959Z");
	sk_X509_pop_free(certs, X509_free);
	set_fini(&s);
}

/* W25: Mbed TLS before 3.5 knows an address by its text alone. */
static void
an_address_is_there_in_both_forms(void **state)
{
	STACK_OF(X509) * certs;
	struct set s;
	X509 *x;

	(void)state;
	values("server", &s);
	certs = read_certs(find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE));
	x = sk_X509_value(certs, 0);
	for (size_t i = 0; i < LEN(hosts); i++)
		assert_int_equal(X509_check_host(x, hosts[i], 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "127.0.0.2", 0), 0);
	sk_X509_pop_free(certs, X509_free);
	set_fini(&s);
}

static const struct psk_case {
	const char *file;
	size_t key_len;
	const char *id;
	size_t id_len;
	bool same; /* is it the good key? */
} psks[] = {
	{ "psk", 16, "an identity", 11, true },
	{ "bad/psk-wrong-key", 32, "an identity", 11, false },
	{ "bad/psk-wrong-id", 16, "an identity\n", 12, true },
	{ "bad/psk-id-nul", 16, "an identity", 12, true },
	{ "bad/psk-too-long", 64, "an identity", 11, false },
};

static void
a_psk_is_as_told(void **state)
{
	const struct psk_case *c = *state;
	const struct item *key, *id;
	struct set s;

	values(c->file, &s);
	key = find(&s, PKI_TAG_PSK, CRED_PSK);
	id = find(&s, PKI_TAG_PSK, CRED_PSK_ID);
	assert_int_equal(key->len, c->key_len);
	assert_int_equal(id->len, c->id_len);
	assert_memory_equal(id->data, c->id, c->id_len);
	assert_int_equal(memcmp(key->data, pki.psk, PKI_PSK_LEN) == 0, c->same);
	set_fini(&s);
}

static const struct kind_case {
	const char *name;
	enum pki_kind kind;
	int bits, chain;
} kinds[] = {
	{ "P-256, no chain", PKI_P256, 256, 0 },
	{ "P-256, one CA between", PKI_P256, 256, 1 },
	{ "P-256, eight CAs between", PKI_P256, 256, PKI_CHAIN_MAX },
	{ "P-384", PKI_P384, 384, 1 },
	{ "RSA 2048", PKI_RSA2048, 2048, 0 },
	{ "RSA 3072", PKI_RSA3072, 3072, 0 },
};

static void
both_ends_believe_each_other(void **state)
{
	const struct kind_case *k = *state;
	struct pki_wants wants = usual;
	STACK_OF(X509) * certs;
	struct set s;
	struct pki usual_pki = pki;

	wants.kind = k->kind;
	wants.chain = k->chain;
	assert_true(pki_set_init(&pki, &wants));
	values("both", &s);
	assert_int_equal(verify(find(&s, PKI_TAG_CA, CRED_CA_CERTIFICATE),
	                     find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE), true),
	    X509_V_OK);
	assert_int_equal(verify(find(&s, PKI_TAG_CA, CRED_CA_CERTIFICATE),
	                     find(&s, PKI_TAG_CLIENT, CRED_CERTIFICATE), false),
	    X509_V_OK);
	certs = read_certs(find(&s, PKI_TAG_SERVER, CRED_CERTIFICATE));
	assert_int_equal(sk_X509_num(certs), 1 + k->chain);
	assert_int_equal(EVP_PKEY_get_bits(
	                     X509_get0_pubkey(sk_X509_value(certs, 0))),
	    k->bits);
	sk_X509_pop_free(certs, X509_free);
	set_fini(&s);
	pki_set_fini(&pki);
	pki = usual_pki;
}

/* With a CA and CAs below it of other kinds, the verdicts are the same. */
static void
verdicts_do_not_depend_on_keys(void **state)
{
	const struct kind_case *k = *state;
	struct pki_wants wants = usual;
	struct pki usual_pki = pki;

	if (k->kind == PKI_RSA3072)
		return; /* as slow as it is no news */
	wants.kind = k->kind;
	wants.chain = k->chain;
	assert_true(pki_set_init(&pki, &wants));
	for (size_t i = 0; i < pki_ncases; i++) {
		void *one = (void *)&pki_cases[i];

		if (pki_cases[i].verify != NULL)
			openssl_says_what_the_index_says(&one);
	}
	pki_set_fini(&pki);
	pki = usual_pki;
}

/* Keys and serial numbers are random. */
static void
no_two_sets_are_alike(void **state)
{
	struct set s, other;
	struct pki usual_pki = pki;

	(void)state;
	values("both", &s);
	assert_true(pki_set_init(&pki, &usual));
	values("both", &other);
	assert_int_equal(s.n, other.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.items[i].type != CRED_PSK_ID)
			assert_string_not_equal(s.items[i].digest,
			    other.items[i].digest);
	}
	set_fini(&s);
	set_fini(&other);
	pki_set_fini(&pki);
	pki = usual_pki;
}

/* What a record may name is what is made, whatever is asked for. */
static void
each_file_has_a_name_of_generate(void **state)
{
	static const char *const others[] = { "", "server", "server.zcredx",
		"id_rsa", "bad/id_rsa", "bad/", "bad/server.zcred", "../ca.pem",
		"/ca.pem", "ca.pem/", "ca-2x.der", "ca-.der", "ca.keys",
		".generate", "server-cert-cert.pem" };
	struct pki_files f;
	bool *wanted = calloc(pki_ncases, sizeof(*wanted));

	(void)state;
	memset(wanted, true, pki_ncases * sizeof(*wanted));
	assert_true(pki_files_make(&pki, wanted,
	    PKI_FORM_PEM | PKI_FORM_DER | PKI_FORM_INC, &f));
	free(wanted);
	for (size_t i = 0; i < f.n; i++) {
		if (!pki_files_is_name(f.files[i].name))
			fail_msg("%s is none", f.files[i].name);
	}
	pki_files_fini(&f);
	for (size_t i = 0; i < LEN(others); i++) {
		if (pki_files_is_name(others[i]))
			fail_msg("%s is one", others[i]);
	}
}

int
main(void)
{
	static struct CMUnitTest tests[256];
	static char names[3][64][128];
	size_t n = 0, row;

	for (size_t i = 0; i < pki_ncases; i++) {
		const struct pki_case *c = &pki_cases[i];
		static const CMUnitTestFunction each[] = {
			openssl_says_what_the_index_says,
			has_what_the_good_one_has,
			differs_from_the_good_one,
		};
		static const char *const what[] = { "openssl says so",
			"has what the good one has",
			"differs from the good one" };

		for (row = 0; row < LEN(each); row++) {
			if ((row == 0 && c->verify == NULL) ||
			    (row == 2 && c->make == NULL))
				continue;
			snprintf(names[row][i], sizeof(names[row][i]), "%s: %s",
			    c->file, what[row]);
			tests[n++] = (struct CMUnitTest){
				.name = names[row][i],
				.test_func = each[row],
				.initial_state = (void *)c,
			};
		}
	}
	n += test_rows(tests + n, a_psk_is_as_told, psks, LEN(psks),
	    sizeof(psks[0]));
	n += test_rows(tests + n, both_ends_believe_each_other, kinds,
	    LEN(kinds), sizeof(kinds[0]));
	n += test_rows(tests + n, verdicts_do_not_depend_on_keys, kinds,
	    LEN(kinds), sizeof(kinds[0]));
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(has_28_bad_cases);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    all_keys_but_one_belong_to_their_certificates);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    an_encrypted_key_needs_its_pass_phrase);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    the_far_future_is_generalized_time);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    an_address_is_there_in_both_forms);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(no_two_sets_are_alike);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    each_file_has_a_name_of_generate);
	return _cmocka_run_group_tests("tools/pki_cases", tests, n, set_up,
	    tear_down);
}
