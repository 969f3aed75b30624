/* The table of a datagram socket's sessions, without any datagram. */
#include "support/test.h"

#include <netinet/in.h>
#include <string.h>

#include "sock/dtls_session.h"
#include "tls/engine_parts.h"

/* Enough for the table to grow several times. */
#define MANY 100

static struct tls_engine *
make_engine(void)
{
	const struct tls_settings settings = { 0 };
	struct tls_context *ctx;
	struct tls_engine *e;
	struct verdict why;

	assert_int_equal(tls_context_get(NULL, 0, &ctx, &why), 0);
	assert_int_equal(tls_engine_new(ctx, &settings, TLS_ROLE_SERVER,
	                     DTLS1_2_VERSION, "a peer", &e, &why),
	    0);
	tls_context_put(ctx);
	return e;
}

static union native_addr
v4(uint32_t host, uint16_t port)
{
	union native_addr a;

	memset(&a, 0, sizeof(a));
	a.in.sin_family = AF_INET;
	a.in.sin_addr.s_addr = htonl(host);
	a.in.sin_port = htons(port);
	return a;
}

static union native_addr
v6(unsigned char last, uint16_t port, uint32_t scope)
{
	union native_addr a;

	memset(&a, 0, sizeof(a));
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_addr.s6_addr[15] = last;
	a.in6.sin6_port = htons(port);
	a.in6.sin6_scope_id = scope;
	return a;
}

static struct dtls_session *
add(struct dtls_table *t, union native_addr a)
{
	struct dtls_session *s =
	    dtls_table_add(t, &a, sizeof(a.in6), make_engine());

	assert_non_null(s);
	return s;
}

/* The list has these sessions, the newest first, linked both ways. */
static void
assert_list(const struct dtls_list *l, struct dtls_session *const *want,
    size_t n)
{
	struct dtls_session *s = l->newest, *newer = NULL;

	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(s, want[i]);
		assert_ptr_equal(s->newer, newer);
		newer = s;
		s = s->older;
	}
	assert_null(s);
	assert_ptr_equal(l->oldest, newer);
}

#define ASSERT_LIST(list, ...) \
	assert_list((list), (struct dtls_session *[]){ __VA_ARGS__ }, \
	    LEN(((struct dtls_session *[]){ __VA_ARGS__ })))

