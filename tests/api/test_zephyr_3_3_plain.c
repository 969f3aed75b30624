/*
 * What Zephyr 3.3 answered to making and connecting sockets, where it differs
 * from Linux: the profile zephyr-3.3 answers the same.  Times are those of
 * shorter limits.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "support/quirks.h"

/* A limit that is waited out, in milliseconds. */
#define LIMIT_MS 40

static char buf[1];

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

/* The connect fails, and not before the whole limit is over. */
static void
times_out(int sock, const union quirks_addr *a)
{
	int64_t begin;

	limit("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", LIMIT_MS);
	begin = deadline_now_ns();
	assert_errno(connect_to(sock, a), ETIMEDOUT);
	assert_true(deadline_now_ns() - begin >= LIMIT_MS * INT64_C(1000000));
}

static void
connect_refused(void)
{
	union quirks_addr a;

	(void)quirks_bound(NET_SOCK_STREAM, &a);
	times_out(stream(), &a);
}

static void
connect_refused_nonblocking(void)
{
	union quirks_addr a;
	const int sock = stream();

	(void)quirks_bound(NET_SOCK_STREAM, &a);
	quirks_nonblock(sock);
	times_out(sock, &a);
}

static void
connect_to_port_0(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, 0);

	times_out(stream(), &a);
}

static void
connect_to_any(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 9);

	a.in.sin_addr.s_addr = NET_INADDR_ANY;
	times_out(stream(), &a);
}

static void
connect_to_multicast(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 9);
	union quirks_addr b = quirks_loopback(NET_AF_INET6, 9);

	a.in.sin_addr.s_addr = net_htonl(0xe0000001);
	times_out(stream(), &a);
	b.in6.sin6_addr.s6_addr[0] = 0xff;
	b.in6.sin6_addr.s6_addr[1] = 0x02;
	times_out(quirks_open(NET_AF_INET6, NET_SOCK_STREAM), &b);
}

static void
shutdown_of_sending(void)
{
	const struct quirks_link l = quirks_link();
	int sv[2];

	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	const int socks[] = { l.client, l.listener, stream(), dgram(),
		quirks_keep(zsock_socket(NET_AF_INET, NET_SOCK_STREAM,
		    NET_IPPROTO_TLS_1_2)),
		quirks_keep(sv[0]), quirks_keep(sv[1]) };

	for (size_t i = 0; i < LEN(socks); i++) {
		assert_errno(zsock_shutdown(socks[i], ZSOCK_SHUT_WR), ENOTSUP);
		assert_errno(zsock_shutdown(socks[i], ZSOCK_SHUT_RDWR),
		    ENOTSUP);
	}
	for (size_t i = 0; i < LEN(socks) - 2; i++)
		assert_errno(zsock_shutdown(socks[i], 3), EINVAL);
}

static void
fd_0_is_a_socket(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_int_equal(sock, 0);
	assert_int_equal(zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)),
	    1);
	assert_int_equal(zsock_recv(sock, buf, 1, 0), 1);
}

static void
out_of_fds(void)
{
	limit("CONFIG_POSIX_MAX_FDS", 2);
	(void)stream();
	(void)dgram();
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0), ENFILE);
}

static void
family_comes_first(void)
{
	limit("CONFIG_POSIX_MAX_FDS", 1);
	(void)stream();
	assert_errno(zsock_socket(99, NET_SOCK_STREAM, 0), EAFNOSUPPORT);
	/* The type comes after the table. */
	assert_errno(zsock_socket(NET_AF_INET, 99, 0), ENFILE);
}

static void
out_of_contexts(void)
{
	limit("CONFIG_NET_MAX_CONTEXTS", 1);
	(void)stream();
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0), ENOENT);
}

static void
out_of_tls_contexts(void)
{
	limit("CONFIG_NET_SOCKETS_TLS_MAX_CONTEXTS", 1);
	(void)quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM,
	                 NET_IPPROTO_TLS_1_2),
	    ENOMEM);
}

static void
type_bits(void)
{
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM | SOCK_NONBLOCK,
	                 0),
	    EPROTOTYPE);
}

static void
tls_of_the_other_type(void)
{
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM,
	                 NET_IPPROTO_TLS_1_2),
	    EPROTONOSUPPORT);
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM,
	                 NET_IPPROTO_DTLS_1_2),
	    EPROTONOSUPPORT);
}

static void
raw_of_any_protocol(void)
{
	static const int protocols[] = { 0, 1, 6, 255, NET_IPPROTO_TLS_1_2,
		12345 };

	for (size_t i = 0; i < LEN(protocols); i++)
		(void)quirks_keep(
		    zsock_socket(NET_AF_INET, NET_SOCK_RAW, protocols[i]));
}

static void
bind_to_a_foreign_address(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);

	/* 192.0.2.0/24 is for documentation: no host has it (RFC 5737). */
	a.in.sin_addr.s_addr = net_htonl(0xc0000201);
	assert_errno(zsock_bind(stream(), &a.any, sizeof(a.in)), ENOENT);
	assert_errno(zsock_bind(dgram(), &a.any, sizeof(a.in)), ENOENT);
}

static void
bind_writes_the_port_back(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);

	assert_int_equal(zsock_bind(stream(), &a.any, sizeof(a.in)), 0);
	assert_int_not_equal(a.in.sin_port, 0);
}

