#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "support/loop.h"

/* A connected pair of sockets, or a listener and its address. */
static struct link {
	struct sockaddr_storage addr;
	socklen_t len;
	int listener, client, server;
} ends;

static struct sockaddr *
sa(struct sockaddr_storage *addr)
{
	return (struct sockaddr *)addr;
}

static int
open_bound(int family, int type, struct sockaddr_storage *addr, socklen_t *len)
{
	const int sock = call_socket(family, type, 0);

	assert_true(sock >= 0);
	*len = loop_addr(addr, family, 0);
	assert_int_equal(call_bind(sock, sa(addr), *len), 0);
	assert_int_equal(call_getsockname(sock, sa(addr), len), 0);
	return sock;
}

static void
open_link(int family)
{
	ends.listener = open_bound(family, SOCK_STREAM, &ends.addr, &ends.len);
	assert_int_equal(call_listen(ends.listener, 4), 0);
	ends.client = call_socket(family, SOCK_STREAM, 0);
	assert_int_equal(call_connect(ends.client, sa(&ends.addr), ends.len),
	    0);
	ends.server = call_accept(ends.listener, NULL, NULL);
	assert_true(ends.server >= 0);
}

static void
close_link(void)
{
	assert_int_equal(call_close(ends.client), 0);
	assert_int_equal(call_close(ends.server), 0);
	assert_int_equal(call_close(ends.listener), 0);
}

static ssize_t
send_text(int sock, const char *text)
{
	return call_sendto(sock, text, strlen(text), 0, NULL, 0);
}

/* Both families do what the table of tests below runs for each. */
static const struct family_case {
	const char *name;
	int family;
} families[] = {
	{ "v4", AF_INET },
	{ "v6", AF_INET6 },
};

static void
stream_carries_both_ways(void **state)
{
	const struct family_case *c = *state;
	struct sockaddr_storage name, peer;
	socklen_t name_len = sizeof(name), peer_len = sizeof(peer);
	char buf[16];

	open_link(c->family);
	assert_int_equal(send_text(ends.client, "ping"), 4);
	loop_recv_all(ends.server, buf, 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(send_text(ends.server, "pong!"), 5);
	loop_recv_all(ends.client, buf, 5);
	assert_memory_equal(buf, "pong!", 5);
	/* Each end has the other's name. */
	assert_int_equal(call_getsockname(ends.client, sa(&name), &name_len),
	    0);
	assert_int_equal(call_getpeername(ends.server, sa(&peer), &peer_len),
	    0);
	assert_int_equal(name_len, peer_len);
	assert_memory_equal(&name, &peer, name_len);
	assert_int_equal(name.ss_family, c->family);
	peer_len = sizeof(peer);
	assert_int_equal(call_getpeername(ends.client, sa(&peer), &peer_len),
	    0);
	assert_memory_equal(&peer, &ends.addr, ends.len);
	close_link();
}

static void
dgram_carries_whole_messages(void **state)
{
	const struct family_case *c = *state;
	struct sockaddr_storage to, from, source;
	socklen_t to_len, from_len, source_len = sizeof(source);
	const int a = open_bound(c->family, SOCK_DGRAM, &from, &from_len);
	const int b = open_bound(c->family, SOCK_DGRAM, &to, &to_len);
	char buf[16];

	assert_int_equal(call_sendto(a, "one", 3, 0, sa(&to), to_len), 3);
	assert_int_equal(call_sendto(a, "", 0, 0, sa(&to), to_len), 0);
	assert_int_equal(call_sendto(a, "three", 5, 0, sa(&to), to_len), 5);
	assert_int_equal(call_recvfrom(b, buf, sizeof(buf), 0, sa(&source),
	                     &source_len),
	    3);
	assert_memory_equal(buf, "one", 3);
	assert_int_equal(source_len, from_len);
	assert_memory_equal(&source, &from, from_len);
	assert_int_equal(call_recvfrom(b, buf, sizeof(buf), 0, NULL, NULL), 0);
	assert_int_equal(call_recvfrom(b, buf, sizeof(buf), 0, NULL, NULL), 5);
	assert_memory_equal(buf, "three", 5);
	/* Once connected, no address is needed. */
	assert_int_equal(call_connect(b, sa(&from), from_len), 0);
	assert_int_equal(send_text(b, "back"), 4);
	assert_int_equal(call_recvfrom(a, buf, sizeof(buf), 0, NULL, NULL), 4);
	assert_int_equal(call_close(a), 0);
	assert_int_equal(call_close(b), 0);
}

static void
accept_gives_the_peers_address(void **state)
{
	const struct family_case *c = *state;
	struct sockaddr_storage peer, name;
	socklen_t peer_len = sizeof(peer), name_len = sizeof(name);
	int client, server;

	ends.listener =
	    open_bound(c->family, SOCK_STREAM, &ends.addr, &ends.len);
	assert_int_equal(call_listen(ends.listener, 1), 0);
	client = call_socket(c->family, SOCK_STREAM, 0);
	assert_int_equal(call_connect(client, sa(&ends.addr), ends.len), 0);
	server = call_accept(ends.listener, sa(&peer), &peer_len);
	assert_true(server >= 0);
	assert_int_equal(call_getsockname(client, sa(&name), &name_len), 0);
	assert_int_equal(peer_len, name_len);
	assert_memory_equal(&peer, &name, name_len);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(ends.listener), 0);
}

