#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "support/pair.h"

static unsigned char data[1000];

static void
open_pair(struct pair *p, int version)
{
	int client, server;

	pair_init(p, "localhost", 65536);
	pair_renew(p, version);
	if (version == TLS1_2_VERSION)
		assert_int_equal(tls_engine_limit_version(p->client, version),
		    0);
	pair_handshake(p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
}

/* Where the peer's record is when the engine is told that it may be idle. */
static const struct cut_case {
	const char *name;
	int version;
	int come;   /* bytes of it; below 0, all but so many */
	bool asked; /* the engine was, in vain, so OpenSSL has them */
} cuts[] = {
	{ "nothing_has_come_1_3", TLS1_3_VERSION, 0, true },
	{ "nothing_has_come_and_nobody_asked_1_3", TLS1_3_VERSION, 0, false },
	{ "one_byte_1_3", TLS1_3_VERSION, 1, true },
	{ "the_header_1_3", TLS1_3_VERSION, 5, true },
	{ "the_header_and_a_byte_1_3", TLS1_3_VERSION, 6, true },
	{ "all_but_a_byte_1_3", TLS1_3_VERSION, -1, true },
	{ "half_still_in_the_ring_1_3", TLS1_3_VERSION, 500, false },
	{ "all_still_in_the_ring_1_3", TLS1_3_VERSION, 65536, false },
	{ "nothing_has_come_1_2", TLS1_2_VERSION, 0, true },
	{ "nothing_has_come_and_nobody_asked_1_2", TLS1_2_VERSION, 0, false },
	{ "one_byte_1_2", TLS1_2_VERSION, 1, true },
	{ "the_header_1_2", TLS1_2_VERSION, 5, true },
	{ "the_header_and_a_byte_1_2", TLS1_2_VERSION, 6, true },
	{ "all_but_a_byte_1_2", TLS1_2_VERSION, -1, true },
	{ "half_still_in_the_ring_1_2", TLS1_2_VERSION, 500, false },
	{ "all_still_in_the_ring_1_2", TLS1_2_VERSION, 65536, false },
};

static void
carry(struct pair *p, struct tls_engine *from, struct tls_engine *to, size_t n)
{
	p->slice = n;
	(void)pair_carry(p, from, to);
	p->slice = 65536;
}

static void
rest_in_the_middle(struct pair *p, struct tls_engine *from,
    struct tls_engine *to, const struct cut_case *c)
{
	unsigned char got[sizeof(data)];
	const void *out;
	size_t size;

	assert_int_equal(tls_engine_write(from, data, sizeof(data)),
	    sizeof(data));
	size = tls_engine_output(from, &out);
	carry(p, from, to, c->come < 0 ? size - 1 : (size_t)c->come);
	if (c->asked)
		assert_int_equal(tls_engine_read(to, got, 1), -EAGAIN);
	tls_engine_rest(to);
	tls_engine_rest(from); /* what waits to be sent is not lost either */
	carry(p, from, to, 65536);
	assert_true(tls_engine_readable(to));
	assert_int_equal(tls_engine_read(to, got, 10), 10);
	tls_engine_rest(to); /* nor is what is decrypted */
	assert_int_equal(tls_engine_read(to, got + 10, sizeof(got)),
	    sizeof(got) - 10);
	assert_memory_equal(got, data, sizeof(data));
	assert_int_equal(tls_engine_read(to, got, 1), -EAGAIN);
	tls_engine_rest(to);
	assert_false(tls_engine_readable(to));
	assert_int_equal(tls_engine_read(to, got, 1), -EAGAIN);
	tls_engine_rest(from);
}

static void
rest_loses_no_byte(void **state)
{
	const struct cut_case *c = *state;
	struct pair p;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	open_pair(&p, c->version);
	for (int i = 0; i < 3; i++) {
		rest_in_the_middle(&p, p.client, p.server, c);
		rest_in_the_middle(&p, p.server, p.client, c);
	}
	pair_fini(&p);
}

static void
rest_in_a_handshake_changes_nothing(void **state)
{
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, "localhost", 7);
	do {
		client = tls_engine_handshake(p.client);
		tls_engine_rest(p.client);
		server = tls_engine_handshake(p.server);
		tls_engine_rest(p.server);
	} while (pair_carry(&p, p.client, p.server) +
	        pair_carry(&p, p.server, p.client) >
	    0);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	pair_fini(&p);
}

/* What may happen to an engine while it rests. */
static const struct end_case {
	const char *name;
	int error; /* of the kernel */
	int want;
} ends[] = {
	{ "the_end_of_input_is_the_end", 0, 0 },
	{ "an_error_of_the_kernel_is_eio", ECONNRESET, -EIO },
};

static void
end_while_at_rest(void **state)
{
	const struct end_case *c = *state;
	struct pair p;
	char byte;

	open_pair(&p, TLS1_2_VERSION);
	tls_engine_rest(p.client);
	tls_engine_input_end(p.client, c->error);
	tls_engine_rest(p.client);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tls_engine_read(p.client, &byte, 1), c->want);
	pair_fini(&p);
}

