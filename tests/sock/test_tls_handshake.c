#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/loop_pki.h"

static void
a_handshake_is_one_line_of_info_on_each_side(void **state)
{
	char path[] = "/tmp/zsock-test-info-XXXXXX", text[2048] = "";
	const int file = mkstemp(path);
	struct loop_pair p;

	(void)state;
	assert_true(file >= 0);
	setenv("ZSOCK_LOG", "info", 1);
	setenv("ZSOCK_LOG_FILE", path, 1);
	config_reload();
	loop_pair_open(&p, AF_INET6, KINDS_TLS_1_2);
	loop_pair_close(&p);
	setenv("ZSOCK_LOG", "off", 1);
	unsetenv("ZSOCK_LOG_FILE");
	config_reload();
	assert_true(read(file, text, sizeof(text) - 1) > 0);
	if (strstr(text, "zsock: info: TLS client: handshake with [::1]:") ==
	        NULL ||
	    strstr(text, "zsock: info: TLS server: handshake with [::1]:") ==
	        NULL ||
	    strstr(text, "; the peer is verified as \"localhost\"") == NULL)
		fail_msg("%s", text);
	assert_int_equal(close(file), 0);
	assert_int_equal(unlink(path), 0);
}

/* Peers that do wrong: what each sends before it closes. */
static const struct rogue {
	const char *name;
	const char *bytes;
	size_t len;
	bool reset;
	const char *said; /* in the reason */
	int want;
} rogues[] = {
	{ "peer_closes_at_once", "", 0, false, "closed", ECONNABORTED },
	{ "peer_resets", "", 0, true, "", ECONNRESET },
	{ "peer_speaks_http", "HTTP/1.0 400 Bad Request\r\n\r\n", 28, false,
	    "what arrived is not TLS", ECONNABORTED },
	{ "peer_sends_zeros", "\0\0\0\0\0\0\0\0\0\0", 10, false, "we ended it",
	    ECONNABORTED },
	{ "peer_sends_half_a_record", "\x16\x03\x03\x01\x00\x02", 6, false,
	    "closed", ECONNABORTED },
	{ "peer_sends_an_alert", "\x15\x03\x03\x00\x02\x02\x28", 7, false,
	    "handshake failure", ECONNABORTED },
};

struct rogue_job {
	int kfd;       /* of a listener, or -1 */
	uint16_t port; /* or where to connect */
	const struct rogue *rogue;
};

/* Reads the first flight, so that closing is no reset unless it is meant. */
static void *
be_rogue(void *arg)
{
	const struct rogue_job *job = arg;
	const struct linger hard = { .l_onoff = 1 };
	const bool serve = job->kfd >= 0;
	char buf[4096];
	const int kfd = serve ? accept(job->kfd, NULL, NULL)
	                      : loop_connect_raw(AF_INET, job->port);

	if (serve && !job->rogue->reset)
		(void)!read(kfd, buf, sizeof(buf));
	(void)!write(kfd, job->rogue->bytes, job->rogue->len);
	if (job->rogue->reset)
		setsockopt(kfd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(kfd);
	return NULL;
}

static void
connect_to_a_rogue_fails(void **state)
{
	struct rogue_job job = { .rogue = *state };
	char text[1024], name[64];
	pthread_t thread;
	int sock;

	job.kfd = loop_listen_raw(AF_INET, &job.port);
	thread = loop_start(be_rogue, &job);
	sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, NULL);
	assert_int_equal(loop_connect(sock, AF_INET, job.port),
	    -job.rogue->want);
	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	if (strstr(text, job.rogue->said) == NULL)
		fail_msg("%s", text);
	/* The peer has its name, even if the kernel has forgotten it. */
	snprintf(name, sizeof(name), "handshake with 127.0.0.1:%d failed",
	    job.port);
	if (strstr(text, name) == NULL)
		fail_msg("%s", text);
	/* The socket is of no more use, and says so. */
	assert_int_equal(loop_transmit(sock, "x", 1, 0), -job.rogue->want);
	assert_true((loop_readiness(sock, POLLIN, 0) & POLLERR) != 0);
	loop_join(thread);
	assert_int_equal(call_close(sock), 0);
	close(job.kfd);
}

static void
accept_of_a_rogue_fails_and_the_listener_lives(void **state)
{
	struct rogue_job job = { .kfd = -1, .rogue = *state };
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &job.port);
	const pthread_t thread = loop_start(be_rogue, &job);
	char text[1024];

	assert_int_equal(call_accept(listener, NULL, NULL), -job.rogue->want);
	assert_true(call_error_text(listener, text, sizeof(text)) > 0);
	loop_join(thread);
	assert_int_equal(loop_readiness(listener, POLLIN, 0), 0);
	assert_int_equal(call_close(listener), 0);
}

