#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/failures.h"
#include "support/loop.h"
#include "support/rival.h"

/* Handshakes that fail, and connections after it, for all other reasons. */

/* Tags of the library's side besides those of loop.h. */
#define CERT_TAG 5 /* a certificate without its key */
#define KEY_TAG 6  /* a key without its certificate, and not that one's */
#define CUT_TAG 7  /* PEM that has lost its NUL */
#define PSK_TAG 8  /* a key and the identity "device" */
#define HEX_TAG 9  /* the same, as it is printed */
#define ID_TAG 10  /* an identity without its key */
#define PSK "a secret of both"
#define PSK_AS_HEX "6120736563726574206f6620626f7468"

static void
store_psk(int tag, const char *key)
{
	assert_int_equal(store_add(tag, CRED_PSK, key, strlen(key)), 0);
	assert_int_equal(store_add(tag, CRED_PSK_ID, "device", 6), 0);
}

static void
forget_odd_ones(void)
{
	pki_forget(CERT_TAG);
	pki_forget(KEY_TAG);
	pki_forget(CUT_TAG);
	pki_forget(PSK_TAG);
	pki_forget(HEX_TAG);
	pki_forget(ID_TAG);
}

static void
store_odd_ones(void)
{
	struct pki_bytes pem = pki_cert_pem(&failures_pki.ca);
	struct pki_cert other;

	forget_odd_ones();
	pki_make(&other, &failures_pki.ca,
	    &(struct pki_spec){ .name = "other" });
	pki_store_certificate(CERT_TAG, &other);
	pki_store_key(KEY_TAG, &failures_pki.server);
	assert_int_equal(store_add(CUT_TAG, CRED_CA_CERTIFICATE, pem.data,
	                     pem.len - 1),
	    0);
	store_psk(PSK_TAG, PSK);
	store_psk(HEX_TAG, PSK_AS_HEX);
	assert_int_equal(store_add(ID_TAG, CRED_PSK_ID, "device", 6), 0);
	pki_free(&other);
	pki_bytes_free(&pem);
}

