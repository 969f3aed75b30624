#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/dpair.h"

/* Each kind of cipher takes records apart in another way. */
static const struct suite_case {
	const char *name;
	enum dpair_kind kind;
	int suite;
} suites[] = {
	{ "gcm", DPAIR_CERT, 0xc02b },
	{ "gcm_256", DPAIR_CERT, 0xc02c },
	{ "ccm", DPAIR_CERT, 0xc0ac },
	{ "ccm8", DPAIR_CERT, 0xc0ae },
	{ "chacha", DPAIR_CERT, 0xcca9 },
	{ "cbc_sha256", DPAIR_CERT, 0xc023 },
	{ "cbc_sha384", DPAIR_CERT, 0xc024 },
	{ "cbc_sha1", DPAIR_CERT, 0xc009 },
	{ "gcm_psk", DPAIR_PSK, 0x00a8 },
	{ "ccm8_psk", DPAIR_PSK, 0xc0a8 },
	{ "chacha_psk", DPAIR_PSK, 0xccab },
	{ "cbc_psk", DPAIR_PSK, 0x00ae },
};

static void
open_pair(struct dpair *p, const struct suite_case *c)
{
	dpair_init(p, c->kind);
	for (int side = 0; side < 2; side++)
		assert_int_equal(tls_settings_set_suites(&p->settings[side],
		                     &c->suite, 1),
		    0);
	dpair_renew(p);
	assert_true(dpair_handshake(p));
	assert_int_equal(tls_engine_suite(p->engine[WAY_CLIENT]), c->suite);
}

static void
a_replay_is_dropped(void **state)
{
	struct dpair_datagram first, second;
	struct tls_engine *e;
	struct dpair p;

	open_pair(&p, *state);
	e = p.engine[WAY_SERVER];
	dpair_write(p.engine[WAY_CLIENT], "first", 5, &first);
	dpair_write(p.engine[WAY_CLIENT], "second", 6, &second);
	tls_engine_datagram(e, second.data, second.len);
	dpair_assert_reads(e, "second", 6);
	tls_engine_datagram(e, first.data, first.len);
	dpair_assert_reads(e, "first", 5);
	for (int i = 0; i < 3; i++) {
		tls_engine_datagram(e, first.data, first.len);
		dpair_assert_silent(e);
		tls_engine_datagram(e, second.data, second.len);
		dpair_assert_silent(e);
	}
	dpair_exchange(&p);
	dpair_fini(&p);
}

