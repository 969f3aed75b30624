/*
 * The linux profile: handshakes on readiness, client and server in one thread.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/capture.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

#define FAR_MS 20000

static struct pki pki;
static int listener, client, server;
static uint16_t port;

static int
open_pki(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	profile_set(PROFILE_LINUX);
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	client =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	assert_int_equal(call_fcntl(client, F_SETFL, O_NONBLOCK), 0);
	server = -1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(call_close(listener), 0);
	assert_int_equal(call_close(client), 0);
	if (server >= 0)
		assert_int_equal(call_close(server), 0);
	profile_set(PROFILE_ZEPHYR);
	unsetenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS");
	config_reload();
	return 0;
}

static void
meet(void)
{
	assert_int_equal(loop_connect(client, AF_INET, port), -EINPROGRESS);
	server = call_accept(listener, NULL, NULL);
	assert_true(server >= 0);
	assert_int_equal(call_fcntl(server, F_SETFL, O_NONBLOCK), 0);
}

static int
error_of(int sock)
{
	int error = -1;
	socklen_t len = sizeof(error);

	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error,
	                     &len),
	    0);
	return error;
}

/* Waits for both at once until each has been ready for its events. */
static void
poll_both(short client_events, short server_events)
{
	struct pollfd fds[] = { { client, client_events, 0 },
		{ server, server_events, 0 } };
	bool done[2] = { false };

	while (!done[0] || !done[1]) {
		assert_true(poll_sockets(fds, 2, FAR_MS, false) > 0);
		for (int i = 0; i < 2; i++) {
			if ((fds[i].revents & fds[i].events) == 0)
				continue;
			done[i] = true;
			fds[i].fd = -1;
		}
		/* Who is ready still has to serve the other's handshake. */
		for (int i = 0; i < 2; i++) {
			if (done[i] && !done[!i])
				(void)call_recvfrom(i == 0 ? client : server,
				    (char[1]){ 0 }, 0, 0, NULL, NULL);
		}
	}
}

