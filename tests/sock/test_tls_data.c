#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>

#include "base/profile.h"
#include "sock/call.h"
#include "support/capture.h"
#include "support/fake_kernel.h"
#include "support/link.h"
#include "support/loop.h"

#define MORE (1 << 20) /* bytes that are sent once the line was full */
#define PIECE 100000

/* A byte that shows where it belongs. */
static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i ^ (i >> 8) ^ (i >> 16));
}

static void
fill_pattern(unsigned char *p, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = byte_at(from + i);
}

struct reading {
	struct peer *peer;
	size_t len;
};

/* Reads that many bytes; NULL if all are in their places. */
static void *
read_pattern(void *arg)
{
	const struct reading *r = arg;
	unsigned char buf[16384];
	size_t done = 0, n;

	while (done < r->len) {
		if (SSL_read_ex(r->peer->ssl, buf, sizeof(buf), &n) != 1)
			return arg;
		for (size_t i = 0; i < n; i++) {
			if (buf[i] != byte_at(done + i))
				return arg;
		}
		done += n;
	}
	return NULL;
}

/* The buffer that is sent moves all the time; what counts are its bytes. */
static void
send_parts(struct link *l)
{
	unsigned char *pieces[2] = { malloc(PIECE), malloc(PIECE) };
	struct reading r = { &l->peer, SIZE_MAX };
	size_t sent = 0, parts = 0;
	pthread_t thread = 0;
	ssize_t n;

	assert_true(pieces[0] != NULL && pieces[1] != NULL);
	assert_int_equal(call_fcntl(l->sock, F_SETFL, O_NONBLOCK), 0);
	capture_start();
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, INT_MAX, EAGAIN);
	for (int turn = 0; sent < r.len; turn = !turn) {
		const size_t left = r.len - sent;
		const size_t len = left < PIECE ? left : PIECE;

		fill_pattern(pieces[turn], sent, len);
		n = link_send(l, pieces[turn], len, 0);
		if (n > 0) {
			sent += (size_t)n;
			parts += (size_t)n < len;
			continue;
		}
		assert_int_equal(n, -EAGAIN);
		if (r.len == SIZE_MAX) {
			fake_kernel_remove();
			r.len = sent + MORE;
			assert_int_equal(link_poll(l, POLLOUT, 10000), POLLOUT);
			thread = loop_start(read_pattern, &r);
		}
		assert_int_equal(link_poll(l, POLLOUT, 10000), POLLOUT);
	}
	/* Only what is still in the ring may be missing. */
	assert_int_equal(call_fcntl(l->sock, F_SETFL, 0), 0);
	assert_int_equal(link_send(l, "", 0, 0), 0);
	assert_null(loop_join(thread));
	assert_true(parts > 0);
	assert_null(strstr(capture_text(), "hazard"));
	capture_stop();
	free(pieces[0]);
	free(pieces[1]);
}

static void
warn_of_another_buffer(struct link *l)
{
	static char zeros[65536];

	capture_start();
	link_block(l);
	assert_int_equal(link_send(l, zeros, sizeof(zeros), MSG_DONTWAIT),
	    -EAGAIN);
	assert_int_equal(link_send(l, zeros, 0, MSG_DONTWAIT), -EAGAIN);
	assert_null(strstr(capture_text(), "hazard"));
	zeros[16383] = 1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(link_send(l, zeros, sizeof(zeros),
		                     MSG_DONTWAIT),
		    -EAGAIN);
		/* Once is enough, and Linux has no device. */
		assert_int_equal(strstr(capture_text(), "hazard") != NULL,
		    i == 0 && quirk(QUIRK_TLS_SEND_CHANGED) != 0);
	}
	zeros[16383] = 0;
	capture_stop();
}

/* Beyond what a device would have taken, the data may differ. */
static void
allow_another_rest(struct link *l)
{
	static char zeros[65536];

	capture_start();
	link_block(l);
	assert_int_equal(link_send(l, zeros, sizeof(zeros), MSG_DONTWAIT),
	    -EAGAIN);
	zeros[16384] = 1;
	assert_int_equal(link_send(l, zeros, sizeof(zeros), MSG_DONTWAIT),
	    -EAGAIN);
	zeros[16384] = 0;
	assert_null(strstr(capture_text(), "hazard"));
	capture_stop();
}

