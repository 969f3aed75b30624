#include "support/test.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/dpair.h"
#include "support/fake_clock.h"

#define HERE "192.0.2.7:1234"
#define COOKIE_SIZE 32

/* One server that waits for a hello, and a client's two. */
struct greeting {
	struct dpair p; /* for its settings */
	struct tls_engine *server;
	struct dpair_datagram first, second; /* without and with the cookie */
};

/* The cookie that another process has given out for HERE. */
static unsigned char foreign_cookie[COOKIE_SIZE];

static int
hello_from(struct tls_engine *server, const char *peer,
    const struct dpair_datagram *d)
{
	return tls_engine_hello(server, peer, strlen(peer), d->data, d->len);
}

/* Where the cookie is in a ClientHello, its length before it. */
static unsigned char *
cookie_of(struct dpair_datagram *d)
{
	/* The headers of record and message, version, random, session. */
	unsigned char *p = d->data + 13 + 12 + 2 + 32;

	return p + 1 + p[0];
}

static void
greeting_init(struct greeting *g)
{
	struct dpair_datagram answer;
	struct tls_engine *client;

	dpair_init(&g->p, DPAIR_CERT);
	client = g->p.engine[WAY_CLIENT];
	g->server = dpair_engine(&g->p, WAY_SERVER);
	assert_int_equal(tls_engine_handshake(client), -EAGAIN);
	assert_true(dpair_take(client, &g->first));
	assert_int_equal(hello_from(g->server, HERE, &g->first), -EAGAIN);
	assert_true(dpair_take(g->server, &answer));
	tls_engine_datagram(client, answer.data, answer.len);
	assert_int_equal(tls_engine_handshake(client), -EAGAIN);
	assert_true(dpair_take(client, &g->second));
	assert_int_equal(cookie_of(&g->second)[0], COOKIE_SIZE);
}

static void
greeting_fini(struct greeting *g)
{
	tls_engine_free(g->server);
	dpair_fini(&g->p);
}

/* It is refused, or answered with a cookie; and the engine is as new. */
static void
assert_does_not_pass(struct greeting *g, const char *peer,
    const struct dpair_datagram *d, bool answered)
{
	struct dpair_datagram answer;
	struct dgram_record r;

	assert_int_equal(hello_from(g->server, peer, d), -EAGAIN);
	assert_int_equal(dpair_take(g->server, &answer), answered);
	if (answered) {
		assert_true(dgram_record_read(answer.data, answer.len, &r));
		assert_int_equal(r.len, answer.len);
		assert_int_equal(answer.data[13], 3); /* HelloVerifyRequest */
		assert_true(answer.len <= d->len);
	}
	assert_false(dpair_take(g->server, &answer));
	assert_int_equal(tls_engine_error(g->server), 0);
	assert_int_equal(tls_engine_timer_ms(g->server), -1);
}

static void
assert_passes(struct greeting *g)
{
	struct dpair_datagram answer;

	assert_int_equal(hello_from(g->server, HERE, &g->second), 0);
	assert_int_equal(tls_engine_handshake(g->server), -EAGAIN);
	assert_true(dpair_take(g->server, &answer));
	assert_int_equal(answer.data[13], 2); /* ServerHello */
}

static void
a_cookie_passes_from_its_address(void **state)
{
	struct greeting g;

	(void)state;
	greeting_init(&g);
	assert_passes(&g);
	greeting_fini(&g);
}

/* All that one side has sent; what the other's handshake says in the end. */
static int
carry(struct tls_engine *from, struct tls_engine *to)
{
	struct dpair_datagram d;
	int rc = tls_engine_handshake(to);

	while (dpair_take(from, &d)) {
		tls_engine_datagram(to, d.data, d.len);
		rc = tls_engine_handshake(to);
	}
	return rc;
}

/* Nothing is lost, so nothing has to be sent again. */
static void
assert_completes(struct greeting *g, const struct dpair_datagram *d)
{
	struct tls_engine *client = g->p.engine[WAY_CLIENT];

	assert_int_equal(hello_from(g->server, HERE, d), 0);
	assert_int_equal(tls_engine_handshake(g->server), -EAGAIN);
	assert_int_equal(carry(g->server, client), -EAGAIN);
	assert_int_equal(carry(client, g->server), 0);
	assert_int_equal(carry(g->server, client), 0);
}

