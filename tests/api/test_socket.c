#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

#define FAR 30000 /* milliseconds; a test that waits for them has failed */

/* A call failed with this errno. */
#define assert_errno(call, want) \
	do { \
		errno = 0; \
		assert_int_equal((call), -1); \
		assert_int_equal(errno, want); \
	} while (0)

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
	fake_kernel_remove();
	fdtable_limit(0);
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
	{ "bind_of_a_connected_socket", bind_again, EINVAL },
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
	assert_int_equal(zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT),
	    0);
	assert_int_equal(zsock_recv(sock, NULL, 0, ZSOCK_MSG_DONTWAIT), 0);
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

static void
the_destination_of_a_stream_is_ignored(void **state)
{
	struct net_sockaddr_storage other;
	const net_socklen_t len = loop_addr(&other, NET_AF_INET, 9);

	(void)state;
	assert_int_equal(zsock_sendto(client, "x", 1, 0, sa(&other), len), 1);
	assert_int_equal(zsock_recv(server, buf, 1, 0), 1);
}

static void
one_of_address_and_length_alone_is_ignored(void **state)
{
	net_socklen_t len = 42;
	int child;

	(void)state;
	send_text(client, "ab");
	assert_int_equal(zsock_recvfrom(server, buf, 1, 0, NULL, &len), 1);
	assert_int_equal(zsock_recvfrom(server, buf, 1, 0, sa(&addr), NULL), 1);
	assert_int_equal(zsock_close(client), 0);
	client = open_socket(NET_SOCK_STREAM);
	assert_int_equal(zsock_connect(client, sa(&addr), addr_len), 0);
	child = zsock_accept(listener, NULL, &len);
	assert_true(child >= 0);
	assert_int_equal(len, 42);
	assert_int_equal(zsock_close(child), 0);
}

static void
an_address_is_cut_to_the_room_there_is(void **state)
{
	unsigned char room[8];
	net_socklen_t len = 4;

	(void)state;
	memset(room, 0xa5, sizeof(room));
	assert_int_equal(zsock_getsockname(listener,
	                     (struct net_sockaddr *)room, &len),
	    0);
	assert_int_equal(len, addr_len);
	assert_memory_equal(room, &addr, 4);
	assert_int_equal(room[4], 0xa5);
	len = 4;
	memset(room, 0xa5, sizeof(room));
	assert_int_equal(zsock_getpeername(client, (struct net_sockaddr *)room,
	                     &len),
	    0);
	assert_int_equal(len, addr_len);
	assert_memory_equal(room, &addr, 4);
	assert_int_equal(room[4], 0xa5);
}

static void
names_of_the_two_ends_agree(void **state)
{
	struct net_sockaddr_storage a, b;
	net_socklen_t a_len = sizeof(a), b_len = sizeof(b);
	const int sock = open_socket(NET_SOCK_STREAM);

	(void)state;
	assert_int_equal(zsock_getsockname(client, sa(&a), &a_len), 0);
	assert_int_equal(zsock_getpeername(server, sa(&b), &b_len), 0);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(&a, &b, a_len);
	assert_errno(zsock_getpeername(sock, sa(&a), &a_len), ENOTCONN);
	assert_int_equal(zsock_close(sock), 0);
}

static const struct nonblock_case {
	const char *name;
	int flags;
	int want;
} nonblocks[] = {
	{ "hosts_o_nonblock", O_NONBLOCK, O_NONBLOCK },
	{ "zvfs_o_nonblock", ZVFS_O_NONBLOCK, O_NONBLOCK },
	{ "zephyrs_o_nonblock", 0x4000, O_NONBLOCK },
	{ "other_bits", O_APPEND | O_ASYNC, 0 },
	{ "no_bits", 0, 0 },
};

static void
nonblocking_by_fcntl(void **state)
{
	const struct nonblock_case *c = *state;

	assert_int_equal(zsock_fcntl(client, ZVFS_F_GETFL, 0), 0);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_SETFL, c->flags), 0);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_GETFL, 0), c->want);
	if (c->want != 0)
		assert_errno(zsock_recv(client, buf, 1, 0), EAGAIN);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_SETFL, 0), 0);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_GETFL, 0), 0);
	send_text(server, "x");
	assert_int_equal(zsock_recv(client, buf, 1, 0), 1);
}

static void
fionbio_makes_nonblocking_whatever_its_argument(void **state)
{
	(void)state;
	assert_int_equal(zsock_ioctl(client, ZFD_IOCTL_FIONBIO, &(int){ 0 }),
	    0);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_GETFL, 0), ZVFS_O_NONBLOCK);
	assert_errno(zsock_recv(client, buf, 1, 0), EAGAIN);
}

