/*
 * What holding back costs in calls of the kernel, and sending where the program
 * has the kernel's descriptor.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "base/config.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/tls_sock.h"
#include "support/fake_kernel.h"
#include "support/link.h"
#include "support/loop.h"

#define RECORD 16384

static char data[4 * RECORD], buf[4 * RECORD];

/* n messages of size each are there, in as many records. */
static void
bring(struct link *l, size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++)
		peer_send(&l->peer, data + i * size, size);
	link_settle(l);
}

/* Reads len bytes by size and says how often the kernel was asked for them. */
static int
calls_to_read(struct link *l, size_t len, size_t size)
{
	const int before = fake_kernel_count(FAKE_RECVFROM);
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = link_recv(l, buf + done, size, MSG_DONTWAIT);
		assert_true(n > 0);
		done += (size_t)n;
	}
	assert_memory_equal(buf, data, len);
	return fake_kernel_count(FAKE_RECVFROM) - before;
}

static void
start(struct link *l)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 13 + i / 255);
	/* What the handshake has left is not what is counted. */
	link_settle(l);
	assert_int_equal(link_recv(l, buf, 1, MSG_DONTWAIT), -EAGAIN);
	fake_kernel_install();
}

/* The first one's header is asked for by itself; then it comes with the rest. */
static void
a_full_record_is_one_call(struct link *l)
{
	start(l);
	for (int round = 0; round < 5; round++) {
		bring(l, 3, RECORD);
		assert_true(calls_to_read(l, 3 * RECORD, RECORD) <= 3 + 1);
	}
}

static void
a_larger_buffer_takes_several_records_a_call(struct link *l)
{
	start(l);
	bring(l, 3, RECORD);
	assert_true(calls_to_read(l, 3 * RECORD, sizeof(buf)) <= 3);
	bring(l, 50, 100);
	/* One more, to be told that there is nothing else. */
	assert_true(calls_to_read(l, 5000, RECORD) <= 2);
}

/*
 * Its header, most of it, a look at its last byte, and that byte; one more, to
 * be told that there is nothing else, when a read has not been filled.
 */
static void
small_reads_of_one_record_are_four_calls(struct link *l)
{
	start(l);
	for (int round = 0; round < 3; round++) {
		bring(l, 1, 3000);
		assert_true(calls_to_read(l, 3000, 7) <= 4 + 1);
		bring(l, 1, 3000);
		assert_true(calls_to_read(l, 3000, 1) <= 4 + 1);
	}
}

static size_t
left_in_ring(const struct link *l)
{
	struct tls_sock *t = (struct tls_sock *)fdtable_peek(l->sock);
	const void *p;
	size_t n;

	pthread_mutex_lock(&t->lock);
	n = tls_engine_output(t->engine, &p);
	pthread_mutex_unlock(&t->lock);
	return n;
}

static void
make_small(struct link *l, int small)
{
	assert_int_equal(setsockopt(l->sock, SOL_SOCKET, SO_SNDBUF, &small,
	                     sizeof(small)),
	    0);
	assert_int_equal(call_fcntl(l->sock, F_SETFL, O_NONBLOCK), 0);
}

/* Sends by size until EAGAIN; how much. */
static size_t
send_until_full(struct link *l, size_t sent, size_t size)
{
	ssize_t n;

	for (;;) {
		n = link_send(l, data + sent % RECORD, size, 0);
		if (n == -EAGAIN)
			return sent;
		assert_true(n > 0);
		assert_true((size_t)n <= size);
		assert_int_equal(left_in_ring(l), 0);
		sent += (size_t)n;
	}
}

/* How much has come is at least this; it is what was sent. */
static void
take(struct link *l, size_t from, size_t n)
{
	while (n > 0) {
		const size_t some = n < RECORD ? n : RECORD;

		peer_recv(&l->peer, buf, some);
		for (size_t i = 0; i < some; i++)
			assert_int_equal(buf[i], data[(from + i) % RECORD]);
		from += some;
		n -= some;
	}
}

