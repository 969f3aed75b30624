/*
 * What Zephyr 3.3 answered on secure streams: the profile zephyr-3.3 answers
 * the same.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <zephyr/net/tls_credentials.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "sock/fdtable.h"
#include "support/loop.h"
#include "support/quirks.h"

#define GARBAGE_TAG 3
#define NO_TAG 99

/* A limit that is waited out, in milliseconds. */
#define LIMIT_MS 40

static char buf[16];
static struct pki pki;

static int
tls(void)
{
	return quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));
}

static int
set(int sock, int name, const void *val, size_t len)
{
	return zsock_setsockopt(sock, ZSOCK_SOL_TLS, name, val,
	    (net_socklen_t)len);
}

/* A client that has tag, and expects no name. */
static int
client_with(int tag)
{
	const int sock = tls();

	assert_int_equal(set(sock, ZSOCK_TLS_SEC_TAG_LIST, &tag, sizeof(tag)),
	    0);
	assert_int_equal(set(sock, ZSOCK_TLS_HOSTNAME, NULL, 0), 0);
	return sock;
}

static int
listener_with(int tag, uint16_t *port)
{
	return quirks_keep(
	    loop_listen_tls(AF_INET, NET_IPPROTO_TLS_1_2, tag, port));
}

static int
connect_to_port(int sock, uint16_t port)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);

	return zsock_connect(sock, &a.any, sizeof(a.in));
}

/* The result of accept, or the negative errno. */
static void *
accept_one(void *arg)
{
	const int sock = zsock_accept(*(int *)arg, NULL, NULL);

	return (void *)(intptr_t)(sock == -1 ? -errno : sock);
}

/* An accepted pair of secure streams. */
static struct quirks_link
secure_link(void)
{
	struct quirks_link l = { 0 };
	uint16_t port;
	pthread_t thread;

	l.listener = listener_with(LOOP_SERVER_TAG, &port);
	l.client = client_with(LOOP_CA_TAG);
	thread = loop_start(accept_one, &l.listener);
	assert_int_equal(connect_to_port(l.client, port), 0);
	l.server = quirks_keep((int)(intptr_t)loop_join(thread));
	return l;
}

/* The device waits for the peer to send. */
static void
recv_of_nothing(void)
{
	const struct quirks_link l = secure_link();

	assert_int_equal(zsock_recv(l.client, buf, 0, 0), 0);
	assert_int_equal(quirks_hazards(), 1);
}

static void
recv_of_nothing_with_data(void)
{
	const struct quirks_link l = secure_link();

	assert_int_equal(zsock_send(l.server, "x", 1, 0), 1);
	quirks_await(l.client);
	assert_int_equal(zsock_recv(l.client, buf, 0, 0), 0);
	assert_int_equal(quirks_hazards(), 0);
	assert_int_equal(zsock_recv(l.client, buf, 1, 0), 1);
}

/* Only connect looks for them, once TCP is connected. */
static void
unknown_tag(int tag)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	int kfd;

	assert_errno(connect_to_port(client_with(tag), port), ENOENT);
	kfd = accept(listener, NULL, NULL);
	assert_true(kfd >= 0);
	close(kfd);
	close(listener);
}

static void
tag_that_is_unknown(void)
{
	unknown_tag(NO_TAG);
}

static void
tag_below_0(void)
{
	unknown_tag(-1);
}

static void
tags_twice(void)
{
	const sec_tag_t tags[] = { LOOP_CA_TAG, LOOP_CA_TAG };
	sec_tag_t got[4];
	net_socklen_t len = sizeof(got);
	const int sock = tls();

	assert_int_equal(set(sock, ZSOCK_TLS_SEC_TAG_LIST, tags, sizeof(tags)),
	    0);
	assert_int_equal(zsock_getsockopt(sock, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_SEC_TAG_LIST, got, &len),
	    0);
	assert_int_equal(len, sizeof(tags));
	assert_memory_equal(got, tags, sizeof(tags));
}

static void
five_tags(void)
{
	const sec_tag_t tags[] = { 1, 2, 3, 4, 5 };
	const int sock = tls();

	/* The default of the device's. */
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_MAX_CREDENTIALS",
	                     4),
	    0);
	assert_int_equal(set(sock, ZSOCK_TLS_SEC_TAG_LIST, tags,
	                     4 * sizeof(tags[0])),
	    0);
	assert_errno(set(sock, ZSOCK_TLS_SEC_TAG_LIST, tags, sizeof(tags)),
	    EINVAL);
}

