#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "support/loop.h"

static struct net_sockaddr_storage addr;
static net_socklen_t addr_len;
static int listener, client, server;

static struct net_sockaddr *
sa(struct net_sockaddr_storage *a)
{
	return (struct net_sockaddr *)a;
}

static int
open_socket(int type)
{
	const int sock = zsock_socket(NET_AF_INET, type, 0);

	assert_true(sock >= 0);
	return sock;
}

/* A socket on a port that the kernel picks; addr is its address. */
static int
open_bound(int family, int type)
{
	const int sock = zsock_socket(family, type, 0);

	assert_true(sock >= 0);
	addr_len = loop_addr(&addr, family, 0);
	assert_int_equal(zsock_bind(sock, sa(&addr), addr_len), 0);
	assert_int_equal(zsock_getsockname(sock, sa(&addr), &addr_len), 0);
	return sock;
}

static int
setup(void **state)
{
	(void)state;
	listener = open_bound(NET_AF_INET, NET_SOCK_STREAM);
	client = open_socket(NET_SOCK_STREAM);
	if (zsock_listen(listener, 4) != 0 ||
	    zsock_connect(client, sa(&addr), addr_len) != 0)
		return -1;
	server = zsock_accept(listener, NULL, NULL);
	return server < 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)zsock_close(server); /* a test may have done it */
	(void)zsock_close(client);
	(void)zsock_close(listener);
	return 0;
}

/* Waits until sock has something to read. */
static void
await_input(int sock)
{
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLIN };

	assert_int_equal(zsock_poll(&fd, 1, FAR), 1);
}

static void
send_text(int sock, const char *text)
{
	const size_t len = strlen(text);

	assert_int_equal(zsock_send(sock, text, len, 0), len);
}

/* Addresses that no call takes. */
static const struct net_sockaddr_in in = { .sin_family = NET_AF_INET };
static const struct net_sockaddr_in6 in6 = { .sin6_family = NET_AF_INET6 };
static const struct net_sockaddr_storage un = { .ss_family = NET_AF_UNIX };
static const struct net_sockaddr_storage none = { .ss_family = NET_AF_UNSPEC };
static const struct net_sockaddr_storage odd = { .ss_family = 999 };

static const struct address_case {
	const char *name;
	const void *addr;
	net_socklen_t len;
} addresses[] = {
	{ "null", NULL, sizeof(in) },
	{ "null_of_length_0", NULL, 0 },
	{ "length_0", &in, 0 },
	{ "one_byte", &in, 1 },
	{ "family_alone", &in, 2 },
	{ "v4_cut_by_a_byte", &in, 7 },
	{ "v6_cut_by_a_byte", &in6, 23 },
	{ "v6_as_long_as_v4", &in6, sizeof(in) },
	{ "unix", &un, sizeof(un) },
	{ "unspecified", &none, sizeof(none) },
	{ "unknown_family", &odd, sizeof(odd) },
};

static void
bind_refuses_address(void **state)
{
	const struct address_case *c = *state;
	const int sock = open_socket(NET_SOCK_STREAM);

	assert_errno(zsock_bind(sock, c->addr, c->len), EINVAL);
	assert_int_equal(zsock_close(sock), 0);
}

static void
connect_refuses_address(void **state)
{
	const struct address_case *c = *state;
	const int sock = open_socket(NET_SOCK_DGRAM);

	assert_errno(zsock_connect(sock, c->addr, c->len), EINVAL);
	assert_int_equal(zsock_close(sock), 0);
}

/* No destination at all is no bad one: a datagram needs one, though. */
static void
sendto_refuses_address(void **state)
{
	const struct address_case *c = *state;
	const int sock = open_socket(NET_SOCK_DGRAM);
	const int want = c->addr == NULL ? EDESTADDRREQ : EINVAL;
	struct net_iovec iov = { .iov_base = (void *)"x", .iov_len = 1 };
	const struct net_msghdr m = { .msg_name = (void *)c->addr,
		.msg_namelen = c->len,
		.msg_iov = &iov,
		.msg_iovlen = 1 };

	assert_errno(zsock_sendto(sock, "x", 1, 0, c->addr, c->len), want);
	assert_errno(zsock_sendmsg(sock, &m, 0), want);
	assert_int_equal(zsock_close(sock), 0);
}

