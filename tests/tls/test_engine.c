#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "support/pair.h"

#define NAME "localhost"

/* The slices that show framing faults: a byte, odd, a segment, all at once. */
static const struct slice_case {
	const char *name;
	size_t slice;
	int version;
} slices[] = {
	{ "1_byte_slices_tls_1_3", 1, TLS1_3_VERSION },
	{ "7_byte_slices_tls_1_3", 7, TLS1_3_VERSION },
	{ "1460_byte_slices_tls_1_3", 1460, TLS1_3_VERSION },
	{ "65536_byte_slices_tls_1_3", 65536, TLS1_3_VERSION },
	{ "1_byte_slices_tls_1_2", 1, TLS1_2_VERSION },
	{ "7_byte_slices_tls_1_2", 7, TLS1_2_VERSION },
	{ "1460_byte_slices_tls_1_2", 1460, TLS1_2_VERSION },
	{ "65536_byte_slices_tls_1_2", 65536, TLS1_2_VERSION },
};

static void
handshake_and_data_pass(void **state)
{
	const struct slice_case *c = *state;
	unsigned char data[5000];
	struct pair p;
	int client, server;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	pair_init(&p, NAME, c->slice);
	pair_renew(&p, c->version);
	if (c->version == TLS1_2_VERSION)
		assert_int_equal(tls_engine_limit_version(p.client,
		                     TLS1_2_VERSION),
		    0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	assert_string_equal(tls_engine_version(p.client),
	    c->version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
	assert_int_equal(tls_engine_verify_flags(p.client), 0);
	assert_int_equal(tls_engine_suite(p.client),
	    tls_engine_suite(p.server));
	pair_transfer(&p, p.client, p.server, data, sizeof(data));
	pair_transfer(&p, p.server, p.client, data, sizeof(data));
	pair_fini(&p);
}

/* How much one call of write takes, by TLS_MAX_FRAGMENT_LENGTH. */
static const struct fragment_case {
	const char *name;
	int client, server;
	ssize_t client_takes, server_takes;
} fragments[] = {
	{ "fragments_unlimited", 0, -1, 5000, 5000 },
	{ "fragments_of_512_by_the_client", 1, 0, 512, 512 },
	{ "fragments_of_1024_by_the_server", 0, 2, 5000, 1024 },
	{ "fragments_of_4096_by_both", 4, 4, 4096, 4096 },
};

static void
fragment(void **state)
{
	const struct fragment_case *c = *state;
	static const unsigned char data[5000];
	struct pair p;
	int client, server;

	pair_init(&p, NAME, 65536);
	p.client_settings.max_fragment = c->client;
	p.server_settings.max_fragment = c->server;
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	assert_int_equal(tls_engine_write(p.client, data, sizeof(data)),
	    c->client_takes);
	assert_int_equal(tls_engine_write(p.server, data, sizeof(data)),
	    c->server_takes);
	pair_fini(&p);
}

/* What fits into one packet arrives, or does not, as one. */
static void
a_client_hello_fits_into_a_packet(void **state)
{
	const void *data;
	struct pair p;

	(void)state;
	pair_init(&p, NAME, 65536);
	assert_int_equal(tls_engine_handshake(p.client), -EAGAIN);
	assert_in_range(tls_engine_output(p.client, &data), 1, 1200);
	pair_fini(&p);
}

/* Runs the handshake of a client that expects name; the client's answer. */
static int
outcome(const char *name, struct verdict *v)
{
	struct pair p;
	int client, server;

	pair_init(&p, name, 65536);
	pair_handshake(&p, &client, &server);
	if (client < 0)
		tls_engine_explain(p.client, "peer", v);
	pair_fini(&p);
	return client;
}

static void
wrong_host_name_is_refused_and_both_names_are_said(void **state)
{
	struct verdict v;

	(void)state;
	assert_int_equal(outcome("wrong.example", &v), -ECONNABORTED);
	assert_non_null(strstr(v.text, "\"wrong.example\""));
	assert_non_null(strstr(v.text, "DNS:localhost"));
	assert_non_null(strstr(v.text, "depth 0"));
	assert_non_null(strstr(v.text, "CN=localhost"));
	assert_non_null(strstr(v.text, "sec_tag 1 (CA certificate)"));
}

static void
empty_host_name_matches_nothing_and_the_line_says_why(void **state)
{
	struct verdict v;

	(void)state;
	assert_int_equal(outcome("", &v), -ECONNABORTED);
	assert_non_null(strstr(v.text, "TLS_HOSTNAME"));
}

static void
null_host_name_accepts_any_name(void **state)
{
	struct verdict v;

	(void)state;
	assert_int_equal(outcome(NULL, &v), 0);
}

static void
addresses_are_checked_as_addresses(void **state)
{
	struct verdict v;

	(void)state;
	assert_int_equal(outcome("127.0.0.1", &v), 0);
	assert_int_equal(outcome("::1", &v), 0);
	assert_int_equal(outcome("127.0.0.2", &v), -ECONNABORTED);
}

static void
host_name_never_set_is_refused(void **state)
{
	struct pair p;
	struct verdict v;
	int client, server;

	(void)state;
	pair_init(&p, NAME, 65536);
	tls_settings_fini(&p.client_settings);
	assert_int_equal(tls_settings_set_tags(&p.client_settings, &(int){ 1 },
	                     1),
	    0);
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, -ECONNABORTED);
	assert_int_equal(server, -ECONNABORTED);
	tls_engine_explain(p.client, "peer", &v);
	assert_non_null(strstr(v.text, "TLS_HOSTNAME was never set"));
	tls_engine_explain(p.server, "peer", &v);
	assert_non_null(strstr(v.text, "the peer sent the alert"));
	pair_fini(&p);
}

static void
unknown_ca_is_refused_with_the_device_bit(void **state)
{
	struct pki_cert other;
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, NAME, 65536);
	pki_make(&other, NULL,
	    &(struct pki_spec){ .name = "Test CA", .ca = true });
	pki_store_ca(1, &other);
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, -ECONNABORTED);
	assert_true((tls_engine_verify_flags(p.client) & 0x08) != 0);
	pki_free(&other);
	pair_fini(&p);
}

