#include "support/test.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "sock/wake.h"

static short
revents(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	assert_true(poll_sockets(&p, 1, 0, false) >= 0);
	return p.revents;
}

static void
it_is_readable_from_waking_to_clearing(void **state)
{
	const int sock = wake_open();

	(void)state;
	assert_true(sock >= 0);
	assert_int_equal(revents(sock), 0);
	wake_clear(sock);
	assert_int_equal(revents(sock), 0);
	wake_up(sock);
	wake_up(sock);
	assert_int_equal(revents(sock), POLLIN);
	assert_int_equal(revents(sock), POLLIN);
	wake_clear(sock);
	assert_int_equal(revents(sock), 0);
	wake_close(sock);
	assert_int_equal(revents(sock), POLLNVAL);
	wake_up(sock);
	wake_clear(sock);
	wake_close(sock);
	wake_close(-1);
}

static void
it_takes_none_of_the_programs_numbers(void **state)
{
	const int wake = wake_open();
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sock, 0);
	assert_true(wake > 1000000);
	assert_int_equal(call_close(sock), 0);
	wake_close(wake);
	assert_int_equal(wake_open(), wake);
	wake_close(wake);
}

static void
socket_calls_are_refused(void **state)
{
	const struct sockaddr addr = { .sa_family = AF_INET };
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	const int sock = wake_open();
	int value = 0;

	(void)state;
	assert_int_equal(call_bind(sock, &addr, sizeof(addr)), -EOPNOTSUPP);
	assert_int_equal(call_connect(sock, &addr, sizeof(addr)), -EOPNOTSUPP);
	assert_int_equal(call_listen(sock, 1), -EOPNOTSUPP);
	assert_int_equal(call_accept(sock, NULL, NULL), -EOPNOTSUPP);
	assert_int_equal(call_shutdown(sock, SHUT_RD), -EOPNOTSUPP);
	assert_int_equal(call_sendto(sock, "x", 1, 0, NULL, 0), -EOPNOTSUPP);
	assert_int_equal(call_recvfrom(sock, &value, 1, 0, NULL, NULL),
	    -EOPNOTSUPP);
	assert_int_equal(call_getsockname(sock, (struct sockaddr *)&name, &len),
	    -EOPNOTSUPP);
	assert_int_equal(call_getpeername(sock, (struct sockaddr *)&name, &len),
	    -EOPNOTSUPP);
	assert_int_equal(call_ioctl(sock, FIONREAD, &value), -EOPNOTSUPP);
	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &value,
	                     sizeof(value)),
	    -ENOPROTOOPT);
	assert_int_equal(call_close(sock), 0);
	assert_false(fdtable_owns(sock));
}

static void
a_message_that_is_null_is_refused_like_any_other(void **state)
{
	const int sock = wake_open();

	(void)state;
	profile_set(PROFILE_ZEPHYR_3_3);
	assert_int_equal(call_sendmsg_null(sock), -EOPNOTSUPP);
	profile_set(PROFILE_ZEPHYR);
	wake_close(sock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_readable_from_waking_to_clearing),
		cmocka_unit_test(it_takes_none_of_the_programs_numbers),
		cmocka_unit_test(socket_calls_are_refused),
		cmocka_unit_test(
		    a_message_that_is_null_is_refused_like_any_other),
	};

	return cmocka_run_group_tests_name("sock/wake", tests, NULL, NULL);
}
