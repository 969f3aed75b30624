#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/limits.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "support/capture.h"
#include "support/loop_pki.h"

static int
set_int(int sock, int level, int name, int value)
{
	return call_setsockopt(sock, level, name, &value, sizeof(value));
}

static int
get_int(int sock, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(call_getsockopt(sock, level, name, &value, &len), 0);
	return value;
}

static int
set_timeout(int sock, int name, long sec, long usec)
{
	const struct timeval tv = { sec, usec };

	return call_setsockopt(sock, SOL_SOCKET, name, &tv, sizeof(tv));
}

static int
kfd_of(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int kfd;

	assert_non_null(s);
	kfd = s->kfd;
	sock_put(s);
	return kfd;
}

static long long
kernel_us(int sock, int name)
{
	struct timeval tv;
	socklen_t len = sizeof(tv);

	assert_int_equal(getsockopt(kfd_of(sock), SOL_SOCKET, name, &tv, &len),
	    0);
	return tv.tv_sec * 1000000LL + tv.tv_usec;
}

static int
listen_on(int sock, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);

	assert_int_equal(call_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(call_listen(sock, 4), 0);
	assert_int_equal(call_getsockname(sock, (struct sockaddr *)&addr, &len),
	    0);
	*port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
	return sock;
}

/* A stream of ours, connected to a listener of ours that is closed again. */
static void
open_stream(struct loop_pair *p)
{
	uint16_t port;
	const int listener =
	    listen_on(call_socket(AF_INET, SOCK_STREAM, 0), &port);

	p->client = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(loop_connect(p->client, AF_INET, port), 0);
	p->server = call_accept(listener, NULL, NULL);
	assert_true(p->server >= 0);
	assert_int_equal(call_close(listener), 0);
}

static ssize_t
recv_byte(int sock)
{
	char byte;

	return call_recvfrom(sock, &byte, 1, 0, NULL, NULL);
}

/* Sends until it does not work; the errno. */
static ssize_t
fill(int sock)
{
	static const char zeros[65536];
	ssize_t rc;

	do {
		rc = call_sendto(sock, zeros, sizeof(zeros), 0, NULL, 0);
	} while (rc > 0);
	return rc;
}

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static const enum profile devices[] = { PROFILE_ZEPHYR, PROFILE_ZEPHYR_3_3 };

static void
rcvtimeo_ends_a_recv(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(devices); i++) {
		const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
		const long long start = now_ms();

		profile_set(devices[i]);
		assert_int_equal(set_timeout(sock, SO_RCVTIMEO, 0, 50000), 0);
		assert_int_equal(recv_byte(sock), -EAGAIN);
		assert_in_range(now_ms() - start, 45, 10000);
		assert_int_equal(call_close(sock), 0);
	}
}

/* The members are not looked at one by one; all in all it is a time. */
static const struct time_case {
	const char *name;
	long sec, usec;
	long long kernel_us; /* 0 is for ever */
} times[] = {
	{ "a_time", 1, 500000, 1500000 },
	{ "for_ever", 0, 0, 0 },
	{ "many_microseconds", 0, 5000000, 5000000 },
	{ "microseconds_back", 2, -500000, 1500000 },
	{ "negative", -1, 0, 0 },
	{ "all_negative", -1, -1, 0 },
};

static void
timeout_reaches_the_kernel(void **state)
{
	const struct time_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);

	profile_set(PROFILE_ZEPHYR);
	assert_int_equal(set_timeout(sock, SO_RCVTIMEO, c->sec, c->usec), 0);
	/* In whole ticks of the kernel. */
	assert_in_range(kernel_us(sock, SO_RCVTIMEO), c->kernel_us,
	    c->kernel_us + 10000);
	assert_int_equal(set_timeout(sock, SO_SNDTIMEO, c->sec, c->usec), 0);
	assert_in_range(kernel_us(sock, SO_SNDTIMEO), c->kernel_us,
	    c->kernel_us + 10000);
	assert_int_equal(call_close(sock), 0);
}

static void
sndtimeo_ends_a_send(void **state)
{
	struct loop_pair p;
	long long start;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	open_stream(&p);
	assert_int_equal(set_timeout(p.client, SO_SNDTIMEO, 0, 50000), 0);
	assert_int_equal(fill(p.client), -EAGAIN);
	start = now_ms();
	assert_int_equal(fill(p.client), -EAGAIN);
	assert_in_range(now_ms() - start, 45, 10000);
	loop_pair_close(&p);
}

