/* The quirks of secure sockets: every cell. */
#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <zephyr/net/tls_credentials.h>

#include "base/config.h"
#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"
#include "support/rival.h"
#include "tls/context.h"
#include "tls/names.h"

#define NO_TAG 99

static int
tls(void)
{
	return quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));
}

static int
set_tag(int sock, sec_tag_t tag)
{
	return zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	    &tag, sizeof(tag));
}

static int
tags_late(void)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);
	const int sock = tls();
	int late = 1;

	if (set_tag(sock, NO_TAG) == -1) {
		assert_int_equal(errno, ENOENT);
		late = 0;
	}
	if (late == 1)
		assert_errno(zsock_connect(sock, &a.any, sizeof(a.in)), ENOENT);
	close(listener);
	return late;
}

static int
fewer_options(void)
{
	uint32_t flags;
	net_socklen_t len = sizeof(flags);

	return quirks_errno(zsock_getsockopt(tls(), ZSOCK_SOL_TLS,
	    ZSOCK_TLS_CERT_VERIFY_RESULT, &flags, &len));
}

static int
recv_unconnected(void)
{
	char byte;

	return quirks_errno(zsock_recv(tls(), &byte, 1, 0));
}

static int
send_unconnected(void)
{
	assert_errno(zsock_send(tls(), "x", 1, 0), ENOTCONN);
	return quirks_hazards();
}

/* A connected pair of secure sockets. */
static void
tls_pair(int socks[2])
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);
	net_socklen_t len = sizeof(a);
	int listener = tls();
	pthread_t thread;

	socks[0] = tls();
	assert_int_equal(set_tag(listener, LOOP_SERVER_TAG), 0);
	assert_int_equal(zsock_bind(listener, &a.any, sizeof(a.in)), 0);
	assert_int_equal(zsock_listen(listener, 1), 0);
	assert_int_equal(zsock_getsockname(listener, &a.any, &len), 0);
	assert_int_equal(set_tag(socks[0], LOOP_CA_TAG), 0);
	assert_int_equal(zsock_setsockopt(socks[0], ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_HOSTNAME, NULL, 0),
	    0);
	thread = loop_start(loop_accept_one, &listener);
	assert_int_equal(zsock_connect(socks[0], &a.any, sizeof(a.in)), 0);
	socks[1] = quirks_keep((int)(intptr_t)loop_join(thread));
}

static int
recv_nothing(void)
{
	int socks[2];
	char byte;

	tls_pair(socks);
	/* What does not wait anyway is no hazard. */
	assert_int_equal(zsock_recv(socks[0], &byte, 0, ZSOCK_MSG_DONTWAIT), 0);
	assert_int_equal(quirks_hazards(), 0);
	assert_int_equal(zsock_recv(socks[0], &byte, 0, 0), 0);
	return quirks_hazards();
}

static int
send_changed(void)
{
	int socks[2];

	tls_pair(socks);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, INT_MAX, EAGAIN);
	assert_int_equal(zsock_send(socks[0], "x", 1, ZSOCK_MSG_DONTWAIT), 1);
	for (int i = 0; i < 2; i++)
		assert_errno(zsock_send(socks[0], "same", 4,
		                 ZSOCK_MSG_DONTWAIT),
		    EAGAIN);
	assert_int_equal(quirks_hazards(), 0);
	for (int i = 0; i < 3; i++)
		assert_errno(zsock_send(socks[0], "other", 5 - i,
		                 ZSOCK_MSG_DONTWAIT),
		    EAGAIN);
	fake_kernel_remove();
	return quirks_hazards();
}

/* 1 if accept and connect wait for a peer that says nothing. */
static int
handshake_inside(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);
	net_socklen_t len = sizeof(a);
	const int listener = tls(), sock = tls();
	int child, raw;

	assert_int_equal(setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", "20", 1), 0);
	config_reload();
	assert_int_equal(set_tag(listener, LOOP_SERVER_TAG), 0);
	assert_int_equal(zsock_bind(listener, &a.any, sizeof(a.in)), 0);
	assert_int_equal(zsock_listen(listener, 2), 0);
	assert_int_equal(zsock_getsockname(listener, &a.any, &len), 0);
	raw = loop_connect_raw(AF_INET, net_ntohs(a.in.sin_port));
	child = zsock_accept(listener, NULL, NULL);
	assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK), 0);
	assert_errno(zsock_connect(sock, &a.any, sizeof(a.in)),
	    child < 0 ? EAGAIN : EINPROGRESS);
	if (child >= 0)
		(void)quirks_keep(child);
	assert_int_equal(close(raw), 0);
	unsetenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS");
	config_reload();
	return child < 0;
}

