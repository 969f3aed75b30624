/*
 * Secure datagrams after a fork: each session is one process's, whoever has the
 * others.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fork.h"
#include "sock/share.h"
#include "support/capture.h"
#include "support/dtls_ends.h"

static struct sockaddr_in addr;
static int server;
static int clients[2];
static struct sockaddr_in names[2];
static int gate[2];

static int
open_ends(void **state)
{
	(void)state;
	profile_set(PROFILE_LINUX);
	assert_int_equal(pipe(gate), 0);
	server = dtls_ends_server(&addr);
	for (int i = 0; i < 2; i++) {
		socklen_t len = sizeof(names[i]);

		clients[i] = dtls_ends_client(true);
		assert_int_equal(dtls_ends_meet(clients[i], server, &addr), 0);
		assert_int_equal(call_getsockname(clients[i],
		                     (struct sockaddr *)&names[i], &len),
		    0);
	}
	assert_int_equal(dtls_ends_sessions(server), 2);
	capture_start();
	return 0;
}

static int
close_ends(void **state)
{
	(void)state;
	capture_stop();
	for (int i = 0; i < 2; i++)
		(void)call_close(clients[i]);
	(void)call_close(server);
	close(gate[0]);
	close(gate[1]);
	return 0;
}

static ssize_t
send_to(int client, const char *text)
{
	return call_sendto(server, text, strlen(text), 0,
	    (struct sockaddr *)&names[client], sizeof(names[client]));
}

static void
wait_at_gate(void)
{
	char byte;

	close(gate[1]);
	if (read(gate[0], &byte, 1) != 0)
		_exit(99);
}

static void
open_gate(void)
{
	assert_int_equal(close(gate[1]), 0);
	gate[1] = -1;
}

/* Exactly this has come, and nothing else. */
static void
got(int client, const char *text)
{
	char buf[40] = "";

	assert_int_equal(dtls_ends_recv(clients[client], buf, sizeof(buf) - 1,
	                     0),
	    strlen(text));
	assert_string_equal(buf, text);
	assert_int_equal(dtls_ends_recv(clients[client], buf, sizeof(buf),
	                     MSG_DONTWAIT),
	    -EAGAIN);
}

static void
was_said_once(void)
{
	const char *said = strstr(capture_text(), "was forked, and process");

	assert_non_null(said);
	assert_null(strstr(said + 1, "was forked, and process"));
}

static bool
has_come(int sock)
{
	struct pollfd p = { .fd = loop_kfd(sock), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Its own goes on; the other's, which the parent has by then, does not. */
static int
serve_the_first(void *arg)
{
	(void)arg;
	if (send_to(0, "child") != 5)
		return 1;
	wait_at_gate();
	if (send_to(1, "late") != -EIO)
		return 2;
	return send_to(0, "again") == 5 ? 0 : 3;
}

static void
each_session_of_a_server_goes_its_own_way(void **state)
{
	const pid_t child = loop_fork(serve_the_first, NULL);
	char buf[40];

	(void)state;
	assert_int_equal(dtls_ends_recv(clients[0], buf, sizeof(buf), 0), 5);
	assert_int_equal(send_to(0, "late"), -EIO);
	assert_int_equal(send_to(0, "late"), -EIO);
	was_said_once();
	assert_int_equal(send_to(1, "parent"), 6);
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	got(1, "parent");
	got(0, "again");
	assert_int_equal(send_to(1, "parent"), 6);
	got(1, "parent");
}

/* Its close says goodbye to whom it has spoken with, and to nobody else. */
static int
serve_and_leave(void *arg)
{
	(void)arg;
	if (send_to(0, "child") != 5)
		return 1;
	return call_close(server) == 0 ? 0 : 2;
}

static void
a_close_ends_the_sessions_of_its_process_alone(void **state)
{
	char buf[40];

	(void)state;
	assert_int_equal(loop_wait(loop_fork(serve_and_leave, NULL)), 0);
	assert_int_equal(dtls_ends_recv(clients[0], buf, sizeof(buf), 0), 5);
	assert_true(has_come(clients[0])); /* close_notify */
	assert_false(has_come(clients[1]));
	assert_int_equal(send_to(1, "parent"), 6);
	got(1, "parent");
}

/* A datagram goes to whoever takes it, and so does its session. */
static int
take_one(void *arg)
{
	struct sockaddr_in from;
	char buf[40];

	(void)arg;
	if (dtls_ends_recvfrom(server, buf, sizeof(buf), 0, &from) != 4)
		return 1;
	if (from.sin_port != names[0].sin_port)
		return 2;
	return send_to(0, "child") != 5;
}

static void
who_takes_a_datagram_has_its_session(void **state)
{
	(void)state;
	assert_int_equal(dtls_ends_send(clients[0], "ping", 4), 4);
	assert_int_equal(loop_wait(loop_fork(take_one, NULL)), 0);
	got(0, "child");
	assert_int_equal(send_to(0, "late"), -EIO);
	assert_false(has_come(clients[0]));
	assert_int_equal(send_to(1, "parent"), 6);
	got(1, "parent");
}

static int
find_the_client_taken(void *arg)
{
	(void)arg;
	wait_at_gate();
	if (dtls_ends_send(clients[0], "x", 1) != -EIO)
		return 1;
	if (dtls_ends_send(clients[0], "x", 1) != -EIO)
		return 2;
	return call_close(clients[0]) == 0 ? 0 : 3;
}

static void
a_client_is_the_first_ones_who_sends(void **state)
{
	const pid_t child = loop_fork(find_the_client_taken, NULL);
	char buf[40];

	(void)state;
	assert_int_equal(dtls_ends_send(clients[0], "ping", 4), 4);
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	was_said_once();
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
	assert_false(has_come(server));
	assert_int_equal(dtls_ends_send(clients[0], "ping", 4), 4);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
}

/* Nothing of either leaves, and closing them says nothing. */
static int
find_all_unusable(void *arg)
{
	(void)arg;
	if (dtls_ends_send(clients[0], "x", 1) != -EBADF)
		return 1;
	if (send_to(1, "x") >= 0)
		return 2;
	if (call_close(clients[0]) != 0 || call_close(server) != 0)
		return 3;
	return 0;
}

static void
all_is_the_parents(void)
{
	char buf[40];

	assert_false(has_come(server));
	assert_false(has_come(clients[0]));
	assert_false(has_come(clients[1]));
	assert_int_equal(dtls_ends_send(clients[0], "ping", 4), 4);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
	assert_int_equal(send_to(1, "parent"), 6);
	got(1, "parent");
}

static void
a_fork_past_libc_leaves_them_to_the_parent(void **state)
{
	const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)state;
	if (child == 0) {
		alarm(20);
		fork_unseen();
		_exit(find_all_unusable(NULL));
	}
	assert_true(child > 0);
	assert_int_equal(loop_wait(child), 0);
	all_is_the_parents();
}

static void
without_words_they_are_the_parents(void **state)
{
	(void)state;
	share_deny(true);
	assert_int_equal(loop_wait(loop_fork(find_all_unusable, NULL)), 0);
	all_is_the_parents();
	share_deny(false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_session_of_a_server_goes_its_own_way),
		TEST(a_close_ends_the_sessions_of_its_process_alone),
		TEST(who_takes_a_datagram_has_its_session),
		TEST(a_client_is_the_first_ones_who_sends),
		TEST(a_fork_past_libc_leaves_them_to_the_parent),
		TEST(without_words_they_are_the_parents),
	};

	return cmocka_run_group_tests_name("sock/dtls_fork_share", tests,
	    dtls_ends_start, dtls_ends_stop);
}
