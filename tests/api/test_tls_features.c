/*
 * What TLS options and credentials make of a connection, both ends ours: each
 * row is met over sockets, and says what both sides then know.
 */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "cred/store.h"
#include "sock/kinds.h"
#include "support/tls_ends.h"

#define CA 1
#define IDENTITY 2
#define PSK_A 3
#define PSK_B 4
#define PSK_A_WRONG 5
#define CLIENT 6
#define EXPIRED 7

#define ONE(tag) .tags = { tag }, .ntags = 1
#define SUITE(id) .suites = { id }, .nsuites = 1

static struct pki pki;
static struct pki_cert client_cert, expired_cert;

static void
store_psk(int tag, const char *identity, const char *key)
{
	assert_int_equal(store_add(tag, CRED_PSK_ID, identity,
	                     strlen(identity)),
	    0);
	assert_int_equal(store_add(tag, CRED_PSK, key, 16), 0);
}

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(CA, &pki.ca);
	pki_store_identity(IDENTITY, &pki.server);
	pki_make(&client_cert, &pki.ca,
	    &(struct pki_spec){ .name = "a client", .eku = "clientAuth" });
	pki_store_identity(CLIENT, &client_cert);
	pki_make(&expired_cert, &pki.ca,
	    &(struct pki_spec){ .name = "localhost",
	        .from_s = -7200,
	        .to_s = -3600 });
	pki_store_identity(EXPIRED, &expired_cert);
	store_psk(PSK_A, "device a", "key of device a.");
	store_psk(PSK_B, "device b", "key of device b.");
	store_psk(PSK_A_WRONG, "device a", "another key ....");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int tag = CA; tag <= EXPIRED; tag++)
		pki_forget(tag);
	pki_free(&client_cert);
	pki_free(&expired_cert);
	pki_fini(&pki);
	return 0;
}

