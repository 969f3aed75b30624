#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/dpair.h"
#include "support/fake_clock.h"

static const struct {
	const char *name;
	enum dpair_kind kind;
} kinds[] = {
	{ "psk", DPAIR_PSK },
	{ "psk_ccm8", DPAIR_PSK_CCM8 },
	{ "certificate", DPAIR_CERT },
	{ "mutual", DPAIR_MUTUAL },
	{ "chain", DPAIR_CHAIN },
	{ "resumed", DPAIR_RESUMED },
};

/* A flight is sent again after 1000, 3000 and 7000 ms. */
static const struct {
	const char *name;
	enum way_fault_kind kind;
	int value;
} faults[] = {
	{ "lost", WAY_DROP, 0 },
	{ "twice", WAY_DUPLICATE, 0 },
	{ "twice_and_once_late", WAY_DUPLICATE, 1500 },
	{ "twice_and_once_very_late", WAY_DUPLICATE, 5000 },
	{ "late", WAY_DELAY, 300 },
	{ "after_the_timer", WAY_DELAY, 1500 },
	{ "after_two_timers", WAY_DELAY, 3500 },
	{ "after_the_next", WAY_SWAP, 0 },
	{ "cut_to_a_byte", WAY_TRUNCATE, 1 },
	{ "cut_to_the_record_header", WAY_TRUNCATE, 13 },
	{ "cut_to_the_headers", WAY_TRUNCATE, 25 },
	{ "cut_to_60_bytes", WAY_TRUNCATE, 60 },
	{ "cut_by_a_byte", WAY_TRUNCATE, -1 },
	{ "changed_in_its_type", WAY_FLIP, 0 },
	{ "changed_in_its_version", WAY_FLIP, 2 },
	{ "changed_in_its_epoch", WAY_FLIP, 4 },
	{ "changed_in_its_number", WAY_FLIP, 10 },
	{ "changed_in_its_high_length", WAY_FLIP, 11 },
	{ "changed_in_its_length", WAY_FLIP, 12 },
	{ "changed_in_the_message_type", WAY_FLIP, 13 },
	{ "changed_in_the_message_length", WAY_FLIP, 16 },
	{ "changed_in_the_message_number", WAY_FLIP, 18 },
	{ "changed_in_the_fragment_offset", WAY_FLIP, 21 },
	{ "changed_in_the_fragment_length", WAY_FLIP, 24 },
	{ "changed_in_the_body", WAY_FLIP, 30 },
	{ "changed_in_the_body_farther_on", WAY_FLIP, 70 },
	{ "changed_near_the_end", WAY_FLIP, -20 },
	{ "changed_in_the_last_byte", WAY_FLIP, -1 },
};

/* Both ends' 200 handshakes on a way that loses three datagrams of ten. */
static const struct loss_case {
	const char *name;
	enum dpair_kind kind;
	unsigned least; /* of them complete */
} losses[] = {
	{ "three_of_ten_are_lost_psk", DPAIR_PSK, 190 },
	{ "three_of_ten_are_lost_certificate", DPAIR_CERT, 190 },
};

struct one_case {
	char name[96];
	enum dpair_kind kind;
	struct way_fault fault;
};

static bool
is_change(const struct one_case *c)
{
	return c->fault.kind == WAY_FLIP;
}

static bool
is_met(const struct dpair *p, const struct one_case *c)
{
	return p->way.sent[c->fault.from] > c->fault.after;
}

/* Nobody's timer runs, so what has not ended is a server without a client. */
static void
assert_documented(const struct dpair *p)
{
	const int client = p->rc[WAY_CLIENT], server = p->rc[WAY_SERVER];

	assert_true(client == 0 || client == -ECONNABORTED ||
	    client == -ETIMEDOUT || client == -EIO);
	assert_true(server == 0 || server == -ECONNABORTED ||
	    server == -ETIMEDOUT || server == -EIO ||
	    (server == -EAGAIN && !p->met));
}

/* What one side alone takes for a connection carries nothing. */
static void
assert_no_cross_talk(struct dpair *p)
{
	for (int side = 0; side < 2; side++) {
		if (p->rc[side] == 0)
			(void)dpair_send(p, side, "secret", 6);
		assert_int_equal(p->ngot[1 - side], 0);
	}
}

