/* NULL, lengths and numbers that cannot be: names, stores, services and all. */
#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket_service.h>
#include <zephyr/net/socketutils.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

#include "support/bad.h"

static char text[64];
static unsigned char bytes[16];

static const struct net_sockaddr *
in(void)
{
	return (const struct net_sockaddr *)&bad.in;
}

/* A pointer that must not be NULL, with the errno of the call. */
static long
pointer(const void *p)
{
	return p != NULL ? 0 : -1;
}

static void
addresses_as_text(void)
{
	static const int odd[] = { 0, 1, 255, 0xffff };
	char *(*const ntop[])(net_sa_family_t, const void *, char *,
	    size_t) = { zsock_inet_ntop, net_addr_ntop };

	for (size_t i = 0; i < LEN(ntop); i++) {
		BAD_ALL(pointer(ntop[i](NET_AF_INET, NULL, text, 64)), EINVAL);
		BAD_ALL(pointer(ntop[i](NET_AF_INET, bytes, NULL, 64)), EINVAL);
		BAD_ALL(pointer(ntop[i](NET_AF_INET, NULL, NULL, 0)), EINVAL);
		BAD_ALL(pointer(ntop[i](NET_AF_INET, bytes, text, 0)), ENOSPC);
		BAD_ALL(pointer(ntop[i](NET_AF_INET6, bytes, text, 1)), ENOSPC);
		BAD_ALL(pointer(ntop[i](NET_AF_INET6, bytes, text, SIZE_MAX)),
		    0);
		for (size_t k = 0; k < LEN(odd); k++)
			BAD_ALL(pointer(ntop[i]((net_sa_family_t)odd[k], bytes,
			            text, 64)),
			    EAFNOSUPPORT);
	}
	assert_int_equal(zsock_inet_pton(NET_AF_INET, NULL, bytes), 0);
	assert_int_equal(zsock_inet_pton(NET_AF_INET, "1.2.3.4", NULL), 0);
	BAD_ALL(net_addr_pton(NET_AF_INET, NULL, bytes), EINVAL);
	BAD_ALL(net_addr_pton(NET_AF_INET6, "::", NULL), EINVAL);
	for (size_t k = 0; k < LEN(odd); k++) {
		const net_sa_family_t f = (net_sa_family_t)odd[k];

		BAD(zsock_inet_pton(f, "1.2.3.4", bytes), 0, 0, EAFNOSUPPORT);
		BAD_ALL(net_addr_pton(f, "1.2.3.4", bytes), EINVAL);
	}
}

static void
addresses_to_parse(void)
{
	struct net_sockaddr_storage a;
	struct net_sockaddr *sa = (struct net_sockaddr *)&a;

	assert_false(net_ipaddr_parse(NULL, 0, sa));
	assert_false(net_ipaddr_parse(NULL, 1, sa));
	assert_false(net_ipaddr_parse(NULL, SIZE_MAX, sa));
	assert_false(net_ipaddr_parse("1.2.3.4", 7, NULL));
	assert_false(net_ipaddr_parse("1.2.3.4", 0, sa));
	assert_false(net_ipaddr_parse("[", 1, sa));
	assert_true(net_ipaddr_parse("1.2.3.4", SIZE_MAX, sa));
	assert_null(net_addr_str_find_port(NULL));
	assert_null(net_addr_str_find_port(""));
}

static struct zsock_addrinfo *found;

static void
resolved(int rc)
{
	if (rc == 0)
		zsock_freeaddrinfo(found);
	else
		assert_null(found);
}

/* With SYSTEM the errno counts, else the code. */
static void
check_code(const char *call, int rc, int want, int want_errno)
{
	const int error = errno;

	resolved(rc);
	if (rc != want || (rc == DNS_EAI_SYSTEM && error != want_errno)) {
		print_message("%s: %d, %s\n", call, rc, strerror(error));
		fail();
	}
}

#define CODE(call, device, device_errno, host) \
	(errno = 0, found = NULL, \
	    check_code(#call, (call), \
	        profile_get() == PROFILE_LINUX ? (host) : (device), \
	        profile_get() == PROFILE_LINUX ? EINVAL : (device_errno)))

