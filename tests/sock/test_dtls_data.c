/*
 * Datagrams through an open session, both ways: their edges, flags, sizes, and
 * what happens to those that cannot be sent.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/tls_names.h"
#include "support/dtls_pair.h"
#include "support/fake_kernel.h"

#define RECORD_MAX 16384
#define LIMIT_MS 40
#define SLACK_MS 3000

static struct dtls_pair pair;
static const char zeros[100000];

static bool
is_linux(void)
{
	return profile_get() == PROFILE_LINUX;
}

/* What a send answers that has ended its session. */
static int
failed(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3 ? -EIO : -ECONNABORTED;
}

/* The same from the client to the server, and back. */
static void
both_ways(void (*way)(int from, int to))
{
	dtls_pair_open(&pair);
	way(pair.client, pair.server);
	way(pair.server, pair.client);
}

static void
sizes_one_way(int from, int to)
{
	static const size_t sizes[] = { 1, 2, 63, 64, 512, 1023, 1024, 1200,
		1400, 1500, 4096, 9000, RECORD_MAX - 1, RECORD_MAX };
	static char sent[RECORD_MAX], got[RECORD_MAX];

	for (size_t i = 0; i < RECORD_MAX; i++)
		sent[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < LEN(sizes); i++) {
		assert_int_equal(call_sendto(from, sent, sizes[i], 0, NULL, 0),
		    sizes[i]);
		assert_int_equal(dtls_pair_recv(to, got, sizeof(got), 0),
		    sizes[i]);
		assert_memory_equal(sent, got, sizes[i]);
	}
}

static void
a_record_carries_any_size_up_to_16_kib(void)
{
	both_ways(sizes_one_way);
}

static void
edges_one_way(int from, int to)
{
	assert_int_equal(dtls_pair_send(from, "one", 0), 3);
	assert_int_equal(dtls_pair_send(from, "three", MSG_DONTWAIT), 5);
	assert_int_equal(dtls_pair_send(from, "5", 0), 1);
	dtls_pair_expect(to, "one");
	dtls_pair_expect(to, "three");
	dtls_pair_expect(to, "5");
}

static void
datagrams_keep_their_edges(void)
{
	both_ways(edges_one_way);
}