/* Connections that come about, and what they are then. */
static const struct good_case {
	const char *name;
	struct tls_end client, server;
	const char *version;
	int suite;
	const char *protocol;
} goods[] = {
	{ "certificate_1_3", { ONE(CA), .hostname = "localhost" },
	    { ONE(IDENTITY) }, "TLSv1.3", 0, "" },
	{ "suite_1_2_gcm", { ONE(CA), SUITE(0xc02b) }, { ONE(IDENTITY) },
	    "TLSv1.2", 0xc02b, "" },
	{ "suite_1_2_chacha", { ONE(CA) }, { ONE(IDENTITY), SUITE(0xcca9) },
	    "TLSv1.2", 0xcca9, "" },
	{ "suite_1_2_ccm_8", { ONE(CA), SUITE(0xc0ae) }, { ONE(IDENTITY) },
	    "TLSv1.2", 0xc0ae, "" },
	{ "suite_1_2_cbc", { ONE(CA), SUITE(0xc023) }, { ONE(IDENTITY) },
	    "TLSv1.2", 0xc023, "" },
	{ "suite_1_3_aes_128", { ONE(CA), SUITE(0x1301) }, { ONE(IDENTITY) },
	    "TLSv1.3", 0x1301, "" },
	{ "suite_1_3_chacha", { ONE(CA), SUITE(0x1303) }, { ONE(IDENTITY) },
	    "TLSv1.3", 0x1303, "" },
	{ "suite_1_3_ccm", { ONE(CA), SUITE(0x1304) }, { ONE(IDENTITY) },
	    "TLSv1.3", 0x1304, "" },
	{ "suite_1_3_ccm_8", { ONE(CA), SUITE(0x1305) }, { ONE(IDENTITY) },
	    "TLSv1.3", 0x1305, "" },
	{ "unknown_suites_match_nothing",
	    { ONE(CA), .suites = { 0xfefe, -1, 0xc02c }, .nsuites = 3 },
	    { ONE(IDENTITY) }, "TLSv1.2", 0xc02c, "" },
	{ "the_servers_order_counts",
	    { ONE(CA), .suites = { 0xc02b, 0xc02c }, .nsuites = 2 },
	    { ONE(IDENTITY), .suites = { 0xc02c, 0xc02b }, .nsuites = 2 },
	    "TLSv1.2", 0xc02c, "" },
	{ "alpn_the_servers_order_counts",
	    { ONE(CA), .protocols = { "mqtt", "h2" }, .nprotocols = 2 },
	    { ONE(IDENTITY), .protocols = { "x", "h2", "mqtt" },
	        .nprotocols = 3 },
	    "TLSv1.3", 0, "h2" },
	{ "alpn_1_2",
	    { ONE(CA), SUITE(0xc02b), .protocols = { "mqtt" },
	        .nprotocols = 1 },
	    { ONE(IDENTITY), .protocols = { "mqtt" }, .nprotocols = 1 },
	    "TLSv1.2", 0xc02b, "mqtt" },
	{ "alpn_of_the_client_alone",
	    { ONE(CA), .protocols = { "mqtt" }, .nprotocols = 1 },
	    { ONE(IDENTITY) }, "TLSv1.3", 0, "" },
	{ "alpn_of_the_server_alone", { ONE(CA) },
	    { ONE(IDENTITY), .protocols = { "mqtt" }, .nprotocols = 1 },
	    "TLSv1.3", 0, "" },
	{ "psk_1_3", { ONE(PSK_A) }, { ONE(PSK_A) }, "TLSv1.3", 0, "" },
	{ "psk_1_3_aes", { ONE(PSK_A), SUITE(0x1301) }, { ONE(PSK_A) },
	    "TLSv1.3", 0x1301, "" },
	{ "psk_1_2_ccm_8", { ONE(PSK_A), SUITE(0xc0a8) }, { ONE(PSK_A) },
	    "TLSv1.2", 0xc0a8, "" },
	{ "psk_1_2_ccm", { ONE(PSK_A), SUITE(0xc0a4) }, { ONE(PSK_A) },
	    "TLSv1.2", 0xc0a4, "" },
	{ "psk_1_2_gcm", { ONE(PSK_A), SUITE(0x00a8) }, { ONE(PSK_A) },
	    "TLSv1.2", 0x00a8, "" },
	{ "psk_1_2_cbc", { ONE(PSK_A), SUITE(0x00ae) }, { ONE(PSK_A) },
	    "TLSv1.2", 0x00ae, "" },
	{ "ecdhe_psk_1_2_cbc", { ONE(PSK_A), SUITE(0xc037) }, { ONE(PSK_A) },
	    "TLSv1.2", 0xc037, "" },
	{ "ecdhe_psk_1_2_chacha", { ONE(PSK_A), SUITE(0xccac) }, { ONE(PSK_A) },
	    "TLSv1.2", 0xccac, "" },
	{ "psk_needs_no_hostname", { ONE(PSK_A), .hostname = "" },
	    { ONE(PSK_A) }, "TLSv1.3", 0, "" },
	{ "psk_and_a_server_that_verifies", { ONE(PSK_A) },
	    { ONE(PSK_A), .verify = 3 }, "TLSv1.3", 0, "" },
	{ "psk_1_2_and_a_server_that_verifies", { ONE(PSK_A), SUITE(0xc0a8) },
	    { ONE(PSK_A), .verify = 3 }, "TLSv1.2", 0xc0a8, "" },
	{ "psk_second_identity_1_3", { ONE(PSK_B) },
	    { .tags = { PSK_A, PSK_B }, .ntags = 2 }, "TLSv1.3", 0, "" },
	{ "psk_second_identity_1_2", { ONE(PSK_B), SUITE(0x00a8) },
	    { .tags = { PSK_A, PSK_B }, .ntags = 2 }, "TLSv1.2", 0x00a8, "" },
	{ "server_with_both_certificate_client", { ONE(CA) },
	    { .tags = { IDENTITY, PSK_A }, .ntags = 2 }, "TLSv1.3", 0, "" },
	{ "server_with_both_psk_client", { ONE(PSK_A) },
	    { .tags = { IDENTITY, PSK_A }, .ntags = 2 }, "TLSv1.3", 0, "" },
	{ "server_with_both_psk_client_1_2", { ONE(PSK_A), SUITE(0xc0a8) },
	    { .tags = { IDENTITY, PSK_A }, .ntags = 2 }, "TLSv1.2", 0xc0a8,
	    "" },
	{ "client_with_both",
	    { .tags = { CA, PSK_A }, .ntags = 2, .hostname = "localhost" },
	    { ONE(IDENTITY) }, "TLSv1.3", 0, "" },
	{ "mutual", { .tags = { CA, CLIENT }, .ntags = 2 },
	    { .tags = { CA, IDENTITY }, .ntags = 2, .verify = 3 }, "TLSv1.3", 0,
	    "" },
	{ "mutual_1_2", { .tags = { CA, CLIENT }, .ntags = 2, SUITE(0xc02b) },
	    { .tags = { CA, IDENTITY }, .ntags = 2, .verify = 3 }, "TLSv1.2",
	    0xc02b, "" },
	{ "optional_without_a_certificate", { ONE(CA) },
	    { .tags = { CA, IDENTITY }, .ntags = 2, .verify = 2 }, "TLSv1.3", 0,
	    "" },
	{ "max_fragment_length", { ONE(CA), .max_fragment = 1 },
	    { ONE(IDENTITY) }, "TLSv1.3", 0, "" },
	{ "minimum_1_3", { ONE(CA), .proto = KINDS_TLS_1_3 }, { ONE(IDENTITY) },
	    "TLSv1.3", 0, "" },
	{ "tls_1_0_is_no_wish", { ONE(CA), .proto = KINDS_TLS_1_0 },
	    { ONE(IDENTITY), .proto = KINDS_TLS_1_1 }, "TLSv1.3", 0, "" },
};

