/*
 * What is different for a program whose calls are libc's own: the rules of the
 * host's sockets.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/deadline.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/shimmed.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"
#include "support/peer.h"

static struct pki pki;

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	profile_set(PROFILE_LINUX);
	shimmed_set();
	return fdtable_use_kernel_numbers() ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

static int
undo(void **state)
{
	(void)state;
	fake_kernel_remove();
	unsetenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS");
	config_reload();
	return 0;
}

static void
limit_handshake(const char *ms)
{
	setenv("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", ms, 1);
	config_reload();
}

static void
a_look_takes_nothing(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &pki.server, 0);
	char buf[10];

	(void)state;
	peer_settle(&p);
	assert_int_equal(loop_receive(sock, buf, 10, MSG_PEEK | MSG_DONTWAIT),
	    -EAGAIN);
	peer_send(&p, "hello", 5);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(loop_receive(sock, buf, 10, MSG_PEEK), 5);
		assert_memory_equal(buf, "hello", 5);
		assert_int_equal(loop_receive(sock, buf, 2, MSG_PEEK), 2);
		assert_int_equal(loop_receive(sock, buf, 0, MSG_PEEK), 0);
	}
	assert_int_equal(loop_receive(sock, buf, 2, 0), 2);
	assert_int_equal(loop_receive(sock, buf, 10, MSG_PEEK), 3);
	assert_memory_equal(buf, "llo", 3);
	assert_int_equal(loop_receive(sock, buf, 10, 0), 3);
	assert_int_equal(loop_receive(sock, buf, 10, MSG_PEEK | MSG_DONTWAIT),
	    -EAGAIN);
	assert_true(SSL_shutdown(p.ssl) >= 0);
	assert_int_equal(loop_receive(sock, buf, 10, MSG_PEEK), 0);
	assert_int_equal(loop_receive(sock, buf, 10, 0), 0);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void *
look(void *arg)
{
	char byte = 0;

	return loop_receive(*(int *)arg, &byte, 1, MSG_PEEK) == 1 && byte == 'x'
	    ? arg
	    : NULL;
}

static void
a_look_waits_for_data(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &pki.server, TLS1_2_VERSION);
	pthread_t thread;

	(void)state;
	fake_kernel_install();
	thread = loop_start(look, &sock);
	while (fake_kernel_count(FAKE_RECVFROM) < 2)
		continue;
	peer_send(&p, "x", 1);
	assert_ptr_equal(loop_join(thread), &sock);
	fake_kernel_remove();
	assert_int_equal(loop_receive(sock, &(char){ 0 }, 1, MSG_DONTWAIT), 1);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* The first buffer that has room is looked into. */
static void
a_message_may_be_received(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &pki.server, 0);
	char a[2], b[10];
	struct iovec parts[] = { { NULL, 0 }, { a, sizeof(a) },
		{ b, sizeof(b) } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = LEN(parts) };

	(void)state;
	peer_send(&p, "hello", 5);
	assert_int_equal(call_recvmsg(sock, &m, MSG_PEEK), 2);
	assert_memory_equal(a, "he", 2);
	memset(a, 0, sizeof(a));
	assert_int_equal(call_recvmsg(sock, &m, 0), 5);
	assert_memory_equal(a, "he", 2);
	assert_memory_equal(b, "llo", 3);
	assert_int_equal(m.msg_flags, 0);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static bool
is_readable(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* A client of the library that is not to wait. */
static int
new_client(void)
{
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");

	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	return sock;
}

static void
connect_is_done_when_the_handshake_is(void **state)
{
	uint16_t port;
	int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	const pthread_t thread = loop_start(loop_accept_one, &listener);
	const int sock = new_client();
	const char *version;
	int server;

	(void)state;
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	assert_int_equal(call_tls_version(sock, &version), 0);
	server = (int)(intptr_t)loop_join(thread);
	assert_true(server >= 0);
	loop_send_all(sock, "x", 1);
	loop_recv_all(server, &(char){ 0 }, 1);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(call_close(listener), 0);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* Again and again, for the first may come before poll sleeps. */
static void
ring(long us)
{
	const struct itimerval every = { { 0, us }, { 0, us } };
	const struct sigaction act = { .sa_handler = on_alarm,
		.sa_flags = SA_RESTART };

	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

/* As long as a handshake may take, whatever signals come. */
static void
times_out(int sock, uint16_t port)
{
	const int64_t start = deadline_now_ns();
	int64_t ms;

	limit_handshake("100");
	ring(10000);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ETIMEDOUT);
	ring(0);
	ms = (deadline_now_ns() - start) / 1000000;
	assert_true(ms >= 99);
	assert_true(ms < 8000); /* not the ten seconds that it is else */
}

static void
connect_to_who_says_nothing_times_out(void **state)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock = new_client();

	(void)state;
	times_out(sock, port);
	assert_true(is_readable(sock)); /* for ever from then on */
	assert_int_equal(call_close(sock), 0);
	close(listener);
}

/* Its queue is full, so that not even TCP's handshake comes to an end. */
static void
connect_to_who_does_not_accept_times_out(void **state)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock = new_client();
	int first;

	(void)state;
	assert_int_equal(listen(listener, 0), 0);
	first = loop_connect_raw(AF_INET, port);
	times_out(sock, port);
	assert_int_equal(call_close(sock), 0);
	close(first);
	close(listener);
}

static void *
answer_nonsense(void *arg)
{
	const int kfd = accept(*(int *)arg, NULL, NULL);

	if (send(kfd, "HTTP/1.0 400 Bad\r\n\r\n", 20, MSG_NOSIGNAL) != 20)
		return (void *)(intptr_t)-1;
	return (void *)(intptr_t)kfd;
}

