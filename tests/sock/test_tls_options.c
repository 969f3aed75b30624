#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/loop.h"

static struct pki pki;

static int
setup(void **state)
{
	struct pki_bytes pem, key;
	struct pki_cert other;

	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(1, &pki.ca);
	pki_store_identity(2, &pki.server);
	assert_int_equal(store_add(3, CRED_CA_CERTIFICATE, "garbage", 7), 0);
	pem = pki_cert_pem(&pki.ca);
	assert_int_equal(store_add(4, CRED_CA_CERTIFICATE, pem.data,
	                     pem.len - 1),
	    0);
	pki_bytes_free(&pem);
	pki_make(&other, NULL, &(struct pki_spec){ .name = "other" });
	pem = pki_cert_pem(&pki.server);
	key = pki_key_pem(&other);
	assert_int_equal(store_add(5, CRED_CERTIFICATE, pem.data, pem.len), 0);
	assert_int_equal(store_add(5, CRED_PRIVATE_KEY, key.data, key.len), 0);
	pki_bytes_free(&pem);
	pki_bytes_free(&key);
	pki_free(&other);
	assert_int_equal(store_add(6, CRED_PSK, "0123456789abcdef", 16), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int tag = 1; tag <= 6; tag++)
		pki_forget(tag);
	pki_fini(&pki);
	return 0;
}

static char name_255[256], name_256[257];

/* What setsockopt answers, and what the reason then says. */
static const struct set_case {
	const char *name;
	int level, option;
	const void *val;
	socklen_t len;
	int want;
	const char *said;
} sets[] = {
	{ "tags", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, (int[]){ 1, 2 }, 8, 0, "" },
	{ "no_tags", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, "", 0, 0, "" },
	{ "tags_null", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, NULL, 4, -EINVAL, "" },
	{ "tags_odd_length", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, (int[]){ 1, 2 },
	    7, -EINVAL, "" },
	{ "tag_unknown", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, &(int){ 99 }, 4,
	    -ENOENT, "sec_tag 99" },
	{ "tag_with_garbage", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, &(int){ 3 }, 4,
	    -EINVAL, "sec_tag 3: the CA certificate" },
	{ "tag_with_pem_without_nul", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	    &(int){ 4 }, 4, -EINVAL, "strlen(pem) + 1" },
	{ "tag_with_key_that_does_not_match", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	    &(int){ 5 }, 4, -EINVAL, "does not belong" },
	{ "tag_with_psk_without_identity", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	    &(int){ 6 }, 4, -EINVAL,
	    "sec_tag 6: a pre-shared key without its identity" },
	{ "hostname", TLS_LEVEL, TLS_NAME_HOSTNAME, "dev.test", 8, 0, "" },
	{ "hostname_whose_length_is_ignored", TLS_LEVEL, TLS_NAME_HOSTNAME,
	    "dev.test", 0, 0, "" },
	{ "hostname_null", TLS_LEVEL, TLS_NAME_HOSTNAME, NULL, 0, 0, "" },
	{ "hostname_empty", TLS_LEVEL, TLS_NAME_HOSTNAME, "", 1, 0, "" },
	{ "hostname_of_255", TLS_LEVEL, TLS_NAME_HOSTNAME, name_255, 256, 0,
	    "" },
	{ "hostname_of_256", TLS_LEVEL, TLS_NAME_HOSTNAME, name_256, 257,
	    -EINVAL, "longer than 255" },
	{ "verify_none", TLS_LEVEL, TLS_NAME_PEER_VERIFY, &(int){ 0 }, 4, 0,
	    "" },
	{ "verify_required", TLS_LEVEL, TLS_NAME_PEER_VERIFY, &(int){ 2 }, 4, 0,
	    "" },
	{ "verify_bad_mode", TLS_LEVEL, TLS_NAME_PEER_VERIFY, &(int){ 3 }, 4,
	    -EINVAL, "" },
	{ "verify_negative", TLS_LEVEL, TLS_NAME_PEER_VERIFY, &(int){ -1 }, 4,
	    -EINVAL, "" },
	{ "verify_null", TLS_LEVEL, TLS_NAME_PEER_VERIFY, NULL, 4, -EINVAL,
	    "" },
	{ "verify_short", TLS_LEVEL, TLS_NAME_PEER_VERIFY, &(int){ 1 }, 3,
	    -EINVAL, "" },
	{ "verify_long", TLS_LEVEL, TLS_NAME_PEER_VERIFY, (int[]){ 1, 1 }, 8,
	    -EINVAL, "" },
	{ "read_only_suite", TLS_LEVEL, TLS_NAME_CIPHERSUITE_USED, &(int){ 1 },
	    4, -ENOPROTOOPT, "" },
	{ "read_only_result", TLS_LEVEL, TLS_NAME_CERT_VERIFY_RESULT,
	    &(int){ 1 }, 4, -ENOPROTOOPT, "" },
	{ "unknown_option", TLS_LEVEL, 4242, &(int){ 1 }, 4, -ENOPROTOOPT, "" },
	{ "unknown_level", 4242, TLS_NAME_HOSTNAME, "x", 1, -ENOPROTOOPT, "" },
	{ "plain_option", SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, 4, 0, "" },
};

