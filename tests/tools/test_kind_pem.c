/* PEM: what becomes of its blocks. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"
#include "got.h"
#include "kind_text.h"
#include "support/pki.h"

static struct buf text;

static void
begin(const char *lead)
{
	buf_clear(&text);
	buf_text(&text, lead);
}

static void
add_ca(void)
{
	buf_add(&text, got_pki.ca, got_pki.ca_len - 1);
}

static void
add_leaf(void)
{
	buf_add(&text, got_pki.leaf, got_pki.leaf_len - 1);
}

static void
add_key(void)
{
	buf_add(&text, got_pki.key, got_pki.key_len - 1);
}

static struct got
read_text(const struct kind_input *o)
{
	return got_import(kind_pem_import, text.data, text.len, o);
}

static void
a_mix_is_an_authority_a_certificate_and_a_key(void **state)
{
	struct got g;

	(void)state;
	begin("Bag Attributes\n    friendlyName: a\n");
	add_key();
	buf_text(&text, "subject=CN = got leaf\n\n# a comment\n");
	add_leaf();
	buf_text(&text, "1 s:CN = got root\n");
	add_ca();
	buf_text(&text, "---\n");
	g = read_text(NULL);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	got_has(&g, 7, CRED_CERTIFICATE, got_pki.leaf, got_pki.leaf_len);
	got_has(&g, 7, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
	assert_int_equal(g.set.n, 3);
	got_fini(&g);
}

static void
one_that_has_its_nul_already_gets_no_second(void **state)
{
	struct got g;

	(void)state;
	begin("");
	add_ca();
	buf_put(&text, '\0');
	g = read_text(NULL);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	got_fini(&g);
}

static void
a_last_line_end_that_is_missing_is_there(void **state)
{
	struct got g;

	(void)state;
	begin("");
	add_ca();
	text.len--;
	g = read_text(NULL);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	got_fini(&g);
}

static void
the_mark_of_an_editor_hides_no_block(void **state)
{
	struct kind_input o = { .tag = 7, .split = true };
	struct got g;

	(void)state;
	begin("\xef\xbb\xbf");
	add_ca();
	buf_text(&text, "\xef\xbb\xbf");
	add_ca();
	g = read_text(&o);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	got_has(&g, 8, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	got_fini(&g);
}

static void
a_nul_before_a_block_is_an_error(void **state)
{
	struct got g;

	(void)state;
	begin("");
	add_ca();
	buf_put(&text, '\0');
	add_ca();
	g = read_text(NULL);
	assert_int_equal(g.rc, MALFORMED);
	assert_non_null(strstr(g.in.text, "not the first of a block"));
	got_fini(&g);
}

static void
line_ends_stay_as_they_are(void **state)
{
	struct buf want = { .data = NULL };
	struct got g;

	(void)state;
	kind_add_text(&want, got_pki.ca, got_pki.ca_len - 1, KIND_EOL_CRLF);
	begin("");
	buf_add(&text, want.data, want.len);
	buf_put(&want, '\0');
	g = read_text(NULL);
	got_has(&g, 7, CRED_CA_CERTIFICATE, want.data, want.len);
	got_fini(&g);
	buf_fini(&want);
}

static void
raw_keeps_what_is_around(void **state)
{
	struct kind_input o = { .tag = 7, .raw = true };
	struct got g;

	(void)state;
	begin("# mine\n");
	add_ca();
	g = read_text(&o);
	buf_put(&text, '\0');
	got_has(&g, 7, CRED_CA_CERTIFICATE, text.data, text.len);
	got_fini(&g);
	text.len--;
	add_key();
	g = read_text(&o);
	got_failed(&g, USAGE, 0, "several types");
	got_fini(&g);
}

static void
split_gives_each_authority_a_tag(void **state)
{
	struct kind_input o = { .tag = 0x7ffffffe, .split = true };
	struct got g;

	(void)state;
	begin("");
	add_ca();
	add_leaf();
	add_ca();
	g = read_text(&o);
	got_has(&g, 0x7ffffffe, CRED_CA_CERTIFICATE, got_pki.ca,
	    got_pki.ca_len);
	got_has(&g, 0x7fffffff, CRED_CA_CERTIFICATE, got_pki.ca,
	    got_pki.ca_len);
	got_has(&g, 0x7ffffffe, CRED_CERTIFICATE, got_pki.leaf,
	    got_pki.leaf_len);
	got_fini(&g);
	add_ca();
	g = read_text(&o);
	assert_int_equal(g.rc, LIMIT);
	got_fini(&g);
}

static void
all_authorities_are_one_value_otherwise(void **state)
{
	struct kind_input o = { .tag = 7, .type = CRED_CERTIFICATE };
	struct got g;

	(void)state;
	begin("");
	add_ca();
	add_ca();
	g = read_text(NULL);
	buf_put(&text, '\0');
	got_has(&g, 7, CRED_CA_CERTIFICATE, text.data, text.len);
	got_fini(&g);
	begin("");
	add_leaf();
	add_ca();
	g = read_text(&o); /* a chain */
	buf_put(&text, '\0');
	got_has(&g, 7, CRED_CERTIFICATE, text.data, text.len);
	got_fini(&g);
}

static void
select_picks_by_subject(void **state)
{
	struct kind_input o = { .tag = 7, .select = "*got root*" };
	struct got g;

	(void)state;
	begin("");
	add_leaf();
	add_key();
	add_ca();
	g = read_text(&o);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	assert_int_equal(g.set.n, 1);
	got_fini(&g);
	o.select = "*nobody*";
	begin("");
	add_leaf();
	g = read_text(&o);
	got_failed(&g, ABSENT, 0, "such a subject");
	got_fini(&g);
}