/* Peers that speak TLS, but not as this side wants it. */
static const struct peer_row {
	const char *name;
	enum failures_side side;
	int version; /* of the peer; 0 is 1.2 and 1.3 in turn */
	int proto;   /* of the library's socket; 0 is KINDS_TLS_1_2 */
	/* The peer's side; a server always has an identity. */
	bool showing, wrong_key, demanding, estranged;
	bool rsa; /* its certificate is one of RSA */
	const char *suites, *suites13, *protocols;
	const char *psk_id, *psk; /* in place of a server's identity */
	/* The library's side. */
	const char *offers[3]; /* TLS_ALPN_LIST */
	int list[2];           /* TLS_CIPHERSUITE_LIST */
	int tags[3];
	bool required; /* a server wants a certificate */
	/* What the handshake answers, or if that is 0, the first recv. */
	int want;
	int late;
	const char *said[FAILURES_SAID];
	const char *unsaid;
} peers[] = {
	{ .name = "key_mismatch",
	    .showing = true,
	    .wrong_key = true,
	    .required = true,
	    .want = ECONNABORTED,
	    .said = { "we ended it: bad signature, reading the ",
	        "the peer's key does not belong to its certificate" } },
	{ .name = "no_shared_suite",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .suites = "AECDH-AES128-SHA",
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert 'handshake failure' (40), "
	              "waiting for the ServerHello",
	        "we speak TLSv1.2 to TLSv1.3 with TLS_", " more" } },
	{ .name = "no_shared_suite",
	    .side = FAILURES_SERVER,
	    .version = TLS1_2_VERSION,
	    .suites = "AECDH-AES128-SHA:AECDH-AES256-SHA",
	    .want = ECONNABORTED,
	    .said = { "we ended it: no shared cipher, reading the ClientHello",
	        "we speak TLSv1.2 to TLSv1.3 with TLS_",
	        "; the key of our certificate is EC",
	        "; the client offers TLS_ECDH_anon_WITH_AES_128_CBC_SHA, "
	        "TLS_ECDH_anon_WITH_AES_256_CBC_SHA" } },
	{ .name = "no_shared_version",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .proto = KINDS_TLS_1_3,
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert", "protocol version' (70)",
	        "we speak TLSv1.3 with TLS_" } },
	{ .name = "no_shared_version",
	    .side = FAILURES_SERVER,
	    .version = TLS1_2_VERSION,
	    .proto = KINDS_TLS_1_3,
	    .want = ECONNABORTED,
	    .said = { "we ended it: unsupported protocol, reading the "
	              "ClientHello",
	        "we speak TLSv1.3 with TLS_",
	        "the client speaks TLSv1.2 at most" } },
	{ .name = "client_certificate_missing",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .demanding = true,
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert",
	        "the server asked for a certificate, and TLS_SEC_TAG_LIST has "
	        "none with a key" } },
	{ .name = "client_certificate_missing",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_3_VERSION,
	    .demanding = true,
	    .late = EIO,
	    .said = { "the peer sent the alert 'certificate required' (116)",
	        "the server asked for a certificate, and TLS_SEC_TAG_LIST has "
	        "none with a key" } },
	{ .name = "client_certificate_missing",
	    .side = FAILURES_SERVER,
	    .required = true,
	    .want = ECONNABORTED,
	    .said = { "we ended it: peer did not return a certificate",
	        "the client has no certificate, and TLS_PEER_VERIFY is 2" } },
	{ .name = "client_certificate_refused",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .demanding = true,
	    .estranged = true,
	    .tags = { LOOP_CA_TAG, LOOP_SERVER_TAG },
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert", "unknown CA' (48)",
	        "the peer does not trust the CA of our certificate",
	        "sec_tag 2 (certificate)" } },
	{ .name = "client_certificate_refused",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_3_VERSION,
	    .demanding = true,
	    .estranged = true,
	    .tags = { LOOP_CA_TAG, LOOP_SERVER_TAG },
	    .late = EIO,
	    .said = { "connection with ", "the peer sent the alert",
	        "unknown CA' (48)",
	        "the peer does not trust the CA of our certificate",
	        "using sec_tag 1 (CA certificate), sec_tag 2" } },
	{ .name = "server_certificate_refused",
	    .side = FAILURES_SERVER,
	    .demanding = true,
	    .estranged = true,
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert", "unknown CA' (48)",
	        "the peer does not trust the CA of our certificate",
	        "sec_tag 2 (certificate)" } },
	{ .name = "key_under_another_tag",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .demanding = true,
	    .tags = { LOOP_CA_TAG, CERT_TAG },
	    .want = ECONNABORTED,
	    .said = { "TLS_SEC_TAG_LIST has none with a key",
	        "there is a certificate but no private key under these tags, "
	        "only under sec_tag 2, sec_tag 6" } },
	{ .name = "certificate_under_another_tag",
	    .side = FAILURES_SERVER,
	    .tags = { KEY_TAG },
	    .want = ECONNABORTED,
	    .said = { "we ended it: ", "we have no certificate with its key",
	        "there is a private key but no certificate under these tags, "
	        "only under sec_tag 2, sec_tag 5" } },
	{ .name = "no_shared_suite",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_3_VERSION,
	    .list = { 0x1303, 0xcca9 },
	    .suites13 = "TLS_AES_128_GCM_SHA256",
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert 'handshake failure' (40)",
	        "we speak TLSv1.2 to TLSv1.3 with "
	        "TLS_CHACHA20_POLY1305_SHA256, "
	        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256; " } },
	{ .name = "no_shared_suite",
	    .side = FAILURES_SERVER,
	    .version = TLS1_3_VERSION,
	    .list = { 0x1303, 0xcca9 },
	    .suites13 = "TLS_AES_128_GCM_SHA256",
	    .want = ECONNABORTED,
	    .said = { "we ended it: no shared cipher, reading the ClientHello",
	        "we speak TLSv1.2 to TLSv1.3 with "
	        "TLS_CHACHA20_POLY1305_SHA256, ",
	        "the client offers TLS_AES_128_GCM_SHA256" } },
	{ .name = "alpn_mismatch",
	    .side = FAILURES_CLIENT,
	    .protocols = "\2h2",
	    .offers = { "mqtt", "coap" },
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert 'no application protocol' "
	              "(120)",
	        "the server speaks none of TLS_ALPN_LIST: mqtt, coap" } },
	{ .name = "alpn_mismatch",
	    .side = FAILURES_SERVER,
	    .protocols = "\2h2\010http/1.1",
	    .offers = { "mqtt", "coap" },
	    .want = ECONNABORTED,
	    .said = { "we ended it: no application protocol, ",
	        "TLS_ALPN_LIST has mqtt, coap; the client offers h2, "
	        "http/1.1" } },
	{ .name = "psk_unknown_identity",
	    .side = FAILURES_CLIENT,
	    .psk_id = "other",
	    .psk = PSK,
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert",
	        "the server may not know the PSK identity \"device\" of "
	        "sec_tag 8",
	        "using sec_tag 8 (PSK), sec_tag 8 (PSK identity)" } },
	{ .name = "psk_unknown_identity",
	    .side = FAILURES_SERVER,
	    .psk_id = "other",
	    .psk = PSK,
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "we ended it: ",
	        "the client named the PSK identity \"other\", which no "
	        "TLS_CREDENTIAL_PSK_ID under these tags has" } },
	{ .name = "psk_wrong_key",
	    .psk_id = "device",
	    .psk = "another secret..",
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "the two sides have different pre-shared keys for the "
	              "identity \"device\"",
	        "; ours, of sec_tag 8, has 16 bytes; using" } },
	{ .name = "psk_without_a_suite_of_sha256",
	    .version = TLS1_3_VERSION,
	    .psk_id = "device",
	    .psk = PSK,
	    .list = { 0x1302, 0xc02c },
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "TLS_CIPHERSUITE_LIST has no TLS 1.3 suite of SHA-256, "
	              "which pre-shared keys need (0x1301)" },
	    .unsaid = "may not know the PSK identity" },
	{ .name = "psk_and_a_server_that_shows_a_certificate",
	    .side = FAILURES_CLIENT,
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "we refused the peer's certificate: unable to get local "
	              "issuer certificate",
	        "the server chose a certificate although we offered a "
	        "pre-shared key" },
	    .unsaid = "CA certificate" },
	{ .name = "psk_and_a_server_that_shows_a_certificate_by_choice",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .list = { 0xc02c, 0x00a8 },
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "the server chose a certificate although we offered a "
	              "pre-shared key" } },
	{ .name = "psk_with_a_certificate_beside_it",
	    .side = FAILURES_CLIENT,
	    .version = TLS1_2_VERSION,
	    .showing = true,
	    .rsa = true,
	    .suites = "RSA-PSK-AES128-GCM-SHA256",
	    .psk_id = "device",
	    .psk = PSK,
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "we refused the peer's certificate: unable to get local "
	              "issuer certificate",
	        "no CA certificate under these tags" },
	    .unsaid = "the server chose" },
	{ .name = "psk_and_a_client_that_offers_none",
	    .side = FAILURES_SERVER,
	    .tags = { PSK_TAG },
	    .want = ECONNABORTED,
	    .said = { "we ended it: ",
	        "the client offered no pre-shared key, and we have nothing "
	        "else" } },
	{ .name = "psk_identity_without_its_key",
	    .psk_id = "device",
	    .psk = PSK,
	    .tags = { ID_TAG },
	    .want = ECONNABORTED,
	    .said = { "using sec_tag 10 (PSK identity)",
	        "sec_tag 10 has a PSK identity but no pre-shared key: store a "
	        "TLS_CREDENTIAL_PSK under it" } },
	{ .name = "psk_as_hex_text",
	    .psk_id = "device",
	    .psk = PSK,
	    .tags = { HEX_TAG },
	    .want = ECONNABORTED,
	    .said = { "the two sides have different pre-shared keys",
	        "ours, of sec_tag 9, has 32 bytes, which are hex digits" } },
};

