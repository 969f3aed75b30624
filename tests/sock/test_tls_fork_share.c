/*
 * Secure streams of which fork has made copies, with the numbers that such
 * programs have.
 */
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/fork.h"
#include "sock/share.h"
#include "support/capture.h"
#include "support/loop.h"
#include "support/peer.h"

static struct pki pki;
static struct peer peer;
static int sock;
static int gate[2];

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	profile_set(PROFILE_LINUX);
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

static ssize_t
transmit(const char *byte)
{
	return call_sendto(sock, byte, 1, 0, NULL, 0);
}

static ssize_t
receive(char *buf, size_t len)
{
	return call_recvfrom(sock, buf, len, MSG_DONTWAIT, NULL, NULL);
}

/* Session tickets are out of the way: they are a test of their own. */
static int
meet(void **state)
{
	const int version = *(const int *)*state;
	char byte;

	assert_int_equal(pipe(gate), 0);
	capture_start();
	sock = peer_serve(&peer, &pki.server, version);
	peer_settle(&peer);
	assert_int_equal(receive(&byte, 1), -EAGAIN);
	(void)capture_text();
	return 0;
}

static int
part(void **state)
{
	(void)state;
	(void)call_close(sock);
	capture_stop();
	peer_free(&peer);
	close(gate[0]);
	close(gate[1]);
	return 0;
}

/* The child waits until the parent has opened the gate. */
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

static void
talk(void)
{
	char byte = 0;

	assert_int_equal(transmit("p"), 1);
	peer_recv(&peer, &byte, 1);
	assert_int_equal(byte, 'p');
	peer_send(&peer, "q", 1);
	peer_settle(&peer);
	assert_int_equal(receive(&byte, 1), 1);
	assert_int_equal(byte, 'q');
}

