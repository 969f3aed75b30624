#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "rules_bag.h"
#include "rules_own.h"

/* In the order of the table, for a row is about the rules and not the order. */
static void
join_codes(const struct rules *r, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < rules_table_size; i++) {
		for (size_t k = 0; k < r->nfindings; k++) {
			if (r->findings[k].rule != &rules_table[i])
				continue;
			snprintf(text + strlen(text), size - strlen(text),
			    "%s%s", text[0] == '\0' ? "" : " ",
			    rules_table[i].code);
		}
	}
}

/* T60: neither the bytes nor their digits. */
static void
check_untold(const struct bag *b, const char *text)
{
	char digits[9];

	for (size_t i = 0; i < b->rules.n; i++) {
		const struct item *it = &b->items[i];

		if (it->type != CRED_PSK || it->len < 4)
			continue;
		for (size_t n = 0; n < 4; n++)
			snprintf(digits + 2 * n, 3, "%02x", it->data[n]);
		assert_null(strstr(text, digits));
		assert_null(memmem(text, strlen(text), it->data, 4));
	}
}

static void
finds(void **state)
{
	const struct rules_case *row = *state;
	struct bag b;
	char codes[256];

	bag_begin(&b);
	row->fill(&b);
	rules_run(&b.rules);
	join_codes(&b.rules, codes, sizeof(codes));
	assert_string_equal(codes, row->codes);
	assert_false(b.rules.failed);
	for (size_t i = 0; i < b.rules.nfindings; i++)
		check_untold(&b, b.rules.findings[i].text);
	bag_end(&b);
}

static bool
is_in(const char *code, const struct rules_case *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strstr(rows[i].codes, code) != NULL)
			return true;
	}
	return false;
}

static void
no_rule_is_without_a_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < rules_table_size; i++) {
		const char *code = rules_table[i].code;

		if (!is_in(code, rules_form_rows, rules_form_count) &&
		    !is_in(code, rules_cert_rows, rules_cert_count) &&
		    !is_in(code, rules_names_rows, rules_names_count) &&
		    !is_in(code, rules_chain_rows, rules_chain_count) &&
		    !is_in(code, rules_set_rows, rules_set_count))
			fail_msg("%s", code);
	}
}

/* T62 */
static void
names_of_hostile_certificates_are_escaped(void **state)
{
	struct bag b;
	const char *text;

	(void)state;
	bag_begin(&b);
	bag_put_made(&b,
	    &(struct pki_spec){ .name = "a\x1b[31m\nb",
	        .san = "DNS:localhost",
	        .key = PKI_ED25519 },
	    true);
	rules_run(&b.rules);
	assert_int_equal(b.rules.nfindings, 1);
	text = b.rules.findings[0].text;
	assert_non_null(strstr(text, "a\\x1b[31m\\x0ab"));
	assert_null(strpbrk(text, "\x1b\n"));
	bag_end(&b);
}

static void
findings_are_in_the_order_of_the_set(void **state)
{
	struct bag b;

	(void)state;
	bag_begin(&b);
	bag_put(&b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put_text(&b, 6, CRED_PSK, "x");
	bag_put(&b, 7, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put_serv(&b, 2, &b.p.server);
	rules_run(&b.rules);
	assert_int_equal(b.rules.nfindings, 6);
	assert_string_equal(b.rules.findings[0].rule->code, "E09");
	assert_string_equal(b.rules.findings[1].rule->code, "E09");
	assert_string_equal(b.rules.findings[2].rule->code, "W27");
	assert_string_equal(b.rules.findings[3].rule->code, "E09");
	assert_string_equal(b.rules.findings[4].rule->code, "W38");
	assert_string_equal(b.rules.findings[5].rule->code, "E08");
	assert_int_equal(rules_count(&b.rules, 'E'), 4);
	assert_int_equal(rules_count(&b.rules, 'W'), 2);
	bag_end(&b);
}

/* The first is named and the others counted, of a bundle of many. */
static void
many_certificates_are_one_finding(void **state)
{
	struct pki_cert old[3];
	struct bag b;

	(void)state;
	bag_begin(&b);
	b.rules.target = TARGET_OPENSSL;
	for (size_t i = 0; i < LEN(old); i++)
		pki_make(&old[i], NULL,
		    &(struct pki_spec){ .name = i == 0 ? "First" : "Other",
		        .ca = true,
		        .from_s = -9 * DAY_S,
		        .to_s = -DAY_S });
	bag_put_chain(&b, old, 3);
	b.items[0].type = CRED_CA_CERTIFICATE;
	rules_run(&b.rules);
	assert_int_equal(b.rules.nfindings, 1);
	assert_non_null(strstr(b.rules.findings[0].text, "\"First\""));
	assert_non_null(strstr(b.rules.findings[0].text, "and 2 more"));
	for (size_t i = 0; i < LEN(old); i++)
		pki_free(&old[i]);
	bag_end(&b);
}

static size_t
add(struct CMUnitTest *tests, const struct rules_case *rows, size_t n)
{
	return test_rows(tests, finds, rows, n, sizeof(rows[0]));
}

int
main(void)
{
	struct CMUnitTest tests[200] = {
		cmocka_unit_test(no_rule_is_without_a_row),
		cmocka_unit_test(names_of_hostile_certificates_are_escaped),
		cmocka_unit_test(findings_are_in_the_order_of_the_set),
		cmocka_unit_test(many_certificates_are_one_finding),
	};
	size_t n = 4;

	assert_true(rules_form_count + rules_cert_count + rules_names_count +
	        rules_chain_count + rules_set_count <=
	    LEN(tests) - n);
	n += add(tests + n, rules_form_rows, rules_form_count);
	n += add(tests + n, rules_cert_rows, rules_cert_count);
	n += add(tests + n, rules_names_rows, rules_names_count);
	n += add(tests + n, rules_chain_rows, rules_chain_count);
	add(tests + n, rules_set_rows, rules_set_count);
	return cmocka_run_group_tests_name("tools/rules", tests, NULL, NULL);
}
