#include "support/test.h"

#include <errno.h>
#include <string.h>

#include <openssl/ssl.h>

#include "support/pair.h"

#define NAME "localhost"

static void
has(const struct verdict *v, const char *part)
{
	if (strstr(v->text, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, v->text);
}

static void
has_not(const struct verdict *v, const char *part)
{
	if (part != NULL && strstr(v->text, part) != NULL)
		fail_msg("\"%s\" is in: %s", part, v->text);
}

/* The server's identity becomes one with these names, signed by issuer. */
static void
rename_server(const struct pki_cert *issuer, const char *san)
{
	struct pki_cert c;

	pki_make(&c, issuer, &(struct pki_spec){ .name = NAME, .san = san });
	pki_store_identity(2, &c);
	pki_free(&c);
}

static void
addresses_are_presented_in_their_short_form(void **state)
{
	struct verdict v;
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, "wrong.test", 65536);
	rename_server(&p.pki.ca,
	    "IP:127.0.0.1,IP:::1,IP:::,IP:fe80::,IP:2001:db8::a0:1,"
	    "IP:1:0:0:2:0:0:0:3,IP:1:0:2:3:4:5:6:7,IP:1:0:0:2:0:0:3:4,DNS:x");
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, -ECONNABORTED);
	tls_engine_explain(p.client, "peer", &v);
	has(&v,
	    "presented names: IP Address:127.0.0.1, IP Address:::1, "
	    "IP Address:::, IP Address:fe80::, IP Address:2001:db8::a0:1, "
	    "IP Address:1:0:0:2::3, IP Address:1:0:2:3:4:5:6:7, "
	    "IP Address:1::2:0:0:3:4, DNS:x;");
	pair_fini(&p);
}

/* What a client with these tags says of a server of an unknown CA. */
static const struct trust_case {
	const char *name;
	int tag;        /* 0 is an empty list */
	int tags_error; /* how an earlier attempt failed */
	bool own_ca;    /* the server's certificate is signed by itself */
	const char *said, *unsaid;
} trusts[] = {
	{ "another_ca", 3, 0, false,
	    "store the CA certificate of its issuer \"CN=Test CA\" under a tag",
	    "no CA certificate under these tags" },
	{ "self_signed", 3, 0, true,
	    "store the CA certificate of its issuer \"CN=localhost\"",
	    "no CA certificate under these tags" },
	{ "no_ca_under_the_tag", 4, 0, false,
	    "sec_tag 4 (private key); no CA certificate under these tags",
	    "TLS_SEC_TAG_LIST is empty" },
	{ "no_tags", 0, 0, false, "; TLS_SEC_TAG_LIST is empty",
	    "failed with" },
	{ "no_tags_is_the_first_hint", 0, 0, false,
	    "reading the server's Certificate; TLS_SEC_TAG_LIST is empty; "
	    "depth 0, ",
	    NULL },
	{ "no_tags_for_they_were_refused", 0, EINVAL, false,
	    "; TLS_SEC_TAG_LIST is empty: setting it failed with EINVAL",
	    "no CA certificate under these tags" },
	{ "tags_and_a_refused_list", 3, ENOENT, false,
	    "using sec_tag 3 (CA certificate)", "ENOENT" },
};

static void
untrusted(void **state)
{
	const struct trust_case *c = *state;
	struct pki_cert other;
	struct verdict v;
	struct pair p;
	int client, server;

	pair_init(&p, NAME, 65536);
	pki_make(&other, NULL,
	    &(struct pki_spec){ .name = "Another CA", .ca = true });
	pki_store_ca(3, &other);
	pki_store_identity(4, &other);
	if (c->own_ca)
		rename_server(NULL, "DNS:localhost");
	assert_int_equal(tls_settings_set_tags(&p.client_settings, &c->tag,
	                     c->tag != 0),
	    0);
	p.client_settings.tags_error = c->tags_error;
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, -ECONNABORTED);
	tls_engine_explain(p.client, "peer", &v);
	has(&v, c->said);
	has_not(&v, c->unsaid);
	pki_free(&other);
	pki_forget(3);
	pki_forget(4);
	pair_fini(&p);
}