static void
set_list(int sock, int name, const void *list, size_t size)
{
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, name, list,
	                     (socklen_t)size),
	    0);
}

static void
set_our_side(const struct peer_row *r, int sock)
{
	size_t n = 0;

	if (r->list[0] != 0)
		set_list(sock, TLS_NAME_CIPHERSUITE_LIST, r->list,
		    sizeof(r->list));
	while (n < LEN(r->offers) && r->offers[n] != NULL)
		n++;
	if (n > 0)
		set_list(sock, TLS_NAME_ALPN_LIST, r->offers,
		    n * sizeof(r->offers[0]));
	n = 0;
	while (n < LEN(r->tags) && r->tags[n] != 0)
		n++;
	if (n > 0)
		failures_set_tags(sock, r->tags, n);
	if (r->required && n == 0) {
		failures_set_tags(sock, (int[]){ LOOP_SERVER_TAG, LOOP_CA_TAG },
		    2);
		failures_set_int(sock, TLS_NAME_PEER_VERIFY, 2);
	}
}

/* The rest of the failure: what is told, again and for ever. */
static void
fail_late(int sock, int want, const char *const said[FAILURES_SAID])
{
	char byte;

	for (int i = 0; i < 2; i++)
		assert_int_equal(call_recvfrom(sock, &byte, 1, 0, NULL, NULL),
		    -want);
	failures_said(sock, said);
}

