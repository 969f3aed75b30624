#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/dpair.h"
#include "support/fake_clock.h"

/* Nobody answers: when a flight is sent again, and when it is given up. */
static const struct silence_case {
	const char *name;
	uint32_t min_ms, max_ms;
	int nsent; /* times, the first at 0 not counted */
	int sent_ms[12];
	int end_ms; /* -1 is never */
} silences[] = {
	{ "as_on_the_device", 1000, 60000, 6,
	    { 1000, 3000, 7000, 15000, 31000, 63000 }, 123000 },
	{ "a_faster_one", 100, 1000, 4, { 100, 300, 700, 1500 }, 2500 },
	{ "max_is_no_power_of_two_times_min", 300, 700, 2, { 300, 900 }, 1600 },
	{ "max_is_min", 500, 500, 0, { 0 }, 500 },
	{ "max_is_less_than_min", 2000, 1000, 0, { 0 }, 2000 },
	{ "max_is_0", 1000, 0, 0, { 0 }, 1000 },
	{ "min_is_0", 0, 60000, 0, { 0 }, -1 },
	{ "both_are_0", 0, 0, 0, { 0 }, -1 },
	{ "they_are_as_long_as_they_can_be", 4294967, 4294967, 0, { 0 },
	    4294967 },
	{ "they_are_longer_still", 4294968, 4294968, 0, { 0 }, -1 },
	{ "openssl_ends_it", 20, 4000000, 12,
	    { 20, 60, 140, 300, 620, 1260, 2540, 5100, 10220, 20460, 40940,
	        81900 },
	    163820 },
};

/* How many datagrams waited to be sent. */
static int
drop_output(struct tls_engine *e, size_t *largest)
{
	const void *data;
	size_t n;
	int datagrams = 0;

	*largest = 0;
	for (; (n = tls_engine_output(e, &data)) > 0; datagrams++) {
		*largest = n > *largest ? n : *largest;
		tls_engine_output_done(e, n);
	}
	return datagrams;
}

static void
assert_sends(struct tls_engine *e, bool wanted)
{
	size_t largest;

	assert_int_equal(drop_output(e, &largest) > 0, wanted);
}

static void
assert_timed_out(struct tls_engine *e, int ms)
{
	struct verdict v;
	char want[64];

	assert_int_equal(tls_engine_handshake(e), -ETIMEDOUT);
	assert_int_equal(tls_engine_timer(e), -ETIMEDOUT);
	assert_int_equal(tls_engine_timer_ms(e), -1);
	tls_engine_explain(e, "a peer", &v);
	snprintf(want, sizeof(want), "did not answer within %d ms,", ms);
	assert_non_null(strstr(v.text, want));
}

/* To the moment when its timer is due, and not a moment before. */
static void
wait_for_timer(struct tls_engine *e)
{
	/* OpenSSL takes 15 ms, or what is less, for nothing. */
	fake_clock_advance_ms(tls_engine_timer_ms(e) - 16);
	assert_int_equal(tls_engine_timer_ms(e), 16);
	assert_int_equal(tls_engine_timer(e), 0);
	assert_sends(e, false);
	fake_clock_advance_ms(16);
	assert_int_equal(tls_engine_timer_ms(e), 0);
}

/* A flight has just left e, and its timer alone moves it from here on. */
static void
assert_schedule(struct tls_engine *e, const struct silence_case *c)
{
	const int64_t start_ms = fake_clock_ms();
	int n = 0;

	while (tls_engine_timer_ms(e) >= 0) {
		wait_for_timer(e);
		if (tls_engine_timer(e) != 0)
			break;
		assert_true(n < c->nsent);
		assert_int_equal(fake_clock_ms() - start_ms, c->sent_ms[n++]);
		assert_sends(e, true);
	}
	assert_sends(e, false);
	assert_int_equal(n, c->nsent);
	if (c->end_ms < 0) {
		fake_clock_advance_ms(3600 * 1000);
		assert_int_equal(tls_engine_timer(e), 0);
		assert_int_equal(tls_engine_handshake(e), -EAGAIN);
		assert_sends(e, false);
		return;
	}
	assert_int_equal(fake_clock_ms() - start_ms, c->end_ms);
	assert_timed_out(e, c->end_ms);
}

static void
open_pair(struct dpair *p, enum dpair_kind kind, const struct silence_case *c)
{
	dpair_init(p, kind);
	p->way.latency_ms = 1;
	for (int side = 0; side < 2; side++) {
		p->settings[side].timeout_min_ms = c->min_ms;
		p->settings[side].timeout_max_ms = c->max_ms;
	}
	dpair_renew(p);
}