static void
tags_null(void)
{
	assert_errno(set(tls(), ZSOCK_TLS_SEC_TAG_LIST, NULL, 4), EINVAL);
	assert_errno(set(tls(), ZSOCK_TLS_SEC_TAG_LIST, NULL, 0), EINVAL);
}

static void
hostnames(void)
{
	char name[257];
	const int sock = tls();

	memset(name, 'a', sizeof(name));
	name[256] = '\0';
	assert_int_equal(set(sock, ZSOCK_TLS_HOSTNAME, NULL, 0), 0);
	assert_errno(set(sock, ZSOCK_TLS_HOSTNAME, name, 1), EINVAL);
	assert_int_equal(set(sock, ZSOCK_TLS_HOSTNAME, name + 1, 0), 0);
	assert_int_equal(set(sock, ZSOCK_TLS_HOSTNAME, "a", 9999), 0);
}

static void
suite_before_connect(void)
{
	int suite;
	net_socklen_t len = sizeof(suite);

	assert_errno(zsock_getsockopt(tls(), ZSOCK_SOL_TLS,
	                 ZSOCK_TLS_CIPHERSUITE_USED, &suite, &len),
	    ENOTCONN);
}

static void
peer_verify(void)
{
	const int sock = tls();

	for (int mode = -1; mode <= 3; mode++) {
		if (mode >= 0 && mode <= 2)
			assert_int_equal(set(sock, ZSOCK_TLS_PEER_VERIFY, &mode,
			                     sizeof(mode)),
			    0);
		else
			assert_errno(set(sock, ZSOCK_TLS_PEER_VERIFY, &mode,
			                 sizeof(mode)),
			    EINVAL);
	}
}

static void
options_from_14_on(void)
{
	const int sock = tls();
	net_socklen_t len;

	for (int name = 14; name < 40; name++) {
		len = 4;
		assert_errno(zsock_getsockopt(sock, ZSOCK_SOL_TLS, name, buf,
		                 &len),
		    ENOPROTOOPT);
		assert_errno(set(sock, name, buf, 4), ENOPROTOOPT);
	}
}

/* Both ends say so, and the listener is as good as before. */
static void
handshake_fails(int client, int listener, uint16_t port)
{
	const pthread_t thread = loop_start(accept_one, &listener);

	assert_errno(connect_to_port(client, port), ECONNABORTED);
	assert_int_equal((intptr_t)loop_join(thread), -ECONNABORTED);
}

static void
next_client_succeeds(int listener, uint16_t port)
{
	const pthread_t thread = loop_start(accept_one, &listener);

	assert_int_equal(connect_to_port(client_with(LOOP_CA_TAG), port), 0);
	(void)quirks_keep((int)(intptr_t)loop_join(thread));
}

static void
client_without_tags(void)
{
	uint16_t port;
	const int listener = listener_with(LOOP_SERVER_TAG, &port);

	handshake_fails(tls(), listener, port);
	next_client_succeeds(listener, port);
}

static void
server_without_tags(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);
	const int listener = tls();

	assert_int_equal(zsock_bind(listener, &a.any, sizeof(a.in)), 0);
	assert_int_equal(zsock_listen(listener, 1), 0);
	handshake_fails(client_with(LOOP_CA_TAG), listener,
	    net_ntohs(a.in.sin_port));
}

/* One that has nothing but a suite for RSA keys, which the server has not. */
static void *
connect_without_a_suite(void *arg)
{
	const int kfd = loop_connect_raw(AF_INET, *(uint16_t *)arg);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	const bool failed =
	    SSL_set_max_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	    SSL_set_cipher_list(ssl, "AES128-GCM-SHA256") == 1 &&
	    SSL_set_fd(ssl, kfd) == 1 && SSL_connect(ssl) <= 0;

	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(kfd);
	return failed ? NULL : "connected";
}

static void
no_common_suite(void)
{
	uint16_t port;
	const int listener = listener_with(LOOP_SERVER_TAG, &port);
	const pthread_t thread = loop_start(connect_without_a_suite, &port);

	assert_errno(zsock_accept(listener, NULL, NULL), ECONNABORTED);
	assert_null(loop_join(thread));
	next_client_succeeds(listener, port);
}

static void *
answer_in_plain_text(void *arg)
{
	static const char text[] = "HTTP/1.0 400 Bad Request\r\n\r\n";
	const int kfd = accept(*(int *)arg, NULL, NULL);
	const bool sent =
	    send(kfd, text, sizeof(text), MSG_NOSIGNAL) == sizeof(text);
	char byte;

	/* Until the client has had enough. */
	while (recv(kfd, &byte, 1, 0) > 0)
		continue;
	close(kfd);
	return sent ? NULL : "not sent";
}

