#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"

/* Tags that the tests use; each test leaves them empty. */
#define TAGS 8

static int
setup(void **state)
{
	(void)state;
	for (int tag = 0; tag < TAGS; tag++) {
		for (int type = CRED_NONE; type <= CRED_PSK_ID; type++)
			(void)store_delete(tag, type);
	}
	return 0;
}

static void
add(int tag, int type, const char *text)
{
	assert_int_equal(store_add(tag, type, text, strlen(text)), 0);
}

static struct cred_set *
collect(const int *tags, size_t n)
{
	struct cred_set *set = NULL;
	int missing = -77;

	assert_int_equal(store_collect(tags, n, &set, &missing), 0);
	assert_int_equal(missing, -77);
	assert_non_null(set);
	return set;
}

static void
assert_cred(const struct cred *c, int tag, int type, const char *text)
{
	assert_int_equal(c->tag, tag);
	assert_int_equal(c->type, type);
	assert_int_equal(c->len, strlen(text));
	assert_memory_equal(c->data, text, strlen(text));
}

/* Each type is its own place under a tag, and so is each tag for a type. */
static void
each_type_of_each_tag_is_a_place(void **state)
{
	char text[32];
	size_t len;

	(void)state;
	for (int tag = 0; tag < TAGS; tag++) {
		for (int type = CRED_NONE; type <= CRED_PSK_ID; type++) {
			const char data[2] = { (char)('a' + tag),
				(char)('0' + type) };

			assert_int_equal(store_add(tag, type, data, 2), 0);
		}
	}
	for (int tag = 0; tag < TAGS; tag++) {
		for (int type = CRED_NONE; type <= CRED_PSK_ID; type++) {
			len = sizeof(text);
			assert_int_equal(store_copy(tag, type, text, &len), 0);
			assert_int_equal(len, 2);
			assert_int_equal(text[0], 'a' + tag);
			assert_int_equal(text[1], '0' + type);
			assert_int_equal(store_delete(tag, type), 0);
		}
	}
}

static void
a_tag_may_be_any_number(void **state)
{
	const int tags[] = { INT32_MIN, -1, 0, INT32_MAX };
	char c;
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN(tags); i++)
		assert_int_equal(store_add(tags[i], CRED_PSK, &"abcd"[i], 1),
		    0);
	for (size_t i = 0; i < LEN(tags); i++) {
		len = 1;
		assert_int_equal(store_copy(tags[i], CRED_PSK, &c, &len), 0);
		assert_int_equal(c, "abcd"[i]);
		assert_int_equal(store_delete(tags[i], CRED_PSK), 0);
	}
}

static void
the_data_are_copied(void **state)
{
	char data[] = "secret", got[16];
	size_t len = sizeof(got);

	(void)state;
	assert_int_equal(store_add(1, CRED_PSK, data, 6), 0);
	memset(data, 'x', sizeof(data));
	assert_int_equal(store_copy(1, CRED_PSK, got, &len), 0);
	assert_int_equal(len, 6);
	assert_memory_equal(got, "secret", 6);
}

