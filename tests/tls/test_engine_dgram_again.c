#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "support/dpair.h"

/* What a client that wants ascending numbers sees. */
struct watch {
	bool any, met;
	uint64_t hello, highest; /* record numbers */
	unsigned requests, hellos;
};

static void
watch_server(struct watch *w, const unsigned char *data,
    const struct dgram_record *r)
{
	const bool request = r->type == 22 && data[13] == 3;

	/* A request has its hello's number, which may come twice. */
	if (w->any &&
	    (request ? r->number < w->highest : r->number <= w->highest))
		fail_msg("record %u after %u", (unsigned)r->number,
		    (unsigned)w->highest);
	w->any = true;
	w->highest = r->number;
	if (r->type != 22)
		return;
	w->requests += request;
	if (data[13] != 2 || w->met)
		return;
	w->met = true;
	assert_true(r->number >= w->hello);
}

static void
watch(void *arg, enum way_side from, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct watch *w = arg;
	struct dgram_record r;

	for (; dgram_record_read(p, len, &r); p += r.len, len -= r.len) {
		if (r.epoch != 0)
			continue;
		if (from == WAY_SERVER) {
			watch_server(w, p, &r);
		} else if (r.type == 22 && p[13] == 1) {
			w->hello = r.number;
			w->hellos++;
		}
	}
}

static const struct again_case {
	const char *name;
	struct way_fault fault;
	unsigned hellos, requests; /* so many are sent */
} agains[] = {
	{ "a_good_way", { .kind = 0 }, 2, 1 },
	{ "the_request_is_lost", { WAY_DROP, WAY_SERVER, 0, 0 }, 3, 2 },
	{ "the_request_is_late", { WAY_DELAY, WAY_SERVER, 0, 1500 }, 3, 2 },
	{ "the_first_hello_is_lost", { WAY_DROP, WAY_CLIENT, 0, 0 }, 3, 1 },
	{ "the_first_hello_comes_twice", { WAY_DUPLICATE, WAY_CLIENT, 0, 0 }, 2,
	    2 },
	{ "the_first_hello_comes_again_after_the_second",
	    { WAY_DUPLICATE, WAY_CLIENT, 0, 50 }, 2, 1 },
	{ "the_first_hello_comes_again_when_all_is_done",
	    { WAY_DUPLICATE, WAY_CLIENT, 0, 5000 }, 2, 1 },
	{ "the_second_hello_is_lost", { WAY_DROP, WAY_CLIENT, 1, 0 }, 3, 1 },
	{ "the_second_hello_is_late", { WAY_DELAY, WAY_CLIENT, 1, 1500 }, 3,
	    1 },
	{ "the_second_hello_comes_twice", { WAY_DUPLICATE, WAY_CLIENT, 1, 0 },
	    2, 1 },
	{ "the_second_hello_comes_again_when_all_is_done",
	    { WAY_DUPLICATE, WAY_CLIENT, 1, 5000 }, 2, 1 },
	{ "the_answer_to_the_second_is_lost", { WAY_DROP, WAY_SERVER, 1, 0 }, 3,
	    1 },
};

static void
again(void **state)
{
	const struct again_case *c = *state;
	struct watch w = { .any = false };
	struct dpair p;

	dpair_init(&p, DPAIR_CERT);
	p.way.fault = c->fault;
	p.way.on_send = watch;
	p.way.arg = &w;
	assert_true(dpair_handshake(&p));
	assert_int_equal(p.failures, 0);
	assert_true(w.met);
	assert_int_equal(w.hellos, c->hellos);
	assert_int_equal(w.requests, c->requests);
	dpair_exchange(&p);
	dpair_fini(&p);
}

/* One that is started anew from the same port is heard. */
static void
another_client_of_the_same_address_takes_over(void **state)
{
	struct tls_engine *old, *client;
	struct dpair p;

	(void)state;
	dpair_init(&p, DPAIR_CERT);
	assert_true(dpair_handshake(&p));
	dpair_exchange(&p);
	old = p.engine[WAY_CLIENT];
	client = dpair_engine(&p, WAY_CLIENT);
	p.engine[WAY_CLIENT] = client;
	p.rc[WAY_CLIENT] = -EAGAIN;
	p.begun = false;
	assert_true(dpair_handshake(&p));
	dpair_exchange(&p);
	tls_engine_free(old);
	dpair_fini(&p);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(agains) + 1];
	size_t n = 0;

	for (size_t i = 0; i < LEN(agains); i++)
		tests[n++] = (struct CMUnitTest){ .name = agains[i].name,
			.test_func = again,
			.initial_state = (void *)&agains[i] };
	tests[n] = (struct CMUnitTest)cmocka_unit_test(
	    another_client_of_the_same_address_takes_over);
	return cmocka_run_group_tests_name("tls/engine_dgram_again", tests,
	    dpair_setup, dpair_teardown);
}
