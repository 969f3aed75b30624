/*
 * The options of SOL_TLS, cell by cell: each direction, each size that tells a
 * right one from a wrong one, in each state of a socket and each profile, of
 * streams and of datagrams.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/profile.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/dtls_pair.h"

enum state { FRESH, LISTENING, OPEN, STATES };

static const char *const state_names[] = { "fresh", "listening", "open" };

static struct pki pki;
static struct loop_pair pair;

/* A datagram server listens, and goes on to do so when a client has come. */
static struct {
	int sock;
	enum state state;
} subjects[5];
static size_t nsubjects;

static char name_255[256], name_256[257];
static int many_tags[65], many_suites[257];
static const char *many_names[257];
static int
accept_all(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	return 0;
}
static void *callback[2], *no_callback[2];

#define ALL(rc) \
	{ \
		(rc), (rc), (rc) \
	}
#define INT(n) &(int){ n }, sizeof(int)
#define SET true
#define GET false

/* get: val is NULL for room of len bytes; want is then the length as well. */
static const struct cell {
	const char *name;
	int option;
	bool set;
	const void *val;
	socklen_t len;
	int want[STATES];
	bool newer;              /* ENOPROTOOPT on the older device */
	socklen_t wrote[STATES]; /* what get answers as length, if not len */
} cells[] = {
	{ "tags_null", TLS_NAME_SEC_TAG_LIST, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "tags_null_0", TLS_NAME_SEC_TAG_LIST, SET, NULL, 0,
	    .want = ALL(-EINVAL) },
	{ "tags_3_bytes", TLS_NAME_SEC_TAG_LIST, SET, (int[]){ 1, 2 }, 3,
	    .want = ALL(-EINVAL) },
	{ "tags_5_bytes", TLS_NAME_SEC_TAG_LIST, SET, (int[]){ 1, 2 }, 5,
	    .want = ALL(-EINVAL) },
	{ "tags_1", TLS_NAME_SEC_TAG_LIST, SET, (int[]){ 1, 2 }, 4,
	    .want = ALL(0) },
	{ "tags_2", TLS_NAME_SEC_TAG_LIST, SET, (int[]){ 1, 2 }, 8,
	    .want = ALL(0) },
	{ "tags_65", TLS_NAME_SEC_TAG_LIST, SET, many_tags, 260,
	    .want = ALL(-EINVAL) },
	{ "tags_get_0", TLS_NAME_SEC_TAG_LIST, GET, NULL, 0,
	    .want = ALL(-EINVAL) },
	{ "tags_get_3", TLS_NAME_SEC_TAG_LIST, GET, NULL, 3,
	    .want = ALL(-EINVAL) },
	{ "tags_get_one", TLS_NAME_SEC_TAG_LIST, GET, NULL, 4, .want = ALL(0) },
	{ "tags_get_two", TLS_NAME_SEC_TAG_LIST, GET, NULL, 8, .want = ALL(0) },
	{ "tags_get_more", TLS_NAME_SEC_TAG_LIST, GET, NULL, 16, .want = ALL(0),
	    .wrote = ALL(8) },
	{ "tags_clear", TLS_NAME_SEC_TAG_LIST, SET, "", 0, .want = ALL(0) },
	{ "tags_get_none", TLS_NAME_SEC_TAG_LIST, GET, NULL, 4, .want = ALL(0),
	    .wrote = ALL(0) },

	{ "hostname", TLS_NAME_HOSTNAME, SET, "localhost", 9, .want = ALL(0) },
	{ "hostname_any_length", TLS_NAME_HOSTNAME, SET, "localhost", 0,
	    .want = ALL(0) },
	{ "hostname_null", TLS_NAME_HOSTNAME, SET, NULL, 0, .want = ALL(0) },
	{ "hostname_empty", TLS_NAME_HOSTNAME, SET, "", 1, .want = ALL(0) },
	{ "hostname_255", TLS_NAME_HOSTNAME, SET, name_255, 256,
	    .want = ALL(0) },
	{ "hostname_256", TLS_NAME_HOSTNAME, SET, name_256, 257,
	    .want = ALL(-EINVAL) },
	{ "hostname_get", TLS_NAME_HOSTNAME, GET, NULL, 64,
	    .want = ALL(-ENOPROTOOPT) },

	{ "suites_get_all", TLS_NAME_CIPHERSUITE_LIST, GET, NULL, 40,
	    .want = ALL(0) },
	{ "suites_null", TLS_NAME_CIPHERSUITE_LIST, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "suites_6_bytes", TLS_NAME_CIPHERSUITE_LIST, SET, many_suites, 6,
	    .want = ALL(-EINVAL) },
	{ "suites_257", TLS_NAME_CIPHERSUITE_LIST, SET, many_suites,
	    sizeof(many_suites), .want = ALL(-EINVAL) },
	{ "suites_256", TLS_NAME_CIPHERSUITE_LIST, SET, many_suites,
	    sizeof(many_suites) - sizeof(int), .want = ALL(0) },
	{ "suites_unknown", TLS_NAME_CIPHERSUITE_LIST, SET,
	    (int[]){ 0xfefe, -1 }, 8, .want = ALL(0) },
	{ "suites_get_0", TLS_NAME_CIPHERSUITE_LIST, GET, NULL, 0,
	    .want = ALL(-EINVAL) },
	{ "suites_get_7", TLS_NAME_CIPHERSUITE_LIST, GET, NULL, 7,
	    .want = ALL(-EINVAL) },
	{ "suites_get_set", TLS_NAME_CIPHERSUITE_LIST, GET, NULL, 16,
	    .want = ALL(0), .wrote = ALL(8) },
	{ "suites_clear", TLS_NAME_CIPHERSUITE_LIST, SET, "", 0,
	    .want = ALL(0) },

	{ "used_set", TLS_NAME_CIPHERSUITE_USED, SET, INT(1),
	    .want = ALL(-ENOPROTOOPT) },
	{ "used", TLS_NAME_CIPHERSUITE_USED, GET, NULL, 4,
	    .want = { -ENOTCONN, -ENOTCONN, 0 } },
	{ "used_3", TLS_NAME_CIPHERSUITE_USED, GET, NULL, 3,
	    .want = ALL(-EINVAL) },
	{ "used_8", TLS_NAME_CIPHERSUITE_USED, GET, NULL, 8,
	    .want = ALL(-EINVAL) },

	{ "verify_0", TLS_NAME_PEER_VERIFY, SET, INT(0), .want = ALL(0) },
	{ "verify_1", TLS_NAME_PEER_VERIFY, SET, INT(1), .want = ALL(0) },
	{ "verify_2", TLS_NAME_PEER_VERIFY, SET, INT(2), .want = ALL(0) },
	{ "verify_3", TLS_NAME_PEER_VERIFY, SET, INT(3), .want = ALL(-EINVAL) },
	{ "verify_negative", TLS_NAME_PEER_VERIFY, SET, INT(-1),
	    .want = ALL(-EINVAL) },
	{ "verify_null", TLS_NAME_PEER_VERIFY, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "verify_short", TLS_NAME_PEER_VERIFY, SET, &(int){ 1 }, 2,
	    .want = ALL(-EINVAL) },
	{ "verify_long", TLS_NAME_PEER_VERIFY, SET, (int[]){ 1, 1 }, 8,
	    .want = ALL(-EINVAL) },
	{ "verify_get", TLS_NAME_PEER_VERIFY, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT) },

	{ "role_0", TLS_NAME_DTLS_ROLE, SET, INT(0), .want = ALL(0) },
	{ "role_1", TLS_NAME_DTLS_ROLE, SET, INT(1), .want = ALL(0) },
	{ "role_2", TLS_NAME_DTLS_ROLE, SET, INT(2), .want = ALL(-EINVAL) },
	{ "role_negative", TLS_NAME_DTLS_ROLE, SET, INT(-1),
	    .want = ALL(-EINVAL) },
	{ "role_null", TLS_NAME_DTLS_ROLE, SET, NULL, 4, .want = ALL(-EINVAL) },
	{ "role_short", TLS_NAME_DTLS_ROLE, SET, &(int){ 1 }, 1,
	    .want = ALL(-EINVAL) },
	{ "role_long", TLS_NAME_DTLS_ROLE, SET, (int[]){ 1, 1 }, 8,
	    .want = ALL(-EINVAL) },
	{ "role_get", TLS_NAME_DTLS_ROLE, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT) },

	{ "alpn_get_none", TLS_NAME_ALPN_LIST, GET, NULL, sizeof(char *),
	    .want = ALL(0), .wrote = ALL(0) },
	{ "alpn_null", TLS_NAME_ALPN_LIST, SET, NULL, sizeof(char *),
	    .want = ALL(-EINVAL) },
	{ "alpn_odd", TLS_NAME_ALPN_LIST, SET, many_names, sizeof(char *) + 4,
	    .want = ALL(-EINVAL) },
	{ "alpn_257", TLS_NAME_ALPN_LIST, SET, many_names, sizeof(many_names),
	    .want = ALL(-EINVAL) },
	{ "alpn_empty_name", TLS_NAME_ALPN_LIST, SET, (const char *[]){ "" },
	    sizeof(char *), .want = ALL(0) },
	{ "alpn_2", TLS_NAME_ALPN_LIST, SET, many_names, 2 * sizeof(char *),
	    .want = ALL(0) },
	{ "alpn_get_0", TLS_NAME_ALPN_LIST, GET, NULL, 0,
	    .want = ALL(-EINVAL) },
	{ "alpn_get_odd", TLS_NAME_ALPN_LIST, GET, NULL, sizeof(char *) + 1,
	    .want = ALL(-EINVAL) },
	{ "alpn_get_1", TLS_NAME_ALPN_LIST, GET, NULL, sizeof(char *),
	    .want = ALL(0) },
	{ "alpn_get_more", TLS_NAME_ALPN_LIST, GET, NULL, 4 * sizeof(char *),
	    .want = ALL(0), .wrote = ALL(2 * sizeof(char *)) },
	{ "alpn_clear", TLS_NAME_ALPN_LIST, SET, "", 0, .want = ALL(0) },

	{ "min", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, SET, INT(500),
	    .want = ALL(0) },
	{ "min_0", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, SET, INT(0),
	    .want = ALL(0) },
	{ "min_above_max", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, SET, INT(90000),
	    .want = ALL(0) },
	{ "min_null", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "min_short", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, SET, &(int){ 1 }, 2,
	    .want = ALL(-EINVAL) },
	{ "min_long", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, SET, (int[]){ 1, 1 },
	    8, .want = ALL(-EINVAL) },
	{ "min_get", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, GET, NULL, 4,
	    .want = ALL(0) },
	{ "min_get_short", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, GET, NULL, 3,
	    .want = ALL(-EINVAL) },
	{ "min_get_long", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, GET, NULL, 8,
	    .want = ALL(-EINVAL) },
	{ "max", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, SET, INT(2000),
	    .want = ALL(0) },
	{ "max_null", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "max_get", TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, GET, NULL, 4,
	    .want = ALL(0) },

	{ "nocopy_0", TLS_NAME_CERT_NOCOPY, SET, INT(0), .want = ALL(0) },
	{ "nocopy_1", TLS_NAME_CERT_NOCOPY, SET, INT(1), .want = ALL(0) },
	{ "nocopy_2", TLS_NAME_CERT_NOCOPY, SET, INT(2), .want = ALL(-EINVAL) },
	{ "nocopy_null", TLS_NAME_CERT_NOCOPY, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "nocopy_short", TLS_NAME_CERT_NOCOPY, SET, &(int){ 1 }, 1,
	    .want = ALL(-EINVAL) },
	{ "nocopy_get", TLS_NAME_CERT_NOCOPY, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT) },

	{ "native", TLS_NAME_NATIVE, SET, INT(1), .want = ALL(0) },
	{ "native_null", TLS_NAME_NATIVE, SET, NULL, 0, .want = ALL(0) },
	{ "native_short", TLS_NAME_NATIVE, SET, "x", 1, .want = ALL(0) },
	{ "native_get", TLS_NAME_NATIVE, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT) },

	{ "cache_1", TLS_NAME_SESSION_CACHE, SET, INT(1), .want = ALL(0) },
	{ "cache_get", TLS_NAME_SESSION_CACHE, GET, NULL, 4, .want = ALL(0) },
	{ "cache_2", TLS_NAME_SESSION_CACHE, SET, INT(2), .want = ALL(0) },
	{ "cache_negative", TLS_NAME_SESSION_CACHE, SET, INT(-1),
	    .want = ALL(0) },
	{ "cache_null", TLS_NAME_SESSION_CACHE, SET, NULL, 4,
	    .want = ALL(-EINVAL) },
	{ "cache_short", TLS_NAME_SESSION_CACHE, SET, &(int){ 1 }, 2,
	    .want = ALL(-EINVAL) },
	{ "cache_get_short", TLS_NAME_SESSION_CACHE, GET, NULL, 2,
	    .want = ALL(-EINVAL) },
	{ "purge", TLS_NAME_SESSION_CACHE_PURGE, SET, NULL, 0, .want = ALL(0) },
	{ "purge_value", TLS_NAME_SESSION_CACHE_PURGE, SET, INT(1),
	    .want = ALL(0) },
	{ "purge_get", TLS_NAME_SESSION_CACHE_PURGE, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT) },

	{ "cid", TLS_NAME_DTLS_CID, SET, INT(1), .want = ALL(-ENOPROTOOPT),
	    .newer = true },
	{ "cid_get", TLS_NAME_DTLS_CID, GET, NULL, 4, .want = ALL(-ENOPROTOOPT),
	    .newer = true },
	{ "cid_status", TLS_NAME_DTLS_CID_STATUS, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT), .newer = true },
	{ "cid_status_set", TLS_NAME_DTLS_CID_STATUS, SET, INT(1),
	    .want = ALL(-ENOPROTOOPT), .newer = true },
	{ "cid_value", TLS_NAME_DTLS_CID_VALUE, SET, "abcd", 4,
	    .want = ALL(-ENOPROTOOPT), .newer = true },
	{ "cid_value_get", TLS_NAME_DTLS_CID_VALUE, GET, NULL, 32,
	    .want = ALL(-ENOPROTOOPT), .newer = true },
	{ "peer_cid", TLS_NAME_DTLS_PEER_CID_VALUE, GET, NULL, 32,
	    .want = ALL(-ENOPROTOOPT), .newer = true },

	{ "on_connect_get", TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, GET, NULL, 4,
	    .want = ALL(0), .newer = true },
	{ "on_connect_0", TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, SET, INT(0),
	    .want = ALL(0), .newer = true },
	{ "on_connect_short", TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, SET,
	    &(int){ 0 }, 1, .want = ALL(-EINVAL), .newer = true },
	{ "on_connect_null", TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, SET, NULL, 4,
	    .want = ALL(-EINVAL), .newer = true },

	{ "result", TLS_NAME_CERT_VERIFY_RESULT, GET, NULL, 4, .want = ALL(0),
	    .newer = true },
	{ "result_short", TLS_NAME_CERT_VERIFY_RESULT, GET, NULL, 3,
	    .want = ALL(-EINVAL), .newer = true },
	{ "result_long", TLS_NAME_CERT_VERIFY_RESULT, GET, NULL, 8,
	    .want = ALL(-EINVAL), .newer = true },
	{ "result_set", TLS_NAME_CERT_VERIFY_RESULT, SET, INT(0),
	    .want = ALL(-ENOPROTOOPT), .newer = true },

	{ "callback", TLS_NAME_CERT_VERIFY_CALLBACK, SET, callback,
	    sizeof(callback), .want = ALL(0), .newer = true },
	{ "callback_null", TLS_NAME_CERT_VERIFY_CALLBACK, SET, NULL,
	    sizeof(callback), .want = ALL(-EINVAL), .newer = true },
	{ "callback_without_function", TLS_NAME_CERT_VERIFY_CALLBACK, SET,
	    no_callback, sizeof(no_callback), .want = ALL(-EINVAL),
	    .newer = true },
	{ "callback_short", TLS_NAME_CERT_VERIFY_CALLBACK, SET, callback,
	    sizeof(void *), .want = ALL(-EINVAL), .newer = true },
	{ "callback_get", TLS_NAME_CERT_VERIFY_CALLBACK, GET, NULL,
	    sizeof(callback), .want = ALL(-ENOPROTOOPT), .newer = true },

	{ "fragment_4", TLS_NAME_MAX_FRAGMENT_LENGTH, SET, INT(4),
	    .want = ALL(0), .newer = true },
	{ "fragment_5", TLS_NAME_MAX_FRAGMENT_LENGTH, SET, INT(5),
	    .want = ALL(-EINVAL), .newer = true },
	{ "fragment_default", TLS_NAME_MAX_FRAGMENT_LENGTH, SET, INT(-1),
	    .want = ALL(0), .newer = true },
	{ "fragment_below", TLS_NAME_MAX_FRAGMENT_LENGTH, SET, INT(-2),
	    .want = ALL(-EINVAL), .newer = true },
	{ "fragment_null", TLS_NAME_MAX_FRAGMENT_LENGTH, SET, NULL, 4,
	    .want = ALL(-EINVAL), .newer = true },
	{ "fragment_short", TLS_NAME_MAX_FRAGMENT_LENGTH, SET, &(int){ 1 }, 2,
	    .want = ALL(-EINVAL), .newer = true },
	{ "fragment_get", TLS_NAME_MAX_FRAGMENT_LENGTH, GET, NULL, 4,
	    .want = ALL(-ENOPROTOOPT), .newer = true },

	{ "beyond", 22, SET, INT(1), .want = ALL(-ENOPROTOOPT), .newer = true },
	{ "beyond_get", 22, GET, NULL, 4, .want = ALL(-ENOPROTOOPT),
	    .newer = true },
	{ "zero", 0, GET, NULL, 4, .want = ALL(-ENOPROTOOPT), .newer = true },
};

