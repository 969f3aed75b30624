#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/profile.h"
#include "sock/option.h"
#include "support/capture.h"
#include "support/fake_kernel.h"

/* What the rows below were called with. */
static struct {
	int calls;
	const struct option *row;
	const void *val;
	socklen_t len;
} seen;

static int
record_set(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	seen.calls++;
	seen.row = o;
	seen.val = val;
	seen.len = len;
	return -EXDEV; /* a row's own answer is passed on */
}

static int
record_get(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)s;
	seen.calls++;
	seen.row = o;
	seen.val = val;
	seen.len = *len;
	*len = 1;
	return 0;
}

#define BOTH_WAYS (OPTION_GET | OPTION_SET)

/* A kind with two tables; the first has the say where both have a row. */
static const struct option first_rows[] = {
	{ 10, 1, 2, 4, record_set, record_get, .null_ok = false },
	{ 10, 2, 0, 8, record_set, NULL, .null_ok = true },
	{ 10, 3, 4, 4, NULL, record_get, .exact = true },
	{ 10, 5, 1, 1, record_set, record_get,
	    .in = OPTION_IN(OPTION_GET, OPTION_SET, BOTH_WAYS) },
	{ 10, 6, 1, 1, record_set, record_get,
	    .in = OPTION_IN(BOTH_WAYS, 0, 0) },
	{ 10, 6, 0, 99, record_set, NULL, .in = OPTION_IN(0, OPTION_SET, 0) },
	{ 10, 7, 4, 4, NULL, record_get, .unchecked = true },
	OPTION_END,
};

static const struct option second_rows[] = {
	{ 10, 1, 0, 99, record_set, record_get, .null_ok = true },
	{ 10, 5, 1, 8, record_set, NULL, .in = OPTION_IN(OPTION_SET, 0, 0) },
	{ 11, 1, 1, 1, record_set, record_get, .null_ok = false },
	OPTION_END,
};

static const struct option *const tables[] = {
	first_rows,
	second_rows,
	NULL,
};

static const struct zsock_ops ops = { .name = "test", .options = tables };

enum { NO_VALUE, VALUE };