/* A deadline short enough to wait for; restored by the caller. */
static void
set_handshake_ms(const char *ms)
{
	assert_int_equal(setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", ms, 1), 0);
	config_reload();
}

static void
a_silent_peer_costs_the_deadline(void **state)
{
	uint16_t port;
	const int kfd = loop_listen_raw(AF_INET, &port);
	socklen_t len = sizeof(int);
	char text[1024];
	int sock, error;

	(void)state;
	set_handshake_ms("30");
	sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, NULL);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "within 30 ms"));
	assert_int_equal(call_close(sock), 0);

	sock = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, NULL);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(loop_connect(sock, AF_INET, port), -EAGAIN);
	/* That was the call's own answer: nothing can be tried again. */
	assert_int_equal(loop_transmit(sock, "x", 1, 0), -ETIMEDOUT);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error,
	                     &len),
	    0);
	assert_int_equal(error, ETIMEDOUT);
	assert_int_equal(call_close(sock), 0);
	set_handshake_ms("10000");
	close(kfd);
}

static void
a_silent_client_costs_accept_the_deadline(void **state)
{
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	const int kfd = loop_connect_raw(AF_INET, port);
	char text[1024];

	(void)state;
	set_handshake_ms("30");
	assert_int_equal(call_accept(listener, NULL, NULL), -ETIMEDOUT);
	assert_true(call_error_text(listener, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "127.0.0.1:"));
	set_handshake_ms("10000");
	close(kfd);
	assert_int_equal(call_close(listener), 0);
}

static void
a_non_blocking_connect_still_does_the_handshake(void **state)
{
	struct loop_pair p;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(loop_connect(p.client, AF_INET, 1), -EALREADY);
	loop_pair_close(&p);
}

static void
a_refused_connection_is_final(void **state)
{
	uint16_t port;
	const int kfd = loop_listen_raw(AF_INET, &port);
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, NULL);

	(void)state;
	close(kfd);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_int_equal(call_close(sock), 0);
}

/* What a listener was told, of which its children know nothing. */
static const struct heritage {
	const char *name;
	int level, option;
	union {
		int i;
		struct timeval tv;
		struct linger l;
	} set;
	socklen_t len;
} heritages[] = {
	{ "a_child_has_no_so_keepalive", SOL_SOCKET, SO_KEEPALIVE, { .i = 1 },
	    sizeof(int) },
	{ "a_child_has_no_tcp_nodelay", IPPROTO_TCP, TCP_NODELAY, { .i = 1 },
	    sizeof(int) },
	{ "a_child_has_no_so_rcvtimeo", SOL_SOCKET, SO_RCVTIMEO,
	    { .tv = { .tv_sec = 7 } }, sizeof(struct timeval) },
	{ "a_child_has_no_so_linger", SOL_SOCKET, SO_LINGER, { .l = { 1, 7 } },
	    sizeof(struct linger) },
};

static void *
connect_once(void *arg)
{
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");

	(void)loop_connect(sock, AF_INET, *(uint16_t *)arg);
	return (void *)(intptr_t)sock;
}

static void
a_child_inherits_the_tls_options_alone(void **state)
{
	const struct heritage *h = *state;
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	unsigned char value[sizeof(h->set)] = { 0 },
	              none[sizeof(value)] = { 0 };
	socklen_t len = h->len;
	pthread_t thread;
	int child, client, tag = 0;

	assert_int_equal(call_setsockopt(listener, h->level, h->option, &h->set,
	                     h->len),
	    0);
	thread = loop_start(connect_once, &port);
	child = call_accept(listener, NULL, NULL);
	assert_true(child >= 0);
	client = (int)(intptr_t)loop_join(thread);
	loop_send_all(child, "x", 1);
	loop_send_all(child, "y", 1); /* until then TCP_NODELAY is ours */
	assert_int_equal(getsockopt(loop_kfd(child), h->level, h->option, value,
	                     &len),
	    0);
	if (h->option == SO_LINGER)
		value[offsetof(struct linger, l_linger)] = 0; /* is off */
	assert_memory_equal(value, none, h->len);
	len = sizeof(tag);
	assert_int_equal(call_getsockopt(child, TLS_LEVEL,
	                     TLS_NAME_SEC_TAG_LIST, &tag, &len),
	    0);
	assert_int_equal(tag, LOOP_SERVER_TAG);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(child), 0);
	assert_int_equal(call_close(listener), 0);
}

/* Two connections of an OpenSSL that wants the second to resume the first. */
struct returner {
	uint16_t port;
	int version;
};

