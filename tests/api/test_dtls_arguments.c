/*
 * Arguments of the calls on a secure datagram socket that are missing, cut or
 * out of range: the errno of each, in the three profiles; 0 is a success.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/socket_select.h>

#include "base/profile.h"
#include "support/dtls_pair.h"
#include "support/quirks.h"

#define CALL(call, zephyr, zephyr_3_3, host) \
	(errno = 0, \
	    check(#call, (long)(call), (int[]){ zephyr, zephyr_3_3, host }))
#define ALL(call, want) CALL(call, want, want, want)
#define NULLS(call) CALL(call, EINVAL, EINVAL, EFAULT)

static void
check(const char *call, long result, const int want[PROFILE_COUNT])
{
	const int error = result == -1 ? errno : 0;

	if (error != want[profile_get()])
		fail_msg("%s: %d, not %d", call, error, want[profile_get()]);
}

static struct dtls_pair pair;
static int fresh;
static union quirks_addr addr; /* the server's */

static void
open_all(void)
{
	dtls_pair_open(&pair);
	fresh = dtls_pair_client(AF_INET);
	addr = quirks_loopback(NET_AF_INET, pair.port);
}

static void
sends(void)
{
	struct net_sockaddr *const to = &addr.any;
	const net_socklen_t whole = sizeof(addr.in);

	open_all();
	NULLS(zsock_send(pair.client, NULL, 1, 0));
	ALL(zsock_send(pair.client, NULL, 0, 0), 0);
	ALL(zsock_sendto(pair.client, "x", 1, 0, NULL, 8), 0);
	CALL(zsock_sendto(pair.client, "x", 1, 0, to, 0), EINVAL, EINVAL, 0);
	ALL(zsock_sendto(pair.client, "x", 1, 0, to, 4), EINVAL);
	CALL(zsock_sendto(pair.client, "x", 1, 0, to, 8), 0, 0, EINVAL);
	ALL(zsock_sendto(pair.client, "x", 1, 0, to, whole), 0);
	CALL(zsock_sendto(fresh, "x", 1, 0, to, 0), EINVAL, EINVAL,
	    EDESTADDRREQ);
	ALL(zsock_sendto(fresh, "x", 1, 0, to, 4), EINVAL);
	ALL(zsock_sendto(fresh, "x", 1, 0, NULL, whole), EDESTADDRREQ);
	/* Flags that nobody knows are no reason. */
	ALL(zsock_send(pair.client, "x", 1, 0x7f00000), 0);
	ALL(zsock_send(pair.server, "x", 1, 0x7f00000), 0);
}

static void
messages(void)
{
	struct net_iovec piece = { (void *)(uintptr_t) "x", 1 };
	struct net_iovec hole = { NULL, 1 };
	struct net_msghdr m = { 0 };

	open_all();
	CALL(zsock_sendmsg(pair.client, NULL, 0), EINVAL, 0, EFAULT);
	ALL(zsock_sendmsg(pair.client, &m, 0), 0);
	m.msg_iovlen = 1;
	NULLS(zsock_sendmsg(pair.client, &m, 0));
	m.msg_iov = &hole;
	NULLS(zsock_sendmsg(pair.client, &m, 0));
	m.msg_iov = &piece;
	ALL(zsock_sendmsg(pair.client, &m, 0), 0);
	ALL(zsock_sendmsg(fresh, &m, 0), EDESTADDRREQ);
	ALL(zsock_recvmsg(pair.client, NULL, 0), EOPNOTSUPP);
	ALL(zsock_recvmsg(pair.client, &m, 0), EOPNOTSUPP);
}