static void
sndtimeo_of_the_older_device_waits_for_nothing(void **state)
{
	struct loop_pair p;
	long long start;

	(void)state;
	profile_set(PROFILE_ZEPHYR_3_3);
	open_stream(&p);
	assert_int_equal(set_timeout(p.client, SO_SNDTIMEO, 60, 0), 0);
	start = now_ms();
	assert_int_equal(fill(p.client), -EAGAIN);
	assert_in_range(now_ms() - start, 0, 30000);
	loop_pair_close(&p);
}

static void
sndtimeo_0_gives_the_devices_own_limit_back(void **state)
{
	struct loop_pair p;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	assert_int_equal(limits_set("CONFIG_NET_SOCKET_MAX_SEND_WAIT", 100), 0);
	open_stream(&p);
	assert_int_equal(set_timeout(p.client, SO_SNDTIMEO, 60, 0), 0);
	assert_int_equal(kernel_us(p.client, SO_SNDTIMEO), 60000000);
	assert_int_equal(set_timeout(p.client, SO_SNDTIMEO, 0, 0), 0);
	assert_in_range(kernel_us(p.client, SO_SNDTIMEO), 100000, 110000);
	assert_int_equal(fill(p.client), -ENOBUFS);
	loop_pair_close(&p);
	limits_clear();
}

/* connect has a limit of its own meanwhile. */
static void
sndtimeo_of_before_connect_counts_after_it(void **state)
{
	struct loop_pair p;
	uint16_t port;
	const int listener =
	    listen_on(call_socket(AF_INET, SOCK_STREAM, 0), &port);

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	p.client = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(set_timeout(p.client, SO_SNDTIMEO, 7, 0), 0);
	assert_int_equal(loop_connect(p.client, AF_INET, port), 0);
	assert_int_equal(kernel_us(p.client, SO_SNDTIMEO), 7000000);
	p.server = call_accept(listener, NULL, NULL);
	loop_pair_close(&p);
	assert_int_equal(call_close(listener), 0);
}

static void
timeouts_end_the_calls_of_a_secure_socket(void **state)
{
	struct loop_pair p;

	(void)state;
	profile_set(PROFILE_ZEPHYR);
	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	assert_int_equal(set_timeout(p.client, SO_RCVTIMEO, 0, 50000), 0);
	assert_int_equal(set_timeout(p.client, SO_SNDTIMEO, 0, 50000), 0);
	assert_int_equal(recv_byte(p.client), -EAGAIN);
	assert_int_equal(fill(p.client), -EAGAIN);
	loop_pair_close(&p);
}

/* On the older device it is for nothing. */
static void
linger_0_resets_but_on_the_older_device(void **state)
{
	const struct linger hard = { 1, 0 };

	(void)state;
	for (size_t i = 0; i < LEN(devices); i++) {
		struct loop_pair p;

		profile_set(devices[i]);
		open_stream(&p);
		assert_int_equal(call_setsockopt(p.client, SOL_SOCKET,
		                     SO_LINGER, &hard, sizeof(hard)),
		    0);
		assert_int_equal(call_close(p.client), 0);
		assert_int_equal(recv_byte(p.server),
		    devices[i] == PROFILE_ZEPHYR ? -ECONNRESET : 0);
		assert_int_equal(call_close(p.server), 0);
	}
}

/* What a program has set and an accepted socket must not have. */
static const struct wish {
	const char *name;
	int level, option, value;
} wishes[] = {
	{ "reuseaddr", SOL_SOCKET, SO_REUSEADDR, 1 },
	{ "reuseport", SOL_SOCKET, SO_REUSEPORT, 1 },
	{ "rcvbuf", SOL_SOCKET, SO_RCVBUF, 30000 },
	{ "sndbuf", SOL_SOCKET, SO_SNDBUF, 30000 },
	{ "keepalive", SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ "nodelay", IPPROTO_TCP, TCP_NODELAY, 1 },
	{ "keepidle", IPPROTO_TCP, TCP_KEEPIDLE, 77 },
	{ "keepintvl", IPPROTO_TCP, TCP_KEEPINTVL, 5 },
	{ "keepcnt", IPPROTO_TCP, TCP_KEEPCNT, 3 },
	{ "tos", IPPROTO_IP, IP_TOS, 0x28 },
	{ "ttl", IPPROTO_IP, IP_TTL, 9 },
	{ "dontfrag", IPPROTO_IP, ZSOCK_IP_DONTFRAG, 1 },
	{ "port_range", IPPROTO_IP, ZSOCK_IP_LOCAL_PORT_RANGE,
	    (int)(49999U << 16 | 40000) },
	{ "timestamping", SOL_SOCKET, SO_TIMESTAMPING, 5 },
	{ "txtime", SOL_SOCKET, SO_TXTIME, 1 },
};

