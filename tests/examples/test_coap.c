#include "support/test.h"

#include <stdbool.h>
#include <string.h>

#include "coap.h"

/* A datagram, and what it is taken for. */
static const struct datagram_case {
	const char *name;
	const char *bytes;
	size_t len;
	enum coap_verdict want;
} datagrams[] = {
	{ "nothing", "", 0, COAP_ALIEN },
	{ "three_bytes", "\x40\x01\x12", 3, COAP_ALIEN },
	{ "version_0", "\x00\x01\x12\x34", 4, COAP_ALIEN },
	{ "version_2", "\x80\x01\x12\x34", 4, COAP_ALIEN },
	{ "header_alone", "\x40\x01\x12\x34", 4, COAP_GOOD },
	{ "empty_message", "\x40\x00\x12\x34", 4, COAP_GOOD },
	{ "empty_message_with_a_byte", "\x40\x00\x12\x34\x00", 5,
	    COAP_MALFORMED },
	{ "empty_message_with_a_token", "\x41\x00\x12\x34\x00", 5,
	    COAP_MALFORMED },
	{ "empty_message_with_a_token_that_is_not_there", "\x41\x00\x12\x34", 4,
	    COAP_MALFORMED },
	{ "token_of_8",
	    "\x48\x01\x12\x34"
	    "12345678",
	    12, COAP_GOOD },
	{ "token_of_9",
	    "\x49\x01\x12\x34"
	    "123456789",
	    13, COAP_MALFORMED },
	{ "token_cut",
	    "\x44\x01\x12\x34"
	    "123",
	    7, COAP_MALFORMED },
	{ "option", "\x40\x01\x12\x34\xb1x", 6, COAP_GOOD },
	{ "option_cut", "\x40\x01\x12\x34\xb2x", 6, COAP_MALFORMED },
	{ "option_with_delta_13", "\x40\x01\x12\x34\xd0\x00", 6, COAP_GOOD },
	{ "option_with_delta_13_cut", "\x40\x01\x12\x34\xd0", 5,
	    COAP_MALFORMED },
	{ "option_with_delta_14_cut", "\x40\x01\x12\x34\xe0\x00", 6,
	    COAP_MALFORMED },
	{ "option_with_length_13_cut", "\x40\x01\x12\x34\x0d", 5,
	    COAP_MALFORMED },
	{ "option_with_length_14_cut", "\x40\x01\x12\x34\x0e\x00", 6,
	    COAP_MALFORMED },
	{ "option_with_delta_15", "\x40\x01\x12\x34\xf0", 5, COAP_MALFORMED },
	{ "option_with_length_15", "\x40\x01\x12\x34\x0f", 5, COAP_MALFORMED },
	{ "option_65535", "\x40\x01\x12\x34\xe0\xfe\xf2", 7, COAP_GOOD },
	{ "option_65536", "\x40\x01\x12\x34\xe0\xfe\xf2\x10", 8,
	    COAP_MALFORMED },
	{ "payload", "\x40\x01\x12\x34\xff!", 6, COAP_GOOD },
	{ "marker_without_payload", "\x40\x01\x12\x34\xff", 5, COAP_MALFORMED },
};

/* From memory of just that size, so that a read beyond it shows. */
static void
datagram(void **state)
{
	const struct datagram_case *c = *state;
	uint8_t *exact = test_malloc(c->len + 1);
	struct coap_message m;

	memcpy(exact + 1, c->bytes, c->len);
	assert_int_equal(coap_parse(&m, exact + 1, c->len), c->want);
	test_free(exact);
}

/* An option as it is written, and read again. */
static const struct option_case {
	const char *name;
	unsigned number;
	size_t len;
	size_t head; /* bytes before its value */
} options[] = {
	{ "number_0", 0, 0, 1 },
	{ "number_12_and_length_12", 12, 12, 1 },
	{ "number_13", 13, 0, 2 },
	{ "number_268", 268, 1, 2 },
	{ "number_269", 269, 1, 3 },
	{ "number_65535", 65535, 0, 3 },
	{ "length_13", 1, 13, 2 },
	{ "length_268", 1, 268, 2 },
	{ "length_269", 1, 269, 3 },
	{ "both_large", 1000, 1000, 5 },
};

static void
option(void **state)
{
	const struct option_case *c = *state;
	uint8_t buf[1200], value[1000];
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };
	struct coap_option o;
	struct coap_message m;

	memset(value, 'v', sizeof(value));
	coap_begin(&w, COAP_NON, COAP_GET, 0x1234, value, 2);
	coap_add(&w, c->number, value, c->len);
	coap_add_payload(&w, "!", 1);
	assert_false(w.full);
	assert_int_equal(w.len, 4 + 2 + c->head + c->len + 2);

	assert_int_equal(coap_parse(&m, buf, w.len), COAP_GOOD);
	assert_int_equal(m.type, COAP_NON);
	assert_int_equal(m.id, 0x1234);
	assert_int_equal(m.token_len, 2);
	assert_true(coap_find(&m, c->number, &o));
	assert_int_equal(o.len, c->len);
	assert_memory_equal(o.value, value, c->len);
	assert_false(coap_next(&m, &o));
	assert_int_equal(m.payload_len, 1);
}