static void
not_said(int sock, const char *unsaid)
{
	char text[2048];

	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	if (unsaid != NULL && strstr(text, unsaid) != NULL)
		fail_msg("\"%s\" is in: %s", unsaid, text);
}

static void
connect_to(const struct peer_row *r, const struct rival_spec *spec)
{
	const int proto = r->proto != 0 ? r->proto : KINDS_TLS_1_2;
	struct rival rival;
	int sock;

	rival_serve(&rival, spec);
	sock = loop_client_tls(AF_INET, proto, LOOP_CA_TAG, "localhost");
	set_our_side(r, sock);
	assert_int_equal(loop_connect(sock, AF_INET, rival.port), -r->want);
	if (r->want == 0)
		fail_late(sock, r->late, r->said);
	else
		failures_said(sock, r->said);
	not_said(sock, r->unsaid);
	assert_int_equal(call_close(sock), 0);
	rival_join(&rival);
}

static void
accept_from(const struct peer_row *r, const struct rival_spec *spec)
{
	const int proto = r->proto != 0 ? r->proto : KINDS_TLS_1_2;
	struct rival rival;
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, proto, LOOP_SERVER_TAG, &port);

	set_our_side(r, listener);
	rival_visit(&rival, spec, port);
	assert_int_equal(call_accept(listener, NULL, NULL), -r->want);
	failures_said(listener, r->said);
	not_said(listener, r->unsaid);
	assert_int_equal(call_close(listener), 0);
	rival_join(&rival);
}

static void
peer(void **state)
{
	const struct failures_variant *v = *state;
	const struct peer_row *r = v->row;
	EVP_PKEY *wrong = pki_wrong_key(&failures_pki.server);
	struct pki_cert stranger, rsa = { 0 };
	const struct rival_spec spec = { .chain = r->rsa ? &rsa
		                                         : &failures_pki.server,
		.nchain = (!v->server && r->psk == NULL) || r->showing,
		.key = r->wrong_key ? wrong : NULL,
		.ca = !r->demanding ? NULL
		    : r->estranged  ? &stranger
		                    : &failures_pki.ca,
		.min_version = v->version,
		.max_version = v->version,
		.suites = r->suites,
		.suites13 = r->suites13,
		.protocols = r->protocols,
		.psk_id = r->psk_id,
		.psk = r->psk };

	pki_make(&stranger, NULL,
	    &(struct pki_spec){ .name = "Stranger", .ca = true });
	if (r->rsa)
		pki_make(&rsa, &failures_pki.ca,
		    &(struct pki_spec){ .name = "localhost", .key = PKI_RSA });
	store_odd_ones();
	if (v->server)
		accept_from(r, &spec);
	else
		connect_to(r, &spec);
	forget_odd_ones();
	pki_free(&stranger);
	pki_free(&rsa);
	EVP_PKEY_free(wrong);
}

#define BYTES(text) .bytes = (text), .len = sizeof(text) - 1