static void
receives(void)
{
	struct net_sockaddr *const from = &addr.any;
	net_socklen_t len = 4;
	char byte;

	open_all();
	for (int i = 0; i < 3; i++)
		assert_int_equal(dtls_pair_send(pair.server, "x", 0), 1);
	NULLS(zsock_recv(pair.client, NULL, 1, 0));
	ALL(zsock_recv(pair.client, NULL, 0, 0), 0);
	ALL(zsock_recv(pair.client, &byte, 1, ZSOCK_MSG_PEEK), ENOTSUP);
	ALL(zsock_recvfrom(pair.client, &byte, 1, 0, from, &len), 0);
	assert_int_equal(len, 4);
	CALL(zsock_recvfrom(pair.client, &byte, 1, 0, from, NULL), 0, 0,
	    EFAULT);
	ALL(zsock_recvfrom(pair.client, &byte, 1, 0, NULL, &len), 0);
	ALL(zsock_recv(fresh, &byte, 1, 0), ENOTCONN);
}

static void
addresses(void)
{
	struct net_sockaddr *const to = &addr.any;
	const net_socklen_t whole = sizeof(addr.in);
	net_socklen_t len = whole;

	open_all();
	NULLS(zsock_connect(fresh, NULL, whole));
	ALL(zsock_connect(fresh, to, 0), EINVAL);
	ALL(zsock_connect(fresh, to, 4), EINVAL);
	NULLS(zsock_bind(fresh, NULL, whole));
	ALL(zsock_bind(fresh, to, 4), EINVAL);
	CALL(zsock_bind(pair.client, to, whole), EISCONN, EISCONN, EINVAL);
	ALL(zsock_getpeername(pair.server, to, &len), ENOTCONN);
	ALL(zsock_getpeername(fresh, to, &len), ENOTCONN);
	NULLS(zsock_getpeername(pair.client, NULL, &len));
	NULLS(zsock_getsockname(pair.client, to, NULL));
	len = 4;
	ALL(zsock_getpeername(pair.client, to, &len), 0);
	assert_int_equal(len, whole);
}

static void
the_rest(void)
{
	open_all();
	CALL(zsock_listen(pair.client, 1), EOPNOTSUPP, 0, EOPNOTSUPP);
	ALL(zsock_accept(pair.client, NULL, NULL), EOPNOTSUPP);
	ALL(zsock_shutdown(pair.client, 7), EINVAL);
	CALL(zsock_shutdown(pair.client, ZSOCK_SHUT_WR), ENOTSUP, ENOTSUP, 0);
	ALL(zsock_shutdown(pair.server, ZSOCK_SHUT_RD),
	    profile_get() == PROFILE_LINUX ? ENOTCONN : 0);
	dtls_pair_close(fresh);
	ALL(zsock_close(fresh), EBADF);
	ALL(zsock_send(fresh, "x", 1, 0), EBADF);
}

static void
select_tells_the_same(void)
{
	struct zsock_timeval none = { 0 };
	zsock_fd_set in, out;

	open_all();
	ZSOCK_FD_ZERO(&in);
	ZSOCK_FD_ZERO(&out);
	ZSOCK_FD_SET(pair.server, &in);
	ZSOCK_FD_SET(pair.client, &out);
	assert_int_equal(zsock_select(64, &in, &out, NULL, &none), 1);
	assert_false(ZSOCK_FD_ISSET(pair.server, &in));
	assert_true(ZSOCK_FD_ISSET(pair.client, &out));
	assert_int_equal(dtls_pair_send(pair.client, "x", 0), 1);
	ZSOCK_FD_SET(pair.server, &in);
	assert_int_equal(zsock_select(64, &in, &out, NULL, &none), 2);
	assert_true(ZSOCK_FD_ISSET(pair.server, &in));
}

int
main(void)
{
	static const struct dtls_pair_test tests[] = {
		DTLS_PAIR_TEST(sends, 0),
		DTLS_PAIR_TEST(messages, 0),
		DTLS_PAIR_TEST(receives, 0),
		DTLS_PAIR_TEST(addresses, 0),
		DTLS_PAIR_TEST(the_rest, 0),
		DTLS_PAIR_TEST(select_tells_the_same, 0),
	};

	return dtls_pair_run("api/dtls_arguments", tests, LEN(tests));
}
