/*
 * poll on a secure datagram socket: what it says before, in and after a
 * session, and that it does a server's work meanwhile.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/dtls_pair.h"

#define BOTH (POLLIN | POLLOUT)

static bool
is_3_3(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3;
}

static short
now(int sock, short events)
{
	return dtls_pair_poll(sock, events, 0);
}

static ssize_t
receive(int sock, int flags)
{
	char byte;

	return dtls_pair_recv(sock, &byte, 1, flags);
}

static void
assert_error(int sock, int want)
{
	int error = -1;
	socklen_t len = sizeof(error);
	const int rc =
	    call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &len);

	if (is_3_3()) {
		assert_int_equal(rc, -ENOPROTOOPT);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(error, want);
}

static void
before_a_clients_handshake_there_is_room_and_no_data(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &port);
	assert_int_equal(now(sock, BOTH), POLLOUT);
	assert_int_equal(dtls_pair_poll(sock, POLLIN, 1), 0);
	if (!is_3_3())
		dtls_pair_set(sock, TLS_NAME_DTLS_HANDSHAKE_ON_CONNECT, 0);
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	assert_int_equal(now(sock, BOTH), POLLOUT);
	assert_int_equal(dtls_pair_poll(sock, POLLIN, 1), 0);
}

static void
in_a_clients_handshake_there_is_room_and_no_data(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &port);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     1),
	    0);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	/* There it is how a program hears that it is complete. */
	assert_int_equal(now(sock, BOTH),
	    profile_get() == PROFILE_LINUX ? 0 : POLLOUT);
	assert_int_equal(dtls_pair_poll(sock, POLLIN, 1), 0);
}

/* It sends flights again, and says so when nobody ever answers. */
static void
a_handshake_that_was_left_is_given_up_in_poll(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_client(AF_INET);

	(void)dtls_pair_raw(AF_INET, &port);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     1),
	    0);
	dtls_pair_schedule(sock, 30, 60);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	assert_int_equal(dtls_pair_poll(sock, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLERR);
	assert_int_equal(now(sock, BOTH), POLLOUT);
	assert_error(sock, ETIMEDOUT);
	assert_int_equal(receive(sock, 0), -ETIMEDOUT); /* once */
	assert_int_equal(receive(sock, 0), -ENOTCONN);
}

static void *
send_one(void *arg)
{
	return (void *)(intptr_t)dtls_pair_send(*(int *)arg, "x", 0);
}

/* The handshake goes on in poll, and data that come after it wake it up. */
static void
a_handshake_that_was_left_is_completed_in_poll(void)
{
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);
	int server;
	struct pollfd p[2];

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     1),
	    0);
	dtls_pair_schedule(sock, 50, 10000);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	dtls_pair_close_raw(kfd);
	server = dtls_pair_server(AF_INET, &port);
	p[0] = (struct pollfd){ .fd = sock, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = server, .events = POLLIN };
	/* Both ends in one poll: it says nothing of the handshake. */
	while (dtls_pair_send(server, "hello", 0) == -ENOTCONN)
		assert_int_equal(poll_sockets(p, 2, 20, false), 0);
	assert_int_equal(dtls_pair_poll(sock, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLIN);
	dtls_pair_expect(sock, "hello");
}

static void
an_open_socket_has_room_and_tells_of_data(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_int_equal(now(p.client, BOTH), POLLOUT);
	assert_int_equal(now(p.server, BOTH), POLLOUT);
	assert_int_equal(dtls_pair_poll(p.client, POLLIN, 1), 0);
	assert_int_equal(dtls_pair_send(p.client, "one", 0), 3);
	assert_int_equal(dtls_pair_send(p.client, "two", 0), 3);
	assert_int_equal(dtls_pair_send(p.server, "back", 0), 4);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(now(p.server, BOTH), BOTH);
		assert_int_equal(now(p.client, BOTH), BOTH);
		assert_int_equal(now(p.client, POLLOUT), POLLOUT);
	}
	dtls_pair_expect(p.server, "one");
	assert_int_equal(now(p.server, POLLIN), POLLIN);
	dtls_pair_expect(p.server, "two");
	assert_int_equal(now(p.server, POLLIN), 0);
	dtls_pair_expect(p.client, "back");
	assert_int_equal(now(p.client, POLLIN), 0);
}

static void
what_recv_leaves_of_a_record_is_gone_for_poll(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_int_equal(dtls_pair_send(p.client, "long", 0), 4);
	assert_int_equal(now(p.server, POLLIN), POLLIN);
	assert_int_equal(receive(p.server, 0), 1);
	assert_int_equal(now(p.server, POLLIN), 0);
}

static void
data_wake_a_poll_that_sleeps(void)
{
	struct dtls_pair p;
	pthread_t thread;

	dtls_pair_open(&p);
	thread = loop_start(send_one, &p.client);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLIN);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	thread = loop_start(send_one, &p.server);
	assert_int_equal(dtls_pair_poll(p.client, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLIN);
	assert_int_equal((intptr_t)loop_join(thread), 1);
}

