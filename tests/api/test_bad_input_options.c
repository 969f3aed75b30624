/* NULL, lengths and values that cannot be: every option of every socket. */
#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/bad.h"

/* Every option of zsock/options.h, and some that nobody has. */
static const struct {
	int level, first, last;
} names[] = {
	{ ZSOCK_SOL_SOCKET, 1, 61 },
	{ ZSOCK_SOL_SOCKET, ZSOCK_SO_SOCKS5, ZSOCK_SO_SOCKS5 },
	{ ZSOCK_SOL_SOCKET, INT_MIN, INT_MIN },
	{ ZSOCK_SOL_SOCKET, -1, 0 },
	{ ZSOCK_SOL_SOCKET, INT_MAX - 1, INT_MAX - 1 },
	{ NET_IPPROTO_TCP, -1, 6 },
	{ NET_IPPROTO_IP, -1, 3 },
	{ NET_IPPROTO_IP, 8, 15 },
	{ NET_IPPROTO_IP, 32, 36 },
	{ NET_IPPROTO_IP, 51, 51 },
	{ NET_IPPROTO_IP, ZSOCK_IP_DONTFRAG, ZSOCK_IP_DONTFRAG },
	{ NET_IPPROTO_IPV6, -1, -1 },
	{ NET_IPPROTO_IPV6, 16, 26 },
	{ NET_IPPROTO_IPV6, 49, 52 },
	{ NET_IPPROTO_IPV6, 62, 72 },
	{ ZSOCK_SOL_TLS, -1, 30 },
	{ ZSOCK_SOL_TLS, INT_MAX - 1, INT_MAX - 1 },
	{ INT_MIN, 1, 2 },
	{ -1, 1, 2 },
	{ 4242, 1, 2 },
	{ INT_MAX, 1, 2 },
};

/* The lengths of the buffers; a getsockopt may also be told that it has more. */
static const net_socklen_t lens[] = { 0, 1, 2, 3, 4, 7, 8, 12, 16, 20, 24, 28,
	40, 128 };

static const unsigned char fills[] = { 0, 1, 0x7f, 0x80, 0xff };

/* The failures that the headers have for an option, and the kernel. */
static bool
is_documented(int error)
{
	static const int known[] = { 0, ENOPROTOOPT, EINVAL, ENOTCONN, ENOENT,
		ENOTSUP, EOPNOTSUPP };
	/* Of addresses, groups and devices. */
	static const int kernels[] = { ENODEV, EADDRNOTAVAIL, EAFNOSUPPORT,
		ENETUNREACH, ENOMEM, ENOBUFS, EADDRINUSE };

	for (size_t i = 0; i < LEN(known); i++) {
		if (error == known[i])
			return true;
	}
	for (size_t i = 0; i < LEN(kernels); i++) {
		if (error == kernels[i])
			return true;
	}
	return profile_get() == PROFILE_LINUX && error > 0;
}

static void
check(const char *call, int sock, int level, int name, long len, int rc)
{
	const int error = errno;

	/* The older device forgets to turn this one into an errno. */
	if (rc == -EINVAL && profile_get() == PROFILE_ZEPHYR_3_3 &&
	    level == NET_IPPROTO_TCP && name == ZSOCK_TCP_NODELAY)
		return;
	if (rc == 0 || (rc == -1 && is_documented(error)))
		return;
	print_message("%s(%d, %d, %d, %ld): %d, %s\n", call, sock, level, name,
	    len, rc, strerror(error));
	fail();
}

static void
set(int sock, int level, int name)
{
	for (size_t i = 0; i < LEN(lens); i++) {
		for (size_t k = 0; k < LEN(fills); k++) {
			unsigned char *val = malloc(lens[i] + 1);

			/* A string ends; nothing else may look at that byte. */
			memset(val, fills[k], lens[i]);
			val[lens[i]] = '\0';
			errno = 0;
			check("setsockopt", sock, level, name, lens[i],
			    zsock_setsockopt(sock, level, name, val, lens[i]));
			free(val);
		}
	}
}

static void
get(int sock, int level, int name)
{
	net_socklen_t len;

	for (size_t i = 0; i < LEN(lens); i++) {
		unsigned char *val = malloc(lens[i] > 0 ? lens[i] : 1);

		len = lens[i];
		errno = 0;
		check("getsockopt", sock, level, name, lens[i],
		    zsock_getsockopt(sock, level, name, val, &len));
		if (level != ZSOCK_SOL_TLS && len > lens[i]) {
			print_message("getsockopt(%d, %d): %u of %u bytes\n",
			    level, name, len, lens[i]);
			fail();
		}
		free(val);
	}
}

