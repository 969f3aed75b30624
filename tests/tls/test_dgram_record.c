#include "support/test.h"

#include <string.h>

#include "tls/dgram_record.h"

#define MANY UINT64_C(0xffffffffffff)

static const struct read_case {
	const char *name;
	unsigned char data[32];
	size_t len;
	bool whole;
	struct dgram_record r;
} reads[] = {
	{ "nothing_is_no_record", { 0 }, 0, false, { .type = 0 } },
	{ "a_header_without_its_last_byte_is_no_record",
	    { 22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 12, false,
	    { .type = 0 } },
	{ "an_empty_record_is_one",
	    { 22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 13, true,
	    { 22, 0xfefd, 0, 0, 13 } },
	{ "a_record_without_its_last_byte_is_none",
	    { 23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2 }, 15, false,
	    { .type = 0 } },
	{ "what_follows_a_record_is_not_of_it",
	    { 23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4 }, 17,
	    true, { 23, 0xfefd, 0, 0, 16 } },
	{ "every_byte_of_the_numbers_counts",
	    { 21, 254, 255, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 9 }, 14, true,
	    { 21, 0xfeff, 0x102, 0x030405060708, 14 } },
	{ "a_long_length_is_believed_but_not_there",
	    { 23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 }, 32, false,
	    { .type = 0 } },
	{ "tls_is_no_record", { 22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 13,
	    false, { .type = 0 } },
	{ "text_is_no_record", "GET / HTTP/1.1", 14, false, { .type = 0 } },
};

static void
is_read(void **state)
{
	const struct read_case *c = *state;
	struct dgram_record r = { .type = -1 };

	assert_int_equal(dgram_record_read(c->data, c->len, &r), c->whole);
	if (!c->whole) {
		assert_int_equal(r.type, -1);
		return;
	}
	assert_int_equal(r.type, c->r.type);
	assert_int_equal(r.version, c->r.version);
	assert_int_equal(r.epoch, c->r.epoch);
	assert_int_equal(r.number, c->r.number);
	assert_int_equal(r.len, c->r.len);
}

static void
another_number_changes_nothing_else(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 255, 256, 0x123456789abc,
		MANY };
	const unsigned char was[] = { 22, 254, 253, 1, 2, 3, 4, 5, 6, 7, 8, 0,
		2, 9, 9 };
	unsigned char data[sizeof(was)];
	struct dgram_record r;

	(void)state;
	for (size_t i = 0; i < LEN(numbers); i++) {
		memcpy(data, was, sizeof(was));
		dgram_record_renumber(data, numbers[i]);
		assert_true(dgram_record_read(data, sizeof(data), &r));
		assert_int_equal(r.number, numbers[i]);
		assert_memory_equal(data, was, 5);
		assert_memory_equal(data + 11, was + 11, sizeof(was) - 11);
	}
}

/* A ClientHello of 200 bytes of body, in one record. */
static size_t
make_hello(unsigned char data[300])
{
	const size_t body = 200;

	memset(data, 0, 300);
	memcpy(data, (unsigned char[]){ 22, 254, 255, 0, 0, 1, 2, 3, 4, 5, 6 },
	    11);
	data[12] = (unsigned char)(12 + body);
	data[13] = 1;
	data[16] = data[24] = (unsigned char)body;
	for (size_t i = 0; i < DGRAM_RANDOM_SIZE; i++)
		data[27 + i] = (unsigned char)(i + 1);
	return 13 + 12 + body;
}

static void
a_hello_tells_its_number_and_random(void **state)
{
	unsigned char data[300], random[DGRAM_RANDOM_SIZE];
	const size_t len = make_hello(data);
	uint64_t number;

	(void)state;
	assert_true(dgram_record_is_hello(data, len, &number, random));
	assert_int_equal(number, 0x010203040506);
	for (size_t i = 0; i < sizeof(random); i++)
		assert_int_equal(random[i], i + 1);
}

/* What makes it none, or is of no matter. */
static const struct hello_case {
	const char *name;
	size_t at;
	unsigned char value;
	bool is_hello;
} hellos[] = {
	{ "data_are_no_hello", 0, 23, false },
	{ "tls_is_no_hello", 1, 3, false },
	{ "a_hello_of_dtls_1_2_is_one", 2, 253, true },
	{ "an_encrypted_one_is_no_hello", 4, 1, false },
	{ "an_encrypted_one_of_a_high_epoch_is_no_hello", 3, 1, false },
	{ "a_server_hello_is_no_hello", 13, 2, false },
	{ "a_longer_message_than_the_record_has_is_a_first_part", 15, 1, true },
	{ "a_second_message_may_be_a_hello", 18, 1, true },
	{ "a_later_part_is_no_hello", 21, 1, false },
	{ "a_much_later_part_is_no_hello", 19, 1, false },
	{ "a_record_too_short_for_a_random_is_no_hello", 12, 45, false },
	{ "a_record_that_ends_with_the_random_is_one", 12, 46, true },
	{ "a_message_with_a_tail_is_no_hello", 24, 199, false },
	{ "a_high_number_is_one", 5, 0x7f, true },
	{ "a_number_near_the_end_is_none", 5, 0x80, false },
};

static void
hello(void **state)
{
	const struct hello_case *c = *state;
	unsigned char data[300], random[DGRAM_RANDOM_SIZE] = { 77 };
	const size_t len = make_hello(data);
	uint64_t number = 77;

	data[c->at] = c->value;
	if (c->at == 12) /* what it has of the message is shorter, too */
		data[24] = (unsigned char)(c->value - 12);
	if (c->at >= 19 && c->at <= 21) /* of a message that has such a part */
		data[14] = 2;
	assert_int_equal(dgram_record_is_hello(data, len, &number, random),
	    c->is_hello);
	if (c->is_hello)
		return;
	assert_int_equal(number, 77);
	assert_int_equal(random[0], 77);
}

static void
a_cut_hello_is_none(void **state)
{
	unsigned char data[300], random[DGRAM_RANDOM_SIZE];
	const size_t len = make_hello(data);
	uint64_t number;

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_false(dgram_record_is_hello(data, n, &number, random));
}

/* Records by version, epoch and length; each that is kept is in want. */
static const struct filter_case {
	const char *name;
	struct dgram_rule rule;
	struct {
		int minor;
		unsigned char epoch;
		size_t len;
	} records[4];
	const char *want;
	bool cut; /* the last one lacks a byte */
} filters[] = {
	{ "all_pass_that_keep_the_rule", { false, 0, 0, 999 },
	    { { 253, 0, 19 }, { 255, 1, 0 }, { 253, 2, 999 }, { 1, 1, 1 } },
	    "0123", false },
	{ "short_ones_with_a_key_go", { false, 0, 16, 999 },
	    { { 253, 1, 15 }, { 253, 1, 16 }, { 253, 2, 3 }, { 253, 0, 12 } },
	    "13", false },
	{ "long_ones_with_a_key_go", { false, 0, 0, 100 },
	    { { 253, 1, 100 }, { 253, 1, 101 }, { 253, 0, 101 },
	        { 253, 1, 2 } },
	    "023", false },
	{ "ones_without_a_key_go", { true, 0, 0, 999 },
	    { { 253, 0, 20 }, { 253, 1, 20 }, { 253, 0, 20 }, { 253, 1, 20 } },
	    "13", false },
	{ "those_of_another_version_go", { false, 0xfefd, 0, 999 },
	    { { 255, 1, 20 }, { 253, 1, 20 }, { 255, 0, 20 }, { 252, 1, 20 } },
	    "12", false },
	{ "the_last_one_is_cut", { false, 0, 0, 999 },
	    { { 253, 1, 20 }, { 253, 1, 20 }, { 253, 0, 20 }, { 253, 1, 20 } },
	    "012", true },
	{ "none_is_left", { true, 0xfefd, 16, 999 },
	    { { 255, 1, 20 }, { 253, 0, 20 }, { 253, 1, 15 },
	        { 253, 1, 1000 } },
	    "", false },
};

/* What a record without a key has to have: a message of a handshake, whole. */
static void
make_message(unsigned char *p, size_t n)
{
	assert_in_range(n, 12, 999);
	p[0] = 22;
	memset(p + 13 + 1, 0, 11);
	p[13 + 2] = p[13 + 10] = (unsigned char)((n - 12) >> 8);
	p[13 + 3] = p[13 + 11] = (unsigned char)(n - 12);
}

static void
filter(void **state)
{
	const struct filter_case *c = *state;
	unsigned char data[4096], want[4096];
	size_t len = 0, nwant = 0, records;

	for (size_t i = 0; i < LEN(c->records); i++) {
		const size_t n = c->records[i].len;
		unsigned char *p = data + len;

		memset(p, (int)(i + 1), 13 + n);
		p[1] = 254;
		p[2] = (unsigned char)c->records[i].minor;
		p[3] = 0;
		p[4] = c->records[i].epoch;
		p[11] = (unsigned char)(n >> 8);
		p[12] = (unsigned char)n;
		if (p[4] == 0)
			make_message(p, n);
		len += 13 + n;
		if (strchr(c->want, (int)('0' + i)) == NULL)
			continue;
		memcpy(want + nwant, p, 13 + n);
		nwant += 13 + n;
	}
	assert_int_equal(dgram_record_filter(data, len - c->cut, &c->rule,
	                     &records),
	    nwant);
	assert_int_equal(records, strlen(c->want));
	assert_memory_equal(data, want, nwant);
}

/* Records without a key, by type and what is in them. */
static const struct plain_case {
	const char *name;
	unsigned char type;
	const char *body;
	size_t len;
	bool kept;
} plains[] = {
	{ "a_change_cipher_spec_stays", 20, "\1", 1, true },
	{ "a_change_cipher_spec_of_another_value_goes", 20, "\2", 1, false },
	{ "a_long_change_cipher_spec_goes", 20, "\1\1", 2, false },
	{ "an_empty_change_cipher_spec_goes", 20, "", 0, false },
	{ "an_alert_stays", 21, "\2\50", 2, true },
	{ "a_short_alert_goes", 21, "\2", 1, false },
	{ "data_without_a_key_go", 23, "hello", 5, false },
	{ "an_unknown_type_goes", 24, "\1\0\0", 3, false },
	{ "a_message_stays", 22, "\1\0\0\2\0\0\0\0\0\0\0\2ab", 14, true },
	{ "a_message_of_nothing_stays", 22, "\16\0\0\0\0\3\0\0\0\0\0\0", 12,
	    true },
	{ "a_fragment_stays", 22, "\1\0\1\0\0\0\0\0\376\0\0\2ab", 14, true },
	{ "a_fragment_beyond_its_message_goes", 22,
	    "\1\0\1\0\0\0\0\0\377\0\0\2ab", 14, false },
	{ "a_fragment_longer_than_its_record_goes", 22,
	    "\1\0\1\0\0\0\0\0\0\0\0\3ab", 14, false },
	{ "a_fragment_of_nothing_goes", 22, "\1\0\1\0\0\0\0\0\0\0\0\0", 12,
	    false },
	{ "a_fragment_with_a_tail_goes", 22, "\1\0\0\1\0\0\0\0\0\0\0\1ab", 14,
	    false },
	{ "a_message_without_its_header_goes", 22, "\1\0\0\0\0\0\0\0\0\0\0", 11,
	    false },
	{ "an_empty_handshake_record_goes", 22, "", 0, false },
	{ "two_messages_stay", 22,
	    "\1\0\0\1\0\0\0\0\0\0\0\1a\1\0\0\1\0\1\0\0\0\0\0\1b", 26, true },
	{ "two_messages_go_if_one_is_wrong", 22,
	    "\1\0\0\1\0\0\0\0\0\0\0\1a\1\0\0\1\0\1\0\0\0\0\0\2b", 26, false },
};

static void
plain(void **state)
{
	const struct plain_case *c = *state;
	const struct dgram_rule any = { false, 0, 0, 999 };
	unsigned char data[100] = { c->type, 254, 253 };
	size_t records;

	data[12] = (unsigned char)c->len;
	memcpy(data + 13, c->body, c->len);
	assert_int_equal(dgram_record_filter(data, 13 + c->len, &any, &records),
	    c->kept ? 13 + c->len : 0);
	assert_int_equal(records, c->kept);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(another_number_changes_nothing_else),
		cmocka_unit_test(a_hello_tells_its_number_and_random),
		cmocka_unit_test(a_cut_hello_is_none),
	};
	struct CMUnitTest tests[LEN(fixed) + LEN(reads) + LEN(hellos) +
	    LEN(filters) + LEN(plains)];
	size_t n = LEN(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < LEN(reads); i++)
		tests[n++] = (struct CMUnitTest){ .name = reads[i].name,
			.test_func = is_read,
			.initial_state = (void *)&reads[i] };
	for (size_t i = 0; i < LEN(hellos); i++)
		tests[n++] = (struct CMUnitTest){ .name = hellos[i].name,
			.test_func = hello,
			.initial_state = (void *)&hellos[i] };
	for (size_t i = 0; i < LEN(filters); i++)
		tests[n++] = (struct CMUnitTest){ .name = filters[i].name,
			.test_func = filter,
			.initial_state = (void *)&filters[i] };
	for (size_t i = 0; i < LEN(plains); i++)
		tests[n++] = (struct CMUnitTest){ .name = plains[i].name,
			.test_func = plain,
			.initial_state = (void *)&plains[i] };
	return cmocka_run_group_tests_name("tls/dgram_record", tests, NULL,
	    NULL);
}