static void
a_listener_that_does_not_block(void **state)
{
	const int another = open_socket(NET_SOCK_STREAM);
	int child;

	(void)state;
	assert_int_equal(zsock_fcntl(listener, ZVFS_F_SETFL, ZVFS_O_NONBLOCK),
	    0);
	assert_errno(zsock_accept(listener, NULL, NULL), EAGAIN);
	assert_int_equal(zsock_connect(another, sa(&addr), addr_len), 0);
	await_input(listener);
	child = zsock_accept(listener, NULL, NULL);
	assert_true(child >= 0);
	/* What it accepts blocks. */
	assert_int_equal(zsock_fcntl(child, ZVFS_F_GETFL, 0), 0);
	assert_int_equal(zsock_close(child), 0);
	assert_int_equal(zsock_close(another), 0);
}

static void
a_connect_that_does_not_block(void **state)
{
	const int sock = open_socket(NET_SOCK_STREAM);
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLOUT };
	int error = -1;
	net_socklen_t len = sizeof(error);

	(void)state;
	assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK), 0);
	assert_errno(zsock_connect(sock, sa(&addr), addr_len), EINPROGRESS);
	assert_int_equal(zsock_poll(&fd, 1, FAR), 1);
	assert_int_equal(fd.revents, ZSOCK_POLLOUT);
	assert_int_equal(zsock_getsockopt(sock, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_ERROR, &error, &len),
	    0);
	assert_int_equal(error, 0);
	assert_int_equal(zsock_close(sock), 0);
}

static void
a_nonblocking_connect_that_is_refused(void **state)
{
	const int taken = open_bound(NET_AF_INET, NET_SOCK_STREAM);
	const int sock = open_socket(NET_SOCK_STREAM);
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLOUT };
	int error = -1;
	net_socklen_t len = sizeof(error);

	(void)state;
	assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK), 0);
	assert_errno(zsock_connect(sock, sa(&addr), addr_len), EINPROGRESS);
	assert_int_equal(zsock_poll(&fd, 1, FAR), 1);
	assert_true((fd.revents & ZSOCK_POLLERR) != 0);
	assert_int_equal(zsock_getsockopt(sock, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_ERROR, &error, &len),
	    0);
	assert_int_equal(error, ECONNREFUSED);
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(zsock_close(taken), 0);
}

static void
dontwait_is_for_one_call(void **state)
{
	(void)state;
	assert_errno(zsock_recv(client, buf, 1, ZSOCK_MSG_DONTWAIT), EAGAIN);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_GETFL, 0), 0);
}

static void
fionread_counts_what_is_there(void **state)
{
	int n = -1;

	(void)state;
	assert_int_equal(zsock_ioctl(server, ZFD_IOCTL_FIONREAD, &n), 0);
	assert_int_equal(n, 0);
	send_text(client, "hello");
	await_input(server);
	assert_int_equal(zsock_ioctl(server, ZFD_IOCTL_FIONREAD, &n), 0);
	assert_int_equal(n, 5);
	n = -1;
	assert_int_equal(zsock_recv(server, buf, 5, 0), 5);
	assert_int_equal(zsock_ioctl(server, ZFD_IOCTL_FIONWRITE, &n), 0);
	assert_int_equal(n, 0);
}

static void
shutdown_ends_one_direction(void **state)
{
	(void)state;
	assert_int_equal(zsock_shutdown(client, ZSOCK_SHUT_WR), 0);
	assert_int_equal(zsock_recv(server, buf, 1, 0), 0);
	assert_errno(zsock_send(client, "x", 1, 0), EPIPE);
	send_text(server, "y");
	assert_int_equal(zsock_recv(client, buf, 1, 0), 1);
	assert_int_equal(zsock_shutdown(client, ZSOCK_SHUT_RD), 0);
	assert_int_equal(zsock_recv(client, buf, 1, 0), 0);
}