static int
open_pki(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	memset(name_255, 'a', 255);
	memset(name_256, 'a', 256);
	for (size_t i = 0; i < LEN(many_tags); i++)
		many_tags[i] = LOOP_CA_TAG;
	for (size_t i = 0; i < LEN(many_names); i++) {
		many_names[i] = "mqtt";
		many_suites[i] = 0x1301;
	}
	*(int (**)(void *, void *, int, uint32_t *)) & callback[0] = accept_all;
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

static void
add(int sock, enum state state)
{
	assert_true(nsubjects < LEN(subjects));
	subjects[nsubjects].sock = sock;
	subjects[nsubjects++].state = state;
}

static void
set_up_streams(void)
{
	uint16_t port;

	loop_pair_open(&pair, AF_INET, KINDS_TLS_1_2);
	add(call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2), FRESH);
	add(loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port),
	    LISTENING);
	add(pair.client, OPEN);
	add(pair.server, OPEN);
}

static void
set_up_dgrams(void)
{
	struct dtls_pair p;
	uint16_t port = 0;

	dtls_pair_store_key("0123456789abcdef");
	dtls_pair_open(&p);
	add(call_socket(AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2), FRESH);
	add(dtls_pair_server(AF_INET, &port), LISTENING);
	add(p.client, OPEN);
	add(p.server, OPEN);
	for (size_t i = 0; i < nsubjects; i++)
		assert_int_equal(call_setsockopt(subjects[i].sock, TLS_LEVEL,
		                     TLS_NAME_CIPHERSUITE_LIST, "", 0),
		    0);
}