static void
names_to_resolve(void)
{
	const struct zsock_addrinfo num = { .ai_flags = ZSOCK_AI_NUMERICHOST };
	struct zsock_addrinfo odd = num;

	errno = 0;
	assert_int_equal(zsock_getaddrinfo("1.2.3.4", "1", NULL, NULL),
	    DNS_EAI_SYSTEM);
	assert_int_equal(errno, EINVAL);
	CODE(zsock_getaddrinfo(NULL, NULL, NULL, &found), DNS_EAI_SYSTEM,
	    EINVAL, DNS_EAI_NONAME);
	CODE(zsock_getaddrinfo(NULL, NULL, &num, &found), DNS_EAI_FAIL, 0,
	    DNS_EAI_NONAME);
	CODE(zsock_getaddrinfo(NULL, "80", NULL, &found), DNS_EAI_FAIL, 0, 0);
	CODE(zsock_getaddrinfo("1.2.3.4", NULL, NULL, &found), 0, 0, 0);
	CODE(zsock_getaddrinfo("", "1", &num, &found),
	    profile_get() == PROFILE_LINUX ? 0 : DNS_EAI_FAIL, 0,
	    DNS_EAI_NONAME);
	odd.ai_family = INT_MIN;
	CODE(zsock_getaddrinfo("1.2.3.4", "1", &odd, &found),
	    profile_get() == PROFILE_ZEPHYR ? DNS_EAI_ADDRFAMILY : DNS_EAI_FAIL,
	    0, DNS_EAI_FAMILY);
	odd = num;
	odd.ai_socktype = INT_MAX;
	CODE(zsock_getaddrinfo("1.2.3.4", "1", &odd, &found), 0, 0,
	    DNS_EAI_SOCKTYPE);
	odd = num;
	odd.ai_protocol = INT_MIN;
	CODE(zsock_getaddrinfo("1.2.3.4", "1", &odd, &found), 0, 0,
	    DNS_EAI_SERVICE);
	odd = (struct zsock_addrinfo){ .ai_flags = INT_MIN };
	CODE(zsock_getaddrinfo("1.2.3.4", "1", &odd, &found), 0, 0,
	    DNS_EAI_BADFLAGS);
	zsock_freeaddrinfo(NULL);
	assert_non_null(zsock_gai_strerror(INT_MIN));
	assert_non_null(zsock_gai_strerror(INT_MAX));
	errno = 0;
	BAD_ALL(net_getaddrinfo_addr_str(NULL, NULL, NULL, &found), EINVAL);
	BAD_ALL(net_getaddrinfo_addr_str("1.2.3.4:1", NULL, NULL, NULL) ==
	        DNS_EAI_SYSTEM,
	    0);
	CODE(net_getaddrinfo_addr_str("1.2.3.4:1", NULL, NULL, &found), 0, 0,
	    0);
}

static void
addresses_to_name(void)
{
	const net_socklen_t len = sizeof(bad.in), max = UINT32_MAX;
	const struct net_sockaddr odd = { .sa_family = 0xffff };
	char host[64], serv[8];

	CODE(zsock_getnameinfo(NULL, len, host, 64, serv, 8, 0), DNS_EAI_SYSTEM,
	    EINVAL, DNS_EAI_FAMILY);
	CODE(zsock_getnameinfo(in(), len, NULL, 0, NULL, 0, 3), 0, 0, 0);
	CODE(zsock_getnameinfo(in(), len, NULL, max, NULL, max, 3), 0, 0, 0);
	CODE(zsock_getnameinfo(in(), len, host, 1, NULL, 0, 3),
	    DNS_EAI_OVERFLOW, 0, DNS_EAI_OVERFLOW);
	CODE(zsock_getnameinfo(in(), len, host, max, serv, max, 3), 0, 0, 0);
	CODE(zsock_getnameinfo(in(), 0, host, 64, serv, 8, 3), 0, 0,
	    DNS_EAI_FAMILY);
	CODE(zsock_getnameinfo(in(), 1, host, 64, serv, 8, 3), 0, 0,
	    DNS_EAI_FAMILY);
	CODE(zsock_getnameinfo(in(), max, host, 64, serv, 8, 3), 0, 0, 0);
	CODE(zsock_getnameinfo(in(), len, host, 64, serv, 8, INT_MIN), 0, 0,
	    DNS_EAI_BADFLAGS);
	CODE(zsock_getnameinfo(&odd, sizeof(odd), host, 64, serv, 8, 3),
	    DNS_EAI_SYSTEM, EAFNOSUPPORT, DNS_EAI_FAMILY);
	BAD_ALL(zsock_gethostname(NULL, 0), EINVAL);
	BAD_ALL(zsock_gethostname(NULL, SIZE_MAX), EINVAL);
	BAD_HOST(zsock_gethostname(host, 0), 0, ENAMETOOLONG);
	BAD_HOST(zsock_gethostname(host, 1), 0, ENAMETOOLONG);
}

