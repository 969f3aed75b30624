/* T49: what is exported and imported again is what it was. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "cred/store.h"
#include "got.h"

static const int all[] = { CRED_CA_CERTIFICATE, CRED_CERTIFICATE,
	CRED_PRIVATE_KEY, CRED_PSK, CRED_PSK_ID };

static const struct kind_case {
	const char *name; /* of the kind */
	bool whole;       /* one file has them all, with their tags */
	bool text;        /* PSK and its identity have no place in it */
	bool nul;
} cases[] = {
	{ "pem", false, true, false },
	{ "inc", false, false, false },
	{ "c", false, false, false },
	{ "cstr", false, false, false },
	{ "hex", false, false, false },
	{ "base64", false, false, false },
	{ "cmng", true, false, false },
	{ "zephyr-shell", true, false, false },
};

static void
add(struct set *s, int tag, int type, const void *data, size_t len)
{
	assert_non_null(set_add(s, tag, type, data, len));
}

static void
fill(struct set *s, bool text)
{
	add(s, 1, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	add(s, 2, CRED_CERTIFICATE, got_pki.leaf, got_pki.leaf_len);
	add(s, 2, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
	if (text)
		return;
	add(s, 3, CRED_PSK, "\0\1\"\\\377?", 6);
	add(s, 3, CRED_PSK_ID, "PSK_identity", 12);
}

static void
read_file(const struct kind *k, const struct kind_file *f, struct set *back)
{
	struct kind_input in = { .data = f->data.data,
		.len = f->data.len,
		.tag = f->tag,
		.type = (k->takes & KIND_TYPE) != 0 ? f->type : 0 };
	const int rc = k->import(&in, back);

	if (rc != DONE)
		fail_msg("%s:%d: %s", f->name, in.line, in.text);
}

static void
a_kind_brings_back_what_it_took(void **state)
{
	const struct kind_case *c = *state;
	const struct kind *k = kind_find(c->name);
	struct kind_output o = { .nul = c->nul };
	struct set s = { .n = 0 }, back = { .n = 0 };

	assert_non_null(k);
	say_quiet = 1;
	fill(&s, c->text);
	assert_int_equal(k->export(&o, &s), DONE);
	assert_int_equal(o.n, c->whole ? 1 : s.n);
	for (size_t i = 0; i < o.n; i++)
		read_file(k, &o.files[i], &back);
	assert_int_equal(back.n, s.n);
	for (size_t i = 0; i < s.n; i++) {
		const struct item *item =
		    set_find(&back, s.items[i].tag, s.items[i].type);

		assert_non_null(item);
		assert_string_equal(item->digest, s.items[i].digest);
	}
	kind_output_fini(&o);
	set_fini(&back);
	set_fini(&s);
}

/* Bytes of any kind, for those that take all. */
static void
check_bytes(const char *name, const unsigned char *data, size_t len, int type)
{
	const struct kind *k = kind_find(name);
	struct kind_output o = { .as = KIND_AS_IS };
	struct set s = { .n = 0 }, back = { .n = 0 };

	add(&s, 4, type, data, len);
	assert_int_equal(k->export(&o, &s), DONE);
	assert_int_equal(o.n, 1);
	read_file(k, &o.files[0], &back);
	assert_int_equal(back.n, 1);
	assert_string_equal(back.items[0].digest, s.items[0].digest);
	kind_output_fini(&o);
	set_fini(&back);
	set_fini(&s);
}

static void
any_bytes_come_back(void **state)
{
	static const char *const names[] = { "inc", "c", "cstr", "hex",
		"base64", "zephyr-shell" };
	unsigned char data[200];

	(void)state;
	say_quiet = 1;
	for (size_t len = 1; len <= sizeof(data); len++) {
		assert_int_equal(RAND_bytes(data, sizeof(data)), 1);
		if (len % 3 == 0)
			data[len - 1] = '\0';
		for (size_t i = 0; i < LEN(names); i++)
			check_bytes(names[i], data, len, all[len % LEN(all)]);
	}
}

static void
der_and_pem_become_each_other(void **state)
{
	struct kind_output o = { .as = KIND_AS_DER };
	struct set s = { .n = 0 }, der = { .n = 0 };

	(void)state;
	say_quiet = 1;
	add(&s, 1, CRED_CA_CERTIFICATE, got_pki.ca, got_pki.ca_len);
	add(&s, 2, CRED_PRIVATE_KEY, got_pki.key, got_pki.key_len);
	assert_int_equal(kind_der_export(&o, &s), DONE);
	assert_int_equal(o.n, 2);
	for (size_t i = 0; i < o.n; i++)
		read_file(kind_find("der"), &o.files[i], &der);
	kind_output_fini(&o);
	o.as = KIND_AS_PEM;
	assert_int_equal(kind_pem_export(&o, &der), DONE);
	assert_int_equal(o.n, 2);
	assert_int_equal(o.files[0].data.len, got_pki.ca_len - 1);
	assert_memory_equal(o.files[0].data.data, got_pki.ca,
	    got_pki.ca_len - 1);
	assert_memory_equal(o.files[1].data.data, got_pki.key,
	    got_pki.key_len - 1);
	kind_output_fini(&o);
	/* Without being asked neither is the other. */
	o.as = KIND_AS_IS;
	assert_int_equal(kind_pem_export(&o, &der), DONE);
	assert_int_equal(o.n, 0);
	kind_output_fini(&o);
	assert_int_equal(kind_der_export(&o, &s), DONE);
	assert_int_equal(o.n, 0);
	kind_output_fini(&o);
	set_fini(&der);
	set_fini(&s);
}

static void
each_kind_has_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds_n; i++)
		assert_ptr_equal(kind_find(kinds[i].name), &kinds[i]);
	assert_int_equal(kinds_n, 11);
	assert_null(kind_find("jks"));
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(any_bytes_come_back),
	cmocka_unit_test(der_and_pem_become_each_other),
	cmocka_unit_test(each_kind_has_its_name),
};

int
main(void)
{
	struct CMUnitTest tests[LEN(cases) + LEN(others)];
	const size_t n = test_rows(tests, a_kind_brings_back_what_it_took,
	    cases, LEN(cases), sizeof(cases[0]));

	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("tools/kinds", tests, got_setup,
	    got_teardown);
}
