/*
 * A secure datagram socket as a client: whom it sends to, and how its session
 * begins and ends.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include <openssl/ssl.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/dtls.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/dtls_pair.h"
#include "tls/engine_parts.h"

/* The device has two words for a session that an alert has ended. */
static int
failed(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3 ? -EIO : -ECONNABORTED;
}

static ssize_t
receive(int sock, int flags)
{
	char byte;

	return dtls_pair_recv(sock, &byte, 1, flags);
}

static int
error_of(int sock)
{
	int error = -1;
	socklen_t len = sizeof(error);
	const int rc =
	    call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &len);

	return rc < 0 ? rc : error;
}

/* Has the socket a peer?  The port, or the negative errno. */
static int
peer_port(int sock)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	const int rc = call_getpeername(sock, (struct sockaddr *)&addr, &len);

	return rc < 0 ? rc : ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

static void
recv_before_the_handshake_is_enotconn_at_once(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &port);
	assert_int_equal(receive(sock, 0), -ENOTCONN);
	assert_int_equal(receive(sock, MSG_DONTWAIT), -ENOTCONN);
	if (profile_get() != PROFILE_ZEPHYR_3_3)
		dtls_pair_set(sock, TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, 0);
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	assert_int_equal(receive(sock, 0), -ENOTCONN);
	assert_int_equal(receive(sock, MSG_DONTWAIT), -ENOTCONN);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(receive(sock, 0), -ENOTCONN);
}

static void
send_without_a_peer_is_edestaddrreq(void)
{
	const int sock = dtls_pair_client(AF_INET);

	assert_int_equal(dtls_pair_send(sock, "x", 0), -EDESTADDRREQ);
	assert_int_equal(dtls_pair_send(sock, "x", MSG_DONTWAIT),
	    -EDESTADDRREQ);
	assert_int_equal(peer_port(sock), -ENOTCONN);
}

static void
the_first_destination_is_the_peer_for_good(void)
{
	uint16_t port = 0, other = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &other);
	dtls_pair_serve(server);
	assert_int_equal(dtls_pair_send_to(sock, "one", AF_INET, port), 3);
	dtls_pair_served();
	dtls_pair_expect(server, "one");
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, other),
	    -EISCONN);
	assert_int_equal(dtls_pair_send(sock, "two", 0), 3);
	assert_int_equal(dtls_pair_send_to(sock, "three", AF_INET, port), 5);
	dtls_pair_expect(server, "two");
	dtls_pair_expect(server, "three");
	assert_int_equal(peer_port(sock), -ENOTCONN);
}

static ssize_t
send_to_host(int sock, in_addr_t host, uint16_t port)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, AF_INET, port);

	((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(host);
	return call_sendto(sock, "x", 1, 0, (struct sockaddr *)&addr, len);
}

static void
after_connect_there_is_no_other_destination(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_int_equal(peer_port(p.client), p.port);
	assert_int_equal(dtls_pair_send_to(p.client, "same", AF_INET, p.port),
	    4);
	dtls_pair_expect(p.server, "same");
	assert_int_equal(send_to_host(p.client, INADDR_LOOPBACK + 1, p.port),
	    -EISCONN);
	assert_int_equal(send_to_host(p.client, INADDR_LOOPBACK,
	                     p.port == 1 ? 2 : p.port - 1),
	    -EISCONN);
	assert_int_equal(dtls_pair_send_to(p.client, "x", AF_INET6, p.port),
	    -EISCONN);
}

/* Before there is a peer, the address has to be one of the socket's family. */
static void
a_destination_of_another_family_is_einval(void)
{
	const int sock = dtls_pair_client(AF_INET);

	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET6, 1), -EINVAL);
	assert_int_equal(dtls_pair_send(sock, "x", 0), -EDESTADDRREQ);
}

