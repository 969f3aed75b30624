/* Sections as they are written: how, and that a parse gives each back. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/bundle.h"
#include "cred/bundle_write.h"
#include "cred/store.h"
#include "support/pki.h"

#define BLOCK "-----BEGIN A-----\nAAEC\n-----END A-----\n"
#define MUTANTS 3000

static struct pki pki;
static uint32_t seed;

static uint32_t
next_random(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

/* What is written, for the caller to free. */
static char *
write_it(int type, const void *data, size_t len)
{
	struct buf text = { .len = 0 };
	struct bundle_error e;
	struct bundle b;

	buf_text(&text, BUNDLE_FIRST_LINE "\n");
	assert_true(bundle_write_section(&text, 7, type, data, len));
	buf_put(&text, '\0');
	if (bundle_parse((char *)text.data, text.len - 1, &b, &e) != 0)
		fail_msg("line %d: %s, in:\n%s", e.line, e.text,
		    (char *)text.data);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.sections[0].tag, 7);
	assert_int_equal(b.sections[0].type, type);
	assert_int_equal(b.sections[0].len, len);
	if (len > 0)
		assert_memory_equal(b.sections[0].data, data, len);
	bundle_fini(&b);
	return (char *)text.data;
}

static const struct row {
	const char *name;
	int type;
	const char *data;
	size_t len;
	const char *want;
} rows[] = {
	{ "pem_with_its_nul", CRED_CA_CERTIFICATE, BLOCK, sizeof(BLOCK),
	    "=\n" BLOCK },
	{ "pem_without_a_nul", CRED_CA_CERTIFICATE, BLOCK, sizeof(BLOCK) - 1,
	    "=\nStore: pem-raw\n" BLOCK },
	{ "pem_without_a_line_end", CRED_CA_CERTIFICATE, BLOCK,
	    sizeof(BLOCK) - 2, "=\nStore: pem-raw\nChomp: yes\n" BLOCK },
	{ "pem_without_a_line_end_and_with_a_nul", CRED_PRIVATE_KEY,
	    "-----BEGIN A-----\nAAEC\n-----END A-----", sizeof(BLOCK) - 1,
	    "=\nChomp: yes\n" BLOCK },
	{ "pem_that_is_none", CRED_CA_CERTIFICATE, "-----BEGIN A-----\n", 18,
	    "\n-----BEGIN ZSOCK BYTES-----\n" },
	{ "pem_with_text_before_it", CRED_CA_CERTIFICATE, "a\n" BLOCK,
	    sizeof("a\n" BLOCK), "\n-----BEGIN ZSOCK BYTES-----\n" },
	{ "a_key_as_hex", CRED_PSK, "\1\2abc", 5, "=\nHex: 0102616263\n" },
	{ "an_empty_key", CRED_PSK, "", 0, "=\nHex: \n" },
	{ "an_identity_as_text", CRED_PSK_ID, "me \303\244 ", 6,
	    "=\nText: me \303\244 \n" },
	{ "an_identity_of_nothing", CRED_PSK_ID, "", 0, "=\nText: \n" },
	{ "an_identity_with_a_nul", CRED_PSK_ID, "me", 3, "=\nHex: 6d6500\n" },
	{ "an_identity_of_two_lines", CRED_PSK_ID, "a\nb", 3,
	    "=\nHex: 610a62\n" },
	{ "an_identity_that_ends_in_a_return", CRED_PSK_ID, "me\r", 3,
	    "=\nHex: 6d650d\n" },
	{ "what_looks_like_der", CRED_CERTIFICATE, "\060\0", 2,
	    "=\nStore: der\n-----BEGIN CERTIFICATE-----\nMAA=\n"
	    "-----END CERTIFICATE-----\n" },
	{ "what_is_no_key", CRED_PRIVATE_KEY, "\060\0", 2,
	    "=\n-----BEGIN ZSOCK BYTES-----\nMAA=\n"
	    "-----END ZSOCK BYTES-----\n" },
	{ "no_bytes", CRED_CA_CERTIFICATE, "", 0,
	    "=\n-----BEGIN ZSOCK BYTES-----\n-----END ZSOCK BYTES-----\n" },
	{ "a_reference_to_a_key", CRED_PRIVATE_KEY_PSA, "\0\0\0\1", 4,
	    "Type: PK_PSA\n" },
};

