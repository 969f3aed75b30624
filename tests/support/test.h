#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

/* cmocka insists on these, in this order, before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define FAR 30000 /* milliseconds; a test that waits for them has failed */

/* A call failed with this errno. */
#define assert_errno(call, want) \
	do { \
		errno = 0; \
		assert_int_equal((call), -1); \
		assert_int_equal(errno, want); \
	} while (0)

/* A test for each of n rows, whose first member is its name; how many. */
static inline size_t
test_rows(struct CMUnitTest *tests, CMUnitTestFunction fn, const void *first,
    size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)first + i * size;

		tests[i] = (struct CMUnitTest){
			.name = *(const char *const *)(const void *)row,
			.test_func = fn,
			.initial_state = (void *)row,
		};
	}
	return n;
}

#endif