/* Zephyr's structures end where the address does. */
static const struct short_case {
	const char *name;
	int family;
	net_socklen_t len;
} shorts[] = {
	{ "v4_of_8_bytes", NET_AF_INET, 8 },
	{ "v4_of_15_bytes", NET_AF_INET, 15 },
	{ "v4_of_full_length", NET_AF_INET, 16 },
	{ "v4_longer_than_that", NET_AF_INET, sizeof(struct sockaddr_storage) },
	{ "v6_of_24_bytes", NET_AF_INET6, 24 },
	{ "v6_of_27_bytes", NET_AF_INET6, 27 },
	{ "v6_of_full_length", NET_AF_INET6, 28 },
	{ "v6_longer_than_that", NET_AF_INET6,
	    sizeof(struct sockaddr_storage) },
};

/* A copy without a byte to spare: reading on shows under ASan. */
static struct net_sockaddr *
exact_copy(net_socklen_t len)
{
	struct net_sockaddr *copy = malloc(len);

	assert_non_null(copy);
	memcpy(copy, &addr, len);
	return copy;
}

static void
length_is_accepted(void **state)
{
	const struct short_case *c = *state;
	struct net_sockaddr_storage name;
	net_socklen_t len;
	struct net_sockaddr *copy;
	char byte;
	int to, from;

	/* The copy has port 0 as yet, which binds it to some port. */
	from = zsock_socket(c->family, NET_SOCK_DGRAM, 0);
	(void)loop_addr(&addr, c->family, 0);
	copy = exact_copy(c->len);
	assert_int_equal(zsock_bind(from, copy, c->len), 0);
	free(copy);
	len = sizeof(name);
	assert_int_equal(zsock_getsockname(from, sa(&name), &len), 0);

	to = open_bound(c->family, NET_SOCK_DGRAM);
	copy = exact_copy(c->len);
	assert_int_equal(zsock_sendto(from, "a", 1, 0, copy, c->len), 1);
	assert_int_equal(zsock_connect(from, copy, c->len), 0);
	free(copy);
	assert_int_equal(zsock_send(from, "b", 1, 0), 1);
	assert_int_equal(zsock_recv(to, &byte, 1, 0), 1);
	assert_int_equal(byte, 'a');
	assert_int_equal(zsock_recv(to, &byte, 1, 0), 1);
	assert_int_equal(byte, 'b');
	len = sizeof(name);
	assert_int_equal(zsock_getpeername(from, sa(&name), &len), 0);
	assert_int_equal(len, addr_len);
	assert_memory_equal(&name, &addr, len);
	assert_int_equal(zsock_close(from), 0);
	assert_int_equal(zsock_close(to), 0);
}

/* Every call, with arguments that are good but for the number. */
static char buf[16];
static struct net_msghdr msg = {
	.msg_iov = &(struct net_iovec){ buf, sizeof(buf) },
	.msg_iovlen = 1,
};

static ssize_t
try_close(int sock)
{
	return zsock_close(sock);
}

static ssize_t
try_shutdown(int sock)
{
	return zsock_shutdown(sock, ZSOCK_SHUT_RD);
}

static ssize_t
try_bind(int sock)
{
	return zsock_bind(sock, (const struct net_sockaddr *)&in, sizeof(in));
}

static ssize_t
try_connect(int sock)
{
	return zsock_connect(sock, (const struct net_sockaddr *)&in,
	    sizeof(in));
}

static ssize_t
try_listen(int sock)
{
	return zsock_listen(sock, 1);
}

static ssize_t
try_accept(int sock)
{
	return zsock_accept(sock, NULL, NULL);
}

static ssize_t
try_send(int sock)
{
	return zsock_send(sock, "x", 1, 0);
}

static ssize_t
try_sendto(int sock)
{
	return zsock_sendto(sock, "x", 1, 0, (const struct net_sockaddr *)&in,
	    sizeof(in));
}

static ssize_t
try_sendmsg(int sock)
{
	return zsock_sendmsg(sock, &msg, 0);
}