/* Peers that send these bytes, and how that ends. */
static const struct script_row {
	const char *name;
	const char *bytes;
	size_t len;
	enum rival_end end;
	int want;
	bool client; /* not for servers */
	const char *said[FAILURES_SAID];
} scripts[] = {
	{ .name = "peer_closes",
	    BYTES(""),
	    .end = RIVAL_CLOSES,
	    .want = ECONNABORTED,
	    .said = { "the peer closed the connection, waiting for the " } },
	{ .name = "peer_resets",
	    BYTES("\x16\x03\x03\x01\x00\x02"),
	    .end = RIVAL_RESETS,
	    .want = ECONNRESET,
	    .said = { "the connection broke: Connection reset by peer, waiting "
	              "for the " } },
	{ .name = "peer_silent",
	    BYTES(""),
	    .want = ETIMEDOUT,
	    .said = { "the peer did not answer within 50 ms, waiting for "
	              "the " } },
	{ .name = "garbage_of_text",
	    BYTES("220 mail.test ready\r\n"),
	    .want = ECONNABORTED,
	    .said = { "we ended it: ", "what arrived is not TLS",
	        "speak plain text?" } },
	{ .name = "garbage_of_zeros",
	    BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"),
	    .want = ECONNABORTED,
	    .said = { "we ended it: ", "what arrived is not TLS" } },
	{ .name = "garbage_in_a_record",
	    BYTES("\x16\x03\x03\x00\x04garb"),
	    .want = ECONNABORTED,
	    .said = { "we ended it: unexpected message, waiting for the " } },
	{ .name = "truncated_record",
	    BYTES("\x16\x03\x03\x01\x00\x02"),
	    .end = RIVAL_CLOSES,
	    .want = ECONNABORTED,
	    .said = { "the peer closed the connection in the middle of a "
	              "record, waiting for the " } },
	{ .name = "oversized_record",
	    BYTES("\x16\x03\x03\x48\x01\x02"),
	    .want = ECONNABORTED,
	    .said = { "we ended it: ", "length too long" } },
	{ .name = "wrong_content_type",
	    BYTES("\x17\x03\x03\x00\x01x"),
	    .want = ECONNABORTED,
	    .said = { "we ended it: ", "unexpected " } },
	{ .name = "alert",
	    BYTES("\x15\x03\x03\x00\x02\x02\x50"),
	    .client = true,
	    .want = ECONNABORTED,
	    .said = { "the peer sent the alert",
	        "internal error' (80), "
	        "waiting for the " } },
};

/* A deadline short enough to wait for where the peer is silent. */
static void
set_deadline(const struct script_row *r)
{
	const char *ms = r->want == ETIMEDOUT ? "50" : "10000";

	assert_int_equal(setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", ms, 1), 0);
	config_reload();
}

static void
script(void **state)
{
	const struct failures_variant *v = *state;
	const struct script_row *r = v->row;
	const struct rival_spec spec = { .raw = true,
		.bytes = r->bytes,
		.len = r->len,
		.end = r->end };
	struct rival rival;
	uint16_t port;
	int sock;

	set_deadline(r);
	if (v->server) {
		sock = loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG,
		    &port);
		rival_visit(&rival, &spec, port);
		assert_int_equal(call_accept(sock, NULL, NULL), -r->want);
	} else {
		rival_serve(&rival, &spec);
		sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG,
		    "localhost");
		assert_int_equal(loop_connect(sock, AF_INET, rival.port),
		    -r->want);
	}
	failures_said(sock, r->said);
	assert_int_equal(call_close(sock), 0);
	rival_join(&rival);
}

/* Peers that send these bytes when the handshake is complete. */
static const struct script_row late_scripts[] = {
	{ .name = "reset_later",
	    BYTES(""),
	    .end = RIVAL_RESETS,
	    .want = EIO,
	    .said = { "connection with 127.0.0.1:",
	        "the connection broke: Connection reset by peer" } },
	{ .name = "garbage_later",
	    BYTES("\x17\x03\x03\x00\x20"
	          "0123456789abcdef0123456789abcdef"),
	    .want = EIO,
	    .said = { "we ended it: decryption failed or bad record mac",
	        "what came was not encrypted with the key of this "
	        "connection" } },
	{ .name = "truncated_record_later",
	    BYTES("\x17\x03\x03\x00\x20"
	          "0123456789"),
	    .end = RIVAL_CLOSES,
	    .want = ECONNRESET,
	    .said = { "the peer closed the connection in the middle of a "
	              "record" } },
	{ .name = "oversized_record_later",
	    BYTES("\x17\x03\x03\x48\x01"
	          "0123456789"),
	    .want = EIO,
	    .said = { "we ended it: ", "length too long" } },
	{ .name = "wrong_content_type_later",
	    BYTES("\x63\x03\x03\x00\x20"
	          "0123456789abcdef0123456789abcdef"),
	    .want = EIO,
	    .said = { "we ended it: " } },
};

