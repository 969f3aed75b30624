#include "support/test.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <openssl/ssl.h>

#include "support/pair.h"
#include "tls/verify.h"

/* The bits of TLS_CERT_VERIFY_RESULT. */
enum {
	EXPIRED = 0x01,
	NAME = 0x04,
	UNTRUSTED = 0x08,
	MISSING = 0x40,
	SKIPPED = 0x80,
	OTHER = 0x100,
	FUTURE = 0x200,
	EKU = 0x1000,
};

static bool sabotaged;

/*
 * OpenSSL's own, unless it is to fail and not to say why: for a peer, that is;
 * a server uses it to put its chain together, too.
 */
int
X509_verify_cert(X509_STORE_CTX *store)
{
	int (*real)(X509_STORE_CTX *) =
	    (int (*)(X509_STORE_CTX *))dlsym(RTLD_NEXT, "X509_verify_cert");

	if (!sabotaged ||
	    X509_STORE_CTX_get_ex_data(store,
	        SSL_get_ex_data_X509_STORE_CTX_idx()) == NULL)
		return real(store);
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return -1;
}

/* A server's certificate, the name that is expected, and what comes of it. */
static const struct cert_case {
	const char *name;
	const char *hostname; /* TLS_HOSTNAME; see unset */
	bool unset;           /* it is never set */
	const char *san;      /* NULL is a certificate with a common name */
	const char *common;   /* that name; NULL is "server" */
	const char *eku;      /* NULL is none */
	int from_s, to_s;     /* 0, 0 is valid now */
	bool stranger;        /* signed by somebody else */
	int flags;            /* 0 is good */
} certs[] = {
	{ .name = "good", .hostname = "a.test", .san = "DNS:a.test" },
	{ .name = "one_of_several_names",
	    .hostname = "b.test",
	    .san = "DNS:a.test,DNS:b.test" },
	{ .name = "names_have_no_case",
	    .hostname = "A.Test",
	    .san = "DNS:a.tEST" },
	{ .name = "another_name",
	    .hostname = "b.test",
	    .san = "DNS:a.test",
	    .flags = NAME },
	{ .name = "a_name_below",
	    .hostname = "x.a.test",
	    .san = "DNS:a.test",
	    .flags = NAME },
	{ .name = "common_name_without_others",
	    .hostname = "a.test",
	    .common = "a.test" },
	{ .name = "common_name_beside_others",
	    .hostname = "a.test",
	    .san = "DNS:b.test",
	    .common = "a.test",
	    .flags = NAME },
	{ .name = "wildcard", .hostname = "x.a.test", .san = "DNS:*.a.test" },
	{ .name = "wildcard_is_one_label",
	    .hostname = "x.y.a.test",
	    .san = "DNS:*.a.test",
	    .flags = NAME },
	{ .name = "wildcard_is_no_empty_label",
	    .hostname = "a.test",
	    .san = "DNS:*.a.test",
	    .flags = NAME },
	{ .name = "wildcard_inside_a_label",
	    .hostname = "xy.a.test",
	    .san = "DNS:x*.a.test",
	    .flags = NAME },
	{ .name = "wildcard_further_right",
	    .hostname = "x.y.test",
	    .san = "DNS:x.*.test",
	    .flags = NAME },
	{ .name = "leading_dot_is_no_name",
	    .hostname = ".a.test",
	    .san = "DNS:x.a.test,DNS:a.test",
	    .flags = NAME },
	{ .name = "leading_dot_and_a_wildcard",
	    .hostname = ".a.test",
	    .san = "DNS:*.a.test",
	    .flags = NAME },
	{ .name = "a_mere_dot",
	    .hostname = ".",
	    .san = "DNS:a.test",
	    .flags = NAME },
	{ .name = "ipv4", .hostname = "192.0.2.1", .san = "IP:192.0.2.1" },
	{ .name = "another_ipv4",
	    .hostname = "192.0.2.2",
	    .san = "IP:192.0.2.1",
	    .flags = NAME },
	{ .name = "ipv6",
	    .hostname = "2001:db8::1",
	    .san = "IP:2001:db8:0:0:0:0:0:1" },
	{ .name = "an_address_as_a_name",
	    .hostname = "192.0.2.1",
	    .san = "DNS:192.0.2.1" },
	{ .name = "an_address_that_is_not_shown",
	    .hostname = "192.0.2.1",
	    .san = "DNS:a.test",
	    .flags = NAME },
	{ .name = "expired",
	    .hostname = "a.test",
	    .san = "DNS:a.test",
	    .from_s = -7200,
	    .to_s = -3600,
	    .flags = EXPIRED },
	{ .name = "not_yet_valid",
	    .hostname = "a.test",
	    .san = "DNS:a.test",
	    .from_s = 3600,
	    .to_s = 7200,
	    .flags = FUTURE },
	{ .name = "for_servers",
	    .hostname = "a.test",
	    .san = "DNS:a.test",
	    .eku = "serverAuth" },
	{ .name = "for_clients_only",
	    .hostname = "a.test",
	    .san = "DNS:a.test",
	    .eku = "clientAuth",
	    .flags = EKU },
	{ .name = "untrusted",
	    .hostname = "a.test",
	    .san = "DNS:a.test",
	    .stranger = true,
	    .flags = UNTRUSTED },
	{ .name = "all_that_is_wrong_is_told",
	    .hostname = "b.test",
	    .san = "DNS:a.test",
	    .from_s = -7200,
	    .to_s = -3600,
	    .stranger = true,
	    .flags = NAME | EXPIRED | UNTRUSTED },
	{ .name = "name_never_set",
	    .unset = true,
	    .san = "DNS:a.test",
	    .flags = NAME },
	{ .name = "name_empty",
	    .hostname = "",
	    .san = "DNS:a.test",
	    .flags = NAME },
	{ .name = "name_null_is_any", .san = "DNS:a.test" },
};

