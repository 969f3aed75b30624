#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/option_numbers.h"
#include "support/capture.h"
#include "support/loop.h"

/*
 * A proxy that plays a script: it takes the greeting and answers with method,
 * takes the request and answers with reply, then sends what follows and echoes
 * a byte.  It ends after close_after bytes of answers.
 */
struct proxy {
	int family;
	uint16_t port; /* that the client asks for */
	const unsigned char *method, *reply;
	size_t method_len, reply_len;
	size_t slice;       /* bytes of each send; 0 is all at once */
	size_t close_after; /* bytes; 0 is never */
	bool mute;          /* it answers nothing at all */
	int kfd;            /* its listener */
	size_t sent;
};

static void
give(struct proxy *p, int kfd, const unsigned char *data, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = p->slice != 0 && p->slice < len - i ? p->slice : len - i;
		if (p->close_after != 0 && p->sent + n > p->close_after)
			n = p->close_after - p->sent;
		if (n == 0)
			return;
		if (send(kfd, data + i, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
		p->sent += n;
	}
}

/* What RFC 1928 wants; checked by the thread that started this one. */
static intptr_t
serve(struct proxy *p, int kfd)
{
	const size_t address = p->family == AF_INET6 ? 16 : 4;
	unsigned char hello[3], request[4 + 16 + 2], byte;
	uint16_t port;

	if (recv(kfd, hello, 3, MSG_WAITALL) != 3 ||
	    memcmp(hello, "\5\1\0", 3) != 0)
		return __LINE__;
	if (p->mute) /* until the client gives up */
		return recv(kfd, hello, 1, 0) <= 0 ? 0 : __LINE__;
	give(p, kfd, p->method, p->method_len);
	if (p->method_len != 2 || p->method[1] != 0 || p->method[0] != 5 ||
	    (p->close_after != 0 && p->sent == p->close_after))
		return 0;
	if (recv(kfd, request, 6 + address, MSG_WAITALL) !=
	        (ssize_t)(6 + address) ||
	    memcmp(request, p->family == AF_INET6 ? "\5\1\0\4" : "\5\1\0\1",
	        4) != 0)
		return __LINE__;
	memcpy(&port, request + 4 + address, sizeof(port));
	if (ntohs(port) != p->port)
		return __LINE__;
	give(p, kfd, p->reply, p->reply_len);
	if (p->reply[1] != 0 || p->close_after != 0)
		return 0;
	if (recv(kfd, &byte, 1, 0) == 1 &&
	    send(kfd, &byte, 1, MSG_NOSIGNAL) != 1)
		return __LINE__;
	return 0;
}

static void *
run(void *arg)
{
	struct proxy *p = arg;
	const int kfd = accept(p->kfd, NULL, NULL);
	const intptr_t failed = serve(p, kfd);

	close(kfd);
	return (void *)failed;
}

/* A client of family that goes through the proxy at port. */
static int
open_client(int family, uint16_t port)
{
	const int sock = call_socket(family, SOCK_STREAM, 0);
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, family, port);

	assert_true(sock >= 0);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, OPTION_SO_SOCKS5,
	                     &addr, len),
	    0);
	return sock;
}

#define BYTES(...) \
	(const unsigned char[]){ __VA_ARGS__ }, \
	    sizeof((const unsigned char[]){ __VA_ARGS__ })
#define METHOD_NONE BYTES(5, 0)
#define V4(code) BYTES(5, code, 0, 1, 127, 0, 0, 1, 4, 56)
#define TAIL6 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 56