static void
form_is_chosen(void **state)
{
	const struct row *r = *state;
	char *text = write_it(r->type, r->data, r->len);

	if (strstr(text, r->want) == NULL)
		fail_msg("no \"%s\" in: %s", r->want, text);
	free(text);
}

/* As a program stores them: one bit more or less is another credential. */
static void
every_value_comes_back(void **state)
{
	static const int types[] = { CRED_CA_CERTIFICATE, CRED_CERTIFICATE,
		CRED_PRIVATE_KEY, CRED_PSK, CRED_PSK_ID };
	const char *source = *state;
	const size_t len = strlen(source) + 1;
	char *mutant = malloc(len);

	assert_non_null(mutant);
	seed = 1;
	for (int i = 0; i < MUTANTS; i++) {
		size_t n = len - next_random() % 3;

		memcpy(mutant, source, len);
		for (unsigned changes = next_random() % 3; changes > 0;
		     changes--)
			mutant[next_random() % n] = (char)next_random();
		if (next_random() % 4 == 0)
			n = next_random() % len;
		free(write_it(types[(size_t)i % LEN(types)], mutant, n));
	}
	free(mutant);
}

static void
a_whole_key_in_der_is_shown_as_one(void **state)
{
	unsigned char *der = NULL;
	const int len = i2d_PrivateKey(pki.server.key, &der);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pki.server.key);
	unsigned char *pkcs8 = NULL;
	const int n = i2d_PKCS8_PRIV_KEY_INFO(info, &pkcs8);
	char *text;

	(void)state;
	assert_true(len > 0 && n > 0);
	text = write_it(CRED_PRIVATE_KEY, pkcs8, (size_t)n);
	assert_non_null(strstr(text, "\n-----BEGIN PRIVATE KEY-----\n"));
	free(text);
	/* With a label of another kind, nobody could read it. */
	text = write_it(CRED_PRIVATE_KEY, der, (size_t)len);
	assert_non_null(strstr(text, "\n-----BEGIN ZSOCK BYTES-----\n"));
	free(text);
	text = write_it(CRED_PRIVATE_KEY, pkcs8, (size_t)n - 1);
	assert_non_null(strstr(text, "\n-----BEGIN ZSOCK BYTES-----\n"));
	free(text);
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_free(pkcs8);
	OPENSSL_free(der);
}

static void
a_redacted_one_has_no_value(void **state)
{
	static const char with[] =
	    "Sec-Tag: 3\nType: PSK\nDigest: abc\nRedacted: yes\n";
	static const char without[] = "Sec-Tag: 3\nType: PSK\nRedacted: yes\n";
	struct buf text = { .len = 0 };

	(void)state;
	assert_true(bundle_write_redacted(&text, 3, CRED_PSK, "abc"));
	assert_true(buf_is(&text, with, strlen(with)));
	buf_clear(&text);
	assert_true(bundle_write_redacted(&text, 3, CRED_PSK, NULL));
	assert_true(buf_is(&text, without, strlen(without)));
	buf_fini(&text);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + 4] = {
		cmocka_unit_test_prestate(every_value_comes_back, BLOCK),
		cmocka_unit_test_prestate(every_value_comes_back,
		    "-----BEGIN A-----\r\nProc-Type: 4\r\n\r\nAA==\r\n"
		    "-----END A-----\r\n-----BEGIN B-----\n-----END B-----"),
		cmocka_unit_test(a_whole_key_in_der_is_shown_as_one),
		cmocka_unit_test(a_redacted_one_has_no_value),
	};
	int rc;

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i + 4] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = form_is_chosen,
			.initial_state = (void *)&rows[i] };
	pki_init(&pki, PKI_EC);
	rc =
	    cmocka_run_group_tests_name("cred/bundle_write", tests, NULL, NULL);
	pki_fini(&pki);
	return rc;
}
