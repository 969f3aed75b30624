#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "cred/store.h"
#include "support/capture.h"

#define ADD(t, ty, v) \
	{ \
		CRED_OP_ADD, t, ty, (const unsigned char *)(v), sizeof(v) - 1, \
		    false \
	}
#define PUT(t, ty, v) \
	{ \
		CRED_OP_PUT, t, ty, (const unsigned char *)(v), sizeof(v) - 1, \
		    false \
	}
#define DELETE(t, ty) \
	{ \
		.kind = CRED_OP_DELETE, .tag = t, .type = ty \
	}

static const struct store_change plain = { .origin = CRED_FROM_CTL };
static const struct store_change decree = { .origin = CRED_FROM_ENV,
	.override = true };

/* Each pair that the store has told of, "tag,type;". */
static char told[256];

static void
watch(int tag, int type)
{
	const size_t len = strlen(told);

	/* Not under the lock: this would never return. */
	(void)store_find(type, NULL, 0);
	snprintf(told + len, sizeof(told) - len, "%d,%d;", tag, type);
}

/* What the store holds, "tag,type=value;". */
static const char *
held(void)
{
	static char text[1024];
	struct cred_set *set;
	uint64_t generation;
	size_t len = 0;

	assert_int_equal(store_list(&set, &generation), 0);
	text[0] = '\0';
	for (size_t i = 0; i < set->n; i++) {
		const struct cred *c = set->creds[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%d,%d=%.*s;", c->tag, c->type, (int)c->len,
		    (const char *)c->data);
	}
	store_set_put(set);
	return text;
}

static uint64_t
generation_now(void)
{
	struct cred_set *set;
	uint64_t generation = 0;

	assert_int_equal(store_list(&set, &generation), 0);
	store_set_put(set);
	return generation;
}

static const struct cred *
look_up(int tag, int type)
{
	struct cred_set *set;
	const struct cred *found = NULL;
	uint64_t generation;

	assert_int_equal(store_list(&set, &generation), 0);
	for (size_t i = 0; i < set->n; i++) {
		if (set->creds[i]->tag == tag && set->creds[i]->type == type)
			found = set->creds[i];
	}
	store_set_put(set); /* the store has it still */
	return found;
}

static int
apply(const struct cred_op *ops, size_t n, const struct store_change *how)
{
	struct cred_op_count count;
	uint64_t generation = 0;
	size_t failed = 99;

	return store_apply(ops, n, how, &count, &generation, &failed);
}

/* Nothing is held, and no pair is a decree. */
static int
setup(void **state)
{
	struct cred_set *set;
	struct cred_op op;
	uint64_t generation;

	(void)state;
	limits_clear();
	for (int tag = 0; tag < 8; tag++) {
		for (int type = 1; type <= 6; type++) {
			/* A put makes visible what the program has deleted. */
			op = (struct cred_op)PUT(tag, type, "x");
			assert_int_equal(apply(&op, 1, &plain), 0);
		}
	}
	assert_int_equal(store_list(&set, &generation), 0);
	for (size_t i = 0; i < set->n; i++) {
		op = (struct cred_op)DELETE(set->creds[i]->tag,
		    set->creds[i]->type);
		assert_int_equal(apply(&op, 1, &plain), 0);
	}
	store_set_put(set);
	assert_string_equal(held(), "");
	assert_int_equal(store_add(1, CRED_CA_CERTIFICATE, "ca", 2), 0);
	assert_int_equal(store_add(2, CRED_PSK, "key", 3), 0);
	assert_int_equal(store_add(2, CRED_PSK_ID, "id", 2), 0);
	told[0] = '\0';
	return 0;
}

#define BEFORE "1,1=ca;2,4=key;2,5=id;"

