/*
 * What the calls of a plain socket answer after the network has failed, in each
 * profile of a device.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"

static char buf[16];

static bool
on_3_3(void)
{
	return profile_get() == PROFILE_ZEPHYR_3_3;
}

static ssize_t
receive(int sock)
{
	return zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT);
}

static ssize_t
transmit(int sock)
{
	return zsock_send(sock, "x", 1, ZSOCK_MSG_DONTWAIT);
}

static int
so_error(int sock)
{
	int error = -1;
	net_socklen_t len = sizeof(error);

	assert_int_equal(zsock_getsockopt(sock, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_ERROR, &error, &len),
	    0);
	return error;
}

/* A listener of the kernel's that lets nobody in any more, and its address. */
struct full {
	union quirks_addr addr;
	int kfds[4];
};

static void
full_open(struct full *f)
{
	uint16_t port;

	f->kfds[0] = loop_listen_raw(AF_INET, &port);
	f->addr = quirks_loopback(AF_INET, port);
	assert_int_equal(listen(f->kfds[0], 0), 0);
	for (size_t i = 1; i < LEN(f->kfds); i++) {
		f->kfds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(f->kfds[i], (struct sockaddr *)&f->addr,
		    sizeof(f->addr.in));
	}
}

static void
full_close(struct full *f)
{
	for (size_t i = 0; i < LEN(f->kfds); i++)
		close(f->kfds[i]);
}

static void
a_connect_that_timed_out_is_final(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	struct full f;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", 20),
	    0);
	full_open(&f);
	assert_errno(zsock_connect(sock, &f.addr.any, sizeof(f.addr.in)),
	    ETIMEDOUT);
	for (int i = 0; i < 2; i++) {
		assert_errno(receive(sock), ETIMEDOUT);
		assert_errno(transmit(sock), on_3_3() ? ENOTCONN : ETIMEDOUT);
		assert_errno(zsock_listen(sock, 1), EINVAL);
	}
	full_close(&f);
}

/* Only the newer device has this state. */
static void
nothing_is_carried_before_it_is_connected(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	struct timeval tv = { .tv_usec = 1 };
	socklen_t len = sizeof(tv);
	struct full f;

	if (on_3_3())
		return;
	full_open(&f);
	quirks_nonblock(sock);
	assert_errno(zsock_connect(sock, &f.addr.any, sizeof(f.addr.in)),
	    EINPROGRESS);
	assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL, 0), 0);
	assert_errno(zsock_recv(sock, buf, 1, 0), ENOTCONN);
	assert_errno(zsock_send(sock, "x", 1, 0), ENOTCONN);
	/* Its sends will have the limit that they should have, not connect's. */
	assert_int_equal(getsockopt(loop_kfd(sock), SOL_SOCKET, SO_SNDTIMEO,
	                     &tv, &len),
	    0);
	assert_int_equal(tv.tv_usec, 0);
	full_close(&f);
}

/* The kernel tells it once, and nothing but the end of the stream later. */
static void
a_stream_keeps_its_first_error(void)
{
	static const int errors[] = { ECONNRESET, ETIMEDOUT, EHOSTUNREACH,
		ENETUNREACH, EHOSTDOWN, ENOPROTOOPT };
	static const enum fake_call calls[] = { FAKE_RECVFROM, FAKE_SENDTO };

	for (size_t i = 0; i < LEN(errors) * LEN(calls); i++) {
		const enum fake_call call = calls[i % LEN(calls)];
		const int error = errors[i / LEN(calls)];
		struct quirks_link l = quirks_link();

		/* The older device has another word for a reset. */
		if (on_3_3() && call == FAKE_SENDTO && error == ECONNRESET)
			continue;
		fake_kernel_install();
		fake_kernel_fail(call, 1, error);
		if (call == FAKE_RECVFROM)
			assert_errno(receive(l.client), error);
		else
			assert_errno(transmit(l.client), error);
		fake_kernel_remove();
		quirks_close(l.server);
		quirks_await(l.client);
		assert_errno(receive(l.client), error);
		assert_errno(receive(l.client), error);
		if (!on_3_3())
			assert_int_equal(so_error(l.client), error);
		quirks_close(l.client);
		quirks_close(l.listener);
	}
}

/* What fails a call is no end of the connection. */
static void
an_error_of_the_call_is_not_kept(void)
{
	static const int errors[] = { EAGAIN, EINTR, ENOMEM, ENOBUFS, EFAULT };

	for (size_t i = 0; i < LEN(errors); i++) {
		struct quirks_link l = quirks_link();

		fake_kernel_install();
		fake_kernel_fail(FAKE_RECVFROM, 1, errors[i]);
		assert_errno(receive(l.client), errors[i]);
		fake_kernel_remove();
		assert_int_equal(zsock_send(l.client, "x", 1, 0), 1);
		quirks_await(l.server);
		assert_int_equal(receive(l.server), 1);
		quirks_close(l.server);
		quirks_await(l.client);
		assert_int_equal(receive(l.client), 0);
		quirks_close(l.client);
		quirks_close(l.listener);
	}
}