/* It is not looked at beyond its end: what is cut would be another one. */
static void
a_destination_that_is_cut_or_too_long_is_einval(void)
{
	char room[256] = { 0 };
	struct sockaddr *const addr = (struct sockaddr *)room;
	const int sock = dtls_pair_client(AF_INET);
	struct dtls_pair p;
	int ends[3];

	dtls_pair_open(&p);
	(void)loop_addr((struct sockaddr_storage *)room, AF_INET, p.port);
	ends[0] = sock;
	ends[1] = p.client;
	ends[2] = p.server;
	for (size_t i = 0; i < LEN(ends); i++) {
		assert_int_equal(call_sendto(ends[i], "x", 1, 0, addr, 1),
		    -EINVAL);
		assert_int_equal(call_sendto(ends[i], "x", 1, 0, addr, 4),
		    -EINVAL);
		assert_int_equal(call_sendto(ends[i], "x", 1, 0, addr, 200),
		    -EINVAL);
	}
	/* Of no bytes it is none. */
	assert_int_equal(call_sendto(sock, "x", 1, 0, addr, 0), -EDESTADDRREQ);
	assert_int_equal(call_sendto(p.client, "x", 1, 0, addr, 0), 1);
	dtls_pair_expect(p.server, "x");
}

/* The same port, with a server that knows nothing of what was before. */
static void
serve_anew(struct dtls_pair *p)
{
	p->server = dtls_pair_server(AF_INET, &p->port);
	dtls_pair_serve(p->server);
	assert_int_equal(dtls_pair_send(p->client, "again", 0), 5);
	dtls_pair_served();
	dtls_pair_expect(p->server, "again");
	assert_int_equal(error_of(p->client),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? -ENOPROTOOPT : 0);
}

static void
after_close_notify_recv_is_enotconn_until_a_send_begins_anew(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_int_equal(dtls_pair_send(p.server, "last", 0), 4);
	dtls_pair_close(p.server);
	dtls_pair_expect(p.client, "last");
	for (int i = 0; i < 3; i++)
		assert_int_equal(receive(p.client, 0), -ENOTCONN);
	assert_int_equal(receive(p.client, MSG_DONTWAIT), -ENOTCONN);
	serve_anew(&p);
}

/* It need not have looked: what has come is only known once it does. */
static void
a_send_after_an_unseen_close_notify_is_lost(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_close(p.server);
	assert_int_equal(dtls_pair_send(p.client, "lost", 0), 4);
	assert_int_equal(receive(p.client, 0), -ENOTCONN);
	serve_anew(&p);
}

static void
after_an_alert_recv_fails_once_and_a_send_begins_anew(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_alert(p.server, SSL_AD_INTERNAL_ERROR);
	assert_int_equal(receive(p.client, 0), failed());
	assert_int_equal(receive(p.client, 0), -ENOTCONN);
	assert_int_equal(receive(p.client, MSG_DONTWAIT), -ENOTCONN);
	assert_int_equal(error_of(p.client),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? -ENOPROTOOPT : ECONNABORTED);
	dtls_pair_kill(p.server);
	serve_anew(&p);
}

/* Of a session that is over, and of somebody else. */
static void
strangers_are_not_heard(void)
{
	struct dtls_pair p;
	struct sockaddr_storage to;
	socklen_t len = sizeof(to);
	uint16_t raw = 0;
	const int kfd = dtls_pair_raw(AF_INET, &raw);

	dtls_pair_open(&p);
	assert_int_equal(call_getsockname(p.client, (struct sockaddr *)&to,
	                     &len),
	    0);
	/* What is no record, one that is cut, one of another epoch. */
	for (int i = 0; i < 3; i++) {
		static const char bad[3][14] = { "GET / HTTP/1.1",
			"\x17\xfe\xfd\0\1\0\0\0\0\0\7\0\x30x",
			"\x15\xfe\xfd\0\0\0\0\0\0\0\7\0\1\0" };

		(void)sendto(kfd, bad[i], sizeof(bad[i]), 0,
		    (struct sockaddr *)&to, len);
		/* The same, from the server's own address. */
		assert_int_equal(sendto(loop_kfd(p.server), bad[i],
		                     sizeof(bad[i]), 0, (struct sockaddr *)&to,
		                     len),
		    sizeof(bad[i]));
	}
	assert_int_equal(receive(p.client, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(p.server, "still", 0), 5);
	dtls_pair_expect(p.client, "still");
}

/* The ClientHello with the cookie, as it lies at a server that does nothing. */
static size_t
second_hello(int client, int server, uint16_t port, char *buf, size_t size)
{
	ssize_t n;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     1),
	    0);
	assert_int_equal(loop_connect(client, AF_INET, port), -ETIMEDOUT);
	assert_int_equal(receive(server, MSG_DONTWAIT), -EAGAIN);
	(void)dtls_pair_poll(client, POLLIN, 0); /* takes the cookie in */
	n = recv(loop_kfd(server), buf, size, MSG_PEEK | MSG_DONTWAIT);
	assert_true(n > 0);
	return (size_t)n;
}

