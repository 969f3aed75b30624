/*
 * A secure datagram socket as a server: its clients' sessions, which one a send
 * is for, and how they end.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "base/profile.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/dtls.h"
#include "sock/dtls_due.h"
#include "sock/fdtable.h"
#include "sock/tls_names.h"
#include "support/capture.h"
#include "support/dtls_pair.h"
#include "support/fake_kernel.h"

/* The same identity, and another key. */
#define OTHER_TAG 77

#define IDLE_MS 40
#define SLACK_MS 3000

static bool
is_3_3(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3;
}

static ssize_t
receive(int sock, int flags)
{
	char byte;

	return dtls_pair_recv(sock, &byte, 1, flags);
}

/* The port that the next record comes from, which is text. */
static uint16_t
expect_from(int sock, const char *text)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char buf[64];

	assert_int_equal(call_recvfrom(sock, buf, sizeof(buf), 0,
	                     (struct sockaddr *)&addr, &len),
	    strlen(text));
	assert_memory_equal(buf, text, strlen(text));
	assert_int_equal(len, sizeof(struct sockaddr_in));
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

/* A server and two clients of it, whose ports are known. */
static struct {
	int server, a, b;
	uint16_t port, port_a, port_b;
} all;

static void
open_all(void)
{
	all.port = all.port_a = all.port_b = 0;
	all.server = dtls_pair_server(AF_INET, &all.port);
	all.a = dtls_pair_bound_client(AF_INET, &all.port_a);
	all.b = dtls_pair_bound_client(AF_INET, &all.port_b);
	dtls_pair_meet(all.a, all.server, AF_INET, all.port);
}

static void
assert_error(int want)
{
	int error = -1;
	socklen_t len = sizeof(error);
	const int rc =
	    call_getsockopt(all.server, SOL_SOCKET, SO_ERROR, &error, &len);

	assert_int_equal(rc, is_3_3() ? -ENOPROTOOPT : 0);
	if (rc == 0)
		assert_int_equal(error, want);
}

static void
a_socket_is_a_client_unless_it_is_told(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_bound_client(AF_INET, &port);

	assert_int_equal(receive(sock, 0), -ENOTCONN);
	dtls_pair_set(sock, TLS_NAME_DTLS_ROLE, 1);
	assert_int_equal(receive(sock, MSG_DONTWAIT), -EAGAIN);
}

static void
a_send_without_a_session_is_enotconn(void)
{
	uint16_t port = 0, other = 0;
	const int sock = dtls_pair_server(AF_INET, &port);

	(void)dtls_pair_raw(AF_INET, &other);
	assert_int_equal(dtls_pair_send(sock, "x", 0), -ENOTCONN);
	assert_int_equal(dtls_pair_send(sock, "", 0), -ENOTCONN);
	assert_int_equal(dtls_pair_send_to(sock, "x", AF_INET, other),
	    -ENOTCONN);
}

static void
each_client_has_a_session_of_its_own(void)
{
	open_all();
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dtls_pair_send(all.a, "from a", 0), 6);
		assert_int_equal(dtls_pair_send(all.b, "from b", 0), 6);
		assert_int_equal(expect_from(all.server, "from a"), all.port_a);
		assert_int_equal(expect_from(all.server, "from b"), all.port_b);
		assert_int_equal(dtls_pair_send_to(all.server, "to a", AF_INET,
		                     all.port_a),
		    4);
		assert_int_equal(dtls_pair_send_to(all.server, "to b", AF_INET,
		                     all.port_b),
		    4);
		dtls_pair_expect(all.b, "to b");
		dtls_pair_expect(all.a, "to a");
	}
	assert_int_equal(dtls_pair_send_to(all.server, "x", AF_INET, all.port),
	    -ENOTCONN);
}

static void
without_an_address_a_send_is_for_who_was_heard_last(void)
{
	open_all();
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
	assert_int_equal(dtls_pair_send(all.server, "b opened last", 0), 13);
	dtls_pair_expect(all.b, "b opened last");
	assert_int_equal(dtls_pair_send(all.a, "a", 0), 1);
	assert_int_equal(expect_from(all.server, "a"), all.port_a);
	assert_int_equal(dtls_pair_send(all.server, "a spoke last", 0), 12);
	dtls_pair_expect(all.a, "a spoke last");
	/* Who is gone is not spoken to: the other is. */
	dtls_pair_close(all.a);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(all.server, "b is left", 0), 9);
	dtls_pair_expect(all.b, "b is left");
	dtls_pair_close(all.b);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(all.server, "x", 0), -ENOTCONN);
}