static void
put_record(struct dpair_datagram *d, const struct dpair_datagram *hello,
    uint64_t number, size_t at, size_t len)
{
	unsigned char *p = d->data + d->len;

	memcpy(p, hello->data, 13 + 12);
	dgram_record_renumber(p, number);
	p[11] = (unsigned char)((12 + len) >> 8);
	p[12] = (unsigned char)(12 + len);
	p[20] = (unsigned char)(at >> 8);
	p[21] = (unsigned char)at;
	p[23] = (unsigned char)(len >> 8);
	p[24] = (unsigned char)len;
	memcpy(p + 13 + 12, hello->data + 13 + 12 + at, len);
	d->len += 13 + 12 + len;
}

static void
a_hello_may_be_in_several_records(void **state)
{
	struct dpair_datagram d = { .len = 0 };
	struct greeting g;
	size_t body;

	(void)state;
	greeting_init(&g);
	body = g.second.len - 13 - 12;
	put_record(&d, &g.second, 1, 0, 100);
	put_record(&d, &g.second, 2, 100, body - 100);
	assert_completes(&g, &d);
	greeting_fini(&g);
}

/* Nobody's window is to be pushed ahead by what anybody can have added. */
static void
a_record_behind_a_hello_does_no_harm(void **state)
{
	static const unsigned char tail[] = { 20, 254, 253, 0, 0, 255, 255, 255,
		255, 255, 255, 0, 1, 1 };
	struct greeting g;

	(void)state;
	greeting_init(&g);
	memcpy(g.second.data + g.second.len, tail, sizeof(tail));
	g.second.len += sizeof(tail);
	assert_completes(&g, &g.second);
	greeting_fini(&g);
}

/* As when there is no room for its client: the answer has its own number. */
static void
a_hello_that_leads_to_nothing_leaves_nothing(void **state)
{
	struct dpair_datagram answer;
	struct dgram_record r;
	struct greeting g;

	(void)state;
	greeting_init(&g);
	assert_int_equal(hello_from(g.server, HERE, &g.second), 0);
	assert_int_equal(hello_from(g.server, "192.0.2.9:1", &g.first),
	    -EAGAIN);
	assert_true(dpair_take(g.server, &answer));
	assert_true(dgram_record_read(answer.data, answer.len, &r));
	assert_int_equal(r.number, 0);
	assert_completes(&g, &g.second);
	greeting_fini(&g);
}

static void
a_hello_without_a_cookie_never_passes(void **state)
{
	struct greeting g;

	(void)state;
	greeting_init(&g);
	for (int i = 0; i < 3; i++)
		assert_does_not_pass(&g, HERE, &g.first, true);
	assert_passes(&g);
	greeting_fini(&g);
}

static void
a_cookie_does_not_pass_from_another_address(void **state)
{
	static const char *const others[] = { "192.0.2.7:1235",
		"192.0.2.8:1234", "192.0.2.7:123", "192.0.2.7:12345", "" };
	struct greeting g;

	(void)state;
	greeting_init(&g);
	for (size_t i = 0; i < LEN(others); i++)
		assert_does_not_pass(&g, others[i], &g.second, true);
	assert_passes(&g);
	greeting_fini(&g);
}