static void
check_end(int sock, const struct good_case *c)
{
	char protocol[16];
	int suite = 0;
	net_socklen_t len = sizeof(suite);

	assert_string_equal(zsock_tls_version(sock), c->version);
	assert_int_equal(zsock_getsockopt(sock, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_CIPHERSUITE_USED, &suite, &len),
	    0);
	if (c->suite != 0)
		assert_int_equal(suite, c->suite);
	assert_int_equal(zsock_tls_alpn(sock, protocol, sizeof(protocol)),
	    strlen(c->protocol));
	assert_string_equal(protocol, c->protocol);
	assert_int_equal(zsock_tls_resumed(sock), 0);
}

static void
good(void **state)
{
	const struct good_case *c = *state;
	struct tls_result r;

	tls_ends_meet(&c->client, &c->server, &r);
	assert_int_equal(r.client_error, 0);
	assert_true(r.server >= 0);
	tls_ends_talk(&r);
	check_end(r.client, c);
	check_end(r.server, c);
	tls_ends_close(&r);
}

/* Connections that do not, what both are told, and what their lines say. */
static const struct bad_case {
	const char *name;
	struct tls_end client, server;
	int connect, accept;
	const char *client_says, *server_says;
} bads[] = {
	{ "no_common_suite", { ONE(CA), SUITE(0xc02b) },
	    { ONE(IDENTITY), SUITE(0x1301) }, -ECONNABORTED, -ECONNABORTED, "",
	    "" },
	{ "alpn_mismatch",
	    { ONE(CA), .protocols = { "mqtt" }, .nprotocols = 1 },
	    { ONE(IDENTITY), .protocols = { "h2" }, .nprotocols = 1 },
	    -ECONNABORTED, -ECONNABORTED, "no application protocol", "" },
	{ "psk_unknown_identity_1_2", { ONE(PSK_B), SUITE(0x00a8) },
	    { ONE(PSK_A) }, -ECONNABORTED, -ECONNABORTED, "", "device b" },
	{ "psk_unknown_identity_1_3", { ONE(PSK_B) }, { ONE(PSK_A) },
	    -ECONNABORTED, -ECONNABORTED, "", "device b" },
	{ "psk_wrong_key_1_2", { ONE(PSK_A_WRONG), SUITE(0x00a8) },
	    { ONE(PSK_A) }, -ECONNABORTED, -ECONNABORTED, "", "" },
	{ "psk_wrong_key_1_3", { ONE(PSK_A_WRONG) }, { ONE(PSK_A) },
	    -ECONNABORTED, -ECONNABORTED, "", "" },
};

