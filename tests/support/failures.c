#include "support/failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/tls_names.h"
#include "support/capture.h"
#include "support/loop.h"

struct pki failures_pki;

static struct failures_variant variants[256];
static struct CMUnitTest tests[LEN(variants)];
static size_t ntests;

static int
begin(void **state)
{
	(void)state;
	capture_start();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	capture_stop();
	return 0;
}

static const char *
version_suffix(int version)
{
	switch (version) {
	case TLS1_2_VERSION:
		return "_in_tls_1_2";
	case TLS1_3_VERSION:
		return "_in_tls_1_3";
	default:
		return "";
	}
}

static void
add(CMUnitTestFunction test, const char *name, const void *row, bool server,
    int version)
{
	struct failures_variant *v = &variants[ntests];

	assert_true(ntests < LEN(variants));
	*v = (struct failures_variant){ .row = row,
		.server = server,
		.version = version };
	snprintf(v->name, sizeof(v->name), "%s_at_a_%s%s", name,
	    server ? "server" : "client", version_suffix(version));
	tests[ntests++] = (struct CMUnitTest){ .name = v->name,
		.test_func = test,
		.setup_func = begin,
		.teardown_func = end,
		.initial_state = v };
}

void
failures_add_once(CMUnitTestFunction test, const char *name, const void *row,
    bool server)
{
	add(test, name, row, server, 0);
}

void
failures_add(CMUnitTestFunction test, const char *name, const void *row,
    enum failures_side side, int version)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < LEN(versions); i++) {
		if (version != 0 && version != versions[i])
			continue;
		if (side != FAILURES_SERVER)
			add(test, name, row, false, versions[i]);
		if (side != FAILURES_CLIENT)
			add(test, name, row, true, versions[i]);
	}
}

static int
setup(void **state)
{
	(void)state;
	pki_init(&failures_pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &failures_pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &failures_pki.server);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&failures_pki);
	return 0;
}

int
failures_run(const char *group)
{
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return _cmocka_run_group_tests(group, tests, ntests, setup, teardown);
}

void
failures_said(int sock, const char *const said[FAILURES_SAID])
{
	char text[2048], line[2100];
	const char *log = capture_text();

	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	for (size_t i = 0; i < FAILURES_SAID && said[i] != NULL; i++) {
		if (strstr(text, said[i]) == NULL)
			fail_msg("no \"%s\" in: %s", said[i], text);
	}
	snprintf(line, sizeof(line), "zsock: error: %s\n", text);
	if (strstr(log, line) == NULL)
		fail_msg("not in the log: %s%s", line, log);
}

void
failures_set_int(int sock, int name, int value)
{
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, name, &value,
	                     sizeof(value)),
	    0);
}

void
failures_set_tags(int sock, const int *tags, size_t n)
{
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     tags, (socklen_t)(n * sizeof(*tags))),
	    0);
}

int
failures_verify_result(int sock)
{
	int flags;
	socklen_t len = sizeof(flags);

	assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_RESULT, &flags, &len),
	    0);
	return flags;
}
