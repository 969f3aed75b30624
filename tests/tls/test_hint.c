#include "support/test.h"

#include <string.h>

#include <openssl/err.h>

#include "tls/alpn.h"
#include "tls/hint.h"
#include "tls/psk.h"
#include "tls/verify.h"

#define OURS(reason) ERR_PACK(ERR_LIB_SSL, 0, SSL_R_##reason)
#define ALERT(number) ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + (number))

#define TAG 4

/* The key and its identity, in that order. */
static struct cred_set *
make_creds(const char *key, size_t len)
{
	static const char id[] = "a\"b\x1b";
	struct cred_set *set = NULL;
	int missing;

	assert_int_equal(store_add(TAG, CRED_PSK, key, len), 0);
	assert_int_equal(store_add(TAG, CRED_PSK_ID, id, sizeof(id) - 1), 0);
	assert_int_equal(store_collect(&(int){ TAG }, 1, &set, &missing), 0);
	assert_int_equal(store_delete(TAG, CRED_PSK), 0);
	assert_int_equal(store_delete(TAG, CRED_PSK_ID), 0);
	return set;
}

/* A failure of a connection with a key and a list, and its hint. */
static const struct hint_case {
	const char *name;
	enum tls_role role;
	enum verdict_side side;
	unsigned long error;
	int stage;
	bool used;        /* the key was, in part at least */
	const char *said; /* "" is no hint */
	bool dgram;
} rows[] = {
	{ "nothing", TLS_ROLE_CLIENT, VERDICT_CLOSED, 0, TLS_ST_CW_CLNT_HELLO,
	    true, "", false },
	{ "an_alert_that_says_it_all", TLS_ROLE_CLIENT, VERDICT_PEER, ALERT(80),
	    TLS_ST_CW_CLNT_HELLO, true, "", false },
	{ "a_key_that_was_not_used", TLS_ROLE_CLIENT, VERDICT_PEER, ALERT(20),
	    TLS_ST_CW_FINISHED, false, "", false },
	{ "a_key_that_was", TLS_ROLE_CLIENT, VERDICT_PEER, ALERT(51),
	    TLS_ST_CW_CLNT_HELLO, true,
	    "different pre-shared keys for the identity \"a?b?\", or the "
	    "server "
	    "knows none; ours, of "
	    "sec_tag 4, has 16 bytes, which are hex digits",
	    false },
	{ "an_alert_about_something_else", TLS_ROLE_CLIENT, VERDICT_PEER,
	    ALERT(51), TLS_ST_CR_CERT, true, "", false },
	{ "an_identity_that_is_not_known", TLS_ROLE_CLIENT, VERDICT_PEER,
	    ALERT(115), TLS_ST_CW_FINISHED, true,
	    "may not know the PSK identity \"a?b?\" of sec_tag 4", false },
	{ "silence_of_a_stream", TLS_ROLE_CLIENT, VERDICT_DEADLINE, 0,
	    TLS_ST_CW_FINISHED, true, "", false },
	{ "silence_of_a_dgram_server", TLS_ROLE_CLIENT, VERDICT_DEADLINE, 0,
	    TLS_ST_CW_FINISHED, true,
	    "the two sides may have different pre-shared keys for the identity "
	    "\"a?b?\"; ours, of sec_tag 4, has 16 bytes",
	    true },
	{ "silence_of_a_dgram_client", TLS_ROLE_SERVER, VERDICT_DEADLINE, 0,
	    TLS_ST_SR_CHANGE, true, "the two sides may have", true },
	{ "silence_from_the_start", TLS_ROLE_CLIENT, VERDICT_DEADLINE, 0,
	    TLS_ST_CW_CLNT_HELLO, true, "", true },
	{ "silence_without_a_key", TLS_ROLE_CLIENT, VERDICT_DEADLINE, 0,
	    TLS_ST_CW_FINISHED, false, "", true },
	{ "protocols_of_the_client", TLS_ROLE_CLIENT, VERDICT_PEER, ALERT(120),
	    TLS_ST_CW_CLNT_HELLO, false,
	    "speaks none of TLS_ALPN_LIST: h2, a?b", false },
	{ "protocols_of_the_server", TLS_ROLE_SERVER, VERDICT_OURS,
	    OURS(NO_APPLICATION_PROTOCOL), TLS_ST_SR_CLNT_HELLO, false,
	    "TLS_ALPN_LIST has h2, a?b; the client offers spdy", false },
};

static void
hint(void **state)
{
	const struct hint_case *c = *state;
	struct cred_set *set = make_creds("0123456789abcdef", 16);
	const struct tls_psk psk = { set->creds[0], set->creds[1] };
	const struct tls_psk_state psks = { .psks = &psk,
		.n = 1,
		.used = c->used ? &psk : NULL };
	struct tls_alpn alpn = { .wire = (unsigned char *)"\2h2\3a\nb",
		.len = 7,
		.refused = "spdy" };
	const struct tls_verify_state verify = { 0 };
	const struct verdict_case v = { .role = c->role,
		.dgram = c->dgram,
		.handshake = true,
		.side = c->side,
		.ssl_error = c->error,
		.stage = c->stage,
		.verify = &verify,
		.psk = &psks,
		.alpn = &alpn };
	char text[256];

	tls_hint(&v, text, sizeof(text));
	if (c->said[0] == '\0')
		assert_string_equal(text, "");
	else if (strstr(text, c->said) == NULL)
		fail_msg("no \"%s\" in: %s", c->said, text);
	tls_hint(&v, text, 5);
	assert_true(strlen(text) < 5);
	store_set_put(set);
}

static const struct key_case {
	const char *name;
	const char *key;
	size_t len;
	bool text;
} keys[] = {
	{ "hex_digits", "0123456789abcdef", 16, true },
	{ "hex_digits_of_a_line", "0123456789ABCDEF\n", 17, true },
	{ "hex_digits_of_a_string", "0123456789abcdef", 17, true },
	{ "hex_digits_of_half_a_byte", "0123456789abcdef0", 17, false },
	{ "no_hex_digits", "0123456789abcdeg", 16, false },
	{ "bytes", "\x01\x02\x03\x04\x05\x06\x07\x08", 8, false },
};

static void
hint_of_a_key(void **state)
{
	const struct key_case *c = *state;
	struct cred_set *set = make_creds(c->key, c->len);
	const struct tls_psk psk = { set->creds[0], set->creds[1] };
	const struct tls_psk_state psks = { .psks = &psk,
		.n = 1,
		.used = &psk };
	const struct verdict_case v = { .role = TLS_ROLE_CLIENT,
		.handshake = true,
		.side = VERDICT_PEER,
		.ssl_error = ALERT(51),
		.stage = TLS_ST_CW_CLNT_HELLO,
		.psk = &psks };
	char text[256];

	tls_hint(&v, text, sizeof(text));
	assert_non_null(strstr(text, "different pre-shared keys"));
	assert_int_equal(strstr(text, "hex digits") != NULL, c->text);
	store_set_put(set);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + LEN(keys)];

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = hint,
			.initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < LEN(keys); i++)
		tests[LEN(rows) + i] =
		    (struct CMUnitTest){ .name = keys[i].name,
			    .test_func = hint_of_a_key,
			    .initial_state = (void *)&keys[i] };
	return cmocka_run_group_tests_name("tls/hint", tests, NULL, NULL);
}
