#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/config.h"
#include "base/profile.h"
#include "cred/store.h"
#include "support/capture.h"

#define TAG 3
#define WARNING "sec_tag 3: the PSK is used as it was added"

static int
setup(void **state)
{
	(void)state;
	(void)store_delete(TAG, CRED_PSK);
	profile_set(PROFILE_ZEPHYR);
	capture_start();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	capture_stop();
	return 0;
}

/* A connection with the tag; what it says. */
static const char *
use(void)
{
	struct cred_set *set;
	int missing;

	errno = EXDEV;
	assert_int_equal(store_collect(&(int){ TAG }, 1, &set, &missing), 0);
	assert_int_equal(errno, EXDEV);
	assert_memory_equal(set->creds[0]->data, "secret", 6);
	store_set_put(set);
	return capture_text();
}

static const struct profile_case {
	const char *name;
	enum profile profile;
	bool warns;
} profiles[] = {
	{ "a_changed_buffer_is_told_as_zephyr", PROFILE_ZEPHYR, true },
	{ "a_changed_buffer_is_told_as_zephyr_3_3", PROFILE_ZEPHYR_3_3, true },
	{ "a_changed_buffer_is_not_told_as_linux", PROFILE_LINUX, false },
};

static void
a_changed_buffer_is_told_once(void **state)
{
	const struct profile_case *c = *state;
	char buf[] = "secret";
	const char *said;

	profile_set(c->profile);
	assert_int_equal(store_add(TAG, CRED_PSK, buf, 6), 0);
	assert_string_equal(use(), "");
	buf[5] = 'T';
	said = use();
	if (!c->warns) {
		assert_string_equal(said, "");
		return;
	}
	assert_non_null(strstr(said, WARNING));
	assert_null(strstr(said, "secre")); /* nothing of it */
	assert_string_equal(use(), "");
}

/* Of another credential it is told again. */
static void
a_changed_buffer_is_told_of_each(void **state)
{
	char buf[] = "secret";

	(void)state;
	assert_int_equal(store_add(TAG, CRED_PSK, buf, 6), 0);
	buf[0] = 'x';
	assert_non_null(strstr(use(), WARNING));
	assert_int_equal(store_delete(TAG, CRED_PSK), 0);
	buf[0] = 's';
	assert_int_equal(store_add(TAG, CRED_PSK, buf, 6), 0);
	assert_string_equal(use(), "");
	buf[0] = 'y';
	assert_non_null(strstr(use(), WARNING));
}

static void
a_buffer_that_is_gone_is_no_harm(void **state)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	memcpy(page, "secret", 6);
	assert_int_equal(store_add(TAG, CRED_PSK, page, 6), 0);
	assert_int_equal(munmap(page, 4096), 0);
	assert_string_equal(use(), "");
}

/* Memory that a sanitizer has poisoned is looked at, too. */
static void
a_buffer_that_was_freed_is_no_harm(void **state)
{
	char *buf = malloc(6);

	(void)state;
	assert_non_null(buf);
	memcpy(buf, "secret", 6);
	assert_int_equal(store_add(TAG, CRED_PSK, buf, 6), 0);
	free(buf);
	(void)use();
}

/* What others have stored was never the program's. */
static void
a_bundles_value_has_no_buffer(void **state)
{
	unsigned char buf[] = "secret";
	const struct cred_op op = { .kind = CRED_OP_ADD,
		.tag = TAG,
		.type = CRED_PSK,
		.data = buf,
		.len = 6 };
	const struct store_change how = { .origin = CRED_FROM_ENV };
	struct cred_op_count count;
	uint64_t generation;
	size_t failed;

	(void)state;
	assert_int_equal(store_apply(&op, 1, &how, &count, &generation,
	                     &failed),
	    0);
	buf[0] = 'x';
	assert_string_equal(use(), "");
}

static void
a_log_that_would_not_show_it_is_not_written(void **state)
{
	char buf[] = "secret";

	(void)state;
	assert_int_equal(store_add(TAG, CRED_PSK, buf, 6), 0);
	buf[0] = 'x';
	setenv("ZSOCK_LOG", "error", 1);
	config_reload();
	assert_string_equal(use(), "");
	setenv("ZSOCK_LOG", "warn", 1);
	config_reload();
	assert_non_null(strstr(use(), WARNING)); /* and was not told before */
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_changed_buffer_is_told_of_each),
		cmocka_unit_test(a_buffer_that_is_gone_is_no_harm),
		cmocka_unit_test(a_buffer_that_was_freed_is_no_harm),
		cmocka_unit_test(a_bundles_value_has_no_buffer),
		cmocka_unit_test(a_log_that_would_not_show_it_is_not_written),
	};
	struct CMUnitTest tests[LEN(others) + LEN(profiles)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, a_changed_buffer_is_told_once, profiles,
	    LEN(profiles), sizeof(profiles[0]));
	for (size_t i = 0; i < n; i++) {
		tests[i].setup_func = setup;
		tests[i].teardown_func = teardown;
	}
	return cmocka_run_group_tests_name("cred/lent", tests, NULL, NULL);
}