static void
tear_down(void)
{
	while (nsubjects > 0)
		assert_int_equal(call_close(subjects[--nsubjects].sock), 0);
	profile_set(PROFILE_ZEPHYR);
}

static void
check(const struct cell *c, int sock, enum state state, enum profile profile)
{
	const bool absent = c->newer && profile == PROFILE_ZEPHYR_3_3;
	const int want = absent ? -ENOPROTOOPT : c->want[state];
	unsigned char room[64];
	socklen_t len = c->len;
	int rc;

	memset(room, 0xa5, sizeof(room));
	rc = c->set
	    ? call_setsockopt(sock, TLS_LEVEL, c->option, c->val, c->len)
	    : call_getsockopt(sock, TLS_LEVEL, c->option, room, &len);
	if (rc != want)
		fail_msg("%s, %s, %s: %d, not %d", c->name, state_names[state],
		    profile_name(profile), rc, want);
	if (c->set || rc < 0)
		return;
	if (len != c->len && len != c->wrote[state])
		fail_msg("%s, %s: length %u", c->name, state_names[state], len);
	assert_int_equal(room[len], 0xa5);
}

static const struct run {
	const char *name;
	enum profile profile;
	void (*set_up)(void);
} runs[] = {
	{ "every_cell_zephyr", PROFILE_ZEPHYR, set_up_streams },
	{ "every_cell_zephyr_3_3", PROFILE_ZEPHYR_3_3, set_up_streams },
	{ "every_cell_linux", PROFILE_LINUX, set_up_streams },
	{ "every_dgram_cell_zephyr", PROFILE_ZEPHYR, set_up_dgrams },
	{ "every_dgram_cell_zephyr_3_3", PROFILE_ZEPHYR_3_3, set_up_dgrams },
	{ "every_dgram_cell_linux", PROFILE_LINUX, set_up_dgrams },
};

