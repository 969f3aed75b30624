#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/event.h"
#include "sock/pair.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

#define SIZE 64 /* bytes that the device's buffer has */
#define MUCH (1 << 20)
#define ROUNDS 500

static int sv[2];

static void
open_pair(void)
{
	assert_int_equal(call_socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
}

static void
fill(int sock)
{
	static const char bytes[SIZE];

	assert_int_equal(call_sendto(sock, bytes, SIZE, 0, NULL, 0), SIZE);
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	profile_set(PROFILE_ZEPHYR);
	return 0;
}

/* A call in a thread of its own, and what came of it. */
struct sleeper {
	ssize_t (*call)(int sock);
	int sock;
	ssize_t result;
	pthread_t thread;
};

static void *
run(void *arg)
{
	struct sleeper *s = arg;

	s->result = s->call(s->sock);
	return NULL;
}

static ssize_t
recv_byte(int sock)
{
	char byte;

	/* The flag is ignored: the device waits. */
	return call_recvfrom(sock, &byte, 1,
	    profile_get() == PROFILE_LINUX ? 0 : MSG_DONTWAIT, NULL, NULL);
}

static ssize_t
send_two_bytes(int sock)
{
	return call_sendto(sock, "xy", 2, MSG_DONTWAIT, NULL, 0);
}

static ssize_t
send_message(int sock)
{
	char bytes[100];
	struct iovec iov[] = { { bytes, 100 }, { bytes, 100 } };
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	memset(bytes, 'm', sizeof(bytes));
	return call_sendmsg(sock, &m, 0);
}

static ssize_t
poll_in(int sock)
{
	struct pollfd fd = { sock, POLLIN, 0 };
	const int rc = poll_sockets(&fd, 1, FAR, false);

	return rc == 1 ? fd.revents : rc;
}

static ssize_t
poll_out(int sock)
{
	struct pollfd fd = { sock, POLLOUT, 0 };
	const int rc = poll_sockets(&fd, 1, FAR, false);

	return rc == 1 ? fd.revents : rc;
}

static ssize_t
read_event(int sock)
{
	uint64_t value;

	return call_eventfd_read(sock, &value);
}

static ssize_t
write_event(int sock)
{
	return call_eventfd_write(sock, 2);
}

static ssize_t
recv_event(int sock)
{
	uint64_t value;

	return call_recvfrom(sock, &value, sizeof(value), 0, NULL, NULL);
}

static int
open_empty(void)
{
	open_pair();
	return sv[0];
}

static int
open_full(void)
{
	open_pair();
	fill(sv[0]);
	return sv[0];
}

static int
open_zero(void)
{
	return call_eventfd(0, 0);
}

static int
open_most(void)
{
	const int sock = call_eventfd(0, 0);

	/* 2 more do not fit, though poll would say that 1 does. */
	assert_int_equal(call_eventfd_write(sock, UINT64_MAX - 2), 0);
	return sock;
}

static int
open_full_semaphore(void)
{
	const int sock = call_eventfd(0, EVENT_SEMAPHORE);

	assert_int_equal(call_eventfd_write(sock, UINT64_MAX - 1), 0);
	return sock;
}

/* What ends the wait. */
static void
peer_closes(int sock)
{
	(void)sock;
	assert_int_equal(call_close(sv[1]), 0);
}

static void
peer_sends(int sock)
{
	(void)sock;
	assert_int_equal(call_sendto(sv[1], "x", 1, 0, NULL, 0), 1);
}

static void
peer_reads_one(int sock)
{
	(void)sock;
	assert_int_equal(recv_byte(sv[1]), 1);
}

static void
closed_here(int sock)
{
	assert_int_equal(call_close(sock), 0);
}

static void
made_nonblocking_and_read(int sock)
{
	/* A mode that changes does not end a wait, but room does. */
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	peer_reads_one(sock);
}

static void
one_is_added(int sock)
{
	assert_int_equal(call_eventfd_write(sock, 1), 0);
}

static void
all_is_taken(int sock)
{
	assert_int_equal(read_event(sock), 0);
}

/*
 * The thread has made as many calls of the kernel as it takes to sleep, or is
 * about to make the last: what comes then has to wake it.
 */
static const struct wake_case {
	const char *name;
	enum profile profile;
	int (*open)(void);
	ssize_t (*call)(int sock);
	enum fake_call entry;
	int entries;
	void (*wake)(int sock);
	ssize_t want;
} wakes[] = {
	{ "reader: the peer sends", PROFILE_ZEPHYR, open_empty, recv_byte,
	    FAKE_RECVMSG, 2, peer_sends, 1 },
	{ "reader: the peer closes", PROFILE_ZEPHYR, open_empty, recv_byte,
	    FAKE_RECVMSG, 2, peer_closes, -EPIPE },
	{ "reader, 3.3: the peer closes", PROFILE_ZEPHYR_3_3, open_empty,
	    recv_byte, FAKE_RECVMSG, 2, peer_closes, -EPIPE },
	{ "reader, linux: the peer closes", PROFILE_LINUX, open_empty,
	    recv_byte, FAKE_RECVMSG, 1, peer_closes, 0 },
	{ "reader with unread data at the peer: it closes", PROFILE_ZEPHYR,
	    open_full, recv_byte, FAKE_RECVMSG, 2, peer_closes, -EPIPE },
	{ "reader: closed", PROFILE_ZEPHYR, open_empty, recv_byte, FAKE_RECVMSG,
	    2, closed_here, -EINTR },
	{ "reader, linux: closed", PROFILE_LINUX, open_empty, recv_byte,
	    FAKE_RECVMSG, 1, closed_here, -EINTR },
	{ "writer: the peer reads", PROFILE_ZEPHYR, open_full, send_two_bytes,
	    FAKE_POLL, 1, peer_reads_one, 1 },
	{ "writer: the mode changes", PROFILE_ZEPHYR, open_full, send_two_bytes,
	    FAKE_POLL, 1, made_nonblocking_and_read, 1 },
	{ "writer: the peer closes", PROFILE_ZEPHYR, open_full, send_two_bytes,
	    FAKE_POLL, 1, peer_closes, -EPIPE },
	{ "writer, 3.3: the peer closes", PROFILE_ZEPHYR_3_3, open_full,
	    send_two_bytes, FAKE_POLL, 1, peer_closes, -EPIPE },
	{ "writer: closed", PROFILE_ZEPHYR, open_full, send_two_bytes,
	    FAKE_POLL, 1, closed_here, -EINTR },
	{ "message: the peer closes", PROFILE_ZEPHYR, open_full, send_message,
	    FAKE_POLL, 2, peer_closes, -EPIPE },
	{ "message: closed", PROFILE_ZEPHYR, open_full, send_message, FAKE_POLL,
	    2, closed_here, -EINTR },
	{ "poll for input: the peer sends", PROFILE_ZEPHYR, open_empty, poll_in,
	    FAKE_POLL, 2, peer_sends, POLLIN },
	{ "poll for input: the peer closes", PROFILE_ZEPHYR, open_empty,
	    poll_in, FAKE_POLL, 2, peer_closes, POLLIN },
	{ "poll for input: closed", PROFILE_ZEPHYR, open_empty, poll_in,
	    FAKE_POLL, 2, closed_here, -EINTR },
	{ "poll for room: the peer reads", PROFILE_ZEPHYR, open_full, poll_out,
	    FAKE_POLL, 2, peer_reads_one, POLLOUT },
	{ "poll for room: the peer closes", PROFILE_ZEPHYR, open_full, poll_out,
	    FAKE_POLL, 2, peer_closes, POLLHUP },
	{ "poll for room: closed", PROFILE_ZEPHYR, open_full, poll_out,
	    FAKE_POLL, 2, closed_here, -EINTR },
	{ "eventfd read: a value comes", PROFILE_ZEPHYR, open_zero, read_event,
	    FAKE_POLL, 1, one_is_added, 0 },
	{ "eventfd recv: a value comes", PROFILE_ZEPHYR, open_zero, recv_event,
	    FAKE_POLL, 1, one_is_added, 8 },
	{ "eventfd read: closed", PROFILE_ZEPHYR, open_zero, read_event,
	    FAKE_POLL, 1, closed_here, -EINTR },
	{ "eventfd recv: closed", PROFILE_ZEPHYR, open_zero, recv_event,
	    FAKE_POLL, 1, closed_here, -EINTR },
	{ "eventfd recv, linux: closed", PROFILE_LINUX, open_zero, recv_event,
	    FAKE_POLL, 1, closed_here, -EINTR },
	{ "eventfd write: it is emptied", PROFILE_ZEPHYR, open_most,
	    write_event, FAKE_WRITE, 1, all_is_taken, 0 },
	{ "eventfd write: closed", PROFILE_ZEPHYR, open_most, write_event,
	    FAKE_WRITE, 1, closed_here, -EINTR },
	{ "semaphore write: closed", PROFILE_ZEPHYR, open_full_semaphore,
	    write_event, FAKE_POLL, 1, closed_here, -EINTR },
	{ "eventfd poll: a value comes", PROFILE_ZEPHYR, open_zero, poll_in,
	    FAKE_POLL, 2, one_is_added, POLLIN },
	{ "eventfd poll: it is emptied", PROFILE_ZEPHYR, open_full_semaphore,
	    poll_out, FAKE_POLL, 2, all_is_taken, POLLOUT },
	{ "eventfd poll: closed", PROFILE_ZEPHYR, open_zero, poll_in, FAKE_POLL,
	    2, closed_here, -EINTR },
};

static void
wakes_with_what_the_row_says(void **state)
{
	const struct wake_case *c = *state;
	struct sleeper s = { .call = c->call };

	profile_set(c->profile);
	sv[0] = sv[1] = -1;
	s.sock = c->open();
	assert_true(s.sock >= 0);
	fake_kernel_install();
	s.thread = loop_start(run, &s);
	while (fake_kernel_count(c->entry) < c->entries)
		;
	c->wake(s.sock);
	(void)loop_join(s.thread);
	assert_int_equal(s.result, c->want);
	(void)call_close(s.sock); /* the row may have done either */
	(void)call_close(sv[1]);
}

/* All readers of an eventfd leave, not only one. */
static void
close_wakes_everybody(void **state)
{
	struct sleeper s[6];
	const int sock = call_eventfd(0, 0);

	(void)state;
	fake_kernel_install();
	for (size_t i = 0; i < LEN(s); i++) {
		s[i] = (struct sleeper){ .call = read_event, .sock = sock };
		s[i].thread = loop_start(run, &s[i]);
	}
	while (fake_kernel_count(FAKE_POLL) < (int)LEN(s))
		;
	assert_int_equal(call_close(sock), 0);
	for (size_t i = 0; i < LEN(s); i++) {
		(void)loop_join(s[i].thread);
		assert_int_equal(s[i].result, -EINTR);
	}
}

/* Writers whose values do not fit together: each lets the next one go. */
static void
close_wakes_all_writers(void **state)
{
	struct sleeper s[4];
	const int sock = open_most();

	(void)state;
	fake_kernel_install();
	for (size_t i = 0; i < LEN(s); i++) {
		s[i] = (struct sleeper){ .call = write_event, .sock = sock };
		s[i].thread = loop_start(run, &s[i]);
	}
	while (fake_kernel_count(FAKE_WRITE) < (int)LEN(s))
		;
	assert_int_equal(call_close(sock), 0);
	for (size_t i = 0; i < LEN(s); i++) {
		(void)loop_join(s[i].thread);
		assert_int_equal(s[i].result, -EINTR);
	}
}

/* The device would send 64 bytes of each buffer and answer 200. */
static void
a_message_that_does_not_fit_is_sent_whole(void **state)
{
	struct sleeper s = { .call = send_message };
	char bytes[200];

	(void)state;
	open_pair();
	s.sock = sv[0];
	s.thread = loop_start(run, &s);
	loop_recv_all(sv[1], bytes, sizeof(bytes));
	(void)loop_join(s.thread);
	assert_int_equal(s.result, 200);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 'm');
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_close(sv[1]), 0);
}