static void
client_of_nobody(void **state)
{
	struct dpair p;

	open_pair(&p, DPAIR_CERT, *state);
	assert_int_equal(tls_engine_timer_ms(p.engine[WAY_CLIENT]), -1);
	assert_int_equal(tls_engine_handshake(p.engine[WAY_CLIENT]), -EAGAIN);
	assert_sends(p.engine[WAY_CLIENT], true);
	assert_schedule(p.engine[WAY_CLIENT], *state);
	dpair_fini(&p);
}

/* Steps until each side has sent so many, and the rest is lost. */
static void
fall_silent(struct dpair *p, unsigned client, unsigned server)
{
	while (p->way.sent[WAY_CLIENT] < client ||
	    p->way.sent[WAY_SERVER] < server)
		assert_true(dpair_step(p));
	p->way.loss_percent = 100;
	way_clear(&p->way);
}

static void
server_left_alone(void **state)
{
	struct dpair p;

	open_pair(&p, DPAIR_CERT, *state);
	fall_silent(&p, 2, 2);
	assert_int_equal(p.rc[WAY_SERVER], -EAGAIN);
	assert_schedule(p.engine[WAY_SERVER], *state);
	dpair_fini(&p);
}

/* The silence is that of the last flight alone. */
static void
client_that_had_answers_before(void **state)
{
	struct dpair p;

	open_pair(&p, DPAIR_CERT, *state);
	p.way.fault = (struct way_fault){ WAY_DROP, WAY_CLIENT, 0, 0 };
	fall_silent(&p, 3, 1);
	assert_schedule(p.engine[WAY_CLIENT], *state);
	dpair_fini(&p);
}

static void
server_that_had_answers_before(void **state)
{
	struct dpair p;

	open_pair(&p, DPAIR_RESUMED, *state);
	p.way.fault = (struct way_fault){ WAY_DROP, WAY_CLIENT, 1, 0 };
	fall_silent(&p, 3, 2);
	assert_schedule(p.engine[WAY_SERVER], *state);
	dpair_fini(&p);
}

static void
junk_arrives(struct tls_engine *e)
{
	static const unsigned char junk[] = "no record of DTLS";

	tls_engine_datagram(e, junk, sizeof(junk));
	(void)tls_engine_handshake(e);
}

/* What comes when the timer is due is neither a tick of it nor an answer. */
static void
client_that_gets_junk_on_time(void **state)
{
	const struct silence_case *c = *state;
	struct tls_engine *e;
	struct dpair p;
	size_t largest;
	int64_t start_ms;

	open_pair(&p, DPAIR_CERT, c);
	e = p.engine[WAY_CLIENT];
	assert_int_equal(tls_engine_handshake(e), -EAGAIN);
	(void)drop_output(e, &largest);
	start_ms = fake_clock_ms();
	for (int n = 0; n <= c->nsent; n++) {
		wait_for_timer(e);
		junk_arrives(e);
		(void)tls_engine_timer(e);
		if (tls_engine_error(e) != 0)
			break;
		assert_true(n < c->nsent);
		assert_int_equal(fake_clock_ms() - start_ms, c->sent_ms[n]);
		assert_int_equal(drop_output(e, &largest), 1);
		junk_arrives(e);
		assert_sends(e, false);
	}
	assert_int_equal(fake_clock_ms() - start_ms, c->end_ms);
	assert_timed_out(e, c->end_ms);
	dpair_fini(&p);
}

/* Waits that are too short for OpenSSL's clock are none, but they end. */
static void
a_min_of_a_millisecond_ends_after_12_times(void **state)
{
	const struct silence_case c = { .min_ms = 1, .max_ms = 60000 };
	struct tls_engine *e;
	struct dpair p;
	size_t largest;
	int n = 0, ms;

	(void)state;
	open_pair(&p, DPAIR_PSK, &c);
	e = p.engine[WAY_CLIENT];
	assert_int_equal(tls_engine_handshake(e), -EAGAIN);
	while ((ms = tls_engine_timer_ms(e)) >= 0) {
		n += drop_output(e, &largest);
		fake_clock_advance_ms(ms);
		(void)tls_engine_timer(e);
	}
	assert_int_equal(n, 1 + 12);
	assert_timed_out(e, 8191);
	dpair_fini(&p);
}

/* The server has the first part of a hello, and its cookie, but no more. */
static void
open_half(struct dpair *p, const struct silence_case *c)
{
	open_pair(p, DPAIR_CERT, c);
	tls_engine_set_mtu(p->engine[WAY_CLIENT], 280);
	while (p->way.sent[WAY_CLIENT] < 3)
		assert_true(dpair_step(p));
	while (!p->met)
		assert_true(dpair_step(p));
	assert_int_equal(p->rc[WAY_SERVER], -EAGAIN);
	assert_int_equal(p->way.sent[WAY_SERVER], 1);
}