static void
success_leaves_errno_alone(void **state)
{
	struct net_sockaddr_storage name;
	net_socklen_t len = sizeof(name);
	struct zsock_pollfd fd = { .events = ZSOCK_POLLOUT };
	int sock;

	(void)state;
	errno = EXDEV;
	sock = open_socket(NET_SOCK_STREAM);
	fd.fd = client;
	send_text(client, "x");
	assert_int_equal(zsock_recv(server, buf, 1, 0), 1);
	assert_int_equal(zsock_poll(&fd, 1, 0), 1);
	fd.fd = 4242;
	assert_int_equal(zsock_poll(&fd, 1, 0), 1);
	assert_int_equal(zsock_getsockname(client, sa(&name), &len), 0);
	assert_int_equal(try_setsockopt(client), 0);
	assert_int_equal(try_getsockopt(client), 0);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_SETFL, 0), 0);
	assert_int_equal(zsock_connect(sock, sa(&addr), addr_len), 0);
	assert_int_equal(zsock_close(sock), 0);
	sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	assert_true(sock >= 0);
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(errno, EXDEV);
}

static const struct poll_case {
	const char *name;
	bool null;
	int nfds;
	int want; /* 0 or an errno */
} polls[] = {
	{ "poll_of_no_entries", false, 0, 0 },
	{ "poll_of_null_and_no_entries", true, 0, 0 },
	{ "poll_of_null", true, 1, EINVAL },
	{ "poll_of_less_than_no_entries", false, -1, EINVAL },
	{ "poll_of_the_least_number", true, INT_MIN, EINVAL },
};

static void
poll_answers(void **state)
{
	const struct poll_case *c = *state;
	struct zsock_pollfd fd = { .fd = client, .events = ZSOCK_POLLIN };

	errno = 0;
	assert_int_equal(zsock_poll(c->null ? NULL : &fd, c->nfds, 0),
	    c->want == 0 ? 0 : -1);
	assert_int_equal(errno, c->want);
}

