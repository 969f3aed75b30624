#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "support/dpair.h"
#include "support/fake_clock.h"

static unsigned char data[20000];

/* A pair whose handshake is done, for tests of what follows. */
static int
setup(void **state)
{
	struct dpair *p = malloc(sizeof(*p));

	if (p == NULL)
		return -1;
	dpair_init(p, DPAIR_CERT);
	*state = p;
	return dpair_handshake(p) ? 0 : -1;
}

static int
teardown(void **state)
{
	dpair_fini(*state);
	free(*state);
	return 0;
}

static void
each_write_is_read_by_itself(void **state)
{
	static const size_t lens[] = { 1, 5, 100, 1000, 1500, 4096, 16384 };
	struct dpair *p = *state;
	struct dpair_datagram d;

	for (size_t i = 0; i < 2 * LEN(lens); i++) {
		const int from = i % 2;

		dpair_write(p->engine[from], data, lens[i / 2], &d);
		tls_engine_datagram(p->engine[1 - from], d.data, d.len);
		dpair_assert_reads(p->engine[1 - from], data, lens[i / 2]);
		dpair_assert_silent(p->engine[1 - from]);
	}
}

static void
a_write_of_nothing_sends_nothing(void **state)
{
	struct dpair *p = *state;
	const void *out;

	assert_int_equal(tls_engine_write(p->engine[0], "", 0), 0);
	assert_int_equal(tls_engine_output(p->engine[0], &out), 0);
}

static void
writes_wait_as_datagrams_in_their_order(void **state)
{
	struct dpair *p = *state;
	struct dpair_datagram d;

	for (size_t i = 1; i <= 50; i++)
		assert_int_equal(tls_engine_write(p->engine[0], data, i), i);
	for (size_t i = 1; i <= 50; i++) {
		assert_true(dpair_take(p->engine[0], &d));
		tls_engine_datagram(p->engine[1], d.data, d.len);
		dpair_assert_reads(p->engine[1], data, i);
	}
	dpair_assert_silent(p->engine[1]);
}

/* A receiver's small buffer: the rest is there until it is thrown away. */
static void
a_record_is_read_in_parts_or_skipped(void **state)
{
	struct dpair *p = *state;
	struct tls_engine *e = p->engine[1];
	struct dpair_datagram d;
	char got[10];

	dpair_write(p->engine[0], "hello", 5, &d);
	tls_engine_datagram(e, d.data, d.len);
	assert_int_equal(tls_engine_read(e, got, 2), 2);
	assert_true(tls_engine_readable(e));
	dpair_assert_reads(e, "llo", 3);
	assert_int_equal(tls_engine_skip(e), 0);

	dpair_write(p->engine[0], "world", 5, &d);
	tls_engine_datagram(e, d.data, d.len);
	assert_int_equal(tls_engine_read(e, got, 2), 2);
	assert_int_equal(tls_engine_skip(e), 3);
	dpair_assert_silent(e);

	dpair_write(p->engine[0], data, 16384, &d);
	tls_engine_datagram(e, d.data, d.len);
	assert_int_equal(tls_engine_read(e, got, 1), 1);
	assert_int_equal(tls_engine_skip(e), 16383);
	dpair_assert_silent(e);
}

/* So a peer of another kind may send them. */
static void
several_records_of_a_datagram_are_read_one_by_one(void **state)
{
	struct dpair *p = *state;
	struct tls_engine *e = p->engine[1];
	struct dpair_datagram all = { .len = 0 }, d;
	char got[10];

	for (size_t i = 0; i < 3; i++) {
		dpair_write(p->engine[0],
		    &"first\0second\0third"[i == 0 ? 0
		            : i == 1               ? 6
		                                   : 13],
		    i == 1 ? 6 : 5, &d);
		memcpy(all.data + all.len, d.data, d.len);
		all.len += d.len;
	}
	tls_engine_datagram(e, all.data, all.len);
	assert_int_equal(tls_engine_read(e, got, 2), 2);
	assert_int_equal(tls_engine_skip(e), 3);
	assert_true(tls_engine_readable(e));
	assert_int_equal(tls_engine_read(e, got, 2), 2);
	assert_memory_equal(got, "se", 2);
	tls_engine_rest(e);
	assert_int_equal(tls_engine_skip(e), 4);
	tls_engine_rest(e);
	dpair_assert_reads(e, "third", 5);
	dpair_assert_silent(e);
}