static void
addresses_are_the_same_if_host_and_port_are(void **state)
{
	const struct {
		union native_addr a, b;
		bool same;
	} rows[] = {
		{ v4(1, 1), v4(1, 1), true },
		{ v4(1, 1), v4(1, 2), false },
		{ v4(1, 1), v4(2, 1), false },
		{ v6(1, 1, 0), v6(1, 1, 0), true },
		{ v6(1, 1, 0), v6(1, 2, 0), false },
		{ v6(1, 1, 0), v6(2, 1, 0), false },
		/* Who gives none means any. */
		{ v6(1, 1, 0), v6(1, 1, 3), true },
		{ v6(1, 1, 3), v6(1, 1, 0), true },
		{ v6(1, 1, 3), v6(1, 1, 3), true },
		{ v6(1, 1, 3), v6(1, 1, 4), false },
		{ v4(1, 1), v6(1, 1, 0), false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_int_equal(dtls_same_peer(&rows[i].a, &rows[i].b),
		    rows[i].same);
}

static void
an_empty_table_has_nobody(void **state)
{
	struct dtls_table t = { 0 };
	const union native_addr a = v4(1, 1);

	(void)state;
	assert_null(dtls_table_find(&t, &a));
	dtls_table_fini(&t);
	assert_null(dtls_table_find(&t, &a));
}

static void
a_session_is_new_as_it_is_added(void **state)
{
	struct dtls_table t = { 0 };
	const union native_addr a = v4(INADDR_LOOPBACK, 80);
	struct tls_engine *e = make_engine();
	struct dtls_session *s =
	    dtls_table_add(&t, &a, sizeof(struct sockaddr_in), e);

	(void)state;
	assert_non_null(s);
	assert_ptr_equal(s->engine, e);
	assert_int_equal(s->peer_len, sizeof(struct sockaddr_in));
	assert_string_equal(s->name, "127.0.0.1:80");
	assert_false(s->open || s->busy);
	assert_null(t.coldest);
	assert_true(s->wake.at_ns == DEADLINE_NEVER.at_ns);
	assert_in_range(deadline_now_ns() - s->active_ns, 0,
	    INT64_C(10000000000));
	assert_int_equal(t.n, 1);
	ASSERT_LIST(&t.opening, s);
	assert_null(t.open.newest);
	dtls_table_fini(&t);
	assert_int_equal(t.n, 0);
}

static void
each_is_found_however_many_there_are(void **state)
{
	struct dtls_table t = { 0 };
	struct dtls_session *all[MANY];

	(void)state;
	for (uint16_t i = 0; i < MANY; i++) {
		all[i] = add(&t, i % 2 ? v4(i, 7) : v6(1, i, 0));
		assert_int_equal(t.n, i + 1);
		assert_true(t.nbuckets >= t.n);
		assert_int_equal(t.nbuckets & (t.nbuckets - 1), 0);
		for (uint16_t k = 0; k <= i; k++)
			assert_ptr_equal(dtls_table_find(&t, &all[k]->peer),
			    all[k]);
	}
	for (uint16_t i = 0; i < MANY; i++) {
		const union native_addr other = v4(i, 8);

		assert_null(dtls_table_find(&t, &other));
	}
	dtls_table_fini(&t);
}

/* Of the same bucket, too: there are more of them than buckets at times. */
static void
who_is_removed_is_not_found_and_the_others_are(void **state)
{
	struct dtls_table t = { 0 };
	struct dtls_session *all[MANY];
	union native_addr gone[MANY];

	(void)state;
	for (uint16_t i = 0; i < MANY; i++)
		all[i] = add(&t, v4(1000 + i, i));
	for (size_t i = 0; i < MANY; i++) {
		const size_t k = i * 37 % MANY; /* each of them once */

		gone[i] = all[k]->peer;
		dtls_table_remove(&t, all[k]);
		all[k] = NULL;
		assert_int_equal(t.n, MANY - 1 - i);
		for (size_t j = 0; j <= i; j++)
			assert_null(dtls_table_find(&t, &gone[j]));
		for (size_t j = 0; j < MANY; j++) {
			if (all[j] != NULL)
				assert_ptr_equal(dtls_table_find(&t,
				                     &all[j]->peer),
				    all[j]);
		}
	}
	assert_null(t.opening.newest);
	assert_null(t.opening.oldest);
	dtls_table_fini(&t);
}

static void
lists_are_in_the_order_of_the_last_datagram(void **state)
{
	struct dtls_table t = { 0 };
	struct dtls_session *a = add(&t, v4(1, 1)), *b = add(&t, v4(2, 1)),
	                    *c = add(&t, v4(3, 1));
	int64_t before;

	(void)state;
	ASSERT_LIST(&t.opening, c, b, a);
	before = a->active_ns;
	dtls_table_touch(&t, a);
	assert_true(a->active_ns >= before);
	ASSERT_LIST(&t.opening, a, c, b);
	dtls_table_touch(&t, a);
	ASSERT_LIST(&t.opening, a, c, b);
	dtls_table_touch(&t, c); /* from the middle */
	ASSERT_LIST(&t.opening, c, a, b);
	dtls_table_opened(&t, a);
	ASSERT_LIST(&t.opening, c, b);
	ASSERT_LIST(&t.open, a);
	dtls_table_opened(&t, b);
	dtls_table_opened(&t, c);
	assert_null(t.opening.newest);
	assert_null(t.opening.oldest);
	ASSERT_LIST(&t.open, c, b, a);
	dtls_table_touch(&t, b);
	ASSERT_LIST(&t.open, b, c, a);
	dtls_table_remove(&t, c); /* the middle, the oldest, the last */
	ASSERT_LIST(&t.open, b, a);
	dtls_table_remove(&t, a);
	ASSERT_LIST(&t.open, b);
	dtls_table_remove(&t, b);
	assert_null(t.open.newest);
	assert_null(t.open.oldest);
	dtls_table_fini(&t);
}

/* A flight of it that was to be sent again is not. */
static void
who_is_open_waits_for_no_flight(void **state)
{
	struct dtls_table t = { 0 };
	struct dtls_session *s = add(&t, v4(1, 1));

	(void)state;
	s->wake = deadline_in_ms(1);
	dtls_table_opened(&t, s);
	assert_true(s->open);
	assert_true(s->wake.at_ns == DEADLINE_NEVER.at_ns);
	dtls_table_fini(&t);
}

/* An open session that was last heard of at that time. */
static struct dtls_session *
add_open(struct dtls_table *t, uint16_t port, int64_t active_ns)
{
	struct dtls_session *s = add(t, v4(1, port));

	/* An engine rests between records, not in its handshake. */
	s->engine->established = true;
	dtls_table_opened(t, s);
	s->active_ns = active_ns;
	return s;
}

static void
silent_sessions_rest_and_the_others_do_not(void **state)
{
	struct dtls_table t = { 0 };
	struct dtls_session *all[6];

	(void)state;
	for (uint16_t i = 0; i < LEN(all); i++)
		all[i] = add_open(&t, i, i * 10);
	assert_ptr_equal(t.coldest, all[0]);
	dtls_table_rest(&t, 20);
	for (size_t i = 0; i < LEN(all); i++)
		assert_int_equal(all[i]->engine->resting, i < 3);
	assert_ptr_equal(t.coldest, all[3]);
	dtls_table_touch(&t, all[0]); /* it moves bytes again */
	assert_ptr_equal(t.coldest, all[3]);
	dtls_table_touch(&t, all[3]);
	assert_ptr_equal(t.coldest, all[4]);
	dtls_table_rest(&t, INT64_MAX);
	assert_null(t.coldest);
	assert_true(all[4]->engine->resting && all[5]->engine->resting);
	dtls_table_touch(&t, all[1]);
	assert_ptr_equal(t.coldest, all[1]);
	dtls_table_touch(&t, all[1]); /* the newest already */
	assert_ptr_equal(t.coldest, all[1]);
	dtls_table_fini(&t);
}

/* Of many that opened one after the other, those that have moved on rest. */
static void
few_are_warm_unless_all_are_busy(void **state)
{
	const int64_t now = deadline_coarse_ns(), ago = now - 1000000000;
	struct dtls_session *all[100];
	struct dtls_table t = { 0 };
	size_t resting = 0;

	(void)state;
	for (uint16_t i = 0; i < LEN(all); i++)
		all[i] = add_open(&t, i, i < 50 ? ago : now);
	for (size_t i = 0; i < LEN(all); i++)
		resting += all[i]->engine->resting;
	assert_int_equal(resting, 50);
	assert_int_equal(t.nwarm, 50);
	assert_ptr_equal(t.coldest, all[50]);
	for (size_t i = 50; i < LEN(all); i++)
		all[i]->active_ns = ago;
	dtls_table_touch(&t, all[0]); /* it moves bytes again */
	assert_int_equal(t.nwarm, 16);
	assert_ptr_equal(t.coldest, all[85]);
	dtls_table_remove(&t, all[85]);
	dtls_table_remove(&t, all[1]); /* which rests */
	assert_int_equal(t.nwarm, 15);
	dtls_table_rest(&t, INT64_MAX);
	assert_int_equal(t.nwarm, 0);
	assert_null(t.coldest);
	dtls_table_fini(&t);
}

static void
who_is_removed_is_not_the_one_to_rest_next(void **state)
{
	struct dtls_table t = { 0 };
	struct dtls_session *a = add_open(&t, 1, 1), *b = add_open(&t, 2, 2),
	                    *c = add(&t, v4(3, 1));

	(void)state;
	dtls_table_remove(&t, a);
	assert_ptr_equal(t.coldest, b);
	dtls_table_remove(&t, c); /* which is not open */
	assert_ptr_equal(t.coldest, b);
	dtls_table_remove(&t, b);
	assert_null(t.coldest);
	dtls_table_fini(&t);
}

static void
an_emptied_table_is_as_new(void **state)
{
	static const struct dtls_table empty;
	struct dtls_table t = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint16_t i = 0; i < 20; i++) {
			struct dtls_session *s = add(&t, v4(9, i));

			if (i % 3 == 0)
				dtls_table_opened(&t, s);
			if (i % 2 == 0)
				dtls_table_touch(&t, s);
		}
		dtls_table_fini(&t);
		assert_memory_equal(&t, &empty, sizeof(t));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_the_same_if_host_and_port_are),
		cmocka_unit_test(an_empty_table_has_nobody),
		cmocka_unit_test(a_session_is_new_as_it_is_added),
		cmocka_unit_test(each_is_found_however_many_there_are),
		cmocka_unit_test(
		    who_is_removed_is_not_found_and_the_others_are),
		cmocka_unit_test(lists_are_in_the_order_of_the_last_datagram),
		cmocka_unit_test(who_is_open_waits_for_no_flight),
		cmocka_unit_test(silent_sessions_rest_and_the_others_do_not),
		cmocka_unit_test(few_are_warm_unless_all_are_busy),
		cmocka_unit_test(who_is_removed_is_not_the_one_to_rest_next),
		cmocka_unit_test(an_emptied_table_is_as_new),
	};

	return cmocka_run_group_tests_name("sock/dtls_session", tests, NULL,
	    NULL);
}