static void
optional_verification_goes_on_and_reports(void **state)
{
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, "wrong.example", 65536);
	assert_int_equal(tls_settings_set_verify(&p.client_settings,
	                     TLS_VERIFY_OPTIONAL),
	    0);
	pair_renew(&p, 0);
	assert_int_equal(tls_engine_verify_flags(p.client), UINT32_MAX);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(tls_engine_verify_flags(p.client), 0x04);
	pair_fini(&p);
}

static void
server_can_demand_a_client_certificate(void **state)
{
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, NAME, 65536);
	assert_int_equal(tls_settings_set_tags(&p.server_settings,
	                     (int[]){ 2, 1 }, 2),
	    0);
	assert_int_equal(tls_settings_set_verify(&p.server_settings,
	                     TLS_VERIFY_REQUIRED),
	    0);
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(server, -ECONNABORTED);

	assert_int_equal(tls_settings_set_tags(&p.client_settings,
	                     (int[]){ 1, 2 }, 2),
	    0);
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	assert_int_equal(tls_engine_verify_flags(p.server), 0);
	pair_fini(&p);
}

/* A pair whose handshake is done, for tests of what follows. */
static int
setup_open(void **state)
{
	struct pair *p = malloc(sizeof(*p));
	int client, server;

	if (p == NULL)
		return -1;
	pair_init(p, NAME, 65536);
	pair_handshake(p, &client, &server);
	*state = p;
	return client == 0 && server == 0 ? 0 : -1;
}

static int
teardown_open(void **state)
{
	pair_fini(*state);
	free(*state);
	return 0;
}

static void
full_ring_asks_to_be_drained_and_loses_nothing(void **state)
{
	struct pair *p = *state;
	unsigned char *data = calloc(1, 1 << 20);
	size_t sent = 0, received = 0;
	const void *out;
	ssize_t n;

	assert_non_null(data);
	while ((n = tls_engine_write(p->client, data, 1 << 20)) > 0)
		sent += (size_t)n;
	assert_int_equal(n, -ENOBUFS);
	assert_true(sent > 16384);
	while (tls_engine_output(p->client, &out) > 0) {
		assert_true(pair_carry(p, p->client, p->server) > 0);
		while ((n = tls_engine_read(p->server, data, 1 << 20)) > 0)
			received += (size_t)n;
		assert_int_equal(n, -EAGAIN);
	}
	assert_int_equal(received, sent);
	free(data);
}

