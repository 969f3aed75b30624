#include "support/test.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "sock/call.h"
#include "sock/option.h"

/* What the rows below were called with. */
static struct {
	int calls;
	const struct option *row;
	const void *val;
	socklen_t len;
} seen;

static int
record_set(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	seen.calls++;
	seen.row = o;
	seen.val = val;
	seen.len = len;
	return -EXDEV; /* a row's own answer is passed on */
}

static int
record_get(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)s;
	seen.calls++;
	seen.row = o;
	seen.val = val;
	seen.len = *len;
	*len = 1;
	return 0;
}

/* A kind with two tables; the first has the say where both have a row. */
static const struct option first_rows[] = {
	{ 10, 1, 2, 4, record_set, record_get, false, false },
	{ 10, 2, 0, 8, record_set, NULL, true, false },
	{ 10, 3, 4, 4, NULL, record_get, false, true },
	OPTION_END,
};

static const struct option second_rows[] = {
	{ 10, 1, 0, 99, record_set, record_get, true, false },
	{ 11, 1, 1, 1, record_set, record_get, false, false },
	OPTION_END,
};

static const struct option *const tables[] = {
	first_rows,
	second_rows,
	NULL,
};

static const struct zsock_ops ops = { .options = tables };

enum { NO_VALUE, VALUE };

static const struct row_case {
	const char *name;
	int level, option;
	int value;
	socklen_t len;
	int want;
	const struct option *row; /* the one that was called, or NULL */
} sets[] = {
	{ "set_shortest", 10, 1, VALUE, 2, -EXDEV, &first_rows[0] },
	{ "set_longest", 10, 1, VALUE, 4, -EXDEV, &first_rows[0] },
	{ "set_too_short", 10, 1, VALUE, 1, -EINVAL, NULL },
	{ "set_too_long", 10, 1, VALUE, 5, -EINVAL, NULL },
	{ "set_length_0", 10, 1, VALUE, 0, -EINVAL, NULL },
	{ "set_without_value", 10, 1, NO_VALUE, 4, -EINVAL, NULL },
	{ "set_empty_value", 10, 2, VALUE, 0, -EXDEV, &first_rows[1] },
	{ "set_null_where_it_may_be", 10, 2, NO_VALUE, 4242, -EXDEV,
	    &first_rows[1] },
	{ "set_read_only", 10, 3, VALUE, 4, -ENOPROTOOPT, NULL },
	{ "set_in_second_table", 11, 1, VALUE, 1, -EXDEV, &second_rows[1] },
	{ "set_unknown_name", 10, 4, VALUE, 4, -ENOPROTOOPT, NULL },
	{ "set_unknown_level", 12, 1, VALUE, 4, -ENOPROTOOPT, NULL },
	{ "set_unknown_without_value", 12, 1, NO_VALUE, 4, -ENOPROTOOPT, NULL },
	{ "set_level_0_name_0", 0, 0, VALUE, 0, -ENOPROTOOPT, NULL },
}, gets[] = {
	{ "get_least_room", 10, 1, VALUE, 2, 0, &first_rows[0] },
	{ "get_room_to_spare", 10, 1, VALUE, 64, 0, &first_rows[0] },
	{ "get_too_little_room", 10, 1, VALUE, 1, -EINVAL, NULL },
	{ "get_without_value", 10, 1, NO_VALUE, 4, -EINVAL, NULL },
	{ "get_write_only", 10, 2, VALUE, 8, -ENOPROTOOPT, NULL },
	{ "get_exact_room", 10, 3, VALUE, 4, 0, &first_rows[2] },
	{ "get_less_than_exact", 10, 3, VALUE, 3, -EINVAL, NULL },
	{ "get_more_than_exact", 10, 3, VALUE, 5, -EINVAL, NULL },
	{ "get_in_second_table", 11, 1, VALUE, 1, 0, &second_rows[1] },
	{ "get_unknown_name", 10, 4, VALUE, 4, -ENOPROTOOPT, NULL },
	{ "get_unknown_without_value", 10, 4, NO_VALUE, 4, -ENOPROTOOPT, NULL },
};