static void
nothing_one_way(int from, int to)
{
	char byte = 0;

	assert_int_equal(dtls_pair_send(from, "", 0), 0);
	assert_int_equal(call_sendto(from, NULL, 0, 0, NULL, 0), 0);
	assert_int_equal(dtls_pair_recv(to, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(dtls_pair_send(from, "x", 0), 1);
	dtls_pair_expect(to, "x");
}

static void
length_0_sends_nothing(void)
{
	both_ways(nothing_one_way);
}

/* The record stays for the next call. */
static void
read_nothing_one_way(int from, int to)
{
	int64_t start = deadline_now_ns();

	assert_int_equal(dtls_pair_recv(to, NULL, 0, MSG_DONTWAIT), -EAGAIN);
	dtls_pair_limit(to, SO_RCVTIMEO, LIMIT_MS);
	assert_int_equal(dtls_pair_recv(to, NULL, 0, 0), -EAGAIN);
	assert_in_range((deadline_now_ns() - start) / 1000000, LIMIT_MS - 2,
	    LIMIT_MS + SLACK_MS);
	dtls_pair_limit(to, SO_RCVTIMEO, 0);
	assert_int_equal(dtls_pair_send(from, "kept", 0), 4);
	assert_int_equal(dtls_pair_recv(to, NULL, 0, 0), 0);
	assert_int_equal(dtls_pair_recv(to, NULL, 0, MSG_TRUNC), 0);
	dtls_pair_expect(to, "kept");
}

static void
length_0_waits_for_data_and_leaves_them(void)
{
	both_ways(read_nothing_one_way);
}

static void
too_short_one_way(int from, int to)
{
	static const int flags[] = { 0, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC,
		MSG_TRUNC | MSG_WAITALL };
	char buf[4];

	for (size_t i = 0; i < LEN(flags); i++) {
		assert_int_equal(dtls_pair_send(from, "0123456789", 0), 10);
		assert_int_equal(dtls_pair_send(from, "next", 0), 4);
		assert_int_equal(dtls_pair_recv(to, buf, sizeof(buf), flags[i]),
		    flags[i] & MSG_TRUNC ? 10 : 4);
		assert_memory_equal(buf, "0123", 4);
		dtls_pair_expect(to, "next");
	}
}

static void
what_does_not_fit_is_thrown_away_and_msg_trunc_counts_it(void)
{
	both_ways(too_short_one_way);
}

static void
flags_one_way(int from, int to)
{
	char buf[64];

	assert_int_equal(dtls_pair_send(from, "one", MSG_NOSIGNAL), 3);
	assert_int_equal(dtls_pair_send(from, "two", 0), 3);
	assert_int_equal(dtls_pair_recv(to, buf, sizeof(buf), MSG_PEEK),
	    -ENOTSUP);
	assert_int_equal(dtls_pair_recv(to, buf, sizeof(buf),
	                     MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT),
	    -ENOTSUP);
	assert_int_equal(dtls_pair_recv(to, buf, sizeof(buf), MSG_WAITALL), 3);
	assert_memory_equal(buf, "one", 3);
	dtls_pair_expect(to, "two");
}

static void
msg_peek_is_enotsup_and_msg_waitall_ignored(void)
{
	both_ways(flags_one_way);
}

static void
patience_one_way(int from, int to)
{
	int64_t start;
	char byte;

	(void)from;
	assert_int_equal(dtls_pair_recv(to, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	dtls_pair_limit(to, SO_RCVTIMEO, LIMIT_MS);
	start = deadline_now_ns();
	assert_int_equal(dtls_pair_recv(to, &byte, 1, 0), -EAGAIN);
	assert_in_range((deadline_now_ns() - start) / 1000000, LIMIT_MS - 2,
	    LIMIT_MS + SLACK_MS);
	dtls_pair_limit(to, SO_RCVTIMEO, 0);
	assert_int_equal(call_fcntl(to, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(dtls_pair_recv(to, &byte, 1, 0), -EAGAIN);
	assert_int_equal(call_fcntl(to, F_SETFL, 0), 0);
}

static void
an_empty_recv_waits_as_it_is_told(void)
{
	both_ways(patience_one_way);
}

/* A server's has no session to wait for. */
static void
so_rcvtimeo_counts_before_a_first_client_as_well(void)
{
	uint16_t port = 0;
	const int sock = dtls_pair_server(AF_INET, &port);
	const int64_t start = deadline_now_ns();
	char byte;

	dtls_pair_limit(sock, SO_RCVTIMEO, LIMIT_MS);
	assert_int_equal(dtls_pair_recv(sock, &byte, 1, 0), -EAGAIN);
	assert_in_range((deadline_now_ns() - start) / 1000000, LIMIT_MS - 2,
	    LIMIT_MS + SLACK_MS);
}

static void
address_one_way(int from, int to)
{
	struct sockaddr_storage real, got;
	socklen_t real_len = sizeof(real);

	assert_int_equal(call_getsockname(from, (struct sockaddr *)&real,
	                     &real_len),
	    0);
	/* A client's own address is the one that its datagrams come from. */
	for (socklen_t room = 0; room <= sizeof(got); room += 4) {
		const socklen_t most = room < real_len ? room : real_len;
		socklen_t len = room;
		char byte;

		memset(&got, 0xa5, sizeof(got));
		assert_int_equal(dtls_pair_send(from, "x", 0), 1);
		assert_int_equal(call_recvfrom(to, &byte, 1, 0,
		                     (struct sockaddr *)&got, &len),
		    1);
		assert_int_equal(len, most);
		assert_memory_equal(&got, &real, most);
		if (most < sizeof(got))
			assert_int_equal(((unsigned char *)&got)[most], 0xa5);
	}
}

static void
the_address_is_cut_and_so_is_its_length(void)
{
	both_ways(address_one_way);
}

/* A session of the same two, if a refused datagram has ended it. */
static void
meet_again(void)
{
	char byte;

	if (is_linux())
		return;
	assert_int_equal(dtls_pair_recv(pair.server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	dtls_pair_kill(pair.server);
	pair.server = dtls_pair_server(AF_INET, &pair.port);
	dtls_pair_serve(pair.server);
	assert_int_equal(dtls_pair_send(pair.client, "!", 0), 1);
	dtls_pair_served();
	dtls_pair_expect(pair.server, "!");
}

static void
refused_at_the_client(size_t len)
{
	char byte;

	assert_int_equal(call_sendto(pair.client, zeros, len, 0, NULL, 0),
	    is_linux() ? -EMSGSIZE : failed());
	if (!is_linux())
		assert_int_equal(dtls_pair_recv(pair.client, &byte, 1, 0),
		    -ENOTCONN);
	meet_again();
	assert_int_equal(dtls_pair_send(pair.client, "good", 0), 4);
	dtls_pair_expect(pair.server, "good");
}

static void
refused_at_the_server(size_t len)
{
	assert_int_equal(call_sendto(pair.server, zeros, len, 0, NULL, 0),
	    is_linux() ? -EMSGSIZE : failed());
	assert_int_equal(dtls_pair_send(pair.server, "good", 0),
	    is_linux() ? 4 : -ENOTCONN);
}

static void
a_datagram_that_is_too_long_ends_the_session_on_the_device(void)
{
	dtls_pair_open(&pair);
	refused_at_the_client(RECORD_MAX + 1);
	refused_at_the_client(sizeof(zeros));
	refused_at_the_server(RECORD_MAX + 1);
}

static const struct {
	const char *symbol;
	int value, most;
} room[] = {
	{ "CONFIG_NET_SOCKETS_DTLS_MAX_FRAGMENT_LENGTH", 512, 512 },
	{ "CONFIG_NET_SOCKETS_DTLS_MAX_FRAGMENT_LENGTH", 1023, 512 },
	{ "CONFIG_NET_SOCKETS_DTLS_MAX_FRAGMENT_LENGTH", 1024, 1024 },
	{ "CONFIG_NET_SOCKETS_DTLS_MAX_FRAGMENT_LENGTH", 9000, 4096 },
	{ "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN", 1500, 1500 },
	{ "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN", 600, 600 },
};

static void
the_targets_own_limits_are_those_of_a_record(void)
{
	static char got[8192];

	for (size_t i = 0; i < LEN(room); i++) {
		const size_t most = (size_t)room[i].most;

		limits_clear();
		assert_int_equal(limits_set(room[i].symbol, room[i].value), 0);
		dtls_pair_open(&pair);
		assert_int_equal(call_sendto(pair.client, zeros, most, 0, NULL,
		                     0),
		    most);
		assert_int_equal(dtls_pair_recv(pair.server, got, sizeof(got),
		                     0),
		    most);
		refused_at_the_client(most + 1);
		refused_at_the_server(most + 1);
	}
}

static ssize_t
send_pieces(const char *const pieces[], size_t n)
{
	struct iovec iov[8];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };

	assert_true(n <= LEN(iov));
	for (size_t i = 0; i < n; i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t)pieces[i],
			strlen(pieces[i]) };
	return call_sendmsg(pair.client, &m, 0);
}

static void
a_message_has_one_buffer_unless_there_is_room_to_merge_them(void)
{
	static const char *const one[] = { "", "one", "", "" };
	static const char *const two[] = { "on", "", "e" };
	static const char *const none[] = { "", "" };

	dtls_pair_open(&pair);
	assert_int_equal(send_pieces(one, LEN(one)), 3);
	dtls_pair_expect(pair.server, "one");
	assert_int_equal(send_pieces(none, LEN(none)), 0);
	assert_int_equal(send_pieces(none, 0), 0);
	assert_int_equal(send_pieces(two, LEN(two)),
	    is_linux() ? 3 : -EMSGSIZE);
	if (is_linux())
		dtls_pair_expect(pair.server, "one");
	for (int n = 0; n <= 4; n++) {
		assert_int_equal(limits_set("CONFIG_NET_SOCKETS_DTLS_SENDMSG_"
		                            "BUF_SIZE",
		                     n),
		    0);
		assert_int_equal(send_pieces(two, LEN(two)),
		    n < 3 ? -EMSGSIZE : 3);
		if (n >= 3)
			dtls_pair_expect(pair.server, "one");
	}
}

static void
a_buffer_that_is_null_is_an_error_before_anything_is_sent(void)
{
	struct iovec iov = { NULL, 3 };
	const struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	char byte;

	dtls_pair_open(&pair);
	assert_int_equal(call_sendmsg(pair.client, &m, 0),
	    is_linux() ? -EFAULT : -EINVAL);
	assert_int_equal(dtls_pair_recv(pair.server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
}

static void
recvmsg_is_eopnotsupp(void)
{
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	dtls_pair_open(&pair);
	assert_int_equal(dtls_pair_send(pair.client, "x", 0), 1);
	assert_int_equal(call_recvmsg(pair.server, &m, 0), -EOPNOTSUPP);
	dtls_pair_expect(pair.server, "x");
}

static void
a_network_that_refuses_ends_the_session_on_the_device(void)
{
	static const int errors[] = { ENETUNREACH, EPERM, ENETDOWN, EMSGSIZE };
	char byte;

	for (size_t i = 0; i < LEN(errors); i++) {
		dtls_pair_open(&pair);
		fake_kernel_install();
		/* The first time may be told of an earlier datagram. */
		fake_kernel_fail(FAKE_SENDTO, errors[i] == EMSGSIZE ? 1 : 2,
		    errors[i]);
		assert_int_equal(dtls_pair_send(pair.client, "x", 0),
		    is_linux() ? -errors[i] : failed());
		fake_kernel_remove();
		assert_int_equal(dtls_pair_recv(pair.client, &byte, 1,
		                     MSG_DONTWAIT),
		    is_linux() ? -EAGAIN : -ENOTCONN);
	}
}

/* It is told the next call what an earlier datagram has met. */
static void
what_icmp_says_is_no_failure_of_the_next_send(void)
{
	static const int errors[] = { ECONNREFUSED, EHOSTUNREACH, EHOSTDOWN };

	dtls_pair_open(&pair);
	for (size_t i = 0; i < LEN(errors); i++) {
		fake_kernel_install();
		fake_kernel_fail(FAKE_SENDTO, 1, errors[i]);
		assert_int_equal(dtls_pair_send(pair.client, "x", 0), 1);
		fake_kernel_fail(FAKE_RECVFROM, 1, errors[i]);
		dtls_pair_expect(pair.server, "x");
		fake_kernel_remove();
	}
}

/* Nothing of a refused call leaves later. */
static void
without_room_in_the_kernel_nothing_is_sent(void)
{
	dtls_pair_open(&pair);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, INT_MAX, EAGAIN);
	assert_int_equal(dtls_pair_send(pair.client, "no", MSG_DONTWAIT),
	    -EAGAIN);
	assert_int_equal(call_fcntl(pair.client, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(dtls_pair_send(pair.client, "no", 0), -EAGAIN);
	assert_int_equal(call_fcntl(pair.client, F_SETFL, 0), 0);
	fake_kernel_fail(FAKE_SENDTO, 1, EAGAIN);
	assert_int_equal(dtls_pair_send(pair.client, "waited", 0), 6);
	fake_kernel_remove();
	dtls_pair_expect(pair.server, "waited");
	assert_int_equal(dtls_pair_send(pair.client, "last", 0), 4);
	dtls_pair_expect(pair.server, "last");
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(a_record_carries_any_size_up_to_16_kib, 0),
		DTLS_PAIR_TEST(datagrams_keep_their_edges, 0),
		DTLS_PAIR_TEST(length_0_sends_nothing, 0),
		DTLS_PAIR_TEST(length_0_waits_for_data_and_leaves_them, 0),
		DTLS_PAIR_TEST(
		    what_does_not_fit_is_thrown_away_and_msg_trunc_counts_it,
		    0),
		DTLS_PAIR_TEST(msg_peek_is_enotsup_and_msg_waitall_ignored, 0),
		DTLS_PAIR_TEST(an_empty_recv_waits_as_it_is_told, 0),
		DTLS_PAIR_TEST(so_rcvtimeo_counts_before_a_first_client_as_well,
		    0),
		DTLS_PAIR_TEST(the_address_is_cut_and_so_is_its_length, 0),
		DTLS_PAIR_TEST(
		    a_datagram_that_is_too_long_ends_the_session_on_the_device,
		    0),
		DTLS_PAIR_TEST(the_targets_own_limits_are_those_of_a_record, 0),
		DTLS_PAIR_TEST(
		    a_message_has_one_buffer_unless_there_is_room_to_merge_them,
		    0),
		DTLS_PAIR_TEST(
		    a_buffer_that_is_null_is_an_error_before_anything_is_sent,
		    0),
		DTLS_PAIR_TEST(recvmsg_is_eopnotsupp, 0),
		DTLS_PAIR_TEST(
		    a_network_that_refuses_ends_the_session_on_the_device, 0),
		DTLS_PAIR_TEST(what_icmp_says_is_no_failure_of_the_next_send,
		    0),
		DTLS_PAIR_TEST(without_room_in_the_kernel_nothing_is_sent, 0),
	};

	return dtls_pair_run("sock/dtls_data", tests, LEN(tests));
}
