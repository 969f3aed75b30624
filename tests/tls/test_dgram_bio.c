#include "support/test.h"

#include <malloc.h>
#include <string.h>

#include "tls/dgram_bio.h"

#define MESSAGE_HEADER 12

static unsigned char data[20000];

static int
setup(void **state)
{
	*state = dgram_bio_new();
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	BIO_free(*state);
	return 0;
}

/* Whole records, for what is read has to be made of them. */
static size_t
make_record(unsigned char *p, unsigned char epoch, uint64_t number, size_t len)
{
	memset(p, 'x', DGRAM_RECORD_HEADER + len);
	memcpy(p, (unsigned char[]){ 22, 254, 253, 0, epoch }, 5);
	dgram_record_renumber(p, number);
	p[11] = (unsigned char)(len >> 8);
	p[12] = (unsigned char)len;
	/* Without a key it has to be a message, of less than 256 bytes. */
	p += DGRAM_RECORD_HEADER;
	memset(p, 0, MESSAGE_HEADER);
	p[3] = p[11] = (unsigned char)(len - MESSAGE_HEADER);
	return DGRAM_RECORD_HEADER + len;
}

static void
assert_first(BIO *bio, const void *want, size_t len)
{
	const void *p = NULL;

	assert_int_equal(dgram_bio_first(bio, &p), len);
	if (len > 0)
		assert_memory_equal(p, want, len);
}

static void
what_is_written_waits_in_its_order(void **state)
{
	BIO *bio = *state;

	assert_first(bio, NULL, 0);
	assert_int_equal(BIO_write(bio, "first", 5), 5);
	assert_int_equal(BIO_write(bio, "of two", 6), 6);
	assert_first(bio, "first", 5);
	assert_first(bio, "first", 5);
	dgram_bio_drop(bio);
	assert_first(bio, "of two", 6);
	assert_int_equal(BIO_write(bio, "and a third", 11), 11);
	dgram_bio_drop(bio);
	assert_first(bio, "and a third", 11);
	dgram_bio_drop(bio);
	assert_first(bio, NULL, 0);
	dgram_bio_drop(bio);
	assert_first(bio, NULL, 0);
}

static void
nothing_is_no_datagram(void **state)
{
	BIO *bio = *state;

	assert_int_equal(BIO_write(bio, "", 0), 0);
	assert_first(bio, NULL, 0);
}

static void
long_ones_wait_like_short_ones(void **state)
{
	BIO *bio = *state;

	for (int i = 0; i < 10; i++)
		assert_int_equal(BIO_write(bio, data + i, 16384), 16384);
	for (int i = 0; i < 10; i++) {
		assert_first(bio, data + i, 16384);
		dgram_bio_drop(bio);
	}
	assert_first(bio, NULL, 0);
}

/* Like a full kernel: what does not fit is lost, and nothing else is. */
static void
too_much_is_lost_and_the_rest_is_not(void **state)
{
	BIO *bio = *state;
	const void *p;
	int n = 0;

	for (int i = 0; i < 100; i++)
		assert_int_equal(BIO_write(bio, data + i, 16384), 16384);
	for (; dgram_bio_first(bio, &p) > 0; n++) {
		assert_first(bio, data + n, 16384);
		dgram_bio_drop(bio);
	}
	assert_in_range(n, 8, 16);
	assert_int_equal(BIO_write(bio, "again", 5), 5);
	assert_first(bio, "again", 5);
}

/* One always waits, so that the queue never is empty. */
static void
a_queue_that_never_is_empty_loses_nothing(void **state)
{
	BIO *bio = *state;

	assert_int_equal(BIO_write(bio, data, 1000), 1000);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(BIO_write(bio, data + i + 1, 1000), 1000);
		assert_first(bio, data + i, 1000);
		dgram_bio_drop(bio);
	}
	assert_first(bio, data + 5000, 1000);
}

static void
memory_is_given_back(void **state)
{
	BIO *bio = *state;
	const size_t before = mallinfo2().uordblks;

	for (int i = 0; i < 10; i++)
		assert_int_equal(BIO_write(bio, data, 10000), 10000);
	dgram_bio_trim(bio); /* not while any waits */
	for (int i = 0; i < 10; i++) {
		assert_first(bio, data, 10000);
		dgram_bio_drop(bio);
	}
	assert_int_equal(mallinfo2().uordblks, before);
	assert_int_equal(BIO_write(bio, data, 100), 100);
	dgram_bio_drop(bio);
	dgram_bio_trim(bio);
	assert_int_equal(mallinfo2().uordblks, before);
}