/* It is the session's own: only another client's would end it. */
static void
a_hello_that_comes_again_is_no_new_client(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	char hello[2048];
	const size_t n = second_hello(sock, server, port, hello, sizeof(hello));

	dtls_pair_serve(server);
	assert_int_equal(dtls_pair_send(sock, "one", 0), 3);
	dtls_pair_served();
	dtls_pair_expect(server, "one");
	assert_int_equal(send(loop_kfd(sock), hello, n, 0), n);
	assert_int_equal(receive(server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(sock, "two", 0), 3);
	dtls_pair_expect(server, "two");
	assert_int_equal(dtls_pair_poll(server, POLLIN, 0), 0);
}

static bool
rests(int sock)
{
	const struct dtls_sock *d =
	    (const struct dtls_sock *)fdtable_peek(sock);

	return d->latest->engine->resting;
}

/*
 * A client's when its recv sleeps, anybody's the second time that poll finds
 * nothing.
 */
static void
an_idle_session_gives_memory_back(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_false(rests(p.client));
	(void)dtls_pair_poll(p.server, POLLIN, 0);
	(void)dtls_pair_poll(p.server, POLLIN, 0);
	assert_true(rests(p.server));
	assert_false(rests(p.client));
	dtls_pair_limit(p.client, SO_RCVTIMEO, 1);
	assert_int_equal(receive(p.client, 0), -EAGAIN);
	assert_true(rests(p.client));
	assert_int_equal(dtls_pair_send(p.client, "awake", 0), 5);
	dtls_pair_expect(p.server, "awake");
	assert_int_equal(dtls_pair_send(p.server, "too", 0), 3);
	dtls_pair_expect(p.client, "too");
}

static void
close_says_goodbye(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_close(p.client);
	assert_int_equal(receive(p.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(p.server, "x", 0), -ENOTCONN);
}

static void
calls_that_it_has_not_say_so(void)
{
	struct dtls_pair p;
	struct msghdr m = { 0 };
	int n;

	dtls_pair_open(&p);
	assert_int_equal(call_recvmsg(p.client, &m, 0), -EOPNOTSUPP);
	assert_int_equal(call_accept(p.client, NULL, NULL), -EOPNOTSUPP);
	assert_int_equal(call_listen(p.client, 1),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? 0 : -EOPNOTSUPP);
	assert_int_equal(call_ioctl(p.client, FIONREAD, &n), -EOPNOTSUPP);
	assert_int_equal(call_ioctl(p.client, FIONBIO, &n), -EOPNOTSUPP);
}

static void
shut_for_reading_it_receives_nothing_and_still_sends(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	if (profile_get() != PROFILE_LINUX) {
		assert_int_equal(call_shutdown(p.client, SHUT_WR), -ENOTSUP);
		assert_int_equal(call_shutdown(p.client, SHUT_RDWR), -ENOTSUP);
	}
	assert_int_equal(call_shutdown(p.client, SHUT_RD), 0);
	assert_int_equal(receive(p.client, 0),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? -EAGAIN : 0);
	assert_int_equal(dtls_pair_send(p.client, "out", 0), 3);
	dtls_pair_expect(p.server, "out");
}

/* The device says EINVAL where no port is bound: nothing is sent before. */
static void
names_are_those_of_the_kernels_socket(void)
{
	uint16_t port = 0, bound = 0, wild = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_bound_client(AF_INET, &bound);
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	(void)dtls_pair_server(AF_INET, &wild);
	assert_true(wild != port && wild != bound && bound != port);
	dtls_pair_meet(sock, server, AF_INET, port);
	assert_int_equal(call_getsockname(sock, (struct sockaddr *)&addr, &len),
	    0);
	assert_int_equal(ntohs(((struct sockaddr_in *)&addr)->sin_port), bound);
	assert_int_equal(len, sizeof(struct sockaddr_in));
	assert_int_equal(peer_port(sock), port);
	assert_int_equal(peer_port(server), -ENOTCONN);
}

static void
its_numbers_are_type_and_protocol(void)
{
	const int sock = dtls_pair_client(AF_INET);
	int n = 0;
	socklen_t len = sizeof(n);

	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_TYPE, &n, &len),
	    0);
	assert_int_equal(n, SOCK_DGRAM);
	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_PROTOCOL, &n,
	                     &len),
	    0);
	assert_int_equal(n, KINDS_DTLS_1_2);
}

