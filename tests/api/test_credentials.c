#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/tls_credentials.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "support/capture.h"

#define TAG 11

static int
setup(void **state)
{
	(void)state;
	for (int type = 1; type < 8; type++)
		(void)tls_credential_delete(TAG,
		    (enum tls_credential_type)type);
	profile_set(PROFILE_ZEPHYR);
	limits_clear();
	errno = EXDEV; /* none of the calls sets it */
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return errno == EXDEV ? 0 : -1;
}

/* What is added to an empty tag, and what comes of it. */
static const struct add_case {
	const char *name;
	enum tls_credential_type type;
	const void *data;
	size_t len;
	int want;
} adds[] = {
	{ "add_ca", TLS_CREDENTIAL_CA_CERTIFICATE, "ca", 2, 0 },
	{ "add_certificate", TLS_CREDENTIAL_PUBLIC_CERTIFICATE, "cert", 4, 0 },
	{ "add_certificate_by_its_old_name", TLS_CREDENTIAL_SERVER_CERTIFICATE,
	    "cert", 4, 0 },
	{ "add_key", TLS_CREDENTIAL_PRIVATE_KEY, "key", 3, 0 },
	{ "add_psk", TLS_CREDENTIAL_PSK, "\0\1\2", 3, 0 },
	{ "add_psk_id", TLS_CREDENTIAL_PSK_ID, "id", 2, 0 },
	{ "add_unknown_type", (enum tls_credential_type)7, "x", 1, 0 },
	{ "add_empty", TLS_CREDENTIAL_PSK, "", 0, 0 },
	{ "add_null_of_length_0", TLS_CREDENTIAL_PSK, NULL, 0, 0 },
	{ "add_null", TLS_CREDENTIAL_PSK, NULL, 1, -EINVAL },
	{ "add_none", TLS_CREDENTIAL_NONE, "x", 1, -EINVAL },
	{ "add_more_than_fits", TLS_CREDENTIAL_PSK, "x", SIZE_MAX, -ENOMEM },
};

static void
add_answers(void **state)
{
	const struct add_case *c = *state;
	char got[16];
	size_t len = sizeof(got);

	assert_int_equal(tls_credential_add(TAG, c->type, c->data, c->len),
	    c->want);
	if (c->want != 0) {
		assert_int_equal(tls_credential_get(TAG, c->type, got, &len),
		    -ENOENT);
		assert_int_equal(len, 0);
		return;
	}
	assert_int_equal(tls_credential_add(TAG, c->type, c->data, c->len),
	    -EEXIST);
	assert_int_equal(tls_credential_get(TAG, c->type, got, &len), 0);
	assert_int_equal(len, c->len);
	if (len > 0)
		assert_memory_equal(got, c->data, len);
	assert_int_equal(tls_credential_delete(TAG, c->type), 0);
	assert_int_equal(tls_credential_delete(TAG, c->type), -ENOENT);
	assert_int_equal(tls_credential_add(TAG, c->type, c->data, c->len), 0);
}

/* What get answers of 4 bytes that are stored. */
static const struct get_case {
	const char *name;
	int null; /* cred is NULL */
	size_t room;
	int want;
	size_t len;
} gets[] = {
	{ "get_with_room_to_spare", 0, 8, 0, 4 },
	{ "get_that_just_fits", 0, 4, 0, 4 },
	{ "get_that_does_not_fit", 0, 3, -EFBIG, 4 },
	{ "get_without_room", 0, 0, -EFBIG, 4 },
	{ "get_of_the_length_alone", 1, 0, -EFBIG, 4 },
	{ "get_into_null", 1, 4, -EINVAL, 4 },
};

static void
get_answers(void **state)
{
	const struct get_case *c = *state;
	const char *want = c->want == 0 ? "abcd####" : "########";
	char got[8];
	size_t len = c->room;

	memset(got, '#', sizeof(got));
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "abcd", 4),
	    0);
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK,
	                     c->null ? NULL : got, &len),
	    c->want);
	assert_int_equal(len, c->len);
	assert_memory_equal(got, want, sizeof(got));
}

static void
get_without_length_is_einval(void **state)
{
	char got[8];

	(void)state;
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "abcd", 4),
	    0);
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, NULL),
	    -EINVAL);
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, NULL,
	                     NULL),
	    -EINVAL);
}

static void
get_of_nothing_is_enoent_and_length_0(void **state)
{
	char got[8] = "untouch";
	size_t len = sizeof(got);

	(void)state;
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, &len),
	    -ENOENT);
	assert_int_equal(len, 0);
	assert_string_equal(got, "untouch");
}

static void
the_buffer_may_be_used_again(void **state)
{
	char data[] = "abcd", got[8];
	size_t len = sizeof(got);

	(void)state;
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, data, 4),
	    0);
	memset(data, 'x', 4);
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, &len),
	    0);
	assert_memory_equal(got, "abcd", 4);
}