static void
a_changed_bit_is_dropped(void **state)
{
	struct dpair_datagram d;
	struct tls_engine *e;
	struct dpair p;

	open_pair(&p, *state);
	e = p.engine[WAY_SERVER];
	dpair_write(p.engine[WAY_CLIENT], "hello", 5, &d);
	for (size_t bit = 0; bit < d.len * 8; bit++) {
		d.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		tls_engine_datagram(e, d.data, d.len);
		dpair_assert_silent(e);
		d.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	tls_engine_datagram(e, d.data, d.len);
	dpair_assert_reads(e, "hello", 5);
	dpair_exchange(&p);
	dpair_fini(&p);
}

/* A record as short as can be, behind a good one or alone. */
static void
a_short_record_is_dropped(void **state)
{
	struct dpair_datagram d, good;
	struct tls_engine *e;
	struct dpair p;

	open_pair(&p, *state);
	e = p.engine[WAY_CLIENT];
	dpair_write(p.engine[WAY_SERVER], "hello, hello, hello, hello", 26, &d);
	for (size_t n = 0; n < d.len - DGRAM_RECORD_HEADER; n++) {
		const size_t len = DGRAM_RECORD_HEADER + n;
		struct dpair_datagram cut = { .len = len };

		memcpy(cut.data, d.data, len);
		cut.data[11] = (unsigned char)(n >> 8);
		cut.data[12] = (unsigned char)n;
		tls_engine_datagram(e, cut.data, cut.len);
		dpair_assert_silent(e);
		dpair_write(p.engine[WAY_SERVER], "x", 1, &good);
		memmove(good.data + len, good.data, good.len);
		memcpy(good.data, cut.data, len);
		tls_engine_datagram(e, good.data, len + good.len);
		dpair_assert_reads(e, "x", 1);
		dpair_assert_silent(e);
		dpair_write(p.engine[WAY_SERVER], "y", 1, &good);
		memcpy(good.data + good.len, cut.data, len);
		tls_engine_datagram(e, good.data, good.len + len);
		dpair_assert_reads(e, "y", 1);
		dpair_assert_silent(e);
	}
	for (size_t len = 1; len < d.len; len++) {
		tls_engine_datagram(e, d.data, len);
		dpair_assert_silent(e);
	}
	dpair_exchange(&p);
	dpair_fini(&p);
}

/*
 * What is in a record that OpenSSL does not like in its header, it takes for
 * records: here for a short one.
 */
static const struct {
	unsigned char minor, epoch;
	size_t len;
} outers[] = { { 255, 1, 40 }, { 253, 1, 17500 }, { 255, 0, 40 },
	{ 253, 0, 17500 }, { 0, 1, 40 }, { 253, 1, 16384 + 320 },
	{ 253, 1, 1500 }, { 253, 1, 600 } };

static void
assert_hidden_is_dropped(struct dpair *p)
{
	static const unsigned char header[] = { 23, 254, 253, 0, 1, 0, 0, 0, 9,
		0, 0, 0, 2, 1, 2 };
	static unsigned char datagram[20000];

	for (size_t i = 0; i < LEN(outers); i++) {
		const size_t len = outers[i].len;

		memcpy(datagram, header, sizeof(header));
		memcpy(datagram + DGRAM_RECORD_HEADER, header, sizeof(header));
		datagram[2] = outers[i].minor;
		datagram[4] = outers[i].epoch;
		datagram[11] = (unsigned char)(len >> 8);
		datagram[12] = (unsigned char)len;
		for (int side = 0; side < 2; side++) {
			tls_engine_datagram(p->engine[side], datagram,
			    DGRAM_RECORD_HEADER + len);
			dpair_assert_silent(p->engine[side]);
		}
	}
}

static void
a_short_record_inside_a_bad_one_is_dropped(void **state)
{
	struct dpair p;

	open_pair(&p, *state);
	assert_hidden_is_dropped(&p);
	dpair_exchange(&p);
	/* OpenSSL does not like those either that are longer than agreed on. */
	p.settings[WAY_CLIENT].max_fragment = 1;
	dpair_renew(&p);
	assert_true(dpair_handshake(&p));
	assert_hidden_is_dropped(&p);
	dpair_exchange(&p);
	dpair_fini(&p);
}

/* A short record of the keys to come, which a stranger sends in advance. */
static void
a_short_record_in_advance_is_dropped(void **state)
{
	static const unsigned char early[] = { 23, 254, 253, 0, 1, 0, 0, 0, 0,
		0, 9, 0, 2, 1, 2 };
	const struct suite_case *c = *state;
	struct dpair p;

	open_pair(&p, c);
	dpair_renew(&p);
	while (p.rc[WAY_CLIENT] != 0 || p.rc[WAY_SERVER] != 0) {
		for (int side = p.met ? 1 : 0; side >= 0; side--) {
			tls_engine_datagram(p.engine[side], early,
			    sizeof(early));
			(void)tls_engine_handshake(p.engine[side]);
		}
		assert_true(dpair_step(&p));
	}
	dpair_exchange(&p);
	dpair_fini(&p);
}

static const struct {
	const char *name;
	CMUnitTestFunction test;
} by_suite[] = {
	{ "a_replay_is_dropped", a_replay_is_dropped },
	{ "a_changed_bit_is_dropped", a_changed_bit_is_dropped },
	{ "a_short_record_is_dropped", a_short_record_is_dropped },
	{ "a_short_record_inside_a_bad_one_is_dropped",
	    a_short_record_inside_a_bad_one_is_dropped },
	{ "a_short_record_in_advance_is_dropped",
	    a_short_record_in_advance_is_dropped },
};

/* What anybody can send who knows the two ports. */
static const struct junk_case {
	const char *name;
	unsigned char data[64];
	size_t len;
} junks[] = {
	{ "a_strangers_text_is_dropped", "GET / HTTP/1.1", 14 },
	{ "a_strangers_alert_is_dropped",
	    { 21, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, 2, 2, 40 }, 15 },
	{ "a_strangers_close_notify_is_dropped",
	    { 21, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, 2, 1, 0 }, 15 },
	{ "a_strangers_alert_of_this_epoch_is_dropped",
	    { 21, 254, 253, 0, 1, 0, 0, 0, 0, 9, 9, 0, 2, 2, 40 }, 15 },
	{ "a_strangers_data_are_dropped",
	    { 23, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, 5, 'h', 'e', 'l', 'l',
	        'o' },
	    18 },
	{ "a_strangers_change_of_cipher_is_dropped",
	    { 20, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, 1, 1 }, 14 },
	{ "a_strangers_hello_request_is_dropped",
	    { 22, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, 12 }, 25 },
	{ "an_empty_record_is_dropped",
	    { 23, 254, 253, 0, 1, 0, 0, 0, 0, 9, 9, 0, 0 }, 13 },
	{ "a_record_of_the_next_epoch_is_dropped",
	    { 23, 254, 253, 0, 2, 0, 0, 0, 0, 9, 9, 0, 20 }, 33 },
};

static void
junk(void **state)
{
	const struct junk_case *c = *state;
	struct dpair p;

	dpair_init(&p, DPAIR_CERT);
	assert_true(dpair_handshake(&p));
	for (int side = 0; side < 2; side++) {
		tls_engine_datagram(p.engine[side], c->data, c->len);
		dpair_assert_silent(p.engine[side]);
	}
	dpair_exchange(&p);
	dpair_fini(&p);
}

int
main(void)
{
	static char names[LEN(by_suite)][LEN(suites)][80];
	struct CMUnitTest tests[LEN(junks) + LEN(by_suite) * LEN(suites)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(junks); i++)
		tests[n++] = (struct CMUnitTest){ .name = junks[i].name,
			.test_func = junk,
			.initial_state = (void *)&junks[i] };
	for (size_t i = 0; i < LEN(by_suite) * LEN(suites); i++) {
		const size_t k = i / LEN(suites), m = i % LEN(suites);

		snprintf(names[k][m], sizeof(names[k][m]), "%s_%s",
		    by_suite[k].name, suites[m].name);
		tests[n++] = (struct CMUnitTest){ .name = names[k][m],
			.test_func = by_suite[k].test,
			.initial_state = (void *)&suites[m] };
	}
	return cmocka_run_group_tests_name("tls/engine_dgram_junk", tests,
	    dpair_setup, dpair_teardown);
}
