#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "sock/sock.h"

static int destroyed;

static void
count_destroy(struct zsock *s)
{
	(void)s;
	destroyed++;
}

static const struct zsock_ops counting_ops = {
	.name = "counting",
	.destroy = count_destroy,
};

static int
setup(void **state)
{
	(void)state;
	destroyed = 0;
	return 0;
}

/* All memory after struct zsock is 0, also when another socket had it. */
static void
assert_zeroed(const void *s, size_t size)
{
	const unsigned char *bytes = s;

	for (size_t i = sizeof(struct zsock); i < size; i++)
		assert_int_equal(bytes[i], 0);
}

static void
memory_is_aligned_zeroed_and_used_again(void **state)
{
	(void)state;
	for (size_t size = sizeof(struct zsock); size <= 2048; size += 24) {
		struct zsock *s = sock_alloc(size), *again;

		assert_non_null(s);
		assert_int_equal((uintptr_t)s % 128, 0);
		assert_zeroed(s, size);
		memset(s + 1, 0xa5, size - sizeof(*s));
		sock_release(s, size);
		again = sock_alloc(size);
		assert_ptr_equal(again, s);
		assert_zeroed(again, size);
		sock_release(again, size);
	}
}

static void
memory_for_a_socket_that_is_too_large_is_refused(void **state)
{
	struct zsock *s = sock_alloc(2048);

	(void)state;
	assert_non_null(s);
	sock_release(s, 2048);
	assert_null(sock_alloc(2049));
	assert_null(sock_alloc(1 << 20));
}

static void
new_memory_takes_no_reference(void **state)
{
	struct zsock *s = sock_alloc(sizeof(*s));

	(void)state;
	assert_false(sock_ref(s));
	assert_int_equal(atomic_load(&s->refs), 0);
	sock_release(s, sizeof(*s));
}

static void
a_new_socket_is_open_and_has_no_number(void **state)
{
	struct zsock s;

	(void)state;
	memset(&s, 0xa5, sizeof(s));
	sock_init(&s, &counting_ops, 42);
	assert_ptr_equal(s.ops, &counting_ops);
	assert_int_equal(atomic_load(&s.kfd), 42);
	assert_int_equal(atomic_load(&s.refs), 1);
	assert_false(atomic_load(&s.closing));
	assert_int_equal(s.number, -1);
}

static void
the_last_reference_destroys(void **state)
{
	struct zsock s;

	(void)state;
	sock_init(&s, &counting_ops, -1);
	assert_true(sock_ref(&s));
	assert_true(sock_ref(&s));
	sock_put(&s);
	sock_put(&s);
	assert_int_equal(destroyed, 0);
	sock_put(&s);
	assert_int_equal(destroyed, 1);
	assert_false(sock_ref(&s));
	assert_int_equal(destroyed, 1);
}

static void
the_stubs_refuse(void **state)
{
	struct sockaddr addr;
	socklen_t len = sizeof(addr);
	struct zsock s, *child = NULL;
	int value = 7;

	(void)state;
	sock_init(&s, &counting_ops, -1);
	assert_int_equal(sock_no_listen(&s, 1), -EOPNOTSUPP);
	assert_int_equal(sock_no_accept(&s, &child, &addr, &len), -EOPNOTSUPP);
	assert_null(child);
	assert_int_equal(len, sizeof(addr));
	assert_int_equal(sock_no_ioctl(&s, 1, &value), -EOPNOTSUPP);
	assert_int_equal(value, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(memory_is_aligned_zeroed_and_used_again,
		    setup),
		cmocka_unit_test_setup(
		    memory_for_a_socket_that_is_too_large_is_refused, setup),
		cmocka_unit_test_setup(new_memory_takes_no_reference, setup),
		cmocka_unit_test_setup(a_new_socket_is_open_and_has_no_number,
		    setup),
		cmocka_unit_test_setup(the_last_reference_destroys, setup),
		cmocka_unit_test_setup(the_stubs_refuse, setup),
	};

	return cmocka_run_group_tests_name("sock/sock", tests, NULL, NULL);
}