static void
an_altered_cookie_does_not_pass(void **state)
{
	struct greeting g;
	unsigned char *cookie;

	(void)state;
	greeting_init(&g);
	cookie = cookie_of(&g.second) + 1;
	for (int bit = 0; bit < COOKIE_SIZE * 8; bit++) {
		cookie[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_does_not_pass(&g, HERE, &g.second, true);
		cookie[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_passes(&g);
	greeting_fini(&g);
}

/* The hello with len bytes of cookie, whatever they are. */
static struct dpair_datagram
with_cookie(struct dpair_datagram d, const unsigned char *cookie, size_t len)
{
	unsigned char *const at = cookie_of(&d);
	unsigned char *const rest = at + 1 + at[0];
	const size_t nrest = (size_t)(d.data + d.len - rest);
	size_t body;

	memmove(at + 1 + len, rest, nrest);
	at[0] = (unsigned char)len;
	memcpy(at + 1, cookie, len);
	d.len = (size_t)(at + 1 + len + nrest - d.data);
	body = d.len - 13;
	d.data[11] = (unsigned char)(body >> 8);
	d.data[12] = (unsigned char)body;
	body -= 12;
	for (int field = 0; field < 2; field++) {
		unsigned char *p = d.data + 13 + (field == 0 ? 1 : 9);

		p[0] = 0;
		p[1] = (unsigned char)(body >> 8);
		p[2] = (unsigned char)body;
	}
	return d;
}

static void
a_cookie_of_another_length_does_not_pass(void **state)
{
	static const size_t lens[] = { 1, 20, 31, 33, 64, 255 };
	unsigned char cookie[255] = { 0 };
	struct greeting g;

	(void)state;
	greeting_init(&g);
	memcpy(cookie, cookie_of(&g.second) + 1, COOKIE_SIZE);
	for (size_t i = 0; i < LEN(lens); i++) {
		const struct dpair_datagram d =
		    with_cookie(g.second, cookie, lens[i]);

		assert_does_not_pass(&g, HERE, &d, true);
	}
	g.second = with_cookie(g.second, cookie, COOKIE_SIZE);
	assert_passes(&g);
	greeting_fini(&g);
}

static void
a_cookie_of_another_process_does_not_pass(void **state)
{
	struct greeting g;
	struct dpair_datagram d;

	(void)state;
	greeting_init(&g);
	d = with_cookie(g.second, foreign_cookie, COOKIE_SIZE);
	assert_does_not_pass(&g, HERE, &d, true);
	assert_passes(&g);
	greeting_fini(&g);
}

static const struct age_case {
	const char *name;
	int age_s;
	bool passes;
} ages[] = {
	{ "a_cookie_of_this_second_passes", 0, true },
	{ "a_cookie_that_is_a_minute_old_passes", 59, true },
	{ "a_cookie_that_is_two_minutes_old_does_not_pass", 120, false },
	{ "a_cookie_that_is_a_day_old_does_not_pass", 86400, false },
};

static void
age(void **state)
{
	const struct age_case *c = *state;
	struct greeting g;

	greeting_init(&g);
	fake_clock_monotonic_ahead_ms((int64_t)c->age_s * 1000);
	if (c->passes)
		assert_passes(&g);
	else
		assert_does_not_pass(&g, HERE, &g.second, true);
	fake_clock_monotonic_ahead_ms(0);
	greeting_fini(&g);
}

/* An address that is longer than any proves nothing. */
static void
an_address_has_64_bytes_at_most(void **state)
{
	const char longest[] = "0123456789012345678901234567890123456789"
	                       "012345678901234567890123";
	struct greeting g;

	(void)state;
	greeting_init(&g);
	assert_int_equal(strlen(longest), 64);
	assert_does_not_pass(&g, longest, &g.first, true);
	assert_int_equal(tls_engine_hello(g.server, longest, 65, g.first.data,
	                     g.first.len),
	    -EAGAIN);
	assert_int_equal(tls_engine_hello(g.server, longest, 65, g.second.data,
	                     g.second.len),
	    -EAGAIN);
	assert_int_equal(tls_engine_error(g.server), 0);
	greeting_fini(&g);
}

/* What is no whole ClientHello gets no answer. */
static void
other_datagrams_get_no_answer(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
	} changes[] = { { 0, 23 }, { 0, 21 }, { 1, 3 }, { 4, 1 }, { 13, 2 },
		{ 13, 16 }, { 19, 1 }, { 21, 1 }, { 24, 0 }, { 12, 0 } };
	struct dpair_datagram d = { .len = 0 };
	struct greeting g;

	(void)state;
	greeting_init(&g);
	assert_does_not_pass(&g, HERE, &d, false);
	for (size_t i = 0; i < LEN(changes); i++) {
		d = g.second;
		d.data[changes[i].at] = changes[i].value;
		assert_does_not_pass(&g, HERE, &d, false);
	}
	for (d = g.second; d.len-- > 0;)
		assert_does_not_pass(&g, HERE, &d, false);
	assert_passes(&g);
	greeting_fini(&g);
}

static void
ten_thousand_strangers_take_no_memory(void **state)
{
	struct greeting g;
	struct dpair_datagram answer;
	size_t before = 0;

	(void)state;
	greeting_init(&g);
	for (unsigned i = 0; i < 10000; i++) {
		if (i == 100)
			before = mallinfo2().uordblks;
		assert_int_equal(tls_engine_hello(g.server, &i, sizeof(i),
		                     g.first.data, g.first.len),
		    -EAGAIN);
		assert_true(dpair_take(g.server, &answer));
		assert_false(dpair_take(g.server, &answer));
	}
	assert_int_equal(mallinfo2().uordblks, before);
	assert_passes(&g);
	greeting_fini(&g);
}

/* RFC 6347, 4.2.1: the server's first record has the ClientHello's number. */
static const struct {
	const char *name;
	uint64_t number;
} numbers[] = {
	{ "the_first_answer_has_the_number_1_of_the_hello", 1 },
	{ "the_first_answer_has_the_number_7_of_the_hello", 7 },
	{ "the_first_answer_has_the_high_number_of_the_hello",
	    UINT64_C(0x123456789a) },
};

static void
number(void **state)
{
	const uint64_t wanted = *(const uint64_t *)*state;
	struct dpair_datagram answer;
	struct dgram_record r;
	uint64_t next = wanted;
	struct greeting g;
	size_t n;

	greeting_init(&g);
	dgram_record_renumber(g.second.data, wanted);
	assert_int_equal(hello_from(g.server, HERE, &g.second), 0);
	assert_int_equal(tls_engine_handshake(g.server), -EAGAIN);
	while (dpair_take(g.server, &answer)) {
		for (n = 0; n < answer.len; n += r.len) {
			assert_true(dgram_record_read(answer.data + n,
			    answer.len - n, &r));
			assert_int_equal(r.number, next);
			next++;
		}
	}
	assert_true(next > wanted + 1);
	greeting_fini(&g);
}

/* The secret is made when it is first used, so the child has its own. */
static int
setup(void **state)
{
	struct greeting g;
	int ends[2], status;
	pid_t child;

	(void)state;
	dpair_credentials_init();
	if (pipe(ends) != 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		greeting_init(&g);
		_exit(write(ends[1], cookie_of(&g.second) + 1, COOKIE_SIZE) !=
		    COOKIE_SIZE);
	}
	if (waitpid(child, &status, 0) != child || status != 0 ||
	    read(ends[0], foreign_cookie, COOKIE_SIZE) != COOKIE_SIZE)
		return -1;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(a_cookie_passes_from_its_address),
		cmocka_unit_test(a_hello_may_be_in_several_records),
		cmocka_unit_test(a_record_behind_a_hello_does_no_harm),
		cmocka_unit_test(a_hello_that_leads_to_nothing_leaves_nothing),
		cmocka_unit_test(a_hello_without_a_cookie_never_passes),
		cmocka_unit_test(a_cookie_does_not_pass_from_another_address),
		cmocka_unit_test(an_altered_cookie_does_not_pass),
		cmocka_unit_test(a_cookie_of_another_length_does_not_pass),
		cmocka_unit_test(a_cookie_of_another_process_does_not_pass),
		cmocka_unit_test(an_address_has_64_bytes_at_most),
		cmocka_unit_test(other_datagrams_get_no_answer),
		cmocka_unit_test(ten_thousand_strangers_take_no_memory),
	};
	struct CMUnitTest tests[LEN(fixed) + LEN(ages) + LEN(numbers)];
	size_t n = LEN(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < LEN(ages); i++)
		tests[n++] = (struct CMUnitTest){ .name = ages[i].name,
			.test_func = age,
			.initial_state = (void *)&ages[i] };
	for (size_t i = 0; i < LEN(numbers); i++)
		tests[n++] = (struct CMUnitTest){ .name = numbers[i].name,
			.test_func = number,
			.initial_state = (void *)&numbers[i].number };
	return cmocka_run_group_tests_name("tls/engine_dgram_hello", tests,
	    setup, dpair_teardown);
}
