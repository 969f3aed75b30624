/*
 * What Zephyr 3.3 answered to sending, receiving and waiting, where it differs
 * from Linux: the profile zephyr-3.3 answers the same.  Times are those of
 * shorter limits.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "support/loop.h"
#include "support/quirks.h"

#define BOTH (ZSOCK_POLLIN | ZSOCK_POLLOUT)

/* A limit that is waited out, in milliseconds. */
#define LIMIT_MS 40

/* A number that no test here comes to. */
#define NOBODYS 900

static char buf[70000];

static int
stream(void)
{
	return quirks_open(NET_AF_INET, NET_SOCK_STREAM);
}

static int
dgram(void)
{
	return quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
}

static int
connect_to(int sock, const union quirks_addr *a)
{
	return zsock_connect(sock, &a->any, quirks_len(a));
}

static void
limit(const char *symbol, int value)
{
	assert_int_equal(limits_set(symbol, value), 0);
}

/* As many buffers as its interface with an MTU of 576 takes. */
static void
udp_sizes(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	const net_socklen_t len = sizeof(a.in);

	limit("CONFIG_NET_BUF_TX_COUNT", 9);
	limit("CONFIG_NET_BUF_DATA_SIZE", 64);
	assert_int_equal(zsock_sendto(sock, buf, 548, 0, &a.any, len), 548);
	assert_errno(zsock_sendto(sock, buf, 549, 0, &a.any, len), ENOMEM);
	assert_errno(zsock_sendto(sock, buf, 69000, 0, &a.any, len), ENOMEM);
	limits_clear();
	assert_errno(zsock_sendto(sock, buf, 69000, 0, &a.any, len), ENOMEM);
}

/* The device loses the datagram. */
static void
recvfrom_short_addrlen(void)
{
	union quirks_addr a, from;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	net_socklen_t len = 7;

	assert_int_equal(zsock_sendto(sock, "abc", 3, 0, &a.any, sizeof(a.in)),
	    3);
	assert_errno(zsock_recvfrom(sock, buf, 8, 0, &from.any, &len), EINVAL);
	assert_int_equal(quirks_hazards(), 1);
	assert_int_equal(zsock_recv(sock, buf, 8, 0), 3);
}

static void
unknown_flags(void)
{
	const struct quirks_link l = quirks_link();
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_int_equal(zsock_sendto(sock, "x", 1, MSG_OOB | 0x7f000000,
	                     &a.any, sizeof(a.in)),
	    1);
	assert_int_equal(zsock_recv(sock, buf, 1, MSG_ERRQUEUE | 0x7f000000),
	    1);
	assert_int_equal(zsock_send(l.client, "x", 1, MSG_OOB), 1);
	assert_int_equal(zsock_recv(l.server, buf, 1, MSG_OOB), 1);
}

static void
broadcast_without_the_option(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 9);

	a.in.sin_addr.s_addr = net_htonl(0x7fffffff); /* lo's */
	assert_int_equal(zsock_sendto(dgram(), "x", 1, 0, &a.any, sizeof(a.in)),
	    1);
}

static void
udp_no_econnrefused(void)
{
	union quirks_addr a;
	const int gone = quirks_bound(NET_SOCK_DGRAM, &a);
	const int sock = dgram();

	quirks_close(gone);
	assert_int_equal(connect_to(sock, &a), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(zsock_send(sock, "x", 1, 0), 1);
		assert_errno(zsock_recv(sock, buf, 1, ZSOCK_MSG_DONTWAIT),
		    EAGAIN);
	}
}