/* Room that nobody has is no reason to fill it. */
static void
room_for_a_host_name(void)
{
	char *name = malloc(1025);

	BAD_HOST(zsock_gethostname(name, SIZE_MAX), 0, 0);
	free(name);
}

static void
all_of_a_message(void)
{
	struct net_iovec iov = { text, 1 };
	struct net_msghdr m = { .msg_iovlen = 1 };
	size_t sent = 7;

	BAD_ALL(zsock_send_all_ms(bad.tcp, NULL, 1, 0, -1, &sent), EINVAL);
	assert_int_equal(sent, 0);
	BAD_ALL(zsock_send_all_ms(bad.tcp, NULL, SIZE_MAX, 0, -1, NULL),
	    EINVAL);
	BAD_ALL(zsock_send_all_ms(bad.tcp, NULL, 0, 0, INT64_MIN, NULL), 0);
	BAD_ALL(zsock_send_all_ms(bad.tcp, text, 1, 0, INT64_MIN, NULL), 0);
	BAD_ALL(zsock_send_all_ms(bad.tcp, text, 1, INT_MIN, INT64_MAX, NULL),
	    0);
	BAD_ALL(zsock_send_all_ms(bad.udp, text, 1, 0, 0, NULL), EOPNOTSUPP);
	BAD_ALL(zsock_send_all_ms(-1, text, 1, 0, 0, NULL), EBADF);
	BAD_ALL(zsock_send_all_ms(INT_MAX, text, 1, 0, 0, NULL), EBADF);
	BAD_ALL(zsock_sendmsg_all_ms(bad.tcp, NULL, 0, -1, &sent), EINVAL);
	BAD_ALL(zsock_sendmsg_all_ms(bad.tcp, &m, 0, -1, &sent), EINVAL);
	m.msg_iovlen = SIZE_MAX;
	BAD_ALL(zsock_sendmsg_all_ms(bad.tcp, &m, 0, -1, &sent), EINVAL);
	m.msg_iov = &iov;
	BAD_ALL(zsock_sendmsg_all_ms(bad.tcp, &m, 0, -1, &sent), EMSGSIZE);
	m.msg_iovlen = 0;
	BAD_ALL(zsock_sendmsg_all_ms(bad.tcp, &m, 0, -1, &sent), 0);
}

static void
what_is_secure(void)
{
	static const int odd[] = { INT_MIN, -1, 4242, INT_MAX };

	for (size_t i = 0; i < LEN(odd); i++) {
		BAD_ALL(pointer(zsock_tls_version(odd[i])), EBADF);
		BAD_ALL(pointer(zsock_tls_ciphersuite(odd[i])), EBADF);
		BAD_ALL(zsock_error_text(odd[i], text, sizeof(text)), EBADF);
	}
	BAD_ALL(pointer(zsock_tls_version(bad.tcp)), EOPNOTSUPP);
	BAD_ALL(pointer(zsock_tls_ciphersuite(bad.event)), EOPNOTSUPP);
	BAD_ALL(pointer(zsock_tls_version(bad.tls)), ENOTCONN);
	BAD_ALL(zsock_error_text(bad.tls, NULL, 1), EINVAL);
	BAD_ALL(zsock_error_text(bad.tls, NULL, SIZE_MAX), EINVAL);
	BAD_ALL(zsock_error_text(bad.tls, NULL, 0), 0);
	BAD_ALL(zsock_error_text(bad.tls, text, 0), 0);
	BAD_ALL(zsock_error_text(bad.tls, text, 1), 0);
	BAD_ALL(zsock_error_text(bad.tls, text, SIZE_MAX), 0);
}

/* init counts before the first socket only: test_init.c has the rest. */
static void
settings(void)
{
	const struct zsock_init_params odd[] = { ZSOCK_INIT_DEFAULTS,
		{ "", INT_MIN, "", "" }, { NULL, INT_MAX, NULL, NULL } };

	BAD_ALL(zsock_init(NULL), EINVAL);
	for (size_t i = 0; i < LEN(odd); i++)
		BAD_ALL(zsock_init(&odd[i]), EBUSY);
	BAD_ALL(zsock_set_limit(NULL, 1), EINVAL);
	BAD_ALL(zsock_set_limit("", 1), ENOENT);
	BAD_ALL(zsock_set_limit("CONFIG_NONE", -1), ENOENT);
	BAD_ALL(zsock_set_limit("CONFIG_NET_MAX_CONTEXTS", -2), EINVAL);
	BAD_ALL(zsock_set_limit("CONFIG_NET_MAX_CONTEXTS", INT_MIN), EINVAL);
	BAD_ALL(zsock_set_limit("CONFIG_NET_MAX_CONTEXTS", INT_MAX), EINVAL);
	BAD_ALL(zsock_set_limit("CONFIG_NET_MAX_CONTEXTS", -1), 0);
	BAD_ALL(zsock_hosts_add(NULL), EINVAL);
	BAD_ALL(zsock_hosts_add(""), 0);
	BAD_ALL(zsock_hosts_add("->"), EINVAL);
	zsock_hosts_clear();
	zsock_use_kernel_numbers(); /* too late: it changes nothing */
}