static void
server_with_half_a_hello(void **state)
{
	const struct silence_case *c = *state;
	const uint32_t longest = c->max_ms > c->min_ms ? c->max_ms : c->min_ms;
	const bool ends = c->min_ms != 0;
	struct tls_engine *e;
	struct dpair p;

	open_half(&p, c);
	e = p.engine[WAY_SERVER];
	assert_int_equal(tls_engine_timer_ms(e), ends ? (int)longest : -1);
	fake_clock_advance_ms(ends ? longest : 3600 * 1000);
	assert_int_equal(tls_engine_timer_ms(e), ends ? 0 : -1);
	assert_int_equal(tls_engine_timer(e), ends ? -ETIMEDOUT : 0);
	assert_sends(e, false);
	if (ends)
		assert_timed_out(e, (int)longest);
	dpair_fini(&p);
}

static void
the_rest_of_a_hello_may_come_late(void **state)
{
	const struct silence_case c = { .min_ms = 1000, .max_ms = 60000 };
	struct dpair p;

	(void)state;
	open_half(&p, &c);
	way_clear(&p.way); /* it comes when the client sends it again */
	assert_true(dpair_handshake(&p));
	assert_int_equal(p.failures, 0);
	dpair_exchange(&p);
	dpair_fini(&p);
}

/* The way may carry less than was thought. */
static void
after_two_losses_datagrams_are_small(void **state)
{
	struct tls_engine *e;
	struct dpair p;
	size_t largest;

	(void)state;
	dpair_init(&p, DPAIR_CHAIN);
	p.mtu = 1200;
	dpair_renew(&p);
	fall_silent(&p, 2, 2);
	e = p.engine[WAY_SERVER];
	for (int n = 0; n < 4; n++) {
		wait_for_timer(e);
		assert_int_equal(tls_engine_timer(e), 0);
		assert_true(drop_output(e, &largest) >= (n == 0 ? 2 : 4));
		assert_in_range(largest, n == 0 ? 509 : 300,
		    n == 0 ? 1200 : 508);
	}
	dpair_fini(&p);
}

static void
no_timer_runs_once_it_is_established(void **state)
{
	struct dpair p;

	(void)state;
	dpair_init(&p, DPAIR_CERT);
	assert_true(dpair_handshake(&p));
	for (int side = 0; side < 2; side++) {
		assert_int_equal(tls_engine_timer_ms(p.engine[side]), -1);
		fake_clock_advance_ms(3600 * 1000);
		assert_int_equal(tls_engine_timer(p.engine[side]), 0);
		assert_sends(p.engine[side], false);
	}
	dpair_exchange(&p);
	dpair_fini(&p);
}

static void
none_runs_once_it_has_failed(void **state)
{
	struct tls_engine *e;
	struct dpair p;

	(void)state;
	dpair_init(&p, DPAIR_CERT);
	e = p.engine[WAY_CLIENT];
	assert_int_equal(tls_engine_handshake(e), -EAGAIN);
	assert_int_equal(tls_engine_timer_ms(e), 1000);
	tls_engine_fail(e, VERDICT_TRANSPORT, ECONNREFUSED, ECONNREFUSED, 0);
	assert_int_equal(tls_engine_timer_ms(e), -1);
	fake_clock_advance_ms(1000);
	assert_int_equal(tls_engine_timer(e), -ECONNREFUSED);
	dpair_fini(&p);
}

static const struct {
	const char *name;
	CMUnitTestFunction test;
} alone[] = {
	{ "a_client_of_nobody", client_of_nobody },
	{ "a_server_left_alone", server_left_alone },
	{ "a_server_with_half_a_hello", server_with_half_a_hello },
	{ "a_client_that_had_answers_before", client_that_had_answers_before },
	{ "a_server_that_had_answers_before", server_that_had_answers_before },
	{ "a_client_that_gets_junk_on_time", client_that_gets_junk_on_time },
};

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(a_min_of_a_millisecond_ends_after_12_times),
		cmocka_unit_test(the_rest_of_a_hello_may_come_late),
		cmocka_unit_test(after_two_losses_datagrams_are_small),
		cmocka_unit_test(no_timer_runs_once_it_is_established),
		cmocka_unit_test(none_runs_once_it_has_failed),
	};
	static char names[LEN(alone)][LEN(silences)][80];
	struct CMUnitTest tests[LEN(alone) * LEN(silences) + LEN(fixed)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(alone) * LEN(silences); i++) {
		const size_t k = i / LEN(silences), m = i % LEN(silences);

		if (silences[m].nsent == 0 && k >= 3)
			continue; /* they lose one first, or need a timer */
		snprintf(names[k][m], sizeof(names[k][m]), "%s_%s",
		    alone[k].name, silences[m].name);
		tests[n++] = (struct CMUnitTest){ .name = names[k][m],
			.test_func = alone[k].test,
			.initial_state = (void *)&silences[m] };
	}
	memcpy(tests + n, fixed, sizeof(fixed));
	n += LEN(fixed);
	return _cmocka_run_group_tests("tls/engine_dgram_timer", tests, n,
	    dpair_setup, dpair_teardown);
}
