/*
 * What Zephyr 3.3 answered about options, NULL pointers and credentials, where
 * it differs from Linux: the profile zephyr-3.3 answers the same.
 */
#include "support/test.h"

#include <errno.h>
#include <sys/socket.h>

#include <zephyr/net/tls_credentials.h>

#include "base/limits.h"
#include "support/quirks.h"

/* A tag that no other test uses. */
#define TAG 930

static char buf[32];

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

static void
udp_set_nodelay(void)
{
	const int on = 1;

	assert_errno(zsock_setsockopt(dgram(), NET_IPPROTO_TCP,
	                 ZSOCK_TCP_NODELAY, &on, sizeof(on)),
	    ENOPROTOOPT);
	assert_int_equal(quirks_hazards(), 1);
}

static void
udp_get_nodelay(void)
{
	int on;
	net_socklen_t len = sizeof(on);

	assert_errno(zsock_getsockopt(dgram(), NET_IPPROTO_TCP,
	                 ZSOCK_TCP_NODELAY, &on, &len),
	    ENOPROTOOPT);
	assert_int_equal(quirks_hazards(), 1);
}

/* Options whose length the device does not look at, and what it writes. */
static const struct {
	int level, name, size;
} unchecked[] = {
	{ ZSOCK_SOL_SOCKET, ZSOCK_SO_SNDBUF, 4 },
	{ ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVBUF, 4 },
	{ NET_IPPROTO_IP, ZSOCK_IP_TOS, 4 },
	{ ZSOCK_SOL_SOCKET, ZSOCK_SO_TXTIME, 1 },
};

static void
getsockopt_longer_optlen(void)
{
	const int sock = dgram();
	net_socklen_t len;

	for (size_t i = 0; i < LEN(unchecked); i++) {
		len = sizeof(buf);
		assert_int_equal(zsock_getsockopt(sock, unchecked[i].level,
		                     unchecked[i].name, buf, &len),
		    0);
		assert_int_equal(len, unchecked[i].size);
	}
	assert_int_equal(quirks_hazards(), 0);
}

/* The device writes beyond what it is told that there is. */
static void
getsockopt_optlen_0(void)
{
	const int sock = dgram();
	net_socklen_t len;

	for (size_t i = 0; i < LEN(unchecked); i++) {
		len = 0;
		assert_errno(zsock_getsockopt(sock, unchecked[i].level,
		                 unchecked[i].name, buf, &len),
		    EINVAL);
		assert_int_equal(quirks_hazards(), i + 1);
	}
}

static void
getsockopt_checked_optlen(void)
{
	const int sock = dgram();
	net_socklen_t len;

	for (len = 0; len < 9; len += 8) {
		assert_errno(zsock_getsockopt(sock, ZSOCK_SOL_SOCKET,
		                 ZSOCK_SO_TYPE, buf, &len),
		    EINVAL);
		assert_errno(zsock_getsockopt(sock, ZSOCK_SOL_SOCKET,
		                 ZSOCK_SO_PROTOCOL, buf, &len),
		    EINVAL);
	}
	assert_int_equal(quirks_hazards(), 0);
}

static void
setsockopt_optlen_0(void)
{
	const unsigned char one = 1;

	assert_int_equal(zsock_setsockopt(dgram(), ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_PRIORITY, &one, 0),
	    0);
	assert_int_equal(zsock_setsockopt(dgram(), ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_TXTIME, &one, 0),
	    0);
	assert_int_equal(quirks_hazards(), 2);
}

static void
errno_after_socket(void)
{
	errno = 0;
	(void)stream();
	assert_int_equal(errno, 0);
	(void)quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void
errno_after_socketpair(void)
{
	int sv[2];

	errno = 0;
	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	assert_int_equal(errno, EOPNOTSUPP);
	(void)quirks_keep(sv[0]);
	(void)quirks_keep(sv[1]);
}

static void
errno_after_poll_with_a_bad_fd(void)
{
	struct zsock_pollfd fd = { .fd = 900, .events = ZSOCK_POLLIN };

	errno = 0;
	assert_int_equal(zsock_poll(&fd, 1, 0), 1);
	assert_int_equal(fd.revents, ZSOCK_POLLNVAL);
	assert_int_equal(errno, EBADF);
}

/* Neither way, on either kind of socket. */
static void
options_that_are_not_there(void)
{
	static const int names[] = { ZSOCK_SO_ERROR, ZSOCK_SO_BROADCAST,
		ZSOCK_SO_KEEPALIVE, ZSOCK_SO_DOMAIN };
	const int socks[] = { stream(), dgram() }, on = 1;
	net_socklen_t len;

	for (size_t i = 0; i < LEN(names) * LEN(socks); i++) {
		const int sock = socks[i % 2], name = names[i / 2];

		len = sizeof(on);
		assert_errno(zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, name, buf,
		                 &len),
		    ENOPROTOOPT);
		assert_errno(zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, name, &on,
		                 sizeof(on)),
		    ENOPROTOOPT);
	}
}