static void
the_older_device_hears_one_client_at_a_time(void)
{
	open_all();
	dtls_pair_schedule(all.b, 20, 20);
	dtls_pair_serve(all.server);
	assert_int_equal(dtls_pair_send_to(all.b, "x", AF_INET, all.port),
	    -ETIMEDOUT);
	dtls_pair_served();
	assert_int_equal(dtls_pair_send_to(all.server, "x", AF_INET,
	                     all.port_b),
	    -EISCONN);
	assert_int_equal(dtls_pair_send_to(all.server, "to a", AF_INET,
	                     all.port_a),
	    4);
	dtls_pair_expect(all.a, "to a");
	dtls_pair_close(all.a);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	dtls_pair_usual_schedule(all.b);
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
}

static void
a_client_that_has_closed_is_gone_and_recv_goes_on(void)
{
	open_all();
	assert_int_equal(dtls_pair_send(all.a, "last", 0), 4);
	dtls_pair_close(all.a);
	assert_int_equal(expect_from(all.server, "last"), all.port_a);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(all.server, "x", 0), -ENOTCONN);
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
}

static void
an_alert_ends_a_session_and_recv_goes_on(void)
{
	open_all();
	dtls_pair_alert(all.a, SSL_AD_INTERNAL_ERROR);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(all.server, "x", 0), -ENOTCONN);
	dtls_pair_limit(all.server, SO_RCVTIMEO, 1);
	assert_int_equal(receive(all.server, 0), -EAGAIN);
	dtls_pair_limit(all.server, SO_RCVTIMEO, 0);
	/* The last word of it is there until the next client has come. */
	assert_error(ECONNABORTED);
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
	assert_error(0);
}

static const struct dtls_sock *
server(void)
{
	return (const struct dtls_sock *)fdtable_peek(all.server);
}

/* It has lost its power: the server knows nothing of that. */
static void
a_client_that_comes_back_to_its_port_has_a_new_session(void)
{
	int again;

	open_all();
	dtls_pair_kill(all.a);
	again = dtls_pair_bound_client(AF_INET, &all.port_a);
	dtls_pair_meet(again, all.server, AF_INET, all.port);
	assert_int_equal(dtls_pair_send(all.server, "to a", 0), 4);
	dtls_pair_expect(again, "to a");
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(server()->sessions.n, 1);
}

static void
a_silent_client_is_told_that_its_session_is_over(void)
{
	int64_t start;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	open_all();
	start = deadline_now_ns();
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", IDLE_MS),
	    0);
	dtls_pair_limit(all.server, SO_RCVTIMEO, 2 * IDLE_MS);
	assert_int_equal(receive(all.server, 0), -EAGAIN);
	assert_in_range((deadline_now_ns() - start) / 1000000, 2 * IDLE_MS - 2,
	    2 * IDLE_MS + SLACK_MS);
	assert_int_equal(receive(all.a, 0), -ENOTCONN);
	assert_int_equal(dtls_pair_send(all.server, "x", 0), -ENOTCONN);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	dtls_pair_limit(all.server, SO_RCVTIMEO, 0);
	/* What was its session is begun anew by the next send. */
	dtls_pair_serve(all.server);
	assert_int_equal(dtls_pair_send(all.a, "again", 0), 5);
	dtls_pair_served();
	assert_int_equal(expect_from(all.server, "again"), all.port_a);
}

/* It may have said something that nobody has looked at yet. */
static void
a_send_alone_ends_no_silent_session(void)
{
	int64_t until;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 0), 0);
	open_all();
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 1), 0);
	until = server()->sessions.open.oldest->active_ns + 1000000;
	while (deadline_now_ns() < until)
		continue;
	assert_int_equal(dtls_pair_send(all.a, "y", 0), 1);
	assert_int_equal(dtls_pair_send(all.server, "x", 0), 1);
	dtls_pair_expect(all.a, "x");
	dtls_pair_expect(all.server, "y");
}