/* How much one write takes, by TLS_MAX_FRAGMENT_LENGTH and environment. */
static const struct limit_case {
	const char *name;
	const char *max_record; /* ZSOCK_TLS_MAX_RECORD */
	int fragment;
	size_t limit;
} limits[] = {
	{ "16384_bytes_are_the_most", NULL, 0, 16384 },
	{ "512_bytes_are_the_most", NULL, 1, 512 },
	{ "4096_bytes_are_the_most", NULL, 4, 4096 },
	{ "1000_bytes_are_the_most", "1000", 0, 1000 },
	{ "the_smaller_limit_counts", "1000", 2, 1000 },
	{ "the_smaller_limit_counts_the_other_way", "3000", 2, 1024 },
};

static void
limit(void **state)
{
	const struct limit_case *c = *state;
	struct tls_engine *e;
	struct dpair p;

	if (c->max_record != NULL)
		setenv("ZSOCK_TLS_MAX_RECORD", c->max_record, 1);
	config_reload();
	dpair_init(&p, DPAIR_CERT);
	p.settings[WAY_CLIENT].max_fragment = c->fragment;
	dpair_renew(&p);
	assert_true(dpair_handshake(&p));
	e = p.engine[WAY_CLIENT];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tls_engine_write(e, data, c->limit + 1),
		    -EMSGSIZE);
		assert_int_equal(tls_engine_write(e, data, sizeof(data)),
		    -EMSGSIZE);
		assert_int_equal(tls_engine_error(e), 0);
		assert_int_equal(dpair_send(&p, WAY_CLIENT, data, c->limit),
		    c->limit);
		assert_int_equal(p.last_got[WAY_SERVER], c->limit);
	}
	dpair_fini(&p);
	unsetenv("ZSOCK_TLS_MAX_RECORD");
	config_reload();
}

static void
close_notify_is_the_end(void **state)
{
	struct dpair *p = *state;
	struct tls_engine *e = p->engine[1];
	struct dpair_datagram end, late;
	char byte;

	dpair_write(p->engine[0], "late", 4, &late);
	tls_engine_shutdown(p->engine[0]);
	assert_true(dpair_take(p->engine[0], &end));
	assert_false(tls_engine_ended(e));
	tls_engine_datagram(e, end.data, end.len);
	assert_true(tls_engine_readable(e));
	assert_true(tls_engine_ended(e));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tls_engine_read(e, &byte, 1), 0);
		tls_engine_datagram(e, late.data, late.len);
		tls_engine_rest(e);
	}
	assert_int_equal(tls_engine_error(e), 0);
	/* The other direction is still open. */
	dpair_write(e, "still", 5, &late);
	tls_engine_datagram(p->engine[0], late.data, late.len);
	dpair_assert_reads(p->engine[0], "still", 5);
}

static void
a_second_shutdown_sends_nothing(void **state)
{
	struct dpair *p = *state;
	struct dpair_datagram d;
	const void *out;

	tls_engine_shutdown(p->engine[0]);
	assert_true(dpair_take(p->engine[0], &d));
	tls_engine_shutdown(p->engine[0]);
	assert_int_equal(tls_engine_output(p->engine[0], &out), 0);
	assert_int_equal(tls_engine_write(p->engine[0], "x", 1), -ECONNABORTED);
}