static void
set_answers(void **state)
{
	const struct set_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	char text[512];

	assert_true(sock >= 0);
	assert_int_equal(call_setsockopt(sock, c->level, c->option, c->val,
	                     c->len),
	    c->want);
	assert_true(call_error_text(sock, text, sizeof(text)) >= 0);
	if (strstr(text, c->said) == NULL)
		fail_msg("%s", text);
	assert_int_equal(call_close(sock), 0);
}

/* What getsockopt answers on a new socket with room for len bytes. */
static const struct get_case {
	const char *name;
	int level, option;
	socklen_t len;
	int want;
	long value; /* the first int, if want is 0 */
} gets[] = {
	{ "type", SOL_SOCKET, SO_TYPE, 4, 0, SOCK_STREAM },
	{ "protocol", SOL_SOCKET, SO_PROTOCOL, 4, 0, KINDS_TLS_1_2 },
	{ "protocol_short", SOL_SOCKET, SO_PROTOCOL, 3, -EINVAL, 0 },
	{ "protocol_long", SOL_SOCKET, SO_PROTOCOL, 8, -EINVAL, 0 },
	{ "error", SOL_SOCKET, SO_ERROR, 4, 0, 0 },
	{ "verify_result", TLS_LEVEL, TLS_NAME_CERT_VERIFY_RESULT, 4, 0, -1 },
	{ "verify_result_short", TLS_LEVEL, TLS_NAME_CERT_VERIFY_RESULT, 2,
	    -EINVAL, 0 },
	{ "suite", TLS_LEVEL, TLS_NAME_CIPHERSUITE_USED, 4, -ENOTCONN, 0 },
	{ "write_only_hostname", TLS_LEVEL, TLS_NAME_HOSTNAME, 4, -ENOPROTOOPT,
	    0 },
	{ "write_only_verify", TLS_LEVEL, TLS_NAME_PEER_VERIFY, 4, -ENOPROTOOPT,
	    0 },
	{ "tags_odd_length", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, 6, -EINVAL, 0 },
	{ "tags_no_room", TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, 0, -EINVAL, 0 },
	{ "unknown_option", TLS_LEVEL, 4242, 4, -ENOPROTOOPT, 0 },
};

static void
get_answers(void **state)
{
	const struct get_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	socklen_t len = c->len;
	int value[2] = { 0, 0 };

	assert_int_equal(call_getsockopt(sock, c->level, c->option, value,
	                     &len),
	    c->want);
	assert_int_equal(len, c->len);
	if (c->want == 0)
		assert_int_equal(value[0], (int)c->value);
	assert_int_equal(call_getsockopt(sock, c->level, c->option, NULL, &len),
	    c->want == -ENOPROTOOPT ? -ENOPROTOOPT : -EINVAL);
	assert_int_equal(call_getsockopt(sock, c->level, c->option, value,
	                     NULL),
	    c->want == -ENOPROTOOPT ? -ENOPROTOOPT : -EINVAL);
	assert_int_equal(call_close(sock), 0);
}