static void *
poll_for_input(void *arg)
{
	return (void *)(intptr_t)dtls_pair_poll(*(int *)arg, POLLIN,
	    DTLS_PAIR_FAR_MS);
}

/* It looks whether another thread has begun one. */
static void
a_poll_from_before_the_handshake_wakes_for_data(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	int sock = dtls_pair_client(AF_INET);
	const pthread_t thread = loop_start(poll_for_input, &sock);

	dtls_pair_meet(sock, server, AF_INET, port);
	assert_int_equal(dtls_pair_send(server, "x", 0), 1);
	assert_int_equal((intptr_t)loop_join(thread), POLLIN);
	dtls_pair_expect(sock, "x");
}

/* Its thread does nothing but poll, and gets no POLLIN for it. */
static void
a_server_shakes_hands_in_poll_and_says_nothing_of_it(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int sock = dtls_pair_client(AF_INET);

	assert_int_equal(now(server, BOTH), POLLOUT);
	dtls_pair_serve(server);
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	dtls_pair_served();
	assert_int_equal(now(server, BOTH), POLLOUT);
	assert_int_equal(dtls_pair_send(sock, "x", 0), 1);
	assert_int_equal(now(server, POLLIN), POLLIN);
	dtls_pair_expect(server, "x");
}

static void
datagrams_that_are_no_records_wake_nobody(void)
{
	struct dtls_pair p;
	struct sockaddr_storage to;
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	socklen_t len;

	dtls_pair_open(&p);
	len = loop_addr(&to, AF_INET, p.port);
	assert_int_equal(sendto(kfd, "junk", 4, 0, (struct sockaddr *)&to, len),
	    4);
	assert_int_equal(now(p.server, POLLIN), 0);
	assert_int_equal(sendto(loop_kfd(p.client), "junk", 4, 0, NULL, 0), 4);
	assert_int_equal(now(p.server, POLLIN), 0);
}

