#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sock/kinds.h"

/* The errno that call_socket must end up with; 0 opens a socket. */
static const struct kind_case {
	const char *name;
	int family, type, proto;
	int want;
	const char *kind; /* the ops that were chosen, if want is 0 */
} cases[] = {
	{ "stream_default", AF_INET, SOCK_STREAM, 0, 0, "stream" },
	{ "stream_tcp", AF_INET, SOCK_STREAM, IPPROTO_TCP, 0, "stream" },
	{ "stream_tcp_v6", AF_INET6, SOCK_STREAM, IPPROTO_TCP, 0, "stream" },
	{ "dgram_default", AF_INET, SOCK_DGRAM, 0, 0, "dgram" },
	{ "dgram_udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0, "dgram" },
	{ "dgram_udp_v6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0, "dgram" },
	{ "tls_1_0", AF_INET, SOCK_STREAM, KINDS_TLS_1_0, 0, "tls-stream" },
	{ "tls_1_1", AF_INET, SOCK_STREAM, KINDS_TLS_1_1, 0, "tls-stream" },
	{ "tls_1_2", AF_INET, SOCK_STREAM, KINDS_TLS_1_2, 0, "tls-stream" },
	{ "tls_1_3", AF_INET, SOCK_STREAM, KINDS_TLS_1_3, 0, "tls-stream" },
	{ "tls_1_2_v6", AF_INET6, SOCK_STREAM, KINDS_TLS_1_2, 0, "tls-stream" },
	{ "dtls_1_0", AF_INET, SOCK_DGRAM, KINDS_DTLS_1_0, 0, "dtls" },
	{ "dtls_1_2", AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2, 0, "dtls" },
	{ "dtls_1_2_v6", AF_INET6, SOCK_DGRAM, KINDS_DTLS_1_2, 0, "dtls" },
	{ "before_the_dtls_protocols", AF_INET, SOCK_DGRAM, KINDS_DTLS_1_0 - 1,
	    -EPROTONOSUPPORT, NULL },
	{ "after_the_dtls_protocols", AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2 + 1,
	    -EPROTONOSUPPORT, NULL },
	{ "stream_over_udp", AF_INET, SOCK_STREAM, IPPROTO_UDP,
	    -EPROTONOSUPPORT, NULL },
	{ "dgram_over_tcp", AF_INET, SOCK_DGRAM, IPPROTO_TCP, -EPROTONOSUPPORT,
	    NULL },
	{ "dgram_over_tls", AF_INET, SOCK_DGRAM, KINDS_TLS_1_2,
	    -EPROTONOSUPPORT, NULL },
	{ "before_the_tls_protocols", AF_INET, SOCK_STREAM, KINDS_TLS_1_0 - 1,
	    -EPROTONOSUPPORT, NULL },
	{ "after_the_tls_protocols", AF_INET, SOCK_STREAM, KINDS_TLS_1_3 + 1,
	    -EPROTONOSUPPORT, NULL },
	{ "stream_over_dtls", AF_INET, SOCK_STREAM, 273, -EPROTONOSUPPORT,
	    NULL },
	{ "stream_over_mptcp", AF_INET, SOCK_STREAM, 262, -EPROTONOSUPPORT,
	    NULL },
	{ "negative_protocol", AF_INET, SOCK_STREAM, -1, -EPROTONOSUPPORT,
	    NULL },
	{ "raw", AF_INET, SOCK_RAW, 0, -EPROTOTYPE, NULL },
	{ "seqpacket", AF_INET, SOCK_SEQPACKET, 0, -EPROTOTYPE, NULL },
	{ "type_0", AF_INET, 0, 0, -EPROTOTYPE, NULL },
	{ "type_unknown", AF_INET, 99, 0, -EPROTOTYPE, NULL },
	{ "type_with_nonblock", AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    -EPROTOTYPE, NULL },
	{ "type_with_cloexec", AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0,
	    -EPROTOTYPE, NULL },
	{ "unspecified_family", AF_UNSPEC, SOCK_STREAM, 0, -EAFNOSUPPORT,
	    NULL },
	{ "unix_family", AF_UNIX, SOCK_STREAM, 0, -EAFNOSUPPORT, NULL },
	{ "packet_family", AF_PACKET, SOCK_DGRAM, 0, -EAFNOSUPPORT, NULL },
	{ "negative_family", -1, SOCK_STREAM, 0, -EAFNOSUPPORT, NULL },
	{ "family_is_looked_at_before_the_type", 77, 77, 77, -EAFNOSUPPORT,
	    NULL },
	{ "type_is_looked_at_before_the_protocol", AF_INET, SOCK_RAW, 4242,
	    -EPROTOTYPE, NULL },
};

static void
opens_or_says_why_not(void **state)
{
	const struct kind_case *c = *state;
	struct zsock *s = NULL;
	int rc = kinds_check_family(c->family);

	if (rc == 0)
		rc = kinds_open(c->family, c->type, c->proto, &s);
	assert_int_equal(rc, c->want);
	if (rc != 0) {
		assert_null(s);
		return;
	}
	assert_string_equal(s->ops->name, c->kind);
	assert_int_equal(atomic_load(&s->refs), 1);
	assert_int_equal(s->number, -1);
	sock_put(s);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases)];

	for (size_t i = 0; i < LEN(cases); i++) {
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			.test_func = opens_or_says_why_not,
			.initial_state = (void *)&cases[i] };
	}
	return cmocka_run_group_tests_name("sock/kinds", tests, NULL, NULL);
}