static ssize_t
try_recv(int sock)
{
	return zsock_recv(sock, buf, sizeof(buf), 0);
}

static ssize_t
try_recvfrom(int sock)
{
	net_socklen_t len = sizeof(addr);

	return zsock_recvfrom(sock, buf, sizeof(buf), 0, sa(&addr), &len);
}

static ssize_t
try_recvmsg(int sock)
{
	return zsock_recvmsg(sock, &msg, 0);
}

static ssize_t
try_fcntl(int sock)
{
	return zsock_fcntl(sock, ZVFS_F_GETFL, 0);
}

static ssize_t
try_ioctl(int sock)
{
	return zsock_ioctl(sock, ZFD_IOCTL_FIONREAD, &(int){ 0 });
}

static ssize_t
try_getsockopt(int sock)
{
	net_socklen_t len = sizeof(int);

	return zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_TYPE,
	    &(int){ 0 }, &len);
}

static ssize_t
try_setsockopt(int sock)
{
	return zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_REUSEADDR,
	    &(int){ 1 }, sizeof(int));
}

static ssize_t
try_getsockname(int sock)
{
	net_socklen_t len = sizeof(addr);

	return zsock_getsockname(sock, sa(&addr), &len);
}

static ssize_t
try_getpeername(int sock)
{
	net_socklen_t len = sizeof(addr);

	return zsock_getpeername(sock, sa(&addr), &len);
}

static const struct call_case {
	const char *name;
	ssize_t (*call)(int sock);
} calls[] = {
	{ "close", try_close },
	{ "shutdown", try_shutdown },
	{ "bind", try_bind },
	{ "connect", try_connect },
	{ "listen", try_listen },
	{ "accept", try_accept },
	{ "send", try_send },
	{ "sendto", try_sendto },
	{ "sendmsg", try_sendmsg },
	{ "recv", try_recv },
	{ "recvfrom", try_recvfrom },
	{ "recvmsg", try_recvmsg },
	{ "fcntl", try_fcntl },
	{ "ioctl", try_ioctl },
	{ "getsockopt", try_getsockopt },
	{ "setsockopt", try_setsockopt },
	{ "getsockname", try_getsockname },
	{ "getpeername", try_getpeername },
};

static void
number_is_ebadf(void **state)
{
	const struct call_case *c = *state;
	const int sock = open_socket(NET_SOCK_STREAM);
	const int numbers[] = { -1, INT_MIN, INT_MAX, 4242, STDERR_FILENO };

	assert_int_equal(sock, 0);
	for (size_t i = 0; i < LEN(numbers); i++)
		assert_errno(c->call(numbers[i]), EBADF);
	assert_int_equal(zsock_close(sock), 0);
	assert_errno(c->call(sock), EBADF);
}

/* NULL and other pointers and lengths that cannot be. */
static ssize_t
send_null(int sock)
{
	return zsock_send(sock, NULL, 1, 0);
}

static ssize_t
sendto_null(int sock)
{
	return zsock_sendto(sock, NULL, 1, 0, (const struct net_sockaddr *)&in,
	    sizeof(in));
}

static ssize_t
recv_null(int sock)
{
	return zsock_recv(sock, NULL, 1, 0);
}

static ssize_t
recvfrom_null(int sock)
{
	net_socklen_t len = sizeof(addr);

	return zsock_recvfrom(sock, NULL, 1, 0, sa(&addr), &len);
}

static ssize_t
sendmsg_null(int sock)
{
	return zsock_sendmsg(sock, NULL, 0);
}

static ssize_t
sendmsg_null_iov(int sock)
{
	return zsock_sendmsg(sock, &(struct net_msghdr){ .msg_iovlen = 1 }, 0);
}

static ssize_t
recvmsg_null(int sock)
{
	return zsock_recvmsg(sock, NULL, 0);
}

static ssize_t
recvmsg_null_iov(int sock)
{
	return zsock_recvmsg(sock, &(struct net_msghdr){ .msg_iovlen = 1 }, 0);
}

static ssize_t
recvmsg_no_iov(int sock)
{
	struct net_msghdr m = { .msg_iov = msg.msg_iov };

	return zsock_recvmsg(sock, &m, 0);
}

