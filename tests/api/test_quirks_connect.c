/* The quirks of socket, bind, listen, accept and connect: every cell. */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "support/loop.h"
#include "support/quirks.h"

/* The whole limit of a connect, short enough to wait out. */
#define CONNECT_MS 60

static int
raw_socket(void)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_RAW, 1);
	const int error = quirks_errno(sock);

	if (sock >= 0)
		assert_int_equal(zsock_close(sock), 0);
	/* Linux asks for a privilege that the tests may not have. */
	return error == EPERM ? 0 : error;
}

static int
errno_after_socket(void)
{
	int sock;

	errno = 0;
	sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	assert_true(sock >= 0);
	const int error = errno;

	assert_int_equal(zsock_close(sock), 0);
	return error;
}

static int
bind_again(int type)
{
	union quirks_addr a, now;
	const int sock = quirks_bound(type, &a);
	net_socklen_t len = sizeof(now);
	int error;

	a.in.sin_port = 0;
	error = quirks_errno(zsock_bind(sock, &a.any, sizeof(a.in)));
	assert_int_equal(zsock_getsockname(sock, &now.any, &len), 0);
	return error;
}

static int
bind_again_stream(void)
{
	return bind_again(NET_SOCK_STREAM);
}

static int
bind_again_dgram(void)
{
	return bind_again(NET_SOCK_DGRAM);
}

static int
bind_foreign(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);

	/* 192.0.2.0/24 is for documentation: no host has it (RFC 5737). */
	a.in.sin_addr.s_addr = net_htonl(0xc0000201);
	return quirks_errno(zsock_bind(quirks_open(NET_AF_INET, NET_SOCK_DGRAM),
	    &a.any, sizeof(a.in)));
}

static int
bind_taken(int type)
{
	union quirks_addr a;

	(void)quirks_bound(type, &a);
	return quirks_errno(
	    zsock_bind(quirks_open(NET_AF_INET, type), &a.any, sizeof(a.in)));
}

static int
bind_taken_stream(void)
{
	return bind_taken(NET_SOCK_STREAM);
}

static int
bind_taken_dgram(void)
{
	return bind_taken(NET_SOCK_DGRAM);
}

static int
listen_taken(void)
{
	union quirks_addr a;
	int second;

	(void)quirks_listener(&a);
	second = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	if (zsock_bind(second, &a.any, sizeof(a.in)) == -1)
		return errno; /* it does not come to listen */
	return quirks_errno(zsock_listen(second, 1));
}

/* The option by which the kernel lets others have the port as well. */
static int
kernel_shares(int sock, int type)
{
	int on = -1;
	socklen_t len = sizeof(on);

	assert_int_equal(getsockopt(loop_kfd(sock), SOL_SOCKET,
	                     type == NET_SOCK_STREAM ? SO_REUSEPORT
	                                             : SO_REUSEADDR,
	                     &on, &len),
	    0);
	return on;
}

/* Streams listen, too, and each gets what is for its address. */
static int
bind_beside_wildcard(void)
{
	static const int types[] = { NET_SOCK_DGRAM, NET_SOCK_STREAM };
	int answer = 1;

	for (size_t i = 0; i < LEN(types); i++) {
		union quirks_addr a, any;
		const int first = quirks_bound(types[i], &a);
		const int second = quirks_open(NET_AF_INET, types[i]);

		if (types[i] == NET_SOCK_STREAM)
			assert_int_equal(zsock_listen(first, 1), 0);
		any = a;
		any.in.sin_addr.s_addr = NET_INADDR_ANY;
		if (zsock_bind(second, &any.any, sizeof(any.in)) == -1) {
			assert_int_equal(errno, EADDRINUSE);
			answer = 0;
			continue;
		}
		if (types[i] == NET_SOCK_STREAM)
			assert_int_equal(zsock_listen(second, 1), 0);
		else
			assert_int_equal(zsock_sendto(second, "x", 1, 0, &a.any,
			                     sizeof(a.in)),
			    1);
		/* No other process may join them. */
		assert_int_equal(kernel_shares(first, types[i]), 0);
		assert_int_equal(kernel_shares(second, types[i]), 0);
	}
	return answer;
}