static void
more_entries_than_descriptors_are_einval(void **state)
{
	struct zsock_pollfd fds[65];
	struct rlimit saved, low;

	(void)state;
	for (size_t i = 0; i < LEN(fds); i++)
		fds[i] = (struct zsock_pollfd){ .fd = -1 };
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	low = saved;
	low.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(zsock_poll(fds, 64, 0), 0);
	assert_errno(zsock_poll(fds, 65, 0), EINVAL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
}

/* Numbers that are no sockets leave all three sets empty. */
static void
select_of_a_number_that_is_not_open(void **state)
{
	zsock_fd_set r, w, e;

	(void)state;
	send_text(server, "x");
	await_input(client);
	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	ZSOCK_FD_SET(client, &r);
	ZSOCK_FD_SET(client, &w);
	ZSOCK_FD_SET(client, &e);
	ZSOCK_FD_SET(900, &w);
	assert_errno(zsock_select(901, &r, &w, &e, NULL), EBADF);
	for (int i = 0; i < ZSOCK_FD_SETSIZE; i++) {
		assert_false(ZSOCK_FD_ISSET(i, &r));
		assert_false(ZSOCK_FD_ISSET(i, &w));
		assert_false(ZSOCK_FD_ISSET(i, &e));
	}
}

static void
select_counts_bits_and_ignores_nfds(void **state)
{
	const int nfds[] = { 0, -1, 1, 1024, INT_MAX };
	zsock_fd_set r, w, e;

	(void)state;
	send_text(server, "x");
	await_input(client);
	for (size_t i = 0; i < LEN(nfds); i++) {
		ZSOCK_FD_ZERO(&r);
		ZSOCK_FD_ZERO(&w);
		ZSOCK_FD_ZERO(&e);
		ZSOCK_FD_SET(client, &r);
		ZSOCK_FD_SET(listener, &r);
		ZSOCK_FD_SET(client, &w);
		ZSOCK_FD_SET(server, &w);
		ZSOCK_FD_SET(client, &e);
		assert_int_equal(zsock_select(nfds[i], &r, &w, &e, NULL), 3);
		assert_true(ZSOCK_FD_ISSET(client, &r));
		assert_false(ZSOCK_FD_ISSET(listener, &r));
		assert_true(ZSOCK_FD_ISSET(client, &w));
		assert_true(ZSOCK_FD_ISSET(server, &w));
		assert_false(ZSOCK_FD_ISSET(client, &e));
	}
}

static void
select_waits_for_its_timeout(void **state)
{
	struct zsock_timeval timeout = { .tv_usec = 20000 };
	zsock_fd_set r;

	(void)state;
	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_SET(client, &r);
	fake_kernel_install();
	assert_int_equal(zsock_select(0, &r, NULL, NULL, &timeout), 0);
	assert_in_range(fake_kernel_poll_timeout(), 1, 20);
	assert_false(ZSOCK_FD_ISSET(client, &r));
	/* It is not modified. */
	assert_int_equal(timeout.tv_sec, 0);
	assert_int_equal(timeout.tv_usec, 20000);
	assert_int_equal(zsock_select(0, NULL, NULL, NULL, &timeout), 0);
}

/* A timeout, and what a select with something ready answers to it. */
static const struct timeout_case {
	const char *name;
	struct zsock_timeval timeout;
	int want; /* bits, or a negative errno */
} timeouts[] = {
	{ "select_timeout_0", { 0, 0 }, 1 },
	{ "select_timeout_of_a_microsecond", { 0, 1 }, 1 },
	{ "select_timeout_of_many_microseconds", { 0, 5000000 }, 1 },
	{ "select_timeout_of_a_century", { 3153600000, 0 }, 1 },
	{ "select_timeout_as_long_as_can_be", { INT64_MAX, 999999 }, 1 },
	{ "select_negative_seconds", { -1, 0 }, -EINVAL },
	{ "select_negative_microseconds", { 0, -5000 }, -EINVAL },
};

static void
timeout_is_taken_or_refused(void **state)
{
	const struct timeout_case *c = *state;
	struct zsock_timeval timeout = c->timeout;
	zsock_fd_set w;

	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_SET(client, &w);
	errno = 0;
	if (c->want < 0) {
		assert_errno(zsock_select(0, NULL, &w, NULL, &timeout),
		    -c->want);
	} else {
		assert_int_equal(zsock_select(0, NULL, &w, NULL, &timeout),
		    c->want);
	}
}

static void
select_tells_a_reset(void **state)
{
	const struct net_linger reset = { .l_onoff = 1, .l_linger = 0 };
	zsock_fd_set r, w, e;

	(void)state;
	assert_int_equal(zsock_setsockopt(server, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_LINGER, &reset, sizeof(reset)),
	    0);
	assert_int_equal(zsock_close(server), 0);
	await_input(client);
	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	ZSOCK_FD_SET(client, &r);
	ZSOCK_FD_SET(client, &w);
	ZSOCK_FD_SET(client, &e);
	assert_int_equal(zsock_select(0, &r, &w, &e, NULL), 3);
	assert_true(ZSOCK_FD_ISSET(client, &r));
	assert_true(ZSOCK_FD_ISSET(client, &w));
	assert_true(ZSOCK_FD_ISSET(client, &e));
	assert_errno(zsock_recv(client, buf, 1, 0), ECONNRESET);
}

static void
numbers_beyond_a_set_are_ignored(void **state)
{
	const int numbers[] = { -1, INT_MIN, ZSOCK_FD_SETSIZE, INT_MAX };
	zsock_fd_set set, empty;

	(void)state;
	ZSOCK_FD_ZERO(&set);
	ZSOCK_FD_ZERO(&empty);
	for (size_t i = 0; i < LEN(numbers); i++) {
		ZSOCK_FD_SET(numbers[i], &set);
		assert_false(ZSOCK_FD_ISSET(numbers[i], &set));
		ZSOCK_FD_CLR(numbers[i], &set);
	}
	assert_memory_equal(&set, &empty, sizeof(set));
	ZSOCK_FD_SET(ZSOCK_FD_SETSIZE - 1, &set);
	assert_true(ZSOCK_FD_ISSET(ZSOCK_FD_SETSIZE - 1, &set));
	ZSOCK_FD_CLR(ZSOCK_FD_SETSIZE - 1, &set);
	assert_memory_equal(&set, &empty, sizeof(set));
}

static void
a_full_table_is_enfile_and_loses_no_connection(void **state)
{
	int another, child;

	(void)state;
	another = open_socket(NET_SOCK_STREAM);
	assert_int_equal(zsock_connect(another, sa(&addr), addr_len), 0);
	send_text(another, "hi");
	fdtable_limit(another + 1);
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0), ENFILE);
	assert_errno(zsock_accept(listener, NULL, NULL), ENFILE);
	assert_errno(zsock_accept(listener, NULL, NULL), ENFILE);
	fdtable_limit(another + 2);
	child = zsock_accept(listener, NULL, NULL);
	assert_int_equal(child, another + 1);
	assert_int_equal(zsock_recv(child, buf, 2, ZSOCK_MSG_WAITALL), 2);
	assert_memory_equal(buf, "hi", 2);
	assert_int_equal(zsock_close(child), 0);
	assert_int_equal(zsock_close(another), 0);
}