#define SET true
#define GET false

/* What the log says of a call that is refused. */
static const struct log_case {
	const char *name;
	const char *level; /* ZSOCK_LOG */
	bool set;
	int protocol;
	int opt_level, option;
	const void *val;
	socklen_t len;
	const char *want; /* the whole log */
} logs[] = {
	{ "tags_counted_not_measured", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_SEC_TAG_LIST, &(int){ 1 }, 1,
	    "zsock: warn: zsock_setsockopt: TLS_SEC_TAG_LIST: a length of 1 is "
	    "not one of whole sec_tags; the length is in bytes, 4 for each\n" },
	{ "tags_null", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_SEC_TAG_LIST, NULL, 4,
	    "zsock: warn: zsock_setsockopt: TLS_SEC_TAG_LIST: the value is "
	    "NULL\n" },
	{ "tags_too_many", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_SEC_TAG_LIST, name_256, 260,
	    "zsock: warn: zsock_setsockopt: TLS_SEC_TAG_LIST: more than 64 "
	    "sec_tags\n" },
	{ "verify_of_3", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_PEER_VERIFY, &(int){ 3 }, 4,
	    "zsock: warn: zsock_setsockopt: TLS_PEER_VERIFY is 0 (none), 1 "
	    "(optional) or 2 (required), not 3\n" },
	{ "verify_of_a_byte", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_PEER_VERIFY, &(int){ 2 }, 1,
	    "zsock: warn: zsock_setsockopt: TLS_PEER_VERIFY (level 282, option "
	    "5) on a tls-stream socket: EINVAL: the length is 1 and must be 4: "
	    "it is in bytes\n" },
	{ "verify_null", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_PEER_VERIFY, NULL, 4,
	    "zsock: warn: zsock_setsockopt: TLS_PEER_VERIFY (level 282, option "
	    "5) on a tls-stream socket: EINVAL: the value is NULL\n" },
	{ "an_option_that_nobody_knows", "warn", SET, KINDS_TLS_1_2, TLS_LEVEL,
	    4242, &(int){ 1 }, 4,
	    "zsock: warn: zsock_setsockopt: an unknown option (level 282, "
	    "option 4242) on a tls-stream socket: ENOPROTOOPT: such a socket "
	    "does not have it\n" },
	{ "a_write_only_option", "warn", GET, KINDS_TLS_1_2, TLS_LEVEL,
	    TLS_NAME_HOSTNAME, &(int){ 1 }, 4,
	    "zsock: warn: zsock_getsockopt: TLS_HOSTNAME (level 282, option 2) "
	    "on a tls-stream socket: ENOPROTOOPT: not in this direction\n" },
	{ "a_tls_option_on_a_plain_socket", "warn", SET, 0, TLS_LEVEL,
	    TLS_NAME_HOSTNAME, "localhost", 10,
	    "zsock: warn: zsock_setsockopt: TLS_HOSTNAME (level 282, option 2) "
	    "on a stream socket: ENOPROTOOPT: it was not opened with a TLS "
	    "protocol\n" },
	{ "other_levels_are_silent_as_warnings", "warn", SET, KINDS_TLS_1_2,
	    SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, 1, "" },
	{ "other_levels_are_told_for_debugging", "debug", SET, KINDS_TLS_1_2,
	    SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, 1,
	    "zsock: debug: zsock_setsockopt: SO_KEEPALIVE (level 1, option 9) "
	    "on a tls-stream socket: EINVAL: the length is 1 and must be 4: it "
	    "is in bytes\n" },
	{ "what_a_row_answers_is_told_for_debugging", "debug", GET,
	    KINDS_TLS_1_2, TLS_LEVEL, TLS_NAME_CIPHERSUITE_USED, &(int){ 0 }, 4,
	    "zsock: debug: zsock_getsockopt: TLS_CIPHERSUITE_USED (level 282, "
	    "option 4) on a tls-stream socket: ENOTCONN: not this value, or "
	    "not now\n" },
};