static int
bind_across(int family, int other)
{
	union quirks_addr a = quirks_loopback(other, 0), now;
	const int sock = quirks_open(family, NET_SOCK_STREAM);
	net_socklen_t len = sizeof(now);

	if (zsock_bind(sock, &a.any, quirks_len(&a)) == -1)
		return errno;
	assert_int_equal(zsock_getsockname(sock, &now.any, &len), 0);
	assert_int_equal(now.any.sa_family, other);
	return 0;
}

static int
bind_v4_on_v6(void)
{
	return bind_across(NET_AF_INET6, NET_AF_INET);
}

static int
bind_v6_on_v4(void)
{
	return bind_across(NET_AF_INET, NET_AF_INET6);
}

static int
v6_only(void)
{
	const int sock = quirks_open(NET_AF_INET6, NET_SOCK_STREAM);
	int on = -1;
	socklen_t len = sizeof(on);

	assert_int_equal(getsockopt(loop_kfd(sock), IPPROTO_IPV6, IPV6_V6ONLY,
	                     &on, &len),
	    0);
	return on;
}

static int
bind_port_back(void)
{
	static const struct net_sockaddr_in constant = { .sin_family =
		                                             NET_AF_INET };
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);

	assert_int_equal(zsock_bind(quirks_open(NET_AF_INET, NET_SOCK_STREAM),
	                     &a.any, sizeof(a.in)),
	    0);
	/* One that cannot be written to is no crash. */
	assert_int_equal(zsock_bind(quirks_open(NET_AF_INET, NET_SOCK_DGRAM),
	                     (const struct net_sockaddr *)&constant,
	                     sizeof(constant)),
	    0);
	return a.in.sin_port != 0;
}

static int
bind_time_wait(void)
{
	struct quirks_link l = quirks_link();
	char byte;

	/* The server closes first: its end stays behind in TIME_WAIT. */
	quirks_close(l.server);
	assert_int_equal(zsock_recv(l.client, &byte, 1, 0), 0);
	quirks_close(l.client);
	quirks_close(l.listener);
	return zsock_bind(quirks_open(NET_AF_INET, NET_SOCK_STREAM),
	           &l.addr.any, sizeof(l.addr.in)) == 0;
}

/* How many connections come through to a listener whose backlog is 0. */
static int
backlog_ignored(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_STREAM, &a);
	int established = 0;

	assert_int_equal(zsock_listen(sock, 0), 0);
	for (int i = 0; i < 8; i++) {
		const int kfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);

		(void)connect(kfd, (struct sockaddr *)&a, sizeof(a.in));
		established +=
		    getpeername(kfd, (struct sockaddr *)&peer, &len) == 0;
		close(kfd);
	}
	return established == 8;
}

static int
listen_dgram(void)
{
	return quirks_errno(
	    zsock_listen(quirks_open(NET_AF_INET, NET_SOCK_DGRAM), 1));
}

/* Hazard or the kernel's: EINVAL either way, and a line on the device. */
static int
accept_not_listening(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);

	assert_int_equal(zsock_accept(sock, NULL, NULL), -1);
	assert_int_equal(errno, EINVAL);
	quirks_nonblock(sock);
	assert_int_equal(zsock_accept(sock, NULL, NULL), -1);
	assert_int_equal(errno,
	    profile_get() == PROFILE_LINUX ? EINVAL : EAGAIN);
	return quirks_hazards();
}

static int
accept_from(int listener, const union quirks_addr *a, bool with_data)
{
	const int kfd = loop_connect_raw(AF_INET, net_ntohs(a->in.sin_port));
	int sock;

	if (with_data)
		assert_int_equal(send(kfd, "x", 1, 0), 1);
	assert_int_equal(shutdown(kfd, SHUT_WR), 0);
	sock = zsock_accept(listener, NULL, NULL);
	close(kfd);
	return sock;
}

static int
accept_gone(void)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const bool older = profile_get() == PROFILE_ZEPHYR_3_3;
	char byte;
	int sock;

	/* With data it is handed out everywhere, and the data are there. */
	sock = accept_from(listener, &a, true);
	assert_true(sock >= 0);
	assert_int_equal(zsock_recv(sock, &byte, 1, 0), 1);
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(quirks_hazards(), older ? 1 : 0);
	sock = accept_from(listener, &a, false);
	if (sock == -1)
		return errno;
	assert_int_equal(zsock_close(sock), 0);
	return 0;
}

