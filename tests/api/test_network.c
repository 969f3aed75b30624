/*
 * What happens between two sockets, in each profile: datagrams that are cut or
 * empty, ends that vanish, buffers that are full.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"

#define BOTH (ZSOCK_POLLIN | ZSOCK_POLLOUT)

static char buf[65536];

static bool
on_linux(void)
{
	return profile_get() == PROFILE_LINUX;
}

static bool
on_3_3(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3;
}

static int
connect_to(int sock, const union quirks_addr *a)
{
	return zsock_connect(sock, &a->any, quirks_len(a));
}

static ssize_t
send_to(int sock, const void *data, size_t len, const union quirks_addr *a)
{
	return zsock_sendto(sock, data, len, 0, &a->any, quirks_len(a));
}

/* Without waiting: loopback has delivered what was sent. */
static ssize_t
receive(int sock)
{
	return zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT);
}

/* A socket with that many bytes in each of its datagrams. */
static int
with_datagrams(const size_t *lens, size_t n)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(send_to(sock, "0123456789", lens[i], &a),
		    lens[i]);
	return sock;
}

static void
a_datagram_is_cut(void)
{
	static const size_t lens[] = { 10, 10, 10, 2 };
	const int sock = with_datagrams(lens, LEN(lens));
	struct net_iovec iov = { buf, 4 };
	struct net_msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int trunc = ZSOCK_MSG_TRUNC;

	memset(buf, 0, 16);
	assert_int_equal(zsock_recv(sock, buf, 4, ZSOCK_MSG_PEEK), 4);
	assert_int_equal(zsock_recv(sock, buf, 4, ZSOCK_MSG_PEEK | trunc), 10);
	assert_int_equal(zsock_recv(sock, buf, 4, trunc), 10);
	assert_memory_equal(buf, "0123\0", 5);
	assert_int_equal(zsock_recv(sock, buf, 4, 0), 4);
	assert_int_equal(zsock_recvmsg(sock, &m, 0), 4);
	assert_int_equal(m.msg_flags, trunc);
	m.msg_flags = 0;
	assert_int_equal(zsock_recvmsg(sock, &m, 0), 2);
	assert_int_equal(m.msg_flags, 0);
	assert_int_equal(receive(sock), -1);
}

/* It is something to read, and reading takes it. */
static void
an_empty_datagram_arrives(void)
{
	static const size_t lens[] = { 0, 0, 0, 1 };
	const int sock = with_datagrams(lens, LEN(lens));
	struct net_iovec iov = { buf, 4 };
	struct net_msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	union quirks_addr from;
	net_socklen_t len = sizeof(from);

	assert_int_equal(quirks_poll(sock, ZSOCK_POLLIN), ZSOCK_POLLIN);
	assert_int_equal(zsock_recv(sock, buf, 4, 0), 0);
	assert_int_equal(zsock_recvfrom(sock, buf, 4, 0, &from.any, &len), 0);
	assert_int_equal(len, sizeof(from.in));
	assert_int_equal(zsock_recvmsg(sock, &m, 0), 0);
	assert_int_equal(m.msg_flags, 0);
	assert_int_equal(receive(sock), 1);
}

static void
an_empty_message_is_sent(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	struct net_iovec iov = { buf, 0 };
	struct net_msghdr m = { .msg_name = &a, .msg_namelen = quirks_len(&a) };

	assert_int_equal(zsock_sendmsg(sock, &m, 0), 0);
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	assert_int_equal(zsock_sendmsg(sock, &m, 0), 0);
	assert_int_equal(connect_to(sock, &a), 0);
	assert_int_equal(zsock_send(sock, buf, 0, 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(receive(sock), 0);
	assert_int_equal(receive(sock), -1);
}

/* Nobody waits for a receiver of datagrams: what is too much is lost. */
static void
a_full_datagram_socket_holds_nobody_up(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	const int sender = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	const int size = 4096, sent = 200;
	int n = 0;

	assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVBUF, &size, sizeof(size)),
	    0);
	for (int i = 0; i < sent; i++)
		assert_int_equal(send_to(sender, buf, 500, &a), 500);
	assert_int_equal(quirks_poll(sender, ZSOCK_POLLOUT), ZSOCK_POLLOUT);
	while (receive(sock) == 500)
		n++;
	assert_in_range(n, 1, sent - 1);
	assert_int_equal(send_to(sender, buf, 500, &a), 500);
	assert_int_equal(receive(sock), 500);
}

/* A stream of the library, and its peer, which is the kernel's. */
static int
stream_with_peer(int *kfd)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);

	*kfd = loop_connect_raw(AF_INET, net_ntohs(a.in.sin_port));
	return quirks_keep(zsock_accept(listener, NULL, NULL));
}

static void
reset(int kfd)
{
	const struct linger hard = { .l_onoff = 1 };

	assert_int_equal(setsockopt(kfd, SOL_SOCKET, SO_LINGER, &hard,
	                     sizeof(hard)),
	    0);
	close(kfd);
}

/* Only the profile zephyr has the option, and keeps what it says. */
static void
so_error_is(int sock, int error)
{
	for (int i = 0; i < 2; i++) {
		int got;
		net_socklen_t len = sizeof(got);
		const int rc = zsock_getsockopt(sock, ZSOCK_SOL_SOCKET,
		    ZSOCK_SO_ERROR, &got, &len);

		assert_int_equal(rc, on_3_3() ? -1 : 0);
		if (rc == 0)
			assert_int_equal(got, on_linux() ? 0 : error);
	}
}

