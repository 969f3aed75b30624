/*
 * What poll and select say of a secure stream is what the next call finds; and
 * they sleep while there is nothing to say.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zephyr/zvfs/eventfd.h>

#include "base/deadline.h"
#include "base/profile.h"
#include "support/fake_kernel.h"
#include "support/link.h"
#include "support/loop.h"

#define FAR_MS 10000

/* An idle wait that is long enough to count wake-ups, and how many it has. */
#define IDLE_MS 100
#define WAKE_UPS 4 /* fewer than 50 a second */

/* The same question to poll and to select: one answer. */
static short
ask(const struct link *l, short events, int timeout_ms)
{
	struct zsock_timeval tv = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000 };
	const short polled = link_poll(l, events, timeout_ms);
	zsock_fd_set r, w, e;
	int bits;

	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	if (events & POLLIN)
		ZSOCK_FD_SET(l->sock, &r);
	if (events & POLLOUT)
		ZSOCK_FD_SET(l->sock, &w);
	ZSOCK_FD_SET(l->sock, &e);
	bits = zsock_select(l->sock + 1, &r, &w, &e, &tv);
	assert_int_equal(bits,
	    ZSOCK_FD_ISSET(l->sock, &r) + ZSOCK_FD_ISSET(l->sock, &w) +
	        ZSOCK_FD_ISSET(l->sock, &e));
	assert_int_equal(ZSOCK_FD_ISSET(l->sock, &r), (polled & POLLIN) != 0);
	if ((polled & (POLLHUP | POLLERR)) == 0)
		assert_int_equal(ZSOCK_FD_ISSET(l->sock, &w),
		    (polled & POLLOUT) != 0);
	/* To Linux neither is an exception. */
	assert_int_equal(ZSOCK_FD_ISSET(l->sock, &e),
	    profile_get() != PROFILE_LINUX &&
	        (polled & (POLLHUP | POLLERR)) != 0);
	return polled;
}

/* Nothing comes of it, and the process sleeps meanwhile. */
static void
assert_idle(const struct link *l, short events)
{
	const int64_t start = deadline_now_ns();
	int before;

	fake_kernel_install();
	before = fake_kernel_count(FAKE_RECVFROM);
	assert_int_equal(link_poll(l, events, IDLE_MS), 0);
	assert_true(deadline_now_ns() - start >= IDLE_MS * INT64_C(990000));
	assert_in_range(fake_kernel_count(FAKE_POLL), 2, WAKE_UPS);
	assert_in_range(fake_kernel_count(FAKE_RECVFROM) - before, 0, WAKE_UPS);
	fake_kernel_remove();
	assert_int_equal(ask(l, events, 0), 0);
}

static int
queued_in_kernel(const struct link *l)
{
	int n = -1;

	assert_int_equal(ioctl(loop_kfd(l->sock), FIONREAD, &n), 0);
	return n;
}

/* The peer's bytes are there for the kernel to give. */
static void
await_bytes(struct link *l)
{
	peer_settle(&l->peer);
}

static void
queued_data(struct link *l)
{
	char buf[4];

	assert_int_equal(ask(l, POLLIN, 0), 0);
	peer_send(&l->peer, "data", 4);
	await_bytes(l);
	assert_true(queued_in_kernel(l) > 0);
	assert_int_equal(ask(l, POLLIN, 0), POLLIN);
	assert_int_equal(link_recv(l, buf, 4, MSG_DONTWAIT), 4);
	assert_idle(l, POLLIN);
}

static void
next_record_in_engine(struct link *l)
{
	char buf[5];

	peer_send(&l->peer, "first", 5);
	peer_send(&l->peer, "next", 4);
	await_bytes(l);
	assert_int_equal(link_recv(l, buf, 5, MSG_DONTWAIT), 5);
	assert_int_equal(queued_in_kernel(l), 0);
	assert_int_equal(ask(l, POLLIN, 0), POLLIN);
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN);
	assert_int_equal(link_recv(l, buf, 5, MSG_DONTWAIT), 4);
	assert_idle(l, POLLIN);
}

static void
rest_of_a_record(struct link *l)
{
	char byte;

	peer_send(&l->peer, "rest", 4);
	await_bytes(l);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ask(l, POLLIN, 0), POLLIN);
		assert_int_equal(link_recv(l, &byte, 1, MSG_DONTWAIT), 1);
		assert_int_equal(byte, "rest"[i]);
	}
	assert_idle(l, POLLIN);
}