static void
bad(void **state)
{
	const struct bad_case *c = *state;
	struct tls_result r;
	char text[1536];

	tls_ends_meet(&c->client, &c->server, &r);
	assert_int_equal(r.client_error, c->connect);
	assert_int_equal(r.server, c->accept);
	assert_true(zsock_error_text(r.client, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, c->client_says));
	assert_true(zsock_error_text(r.listener, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, c->server_says));
	tls_ends_close(&r);
}

/* Clients that fail before a byte is sent: the TCP connection stays. */
static const struct refusal_case {
	const char *name;
	struct tls_end client;
	int connect;
	const char *says;
} refusals[] = {
	{ "no_known_suite", { ONE(CA), SUITE(0xfefe) }, -ECONNABORTED,
	    "OpenSSL has none of its 1 suite" },
	{ "suite_without_authentication",
	    { ONE(CA), SUITE(0x0034), .proto = KINDS_TLS_1_0 }, -ECONNABORTED,
	    "neither encrypts nor proves" },
	{ "suite_without_encryption",
	    { ONE(CA), SUITE(0xc006), .proto = KINDS_TLS_1_0 }, -ECONNABORTED,
	    "neither encrypts nor proves" },
	{ "psk_two_identities", { .tags = { PSK_A, PSK_B }, .ntags = 2 },
	    -EINVAL, "a client can use only one" },
	{ "alpn_empty_name", { ONE(CA), .protocols = { "" }, .nprotocols = 1 },
	    -EINVAL, "name 1 is empty" },
};

static void
refusal(void **state)
{
	const struct refusal_case *c = *state;
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock = tls_ends_open(&c->client);
	char text[1536], begin[80];

	assert_int_equal(loop_connect(sock, AF_INET, port), c->connect);
	assert_true(zsock_error_text(sock, text, sizeof(text)) > 0);
	snprintf(begin, sizeof(begin),
	    "TLS client: handshake with 127.0.0.1:%d failed: ", port);
	assert_memory_equal(text, begin, strlen(begin));
	assert_non_null(strstr(text, c->says));
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(close(listener), 0);
}

static int
choose_what_nobody_offered(SSL *ssl, const unsigned char **out,
    unsigned char *len, const unsigned char *theirs, unsigned n, void *arg)
{
	(void)ssl;
	(void)theirs;
	(void)n;
	(void)arg;
	*out = (const unsigned char *)"evil";
	*len = 4;
	return SSL_TLSEXT_ERR_OK;
}

/* A server by OpenSSL alone, for one connection, which the client may end. */
static void *
serve_what_nobody_offered(void *arg)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	const int kfd = accept(*(int *)arg, NULL, NULL);
	SSL *ssl;

	SSL_CTX_use_certificate(c, pki.server.cert);
	SSL_CTX_use_PrivateKey(c, pki.server.key);
	SSL_CTX_set_alpn_select_cb(c, choose_what_nobody_offered, NULL);
	ssl = SSL_new(c);
	SSL_set_fd(ssl, kfd);
	(void)SSL_accept(ssl);
	SSL_free(ssl);
	SSL_CTX_free(c);
	close(kfd);
	return NULL;
}

static void
alpn_answer_that_was_not_offered(void **state)
{
	const struct tls_end client = { ONE(CA), .protocols = { "mqtt", "evi" },
		.nprotocols = 2 };
	uint16_t port;
	int listener = loop_listen_raw(AF_INET, &port);
	const int sock = tls_ends_open(&client);
	const pthread_t thread =
	    loop_start(serve_what_nobody_offered, &listener);

	(void)state;
	assert_int_equal(loop_connect(sock, AF_INET, port), -ECONNABORTED);
	assert_int_equal(zsock_close(sock), 0);
	loop_join(thread);
	assert_int_equal(close(listener), 0);
}