static void
late_script(void **state)
{
	const struct failures_variant *v = *state;
	const struct script_row *r = v->row;
	const struct rival_spec spec = { .chain = &failures_pki.server,
		.nchain = 1,
		.min_version = v->version,
		.max_version = v->version,
		.bytes = r->bytes,
		.len = r->len,
		.end = r->end };
	struct rival rival;
	uint16_t port;
	int sock, listener = -1;

	if (v->server) {
		listener = loop_listen_tls(AF_INET, KINDS_TLS_1_2,
		    LOOP_SERVER_TAG, &port);
		rival_visit(&rival, &spec, port);
		sock = call_accept(listener, NULL, NULL);
		assert_true(sock >= 0);
		assert_int_equal(call_close(listener), 0);
	} else {
		rival_serve(&rival, &spec);
		sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG,
		    "localhost");
		assert_int_equal(loop_connect(sock, AF_INET, rival.port), 0);
	}
	fail_late(sock, r->want, r->said);
	assert_int_equal(call_close(sock), 0);
	rival_join(&rival);
}

/* Credentials of our own that are refused before any peer is asked. */
static const struct own_row {
	const char *name;
	int tags[3];
	int want; /* of setsockopt */
	const char *said[FAILURES_SAID];
} owns[] = {
	{ .name = "own_tag_that_is_unknown",
	    .tags = { LOOP_CA_TAG, 99 },
	    .want = ENOENT,
	    .said = { "sec_tag 99: no credential is stored under it" } },
	{ .name = "own_key_mismatch",
	    .tags = { LOOP_CA_TAG, CERT_TAG, KEY_TAG },
	    .want = EINVAL,
	    .said = { "sec_tag 6: the private key does not belong to the "
	              "certificate of sec_tag 5" } },
	{ .name = "own_second_key",
	    .tags = { LOOP_SERVER_TAG, KEY_TAG },
	    .want = EINVAL,
	    .said = { "sec_tag 6: a second private key; sec_tag 2 has one "
	              "already" } },
	{ .name = "own_pem_without_nul",
	    .tags = { CUT_TAG },
	    .want = EINVAL,
	    .said = { "sec_tag 7: the CA certificate is PEM text without its "
	              "final NUL",
	        "pass strlen(pem) + 1" } },
};

static void
own(void **state)
{
	const struct failures_variant *v = *state;
	const struct own_row *r = v->row;
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	socklen_t n = 0;

	while (n < LEN(r->tags) && r->tags[n] != 0)
		n++;
	store_odd_ones();
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     r->tags, n * (socklen_t)sizeof(r->tags[0])),
	    -r->want);
	failures_said(sock, r->said);
	assert_int_equal(call_close(sock), 0);
	forget_odd_ones();
}

int
main(void)
{
	for (size_t i = 0; i < LEN(peers); i++)
		failures_add(peer, peers[i].name, &peers[i], peers[i].side,
		    peers[i].version);
	for (size_t i = 0; i < LEN(scripts); i++) {
		failures_add_once(script, scripts[i].name, &scripts[i], false);
		if (!scripts[i].client)
			failures_add_once(script, scripts[i].name, &scripts[i],
			    true);
	}
	for (size_t i = 0; i < LEN(owns); i++)
		failures_add_once(own, owns[i].name, &owns[i], false);
	for (size_t i = 0; i < LEN(late_scripts); i++)
		failures_add(late_script, late_scripts[i].name,
		    &late_scripts[i], FAILURES_BOTH, 0);
	return failures_run("sock/tls_failures");
}
