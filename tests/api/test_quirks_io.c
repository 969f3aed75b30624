/* The quirks of send, recv, shutdown and the names: every cell. */
#include "support/test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"

static const char text[] = "0123456789";

static int
send_unconnected(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	const union quirks_addr a = quirks_loopback(NET_AF_INET, 9);

	/* With a destination all but Linux say that it is not connected. */
	if (profile_get() != PROFILE_LINUX) {
		assert_int_equal(zsock_sendto(sock, "x", 1, 0, &a.any,
		                     sizeof(a.in)),
		    -1);
		assert_int_equal(errno, ENOTCONN);
	}
	return quirks_errno(zsock_send(sock, "x", 1, 0));
}

/* Sends until the reset that the first bytes cause has arrived. */
static int
send_broken(void)
{
	struct quirks_link l = quirks_link();
	int error;

	quirks_close(l.server);
	while (zsock_send(l.client, "x", 1, 0) == 1)
		;
	error = errno;
	/* Never a success again, and never a signal. */
	assert_int_equal(zsock_send(l.client, "x", 1, 0), -1);
	assert_int_equal(errno, error);
	return error;
}

/* The peer ends its half and goes on receiving: only a kernel socket can. */
static int
send_after_fin(void)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const int kfd = loop_connect_raw(AF_INET, net_ntohs(a.in.sin_port));
	const int sock = zsock_accept(listener, NULL, NULL);
	int error;

	assert_true(sock >= 0);
	assert_int_equal(shutdown(kfd, SHUT_WR), 0);
	quirks_await(sock);
	error = quirks_errno(zsock_send(sock, "x", 1, 0));
	assert_int_equal(zsock_close(sock), 0);
	close(kfd);
	return error;
}

static int
send_window(void)
{
	struct quirks_link l;
	const struct timeval tv = { .tv_usec = 20000 };

	assert_int_equal(limits_set("CONFIG_NET_SOCKET_MAX_SEND_WAIT", 20), 0);
	l = quirks_link();
	loop_fill(l.client);
	/* Linux has no limit of its own to wait for. */
	if (profile_get() == PROFILE_LINUX)
		assert_int_equal(zsock_setsockopt(l.client, ZSOCK_SOL_SOCKET,
		                     ZSOCK_SO_SNDTIMEO, &tv, sizeof(tv)),
		    0);
	assert_int_equal(zsock_send(l.client, text, 1, 0), -1);
	return errno == EAGAIN ? 0 : errno;
}

static int
send_sndtimeo(void)
{
	struct quirks_link l = quirks_link();
	const struct timeval tv = { .tv_sec = 3600 };

	loop_fill(l.client);
	assert_int_equal(zsock_setsockopt(l.client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_SNDTIMEO, &tv, sizeof(tv)),
	    0);
	if (profile_get() == PROFILE_ZEPHYR_3_3) {
		assert_int_equal(zsock_send(l.client, text, 1, 0), -1);
		assert_int_equal(errno, EAGAIN);
		return 1;
	}
	/* The others would wait for the hour. */
	return 0;
}

static int
send_oversize(void)
{
	static const char big[65600];
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	return quirks_errno(
	    zsock_sendto(sock, big, sizeof(big), 0, &a.any, sizeof(a.in)));
}

static int
send_broadcast(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	union quirks_addr a = quirks_loopback(NET_AF_INET, 9);

	a.in.sin_addr.s_addr = net_htonl(0x7fffffff); /* lo's */
	if (zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)) == 1)
		return 1;
	assert_int_equal(errno, EACCES);
	return 0;
}

static int
send_dest_family(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	a.any.sa_family = 99;
	return quirks_errno(
	    zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)));
}

static int
send_dest_v6(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET6, 9);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);

	return quirks_errno(
	    zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in6)));
}

static int
send_dest_v4(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, 9);
	const int sock = quirks_open(NET_AF_INET6, NET_SOCK_DGRAM);

	return quirks_errno(
	    zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)));
}

static int
send_dest_nowhere(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	a.in.sin_addr.s_addr = NET_INADDR_ANY;
	return quirks_errno(
	    zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)));
}

static int
send_dest_short(void)
{
	struct quirks_link l = quirks_link();

	return quirks_errno(zsock_sendto(l.client, "x", 1, 0, &l.addr.any, 1));
}

static int
sendmsg_null(void)
{
	return quirks_errno(
	    zsock_sendmsg(quirks_open(NET_AF_INET, NET_SOCK_DGRAM), NULL, 0));
}