static void
credentials(void)
{
	static const int odd[] = { INT_MIN, -1, 7, INT_MAX };
	const enum tls_credential_type ca = TLS_CREDENTIAL_CA_CERTIFICATE;
	size_t len = 0, one = 1, max = SIZE_MAX;

	BAD_ALL(tls_credential_add(9, ca, NULL, 1), EINVAL);
	BAD_ALL(tls_credential_add(9, ca, NULL, SIZE_MAX), EINVAL);
	BAD_ALL(tls_credential_add(9, ca, text, SIZE_MAX), ENOMEM);
	BAD_ALL(tls_credential_add(9, TLS_CREDENTIAL_NONE, text, 1), EINVAL);
	BAD_ALL(tls_credential_get(9, ca, text, NULL), EINVAL);
	BAD_ALL(tls_credential_get(9, ca, NULL, &one), EINVAL);
	BAD_ALL(tls_credential_get(9, ca, NULL, &max), EINVAL);
	BAD_ALL(tls_credential_get(9, ca, text, &max), ENOENT);
	BAD_ALL(tls_credential_add(9, ca, NULL, 0), 0);
	BAD_ALL(tls_credential_get(9, ca, NULL, &len), 0);
	BAD_ALL(tls_credential_delete(9, ca), 0);
	BAD_ALL(tls_credential_add(INT_MIN, ca, "abc", 3), 0);
	len = 0;
	BAD_ALL(tls_credential_get(INT_MIN, ca, text, &len), EFBIG);
	max = SIZE_MAX;
	BAD_ALL(tls_credential_get(INT_MIN, ca, text, &max), 0);
	BAD_ALL(tls_credential_delete(INT_MIN, ca), 0);
	for (size_t i = 0; i < LEN(odd); i++) {
		const enum tls_credential_type t =
		    (enum tls_credential_type)odd[i];

		BAD_ALL(tls_credential_delete(odd[i], t), ENOENT);
		BAD_ALL(tls_credential_add(odd[i], t, "x", 1), 0);
		BAD_ALL(tls_credential_delete(odd[i], t), 0);
	}
}

static void
on_event(struct net_socket_service_event *pev)
{
	(void)pev;
}

NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(service, on_event, 1);

static void
services(void)
{
	const struct net_socket_service_desc foreign = { .pev_len = 1 };
	struct zsock_pollfd none = { .fd = -1 };

	BAD_ALL(net_socket_service_register(NULL, &none, 1, NULL), ENOENT);
	BAD_ALL(net_socket_service_register(&foreign, &none, 1, NULL), ENOENT);
	BAD_ALL(net_socket_service_register(&service, &none, -1, NULL), EINVAL);
	BAD_ALL(net_socket_service_register(&service, &none, INT_MIN, NULL),
	    EINVAL);
	BAD_ALL(net_socket_service_register(&service, &none, INT_MAX, NULL),
	    ENOMEM);
	BAD_ALL(net_socket_service_register(&service, &none, 0, NULL), 0);
	BAD_ALL(net_socket_service_register(&service, NULL, INT_MAX, NULL), 0);
	BAD_ALL(net_socket_service_register(&service, NULL, 1, NULL), 0);
	BAD_ALL(net_socket_service_unregister(NULL), ENOENT);
	BAD_ALL(net_socket_service_close(NULL), ENOENT);
	net_socket_service_foreach(NULL, NULL);
	zsock_service_add(NULL, NULL);
	zsock_service_remove(NULL);
	zsock_service_remove(&foreign);
}

int
main(void)
{
	static const struct bad_test tests[] = {
		{ "addresses_as_text", addresses_as_text },
		{ "addresses_to_parse", addresses_to_parse },
		{ "names_to_resolve", names_to_resolve },
		{ "addresses_to_name", addresses_to_name },
		{ "room_for_a_host_name", room_for_a_host_name },
		{ "all_of_a_message", all_of_a_message },
		{ "what_is_secure", what_is_secure },
		{ "settings", settings },
		{ "credentials", credentials },
		{ "services", services },
	};

	return bad_run("api/bad_input_names", tests, LEN(tests));
}
