/* The tests' own DTLS peer does what its header says, with another of it. */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "support/dpeer_seal.h"

#define WAIT_MS 10000
#define LOST_MS 20 /* what would have come by then does not */

static struct pki pki;

static const struct kind {
	const char *name, *suites;
	int family, version;
	bool certificate, no_aead;
} kinds[] = {
	{ .name = "psk_ccm_8", .suites = "PSK-AES128-CCM8" },
	{ .name = "psk_ccm", .suites = "PSK-AES256-CCM" },
	{ .name = "psk_gcm", .suites = "PSK-AES128-GCM-SHA256" },
	{ .name = "psk_gcm_384", .suites = "PSK-AES256-GCM-SHA384" },
	{ .name = "psk_cbc",
	    .suites = "PSK-AES128-CBC-SHA256",
	    .no_aead = true },
	{ .name = "ecdsa_gcm",
	    .suites = "ECDHE-ECDSA-AES128-GCM-SHA256",
	    .certificate = true },
	{ .name = "ecdsa_ccm_8",
	    .suites = "ECDHE-ECDSA-AES128-CCM8",
	    .certificate = true },
	{ .name = "ecdsa_gcm_ipv6",
	    .suites = "ECDHE-ECDSA-AES128-GCM-SHA256",
	    .family = AF_INET6,
	    .certificate = true },
	{ .name = "ecdsa_1_0",
	    .suites = "ECDHE-ECDSA-AES128-SHA",
	    .version = DTLS1_VERSION,
	    .certificate = true,
	    .no_aead = true },
};

/* A client and a server. */
struct ends {
	struct dpeer client, server;
};

static void
fill_spec(const struct kind *k, struct dpeer_spec *client,
    struct dpeer_spec *server)
{
	*client = (struct dpeer_spec){ .family = k->family,
		.version = k->version,
		.suites = k->suites };
	if (!k->certificate) {
		client->psk_id = "a peer";
		client->psk = "0123456789abcdef";
	}
	*server = *client;
	server->server = true;
	if (k->certificate) {
		client->ca = &pki.ca;
		server->identity = &pki.server;
	}
}

static void
open_ends(struct ends *e, struct dpeer_spec *client,
    const struct dpeer_spec *server)
{
	dpeer_open(&e->server, server);
	client->port = e->server.port;
	dpeer_open(&e->client, client);
}

static void
meet(struct ends *e)
{
	dpeer_start(&e->server);
	dpeer_start(&e->client);
	assert_true(dpeer_join(&e->client));
	assert_true(dpeer_join(&e->server));
}

static void
open_session(struct ends *e, const struct kind *k)
{
	struct dpeer_spec client, server;

	fill_spec(k, &client, &server);
	open_ends(e, &client, &server);
	meet(e);
}

static void
free_ends(struct ends *e)
{
	dpeer_free(&e->client);
	dpeer_free(&e->server);
}