static int
dgram_no_icmp(void)
{
	union quirks_addr a;
	const int gone = quirks_bound(NET_SOCK_DGRAM, &a);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	char byte;

	quirks_close(gone);
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	for (int i = 0; i < 3; i++) {
		if (zsock_send(sock, "x", 1, 0) == 1)
			continue;
		assert_int_equal(errno, ECONNREFUSED);
		return 0;
	}
	assert_int_equal(quirks_poll(sock, ZSOCK_POLLIN | ZSOCK_POLLOUT),
	    ZSOCK_POLLOUT);
	assert_int_equal(zsock_recv(sock, &byte, 1, ZSOCK_MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	return 1;
}

static int
recv_nothing(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	char buf[4];

	assert_int_equal(zsock_sendto(sock, text, 3, 0, &a.any, sizeof(a.in)),
	    3);
	assert_int_equal(zsock_recv(sock, buf, 0, 0), 0);
	return zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT) == 3;
}

static int
recv_short_addrlen(void)
{
	union quirks_addr a, from;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	net_socklen_t len = 4;
	char buf[4];
	int error;

	assert_int_equal(zsock_sendto(sock, text, 3, 0, &a.any, sizeof(a.in)),
	    3);
	error = quirks_errno(
	    zsock_recvfrom(sock, buf, sizeof(buf), 0, &from.any, &len));
	if (error == 0)
		return 0;
	assert_int_equal(quirks_hazards(), 1);
	/* The device would have lost it. */
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), 0), 3);
	return error;
}

static int
recv_stream_addr(void)
{
	struct quirks_link l = quirks_link();
	union quirks_addr from;
	net_socklen_t len = sizeof(from);
	char byte;

	memset(&from, 0x55, sizeof(from));
	assert_int_equal(zsock_send(l.server, "x", 1, 0), 1);
	assert_int_equal(zsock_recvfrom(l.client, &byte, 1, 0, &from.any, &len),
	    1);
	if (profile_get() == PROFILE_LINUX)
		assert_int_equal(len, 0);
	if (profile_get() == PROFILE_ZEPHYR_3_3)
		assert_int_equal(len, sizeof(from));
	if (from.any.sa_family == 0x5555)
		return 0;
	assert_int_equal(len, sizeof(from.in));
	assert_memory_equal(&from, &l.addr, sizeof(from.in));
	return 1;
}