/* Data after it are seen at once, and it costs them nothing. */
static void
assert_data_still_come(struct link *l)
{
	char buf[4];

	peer_send(&l->peer, "data", 4);
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN);
	assert_int_equal(link_recv(l, buf, 4, MSG_DONTWAIT), 4);
	assert_memory_equal(buf, "data", 4);
}

static void
tickets_alone(struct link *l)
{
	await_bytes(l);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_new_session_ticket(l->peer.ssl), 1);
		assert_int_equal(SSL_do_handshake(l->peer.ssl), 1);
	}
	await_bytes(l);
	assert_idle(l, POLLIN);
	assert_data_still_come(l);
}

static void
key_updates_alone(struct link *l)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_key_update(l->peer.ssl,
		                     SSL_KEY_UPDATE_REQUESTED),
		    1);
		assert_int_equal(SSL_do_handshake(l->peer.ssl), 1);
	}
	await_bytes(l);
	assert_idle(l, POLLIN);
	assert_data_still_come(l);
}

/* A server may ask for it; the peer of this one is told no, and nobody else. */
static void
a_hello_request_alone(struct link *l)
{
	assert_int_equal(SSL_renegotiate(l->peer.ssl), 1);
	assert_int_equal(SSL_do_handshake(l->peer.ssl), 1);
	await_bytes(l);
	assert_idle(l, POLLIN);
	assert_data_still_come(l);
}

/* Bytes of the peer's output, kept from the wire. */
static size_t
seal(struct link *l, const void *data, size_t len, unsigned char *out,
    size_t size)
{
	BIO *wire = SSL_get_wbio(l->peer.ssl), *memory = BIO_new(BIO_s_mem());
	size_t n;

	assert_non_null(memory);
	BIO_up_ref(wire);
	SSL_set0_wbio(l->peer.ssl, memory);
	BIO_up_ref(memory);
	peer_send(&l->peer, data, len);
	SSL_set0_wbio(l->peer.ssl, wire);
	assert_int_equal(BIO_read_ex(memory, out, size, &n), 1);
	BIO_free(memory);
	return n;
}

static void
half_a_record(struct link *l)
{
	unsigned char record[600];
	char buf[500] = "half";
	const size_t n = seal(l, buf, sizeof(buf), record, sizeof(record));

	for (size_t cut = 5; cut < n; cut += n - 6) {
		peer_send_raw(&l->peer, record + (cut > 5 ? 5 : 0),
		    cut > 5 ? cut - 5 : cut);
		await_bytes(l);
		assert_idle(l, POLLIN);
		assert_int_equal(link_recv(l, buf, 1, MSG_DONTWAIT), -EAGAIN);
	}
	peer_send_raw(&l->peer, record + n - 1, 1);
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN);
	assert_int_equal(link_recv(l, buf, sizeof(buf), MSG_DONTWAIT),
	    sizeof(buf));
	assert_string_equal(buf, "half");
}

/* Each byte a segment of its own; nobody is told before the last. */
static void
one_byte_segments(struct link *l)
{
	unsigned char record[600];
	char buf[200] = "bytes";
	const size_t n = seal(l, buf, sizeof(buf), record, sizeof(record));

	assert_int_equal(setsockopt(l->peer.kfd, IPPROTO_TCP, TCP_NODELAY,
	                     &(int){ 1 }, sizeof(int)),
	    0);
	for (size_t i = 0; i < n; i++) {
		struct pollfd p = { loop_kfd(l->sock), POLLIN, 0 };

		assert_int_equal(ask(l, POLLIN, 0), 0);
		peer_send_raw(&l->peer, record + i, 1);
		assert_int_equal(poll(&p, 1, FAR_MS), 1);
	}
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN);
	assert_int_equal(link_recv(l, buf, sizeof(buf), MSG_DONTWAIT),
	    sizeof(buf));
	assert_idle(l, POLLIN);
}

#define RECORDS 100

static void
many_records_in_one_segment(struct link *l)
{
	unsigned char records[RECORDS * 64], data[10];
	size_t n = 0;

	for (int i = 0; i < RECORDS; i++) {
		memset(data, i, sizeof(data));
		n += seal(l, data, sizeof(data), records + n,
		    sizeof(records) - n);
	}
	peer_send_raw(&l->peer, records, n);
	await_bytes(l);
	for (int i = 0; i < RECORDS; i++) {
		assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN);
		assert_int_equal(link_recv(l, data, sizeof(data), MSG_DONTWAIT),
		    sizeof(data));
		assert_int_equal(data[sizeof(data) - 1], i);
	}
	assert_idle(l, POLLIN);
}