static void
set_row(void **state)
{
	const struct row_case *c = *state;
	const char value[8] = "value";
	struct zsock s;

	sock_init(&s, &ops, -1);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(option_set(&s, c->level, c->option,
	                     c->value == VALUE ? value : NULL, c->len),
	    c->want);
	assert_ptr_equal(seen.row, c->row);
	assert_int_equal(seen.calls, c->row != NULL);
	if (c->row != NULL && c->value == VALUE) {
		assert_ptr_equal(seen.val, value);
		assert_int_equal(seen.len, c->len);
	} else {
		assert_null(seen.val);
		assert_int_equal(seen.len, 0);
	}
}

static void
get_row(void **state)
{
	const struct row_case *c = *state;
	char value[64];
	socklen_t len = c->len;
	struct zsock s;

	sock_init(&s, &ops, -1);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(option_get(&s, c->level, c->option,
	                     c->value == VALUE ? value : NULL, &len),
	    c->want);
	assert_ptr_equal(seen.row, c->row);
	assert_int_equal(seen.calls, c->row != NULL);
	assert_int_equal(len, c->row != NULL ? 1 : c->len);
	if (c->row != NULL)
		assert_int_equal(seen.len, c->len);
}

static void
get_without_length_is_einval(void **state)
{
	char value[8];
	struct zsock s;

	(void)state;
	sock_init(&s, &ops, -1);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(option_get(&s, 10, 1, value, NULL), -EINVAL);
	assert_int_equal(option_get(&s, 99, 1, value, NULL), -ENOPROTOOPT);
	assert_int_equal(seen.calls, 0);
}

/* Options of plain sockets that a program may set, and read back. */
static const struct plain_case {
	const char *name;
	int family, type;
	int level, option;
	const void *val;
	socklen_t len;
} plains[] = {
	{ "reuseaddr", AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_REUSEADDR,
	    &(int){ 1 }, sizeof(int) },
	{ "reuseport", AF_INET, SOCK_STREAM, SOL_SOCKET, SO_REUSEPORT,
	    &(int){ 1 }, sizeof(int) },
	{ "rcvtimeo", AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVTIMEO,
	    &(struct timeval){ 3, 500000 }, sizeof(struct timeval) },
	{ "sndtimeo", AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_SNDTIMEO,
	    &(struct timeval){ 7, 0 }, sizeof(struct timeval) },
	{ "keepalive", AF_INET, SOCK_STREAM, SOL_SOCKET, SO_KEEPALIVE,
	    &(int){ 1 }, sizeof(int) },
	{ "linger", AF_INET, SOCK_STREAM, SOL_SOCKET, SO_LINGER,
	    &(struct linger){ 1, 4 }, sizeof(struct linger) },
	{ "nodelay", AF_INET6, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY,
	    &(int){ 1 }, sizeof(int) },
	{ "keepidle", AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPIDLE,
	    &(int){ 77 }, sizeof(int) },
	{ "keepintvl", AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPINTVL,
	    &(int){ 5 }, sizeof(int) },
	{ "keepcnt", AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPCNT,
	    &(int){ 3 }, sizeof(int) },
	{ "tos", AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_TOS, &(int){ 0x28 },
	    sizeof(int) },
	{ "ttl", AF_INET, SOCK_STREAM, IPPROTO_IP, IP_TTL, &(int){ 9 },
	    sizeof(int) },
	{ "broadcast", AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_BROADCAST,
	    &(int){ 1 }, sizeof(int) },
	{ "pktinfo", AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_PKTINFO, &(int){ 1 },
	    sizeof(int) },
	{ "multicast_ttl", AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_TTL,
	    &(int){ 6 }, sizeof(int) },
	{ "multicast_loop", AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_LOOP,
	    &(int){ 0 }, sizeof(int) },
	{ "tclass", AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_TCLASS,
	    &(int){ 0x28 }, sizeof(int) },
	{ "unicast_hops", AF_INET6, SOCK_STREAM, IPPROTO_IPV6,
	    IPV6_UNICAST_HOPS, &(int){ 9 }, sizeof(int) },
	{ "multicast_hops", AF_INET6, SOCK_DGRAM, IPPROTO_IPV6,
	    IPV6_MULTICAST_HOPS, &(int){ 6 }, sizeof(int) },
	{ "multicast_loop_v6", AF_INET6, SOCK_DGRAM, IPPROTO_IPV6,
	    IPV6_MULTICAST_LOOP, &(int){ 0 }, sizeof(int) },
	{ "recvpktinfo", AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVPKTINFO,
	    &(int){ 1 }, sizeof(int) },
	{ "v6only", AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_V6ONLY,
	    &(int){ 0 }, sizeof(int) },
};

