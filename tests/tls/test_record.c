#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "tls/record.h"

/* The bodies of the records of one stream, in bytes. */
static const size_t bodies[] = { 1, 0, 0, 17, 256, 5, 0, 65535, 4, 255, 0, 2 };

/* A stream of records; where each begins is known by adding up. */
static unsigned char *
make_stream(size_t *len)
{
	unsigned char *stream, *p;

	*len = 0;
	for (size_t i = 0; i < LEN(bodies); i++)
		*len += TLS_RECORD_HEADER + bodies[i];
	stream = p = malloc(*len);
	assert_non_null(stream);
	for (size_t i = 0; i < LEN(bodies); i++) {
		*p++ = 23;
		*p++ = 3;
		*p++ = 3;
		*p++ = (unsigned char)(bodies[i] >> 8);
		*p++ = (unsigned char)(bodies[i] & 0xff);
		/* What would be a length, were it taken for a header. */
		memset(p, 0xff, bodies[i]);
		p += bodies[i];
	}
	return stream;
}

/* What must be known after so many bytes of the stream. */
static void
check_place(const struct tls_record *r, size_t passed)
{
	size_t i = 0;

	while (i < LEN(bodies) && passed >= TLS_RECORD_HEADER + bodies[i])
		passed -= TLS_RECORD_HEADER + bodies[i++];
	if (passed < TLS_RECORD_HEADER) {
		assert_int_equal(r->nheader, passed);
		assert_false(tls_record_known(r));
		return;
	}
	assert_true(tls_record_known(r));
	assert_int_equal(r->left, bodies[i] - (passed - TLS_RECORD_HEADER));
}

static void
slices_of_every_size_add_up(void **state)
{
	size_t len;
	unsigned char *stream = make_stream(&len);

	(void)state;
	for (size_t size = 1; size <= len; size += 1 + size / 40) {
		struct tls_record r = { .nheader = 0 };

		for (size_t at = 0; at < len; at += size) {
			const size_t n = size < len - at ? size : len - at;

			tls_record_pass(&r, stream + at, n);
			check_place(&r, at + n);
		}
		assert_int_equal(r.nheader, 0);
	}
	free(stream);
}

static void
nothing_changes_nothing(void **state)
{
	const unsigned char start[] = { 23, 3, 3, 0 };
	struct tls_record r = { .nheader = 0 };

	(void)state;
	tls_record_pass(&r, start, 0);
	assert_int_equal(r.nheader, 0);
	tls_record_pass(&r, start, sizeof(start));
	tls_record_pass(&r, start, 0);
	assert_int_equal(r.nheader, sizeof(start));
	assert_false(tls_record_known(&r));
}

static void
an_empty_record_is_over_with_its_header(void **state)
{
	const unsigned char empty[] = { 23, 3, 3, 0, 0 };
	struct tls_record r = { .nheader = 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		tls_record_pass(&r, empty, sizeof(empty));
		assert_int_equal(r.nheader, 0);
		assert_false(tls_record_known(&r));
	}
}

/* The length that a header says, and the data that come out of it at most. */
static const struct most_case {
	const char *name;
	unsigned length;
	size_t want;
} most[] = {
	{ "nothing_holds_no_data", 0, 0 },
	{ "a_byte_holds_no_data", 1, 0 },
	{ "a_tag_alone_holds_no_data", 8, 0 },
	{ "a_byte_more_than_a_tag_holds_one", 9, 1 },
	{ "both_bytes_of_the_length_count", 0x0108, 0x0100 },
	{ "as_long_as_the_data_may_be", 16384, 16376 },
	{ "the_most_data_and_a_tag", 16392, 16384 },
	{ "a_long_tag_adds_no_data", 16393, 16384 },
	{ "the_longest_of_tls_1_3", 16384 + 256, 16384 },
	{ "the_longest_that_can_be_said", 65535, 16384 },
};

static void
so_much_data_at_most(void **state)
{
	const struct most_case *c = *state;
	const unsigned char header[] = { 23, 3, 3,
		(unsigned char)(c->length >> 8),
		(unsigned char)(c->length & 0xff) };
	struct tls_record r = { .nheader = 0 };

	tls_record_pass(&r, header, sizeof(header));
	assert_int_equal(tls_record_known(&r), c->length != 0);
	assert_int_equal(tls_record_most_data(&r), c->want);
}

/* It is said of the whole record, however much of it has been taken in. */
static void
what_is_left_does_not_change_the_most(void **state)
{
	const unsigned char start[] = { 23, 3, 3, 0, 100, 1, 2, 3 };
	struct tls_record r = { .nheader = 0 };

	(void)state;
	tls_record_pass(&r, start, sizeof(start));
	assert_int_equal(r.left, 97);
	assert_int_equal(tls_record_most_data(&r), 92);
}

int
main(void)
{
	struct CMUnitTest tests[4 + LEN(most)] = {
		cmocka_unit_test(slices_of_every_size_add_up),
		cmocka_unit_test(nothing_changes_nothing),
		cmocka_unit_test(an_empty_record_is_over_with_its_header),
		cmocka_unit_test(what_is_left_does_not_change_the_most),
	};

	(void)test_rows(tests + 4, so_much_data_at_most, most, LEN(most),
	    sizeof(most[0]));
	return cmocka_run_group_tests_name("tls/record", tests, NULL, NULL);
}
