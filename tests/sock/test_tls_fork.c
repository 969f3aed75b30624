#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
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
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

static ssize_t
transmit(int sock, const void *buf, size_t len)
{
	return call_sendto(sock, buf, len, 0, NULL, 0);
}

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)loop_receive(*(int *)arg, &byte, 1, 0);
}

static int
close_it(void *arg)
{
	return call_close(*(int *)arg) != 0;
}

static void
a_childs_close_leaves_the_parents_blocked_receive(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &pki.server, TLS1_2_VERSION);
	pthread_t thread;

	(void)state;
	fake_kernel_install();
	thread = loop_start(receive_one, &sock);
	/* The first call does not wait, the second does. */
	while (fake_kernel_count(FAKE_RECVFROM) < 2)
		continue;
	assert_int_equal(loop_wait(loop_fork(close_it, &sock)), 0);
	/* Not a byte has come from the child. */
	assert_int_equal(recv(p.kfd, (char[1]){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	peer_send(&p, "x", 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	fake_kernel_remove();
	assert_int_equal(call_close(sock), 0);
	peer_free(&p);
}

/* What a server does that forks for each client. */
struct service {
	int sock, gate[2];
};

static int
serve_echo(void *arg)
{
	struct service *s = arg;
	char buf[5], byte;

	close(s->gate[1]);
	(void)!read(s->gate[0], &byte, 1); /* until the parent has closed */
	if (loop_receive(s->sock, buf, 5, MSG_WAITALL) != 5)
		return 1;
	if (transmit(s->sock, buf, 5) != 5)
		return 2;
	return call_close(s->sock) == 0 ? 0 : 3;
}

static void
a_server_may_fork_for_each_client(void **state)
{
	struct loop_pair p;
	struct service s;
	char buf[5];
	pid_t child;

	(void)state;
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	s.sock = p.server;
	assert_int_equal(pipe(s.gate), 0);
	/* It has come before the parent closes, which must not throw it away. */
	loop_send_all(p.client, "hello", 5);
	child = loop_fork(serve_echo, &s);
	assert_int_equal(call_close(p.server), 0);
	close(s.gate[0]);
	close(s.gate[1]);
	loop_recv_all(p.client, buf, 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(loop_receive(p.client, buf, 1, 0), 0);
	assert_int_equal(loop_wait(child), 0);
	assert_int_equal(call_close(p.client), 0);
}

/* How the stream ended for p: SSL_ERROR_ZERO_RETURN is by close_notify. */
static int
end_of(struct peer *p)
{
	char byte;
	const int rc = SSL_read(p->ssl, &byte, 1);

	assert_true(rc <= 0);
	return SSL_get_error(p->ssl, rc);
}

static void
whoever_has_used_the_stream_says_goodbye(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &pki.server, 0);
	char byte;

	(void)state;
	assert_int_equal(loop_wait(loop_fork(close_it, &sock)), 0);
	assert_int_equal(transmit(sock, "x", 1), 1);
	peer_recv(&p, &byte, 1);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(end_of(&p), SSL_ERROR_ZERO_RETURN);
	peer_free(&p);
}

/* The last one's descriptor ends the connection, and nothing else does. */
static void
whoever_has_not_used_it_closes_silently(void **state)
{
	struct peer p;
	int sock = peer_serve(&p, &pki.server, 0);

	(void)state;
	assert_int_equal(loop_wait(loop_fork(close_it, &sock)), 0);
	assert_int_equal(call_close(sock), 0);
	assert_int_not_equal(end_of(&p), SSL_ERROR_ZERO_RETURN);
	peer_free(&p);
}

static atomic_bool enough;

static void *
send_always(void *arg)
{
	static const char block[1000];

	while (!atomic_load(&enough) &&
	    transmit(*(int *)arg, block, sizeof(block)) > 0)
		continue;
	return NULL;
}

static void *
drain_always(void *arg)
{
	const struct peer *p = arg;
	static char sink[65536];

	while (recv(p->kfd, sink, sizeof(sink), 0) > 0)
		continue;
	return NULL;
}

/*
 * Of use in the child, EBADF for ever, or EIO because the parent goes on with
 * it; closing it works in any case.
 */
static int
try_and_close(void *arg)
{
	const int sock = *(int *)arg;
	char byte;
	const ssize_t n = loop_receive(sock, &byte, 1, MSG_DONTWAIT);

	if (n != -EAGAIN && n != -EBADF && n != -EIO)
		return 1;
	return call_close(sock) == 0 ? 0 : 2;
}

static void
a_socket_in_use_at_the_fork_hangs_no_child(void **state)
{
	struct peer p;
	/* A child that took session tickets in would go on with it. */
	int sock = peer_serve(&p, &pki.server, TLS1_2_VERSION);
	const pthread_t drain = loop_start(drain_always, &p);
	pthread_t sender;

	(void)state;
	atomic_store(&enough, false);
	sender = loop_start(send_always, &sock);
	for (int i = 0; i < 100; i++)
		assert_int_equal(loop_wait(loop_fork(try_and_close, &sock)), 0);
	atomic_store(&enough, true);
	assert_null(loop_join(sender));
	/* The parent's connection is as it was. */
	assert_int_equal(transmit(sock, "x", 1), 1);
	assert_int_equal(call_close(sock), 0);
	(void)loop_join(drain);
	peer_free(&p);
}

struct connecting {
	int sock;
	uint16_t port;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;

	return (void *)(intptr_t)loop_connect(c->sock, AF_INET, c->port);
}

static int
find_it_unusable(void *arg)
{
	struct connecting *c = arg;
	char byte;

	if (loop_receive(c->sock, &byte, 1, 0) != -EBADF)
		return 1;
	if (transmit(c->sock, "x", 1) != -EBADF)
		return 2;
	return call_close(c->sock) == 0 ? 0 : 3;
}

/* A handshake under way is the parent's; a thread of it waits for the end. */
static void
a_handshake_at_the_fork_is_ebadf_in_the_child(void **state)
{
	struct connecting c;
	pthread_t connecter, receiver;
	const int listener = loop_listen_raw(AF_INET, &c.port);
	int kfd;

	(void)state;
	c.sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	fake_kernel_install();
	connecter = loop_start(connect_it, &c);
	kfd = accept(listener, NULL, NULL);
	while (fake_kernel_count(FAKE_POLL) == 0)
		continue;
	receiver = loop_start(receive_one, &c.sock);
	assert_int_equal(loop_wait(loop_fork(find_it_unusable, &c)), 0);
	close(kfd); /* with what came unread, so that it is a reset */
	assert_int_equal((intptr_t)loop_join(connecter), -ECONNRESET);
	assert_int_equal((intptr_t)loop_join(receiver), -ECONNRESET);
	fake_kernel_remove();
	assert_int_equal(call_close(c.sock), 0);
	close(listener);
}

static void *
accept_one(void *arg)
{
	return (void *)(intptr_t)call_accept(*(int *)arg, NULL, NULL);
}

/* The child keeps no copy of a connection that only the parent knows. */
static void
a_guest_of_an_accept_is_not_the_childs(void **state)
{
	uint16_t port;
	int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	struct service s = { .sock = listener };
	const int kfd = loop_connect_raw(AF_INET, port);
	pthread_t thread;
	pid_t child;
	ssize_t n;
	char byte;

	(void)state;
	assert_int_equal(pipe(s.gate), 0);
	fake_kernel_install();
	thread = loop_start(accept_one, &listener);
	while (fake_kernel_count(FAKE_POLL) == 0)
		continue;
	child = fork();
	if (child == 0) {
		alarm(20);
		close(kfd);
		close(s.gate[1]);
		(void)!read(s.gate[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(send(kfd, "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
	assert_int_equal((intptr_t)loop_join(thread), -ECONNABORTED);
	fake_kernel_remove();
	/* An alert and the end, though the child still runs. */
	assert_int_equal(setsockopt(kfd, SOL_SOCKET, SO_RCVTIMEO,
	                     &(struct timeval){ .tv_sec = 10 },
	                     sizeof(struct timeval)),
	    0);
	while ((n = recv(kfd, &byte, 1, 0)) == 1)
		continue;
	assert_true(n == 0 || errno == ECONNRESET);
	assert_int_equal(call_close(listener), 0);
	close(s.gate[1]);
	assert_int_equal(loop_wait(child), 0);
	close(s.gate[0]);
	close(kfd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_childs_close_leaves_the_parents_blocked_receive),
		cmocka_unit_test(a_server_may_fork_for_each_client),
		cmocka_unit_test(whoever_has_used_the_stream_says_goodbye),
		cmocka_unit_test(whoever_has_not_used_it_closes_silently),
		cmocka_unit_test(a_socket_in_use_at_the_fork_hangs_no_child),
		cmocka_unit_test(a_handshake_at_the_fork_is_ebadf_in_the_child),
		cmocka_unit_test(a_guest_of_an_accept_is_not_the_childs),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/tls_fork", tests, setup,
	    teardown);
}