static void *
come_back(void *arg)
{
	const struct returner *r = arg;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_SESSION *session = NULL;
	intptr_t resumed = 0;
	char byte;

	SSL_CTX_use_certificate(ctx, loop_pki.server.cert);
	SSL_CTX_use_PrivateKey(ctx, loop_pki.server.key);
	SSL_CTX_set_max_proto_version(ctx, r->version);
	for (int i = 0; i < 2; i++) {
		const int kfd = loop_connect_raw(AF_INET, r->port);
		SSL *ssl = SSL_new(ctx);

		SSL_set_fd(ssl, kfd);
		SSL_set_session(ssl, session);
		SSL_connect(ssl);
		SSL_read(ssl, &byte, 1); /* a ticket would come before it */
		resumed += SSL_session_reused(ssl);
		SSL_SESSION_free(session);
		session = SSL_get1_session(ssl);
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(kfd);
	}
	SSL_SESSION_free(session);
	SSL_CTX_free(ctx);
	return (void *)resumed;
}

static const struct returner_case {
	const char *name;
	int verify, version;
} returners[] = {
	{ "nobody_resumes_tls_1_2", 0, TLS1_2_VERSION },
	{ "nobody_resumes_tls_1_3", 0, TLS1_3_VERSION },
	{ "optional_certificate_comes_each_time_tls_1_2", 1, TLS1_2_VERSION },
	{ "optional_certificate_comes_each_time_tls_1_3", 1, TLS1_3_VERSION },
	{ "required_certificate_comes_each_time_tls_1_2", 2, TLS1_2_VERSION },
	{ "required_certificate_comes_each_time_tls_1_3", 2, TLS1_3_VERSION },
};

static void
a_client_that_comes_back_is_served_anew(void **state)
{
	const struct returner_case *c = *state;
	struct returner r = { .version = c->version };
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &r.port);
	const int tags[] = { LOOP_SERVER_TAG, LOOP_CA_TAG };
	pthread_t thread;

	assert_int_equal(call_setsockopt(listener, TLS_LEVEL,
	                     TLS_NAME_SEC_TAG_LIST, tags, sizeof(tags)),
	    0);
	assert_int_equal(call_setsockopt(listener, TLS_LEVEL,
	                     TLS_NAME_PEER_VERIFY, &c->verify,
	                     sizeof(c->verify)),
	    0);
	thread = loop_start(come_back, &r);
	for (int i = 0; i < 2; i++) {
		const int sock = call_accept(listener, NULL, NULL);
		uint32_t flags = 1;
		socklen_t len = sizeof(flags);

		assert_true(sock >= 0);
		assert_int_equal(call_getsockopt(sock, TLS_LEVEL,
		                     TLS_NAME_CERT_VERIFY_RESULT, &flags, &len),
		    0);
		assert_int_equal(flags, c->verify == 0 ? 0x80 : 0);
		loop_send_all(sock, "x", 1);
		assert_int_equal(call_close(sock), 0);
	}
	assert_null(loop_join(thread));
	assert_int_equal(call_close(listener), 0);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(a_silent_peer_costs_the_deadline),
		cmocka_unit_test(a_silent_client_costs_accept_the_deadline),
		cmocka_unit_test(a_handshake_is_one_line_of_info_on_each_side),
		cmocka_unit_test(
		    a_non_blocking_connect_still_does_the_handshake),
		cmocka_unit_test(a_refused_connection_is_final),
	};
	struct CMUnitTest tests[LEN(heritages) + LEN(returners) +
	    2 * LEN(rogues) + LEN(fixed)];
	char names[2 * LEN(rogues)][80];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(heritages); i++)
		tests[n++] = (struct CMUnitTest){ .name = heritages[i].name,
			.test_func = a_child_inherits_the_tls_options_alone,
			.initial_state = (void *)&heritages[i] };
	for (size_t i = 0; i < LEN(returners); i++)
		tests[n++] = (struct CMUnitTest){ .name = returners[i].name,
			.test_func = a_client_that_comes_back_is_served_anew,
			.initial_state = (void *)&returners[i] };
	for (size_t i = 0; i < LEN(rogues); i++) {
		snprintf(names[2 * i], 80, "connect_%s", rogues[i].name);
		tests[n++] = (struct CMUnitTest){ .name = names[2 * i],
			.test_func = connect_to_a_rogue_fails,
			.initial_state = (void *)&rogues[i] };
		snprintf(names[2 * i + 1], 80, "accept_%s", rogues[i].name);
		tests[n++] = (struct CMUnitTest){ .name = names[2 * i + 1],
			.test_func =
			    accept_of_a_rogue_fails_and_the_listener_lives,
			.initial_state = (void *)&rogues[i] };
	}
	memcpy(tests + n, fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("sock/tls_handshake", tests,
	    loop_setup, loop_teardown);
}