static void
a_second_add_is_eexist_and_changes_nothing(void **state)
{
	char got[16];
	size_t len = sizeof(got);

	(void)state;
	add(1, CRED_PSK, "first");
	assert_int_equal(store_add(1, CRED_PSK, "other", 5), -EEXIST);
	assert_int_equal(store_add(1, CRED_PSK, NULL, 0), -EEXIST);
	assert_int_equal(store_copy(1, CRED_PSK, got, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(got, "first", 5);
}

static void
more_than_there_is_memory_is_enomem(void **state)
{
	(void)state;
	assert_int_equal(store_add(1, CRED_PSK, "x", SIZE_MAX), -ENOMEM);
	assert_int_equal(store_delete(1, CRED_PSK), -ENOENT);
}

/* What copy answers with a 5 byte credential and room for len bytes. */
static const struct copy_case {
	const char *name;
	size_t room;
	int want;
	size_t want_len;
} copies[] = {
	{ "copy_with_room_to_spare", 16, 0, 5 },
	{ "copy_that_just_fits", 5, 0, 5 },
	{ "copy_without_room_for_the_last_byte", 4, -EFBIG, 5 },
	{ "copy_without_any_room", 0, -EFBIG, 5 },
};

static void
copy_into_room(void **state)
{
	const struct copy_case *c = *state;
	char got[16], untouched[16];
	size_t len = c->room;

	memset(got, '#', sizeof(got));
	memset(untouched, '#', sizeof(untouched));
	add(1, CRED_CERTIFICATE, "12345");
	assert_int_equal(store_copy(1, CRED_CERTIFICATE, got, &len), c->want);
	assert_int_equal(len, c->want_len);
	if (c->want == 0)
		memcpy(untouched, "12345", 5);
	assert_memory_equal(got, untouched, sizeof(got));
}

static void
null_without_room_asks_for_the_length(void **state)
{
	size_t len = 0;

	(void)state;
	add(2, CRED_CA_CERTIFICATE, "123");
	assert_int_equal(store_copy(2, CRED_CA_CERTIFICATE, NULL, &len),
	    -EFBIG);
	assert_int_equal(len, 3);
}

static void
nothing_is_a_credential_too(void **state)
{
	struct cred_set *set;
	size_t len = 0;

	(void)state;
	assert_int_equal(store_add(2, CRED_PSK, NULL, 0), 0);
	assert_int_equal(store_copy(2, CRED_PSK, NULL, &len), 0);
	assert_int_equal(len, 0);
	set = collect(&(int){ 2 }, 1);
	assert_int_equal(set->n, 1);
	assert_cred(set->creds[0], 2, CRED_PSK, "");
	store_set_put(set);
}

static void
copy_of_nothing_is_enoent_and_length_0(void **state)
{
	char got[4] = "abc";
	size_t len = sizeof(got);

	(void)state;
	add(1, CRED_PSK, "x");
	assert_int_equal(store_copy(1, CRED_PSK_ID, got, &len), -ENOENT);
	assert_int_equal(len, 0);
	len = sizeof(got);
	assert_int_equal(store_copy(2, CRED_PSK, got, &len), -ENOENT);
	assert_int_equal(len, 0);
	assert_string_equal(got, "abc");
}

static void
delete_empties_one_place_alone(void **state)
{
	char got[4];
	size_t len;

	(void)state;
	add(1, CRED_CERTIFICATE, "a");
	add(1, CRED_PRIVATE_KEY, "b");
	add(2, CRED_CERTIFICATE, "c");
	assert_int_equal(store_delete(1, CRED_CERTIFICATE), 0);
	assert_int_equal(store_delete(1, CRED_CERTIFICATE), -ENOENT);
	len = sizeof(got);
	assert_int_equal(store_copy(1, CRED_CERTIFICATE, got, &len), -ENOENT);
	len = sizeof(got);
	assert_int_equal(store_copy(1, CRED_PRIVATE_KEY, got, &len), 0);
	len = sizeof(got);
	assert_int_equal(store_copy(2, CRED_CERTIFICATE, got, &len), 0);
	assert_int_equal(got[0], 'c');
}

static void
a_set_has_the_order_of_tags_then_of_adds(void **state)
{
	struct cred_set *set;

	(void)state;
	add(1, CRED_PRIVATE_KEY, "1k");
	add(2, CRED_CA_CERTIFICATE, "2a");
	add(1, CRED_CERTIFICATE, "1c");
	add(3, CRED_PSK, "3p");
	add(1, CRED_CA_CERTIFICATE, "1a");
	set = collect((int[]){ 2, 1 }, 2);
	assert_int_equal(set->n, 4);
	assert_cred(set->creds[0], 2, CRED_CA_CERTIFICATE, "2a");
	assert_cred(set->creds[1], 1, CRED_PRIVATE_KEY, "1k");
	assert_cred(set->creds[2], 1, CRED_CERTIFICATE, "1c");
	assert_cred(set->creds[3], 1, CRED_CA_CERTIFICATE, "1a");
	store_set_put(set);
}

static void
an_added_again_credential_comes_last(void **state)
{
	struct cred_set *set;

	(void)state;
	add(1, CRED_CERTIFICATE, "old");
	add(1, CRED_PRIVATE_KEY, "key");
	assert_int_equal(store_delete(1, CRED_CERTIFICATE), 0);
	add(1, CRED_CERTIFICATE, "new");
	set = collect(&(int){ 1 }, 1);
	assert_int_equal(set->n, 2);
	assert_cred(set->creds[0], 1, CRED_PRIVATE_KEY, "key");
	assert_cred(set->creds[1], 1, CRED_CERTIFICATE, "new");
	store_set_put(set);
}

static void
a_tag_asked_for_twice_is_there_twice(void **state)
{
	struct cred_set *set;

	(void)state;
	add(1, CRED_CA_CERTIFICATE, "a");
	set = collect((int[]){ 1, 1 }, 2);
	assert_int_equal(set->n, 2);
	assert_ptr_equal(set->creds[0], set->creds[1]);
	assert_int_equal(store_delete(1, CRED_CA_CERTIFICATE), 0);
	assert_cred(set->creds[1], 1, CRED_CA_CERTIFICATE, "a");
	store_set_put(set);
}

static void
no_tags_are_an_empty_set(void **state)
{
	struct cred_set *set = collect(NULL, 0);

	(void)state;
	assert_int_equal(set->n, 0);
	store_set_put(set);
}

static void
the_first_tag_without_credentials_is_named(void **state)
{
	struct cred_set *set = NULL;
	int missing = 0;

	(void)state;
	add(1, CRED_CA_CERTIFICATE, "a");
	assert_int_equal(store_collect((int[]){ 1, 5, 1, 6 }, 4, &set,
	                     &missing),
	    -ENOENT);
	assert_int_equal(missing, 5);
	assert_null(set);
}

static void
tags_are_found_by_what_they_hold(void **state)
{
	int tags[4] = { -1, -1, -1, -1 };

	(void)state;
	assert_int_equal(store_find(CRED_PRIVATE_KEY, tags, 4), 0);
	add(7, CRED_PRIVATE_KEY, "a");
	add(1, CRED_CERTIFICATE, "b");
	add(3, CRED_PRIVATE_KEY, "c");
	add(5, CRED_PRIVATE_KEY, "d");
	assert_int_equal(store_find(CRED_PRIVATE_KEY, tags, 2), 2);
	assert_int_equal(tags[0], 7);
	assert_int_equal(tags[1], 3);
	assert_int_equal(tags[2], -1);
	assert_int_equal(store_find(CRED_PRIVATE_KEY, tags, 4), 3);
	assert_int_equal(tags[2], 5);
}

static void
a_set_outlives_delete_and_replacement(void **state)
{
	struct cred_set *old, *new;

	(void)state;
	add(1, CRED_CERTIFICATE, "old cert");
	add(1, CRED_PRIVATE_KEY, "old key");
	old = collect(&(int){ 1 }, 1);
	assert_int_equal(store_delete(1, CRED_CERTIFICATE), 0);
	assert_int_equal(store_delete(1, CRED_PRIVATE_KEY), 0);
	add(1, CRED_CERTIFICATE, "new cert");
	new = collect(&(int){ 1 }, 1);
	assert_int_equal(old->n, 2);
	assert_cred(old->creds[0], 1, CRED_CERTIFICATE, "old cert");
	assert_cred(old->creds[1], 1, CRED_PRIVATE_KEY, "old key");
	assert_int_equal(new->n, 1);
	assert_cred(new->creds[0], 1, CRED_CERTIFICATE, "new cert");
	store_set_put(old);
	assert_cred(new->creds[0], 1, CRED_CERTIFICATE, "new cert");
	store_set_put(new);
}

static void
a_set_outlives_another_that_shares_its_credentials(void **state)
{
	struct cred_set *a, *b;

	(void)state;
	add(1, CRED_PSK, "shared");
	a = collect(&(int){ 1 }, 1);
	b = collect(&(int){ 1 }, 1);
	assert_ptr_equal(a->creds[0], b->creds[0]);
	assert_int_equal(store_delete(1, CRED_PSK), 0);
	store_set_put(a);
	assert_cred(b->creds[0], 1, CRED_PSK, "shared");
	store_set_put(b);
}

static void
no_two_adds_share_a_serial(void **state)
{
	struct cred_set *set;
	uint64_t first;

	(void)state;
	add(1, CRED_PSK, "same");
	set = collect(&(int){ 1 }, 1);
	first = set->creds[0]->serial;
	store_set_put(set);
	assert_int_equal(store_delete(1, CRED_PSK), 0);
	add(1, CRED_PSK, "same");
	add(2, CRED_PSK, "same");
	set = collect((int[]){ 1, 2 }, 2);
	assert_int_not_equal(set->creds[0]->serial, first);
	assert_int_not_equal(set->creds[1]->serial, first);
	assert_int_not_equal(set->creds[0]->serial, set->creds[1]->serial);
	store_set_put(set);
}

static void
putting_no_set_is_harmless(void **state)
{
	size_t len = 0;

	(void)state;
	add(1, CRED_PSK, "x");
	store_set_put(NULL);
	assert_int_equal(store_copy(1, CRED_PSK, NULL, &len), -EFBIG);
}

static void
each_type_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = CRED_CA_CERTIFICATE; a <= CRED_PSK_ID; a++) {
		assert_string_not_equal(cred_type_name(a), cred_type_name(99));
		for (int b = a + 1; b <= CRED_PSK_ID; b++)
			assert_string_not_equal(cred_type_name(a),
			    cred_type_name(b));
	}
	assert_string_equal(cred_type_name(CRED_PRIVATE_KEY), "private key");
	assert_string_equal(cred_type_name(CRED_NONE), cred_type_name(99));
}