static int
recv_error_stays(void)
{
	struct quirks_link l = quirks_link();
	const struct linger now = { 1, 0 };
	char byte;

	/* With no time to linger the kernel resets the connection. */
	assert_int_equal(setsockopt(loop_kfd(l.server), SOL_SOCKET, SO_LINGER,
	                     &now, sizeof(now)),
	    0);
	quirks_close(l.server);
	quirks_await(l.client);
	assert_int_equal(zsock_recv(l.client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	if (zsock_recv(l.client, &byte, 1, 0) == 0)
		return 0;
	assert_int_equal(errno, ECONNRESET);
	return 1;
}

/* More of it than the library throws away at a time. */
static int
close_unread(void)
{
	static const char data[5000];
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const int kfd = loop_connect_raw(AF_INET, net_ntohs(a.in.sin_port));
	const int sock = zsock_accept(listener, NULL, NULL);
	char byte;
	ssize_t n;
	int error;

	assert_true(sock >= 0);
	assert_int_equal(send(kfd, data, sizeof(data), 0), sizeof(data));
	quirks_await(sock);
	fake_kernel_install();
	fake_kernel_cap(16);
	assert_int_equal(zsock_close(sock), 0);
	fake_kernel_remove();
	n = recv(kfd, &byte, 1, 0);
	error = errno;
	close(kfd);
	if (n == 0)
		return 1;
	assert_int_equal(error, ECONNRESET);
	return 0;
}

static int
recv_shut_dgram(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	char buf[4];
	int error;

	if (profile_get() == PROFILE_LINUX)
		assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	assert_int_equal(zsock_shutdown(sock, ZSOCK_SHUT_RD), 0);
	error = quirks_errno(zsock_recv(sock, buf, sizeof(buf), 0));
	assert_int_equal(quirks_hazards(), error != 0 ? 1 : 0);
	return error;
}

static int
recv_waitall_timeout(void)
{
	struct quirks_link l = quirks_link();
	const struct timeval tv = { .tv_usec = 20000 };
	char buf[16];

	assert_int_equal(zsock_setsockopt(l.client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	assert_int_equal(zsock_send(l.server, text, 5, 0), 5);
	assert_int_equal(zsock_recv(l.client, buf, sizeof(buf),
	                     ZSOCK_MSG_WAITALL),
	    5);
	assert_memory_equal(buf, text, 5);
	return quirks_hazards();
}

static int
recv_waitall_peek(void)
{
	struct quirks_link l = quirks_link();
	const struct timeval tv = { .tv_usec = 20000 };
	char buf[16];

	assert_int_equal(zsock_setsockopt(l.client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	assert_int_equal(zsock_send(l.server, text, 5, 0), 5);
	quirks_await(l.client);
	assert_int_equal(zsock_recv(l.client, buf, sizeof(buf),
	                     ZSOCK_MSG_WAITALL | ZSOCK_MSG_PEEK),
	    5);
	if (profile_get() == PROFILE_ZEPHYR_3_3)
		return quirks_hazards();
	return 0;
}

static int
recv_trunc_stream(void)
{
	struct quirks_link l = quirks_link();
	char buf[5] = { 0 };

	assert_int_equal(zsock_send(l.server, text, 5, 0), 5);
	assert_int_equal(zsock_recv(l.client, buf, sizeof(buf),
	                     ZSOCK_MSG_TRUNC),
	    5);
	return memcmp(buf, text, sizeof(buf)) == 0;
}

static int
flags_ignored(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	/* MSG_OOB is nothing for datagrams. */
	if (zsock_sendto(sock, "x", 1, MSG_OOB, &a.any, sizeof(a.in)) == 1)
		return 1;
	assert_int_equal(errno, EOPNOTSUPP);
	return 0;
}

static int
recvmsg_flags_kept(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	char byte;
	struct net_iovec iov = { &byte, 1 };
	struct net_msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_flags = 0x400000 };

	assert_int_equal(zsock_sendto(sock, text, 3, 0, &a.any, sizeof(a.in)),
	    3);
	assert_int_equal(zsock_recvmsg(sock, &m, 0), 1);
	assert_true((m.msg_flags & ZSOCK_MSG_TRUNC) != 0);
	return (m.msg_flags & 0x400000) != 0;
}

static int
shutdown_wr(void)
{
	struct quirks_link l = quirks_link();
	const int error = quirks_errno(zsock_shutdown(l.client, ZSOCK_SHUT_WR));

	assert_int_equal(quirks_errno(
	                     zsock_shutdown(l.client, ZSOCK_SHUT_RDWR)),
	    error);
	return error;
}

static int
shutdown_rd(void)
{
	struct quirks_link l = quirks_link();
	const int fresh = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	const int how = ZSOCK_SHUT_RD;
	char byte;

	assert_int_equal(zsock_send(l.server, "x", 1, 0), 1);
	quirks_await(l.client);
	assert_int_equal(zsock_shutdown(l.client, how), 0);
	if (zsock_shutdown(fresh, how) == -1) {
		assert_int_equal(errno, ENOTCONN);
		assert_int_equal(zsock_recv(l.client, &byte, 1, 0), 1);
		return 0;
	}
	assert_int_equal(zsock_recv(l.client, &byte, 1, 0), 0);
	assert_int_equal(quirks_poll(l.client, ZSOCK_POLLIN),
	    ZSOCK_POLLIN | ZSOCK_POLLHUP);
	/* A listener goes on listening. */
	assert_int_equal(zsock_shutdown(l.listener, how), 0);
	close(loop_connect_raw(AF_INET, net_ntohs(l.addr.in.sin_port)));
	return 1;
}

static int
sockname_unbound(void)
{
	union quirks_addr a;
	net_socklen_t len = sizeof(a);

	return quirks_errno(
	    zsock_getsockname(quirks_open(NET_AF_INET, NET_SOCK_DGRAM), &a.any,
	        &len));
}

static int
sockname_child(void)
{
	struct quirks_link l = quirks_link();
	const int unbound = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	union quirks_addr a;
	net_socklen_t len = sizeof(a);

	assert_int_equal(zsock_listen(unbound, 1), 0);
	assert_int_equal(quirks_errno(zsock_getsockname(unbound, &a.any, &len)),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? EINVAL : 0);
	len = sizeof(a);
	assert_int_equal(zsock_getsockname(l.server, &a.any, &len), 0);
	if (a.in.sin_port == l.addr.in.sin_port)
		return 0;
	assert_int_equal(a.in.sin_addr.s_addr, NET_INADDR_ANY);
	assert_in_range(net_ntohs(a.in.sin_port), 0x8000, 0xffff);
	return 1;
}

static const struct quirk_case cases[] = {
	{ "send_unconnected", QUIRK_SEND_UNCONNECTED, send_unconnected,
	    { ENOTCONN, EDESTADDRREQ, EPIPE } },
	{ "send_broken", QUIRK_SEND_BROKEN, send_broken,
	    { ENOTCONN, ENOTCONN, EPIPE } },
	{ "send_after_fin", QUIRK_SEND_AFTER_FIN, send_after_fin,
	    { 0, ENOTCONN, 0 } },
	{ "send_window", QUIRK_SEND_WINDOW, send_window,
	    { ENOBUFS, ENOBUFS, 0 } },
	{ "send_sndtimeo", QUIRK_SEND_SNDTIMEO, send_sndtimeo, { 0, 1, 0 } },
	{ "send_oversize", QUIRK_SEND_OVERSIZE, send_oversize,
	    { ENOMEM, ENOMEM, EMSGSIZE } },
	{ "send_broadcast", QUIRK_SEND_BROADCAST, send_broadcast, { 1, 1, 0 } },
	{ "send_dest_family", QUIRK_SEND_DEST_FAMILY, send_dest_family,
	    { EINVAL, 0, EAFNOSUPPORT } },
	{ "send_dest_v6", QUIRK_SEND_DEST_V6, send_dest_v6,
	    { EINVAL, EDESTADDRREQ, EAFNOSUPPORT } },
	{ "send_dest_v4", QUIRK_SEND_DEST_V4, send_dest_v4,
	    { EINVAL, EINVAL, 0 } },
	{ "send_dest_nowhere", QUIRK_SEND_DEST_NOWHERE, send_dest_nowhere,
	    { EDESTADDRREQ, EDESTADDRREQ, 0 } },
	{ "send_dest_short", QUIRK_SEND_DEST_SHORT, send_dest_short,
	    { 0, EINVAL, 0 } },
	{ "sendmsg_null", QUIRK_SENDMSG_NULL, sendmsg_null,
	    { EINVAL, EDESTADDRREQ, EFAULT } },
	{ "dgram_no_icmp", QUIRK_DGRAM_NO_ICMP, dgram_no_icmp, { 1, 1, 0 } },
	{ "recv_nothing", QUIRK_RECV_NOTHING, recv_nothing, { 1, 1, 0 } },
	{ "recv_short_addrlen", QUIRK_RECV_SHORT_ADDRLEN, recv_short_addrlen,
	    { EINVAL, EINVAL, 0 } },
	{ "recv_stream_addr", QUIRK_RECV_STREAM_ADDR, recv_stream_addr,
	    { 1, 0, 0 } },
	{ "recv_error_stays", QUIRK_RECV_ERROR_STAYS, recv_error_stays,
	    { 1, 1, 0 } },
	{ "close_unread", QUIRK_CLOSE_UNREAD, close_unread, { 1, 1, 0 } },
	{ "recv_shut_dgram", QUIRK_RECV_SHUT_DGRAM, recv_shut_dgram,
	    { 0, EAGAIN, 0 } },
	{ "recv_waitall_timeout", QUIRK_RECV_WAITALL_TIMEOUT,
	    recv_waitall_timeout, { 1, 1, 0 } },
	{ "recv_waitall_peek", QUIRK_RECV_WAITALL_PEEK, recv_waitall_peek,
	    { 0, 1, 0 } },
	{ "recv_trunc_stream", QUIRK_RECV_TRUNC_STREAM, recv_trunc_stream,
	    { 1, 1, 0 } },
	{ "flags_ignored", QUIRK_FLAGS_IGNORED, flags_ignored, { 1, 1, 0 } },
	{ "recvmsg_flags_kept", QUIRK_RECVMSG_FLAGS_KEPT, recvmsg_flags_kept,
	    { 1, 1, 0 } },
	{ "shutdown_wr", QUIRK_SHUTDOWN_WR, shutdown_wr,
	    { ENOTSUP, ENOTSUP, 0 } },
	{ "shutdown_rd", QUIRK_SHUTDOWN_RD, shutdown_rd, { 1, 1, 0 } },
	{ "sockname_unbound", QUIRK_SOCKNAME_UNBOUND, sockname_unbound,
	    { EINVAL, EINVAL, 0 } },
	{ "sockname_child", QUIRK_SOCKNAME_CHILD, sockname_child, { 0, 1, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_io", cases, LEN(cases));
}