/* Before the client's last flight, a message that is none of a handshake. */
static void
send_nonsense(void *arg, enum way_side from, const void *sent, size_t len)
{
	static const unsigned char nonsense[] = { 22, 254, 253, 0, 0, 0, 0, 0,
		0, 0, 9, 0, 12, 99, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0 };
	struct dpair *p = arg;

	(void)sent;
	(void)len;
	if (from != WAY_CLIENT || p->way.sent[WAY_CLIENT] != 3)
		return;
	tls_engine_datagram(p->engine[WAY_SERVER], nonsense, sizeof(nonsense));
	p->rc[WAY_SERVER] = tls_engine_handshake(p->engine[WAY_SERVER]);
}

/* The server does not like it, and says so to a client that is content. */
static void
a_fatal_alert_is_eio(void **state)
{
	struct verdict v;
	struct dpair p;

	(void)state;
	dpair_init(&p, DPAIR_RESUMED);
	p.way.on_send = send_nonsense;
	p.way.arg = &p;
	assert_false(dpair_handshake(&p));
	assert_int_equal(p.rc[WAY_SERVER], -ECONNABORTED);
	assert_int_equal(p.rc[WAY_CLIENT], -EIO);
	assert_int_equal(tls_engine_write(p.engine[WAY_CLIENT], "x", 1), -EIO);
	tls_engine_explain(p.engine[WAY_CLIENT], "a peer", &v);
	assert_non_null(strstr(v.text,
	    "DTLS client: connection with a peer "
	    "failed: the peer sent the alert"));
	dpair_fini(&p);
}

static void
rest_between_datagrams_changes_nothing(void **state)
{
	struct dpair *p = *state;
	struct dpair_datagram d;
	char got[10];

	for (int i = 0; i < 20; i++) {
		struct tls_engine *from = p->engine[i % 2];
		struct tls_engine *to = p->engine[1 - i % 2];

		tls_engine_rest(from);
		assert_int_equal(tls_engine_write(from, "hello", 5), 5);
		tls_engine_rest(from); /* what waits is not lost */
		assert_true(dpair_take(from, &d));
		tls_engine_rest(to);
		tls_engine_datagram(to, d.data, d.len);
		tls_engine_rest(to); /* nor is what has come */
		assert_int_equal(tls_engine_read(to, got, 2), 2);
		tls_engine_rest(to); /* nor what is decrypted */
		dpair_assert_reads(to, "llo", 3);
		tls_engine_rest(to);
		tls_engine_rest(to);
		dpair_assert_silent(to);
	}
	tls_engine_rest(p->engine[0]);
	tls_engine_shutdown(p->engine[0]);
	assert_true(dpair_take(p->engine[0], &d));
	tls_engine_rest(p->engine[1]);
	tls_engine_datagram(p->engine[1], d.data, d.len);
	assert_int_equal(tls_engine_read(p->engine[1], got, 2), 0);
}

static int
setup_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	dpair_credentials_init();
	return 0;
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		OPEN(each_write_is_read_by_itself),
		OPEN(a_write_of_nothing_sends_nothing),
		OPEN(writes_wait_as_datagrams_in_their_order),
		OPEN(a_record_is_read_in_parts_or_skipped),
		OPEN(several_records_of_a_datagram_are_read_one_by_one),
		OPEN(close_notify_is_the_end),
		OPEN(a_second_shutdown_sends_nothing),
		OPEN(rest_between_datagrams_changes_nothing),
		cmocka_unit_test(a_fatal_alert_is_eio),
	};
	struct CMUnitTest tests[LEN(fixed) + LEN(limits)];
	size_t n = LEN(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < LEN(limits); i++)
		tests[n++] = (struct CMUnitTest){ .name = limits[i].name,
			.test_func = limit,
			.initial_state = (void *)&limits[i] };
	return cmocka_run_group_tests_name("tls/engine_dgram_data", tests,
	    setup_all, dpair_teardown);
}