static void
exchange(void)
{
	char byte = 0;
	struct pollfd p = { server, POLLIN, 0 };

	assert_int_equal(call_sendto(client, "x", 1, 0, NULL, 0), 1);
	assert_int_equal(poll_sockets(&p, 1, FAR_MS, false), 1);
	assert_int_equal(call_recvfrom(server, &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(byte, 'x');
}

static void
poll_sees_the_handshake_through(void **state)
{
	const char *version;

	(void)state;
	meet();
	assert_int_equal(call_tls_version(client, &version), -ENOTCONN);
	assert_int_equal(loop_connect(client, AF_INET, port), -EALREADY);
	poll_both(POLLOUT, POLLOUT);
	assert_int_equal(error_of(client), 0);
	assert_int_equal(error_of(server), 0);
	assert_int_equal(call_tls_version(client, &version), 0);
	assert_int_equal(loop_connect(client, AF_INET, port), -EISCONN);
	exchange();
}

static void
send_and_recv_see_it_through(void **state)
{
	char byte;
	ssize_t n;

	(void)state;
	meet();
	do {
		n = call_sendto(client, "x", 1, 0, NULL, 0);
		assert_true(n == 1 || n == -EAGAIN);
		if (n == -EAGAIN)
			assert_int_equal(call_recvfrom(server, &byte, 1, 0,
			                     NULL, NULL),
			    -EAGAIN);
	} while (n != 1);
	assert_int_equal(call_fcntl(server, F_SETFL, 0), 0);
	assert_int_equal(call_recvfrom(server, &byte, 1, 0, NULL, NULL), 1);
}

static void *
send_blocking(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)call_sendto(client, "x", 1, 0, NULL, 0);
}

static void
blocking_calls_wait_for_it(void **state)
{
	pthread_t thread;
	char byte = 0;

	(void)state;
	meet();
	assert_int_equal(call_fcntl(client, F_SETFL, 0), 0);
	assert_int_equal(call_fcntl(server, F_SETFL, 0), 0);
	thread = loop_start(send_blocking, NULL);
	assert_int_equal(call_recvfrom(server, &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal((intptr_t)loop_join(thread), 1);
}

static void
a_receive_timeout_ends_the_call_not_the_handshake(void **state)
{
	const struct timeval tv = { .tv_usec = 5000 };
	char byte;

	(void)state;
	meet();
	assert_int_equal(call_fcntl(server, F_SETFL, 0), 0);
	assert_int_equal(call_setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &tv,
	                     sizeof(tv)),
	    0);
	assert_int_equal(call_recvfrom(server, &byte, 1, 0, NULL, NULL),
	    -EAGAIN);
	assert_int_equal(call_fcntl(server, F_SETFL, O_NONBLOCK), 0);
	poll_both(POLLOUT, POLLOUT);
	exchange();
}

static void
a_failure_shows_as_an_error(void **state)
{
	struct pollfd p = { client, POLLOUT, 0 };
	char text[1024];

	(void)state;
	assert_int_equal(call_setsockopt(client, TLS_LEVEL, TLS_NAME_HOSTNAME,
	                     "other.test", 10),
	    0);
	meet();
	do {
		assert_true(poll_sockets(&p, 1, 1, false) >= 0);
		(void)call_recvfrom(server, text, 1, 0, NULL, NULL);
	} while ((p.revents & POLLERR) == 0);
	assert_int_equal(error_of(client), ECONNABORTED);
	assert_int_equal(call_sendto(client, "x", 1, 0, NULL, 0),
	    -ECONNABORTED);
	assert_true(call_error_text(client, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "other.test"));
}

static void
a_refused_connection_shows_as_an_error(void **state)
{
	struct pollfd p = { client, POLLOUT, 0 };
	uint16_t nobody;
	const int raw = loop_listen_raw(AF_INET, &nobody);

	(void)state;
	assert_int_equal(close(raw), 0);
	assert_int_equal(loop_connect(client, AF_INET, nobody), -EINPROGRESS);
	assert_int_equal(poll_sockets(&p, 1, FAR_MS, false), 1);
	assert_true((p.revents & POLLERR) != 0);
	assert_int_equal(error_of(client), ECONNREFUSED);
}

static void
a_silent_peer_is_given_up(void **state)
{
	struct pollfd p = { -1, POLLIN, 0 };
	int raw;

	(void)state;
	assert_int_equal(setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", "30", 1), 0);
	config_reload();
	raw = loop_connect_raw(AF_INET, port);
	server = call_accept(listener, NULL, NULL);
	assert_true(server >= 0);
	p.fd = server;
	assert_int_equal(poll_sockets(&p, 1, FAR_MS, false), 1);
	assert_true((p.revents & POLLERR) != 0);
	assert_int_equal(error_of(server), ETIMEDOUT);
	assert_int_equal(close(raw), 0);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void *
receive_blocking(void *arg)
{
	char byte = 0;

	(void)arg;
	if (call_recvfrom(server, &byte, 1, 0, NULL, NULL) != 1)
		return NULL;
	return (void *)(intptr_t)byte;
}

/*
 * Whoever finds the last flight finishes it: the other call is not left asleep
 * until the deadline, and does not finish it again.
 */
static void
two_calls_finish_it_once(void **state)
{
	(void)state;
	capture_start();
	for (int i = 0; i < 20; i++) {
		pthread_t threads[2];

		meet();
		assert_int_equal(call_fcntl(client, F_SETFL, 0), 0);
		assert_int_equal(call_fcntl(server, F_SETFL, 0), 0);
		for (size_t k = 0; k < LEN(threads); k++)
			threads[k] = loop_start(receive_blocking, NULL);
		assert_int_equal(call_sendto(client, "xx", 2, 0, NULL, 0), 2);
		for (size_t k = 0; k < LEN(threads); k++)
			assert_int_equal((intptr_t)loop_join(threads[k]), 'x');
		assert_int_equal(count(capture_text(),
		                     "TLS server: handshake with"),
		    1);
		assert_int_equal(call_close(server), 0);
		assert_int_equal(call_close(client), 0);
		client = loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG,
		    "localhost");
		assert_int_equal(call_fcntl(client, F_SETFL, O_NONBLOCK), 0);
	}
	server = -1;
	capture_stop();
}

static void *
poll_out(void *arg)
{
	struct pollfd p = { server, POLLOUT, 0 };

	(void)arg;
	return (void *)(intptr_t)(poll_sockets(&p, 1, FAR_MS, false) == 1
	        ? p.revents
	        : -1);
}

/* The kernel does not wake it up for what another thread has taken in. */
static void
poll_sees_another_thread_finish_it(void **state)
{
	pthread_t poller, sender;
	char byte = 0;

	(void)state;
	meet();
	assert_int_equal(call_fcntl(client, F_SETFL, 0), 0);
	assert_int_equal(call_fcntl(server, F_SETFL, 0), 0);
	fake_kernel_install();
	poller = loop_start(poll_out, NULL);
	while (fake_kernel_count(FAKE_POLL) < 2)
		continue;
	assert_in_range(fake_kernel_poll_timeout(), 0, 1000);
	sender = loop_start(send_blocking, NULL);
	assert_int_equal(call_recvfrom(server, &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal((intptr_t)loop_join(sender), 1);
	assert_int_equal((intptr_t)loop_join(poller), POLLOUT);
	fake_kernel_remove();
}

/* A listener whose queue is full answers nobody. */
static void
the_deadline_starts_when_tcp_is_connected(void **state)
{
	struct pollfd p = { client, POLLOUT, 0 };
	const int raw = loop_listen_raw(AF_INET, &port);
	int queued, kfd;

	(void)state;
	assert_int_equal(listen(raw, 0), 0);
	queued = loop_connect_raw(AF_INET, port);
	assert_int_equal(setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", "20", 1), 0);
	config_reload();
	assert_int_equal(loop_connect(client, AF_INET, port), -EINPROGRESS);
	fake_kernel_install();
	assert_int_equal(poll_sockets(&p, 1, 200, false), 0);
	assert_in_range(fake_kernel_count(FAKE_POLL), 2, 60);
	fake_kernel_remove();
	kfd = accept(raw, NULL, NULL); /* room for the client's next try */
	assert_int_equal(poll_sockets(&p, 1, FAR_MS, false), 1);
	assert_int_equal(error_of(client), ETIMEDOUT);
	close(kfd);
	close(queued);
	close(raw);
}

static void
it_can_be_closed_before(void **state)
{
	(void)state;
	meet();
	assert_int_equal(call_close(server), 0);
	server = -1;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(poll_sees_the_handshake_through),
		TEST(send_and_recv_see_it_through),
		TEST(blocking_calls_wait_for_it),
		TEST(a_receive_timeout_ends_the_call_not_the_handshake),
		TEST(a_failure_shows_as_an_error),
		TEST(a_refused_connection_shows_as_an_error),
		TEST(a_silent_peer_is_given_up),
		TEST(two_calls_finish_it_once),
		TEST(poll_sees_another_thread_finish_it),
		TEST(the_deadline_starts_when_tcp_is_connected),
		TEST(it_can_be_closed_before),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