/* It leaves the connection as it is, but no program waits for it in vain. */
static void
connect_to_who_speaks_something_else_fails(void **state)
{
	uint16_t port;
	int listener = loop_listen_raw(AF_INET, &port);
	const pthread_t thread = loop_start(answer_nonsense, &listener);
	const int sock = new_client();
	int kfd;

	(void)state;
	assert_int_equal(loop_connect(sock, AF_INET, port), -ECONNABORTED);
	kfd = (int)(intptr_t)loop_join(thread);
	assert_true(kfd >= 0);
	assert_true(is_readable(sock));
	assert_true(loop_receive(sock, &(char){ 0 }, 1, 0) < 0);
	assert_true(is_readable(sock));
	assert_int_equal(call_close(sock), 0);
	close(kfd);
	close(listener);
}

static void
connect_to_nobody_is_refused(void **state)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock = new_client();

	(void)state;
	close(listener);
	assert_int_equal(loop_connect(sock, AF_INET, port), -ECONNREFUSED);
	assert_int_equal(call_close(sock), 0);
}

static void *
connect_later(void *arg)
{
	const uint16_t *port = arg;
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");

	return loop_connect(sock, AF_INET, *port) == 0 ? (void *)(intptr_t)sock
	                                               : (void *)(intptr_t)-1;
}

/* Its socket can be written to from the first moment, as far as epoll knows. */
static void
a_send_before_the_handshake_waits_for_it(void **state)
{
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	const pthread_t thread = loop_start(connect_later, &port);
	const int server = call_accept(listener, NULL, NULL);
	char greeting[3];
	int sock;

	(void)state;
	assert_true(server >= 0);
	assert_int_equal(call_fcntl(server, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(call_sendto(server, "220", 3, 0, NULL, 0), 3);
	sock = (int)(intptr_t)loop_join(thread);
	assert_true(sock >= 0);
	loop_recv_all(sock, greeting, 3);
	assert_memory_equal(greeting, "220", 3);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(call_close(listener), 0);
}

/* Input is no promise: there, it is the program that waits. */
static void
a_receive_before_the_handshake_does_not(void **state)
{
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	const int kfd = loop_connect_raw(AF_INET, port);
	const int server = call_accept(listener, NULL, NULL);

	(void)state;
	assert_true(server >= 0);
	assert_int_equal(call_fcntl(server, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(loop_receive(server, &(char){ 0 }, 1, 0), -EAGAIN);
	limit_handshake("50");
	assert_int_equal(call_sendto(server, "x", 1, 0, NULL, 0), -ETIMEDOUT);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(call_close(listener), 0);
	close(kfd);
}

/* Until the kernel has heard of it. */
static void
wait_for_end(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLRDHUP };

	assert_int_equal(poll(&p, 1, 20000), 1);
}

static void
a_send_to_who_is_gone_is_epipe(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &pki.server, TLS1_2_VERSION);

	(void)state;
	peer_reset(&p);
	wait_for_end(sock);
	assert_int_equal(call_sendto(sock, "x", 1, 0, NULL, 0), -EPIPE);
	assert_int_equal(call_sendto(sock, "x", 1, 0, NULL, 0), -EPIPE);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* It has only said that it sends no more. */
static void
a_send_after_the_peers_goodbye_goes_out(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &pki.server, 0);
	char byte = 0;

	(void)state;
	assert_true(SSL_shutdown(p.ssl) >= 0);
	assert_int_equal(loop_receive(sock, &byte, 1, 0), 0);
	assert_int_equal(call_sendto(sock, "x", 1, 0, NULL, 0), 1);
	peer_recv(&p, &byte, 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

static void
a_signal_ends_poll(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &pki.server, TLS1_2_VERSION);
	struct pollfd fds[] = { { .fd = sock, .events = POLLIN } };

	(void)state;
	ring(20000);
	assert_int_equal(poll_sockets(fds, 1, 20000, false), -EINTR);
	assert_int_equal(poll_sockets(fds, 1, -1, true), -EINTR);
	ring(0);
	/* Nor is one lost that was there all along. */
	fds[0].events = POLLIN | POLLOUT;
	assert_int_equal(poll_sockets(fds, 1, 20000, false), 1);
	assert_int_equal(fds[0].revents, POLLOUT);
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* Who is in a call goes on without it. */
static void
a_closed_number_is_free_at_once(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &pki.server, 0);
	struct zsock *held = fdtable_get(sock);

	(void)state;
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(fcntl(sock, F_GETFD), -1);
	assert_int_equal(dup2(STDIN_FILENO, sock), sock);
	assert_int_not_equal(held->kfd, sock);
	sock_put(held);
	assert_int_equal(fcntl(sock, F_GETFD), 0);
	assert_int_equal(close(sock), 0);
	peer_free(&p);
}

#define TEST(name) cmocka_unit_test_teardown(name, undo)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_look_takes_nothing),
		TEST(a_look_waits_for_data),
		TEST(a_message_may_be_received),
		TEST(connect_is_done_when_the_handshake_is),
		TEST(connect_to_who_says_nothing_times_out),
		TEST(connect_to_who_does_not_accept_times_out),
		TEST(connect_to_who_speaks_something_else_fails),
		TEST(connect_to_nobody_is_refused),
		TEST(a_send_before_the_handshake_waits_for_it),
		TEST(a_receive_before_the_handshake_does_not),
		TEST(a_send_to_who_is_gone_is_epipe),
		TEST(a_send_after_the_peers_goodbye_goes_out),
		TEST(a_signal_ends_poll),
		TEST(a_closed_number_is_free_at_once),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/shimmed", tests, setup,
	    teardown);
}