static void
a_list_that_is_set_clears_the_earlier_failure(void **state)
{
	struct tls_settings s, copy;

	(void)state;
	tls_settings_init(&s);
	tls_settings_init(&copy);
	s.tags_error = EINVAL;
	assert_int_equal(tls_settings_copy(&copy, &s), 0);
	assert_int_equal(copy.tags_error, EINVAL);
	assert_int_equal(tls_settings_set_tags(&s, &(int){ 1 }, 1), 0);
	assert_int_equal(s.tags_error, 0);
	tls_settings_fini(&s);
	tls_settings_fini(&copy);
}

#define BYTES(text) (text), sizeof(text) - 1

/* What comes first, and whether the line takes it for something else. */
static const struct opening_case {
	const char *name;
	bool server;
	const char *bytes;
	size_t len;
	const char *said, *unsaid;
} openings[] = {
	{ "client_gets_a_banner", false, BYTES("220 mail.test ready\r\n"),
	    "what arrived is not TLS: does that port speak plain text?", NULL },
	{ "client_gets_an_http_answer", false,
	    BYTES("HTTP/1.0 400 Bad Request\r\n\r\n"),
	    "does that port speak plain text?", NULL },
	{ "client_gets_a_type_and_no_version", false,
	    BYTES("\x16HELLO, THERE\r\n"), "does that port speak plain text?",
	    NULL },
	{ "server_gets_an_http_request", true,
	    BYTES("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"),
	    "does that client speak plain text?", NULL },
	{ "client_gets_a_record_of_garbage", false,
	    BYTES("\x16\x03\x03\x00\x04garb"), "we ended it", "plain text" },
	{ "client_gets_an_alert", false, BYTES("\x15\x03\x03\x00\x02\x02\x28"),
	    "alert 'handshake failure' (40)", "plain text" },
};

static void
opening(void **state)
{
	const struct opening_case *c = *state;
	struct tls_engine *e;
	struct verdict v;
	struct pair p;
	void *room;

	pair_init(&p, NAME, 65536);
	e = c->server ? p.server : p.client;
	assert_int_equal(tls_engine_handshake(e), -EAGAIN);
	/* One byte at a time, as a slow peer may send it. */
	for (size_t i = 0; i < c->len; i++) {
		assert_true(tls_engine_input(e, &room) > 0);
		memcpy(room, c->bytes + i, 1);
		tls_engine_input_done(e, 1);
	}
	assert_int_equal(tls_engine_handshake(e), -ECONNABORTED);
	tls_engine_explain(e, "peer", &v);
	has(&v, c->said);
	has_not(&v, c->unsaid);
	pair_fini(&p);
}

/* A server that demands a certificate of a client with these tags. */
static const struct demand_case {
	const char *name;
	int version;
	int tags[2];
	size_t ntags;
	bool late; /* the client's handshake is complete; recv hears of it */
	bool said;
} demands[] = {
	{ "tls_1_3_and_no_certificate", TLS1_3_VERSION, { 1 }, 1, true, true },
	{ "tls_1_2_and_no_certificate", TLS1_2_VERSION, { 1 }, 1, false, true },
	{ "tls_1_3_and_one_that_is_refused", TLS1_3_VERSION, { 1, 4 }, 2, true,
	    false },
	{ "tls_1_2_and_one_that_is_refused", TLS1_2_VERSION, { 1, 4 }, 2, false,
	    false },
};

static void
demand(void **state)
{
	static const char missing[] =
	    "; the server asked for a certificate, and TLS_SEC_TAG_LIST has "
	    "none with a key";
	const struct demand_case *c = *state;
	struct pki_cert other;
	struct verdict v;
	struct pair p;
	int client, server;
	char byte;

	pair_init(&p, NAME, 65536);
	pki_make(&other, NULL, &(struct pki_spec){ .name = "stranger" });
	pki_store_identity(4, &other);
	assert_int_equal(tls_settings_set_tags(&p.server_settings,
	                     (int[]){ 2, 1 }, 2),
	    0);
	assert_int_equal(tls_settings_set_verify(&p.server_settings,
	                     TLS_VERIFY_REQUIRED),
	    0);
	assert_int_equal(tls_settings_set_tags(&p.client_settings, c->tags,
	                     c->ntags),
	    0);
	pair_renew(&p, c->version);
	assert_int_equal(tls_engine_limit_version(p.client, c->version), 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(server, -ECONNABORTED);
	assert_int_equal(client, c->late ? 0 : -ECONNABORTED);
	if (c->late)
		assert_int_equal(tls_engine_read(p.client, &byte, 1), -EIO);
	tls_engine_explain(p.client, "peer", &v);
	has(&v, "the peer sent the alert");
	if (c->said)
		has(&v, missing);
	else
		has_not(&v, missing);
	pki_free(&other);
	pki_forget(4);
	pair_fini(&p);
}

static void
a_server_without_a_certificate_is_not_one_that_asks(void **state)
{
	struct verdict v;
	struct pair p;
	int client, server;

	(void)state;
	pair_init(&p, NAME, 65536);
	assert_int_equal(tls_settings_set_tags(&p.server_settings, NULL, 0), 0);
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, -ECONNABORTED);
	tls_engine_explain(p.client, "peer", &v);
	has(&v, "the peer sent the alert 'handshake failure' (40)");
	has_not(&v, "asked for a certificate");
	pair_fini(&p);
}