static int
accept_plain_child(void)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const struct timeval tv = { .tv_sec = 7 };
	struct timeval got = { 0 };
	socklen_t len = sizeof(got);
	int client, sock;

	assert_int_equal(zsock_setsockopt(listener, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	client = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	assert_int_equal(zsock_connect(client, &a.any, sizeof(a.in)), 0);
	sock = zsock_accept(listener, NULL, NULL);
	assert_true(sock >= 0);
	assert_int_equal(getsockopt(loop_kfd(sock), SOL_SOCKET, SO_RCVTIMEO,
	                     &got, &len),
	    0);
	assert_int_equal(zsock_close(sock), 0);
	return got.tv_sec == 0;
}

static void *
connect_later(void *arg)
{
	const union quirks_addr *a = arg;
	const struct deadline until = deadline_in_ms(100);

	while (deadline_left_ms(until) > 0)
		;
	return (void *)(intptr_t)loop_connect_raw(AF_INET,
	    net_ntohs(a->in.sin_port));
}

static int
accept_no_timeout(void)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const struct timeval tv = { .tv_usec = 20000 };
	pthread_t thread;
	int sock;

	assert_int_equal(zsock_setsockopt(listener, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	thread = loop_start(connect_later, &a);
	sock = zsock_accept(listener, NULL, NULL);
	const int error = quirks_errno(sock);

	close((int)(intptr_t)loop_join(thread));
	if (sock >= 0)
		assert_int_equal(zsock_close(sock), 0);
	else
		assert_int_equal(error, EAGAIN);
	return sock >= 0;
}

static void
short_connects(void)
{
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT",
	                     CONNECT_MS),
	    0);
}

/* Bound and not listening: nobody else gets the port meanwhile. */
static int
refused(int *sock)
{
	union quirks_addr a;
	char text[64];
	int error;

	(void)quirks_bound(NET_SOCK_STREAM, &a);
	*sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	error = quirks_errno(zsock_connect(*sock, &a.any, sizeof(a.in)));
	snprintf(text, sizeof(text), "connect to 127.0.0.1:%d: ECONNREFUSED, ",
	    net_ntohs(a.in.sin_port));
	if (error != ECONNREFUSED)
		assert_non_null(strstr(quirks_log(), text));
	return error;
}

static int
connect_refused(void)
{
	int sock;

	short_connects();
	return refused(&sock);
}

static int
connect_waits_out(void)
{
	const int64_t begin = deadline_now_ns();
	int sock;

	short_connects();
	(void)refused(&sock);
	return deadline_now_ns() - begin >= CONNECT_MS * INT64_C(1000000);
}

/* Connects to a listener of the kernel's whose queue is full. */
static int
unanswered(void)
{
	int others[3], error, sock;
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);

	assert_int_equal(listen(listener, 0), 0);
	for (size_t i = 0; i < LEN(others); i++) {
		others[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(others[i], (const struct sockaddr *)&a,
		    sizeof(a.in));
	}
	sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	if (profile_get() == PROFILE_LINUX) {
		const struct timeval tv = { .tv_usec = CONNECT_MS * 1000 };

		/* The kernel's own limit is minutes; SO_SNDTIMEO is not. */
		assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_SOCKET,
		                     ZSOCK_SO_SNDTIMEO, &tv, sizeof(tv)),
		    0);
	}
	error = quirks_errno(zsock_connect(sock, &a.any, sizeof(a.in)));
	for (size_t i = 0; i < LEN(others); i++)
		close(others[i]);
	close(listener);
	return error;
}

static int
connect_limit(void)
{
	int error;

	short_connects();
	error = unanswered();
	if (error == ETIMEDOUT)
		return 3000; /* but for the target's limit */
	assert_int_equal(error, EINPROGRESS);
	return 0;
}

static int
connect_nonblock(void)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	int error;

	(void)listener;
	quirks_nonblock(sock);
	error = quirks_errno(zsock_connect(sock, &a.any, sizeof(a.in)));
	if (error == 0)
		return 0;
	assert_int_equal(error, EINPROGRESS);
	return 1;
}

static int
connect_again(void)
{
	struct quirks_link l = quirks_link();
	union quirks_addr other;
	int error;

	(void)quirks_listener(&other);
	error = quirks_errno(
	    zsock_connect(l.client, &l.addr.any, sizeof(l.addr.in)));
	assert_int_equal(quirks_hazards(), 0);
	/* The connection is as good as before, also after another peer. */
	(void)zsock_connect(l.client, &other.any, sizeof(other.in));
	assert_int_equal(quirks_hazards(),
	    profile_get() == PROFILE_ZEPHYR_3_3 ? 1 : 0);
	assert_int_equal(zsock_send(l.client, "x", 1, 0), 1);
	return error;
}

