#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "tls/settings.h"

static void
new_settings_hold_nothing(void **state)
{
	struct tls_settings s;

	(void)state;
	tls_settings_init(&s);
	assert_int_equal(s.ntags, 0);
	assert_null(s.hostname);
	assert_false(s.hostname_set);
	assert_int_equal(tls_settings_verify(&s, TLS_ROLE_CLIENT),
	    TLS_VERIFY_REQUIRED);
	assert_int_equal(tls_settings_verify(&s, TLS_ROLE_SERVER),
	    TLS_VERIFY_NONE);
	tls_settings_fini(&s);
}

static void
tags_are_copied_and_replaced(void **state)
{
	int tags[] = { 7, 8, 9 };
	struct tls_settings s;

	(void)state;
	tls_settings_init(&s);
	assert_int_equal(tls_settings_set_tags(&s, tags, 3), 0);
	tags[0] = 0;
	assert_int_equal(s.ntags, 3);
	assert_int_equal(s.tags[0], 7);
	assert_int_equal(tls_settings_set_tags(&s, tags, 1), 0);
	assert_int_equal(s.ntags, 1);
	assert_int_equal(tls_settings_set_tags(&s, NULL, 0), 0);
	assert_int_equal(s.ntags, 0);
	tls_settings_fini(&s);
}

static char longest[TLS_HOSTNAME_MAX + 1], too_long[TLS_HOSTNAME_MAX + 2];

static const struct name_case {
	const char *name, *value;
	int want;
	const char *kept; /* after "before" was set first */
} names[] = {
	{ "a_name_is_kept", "dev.test", 0, "dev.test" },
	{ "no_name_is_kept_as_none", NULL, 0, NULL },
	{ "an_empty_name_is_kept", "", 0, "" },
	{ "the_longest_name_is_kept", longest, 0, longest },
	{ "a_longer_one_is_einval_and_changes_nothing", too_long, -EINVAL,
	    "before" },
};

static void
set_hostname(void **state)
{
	const struct name_case *c = *state;
	struct tls_settings s;

	tls_settings_init(&s);
	assert_int_equal(tls_settings_set_hostname(&s, "before"), 0);
	assert_int_equal(tls_settings_set_hostname(&s, c->value), c->want);
	assert_true(s.hostname_set);
	if (c->kept == NULL)
		assert_null(s.hostname);
	else
		assert_string_equal(s.hostname, c->kept);
	tls_settings_fini(&s);
}

static const struct verify_case {
	const char *name;
	int value, want;
} verifies[] = {
	{ "verify_none", 0, 0 },
	{ "verify_optional", 1, 0 },
	{ "verify_required", 2, 0 },
	{ "verify_unset_is_einval", -1, -EINVAL },
	{ "verify_beyond_is_einval", 3, -EINVAL },
};

static void
set_verify(void **state)
{
	const struct verify_case *c = *state;
	const int want = c->want == 0 ? c->value : TLS_VERIFY_OPTIONAL;
	struct tls_settings s;

	tls_settings_init(&s);
	assert_int_equal(tls_settings_set_verify(&s, TLS_VERIFY_OPTIONAL), 0);
	assert_int_equal(tls_settings_set_verify(&s, c->value), c->want);
	assert_int_equal(tls_settings_verify(&s, TLS_ROLE_CLIENT), want);
	assert_int_equal(tls_settings_verify(&s, TLS_ROLE_SERVER), want);
	tls_settings_fini(&s);
}

static void
a_copy_is_equal_and_its_own(void **state)
{
	struct tls_settings a, b;

	(void)state;
	tls_settings_init(&a);
	tls_settings_init(&b);
	assert_int_equal(tls_settings_set_tags(&a, (int[]){ 1, 2 }, 2), 0);
	assert_int_equal(tls_settings_set_hostname(&a, "dev.test"), 0);
	assert_int_equal(tls_settings_set_verify(&a, TLS_VERIFY_NONE), 0);
	a.dtls_role = 1;
	a.on_connect = 0;
	assert_int_equal(tls_settings_copy(&b, &a), 0);
	tls_settings_fini(&a);
	assert_int_equal(b.ntags, 2);
	assert_int_equal(b.dtls_role, 1);
	assert_int_equal(b.on_connect, 0);
	assert_int_equal(b.tags[1], 2);
	assert_string_equal(b.hostname, "dev.test");
	assert_true(b.hostname_set);
	assert_int_equal(tls_settings_verify(&b, TLS_ROLE_CLIENT),
	    TLS_VERIFY_NONE);
	tls_settings_fini(&b);
}

/* A name that was never set is not the same as one that was set to NULL. */
static void
a_copy_keeps_what_was_never_set(void **state)
{
	struct tls_settings a, b;

	(void)state;
	tls_settings_init(&a);
	tls_settings_init(&b);
	assert_int_equal(tls_settings_copy(&b, &a), 0);
	assert_false(b.hostname_set);
	assert_int_equal(tls_settings_set_hostname(&a, NULL), 0);
	assert_int_equal(tls_settings_copy(&b, &a), 0);
	assert_true(b.hostname_set);
	assert_null(b.hostname);
	tls_settings_fini(&a);
	tls_settings_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(new_settings_hold_nothing),
		cmocka_unit_test(tags_are_copied_and_replaced),
		cmocka_unit_test(a_copy_is_equal_and_its_own),
		cmocka_unit_test(a_copy_keeps_what_was_never_set),
	};
	struct CMUnitTest tests[LEN(names) + LEN(verifies) + LEN(fixed)];
	size_t n = 0;

	memset(longest, 'a', TLS_HOSTNAME_MAX);
	memset(too_long, 'a', TLS_HOSTNAME_MAX + 1);
	for (size_t i = 0; i < LEN(names); i++)
		tests[n++] = (struct CMUnitTest){ .name = names[i].name,
			.test_func = set_hostname,
			.initial_state = (void *)&names[i] };
	for (size_t i = 0; i < LEN(verifies); i++)
		tests[n++] = (struct CMUnitTest){ .name = verifies[i].name,
			.test_func = set_verify,
			.initial_state = (void *)&verifies[i] };
	memcpy(&tests[n], fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("tls/settings", tests, NULL, NULL);
}