static void
close_notify(struct link *l)
{
	char byte;

	peer_send(&l->peer, "x", 1);
	assert_int_equal(SSL_shutdown(l->peer.ssl), 0);
	await_bytes(l);
	/* First what comes before it. */
	assert_int_equal(ask(l, POLLIN, FAR_MS) & POLLIN, POLLIN);
	assert_int_equal(link_recv(l, &byte, 1, MSG_DONTWAIT), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN | POLLHUP);
		assert_int_equal(ask(l, 0, 0), POLLHUP);
		assert_int_equal(link_recv(l, &byte, 1, 0), 0);
	}
}

static void
bare_end(struct link *l)
{
	char byte;

	peer_hang_up(&l->peer);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN | POLLHUP);
		assert_int_equal(link_recv(l, &byte, 1, 0), 0);
	}
}

static void
reset(struct link *l)
{
	char byte;

	peer_reset(&l->peer);
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN | POLLERR);
	assert_int_equal(link_recv(l, &byte, 1, 0), -ECONNABORTED);
	assert_int_equal(ask(l, 0, 0), POLLERR);
}

/* Who does not ask for the data need not read them first to be told. */
static void
reset_behind_data(struct link *l)
{
	char buf[4];

	peer_send(&l->peer, "data", 4);
	await_bytes(l);
	assert_int_equal(link_recv(l, buf, 1, 0), 1);
	peer_reset(&l->peer);
	fake_kernel_install();
	assert_int_equal(link_poll(l, 0, FAR_MS), POLLERR | POLLHUP);
	assert_in_range(fake_kernel_count(FAKE_POLL), 1, WAKE_UPS);
	fake_kernel_remove();
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN);
	assert_int_equal(link_recv(l, buf, 4, 0), 3);
	assert_memory_equal(buf, "ata", 3);
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN | POLLERR);
}

static void
bad_record(struct link *l)
{
	static const unsigned char junk[] = "\x17\x03\x03\x00\x20"
	                                    "0123456789abcdef"
	                                    "0123456789abcdef";
	char byte;

	peer_send_raw(&l->peer, junk, sizeof(junk) - 1);
	assert_int_equal(ask(l, POLLIN, FAR_MS), POLLIN | POLLERR);
	assert_int_equal(link_recv(l, &byte, 1, 0), -ECONNABORTED);
	assert_int_equal(link_send(l, "x", 1, 0), -ECONNABORTED);
}

static void *
read_always(void *arg)
{
	static char sink[65536];
	struct peer *p = arg;

	while (SSL_read(p->ssl, sink, sizeof(sink)) > 0)
		continue;
	return NULL;
}

/* No room is no POLLOUT, though the kernel may find some; after it is room. */
static void
room(struct link *l)
{
	static const char block[65536];
	pthread_t reader;

	assert_int_equal(ask(l, POLLIN | POLLOUT, 0), POLLOUT);
	loop_fill(l->sock);
	assert_idle(l, POLLOUT);
	reader = loop_start(read_always, &l->peer);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(link_poll(l, POLLOUT, FAR_MS), POLLOUT);
		assert_true(
		    link_send(l, block, sizeof(block), MSG_DONTWAIT) > 0);
	}
	assert_int_equal(shutdown(l->peer.kfd, SHUT_RD), 0);
	(void)loop_join(reader);
}

/* Ciphertext that could not leave must leave, but is no reason to spin. */
static void
output_waits_while_input_is_asked_for(struct link *l)
{
	static const char block[65536];
	pthread_t reader;

	loop_fill(l->sock);
	assert_idle(l, POLLIN);
	peer_send(&l->peer, "data", 4);
	assert_int_equal(ask(l, POLLIN | POLLOUT, FAR_MS), POLLIN);
	reader = loop_start(read_always, &l->peer);
	assert_int_equal(link_poll(l, POLLOUT, FAR_MS), POLLOUT);
	assert_true(link_send(l, block, sizeof(block), MSG_DONTWAIT) > 0);
	assert_int_equal(shutdown(l->peer.kfd, SHUT_RD), 0);
	(void)loop_join(reader);
}