static uint16_t
port_of(int sock)
{
	union quirks_addr a;
	net_socklen_t len = sizeof(a);

	assert_int_equal(zsock_getsockname(sock, &a.any, &len), 0);
	return a.in.sin_port;
}

/* A stream bound to the port of a listener, which is closed again. */
static int
bound_to_taken(union quirks_addr *a)
{
	const int listener = quirks_listener(a), sock = stream();

	assert_int_equal(zsock_bind(sock, &a->any, sizeof(a->in)), 0);
	assert_int_equal(port_of(sock), a->in.sin_port);
	assert_errno(zsock_listen(sock, 1), EALREADY);
	quirks_close(listener);
	return sock;
}

static void
bound_to_taken_listens_once_it_is_free(void)
{
	union quirks_addr a;
	const int sock = bound_to_taken(&a), client = stream();

	assert_int_equal(zsock_listen(sock, 1), 0);
	assert_int_equal(port_of(sock), a.in.sin_port);
	assert_int_equal(connect_to(client, &a), 0);
	(void)quirks_keep(zsock_accept(sock, NULL, NULL));
}

static void
bound_to_taken_connects_from_it_once_it_is_free(void)
{
	union quirks_addr a, to;
	const int sock = bound_to_taken(&a);

	(void)quirks_listener(&to);
	assert_int_equal(connect_to(sock, &to), 0);
	assert_int_equal(port_of(sock), a.in.sin_port);
}

/* The device would use the same port. */
static void
bound_to_taken_connects(void)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a), sock = stream();

	(void)listener;
	assert_int_equal(zsock_bind(sock, &a.any, sizeof(a.in)), 0);
	assert_int_equal(connect_to(sock, &a), 0);
	assert_int_not_equal(port_of(sock), a.in.sin_port);
	assert_non_null(strstr(quirks_log(), "it gets another port"));
}

static void
bound_anew_is_taken_no_more(void)
{
	union quirks_addr a, other;
	const int listener = quirks_listener(&a), sock = stream();

	(void)listener;
	other = quirks_loopback(NET_AF_INET, 0);
	assert_int_equal(zsock_bind(sock, &a.any, sizeof(a.in)), 0);
	assert_int_equal(zsock_bind(sock, &other.any, sizeof(other.in)), 0);
	assert_int_equal(zsock_listen(sock, 1), 0);
	assert_int_not_equal(port_of(sock), a.in.sin_port);
}

/* The socket is one of the address's family then. */
static void
binds_across(int family, int other, int type)
{
	union quirks_addr a = quirks_loopback(other, 0), now;
	const int sock = quirks_open(family, type);
	net_socklen_t len = sizeof(now);

	assert_int_equal(zsock_bind(sock, &a.any, quirks_len(&a)), 0);
	assert_int_equal(zsock_getsockname(sock, &now.any, &len), 0);
	assert_int_equal(now.any.sa_family, other);
}

static void
bind_v4_on_v6(void)
{
	binds_across(NET_AF_INET6, NET_AF_INET, NET_SOCK_STREAM);
	binds_across(NET_AF_INET6, NET_AF_INET, NET_SOCK_DGRAM);
}

static void
bind_v6_on_v4(void)
{
	binds_across(NET_AF_INET, NET_AF_INET6, NET_SOCK_STREAM);
	binds_across(NET_AF_INET, NET_AF_INET6, NET_SOCK_DGRAM);
}

static const struct quirks_test tests[] = {
	{ "9_1_bound_to_taken_listens_once_it_is_free",
	    bound_to_taken_listens_once_it_is_free },
	{ "9_1_bound_to_taken_connects_from_it_once_it_is_free",
	    bound_to_taken_connects_from_it_once_it_is_free },
	{ "9_1_bound_to_taken_connects", bound_to_taken_connects },
	{ "9_1_bound_anew_is_taken_no_more", bound_anew_is_taken_no_more },
	{ "9_2_connect_refused", connect_refused },
	{ "9_2_connect_refused_nonblocking", connect_refused_nonblocking },
	{ "9_2_connect_to_port_0", connect_to_port_0 },
	{ "9_2_connect_to_any", connect_to_any },
	{ "9_2_connect_to_multicast", connect_to_multicast },
	{ "9_2_shutdown_of_sending", shutdown_of_sending },
	{ "9_2_fd_0_is_a_socket", fd_0_is_a_socket },
	{ "9_2_out_of_fds", out_of_fds },
	{ "9_2_family_comes_first", family_comes_first },
	{ "9_2_out_of_contexts", out_of_contexts },
	{ "9_2_out_of_tls_contexts", out_of_tls_contexts },
	{ "9_2_type_bits", type_bits },
	{ "9_2_tls_of_the_other_type", tls_of_the_other_type },
	{ "9_2_raw_of_any_protocol", raw_of_any_protocol },
	{ "9_2_bind_to_a_foreign_address", bind_to_a_foreign_address },
	{ "9_2_bind_writes_the_port_back", bind_writes_the_port_back },
	{ "9_2_bind_v4_on_v6", bind_v4_on_v6 },
	{ "9_2_bind_v6_on_v4", bind_v6_on_v4 },
};

int
main(void)
{
	return quirks_run_tests("api/zephyr_3_3_plain", PROFILE_ZEPHYR_3_3,
	    tests, LEN(tests));
}