static void
assert_starves(BIO *bio)
{
	char buf[10];

	assert_int_equal(BIO_read(bio, buf, sizeof(buf)), -1);
	assert_true(BIO_should_read(bio));
	assert_false(dgram_bio_lent(bio));
}

static void
what_is_lent_is_read_once(void **state)
{
	unsigned char record[100], buf[200];
	const size_t len = make_record(record, 0, 1, 20);
	BIO *bio = *state;

	assert_starves(bio);
	dgram_bio_lend(bio, record, len);
	assert_true(dgram_bio_lent(bio));
	assert_int_equal(BIO_read(bio, buf, sizeof(buf)), len);
	assert_memory_equal(buf, record, len);
	assert_false(BIO_should_retry(bio));
	assert_starves(bio);
}

static void
the_last_that_is_lent_counts(void **state)
{
	unsigned char record[100], other[100], buf[200];
	const size_t len = make_record(record, 0, 1, 20);
	const size_t nother = make_record(other, 0, 2, 15);
	BIO *bio = *state;

	dgram_bio_lend(bio, record, len);
	dgram_bio_lend(bio, other, nother);
	assert_int_equal(BIO_read(bio, buf, sizeof(buf)), nother);
	assert_memory_equal(buf, other, nother);
	assert_starves(bio);
	dgram_bio_lend(bio, record, len);
	dgram_bio_lend(bio, NULL, 0);
	assert_starves(bio);
	dgram_bio_lend(bio, record, 0);
	assert_starves(bio);
}

static void
a_peek_leaves_it_there(void **state)
{
	unsigned char record[100], buf[200];
	const size_t len = make_record(record, 0, 1, 20);
	BIO *bio = *state;

	dgram_bio_lend(bio, record, len);
	assert_int_equal(BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_PEEK_MODE, 1, NULL),
	    1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(BIO_read(bio, buf, sizeof(buf)), len);
	assert_int_equal(BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_PEEK_MODE, 0, NULL),
	    1);
	assert_int_equal(BIO_read(bio, buf, sizeof(buf)), len);
	assert_starves(bio);
}

/* As recv() cuts a datagram; of records, whole ones are left. */
static void
a_small_buffer_cuts_it(void **state)
{
	unsigned char records[100], buf[200];
	const size_t first = make_record(records, 0, 0, 20);
	const size_t len = first + make_record(records + first, 0, 1, 20);
	BIO *bio = *state;

	dgram_bio_lend(bio, records, len);
	assert_int_equal(BIO_read(bio, buf, (int)len - 1), first);
	assert_memory_equal(buf, records, first);
	assert_starves(bio);
}

static void
what_breaks_the_rule_is_not_read(void **state)
{
	const struct dgram_rule rule = { .secret = true, .most = 99 };
	unsigned char records[100], buf[200];
	const size_t first = make_record(records, 0, 1, 20);
	const size_t len = first + make_record(records + first, 1, 2, 20);
	BIO *bio = *state;

	dgram_bio_set_rule(bio, &rule);
	dgram_bio_lend(bio, records, len);
	assert_int_equal(BIO_read(bio, buf, sizeof(buf)), len - first);
	assert_memory_equal(buf, records + first, len - first);
	assert_starves(bio);
	dgram_bio_lend(bio, records, first);
	assert_starves(bio);
	dgram_bio_lend(bio, "no record at all", 16);
	assert_starves(bio);
}

/* Nobody can push those that follow out of OpenSSL's window. */
static void
records_without_a_key_are_numbered_as_they_come(void **state)
{
	static const uint64_t lent[] = { UINT64_C(1) << 47, 5, 5, 0 };
	const struct dgram_rule rule = { .most = 99 };
	unsigned char records[200], buf[200];
	BIO *bio = *state;
	struct dgram_record r;

	dgram_bio_set_rule(bio, &rule);
	dgram_bio_order(bio, 3);
	for (uint64_t i = 0; i < LEN(lent); i++) {
		size_t len = make_record(records, 0, lent[i], 20);

		len += make_record(records + len, 0, 7, 15);
		len += make_record(records + len, 1, 99, 30);
		dgram_bio_lend(bio, records, len);
		(void)BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_PEEK_MODE, 1, NULL);
		assert_int_equal(BIO_read(bio, buf, sizeof(buf)), len);
		assert_memory_equal(buf, records, len);
		(void)BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_PEEK_MODE, 0, NULL);
		assert_int_equal(BIO_read(bio, buf, sizeof(buf)), len);
		assert_true(dgram_record_read(buf, len, &r));
		assert_int_equal(r.number, 3 + 2 * i);
		assert_true(dgram_record_read(buf + r.len, len - r.len, &r));
		assert_int_equal(r.number, 3 + 2 * i + 1);
		assert_true(dgram_record_read(buf + len - 43, 43, &r));
		assert_int_equal(r.epoch, 1);
		assert_int_equal(r.number, 99);
	}
}