static ssize_t
getsockname_null(int sock)
{
	net_socklen_t len = sizeof(addr);

	return zsock_getsockname(sock, NULL, &len);
}

static ssize_t
getsockname_null_len(int sock)
{
	return zsock_getsockname(sock, sa(&addr), NULL);
}

static ssize_t
getpeername_null(int sock)
{
	net_socklen_t len = sizeof(addr);

	return zsock_getpeername(sock, NULL, &len);
}

static ssize_t
getpeername_null_len(int sock)
{
	return zsock_getpeername(sock, sa(&addr), NULL);
}

static ssize_t
getsockopt_null(int sock)
{
	net_socklen_t len = sizeof(int);

	return zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_TYPE, NULL,
	    &len);
}

static ssize_t
getsockopt_null_len(int sock)
{
	return zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_TYPE, buf,
	    NULL);
}

static ssize_t
getsockopt_long(int sock)
{
	net_socklen_t len = sizeof(int) + 1;

	return zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_TYPE, buf,
	    &len);
}

static ssize_t
setsockopt_null(int sock)
{
	return zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_KEEPALIVE,
	    NULL, sizeof(int));
}

static ssize_t
setsockopt_short(int sock)
{
	return zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_KEEPALIVE,
	    &(int){ 1 }, 3);
}

static ssize_t
setsockopt_unknown(int sock)
{
	return zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, 4242, &(int){ 1 },
	    sizeof(int));
}

static ssize_t
ioctl_null(int sock)
{
	return zsock_ioctl(sock, ZFD_IOCTL_FIONREAD, NULL);
}

static ssize_t
ioctl_unknown(int sock)
{
	return zsock_ioctl(sock, 4242, buf);
}

static ssize_t
fcntl_unknown(int sock)
{
	return zsock_fcntl(sock, ZVFS_F_DUPFD, 0);
}

static ssize_t
shutdown_unknown(int sock)
{
	return zsock_shutdown(sock, 3);
}

static ssize_t
bind_again(int sock)
{
	return zsock_bind(sock, sa(&addr), addr_len);
}

static ssize_t
listen_late(int sock)
{
	return zsock_listen(sock, 1);
}

static ssize_t
accept_unasked(int sock)
{
	return zsock_accept(sock, NULL, NULL);
}

static const struct argument_case {
	const char *name;
	ssize_t (*call)(int sock);
	int want;
} arguments[] = {
	{ "send_null", send_null, EINVAL },
	{ "sendto_null", sendto_null, EINVAL },
	{ "recv_null", recv_null, EINVAL },
	{ "recvfrom_null", recvfrom_null, EINVAL },
	{ "sendmsg_null", sendmsg_null, EINVAL },
	{ "sendmsg_null_pieces", sendmsg_null_iov, EINVAL },
	{ "recvmsg_null", recvmsg_null, EINVAL },
	{ "recvmsg_null_pieces", recvmsg_null_iov, ENOMEM },
	{ "recvmsg_no_pieces", recvmsg_no_iov, ENOMEM },
	{ "getsockname_null", getsockname_null, EINVAL },
	{ "getsockname_null_length", getsockname_null_len, EINVAL },
	{ "getpeername_null", getpeername_null, EINVAL },
	{ "getpeername_null_length", getpeername_null_len, EINVAL },
	{ "getsockopt_null", getsockopt_null, EINVAL },
	{ "getsockopt_null_length", getsockopt_null_len, EINVAL },
	{ "getsockopt_too_long", getsockopt_long, EINVAL },
	{ "setsockopt_null", setsockopt_null, EINVAL },
	{ "setsockopt_too_short", setsockopt_short, EINVAL },
	{ "setsockopt_unknown", setsockopt_unknown, ENOPROTOOPT },
	{ "ioctl_null", ioctl_null, EINVAL },
	{ "ioctl_unknown", ioctl_unknown, EOPNOTSUPP },
	{ "fcntl_unknown", fcntl_unknown, EOPNOTSUPP },
	{ "shutdown_unknown", shutdown_unknown, EINVAL },
	{ "bind_of_a_connected_socket", bind_again, EISCONN },
	{ "listen_of_a_connected_socket", listen_late, EINVAL },
	{ "accept_of_a_connected_socket", accept_unasked, EINVAL },
};

