#include "support/test.h"

#include <stdio.h>

#include "support/dpair.h"

/* No datagram of a handshake is longer than the way carries. */
static const struct mtu_case {
	const char *name;
	size_t mtu, limit; /* what is set, and the longest that is sent */
} mtus[] = {
	{ "not_set", 0, 1232 },
	{ "too_small", 1, 280 },
	{ "280", 280, 280 },
	{ "281", 281, 281 },
	{ "300", 300, 300 },
	{ "324", 324, 324 },
	{ "508", 508, 508 },
	{ "1232", 1232, 1232 },
	{ "1472", 1472, 1472 },
	{ "4096", 4096, 4096 },
	{ "that_openssl_has_no_buffer_for", 9000, 4096 },
	{ "of_the_loopback", 65507, 4096 },
};

struct watch {
	size_t limit, longest;
};

static void
watch(void *arg, enum way_side from, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct watch *w = arg;
	struct dgram_record r;

	(void)from;
	if (len > w->limit)
		fail_msg("%zu from %d", len, from);
	w->longest = len > w->longest ? len : w->longest;
	for (; len > 0; p += r.len, len -= r.len)
		assert_true(dgram_record_read(p, len, &r));
}

static void
open_pair(struct dpair *p, enum dpair_kind kind, const struct mtu_case *c,
    struct watch *w)
{
	*w = (struct watch){ .limit = c->limit };
	dpair_init(p, kind);
	p->mtu = c->mtu;
	p->way.on_send = watch;
	p->way.arg = w;
	dpair_renew(p);
}

/* They are filled, too, but for what encryption may add. */
static void
long_chain(void **state)
{
	const struct mtu_case *c = *state;
	struct watch w;
	struct dpair p;

	open_pair(&p, DPAIR_CHAIN, c, &w);
	assert_true(dpair_handshake(&p));
	assert_int_equal(p.failures, 0);
	assert_in_range(w.longest, c->limit - 24, c->limit);
	p.way.on_send = NULL;
	dpair_exchange(&p);
	dpair_fini(&p);
}

/* Each kind of cipher adds something else to the last record. */
static void
client_certificate(void **state)
{
	static const int suites[] = { 0xc02b, 0xc0ae, 0xcca9, 0xc009, 0xc024 };
	struct watch w;
	struct dpair p;

	open_pair(&p, DPAIR_MUTUAL, *state, &w);
	for (size_t i = 0; i < LEN(suites); i++) {
		for (int side = 0; side < 2; side++)
			assert_int_equal(tls_settings_set_suites(&p.settings
			                                              [side],
			                     &suites[i], 1),
			    0);
		dpair_renew(&p);
		p.way.on_send = watch;
		assert_true(dpair_handshake(&p));
		assert_int_equal(p.failures, 0);
		p.way.on_send = NULL;
		dpair_exchange(&p);
	}
	dpair_fini(&p);
}

static void
losses(void **state)
{
	const struct mtu_case *c = *state;
	unsigned complete = 0;
	struct watch w;
	struct dpair p;

	open_pair(&p, DPAIR_MUTUAL, c, &w);
	for (uint32_t seed = 0; seed < 20; seed++) {
		dpair_renew(&p);
		p.way.loss_percent = 20;
		p.way.seed = seed;
		complete += dpair_handshake(&p);
	}
	dpair_fini(&p);
	assert_true(complete >= 18);
}

static const struct {
	const char *name;
	CMUnitTestFunction test;
} checks[] = {
	{ "a_long_chain", long_chain },
	{ "a_client_certificate", client_certificate },
	{ "losses", losses },
};

int
main(void)
{
	static char names[LEN(checks)][LEN(mtus)][80];
	struct CMUnitTest tests[LEN(checks) * LEN(mtus)];

	for (size_t i = 0; i < LEN(tests); i++) {
		const size_t k = i / LEN(mtus), m = i % LEN(mtus);

		snprintf(names[k][m], sizeof(names[k][m]), "%s_at_an_mtu_%s",
		    checks[k].name, mtus[m].name);
		tests[i] = (struct CMUnitTest){ .name = names[k][m],
			.test_func = checks[k].test,
			.initial_state = (void *)&mtus[m] };
	}
	return cmocka_run_group_tests_name("tls/engine_dgram_mtu", tests,
	    dpair_setup, dpair_teardown);
}