static void
peer_hears_nothing(void)
{
	char byte;

	assert_int_equal(recv(peer.kfd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* How often the log says that another process goes on, and pid does. */
static void
was_said(int times, pid_t pid)
{
	const char *text = capture_text();
	char who[40];
	int n = 0;

	snprintf(who, sizeof(who), "process %d goes on with it", (int)pid);
	for (const char *p = text; (p = strstr(p, "was forked")) != NULL; p++)
		n++;
	/* The calls' own failure is no news. */
	assert_null(strstr(text, "Input/output error"));
	if (n != times || (times > 0 && strstr(text, who) == NULL))
		fail_msg("%d times, by %d: %s", n, (int)pid, text);
}

/* Every call of whoever comes second, but close. */
static int
find_it_taken(void *arg)
{
	char byte;

	(void)arg;
	if (transmit("x") != -EIO)
		return 1;
	if (receive(&byte, 1) != -EIO)
		return 2;
	if (transmit("x") != -EIO)
		return 3;
	return call_close(sock) == 0 ? 0 : 4;
}

static int
find_it_taken_later(void *arg)
{
	wait_at_gate();
	return find_it_taken(arg);
}

static void
the_parent_goes_on(void **state)
{
	const pid_t child = loop_fork(find_it_taken_later, NULL);

	(void)state;
	talk();
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	peer_hears_nothing();
	was_said(1, getpid());
	talk();
}

static int
send_one(void *arg)
{
	(void)arg;
	return transmit("c") != 1;
}

static void
hear_child(void)
{
	char byte = 0;

	peer_recv(&peer, &byte, 1);
	assert_int_equal(byte, 'c');
}

static void
the_child_goes_on(void **state)
{
	const pid_t child = loop_fork(send_one, NULL);

	(void)state;
	assert_int_equal(loop_wait(child), 0);
	hear_child();
	assert_int_equal(find_it_taken(NULL), 0);
	was_said(1, child);
	/* Not even close_notify, which would be a record of the child's. */
	assert_int_equal(SSL_read(peer.ssl, &(char){ 0 }, 1), 0);
	assert_int_equal(SSL_get_shutdown(peer.ssl) & SSL_RECEIVED_SHUTDOWN, 0);
}

/* It is forked again before anybody has used it. */
static int
leave_it_to_a_grandchild(void *arg)
{
	const pid_t child = loop_fork(send_one, NULL);

	if (loop_wait(child) != 0)
		return 10;
	return find_it_taken(arg);
}

static void
a_grandchild_goes_on(void **state)
{
	(void)state;
	assert_int_equal(loop_wait(loop_fork(leave_it_to_a_grandchild, NULL)),
	    0);
	hear_child();
	assert_int_equal(transmit("x"), -EIO);
	assert_int_equal(receive(&(char){ 0 }, 1), -EIO);
	peer_hears_nothing();
}

/* Who has it may be forked once more, and then it is anybody's again. */
static void
each_fork_decides_anew(void **state)
{
	pid_t child = loop_fork(find_it_taken_later, NULL);

	(void)state;
	talk();
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	child = loop_fork(send_one, NULL);
	assert_int_equal(loop_wait(child), 0);
	hear_child();
	(void)capture_text();
	assert_int_equal(transmit("x"), -EIO);
	was_said(1, child);
}

/* A third one has no more to say than the second. */
static int
stay_second(void *arg)
{
	wait_at_gate();
	if (transmit("x") != -EIO)
		return 10;
	return loop_wait(loop_fork(find_it_taken, arg));
}

static void
a_copy_of_the_second_is_second(void **state)
{
	const pid_t child = loop_fork(stay_second, NULL);

	(void)state;
	talk();
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	peer_hears_nothing();
	talk();
}

static int
find_nothing(void *arg)
{
	char byte;

	(void)arg;
	return receive(&byte, 1) != -EAGAIN;
}

static void
who_finds_nothing_has_taken_nothing(void **state)
{
	(void)state;
	assert_int_equal(loop_wait(loop_fork(find_nothing, NULL)), 0);
	was_said(0, 0);
	talk();
}

/* Taking them in moves the keys on, although they are not data. */
static void
who_takes_a_ticket_in_has_the_connection(void **state)
{
	pid_t child;

	(void)state;
	assert_int_equal(SSL_new_session_ticket(peer.ssl), 1);
	assert_int_equal(SSL_do_handshake(peer.ssl), 1);
	peer_settle(&peer);
	child = loop_fork(find_nothing, NULL);
	assert_int_equal(loop_wait(child), 0);
	assert_int_equal(transmit("x"), -EIO);
	was_said(1, child);
	peer_hears_nothing();
}

static int
read_rest(void *arg)
{
	char buf[200];

	(void)arg;
	return receive(buf, 93) != 93;
}

static int
be_refused_later(void *arg)
{
	char buf[200];

	(void)arg;
	wait_at_gate();
	return receive(buf, 93) != -EIO;
}

/*
 * Both have what was decrypted before, and one of them reads it: who moves bytes
 * has the stream.  The byte that is left in the kernel's queue goes once, or the
 * next record would lose its first.
 */
static void
half_read(char *data, size_t len)
{
	char buf[7];

	memset(data, 'd', len);
	peer_send(&peer, data, len);
	peer_settle(&peer);
	assert_int_equal(receive(buf, sizeof(buf)), sizeof(buf));
}

static void
a_rest_is_read_by_one_the_parent_first(void **state)
{
	char data[100], buf[200];
	pid_t child;

	(void)state;
	half_read(data, sizeof(data));
	child = loop_fork(be_refused_later, NULL);
	assert_int_equal(receive(buf, 93), 93);
	peer_send(&peer, data, sizeof(data));
	peer_settle(&peer);
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	assert_int_equal(receive(buf, sizeof(buf)), sizeof(data));
	talk();
}

static int
read_rest_and_next(void *arg)
{
	char buf[200];

	if (read_rest(arg) != 0)
		return 1;
	wait_at_gate();
	return receive(buf, sizeof(buf)) != 100;
}

static void
a_rest_is_read_by_one_the_child_first(void **state)
{
	char data[100], buf[200];
	pid_t child;

	(void)state;
	half_read(data, sizeof(data));
	child = loop_fork(read_rest_and_next, NULL);
	/* Until the kernel has nothing more. */
	while (recv(sock, buf, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
		sched_yield();
	peer_send(&peer, data, sizeof(data));
	peer_settle(&peer);
	assert_int_equal(receive(buf, 93), -EIO);
	open_gate();
	assert_int_equal(loop_wait(child), 0);
	assert_int_equal(transmit("x"), -EIO);
}

static int
find_it_unusable(void)
{
	char byte;

	if (transmit("x") != -EBADF)
		return 1;
	if (receive(&byte, 1) != -EBADF)
		return 2;
	return call_close(sock) == 0 ? 0 : 3;
}

static int
find_it_unusable_in_child(void *arg)
{
	(void)arg;
	return find_it_unusable();
}

/* The child hears of it afterwards, and the parent never. */
static void
a_fork_past_libc_leaves_it_to_the_parent(void **state)
{
	const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)state;
	if (child == 0) {
		alarm(20);
		fork_unseen();
		_exit(find_it_unusable());
	}
	assert_true(child > 0);
	assert_int_equal(loop_wait(child), 0);
	assert_non_null(
	    strstr(capture_text(), "or by other means than fork: EBADF"));
	peer_hears_nothing();
	talk();
}

static void
without_words_the_parent_goes_on(void **state)
{
	(void)state;
	share_deny(true);
	assert_null(share_new());
	assert_int_equal(loop_wait(loop_fork(find_it_unusable_in_child, NULL)),
	    0);
	peer_hears_nothing();
	talk();
	share_deny(false);
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

#define STREAM(test, v) \
	{ \
		.name = #test, .test_func = test, .setup_func = meet, \
		.teardown_func = part, .initial_state = (void *)&versions[v] \
	}
#define BOTH(test) STREAM(test, 0), STREAM(test, 1)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(the_parent_goes_on),
		BOTH(the_child_goes_on),
		BOTH(a_grandchild_goes_on),
		BOTH(each_fork_decides_anew),
		BOTH(a_copy_of_the_second_is_second),
		BOTH(who_finds_nothing_has_taken_nothing),
		STREAM(who_takes_a_ticket_in_has_the_connection, 1),
		BOTH(a_rest_is_read_by_one_the_parent_first),
		BOTH(a_rest_is_read_by_one_the_child_first),
		BOTH(a_fork_past_libc_leaves_it_to_the_parent),
		STREAM(without_words_the_parent_goes_on, 1),
	};

	return cmocka_run_group_tests_name("sock/tls_fork_share", tests, setup,
	    teardown);
}