static void
log_says(void **state)
{
	const struct log_case *c = *state;
	char path[] = "/tmp/zsock-test-options-XXXXXX", text[1024] = "";
	const int file = mkstemp(path);
	const int sock = call_socket(AF_INET, SOCK_STREAM, c->protocol);
	char value[512];
	socklen_t len = c->len;

	assert_true(file >= 0 && sock >= 0);
	setenv("ZSOCK_LOG", c->level, 1);
	setenv("ZSOCK_LOG_FILE", path, 1);
	config_reload();
	if (c->set)
		assert_true(call_setsockopt(sock, c->opt_level, c->option,
		                c->val, c->len) < 0);
	else
		assert_true(call_getsockopt(sock, c->opt_level, c->option,
		                value, &len) < 0);
	setenv("ZSOCK_LOG", "off", 1);
	unsetenv("ZSOCK_LOG_FILE");
	config_reload();
	assert_true(read(file, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, c->want);
	assert_int_equal(close(file), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(call_close(sock), 0);
}

static void *
accept_one(void *listener)
{
	const int sock = call_accept(*(int *)listener, NULL, NULL);

	return sock < 0 ? NULL : listener;
}

/* Whoever does not look at setsockopt's answer learns it from the handshake. */
static void
a_refused_list_is_told_by_the_handshake_that_fails(void **state)
{
	const int wanted[] = { 1, 99 };
	uint16_t port;
	int listener = loop_listen_tls(AF_INET, KINDS_TLS_1_2, 2, &port);
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	pthread_t server;
	char text[1024];

	(void)state;
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     wanted, sizeof(wanted)),
	    -ENOENT);
	server = loop_start(accept_one, &listener);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ECONNABORTED);
	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	if (strstr(text,
	        "TLS_SEC_TAG_LIST is empty: setting it failed with ENOENT") ==
	    NULL)
		fail_msg("%s", text);
	assert_null(loop_join(server));
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(listener), 0);
}

static void
a_refused_list_leaves_the_old_one(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	int tags[4] = { 0 };
	socklen_t len = sizeof(tags);

	(void)state;
	assert_int_equal(call_getsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     tags, &len),
	    0);
	assert_int_equal(len, 0);
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     (int[]){ 2, 1 }, 8),
	    0);
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     (int[]){ 1, 99 }, 8),
	    -ENOENT);
	len = sizeof(tags);
	assert_int_equal(call_getsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     tags, &len),
	    0);
	assert_int_equal(len, 8);
	assert_memory_equal(tags, ((int[]){ 2, 1 }), 8);
	len = 4;
	assert_int_equal(call_getsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     tags, &len),
	    0);
	assert_int_equal(len, 4);
	assert_int_equal(call_close(sock), 0);
}

static void
a_tag_deleted_before_connect_is_enoent(void **state)
{
	uint16_t port;
	const int listener = loop_listen_tls(AF_INET, KINDS_TLS_1_2, 2, &port);
	int sock;

	(void)state;
	pki_store_ca(50, &pki.ca);
	sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, 50, "localhost");
	pki_forget(50);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ENOENT);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(listener), 0);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(sets) + LEN(gets) + LEN(logs) + 3];
	char names[LEN(sets) + LEN(gets) + LEN(logs)][64];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	memset(name_255, 'a', 255);
	memset(name_256, 'a', 256);
	for (size_t i = 0; i < LEN(sets); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "set_%s", sets[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = set_answers,
			.initial_state = (void *)&sets[i] };
	}
	for (size_t i = 0; i < LEN(gets); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "get_%s", gets[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = get_answers,
			.initial_state = (void *)&gets[i] };
	}
	for (size_t i = 0; i < LEN(logs); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "log_%s", logs[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = log_says,
			.initial_state = (void *)&logs[i] };
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    a_refused_list_is_told_by_the_handshake_that_fails);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    a_refused_list_leaves_the_old_one);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    a_tag_deleted_before_connect_is_enoent);
	return cmocka_run_group_tests_name("sock/tls_options", tests, setup,
	    teardown);
}