static void
plaintext_server(void)
{
	uint16_t port;
	int listener = loop_listen_raw(AF_INET, &port);
	const pthread_t thread = loop_start(answer_in_plain_text, &listener);
	const int sock = client_with(LOOP_CA_TAG);

	assert_errno(connect_to_port(sock, port), ECONNABORTED);
	quirks_close(sock);
	assert_null(loop_join(thread));
	close(listener);
}

static void
plaintext_client(void)
{
	static const char text[] = "GET / HTTP/1.0\r\n\r\n";
	uint16_t port;
	const int listener = listener_with(LOOP_SERVER_TAG, &port);
	const int kfd = loop_connect_raw(AF_INET, port);

	assert_int_equal(send(kfd, text, sizeof(text), 0), sizeof(text));
	assert_errno(zsock_accept(listener, NULL, NULL), ECONNABORTED);
	close(kfd);
	next_client_succeeds(listener, port);
}

static void
client_that_just_closes(void)
{
	uint16_t port;
	const int listener = listener_with(LOOP_SERVER_TAG, &port);

	close(loop_connect_raw(AF_INET, port));
	assert_errno(zsock_accept(listener, NULL, NULL), ECONNABORTED);
	next_client_succeeds(listener, port);
}

static void
garbage_ca(void)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);

	assert_errno(connect_to_port(client_with(GARBAGE_TAG), port), EINVAL);
	close(listener);
}

static void
connect_refused(void)
{
	union quirks_addr a;
	int64_t begin;

	(void)quirks_bound(NET_SOCK_STREAM, &a);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT",
	                     LIMIT_MS),
	    0);
	begin = deadline_now_ns();
	assert_errno(connect_to_port(client_with(LOOP_CA_TAG),
	                 net_ntohs(a.in.sin_port)),
	    ETIMEDOUT);
	assert_true(deadline_now_ns() - begin >= LIMIT_MS * INT64_C(1000000));
}

static void
second_connect(void)
{
	const struct quirks_link l = secure_link();

	assert_errno(connect_to_port(l.client, 9), EALREADY);
	assert_int_equal(zsock_send(l.client, "x", 1, 0), 1);
	assert_int_equal(zsock_recv(l.server, buf, 1, 0), 1);
}

static void
peek(void)
{
	const struct quirks_link l = secure_link();

	assert_errno(zsock_recv(l.client, buf, 1, ZSOCK_MSG_PEEK), ENOTSUP);
}

static void
recv_before_connect(void)
{
	assert_errno(zsock_recv(tls(), buf, 1, 0), EIO);
	assert_int_equal(quirks_hazards(), 0);
}

/* The device does not survive it. */
static void
send_before_connect(void)
{
	assert_errno(zsock_send(tls(), "x", 1, 0), ENOTCONN);
	assert_int_equal(quirks_hazards(), 1);
}

static const struct quirks_test tests[] = {
	{ "9_1_14_recv_of_nothing", recv_of_nothing },
	{ "9_1_14_recv_of_nothing_with_data", recv_of_nothing_with_data },
	{ "9_2_tag_that_is_unknown", tag_that_is_unknown },
	{ "9_2_tag_below_0", tag_below_0 },
	{ "9_2_tags_twice", tags_twice },
	{ "9_2_five_tags", five_tags },
	{ "9_2_tags_null", tags_null },
	{ "9_2_hostnames", hostnames },
	{ "9_2_suite_before_connect", suite_before_connect },
	{ "9_2_peer_verify", peer_verify },
	{ "9_2_options_from_14_on", options_from_14_on },
	{ "9_2_client_without_tags", client_without_tags },
	{ "9_2_server_without_tags", server_without_tags },
	{ "9_2_no_common_suite", no_common_suite },
	{ "9_2_plaintext_server", plaintext_server },
	{ "9_2_plaintext_client", plaintext_client },
	{ "9_2_client_that_just_closes", client_that_just_closes },
	{ "9_2_garbage_ca", garbage_ca },
	{ "9_2_connect_refused", connect_refused },
	{ "9_2_second_connect", second_connect },
	{ "9_2_peek", peek },
	{ "9_2_recv_before_connect", recv_before_connect },
	{ "9_2_send_before_connect", send_before_connect },
};

int
main(void)
{
	int rc;

	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	if (tls_credential_add(GARBAGE_TAG, TLS_CREDENTIAL_CA_CERTIFICATE,
	        "garbage", sizeof("garbage")) != 0)
		return 99;
	rc = quirks_run_tests("api/zephyr_3_3_tls", PROFILE_ZEPHYR_3_3, tests,
	    LEN(tests));
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_forget(GARBAGE_TAG);
	pki_fini(&pki);
	return rc;
}