static const struct socks_case {
	const char *name;
	int family;
	const unsigned char *method;
	size_t method_len;
	const unsigned char *reply;
	size_t reply_len;
	size_t slice, close_after;
	int want;
	const char *said;
} cases[] = {
	{ "succeeded_v4", AF_INET, METHOD_NONE, V4(0), 0, 0, 0, NULL },
	{ "succeeded_v6", AF_INET6, METHOD_NONE, BYTES(5, 0, 0, 4, TAIL6), 0, 0,
	    0, NULL },
	{ "succeeded_with_a_name", AF_INET, METHOD_NONE,
	    BYTES(5, 0, 0, 3, 4, 'h', 'o', 's', 't', 4, 56), 0, 0, 0, NULL },
	{ "succeeded_with_no_name", AF_INET, METHOD_NONE,
	    BYTES(5, 0, 0, 3, 0, 4, 56), 0, 0, 0, NULL },
	{ "succeeded_with_a_v6_address", AF_INET, METHOD_NONE,
	    BYTES(5, 0, 0, 4, TAIL6), 0, 0, 0, NULL },
	{ "succeeded_byte_by_byte", AF_INET, METHOD_NONE, V4(0), 1, 0, 0,
	    NULL },
	{ "succeeded_byte_by_byte_v6", AF_INET6, METHOD_NONE,
	    BYTES(5, 0, 0, 4, TAIL6), 1, 0, 0, NULL },
	{ "general_failure", AF_INET, METHOD_NONE, V4(1), 0, 0, -ECONNABORTED,
	    "general failure" },
	{ "not_allowed", AF_INET, METHOD_NONE, V4(2), 0, 0, -EACCES,
	    "not allowed by its rules" },
	{ "network_unreachable", AF_INET, METHOD_NONE, V4(3), 0, 0,
	    -ENETUNREACH, "network unreachable" },
	{ "host_unreachable", AF_INET, METHOD_NONE, V4(4), 0, 0, -EHOSTUNREACH,
	    "host unreachable" },
	{ "refused", AF_INET, METHOD_NONE, V4(5), 0, 0, -ECONNREFUSED,
	    "connection refused" },
	{ "ttl_expired", AF_INET, METHOD_NONE, V4(6), 0, 0, -ETIMEDOUT,
	    "TTL expired" },
	{ "command_not_supported", AF_INET, METHOD_NONE, V4(7), 0, 0,
	    -ECONNABORTED, "command not supported" },
	{ "address_not_supported", AF_INET, METHOD_NONE, V4(8), 0, 0,
	    -ECONNABORTED, "address type not supported" },
	{ "unknown_reply", AF_INET, METHOD_NONE, V4(9), 0, 0, -ECONNABORTED,
	    "unknown failure" },
	{ "last_reply", AF_INET, METHOD_NONE, V4(255), 0, 0, -ECONNABORTED,
	    "unknown failure" },
	{ "another_version", AF_INET, BYTES(4, 0), V4(0), 0, 0, -ECONNABORTED,
	    "does not speak SOCKS5" },
	{ "another_version_of_the_reply", AF_INET, METHOD_NONE,
	    BYTES(4, 0, 0, 1), 0, 0, -ECONNABORTED, "does not speak SOCKS5" },
	{ "another_type_of_address", AF_INET, METHOD_NONE, BYTES(5, 0, 0, 2), 0,
	    0, -ECONNABORTED, "does not speak SOCKS5" },
	{ "a_web_server", AF_INET, BYTES('H', 'T', 'T', 'P'), V4(0), 0, 0,
	    -ECONNABORTED, "does not speak SOCKS5" },
	{ "a_password_is_wanted", AF_INET, BYTES(5, 2), V4(0), 0, 0,
	    -ECONNABORTED, "wants authentication" },
	{ "no_method_is_good", AF_INET, BYTES(5, 255), V4(0), 0, 0,
	    -ECONNABORTED, "wants authentication" },
	{ "closed_in_the_method", AF_INET, METHOD_NONE, V4(0), 0, 1,
	    -ECONNABORTED, "connection closed" },
	{ "closed_after_the_method", AF_INET, METHOD_NONE, V4(0), 0, 2,
	    -ECONNABORTED, "connection " },
	{ "closed_in_the_reply", AF_INET, METHOD_NONE, V4(0), 0, 5,
	    -ECONNABORTED, "connection closed" },
	{ "closed_in_the_address", AF_INET, METHOD_NONE, V4(0), 0, 11,
	    -ECONNABORTED, "connection closed" },
};

