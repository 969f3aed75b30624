/* Sets of credentials. */
#include "support/test.h"

#include <string.h>

#include "cred/store.h"
#include "set.h"

#define SHA_OF_ABC "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

static void
an_item_has_a_copy_and_its_digest(void **state)
{
	struct set s = { .n = 0 };
	char text[] = "abc";
	struct item *i;

	(void)state;
	i = set_add(&s, 7, CRED_PSK, text, 3);
	assert_non_null(i);
	text[0] = 'x';
	assert_memory_equal(i->data, "abc", 3);
	assert_string_equal(i->digest, SHA_OF_ABC);
	i = set_add(&s, 8, CRED_PSK, NULL, 3);
	assert_non_null(i);
	assert_null(i->data);
	assert_string_equal(i->digest, "");
	i = set_add(&s, 9, CRED_PSK, "", 0);
	assert_non_null(i->data);
	assert_ptr_equal(set_find(&s, 8, CRED_PSK), &s.items[1]);
	assert_null(set_find(&s, 8, CRED_PSK_ID));
	set_fini(&s);
	assert_int_equal(s.n, 0);
}

static void
sorting_keeps_the_order_in_a_tag(void **state)
{
	static const int tags[] = { 3, 1, 2, 1, 3, 1 };
	static const int want[][2] = { { 1, 2 }, { 1, 4 }, { 1, 6 }, { 2, 3 },
		{ 3, 1 }, { 3, 5 } };
	struct set s = { .n = 0 };

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_non_null(set_add(&s, tags[i], i + 1, "", 0));
	set_sort(&s);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(s.items[i].tag, want[i][0]);
		assert_int_equal(s.items[i].type, want[i][1]);
	}
	set_fini(&s);
}

static void
many_items_are_held(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_non_null(set_add(&s, i, CRED_PSK, &i, sizeof(i)));
	for (int i = 0; i < 1000; i++)
		assert_memory_equal(set_find(&s, i, CRED_PSK)->data, &i,
		    sizeof(i));
	set_fini(&s);
}

static void
keys_are_secrets_and_the_rest_is_not(void **state)
{
	(void)state;
	assert_true(type_is_secret(CRED_PRIVATE_KEY));
	assert_true(type_is_secret(CRED_PSK));
	assert_true(type_is_secret(CRED_PRIVATE_KEY_PSA));
	assert_false(type_is_secret(CRED_CA_CERTIFICATE));
	assert_false(type_is_secret(CRED_CERTIFICATE));
	assert_false(type_is_secret(CRED_PSK_ID));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_has_a_copy_and_its_digest),
		cmocka_unit_test(sorting_keeps_the_order_in_a_tag),
		cmocka_unit_test(many_items_are_held),
		cmocka_unit_test(keys_are_secrets_and_the_rest_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