/* What several changes make of three credentials. */
static const struct apply_case {
	const char *name;
	struct cred_op ops[4];
	size_t n;
	int want;
	size_t failed;
	const char *held;
	const char *told;
	struct cred_op_count count;
} cases[] = {
	{ "no_change_is_no_change", { DELETE(0, 0) }, 0, 0, 0, BEFORE, "",
	    { 0, 0, 0, 0 } },
	{ "an_add_adds", { ADD(0, 4, "new") }, 1, 0, 0, "0,4=new;" BEFORE,
	    "0,4;", { 1, 0, 0, 0 } },
	{ "an_add_of_no_bytes", { ADD(3, 4, "") }, 1, 0, 0, BEFORE "3,4=;",
	    "3,4;", { 1, 0, 0, 0 } },
	{ "an_add_of_what_is_held_is_eexist", { ADD(1, 1, "x") }, 1, -EEXIST, 0,
	    BEFORE, "", { 0, 0, 0, 0 } },
	{ "a_put_adds", { PUT(3, 4, "new") }, 1, 0, 0, BEFORE "3,4=new;",
	    "3,4;", { 1, 0, 0, 0 } },
	{ "a_put_replaces_in_its_place", { PUT(2, 4, "other") }, 1, 0, 0,
	    "1,1=ca;2,4=other;2,5=id;", "2,4;", { 0, 1, 0, 0 } },
	{ "a_put_of_the_same_value_changes_nothing", { PUT(2, 4, "key") }, 1, 0,
	    0, BEFORE, "", { 0, 0, 0, 1 } },
	{ "a_delete_deletes", { DELETE(2, 4) }, 1, 0, 0, "1,1=ca;2,5=id;",
	    "2,4;", { 0, 0, 1, 0 } },
	{ "a_delete_of_nothing_is_enoent", { DELETE(2, 3) }, 1, -ENOENT, 0,
	    BEFORE, "", { 0, 0, 0, 0 } },
	{ "a_change_finds_what_those_before_have_done",
	    { DELETE(1, 1), ADD(1, 1, "cb"), PUT(1, 1, "cc"), DELETE(2, 5) }, 4,
	    0, 0, "1,1=cc;2,4=key;", "1,1;1,1;1,1;2,5;", { 1, 1, 2, 0 } },
	{ "what_is_added_and_deleted_was_never_there",
	    { ADD(5, 1, "x"), DELETE(5, 1) }, 2, 0, 0, BEFORE, "5,1;5,1;",
	    { 1, 0, 1, 0 } },
	/* T34, the store's part of it. */
	{ "a_late_failure_leaves_nothing_done",
	    { PUT(1, 1, "x"), DELETE(2, 4), ADD(5, 5, "y"), ADD(2, 5, "z") }, 4,
	    -EEXIST, 3, BEFORE, "", { 0, 0, 0, 0 } },
	{ "an_add_after_an_add_is_eexist", { ADD(5, 5, "y"), ADD(5, 5, "z") },
	    2, -EEXIST, 1, BEFORE, "", { 0, 0, 0, 0 } },
	{ "a_delete_after_a_delete_is_enoent",
	    { DELETE(2, 4), DELETE(2, 4), ADD(5, 5, "z") }, 3, -ENOENT, 1,
	    BEFORE, "", { 0, 0, 0, 0 } },
	{ "more_than_there_is_memory_is_enomem",
	    { PUT(1, 1, "x"),
	        { CRED_OP_PUT, 2, 4, (const unsigned char *)"", SIZE_MAX,
	            false } },
	    2, -ENOMEM, 2, BEFORE, "", { 0, 0, 0, 0 } },
};

static void
assert_count(const struct cred_op_count *got, const struct cred_op_count *want)
{
	assert_int_equal(got->added, want->added);
	assert_int_equal(got->replaced, want->replaced);
	assert_int_equal(got->deleted, want->deleted);
	assert_int_equal(got->same, want->same);
}

static void
changes_are_made(void **state)
{
	const struct apply_case *c = *state;
	const struct store_change tries[] = { { .dry_run = true }, plain };
	const uint64_t before = generation_now();
	const bool changes = c->told[0] != '\0';

	for (size_t i = 0; i < LEN(tries); i++) {
		struct cred_op_count count = { 7, 7, 7, 7 };
		const struct cred_op_count untouched = count;
		uint64_t generation = 0;
		size_t failed = 99;

		assert_string_equal(held(), BEFORE);
		assert_int_equal(generation_now(), before);
		assert_int_equal(store_apply(c->ops, c->n, &tries[i], &count,
		                     &generation, &failed),
		    c->want);
		assert_int_equal(failed, c->want == 0 ? 99 : c->failed);
		assert_count(&count, c->want == 0 ? &c->count : &untouched);
		assert_int_equal(generation,
		    before + (changes && !tries[i].dry_run));
		assert_string_equal(told, tries[i].dry_run ? "" : c->told);
	}
	assert_string_equal(held(), c->held);
	assert_int_equal(generation_now(), before + changes);
}