/* Set to anything at all, and never read. */
static void
options_that_are_ignored(void)
{
	static const struct {
		int level, name;
	} ignored[] = {
		{ ZSOCK_SOL_SOCKET, ZSOCK_SO_REUSEADDR },
		{ ZSOCK_SOL_SOCKET, ZSOCK_SO_LINGER },
		{ NET_IPPROTO_IPV6, ZSOCK_IPV6_V6ONLY },
	};
	const int sock = quirks_open(NET_AF_INET6, NET_SOCK_STREAM);
	net_socklen_t len;

	for (size_t i = 0; i < LEN(ignored); i++) {
		const int level = ignored[i].level, name = ignored[i].name;

		assert_int_equal(zsock_setsockopt(sock, level, name, NULL, 0),
		    0);
		assert_int_equal(zsock_setsockopt(sock, level, name, "abc", 3),
		    0);
		len = sizeof(buf);
		assert_errno(zsock_getsockopt(sock, level, name, buf, &len),
		    ENOPROTOOPT);
	}
}

/* The result itself is the negative number, and errno is left alone. */
static void
nodelay_with_a_bad_value(void)
{
	const int sock = stream(), two = 2, one = 1;

	errno = 0;
	assert_int_equal(zsock_setsockopt(sock, NET_IPPROTO_TCP,
	                     ZSOCK_TCP_NODELAY, &two, sizeof(two)),
	    -22);
	assert_int_equal(zsock_setsockopt(sock, NET_IPPROTO_TCP,
	                     ZSOCK_TCP_NODELAY, &one, 1),
	    -22);
	assert_int_equal(errno, 0);
	assert_int_equal(zsock_setsockopt(sock, NET_IPPROTO_TCP,
	                     ZSOCK_TCP_NODELAY, &one, sizeof(one)),
	    0);
}

static int
null_bind(int sock)
{
	return zsock_bind(sock, NULL, sizeof(struct net_sockaddr_in));
}

static int
null_connect(int sock)
{
	return zsock_connect(sock, NULL, sizeof(struct net_sockaddr_in));
}

static int
null_getsockname(int sock)
{
	return zsock_getsockname(sock, NULL, NULL);
}

static int
null_sendto(int sock)
{
	return (int)zsock_sendto(sock, NULL, 1, 0, NULL, 0);
}

static int
null_getsockopt(int sock)
{
	return zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_TYPE, NULL,
	    NULL);
}

static int
null_poll(int sock)
{
	(void)sock;
	return zsock_poll(NULL, 1, 0);
}

/* What the device does not survive is EINVAL, and a line. */
static void
null_that_crashes(void)
{
	static int (*const calls[])(int) = { null_bind, null_connect,
		null_getsockname, null_sendto, null_getsockopt, null_poll };
	const int sock = dgram();

	for (size_t i = 0; i < LEN(calls); i++) {
		assert_errno(calls[i](sock), EINVAL);
		assert_int_equal(quirks_hazards(), i + 1);
	}
}

static void
null_result_of_getaddrinfo(void)
{
	errno = 0;
	assert_int_equal(zsock_getaddrinfo("127.0.0.1", NULL, NULL, NULL),
	    DNS_EAI_SYSTEM);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(quirks_hazards(), 1);
}

/* What it checks by itself. */
static void
null_that_is_checked(void)
{
	const int tls = quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));
	net_socklen_t len = sizeof(buf);

	assert_errno(zsock_getpeername(stream(), NULL, NULL), EINVAL);
	assert_errno(zsock_getsockopt(tls, ZSOCK_SOL_TLS,
	                 ZSOCK_TLS_SEC_TAG_LIST, NULL, &len),
	    EINVAL);
	assert_errno(zsock_getsockopt(tls, ZSOCK_SOL_TLS,
	                 ZSOCK_TLS_SEC_TAG_LIST, buf, NULL),
	    EINVAL);
	assert_errno(zsock_setsockopt(tls, ZSOCK_SOL_TLS,
	                 ZSOCK_TLS_SEC_TAG_LIST, NULL, 4),
	    EINVAL);
	assert_int_equal(quirks_hazards(), 0);
}

