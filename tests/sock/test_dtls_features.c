/*
 * What options and credentials make of a session over datagrams, both ends
 * ours: each row is met over sockets, and says what both sides then know.
 */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/capture.h"
#include "support/dtls_pair.h"

#define CA 1
#define IDENTITY 2
#define PSK_A 3
#define PSK_B 4
#define CLIENT 5
#define EXPIRED 6
#define OTHER_CA 7
#define RSA_IDENTITY 8
#define PSK_LOGGED 9

#define ONE(tag) .tags = { tag }, .ntags = 1
#define SUITE(id) .suites = { id }, .nsuites = 1

static struct pki pki;
static struct pki_cert client_cert, expired_cert, other_ca, rsa_cert;

/* The two ends of a row, and the server's port. */
static struct {
	int client, server;
	uint16_t port;
} ends;

static void
store_psk(int tag, const char *identity, const char *key)
{
	assert_int_equal(store_add(tag, CRED_PSK_ID, identity,
	                     strlen(identity)),
	    0);
	assert_int_equal(store_add(tag, CRED_PSK, key, 16), 0);
}

static uint32_t
verify_result(int sock)
{
	uint32_t flags = 0;
	socklen_t len = sizeof(flags);

	assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_RESULT, &flags, &len),
	    0);
	return flags;
}

static void
meet(const struct tls_end *client, const struct tls_end *server)
{
	ends.port = 0;
	ends.server = dtls_pair_end(server, &ends.port);
	ends.client = dtls_pair_end(client, NULL);
	assert_int_equal(verify_result(ends.client), UINT32_MAX);
	assert_int_equal(verify_result(ends.server), UINT32_MAX);
	dtls_pair_meet(ends.client, ends.server, AF_INET, ends.port);
}

static const struct good_case {
	const char *name;
	struct tls_end client, server;
	int suite;
	const char *protocol;
	uint32_t client_flags, server_flags; /* TLS_CERT_VERIFY_RESULT */
} goods[] = {
	{ "certificate", { ONE(CA), .hostname = "localhost" },
	    { ONE(IDENTITY) }, 0, "", 0, 0x80 },
	{ "certificate_of_rsa", { ONE(CA), .hostname = "localhost" },
	    { ONE(RSA_IDENTITY) }, 0, "", 0, 0x80 },
	{ "suite_gcm", { ONE(CA), SUITE(0xc02b) }, { ONE(IDENTITY) }, 0xc02b,
	    "", 0, 0x80 },
	{ "suite_chacha", { ONE(CA) }, { ONE(IDENTITY), SUITE(0xcca9) }, 0xcca9,
	    "", 0, 0x80 },
	{ "suite_ccm_8", { ONE(CA), SUITE(0xc0ae) }, { ONE(IDENTITY) }, 0xc0ae,
	    "", 0, 0x80 },
	{ "suite_cbc", { ONE(CA), SUITE(0xc023) }, { ONE(IDENTITY) }, 0xc023,
	    "", 0, 0x80 },
	{ "suites_of_tls_1_3_are_passed_over",
	    { ONE(CA), .suites = { 0x1301, 0xc02c }, .nsuites = 2 },
	    { ONE(IDENTITY) }, 0xc02c, "", 0, 0x80 },
	{ "the_servers_order_counts",
	    { ONE(CA), .suites = { 0xc02b, 0xc02c }, .nsuites = 2 },
	    { ONE(IDENTITY), .suites = { 0xc02c, 0xc02b }, .nsuites = 2 },
	    0xc02c, "", 0, 0x80 },
	{ "alpn", { ONE(CA), .protocols = { "coap", "h2" }, .nprotocols = 2 },
	    { ONE(IDENTITY), .protocols = { "x", "h2", "coap" },
	        .nprotocols = 3 },
	    0, "h2", 0, 0x80 },
	{ "alpn_of_the_client_alone",
	    { ONE(CA), .protocols = { "coap" }, .nprotocols = 1 },
	    { ONE(IDENTITY) }, 0, "", 0, 0x80 },
	{ "psk", { ONE(PSK_A) }, { ONE(PSK_A) }, 0, "", 0, 0 },
	{ "psk_ccm_8", { ONE(PSK_A), SUITE(0xc0a8) }, { ONE(PSK_A) }, 0xc0a8,
	    "", 0, 0 },
	{ "psk_needs_no_hostname", { ONE(PSK_A), .no_hostname = true },
	    { ONE(PSK_A) }, 0, "", 0, 0 },
	{ "psk_second_identity", { ONE(PSK_B) },
	    { .tags = { PSK_A, PSK_B }, .ntags = 2 }, 0, "", 0, 0 },
	{ "server_with_both_psk_client", { ONE(PSK_A), SUITE(0xc0a8) },
	    { .tags = { IDENTITY, PSK_A }, .ntags = 2 }, 0xc0a8, "", 0, 0 },
	{ "mutual", { .tags = { CA, CLIENT }, .ntags = 2 },
	    { .tags = { CA, IDENTITY }, .ntags = 2, .verify = 3 }, 0, "", 0,
	    0 },
	{ "optional_without_a_certificate", { ONE(CA) },
	    { .tags = { CA, IDENTITY }, .ntags = 2, .verify = 2 }, 0, "", 0,
	    0x40 },
	{ "optional_with_one_of_another_ca",
	    { .tags = { CA, CLIENT }, .ntags = 2 },
	    { .tags = { OTHER_CA, IDENTITY }, .ntags = 2, .verify = 2 }, 0, "",
	    0, 0x08 },
	{ "nobody_is_verified", { .verify = 1 }, { ONE(IDENTITY) }, 0, "", 0,
	    0x80 },
	{ "optional_expired", { ONE(CA), .verify = 2 }, { ONE(EXPIRED) }, 0, "",
	    0x01, 0x80 },
	{ "optional_wrong_name",
	    { ONE(CA), .verify = 2, .hostname = "example.org" },
	    { ONE(IDENTITY) }, 0, "", 0x04, 0x80 },
	{ "optional_untrusted", { ONE(OTHER_CA), .verify = 2 },
	    { ONE(IDENTITY) }, 0, "", 0x08, 0x80 },
	{ "max_fragment_length", { ONE(CA), .max_fragment = 1 },
	    { ONE(IDENTITY) }, 0, "", 0, 0x80 },
	{ "dtls_1_0_is_no_wish", { ONE(CA), .proto = KINDS_DTLS_1_0 },
	    { ONE(IDENTITY), .proto = KINDS_DTLS_1_0 }, 0, "", 0, 0x80 },
};

