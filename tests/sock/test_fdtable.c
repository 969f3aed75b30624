#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "sock/fdtable.h"
#include "sock/wake.h"
#include "support/capture.h"

#define CAPACITY (1 << 20)

static int destroyed;

static void
dummy_destroy(struct zsock *s)
{
	destroyed++;
	sock_release(s, sizeof(*s));
}

/* A socket without a kernel socket: all that the table looks at. */
static const struct zsock_ops dummy_ops = {
	.name = "dummy",
	.destroy = dummy_destroy,
};

static struct zsock *
dummy_new(void)
{
	struct zsock *s = sock_alloc(sizeof(*s));

	assert_non_null(s);
	sock_init(s, &dummy_ops, -1);
	return s;
}

static int
open_dummy(void)
{
	const int place = fdtable_reserve();

	assert_true(place >= 0);
	return fdtable_install(place, dummy_new());
}

static void
close_dummy(int sock)
{
	struct zsock *s = fdtable_remove(sock);

	assert_non_null(s);
	sock_put(s);
}

/* Every test begins and ends with an empty table of the usual size. */
static int
setup(void **state)
{
	(void)state;
	fdtable_limit(0);
	limits_clear();
	destroyed = 0;
	return 0;
}

static void
the_lowest_free_number_is_given(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(open_dummy(), i);
	close_dummy(3);
	close_dummy(1);
	close_dummy(4);
	assert_int_equal(open_dummy(), 1);
	assert_int_equal(open_dummy(), 3);
	assert_int_equal(open_dummy(), 4);
	assert_int_equal(open_dummy(), 6);
	for (int i = 0; i < 7; i++)
		close_dummy(i);
	assert_int_equal(destroyed, 10);
}

static void
a_place_is_nobodys_until_it_is_installed(void **state)
{
	const int place = fdtable_reserve();
	struct zsock *s = dummy_new();

	(void)state;
	assert_int_equal(place, 0);
	assert_false(fdtable_owns(place));
	assert_null(fdtable_get(place));
	assert_null(fdtable_peek(place));
	assert_null(fdtable_remove(place));
	assert_int_equal(fdtable_install(place, s), place);
	assert_true(fdtable_owns(place));
	assert_ptr_equal(fdtable_peek(place), s);
	assert_int_equal(s->number, place);
	close_dummy(place);
	assert_false(fdtable_owns(place));
}

static void
a_reserved_place_is_not_given_twice(void **state)
{
	const int a = fdtable_reserve(), b = fdtable_reserve();

	(void)state;
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	fdtable_cancel(a);
	assert_int_equal(fdtable_reserve(), a);
	fdtable_cancel(b);
	fdtable_cancel(a);
	assert_int_equal(fdtable_reserve(), 0);
	fdtable_cancel(0);
}

/* Limits below, at and above the words of the map that the table keeps. */
static void
a_full_table_is_enfile(void **state)
{
	const int limits[] = { 1, 2, 63, 64, 65, 128, 130, 1000 };

	(void)state;
	for (size_t i = 0; i < LEN(limits); i++) {
		const int n = limits[i];

		fdtable_limit(n);
		for (int k = 0; k < n; k++)
			assert_int_equal(fdtable_reserve(), k);
		assert_int_equal(fdtable_reserve(), -ENFILE);
		assert_int_equal(fdtable_reserve(), -ENFILE);
		fdtable_cancel(n / 2);
		assert_int_equal(fdtable_reserve(), n / 2);
		assert_int_equal(fdtable_reserve(), -ENFILE);
		fdtable_limit(n + 1);
		assert_int_equal(fdtable_reserve(), n);
		for (int k = 0; k <= n; k++)
			fdtable_cancel(k);
	}
}

static void
a_limit_below_what_is_open_closes_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(open_dummy(), i);
	fdtable_limit(2);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	assert_true(fdtable_owns(3));
	close_dummy(3);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	close_dummy(1);
	assert_int_equal(open_dummy(), 1);
	close_dummy(0);
	close_dummy(1);
	close_dummy(2);
}

static void
the_usual_limit_is_that_of_descriptors(void **state)
{
	struct rlimit saved, low;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	low = saved;
	low.rlim_cur = 37;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	fdtable_limit(0);
	for (int i = 0; i < 37; i++)
		assert_int_equal(fdtable_reserve(), i);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
	for (int i = 0; i < 37; i++)
		fdtable_cancel(i);
}

