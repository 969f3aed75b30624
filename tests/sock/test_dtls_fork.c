#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/asker.h"
#include "support/dtls_ends.h"
#include "support/fake_kernel.h"
#include "tls/settings.h"

static struct sockaddr_in addr;
static int server, client;

static int
open_ends(void **state)
{
	(void)state;
	profile_set(PROFILE_ZEPHYR);
	server = dtls_ends_server(&addr);
	client = dtls_ends_client(true);
	return 0;
}

static int
close_ends(void **state)
{
	(void)state;
	fake_kernel_remove();
	(void)call_close(client);
	(void)call_close(server);
	return 0;
}

static void
connect_ends(void)
{
	assert_int_equal(dtls_ends_meet(client, server, &addr), 0);
}

static int
close_it(void *arg)
{
	return call_close(*(int *)arg) != 0;
}

/* Has the kernel a datagram for it? */
static bool
has_come(int sock)
{
	struct pollfd p = { .fd = loop_kfd(sock), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void
talk(void)
{
	char buf[8];

	assert_int_equal(dtls_ends_send(client, "ping", 4), 4);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
	assert_int_equal(dtls_ends_send(server, "pong!", 5), 5);
	assert_int_equal(dtls_ends_recv(client, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "pong!", 5);
}

static void
a_childs_close_says_nothing(void **state)
{
	(void)state;
	connect_ends();
	assert_int_equal(loop_wait(loop_fork(close_it, &client)), 0);
	assert_false(has_come(server));
	assert_int_equal(loop_wait(loop_fork(close_it, &server)), 0);
	assert_false(has_come(client));
	talk();
	/* It has used them since: now they say goodbye. */
	assert_int_equal(call_close(client), 0);
	assert_true(has_come(server));
	assert_int_equal(dtls_ends_poll(server, POLLIN, 0), POLLHUP);
	assert_int_equal(dtls_ends_sessions(server), 0);
}

static void
whoever_has_not_used_it_closes_silently(void **state)
{
	(void)state;
	connect_ends();
	assert_int_equal(loop_wait(loop_fork(close_it, &client)), 0);
	assert_int_equal(call_close(client), 0);
	assert_false(has_come(server));
}

static int
talk_and_leave(void *arg)
{
	(void)arg;
	if (dtls_ends_send(client, "ping", 4) != 4)
		return 1;
	return call_close(client) != 0;
}

static void
a_child_may_go_on_with_the_session(void **state)
{
	char buf[8];

	(void)state;
	connect_ends();
	assert_int_equal(loop_wait(loop_fork(talk_and_leave, NULL)), 0);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
	assert_int_equal(dtls_ends_poll(server, POLLIN, 0), POLLHUP);
	assert_int_equal(dtls_ends_sessions(server), 0);
}

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)dtls_ends_recv(*(int *)arg, &byte, 1, 0);
}

static void
a_childs_close_leaves_the_parents_blocked_receive(void **state)
{
	pthread_t thread;

	(void)state;
	connect_ends();
	fake_kernel_install();
	thread = loop_start(receive_one, &server);
	/* It looks, and then sleeps until the session would be too old. */
	while (fake_kernel_count(FAKE_POLL) == 0)
		sched_yield();
	assert_int_equal(loop_wait(loop_fork(close_it, &server)), 0);
	assert_int_equal(dtls_ends_send(client, "x", 1), 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	talk();
}

static atomic_bool enough;

static void *
send_always(void *arg)
{
	static const char block[1000];

	while (!atomic_load(&enough))
		(void)dtls_ends_send(*(int *)arg, block, sizeof(block));
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
	struct pollfd p = { .fd = sock, .events = POLLIN };
	char byte;
	const ssize_t n = dtls_ends_recv(sock, &byte, 1, MSG_DONTWAIT);

	if (n < 0 && n != -EAGAIN && n != -EBADF && n != -EIO)
		return 1;
	if (poll_sockets(&p, 1, 0, false) < 0)
		return 2;
	if (n == -EBADF && p.revents != (POLLIN | POLLERR))
		return 3;
	if (n == -EBADF && dtls_ends_send(sock, "x", 1) != -EBADF)
		return 4;
	if (n == -EBADF && dtls_ends_connect(sock, &addr) != -EBADF)
		return 5;
	return call_close(sock) == 0 ? 0 : 6;
}

static void
a_socket_in_use_at_the_fork_hangs_no_child(void **state)
{
	int ends[2];

	(void)state;
	connect_ends();
	ends[0] = client;
	ends[1] = server;
	talk(); /* the server knows whom to send to */
	for (size_t end = 0; end < LEN(ends); end++) {
		pthread_t sender;

		atomic_store(&enough, false);
		sender = loop_start(send_always, &ends[end]);
		for (int i = 0; i < 100; i++)
			assert_int_equal(loop_wait(loop_fork(try_and_close,
			                     &ends[end])),
			    0);
		atomic_store(&enough, true);
		assert_null(loop_join(sender));
	}
	assert_int_equal(dtls_ends_send(client, "x", 1), 1);
}

struct connecting {
	struct sockaddr_in addr;
	int sock;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;

	return (void *)(intptr_t)dtls_ends_connect(c->sock, &c->addr);
}

static int
find_it_unusable(void *arg)
{
	struct connecting *c = arg;
	struct pollfd p = { .fd = c->sock, .events = POLLIN };
	char byte;

	if (dtls_ends_recv(c->sock, &byte, 1, 0) != -EBADF)
		return 1;
	if (dtls_ends_send(c->sock, "x", 1) != -EBADF)
		return 2;
	if (dtls_ends_connect(c->sock, &c->addr) != -EBADF)
		return 3;
	if (poll_sockets(&p, 1, -1, false) != 1 ||
	    p.revents != (POLLIN | POLLERR))
		return 4;
	return call_close(c->sock) == 0 ? 0 : 5;
}

/* A handshake under way is the parent's; a thread of it waits for the end. */
static void
a_handshake_at_the_fork_is_ebadf_in_the_child(void **state)
{
	pthread_t connecter, receiver;
	struct connecting c = { .sock = client };
	const int nobody = dtls_ends_raw(&c.addr);
	intptr_t rc;

	(void)state;
	fake_kernel_install();
	connecter = loop_start(connect_it, &c);
	while (fake_kernel_count(FAKE_POLL) == 0)
		sched_yield();
	receiver = loop_start(receive_one, &client);
	assert_int_equal(loop_wait(loop_fork(find_it_unusable, &c)), 0);
	assert_int_equal(call_close(client), 0);
	assert_int_equal((intptr_t)loop_join(connecter), -EINTR);
	rc = (intptr_t)loop_join(receiver);
	assert_true(rc == -EINTR || rc == -EBADF); /* it may have come late */
	close(nobody);
}

/* The copy of that handshake goes the way of a client that is not heard of. */
static int
serve_another(void *arg)
{
	const int other = dtls_ends_client(true);
	const int verify = TLS_VERIFY_NONE;
	char byte;

	(void)arg;
	if (call_setsockopt(server, TLS_LEVEL, TLS_NAME_PEER_VERIFY, &verify,
	        sizeof(verify)) != 0)
		return 1;
	if (call_fcntl(other, F_SETFL, O_NONBLOCK) != 0 ||
	    dtls_ends_connect(other, &addr) != -EINPROGRESS ||
	    !dtls_ends_finish(other, server))
		return 2;
	if (dtls_ends_send(other, "x", 1) != 1)
		return 3;
	if (dtls_ends_recv(server, &byte, 1, 0) != 1)
		return 4;
	if (call_close(other) != 0)
		return 5;
	if (limits_set("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 1) != 0 ||
	    dtls_ends_poll(server, POLLIN, 50) != POLLHUP)
		return 6;
	/* That was the other's close_notify; the copy is silent for good. */
	while (dtls_ends_sessions(server) != 0) {
		if (dtls_ends_poll(server, POLLIN, 50) < 0)
			return 7;
	}
	return call_close(server) == 0 ? 0 : 8;
}

static void *
come(void *arg)
{
	return (void *)(intptr_t)dtls_ends_connect(*(int *)arg, &addr);
}

static void
a_child_may_serve_while_a_callback_runs_in_the_parent(void **state)
{
	const int tags[] = { LOOP_CA_TAG, LOOP_SERVER_TAG, DTLS_ENDS_PSK_TAG };
	pthread_t threads[2];
	int guest = dtls_ends_client(false);

	(void)state;
	profile_set(PROFILE_LINUX);
	atomic_store(&asker_inside, false);
	atomic_store(&asker_go_on, false);
	assert_int_equal(call_setsockopt(guest, TLS_LEVEL,
	                     TLS_NAME_SEC_TAG_LIST, tags, 2 * sizeof(int)),
	    0);
	assert_int_equal(call_setsockopt(server, TLS_LEVEL,
	                     TLS_NAME_SEC_TAG_LIST, tags, sizeof(tags)),
	    0);
	dtls_ends_set_int(server, TLS_NAME_PEER_VERIFY, TLS_VERIFY_REQUIRED);
	asker_set(server, asker_hold, NULL);
	threads[0] = loop_start(receive_one, &server);
	threads[1] = loop_start(come, &guest);
	while (!atomic_load(&asker_inside))
		sched_yield();
	assert_int_equal(loop_wait(loop_fork(serve_another, NULL)), 0);
	atomic_store(&asker_go_on, true);
	assert_int_equal((intptr_t)loop_join(threads[1]), 0);
	assert_int_equal(dtls_ends_send(guest, "x", 1), 1);
	assert_int_equal((intptr_t)loop_join(threads[0]), 1);
	assert_int_equal(call_close(guest), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_childs_close_says_nothing),
		TEST(whoever_has_not_used_it_closes_silently),
		TEST(a_child_may_go_on_with_the_session),
		TEST(a_childs_close_leaves_the_parents_blocked_receive),
		TEST(a_socket_in_use_at_the_fork_hangs_no_child),
		TEST(a_handshake_at_the_fork_is_ebadf_in_the_child),
		TEST(a_child_may_serve_while_a_callback_runs_in_the_parent),
	};

	return cmocka_run_group_tests_name("sock/dtls_fork", tests,
	    dtls_ends_start, dtls_ends_stop);
}