/* When the server's oldest session ends if nothing happens. */
static int64_t
end_of_patience(void)
{
	struct dtls_sock *d = (struct dtls_sock *)fdtable_peek(all.server);

	dtls_rest_locked(d); /* else that is what is due next */
	return dtls_wake_locked(d).at_ns;
}

/* The clock by which sessions are silent goes in steps. */
static void
wait_for_clock(void)
{
	const int64_t before = deadline_coarse_ns();

	while (deadline_coarse_ns() == before)
		sched_yield();
}

static void
whatever_comes_or_leaves_puts_the_end_off(void)
{
	int64_t end;

	open_all();
	end = end_of_patience();
	wait_for_clock();
	assert_int_equal(dtls_pair_send(all.a, "x", 0), 1);
	assert_int_equal(end_of_patience(), end);
	dtls_pair_expect(all.server, "x");
	assert_true(end_of_patience() > end);
	end = end_of_patience();
	wait_for_clock();
	assert_int_equal(dtls_pair_send(all.server, "x", 0), 1);
	assert_true(end_of_patience() > end);
	assert_in_range(end_of_patience() - deadline_now_ns(), 1,
	    (profile_get() == PROFILE_LINUX ? 300 : 5) * INT64_C(1000000000));
}

static void
more_clients_than_the_target_has_room_for_are_dropped(void)
{
	open_all();
	/* Three sockets; the first client's session came with the server. */
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_MAX_SESSION_"
	                            "CONTEXTS",
	                     3),
	    0);
	/* Time enough to come with the cookie, on a slow machine too. */
	dtls_pair_schedule(all.b, 400, 400);
	capture_start();
	dtls_pair_serve(all.server);
	assert_int_equal(loop_connect(all.b, AF_INET, all.port), -ETIMEDOUT);
	dtls_pair_served();
	assert_non_null(strstr(capture_text(),
	    "CONFIG_NET_SOCKETS_TLS_MAX_SESSION_CONTEXTS=3"));
	capture_stop();
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_MAX_SESSION_"
	                            "CONTEXTS",
	                     4),
	    0);
	dtls_pair_usual_schedule(all.b);
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
	/* It is given back with the session. */
	dtls_pair_close(all.b);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	all.b = dtls_pair_client(AF_INET);
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
}

/* Nothing is kept of who does not come back with a cookie. */
static void
what_is_no_hello_is_answered_by_nothing(void)
{
	static const char *const words[] = { "GET / HTTP/1.1\r\n\r\n", "\x16",
		"\x17\xfe\xfd\0\1\0\0\0\0\0\7\0\1x",
		"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\4\1\0\0\0" };
	static const size_t sizes[] = { 18, 1, 14, 17 };
	struct sockaddr_storage to;
	socklen_t len;
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	char buf[64];

	open_all();
	len = loop_addr(&to, AF_INET, all.port);
	for (size_t i = 0; i < LEN(words); i++)
		assert_int_equal(sendto(kfd, words[i], sizes[i], 0,
		                     (struct sockaddr *)&to, len),
		    sizes[i]);
	assert_int_equal(sendto(kfd, "", 0, 0, (struct sockaddr *)&to, len), 0);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(recv(kfd, buf, sizeof(buf), MSG_DONTWAIT), -1);
	assert_int_equal(dtls_pair_send_to(all.server, "x", AF_INET, port),
	    is_3_3() ? -EISCONN : -ENOTCONN);
	assert_int_equal(dtls_pair_send(all.a, "still", 0), 5);
	dtls_pair_expect(all.server, "still");
}

/* A flood of what is of no use is no reason to pass over the time limit. */
static void
junk_without_end_keeps_no_receiver(void)
{
	struct sockaddr_storage to;
	socklen_t len;
	uint16_t port = 0;
	const int kfd = dtls_pair_raw(AF_INET, &port);
	ssize_t n;

	open_all();
	len = loop_addr(&to, AF_INET, all.port);
	for (int i = 0; i < 150; i++)
		assert_int_equal(sendto(kfd, "junk", 4, 0,
		                     (struct sockaddr *)&to, len),
		    4);
	assert_int_equal(dtls_pair_send(all.a, "data", 0), 4);
	/* Each call takes some of it in. */
	for (int i = 0; i < 10; i++) {
		n = receive(all.server, MSG_DONTWAIT);
		if (n != -EAGAIN)
			break;
	}
	assert_int_equal(n, 1);
	for (int i = 0; i < 150; i++)
		(void)sendto(kfd, "junk", 4, 0, (struct sockaddr *)&to, len);
	dtls_pair_limit(all.server, SO_RCVTIMEO, 20);
	assert_int_equal(receive(all.server, 0), -EAGAIN);
}