static void
sockets_close_on_exec(void **state)
{
	const struct family_case *c = *state;
	const int sock = call_socket(c->family, SOCK_DGRAM, 0);

	assert_int_equal(fcntl(loop_kfd(sock), F_GETFD), FD_CLOEXEC);
	assert_int_equal(call_close(sock), 0);
	open_link(c->family);
	assert_int_equal(fcntl(loop_kfd(ends.client), F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(loop_kfd(ends.server), F_GETFD), FD_CLOEXEC);
	close_link();
}

static void
no_descriptor_is_left_behind(void **state)
{
	const struct family_case *c = *state;
	const int before = loop_count_descriptors();

	open_link(c->family);
	assert_int_equal(loop_count_descriptors(), before + 3);
	close_link();
	assert_int_equal(loop_count_descriptors(), before);
}

static void
v6_takes_no_v4(void **state)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6,
		.sin6_addr = in6addr_any };
	struct sockaddr_in any4 = { .sin_family = AF_INET };
	socklen_t len = sizeof(any6);
	const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	for (size_t i = 0; i < LEN(types); i++) {
		const int six = call_socket(AF_INET6, types[i], 0);
		const int four = call_socket(AF_INET, types[i], 0);

		any6.sin6_port = 0;
		assert_int_equal(call_bind(six, (struct sockaddr *)&any6,
		                     sizeof(any6)),
		    0);
		len = sizeof(any6);
		assert_int_equal(call_getsockname(six, (struct sockaddr *)&any6,
		                     &len),
		    0);
		any4.sin_port = any6.sin6_port;
		assert_int_equal(call_bind(four, (struct sockaddr *)&any4,
		                     sizeof(any4)),
		    0);
		assert_int_equal(call_close(six), 0);
		assert_int_equal(call_close(four), 0);
	}
	profile_set(PROFILE_LINUX);
}

static void
a_stream_may_bind_where_one_waits_out_its_time(void **state)
{
	char byte;
	int sock;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	open_link(AF_INET);
	/* The server closes first: its end stays behind in TIME_WAIT. */
	assert_int_equal(call_close(ends.server), 0);
	assert_int_equal(call_recvfrom(ends.client, &byte, 1, 0, NULL, NULL),
	    0);
	assert_int_equal(call_close(ends.client), 0);
	assert_int_equal(call_close(ends.listener), 0);
	sock = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(call_bind(sock, sa(&ends.addr), ends.len), 0);
	assert_int_equal(call_listen(sock, 1), 0);
	assert_int_equal(call_close(sock), 0);
	profile_set(PROFILE_LINUX);
}

static void
a_closed_peer_is_eof_then_epipe_but_no_signal(void **state)
{
	char byte;

	(void)state;
	open_link(AF_INET);
	assert_int_equal(send_text(ends.server, "x"), 1);
	assert_int_equal(call_close(ends.server), 0);
	assert_int_equal(call_recvfrom(ends.client, &byte, 1, 0, NULL, NULL),
	    1);
	assert_int_equal(call_recvfrom(ends.client, &byte, 1, 0, NULL, NULL),
	    0);
	assert_int_equal(call_recvfrom(ends.client, &byte, 1, 0, NULL, NULL),
	    0);
	assert_int_equal(call_shutdown(ends.client, SHUT_WR), 0);
	assert_int_equal(send_text(ends.client, "y"), -EPIPE);
	/* Through the longer call of the kernel as well. */
	assert_int_equal(call_sendmsg(ends.client,
	                     &(struct msghdr){ .msg_iovlen = 0 }, 0),
	    -EPIPE);
	assert_int_equal(call_close(ends.client), 0);
	assert_int_equal(call_close(ends.listener), 0);
}