/* One direction of a stream: bytes by their position, in odd pieces. */
struct flow {
	int sock;
	unsigned seed;
	bool polled; /* O_NONBLOCK is set, and poll says when to go on */
	atomic_int wrong;
};

static unsigned char
byte_at(const struct flow *f, size_t at)
{
	return (unsigned char)((at * 2654435761u) >> 13) ^
	    (unsigned char)f->seed;
}

static bool
go_on(struct flow *f, ssize_t n, short event)
{
	struct pollfd fd = { f->sock, event, 0 };

	if (n > 0)
		return true;
	return n == -EAGAIN && f->polled &&
	    poll_sockets(&fd, 1, FAR, false) == 1 && fd.revents == event;
}

static void *
pour(void *arg)
{
	struct flow *f = arg;
	unsigned char piece[150];
	size_t done = 0;

	while (done < MUCH) {
		size_t len = 1 + (done * 7) % sizeof(piece);
		ssize_t n;

		if (len > MUCH - done)
			len = MUCH - done;
		for (size_t i = 0; i < len; i++)
			piece[i] = byte_at(f, done + i);
		n = call_sendto(f->sock, piece, len, 0, NULL, 0);
		if (n > SIZE || !go_on(f, n, POLLOUT)) {
			atomic_fetch_add(&f->wrong, 1);
			return NULL;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

static void *
drink(void *arg)
{
	struct flow *f = arg;
	unsigned char piece[100];
	size_t done = 0;

	while (done < MUCH) {
		const ssize_t n = call_recvfrom(f->sock, piece,
		    1 + (done * 5) % sizeof(piece), 0, NULL, NULL);

		if (n > SIZE || !go_on(f, n, POLLIN)) {
			atomic_fetch_add(&f->wrong, 1);
			return NULL;
		}
		for (ssize_t i = 0; i < n; i++) {
			if (piece[i] != byte_at(f, done + (size_t)i))
				atomic_fetch_add(&f->wrong, 1);
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

static void
a_mebibyte_each_way(void **state)
{
	const bool polled = *(const bool *)*state;
	struct flow flows[4];
	pthread_t threads[4];

	open_pair();
	for (int i = 0; i < 4; i++) {
		flows[i] = (struct flow){ .sock = sv[i / 2],
			.seed = i == 0 || i == 3 ? 17 : 99,
			.polled = polled };
		if (polled)
			assert_int_equal(call_fcntl(flows[i].sock, F_SETFL,
			                     O_NONBLOCK),
			    0);
	}
	for (int i = 0; i < 4; i++)
		threads[i] = loop_start(i % 2 == 0 ? pour : drink, &flows[i]);
	for (int i = 0; i < 4; i++) {
		(void)loop_join(threads[i]);
		assert_int_equal(atomic_load(&flows[i].wrong), 0);
	}
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_close(sv[1]), 0);
}

/* Several senders share the room of one end; none of it is lost or doubled. */
static void *
send_many(void *arg)
{
	const int sock = *(const int *)arg;
	char bytes[48] = { 0 };

	for (size_t done = 0; done < MUCH / 16;) {
		size_t len = 1 + done % sizeof(bytes);
		ssize_t n;

		if (len > MUCH / 16 - done)
			len = MUCH / 16 - done;
		n = call_sendto(sock, bytes, len, 0, NULL, 0);
		if (n <= 0)
			return (void *)1;
		done += (size_t)n;
	}
	return NULL;
}

static void
several_senders_share_the_room(void **state)
{
	pthread_t threads[4];
	static char bytes[MUCH / 4];
	struct pollfd fd;
	int queued = -1;

	(void)state;
	open_pair();
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] = loop_start(send_many, &sv[0]);
	for (size_t done = 0; done < sizeof(bytes);) {
		const ssize_t n = call_recvfrom(sv[1], bytes + done,
		    sizeof(bytes) - done, 0, NULL, NULL);

		assert_in_range(n, 1, SIZE);
		done += (size_t)n;
	}
	for (size_t i = 0; i < LEN(threads); i++)
		assert_null(loop_join(threads[i]));
	assert_int_equal(call_ioctl(sv[1], FIONREAD, &queued), 0);
	assert_int_equal(queued, 0);
	fill(sv[0]);
	fd = (struct pollfd){ sv[0], POLLOUT, 0 };
	assert_int_equal(poll_sockets(&fd, 1, 0, false), 0);
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_close(sv[1]), 0);
}

/* Ends come and go while others use their numbers: only known answers come. */
static atomic_bool stop;
static atomic_int strange;

static bool
is_known(ssize_t rc)
{
	return rc >= 0 || rc == -EBADF || rc == -EINTR || rc == -EPIPE;
}

static void *
use(void *arg)
{
	const int sock = *(const int *)arg;
	char bytes[100] = { 0 };
	struct pollfd fd = { sock, POLLIN | POLLOUT, 0 };

	while (!atomic_load(&stop)) {
		if (!is_known(
		        call_sendto(sock, bytes, sizeof(bytes), 0, NULL, 0)) ||
		    !is_known(call_recvfrom(sock, bytes, 50, 0, NULL, NULL)) ||
		    !is_known(poll_sockets(&fd, 1, 0, false)))
			atomic_fetch_add(&strange, 1);
	}
	return NULL;
}

static void
closing_against_use(void **state)
{
	const int before = loop_count_descriptors();
	pthread_t threads[4];
	int numbers[2];

	(void)state;
	open_pair();
	numbers[0] = sv[0];
	numbers[1] = sv[1];
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] = loop_start(use, &numbers[i % 2]);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(call_close(sv[i % 2]), 0);
		assert_int_equal(call_close(sv[1 - i % 2]), 0);
		open_pair();
	}
	atomic_store(&stop, true);
	assert_int_equal(call_close(sv[0]), 0);
	assert_int_equal(call_close(sv[1]), 0);
	for (size_t i = 0; i < LEN(threads); i++)
		(void)loop_join(threads[i]);
	assert_int_equal(atomic_load(&strange), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

int
main(void)
{
	static const bool polled = true, blocked = false;
	const struct CMUnitTest others[] = {
		cmocka_unit_test_teardown(close_wakes_everybody, teardown),
		cmocka_unit_test_teardown(close_wakes_all_writers, teardown),
		cmocka_unit_test(a_message_that_does_not_fit_is_sent_whole),
		{ "a_mebibyte_each_way_blocking", a_mebibyte_each_way, NULL,
		    NULL, (void *)&blocked },
		{ "a_mebibyte_each_way_with_poll", a_mebibyte_each_way, NULL,
		    NULL, (void *)&polled },
		cmocka_unit_test(several_senders_share_the_room),
		cmocka_unit_test(closing_against_use),
	};
	struct CMUnitTest tests[LEN(wakes) + LEN(others)];

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(wakes); i++)
		tests[i] = (struct CMUnitTest){ .name = wakes[i].name,
			.test_func = wakes_with_what_the_row_says,
			.teardown_func = teardown,
			.initial_state = (void *)&wakes[i] };
	memcpy(&tests[LEN(wakes)], others, sizeof(others));
	return cmocka_run_group_tests_name("sock/pair_threads", tests, NULL,
	    NULL);
}
