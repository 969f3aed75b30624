#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/dpair.h"

static const unsigned char data[] = "each five bytes of this are other ones";

/* A peer may send at once, and its data overtake its last flight. */
static const struct early_case {
	const char *name;
	enum dpair_kind kind;
	enum way_side from; /* who is the last to send a flight */
	unsigned after;
	int writes;
} earlies[] = {
	{ "data_overtake_the_servers_finished", DPAIR_CERT, WAY_SERVER, 2, 1 },
	{ "data_overtake_the_clients_finished", DPAIR_RESUMED, WAY_CLIENT, 2,
	    1 },
	{ "many_data_overtake_the_servers_finished", DPAIR_PSK, WAY_SERVER, 2,
	    16 },
	{ "many_data_overtake_the_clients_finished", DPAIR_RESUMED, WAY_CLIENT,
	    2, 16 },
};

/* Stops when the handshake of the other side is the only thing left. */
static void
write_early(struct dpair *p, const struct early_case *c)
{
	p->way.fault = (struct way_fault){ WAY_DELAY, c->from, c->after, 300 };
	while (p->rc[c->from] != 0)
		assert_true(dpair_step(p));
	for (int i = 0; i < c->writes; i++)
		assert_int_equal(tls_engine_write(p->engine[c->from], data + i,
		                     5),
		    5);
}

static void
early(void **state)
{
	const struct early_case *c = *state;
	const int to = 1 - c->from;
	struct dpair p;

	dpair_init(&p, c->kind);
	write_early(&p, c);
	while (dpair_step(&p) && p.rc[to] != 0)
		assert_int_equal(p.ngot[to], 0);
	assert_int_equal(p.rc[to], 0);
	assert_int_equal(p.ngot[to], 5 * c->writes);
	assert_int_equal(p.last_got[to], 5);
	for (int i = 0; i < c->writes; i++)
		assert_memory_equal(p.got[to] + i * 5, data + i, 5);
	dpair_exchange(&p);
	dpair_fini(&p);
}

/* The last flight may be told in two datagrams, with data between them. */
static const struct split_case {
	const char *name;
	bool before; /* the data come before the first part, else between */
} splits[] = {
	{ "data_come_before_the_last_flight", true },
	{ "data_come_inside_the_last_flight", false },
};

static void
give(struct tls_engine *e, const unsigned char *p, size_t len, int rc)
{
	tls_engine_datagram(e, p, len);
	assert_int_equal(tls_engine_handshake(e), rc);
}

/* What the server's last flight has, up to its Finished. */
static size_t
before_finished(const unsigned char *p, size_t len)
{
	struct dgram_record r;
	size_t n = 0;

	while (dgram_record_read(p + n, len - n, &r) && r.epoch == 0)
		n += r.len;
	assert_true(n > 0 && n < len);
	return n;
}

static void
split(void **state)
{
	const struct split_case *c = *state;
	struct dpair_datagram d[3], last;
	struct tls_engine *e;
	struct dpair p;
	char got[10];
	size_t n;

	dpair_init(&p, DPAIR_PSK);
	while (p.way.sent[WAY_SERVER] < 3)
		assert_true(dpair_step(&p));
	last.len = p.way.first->len;
	memcpy(last.data, p.way.first->data, last.len);
	n = before_finished(last.data, last.len);
	e = p.engine[WAY_CLIENT];
	if (!c->before)
		give(e, last.data, n, -EAGAIN);
	for (int i = 0; i < 3; i++) {
		dpair_write(p.engine[WAY_SERVER], "hello", 5, &d[i]);
		give(e, d[i].data, d[i].len, -EAGAIN);
	}
	if (c->before)
		give(e, last.data, n, -EAGAIN);
	give(e, last.data + n, last.len - n, 0);
	for (int i = 0; i < 3; i++) {
		tls_engine_rest(e);
		assert_true(tls_engine_readable(e));
		assert_int_equal(tls_engine_read(e, got, 2), 2);
		assert_memory_equal(got, "he", 2);
		tls_engine_rest(e);
		assert_int_equal(tls_engine_skip(e), 3);
	}
	dpair_assert_silent(e);
	dpair_exchange(&p);
	dpair_fini(&p);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(earlies) + LEN(splits)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(earlies); i++)
		tests[n++] = (struct CMUnitTest){ .name = earlies[i].name,
			.test_func = early,
			.initial_state = (void *)&earlies[i] };
	for (size_t i = 0; i < LEN(splits); i++)
		tests[n++] = (struct CMUnitTest){ .name = splits[i].name,
			.test_func = split,
			.initial_state = (void *)&splits[i] };
	return cmocka_run_group_tests_name("tls/engine_dgram_early", tests,
	    dpair_setup, dpair_teardown);
}