/* Secure, plain, pair and event in one wait: each is told of for itself. */
static void
mixed_set(struct link *l)
{
	const int event = zvfs_eventfd(0, 0);
	int pair[2];
	struct zsock_pollfd fds[4];

	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0,
	                     pair),
	    0);
	fds[0] = (struct zsock_pollfd){ l->sock, ZSOCK_POLLIN, 0 };
	fds[1] = (struct zsock_pollfd){ event, ZSOCK_POLLIN, 0 };
	fds[2] = (struct zsock_pollfd){ pair[0], ZSOCK_POLLIN, 0 };
	fds[3] = (struct zsock_pollfd){
		.fd = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0),
		.events = ZSOCK_POLLIN,
	};
	assert_int_equal(zsock_poll(fds, 4, IDLE_MS / 10), 0);
	peer_send(&l->peer, "one", 3);
	peer_send(&l->peer, "two", 3);
	await_bytes(l);
	loop_recv_all(l->sock, (char[3]){ 0 }, 3);
	assert_int_equal(zsock_poll(fds, 4, FAR_MS), 1);
	assert_int_equal(fds[0].revents, ZSOCK_POLLIN);
	assert_int_equal(zsock_send(pair[1], "x", 1, 0), 1);
	assert_int_equal(zvfs_eventfd_write(event, 1), 0);
	assert_int_equal(zsock_poll(fds, 4, FAR_MS), 3);
	assert_int_equal(fds[3].revents, 0);
	for (int i = 1; i < 4; i++)
		assert_int_equal(zsock_close(fds[i].fd), 0);
	assert_int_equal(zsock_close(pair[1]), 0);
}

/* Row 11: a non-blocking socket and a call that does not wait are alike. */
static void
eagain_is_what_poll_says(struct link *l)
{
	char byte;

	assert_int_equal(ask(l, POLLIN, 0), 0);
	assert_int_equal(link_recv(l, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(zsock_fcntl(l->sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK),
	    0);
	assert_int_equal(link_recv(l, &byte, 1, 0), -EAGAIN);
	link_block(l);
	assert_int_equal(ask(l, POLLIN | POLLOUT, 0), 0);
	assert_int_equal(link_send(l, "x", 1, 0), -EAGAIN);
	peer_send(&l->peer, "x", 1);
	assert_int_equal(ask(l, POLLIN | POLLOUT, FAR_MS), POLLIN);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
}

static const struct link_case cases[] = {
	{ .name = "poll_of_0_sees_what_is_queued", .run = queued_data },
	{ .name = "the_next_record_is_in_the_engine",
	    .run = next_record_in_engine },
	{ .name = "the_rest_of_a_record_is_decrypted",
	    .run = rest_of_a_record },
	{ .name = "tickets_alone_are_no_input",
	    .run = tickets_alone,
	    .only_version = TLS1_3_VERSION,
	    .only = LINK_CLIENT },
	{ .name = "key_updates_alone_are_no_input",
	    .run = key_updates_alone,
	    .only_version = TLS1_3_VERSION },
	{ .name = "a_hello_request_alone_is_no_input",
	    .run = a_hello_request_alone,
	    .only_version = TLS1_2_VERSION,
	    .only = LINK_CLIENT },
	{ .name = "half_a_record_is_no_input", .run = half_a_record },
	{ .name = "a_record_in_segments_of_a_byte", .run = one_byte_segments },
	{ .name = "a_hundred_records_in_a_segment",
	    .run = many_records_in_one_segment },
	{ .name = "close_notify_is_input_and_the_end", .run = close_notify },
	{ .name = "a_bare_end_is_input_and_the_end", .run = bare_end },
	{ .name = "a_reset_is_input_and_an_error", .run = reset },
	{ .name = "a_reset_behind_data_is_told_of", .run = reset_behind_data },
	{ .name = "a_bad_record_is_input_and_an_error", .run = bad_record },
	{ .name = "pollout_is_room", .run = room },
	{ .name = "output_that_waits_does_not_spin",
	    .run = output_waits_while_input_is_asked_for },
	{ .name = "all_kinds_in_one_wait", .run = mixed_set },
	{ .name = "eagain_is_what_poll_says", .run = eagain_is_what_poll_says },
};

int
main(void)
{
	return link_run("api/poll_truth", cases, LEN(cases));
}