static int
connect_listener(void)
{
	union quirks_addr a;

	return quirks_errno(
	    zsock_connect(quirks_listener(&a), &a.any, sizeof(a.in)));
}

static int
connect_family(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET6, 9);
	const int stream = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	const int dgram = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	const int error =
	    quirks_errno(zsock_connect(stream, &a.any, sizeof(a.in6)));

	assert_int_equal(quirks_errno(
	                     zsock_connect(dgram, &a.any, sizeof(a.in6))),
	    error);
	return error;
}

static int
connect_after_failure(void)
{
	union quirks_addr a;
	const int taken = quirks_bound(NET_SOCK_STREAM, &a);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);

	short_connects();
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), -1);
	const int first = errno;

	assert_int_equal(zsock_listen(taken, 1), 0);
	if (zsock_connect(sock, &a.any, sizeof(a.in)) == 0)
		return 0;
	assert_int_equal(errno, first);
	assert_int_equal(quirks_hazards(), 1);
	return 1;
}

static int
connect_unspec(void)
{
	union quirks_addr a, none = { .any = { .sa_family = NET_AF_UNSPEC } };
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	return quirks_errno(zsock_connect(sock, &none.any, sizeof(none.any)));
}

/* Connected to something, and then to addr: has it no peer then? */
static int
clears(const union quirks_addr *addr)
{
	union quirks_addr a;
	const int sock =
	    quirks_bound_in(addr->any.sa_family, NET_SOCK_DGRAM, &a);

	assert_int_equal(zsock_connect(sock, &a.any, quirks_len(&a)), 0);
	assert_int_equal(zsock_connect(sock, &addr->any, quirks_len(addr)), 0);
	if (zsock_send(sock, "x", 1, 0) == 1)
		return 0;
	assert_int_equal(errno, EDESTADDRREQ);
	return 1;
}

static int
connect_any_clears(void)
{
	static const int families[] = { NET_AF_INET, NET_AF_INET6 };
	int answer = -1;

	for (size_t i = 0; i < LEN(families); i++) {
		union quirks_addr any = quirks_loopback(families[i], 9);
		const union quirks_addr no_port =
		    quirks_loopback(families[i], 0);

		if (families[i] == NET_AF_INET)
			any.in.sin_addr.s_addr = NET_INADDR_ANY;
		else
			any.in6.sin6_addr = net_in6addr_any;
		if (i > 0)
			assert_int_equal(clears(&any), answer);
		answer = clears(&any);
		assert_int_equal(clears(&no_port), answer);
	}
	return answer;
}

/* Port 0 is nobody's; only the older device needs its time to find out. */
static int
connect_nowhere(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);
	const int64_t begin = deadline_now_ns();
	int error;

	short_connects();
	error = quirks_errno(
	    zsock_connect(quirks_open(NET_AF_INET, NET_SOCK_STREAM), &a.any,
	        sizeof(a.in)));
	if (deadline_now_ns() - begin < CONNECT_MS * INT64_C(1000000))
		return 0;
	return error;
}

static int
connect_multicast(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET6, 80);
	int error;

	short_connects();
	a.in6.sin6_addr.s6_addr[0] = 0xff;
	a.in6.sin6_addr.s6_addr[1] = 0x02;
	error = quirks_errno(
	    zsock_connect(quirks_open(NET_AF_INET6, NET_SOCK_STREAM), &a.any,
	        sizeof(a.in6)));
	return profile_get() == PROFILE_LINUX ? 0 : error;
}