#define PIECES 64

static void
send_pieces_in_one_flight(struct link *l)
{
	unsigned char data[PIECES * 100], got[sizeof(data)];
	struct iovec iov[PIECES];
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = PIECES };

	fill_pattern(data, 0, sizeof(data));
	for (size_t i = 0; i < PIECES; i++)
		iov[i] = (struct iovec){ data + i * 100, 100 };
	fake_kernel_install();
	assert_int_equal(call_sendmsg(l->sock, &m, 0), sizeof(data));
	assert_int_equal(fake_kernel_count(FAKE_SENDTO), 1);
	fake_kernel_remove();
	peer_recv(&l->peer, got, sizeof(got));
	assert_memory_equal(got, data, sizeof(data));
}

static void
send_records_in_one_flight(struct link *l)
{
	unsigned char *data = malloc(2 * 65536);

	assert_non_null(data);
	fill_pattern(data, 0, 65536);
	fake_kernel_install();
	assert_int_equal(link_send(l, data, 65536, 0), 65536);
	assert_int_equal(fake_kernel_count(FAKE_SENDTO), 1);
	fake_kernel_remove();
	peer_recv(&l->peer, data + 65536, 65536);
	assert_memory_equal(data, data + 65536, 65536);
	free(data);
}

static void
receive_records_in_one_go(struct link *l)
{
	unsigned char data[20000], got[sizeof(data) + 1];

	fill_pattern(data, 0, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i += 1000)
		peer_send(&l->peer, data + i, 1000);
	peer_settle(&l->peer);
	fake_kernel_install();
	assert_int_equal(link_recv(l, got, sizeof(got), 0), sizeof(data));
	assert_int_equal(fake_kernel_count(FAKE_RECVFROM), 1);
	fake_kernel_remove();
	assert_memory_equal(got, data, sizeof(data));
}

#define LONG 71000

static void
send_a_long_message_in_small_records(struct link *l)
{
	unsigned char *data = malloc(2 * LONG);
	struct iovec iov[3] = { { data, 1000 }, { data + 1000, 60000 },
		{ data + 61000, LONG - 61000 } };
	const struct msghdr m = { .msg_iov = iov, .msg_iovlen = LEN(iov) };
	size_t done = 0, n;

	assert_non_null(data);
	fill_pattern(data, 0, LONG);
	assert_int_equal(call_sendmsg(l->sock, &m, 0), LONG);
	while (done < LONG) {
		assert_int_equal(SSL_read_ex(l->peer.ssl, data + LONG + done,
		                     LONG - done, &n),
		    1);
		assert_in_range(n, 1, 2048);
		done += n;
	}
	assert_memory_equal(data, data + LONG, LONG);
	free(data);
}

static void
send_takes_one_small_record(struct link *l)
{
	unsigned char data[5000], got[sizeof(data)];

	fill_pattern(data, 0, sizeof(data));
	assert_int_equal(link_send(l, data, 512, 0), 512);
	assert_int_equal(link_send(l, data + 512, 4488, 0), 512);
	loop_send_all(l->sock, data + 1024, 3976);
	peer_recv(&l->peer, got, sizeof(got));
	assert_memory_equal(data, got, sizeof(data));
}

static void
a_byte_at_a_time(struct link *l)
{
	unsigned char data[300], got[sizeof(data)];

	fill_pattern(data, 0, sizeof(data));
	fake_kernel_install();
	fake_kernel_cap(1);
	loop_send_all(l->sock, data, sizeof(data));
	peer_recv(&l->peer, got, sizeof(got));
	assert_memory_equal(data, got, sizeof(data));
	memset(got, 0, sizeof(got));
	peer_send(&l->peer, data, sizeof(data));
	loop_recv_all(l->sock, got, sizeof(got));
	assert_memory_equal(data, got, sizeof(data));
	assert_true(fake_kernel_count(FAKE_SENDTO) >= 300);
}

