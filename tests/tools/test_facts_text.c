#include "support/test.h"

#include <string.h>

#include "facts.h"
#include "support/pki.h"

static struct pki p;

static void
make_named(struct pki_cert *c, const struct pki_spec *spec)
{
	pki_make(c, &p.ca, spec);
}

static void
a_name_is_the_common_one(void **state)
{
	char text[200];

	(void)state;
	facts_name(p.server.cert, text, sizeof(text));
	assert_string_equal(text, "localhost");
	facts_subject(p.server.cert, text, sizeof(text));
	assert_string_equal(text, "CN=localhost");
	facts_san(p.server.cert, text, sizeof(text));
	assert_string_equal(text, "DNS:localhost, IP:127.0.0.1, IP:::1");
	facts_san(p.ca.cert, text, sizeof(text));
	assert_string_equal(text, "");
}

static void
without_a_common_name_the_first_other_one_counts(void **state)
{
	struct pki_cert c;
	char text[200];

	(void)state;
	make_named(&c, &(struct pki_spec){ .san = "IP:10.0.0.1,DNS:a.test" });
	X509_NAME_ENTRY_free(
	    X509_NAME_delete_entry(X509_get_subject_name(c.cert), 0));
	facts_name(c.cert, text, sizeof(text));
	assert_string_equal(text, "10.0.0.1");
	pki_free(&c);
}

/* T62 */
static void
names_are_escaped(void **state)
{
	struct pki_cert c;
	char text[200];

	(void)state;
	make_named(&c,
	    &(struct pki_spec){ .name = "a\x1b]0;x\x07\nb",
	        .san = "DNS:\x1b[2J" });
	facts_name(c.cert, text, sizeof(text));
	assert_string_equal(text, "a\\x1b]0;x\\x07\\x0ab");
	facts_subject(c.cert, text, sizeof(text));
	assert_non_null(strstr(text, "\\x1b"));
	assert_null(strpbrk(text, "\x1b\x07\n"));
	facts_san(c.cert, text, sizeof(text));
	assert_string_equal(text, "DNS:\\x1b[2J");
	pki_free(&c);
}

static void
texts_fit_their_room(void **state)
{
	char text[8];

	(void)state;
	memset(text, 'x', sizeof(text));
	facts_san(p.server.cert, text, 6);
	assert_true(strlen(text) < 6);
	assert_int_equal(text[6], 'x');
}

static void
a_key_and_its_certificate_have_one_hash(void **state)
{
	char key[BUNDLE_DIGEST_SIZE], cert[BUNDLE_DIGEST_SIZE];

	(void)state;
	assert_true(facts_spki(p.server.key, key));
	assert_true(facts_spki(X509_get0_pubkey(p.server.cert), cert));
	assert_string_equal(key, cert);
	assert_true(facts_spki(p.ca.key, key));
	assert_string_not_equal(key, cert);
}

static const struct time_case {
	const char *name, *asn1, *date;
	long long seconds;
} times[] = {
	{ "before_1970", "19500102000000Z", "1950-01-02", -631065600 },
	{ "in_1970", "19700101000000Z", "1970-01-01", 0 },
	{ "after_2038", "20491231235959Z", "2049-12-31", 2524607999 },
	{ "in_2090", "20900101000000Z", "2090-01-01", 3786912000 },
	{ "never", "99991231235959Z", "never", 253402300799 },
};

static void
times_are_read(void **state)
{
	const struct time_case *row = *state;
	ASN1_TIME *t = ASN1_TIME_new();
	char date[32];
	time_t at;

	assert_int_equal(ASN1_TIME_set_string(t, row->asn1), 1);
	assert_true(facts_time(t, &at));
	assert_true(at == (time_t)row->seconds);
	facts_date(t, date, sizeof(date));
	assert_string_equal(date, row->date);
	ASN1_TIME_free(t);
}

static void
two_digits_of_a_year_are_of_1950_to_2049(void **state)
{
	ASN1_TIME *t = ASN1_TIME_new();
	char date[32];

	(void)state;
	assert_int_equal(ASN1_TIME_set_string(t, "500101000000Z"), 1);
	facts_date(t, date, sizeof(date));
	assert_string_equal(date, "1950-01-01");
	ASN1_TIME_free(t);
}

static int
set_up(void **state)
{
	(void)state;
	pki_init(&p, PKI_EC);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_fini(&p);
	return 0;
}

int
main(void)
{
	struct CMUnitTest tests[6 + LEN(times)] = {
		cmocka_unit_test(a_name_is_the_common_one),
		cmocka_unit_test(
		    without_a_common_name_the_first_other_one_counts),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(texts_fit_their_room),
		cmocka_unit_test(a_key_and_its_certificate_have_one_hash),
		cmocka_unit_test(two_digits_of_a_year_are_of_1950_to_2049),
	};

	test_rows(tests + 6, times_are_read, times, LEN(times),
	    sizeof(times[0]));
	return cmocka_run_group_tests_name("tools/facts_text", tests, set_up,
	    tear_down);
}