/* The numbers that are written, and those that leave. */
static const struct number_case {
	const char *name;
	uint64_t from;
	uint64_t written[4], sent[4];
} numbers[] = {
	{ "numbers_that_are_lower_are_lifted", 7, { 0, 1, 2, 3 },
	    { 7, 8, 9, 10 } },
	{ "numbers_that_are_high_enough_stay", 2, { 2, 3, 4, 5 },
	    { 2, 3, 4, 5 } },
	{ "numbers_that_are_higher_stay", 2, { 9, 10, 11, 12 },
	    { 9, 10, 11, 12 } },
	{ "what_is_sent_again_has_a_higher_one_again", 5, { 0, 1, 4, 5 },
	    { 5, 6, 9, 10 } },
	{ "numbers_may_be_high", 0x123456789abc, { 1, 2, 3, 4 },
	    { 0x123456789abc, 0x123456789abd, 0x123456789abe,
	        0x123456789abf } },
};

static void
number(void **state)
{
	const struct number_case *c = *state;
	unsigned char d[200];
	BIO *bio = dgram_bio_new();
	struct dgram_record r;
	const void *p;
	size_t len;

	assert_non_null(bio);
	dgram_bio_number_from(bio, c->from);
	for (size_t i = 0; i < LEN(c->written); i += 2) {
		len = make_record(d, 0, c->written[i], 20);
		len += make_record(d + len, 0, c->written[i + 1], 30);
		len += make_record(d + len, 1, 0, 12);
		assert_int_equal(BIO_write(bio, d, (int)len), len);
		assert_int_equal(dgram_bio_first(bio, &p), len);
		memcpy(d, p, len);
		dgram_bio_drop(bio);
		assert_true(dgram_record_read(d, len, &r));
		assert_int_equal(r.number, c->sent[i]);
		assert_true(dgram_record_read(d + r.len, len - r.len, &r));
		assert_int_equal(r.number, c->sent[i + 1]);
		/* Of a secret one the number is part of what is proved. */
		assert_true(dgram_record_read(d + len - 25, 25, &r));
		assert_int_equal(r.epoch, 1);
		assert_int_equal(r.number, 0);
	}
	BIO_free(bio);
}

static void
openssl_is_told_what_it_asks(void **state)
{
	BIO *bio = *state;

	assert_int_equal(BIO_flush(bio), 1);
	assert_int_equal(BIO_ctrl(bio, BIO_CTRL_DGRAM_GET_MTU_OVERHEAD, 0,
	                     NULL),
	    28);
	assert_int_equal(BIO_ctrl(bio, BIO_CTRL_DGRAM_QUERY_MTU, 0, NULL), 0);
	assert_int_equal(BIO_ctrl(bio, BIO_CTRL_DGRAM_GET_FALLBACK_MTU, 0,
	                     NULL),
	    0);
	assert_int_equal(BIO_pending(bio), 0);
}

#define WITH_BIO(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		WITH_BIO(what_is_written_waits_in_its_order),
		WITH_BIO(nothing_is_no_datagram),
		WITH_BIO(long_ones_wait_like_short_ones),
		WITH_BIO(too_much_is_lost_and_the_rest_is_not),
		WITH_BIO(a_queue_that_never_is_empty_loses_nothing),
		WITH_BIO(memory_is_given_back),
		WITH_BIO(what_is_lent_is_read_once),
		WITH_BIO(the_last_that_is_lent_counts),
		WITH_BIO(a_peek_leaves_it_there),
		WITH_BIO(a_small_buffer_cuts_it),
		WITH_BIO(what_breaks_the_rule_is_not_read),
		WITH_BIO(records_without_a_key_are_numbered_as_they_come),
		WITH_BIO(openssl_is_told_what_it_asks),
	};
	struct CMUnitTest tests[LEN(fixed) + LEN(numbers)];
	size_t n = LEN(fixed);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < LEN(numbers); i++)
		tests[n++] = (struct CMUnitTest){ .name = numbers[i].name,
			.test_func = number,
			.initial_state = (void *)&numbers[i] };
	return cmocka_run_group_tests_name("tls/dgram_bio", tests, NULL, NULL);
}