static void
close_notify_leaves_and_comes_at_rest(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	open_pair(&p, TLS1_2_VERSION);
	tls_engine_rest(p.client);
	tls_engine_rest(p.server);
	tls_engine_shutdown(p.client);
	carry(&p, p.client, p.server, 65536);
	assert_true(tls_engine_readable(p.server));
	assert_true(tls_engine_ended(p.server));
	assert_int_equal(tls_engine_read(p.server, &byte, 1), 0);
	pair_fini(&p);
}

static void
broken_output_at_rest_refuses_writes(void **state)
{
	struct pair p;
	const void *out;

	(void)state;
	open_pair(&p, TLS1_2_VERSION);
	tls_engine_rest(p.client);
	assert_int_equal(tls_engine_output(p.client, &out), 0);
	tls_engine_output_broken(p.client, EPIPE);
	assert_int_equal(tls_engine_write(p.client, "x", 1), -ECONNABORTED);
	assert_int_equal(tls_engine_output(p.client, &out), 0);
	pair_fini(&p);
}

/* OpenSSL itself tells this end from one between two records by its state. */
static void
the_end_after_a_header_is_connreset(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	open_pair(&p, TLS1_2_VERSION);
	assert_int_equal(tls_engine_write(p.client, "x", 1), 1);
	carry(&p, p.client, p.server, 5);
	tls_engine_input_end(p.server, 0);
	assert_int_equal(tls_engine_read(p.server, &byte, 1), -ECONNRESET);
	pair_fini(&p);
}

/* What is as large as a ring, or larger, cannot be had while this is set. */
static bool scarce;

#define LARGE ((size_t)64 * 1024)

static void *
get(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return scarce && n >= LARGE ? NULL : malloc(n);
}

static void *
change(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return scarce && n >= LARGE ? NULL : realloc(p, n);
}

static void
give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* How an engine at rest finds out that it has no memory to go on with. */
static void
wants_to_read(struct tls_engine *e)
{
	void *room;

	assert_int_equal(tls_engine_input(e, &room), 0);
}

static void
wants_to_write(struct tls_engine *e)
{
	assert_int_equal(tls_engine_write(e, "x", 1), -ENOMEM);
}

static void
hears_of_the_end(struct tls_engine *e)
{
	tls_engine_input_end(e, 0);
}

static const struct scarce_case {
	const char *name;
	void (*wants)(struct tls_engine *e);
} scarces[] = {
	{ "no_memory_to_read_with", wants_to_read },
	{ "no_memory_to_write_with", wants_to_write },
	{ "no_memory_to_end_with", hears_of_the_end },
};

#define TAKERS 16

static void
without_memory_it_fails(void **state)
{
	const struct scarce_case *c = *state;
	struct tls_engine *takers[TAKERS] = { NULL };
	struct tls_context *ctx;
	struct verdict v;
	struct pair p;
	int rc = 0;
	char byte;

	open_pair(&p, TLS1_2_VERSION);
	tls_engine_rest(p.client);
	assert_int_equal(tls_context_get(p.client_settings.tags, 1, &ctx, &v),
	    0);
	/* Until others have what was kept, too. */
	scarce = true;
	for (int i = 0; i < TAKERS && rc == 0; i++)
		rc = tls_engine_new(ctx, &p.client_settings, TLS_ROLE_CLIENT,
		    TLS1_2_VERSION, "peer", &takers[i], &v);
	assert_int_equal(rc, -ENOMEM);
	c->wants(p.client);
	scarce = false;
	assert_int_equal(tls_engine_read(p.client, &byte, 1), -ENOMEM);
	assert_int_equal(tls_engine_write(p.client, "x", 1), -ENOMEM);
	tls_engine_shutdown(p.client);
	tls_engine_explain(p.client, "peer", &v);
	assert_non_null(strstr(v.text, "malloc failure"));
	for (int i = 0; i < TAKERS; i++)
		tls_engine_free(takers[i]);
	tls_context_put(ctx);
	pair_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(rest_in_a_handshake_changes_nothing),
		cmocka_unit_test(close_notify_leaves_and_comes_at_rest),
		cmocka_unit_test(broken_output_at_rest_refuses_writes),
		cmocka_unit_test(the_end_after_a_header_is_connreset),
	};
	struct CMUnitTest
	    tests[LEN(cuts) + LEN(ends) + LEN(scarces) + LEN(fixed)];
	size_t n = 0;

	if (CRYPTO_set_mem_functions(get, change, give) != 1)
		return 1;

	for (size_t i = 0; i < LEN(cuts); i++)
		tests[n++] = (struct CMUnitTest){ .name = cuts[i].name,
			.test_func = rest_loses_no_byte,
			.initial_state = (void *)&cuts[i] };
	for (size_t i = 0; i < LEN(ends); i++)
		tests[n++] = (struct CMUnitTest){ .name = ends[i].name,
			.test_func = end_while_at_rest,
			.initial_state = (void *)&ends[i] };
	for (size_t i = 0; i < LEN(scarces); i++)
		tests[n++] = (struct CMUnitTest){ .name = scarces[i].name,
			.test_func = without_memory_it_fails,
			.initial_state = (void *)&scarces[i] };
	memcpy(tests + n, fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("tls/engine_rest", tests, NULL,
	    NULL);
}