static void
check_end(int sock, const struct good_case *c, uint32_t flags)
{
	const char *version = "", *suite_name = "";
	char protocol[16] = "";
	int suite = 0;
	socklen_t len = sizeof(suite);

	assert_int_equal(call_tls_version(sock, &version), 0);
	assert_string_equal(version, "DTLSv1.2");
	assert_int_equal(call_tls_suite(sock, &suite_name), 0);
	assert_memory_equal(suite_name, "TLS_", 4);
	assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CIPHERSUITE_USED, &suite, &len),
	    0);
	if (c->suite != 0)
		assert_int_equal(suite, c->suite);
	assert_int_equal(call_tls_protocol(sock, protocol, sizeof(protocol)),
	    strlen(c->protocol));
	assert_memory_equal(protocol, c->protocol, strlen(c->protocol));
	assert_int_equal(call_tls_resumed(sock), 0);
	assert_int_equal(verify_result(sock), flags);
}

static void
comes_about(const void *row)
{
	const struct good_case *c = row;

	meet(&c->client, &c->server);
	check_end(ends.client, c, c->client_flags);
	check_end(ends.server, c, c->server_flags);
	assert_int_equal(dtls_pair_send(ends.server, "back", 0), 4);
	dtls_pair_expect(ends.client, "back");
}

static const struct session_case {
	const char *name;
	struct tls_end client, server;
	bool purge;
	int resumed;
} sessions[] = {
	{ "session", { ONE(CA), .hostname = "localhost", .cache = true },
	    { ONE(IDENTITY), .cache = true }, false, 1 },
	{ "session_of_a_psk", { ONE(PSK_A), .cache = true, SUITE(0xc0a8) },
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
	{ "no_session_after_a_purge", { ONE(CA), .cache = true },
	    { ONE(IDENTITY), .cache = true }, true, 0 },
};

static void
purge(void)
{
	assert_int_equal(call_setsockopt(ends.client, TLS_LEVEL,
	                     TLS_NAME_SESSION_CACHE_PURGE, NULL, 0),
	    0);
}

static void
is_come_back_to(const void *row)
{
	const struct session_case *c = row;
	char byte;

	ends.port = 0;
	ends.server = dtls_pair_end(&c->server, &ends.port);
	for (int i = 0; i < 3; i++) {
		const int resumed = i > 0 ? c->resumed : 0;

		ends.client = dtls_pair_end(&c->client, NULL);
		dtls_pair_meet(ends.client, ends.server, AF_INET, ends.port);
		assert_int_equal(call_tls_resumed(ends.client), resumed);
		assert_int_equal(call_tls_resumed(ends.server), resumed);
		if (c->client.tags[0] == CA)
			assert_int_equal(verify_result(ends.client), 0);
		if (c->purge)
			purge();
		dtls_pair_close(ends.client);
		assert_int_equal(dtls_pair_recv(ends.server, &byte, 1,
		                     MSG_DONTWAIT),
		    -EAGAIN);
	}
	ends.client = dtls_pair_end(&c->client, NULL);
	purge(); /* for the tests that follow */
}

/* The same socket, whose session has ended, comes back as well. */
static void
a_send_after_close_notify_goes_on_with_the_session(void)
{
	static const struct tls_end client = { ONE(CA), .cache = true };
	static const struct tls_end server = { ONE(IDENTITY), .cache = true };
	char byte;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	meet(&client, &server);
	assert_int_equal(call_tls_resumed(ends.client), 0);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 1), 0);
	dtls_pair_limit(ends.server, SO_RCVTIMEO, 5);
	assert_int_equal(dtls_pair_recv(ends.server, &byte, 1, 0), -EAGAIN);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	assert_int_equal(dtls_pair_recv(ends.client, &byte, 1, 0), -ENOTCONN);
	assert_int_equal(call_tls_resumed(ends.client), -ENOTCONN);
	dtls_pair_serve(ends.server);
	assert_int_equal(dtls_pair_send(ends.client, "again", 0), 5);
	dtls_pair_served();
	dtls_pair_expect(ends.server, "again");
	assert_int_equal(call_tls_resumed(ends.client), 1);
	purge();
}