static void
a_process_without_descriptors_is_enfile(void **state)
{
	const int another = open_socket(NET_SOCK_STREAM);
	int child;

	(void)state;
	assert_int_equal(zsock_connect(another, sa(&addr), addr_len), 0);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SOCKET, 1, EMFILE);
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0), ENFILE);
	fake_kernel_fail(FAKE_ACCEPT4, 1, EMFILE);
	assert_errno(zsock_accept(listener, NULL, NULL), ENFILE);
	child = zsock_accept(listener, NULL, NULL);
	assert_int_equal(child, another + 1);
	assert_int_equal(zsock_close(child), 0);
	assert_int_equal(zsock_close(another), 0);
}

/* The same with the real limit of the process. */
static void
a_real_lack_of_descriptors_is_enfile(void **state)
{
	const int another = open_socket(NET_SOCK_STREAM);
	struct rlimit saved, low;
	int child, next;

	(void)state;
	assert_int_equal(zsock_connect(another, sa(&addr), addr_len), 0);
	next = dup(STDERR_FILENO);
	assert_int_equal(close(next), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	low = saved;
	low.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_errno(zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0), ENFILE);
	assert_errno(zsock_accept(listener, NULL, NULL), ENFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
	child = zsock_accept(listener, NULL, NULL);
	assert_int_equal(child, another + 1);
	assert_int_equal(zsock_close(child), 0);
	assert_int_equal(zsock_close(another), 0);
}

static const struct socket_case {
	const char *name;
	int family, type, proto;
	int want; /* 0 or an errno */
} sockets[] = {
	{ "socket_stream", NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TCP, 0 },
	{ "socket_dgram", NET_AF_INET6, NET_SOCK_DGRAM, NET_IPPROTO_UDP, 0 },
	{ "socket_tls", NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_3, 0 },
	{ "socket_family", NET_AF_PACKET, NET_SOCK_DGRAM, 0, EAFNOSUPPORT },
	{ "socket_type", NET_AF_INET, NET_SOCK_RAW, 0, EPROTOTYPE },
	{ "socket_type_flags", NET_AF_INET, NET_SOCK_STREAM | SOCK_NONBLOCK, 0,
	    EPROTOTYPE },
	{ "socket_protocol", NET_AF_INET, NET_SOCK_DGRAM, NET_IPPROTO_TLS_1_2,
	    EPROTONOSUPPORT },
};

static void
socket_answers(void **state)
{
	const struct socket_case *c = *state;
	const int sock = zsock_socket(c->family, c->type, c->proto);

	if (c->want == 0) {
		assert_int_equal(sock, 0);
		assert_int_equal(zsock_close(sock), 0);
	} else {
		assert_int_equal(sock, -1);
		assert_int_equal(errno, c->want);
	}
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

#define WITH_LINK(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(null_of_length_0_is_an_empty_message),
		WITH_LINK(the_destination_of_a_stream_is_ignored),
		WITH_LINK(one_of_address_and_length_alone_is_ignored),
		WITH_LINK(an_address_is_cut_to_the_room_there_is),
		WITH_LINK(names_of_the_two_ends_agree),
		WITH_LINK(fionbio_makes_nonblocking_whatever_its_argument),
		WITH_LINK(a_listener_that_does_not_block),
		WITH_LINK(a_connect_that_does_not_block),
		WITH_LINK(a_nonblocking_connect_that_is_refused),
		WITH_LINK(dontwait_is_for_one_call),
		WITH_LINK(fionread_counts_what_is_there),
		WITH_LINK(shutdown_ends_one_direction),
		WITH_LINK(success_leaves_errno_alone),
		cmocka_unit_test(more_entries_than_descriptors_are_einval),
		WITH_LINK(select_of_a_number_that_is_not_open),
		WITH_LINK(select_counts_bits_and_ignores_nfds),
		WITH_LINK(select_waits_for_its_timeout),
		WITH_LINK(select_tells_a_reset),
		cmocka_unit_test(numbers_beyond_a_set_are_ignored),
		WITH_LINK(a_full_table_is_enfile_and_loses_no_connection),
		WITH_LINK(a_process_without_descriptors_is_enfile),
		WITH_LINK(a_real_lack_of_descriptors_is_enfile),
	};
	struct CMUnitTest tests[3 * LEN(addresses) + LEN(shorts) + LEN(calls) +
	    LEN(arguments) + LEN(unknown_flags) + LEN(nonblocks) + LEN(polls) +
	    LEN(timeouts) + LEN(sockets) + LEN(others)];
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
	FILL(nonblocks, "%s", nonblocking_by_fcntl, setup, teardown);
	FILL(polls, "%s", poll_answers, setup, teardown);
	FILL(timeouts, "%s", timeout_is_taken_or_refused, setup, teardown);
	FILL(sockets, "%s", socket_answers, NULL, NULL);
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/socket", tests, NULL, NULL);
}
