#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "support/pki.h"
#include "tls/context.h"

static struct pki pki;

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(1, &pki.ca);
	pki_store_identity(2, &pki.server);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_forget(1);
	pki_forget(2);
	pki_fini(&pki);
	return 0;
}

static struct tls_context *
get(const int *tags, size_t n)
{
	struct tls_context *ctx = NULL;
	struct verdict why = { "" };

	if (tls_context_get(tags, n, &ctx, &why) != 0)
		fail_msg("%s", why.text);
	return ctx;
}

static void
equal_lists_share_one_context(void **state)
{
	struct tls_context *a = get((int[]){ 1, 2 }, 2);
	struct tls_context *b = get((int[]){ 1, 2 }, 2);
	struct tls_context *c = get((int[]){ 2, 1 }, 2);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c); /* order is who comes first in a chain */
	tls_context_put(a);
	tls_context_put(b);
	tls_context_put(c);
}

static void
an_unknown_tag_is_enoent_and_named(void **state)
{
	struct tls_context *ctx;
	struct verdict why;

	(void)state;
	assert_int_equal(tls_context_get((int[]){ 1, 4711 }, 2, &ctx, &why),
	    -ENOENT);
	assert_non_null(strstr(why.text, "sec_tag 4711"));
}

static const struct tls_kind client = { .role = TLS_ROLE_CLIENT,
	.min_version = TLS1_2_VERSION };

static void
a_replaced_credential_gives_a_new_context(void **state)
{
	struct tls_context *before = get((int[]){ 1 }, 1), *after;
	SSL *ssl;
	struct verdict why;

	(void)state;
	pki_store_ca(1, &pki.ca);
	after = get((int[]){ 1 }, 1);
	assert_ptr_not_equal(before, after);
	/* Whoever has the old one goes on with it. */
	assert_int_equal(tls_context_new_ssl(before, &client, &ssl, &why), 0);
	SSL_free(ssl);
	tls_context_put(before);
	tls_context_put(after);
}

static void
roles_and_versions_have_an_ssl_ctx_each(void **state)
{
	struct tls_context *ctx = get((int[]){ 2 }, 1);
	struct verdict why;
	SSL *a, *b, *c, *d;

	(void)state;
	assert_int_equal(tls_context_new_ssl(ctx, &client, &a, &why), 0);
	assert_int_equal(tls_context_new_ssl(ctx, &client, &b, &why), 0);
	assert_int_equal(tls_context_new_ssl(ctx,
	                     &(struct tls_kind){ .role = TLS_ROLE_SERVER,
	                         .min_version = TLS1_2_VERSION },
	                     &c, &why),
	    0);
	assert_int_equal(tls_context_new_ssl(ctx,
	                     &(struct tls_kind){ .role = TLS_ROLE_CLIENT,
	                         .min_version = TLS1_3_VERSION },
	                     &d, &why),
	    0);
	assert_ptr_equal(SSL_get_SSL_CTX(a), SSL_get_SSL_CTX(b));
	assert_ptr_not_equal(SSL_get_SSL_CTX(a), SSL_get_SSL_CTX(c));
	assert_ptr_not_equal(SSL_get_SSL_CTX(a), SSL_get_SSL_CTX(d));
	assert_int_equal(SSL_get_min_proto_version(d), TLS1_3_VERSION);
	SSL_free(a);
	SSL_free(b);
	SSL_free(c);
	SSL_free(d);
	tls_context_put(ctx);
}

/* NULL if there is none, or it does not begin with the first suite. */
static SSL_CTX *
try_suites(struct tls_context *ctx, const int *suites, size_t n)
{
	const struct tls_kind kind = { .role = TLS_ROLE_SERVER,
		.min_version = TLS1_2_VERSION,
		.suites = suites,
		.nsuites = n };
	struct verdict why;
	SSL_CTX *c = NULL;
	SSL *ssl;

	if (tls_context_new_ssl(ctx, &kind, &ssl, &why) != 0)
		return NULL;
	if (SSL_CIPHER_get_protocol_id(
	        sk_SSL_CIPHER_value(SSL_get_ciphers(ssl), 0)) == suites[0]) {
		c = SSL_get_SSL_CTX(ssl);
		SSL_CTX_up_ref(c);
	}
	SSL_free(ssl);
	return c;
}

static SSL_CTX *
ctx_of_suites(struct tls_context *ctx, const int *suites, size_t n)
{
	SSL_CTX *c = try_suites(ctx, suites, n);

	assert_non_null(c);
	return c;
}