static const struct session_case {
	const char *name;
	struct tls_end client, server;
	bool purge;
	int resumed;
} sessions[] = {
	{ "session_1_3", { ONE(CA), .hostname = "localhost", .cache = true },
	    { ONE(IDENTITY), .cache = true }, false, 1 },
	{ "session_1_2",
	    { ONE(CA), .hostname = "localhost", .cache = true, SUITE(0xc02b) },
	    { ONE(IDENTITY), .cache = true }, false, 1 },
	{ "session_psk_1_3", { ONE(PSK_A), .cache = true },
	    { ONE(PSK_A), .cache = true }, false, 1 },
	{ "session_psk_1_2", { ONE(PSK_A), .cache = true, SUITE(0xc0a8) },
	    { ONE(PSK_A), .cache = true }, false, 1 },
	{ "session_mutual",
	    { .tags = { CA, CLIENT }, .ntags = 2, .cache = true },
	    { .tags = { CA, IDENTITY },
	        .ntags = 2,
	        .verify = 3,
	        .cache = true },
	    false, 1 },
	{ "no_session_of_a_client_without", { ONE(CA) },
	    { ONE(IDENTITY), .cache = true }, false, 0 },
	{ "no_session_of_a_server_without", { ONE(CA), .cache = true },
	    { ONE(IDENTITY) }, false, 0 },
	{ "no_session_1_3_after_a_purge", { ONE(CA), .cache = true },
	    { ONE(IDENTITY), .cache = true }, true, 0 },
	{ "no_session_1_2_after_a_purge",
	    { ONE(CA), .cache = true, SUITE(0xc02b) },
	    { ONE(IDENTITY), .cache = true }, true, 0 },
};

static void
session(void **state)
{
	const struct session_case *c = *state;
	uint16_t port;
	const int listener = tls_ends_listen(&c->server, &port);
	struct tls_result r;
	uint32_t flags = 1;
	net_socklen_t len = sizeof(flags);

	for (int i = 0; i < 3; i++) {
		tls_ends_meet_at(&c->client, listener, port, &r);
		assert_int_equal(r.client_error, 0);
		assert_true(r.server >= 0);
		assert_int_equal(zsock_tls_resumed(r.client),
		    i > 0 ? c->resumed : 0);
		assert_int_equal(zsock_tls_resumed(r.server),
		    i > 0 ? c->resumed : 0);
		tls_ends_talk(&r);
		if (c->client.tags[0] == CA) {
			assert_int_equal(zsock_getsockopt(r.client,
			                     ZSOCK_SOL_TLS,
			                     ZSOCK_TLS_CERT_VERIFY_RESULT,
			                     &flags, &len),
			    0);
			assert_int_equal(flags, 0);
		}
		if (c->purge)
			assert_int_equal(zsock_setsockopt(r.client,
			                     ZSOCK_SOL_TLS,
			                     ZSOCK_TLS_SESSION_CACHE_PURGE,
			                     NULL, 0),
			    0);
		r.listener = -1;
		tls_ends_close(&r);
	}
	assert_int_equal(zsock_close(listener), 0);
}

static int
refuse_certificate(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	return -1;
}

#define CACHED .cache = true
#define REFUSING .callback = (void *)refuse_certificate
#define MUTUAL .tags = { CA, IDENTITY }, .ntags = 2, .verify = 3, CACHED
#define SHOWING .tags = { CA, CLIENT }, .ntags = 2, CACHED

/*
 * Two connections, one after the other, with other options or with the same:
 * what the second one is, and what both ends know of each other both times.
 */