/* Every later call says so; Linux does once. */
static void
receiving_fails_for_good(int sock, int error)
{
	assert_errno(zsock_recv(sock, buf, 1, 0), error);
	for (int i = 0; i < 3; i++) {
		if (on_linux())
			assert_int_equal(zsock_recv(sock, buf, 1, 0), 0);
		else
			assert_errno(zsock_recv(sock, buf, 1, 0), error);
	}
	so_error_is(sock, error);
}

static void
a_reset_stays(void)
{
	int kfd;
	const int sock = stream_with_peer(&kfd);

	reset(kfd);
	quirks_await(sock);
	assert_true((quirks_poll(sock, BOTH) & ZSOCK_POLLERR) != 0);
	if (!on_linux())
		so_error_is(sock, ECONNRESET);
	receiving_fails_for_good(sock, ECONNRESET);
}

static void
data_come_before_a_reset(void)
{
	int kfd;
	const int sock = stream_with_peer(&kfd);

	assert_int_equal(send(kfd, "abc", 3, 0), 3);
	reset(kfd);
	quirks_await(sock);
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), 0), 3);
	receiving_fails_for_good(sock, ECONNRESET);
}

static void
an_end_stays(void)
{
	int kfd;
	const int sock = stream_with_peer(&kfd);

	assert_int_equal(send(kfd, "abc", 3, 0), 3);
	close(kfd);
	quirks_await(sock);
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), 0), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(zsock_recv(sock, buf, sizeof(buf), 0), 0);
	assert_int_equal(quirks_poll(sock, BOTH),
	    on_linux() ? BOTH : ZSOCK_POLLIN | ZSOCK_POLLHUP);
}

static ssize_t
fill(int sock)
{
	ssize_t n, sum = 0;

	while ((n = zsock_send(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT)) > 0)
		sum += n;
	assert_int_equal(errno, EAGAIN);
	return sum;
}

/* The kernel gives up on a peer that takes nothing: a window that is shut. */
static void
a_peer_that_does_not_answer(void)
{
	const unsigned int ms = 1;
	int kfd;
	const int sock = stream_with_peer(&kfd);
	struct pollfd p = { .fd = loop_kfd(sock) };

	(void)fill(sock);
	assert_int_equal(setsockopt(p.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
	                     sizeof(ms)),
	    0);
	assert_int_equal(poll(&p, 1, QUIRKS_FAR_MS), 1);
	assert_true((p.revents & POLLERR) != 0);
	receiving_fails_for_good(sock, ETIMEDOUT);
	close(kfd);
}

/* The kernel says it once, and then that the stream has ended. */
static void
a_host_that_is_gone(void)
{
	int kfd;
	const int sock = stream_with_peer(&kfd);

	close(kfd);
	quirks_await(sock);
	fake_kernel_install();
	fake_kernel_fail(FAKE_RECVFROM, 1, ETIMEDOUT);
	receiving_fails_for_good(sock, ETIMEDOUT);
	fake_kernel_remove();
}

/* Room comes and goes with what the peer reads. */
static void
a_full_stream_has_no_room(void)
{
	const struct quirks_link l = quirks_link();
	ssize_t sent = 0, n, got = 0;

	assert_int_equal(quirks_poll(l.client, BOTH), ZSOCK_POLLOUT);
	for (int round = 0; round < 3; round++) {
		sent += fill(l.client);
		assert_int_equal(quirks_poll(l.client, BOTH), 0);
		while (got < sent) {
			quirks_await(l.server);
			n = receive(l.server);
			assert_true(n > 0);
			got += n;
		}
		struct zsock_pollfd fd = { .fd = l.client,
			.events = ZSOCK_POLLOUT };

		assert_int_equal(zsock_poll(&fd, 1, QUIRKS_FAR_MS), 1);
		assert_int_equal(fd.revents, ZSOCK_POLLOUT);
	}
	assert_int_equal(got, sent);
}

/* A program that does not receive holds its peer up, and loses nothing. */
static void
a_full_receiver_holds_its_peer_up(void)
{
	int kfd;
	const int sock = stream_with_peer(&kfd);
	struct pollfd p = { .fd = kfd, .events = POLLOUT };
	ssize_t sent = 0, got = 0, n;

	while ((n = send(kfd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += n;
	assert_int_equal(poll(&p, 1, 0), 0);
	while (got < sent) {
		quirks_await(sock);
		n = receive(sock);
		assert_true(n > 0);
		got += n;
	}
	assert_int_equal(poll(&p, 1, QUIRKS_FAR_MS), 1);
	assert_int_equal(got, sent);
	assert_errno(receive(sock), EAGAIN);
	close(kfd);
}

#define TEST(name) \
	{ \
#name, name \
	}

static const struct quirks_test tests[] = {
	TEST(a_datagram_is_cut),
	TEST(an_empty_datagram_arrives),
	TEST(an_empty_message_is_sent),
	TEST(a_full_datagram_socket_holds_nobody_up),
	TEST(a_reset_stays),
	TEST(data_come_before_a_reset),
	TEST(an_end_stays),
	TEST(a_peer_that_does_not_answer),
	TEST(a_host_that_is_gone),
	TEST(a_full_stream_has_no_room),
	TEST(a_full_receiver_holds_its_peer_up),
};

int
main(void)
{
	int failed = 0;

	for (int p = 0; p < PROFILE_COUNT; p++) {
		char group[64];

		snprintf(group, sizeof(group), "api/network (%s)",
		    profile_name((enum profile)p));
		failed +=
		    quirks_run_tests(group, (enum profile)p, tests, LEN(tests));
	}
	return failed;
}
