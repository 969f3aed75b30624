#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"
#include "support/peer.h"

static int
sticky_error(int sock)
{
	int error = -1;
	socklen_t len = sizeof(error);

	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error,
	                     &len),
	    0);
	return error;
}

/* The kernel has noticed; nothing of it was told to the library yet. */
static void
wait_for_reset(int sock)
{
	struct pollfd p = { .fd = loop_kfd(sock) };

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true((p.revents & POLLERR) != 0);
}

static void
assert_reason_says(int sock, const char *what)
{
	char text[1024];

	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	if (strstr(text, what) == NULL)
		fail_msg("%s", text);
}

/* What was under way when the connection was reset, and who asks first. */
static const struct reset_case {
	const char *name;
	bool pending;     /* output is */
	const char *data; /* the peer has sent */
	enum { ASK_RECV, ASK_POLL, ASK_SEND, ASK_SO_ERROR } first;
	int want; /* what every call answers, once the data are read */
} resets[] = {
	{ "reset", false, "", ASK_RECV, EIO },
	{ "reset_with_output_pending", true, "", ASK_RECV, EIO },
	{ "reset_after_data", false, "hello", ASK_RECV, EIO },
	{ "reset_after_data_with_output_pending", true, "hello", ASK_RECV,
	    EIO },
	{ "poll_first", false, "", ASK_POLL, ECONNABORTED },
	{ "poll_first_with_output_pending", true, "", ASK_POLL, ECONNABORTED },
	{ "poll_first_after_data", true, "hello", ASK_POLL, EIO },
	{ "send_first", false, "", ASK_SEND, ECONNABORTED },
	{ "send_first_with_output_pending", true, "", ASK_SEND, ECONNABORTED },
	{ "send_first_after_data", false, "hello", ASK_SEND, ECONNABORTED },
	{ "so_error_first", false, "", ASK_SO_ERROR, EIO },
	{ "so_error_first_after_data", true, "hello", ASK_SO_ERROR, EIO },
};

static void
ask_first(int sock, const struct reset_case *c)
{
	const short both = POLLIN | POLLOUT;
	const bool data = c->data[0] != '\0';

	switch (c->first) {
	case ASK_POLL:
		assert_int_equal(loop_readiness(sock, both, 10000) &
		        (POLLIN | POLLERR),
		    data ? POLLIN : POLLIN | POLLERR);
		break;
	case ASK_SEND:
		assert_int_equal(loop_transmit(sock, "x", 1, 0), -ECONNABORTED);
		assert_reason_says(sock, "Connection reset by peer");
		break;
	case ASK_SO_ERROR:
		assert_int_equal(sticky_error(sock), ECONNRESET);
		break;
	default:
		break;
	}
}

static void
a_reset_is_told_after_the_data_and_stays(void **state)
{
	const struct reset_case *c = *state;
	const size_t len = strlen(c->data);
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	char buf[64];

	assert_int_equal(loop_receive(sock, buf, 1, MSG_DONTWAIT), -EAGAIN);
	if (c->pending)
		loop_fill(sock);
	if (len > 0)
		peer_send(&p, c->data, len);
	peer_settle(&p);
	peer_reset(&p);
	wait_for_reset(sock);
	ask_first(sock, c);
	if (len > 0) {
		assert_int_equal(loop_receive(sock, buf, sizeof(buf), 0), len);
		assert_memory_equal(buf, c->data, len);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(loop_receive(sock, buf, 1, 0), -c->want);
		assert_int_equal(loop_transmit(sock, "x", 1, 0), -c->want);
	}
	assert_int_equal(loop_readiness(sock, POLLIN, 0), POLLIN | POLLERR);
	assert_int_equal(sticky_error(sock), c->want);
	assert_reason_says(sock, "Connection reset by peer");
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
waitall_gives_the_part_and_then_the_reset(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	char buf[100];

	(void)state;
	peer_send(&p, "0123456789", 10);
	peer_settle(&p);
	peer_reset(&p);
	wait_for_reset(sock);
	assert_int_equal(loop_receive(sock, buf, sizeof(buf), MSG_WAITALL), 10);
	assert_int_equal(loop_receive(sock, buf, 1, MSG_WAITALL), -EIO);
	assert_int_equal(loop_receive(sock, buf, 1, 0), -EIO);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
data_before_the_end_are_not_lost_to_a_failed_flush(void **state)
{
	static char data[20000], got[sizeof(data)];
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	size_t done = 0;

	(void)state;
	memset(data, 'd', sizeof(data));
	loop_fill(sock);
	peer_send(&p, data, sizeof(data));
	peer_settle(&p);
	peer_reset(&p);
	wait_for_reset(sock);
	while (done < sizeof(data)) {
		ssize_t n;

		assert_int_equal(loop_readiness(sock, POLLIN | POLLOUT, 1000) &
		        (POLLIN | POLLERR),
		    POLLIN);
		n = loop_receive(sock, got + done, sizeof(got) - done, 0);
		assert_true(n > 0);
		done += (size_t)n;
	}
	assert_memory_equal(data, got, sizeof(data));
	assert_int_equal(loop_receive(sock, got, 1, 0), -EIO);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* A record that does not decrypt. */
static const unsigned char junk[] = "\x17\x03\x03\x00\x20"
                                    "0123456789abcdef0123456789abcdef";

/* The alert that tells the peer of it, after the data that came before. */
static void
assert_alert_comes(struct peer *p)
{
	static char sink[65536];

	while (SSL_read(p->ssl, sink, sizeof(sink)) > 0)
		continue;
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
	    SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
	ERR_clear_error();
}

static void
recv_that_fails_sends_the_alert(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	char byte;

	(void)state;
	peer_send_raw(&p, junk, sizeof(junk) - 1);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), -EIO);
	assert_alert_comes(&p);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
poll_that_finds_the_failure_sends_the_alert(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);

	(void)state;
	peer_send_raw(&p, junk, sizeof(junk) - 1);
	assert_int_equal(loop_readiness(sock, POLLIN, 10000), POLLIN | POLLERR);
	assert_alert_comes(&p);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* The line was full when the failure was found, and is not at the close. */
static void
close_sends_the_alert_that_could_not_leave(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);

	(void)state;
	peer_send_raw(&p, junk, sizeof(junk) - 1);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, 1000, EAGAIN);
	assert_int_equal(loop_readiness(sock, POLLIN, 10000), POLLIN | POLLERR);
	assert_true(fake_kernel_count(FAKE_SENDTO) > 0);
	fake_kernel_remove();
	assert_int_equal(call_close(sock), 0);
	assert_alert_comes(&p);
	peer_free(&p);
}