static void
dontwait_does_not(struct link *l)
{
	char buf[8];

	assert_int_equal(link_recv(l, buf, 8, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(link_recv(l, buf, 8, MSG_DONTWAIT | MSG_WAITALL),
	    -EAGAIN);
	peer_send(&l->peer, "123", 3);
	peer_settle(&l->peer);
	assert_int_equal(link_recv(l, buf, 8, MSG_DONTWAIT | MSG_WAITALL), 3);
	assert_int_equal(link_recv(l, buf, 8, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(call_fcntl(l->sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(link_recv(l, buf, 8, 0), -EAGAIN);
	assert_int_equal(link_recv(l, buf, 8, MSG_WAITALL), -EAGAIN);
	assert_int_equal(link_send(l, "456", 3, 0), 3);
	assert_int_equal(link_send(l, "78", 2, MSG_DONTWAIT), 2);
	peer_recv(&l->peer, buf, 5);
	assert_memory_equal(buf, "45678", 5);
}

static void *
send_in_pieces(void *arg)
{
	unsigned char piece[1000];
	struct peer *p = arg;
	size_t n;

	for (size_t i = 0; i < 50; i++) {
		fill_pattern(piece, i * sizeof(piece), sizeof(piece));
		if (SSL_write_ex(p->ssl, piece, sizeof(piece), &n) != 1)
			return arg;
	}
	return NULL;
}

static void
waitall_waits_for_all(struct link *l)
{
	static unsigned char got[50000];
	const pthread_t thread = loop_start(send_in_pieces, &l->peer);

	assert_int_equal(link_recv(l, got, sizeof(got), MSG_WAITALL),
	    sizeof(got));
	assert_null(loop_join(thread));
	for (size_t i = 0; i < sizeof(got); i++)
		assert_int_equal(got[i], byte_at(i));
}

static void
waitall_ends_with_the_stream(struct link *l)
{
	char buf[8];

	peer_send(&l->peer, "12", 2);
	assert_int_equal(SSL_shutdown(l->peer.ssl), 0);
	assert_int_equal(link_recv(l, buf, 8, MSG_WAITALL), 2);
	assert_int_equal(link_recv(l, buf, 8, MSG_WAITALL), 0);
}

static void
trunc_is_ignored(struct link *l)
{
	char buf[8];

	peer_send(&l->peer, "12345678", 8);
	assert_int_equal(link_recv(l, buf, 4, MSG_TRUNC), 4);
	assert_int_equal(link_recv(l, buf + 4, 4, 0), 4);
	assert_memory_equal(buf, "12345678", 8);
}

static void
peek_is_refused_and_takes_nothing(struct link *l)
{
	char byte;

	peer_send(&l->peer, "x", 1);
	assert_int_equal(link_recv(l, &byte, 1, MSG_PEEK), -ENOTSUP);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
}

static void
nothing_is_sent_and_received_at_once(struct link *l)
{
	struct iovec iov[2] = { { NULL, 0 }, { NULL, 0 } };
	const struct msghdr empty = { .msg_iov = iov, .msg_iovlen = 2 };
	const struct msghdr none = { 0 };
	char byte = 0;

	assert_int_equal(link_recv(l, &byte, 0, 0), 0);
	peer_send(&l->peer, "x", 1);
	assert_int_equal(link_recv(l, &byte, 0, MSG_WAITALL), 0);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	fake_kernel_install();
	assert_int_equal(link_send(l, "x", 0, 0), 0);
	assert_int_equal(call_sendmsg(l->sock, &empty, 0), 0);
	assert_int_equal(call_sendmsg(l->sock, &none, 0), 0);
	assert_int_equal(fake_kernel_count(FAKE_SENDTO), 0);
}

static void
limit(const struct link *l, int option)
{
	const struct timeval tv = { .tv_usec = 20000 };

	assert_int_equal(call_setsockopt(l->sock, SOL_SOCKET, option, &tv,
	                     sizeof(tv)),
	    0);
}

static void
time_is_over(struct link *l)
{
	char buf[8];

	limit(l, SO_RCVTIMEO);
	assert_int_equal(link_recv(l, buf, 8, 0), -EAGAIN);
	peer_send(&l->peer, "123", 3);
	peer_settle(&l->peer);
	assert_int_equal(link_recv(l, buf, 8, MSG_WAITALL), 3);
	limit(l, SO_SNDTIMEO);
	link_block(l);
	assert_int_equal(link_send(l, "x", 1, 0), -EAGAIN);
	assert_int_equal(link_send(l, "x", 1, 0), -EAGAIN);
}

static void
close_notify_is_the_end(struct link *l)
{
	char byte;

	peer_send(&l->peer, "x", 1);
	assert_int_equal(SSL_shutdown(l->peer.ssl), 0);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(link_recv(l, &byte, 1, 0), 0);
		assert_int_equal(link_send(l, "x", 1, 0), -ECONNABORTED);
	}
}

/* It may have ended its own direction only, which nobody knows yet. */
static void
a_bare_end_is_the_end_once_it_is_read(struct link *l)
{
	char byte;

	peer_send(&l->peer, "x", 1);
	assert_int_equal(shutdown(l->peer.kfd, SHUT_WR), 0);
	assert_int_equal(link_send(l, "y", 1, 0), 1);
	peer_recv(&l->peer, &byte, 1);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	for (int i = 0; i < 2; i++) {
		assert_int_equal(link_recv(l, &byte, 1, 0), 0);
		assert_int_equal(link_send(l, "x", 1, 0), -ECONNABORTED);
	}
}

static void
a_reset_is_final(struct link *l)
{
	char byte;

	peer_reset(&l->peer);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(link_recv(l, &byte, 1, 0), -EIO);
		assert_int_equal(link_send(l, "x", 1, 0), -EIO);
	}
}

static const unsigned char junk[] = "\x17\x03\x03\x00\x20"
                                    "0123456789abcdef0123456789abcdef";

static void
a_bad_record_is_final(struct link *l)
{
	char byte;

	peer_send(&l->peer, "x", 1);
	peer_send_raw(&l->peer, junk, sizeof(junk) - 1);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(link_recv(l, &byte, 1, 0), -EIO);
		assert_int_equal(link_send(l, "x", 1, 0), -EIO);
		assert_int_equal(link_poll(l, POLLIN, 0), POLLIN | POLLERR);
	}
}

static atomic_int updates; /* messages of that kind that the peer was sent */

static void
count_updates(int write, int version, int type, const void *buf, size_t len,
    SSL *ssl, void *arg)
{
	const unsigned char *message = buf;

	(void)version;
	(void)ssl;
	(void)arg;
	if (!write && type == SSL3_RT_HANDSHAKE && len > 0 &&
	    message[0] == SSL3_MT_KEY_UPDATE)
		atomic_fetch_add(&updates, 1);
}

static void
keys_are_updated(struct link *l)
{
	char buf[4];

	atomic_store(&updates, 0);
	SSL_set_msg_callback(l->peer.ssl, count_updates);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(SSL_key_update(l->peer.ssl,
		                     i % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED
		                                : SSL_KEY_UPDATE_NOT_REQUESTED),
		    1);
		peer_send(&l->peer, "ping", 4);
		loop_recv_all(l->sock, buf, 4);
		assert_memory_equal(buf, "ping", 4);
		loop_send_all(l->sock, "pong", 4);
		peer_recv(&l->peer, buf, 4);
		assert_memory_equal(buf, "pong", 4);
		assert_int_equal(atomic_load(&updates), i / 2 + 1);
	}
}

/* The answer to it goes before the next data, and waits like them. */
static void
keys_are_updated_while_the_line_is_full(struct link *l)
{
	struct reading r = { &l->peer, SIZE_MAX };
	unsigned char piece[1000];
	pthread_t thread;
	size_t sent = 0;
	char byte;
	ssize_t n;

	assert_int_equal(SSL_key_update(l->peer.ssl, SSL_KEY_UPDATE_REQUESTED),
	    1);
	peer_send(&l->peer, "x", 1);
	do {
		fill_pattern(piece, sent, sizeof(piece));
		n = link_send(l, piece, sizeof(piece), MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	r.len = sent + sizeof(piece);
	atomic_store(&updates, 0);
	SSL_set_msg_callback(l->peer.ssl, count_updates);
	thread = loop_start(read_pattern, &r);
	fill_pattern(piece, sent, sizeof(piece));
	loop_send_all(l->sock, piece, sizeof(piece));
	assert_null(loop_join(thread));
	assert_int_equal(atomic_load(&updates), 1);
}

/* Why the peer failed; what it does is an SSL call that cannot succeed. */
static int
reason_of(int rc)
{
	const int reason = rc == 1 ? 0 : ERR_GET_REASON(ERR_peek_error());

	ERR_clear_error();
	return reason;
}

/* OpenSSL gives up when it is refused, and says why it does. */
static void
a_server_is_refused_renegotiation(struct link *l)
{
	char byte;

	assert_int_equal(SSL_renegotiate(l->peer.ssl), 1);
	assert_int_equal(SSL_do_handshake(l->peer.ssl), 1);
	peer_send(&l->peer, "x", 1);
	assert_int_equal(link_recv(l, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(reason_of(SSL_read(l->peer.ssl, &byte, 1)),
	    SSL_R_NO_RENEGOTIATION);
	assert_int_equal(link_recv(l, &byte, 1, 0), -EIO);
}

static void *
renegotiate(void *arg)
{
	struct peer *p = arg;

	if (SSL_renegotiate(p->ssl) != 1)
		return NULL;
	return (void *)(intptr_t)reason_of(SSL_do_handshake(p->ssl));
}

static void
a_client_is_refused_renegotiation(struct link *l)
{
	pthread_t thread;
	char byte;

	thread = loop_start(renegotiate, &l->peer);
	assert_int_equal(link_recv(l, &byte, 1, 0), -EIO);
	assert_int_equal((intptr_t)loop_join(thread), SSL_R_NO_RENEGOTIATION);
}

static const struct link_case cases[] = {
	{ .name = "what_was_not_taken_is_sent_from_another_place",
	    .run = send_parts },
	{ .name = "another_buffer_after_eagain_is_told",
	    .run = warn_of_another_buffer },
	{ .name = "another_rest_after_eagain_is_not",
	    .run = allow_another_rest },
	{ .name = "many_pieces_leave_in_one_flight",
	    .run = send_pieces_in_one_flight },
	{ .name = "many_records_leave_in_one_flight",
	    .run = send_records_in_one_flight },
	{ .name = "many_records_are_received_in_one_go",
	    .run = receive_records_in_one_go },
	{ .name = "a_long_message_arrives_in_small_records",
	    .run = send_a_long_message_in_small_records,
	    .record = "2048" },
	{ .name = "send_takes_one_small_record",
	    .run = send_takes_one_small_record,
	    .record = "512" },
	{ .name = "a_byte_at_a_time_is_only_slow", .run = a_byte_at_a_time },
	{ .name = "dontwait_does_not", .run = dontwait_does_not },
	{ .name = "waitall_waits_for_all", .run = waitall_waits_for_all },
	{ .name = "waitall_ends_with_the_stream",
	    .run = waitall_ends_with_the_stream },
	{ .name = "trunc_is_ignored", .run = trunc_is_ignored },
	{ .name = "peek_is_refused_and_takes_nothing",
	    .run = peek_is_refused_and_takes_nothing },
	{ .name = "nothing_is_sent_and_received_at_once",
	    .run = nothing_is_sent_and_received_at_once },
	{ .name = "a_time_that_is_over_is_eagain", .run = time_is_over },
	{ .name = "close_notify_is_the_end", .run = close_notify_is_the_end },
	{ .name = "a_bare_end_is_the_end_once_it_is_read",
	    .run = a_bare_end_is_the_end_once_it_is_read },
	{ .name = "a_reset_is_final", .run = a_reset_is_final },
	{ .name = "a_bad_record_is_final", .run = a_bad_record_is_final },
	{ .name = "keys_are_updated",
	    .run = keys_are_updated,
	    .only_version = TLS1_3_VERSION },
	{ .name = "keys_are_updated_while_the_line_is_full",
	    .run = keys_are_updated_while_the_line_is_full,
	    .only_version = TLS1_3_VERSION },
	{ .name = "a_server_is_refused_renegotiation",
	    .run = a_server_is_refused_renegotiation,
	    .only_version = TLS1_2_VERSION,
	    .only = LINK_CLIENT },
	{ .name = "a_client_is_refused_renegotiation",
	    .run = a_client_is_refused_renegotiation,
	    .only_version = TLS1_2_VERSION,
	    .only = LINK_SERVER },
};

int
main(void)
{
	return link_run("sock/tls_data", cases, LEN(cases));
}