/* What a secure client is told when the server resets the connection. */
static int
handshake_reset(void)
{
	static const struct rival_spec spec = { .raw = true,
		.end = RIVAL_RESETS };
	struct rival rival;
	union quirks_addr a;
	int error;

	rival_serve(&rival, &spec);
	a = quirks_loopback(NET_AF_INET, rival.port);
	error = quirks_errno(zsock_connect(tls(), &a.any, sizeof(a.in)));
	rival_join(&rival);
	return error;
}

#define SECRET_TAG 50

/* What credentials of n tags from SECRET_TAG on are good for. */
static int
use_secrets(size_t n)
{
	const int tags[] = { SECRET_TAG, SECRET_TAG + 1 };
	struct tls_context *ctx = NULL;
	struct verdict why;
	const int rc = tls_context_get(tags, n, &ctx, &why);

	tls_context_put(ctx);
	return -rc;
}

static void
add_secret(int tag, size_t len)
{
	static const char key[300] = "a key";

	assert_int_equal(tls_credential_add(tag, TLS_CREDENTIAL_PSK, key, len),
	    0);
}

static void
add_identity(int tag)
{
	assert_int_equal(tls_credential_add(tag, TLS_CREDENTIAL_PSK_ID, "me",
	                     2),
	    0);
}

static int
psk_without_id(void)
{
	int error;

	add_secret(SECRET_TAG, 16);
	error = use_secrets(1);
	pki_forget(SECRET_TAG);
	return error;
}

static int
psk_longest(void)
{
	int n = 16, error = 0;

	for (; error == 0; n++) {
		add_identity(SECRET_TAG);
		add_secret(SECRET_TAG, (size_t)n);
		error = use_secrets(1);
		pki_forget(SECRET_TAG);
	}
	assert_int_equal(error, EINVAL);
	return n - 2;
}

static int
second_psk(void)
{
	for (int i = 0; i < 2; i++) {
		add_identity(SECRET_TAG + i);
		add_secret(SECRET_TAG + i, 16);
	}
	assert_int_equal(use_secrets(2), 0);
	pki_forget(SECRET_TAG);
	pki_forget(SECRET_TAG + 1);
	return quirks_hazards();
}

static int
name_no_address(void)
{
	struct pki_cert cert;
	bool found;

	pki_make(&cert, NULL,
	    &(struct pki_spec){ .name = "x", .san = "IP:192.0.2.1" });
	found = tls_names_match(cert.cert, "192.0.2.1");
	pki_free(&cert);
	return !found;
}

static const struct quirk_case cases[] = {
	{ "name_no_address", QUIRK_TLS_NAME_NO_ADDRESS, name_no_address,
	    { 0, 1, 0 } },
	{ "second_psk", QUIRK_TLS_SECOND_PSK, second_psk, { 1, 1, 0 } },
	{ "psk_without_id", QUIRK_TLS_PSK_WITHOUT_ID, psk_without_id,
	    { EINVAL, ENOENT, EINVAL } },
	{ "psk_longest", QUIRK_TLS_PSK_LONGEST, psk_longest, { 48, 32, 256 } },
	{ "handshake_inside", QUIRK_TLS_HANDSHAKE_INSIDE, handshake_inside,
	    { 1, 1, 0 } },
	{ "handshake_reset", QUIRK_TLS_HANDSHAKE_RESET, handshake_reset,
	    { ECONNRESET, ECONNABORTED, ECONNRESET } },
	{ "tags_late", QUIRK_TLS_TAGS_LATE, tags_late, { 0, 1, 0 } },
	{ "fewer_options", QUIRK_TLS_FEWER_OPTIONS, fewer_options,
	    { 0, ENOPROTOOPT, 0 } },
	{ "recv_unconnected", QUIRK_TLS_RECV_UNCONNECTED, recv_unconnected,
	    { ENOTCONN, EIO, ENOTCONN } },
	{ "send_unconnected", QUIRK_TLS_SEND_UNCONNECTED, send_unconnected,
	    { 0, 1, 0 } },
	{ "send_changed", QUIRK_TLS_SEND_CHANGED, send_changed, { 1, 1, 0 } },
	{ "recv_nothing", QUIRK_TLS_RECV_NOTHING, recv_nothing, { 0, 1, 0 } },
};

int
main(void)
{
	struct pki pki;
	int rc;

	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	rc = quirks_run("api/quirks_tls", cases, LEN(cases));
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return rc;
}