/* How many may be there is asked of what is there at the end. */
static const struct limit_case {
	const char *name;
	struct cred_op ops[4];
	size_t n;
	int limit;
	int want;
	size_t failed;
} limits[] = {
	{ "the_limit_counts_at_the_end",
	    { ADD(5, 1, "a"), ADD(5, 2, "b"), DELETE(1, 1), DELETE(2, 4) }, 4,
	    3, 0, 99 },
	{ "one_above_the_limit_is_enomem",
	    { ADD(5, 1, "a"), ADD(5, 2, "b"), DELETE(1, 1), PUT(2, 4, "x") }, 4,
	    3, -ENOMEM, 3 },
	{ "the_change_without_room_is_named",
	    { ADD(5, 1, "a"), DELETE(2, 4), DELETE(2, 5) }, 1, 3, -ENOMEM, 0 },
	{ "what_is_there_beyond_the_limit_may_be_replaced",
	    { PUT(1, 1, "a"), DELETE(2, 4) }, 2, 1, 0, 99 },
	{ "as_many_as_the_limit", { ADD(5, 1, "a") }, 1, 4, 0, 99 },
};

static void
the_limit_counts(void **state)
{
	const struct limit_case *c = *state;
	struct cred_op_count count;
	uint64_t generation;
	size_t failed = 99;

	assert_int_equal(limits_set("CONFIG_TLS_MAX_CREDENTIALS_NUMBER",
	                     c->limit),
	    0);
	assert_int_equal(store_apply(c->ops, c->n, &plain, &count, &generation,
	                     &failed),
	    c->want);
	assert_int_equal(failed, c->failed);
	if (c->want != 0)
		assert_string_equal(held(), BEFORE);
}

/* T35: what is not touched keeps its serial, and so its sessions. */
static void
a_serial_is_a_values(void **state)
{
	const struct cred_op ops[] = { PUT(1, 1, "ca"), PUT(2, 4, "new") };
	const uint64_t ca = look_up(1, 1)->serial, key = look_up(2, 4)->serial,
	               id = look_up(2, 5)->serial;

	(void)state;
	assert_int_equal(apply(ops, 2, &plain), 0);
	assert_int_equal(look_up(1, 1)->serial, ca);
	assert_int_equal(look_up(1, 1)->origin, CRED_FROM_API);
	assert_int_equal(look_up(2, 5)->serial, id);
	assert_int_not_equal(look_up(2, 4)->serial, key);
	assert_int_not_equal(look_up(2, 4)->serial, id);
	assert_int_equal(look_up(2, 4)->origin, CRED_FROM_CTL);
}

static void
a_generation_that_is_over_is_estale(void **state)
{
	const struct cred_op op = PUT(2, 4, "new");
	struct store_change how = { .if_generation = true,
		.generation = generation_now() };
	struct cred_op_count count;
	uint64_t generation = 0;
	size_t failed = 99;

	(void)state;
	assert_int_equal(store_apply(&op, 1, &how, &count, &generation,
	                     &failed),
	    0);
	assert_int_equal(generation, how.generation + 1);
	assert_int_equal(store_apply(&op, 1, &how, &count, &generation,
	                     &failed),
	    -ESTALE);
	assert_int_equal(generation, how.generation + 1);
	assert_int_equal(failed, 1);
}

/* The program's own adds and deletes are changes, too; what fails is none. */
static void
every_change_has_a_generation(void **state)
{
	const uint64_t first = generation_now();

	(void)state;
	assert_true(first >= 1);
	assert_int_equal(store_add(3, 1, "a", 1), 0);
	assert_int_equal(generation_now(), first + 1);
	assert_int_equal(store_add(3, 1, "a", 1), -EEXIST);
	assert_int_equal(generation_now(), first + 1);
	assert_int_equal(store_delete(3, 1), 0);
	assert_int_equal(generation_now(), first + 2);
	assert_int_equal(store_delete(3, 1), -ENOENT);
	assert_int_equal(generation_now(), first + 2);
}

static void
a_list_is_by_tag_and_then_by_add(void **state)
{
	const struct cred_op ops[] = { ADD(7, 5, "a"), ADD(0, 3, "b"),
		ADD(7, 1, "c"), ADD(0, 2, "d") };

	(void)state;
	assert_int_equal(apply(ops, 4, &plain), 0);
	assert_string_equal(held(), "0,3=b;0,2=d;" BEFORE "7,5=a;7,1=c;");
}

/* A set that was collected has the old value as long as it is held. */
static void
a_set_outlives_a_replacement(void **state)
{
	const struct cred_op ops[] = { PUT(2, 4, "new"), DELETE(2, 5) };
	struct cred_set *set;
	int missing;

	(void)state;
	assert_int_equal(store_collect(&(int){ 2 }, 1, &set, &missing), 0);
	assert_int_equal(apply(ops, 2, &plain), 0);
	assert_int_equal(set->n, 2);
	assert_memory_equal(set->creds[0]->data, "key", 3);
	assert_memory_equal(set->creds[1]->data, "id", 2);
	store_set_put(set);
}

