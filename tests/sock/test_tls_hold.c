/*
 * Receiving where the program has the kernel's descriptor: it is readable as
 * long as there are data, and no longer.
 */
#include "support/test.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <openssl/bio.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/link.h"
#include "support/loop.h"

/* What a program knows of the descriptor by itself. */
static bool
is_readable(const struct link *l)
{
	struct pollfd p = { .fd = l->sock, .events = POLLIN };

	assert_int_equal(loop_kfd(l->sock), l->sock);
	assert_true(poll(&p, 1, 0) >= 0);
	return (p.revents & POLLIN) != 0;
}

static int
watch(const struct link *l, uint32_t events)
{
	struct epoll_event e = { .events = events };
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	assert_true(epoll >= 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, l->sock, &e), 0);
	return epoll;
}

static bool
is_reported(int epoll)
{
	struct epoll_event e;

	return epoll_wait(epoll, &e, 1, 0) == 1;
}

static void
fill(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 251);
}

/* Session tickets and what else a handshake has left are taken in. */
static void
calm(struct link *l)
{
	char byte;

	link_settle(l);
	assert_int_equal(link_recv(l, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	assert_false(is_readable(l));
}

/* Reads it all in pieces of size; each one is asked for and announced. */
static void
read_announced(const struct link *l, const char *data, size_t len, size_t size)
{
	const int epoll = watch(l, EPOLLIN);
	size_t done = 0;
	char buf[4096];
	ssize_t n;

	while (done < len) {
		assert_true(is_readable(l));
		assert_true(is_reported(epoll));
		n = link_recv(l, buf, size, MSG_DONTWAIT);
		assert_true(n > 0);
		assert_true((size_t)n <= len - done);
		assert_memory_equal(buf, data + done, n);
		done += (size_t)n;
	}
	assert_false(is_readable(l));
	assert_false(is_reported(epoll));
	close(epoll);
}

static void
small_reads_of_several_records_are_announced(struct link *l)
{
	char data[3000];

	fill(data, sizeof(data));
	for (size_t at = 0; at < sizeof(data); at += 1000)
		peer_send(&l->peer, data + at, 1000);
	link_settle(l);
	read_announced(l, data, sizeof(data), 7);
	calm(l);
}

/* Sizes that come from nowhere in particular, the same in each run. */
static size_t
next_size(unsigned *seed, size_t most)
{
	*seed = *seed * 1103515245u + 12345u;
	return 1 + (*seed >> 8) % most;
}

static void
reads_of_all_sizes_are_announced(struct link *l)
{
	static char data[16384];
	unsigned seed = 1;

	fill(data, sizeof(data));
	for (int round = 0; round < 60; round++) {
		size_t len = 0;

		for (int records = 0; records < 4; records++) {
			const size_t n = next_size(&seed, 4000);

			peer_send(&l->peer, data + len, n);
			len += n;
		}
		link_settle(l);
		read_announced(l, data, len, next_size(&seed, 4096));
	}
	calm(l);
}

/* To who waits for an edge a buffer that is not full says that all is read. */
static void
a_read_that_is_not_full_has_read_all(struct link *l)
{
	char data[3000], buf[4000];
	int epoll;

	fill(data, sizeof(data));
	calm(l);
	epoll = watch(l, EPOLLIN | EPOLLET);
	for (int round = 0; round < 3; round++) {
		for (size_t at = 0; at < sizeof(data); at += 1000)
			peer_send(&l->peer, data + at, 1000);
		link_settle(l);
		assert_true(is_reported(epoll));
		assert_int_equal(link_recv(l, buf, sizeof(buf), MSG_DONTWAIT),
		    sizeof(data));
		assert_memory_equal(buf, data, sizeof(data));
		assert_false(is_readable(l));
	}
	close(epoll);
}

/* The other way of reading at an edge, with pieces that leave a rest. */
static void
each_message_is_an_edge(struct link *l)
{
	char data[1000], buf[999];
	int epoll;

	fill(data, sizeof(data));
	calm(l);
	epoll = watch(l, EPOLLIN | EPOLLET);
	for (int round = 0; round < 3; round++) {
		peer_send(&l->peer, data, sizeof(data));
		link_settle(l);
		assert_true(is_reported(epoll));
		assert_int_equal(link_recv(l, buf, 999, MSG_DONTWAIT), 999);
		assert_true(is_readable(l));
		assert_int_equal(link_recv(l, buf, 999, MSG_DONTWAIT), 1);
		assert_int_equal(link_recv(l, buf, 999, MSG_DONTWAIT), -EAGAIN);
		assert_false(is_reported(epoll));
	}
	close(epoll);
}

/* The bytes of a record with these data, which do not go to the socket. */
static size_t
make_record(struct link *l, const char *data, size_t len, char *out,
    size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	assert_non_null(bio);
	SSL_set0_wbio(l->peer.ssl, bio);
	peer_send(&l->peer, data, len);
	n = BIO_read(bio, out, (int)size);
	assert_true(n > (int)len);
	assert_int_equal(SSL_set_wfd(l->peer.ssl, l->peer.kfd), 1);
	return (size_t)n;
}

/* It is announced once it is whole, wherever it was cut. */
static void
a_record_in_two_pieces_is_announced_whole(struct link *l)
{
	char data[60], record[200], buf[100];
	size_t len = sizeof(data);

	fill(data, sizeof(data));
	calm(l);
	for (size_t cut = 1; cut < len; cut++) {
		len =
		    make_record(l, data, sizeof(data), record, sizeof(record));
		peer_send_raw(&l->peer, record, cut);
		link_settle(l);
		assert_int_equal(link_recv(l, buf, 1 + cut % 80, MSG_DONTWAIT),
		    -EAGAIN);
		assert_false(is_readable(l));
		peer_send_raw(&l->peer, record + cut, len - cut);
		link_settle(l);
		read_announced(l, data, sizeof(data), 7);
	}
}

static void
a_record_byte_by_byte_is_announced_whole(struct link *l)
{
	char data[60], record[200], buf[7];
	size_t len;

	fill(data, sizeof(data));
	calm(l);
	len = make_record(l, data, sizeof(data), record, sizeof(record));
	for (size_t i = 0; i < len - 1; i++) {
		peer_send_raw(&l->peer, record + i, 1);
		link_settle(l);
		assert_int_equal(link_recv(l, buf, 7, MSG_DONTWAIT), -EAGAIN);
		assert_false(is_readable(l));
	}
	peer_send_raw(&l->peer, record + len - 1, 1);
	link_settle(l);
	read_announced(l, data, sizeof(data), 7);
}

/* A piece of the next record is no reason to wake anybody up. */
static void
half_a_record_behind_the_data_goes_with_them(struct link *l)
{
	char data[60], record[200], buf[60];
	size_t len;

	fill(data, sizeof(data));
	calm(l);
	peer_send(&l->peer, data, sizeof(data));
	len = make_record(l, data, sizeof(data), record, sizeof(record));
	peer_send_raw(&l->peer, record, 20);
	link_settle(l);
	for (int i = 0; i < 59; i++)
		assert_int_equal(link_recv(l, buf, 1, MSG_DONTWAIT), 1);
	assert_true(is_readable(l));
	assert_int_equal(link_recv(l, buf, 60, MSG_DONTWAIT), 1);
	assert_false(is_readable(l));
	peer_send_raw(&l->peer, record + 20, len - 20);
	link_settle(l);
	read_announced(l, data, sizeof(data), 60);
}

static void
records_without_data_are_taken_in(struct link *l)
{
	char buf[7];

	assert_int_equal(SSL_new_session_ticket(l->peer.ssl), 1);
	assert_int_equal(SSL_do_handshake(l->peer.ssl), 1);
	link_settle(l);
	assert_true(is_readable(l));
	assert_int_equal(link_recv(l, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	assert_false(is_readable(l));
	peer_send(&l->peer, "x", 1);
	link_settle(l);
	read_announced(l, "x", 1, 7);
}

/* What a program would find that reads the end in its own time. */
static void
ends_for_ever(const struct link *l)
{
	char byte;

	for (int i = 0; i < 3; i++) {
		assert_true(is_readable(l));
		assert_int_equal(link_recv(l, &byte, 1, MSG_DONTWAIT), 0);
	}
	assert_true(is_readable(l));
}

static void
close_notify_alone_is_the_end_for_ever(struct link *l)
{
	assert_true(SSL_shutdown(l->peer.ssl) >= 0);
	link_settle(l);
	ends_for_ever(l);
}

static void
the_end_comes_after_the_data(struct link *l)
{
	char data[100], buf[7];
	size_t done = 0;
	ssize_t n;

	fill(data, sizeof(data));
	peer_send(&l->peer, data, sizeof(data));
	assert_true(SSL_shutdown(l->peer.ssl) >= 0);
	link_settle(l);
	while (done < sizeof(data)) {
		assert_true(is_readable(l));
		n = link_recv(l, buf, sizeof(buf), MSG_DONTWAIT);
		assert_true(n > 0);
		done += (size_t)n;
	}
	ends_for_ever(l);
}

/* Waits until the kernel knows: there is nothing to be sent after a reset. */
static void
settle_reset(const struct link *l)
{
	struct pollfd p = { .fd = l->sock };

	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true((p.revents & POLLHUP) != 0);
}

/* The reason is the kernel's, whichever call of the library has met it. */
static void
was_reset(const struct link *l)
{
	char text[200];

	assert_true(call_error_text(l->sock, text, sizeof(text)) > 0);
	if (strstr(text, "reset") == NULL)
		fail_msg("%s", text);
}

static void
a_reset_is_readable_and_told(struct link *l)
{
	char byte;

	calm(l);
	peer_reset(&l->peer);
	settle_reset(l);
	assert_true(is_readable(l));
	assert_int_equal(link_recv(l, &byte, 1, MSG_DONTWAIT), -EIO);
	assert_true(is_readable(l));
	was_reset(l);
}

/* What was decrypted is there to be read; the kernel's copy is gone. */
static void
a_reset_in_the_middle_of_a_record_is_told_after_it(struct link *l)
{
	char data[100], buf[200];

	fill(data, sizeof(data));
	calm(l);
	peer_send(&l->peer, data, sizeof(data));
	link_settle(l);
	assert_int_equal(link_recv(l, buf, 7, MSG_DONTWAIT), 7);
	peer_reset(&l->peer);
	settle_reset(l);
	assert_true(is_readable(l));
	assert_int_equal(link_recv(l, buf, 93, MSG_DONTWAIT), 93);
	assert_memory_equal(buf, data + 7, 93);
	assert_true(is_readable(l));
	assert_int_equal(link_recv(l, buf, 1, MSG_DONTWAIT), -EIO);
	assert_true(is_readable(l));
	was_reset(l);
}

/* The connection stays; that the stream has failed is for ever as well. */
static void
a_forged_record_is_readable_for_ever(struct link *l)
{
	char record[200], byte;
	size_t len;

	calm(l);
	len = make_record(l, "hello", 5, record, sizeof(record));
	record[len - 1] ^= 1;
	peer_send_raw(&l->peer, record, len);
	link_settle(l);
	assert_true(link_recv(l, &byte, 1, MSG_DONTWAIT) < 0);
	assert_true(is_readable(l));
	assert_true(link_recv(l, &byte, 1, MSG_DONTWAIT) < 0);
	assert_true(is_readable(l));
}

static void *
receive_much(void *arg)
{
	static char buf[1000];

	return (void *)(intptr_t)link_recv(arg, buf, sizeof(buf), 0);
}

/* The other thread has it, and finds that it is not enough. */
static void
wait_until_taken(const struct link *l)
{
	int left = 1;

	while (left > 0) {
		sched_yield();
		assert_int_equal(ioctl(l->sock, FIONREAD, &left), 0);
	}
}

/* The kernel counts bytes of records, so it is not asked. */
static void
the_least_to_wait_for_is_of_data(struct link *l)
{
	const int least = 500;
	int kernels;
	socklen_t len = sizeof(kernels);
	char data[100];
	pthread_t thread;

	fill(data, sizeof(data));
	calm(l);
	assert_int_equal(call_setsockopt(l->sock, SOL_SOCKET, SO_RCVLOWAT,
	                     &least, sizeof(least)),
	    0);
	assert_int_equal(getsockopt(l->sock, SOL_SOCKET, SO_RCVLOWAT, &kernels,
	                     &len),
	    0);
	assert_int_equal(kernels, 1);
	thread = loop_start(receive_much, l);
	for (int i = 0; i < 5; i++) {
		peer_send(&l->peer, data, sizeof(data));
		link_settle(l);
		wait_until_taken(l);
	}
	assert_int_equal((intptr_t)loop_join(thread), least);
	/* Who does not wait has what there is. */
	peer_send(&l->peer, data, sizeof(data));
	link_settle(l);
	assert_int_equal(link_recv(l, data, sizeof(data), MSG_DONTWAIT), 100);
}

#define ALL(test) \
	{ \
		.name = #test, .run = test \
	}

static const struct link_case cases[] = {
	ALL(small_reads_of_several_records_are_announced),
	ALL(reads_of_all_sizes_are_announced),
	ALL(a_read_that_is_not_full_has_read_all),
	ALL(each_message_is_an_edge),
	ALL(a_record_in_two_pieces_is_announced_whole),
	ALL(a_record_byte_by_byte_is_announced_whole),
	ALL(half_a_record_behind_the_data_goes_with_them),
	{ "records_without_data_are_taken_in",
	    records_without_data_are_taken_in, TLS1_3_VERSION, LINK_CLIENT,
	    NULL },
	ALL(close_notify_alone_is_the_end_for_ever),
	ALL(the_end_comes_after_the_data),
	ALL(a_reset_is_readable_and_told),
	ALL(a_reset_in_the_middle_of_a_record_is_told_after_it),
	ALL(a_forged_record_is_readable_for_ever),
	ALL(the_least_to_wait_for_is_of_data),
};

int
main(void)
{
	if (!fdtable_use_kernel_numbers())
		return 1;
	profile_set(PROFILE_LINUX);
	return link_run("sock/tls_hold", cases, LEN(cases));
}