/* The device answers EAGAIN, and the five bytes are lost. */
static void
recv_waitall_timeout(void)
{
	const struct quirks_link l = quirks_link();
	const struct timeval tv = { .tv_usec = LIMIT_MS * 1000 };

	assert_int_equal(zsock_setsockopt(l.client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	assert_int_equal(zsock_send(l.server, "01234", 5, 0), 5);
	assert_int_equal(zsock_recv(l.client, buf, 10, ZSOCK_MSG_WAITALL), 5);
	assert_memory_equal(buf, "01234", 5);
	assert_int_equal(quirks_hazards(), 1);
}

static void
send_into_a_closed_window(void)
{
	struct quirks_link l;
	int64_t begin;

	limit("CONFIG_NET_SOCKET_MAX_SEND_WAIT", LIMIT_MS);
	l = quirks_link();
	loop_fill(l.client);
	begin = deadline_now_ns();
	assert_errno(zsock_send(l.client, buf, sizeof(buf), 0), ENOBUFS);
	assert_true(deadline_now_ns() - begin >= LIMIT_MS * INT64_C(1000000));
}

static void
send_after_the_peer_has_closed(void)
{
	const struct quirks_link l = quirks_link();

	quirks_close(l.server);
	quirks_await(l.client);
	assert_errno(zsock_send(l.client, "x", 1, 0), ENOTCONN);
}

static int
accept_gone(const char *data)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const int kfd = loop_connect_raw(AF_INET, net_ntohs(a.in.sin_port));

	assert_int_equal(send(kfd, data, strlen(data), 0), strlen(data));
	close(kfd);
	return zsock_accept(listener, NULL, NULL);
}

static void
accept_a_peer_that_is_gone(void)
{
	assert_errno(accept_gone(""), ECONNABORTED);
	assert_int_equal(quirks_hazards(), 0);
}

/* The device loses what it has sent. */
static void
accept_a_peer_that_has_sent(void)
{
	const int sock = quirks_keep(accept_gone("abc"));

	assert_int_equal(quirks_hazards(), 1);
	assert_int_equal(zsock_recv(sock, buf, 8, 0), 3);
	assert_int_equal(zsock_recv(sock, buf, 8, 0), 0);
}

static void
backlog_is_ignored(void)
{
	union quirks_addr a;
	const int listener = quirks_bound(NET_SOCK_STREAM, &a);

	assert_int_equal(zsock_listen(listener, 4), 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(connect_to(stream(), &a), 0);
	quirks_nonblock(listener);
	for (int i = 0; i < 8; i++)
		(void)quirks_keep(zsock_accept(listener, NULL, NULL));
}

static void
recvfrom_on_tcp(void)
{
	const struct quirks_link l = quirks_link();
	union quirks_addr from, before;
	net_socklen_t len = 13;

	memset(&from, 0x5a, sizeof(from));
	before = from;
	assert_int_equal(zsock_send(l.server, "x", 1, 0), 1);
	assert_int_equal(zsock_recvfrom(l.client, buf, 1, 0, &from.any, &len),
	    1);
	assert_memory_equal(&from, &before, sizeof(from));
	assert_int_equal(len, 13);
}

static void
poll_with_data_and_fin(void)
{
	const struct quirks_link l = quirks_link();

	assert_int_equal(zsock_send(l.server, "x", 1, 0), 1);
	quirks_close(l.server);
	quirks_await(l.client);
	assert_int_equal(quirks_poll(l.client, BOTH), BOTH);
	assert_int_equal(zsock_recv(l.client, buf, 1, 0), 1);
	assert_int_equal(zsock_recv(l.client, buf, 1, 0), 0);
	assert_int_equal(quirks_poll(l.client, BOTH),
	    ZSOCK_POLLIN | ZSOCK_POLLHUP);
}

/* A number that was closed, and one that never was. */
static void
poll_a_bad_fd(void)
{
	const int closed = stream();
	int64_t begin;

	quirks_close(closed);
	const int bad[] = { closed, NOBODYS };

	for (size_t i = 0; i < LEN(bad); i++) {
		struct zsock_pollfd fd = { .fd = bad[i], .events = BOTH };

		begin = deadline_now_ns();
		assert_int_equal(zsock_poll(&fd, 1, LIMIT_MS), 1);
		assert_int_equal(fd.revents, ZSOCK_POLLNVAL);
		assert_true(
		    deadline_now_ns() - begin >= LIMIT_MS * INT64_C(1000000));
	}
	assert_int_equal(quirks_hazards(), 0);
}

/* Which would wait for ever. */
static void
poll_a_bad_fd_without_limit(void)
{
	struct zsock_pollfd fd = { .fd = NOBODYS, .events = BOTH };

	assert_int_equal(zsock_poll(&fd, 1, -1), 1);
	assert_int_equal(fd.revents, ZSOCK_POLLNVAL);
	assert_int_equal(quirks_hazards(), 1);
}

static void
select_a_bad_fd(void)
{
	struct timeval tv = { .tv_usec = LIMIT_MS * 1000 };
	const int64_t begin = deadline_now_ns();
	const int sock = dgram();
	zsock_fd_set r;

	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_SET(NOBODYS, &r);
	ZSOCK_FD_SET(sock, &r);
	assert_errno(zsock_select(NOBODYS + 1, &r, NULL, NULL, &tv), EBADF);
	assert_true(deadline_now_ns() - begin >= LIMIT_MS * INT64_C(1000000));
	assert_false(ZSOCK_FD_ISSET(NOBODYS, &r));
	assert_false(ZSOCK_FD_ISSET(sock, &r));
}

static void
more_slots_than_poll_has(void)
{
	struct zsock_pollfd fds[4];
	struct timeval tv = { 0 };
	zsock_fd_set r;

	limit("CONFIG_NET_SOCKETS_POLL_MAX", 3);
	ZSOCK_FD_ZERO(&r);
	for (size_t i = 0; i < LEN(fds); i++) {
		fds[i] = (struct zsock_pollfd){ .fd = dgram(),
			.events = ZSOCK_POLLIN };
		ZSOCK_FD_SET(fds[i].fd, &r);
	}
	assert_int_equal(zsock_poll(fds, 3, 0), 0);
	assert_errno(zsock_poll(fds, 4, 0), ENOMEM);
	assert_errno(zsock_select(64, &r, NULL, NULL, &tv), ENOMEM);
}

static void
select_ignores_nfds(void)
{
	struct timeval tv = { 0 };
	const int sock = dgram();
	zsock_fd_set w;

	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_SET(sock, &w);
	assert_int_equal(zsock_select(0, NULL, &w, NULL, &tv), 1);
	assert_true(ZSOCK_FD_ISSET(sock, &w));
}

static void
poll_of_less_than_nothing(void)
{
	struct zsock_pollfd fd = { .fd = stream() };

	assert_errno(zsock_poll(&fd, -1, 0), EINVAL);
	assert_int_equal(quirks_hazards(), 1);
}

static const struct quirks_test tests[] = {
	{ "9_2_udp_sizes", udp_sizes },
	{ "9_2_recvfrom_short_addrlen", recvfrom_short_addrlen },
	{ "9_2_unknown_flags", unknown_flags },
	{ "9_2_broadcast_without_the_option", broadcast_without_the_option },
	{ "9_2_udp_no_econnrefused", udp_no_econnrefused },
	{ "9_2_recv_waitall_timeout", recv_waitall_timeout },
	{ "9_2_send_into_a_closed_window", send_into_a_closed_window },
	{ "9_2_send_after_the_peer_has_closed",
	    send_after_the_peer_has_closed },
	{ "9_2_accept_a_peer_that_is_gone", accept_a_peer_that_is_gone },
	{ "9_2_accept_a_peer_that_has_sent", accept_a_peer_that_has_sent },
	{ "9_2_backlog_is_ignored", backlog_is_ignored },
	{ "9_2_recvfrom_on_tcp", recvfrom_on_tcp },
	{ "9_2_poll_with_data_and_fin", poll_with_data_and_fin },
	{ "9_2_poll_a_bad_fd", poll_a_bad_fd },
	{ "9_2_poll_a_bad_fd_without_limit", poll_a_bad_fd_without_limit },
	{ "9_2_select_a_bad_fd", select_a_bad_fd },
	{ "9_2_more_slots_than_poll_has", more_slots_than_poll_has },
	{ "9_2_select_ignores_nfds", select_ignores_nfds },
	{ "9_2_poll_of_less_than_nothing", poll_of_less_than_nothing },
};

int
main(void)
{
	return quirks_run_tests("api/zephyr_3_3_io", PROFILE_ZEPHYR_3_3, tests,
	    LEN(tests));
}