/* T25, the store's part of it. */
static void
a_decree_stays_when_the_program_adds(void **state)
{
	const struct cred_op op = ADD(5, 1, "bundle");

	(void)state;
	assert_int_equal(apply(&op, 1, &decree), 0);
	assert_true(look_up(5, 1)->override);
	capture_start();
	assert_int_equal(store_add(5, 1, "program", 7), 0);
	assert_non_null(strstr(capture_text(),
	    "sec_tag 5: the CA certificate stays that of the bundle"));
	assert_int_equal(store_add(5, 1, "program", 7), 0);
	assert_string_equal(capture_text(), ""); /* once is enough */
	capture_stop();
	assert_string_equal(held(), BEFORE "5,1=bundle;");
}

static void
a_decree_stays_when_the_program_deletes_it(void **state)
{
	const struct cred_op op = ADD(0, 1, "bundle");
	struct cred_set *set;
	int missing = 0, tags[4];
	char buf[16];
	size_t len = sizeof(buf);

	(void)state;
	assert_int_equal(apply(&op, 1, &decree), 0);
	assert_int_equal(store_delete(0, 1), 0);
	assert_int_equal(store_delete(0, 1), -ENOENT);
	assert_int_equal(store_copy(0, 1, buf, &len), -ENOENT);
	assert_int_equal(store_collect(&(int){ 0 }, 1, &set, &missing),
	    -ENOENT);
	assert_int_equal(store_find(1, tags, 4), 1);
	assert_int_equal(tags[0], 1);
	assert_string_equal(held(), BEFORE);

	assert_int_equal(store_add(0, 1, "program", 7), 0);
	assert_string_equal(held(), "0,1=bundle;" BEFORE);
}

/* Of one bundle that is a decree and one that is not. */
static void
a_decree_may_be_of_some_pairs(void **state)
{
	struct cred_op ops[] = { ADD(5, 1, "a"), ADD(6, 1, "b") };

	(void)state;
	ops[1].override = true;
	assert_int_equal(apply(ops, 2, &plain), 0);
	assert_int_equal(store_add(5, 1, "x", 1), -EEXIST);
	assert_int_equal(store_add(6, 1, "x", 1), 0);
	assert_string_equal(held(), BEFORE "5,1=a;6,1=b;");
}

static void
a_decree_is_changed_by_others_and_stays_one(void **state)
{
	const struct cred_op add = ADD(5, 1, "a"), put = PUT(5, 1, "b"),
	                     delete = DELETE(5, 1);

	(void)state;
	assert_int_equal(apply(&add, 1, &decree), 0);
	assert_int_equal(apply(&add, 1, &plain), -EEXIST);
	assert_int_equal(apply(&put, 1, &plain), 0);
	assert_int_equal(store_add(5, 1, "x", 1), 0);
	assert_string_equal(held(), BEFORE "5,1=b;");
	assert_int_equal(apply(&delete, 1, &plain), 0);
	assert_int_equal(store_add(5, 1, "x", 1), 0);
	assert_string_equal(held(), BEFORE "5,1=x;");
	assert_int_equal(store_add(5, 1, "x", 1), -EEXIST);
}

static void
what_is_hidden_may_be_added_by_others(void **state)
{
	const struct cred_op add = ADD(5, 1, "a"), again = ADD(5, 1, "b"),
	                     delete = DELETE(5, 1);

	(void)state;
	assert_int_equal(apply(&add, 1, &decree), 0);
	assert_int_equal(store_delete(5, 1), 0);
	assert_int_equal(apply(&delete, 1, &plain), -ENOENT);
	assert_int_equal(apply(&again, 1, &plain), 0);
	assert_string_equal(held(), BEFORE "5,1=b;");
}

static void
what_was_hidden_is_a_decree_when_others_add_it(void **state)
{
	const struct cred_op first = ADD(5, 1, "a"), add = ADD(5, 1, "b"),
	                     put = PUT(6, 1, "b");
	struct cred_op other = ADD(6, 1, "a");

	(void)state;
	assert_int_equal(apply(&first, 1, &decree), 0);
	assert_int_equal(apply(&other, 1, &decree), 0);
	assert_int_equal(store_delete(5, 1), 0);
	assert_int_equal(store_delete(6, 1), 0);
	assert_int_equal(apply(&add, 1, &plain), 0);
	assert_int_equal(apply(&put, 1, &plain), 0);
	assert_int_equal(store_add(5, 1, "x", 1), 0);
	assert_int_equal(store_add(6, 1, "x", 1), 0);
	assert_string_equal(held(), BEFORE "5,1=b;6,1=b;");
	assert_int_equal(store_delete(5, 1), 0);
	assert_int_equal(store_add(5, 1, "x", 1), 0);
	assert_string_equal(held(), BEFORE "5,1=b;6,1=b;");
}