static void
null_message(void)
{
	int sv[2];

	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	(void)quirks_keep(sv[0]);
	(void)quirks_keep(sv[1]);
	assert_errno(zsock_sendmsg(dgram(), NULL, 0), EDESTADDRREQ);
	assert_errno(zsock_sendmsg(sv[0], NULL, 0), EINVAL);
	assert_int_equal(zsock_sendmsg(quirks_keep(zsock_socket(NET_AF_INET,
	                                   NET_SOCK_STREAM,
	                                   NET_IPPROTO_TLS_1_2)),
	                     NULL, 0),
	    0);
	assert_errno(zsock_sendmsg(900, NULL, 0), EBADF);
	assert_int_equal(quirks_hazards(), 0);
}

/* The types that can be stored, and one that is nothing to the device. */
static const int types[] = { TLS_CREDENTIAL_CA_CERTIFICATE, 99 };

static void
forget(void)
{
	for (size_t i = 0; i < LEN(types); i++)
		(void)tls_credential_delete(TAG,
		    (enum tls_credential_type)types[i]);
}

static int
add(int type, const void *data, size_t len)
{
	return tls_credential_add(TAG, (enum tls_credential_type)type, data,
	    len);
}

static void
credential_twice(void)
{
	assert_int_equal(add(types[0], "a", 1), 0);
	/* The same one is told first, though there is no room either. */
	assert_int_equal(limits_set("CONFIG_TLS_MAX_CREDENTIALS_NUMBER", 1), 0);
	assert_int_equal(add(types[0], "a", 1), -EEXIST);
	assert_int_equal(add(types[1], "a", 1), -ENOMEM);
	forget();
}

static void
credential_of_nothing(void)
{
	size_t len = sizeof(buf);

	assert_int_equal(add(types[0], "", 0), 0);
	assert_int_equal(add(types[1], NULL, 0), 0);
	assert_int_equal(tls_credential_get(TAG,
	                     (enum tls_credential_type)types[1], buf, &len),
	    0);
	assert_int_equal(len, 0);
	forget();
}

static void
credential_of_any_type(void)
{
	size_t len = sizeof(buf);

	assert_int_equal(add(99, "abc", 3), 0);
	assert_int_equal(tls_credential_get(TAG, (enum tls_credential_type)99,
	                     buf, &len),
	    0);
	assert_int_equal(len, 3);
	forget();
}

/* The device says 0, and has not stored it. */
static void
credential_of_no_type(void)
{
	assert_int_equal(add(TLS_CREDENTIAL_NONE, "abc", 3), -EINVAL);
	assert_int_equal(quirks_hazards(), 1);
}

static void
credential_that_does_not_fit(void)
{
	size_t len = 2;

	assert_int_equal(add(types[0], "abc", 3), 0);
	assert_int_equal(tls_credential_get(TAG,
	                     (enum tls_credential_type)types[0], buf, &len),
	    -EFBIG);
	assert_int_equal(len, 2);
	forget();
}

static const struct quirks_test tests[] = {
	{ "9_1_13_udp_set_nodelay", udp_set_nodelay },
	{ "9_1_13_udp_get_nodelay", udp_get_nodelay },
	{ "9_1_15_getsockopt_longer_optlen", getsockopt_longer_optlen },
	{ "9_1_15_getsockopt_optlen_0", getsockopt_optlen_0 },
	{ "9_1_15_getsockopt_checked_optlen", getsockopt_checked_optlen },
	{ "9_1_15_setsockopt_optlen_0", setsockopt_optlen_0 },
	{ "9_1_17_errno_after_socket", errno_after_socket },
	{ "9_1_17_errno_after_socketpair", errno_after_socketpair },
	{ "9_1_17_errno_after_poll_with_a_bad_fd",
	    errno_after_poll_with_a_bad_fd },
	{ "9_2_options_that_are_not_there", options_that_are_not_there },
	{ "9_2_options_that_are_ignored", options_that_are_ignored },
	{ "9_2_nodelay_with_a_bad_value", nodelay_with_a_bad_value },
	{ "9_2_null_that_crashes", null_that_crashes },
	{ "9_2_null_result_of_getaddrinfo", null_result_of_getaddrinfo },
	{ "9_2_null_that_is_checked", null_that_is_checked },
	{ "9_2_null_message", null_message },
	{ "9_2_credential_twice", credential_twice },
	{ "9_2_credential_of_nothing", credential_of_nothing },
	{ "9_2_credential_of_any_type", credential_of_any_type },
	{ "9_2_credential_of_no_type", credential_of_no_type },
	{ "9_2_credential_that_does_not_fit", credential_that_does_not_fit },
};

int
main(void)
{
	return quirks_run_tests("api/zephyr_3_3_options", PROFILE_ZEPHYR_3_3,
	    tests, LEN(tests));
}