static const struct row_case {
	const char *name;
	int level, option;
	int value;
	socklen_t len;
	int want;
	const struct option *row; /* the one that was called, or NULL */
	enum profile profile;
} sets[] = {
	{ "set_shortest", 10, 1, VALUE, 2, -EXDEV, &first_rows[0], PROFILE_ZEPHYR },
	{ "set_longest", 10, 1, VALUE, 4, -EXDEV, &first_rows[0], PROFILE_ZEPHYR },
	{ "set_too_short", 10, 1, VALUE, 1, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "set_too_long", 10, 1, VALUE, 5, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "set_length_0", 10, 1, VALUE, 0, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "set_without_value", 10, 1, NO_VALUE, 4, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "set_empty_value", 10, 2, VALUE, 0, -EXDEV, &first_rows[1], PROFILE_ZEPHYR },
	{ "set_null_where_it_may_be", 10, 2, NO_VALUE, 4242, -EXDEV,
	    &first_rows[1], PROFILE_ZEPHYR },
	{ "set_read_only", 10, 3, VALUE, 4, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "set_in_second_table", 11, 1, VALUE, 1, -EXDEV, &second_rows[2], PROFILE_ZEPHYR },
	{ "set_unknown_name", 10, 4, VALUE, 4, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "set_unknown_level", 12, 1, VALUE, 4, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "set_unknown_without_value", 12, 1, NO_VALUE, 4, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "set_level_0_name_0", 0, 0, VALUE, 0, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "set_of_a_direction_that_the_second_table_has", 10, 5, VALUE, 8,
	    -EXDEV, &second_rows[1], PROFILE_ZEPHYR },
	{ "set_of_the_older_profile", 10, 5, VALUE, 1, -EXDEV, &first_rows[3],
	    PROFILE_ZEPHYR_3_3 },
	{ "set_of_the_hosts_profile", 10, 5, VALUE, 1, -EXDEV, &first_rows[3],
	    PROFILE_LINUX },
	{ "set_by_the_newer_of_two_rows", 10, 6, VALUE, 1, -EXDEV,
	    &first_rows[4], PROFILE_ZEPHYR },
	{ "set_too_long_for_the_newer_of_two_rows", 10, 6, VALUE, 2, -EINVAL,
	    NULL, PROFILE_ZEPHYR },
	{ "set_by_the_older_of_two_rows", 10, 6, VALUE, 2, -EXDEV,
	    &first_rows[5], PROFILE_ZEPHYR_3_3 },
}, gets[] = {
	{ "get_least_room", 10, 1, VALUE, 2, 0, &first_rows[0], PROFILE_ZEPHYR },
	{ "get_room_to_spare", 10, 1, VALUE, 64, 0, &first_rows[0], PROFILE_ZEPHYR },
	{ "get_too_little_room", 10, 1, VALUE, 1, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "get_without_value", 10, 1, NO_VALUE, 4, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "get_write_only", 10, 2, VALUE, 8, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "get_exact_room", 10, 3, VALUE, 4, 0, &first_rows[2], PROFILE_ZEPHYR },
	{ "get_less_than_exact", 10, 3, VALUE, 3, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "get_more_than_exact", 10, 3, VALUE, 5, -EINVAL, NULL, PROFILE_ZEPHYR },
	{ "get_in_second_table", 11, 1, VALUE, 1, 0, &second_rows[2], PROFILE_ZEPHYR },
	{ "get_unknown_name", 10, 4, VALUE, 4, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "get_unknown_without_value", 10, 4, NO_VALUE, 4, -ENOPROTOOPT, NULL, PROFILE_ZEPHYR },
	{ "get_of_the_newer_profile", 10, 5, VALUE, 1, 0, &first_rows[3], PROFILE_ZEPHYR },
	{ "get_not_in_the_older_profile", 10, 5, VALUE, 1, -ENOPROTOOPT, NULL,
	    PROFILE_ZEPHYR_3_3 },
	{ "get_by_no_row_of_the_older_profile", 10, 6, VALUE, 1, -ENOPROTOOPT,
	    NULL, PROFILE_ZEPHYR_3_3 },
};

static void
set_row(void **state)
{
	const struct row_case *c = *state;
	const char value[8] = "value";
	struct zsock s;

	profile_set(c->profile);
	sock_init(&s, &ops, -1);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(option_set(&s, c->level, c->option,
	                     c->value == VALUE ? value : NULL, c->len),
	    c->want);
	assert_ptr_equal(seen.row, c->row);
	assert_int_equal(seen.calls, c->row != NULL);
	assert_ptr_equal(seen.val,
	    c->row != NULL && c->value == VALUE ? value : NULL);
	assert_int_equal(seen.len, c->row != NULL ? c->len : 0);
}

static void
get_row(void **state)
{
	const struct row_case *c = *state;
	char value[64];
	socklen_t len = c->len;
	struct zsock s;

	profile_set(c->profile);
	sock_init(&s, &ops, -1);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(option_get(&s, c->level, c->option,
	                     c->value == VALUE ? value : NULL, &len),
	    c->want);
	assert_ptr_equal(seen.row, c->row);
	assert_int_equal(seen.calls, c->row != NULL);
	assert_int_equal(len, c->row != NULL ? 1 : c->len);
	if (c->row != NULL)
		assert_int_equal(seen.len, c->len);
}

static void
get_without_length_is_einval(void **state)
{
	char value[8];
	struct zsock s;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	sock_init(&s, &ops, -1);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(option_get(&s, 10, 1, value, NULL), -EINVAL);
	assert_int_equal(option_get(&s, 99, 1, value, NULL), -ENOPROTOOPT);
	assert_int_equal(seen.calls, 0);
}