/* Of the end of a stream there is no sender. */
static void
the_end_has_no_address(void)
{
	struct quirks_link l = quirks_link();
	union quirks_addr from;
	net_socklen_t len = sizeof(from);

	quirks_close(l.server);
	quirks_await(l.client);
	assert_int_equal(zsock_recvfrom(l.client, buf, 1, 0, &from.any, &len),
	    0);
	assert_int_equal(len, sizeof(from));
}

static void
a_part_without_waiting_is_no_hazard(void)
{
	struct quirks_link l = quirks_link();
	const struct timeval tv = { .tv_sec = 100 };

	assert_int_equal(zsock_setsockopt(l.client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(zsock_send(l.server, "abc", 3, 0), 3);
		quirks_await(l.client);
		assert_int_equal(zsock_recv(l.client, buf, sizeof(buf),
		                     ZSOCK_MSG_WAITALL |
		                         (i == 0 ? ZSOCK_MSG_DONTWAIT : 0)),
		    3);
		quirks_nonblock(l.client);
	}
	assert_int_equal(quirks_hazards(), 0);
}

static void
empty_buffers_take_no_datagram(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	struct net_iovec iov[] = { { buf, 0 }, { buf, 0 } };
	struct net_msghdr m = { .msg_iov = iov, .msg_iovlen = LEN(iov) };

	assert_int_equal(zsock_sendto(sock, "abc", 3, 0, &a.any, sizeof(a.in)),
	    3);
	assert_int_equal(zsock_recvmsg(sock, &m, 0), 0);
	assert_int_equal(receive(sock), 3);
}

/* Those that an ICMP message can be to the kernel. */
static const int icmp_errors[] = { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
	EHOSTDOWN, ENONET, ENOPROTOOPT, EMSGSIZE, EACCES, EPROTO, EOPNOTSUPP };

/* A datagram socket that is its own peer. */
static int
dgram_to_itself(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	return sock;
}

static void
icmp_errors_are_never_told(void)
{
	for (size_t i = 0; i < LEN(icmp_errors); i++) {
		const int sock = dgram_to_itself();

		fake_kernel_install();
		fake_kernel_fail(FAKE_SENDTO, 1, icmp_errors[i]);
		assert_int_equal(transmit(sock), 1);
		fake_kernel_fail(FAKE_RECVFROM, 1, icmp_errors[i]);
		assert_int_equal(receive(sock), 1);
		fake_kernel_fail(FAKE_RECVFROM, 1, icmp_errors[i]);
		assert_errno(receive(sock), EAGAIN);
		fake_kernel_remove();
		quirks_close(sock);
	}
}

/* Twice, and it is no earlier datagram's. */
static void
an_error_of_the_route_is_told(void)
{
	for (size_t i = 1; i < LEN(icmp_errors); i++) {
		const int sock = dgram_to_itself();

		fake_kernel_install();
		fake_kernel_fail(FAKE_SENDTO, 2, icmp_errors[i]);
		assert_errno(transmit(sock),
		    icmp_errors[i] == EMSGSIZE ? ENOMEM : icmp_errors[i]);
		assert_int_equal(transmit(sock), 1);
		fake_kernel_remove();
		quirks_close(sock);
	}
}

static void
so_error_of_a_datagram_socket_is_0(void)
{
	union quirks_addr a;
	const int gone = quirks_bound(NET_SOCK_DGRAM, &a);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);

	if (on_3_3())
		return; /* it has no such option */
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	quirks_close(gone);
	assert_int_equal(transmit(sock), 1);
	assert_int_equal(so_error(sock), 0);
	/* Asking has taken it away. */
	assert_int_equal(quirks_poll(sock, ZSOCK_POLLIN), 0);
	assert_errno(receive(sock), EAGAIN);
	assert_int_equal(so_error(sock), 0);
}

static const struct quirks_test tests[] = {
	{ "a_connect_that_timed_out_is_final",
	    a_connect_that_timed_out_is_final },
	{ "nothing_is_carried_before_it_is_connected",
	    nothing_is_carried_before_it_is_connected },
	{ "a_stream_keeps_its_first_error", a_stream_keeps_its_first_error },
	{ "an_error_of_the_call_is_not_kept",
	    an_error_of_the_call_is_not_kept },
	{ "the_end_has_no_address", the_end_has_no_address },
	{ "a_part_without_waiting_is_no_hazard",
	    a_part_without_waiting_is_no_hazard },
	{ "empty_buffers_take_no_datagram", empty_buffers_take_no_datagram },
	{ "icmp_errors_are_never_told", icmp_errors_are_never_told },
	{ "an_error_of_the_route_is_told", an_error_of_the_route_is_told },
	{ "so_error_of_a_datagram_socket_is_0",
	    so_error_of_a_datagram_socket_is_0 },
};

int
main(void)
{
	return quirks_run_tests("sock/native_errors zephyr", PROFILE_ZEPHYR,
	           tests, LEN(tests)) +
	    quirks_run_tests("sock/native_errors zephyr-3.3",
	        PROFILE_ZEPHYR_3_3, tests, LEN(tests));
}