static void
a_replaced_credential_is_the_new_one(void **state)
{
	char got[8];
	size_t len = sizeof(got);

	(void)state;
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "old", 3),
	    0);
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "new!", 4),
	    -EEXIST);
	assert_int_equal(tls_credential_delete(TAG, TLS_CREDENTIAL_PSK), 0);
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "new!", 4),
	    0);
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, &len),
	    0);
	assert_int_equal(len, 4);
	assert_memory_equal(got, "new!", 4);
}

static void
tags_are_apart(void **state)
{
	const sec_tag_t other = TAG + 1;

	(void)state;
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "a", 1),
	    0);
	assert_int_equal(tls_credential_add(other, TLS_CREDENTIAL_PSK, "b", 1),
	    0);
	assert_int_equal(tls_credential_delete(TAG, TLS_CREDENTIAL_PSK), 0);
	assert_int_equal(tls_credential_delete(TAG, TLS_CREDENTIAL_PSK_ID),
	    -ENOENT);
	assert_int_equal(tls_credential_delete(other, TLS_CREDENTIAL_PSK), 0);
}

/* What the profiles answer differently. */
static const struct profile_case {
	const char *name;
	enum profile profile;
	bool keeps;  /* *credlen stays after a failure */
	bool hazard; /* a credential of no type is warned about */
} profiles[] = {
	{ "as_zephyr", PROFILE_ZEPHYR, false, true },
	{ "as_zephyr_3_3", PROFILE_ZEPHYR_3_3, true, true },
	{ "as_linux", PROFILE_LINUX, false, false },
};

static void
profile_answers(void **state)
{
	const struct profile_case *c = *state;
	char got[8];
	size_t len = 3;

	profile_set(c->profile);
	capture_start();
	errno = EXDEV;
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, &len),
	    -ENOENT);
	assert_int_equal(len, c->keeps ? 3 : 0);
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "abcd", 4),
	    0);
	len = 3;
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, &len),
	    -EFBIG);
	assert_int_equal(len, c->keeps ? 3 : 4);
	len = sizeof(got);
	assert_int_equal(tls_credential_get(TAG, TLS_CREDENTIAL_PSK, got, &len),
	    0);
	assert_int_equal(len, 4);
	assert_string_equal(capture_text(), "");
	errno = EXDEV;
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_NONE, "x", 1),
	    -EINVAL);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(strstr(capture_text(), "hazard: ") != NULL, c->hazard);
	capture_stop();
	errno = EXDEV;
}

static void
the_targets_limit_counts_what_is_stored(void **state)
{
	int full;

	(void)state;
	capture_start();
	errno = EXDEV;
	assert_int_equal(limits_set("CONFIG_TLS_MAX_CREDENTIALS_NUMBER", 2), 0);
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "a", 1),
	    0);
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK_ID, "b", 1),
	    0);
	/* What is taken is looked for first. */
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PSK, "c", 1),
	    -EEXIST);
	assert_string_equal(capture_text(), "");
	errno = EXDEV;
	full = tls_credential_add(TAG, TLS_CREDENTIAL_PRIVATE_KEY, "d", 1);
	assert_int_equal(full, -ENOMEM);
	assert_int_equal(errno, EXDEV);
	assert_non_null(
	    strstr(capture_text(), "CONFIG_TLS_MAX_CREDENTIALS_NUMBER=2"));
	assert_int_equal(tls_credential_delete(TAG, TLS_CREDENTIAL_PSK), 0);
	assert_int_equal(tls_credential_add(TAG, TLS_CREDENTIAL_PRIVATE_KEY,
	                     "d", 1),
	    0);
	capture_stop();
	errno = EXDEV;
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test_setup_teardown(get_without_length_is_einval,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    get_of_nothing_is_enoent_and_length_0, setup, teardown),
		cmocka_unit_test_setup_teardown(the_buffer_may_be_used_again,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_replaced_credential_is_the_new_one, setup, teardown),
		cmocka_unit_test_setup_teardown(tags_are_apart, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    the_targets_limit_counts_what_is_stored, setup, teardown),
	};
	struct CMUnitTest
	    tests[LEN(adds) + LEN(gets) + LEN(profiles) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(adds); i++) {
		tests[n++] = (struct CMUnitTest){ .name = adds[i].name,
			.test_func = add_answers,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&adds[i] };
	}
	for (size_t i = 0; i < LEN(gets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = gets[i].name,
			.test_func = get_answers,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&gets[i] };
	}
	for (size_t i = 0; i < LEN(profiles); i++) {
		tests[n++] = (struct CMUnitTest){ .name = profiles[i].name,
			.test_func = profile_answers,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&profiles[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/credentials", tests, NULL,
	    NULL);
}