/* The numbers are compared, not where they are. */
static void
lists_of_suites_have_an_ssl_ctx_each(void **state)
{
	struct tls_context *ctx = get((int[]){ 2 }, 1);
	SSL_CTX *a = ctx_of_suites(ctx, (int[]){ 0x1301, 0x1302 }, 2);
	SSL_CTX *b = ctx_of_suites(ctx, (int[]){ 0x1301, 0x1302 }, 2);
	SSL_CTX *c = ctx_of_suites(ctx, (int[]){ 0x1302, 0x1301 }, 2);
	SSL_CTX *d = ctx_of_suites(ctx, (int[]){ 0x1301 }, 1);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_ptr_not_equal(a, d);
	SSL_CTX_free(a);
	SSL_CTX_free(b);
	SSL_CTX_free(c);
	SSL_CTX_free(d);
	tls_context_put(ctx);
}

/* Of a program that tries one list after the other the oldest are made anew. */
static void
lists_of_suites_do_not_pile_up(void **state)
{
	struct tls_context *ctx = get((int[]){ 2 }, 1);
	int suites[64] = { 0x1301 };
	SSL_CTX *first = ctx_of_suites(ctx, suites, 1), *again;

	(void)state;
	for (size_t n = 2; n <= 64; n++) {
		suites[n - 1] = 0x1302;
		SSL_CTX_free(ctx_of_suites(ctx, suites, n));
	}
	again = ctx_of_suites(ctx, suites, 1);
	assert_ptr_not_equal(first, again);
	SSL_CTX_free(first);
	SSL_CTX_free(again);
	tls_context_put(ctx);
}

/* What is in use stays, however many others come and go. */
static void
a_list_of_suites_in_use_stays(void **state)
{
	struct tls_context *ctx = get((int[]){ 2 }, 1);
	int suites[64] = { 0x1301 };
	SSL_CTX *first = ctx_of_suites(ctx, suites, 1), *again;

	(void)state;
	for (size_t n = 2; n <= 64; n++) {
		suites[n - 1] = 0x1302;
		SSL_CTX_free(ctx_of_suites(ctx, suites, n));
		again = ctx_of_suites(ctx, suites, 1);
		assert_ptr_equal(first, again);
		SSL_CTX_free(again);
	}
	SSL_CTX_free(first);
	tls_context_put(ctx);
}

#define THREADS 8

static struct tls_context *raced;
static pthread_barrier_t line;

static void *
race(void *arg)
{
	(void)arg;
	(void)pthread_barrier_wait(&line);
	return try_suites(raced, (int[]){ 0x1302 }, 1);
}

/* Or else a server's sessions would be good for one of several. */
static void
threads_that_race_have_one_ssl_ctx(void **state)
{
	pthread_t threads[THREADS];
	void *made[THREADS];

	(void)state;
	raced = get((int[]){ 2 }, 1);
	pthread_barrier_init(&line, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, NULL),
		    0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], &made[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_non_null(made[i]);
		assert_ptr_equal(made[i], made[0]);
		SSL_CTX_free(made[i]);
	}
	pthread_barrier_destroy(&line);
	tls_context_put(raced);
}

static void
no_suite_left_is_told_and_not_kept(void **state)
{
	struct tls_context *ctx = get((int[]){ 2 }, 1);
	const struct tls_kind kind = { .role = TLS_ROLE_CLIENT,
		.min_version = TLS1_2_VERSION,
		.suites = (int[]){ 0xfefe },
		.nsuites = 1 };
	SSL *ssl;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct verdict why = { "" };

		assert_int_equal(tls_context_new_ssl(ctx, &kind, &ssl, &why),
		    -ECONNABORTED);
		assert_non_null(strstr(why.text, "0xfefe"));
	}
	tls_context_put(ctx);
}

/* The cache is bounded; what falls out of it lives on with its users. */
static void
many_lists_do_not_pile_up(void **state)
{
	struct tls_context *first = get((int[]){ 1 }, 1), *again;
	int tags[40];

	(void)state;
	for (int n = 1; n <= 40; n++) {
		tags[n - 1] = 1;
		tls_context_put(get(tags, (size_t)n));
	}
	again = get((int[]){ 1 }, 1);
	assert_ptr_not_equal(first, again);
	tls_context_put(first);
	tls_context_put(again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_lists_share_one_context),
		cmocka_unit_test(an_unknown_tag_is_enoent_and_named),
		cmocka_unit_test(a_replaced_credential_gives_a_new_context),
		cmocka_unit_test(roles_and_versions_have_an_ssl_ctx_each),
		cmocka_unit_test(lists_of_suites_have_an_ssl_ctx_each),
		cmocka_unit_test(lists_of_suites_do_not_pile_up),
		cmocka_unit_test(a_list_of_suites_in_use_stays),
		cmocka_unit_test(threads_that_race_have_one_ssl_ctx),
		cmocka_unit_test(no_suite_left_is_told_and_not_kept),
		cmocka_unit_test(many_lists_do_not_pile_up),
	};

	return cmocka_run_group_tests_name("tls/context", tests, setup,
	    teardown);
}
