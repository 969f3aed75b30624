/*
 * The target's limits in force: each, when it is exceeded, gives the device's
 * errno and one line that names the symbol to raise; and not a thing before.
 */
#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

#include "base/limits.h"
#include "support/loop.h"
#include "support/quirks.h"

static int
open_tls(void)
{
	return zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
}

/* How many sockets there are before the one that fails; its errno in errno. */
static int
how_many(int (*open)(void))
{
	int socks[16], n = 0, error;

	while ((socks[n] = open()) >= 0)
		n++;
	error = errno;
	for (int i = 0; i < n; i++)
		assert_int_equal(zsock_close(socks[i]), 0);
	errno = error;
	return n;
}

static int
open_tcp(void)
{
	return zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
}

static int
open_udp6(void)
{
	return zsock_socket(NET_AF_INET6, NET_SOCK_DGRAM, 0);
}

static int
fds(void)
{
	assert_int_equal(how_many(open_tcp), 4);
	return errno;
}

/* Two numbers each, as on the device. */
static int
fds_of_secure_sockets(void)
{
	assert_int_equal(how_many(open_tls), 2);
	return errno;
}

static int
contexts(void)
{
	assert_int_equal(how_many(open_udp6), 4);
	/* And so for the sockets inside secure ones. */
	assert_int_equal(how_many(open_tls), 4);
	return errno;
}

static int
tls_contexts(void)
{
	assert_int_equal(how_many(open_tls), 4);
	const int error = errno;

	/* Others do not count. */
	assert_int_equal(limits_set("CONFIG_NET_MAX_CONTEXTS", 7), 0);
	assert_int_equal(how_many(open_tcp), 7);
	return error;
}

static int
tags(void)
{
	const sec_tag_t list[] = { 1, 2, 3, 4, 5 };
	const int sock = open_tls();
	int error;

	for (sec_tag_t t = 1; t <= 5; t++)
		(void)tls_credential_add(t, TLS_CREDENTIAL_PSK_ID, "i", 1);
	error = quirks_errno(zsock_setsockopt(sock, ZSOCK_SOL_TLS,
	    ZSOCK_TLS_SEC_TAG_LIST, list, sizeof(list)));
	for (sec_tag_t t = 1; t <= 5; t++)
		(void)tls_credential_delete(t, TLS_CREDENTIAL_PSK_ID);
	assert_int_equal(zsock_close(sock), 0);
	return error;
}

static int
credentials(void)
{
	int rc = 0;

	for (sec_tag_t t = 101; t <= 105 && rc == 0; t++)
		rc = tls_credential_add(t, TLS_CREDENTIAL_PSK, "k", 1);
	/* What is there already is that first. */
	assert_int_equal(tls_credential_add(101, TLS_CREDENTIAL_PSK, "k", 1),
	    -EEXIST);
	for (sec_tag_t t = 101; t <= 105; t++)
		(void)tls_credential_delete(t, TLS_CREDENTIAL_PSK);
	return -rc;
}

/* On a stream input and output are a slot each; room for datagrams is free. */
static int
poll_slots(void)
{
	struct quirks_link l = quirks_link();
	union quirks_addr a;
	const int udp = quirks_bound(NET_SOCK_DGRAM, &a);
	struct zsock_pollfd set[] = {
		{ l.client, ZSOCK_POLLIN | ZSOCK_POLLOUT, 0 },
		{ l.server, ZSOCK_POLLIN, 0 },
		{ udp, ZSOCK_POLLIN | ZSOCK_POLLOUT, 0 },
		{ l.server, ZSOCK_POLLOUT, 0 },
	};
	zsock_fd_set r;

	assert_true(zsock_poll(set, 3, 0) > 0);
	assert_int_equal(zsock_poll(set, 4, 0), -1);
	const int error = errno;

	ZSOCK_FD_ZERO(&r);
	for (int i = 0; i < 5; i++)
		ZSOCK_FD_SET(quirks_open(NET_AF_INET, NET_SOCK_DGRAM), &r);
	assert_int_equal(zsock_select(0, &r, NULL, NULL, NULL), -1);
	assert_int_equal(errno, error);
	return error;
}

/* 4 buffers of 128 bytes, less the headers. */
static int
datagram(void)
{
	static const char data[600];
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);

	assert_int_equal(zsock_sendto(sock, data, 484, 0, &a.any, sizeof(a.in)),
	    484);
	return quirks_errno(
	    zsock_sendto(sock, data, 485, 0, &a.any, sizeof(a.in)));
}