/* What the peer is sent after the credentials of a socket are gone. */
static void
credentials_are_those_of_the_handshakes_time(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_close(p.server);
	assert_int_equal(receive(p.client, 0), -ENOTCONN);
	pki_forget(DTLS_PAIR_TAG);
	assert_int_equal(dtls_pair_send(p.client, "x", 0), -ENOENT);
	assert_int_equal(receive(p.client, 0), -ENOTCONN);
	dtls_pair_store_key("0123456789abcdef");
	serve_anew(&p);
}

static void
its_session_stays_however_long_the_server_is_silent(void)
{
	struct dtls_pair p;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	dtls_pair_open(&p);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 1), 0);
	dtls_pair_limit(p.client, SO_RCVTIMEO, 20);
	assert_int_equal(receive(p.client, 0), -EAGAIN);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	assert_int_equal(dtls_pair_send(p.client, "x", 0), 1);
	dtls_pair_expect(p.server, "x");
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(recv_before_the_handshake_is_enotconn_at_once,
		    0),
		DTLS_PAIR_TEST(send_without_a_peer_is_edestaddrreq, 0),
		DTLS_PAIR_TEST(the_first_destination_is_the_peer_for_good, 0),
		DTLS_PAIR_TEST(after_connect_there_is_no_other_destination, 0),
		DTLS_PAIR_TEST(a_destination_of_another_family_is_einval, 0),
		DTLS_PAIR_TEST(a_destination_that_is_cut_or_too_long_is_einval,
		    0),
		DTLS_PAIR_TEST(
		    after_close_notify_recv_is_enotconn_until_a_send_begins_anew,
		    0),
		DTLS_PAIR_TEST(a_send_after_an_unseen_close_notify_is_lost, 0),
		DTLS_PAIR_TEST(
		    after_an_alert_recv_fails_once_and_a_send_begins_anew, 0),
		DTLS_PAIR_TEST(strangers_are_not_heard, 0),
		DTLS_PAIR_TEST(a_hello_that_comes_again_is_no_new_client,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(an_idle_session_gives_memory_back, 0),
		DTLS_PAIR_TEST(close_says_goodbye, 0),
		DTLS_PAIR_TEST(calls_that_it_has_not_say_so, 0),
		DTLS_PAIR_TEST(
		    shut_for_reading_it_receives_nothing_and_still_sends, 0),
		DTLS_PAIR_TEST(names_are_those_of_the_kernels_socket, 0),
		DTLS_PAIR_TEST(its_numbers_are_type_and_protocol, 0),
		DTLS_PAIR_TEST(credentials_are_those_of_the_handshakes_time, 0),
		DTLS_PAIR_TEST(
		    its_session_stays_however_long_the_server_is_silent, 0),
	};

	return dtls_pair_run("sock/dtls_client", tests, LEN(tests));
}