static void
each_change_says_what_it_has_done(void **state)
{
	const struct cred_op ops[] = { ADD(5, 1, "a"), PUT(5, 1, "a"),
		PUT(5, 1, "b"), PUT(6, 1, "b"), DELETE(5, 1) };
	enum cred_deed deeds[LEN(ops)];
	struct store_change how = { .dry_run = true, .deeds = deeds };

	(void)state;
	for (int i = 0; i < 2; i++) {
		memset(deeds, 0xff, sizeof(deeds));
		assert_int_equal(apply(ops, LEN(ops), &how), 0);
		assert_int_equal(deeds[0], CRED_ADDED);
		assert_int_equal(deeds[1], CRED_SAME);
		assert_int_equal(deeds[2], CRED_REPLACED);
		assert_int_equal(deeds[3], CRED_ADDED);
		assert_int_equal(deeds[4], CRED_DELETED);
		how.dry_run = false;
	}
}

/* The value that is there becomes a decree: to its users it is the same. */
static void
a_value_may_become_a_decree(void **state)
{
	const struct cred_op op = PUT(2, 4, "key");
	const uint64_t before = generation_now(),
	               serial = look_up(2, 4)->serial;

	(void)state;
	assert_int_equal(store_add(2, 4, "x", 1), -EEXIST);
	assert_int_equal(apply(&op, 1, &decree), 0);
	assert_int_equal(generation_now(), before + 1);
	assert_int_equal(look_up(2, 4)->serial, serial);
	assert_true(look_up(2, 4)->override);
	assert_string_equal(told, "");
	assert_int_equal(store_add(2, 4, "x", 1), 0);
	assert_string_equal(held(), BEFORE);
}

/* On the device a credential that is hidden is not there. */
static void
what_is_hidden_does_not_count(void **state)
{
	const struct cred_op op = ADD(5, 1, "a");

	(void)state;
	assert_int_equal(limits_set("CONFIG_TLS_MAX_CREDENTIALS_NUMBER", 4), 0);
	assert_int_equal(apply(&op, 1, &decree), 0);
	assert_int_equal(store_add(6, 1, "b", 1), -ENOMEM);
	assert_int_equal(store_delete(5, 1), 0);
	assert_int_equal(store_add(6, 1, "b", 1), 0);
	assert_int_equal(store_add(5, 1, "c", 1), -ENOMEM);
	assert_int_equal(store_delete(6, 1), 0);
	assert_int_equal(store_add(5, 1, "c", 1), 0);
	assert_string_equal(held(), BEFORE "5,1=a;");
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_serial_is_a_values),
		cmocka_unit_test(a_generation_that_is_over_is_estale),
		cmocka_unit_test(every_change_has_a_generation),
		cmocka_unit_test(a_list_is_by_tag_and_then_by_add),
		cmocka_unit_test(a_set_outlives_a_replacement),
		cmocka_unit_test(a_decree_stays_when_the_program_adds),
		cmocka_unit_test(a_decree_stays_when_the_program_deletes_it),
		cmocka_unit_test(a_decree_may_be_of_some_pairs),
		cmocka_unit_test(a_decree_is_changed_by_others_and_stays_one),
		cmocka_unit_test(what_is_hidden_may_be_added_by_others),
		cmocka_unit_test(
		    what_was_hidden_is_a_decree_when_others_add_it),
		cmocka_unit_test(each_change_says_what_it_has_done),
		cmocka_unit_test(a_value_may_become_a_decree),
		cmocka_unit_test(what_is_hidden_does_not_count),
	};
	struct CMUnitTest tests[LEN(others) + LEN(cases) + LEN(limits)];
	size_t n = LEN(others);

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	store_watch(watch);
	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, changes_are_made, cases, LEN(cases),
	    sizeof(cases[0]));
	n += test_rows(tests + n, the_limit_counts, limits, LEN(limits),
	    sizeof(limits[0]));
	for (size_t i = 0; i < n; i++)
		tests[i].setup_func = setup;
	return cmocka_run_group_tests_name("cred/store_apply", tests, NULL,
	    NULL);
}