static const struct second_case {
	const char *name;
	struct tls_end client[2], server[2];
	int connect[2], accept; /* accept: of the second */
	int resumed, suite;     /* 0: any suite */
	uint32_t client_flags, server_flags;
} seconds[] = {
	{ "second_client_with_a_callback_is_asked",
	    { { ONE(CA), CACHED }, { ONE(CA), CACHED, REFUSING } },
	    { { ONE(IDENTITY), CACHED }, { ONE(IDENTITY), CACHED } },
	    { 0, -ECONNABORTED }, -ECONNABORTED, 0, 0, UINT32_MAX, 0x80 },
	{ "second_server_with_a_callback_is_asked",
	    { { SHOWING, SUITE(0xc02b) }, { SHOWING, SUITE(0xc02b) } },
	    { { MUTUAL }, { MUTUAL, REFUSING } }, { 0, -ECONNABORTED },
	    -ECONNABORTED, 0, 0, 0, 0 },
	{ "second_without_a_hostname_after_null",
	    { { ONE(CA), CACHED }, { ONE(CA), CACHED, .no_hostname = true } },
	    { { ONE(IDENTITY), CACHED }, { ONE(IDENTITY), CACHED } },
	    { 0, -ECONNABORTED }, -ECONNABORTED, 0, 0, 0x04, 0x80 },
	{ "second_with_null_after_no_hostname",
	    { { ONE(CA), CACHED, .no_hostname = true, .verify = 2 },
	        { ONE(CA), CACHED, .verify = 2 } },
	    { { ONE(IDENTITY), CACHED }, { ONE(IDENTITY), CACHED } }, { 0, 0 },
	    0, 0, 0, 0, 0x80 },
	{ "second_optional_without_a_hostname_after_null",
	    { { ONE(CA), CACHED, .verify = 2 },
	        { ONE(CA), CACHED, .no_hostname = true, .verify = 2 } },
	    { { ONE(IDENTITY), CACHED }, { ONE(IDENTITY), CACHED } }, { 0, 0 },
	    0, 0, 0, 0x04, 0x80 },
	{ "second_client_with_another_suite",
	    { { ONE(CA), CACHED, SUITE(0xc02b) },
	        { ONE(CA), CACHED, SUITE(0xc02c) } },
	    { { ONE(IDENTITY), CACHED }, { ONE(IDENTITY), CACHED } }, { 0, 0 },
	    0, 0, 0xc02c, 0, 0x80 },
	{ "second_server_with_another_suite",
	    { { ONE(CA), CACHED, .suites = { 0xc02b, 0xc02c }, .nsuites = 2 },
	        { ONE(CA), CACHED, .suites = { 0xc02b, 0xc02c },
	            .nsuites = 2 } },
	    { { ONE(IDENTITY), CACHED, SUITE(0xc02b) },
	        { ONE(IDENTITY), CACHED, SUITE(0xc02c) } },
	    { 0, 0 }, 0, 0, 0xc02c, 0, 0x80 },
	{ "second_knows_all_that_was_wrong_1_3",
	    { { ONE(CA), CACHED, .hostname = "other.test", .verify = 2 },
	        { ONE(CA), CACHED, .hostname = "other.test", .verify = 2 } },
	    { { ONE(EXPIRED), CACHED }, { ONE(EXPIRED), CACHED } }, { 0, 0 }, 0,
	    1, 0, 0x05, 0x80 },
	{ "second_knows_all_that_was_wrong_1_2",
	    { { ONE(CA), CACHED, SUITE(0xc02b), .hostname = "other.test",
	          .verify = 2 },
	        { ONE(CA), CACHED, SUITE(0xc02b), .hostname = "other.test",
	            .verify = 2 } },
	    { { ONE(EXPIRED), CACHED }, { ONE(EXPIRED), CACHED } }, { 0, 0 }, 0,
	    1, 0xc02b, 0x05, 0x80 },
	{ "second_server_knows_all_that_was_wrong_1_3",
	    { { .tags = { CA, EXPIRED }, .ntags = 2, CACHED },
	        { .tags = { CA, EXPIRED }, .ntags = 2, CACHED } },
	    { { ONE(IDENTITY), CACHED, .verify = 2 },
	        { ONE(IDENTITY), CACHED, .verify = 2 } },
	    { 0, 0 }, 0, 1, 0, 0, 0x09 },
	{ "second_server_knows_all_that_was_wrong_1_2",
	    { { .tags = { CA, EXPIRED }, .ntags = 2, CACHED, SUITE(0xc02b) },
	        { .tags = { CA, EXPIRED },
	            .ntags = 2,
	            CACHED,
	            SUITE(0xc02b) } },
	    { { ONE(IDENTITY), CACHED, .verify = 2 },
	        { ONE(IDENTITY), CACHED, .verify = 2 } },
	    { 0, 0 }, 0, 1, 0xc02b, 0, 0x09 },
	{ "second_by_a_key_needs_no_certificate",
	    { { ONE(PSK_A), CACHED, SUITE(0xc0a8) },
	        { ONE(PSK_A), CACHED, SUITE(0xc0a8) } },
	    { { ONE(PSK_A), CACHED, .verify = 3 },
	        { ONE(PSK_A), CACHED, .verify = 3 } },
	    { 0, 0 }, 0, 1, 0xc0a8, 0, 0 },
};