static void
make_wishes(int sock)
{
	const struct linger linger = { 1, 4 };
	const uint8_t priority = 6;

	for (size_t i = 0; i < LEN(wishes); i++)
		assert_int_equal(set_int(sock, wishes[i].level,
		                     wishes[i].option, wishes[i].value),
		    0);
	assert_int_equal(set_timeout(sock, SO_RCVTIMEO, 5, 0), 0);
	assert_int_equal(set_timeout(sock, SO_SNDTIMEO, 5, 0), 0);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger,
	                     sizeof(linger)),
	    0);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_PRIORITY,
	                     &priority, sizeof(priority)),
	    0);
}

static void *
accept_one(void *arg)
{
	return (void *)(intptr_t)call_accept(*(int *)arg, NULL, NULL);
}

/* A child of a listener, with or without wishes. */
static struct loop_pair
child_of(int proto, bool wishing)
{
	uint16_t port;
	int listener = call_socket(AF_INET, SOCK_STREAM, proto);
	const int tag = LOOP_SERVER_TAG;
	struct loop_pair p;
	pthread_t thread;

	if (proto != 0)
		assert_int_equal(call_setsockopt(listener, ZSOCK_SOL_TLS,
		                     ZSOCK_TLS_SEC_TAG_LIST, &tag, sizeof(tag)),
		    0);
	if (wishing)
		make_wishes(listener);
	listen_on(listener, &port);
	thread = loop_start(accept_one, &listener);
	p.client = proto == 0
	    ? call_socket(AF_INET, SOCK_STREAM, 0)
	    : loop_client_tls(AF_INET, proto, LOOP_CA_TAG, "localhost");
	assert_int_equal(loop_connect(p.client, AF_INET, port), 0);
	p.server = (int)(intptr_t)loop_join(thread);
	assert_true(p.server >= 0);
	assert_int_equal(call_close(listener), 0);
	return p;
}

/* Sizes of buffers are the connection's own, once they may grow. */
static const struct kernel_option {
	int level, name;
} below[] = {
	{ SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, 72 /* SO_BUF_LOCK */ },
	{ SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_RCVTIMEO },
	{ SOL_SOCKET, SO_SNDTIMEO },
	{ IPPROTO_IP, IP_MTU_DISCOVER },
};

static int
kernel_size(int sock, int name)
{
	int size = 0;
	socklen_t len = sizeof(size);

	assert_int_equal(getsockopt(kfd_of(sock), SOL_SOCKET, name, &size,
	                     &len),
	    0);
	return size;
}

static void
child_has_none_of_the_listeners_options(void **state)
{
	const int proto = *(const int *)*state;
	struct loop_pair wished, plain;
	unsigned char a[64], b[64];
	socklen_t alen, blen;

	profile_set(PROFILE_ZEPHYR);
	wished = child_of(proto, true);
	plain = child_of(proto, false);
	for (size_t i = 0; i < LEN(wishes); i++) {
		const struct wish *w = &wishes[i];

		if (get_int(wished.server, w->level, w->option) !=
		    get_int(plain.server, w->level, w->option))
			print_error("%s is inherited\n", w->name);
		assert_int_equal(get_int(wished.server, w->level, w->option),
		    get_int(plain.server, w->level, w->option));
		assert_int_not_equal(get_int(plain.server, w->level, w->option),
		    w->value);
	}
	for (size_t i = 0; i < LEN(below); i++) {
		alen = blen = sizeof(a);
		if (getsockopt(kfd_of(plain.server), below[i].level,
		        below[i].name, a, &alen) != 0)
			continue; /* the kernel is older than the option */
		assert_int_equal(getsockopt(kfd_of(wished.server),
		                     below[i].level, below[i].name, b, &blen),
		    0);
		assert_int_equal(alen, blen);
		assert_memory_equal(a, b, alen);
	}
	assert_int_not_equal(kernel_size(wished.server, SO_RCVBUF), 2 * 30000);
	assert_int_not_equal(kernel_size(wished.server, SO_SNDBUF), 2 * 30000);
	loop_pair_close(&wished);
	loop_pair_close(&plain);
}

/* On the host it has what the kernel copies. */
static void
child_has_the_listeners_options_on_the_host(void **state)
{
	struct loop_pair p;
	uint16_t port;
	int listener;

	(void)state;
	profile_set(PROFILE_LINUX);
	listener = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(set_int(listener, IPPROTO_IP, IP_TTL, 9), 0);
	listen_on(listener, &port);
	p.client = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(loop_connect(p.client, AF_INET, port), 0);
	p.server = call_accept(listener, NULL, NULL);
	assert_int_equal(get_int(p.server, IPPROTO_IP, IP_TTL), 9);
	loop_pair_close(&p);
	assert_int_equal(call_close(listener), 0);
}

