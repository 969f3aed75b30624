#include "support/test.h"

#include <errno.h>
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

static const struct tls_kind client = { TLS_ROLE_CLIENT, TLS1_2_VERSION,
	false };

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
	assert_int_equal(tls_context_new_ssl(before, client, &ssl, &why), 0);
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
	assert_int_equal(tls_context_new_ssl(ctx, client, &a, &why), 0);
	assert_int_equal(tls_context_new_ssl(ctx, client, &b, &why), 0);
	assert_int_equal(tls_context_new_ssl(ctx,
	                     (struct tls_kind){ TLS_ROLE_SERVER, TLS1_2_VERSION,
	                         false },
	                     &c, &why),
	    0);
	assert_int_equal(tls_context_new_ssl(ctx,
	                     (struct tls_kind){ TLS_ROLE_CLIENT, TLS1_3_VERSION,
	                         false },
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
		cmocka_unit_test(many_lists_do_not_pile_up),
	};

	return cmocka_run_group_tests_name("tls/context", tests, setup,
	    teardown);
}