static void
every_cell(void **state)
{
	const struct run *run = *state;

	profile_set(run->profile);
	run->set_up();
	for (size_t s = 0; s < nsubjects; s++) {
		for (size_t i = 0; i < LEN(cells); i++)
			check(&cells[i], subjects[s].sock, subjects[s].state,
			    run->profile);
	}
	tear_down();
}

/* A value that was set is the value that is read, and starts as documented. */
static void
values_are_kept(void **state)
{
	static const struct {
		int option;
		int first, second;
	} rows[] = {
		{ TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, 1000, 250 },
		{ TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, 60000, 4000 },
		{ TLS_NAME_SESSION_CACHE, 0, 1 },
		{ TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, 1, 0 },
	};
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	const int suites[] = { 0x1301, 0xc02b };
	int got[4];
	socklen_t len = sizeof(got);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		len = sizeof(int);
		assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
		                     rows[i].option, got, &len),
		    0);
		assert_int_equal(got[0], rows[i].first);
		assert_int_equal(call_setsockopt(sock, TLS_LEVEL,
		                     rows[i].option, &rows[i].second,
		                     sizeof(int)),
		    0);
		assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
		                     rows[i].option, got, &len),
		    0);
		assert_int_equal(got[0], rows[i].second);
	}
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CIPHERSUITE_LIST, suites, sizeof(suites)),
	    0);
	len = sizeof(got);
	assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CIPHERSUITE_LIST, got, &len),
	    0);
	assert_int_equal(len, sizeof(suites));
	assert_memory_equal(got, suites, sizeof(suites));
	assert_int_equal(call_close(sock), 0);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(runs) + 1];

	for (size_t i = 0; i < LEN(runs); i++)
		tests[i] = (struct CMUnitTest){ .name = runs[i].name,
			.test_func = every_cell,
			.initial_state = (void *)(uintptr_t)&runs[i] };
	tests[LEN(runs)] = (struct CMUnitTest)cmocka_unit_test(values_are_kept);
	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
