/* What a device has of a value that is nearly this one. */
#include "support/test.h"

#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"
#include "got.h"
#include "kind_key.h"
#include "kind_text.h"
#include "near.h"

static struct set mine; /* a CA as PEM with a NUL */

static int
set_up(void **state)
{
	(void)got_setup(state);
	return set_add(&mine, 1, CRED_CA_CERTIFICATE, got_pki.ca,
	           got_pki.ca_len) == NULL;
}

static int
tear_down(void **state)
{
	set_fini(&mine);
	return got_teardown(state);
}

/* T54: each form, and what is said of it. */
static const struct form_case {
	const char *name;
	enum kind_eol eol;
	int cut;  /* bytes off its end, without the NUL */
	int nuls; /* behind that */
	bool der;
	const char *said;
} forms[] = {
	{ "no_nul", KIND_EOL_KEEP, 0, 0, false, "without the final NUL" },
	{ "a_nul_more", KIND_EOL_KEEP, 0, 2, false, "with a NUL more" },
	{ "no_last_newline", KIND_EOL_KEEP, 1, 1, false,
	    "without the last line end" },
	{ "stripped", KIND_EOL_KEEP, 1, 0, false,
	    "without the last line end, without the final NUL" },
	{ "crlf", KIND_EOL_CRLF, 0, 0, false,
	    "with CR LF line ends, without the final NUL" },
	{ "crlf_and_a_nul", KIND_EOL_CRLF, 0, 1, false,
	    "with CR LF line ends" },
	{ "der", KIND_EOL_KEEP, 0, 0, true, "as DER, which is PEM here" },
};

static void
make(const struct form_case *c, struct buf *b)
{
	if (c->der) {
		assert_true(kind_to_der(b, &mine.items[0]));
		return;
	}
	kind_add_text(b, got_pki.ca, got_pki.ca_len - 1, c->eol);
	b->len -= (size_t)c->cut;
	for (int i = 0; i < c->nuls; i++)
		buf_put(b, '\0');
}

static void
a_form_is_named(void **state)
{
	const struct form_case *c = *state;
	char digest[BUNDLE_DIGEST_SIZE], text[160];
	struct buf b = { .data = NULL };

	make(c, &b);
	assert_true(bundle_digest(b.data, b.len, digest));
	assert_true(near_find(&mine.items[0], digest, text, sizeof(text)));
	assert_string_equal(text, c->said);
	buf_fini(&b);
}

static void
line_ends_of_both_kinds_are_named(void **state)
{
	char text[160];
	struct buf b = { .data = NULL };
	struct set s = { .n = 0 };
	const size_t half = got_pki.ca_len / 2;

	(void)state;
	kind_add_text(&b, got_pki.ca, half, KIND_EOL_CRLF);
	buf_add(&b, got_pki.ca + half, got_pki.ca_len - half);
	assert_non_null(set_add(&s, 1, CRED_CA_CERTIFICATE, b.data, b.len));
	assert_true(
	    near_find(&s.items[0], mine.items[0].digest, text, sizeof(text)));
	assert_string_equal(text, "with LF line ends, mixed here");
	buf_clear(&b);
	kind_add_text(&b, got_pki.ca, got_pki.ca_len, KIND_EOL_CRLF);
	assert_non_null(set_add(&s, 2, CRED_CA_CERTIFICATE, b.data, b.len));
	assert_true(
	    near_find(&s.items[0], s.items[1].digest, text, sizeof(text)));
	assert_string_equal(text, "with CR LF line ends, mixed here");
	set_fini(&s);
	buf_fini(&b);
}