static void
a_number_is_not_reused_while_a_reference_is_held(void **state)
{
	const int sock = open_dummy();
	struct zsock *held = fdtable_get(sock);

	(void)state;
	assert_non_null(held);
	close_dummy(sock);
	assert_int_equal(destroyed, 0);
	assert_int_not_equal(open_dummy(), sock);
	sock_put(held);
	assert_int_equal(destroyed, 1);
	assert_int_equal(open_dummy(), sock);
	close_dummy(sock);
	close_dummy(sock + 1);
}

static void
get_takes_a_reference(void **state)
{
	const int sock = open_dummy();
	struct zsock *a = fdtable_get(sock), *b = fdtable_get(sock);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_equal(a, fdtable_peek(sock));
	assert_int_equal(atomic_load(&a->refs), 3);
	sock_put(a);
	sock_put(b);
	assert_int_equal(destroyed, 0);
	assert_int_equal(atomic_load(&a->refs), 1);
	close_dummy(sock);
	assert_int_equal(destroyed, 1);
}

static void
a_socket_is_removed_once(void **state)
{
	const int sock = open_dummy();
	struct zsock *s = fdtable_remove(sock);

	(void)state;
	assert_non_null(s);
	assert_null(fdtable_remove(sock));
	assert_null(fdtable_get(sock));
	assert_null(fdtable_peek(sock));
	assert_false(fdtable_owns(sock));
	sock_put(s);
	assert_int_equal(destroyed, 1);
}

static void
a_number_that_is_not_ours_finds_nothing(void **state)
{
	const int numbers[] = { -1, INT_MIN, 1, 63, CAPACITY - 1, CAPACITY,
		CAPACITY + 1, INT_MAX };
	const int sock = open_dummy();

	(void)state;
	assert_int_equal(sock, 0);
	for (size_t i = 0; i < LEN(numbers); i++) {
		assert_null(fdtable_get(numbers[i]));
		assert_null(fdtable_peek(numbers[i]));
		assert_null(fdtable_remove(numbers[i]));
		assert_false(fdtable_owns(numbers[i]));
	}
	close_dummy(sock);
}

static void
the_numbering_stays_once_a_number_was_given(void **state)
{
	const int sock = open_dummy();

	(void)state;
	assert_false(fdtable_use_kernel_numbers());
	assert_false(fdtable_kernel_numbers());
	close_dummy(sock);
	assert_false(fdtable_use_kernel_numbers());
	assert_false(fdtable_kernel_numbers());
	assert_int_equal(open_dummy(), sock);
	close_dummy(sock);
}

static void
the_targets_limit_is_named_when_it_is_reached(void **state)
{
	(void)state;
	capture_start();
	assert_int_equal(limits_set("CONFIG_POSIX_MAX_FDS", 2), 0);
	assert_int_equal(open_dummy(), 0);
	assert_int_equal(open_dummy(), 1);
	assert_string_equal(capture_text(), "");
	assert_int_equal(fdtable_reserve(), -ENFILE);
	assert_non_null(strstr(capture_text(), "CONFIG_POSIX_MAX_FDS=2"));
	/* A limit of the host's is none of the target's. */
	fdtable_limit(1);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	assert_string_equal(capture_text(), "");
	fdtable_limit(0);
	assert_int_equal(limits_set("CONFIG_POSIX_MAX_FDS", 3), 0);
	assert_int_equal(open_dummy(), 2);
	for (int i = 0; i < 3; i++)
		close_dummy(i);
	capture_stop();
}

static void
an_inner_number_is_taken_only_under_the_targets_limit(void **state)
{
	int outer, inner = 4242;

	(void)state;
	assert_int_equal(fdtable_reserve_inner(&inner), 0);
	assert_int_equal(inner, -1);
	fdtable_cancel(inner);
	assert_int_equal(limits_set("CONFIG_ZVFS_OPEN_MAX", 3), 0);
	outer = open_dummy();
	assert_int_equal(fdtable_reserve_inner(&inner), 0);
	assert_int_equal(inner, outer + 1);
	assert_false(fdtable_owns(inner));
	assert_int_equal(open_dummy(), outer + 2);
	assert_int_equal(fdtable_reserve_inner(&inner), -ENFILE);
	assert_int_equal(inner, outer + 1);
	fdtable_cancel(inner);
	assert_int_equal(open_dummy(), inner);
	for (int i = 0; i < 3; i++)
		close_dummy(i);
}