/* A Block2 option, and its bytes. */
static const struct block_case {
	const char *name;
	struct coap_block block;
	const char *bytes;
	size_t len;
} blocks[] = {
	{ "first_of_16", { 0, false, 16 }, "", 0 },
	{ "first_of_1024", { 0, false, 1024 }, "\x06", 1 },
	{ "first_of_more", { 0, true, 64 }, "\x0a", 1 },
	{ "block_15", { 15, true, 1024 }, "\xfe", 1 },
	{ "block_16", { 16, false, 32 }, "\x01\x01", 2 },
	{ "block_1048575", { 1048575, true, 512 }, "\xff\xff\xfd", 3 },
};

static void
block(void **state)
{
	const struct block_case *c = *state;
	uint8_t buf[64];
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };
	struct coap_block b;
	struct coap_option o;
	struct coap_message m;

	coap_begin(&w, COAP_CON, COAP_GET, 1, NULL, 0);
	coap_add_block2(&w, &c->block);
	assert_int_equal(coap_parse(&m, buf, w.len), COAP_GOOD);
	assert_true(coap_find(&m, COAP_BLOCK2, &o));
	assert_int_equal(o.len, c->len);
	assert_memory_equal(o.value, c->bytes, c->len);
	assert_int_equal(coap_get_block2(&m, &b), 1);
	assert_int_equal(b.num, c->block.num);
	assert_int_equal(b.more, c->block.more);
	assert_int_equal(b.size, c->block.size);
}

static void
block_of_a_size_that_there_is_not(void **state)
{
	static const uint8_t reserved[] = { 0x40, 1, 0, 1, 0xd1, 10, 7 };
	static const uint8_t long_one[] = { 0x40, 1, 0, 1, 0xd4, 10, 0, 0, 0,
		0 };
	static const uint8_t none[] = { 0x40, 1, 0, 1 };
	struct coap_block b;
	struct coap_message m;

	(void)state;
	assert_int_equal(coap_parse(&m, reserved, sizeof(reserved)), COAP_GOOD);
	assert_int_equal(coap_get_block2(&m, &b), -1);
	assert_int_equal(coap_parse(&m, long_one, sizeof(long_one)), COAP_GOOD);
	assert_int_equal(coap_get_block2(&m, &b), -1);
	assert_int_equal(coap_parse(&m, none, sizeof(none)), COAP_GOOD);
	assert_int_equal(coap_get_block2(&m, &b), 0);
}

static void
odd_options_must_be_understood(void **state)
{
	static const unsigned known[] = { COAP_URI_PATH, COAP_BLOCK2 };
	uint8_t buf[64];
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };
	struct coap_message m;

	(void)state;
	coap_begin(&w, COAP_CON, COAP_GET, 1, NULL, 0);
	coap_add(&w, COAP_URI_PATH, "a", 1);
	coap_add(&w, COAP_CONTENT_FORMAT, "", 0);
	coap_add(&w, COAP_BLOCK2, "", 0);
	assert_int_equal(coap_parse(&m, buf, w.len), COAP_GOOD);
	assert_int_equal(coap_not_understood(&m, known, LEN(known)), 0);
	assert_int_equal(coap_not_understood(&m, known, 1), COAP_BLOCK2);
	assert_int_equal(coap_not_understood(&m, known, 0), COAP_URI_PATH);
}

static void
what_does_not_fit_is_left_out(void **state)
{
	uint8_t buf[8] = { 0 };
	struct coap_writer w = { .buf = buf, .size = 6 };

	(void)state;
	coap_begin(&w, COAP_CON, COAP_GET, 1, NULL, 0);
	coap_add(&w, 1, "a", 1);
	assert_false(w.full);
	coap_add_payload(&w, "b", 1);
	assert_true(w.full);
	assert_int_equal(w.len, 6);
	assert_int_equal(buf[6], 0);
}

static void
codes_are_written_as_in_the_rfc(void **state)
{
	(void)state;
	assert_string_equal(coap_code_text(COAP_GET), "GET");
	assert_string_equal(coap_code_text(0x45), "2.05 Content");
	assert_string_equal(coap_code_text(0x84), "4.04 Not Found");
	assert_string_equal(coap_code_text(0x8c), "4.12 Precondition Failed");
	assert_string_equal(coap_code_text(0xff), "7.31");
	assert_string_equal(coap_code_text(0x1f), "0.31");
}

static void
add(struct CMUnitTest **tests, const char *name, void (*test)(void **),
    const void *row)
{
	*(*tests)++ = (struct CMUnitTest){ .name = name,
		.test_func = test,
		.initial_state = (void *)row };
}

int
main(void)
{
	struct CMUnitTest
	    tests[LEN(datagrams) + LEN(options) + LEN(blocks) + 4],
	    *end = tests;

	for (size_t i = 0; i < LEN(datagrams); i++)
		add(&end, datagrams[i].name, datagram, &datagrams[i]);
	for (size_t i = 0; i < LEN(options); i++)
		add(&end, options[i].name, option, &options[i]);
	for (size_t i = 0; i < LEN(blocks); i++)
		add(&end, blocks[i].name, block, &blocks[i]);
	add(&end, "block_of_a_size_that_there_is_not",
	    block_of_a_size_that_there_is_not, NULL);
	add(&end, "odd_options_must_be_understood",
	    odd_options_must_be_understood, NULL);
	add(&end, "what_does_not_fit_is_left_out",
	    what_does_not_fit_is_left_out, NULL);
	add(&end, "codes_are_written_as_in_the_rfc",
	    codes_are_written_as_in_the_rfc, NULL);
	return cmocka_run_group_tests_name("examples/coap", tests, NULL, NULL);
}