static const struct quirk_case cases[] = {
	{ "raw", QUIRK_RAW, raw_socket, { EPROTOTYPE, 0, 0 } },
	{ "errno_after_socket", QUIRK_ERRNO_AFTER_SOCKET, errno_after_socket,
	    { 0, EOPNOTSUPP, 0 } },
	{ "bind_again_stream", QUIRK_BIND_AGAIN_STREAM, bind_again_stream,
	    { EISCONN, 0, EINVAL } },
	{ "bind_again_dgram", QUIRK_BIND_AGAIN_DGRAM, bind_again_dgram,
	    { EISCONN, EISCONN, EINVAL } },
	{ "bind_foreign", QUIRK_BIND_FOREIGN, bind_foreign,
	    { ENOENT, ENOENT, EADDRNOTAVAIL } },
	{ "bind_taken_dgram", QUIRK_BIND_TAKEN_DGRAM, bind_taken_dgram,
	    { EADDRINUSE, EALREADY, EADDRINUSE } },
	{ "bind_taken_stream", QUIRK_BIND_TAKEN_STREAM, bind_taken_stream,
	    { EADDRINUSE, 0, EADDRINUSE } },
	{ "listen_taken", QUIRK_LISTEN_TAKEN, listen_taken,
	    { EADDRINUSE, EALREADY, EADDRINUSE } },
	{ "bind_beside_wildcard", QUIRK_BIND_BESIDE_WILDCARD,
	    bind_beside_wildcard, { 0, 1, 0 } },
	{ "v6_only", QUIRK_V6_ONLY, v6_only, { 1, 1, 0 } },
	{ "bind_v4_on_v6", QUIRK_BIND_V4_ON_V6, bind_v4_on_v6,
	    { EINVAL, 0, EINVAL } },
	{ "bind_v6_on_v4", QUIRK_BIND_V6_ON_V4, bind_v6_on_v4,
	    { EINVAL, 0, EAFNOSUPPORT } },
	{ "bind_port_back", QUIRK_BIND_PORT_BACK, bind_port_back, { 1, 1, 0 } },
	{ "bind_time_wait", QUIRK_BIND_TIME_WAIT, bind_time_wait, { 1, 1, 0 } },
	{ "backlog_ignored", QUIRK_BACKLOG_IGNORED, backlog_ignored,
	    { 1, 1, 0 } },
	{ "listen_dgram", QUIRK_LISTEN_DGRAM, listen_dgram,
	    { EOPNOTSUPP, 0, EOPNOTSUPP } },
	{ "accept_not_listening", QUIRK_ACCEPT_NOT_LISTENING,
	    accept_not_listening, { 1, 1, 0 } },
	{ "accept_gone", QUIRK_ACCEPT_GONE, accept_gone,
	    { 0, ECONNABORTED, 0 } },
	{ "accept_plain_child", QUIRK_ACCEPT_PLAIN_CHILD, accept_plain_child,
	    { 1, 1, 0 } },
	{ "accept_no_timeout", QUIRK_ACCEPT_NO_TIMEOUT, accept_no_timeout,
	    { 1, 1, 0 } },
	{ "connect_refused", QUIRK_CONNECT_REFUSED, connect_refused,
	    { ETIMEDOUT, ETIMEDOUT, ECONNREFUSED } },
	{ "connect_waits_out", QUIRK_CONNECT_WAITS_OUT, connect_waits_out,
	    { 0, 1, 0 } },
	{ "connect_limit", QUIRK_CONNECT_LIMIT, connect_limit,
	    { 3000, 3000, 0 } },
	{ "connect_nonblock", QUIRK_CONNECT_NONBLOCK, connect_nonblock,
	    { 1, 0, 1 } },
	{ "connect_again", QUIRK_CONNECT_AGAIN, connect_again,
	    { 0, EALREADY, EISCONN } },
	{ "connect_listener", QUIRK_CONNECT_LISTENER, connect_listener,
	    { EOPNOTSUPP, EOPNOTSUPP, EISCONN } },
	{ "connect_family", QUIRK_CONNECT_FAMILY, connect_family,
	    { EINVAL, EINVAL, EAFNOSUPPORT } },
	{ "connect_after_failure", QUIRK_CONNECT_AFTER_FAILURE,
	    connect_after_failure, { 1, 1, 0 } },
	{ "connect_unspec", QUIRK_CONNECT_UNSPEC, connect_unspec,
	    { EINVAL, EINVAL, 0 } },
	{ "connect_any_clears", QUIRK_CONNECT_ANY_CLEARS, connect_any_clears,
	    { 1, 1, 0 } },
	{ "connect_nowhere", QUIRK_CONNECT_NOWHERE, connect_nowhere,
	    { 0, ETIMEDOUT, 0 } },
	{ "connect_multicast", QUIRK_CONNECT_MULTICAST, connect_multicast,
	    { EADDRNOTAVAIL, ETIMEDOUT, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_connect", cases, LEN(cases));
}