/* What a peer sends before the handshake is complete: an errno and a line. */
static const struct garbage {
	const char *name;
	const char *bytes;
	size_t len;
} garbages[] = {
	{ "http", "GET / HTTP/1.0\r\n\r\n", 18 },
	{ "zeros", "\0\0\0\0\0\0\0\0", 8 },
	{ "an_alert", "\x15\x03\x03\x00\x02\x02\x28", 7 },
	{ "half_a_record", "\x16\x03\x03\x01\x00\x02", 6 },
	{ "a_hello_of_nothing", "\x16\x03\x03\x00\x04\x01\x00\x00\x00", 9 },
	{ "an_empty_record", "\x16\x03\x03\x00\x00", 5 },
	{ "nothing", "", 0 },
};

struct gossip {
	int listener; /* or -1 */
	uint16_t port;
	const struct garbage *what;
};

static void *
talk_garbage(void *arg)
{
	const struct gossip *g = arg;
	const int kfd = g->listener >= 0 ? accept(g->listener, NULL, NULL)
	                                 : loop_connect_raw(AF_INET, g->port);
	char sink[4096];

	(void)!write(kfd, g->what->bytes, g->what->len);
	shutdown(kfd, SHUT_WR);
	while (read(kfd, sink, sizeof(sink)) > 0)
		continue;
	close(kfd);
	return NULL;
}

static void
garbage_in_a_handshake_is_connaborted_and_a_line(void **state)
{
	struct gossip g = { .what = *state };
	pthread_t thread;
	int sock;

	g.listener = loop_listen_raw(AF_INET, &g.port);
	thread = loop_start(talk_garbage, &g);
	sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	assert_int_equal(loop_connect(sock, AF_INET, g.port), -ECONNABORTED);
	assert_reason_says(sock, "TLS client: handshake with 127.0.0.1:");
	assert_int_equal(call_close(sock), 0);
	loop_join(thread);
	close(g.listener);

	sock =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &g.port);
	g.listener = -1;
	thread = loop_start(talk_garbage, &g);
	assert_int_equal(call_accept(sock, NULL, NULL), -ECONNABORTED);
	assert_reason_says(sock, "TLS server: handshake with ");
	assert_int_equal(call_close(sock), 0);
	loop_join(thread);
}

static void
poll_is_silent_about_a_session_ticket(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, TLS1_3_VERSION);
	char buf[4];

	(void)state;
	peer_settle(&p); /* two tickets have arrived */
	assert_int_equal(loop_readiness(sock, POLLIN, 0), 0);
	peer_send(&p, "data", 4);
	assert_int_equal(loop_readiness(sock, POLLIN, 10000), POLLIN);
	assert_int_equal(loop_receive(sock, buf, 4, 0), 4);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
the_end_without_close_notify_is_the_end(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	char byte;

	(void)state;
	peer_send(&p, "x", 1);
	peer_hang_up(&p);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), 1);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), 0);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), 0);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
the_end_inside_a_record_is_connreset(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	char byte;

	(void)state;
	peer_send_raw(&p, junk, sizeof(junk) - 2);
	peer_hang_up(&p);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), -ECONNRESET);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), -ECONNRESET);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

int
main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(waitall_gives_the_part_and_then_the_reset),
		cmocka_unit_test(
		    data_before_the_end_are_not_lost_to_a_failed_flush),
		cmocka_unit_test(recv_that_fails_sends_the_alert),
		cmocka_unit_test(poll_that_finds_the_failure_sends_the_alert),
		cmocka_unit_test(close_sends_the_alert_that_could_not_leave),
		cmocka_unit_test(poll_is_silent_about_a_session_ticket),
		cmocka_unit_test(the_end_without_close_notify_is_the_end),
		cmocka_unit_test(the_end_inside_a_record_is_connreset),
	};
	struct CMUnitTest tests[LEN(resets) + LEN(garbages) + LEN(fixed)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(resets); i++)
		tests[n++] = (struct CMUnitTest){ .name = resets[i].name,
			.test_func = a_reset_is_told_after_the_data_and_stays,
			.initial_state = (void *)&resets[i] };
	for (size_t i = 0; i < LEN(garbages); i++)
		tests[n++] = (struct CMUnitTest){ .name = garbages[i].name,
			.test_func =
			    garbage_in_a_handshake_is_connaborted_and_a_line,
			.initial_state = (void *)&garbages[i] };
	memcpy(tests + n, fixed, sizeof(fixed));
	return cmocka_run_group_tests_name("sock/tls_errors", tests, loop_setup,
	    loop_teardown);
}
