/*
 * Numbers that the C library has streams for, tables of descriptors that are
 * full, and threads.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/config.h"
#include "base/kfd.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/names.h"
#include "support/loop_pki.h"

static struct loop_pair pair;

static int
setup(void **state)
{
	return loop_setup(state) == 0 && fdtable_use_kernel_numbers() ? 0 : -1;
}

static int
open_pair(void **state)
{
	(void)state;
	loop_pair_open(&pair, AF_INET, KINDS_TLS_1_2);
	return 0;
}

static int
close_pair(void **state)
{
	(void)state;
	loop_pair_close(&pair);
	return 0;
}

static ssize_t
transmit(int sock, const char *data, size_t len)
{
	return call_sendto(sock, data, len, 0, NULL, 0);
}

/* The kernel has a socket there that is not the connection. */
static bool
has_stand_in(int n)
{
	struct pollfd p = { .fd = n, .events = POLLIN };
	int type = 0;
	socklen_t len = sizeof(type);
	char byte;

	return getsockopt(n, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_DGRAM && fcntl(n, F_GETFD) == FD_CLOEXEC &&
	    write(n, "in the clear", 12) == -1 && read(n, &byte, 1) == -1 &&
	    poll(&p, 1, 0) == 0;
}

/* What was in the place of a stream, by the library and past it. */
static int
use_it(int n)
{
	if (n < 0)
		return 10;
	if (!has_stand_in(n))
		return 11;
	if (transmit(n, "secret", 6) != 6)
		return 12;
	if (call_close(n) != 0)
		return 13;
	return fcntl(n, F_GETFD) == -1 ? 0 : 14;
}

/* Each in a process of its own, whose streams are its own affair. */
static int
copy_to(void *arg)
{
	const int n = *(int *)arg;

	close(n);
	return names_dup(pair.client, n, false) == n ? use_it(n) : 1;
}

static int
put_onto(void *arg)
{
	const int n = *(int *)arg;

	return names_dup_onto(pair.client, n, false) == n ? use_it(n) : 1;
}

static const struct stream_case {
	const char *name;
	int n;
	int (*get)(void *arg);
} streams[] = {
	{ "a_copy_as_stdin", 0, copy_to },
	{ "a_copy_as_stdout", 1, copy_to },
	{ "a_copy_as_stderr", 2, copy_to },
	{ "a_copy_put_onto_stdin", 0, put_onto },
	{ "a_copy_put_onto_stdout", 1, put_onto },
	{ "a_copy_put_onto_stderr", 2, put_onto },
};

static void
a_stream_of_libc_does_not_reach_the_connection(void **state)
{
	const struct stream_case *c = *state;
	int n = c->n;
	char got[6];

	assert_int_equal(loop_wait(loop_fork(c->get, &n)), 0);
	loop_recv_all(pair.server, got, sizeof(got));
	assert_memory_equal(got, "secret", 6);
}

static int
plain_onto_stdin(void *arg)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	int type = 0;
	socklen_t len = sizeof(type);

	(void)arg;
	if (names_dup_onto(sock, 0, false) != 0)
		return 1;
	if (getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return 2;
	return type == SOCK_STREAM ? 0 : 3;
}

static void
a_plain_socket_needs_no_stand_in(void **state)
{
	(void)state;
	assert_int_equal(loop_wait(loop_fork(plain_onto_stdin, NULL)), 0);
}

/* socket() itself may be given such a number. */
static int
hide_new(void *arg)
{
	int sock;

	(void)arg;
	kfd_keep_numbers();
	close(0);
	sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	if (sock != 0)
		return 1;
	if (names_hide(sock) != 0)
		return 2;
	if (!has_stand_in(0) || loop_kfd(sock) <= STDERR_FILENO)
		return 3;
	if (call_fcntl(sock, F_SETFL, O_NONBLOCK) != 0)
		return 4;
	return call_close(sock) == 0 && fcntl(0, F_GETFD) == -1 ? 0 : 5;
}

static void
a_new_socket_is_hidden(void **state)
{
	(void)state;
	assert_int_equal(loop_wait(loop_fork(hide_new, NULL)), 0);
}

static void
other_numbers_need_not_be_hidden(void **state)
{
	(void)state;
	assert_int_equal(names_hide(pair.client), 0);
	assert_int_equal(loop_kfd(pair.client), pair.client);
}

/* There is room for so many descriptors more. */
static void
leave_room(int n)
{
	struct rlimit limit;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		_exit(100);
	for (;;) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fd > 60)
			break;
	}
	limit.rlim_cur = (rlim_t)fd + (rlim_t)n;
	if (fd < 0 || close(fd) != 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		_exit(101);
}

static int
copy_without_room(void *arg)
{
	const int room = *(int *)arg;
	int n;

	leave_room(room);
	n = names_dup(pair.client, 0, false);
	if (room < 2 ? n != -EMFILE : n < 0)
		return 1;
	if (transmit(pair.client, "secret", 6) != 6)
		return 2;
	if (n >= 0 && call_close(n) != 0)
		return 3;
	return call_close(pair.client) == 0 ? 0 : 4;
}

/* Whether the first of the two it takes has room or neither. */
static void
a_full_table_is_emfile_and_the_socket_stays(void **state)
{
	int room = (int)(intptr_t)*state;
	char got[6];

	assert_int_equal(loop_wait(loop_fork(copy_without_room, &room)), 0);
	loop_recv_all(pair.server, got, sizeof(got));
	assert_memory_equal(got, "secret", 6);
}