static void
set_value_is_read_back(void **state)
{
	const struct plain_case *c = *state;
	const int sock = call_socket(c->family, c->type, 0);
	unsigned char value[64];
	socklen_t len = sizeof(value);

	assert_true(sock >= 0);
	assert_int_equal(call_setsockopt(sock, c->level, c->option, c->val,
	                     c->len),
	    0);
	assert_int_equal(call_getsockopt(sock, c->level, c->option, value,
	                     &len),
	    0);
	assert_int_equal(len, c->len);
	assert_memory_equal(value, c->val, c->len);
	/* A length that differs by one is not taken for the option's. */
	assert_int_equal(call_setsockopt(sock, c->level, c->option, c->val,
	                     c->len - 1),
	    -EINVAL);
	assert_int_equal(call_setsockopt(sock, c->level, c->option, value,
	                     c->len + 1),
	    -EINVAL);
	assert_int_equal(call_setsockopt(sock, c->level, c->option, NULL,
	                     c->len),
	    -EINVAL);
	len = c->len - 1;
	assert_int_equal(call_getsockopt(sock, c->level, c->option, value,
	                     &len),
	    -EINVAL);
	assert_int_equal(call_close(sock), 0);
}

/* What the kernel sizes in its own way is not less than asked for. */
static void
buffers_are_as_large_as_asked_for(void **state)
{
	const int names[] = { SO_RCVBUF, SO_SNDBUF };
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	const int want = 65536;

	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		int got = 0;
		socklen_t len = sizeof(got);

		assert_int_equal(call_setsockopt(sock, SOL_SOCKET, names[i],
		                     &want, sizeof(want)),
		    0);
		assert_int_equal(call_getsockopt(sock, SOL_SOCKET, names[i],
		                     &got, &len),
		    0);
		assert_true(got >= want);
		assert_int_equal(len, sizeof(got));
	}
	assert_int_equal(call_close(sock), 0);
}

/* Options that can only be read. */
static const struct read_case {
	const char *name;
	int family, type;
	int option;
	int want;
} reads[] = {
	{ "type_of_stream", AF_INET, SOCK_STREAM, SO_TYPE, SOCK_STREAM },
	{ "type_of_dgram", AF_INET6, SOCK_DGRAM, SO_TYPE, SOCK_DGRAM },
	{ "protocol_of_stream", AF_INET, SOCK_STREAM, SO_PROTOCOL,
	    IPPROTO_TCP },
	{ "protocol_of_dgram", AF_INET, SOCK_DGRAM, SO_PROTOCOL, IPPROTO_UDP },
	{ "domain_of_v4", AF_INET, SOCK_DGRAM, SO_DOMAIN, AF_INET },
	{ "domain_of_v6", AF_INET6, SOCK_STREAM, SO_DOMAIN, AF_INET6 },
	{ "no_error", AF_INET, SOCK_STREAM, SO_ERROR, 0 },
};

static void
value_is_read_only(void **state)
{
	const struct read_case *c = *state;
	const int sock = call_socket(c->family, c->type, 0);
	const socklen_t wrong[] = { 0, 1, 3, 5, 8 };
	int value[2] = { -1, -1 };
	socklen_t len = sizeof(int);

	assert_true(sock >= 0);
	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, c->option, value,
	                     &len),
	    0);
	assert_int_equal(value[0], c->want);
	assert_int_equal(len, sizeof(int));
	for (size_t i = 0; i < LEN(wrong); i++) {
		len = wrong[i];
		assert_int_equal(call_getsockopt(sock, SOL_SOCKET, c->option,
		                     value, &len),
		    -EINVAL);
	}
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, c->option, value,
	                     sizeof(int)),
	    -ENOPROTOOPT);
	assert_int_equal(call_close(sock), 0);
}