static void
make_server(struct pair *p, const struct cert_case *c)
{
	struct pki_cert stranger;

	pki_make(&stranger, NULL,
	    &(struct pki_spec){ .name = "Stranger", .ca = true });
	pki_free(&p->pki.server);
	pki_make(&p->pki.server, c->stranger ? &stranger : &p->pki.ca,
	    &(struct pki_spec){ .name =
	                            c->common != NULL ? c->common : "server",
	        .san = c->san,
	        .eku = c->eku,
	        .from_s = c->from_s,
	        .to_s = c->to_s });
	pki_store_identity(2, &p->pki.server);
	pki_free(&stranger);
}

static void
set_name(struct pair *p, const struct cert_case *c)
{
	tls_settings_fini(&p->client_settings);
	assert_int_equal(tls_settings_set_tags(&p->client_settings, &(int){ 1 },
	                     1),
	    0);
	if (!c->unset)
		assert_int_equal(tls_settings_set_hostname(&p->client_settings,
		                     c->hostname),
		    0);
}

/* Required, optional and none see the same certificate in their own ways. */
static void
a_certificate_fares(void **state)
{
	const struct cert_case *c = *state;
	struct pair p;
	int client, server;

	pair_init(&p, NULL, 65536);
	make_server(&p, c);
	set_name(&p, c);
	for (int mode = TLS_VERIFY_NONE; mode <= TLS_VERIFY_REQUIRED; mode++) {
		const bool refused =
		    mode == TLS_VERIFY_REQUIRED && c->flags != 0;

		assert_int_equal(tls_settings_set_verify(&p.client_settings,
		                     mode),
		    0);
		pair_renew(&p, 0);
		pair_handshake(&p, &client, &server);
		assert_int_equal(client, refused ? -ECONNABORTED : 0);
		assert_int_equal(tls_engine_verify_flags(p.client),
		    mode == TLS_VERIFY_NONE ? 0 : c->flags);
		/* A server that asks for nothing says that it did not. */
		if (!refused)
			assert_int_equal(tls_engine_verify_flags(p.server),
			    SKIPPED);
	}
	pair_fini(&p);
}

/* What a server finds of its client. */
static const struct client_case {
	const char *name;
	int mode, version;
	bool shows;
	int want;
	uint32_t flags;
} clients[] = {
	{ "none_asks_for_nothing", 0, 0, true, 0, SKIPPED },
	{ "optional_and_none_shown", 1, 0, false, 0, MISSING },
	{ "optional_and_none_shown_tls_1_2", 1, TLS1_2_VERSION, false, 0,
	    MISSING },
	{ "optional_and_shown", 1, 0, true, 0, 0 },
	{ "required_and_none_shown", 2, 0, false, -ECONNABORTED, UINT32_MAX },
	{ "required_and_shown", 2, 0, true, 0, 0 },
	{ "required_and_shown_tls_1_2", 2, TLS1_2_VERSION, true, 0, 0 },
};

static void
a_client_fares(void **state)
{
	const struct client_case *c = *state;
	struct pair p;
	int client, server;

	pair_init(&p, NULL, 65536);
	assert_int_equal(tls_settings_set_tags(&p.server_settings,
	                     (int[]){ 2, 1 }, 2),
	    0);
	assert_int_equal(tls_settings_set_tags(&p.client_settings,
	                     (int[]){ 1, 2 }, c->shows ? 2 : 1),
	    0);
	assert_int_equal(tls_settings_set_verify(&p.server_settings, c->mode),
	    0);
	pair_renew(&p, 0);
	if (c->version != 0)
		assert_int_equal(tls_engine_limit_version(p.client, c->version),
		    0);
	assert_int_equal(tls_engine_verify_flags(p.server), UINT32_MAX);
	pair_handshake(&p, &client, &server);
	assert_int_equal(server, c->want);
	assert_int_equal(tls_engine_verify_flags(p.server), c->flags);
	pair_fini(&p);
}

static void
a_verification_that_fails_without_a_reason_is_no_success(void **state)
{
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, "localhost", 65536);
	sabotaged = true;
	pair_handshake(&p, &client, &server);
	sabotaged = false;
	assert_int_equal(client, -ECONNABORTED);
	assert_int_equal(tls_engine_verify_flags(p.client), OTHER);
	pair_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(
		    a_verification_that_fails_without_a_reason_is_no_success),
	};
	struct CMUnitTest tests[LEN(certs) + LEN(clients) + LEN(fixed)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(certs); i++)
		tests[n++] = (struct CMUnitTest){ .name = certs[i].name,
			.test_func = a_certificate_fares,
			.initial_state = (void *)&certs[i] };
	for (size_t i = 0; i < LEN(clients); i++)
		tests[n++] = (struct CMUnitTest){ .name = clients[i].name,
			.test_func = a_client_fares,
			.initial_state = (void *)&clients[i] };
	memcpy(&tests[n], fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("tls/verify", tests, NULL, NULL);
}