/* A handshake that fails is no end of recv, nor of the clients to come. */
static void
a_client_with_another_key_is_none(void)
{
	open_all();
	dtls_pair_close(all.a);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	dtls_pair_schedule(all.b, 20, 20);
	pki_forget(OTHER_TAG);
	assert_int_equal(store_add(OTHER_TAG, CRED_PSK_ID, DTLS_PAIR_ID,
	                     strlen(DTLS_PAIR_ID)),
	    0);
	assert_int_equal(store_add(OTHER_TAG, CRED_PSK, "another key", 11), 0);
	dtls_pair_set(all.b, TLS_NAME_SEC_TAG_LIST, OTHER_TAG);
	dtls_pair_serve(all.server);
	assert_int_equal(dtls_pair_send_to(all.b, "x", AF_INET, all.port),
	    -ETIMEDOUT);
	dtls_pair_served();
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(all.server, "x", 0), -ENOTCONN);
}

/* Credentials are those of the time when a client comes. */
static void
options_that_are_set_later_are_for_the_clients_to_come(void)
{
	open_all();
	dtls_pair_close(all.a);
	assert_int_equal(receive(all.server, MSG_DONTWAIT), -EAGAIN);
	dtls_pair_store_key("a new key");
	dtls_pair_set(all.server, TLS_NAME_SEC_TAG_LIST, DTLS_PAIR_TAG);
	dtls_pair_meet(all.b, all.server, AF_INET, all.port);
}

static void
without_credentials_recv_says_so(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_server(AF_INET, &port);

	pki_forget(DTLS_PAIR_TAG);
	assert_int_equal(receive(sock, 0), -ENOENT);
	assert_int_equal(receive(sock, MSG_DONTWAIT), -ENOENT);
	dtls_pair_store_key("0123456789abcdef");
	assert_int_equal(receive(sock, MSG_DONTWAIT), -EAGAIN);
}

static void
its_close_tells_all_clients(void)
{
	open_all();
	if (!is_3_3())
		dtls_pair_meet(all.b, all.server, AF_INET, all.port);
	dtls_pair_close(all.server);
	assert_int_equal(receive(all.a, 0), -ENOTCONN);
	assert_int_equal(receive(all.b, MSG_DONTWAIT), -ENOTCONN);
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(a_socket_is_a_client_unless_it_is_told, 0),
		DTLS_PAIR_TEST(a_send_without_a_session_is_enotconn, 0),
		DTLS_PAIR_TEST(each_client_has_a_session_of_its_own,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(
		    without_an_address_a_send_is_for_who_was_heard_last,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(the_older_device_hears_one_client_at_a_time,
		    DTLS_PAIR_ZEPHYR_3_3),
		DTLS_PAIR_TEST(
		    a_client_that_has_closed_is_gone_and_recv_goes_on, 0),
		DTLS_PAIR_TEST(an_alert_ends_a_session_and_recv_goes_on, 0),
		DTLS_PAIR_TEST(
		    a_client_that_comes_back_to_its_port_has_a_new_session, 0),
		DTLS_PAIR_TEST(a_silent_client_is_told_that_its_session_is_over,
		    0),
		DTLS_PAIR_TEST(a_send_alone_ends_no_silent_session, 0),
		DTLS_PAIR_TEST(whatever_comes_or_leaves_puts_the_end_off, 0),
		DTLS_PAIR_TEST(
		    more_clients_than_the_target_has_room_for_are_dropped,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(what_is_no_hello_is_answered_by_nothing, 0),
		DTLS_PAIR_TEST(junk_without_end_keeps_no_receiver, 0),
		DTLS_PAIR_TEST(a_client_with_another_key_is_none, 0),
		DTLS_PAIR_TEST(
		    options_that_are_set_later_are_for_the_clients_to_come, 0),
		DTLS_PAIR_TEST(without_credentials_recv_says_so, 0),
		DTLS_PAIR_TEST(its_close_tells_all_clients, 0),
	};

	return dtls_pair_run("sock/dtls_server", tests, LEN(tests));
}