static void
one_datagram(void **state)
{
	const struct one_case *c = *state;
	int64_t start_ms = fake_clock_ms();
	struct dpair p;
	bool done;

	dpair_init(&p, c->kind);
	p.way.fault = c->fault;
	done = dpair_handshake(&p);
	/* A shorter signature may have saved a datagram. */
	for (int i = 0; i < 50 && !is_met(&p, c); i++) {
		dpair_renew(&p);
		start_ms = fake_clock_ms();
		done = dpair_handshake(&p);
	}
	assert_true(is_met(&p, c));
	if (!is_change(c))
		assert_true(done && p.failures == 0);
	if (c->fault.kind == WAY_DROP)
		assert_true(fake_clock_ms() - start_ms > 1000);
	assert_documented(&p);
	assert_int_equal(p.ngot[WAY_CLIENT] + p.ngot[WAY_SERVER], 0);
	if (done && c->kind == DPAIR_RESUMED && !is_change(c))
		assert_true(tls_engine_resumed(p.engine[WAY_CLIENT]));
	if (done)
		dpair_exchange(&p);
	else
		assert_no_cross_talk(&p);
	dpair_fini(&p);
}

static void
loss(void **state)
{
	const struct loss_case *c = *state;
	unsigned complete = 0;
	struct dpair p;

	dpair_init(&p, c->kind);
	for (uint32_t seed = 0; seed < 200; seed++) {
		dpair_renew(&p);
		p.way.loss_percent = 30;
		p.way.seed = seed;
		if (dpair_handshake(&p)) {
			p.way.loss_percent = 0;
			dpair_exchange(&p);
			complete++;
			continue;
		}
		assert_true(p.rc[WAY_CLIENT] == -ETIMEDOUT ||
		    p.rc[WAY_SERVER] == -ETIMEDOUT);
		assert_no_cross_talk(&p);
	}
	dpair_fini(&p);
	if (complete < c->least)
		fail_msg("%u of 200 completed", complete);
}

/* How many datagrams each side sends when all goes well. */
static void
count(enum dpair_kind kind, unsigned sent[2])
{
	struct dpair p;

	dpair_init(&p, kind);
	if (!dpair_handshake(&p))
		exit(1);
	memcpy(sent, p.way.sent, sizeof(p.way.sent));
	dpair_fini(&p);
}

static struct CMUnitTest *tests;
static size_t ntests;

static void
add(const char *name, CMUnitTestFunction test, const void *state)
{
	tests = realloc(tests, (ntests + 1) * sizeof(*tests));
	if (tests == NULL)
		exit(1);
	tests[ntests++] = (struct CMUnitTest){ .name = name,
		.test_func = test,
		.initial_state = (void *)state };
}

static void
add_one(size_t kind, const struct way_fault *f, const char *what)
{
	struct one_case *c = malloc(sizeof(*c));

	if (c == NULL)
		exit(1);
	*c = (struct one_case){ .kind = kinds[kind].kind, .fault = *f };
	snprintf(c->name, sizeof(c->name), "%s_%s_datagram_%u_%s",
	    kinds[kind].name, f->from == WAY_CLIENT ? "client" : "server",
	    f->after + 1, what);
	add(c->name, one_datagram, c);
}

static void
add_kind(size_t kind)
{
	unsigned sent[2];

	count(kinds[kind].kind, sent);
	for (unsigned i = 0; i < sent[WAY_CLIENT] + sent[WAY_SERVER]; i++) {
		const bool client = i < sent[WAY_CLIENT];
		struct way_fault f = {
			.from = client ? WAY_CLIENT : WAY_SERVER,
			.after = client ? i : i - sent[WAY_CLIENT],
		};

		for (size_t k = 0; k < LEN(faults); k++) {
			f.kind = faults[k].kind;
			f.value = faults[k].value;
			add_one(kind, &f, faults[k].name);
		}
	}
}

int
main(void)
{
	int rc;

	dpair_credentials_init();
	for (size_t i = 0; i < LEN(kinds); i++)
		add_kind(i);
	for (size_t i = 0; i < LEN(losses); i++)
		add(losses[i].name, loss, &losses[i]);
	rc = _cmocka_run_group_tests("tls/engine_dgram", tests, ntests, NULL,
	    NULL);
	for (size_t i = 0; i < ntests; i++) {
		if (tests[i].test_func == one_datagram)
			free(tests[i].initial_state);
	}
	free(tests);
	dpair_credentials_fini();
	return rc;
}