static void
nothing_to_read_is_eagain_with_dontwait(void **state)
{
	char byte;

	(void)state;
	open_link(AF_INET);
	assert_int_equal(call_recvfrom(ends.client, &byte, 1, MSG_DONTWAIT,
	                     NULL, NULL),
	    -EAGAIN);
	close_link();
}

static void
peeked_data_stay(void **state)
{
	char buf[8];

	(void)state;
	open_link(AF_INET);
	assert_int_equal(send_text(ends.client, "abc"), 3);
	assert_int_equal(call_recvfrom(ends.server, buf, 3,
	                     MSG_PEEK | MSG_WAITALL, NULL, NULL),
	    3);
	memset(buf, 0, sizeof(buf));
	loop_recv_all(ends.server, buf, 3);
	assert_memory_equal(buf, "abc", 3);
	close_link();
}

static void *
send_in_two(void *arg)
{
	(void)arg;
	if (send_text(ends.client, "ab") != 2)
		return "first";
	if (send_text(ends.client, "cde") != 3)
		return "second";
	return NULL;
}

static void
waitall_waits_for_all(void **state)
{
	pthread_t thread;
	char buf[8];

	(void)state;
	open_link(AF_INET);
	thread = loop_start(send_in_two, NULL);
	assert_int_equal(call_recvfrom(ends.server, buf, 5, MSG_WAITALL, NULL,
	                     NULL),
	    5);
	assert_memory_equal(buf, "abcde", 5);
	assert_null(loop_join(thread));
	close_link();
}

static void
trunc_gives_the_length_of_a_datagram_but_throws_no_stream_away(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len;
	const int sock = open_bound(AF_INET, SOCK_DGRAM, &addr, &len);
	char buf[8];

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	assert_int_equal(call_sendto(sock, "0123456789", 10, 0, sa(&addr), len),
	    10);
	assert_int_equal(call_recvfrom(sock, buf, 4, MSG_TRUNC, NULL, NULL),
	    10);
	assert_memory_equal(buf, "0123", 4);
	assert_int_equal(call_sendto(sock, "0123456789", 10, 0, sa(&addr), len),
	    10);
	assert_int_equal(call_recvfrom(sock, buf, 4, 0, NULL, NULL), 4);
	assert_int_equal(call_recvfrom(sock, buf, 4, MSG_DONTWAIT, NULL, NULL),
	    -EAGAIN);
	assert_int_equal(call_close(sock), 0);
	open_link(AF_INET);
	assert_int_equal(send_text(ends.client, "abcd"), 4);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(call_recvfrom(ends.server, buf, 4,
	                     MSG_TRUNC | MSG_WAITALL, NULL, NULL),
	    4);
	assert_memory_equal(buf, "abcd", 4);
	close_link();
	profile_set(PROFILE_LINUX);
}

static void
messages_are_gathered_and_scattered(void **state)
{
	struct sockaddr_storage addr, source;
	socklen_t len;
	const int sock = open_bound(AF_INET, SOCK_DGRAM, &addr, &len);
	char a[4], b[4];
	struct iovec out[] = { { "ab", 2 }, { "", 0 }, { "cdefg", 5 } };
	struct iovec in[] = { { a, 3 }, { b, 4 } };
	const struct msghdr send = { .msg_name = &addr,
		.msg_namelen = len,
		.msg_iov = out,
		.msg_iovlen = 3 };
	struct msghdr recv = { .msg_name = &source,
		.msg_namelen = sizeof(source),
		.msg_iov = in,
		.msg_iovlen = 2,
		.msg_flags = -1 };

	(void)state;
	assert_int_equal(call_sendmsg(sock, &send, 0), 7);
	assert_int_equal(call_sendmsg(sock, &send, 0), 7);
	assert_int_equal(call_recvmsg(sock, &recv, 0), 7);
	assert_memory_equal(a, "abc", 3);
	assert_memory_equal(b, "defg", 4);
	assert_int_equal(recv.msg_flags, 0);
	assert_int_equal(recv.msg_namelen, len);
	assert_memory_equal(&source, &addr, len);
	recv.msg_iovlen = 1;
	assert_int_equal(call_recvmsg(sock, &recv, 0), 3);
	assert_int_equal(recv.msg_flags, MSG_TRUNC);
	assert_int_equal(call_close(sock), 0);
}