static void
a_hidden_place_is_out_of_the_programs_way(void **state)
{
	struct zsock *s = dummy_new();
	int a, b;

	(void)state;
	assert_int_equal(limits_set("CONFIG_ZVFS_OPEN_MAX", 1), 0);
	a = fdtable_reserve_hidden();
	b = fdtable_reserve_hidden();
	assert_int_equal(a, CAPACITY - 1);
	assert_int_equal(b, CAPACITY - 2);
	assert_int_equal(fdtable_install(a, s), a);
	assert_ptr_equal(fdtable_peek(a), s);
	assert_int_equal(open_dummy(), 0);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	close_dummy(0);
	close_dummy(a);
	fdtable_cancel(b);
	assert_int_equal(fdtable_reserve_hidden(), a);
	fdtable_cancel(a);
}

struct seen {
	int socks[4];
	int n;
};

static void
see(struct zsock *s, int sock, void *arg)
{
	struct seen *seen = arg;

	assert_ptr_equal(fdtable_peek(sock), s);
	assert_int_equal(atomic_load(&s->refs), 2);
	assert_true((size_t)seen->n < LEN(seen->socks));
	seen->socks[seen->n++] = sock;
}

static void
each_open_socket_is_seen_once(void **state)
{
	struct seen seen = { .n = 0 };
	int hidden;

	(void)state;
	fdtable_each(see, &seen);
	assert_int_equal(seen.n, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(open_dummy(), i);
	close_dummy(1);
	fdtable_each(see, &seen);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.socks[0], 0);
	assert_int_equal(seen.socks[1], 2);
	assert_int_equal(seen.socks[2], 3);
	assert_int_equal(atomic_load(&fdtable_peek(3)->refs), 1);
	hidden = wake_open();
	assert_true(hidden > 3);
	seen.n = 0;
	fdtable_each(see, &seen);
	assert_int_equal(seen.n, 4);
	assert_int_equal(seen.socks[3], hidden);
	wake_close(hidden);
	seen.n = 0;
	fdtable_each(see, &seen);
	assert_int_equal(seen.n, 3);
	close_dummy(0);
	close_dummy(2);
	close_dummy(3);
}

/* Must come first: no number was given yet. */
static void
before_the_first_number_nothing_is_owned(void **state)
{
	(void)state;
	assert_false(fdtable_owns(0));
	assert_null(fdtable_get(0));
	assert_null(fdtable_remove(0));
	assert_false(fdtable_kernel_numbers());
	fdtable_limit(1);
	assert_int_equal(fdtable_reserve(), 0);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	fdtable_cancel(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(before_the_first_number_nothing_is_owned,
		    setup),
		cmocka_unit_test_setup(the_lowest_free_number_is_given, setup),
		cmocka_unit_test_setup(a_place_is_nobodys_until_it_is_installed,
		    setup),
		cmocka_unit_test_setup(a_reserved_place_is_not_given_twice,
		    setup),
		cmocka_unit_test_setup(a_full_table_is_enfile, setup),
		cmocka_unit_test_setup(
		    a_limit_below_what_is_open_closes_nothing, setup),
		cmocka_unit_test_setup(the_usual_limit_is_that_of_descriptors,
		    setup),
		cmocka_unit_test_setup(
		    a_number_is_not_reused_while_a_reference_is_held, setup),
		cmocka_unit_test_setup(get_takes_a_reference, setup),
		cmocka_unit_test_setup(a_socket_is_removed_once, setup),
		cmocka_unit_test_setup(a_number_that_is_not_ours_finds_nothing,
		    setup),
		cmocka_unit_test_setup(
		    the_numbering_stays_once_a_number_was_given, setup),
		cmocka_unit_test_setup(
		    the_targets_limit_is_named_when_it_is_reached, setup),
		cmocka_unit_test_setup(
		    an_inner_number_is_taken_only_under_the_targets_limit,
		    setup),
		cmocka_unit_test_setup(
		    a_hidden_place_is_out_of_the_programs_way, setup),
		cmocka_unit_test_setup(each_open_socket_is_seen_once, setup),
	};

	return cmocka_run_group_tests_name("sock/fdtable", tests, NULL, NULL);
}