static int
put_without_room(void *arg)
{
	int ends[2];

	(void)arg;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return 1;
	leave_room(0);
	if (names_dup_onto(pair.client, ends[1], false) != -EMFILE)
		return 2;
	/* What was there is there still. */
	if (fdtable_owns(ends[1]) || write(ends[1], "x", 1) != 1)
		return 3;
	if (names_hide(pair.client) != 0)
		return 4;
	return transmit(pair.client, "secret", 6) == 6 ? 0 : 5;
}

static void
nothing_is_replaced_without_room(void **state)
{
	char got[6];

	(void)state;
	assert_int_equal(loop_wait(loop_fork(put_without_room, NULL)), 0);
	loop_recv_all(pair.server, got, sizeof(got));
	assert_memory_equal(got, "secret", 6);
}

/* The only place left is stdin's: a stand-in has none to be made in. */
static int
copy_to_the_last_place(void *arg)
{
	int n;

	(void)arg;
	n = names_dup(pair.client, 0, false);
	if (n < 0 || call_close(n) != 0)
		return 1; /* it is apart from here on */
	leave_room(0);
	close(0);
	n = names_dup(pair.client, 0, false);
	if (n == 0 && !has_stand_in(0))
		return 2;
	if (n != 0 && n != -EMFILE)
		return 3;
	if (n == -EMFILE && fcntl(0, F_GETFD) != -1)
		return 4;
	return transmit(pair.client, "secret", 6) == 6 ? 0 : 5;
}

static void
the_last_place_is_no_way_to_the_connection(void **state)
{
	char got[6];

	(void)state;
	assert_int_equal(loop_wait(loop_fork(copy_to_the_last_place, NULL)), 0);
	loop_recv_all(pair.server, got, sizeof(got));
	assert_memory_equal(got, "secret", 6);
}

static atomic_bool enough;

static void *
read_always(void *arg)
{
	char buf[100];
	ssize_t n;
	intptr_t total = 0;

	(void)arg;
	while ((n = call_recvfrom(pair.server, buf, sizeof(buf), 0, NULL,
	            NULL)) > 0)
		total += n;
	return (void *)total;
}

/* By a number of its own, which comes and goes. */
static void *
copy_and_send(void *arg)
{
	intptr_t total = 0;

	(void)arg;
	for (int i = 0; i < 300; i++) {
		const int copy = names_dup(pair.client, 0, i % 2 == 0);

		if (copy < 0)
			return (void *)(intptr_t)-1;
		if (transmit(copy, "abc", 3) == 3)
			total += 3;
		if (call_close(copy) != 0)
			return (void *)(intptr_t)-2;
	}
	return (void *)total;
}

/* Numbers of the reader's socket, while it sleeps there. */
static void *
copy_the_readers(void *arg)
{
	const int place = *(int *)arg;

	while (!atomic_load(&enough)) {
		if (names_dup_onto(pair.server, place, false) != place)
			return arg;
		if (call_close(place) != 0)
			return arg;
	}
	return NULL;
}

static void
threads_copy_and_close_while_others_read(void **state)
{
	int places[2] = { 140, 141 };
	const int before = loop_count_descriptors();
	pthread_t reader, senders[3], copiers[2];
	intptr_t sent = 0;

	(void)state;
	atomic_store(&enough, false);
	reader = loop_start(read_always, NULL);
	for (size_t i = 0; i < LEN(copiers); i++)
		copiers[i] = loop_start(copy_the_readers, &places[i]);
	for (size_t i = 0; i < LEN(senders); i++)
		senders[i] = loop_start(copy_and_send, NULL);
	for (size_t i = 0; i < LEN(senders); i++) {
		const intptr_t n = (intptr_t)loop_join(senders[i]);

		assert_int_equal(n, 900);
		sent += n;
	}
	atomic_store(&enough, true);
	for (size_t i = 0; i < LEN(copiers); i++)
		assert_null(loop_join(copiers[i]));
	assert_int_equal(call_shutdown(pair.client, SHUT_WR), 0);
	assert_int_equal((intptr_t)loop_join(reader), sent);
	/* Both sockets are apart now, with a descriptor more each. */
	assert_int_equal(loop_count_descriptors(), before + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)
#define ROOM(n) \
	{ \
		.name = "room_for_" #n "_of_two_descriptors", \
		.test_func = a_full_table_is_emfile_and_the_socket_stays, \
		.setup_func = open_pair, .teardown_func = close_pair, \
		.initial_state = (void *)(intptr_t)(n) \
	}

int
main(void)
{
	struct CMUnitTest tests[9 + LEN(streams)] = {
		TEST(a_plain_socket_needs_no_stand_in),
		TEST(a_new_socket_is_hidden),
		TEST(other_numbers_need_not_be_hidden),
		ROOM(0),
		ROOM(1),
		ROOM(2),
		TEST(nothing_is_replaced_without_room),
		TEST(the_last_place_is_no_way_to_the_connection),
		TEST(threads_copy_and_close_while_others_read),
	};
	size_t n = 9;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	profile_set(PROFILE_LINUX);
	(void)test_rows(tests + n,
	    a_stream_of_libc_does_not_reach_the_connection, streams,
	    LEN(streams), sizeof(streams[0]));
	for (; n < LEN(tests); n++) {
		tests[n].setup_func = open_pair;
		tests[n].teardown_func = close_pair;
	}
	return cmocka_run_group_tests_name("sock/names_hidden", tests, setup,
	    loop_teardown);
}