/* Nothing is half done after ENOBUFS, so the caller may change its mind. */
static void
other_bytes_may_follow_a_full_ring(void **state)
{
	struct pair *p = *state;
	static unsigned char big[16384];
	char got[16384];
	ssize_t n, last = 0;

	while (tls_engine_write(p->client, big, sizeof(big)) > 0)
		continue;
	while (pair_carry(p, p->client, p->server) > 0)
		continue;
	while ((n = tls_engine_read(p->server, got, sizeof(got))) > 0)
		continue;
	assert_int_equal(tls_engine_write(p->client, "other", 5), 5);
	while (pair_carry(p, p->client, p->server) > 0)
		continue;
	while ((n = tls_engine_read(p->server, got, sizeof(got))) > 0)
		last = n;
	assert_int_equal(last, 5);
	assert_memory_equal(got, "other", 5);
}

static void
close_notify_is_the_end_of_the_stream(void **state)
{
	struct pair *p = *state;
	char byte;

	tls_engine_shutdown(p->client);
	while (pair_carry(p, p->client, p->server) > 0)
		continue;
	assert_true(tls_engine_readable(p->server));
	assert_int_equal(tls_engine_read(p->server, &byte, 1), 0);
	assert_int_equal(tls_engine_read(p->server, &byte, 1), 0);
	assert_true(tls_engine_ended(p->server));
	/* The other direction is still open (RFC 8446, 6.1). */
	assert_int_equal(tls_engine_write(p->server, "x", 1), 1);
}

static void
end_between_records_reads_as_the_end(void **state)
{
	struct pair *p = *state;
	char byte;

	while (tls_engine_read(p->client, &byte, 1) > 0 ||
	    pair_carry(p, p->server, p->client) > 0)
		continue;
	tls_engine_input_end(p->client, 0);
	assert_int_equal(tls_engine_read(p->client, &byte, 1), 0);
}

static void
end_inside_a_record_is_connreset(void **state)
{
	struct pair *p = *state;
	const void *data;
	void *room;
	size_t n;
	char byte;

	while (pair_carry(p, p->server, p->client) > 0)
		(void)tls_engine_read(p->client, &byte, 1);
	assert_int_equal(tls_engine_write(p->server, "cut short", 9), 9);
	n = tls_engine_output(p->server, &data) - 1;
	assert_true(tls_engine_input(p->client, &room) > n);
	memcpy(room, data, n);
	tls_engine_input_done(p->client, n);
	tls_engine_input_end(p->client, 0);
	assert_int_equal(tls_engine_read(p->client, &byte, 1), -ECONNRESET);
	assert_int_equal(tls_engine_read(p->client, &byte, 1), -ECONNRESET);
	assert_int_equal(tls_engine_write(p->client, &byte, 1), -ECONNRESET);
}

static void
a_flipped_bit_is_eio_and_stays_so(void **state)
{
	struct pair *p = *state;
	struct verdict v;
	const void *data;
	void *room;
	size_t n;
	char buf[16];

	while (pair_carry(p, p->client, p->server) > 0)
		continue;
	assert_int_equal(tls_engine_write(p->client, "hello", 5), 5);
	n = tls_engine_output(p->client, &data);
	assert_true(tls_engine_input(p->server, &room) > n);
	memcpy(room, data, n);
	((unsigned char *)room)[n - 1] ^= 1;
	tls_engine_input_done(p->server, n);
	assert_int_equal(tls_engine_read(p->server, buf, sizeof(buf)), -EIO);
	assert_int_equal(tls_engine_write(p->server, buf, 1), -EIO);
	assert_true(tls_engine_readable(p->server));
	tls_engine_explain(p->server, "peer", &v);
	assert_non_null(strstr(v.text, "TLS server"));
}

/* An error of the transport comes after what had come before it. */
static void
broken_input_is_eio_once_all_is_read(void **state)
{
	struct pair *p = *state;
	struct verdict v;
	char buf[16];

	assert_int_equal(tls_engine_write(p->server, "hello", 5), 5);
	while (pair_carry(p, p->server, p->client) > 0)
		continue;
	tls_engine_input_end(p->client, ECONNRESET);
	assert_int_equal(tls_engine_error(p->client), 0);
	assert_int_equal(tls_engine_read(p->client, buf, sizeof(buf)), 5);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tls_engine_read(p->client, buf, 1), -EIO);
	assert_int_equal(tls_engine_write(p->client, "x", 1), -EIO);
	tls_engine_explain(p->client, "peer", &v);
	assert_non_null(strstr(v.text, "Connection reset by peer"));
}