/* SEC1 is what many tools make; the key's DER is then PKCS #8 or it. */
static void
both_ders_of_a_key_are_named(void **state)
{
	BIO *in = BIO_new_mem_buf(got_pki.key, (int)got_pki.key_len - 1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	BIO *out = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	char digest[BUNDLE_DIGEST_SIZE], text[160], *pem;
	struct set s = { .n = 0 };
	long len;

	(void)state;
	assert_int_equal(PEM_write_bio_PrivateKey_traditional(out, key, NULL,
	                     NULL, 0, NULL, NULL),
	    1);
	len = BIO_get_mem_data(out, &pem);
	assert_non_null(set_add(&s, 1, CRED_PRIVATE_KEY, pem, (size_t)len));
	len = i2d_PrivateKey(key, &der);
	assert_true(len > 0 && bundle_digest(der, (size_t)len, digest));
	assert_true(near_find(&s.items[0], digest, text, sizeof(text)));
	assert_string_equal(text, "as DER, which is PEM here");
	OPENSSL_free(der);
	set_fini(&s);
	BIO_free(out);
	BIO_free(in);
	EVP_PKEY_free(key);
}

static void
pem_of_der_is_named(void **state)
{
	char text[160];
	struct buf b = { .data = NULL };
	struct set s = { .n = 0 };

	(void)state;
	assert_true(kind_to_der(&b, &mine.items[0]));
	assert_non_null(set_add(&s, 1, CRED_CA_CERTIFICATE, b.data, b.len));
	assert_true(
	    near_find(&s.items[0], mine.items[0].digest, text, sizeof(text)));
	assert_string_equal(text, "as PEM, which is DER here");
	set_fini(&s);
	buf_fini(&b);
}

/* Of keys that are shared, and their names. */
static const struct text_case {
	const char *name;
	int type;
	const char *here;
	size_t here_len;
	const char *there;
	size_t there_len;
	const char *said;
} texts[] = {
	{ "digits_of_a_psk", CRED_PSK, "\1\253", 2, "01ab", 4,
	    "as text of its hexadecimal digits" },
	{ "great_digits_of_a_psk", CRED_PSK, "\1\253", 2, "01AB", 4,
	    "as text of its hexadecimal digits" },
	{ "bytes_of_digits", CRED_PSK, "01ab", 4, "\1\253", 2,
	    "as the bytes that the hexadecimal digits here stand for" },
	{ "an_identity_with_a_nul", CRED_PSK_ID, "me", 2, "me", 3,
	    "with a NUL more" },
	{ "an_identity_with_a_line_end", CRED_PSK_ID, "me", 2, "me\n", 3,
	    "with a last line end" },
};

static void
a_form_of_text_is_named(void **state)
{
	const struct text_case *c = *state;
	char digest[BUNDLE_DIGEST_SIZE], text[160];
	struct set s = { .n = 0 };

	assert_non_null(set_add(&s, 1, c->type, c->here, c->here_len));
	assert_true(bundle_digest(c->there, c->there_len, digest));
	assert_true(near_find(&s.items[0], digest, text, sizeof(text)));
	assert_string_equal(text, c->said);
	set_fini(&s);
}

static void
another_value_is_no_form(void **state)
{
	char digest[BUNDLE_DIGEST_SIZE], text[160];

	(void)state;
	assert_true(bundle_digest("abc", 3, digest));
	assert_false(near_find(&mine.items[0], digest, text, sizeof(text)));
	assert_false(near_find(&mine.items[0], "", text, sizeof(text)));
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(line_ends_of_both_kinds_are_named),
	cmocka_unit_test(both_ders_of_a_key_are_named),
	cmocka_unit_test(pem_of_der_is_named),
	cmocka_unit_test(another_value_is_no_form),
};

int
main(void)
{
	struct CMUnitTest tests[LEN(forms) + LEN(texts) + LEN(others)];
	size_t n = 0;

	n += test_rows(tests, a_form_is_named, forms, LEN(forms),
	    sizeof(forms[0]));
	n += test_rows(tests + n, a_form_of_text_is_named, texts, LEN(texts),
	    sizeof(texts[0]));
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("tools/near", tests, set_up,
	    tear_down);
}