static int
number_of(int sock, int name)
{
	int n = -1;
	net_socklen_t len = sizeof(n);

	assert_int_equal(zsock_getsockopt(sock, ZSOCK_SOL_TLS, name, &n, &len),
	    0);
	return n;
}

static void
check_second(const struct second_case *c, const struct tls_result *r)
{
	assert_int_equal(r->client_error, c->connect[1]);
	assert_int_equal(r->server < 0 ? r->server : 0, c->accept);
	assert_int_equal((uint32_t)number_of(r->client,
	                     ZSOCK_TLS_CERT_VERIFY_RESULT),
	    c->client_flags);
	if (r->server < 0)
		return;
	assert_int_equal(number_of(r->server, ZSOCK_TLS_CERT_VERIFY_RESULT),
	    c->server_flags);
	assert_int_equal(zsock_tls_resumed(r->client), c->resumed);
	assert_int_equal(zsock_tls_resumed(r->server), c->resumed);
	if (c->suite != 0)
		assert_int_equal(number_of(r->client,
		                     ZSOCK_TLS_CIPHERSUITE_USED),
		    c->suite);
	tls_ends_talk(r);
}

static void
second(void **state)
{
	const struct second_case *c = *state;
	uint16_t port;
	const int listener = tls_ends_listen(&c->server[0], &port);
	struct tls_result r;

	tls_ends_meet_at(&c->client[0], listener, port, &r);
	assert_int_equal(r.client_error, c->connect[0]);
	if (r.server >= 0)
		tls_ends_talk(&r);
	r.listener = -1;
	tls_ends_close(&r);
	tls_ends_set(listener, &c->server[1]);
	tls_ends_meet_at(&c->client[1], listener, port, &r);
	check_second(c, &r);
	r.listener = -1;
	tls_ends_close(&r);
	assert_int_equal(zsock_close(listener), 0);
}

/* A session of another name or mode would spare the peer its proof. */
static void
another_verification_is_another_session(void **state)
{
	const struct tls_end server = { ONE(IDENTITY), .cache = true };
	struct tls_end client = { ONE(CA), .cache = true, .verify = 1 };
	uint16_t port;
	const int listener = tls_ends_listen(&server, &port);
	struct tls_result r;

	(void)state;
	for (int i = 0; i < 3; i++) {
		tls_ends_meet_at(&client, listener, port, &r);
		assert_int_equal(zsock_tls_resumed(r.client), 0);
		tls_ends_talk(&r);
		r.listener = -1;
		tls_ends_close(&r);
		if (i == 0)
			client.verify = 3;
		else
			client.hostname = "127.0.0.1";
	}
	assert_int_equal(zsock_close(listener), 0);
}

#define RENEWED 9

/* An identity that changes while it is in use, and then is gone. */
static void
a_renewed_identity_is_the_next_connections(void **state)
{
	const struct tls_end server = { ONE(RENEWED) };
	const struct tls_end before = { ONE(CA), .hostname = "old.test" };
	const struct tls_end after = { ONE(CA), .hostname = "new.test" };
	struct pki_cert old, new;
	struct tls_result first, second, third;
	uint16_t port;
	int listener;

	(void)state;
	pki_make(&old, &pki.ca,
	    &(struct pki_spec){ .name = "old", .san = "DNS:old.test" });
	pki_make(&new, &pki.ca,
	    &(struct pki_spec){ .name = "new", .san = "DNS:new.test" });
	pki_store_identity(RENEWED, &old);
	listener = tls_ends_listen(&server, &port);
	tls_ends_meet_at(&before, listener, port, &first);
	assert_int_equal(first.client_error, 0);
	pki_store_identity(RENEWED, &new);
	tls_ends_talk(&first);
	tls_ends_meet_at(&after, listener, port, &second);
	assert_int_equal(second.client_error, 0);
	pki_forget(RENEWED);
	tls_ends_talk(&first);
	tls_ends_talk(&second);
	/* Without it the listener hands out nobody, and says so. */
	tls_ends_meet_at(&after, listener, port, &third);
	assert_true(third.client_error < 0);
	assert_int_equal(third.server, -ENOENT);
	first.listener = second.listener = -1;
	tls_ends_close(&first);
	tls_ends_close(&second);
	tls_ends_close(&third);
	pki_free(&old);
	pki_free(&new);
}