static void
broken_output_refuses_writes_and_drops_what_waits(void **state)
{
	struct pair *p = *state;
	struct verdict v;
	const void *data;
	char buf[16];

	assert_int_equal(tls_engine_write(p->client, "lost", 4), 4);
	assert_int_equal(tls_engine_write(p->server, "hello", 5), 5);
	assert_false(tls_engine_failed(p->client));
	tls_engine_output_broken(p->client, EPIPE);
	assert_true(tls_engine_failed(p->client));
	assert_int_equal(tls_engine_error(p->client), 0);
	assert_int_equal(tls_engine_output(p->client, &data), 0);
	assert_int_equal(tls_engine_write(p->client, "x", 1), -ECONNABORTED);
	tls_engine_explain(p->client, "peer", &v);
	assert_non_null(strstr(v.text, "Broken pipe"));
	/* It is the output's affair alone, and then everybody's. */
	while (pair_carry(p, p->server, p->client) > 0)
		continue;
	assert_int_equal(tls_engine_read(p->client, buf, sizeof(buf)), 5);
	tls_engine_input_end(p->client, ECONNRESET);
	assert_int_equal(tls_engine_read(p->client, buf, 1), -ECONNABORTED);
}

/* The alert that OpenSSL makes of it stays, too. */
static void
broken_output_stays_empty(void **state)
{
	static const unsigned char junk[] = "\x17\x03\x03\x00\x20"
	                                    "0123456789abcdef0123456789abcdef";
	struct pair *p = *state;
	const void *data;
	void *room;
	char byte;

	tls_engine_output_broken(p->client, EPIPE);
	assert_true(tls_engine_input(p->client, &room) > sizeof(junk));
	memcpy(room, junk, sizeof(junk) - 1);
	tls_engine_input_done(p->client, sizeof(junk) - 1);
	assert_int_equal(tls_engine_read(p->client, &byte, 1), -EIO);
	assert_int_equal(tls_engine_output(p->client, &data), 0);
}

static void
a_handshake_without_output_fails(void **state)
{
	struct pair p;
	int rc;

	(void)state;
	pair_init(&p, NAME, 65536);
	assert_int_equal(tls_engine_handshake(p.client), -EAGAIN);
	tls_engine_output_broken(p.client, ECONNRESET);
	tls_engine_input_end(p.client, ECONNRESET);
	rc = tls_engine_handshake(p.client);
	assert_int_equal(rc, -ECONNRESET);
	pair_fini(&p);
}

static void
peer_that_leaves_mid_handshake_is_connaborted(void **state)
{
	struct verdict v;
	struct pair p;

	(void)state;
	pair_init(&p, NAME, 65536);
	assert_int_equal(tls_engine_handshake(p.client), -EAGAIN);
	tls_engine_input_end(p.client, 0);
	assert_int_equal(tls_engine_handshake(p.client), -ECONNABORTED);
	tls_engine_explain(p.client, "192.0.2.1:443", &v);
	assert_non_null(strstr(v.text, "192.0.2.1:443"));
	assert_non_null(strstr(v.text, "the peer closed the connection"));
	assert_non_null(strstr(v.text, "waiting for the ServerHello"));
	pair_fini(&p);
}

/* A line that says who failed, and with what. */
static void
assert_explained(const struct tls_engine *e, const char *start)
{
	struct verdict v = { "" };

	tls_engine_explain(e, "peer", &v);
	assert_memory_equal(v.text, start, strlen(start));
	assert_non_null(strstr(v.text, " with peer failed: "));
	assert_true(strlen(v.text) > strlen("TLS client: handshake with peer "
	                                    "failed: "));
}

/* A small generator of its own: the same bytes on every machine. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/*
 * 10,000 records of random type, version, length and content into engines that
 * wait for a peer: an errno, never a crash.  A failed engine is replaced.
 */