static void
argument_is_refused(void **state)
{
	const struct argument_case *c = *state;

	assert_errno(c->call(client), c->want);
	/* The socket is as good as before. */
	send_text(client, "x");
	assert_int_equal(zsock_recv(server, buf, 1, 0), 1);
}

static void
null_of_length_0_is_an_empty_message(void **state)
{
	const int sock = open_bound(NET_AF_INET, NET_SOCK_DGRAM);
	const struct net_msghdr nothing = { .msg_name = &addr,
		.msg_namelen = addr_len };

	(void)state;
	assert_int_equal(zsock_sendto(sock, NULL, 0, 0, sa(&addr), addr_len),
	    0);
	assert_int_equal(zsock_sendmsg(sock, &nothing, 0), 0);
	assert_int_equal(zsock_recv(sock, NULL, 0, ZSOCK_MSG_DONTWAIT), 0);
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT),
	    0);
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT),
	    0);
	assert_errno(zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT),
	    EAGAIN);
	assert_int_equal(zsock_close(sock), 0);
}

/* Bits that Linux gives a meaning, and some that nobody does. */
static const struct flags_case {
	const char *name;
	int flags;
} unknown_flags[] = {
	{ "oob", MSG_OOB },
	{ "dontroute", MSG_DONTROUTE },
	{ "ctrunc", MSG_CTRUNC },
	{ "eor", MSG_EOR },
	{ "errqueue", MSG_ERRQUEUE },
	{ "more", MSG_MORE },
	{ "fastopen", MSG_FASTOPEN },
	{ "zerocopy", 0x4000000 },
	{ "cmsg_cloexec", MSG_CMSG_CLOEXEC },
	{ "sign_bit", INT_MIN },
};

static void
unknown_flag_is_ignored(void **state)
{
	const struct flags_case *c = *state;

	assert_int_equal(zsock_send(client, "ab", 2, c->flags), 2);
	/* It is there at once, not held back or set apart. */
	await_input(server);
	assert_int_equal(zsock_recv(server, buf, 2, c->flags), 2);
	assert_memory_equal(buf, "ab", 2);
	msg.msg_iov->iov_len = 1;
	assert_int_equal(zsock_sendmsg(client, &msg, c->flags), 1);
	assert_int_equal(zsock_recvmsg(server, &msg, c->flags), 1);
	msg.msg_iov->iov_len = sizeof(buf);
}

#define FILL(rows, format, fn, up, down) \
	for (size_t i = 0; i < LEN(rows); i++, n++) { \
		snprintf(names[n], sizeof(names[n]), format, rows[i].name); \
		tests[n] = (struct CMUnitTest){ .name = names[n], \
			.test_func = fn, \
			.setup_func = up, \
			.teardown_func = down, \
			.initial_state = (void *)&rows[i] }; \
	}

int
main(void)
{
	struct CMUnitTest tests[3 * LEN(addresses) + LEN(shorts) + LEN(calls) +
	    LEN(arguments) + LEN(unknown_flags) + 1];
	char names[LEN(tests)][64];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	FILL(addresses, "bind_refuses_%s", bind_refuses_address, NULL, NULL);
	FILL(addresses, "connect_refuses_%s", connect_refuses_address, NULL,
	    NULL);
	FILL(addresses, "sendto_refuses_%s", sendto_refuses_address, NULL,
	    NULL);
	FILL(shorts, "%s_is_an_address", length_is_accepted, NULL, NULL);
	FILL(calls, "%s_of_no_socket_is_ebadf", number_is_ebadf, NULL, NULL);
	FILL(arguments, "%s_is_refused", argument_is_refused, setup, teardown);
	FILL(unknown_flags, "flag_%s_is_ignored", unknown_flag_is_ignored,
	    setup, teardown);
	tests[n] = (struct CMUnitTest)cmocka_unit_test(
	    null_of_length_0_is_an_empty_message);
	return cmocka_run_group_tests_name("api/arguments", tests, NULL, NULL);
}