/* What is said of a complete handshake. */
static const struct summary_case {
	const char *name;
	const char *hostname;
	int verify; /* of the client */
	bool both;  /* the client shows a certificate, too */
	const char *client, *server;
} summaries[] = {
	{ "verified_by_name", NAME, TLS_VERIFY_REQUIRED, false,
	    "; the peer is verified as \"localhost\"; using sec_tag 1 (CA "
	    "certificate)",
	    "; the peer showed no certificate; using sec_tag 2 (certificate), "
	    "sec_tag 2 (private key)" },
	{ "verified_with_any_name", NULL, TLS_VERIFY_REQUIRED, false,
	    "; the peer is verified, with any name; presented names: "
	    "DNS:localhost",
	    "" },
	{ "not_verified", "wrong.test", TLS_VERIFY_OPTIONAL, false,
	    "; the peer is not verified: hostname mismatch; using", "" },
	{ "not_looked_at", NAME, TLS_VERIFY_NONE, false,
	    "; the peer is not verified: TLS_PEER_VERIFY is 0; using", "" },
	{ "a_verified_client", NAME, TLS_VERIFY_REQUIRED, true, "",
	    "; the peer is verified, with any name; presented names: "
	    "DNS:localhost" },
};

static void
summary(void **state)
{
	const struct summary_case *c = *state;
	struct verdict v;
	struct pair p;
	int client, server;

	pair_init(&p, c->hostname, 65536);
	assert_int_equal(tls_settings_set_verify(&p.client_settings, c->verify),
	    0);
	if (c->both) {
		tls_settings_set_verify(&p.server_settings,
		    TLS_VERIFY_REQUIRED);
		tls_settings_set_tags(&p.client_settings, (int[]){ 1, 2 }, 2);
		tls_settings_set_tags(&p.server_settings, (int[]){ 1, 2 }, 2);
	}
	pair_renew(&p, 0);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	tls_engine_summary(p.client, "127.0.0.1:1", &v);
	has(&v, "TLS client: handshake with 127.0.0.1:1 done: TLSv1.3, TLS_");
	has(&v, c->client);
	tls_engine_summary(p.server, "127.0.0.1:2", &v);
	has(&v, "TLS server: handshake with 127.0.0.1:2 done: TLSv1.3, TLS_");
	has(&v, c->server);
	pair_fini(&p);
}

static struct CMUnitTest tests[64];
static size_t ntests;

static void
add(const char *name, CMUnitTestFunction func, const void *row)
{
	assert_true(ntests < LEN(tests));
	tests[ntests++] = (struct CMUnitTest){ .name = name,
		.test_func = func,
		.initial_state = (void *)row };
}

int
main(void)
{
	add("addresses_are_presented_in_their_short_form",
	    addresses_are_presented_in_their_short_form, NULL);
	add("a_list_that_is_set_clears_the_earlier_failure",
	    a_list_that_is_set_clears_the_earlier_failure, NULL);
	add("a_server_without_a_certificate_is_not_one_that_asks",
	    a_server_without_a_certificate_is_not_one_that_asks, NULL);
	for (size_t i = 0; i < LEN(trusts); i++)
		add(trusts[i].name, untrusted, &trusts[i]);
	for (size_t i = 0; i < LEN(openings); i++)
		add(openings[i].name, opening, &openings[i]);
	for (size_t i = 0; i < LEN(demands); i++)
		add(demands[i].name, demand, &demands[i]);
	for (size_t i = 0; i < LEN(summaries); i++)
		add(summaries[i].name, summary, &summaries[i]);
	return _cmocka_run_group_tests("tls/verdict", tests, ntests, NULL,
	    NULL);
}
