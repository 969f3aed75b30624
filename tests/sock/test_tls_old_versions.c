/*
 * TLS 1.0 and 1.1: to be had if the program asks and the system's OpenSSL
 * policy allows; each policy in a process of its own, for it is read once.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "sock/call.h"
#include "sock/kinds.h"
#include "support/capture.h"
#include "support/loop.h"

static const char policy[] = "openssl_conf = all\n"
                             "[all]\n"
                             "ssl_conf = tls\n"
                             "[tls]\n"
                             "system_default = any\n"
                             "[any]\n"
                             "MinProtocol = TLSv1\n"
                             "CipherString = DEFAULT@SECLEVEL=0\n";

static const struct old_case {
	const char *name;
	bool allowed; /* by the policy */
	int asked;
	int spoken; /* by the server alone */
	int want;
} cases[] = {
	{ "tls_1_0_if_allowed", true, KINDS_TLS_1_0, TLS1_VERSION, 0 },
	{ "tls_1_1_if_allowed", true, KINDS_TLS_1_0, TLS1_1_VERSION, 0 },
	{ "tls_1_2_is_always", false, KINDS_TLS_1_0, TLS1_2_VERSION, 0 },
	{ "tls_1_0_is_too_old_for_1_1", true, KINDS_TLS_1_1, TLS1_VERSION,
	    -ECONNABORTED },
	{ "tls_1_1_is_too_old_for_1_2", true, KINDS_TLS_1_2, TLS1_1_VERSION,
	    -ECONNABORTED },
	{ "tls_1_0_by_the_usual_policy", false, KINDS_TLS_1_0, TLS1_VERSION,
	    -ECONNABORTED },
};

struct server {
	struct pki pki;
	SSL_CTX *ctx;
	int listener;
};

static void *
serve(void *arg)
{
	const struct server *s = arg;
	const int kfd = accept(s->listener, NULL, NULL);
	SSL *ssl = SSL_new(s->ctx);

	SSL_set_fd(ssl, kfd);
	(void)SSL_accept(ssl);
	SSL_free(ssl);
	close(kfd);
	return NULL;
}

static SSL_CTX *
make_ctx(const struct pki *pki, int version)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_min_proto_version(c, version);
	SSL_CTX_set_max_proto_version(c, version);
	SSL_CTX_use_certificate(c, pki->server.cert);
	SSL_CTX_use_PrivateKey(c, pki->server.key);
	return c;
}

/* 0 if the client was answered as the row wants. */
static int
meet(void *arg)
{
	const struct old_case *c = arg;
	struct server s;
	char path[] = "/tmp/zsock-test-policy-XXXXXX";
	const int file = mkstemp(path);
	uint16_t port;
	pthread_t thread;
	bool warned;
	int sock, rc;

	if (file == -1 ||
	    write(file, policy, sizeof(policy) - 1) != sizeof(policy) - 1)
		return 10;
	capture_start();
	setenv("OPENSSL_CONF", c->allowed ? path : "/dev/null", 1);
	pki_init(&s.pki, PKI_RSA);
	pki_store_ca(LOOP_CA_TAG, &s.pki.ca);
	s.ctx = make_ctx(&s.pki, c->spoken);
	s.listener = loop_listen_raw(AF_INET, &port);
	thread = loop_start(serve, &s);
	sock = loop_client_tls(AF_INET, c->asked, LOOP_CA_TAG, "localhost");
	rc = loop_connect(sock, AF_INET, port);
	loop_join(thread);
	warned = strstr(capture_text(), "cannot go so low") != NULL;
	capture_stop();
	call_close(sock);
	close(s.listener);
	SSL_CTX_free(s.ctx);
	pki_forget(LOOP_CA_TAG);
	pki_fini(&s.pki);
	close(file);
	unlink(path);
	if (warned != (!c->allowed && c->asked != KINDS_TLS_1_2))
		return 30;
	return rc == c->want ? 0 : 20;
}

static void
old(void **state)
{
	assert_int_equal(loop_wait(loop_fork(meet, *state)), 0);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases)];

	for (size_t i = 0; i < LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, old, NULL, NULL,
			(void *)&cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