/* No value, whatever the length; more room than there may be. */
static void
pass_null(int sock, int level, int name)
{
	static const net_socklen_t odd[] = { 0, 1, 4, INT_MAX, UINT32_MAX };
	unsigned char val[256] = "";
	net_socklen_t len;

	for (size_t i = 0; i < LEN(odd); i++) {
		errno = 0;
		check("setsockopt of NULL", sock, level, name, odd[i],
		    zsock_setsockopt(sock, level, name, NULL, odd[i]));
		len = odd[i];
		errno = 0;
		check("getsockopt into NULL", sock, level, name, odd[i],
		    zsock_getsockopt(sock, level, name, NULL, &len));
		len = odd[i];
		errno = 0;
		check("getsockopt", sock, level, name, odd[i],
		    zsock_getsockopt(sock, level, name, val, &len));
	}
	errno = 0;
	check("getsockopt without a length", sock, level, name, 0,
	    zsock_getsockopt(sock, level, name, val, NULL));
	assert_int_equal(zsock_getsockopt(sock, level, name, NULL, NULL), -1);
}

static void
every_option(int sock)
{
	for (size_t i = 0; i < LEN(names); i++) {
		for (int n = names[i].first; n <= names[i].last; n++) {
			/* Ends the process's own rights to what is below. */
			if (names[i].level == ZSOCK_SOL_SOCKET &&
			    (n == SO_LOCK_FILTER || n == SO_ATTACH_FILTER))
				continue;
			pass_null(sock, names[i].level, n);
			get(sock, names[i].level, n);
			set(sock, names[i].level, n);
		}
	}
}

static void
of_a_stream(void)
{
	every_option(bad.fresh);
}

static void
of_a_connected_stream(void)
{
	every_option(bad.tcp);
}

static void
of_a_listener(void)
{
	every_option(bad.listener);
}

static void
of_a_datagram_socket(void)
{
	every_option(bad.udp);
}

static void
of_ipv6_sockets(void)
{
	const int types[] = { NET_SOCK_STREAM, NET_SOCK_DGRAM };

	for (size_t i = 0; i < LEN(types); i++) {
		const int sock = zsock_socket(NET_AF_INET6, types[i], 0);

		assert_true(sock >= 0);
		every_option(sock);
		assert_int_equal(zsock_close(sock), 0);
	}
}

static void
of_a_secure_socket(void)
{
	every_option(bad.tls);
}

static void
of_a_pair_and_an_eventfd(void)
{
	every_option(bad.pair);
	every_option(bad.event);
}

/* What the header says of NULL and lengths, in three options of each sort. */
static void
arguments(void)
{
	static const struct {
		int level, name;
		net_socklen_t len;
	} rows[] = {
		{ ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVBUF, sizeof(int) },
		{ ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO, sizeof(struct timeval) },
		{ NET_IPPROTO_IP, ZSOCK_IP_TOS, sizeof(int) },
	};
	net_socklen_t len = sizeof(int), none = 0, max = UINT32_MAX;
	int value = 0;

	for (size_t i = 0; i < LEN(rows); i++) {
		const int l = rows[i].level, n = rows[i].name;

		BAD_NULL(zsock_setsockopt(bad.tcp, l, n, NULL, rows[i].len));
		if (rows[i].name == ZSOCK_IP_TOS)
			continue; /* a byte is enough on Linux */
		BAD_ALL(zsock_setsockopt(bad.tcp, l, n, &value, 0), EINVAL);
		BAD_ALL(zsock_setsockopt(bad.tcp, l, n, &value, 1), EINVAL);
	}
	BAD_NULL(zsock_getsockopt(bad.tcp, 1, ZSOCK_SO_TYPE, NULL, &len));
	BAD_NULL(zsock_getsockopt(bad.tcp, 1, ZSOCK_SO_TYPE, &value, NULL));
	BAD_HOST(zsock_getsockopt(bad.tcp, 1, ZSOCK_SO_TYPE, &value, &none),
	    EINVAL, 0);
	BAD_ALL(zsock_getsockopt(bad.tcp, 1, ZSOCK_SO_TYPE, &value, &max),
	    EINVAL);
	BAD_ALL(zsock_setsockopt(bad.tcp, 1, 4242, NULL, 0),
	    profile_get() == PROFILE_LINUX ? EINVAL : ENOPROTOOPT);
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	            NULL, 4),
	    EINVAL);
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	            &value, 3),
	    EINVAL);
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	            &value, UINT32_MAX),
	    EINVAL);
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
	            NULL, UINT32_MAX),
	    0);
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_PEER_VERIFY,
	            NULL, sizeof(int)),
	    EINVAL);
	value = INT_MIN;
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_PEER_VERIFY,
	            &value, sizeof(int)),
	    EINVAL);
	value = INT_MAX;
	BAD_ALL(zsock_setsockopt(bad.tls, ZSOCK_SOL_TLS, ZSOCK_TLS_PEER_VERIFY,
	            &value, sizeof(int)),
	    EINVAL);
}

int
main(void)
{
	static const struct bad_test tests[] = {
		{ "arguments", arguments },
		{ "of_a_stream", of_a_stream },
		{ "of_a_connected_stream", of_a_connected_stream },
		{ "of_a_listener", of_a_listener },
		{ "of_a_datagram_socket", of_a_datagram_socket },
		{ "of_ipv6_sockets", of_ipv6_sockets },
		{ "of_a_secure_socket", of_a_secure_socket },
		{ "of_a_pair_and_an_eventfd", of_a_pair_and_an_eventfd },
	};

	return bad_run("api/bad_input_options", tests, LEN(tests));
}
