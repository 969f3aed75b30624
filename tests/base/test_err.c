#include "support/test.h"

#include <errno.h>
#include <limits.h>

#include "base/err.h"

/* A result inside the library, and what a program sees of it. */
static const struct edge_case {
	const char *name;
	ssize_t rc, want;
	int want_errno; /* 0: left alone */
} edges[] = {
	{ "zero_passes", 0, 0, 0 },
	{ "a_count_passes", 4096, 4096, 0 },
	{ "the_largest_count_passes", SSIZE_MAX, SSIZE_MAX, 0 },
	{ "the_first_errno", -EPERM, -1, EPERM },
	{ "an_errno", -ECONNABORTED, -1, ECONNABORTED },
};

static void
edge(void **state)
{
	const struct edge_case *c = *state;

	errno = EXDEV;
	assert_int_equal(err_edge(c->rc), c->want);
	assert_int_equal(errno, c->want_errno != 0 ? c->want_errno : EXDEV);
}

static ssize_t
from_open(ssize_t rc)
{
	return err_from_open((int)rc);
}

/* A result of libc, and what the library makes of it. */
static const struct kernel_case {
	const char *name;
	ssize_t (*convert)(ssize_t rc);
	ssize_t rc;
	int err;
	ssize_t want;
} kernels[] = {
	{ "kernel_zero_passes", err_from_kernel, 0, EIO, 0 },
	{ "kernel_count_passes", err_from_kernel, 17, EIO, 17 },
	{ "kernel_failure_is_its_errno", err_from_kernel, -1, EPIPE, -EPIPE },
	{ "kernel_emfile_stays", err_from_kernel, -1, EMFILE, -EMFILE },
	{ "open_zero_is_a_descriptor", from_open, 0, EMFILE, 0 },
	{ "open_descriptor_passes", from_open, 9, EMFILE, 9 },
	{ "open_emfile_is_enfile", from_open, -1, EMFILE, -ENFILE },
	{ "open_enfile_stays", from_open, -1, ENFILE, -ENFILE },
	{ "open_failure_is_its_errno", from_open, -1, EAGAIN, -EAGAIN },
};

static void
from_kernel(void **state)
{
	const struct kernel_case *c = *state;

	errno = c->err;
	assert_int_equal(c->convert(c->rc), c->want);
	assert_int_equal(errno, c->err);
}

static void
a_number_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(err_name(EINVAL), "EINVAL");
	assert_string_equal(err_name(ECONNABORTED), "ECONNABORTED");
	assert_string_equal(err_name(99999), "an unknown errno");
}

int
main(void)
{
	struct CMUnitTest tests[LEN(edges) + LEN(kernels) + 1];
	size_t n = 0;

	for (size_t i = 0; i < LEN(edges); i++) {
		tests[n++] = (struct CMUnitTest){ .name = edges[i].name,
			.test_func = edge,
			.initial_state = (void *)&edges[i] };
	}
	for (size_t i = 0; i < LEN(kernels); i++) {
		tests[n++] = (struct CMUnitTest){ .name = kernels[i].name,
			.test_func = from_kernel,
			.initial_state = (void *)&kernels[i] };
	}
	tests[n] = (struct CMUnitTest)cmocka_unit_test(a_number_has_a_name);
	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