/* What plain sockets do not have, though the kernel's might. */
static const struct unknown_case {
	const char *name;
	int type, level, option;
} unknowns[] = {
	{ "oobinline", SOCK_STREAM, SOL_SOCKET, SO_OOBINLINE },
	{ "zerocopy", SOCK_STREAM, SOL_SOCKET, SO_ZEROCOPY },
	{ "kernel_tls", SOCK_STREAM, 282, 1 },
	{ "cork", SOCK_STREAM, IPPROTO_TCP, TCP_CORK },
	{ "level", SOCK_STREAM, 4242, SO_REUSEADDR },
	{ "broadcast_of_a_stream", SOCK_STREAM, SOL_SOCKET, SO_BROADCAST },
	{ "keepalive_of_datagrams", SOCK_DGRAM, SOL_SOCKET, SO_KEEPALIVE },
	{ "nodelay_of_datagrams", SOCK_DGRAM, IPPROTO_TCP, TCP_NODELAY },
};

static void
is_enoprotoopt(void **state)
{
	const struct unknown_case *c = *state;
	const int sock = call_socket(AF_INET, c->type, 0);
	int value = 1;
	socklen_t len = sizeof(value);

	assert_int_equal(call_setsockopt(sock, c->level, c->option, &value,
	                     len),
	    -ENOPROTOOPT);
	assert_int_equal(call_getsockopt(sock, c->level, c->option, &value,
	                     &len),
	    -ENOPROTOOPT);
	assert_int_equal(call_close(sock), 0);
}

static void
a_group_is_joined_and_left_once(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);
	struct ip_mreqn group = { .imr_ifindex = (int)if_nametoindex("lo") };

	(void)state;
	group.imr_multiaddr.s_addr = htonl(0xe0000042); /* 224.0.0.66 */
	assert_int_equal(call_setsockopt(sock, IPPROTO_IP, IP_ADD_MEMBERSHIP,
	                     &group, sizeof(group)),
	    0);
	assert_int_equal(call_setsockopt(sock, IPPROTO_IP, IP_ADD_MEMBERSHIP,
	                     &group, sizeof(group)),
	    -EADDRINUSE);
	assert_int_equal(call_setsockopt(sock, IPPROTO_IP, IP_DROP_MEMBERSHIP,
	                     &group, sizeof(group)),
	    0);
	assert_int_equal(call_setsockopt(sock, IPPROTO_IP, IP_DROP_MEMBERSHIP,
	                     &group, sizeof(group)),
	    -EADDRNOTAVAIL);
	/* The shorter struct ip_mreq is not Zephyr's. */
	assert_int_equal(call_setsockopt(sock, IPPROTO_IP, IP_ADD_MEMBERSHIP,
	                     &group, sizeof(struct ip_mreq)),
	    -EINVAL);
	assert_int_equal(call_close(sock), 0);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(get_without_length_is_einval),
		cmocka_unit_test(buffers_are_as_large_as_asked_for),
		cmocka_unit_test(a_group_is_joined_and_left_once),
	};
	struct CMUnitTest tests[LEN(sets) + LEN(gets) + LEN(plains) +
	    LEN(reads) + LEN(unknowns) + LEN(others)];
	char names[LEN(tests)][64];
	size_t n = 0;

	for (size_t i = 0; i < LEN(sets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = sets[i].name,
			.test_func = set_row,
			.initial_state = (void *)&sets[i] };
	}
	for (size_t i = 0; i < LEN(gets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = gets[i].name,
			.test_func = get_row,
			.initial_state = (void *)&gets[i] };
	}
	for (size_t i = 0; i < LEN(plains); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "%s_is_set",
		    plains[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = set_value_is_read_back,
			.initial_state = (void *)&plains[i] };
	}
	for (size_t i = 0; i < LEN(reads); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "%s_is_read",
		    reads[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = value_is_read_only,
			.initial_state = (void *)&reads[i] };
	}
	for (size_t i = 0; i < LEN(unknowns); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "%s_is_unknown",
		    unknowns[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = is_enoprotoopt,
			.initial_state = (void *)&unknowns[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("sock/option", tests, NULL, NULL);
}