static void
expect(struct dpeer *p, const char *text)
{
	char buf[64];

	assert_int_equal(dpeer_recv(p, buf, sizeof(buf), WAIT_MS),
	    strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

static void
expect_nothing(struct dpeer *p)
{
	char byte;

	assert_int_equal(dpeer_recv(p, &byte, 1, LOST_MS), -EAGAIN);
}

static void
talk(struct ends *e)
{
	dpeer_send(&e->client, "ping", 4);
	expect(&e->server, "ping");
	dpeer_send(&e->server, "pong", 4);
	expect(&e->client, "pong");
}

static void
data_goes_both_ways_until_close_notify(void **state)
{
	struct ends e;
	char buf[4];

	open_session(&e, *state);
	talk(&e);
	dpeer_send(&e.client, "longer", 6);
	dpeer_send(&e.client, "next", 4);
	assert_int_equal(dpeer_recv(&e.server, buf, 2, WAIT_MS), 2);
	expect(&e.server, "next");
	dpeer_close_notify(&e.client);
	assert_int_equal(dpeer_recv(&e.server, buf, 1, WAIT_MS), 0);
	free_ends(&e);
}

/* ClientHello and HelloVerifyRequest, by content and message type. */
static void
cookies_are_exchanged_once(void **state)
{
	struct ends e;
	int requests = 0;

	open_session(&e, *state);
	for (size_t i = 0; i < e.server.tap.nseen; i++) {
		const struct dpeer_datagram *d = e.server.tap.seen[i];

		assert_int_equal(d->out, i == 1 || i > 2);
		requests += d->out && d->data[0] == SSL3_RT_HANDSHAKE &&
		    d->data[13] == DTLS1_MT_HELLO_VERIFY_REQUEST;
		if (i == 3)
			break;
	}
	assert_int_equal(requests, 1);
	free_ends(&e);
}

static void
a_client_may_come_again_from_its_port(void **state)
{
	struct ends e;

	open_session(&e, *state);
	talk(&e);
	meet(&e);
	talk(&e);
	free_ends(&e);
}

static void
replayed_datagrams_are_dropped(void **state)
{
	const struct dpeer_datagram *last;
	struct ends e;

	open_session(&e, *state);
	talk(&e);
	last = dpeer_tap_last(&e.client.tap, true);
	dpeer_send_raw(&e.client, last->data, last->len);
	expect_nothing(&e.server);
	talk(&e);
	free_ends(&e);
}

static void
damaged_datagrams_are_dropped(void **state)
{
	const struct dpeer_datagram *last;
	unsigned char copy[256];
	struct ends e;

	open_session(&e, *state);
	e.client.tap.hold = true;
	dpeer_send(&e.client, "held", 4);
	e.client.tap.hold = false;
	last = dpeer_tap_last(&e.client.tap, true);
	memcpy(copy, last->data, last->len);
	copy[last->len - 1] ^= 1;
	dpeer_send_raw(&e.client, copy, last->len);
	expect_nothing(&e.server);
	dpeer_send_raw(&e.client, last->data, last->len);
	expect(&e.server, "held");
	free_ends(&e);
}

static void
raw_datagrams_can_be_had(void **state)
{
	const struct dpeer_datagram *last;
	unsigned char buf[256];
	struct ends e;

	open_session(&e, *state);
	dpeer_send(&e.client, "seen", 4);
	last = dpeer_tap_last(&e.client.tap, true);
	assert_int_equal(dpeer_recv_raw(&e.server, buf, sizeof(buf), WAIT_MS),
	    last->len);
	assert_memory_equal(buf, last->data, last->len);
	assert_int_equal(dpeer_recv_raw(&e.server, buf, sizeof(buf), LOST_MS),
	    -EAGAIN);
	free_ends(&e);
}

static void
sealed_records_are_taken_for_openssl_s_own(void **state)
{
	struct ends e;

	open_session(&e, *state);
	talk(&e);
	dpeer_send_record(&e.client, SSL3_RT_APPLICATION_DATA, "made", 4);
	expect(&e.server, "made");
	dpeer_send_record(&e.server, SSL3_RT_APPLICATION_DATA, "made", 4);
	expect(&e.client, "made");
	talk(&e);
	free_ends(&e);
}

static void
sealed_alerts_end_a_session(void **state)
{
	struct ends e;
	char byte;

	open_session(&e, *state);
	dpeer_alert(&e.server, SSL3_AL_WARNING, SSL_AD_CLOSE_NOTIFY);
	assert_int_equal(dpeer_recv(&e.client, &byte, 1, WAIT_MS), 0);
	assert_int_equal(e.client.alert, 0x100);
	dpeer_alert(&e.client, SSL3_AL_FATAL, SSL_AD_INTERNAL_ERROR);
	assert_int_equal(dpeer_recv(&e.server, &byte, 1, WAIT_MS),
	    -ECONNABORTED);
	assert_int_equal(e.server.alert, 0x200 | SSL_AD_INTERNAL_ERROR);
	free_ends(&e);
}

static bool
loses_each_first(void *arg, struct dpeer_datagram *d)
{
	unsigned int *seen = arg;
	const unsigned int bit = 1u << (d->out ? 0 : 1);
	const bool first = (*seen & bit) == 0;

	*seen |= bit;
	return !first;
}

static void
lost_flights_are_sent_again(void **state)
{
	struct dpeer_spec client, server;
	unsigned int seen = 0;
	struct ends e;

	fill_spec(*state, &client, &server);
	client.hook = loses_each_first;
	client.arg = &seen;
	client.timer_ms = 10;
	open_ends(&e, &client, &server);
	meet(&e);
	assert_int_equal(seen, 3);
	talk(&e);
	free_ends(&e);
}

/* The longest record that begins a datagram. */
static bool
measures(void *arg, struct dpeer_datagram *d)
{
	size_t *longest = arg;
	const size_t len = 13 + ((size_t)d->data[11] << 8) + d->data[12];

	if (len > *longest)
		*longest = len;
	return true;
}

static void
handshake_messages_keep_to_the_mtu(void **state)
{
	struct dpeer_spec client, server;
	size_t longest = 0;
	struct ends e;

	fill_spec(*state, &client, &server);
	server.mtu = 256;
	client.hook = measures;
	client.arg = &longest;
	client.mtu = 256;
	open_ends(&e, &client, &server);
	meet(&e);
	assert_in_range(longest, 64, 256);
	talk(&e);
	free_ends(&e);
}

static void
a_handshake_fails_by_an_alert(void **state)
{
	struct dpeer_spec client, server;
	struct ends e;

	fill_spec(*state, &client, &server);
	client.suites = "AECDH-AES128-SHA";
	open_ends(&e, &client, &server);
	dpeer_start(&e.server);
	dpeer_start(&e.client);
	assert_false(dpeer_join(&e.client));
	assert_false(dpeer_join(&e.server));
	assert_int_equal(e.client.alert, 0x200 | SSL_AD_HANDSHAKE_FAILURE);
	free_ends(&e);
}

static void
a_plain_alert_ends_a_handshake(void **state)
{
	struct dpeer_spec client, server;
	unsigned char hello[1500];
	struct ends e;

	fill_spec(*state, &client, &server);
	open_ends(&e, &client, &server);
	dpeer_start(&e.client);
	assert_in_range(dpeer_recv_raw(&e.server, hello, sizeof(hello),
	                    WAIT_MS),
	    64, sizeof(hello));
	assert_int_equal(hello[0], SSL3_RT_HANDSHAKE);
	dpeer_alert(&e.server, SSL3_AL_FATAL, SSL_AD_ACCESS_DENIED);
	assert_false(dpeer_join(&e.client));
	assert_int_equal(e.client.alert, 0x200 | SSL_AD_ACCESS_DENIED);
	free_ends(&e);
}

static void
a_handshake_with_nobody_can_be_stopped(void **state)
{
	struct dpeer_spec client, server;
	struct ends e;

	fill_spec(*state, &client, &server);
	open_ends(&e, &client, &server);
	dpeer_start(&e.server);
	dpeer_stop(&e.server);
	assert_false(dpeer_join(&e.server));
	meet(&e);
	talk(&e);
	dpeer_start(&e.client);
	free_ends(&e);
}

#define ALL(name) \
	{ \
#name, name, false \
	}
#define AEAD(name) \
	{ \
#name, name, true \
	}

static const struct {
	const char *name;
	void (*run)(void **state);
	bool aead;
} cases[] = {
	ALL(data_goes_both_ways_until_close_notify),
	ALL(cookies_are_exchanged_once),
	ALL(a_client_may_come_again_from_its_port),
	ALL(replayed_datagrams_are_dropped),
	AEAD(damaged_datagrams_are_dropped),
	ALL(raw_datagrams_can_be_had),
	AEAD(sealed_records_are_taken_for_openssl_s_own),
	AEAD(sealed_alerts_end_a_session),
	ALL(lost_flights_are_sent_again),
	ALL(handshake_messages_keep_to_the_mtu),
	ALL(a_handshake_fails_by_an_alert),
	ALL(a_plain_alert_ends_a_handshake),
	ALL(a_handshake_with_nobody_can_be_stopped),
};

int
main(void)
{
	static struct CMUnitTest tests[LEN(cases) * LEN(kinds)];
	static char names[LEN(tests)][128];
	size_t n = 0;
	int rc;

	pki_init(&pki, PKI_EC);
	for (size_t i = 0; i < LEN(tests); i++) {
		const struct kind *k = &kinds[i % LEN(kinds)];

		if (cases[i / LEN(kinds)].aead && k->no_aead)
			continue;
		snprintf(names[n], sizeof(names[n]), "%s_%s",
		    cases[i / LEN(kinds)].name, k->name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = cases[i / LEN(kinds)].run,
			.initial_state = (void *)k };
		n++;
	}
	rc = _cmocka_run_group_tests("dpeer", tests, n, NULL, NULL);
	pki_fini(&pki);
	return rc;
}