/* What has come is for the first recv, which nobody has called yet. */
static void
the_older_devices_first_poll_is_an_error(void)
{
	struct sockaddr_storage to;
	uint16_t port = 0, raw = 0;
	const int server = dtls_pair_server(AF_INET, &port);
	const int kfd = dtls_pair_raw(AF_INET, &raw);
	const socklen_t len = loop_addr(&to, AF_INET, port);

	assert_int_equal(now(server, BOTH), POLLOUT);
	assert_int_equal(sendto(kfd, "x", 1, 0, (struct sockaddr *)&to, len),
	    1);
	assert_int_equal(now(server, POLLIN), is_3_3() ? POLLIN | POLLERR : 0);
	assert_int_equal(receive(server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(now(server, POLLIN), 0);
}

static void
a_server_tells_once_of_a_client_that_has_closed(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_close(p.client);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLHUP);
	assert_int_equal(now(p.server, POLLIN), 0);
	assert_int_equal(receive(p.server, MSG_DONTWAIT), -EAGAIN);
	assert_error(p.server, 0);
}

static void
data_before_the_end_come_first(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_int_equal(dtls_pair_send(p.client, "last", 0), 4);
	dtls_pair_close(p.client);
	assert_int_equal(now(p.server, POLLIN), POLLIN);
	dtls_pair_expect(p.server, "last");
	assert_int_equal(now(p.server, POLLIN), POLLHUP);
	assert_int_equal(now(p.server, POLLIN), 0);
}

static void
a_client_tells_once_that_the_server_has_closed(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_close(p.server);
	assert_int_equal(dtls_pair_poll(p.client, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLHUP);
	assert_int_equal(now(p.client, BOTH), POLLOUT);
	assert_int_equal(receive(p.client, 0), -ENOTCONN);
}

static void
an_alert_is_pollerr_alone_and_an_error(void)
{
	const int error = ECONNABORTED;
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_alert(p.client, SSL_AD_INTERNAL_ERROR);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLERR);
	assert_int_equal(now(p.server, POLLIN), 0);
	assert_error(p.server, error);
	assert_error(p.server, error);

	dtls_pair_open(&p);
	dtls_pair_alert(p.server, SSL_AD_INTERNAL_ERROR);
	assert_int_equal(dtls_pair_poll(p.client, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLERR);
	assert_int_equal(now(p.client, BOTH), POLLOUT);
	assert_error(p.client, error);
	assert_error(p.client, error);
}

/* Nothing comes that would wake it up: it is time alone. */
static void
a_session_that_expires_is_pollhup_alone(void)
{
	const int idle_ms = 40;
	struct dtls_pair p;
	int64_t start;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	dtls_pair_open(&p);
	start = deadline_now_ns();
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", idle_ms),
	    0);
	assert_int_equal(dtls_pair_poll(p.server, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLHUP);
	assert_true((deadline_now_ns() - start) / 1000000 < 3000);
	assert_int_equal(now(p.server, POLLIN), 0);
	assert_int_equal(dtls_pair_poll(p.client, POLLIN, DTLS_PAIR_FAR_MS),
	    POLLHUP);
}

static void
of_several_sessions_each_end_is_told(void)
{
	struct dtls_pair p;
	int other;

	dtls_pair_open(&p);
	other = dtls_pair_client(AF_INET);
	dtls_pair_meet(other, p.server, AF_INET, p.port);
	dtls_pair_close(other);
	assert_int_equal(now(p.server, POLLIN), POLLHUP);
	assert_int_equal(dtls_pair_send(p.client, "here", 0), 4);
	assert_int_equal(now(p.server, POLLIN), POLLIN);
	dtls_pair_expect(p.server, "here");
	dtls_pair_close(p.client);
	assert_int_equal(now(p.server, POLLIN), POLLHUP);
	assert_int_equal(now(p.server, POLLIN), 0);
}

/* A client's recv tells of it, a server's goes on: poll tells what it met. */
static void
an_end_that_recv_has_met_is_no_news(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	dtls_pair_close(p.server);
	assert_int_equal(receive(p.client, 0), -ENOTCONN);
	assert_int_equal(now(p.client, POLLIN), 0);

	dtls_pair_open(&p);
	dtls_pair_alert(p.server, SSL_AD_INTERNAL_ERROR);
	assert_int_equal(receive(p.client, 0), is_3_3() ? -EIO : -ECONNABORTED);
	assert_int_equal(now(p.client, POLLIN), 0);

	dtls_pair_open(&p);
	dtls_pair_close(p.client);
	assert_int_equal(receive(p.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(now(p.server, POLLIN), 0);
}

/* A send begins the next one, and what was before is of no interest. */
static void
a_new_handshake_is_the_end_of_old_news(void)
{
	static const char long_one[20000];
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_true(
	    call_sendto(p.client, long_one, sizeof(long_one), 0, NULL, 0) < 0);
	dtls_pair_serve(p.server);
	assert_int_equal(dtls_pair_send(p.client, "x", 0), 1);
	dtls_pair_served();
	dtls_pair_expect(p.server, "x");
	assert_int_equal(now(p.client, POLLIN), 0);
}

static void
shut_for_reading_it_is_readable(void)
{
	struct dtls_pair p;

	dtls_pair_open(&p);
	assert_int_equal(call_shutdown(p.client, SHUT_RD), 0);
	assert_int_equal(now(p.client, POLLIN),
	    profile_get() == PROFILE_LINUX ? POLLIN : POLLIN | POLLHUP);
}

/* Credentials that are gone: it can do nothing for clients. */
static void
a_server_without_credentials_is_pollerr(void)
{
	uint16_t port = 0;
	const int server = dtls_pair_server(AF_INET, &port);

	pki_forget(DTLS_PAIR_TAG);
	assert_int_equal(now(server, POLLIN), POLLERR);
	assert_error(server, ENOENT);
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(
		    before_a_clients_handshake_there_is_room_and_no_data, 0),
		DTLS_PAIR_TEST(in_a_clients_handshake_there_is_room_and_no_data,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_handshake_that_was_left_is_given_up_in_poll,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_handshake_that_was_left_is_completed_in_poll,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(an_open_socket_has_room_and_tells_of_data, 0),
		DTLS_PAIR_TEST(what_recv_leaves_of_a_record_is_gone_for_poll,
		    0),
		DTLS_PAIR_TEST(data_wake_a_poll_that_sleeps, 0),
		DTLS_PAIR_TEST(a_poll_from_before_the_handshake_wakes_for_data,
		    0),
		DTLS_PAIR_TEST(
		    a_server_shakes_hands_in_poll_and_says_nothing_of_it,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(datagrams_that_are_no_records_wake_nobody, 0),
		DTLS_PAIR_TEST(the_older_devices_first_poll_is_an_error, 0),
		DTLS_PAIR_TEST(a_server_tells_once_of_a_client_that_has_closed,
		    0),
		DTLS_PAIR_TEST(data_before_the_end_come_first, 0),
		DTLS_PAIR_TEST(a_client_tells_once_that_the_server_has_closed,
		    0),
		DTLS_PAIR_TEST(an_alert_is_pollerr_alone_and_an_error, 0),
		DTLS_PAIR_TEST(a_session_that_expires_is_pollhup_alone, 0),
		DTLS_PAIR_TEST(of_several_sessions_each_end_is_told,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(an_end_that_recv_has_met_is_no_news, 0),
		DTLS_PAIR_TEST(a_new_handshake_is_the_end_of_old_news,
		    DTLS_PAIR_DEVICE),
		DTLS_PAIR_TEST(shut_for_reading_it_is_readable, 0),
		DTLS_PAIR_TEST(a_server_without_credentials_is_pollerr,
		    DTLS_PAIR_NEWER),
	};

	return dtls_pair_run("sock/dtls_poll", tests, LEN(tests));
}
