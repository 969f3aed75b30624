#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "base/config.h"
#include "support/loop_pki.h"

static void
a_number_that_is_not_open_is_ebadf(void **state)
{
	const int numbers[] = { -1, 0, 4242 };
	char text[8];

	(void)state;
	for (size_t i = 0; i < LEN(numbers); i++) {
		errno = 0;
		assert_null(zsock_tls_version(numbers[i]));
		assert_int_equal(errno, EBADF);
		errno = 0;
		assert_null(zsock_tls_ciphersuite(numbers[i]));
		assert_int_equal(errno, EBADF);
		errno = 0;
		assert_int_equal(zsock_error_text(numbers[i], text,
		                     sizeof(text)),
		    -1);
		assert_int_equal(errno, EBADF);
	}
}

static void
a_plain_socket_has_no_tls_and_no_reason(void **state)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	char text[8] = "#######";

	(void)state;
	errno = 0;
	assert_null(zsock_tls_version(sock));
	assert_int_equal(errno, EOPNOTSUPP);
	errno = 0;
	assert_null(zsock_tls_ciphersuite(sock));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(zsock_error_text(sock, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(zsock_close(sock), 0);
}

static void
before_the_handshake_there_is_nothing_to_tell(void **state)
{
	const int sock =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);

	(void)state;
	errno = 0;
	assert_null(zsock_tls_version(sock));
	assert_int_equal(errno, ENOTCONN);
	errno = 0;
	assert_null(zsock_tls_ciphersuite(sock));
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(zsock_error_text(sock, NULL, 0), 0);
	assert_int_equal(zsock_close(sock), 0);
}

static void
a_connection_tells_its_version_and_suite(void **state)
{
	struct loop_pair p;

	(void)state;
	loop_pair_open(&p, NET_AF_INET, NET_IPPROTO_TLS_1_3);
	errno = EXDEV;
	assert_string_equal(zsock_tls_version(p.client), "TLSv1.3");
	assert_string_equal(zsock_tls_version(p.server), "TLSv1.3");
	assert_string_equal(zsock_tls_ciphersuite(p.client),
	    zsock_tls_ciphersuite(p.server));
	assert_memory_equal(zsock_tls_ciphersuite(p.client), "TLS_", 4);
	assert_int_equal(errno, EXDEV);
	loop_pair_close(&p);
}

static void
the_reason_of_a_refusal_is_told(void **state)
{
	const int sock =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	const sec_tag_t tag = 4711;
	char text[256], part[5];
	int len;

	(void)state;
	errno = 0;
	assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_SEC_TAG_LIST, &tag, sizeof(tag)),
	    -1);
	assert_int_equal(errno, ENOENT);
	len = zsock_error_text(sock, text, sizeof(text));
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "4711"));
	assert_int_equal(zsock_error_text(sock, part, sizeof(part)), len);
	assert_memory_equal(part, text, 4);
	assert_int_equal(part[4], '\0');
	assert_int_equal(zsock_error_text(sock, NULL, 0), len);
	errno = 0;
	assert_int_equal(zsock_error_text(sock, NULL, 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(zsock_close(sock), 0);
}

static void
a_number_has_an_object_as_long_as_it_is_open(void **state)
{
	const int a = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	const int b = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	void *object = zsock_get_context_object(a);

	(void)state;
	errno = EXDEV;
	assert_non_null(object);
	assert_ptr_equal(zsock_get_context_object(a), object);
	assert_ptr_not_equal(zsock_get_context_object(b), object);
	assert_int_equal(zsock_close(a), 0);
	assert_null(zsock_get_context_object(a));
	assert_null(zsock_get_context_object(-1));
	assert_null(zsock_get_context_object(1 << 30));
	assert_int_equal(errno, EXDEV);
	assert_int_equal(zsock_close(b), 0);
}

static void
kernel_numbers_come_too_late_once_a_socket_was_open(void **state)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sock, 0);
	zsock_use_kernel_numbers();
	assert_int_equal(zsock_close(sock), 0);
	assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0), sock);
	assert_int_equal(zsock_close(sock), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_that_is_not_open_is_ebadf),
		cmocka_unit_test(a_plain_socket_has_no_tls_and_no_reason),
		cmocka_unit_test(before_the_handshake_there_is_nothing_to_tell),
		cmocka_unit_test(a_connection_tells_its_version_and_suite),
		cmocka_unit_test(the_reason_of_a_refusal_is_told),
		cmocka_unit_test(a_number_has_an_object_as_long_as_it_is_open),
		cmocka_unit_test(
		    kernel_numbers_come_too_late_once_a_socket_was_open),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("api/info", tests, loop_setup,
	    loop_teardown);
}