static void
random_records_give_an_errno(void **state)
{
	const size_t total = 10000;
	unsigned char record[5 + 300];
	uint32_t seed = 1;
	struct pair p;
	size_t failures = 0;

	(void)state;
	pair_init(&p, NAME, 65536);
	for (size_t i = 0; i < total; i++) {
		struct tls_engine *e = i % 2 == 0 ? p.client : p.server;
		const size_t len = next_random(&seed) % 300;
		void *room;
		int rc;

		for (size_t k = 0; k < sizeof(record); k++)
			record[k] = (unsigned char)next_random(&seed);
		record[0] = (unsigned char)(18 + next_random(&seed) % 8);
		record[1] = 3;
		record[2] = (unsigned char)(next_random(&seed) % 5);
		record[3] = (unsigned char)(len >> 8);
		record[4] = (unsigned char)len;
		(void)tls_engine_handshake(e);
		assert_true(tls_engine_input(e, &room) >= 5 + len);
		memcpy(room, record, 5 + len);
		tls_engine_input_done(e, 5 + len);
		rc = tls_engine_handshake(e);
		assert_true(rc == -EAGAIN || rc == -ECONNABORTED);
		failures += rc == -ECONNABORTED;
		if (rc == -ECONNABORTED)
			assert_explained(e, "TLS ");
		if (tls_engine_error(p.client) != 0 ||
		    tls_engine_error(p.server) != 0)
			pair_renew(&p, 0);
	}
	assert_true(failures > total / 2);
	pair_fini(&p);
}

static void
random_records_after_the_handshake_give_an_errno(void **state)
{
	uint32_t seed = 2;
	unsigned char record[200];
	char buf[64];

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct pair p;
		int client, server;
		void *room;
		ssize_t n;

		pair_init(&p, NAME, 65536);
		pair_handshake(&p, &client, &server);
		for (size_t k = 0; k < sizeof(record); k++)
			record[k] = (unsigned char)next_random(&seed);
		record[0] = (unsigned char)(20 + i % 5);
		record[1] = 3;
		record[2] = 3;
		record[3] = 0;
		record[4] = (unsigned char)(sizeof(record) - 5);
		assert_true(
		    tls_engine_input(p.client, &room) >= sizeof(record));
		memcpy(room, record, sizeof(record));
		tls_engine_input_done(p.client, sizeof(record));
		n = tls_engine_read(p.client, buf, sizeof(buf));
		assert_int_equal(n, -EIO);
		assert_explained(p.client, "TLS client: connection with ");
		pair_fini(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(
		    wrong_host_name_is_refused_and_both_names_are_said),
		cmocka_unit_test(
		    empty_host_name_matches_nothing_and_the_line_says_why),
		cmocka_unit_test(null_host_name_accepts_any_name),
		cmocka_unit_test(a_client_hello_fits_into_a_packet),
		cmocka_unit_test(addresses_are_checked_as_addresses),
		cmocka_unit_test(host_name_never_set_is_refused),
		cmocka_unit_test(unknown_ca_is_refused_with_the_device_bit),
		cmocka_unit_test(optional_verification_goes_on_and_reports),
		cmocka_unit_test(server_can_demand_a_client_certificate),
		cmocka_unit_test_setup_teardown(
		    full_ring_asks_to_be_drained_and_loses_nothing, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    other_bytes_may_follow_a_full_ring, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    close_notify_is_the_end_of_the_stream, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    end_between_records_reads_as_the_end, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    end_inside_a_record_is_connreset, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    a_flipped_bit_is_eio_and_stays_so, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    broken_input_is_eio_once_all_is_read, setup_open,
		    teardown_open),
		cmocka_unit_test_setup_teardown(
		    broken_output_refuses_writes_and_drops_what_waits,
		    setup_open, teardown_open),
		cmocka_unit_test_setup_teardown(broken_output_stays_empty,
		    setup_open, teardown_open),
		cmocka_unit_test(a_handshake_without_output_fails),
		cmocka_unit_test(peer_that_leaves_mid_handshake_is_connaborted),
		cmocka_unit_test(random_records_give_an_errno),
		cmocka_unit_test(
		    random_records_after_the_handshake_give_an_errno),
	};
	struct CMUnitTest tests[LEN(slices) + LEN(fragments) + LEN(fixed)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(slices); i++)
		tests[n++] = (struct CMUnitTest){ .name = slices[i].name,
			.test_func = handshake_and_data_pass,
			.initial_state = (void *)&slices[i] };
	for (size_t i = 0; i < LEN(fragments); i++)
		tests[n++] = (struct CMUnitTest){ .name = fragments[i].name,
			.test_func = fragment,
			.initial_state = (void *)&fragments[i] };
	memcpy(tests + n, fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("tls/engine", tests, NULL, NULL);
}