/* Where the client wants to go; nobody is there. */
#define TARGET_PORT 4242

static void
check_connected(int sock)
{
	char byte = 'x';

	assert_int_equal(call_sendto(sock, &byte, 1, 0, NULL, 0), 1);
	byte = 0;
	assert_int_equal(call_recvfrom(sock, &byte, 1, 0, NULL, NULL), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(call_recvfrom(sock, &byte, 1, 0, NULL, NULL), 0);
}

/* It is no connection, and never will be one. */
static void
check_failed(int sock, int family, int error)
{
	char byte;

	assert_int_equal(loop_connect(sock, family, TARGET_PORT), error);
	assert_true(call_sendto(sock, "x", 1, 0, NULL, 0) < 0);
	assert_true(call_recvfrom(sock, &byte, 1, 0, NULL, NULL) < 0);
}

static void
proxy_answers(void **state)
{
	const struct socks_case *c = *state;
	struct proxy p = { .family = c->family,
		.port = TARGET_PORT,
		.method = c->method,
		.method_len = c->method_len,
		.reply = c->reply,
		.reply_len = c->reply_len,
		.slice = c->slice,
		.close_after = c->close_after };
	uint16_t port;
	pthread_t thread;
	int sock;

	p.kfd = loop_listen_raw(c->family, &port);
	thread = loop_start(run, &p);
	sock = open_client(c->family, port);
	capture_start();
	assert_int_equal(loop_connect(sock, c->family, TARGET_PORT), c->want);
	if (c->said != NULL)
		assert_non_null(strstr(capture_text(), c->said));
	else
		assert_null(strstr(capture_text(), "proxy"));
	capture_stop();
	if (c->want == 0)
		check_connected(sock);
	else
		check_failed(sock, c->family, c->want);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal((intptr_t)loop_join(thread), 0);
	assert_int_equal(close(p.kfd), 0);
}

/* The proxy's silence lasts as long as a connect may. */
static void
a_mute_proxy_is_etimedout(void **state)
{
	struct proxy p = { .family = AF_INET, .mute = true };
	uint16_t port;
	pthread_t thread;
	int sock;

	(void)state;
	p.kfd = loop_listen_raw(AF_INET, &port);
	thread = loop_start(run, &p);
	sock = open_client(AF_INET, port);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", 50),
	    0);
	assert_int_equal(loop_connect(sock, AF_INET, TARGET_PORT), -ETIMEDOUT);
	limits_clear();
	assert_int_equal(call_close(sock), 0);
	assert_int_equal((intptr_t)loop_join(thread), 0);
	assert_int_equal(close(p.kfd), 0);
}

static void *
connect_through(void *arg)
{
	return (
	    void *)(intptr_t)loop_connect(*(int *)arg, AF_INET, TARGET_PORT);
}

static void
close_ends_a_connect_that_waits_for_the_proxy(void **state)
{
	unsigned char hello[3];
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	int sock = open_client(AF_INET, port), kfd;
	pthread_t thread;

	(void)state;
	thread = loop_start(connect_through, &sock);
	kfd = accept(listener, NULL, NULL);
	assert_true(kfd >= 0);
	assert_int_equal(recv(kfd, hello, 3, MSG_WAITALL), 3);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal((intptr_t)loop_join(thread), -EINTR);
	assert_int_equal(close(kfd), 0);
	assert_int_equal(close(listener), 0);
}

static void
a_proxy_that_is_not_there_is_as_any_other(void **state)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	int sock;

	(void)state;
	assert_int_equal(close(listener), 0);
	sock = open_client(AF_INET, port);
	assert_int_equal(loop_connect(sock, AF_INET, TARGET_PORT), -ETIMEDOUT);
	assert_int_equal(call_close(sock), 0);
}

