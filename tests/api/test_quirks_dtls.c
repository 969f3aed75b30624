/* The quirks of secure datagram sockets: every cell. */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include <openssl/ssl.h>

#include <zephyr/net/tls_credentials.h>

#include "sock/dtls.h"
#include "sock/dtls_due.h"
#include "sock/fdtable.h"
#include "support/dtls_pair.h"
#include "support/quirks.h"

static struct dtls_pair pair;

static void
open_pair(void)
{
	dtls_pair_store_key("0123456789abcdef");
	dtls_pair_open(&pair);
}

static void
close_pair(void)
{
	dtls_pair_close(pair.client);
	dtls_pair_close(pair.server);
}

static int
connect_to(int sock, uint16_t port)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);

	return quirks_errno(zsock_connect(sock, &a.any, sizeof(a.in)));
}

static int
sendto_port(int sock, uint16_t port)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);

	return quirks_errno(
	    zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)));
}

/* 1 if connect to a port that says nothing is a success. */
static int
connect_stores(void)
{
	int sock, error;
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);

	dtls_pair_store_key("0123456789abcdef");
	sock = dtls_pair_client(AF_INET);
	dtls_pair_schedule(sock, 20, 20);
	error = connect_to(sock, port);
	if (error != 0)
		assert_int_equal(error, ETIMEDOUT);
	dtls_pair_close(sock);
	dtls_pair_close_raw(kfd);
	return error == 0;
}

static int
connect_again(void)
{
	int error;

	open_pair();
	dtls_pair_serve(pair.server);
	error = connect_to(pair.client, pair.port);
	dtls_pair_served();
	assert_int_equal(quirks_hazards(), error != 0);
	close_pair();
	return error;
}

/* 1 if there is but one; the word of sendto to another agrees. */
static int
sessions(void)
{
	int error, one, other;

	open_pair();
	other = dtls_pair_client(AF_INET);
	dtls_pair_schedule(other, 200, 200);
	error = sendto_port(pair.server, pair.port);
	dtls_pair_serve(pair.server);
	one = sendto_port(other, pair.port) != 0;
	dtls_pair_served();
	assert_int_equal(error, one ? EISCONN : ENOTCONN);
	dtls_pair_close(other);
	close_pair();
	return one;
}

/* Seconds from a session's last datagram to its end. */
static int
idle_s(void)
{
	struct dtls_sock *d;
	int64_t ns;

	open_pair();
	d = (struct dtls_sock *)fdtable_peek(pair.server);
	dtls_rest_locked(d); /* else that is what is due next */
	ns = dtls_wake_locked(d).at_ns - d->latest->active_ns;
	close_pair();
	return (int)(ns / 1000000000);
}

static int
failed(void)
{
	int error;
	char byte;

	open_pair();
	dtls_pair_alert(pair.server, SSL_AD_INTERNAL_ERROR);
	error = quirks_errno(zsock_recv(pair.client, &byte, 1, 0));
	assert_errno(zsock_recv(pair.client, &byte, 1, 0), ENOTCONN);
	close_pair();
	return error;
}

/* 0 is EMSGSIZE, after which the session is as good as before. */
static int
send_failed(void)
{
	static const char long_one[20000];
	int error;
	char byte;

	open_pair();
	error = quirks_errno(
	    zsock_send(pair.client, long_one, sizeof(long_one), 0));
	errno = 0;
	assert_int_equal(zsock_recv(pair.client, &byte, 1, ZSOCK_MSG_DONTWAIT),
	    -1);
	assert_int_equal(errno, error == EMSGSIZE ? EAGAIN : ENOTCONN);
	close_pair();
	return error == EMSGSIZE ? 0 : error;
}

static int
several_buffers(void)
{
	struct net_iovec iov[] = { { (void *)(uintptr_t) "a", 1 },
		{ (void *)(uintptr_t) "b", 1 } };
	const struct net_msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	int error;

	open_pair();
	error = quirks_errno(zsock_sendmsg(pair.client, &m, 0));
	if (error == 0)
		dtls_pair_expect(pair.server, "ab");
	close_pair();
	return error;
}

static int
rcvtimeo(void)
{
	const struct zsock_timeval tv = { .tv_usec = 1000 };
	char byte;

	open_pair();
	assert_int_equal(zsock_setsockopt(pair.client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	/* What does not wait anyway is no hazard. */
	assert_errno(zsock_recv(pair.client, &byte, 1, ZSOCK_MSG_DONTWAIT),
	    EAGAIN);
	assert_int_equal(quirks_hazards(), 0);
	assert_errno(zsock_recv(pair.client, &byte, 1, 0), EAGAIN);
	close_pair();
	return quirks_hazards();
}

static int
poll_first(void)
{
	uint16_t port = 0, raw = 0;
	const int kfd = dtls_pair_raw(AF_INET, &raw);
	struct sockaddr_storage to;
	socklen_t len;
	int server, revents;

	dtls_pair_store_key("0123456789abcdef");
	server = dtls_pair_server(AF_INET, &port);
	len = loop_addr(&to, AF_INET, port);
	assert_int_equal(sendto(kfd, "x", 1, 0, (struct sockaddr *)&to, len),
	    1);
	revents = quirks_poll(server, ZSOCK_POLLIN);
	assert_int_equal(revents & ZSOCK_POLLIN,
	    revents != 0 ? ZSOCK_POLLIN : 0);
	dtls_pair_close(server);
	dtls_pair_close_raw(kfd);
	return revents & ~ZSOCK_POLLIN;
}

static const struct quirk_case cases[] = {
	{ "connect_stores", QUIRK_DTLS_CONNECT_STORES, connect_stores,
	    { 0, 1, 0 } },
	{ "connect_again", QUIRK_DTLS_CONNECT_AGAIN, connect_again,
	    { EALREADY, EALREADY, 0 } },
	{ "sessions", QUIRK_DTLS_SESSIONS, sessions, { 0, 1, 0 } },
	{ "idle_s", QUIRK_DTLS_IDLE_S, idle_s, { 5, 5, 300 } },
	{ "failed", QUIRK_DTLS_FAILED, failed,
	    { ECONNABORTED, EIO, ECONNABORTED } },
	{ "send_failed", QUIRK_DTLS_SEND_FAILED, send_failed,
	    { ECONNABORTED, EIO, 0 } },
	{ "several_buffers", QUIRK_DTLS_SENDMSG, several_buffers,
	    { EMSGSIZE, EMSGSIZE, 0 } },
	{ "rcvtimeo", QUIRK_DTLS_RCVTIMEO, rcvtimeo, { 0, 1, 0 } },
	{ "poll_first", QUIRK_DTLS_POLL_FIRST, poll_first,
	    { 0, ZSOCK_POLLERR, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_dtls", cases, LEN(cases));
}