/* Only there does the older device write more than was asked for. */
static void
short_get_of_an_unchecked_option_is_a_hazard(void **state)
{
	char value[8];
	socklen_t len = 3;
	struct zsock s;

	(void)state;
	sock_init(&s, &ops, -1);
	capture_start();
	for (int p = 0; p < PROFILE_COUNT; p++) {
		profile_set((enum profile)p);
		assert_int_equal(option_get(&s, 10, 7, value, &len), -EINVAL);
		assert_int_equal(strstr(capture_text(),
		                     "hazard: getsockopt: *optlen is too "
		                     "short: EINVAL; the device writes beyond "
		                     "it") != NULL,
		    p == PROFILE_ZEPHYR_3_3);
		assert_int_equal(option_get(&s, 10, 3, value, &len), -EINVAL);
		assert_null(strstr(capture_text(), "hazard"));
	}
	capture_stop();
}

static void
missing_option_is_in_the_log(void **state)
{
	socklen_t len = 4;
	char value[4] = "";
	struct zsock s;

	(void)state;
	profile_set(PROFILE_ZEPHYR_3_3);
	sock_init(&s, &ops, -1);
	capture_start();
	assert_int_equal(option_set(&s, 10, 6, NULL, 1), -EINVAL);
	assert_non_null(strstr(capture_text(), "the value is NULL"));
	assert_int_equal(option_get(&s, 10, 6, value, &len), -ENOPROTOOPT);
	assert_non_null(strstr(capture_text(), "not in this direction"));
	assert_int_equal(option_set(&s, 10, 4, value, len), -ENOPROTOOPT);
	assert_non_null(strstr(capture_text(),
	    "such a socket does not have it in the profile zephyr-3.3"));
	capture_stop();
}

/* The host's profile asks the kernel, but not for what is Zephyr's alone. */
static const struct host_case {
	const char *name;
	int level, option;
	bool asked;
} hosts[] = {
	{ "a_name_without_a_row", SOL_SOCKET, SO_OOBINLINE, true },
	{ "a_level_without_a_row", 4242, 1, true },
	{ "the_level_of_tls", 282, 1, false },
	{ "the_level_of_tls_and_any_name", 282, 4242, false },
	{ "a_number_of_zephyrs", SOL_SOCKET, 0x5a01, false },
	{ "the_last_number_of_zephyrs", IPPROTO_IP, 0x5aff, false },
	{ "the_next_number", SOL_SOCKET, 0x5b00, true },
};

static void
host_asks_kernel(void **state)
{
	const struct host_case *c = *state;
	int value = 1;
	socklen_t len = sizeof(value);
	struct zsock s;

	profile_set(PROFILE_LINUX);
	sock_init(&s, &ops, -1);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SETSOCKOPT, 1, EXDEV);
	assert_int_equal(option_set(&s, c->level, c->option, &value, len),
	    c->asked ? -EXDEV : -ENOPROTOOPT);
	assert_int_equal(fake_kernel_count(FAKE_SETSOCKOPT), c->asked);
	fake_kernel_remove();
	/* Descriptor -1 is the kernel's to refuse. */
	assert_int_equal(option_get(&s, c->level, c->option, &value, &len),
	    c->asked ? -EBADF : -ENOPROTOOPT);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(get_without_length_is_einval),
		cmocka_unit_test(short_get_of_an_unchecked_option_is_a_hazard),
		cmocka_unit_test(missing_option_is_in_the_log),
	};
	struct CMUnitTest
	    tests[LEN(sets) + LEN(gets) + LEN(hosts) + LEN(others)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(sets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = sets[i].name,
			.test_func = set_row,
			.initial_state = (void *)&sets[i] };
	}
	for (size_t i = 0; i < LEN(gets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = gets[i].name,
			.test_func = get_row,
			.initial_state = (void *)&gets[i] };
	}
	for (size_t i = 0; i < LEN(hosts); i++) {
		tests[n++] = (struct CMUnitTest){ .name = hosts[i].name,
			.test_func = host_asks_kernel,
			.initial_state = (void *)&hosts[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("sock/option", tests, NULL, NULL);
}