/* Non-blocking or not: the device speaks with the proxy inside connect. */
static void
a_nonblocking_connect_waits_for_the_proxy(void **state)
{
	struct proxy p = { .family = AF_INET,
		.port = TARGET_PORT,
		.method = (const unsigned char[]){ 5, 0 },
		.method_len = 2,
		.reply = (const unsigned char[]){ 5, 5, 0, 1 },
		.reply_len = 4 };
	uint16_t port;
	pthread_t thread;
	int sock;

	(void)state;
	p.kfd = loop_listen_raw(AF_INET, &port);
	thread = loop_start(run, &p);
	sock = open_client(AF_INET, port);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(loop_connect(sock, AF_INET, TARGET_PORT),
	    -ECONNREFUSED);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal((intptr_t)loop_join(thread), 0);
	assert_int_equal(close(p.kfd), 0);
}

/* The last one counts; those before are still the socket's to free. */
static void
a_proxy_can_be_replaced(void **state)
{
	struct proxy p = { .family = AF_INET,
		.port = TARGET_PORT,
		.method = (const unsigned char[]){ 5, 0 },
		.method_len = 2,
		.reply =
		    (const unsigned char[]){ 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 },
		.reply_len = 10 };
	struct sockaddr_storage addr;
	socklen_t len;
	uint16_t port;
	pthread_t thread;
	int sock;

	(void)state;
	p.kfd = loop_listen_raw(AF_INET, &port);
	thread = loop_start(run, &p);
	sock = open_client(AF_INET, 1);
	/* Zephyr's own structure is shorter. */
	len = loop_addr(&addr, AF_INET, port);
	for (int i = 0; i < 3; i++)
		assert_int_equal(call_setsockopt(sock, SOL_SOCKET,
		                     OPTION_SO_SOCKS5, &addr, 8),
		    0);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, OPTION_SO_SOCKS5,
	                     &addr, 7),
	    -EINVAL);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, OPTION_SO_SOCKS5,
	                     &addr, 129),
	    -EINVAL);
	assert_int_equal(len, 16);
	assert_int_equal(loop_connect(sock, AF_INET, TARGET_PORT), 0);
	check_connected(sock);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal((intptr_t)loop_join(thread), 0);
	assert_int_equal(close(p.kfd), 0);
}

static void
short_v6_addresses_are_told_by_their_family(void **state)
{
	struct sockaddr_storage addr;
	const int sock = call_socket(AF_INET6, SOCK_STREAM, 0);

	(void)state;
	loop_addr(&addr, AF_INET6, 1);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, OPTION_SO_SOCKS5,
	                     &addr, 23),
	    -EINVAL);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, OPTION_SO_SOCKS5,
	                     &addr, 24),
	    0);
	assert_int_equal(call_close(sock), 0);
}

static void
datagrams_do_not_go_through_a_proxy(void **state)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, AF_INET, 1);
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, OPTION_SO_SOCKS5,
	                     &addr, len),
	    0);
	assert_int_equal(loop_connect(sock, AF_INET, TARGET_PORT), -ENOTSUP);
	assert_int_equal(call_close(sock), 0);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_mute_proxy_is_etimedout),
		cmocka_unit_test(close_ends_a_connect_that_waits_for_the_proxy),
		cmocka_unit_test(a_proxy_that_is_not_there_is_as_any_other),
		cmocka_unit_test(a_nonblocking_connect_waits_for_the_proxy),
		cmocka_unit_test(a_proxy_can_be_replaced),
		cmocka_unit_test(short_v6_addresses_are_told_by_their_family),
		cmocka_unit_test(datagrams_do_not_go_through_a_proxy),
	};
	struct CMUnitTest tests[LEN(cases) + LEN(others)];

	for (size_t i = 0; i < LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			.test_func = proxy_answers,
			.initial_state = (void *)&cases[i] };
	memcpy(&tests[LEN(cases)], others, sizeof(others));
	profile_set(PROFILE_ZEPHYR);
	return cmocka_run_group_tests_name("sock/socks", tests, NULL, NULL);
}