static void
control_data_arrive(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len;
	const int sock = open_bound(AF_INET, SOCK_DGRAM, &addr, &len);
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	char byte;
	struct msghdr m = { .msg_iov = &(struct iovec){ &byte, 1 },
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	struct in_pktinfo info;

	(void)state;
	assert_int_equal(call_setsockopt(sock, IPPROTO_IP, IP_PKTINFO,
	                     &(int){ 1 }, sizeof(int)),
	    0);
	assert_int_equal(call_sendto(sock, "x", 1, 0, sa(&addr), len), 1);
	assert_int_equal(call_sendto(sock, "y", 1, 0, sa(&addr), len), 1);
	assert_int_equal(call_recvmsg(sock, &m, 0), 1);
	c = CMSG_FIRSTHDR(&m);
	assert_non_null(c);
	assert_int_equal(c->cmsg_level, IPPROTO_IP);
	assert_int_equal(c->cmsg_type, IP_PKTINFO);
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	assert_int_equal(ntohl(info.ipi_addr.s_addr), INADDR_LOOPBACK);
	m.msg_controllen = sizeof(struct cmsghdr) - 1;
	assert_int_equal(call_recvmsg(sock, &m, 0), 1);
	assert_int_equal(m.msg_flags, MSG_CTRUNC);
	assert_int_equal(call_close(sock), 0);
}

static void
datagram_sockets_neither_listen_nor_accept(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(call_listen(sock, 1), -EOPNOTSUPP);
	assert_int_equal(call_accept(sock, NULL, NULL), -EOPNOTSUPP);
	assert_int_equal(call_close(sock), 0);
}

static void
a_refused_connection_is_econnrefused(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len;
	/* Bound but not listening: nobody else gets the port meanwhile. */
	const int taken = open_bound(AF_INET, SOCK_STREAM, &addr, &len);
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(call_connect(sock, sa(&addr), len), -ECONNREFUSED);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(taken), 0);
}

int
main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} both[] = {
		{ "stream_carries_both_ways", stream_carries_both_ways },
		{ "dgram_carries_whole_messages",
		    dgram_carries_whole_messages },
		{ "accept_gives_the_peers_address",
		    accept_gives_the_peers_address },
		{ "sockets_close_on_exec", sockets_close_on_exec },
		{ "no_descriptor_is_left_behind",
		    no_descriptor_is_left_behind },
	};
	const struct CMUnitTest others[] = {
		cmocka_unit_test(v6_takes_no_v4),
		cmocka_unit_test(
		    a_stream_may_bind_where_one_waits_out_its_time),
		cmocka_unit_test(a_closed_peer_is_eof_then_epipe_but_no_signal),
		cmocka_unit_test(nothing_to_read_is_eagain_with_dontwait),
		cmocka_unit_test(peeked_data_stay),
		cmocka_unit_test(waitall_waits_for_all),
		cmocka_unit_test(
		    trunc_gives_the_length_of_a_datagram_but_throws_no_stream_away),
		cmocka_unit_test(messages_are_gathered_and_scattered),
		cmocka_unit_test(control_data_arrive),
		cmocka_unit_test(datagram_sockets_neither_listen_nor_accept),
		cmocka_unit_test(a_refused_connection_is_econnrefused),
	};
	struct CMUnitTest tests[LEN(both) * LEN(families) + LEN(others)];
	char names[LEN(both) * LEN(families)][64];
	size_t n = 0;

	for (size_t i = 0; i < LEN(names); i++, n++) {
		const struct family_case *f = &families[i % LEN(families)];

		snprintf(names[n], sizeof(names[n]), "%s_%s", f->name,
		    both[i / LEN(families)].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = both[i / LEN(families)].fn,
			.initial_state = (void *)f };
	}
	memcpy(&tests[n], others, sizeof(others));
	profile_set(PROFILE_LINUX); /* whose kernel answers by itself */
	return cmocka_run_group_tests_name("sock/native", tests, NULL, NULL);
}