static const struct limit_case {
	const char *name;
	const char *symbol;
	int (*exceed)(void);
	int want;
	int lines;
} cases[] = {
	{ "fds", "CONFIG_ZVFS_OPEN_MAX", fds, ENFILE, 1 },
	{ "fds_by_their_older_name", "CONFIG_POSIX_MAX_FDS", fds, ENFILE, 1 },
	{ "fds_of_secure_sockets", "CONFIG_ZVFS_OPEN_MAX",
	    fds_of_secure_sockets, ENFILE, 1 },
	{ "contexts", "CONFIG_NET_MAX_CONTEXTS", contexts, ENOENT, 2 },
	{ "tls_contexts", "CONFIG_NET_SOCKETS_TLS_MAX_CONTEXTS", tls_contexts,
	    ENOMEM, 1 },
	{ "sec_tags", "CONFIG_NET_SOCKETS_TLS_MAX_CREDENTIALS", tags, EINVAL,
	    1 },
	{ "credentials", "CONFIG_TLS_MAX_CREDENTIALS_NUMBER", credentials,
	    ENOMEM, 1 },
	{ "poll", "CONFIG_ZVFS_POLL_MAX", poll_slots, ENOMEM, 2 },
	{ "poll_by_its_older_name", "CONFIG_NET_SOCKETS_POLL_MAX", poll_slots,
	    ENOMEM, 2 },
	{ "datagram_buffers", "CONFIG_NET_BUF_TX_COUNT", datagram, ENOMEM, 1 },
};

/* Lines of the log that name the symbol. */
static int
lines_about(const char *symbol)
{
	const char *p = quirks_log();
	char text[128];
	int n = 0;

	snprintf(text, sizeof(text), "%s=4 ", symbol);
	while ((p = strstr(p, text)) != NULL) {
		n++;
		p++;
	}
	return n;
}

static void
exceeding_it_says_so(void **state)
{
	const struct limit_case *c = *state;

	assert_int_equal(zsock_set_limit(c->symbol, 4), 0);
	assert_int_equal(c->exceed(), c->want);
	assert_int_equal(lines_about(c->symbol), c->lines);
}

/* An incoming connection without a context is as if it had not come. */
static void
a_connection_without_a_context_is_dropped(void **state)
{
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	uint16_t port = net_ntohs(a.in.sin_port);
	int first, kfds[2];
	char byte;

	(void)state;
	assert_int_equal(zsock_set_limit("CONFIG_NET_MAX_CONTEXTS", 2), 0);
	kfds[0] = loop_connect_raw(AF_INET, port);
	first = zsock_accept(listener, NULL, NULL);
	assert_true(first >= 0);
	kfds[1] = loop_connect_raw(AF_INET, port);
	quirks_nonblock(listener);
	assert_int_equal(zsock_accept(listener, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(recv(kfds[1], &byte, 1, 0), 0);
	assert_non_null(strstr(quirks_log(), "CONFIG_NET_MAX_CONTEXTS=2"));
	/* One that is closed makes room for the next. */
	assert_int_equal(zsock_close(first), 0);
	close(kfds[1]);
	kfds[1] = loop_connect_raw(AF_INET, port);
	assert_int_equal(zsock_fcntl(listener, ZVFS_F_SETFL, 0), 0);
	first = zsock_accept(listener, NULL, NULL);
	assert_true(first >= 0);
	assert_int_equal(zsock_close(first), 0);
	close(kfds[0]);
	close(kfds[1]);
}

static void
a_datagram_is_measured_in_the_line(void **state)
{
	(void)state;
	assert_int_equal(zsock_set_limit("CONFIG_NET_BUF_TX_COUNT", 4), 0);
	assert_int_equal(datagram(), ENOMEM);
	assert_non_null(strstr(quirks_log(),
	    "a datagram of 485 bytes and 28 of headers, where 4 buffers of "
	    "CONFIG_NET_BUF_DATA_SIZE=128 hold 512: "
	    "CONFIG_NET_BUF_TX_COUNT=4 does not allow it"));
}

static void
windows_reach_the_kernel(void **state)
{
	int size = 0;
	socklen_t len = sizeof(size);
	int sock;

	(void)state;
	assert_int_equal(zsock_set_limit("CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE",
	                     5000),
	    0);
	assert_int_equal(zsock_set_limit("CONFIG_NET_TCP_MAX_SEND_WINDOW_SIZE",
	                     6000),
	    0);
	sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	assert_int_equal(getsockopt(loop_kfd(sock), SOL_SOCKET, SO_RCVBUF,
	                     &size, &len),
	    0);
	assert_int_equal(size, 2 * 5000);
	assert_int_equal(getsockopt(loop_kfd(sock), SOL_SOCKET, SO_SNDBUF,
	                     &size, &len),
	    0);
	assert_int_equal(size, 2 * 6000);
}

static int
set_up(void **state)
{
	(void)state;
	return quirks_begin();
}

static int
tear_down(void **state)
{
	(void)state;
	quirks_end();
	return 0;
}

int
main(void)
{
#define WITH(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	struct CMUnitTest tests[LEN(cases) + 3];
	size_t n = 0;

	for (; n < LEN(cases); n++) {
		tests[n] = (struct CMUnitTest)WITH(exceeding_it_says_so);
		tests[n].name = cases[n].name;
		tests[n].initial_state = (void *)(uintptr_t)&cases[n];
	}
	tests[n++] =
	    (struct CMUnitTest)WITH(a_connection_without_a_context_is_dropped);
	tests[n++] =
	    (struct CMUnitTest)WITH(a_datagram_is_measured_in_the_line);
	tests[n++] = (struct CMUnitTest)WITH(windows_reach_the_kernel);
	return cmocka_run_group_tests_name("api/limits", tests, NULL, NULL);
}