/*
 * A program that was told to wait may go about something else: nothing is left
 * that only its next call would send, and the next message may be another one.
 */
static void
nothing_is_left_behind(struct link *l, size_t size)
{
	size_t sent = 0, taken = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % RECORD % 251);
	make_small(l, 4608);
	for (int round = 0; round < 4; round++) {
		struct pollfd p = { .fd = l->sock, .events = POLLOUT };

		sent = send_until_full(l, sent, size);
		assert_int_equal(left_in_ring(l), 0);
		/* All of it, with no call of the library's meanwhile. */
		take(l, taken, sent - taken);
		taken = sent;
		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(link_send(l, data + sent % RECORD, 3, 0), 3);
		sent += 3;
	}
	take(l, taken, sent - taken);
}

static void
large_sends_leave_nothing_behind(struct link *l)
{
	nothing_is_left_behind(l, 3 * RECORD);
}

static void
middling_sends_leave_nothing_behind(struct link *l)
{
	nothing_is_left_behind(l, 1000);
}

static void
tiny_sends_leave_nothing_behind(struct link *l)
{
	nothing_is_left_behind(l, 7);
}

/* Who waits for the descriptor must not be sent away at once. */
static void
there_is_room_as_long_as_the_kernel_says_so(struct link *l)
{
	const int small = 4608; /* and soon full */
	struct pollfd p = { .fd = l->sock, .events = POLLOUT };

	assert_int_equal(setsockopt(l->peer.kfd, SOL_SOCKET, SO_RCVBUF, &small,
	                     sizeof(small)),
	    0);
	make_small(l, 1); /* so small that it is hardly a record's */
	for (int i = 0; poll(&p, 1, 50) == 1; i++) {
		assert_true(i < 10000);
		assert_true(link_send(l, data, 1000, 0) > 0);
	}
}

static void *
drain(void *arg)
{
	take(arg, 0, 2 * sizeof(data));
	return NULL;
}

/* A call that may wait sends all, whatever room there is. */
static void
a_blocking_send_takes_all(struct link *l)
{
	pthread_t thread;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % RECORD % 251);
	make_small(l, 4608);
	assert_int_equal(call_fcntl(l->sock, F_SETFL, 0), 0);
	thread = loop_start(drain, l);
	for (int i = 0; i < 2; i++)
		assert_int_equal(link_send(l, data, sizeof(data), 0),
		    sizeof(data));
	assert_null(loop_join(thread));
	assert_int_equal(left_in_ring(l), 0);
}

/* Room is asked for when it may have run out, not for each message. */
static void
room_is_asked_for_seldom(struct link *l)
{
	start(l);
	assert_int_equal(call_fcntl(l->sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(link_send(l, "x", 1, 0), 1);
	fake_kernel_install();
	for (int i = 0; i < 10; i++)
		assert_int_equal(link_send(l, data, 100, 0), 100);
	assert_int_equal(fake_kernel_count(FAKE_SENDTO), 10);
	assert_true(fake_kernel_count(FAKE_GETSOCKOPT) <= 3);
}

#define ALL(test) \
	{ \
		.name = #test, .run = test \
	}

static const struct link_case cases[] = {
	ALL(a_full_record_is_one_call),
	ALL(a_larger_buffer_takes_several_records_a_call),
	ALL(small_reads_of_one_record_are_four_calls),
	ALL(large_sends_leave_nothing_behind),
	ALL(middling_sends_leave_nothing_behind),
	ALL(tiny_sends_leave_nothing_behind),
	ALL(there_is_room_as_long_as_the_kernel_says_so),
	ALL(a_blocking_send_takes_all),
	ALL(room_is_asked_for_seldom),
};

int
main(void)
{
	if (!fdtable_use_kernel_numbers())
		return 1;
	profile_set(PROFILE_LINUX);
	return link_run("sock/tls_hold_calls", cases, LEN(cases));
}