/* T52: of two roots of one name, the one that has signed. */
static void
anchor_of_picks_the_root_of_a_chain(void **state)
{
	const struct pki_spec root = { .name = "got root", .ca = true };
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(got_pki.leaf, (int)got_pki.leaf_len - 1);
	struct kind_input o = { .tag = 7, .anchor_of = chain };
	struct pki_cert other;
	struct pki_bytes pem;
	struct got g;

	(void)state;
	sk_X509_push(chain, PEM_read_bio_X509(bio, NULL, NULL, NULL));
	BIO_free(bio);
	pki_make(&other, NULL, &root);
	pem = pki_cert_pem(&other);
	begin("");
	buf_add(&text, pem.data, pem.len - 1);
	g = read_text(&o);
	got_failed(&g, ABSENT, 0, "ends that chain");
	got_fini(&g);
	add_leaf();
	add_ca();
	g = read_text(&o);
	got_has(&g, 7, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	assert_int_equal(g.set.n, 1);
	got_fini(&g);
	pki_bytes_free(&pem);
	pki_free(&other);
	sk_X509_pop_free(chain, X509_free);
}

static const struct bad_case {
	const char *name;
	const char *text;
	int line;
	const char *word;
} bads[] = {
	{ "nothing", "", 0, "no block" },
	{ "no_block", "hello\n", 0, "no block" },
	{ "a_block_without_an_end", "a\n-----BEGIN A-----\nAA==\n", 2,
	    "no END" },
	{ "a_block_in_a_block",
	    "-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----\n", 1,
	    "no END" },
	{ "another_end", "-----BEGIN A-----\n-----END B-----\n", 2,
	    "does not go with" },
	{ "a_begin_that_is_indented", "\n -----BEGIN A-----\n", 2,
	    "not the first of a block" },
	{ "a_begin_behind_text", "# -----BEGIN A-----\n", 1,
	    "not the first of a block" },
	{ "a_begin_with_text_behind_it", "-----BEGIN A----- # a\n", 1,
	    "not the first of a block" },
	{ "an_end_without_a_begin", "a\n-----END A-----\n", 2,
	    "END A has no BEGIN" },
	{ "an_end_that_is_indented", " -----END A-----\n", 1, "ends no block" },
	{ "an_encrypted_certificate_which_asks_nobody",
	    "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
	    "DEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n\n"
	    "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n",
	    1, "cannot be decoded" },
	{ "a_request",
	    "\n-----BEGIN CERTIFICATE REQUEST-----\nAA==\n"
	    "-----END CERTIFICATE REQUEST-----\n",
	    2, "CERTIFICATE REQUEST" },
	{ "a_public_key",
	    "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", 1,
	    "PUBLIC KEY" },
	{ "a_certificate_that_is_none",
	    "-----BEGIN CERTIFICATE-----\nAA==\n"
	    "-----END CERTIFICATE-----\n",
	    1, "cannot be decoded" },
	{ "a_key_that_is_none",
	    "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", 1,
	    "cannot be decoded" },
};

static void
a_mistake_is_named(void **state)
{
	const struct bad_case *c = *state;
	struct got g =
	    got_import(kind_pem_import, c->text, strlen(c->text), NULL);

	got_failed(&g, MALFORMED, c->line, c->word);
	got_fini(&g);
}

static void
a_second_key_is_one_too_many(void **state)
{
	struct got g;

	(void)state;
	begin("");
	add_key();
	add_key();
	g = read_text(NULL);
	got_failed(&g, MALFORMED, 6, "second private key");
	got_fini(&g);
}

static void
a_type_that_it_is_not_is_an_error(void **state)
{
	struct kind_input o = { .tag = 7, .type = CRED_CA_CERTIFICATE };
	struct got g;

	(void)state;
	begin("");
	add_ca();
	add_key();
	g = read_text(&o);
	assert_int_equal(g.rc, MALFORMED);
	got_fini(&g);
	o.type = CRED_PSK;
	g = read_text(&o);
	assert_int_equal(g.rc, MALFORMED);
	got_fini(&g);
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(a_mix_is_an_authority_a_certificate_and_a_key),
	cmocka_unit_test(one_that_has_its_nul_already_gets_no_second),
	cmocka_unit_test(a_last_line_end_that_is_missing_is_there),
	cmocka_unit_test(the_mark_of_an_editor_hides_no_block),
	cmocka_unit_test(a_nul_before_a_block_is_an_error),
	cmocka_unit_test(line_ends_stay_as_they_are),
	cmocka_unit_test(raw_keeps_what_is_around),
	cmocka_unit_test(split_gives_each_authority_a_tag),
	cmocka_unit_test(all_authorities_are_one_value_otherwise),
	cmocka_unit_test(select_picks_by_subject),
	cmocka_unit_test(anchor_of_picks_the_root_of_a_chain),
	cmocka_unit_test(a_second_key_is_one_too_many),
	cmocka_unit_test(a_type_that_it_is_not_is_an_error),
};

static int
tear_down(void **state)
{
	buf_fini(&text);
	return got_teardown(state);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(bads) + LEN(others)];
	const size_t n = test_rows(tests, a_mistake_is_named, bads, LEN(bads),
	    sizeof(bads[0]));

	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("tools/kind_pem", tests, got_setup,
	    tear_down);
}
