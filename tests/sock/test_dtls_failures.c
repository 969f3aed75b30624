/*
 * Handshakes over datagrams that fail: what the client's connect answers, and
 * what the line of each side says, in the log and by its socket.
 */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/limits.h"
#include "base/profile.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/capture.h"
#include "support/dtls_pair.h"

#define CA 1
#define IDENTITY 2
#define OTHER_CA 3
#define EXPIRED 4
#define PSK_A 5
#define PSK_A_WRONG 6
#define PSK_B 7

#define LIMIT_MS 40

#define ONE(tag) .tags = { tag }, .ntags = 1
#define SUITE(id) .suites = { id }, .nsuites = 1

static void
store_psk(int tag, const char *identity, const char *key)
{
	assert_int_equal(store_add(tag, CRED_PSK_ID, identity,
	                     strlen(identity)),
	    0);
	assert_int_equal(store_add(tag, CRED_PSK, key, 16), 0);
}

static struct pki pki;
static struct pki_cert other, expired;

static const struct row {
	const char *name;
	struct tls_end client, server;
	int connect;
	bool silent; /* the server says nothing, so it takes time */
	const char *client_says[4], *server_says[4];
} rows[] = {
	{ .name = "psk_wrong_key",
	    .client = { ONE(PSK_A_WRONG), SUITE(0x00a8) },
	    .server = { ONE(PSK_A) },
	    .connect = -ETIMEDOUT,
	    .silent = true,
	    .client_says = { "the peer did not answer within 400 ms, "
	                     "waiting for the server's Finished",
	        "the two sides may have different "
	        "pre-shared keys for the identity \"device a\"",
	        "ours, of sec_tag 6, has 16 bytes", "using sec_tag 6" },
	    .server_says = { "the peer did not answer within 1 ms, after the "
	                     "client's ChangeCipherSpec",
	        "different pre-shared keys for the identity \"device a\"",
	        "ours, of sec_tag 5, has 16 bytes" } },
	{ .name = "psk_unknown_identity",
	    .client = { ONE(PSK_B), SUITE(0x00a8) },
	    .server = { ONE(PSK_A) },
	    .connect = -ECONNABORTED,
	    .client_says = { "the peer sent the alert 'unknown PSK identity' "
	                     "(115)",
	        "the server may not know the PSK identity \"device b\" of "
	        "sec_tag 7" },
	    .server_says = { "we ended it: psk identity not found",
	        "the client named the PSK identity \"device b\", which no "
	        "TLS_CREDENTIAL_PSK_ID under these tags has",
	        "using sec_tag 5" } },
	{ .name = "no_shared_suite",
	    .client = { ONE(CA), SUITE(0xc02b) },
	    .server = { ONE(IDENTITY), SUITE(0xc02c) },
	    .connect = -ECONNABORTED,
	    .client_says = { "the peer sent the alert 'handshake failure' "
	                     "(40), "
	                     "waiting for the ServerHello",
	        "we speak DTLSv1.2 with "
	        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	    .server_says = { "we ended it: no shared cipher, reading the "
	                     "ClientHello",
	        "we speak DTLSv1.2 with "
	        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	        "the client offers "
	        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" } },
	{ .name = "suite_of_tls_1_3_alone",
	    .client = { ONE(CA), SUITE(0x1301) },
	    .server = { ONE(IDENTITY) },
	    .connect = -ECONNABORTED,
	    .client_says = { "TLS_CIPHERSUITE_LIST has suites of TLS 1.3 "
	                     "alone, "
	                     "and DTLS goes up to 1.2" } },
	{ .name = "wrong_name",
	    .client = { ONE(CA), .hostname = "example.org" },
	    .server = { ONE(IDENTITY) },
	    .connect = -ECONNABORTED,
	    .client_says = { "we refused the peer's certificate: hostname "
	                     "mismatch, reading the server's Certificate",
	        "expected name \"example.org\"; presented names: "
	        "DNS:localhost" },
	    .server_says = { "the peer sent the alert 'bad certificate' (42)",
	        "the peer refused our certificate", "using sec_tag 2" } },
	{ .name = "no_name",
	    .client = { ONE(CA), .no_hostname = true },
	    .server = { ONE(IDENTITY) },
	    .connect = -ECONNABORTED,
	    .client_says = { "hostname mismatch",
	        "TLS_HOSTNAME was never set" },
	    .server_says = { "the peer sent the alert 'bad certificate' "
	                     "(42)" } },
	{ .name = "untrusted",
	    .client = { ONE(OTHER_CA) },
	    .server = { ONE(IDENTITY) },
	    .connect = -ECONNABORTED,
	    .client_says = { "we refused the peer's certificate: unable to get "
	                     "local issuer certificate",
	        "to trust it, store the CA certificate of its issuer \"CN=Test "
	        "CA\"" },
	    .server_says = { "the peer sent the alert 'unknown CA' (48)",
	        "the peer does not trust the CA of our certificate" } },
	{ .name = "expired",
	    .client = { ONE(CA) },
	    .server = { ONE(EXPIRED) },
	    .connect = -ECONNABORTED,
	    .client_says = { "certificate has expired", "valid from ",
	        "the peer needs a new certificate" },
	    .server_says = { "the peer sent the alert 'certificate expired' "
	                     "(45)" } },
	{ .name = "no_credentials_of_the_client",
	    .server = { ONE(IDENTITY) },
	    .connect = -ECONNABORTED,
	    .client_says = { "TLS_SEC_TAG_LIST is empty",
	        "to trust it, store" },
	    .server_says = { "the peer sent the alert 'unknown CA' (48)" } },
	{ .name = "no_credentials_of_the_server",
	    .client = { ONE(CA) },
	    .connect = -ECONNABORTED,
	    .client_says = { "the peer sent the alert 'handshake failure' "
	                     "(40)" },
	    .server_says = { "we ended it: no shared cipher",
	        "TLS_SEC_TAG_LIST is empty",
	        "we have no certificate with its key" } },
	{ .name = "alpn",
	    .client = { ONE(CA), .protocols = { "coap" }, .nprotocols = 1 },
	    .server = { ONE(IDENTITY), .protocols = { "h2" }, .nprotocols = 1 },
	    .connect = -ECONNABORTED,
	    .client_says = { "the peer sent the alert 'no application "
	                     "protocol' "
	                     "(120)",
	        "the server speaks none of TLS_ALPN_LIST: coap" },
	    .server_says = { "we ended it: no application protocol",
	        "TLS_ALPN_LIST has h2; the client offers coap" } },
	{ .name = "client_certificate_missing",
	    .client = { ONE(CA) },
	    .server = { .tags = { CA, IDENTITY }, .ntags = 2, .verify = 3 },
	    .connect = -ECONNABORTED,
	    .client_says = { "the peer sent the alert",
	        "the server asked for a certificate, and TLS_SEC_TAG_LIST has "
	        "none with a key" },
	    .server_says = { "we ended it: peer did not return a certificate",
	        "the client has no certificate, and TLS_PEER_VERIFY is 2" } },
	{ .name = "client_certificate_untrusted",
	    .client = { .tags = { CA, IDENTITY }, .ntags = 2 },
	    .server = { .tags = { OTHER_CA, IDENTITY },
	        .ntags = 2,
	        .verify = 3 },
	    .connect = -ECONNABORTED,
	    .client_says = { "the peer sent the alert 'unknown CA' (48)" },
	    .server_says = { "we refused the peer's certificate",
	        "reading the client's Certificate", "using sec_tag 3" } },
};

/* The line of sock has all that, and is in the log. */
static void
said(int sock, const char *log, const char *const want[4])
{
	char text[2048], line[2100];

	if (want[0] == NULL)
		return;
	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	for (size_t i = 0; i < 4 && want[i] != NULL; i++) {
		if (strstr(text, want[i]) == NULL)
			fail_msg("no \"%s\" in: %s", want[i], text);
	}
	snprintf(line, sizeof(line), "zsock: error: %s\n", text);
	if (strstr(log, line) == NULL)
		fail_msg("not in the log: %s%s", line, log);
}

static void
limit_ms(const char *symbol, int ms)
{
	assert_int_equal(limits_set(symbol, ms), 0);
}

/* In one line of each side, which begins with who and with whom. */
static void
fails_and_says_why(const void *row)
{
	const struct row *r = row;
	uint16_t port = 0;
	const int server = dtls_pair_end(&r->server, &port);
	const int client = dtls_pair_end(&r->client, NULL);
	char byte, begin[80];
	const char *log;

	/* Time enough for all that comes before the silence. */
	if (r->silent)
		limit_ms("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
		    10 * LIMIT_MS);
	capture_start();
	dtls_pair_serve(server);
	assert_int_equal(loop_connect(client, AF_INET, port), r->connect);
	dtls_pair_served();
	if (r->silent)
		limit_ms("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 1);
	assert_int_equal(dtls_pair_recv(server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	log = capture_text();
	snprintf(begin, sizeof(begin),
	    "zsock: error: DTLS client: handshake with 127.0.0.1:%u failed: ",
	    port);
	assert_non_null(strstr(log, begin));
	if (r->server_says[0] != NULL)
		assert_non_null(strstr(log,
		    "zsock: error: DTLS server: handshake with 127.0.0.1:"));
	said(client, log, r->client_says);
	said(server, log, r->server_says);
	capture_stop();
}

static void
a_silent_peer_is_told_of_with_the_stage(void)
{
	static const char *const want[4] = {
		"the peer did not answer within 40 "
		"ms, waiting for the ServerHello; "
		"using sec_tag 40"
	};
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &port);
	limit_ms("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT", LIMIT_MS);
	capture_start();
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	said(sock, capture_text(), want);
	capture_stop();
}

/* The line of a schedule that is over has the sum of its waits. */
static void
a_send_that_gives_up_says_so(void)
{
	static const char *const want[4] = {
		"the peer did not answer within 60 "
		"ms, waiting for the "
		"ServerHello"
	};
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &port);
	dtls_pair_schedule(sock, 20, 40);
	capture_start();
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, port),
	    -ETIMEDOUT);
	said(sock, capture_text(), want);
	capture_stop();
}

static void
nobody_at_the_port_is_told_of_whatever_the_errno_is(void)
{
	static const char *const device[4] = { "did not answer within 40 ms, "
		                               "and its host says that nobody "
		                               "has that port" };
	static const char *const host[4] = { "Connection refused" };
	const bool on_host = profile_get() == PROFILE_LINUX;
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	dtls_pair_close_raw(dtls_pair_raw(AF_INET, &port));
	limit_ms("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT", LIMIT_MS);
	capture_start();
	assert_int_equal(loop_connect(sock, AF_INET, port),
	    on_host ? -ECONNREFUSED : -ETIMEDOUT);
	said(sock, capture_text(), on_host ? host : device);
	capture_stop();
}

/* An end in order is none, and the next handshake takes the line away. */
static void
close_notify_is_no_line(void)
{
	struct dtls_pair p;
	char text[8], byte;

	dtls_pair_open(&p);
	capture_start();
	dtls_pair_close(p.server);
	assert_int_equal(dtls_pair_recv(p.client, &byte, 1, 0), -ENOTCONN);
	assert_string_equal(capture_text(), "");
	capture_stop();
	assert_int_equal(call_error_text(p.client, text, sizeof(text)), 0);
}

static void
an_alert_after_the_handshake_is_a_line(void)
{
	static const char *const want[4] = { "DTLS client: connection with "
		                             "127.0.0.1:",
		"failed: the peer sent the alert 'internal error' (80)" };
	struct dtls_pair p;
	char byte;

	dtls_pair_open(&p);
	capture_start();
	dtls_pair_alert(p.server, SSL_AD_INTERNAL_ERROR);
	assert_true(dtls_pair_recv(p.client, &byte, 1, 0) < 0);
	said(p.client, capture_text(), want);
	capture_stop();
}

static void
a_datagram_too_long_is_a_line(void)
{
	static const char long_one[16385];
	static const char *const want[4] = { "DTLS client: session with "
		                             "127.0.0.1:",
		" ended: a datagram of 16385 bytes is more than one record" };
	struct dtls_pair p;

	dtls_pair_open(&p);
	capture_start();
	assert_true(
	    call_sendto(p.client, long_one, sizeof(long_one), 0, NULL, 0) < 0);
	said(p.client, capture_text(), want);
	capture_stop();
}

static void
store_all(void)
{
	pki_init(&pki, PKI_EC);
	pki_store_ca(CA, &pki.ca);
	pki_store_identity(IDENTITY, &pki.server);
	pki_make(&other, NULL,
	    &(struct pki_spec){ .name = "Another CA", .ca = true });
	pki_store_ca(OTHER_CA, &other);
	pki_make(&expired, &pki.ca,
	    &(struct pki_spec){ .name = "localhost",
	        .from_s = -7200,
	        .to_s = -3600 });
	pki_store_identity(EXPIRED, &expired);
	store_psk(PSK_A, "device a", "key of device a.");
	store_psk(PSK_B, "device b", "key of device b.");
	store_psk(PSK_A_WRONG, "device a", "another key ....");
}

int
main(void)
{
	static const struct dtls_pair_test others[] = {
		DTLS_PAIR_TEST(a_silent_peer_is_told_of_with_the_stage,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_send_that_gives_up_says_so, 0),
		DTLS_PAIR_TEST(
		    nobody_at_the_port_is_told_of_whatever_the_errno_is,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(close_notify_is_no_line, 0),
		DTLS_PAIR_TEST(an_alert_after_the_handshake_is_a_line, 0),
		DTLS_PAIR_TEST(a_datagram_too_long_is_a_line, DTLS_PAIR_DEVICE),
	};
	struct dtls_pair_test tests[LEN(rows) + LEN(others)];
	int rc;

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct dtls_pair_test){ rows[i].name, NULL,
			DTLS_PAIR_NEWER, fails_and_says_why, &rows[i] };
	memcpy(tests + LEN(rows), others, sizeof(others));
	store_all();
	rc = dtls_pair_run("sock/dtls_failures", tests, LEN(tests));
	for (int tag = CA; tag <= PSK_B; tag++)
		pki_forget(tag);
	pki_free(&expired);
	pki_free(&other);
	pki_fini(&pki);
	return rc;
}