/* What the callback saw, and what it shall answer. */
struct judge {
	int calls, last_depth, answer;
	uint32_t seen, keep;
};

static int
judge_certificate(void *ctx, void *cert, int depth, uint32_t *flags)
{
	struct judge *j = ctx;

	(void)cert;
	j->calls++;
	j->last_depth = depth;
	j->seen |= *flags;
	*flags &= j->keep;
	return j->answer;
}

static const struct callback_case {
	const char *name;
	const char *hostname;
	int tag;
	uint32_t keep;
	int answer;
	int connect;
	uint32_t seen;
} callbacks[] = {
	{ "callback_of_a_good_chain", "localhost", CA, UINT32_MAX, 0, 0, 0 },
	{ "callback_may_forgive_a_name", "other.test", CA, 0, 0, 0, 0x04 },
	{ "callback_may_forgive_an_unknown_issuer", "localhost", CLIENT, 0, 0,
	    0, 0x08 },
	{ "callback_may_let_it_fail", "other.test", CA, UINT32_MAX, 0,
	    -ECONNABORTED, 0x04 },
	{ "callback_may_end_it", "localhost", CA, UINT32_MAX, -1, -ECONNABORTED,
	    0 },
};

static void
callback(void **state)
{
	const struct callback_case *c = *state;
	struct judge j = { .keep = c->keep,
		.answer = c->answer,
		.last_depth = -1 };
	const struct tls_end client = { ONE(c->tag), .hostname = c->hostname,
		.callback = (void *)judge_certificate, .context = &j };
	const struct tls_end server = { ONE(IDENTITY) };
	struct tls_result r;

	tls_ends_meet(&client, &server, &r);
	assert_int_equal(r.client_error, c->connect);
	assert_int_equal(j.seen, c->seen);
	assert_true(j.calls > 0);
	if (c->answer == 0)
		assert_int_equal(j.last_depth, 0);
	tls_ends_close(&r);
}

#define ROW(fn, table, i) \
	{ \
		table[i].name, fn, NULL, NULL, (void *)&table[i] \
	}

int
main(void)
{
	struct CMUnitTest tests[LEN(goods) + LEN(bads) + LEN(refusals) +
	    LEN(sessions) + LEN(seconds) + LEN(callbacks) + 3] = {
		cmocka_unit_test(another_verification_is_another_session),
		cmocka_unit_test(a_renewed_identity_is_the_next_connections),
		cmocka_unit_test(alpn_answer_that_was_not_offered),
	};
	size_t n = 3;

	for (size_t i = 0; i < LEN(goods); i++)
		tests[n++] = (struct CMUnitTest)ROW(good, goods, i);
	for (size_t i = 0; i < LEN(bads); i++)
		tests[n++] = (struct CMUnitTest)ROW(bad, bads, i);
	for (size_t i = 0; i < LEN(refusals); i++)
		tests[n++] = (struct CMUnitTest)ROW(refusal, refusals, i);
	for (size_t i = 0; i < LEN(sessions); i++)
		tests[n++] = (struct CMUnitTest)ROW(session, sessions, i);
	for (size_t i = 0; i < LEN(seconds); i++)
		tests[n++] = (struct CMUnitTest)ROW(second, seconds, i);
	for (size_t i = 0; i < LEN(callbacks); i++)
		tests[n++] = (struct CMUnitTest)ROW(callback, callbacks, i);
	return cmocka_run_group_tests(tests, setup, teardown);
}