int
main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test_setup(each_type_of_each_tag_is_a_place, setup),
		cmocka_unit_test_setup(a_tag_may_be_any_number, setup),
		cmocka_unit_test_setup(the_data_are_copied, setup),
		cmocka_unit_test_setup(
		    a_second_add_is_eexist_and_changes_nothing, setup),
		cmocka_unit_test_setup(more_than_there_is_memory_is_enomem,
		    setup),
		cmocka_unit_test_setup(null_without_room_asks_for_the_length,
		    setup),
		cmocka_unit_test_setup(nothing_is_a_credential_too, setup),
		cmocka_unit_test_setup(copy_of_nothing_is_enoent_and_length_0,
		    setup),
		cmocka_unit_test_setup(delete_empties_one_place_alone, setup),
		cmocka_unit_test_setup(a_set_has_the_order_of_tags_then_of_adds,
		    setup),
		cmocka_unit_test_setup(an_added_again_credential_comes_last,
		    setup),
		cmocka_unit_test_setup(a_tag_asked_for_twice_is_there_twice,
		    setup),
		cmocka_unit_test_setup(no_tags_are_an_empty_set, setup),
		cmocka_unit_test_setup(
		    the_first_tag_without_credentials_is_named, setup),
		cmocka_unit_test_setup(tags_are_found_by_what_they_hold, setup),
		cmocka_unit_test_setup(a_set_outlives_delete_and_replacement,
		    setup),
		cmocka_unit_test_setup(
		    a_set_outlives_another_that_shares_its_credentials, setup),
		cmocka_unit_test_setup(no_two_adds_share_a_serial, setup),
		cmocka_unit_test_setup(putting_no_set_is_harmless, setup),
		cmocka_unit_test_setup(each_type_has_a_name_of_its_own, setup),
	};
	struct CMUnitTest tests[LEN(copies) + LEN(plain)];

	for (size_t i = 0; i < LEN(copies); i++) {
		tests[i] = (struct CMUnitTest){ .name = copies[i].name,
			.test_func = copy_into_room,
			.setup_func = setup,
			.initial_state = (void *)&copies[i] };
	}
	memcpy(&tests[LEN(copies)], plain, sizeof(plain));
	return cmocka_run_group_tests_name("cred/store", tests, NULL, NULL);
}
