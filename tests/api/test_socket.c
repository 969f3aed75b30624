#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/config.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static struct net_sockaddr_storage addr;
static net_socklen_t addr_len;
static int listener, client, server;
static char buf[16];

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
shutdown_ends_receiving(void **state)
{
	(void)state;
	send_text(server, "y");
	await_input(client);
	assert_errno(zsock_shutdown(client, ZSOCK_SHUT_WR), ENOTSUP);
	assert_errno(zsock_shutdown(client, ZSOCK_SHUT_RDWR), ENOTSUP);
	assert_int_equal(zsock_shutdown(client, ZSOCK_SHUT_RD), 0);
	assert_int_equal(zsock_recv(client, buf, 1, 0), 0);
}

static void
success_leaves_errno_alone(void **state)
{
	struct net_sockaddr_storage name;
	net_socklen_t len = sizeof(name);
	struct zsock_pollfd fd = { .events = ZSOCK_POLLOUT };
	int sock, on = 1;

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
	len = sizeof(on);
	assert_int_equal(zsock_setsockopt(client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_KEEPALIVE, &on, len),
	    0);
	assert_int_equal(zsock_getsockopt(client, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_KEEPALIVE, &on, &len),
	    0);
	assert_int_equal(zsock_fcntl(client, ZVFS_F_SETFL, 0), 0);
	assert_int_equal(zsock_connect(sock, sa(&addr), addr_len), 0);
	assert_int_equal(zsock_close(sock), 0);
	sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	assert_true(sock >= 0);
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(errno, EXDEV);
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

#define WITH_LINK(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest others[] = {
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
		WITH_LINK(shutdown_ends_receiving),
		WITH_LINK(success_leaves_errno_alone),
		WITH_LINK(a_full_table_is_enfile_and_loses_no_connection),
		WITH_LINK(a_process_without_descriptors_is_enfile),
		WITH_LINK(a_real_lack_of_descriptors_is_enfile),
	};
	struct CMUnitTest tests[LEN(nonblocks) + LEN(sockets) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(nonblocks); i++) {
		tests[n++] = (struct CMUnitTest){ .name = nonblocks[i].name,
			.test_func = nonblocking_by_fcntl,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&nonblocks[i] };
	}
	for (size_t i = 0; i < LEN(sockets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = sockets[i].name,
			.test_func = socket_answers,
			.initial_state = (void *)&sockets[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/socket", tests, NULL, NULL);
}