/* Each side writes its own, and they are the same. */
static void
keys_are_logged_in_lines_that_other_programs_read(void)
{
	static const struct tls_end end = { ONE(PSK_LOGGED) };
	char path[] = "/tmp/zsock-test-keys-XXXXXX";
	const int fd = mkstemp(path);
	char line[2][256];
	FILE *file;

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(setenv("SSLKEYLOGFILE", path, 1), 0);
	config_reload();
	/* The credentials of other tests may be in use, unlogged. */
	store_psk(PSK_LOGGED, "device c", "key of device c.");
	meet(&end, &end);
	pki_forget(PSK_LOGGED);
	assert_int_equal(unsetenv("SSLKEYLOGFILE"), 0);
	config_reload();
	file = fopen(path, "r");
	assert_non_null(file);
	for (int i = 0; i < 2; i++) {
		assert_non_null(fgets(line[i], sizeof(line[i]), file));
		assert_memory_equal(line[i], "CLIENT_RANDOM ", 14);
		/* 32 bytes and 48, in hex. */
		assert_int_equal(strlen(line[i]), 14 + 64 + 1 + 96 + 1);
	}
	assert_string_equal(line[0], line[1]);
	assert_null(fgets(line[0], sizeof(line[0]), file));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(unlink(path), 0);
}

static void
a_handshake_is_one_line_of_info_on_each_side(void)
{
	static const struct tls_end client = { ONE(CA), SUITE(0xc02b),
		.hostname = "localhost" };
	static const struct tls_end server = { ONE(IDENTITY) };
	char want[256];
	const char *log;

	capture_start();
	meet(&client, &server);
	log = capture_text();
	snprintf(want, sizeof(want),
	    "zsock: info: DTLS client: handshake with 127.0.0.1:%u done: "
	    "DTLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; the peer is "
	    "verified as \"localhost\"; using sec_tag 1 (CA certificate)\n",
	    ends.port);
	assert_non_null(strstr(log, want));
	assert_non_null(
	    strstr(log, "zsock: info: DTLS server: handshake with 127.0.0.1:"));
	assert_non_null(strstr(log,
	    "; the peer showed no certificate; using sec_tag 2 "
	    "(certificate), sec_tag 2 (private key)\n"));
	capture_stop();
}

static void
store_all(void)
{
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
	pki_make(&other_ca, NULL,
	    &(struct pki_spec){ .name = "Another CA", .ca = true });
	pki_store_ca(OTHER_CA, &other_ca);
	pki_make(&rsa_cert, &pki.ca,
	    &(struct pki_spec){ .name = "localhost",
	        .san = "DNS:localhost",
	        .key = PKI_RSA });
	pki_store_identity(RSA_IDENTITY, &rsa_cert);
	store_psk(PSK_A, "device a", "key of device a.");
	store_psk(PSK_B, "device b", "key of device b.");
}

static void
forget_all(void)
{
	for (int tag = CA; tag <= RSA_IDENTITY; tag++)
		pki_forget(tag);
	pki_free(&client_cert);
	pki_free(&expired_cert);
	pki_free(&other_ca);
	pki_free(&rsa_cert);
	pki_fini(&pki);
}

int
main(void)
{
	static const struct dtls_pair_test others[] = {
		DTLS_PAIR_TEST(
		    a_send_after_close_notify_goes_on_with_the_session,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(
		    keys_are_logged_in_lines_that_other_programs_read,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_handshake_is_one_line_of_info_on_each_side,
		    DTLS_PAIR_NEWER),
	};
	struct dtls_pair_test tests[LEN(goods) + LEN(sessions) + LEN(others)];
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < LEN(goods); i++)
		tests[n++] = (struct dtls_pair_test){ .name = goods[i].name,
			.in = DTLS_PAIR_NEWER,
			.check = comes_about,
			.row = &goods[i] };
	for (size_t i = 0; i < LEN(sessions); i++)
		tests[n++] = (struct dtls_pair_test){ .name = sessions[i].name,
			.in = DTLS_PAIR_NEWER,
			.check = is_come_back_to,
			.row = &sessions[i] };
	memcpy(tests + n, others, sizeof(others));
	store_all();
	rc = dtls_pair_run("sock/dtls_features", tests, n + LEN(others));
	forget_all();
	return rc;
}