/* Its socket gets another address, and keeps what was set. */
static void
options_stay_when_the_older_device_binds_anew(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	const struct ifreq lo = { .ifr_name = "lo" };
	char name[IFNAMSIZ] = "";
	int sock;

	(void)state;
	profile_set(PROFILE_ZEPHYR_3_3);
	sock = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(call_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(set_int(sock, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	assert_int_equal(set_int(sock, IPPROTO_IP, IP_TOS, 0x28), 0);
	assert_int_equal(set_int(sock, SOL_SOCKET, SO_RCVBUF, 8192), 0);
	assert_int_equal(set_timeout(sock, SO_RCVTIMEO, 3, 0), 0);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, &lo,
	                     sizeof(lo)),
	    0);
	assert_int_equal(call_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(get_int(sock, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(get_int(sock, IPPROTO_IP, IP_TOS), 0x28);
	assert_int_equal(get_int(sock, SOL_SOCKET, SO_RCVBUF), 8192);
	assert_int_equal(kernel_us(sock, SO_RCVTIMEO), 3000000);
	len = sizeof(name);
	assert_int_equal(getsockopt(kfd_of(sock), SOL_SOCKET, SO_BINDTODEVICE,
	                     name, &len),
	    0);
	assert_string_equal(name, "lo");
	assert_int_equal(kernel_size(sock, SO_RCVBUF), 2 * 8192);
	assert_int_equal(call_close(sock), 0);
}

/* The one result that is no -1: the older device forgets the errno. */
static void
bad_nodelay_is_returned_raw_by_the_older_device(void **state)
{
	static const struct {
		int value;
		net_socklen_t len;
	} bad[] = { { 2, 4 }, { -1, 4 }, { 1, 3 }, { 1, 5 }, { 1, 0 } };
	static const int protos[] = { 0, NET_IPPROTO_TLS_1_2 };

	(void)state;
	for (size_t i = 0; i < LEN(bad) * LEN(protos) * LEN(devices); i++) {
		const enum profile p = devices[i % LEN(devices)];
		const bool raw = p == PROFILE_ZEPHYR_3_3;
		const int value[2] = { bad[i / 4].value, 0 };
		int sock;

		profile_set(p);
		sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM,
		    protos[i / 2 % LEN(protos)]);
		errno = EXDEV;
		assert_int_equal(zsock_setsockopt(sock, NET_IPPROTO_TCP,
		                     ZSOCK_TCP_NODELAY, value, bad[i / 4].len),
		    raw ? -EINVAL : -1);
		assert_int_equal(errno, raw ? EXDEV : EINVAL);
		/* Another option of that number has an errno as ever. */
		assert_int_equal(zsock_setsockopt(sock, NET_IPPROTO_IP,
		                     ZSOCK_IP_TOS, value, 3),
		    -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(zsock_close(sock), 0);
	}
	profile_set(PROFILE_LINUX);
	{
		const int sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);

		assert_int_equal(zsock_setsockopt(sock, NET_IPPROTO_TCP,
		                     ZSOCK_TCP_NODELAY, &(int){ 2 }, 4),
		    0);
		assert_int_equal(zsock_close(sock), 0);
	}
}

static const struct hazard_case {
	const char *name;
	int type, level, option;
	socklen_t len; /* of setsockopt; none is a getsockopt of NULL */
	bool set;
	const char *said[2]; /* by the devices in their order, or NULL */
} hazards[] = {
	{ "nodelay_set_on_datagrams", SOCK_DGRAM, IPPROTO_TCP, TCP_NODELAY, 4,
	    true, { NULL, "setsockopt: TCP_NODELAY on a datagram socket" } },
	{ "nodelay_got_on_datagrams", SOCK_DGRAM, IPPROTO_TCP, TCP_NODELAY, 4,
	    false, { NULL, "getsockopt: TCP_NODELAY on a datagram socket" } },
	{ "null_on_a_plain_socket", SOCK_STREAM, SOL_SOCKET, SO_TYPE, 0, false,
	    { "getsockopt: the value or its length is NULL",
	        "getsockopt: the value or its length is NULL" } },
	{ "priority_of_no_bytes", SOCK_STREAM, SOL_SOCKET, SO_PRIORITY, 0, true,
	    { NULL, "SO_PRIORITY with length 0" } },
	{ "txtime_of_no_bytes", SOCK_DGRAM, SOL_SOCKET, SO_TXTIME, 0, true,
	    { NULL, "SO_TXTIME with length 0" } },
	{ "short_tos", SOCK_DGRAM, IPPROTO_IP, IP_TOS, 3, false,
	    { NULL, "*optlen is too short" } },
};

static void
hazard_is_in_the_log(void **state)
{
	const struct hazard_case *c = *state;
	int value = 1;

	for (size_t i = 0; i < LEN(devices); i++) {
		const int sock = call_socket(AF_INET, c->type, 0);
		socklen_t len = c->len;
		const char *text;

		profile_set(devices[i]);
		capture_start();
		if (c->set)
			call_setsockopt(sock, c->level, c->option, &value, len);
		else
			call_getsockopt(sock, c->level, c->option,
			    len > 0 ? &value : NULL, &len);
		text = capture_text();
		if (c->said[i] == NULL)
			assert_null(strstr(text, "hazard"));
		else
			assert_non_null(strstr(text, c->said[i]));
		capture_stop();
		assert_int_equal(call_close(sock), 0);
	}
}

/* A secure socket asks the one below, and answers some by itself. */
static const struct secure_case {
	const char *name;
	int level, option;
	int want[2]; /* of the devices in their order */
} secures[] = {
	{ "type", SOL_SOCKET, SO_TYPE, { 0, 0 } },
	{ "protocol", SOL_SOCKET, SO_PROTOCOL, { 0, 0 } },
	{ "domain", SOL_SOCKET, SO_DOMAIN, { 0, -ENOPROTOOPT } },
	{ "error", SOL_SOCKET, SO_ERROR, { 0, -ENOPROTOOPT } },
	{ "sndbuf", SOL_SOCKET, SO_SNDBUF, { 0, 0 } },
	{ "ttl", IPPROTO_IP, IP_TTL, { 0, -ENOPROTOOPT } },
	{ "broadcast", SOL_SOCKET, SO_BROADCAST,
	    { -ENOPROTOOPT, -ENOPROTOOPT } },
};

static void
secure_socket_asks_the_one_below(void **state)
{
	const struct secure_case *c = *state;
	int value;
	socklen_t len = sizeof(value);

	for (size_t i = 0; i < LEN(devices); i++) {
		int sock;

		profile_set(devices[i]);
		sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
		assert_int_equal(call_getsockopt(sock, c->level, c->option,
		                     &value, &len),
		    c->want[i]);
		assert_int_equal(call_close(sock), 0);
	}
}

int
main(void)
{
	static const int plain = 0, secure = KINDS_TLS_1_2;
	const struct CMUnitTest others[] = {
		cmocka_unit_test(rcvtimeo_ends_a_recv),
		cmocka_unit_test(sndtimeo_ends_a_send),
		cmocka_unit_test(
		    sndtimeo_of_the_older_device_waits_for_nothing),
		cmocka_unit_test(sndtimeo_0_gives_the_devices_own_limit_back),
		cmocka_unit_test(sndtimeo_of_before_connect_counts_after_it),
		cmocka_unit_test(timeouts_end_the_calls_of_a_secure_socket),
		cmocka_unit_test(linger_0_resets_but_on_the_older_device),
		{ .name = "plain_child_has_none_of_the_listeners_options",
		    .test_func = child_has_none_of_the_listeners_options,
		    .initial_state = (void *)&plain },
		{ .name = "secure_child_has_none_of_the_listeners_options",
		    .test_func = child_has_none_of_the_listeners_options,
		    .initial_state = (void *)&secure },
		cmocka_unit_test(child_has_the_listeners_options_on_the_host),
		cmocka_unit_test(options_stay_when_the_older_device_binds_anew),
		cmocka_unit_test(
		    bad_nodelay_is_returned_raw_by_the_older_device),
	};
	struct CMUnitTest
	    tests[LEN(others) + LEN(times) + LEN(hazards) + LEN(secures)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	for (size_t i = 0; i < LEN(times); i++)
		tests[n++] = (struct CMUnitTest){ .name = times[i].name,
			.test_func = timeout_reaches_the_kernel,
			.initial_state = (void *)&times[i] };
	for (size_t i = 0; i < LEN(hazards); i++)
		tests[n++] = (struct CMUnitTest){ .name = hazards[i].name,
			.test_func = hazard_is_in_the_log,
			.initial_state = (void *)&hazards[i] };
	for (size_t i = 0; i < LEN(secures); i++)
		tests[n++] = (struct CMUnitTest){ .name = secures[i].name,
			.test_func = secure_socket_asks_the_one_below,
			.initial_state = (void *)&secures[i] };
	return cmocka_run_group_tests_name("sock/native_option_streams", tests,
	    loop_setup, loop_teardown);
}
