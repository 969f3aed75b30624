#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/pair.h"
#include "sock/wake.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

/* Every call, with arguments that are good but for the number. */
static struct sockaddr_storage addr;
static socklen_t addr_len;
static char buf[8];
static struct msghdr msg = { .msg_iov = &(struct iovec){ buf, sizeof(buf) },
	.msg_iovlen = 1 };

static ssize_t
try_close(int sock)
{
	return call_close(sock);
}

static ssize_t
try_bind(int sock)
{
	return call_bind(sock, (struct sockaddr *)&addr, addr_len);
}

static ssize_t
try_connect(int sock)
{
	return call_connect(sock, (struct sockaddr *)&addr, addr_len);
}

static ssize_t
try_listen(int sock)
{
	return call_listen(sock, 1);
}

static ssize_t
try_accept(int sock)
{
	return call_accept(sock, NULL, NULL);
}

static ssize_t
try_shutdown(int sock)
{
	return call_shutdown(sock, SHUT_RD);
}

static ssize_t
try_sendto(int sock)
{
	return call_sendto(sock, "x", 1, MSG_DONTWAIT, NULL, 0);
}

static ssize_t
try_sendmsg(int sock)
{
	return call_sendmsg(sock, &msg, MSG_DONTWAIT);
}

static ssize_t
try_recvfrom(int sock)
{
	return call_recvfrom(sock, buf, sizeof(buf), MSG_DONTWAIT, NULL, NULL);
}

static ssize_t
try_recvmsg(int sock)
{
	return call_recvmsg(sock, &msg, MSG_DONTWAIT);
}

static ssize_t
try_getsockname(int sock)
{
	socklen_t len = sizeof(addr);
	struct sockaddr_storage name;

	return call_getsockname(sock, (struct sockaddr *)&name, &len);
}

static ssize_t
try_getpeername(int sock)
{
	socklen_t len = sizeof(addr);
	struct sockaddr_storage name;

	return call_getpeername(sock, (struct sockaddr *)&name, &len);
}

static ssize_t
try_getsockopt(int sock)
{
	socklen_t len = sizeof(int);

	return call_getsockopt(sock, SOL_SOCKET, SO_TYPE, &(int){ 0 }, &len);
}

static ssize_t
try_setsockopt(int sock)
{
	return call_setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
	    sizeof(int));
}

static ssize_t
try_fcntl(int sock)
{
	return call_fcntl(sock, F_GETFL, 0);
}

static ssize_t
try_ioctl(int sock)
{
	return call_ioctl(sock, FIONREAD, &(int){ 0 });
}

static ssize_t
try_tls_version(int sock)
{
	const char *name = NULL;

	return call_tls_version(sock, &name);
}

static ssize_t
try_tls_suite(int sock)
{
	const char *name = NULL;

	return call_tls_suite(sock, &name);
}

static ssize_t
try_error_text(int sock)
{
	return call_error_text(sock, buf, sizeof(buf));
}

/* What each call answers for a new stream socket that is not connected. */
static const struct call_case {
	const char *name;
	ssize_t (*call)(int sock);
	ssize_t unconnected;
} calls[] = {
	{ "bind", try_bind, 0 },
	{ "getsockname", try_getsockname, -EINVAL },
	{ "getpeername", try_getpeername, -ENOTCONN },
	{ "getsockopt", try_getsockopt, 0 },
	{ "setsockopt", try_setsockopt, 0 },
	{ "fcntl", try_fcntl, 0 },
	{ "ioctl", try_ioctl, 0 },
	{ "accept", try_accept, -EINVAL },
	{ "shutdown", try_shutdown, 0 },
	{ "sendto", try_sendto, -ENOTCONN },
	{ "sendmsg", try_sendmsg, -ENOTCONN },
	{ "recvfrom", try_recvfrom, -ENOTCONN },
	{ "recvmsg", try_recvmsg, -ENOTCONN },
	{ "tls_version", try_tls_version, -EOPNOTSUPP },
	{ "tls_suite", try_tls_suite, -EOPNOTSUPP },
	{ "error_text", try_error_text, 0 },
	{ "connect", try_connect, -ETIMEDOUT },
	{ "listen", try_listen, 0 },
	{ "close", try_close, 0 },
};

static void
number_that_is_not_ours(void **state)
{
	const struct call_case *c = *state;
	const int numbers[] = { -1, INT_MIN, 0, 4242, 1 << 20, INT_MAX };

	for (size_t i = 0; i < LEN(numbers); i++) {
		errno = EXDEV;
		assert_int_equal(c->call(numbers[i]), -EBADF);
		assert_int_equal(errno, EXDEV);
	}
}

static void
closed_socket(void **state)
{
	const struct call_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(sock, 0);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(c->call(sock), -EBADF);
}

static void
unconnected_socket(void **state)
{
	const struct call_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	const struct zsock *s = fdtable_peek(sock);

	assert_int_equal(c->call(sock), c->unconnected);
	if (c->call == try_close)
		return;
	/* No call keeps the reference that it took. */
	assert_int_equal(atomic_load(&s->refs), 1);
	assert_int_equal(call_close(sock), 0);
}

/* The order in which call_socket looks at what is wrong. */
static const struct full_case {
	const char *name;
	int family, type, proto;
	int want;
} fulls[] = {
	{ "full_table", AF_INET, SOCK_STREAM, 0, -ENFILE },
	{ "full_table_secure", AF_INET, SOCK_STREAM, KINDS_TLS_1_2, -ENFILE },
	{ "full_table_bad_type", AF_INET, SOCK_RAW, 0, -ENFILE },
	{ "full_table_bad_protocol", AF_INET, SOCK_DGRAM, 99, -ENFILE },
	{ "full_table_bad_family", AF_UNIX, SOCK_STREAM, 0, -EAFNOSUPPORT },
};

static void
full_table(void **state)
{
	const struct full_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);

	fdtable_limit(1);
	assert_int_equal(sock, 0);
	assert_int_equal(call_socket(c->family, c->type, c->proto), c->want);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_socket(AF_INET, SOCK_DGRAM, 0), 0);
	assert_int_equal(call_close(0), 0);
	fdtable_limit(0);
}

static void
a_socket_that_is_not_opened_takes_no_number(void **state)
{
	const int bad[][3] = { { AF_INET, SOCK_RAW, 0 },
		{ AF_INET, SOCK_STREAM, 99 }, { AF_UNIX, SOCK_STREAM, 0 } };
	const int before = loop_count_descriptors();
	int sock;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		assert_true(call_socket(bad[i][0], bad[i][1], bad[i][2]) < 0);
	fake_kernel_install();
	fake_kernel_fail(FAKE_SOCKET, 1, ENOMEM);
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2),
	    -ENOMEM);
	fake_kernel_remove();
	assert_int_equal(loop_count_descriptors(), before);
	sock = call_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(sock, 0);
	assert_int_equal(call_close(sock), 0);
}

/* A kernel that has no descriptor left, for a socket of each kind. */
static void
a_process_without_descriptors_is_enfile(void **state)
{
	const int protos[] = { 0, KINDS_TLS_1_2 };

	(void)state;
	fake_kernel_install();
	for (size_t i = 0; i < LEN(protos); i++) {
		fake_kernel_fail(FAKE_SOCKET, 1, EMFILE);
		assert_int_equal(call_socket(AF_INET, SOCK_STREAM, protos[i]),
		    -ENFILE);
	}
	fake_kernel_remove();
}

static void
a_full_table_leaves_a_connection_queued(void **state)
{
	struct sockaddr_storage name;
	socklen_t len = loop_addr(&name, AF_INET, 0);
	struct sockaddr *sa = (struct sockaddr *)&name;
	const int listener = call_socket(AF_INET, SOCK_STREAM, 0);
	const int client = call_socket(AF_INET, SOCK_STREAM, 0);
	int server;

	(void)state;
	assert_int_equal(call_bind(listener, sa, len), 0);
	assert_int_equal(call_listen(listener, 4), 0);
	assert_int_equal(call_getsockname(listener, sa, &len), 0);
	assert_int_equal(call_connect(client, sa, len), 0);
	fdtable_limit(2);
	fake_kernel_install();
	assert_int_equal(call_accept(listener, NULL, NULL), -ENFILE);
	assert_int_equal(fake_kernel_count(FAKE_ACCEPT4), 0);
	fake_kernel_remove();
	fdtable_limit(3);
	server = call_accept(listener, NULL, NULL);
	assert_int_equal(server, 2);
	assert_int_equal(call_sendto(client, "x", 1, 0, NULL, 0), 1);
	loop_recv_all(server, buf, 1);
	fdtable_limit(0);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(listener), 0);
}

static const struct fcntl_case {
	const char *name;
	int proto;
	int cmd, arg;
	int want;
	int flags; /* what F_GETFL answers afterwards */
} fcntls[] = {
	{ "getfl", 0, F_GETFL, 0, 0, 0 },
	{ "setfl_nonblock", 0, F_SETFL, O_NONBLOCK, 0, O_NONBLOCK },
	{ "setfl_zephyrs_nonblock", 0, F_SETFL, 0x4000, 0, O_NONBLOCK },
	{ "setfl_both", 0, F_SETFL, O_NONBLOCK | 0x4000, 0, O_NONBLOCK },
	{ "setfl_0", 0, F_SETFL, 0, 0, 0 },
	{ "setfl_other_flags", 0, F_SETFL, O_APPEND, 0, 0 },
	{ "setfl_of_a_secure_socket", KINDS_TLS_1_2, F_SETFL, 0x4000, 0,
	    O_NONBLOCK },
	{ "dupfd", 0, F_DUPFD, 0, -EOPNOTSUPP, 0 },
	{ "getfd", 0, F_GETFD, 0, -EOPNOTSUPP, 0 },
	{ "setfd", 0, F_SETFD, FD_CLOEXEC, -EOPNOTSUPP, 0 },
	{ "unknown_command", 0, 4242, 0, -EOPNOTSUPP, 0 },
};

static void
fcntl_answers(void **state)
{
	const struct fcntl_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, c->proto);

	assert_int_equal(call_fcntl(sock, c->cmd, c->arg), c->want);
	assert_int_equal(call_fcntl(sock, F_GETFL, 0), c->flags);
	/* And back again. */
	assert_int_equal(call_fcntl(sock, F_SETFL, 0), 0);
	assert_int_equal(call_fcntl(sock, F_GETFL, 0), 0);
	assert_int_equal(call_close(sock), 0);
}

/* The kernel has no connection to shut down. */
static void
a_close_in_use_leaves_errno_alone(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	struct zsock *held = fdtable_get(sock);

	(void)state;
	errno = EXDEV;
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(errno, EXDEV);
	sock_put(held);
}

static void
a_failed_fcntl_is_the_kernels_errno(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	fake_kernel_install();
	fake_kernel_fail(FAKE_FCNTL, 2, EPERM);
	assert_int_equal(call_fcntl(sock, F_GETFL, 0), -EPERM);
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), -EPERM);
	fake_kernel_remove();
	assert_int_equal(call_fcntl(sock, F_GETFL, 0), 0);
	assert_int_equal(call_close(sock), 0);
}

static const struct ioctl_case {
	const char *name;
	int proto;
	unsigned long request;
	int null; /* the pointer is NULL */
	int want;
} ioctls[] = {
	{ "fionread", 0, FIONREAD, 0, 0 },
	{ "fionread_null", 0, FIONREAD, 1, -EINVAL },
	{ "fionwrite", 0, SIOCOUTQ, 0, 0 },
	{ "fionwrite_null", 0, SIOCOUTQ, 1, -EINVAL },
	{ "fionbio", 0, FIONBIO, 0, 0 },
	{ "fionbio_null", 0, FIONBIO, 1, 0 },
	{ "unknown_request", 0, SIOCATMARK, 0, -EOPNOTSUPP },
	{ "request_0", 0, 0, 0, -EOPNOTSUPP },
	{ "fionread_of_a_secure_socket", KINDS_TLS_1_2, FIONREAD, 0,
	    -EOPNOTSUPP },
	{ "fionbio_of_a_secure_socket", KINDS_TLS_1_2, FIONBIO, 0,
	    -EOPNOTSUPP },
};

static void
ioctl_answers(void **state)
{
	const struct ioctl_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, c->proto);
	int value = 0;

	assert_int_equal(call_ioctl(sock, c->request, c->null ? NULL : &value),
	    c->want);
	/* FIONBIO was given 0, and is on all the same. */
	assert_int_equal(call_fcntl(sock, F_GETFL, 0),
	    c->request == FIONBIO && c->want == 0 ? O_NONBLOCK : 0);
	assert_int_equal(value, 0);
	assert_int_equal(call_close(sock), 0);
}

static const struct shutdown_case {
	const char *name;
	int proto, how;
	int want;
} shutdowns[] = {
	{ "shutdown_unconnected", 0, SHUT_WR, -ENOTSUP },
	{ "shutdown_unknown_how", 0, 3, -EINVAL },
	{ "shutdown_negative_how", 0, -1, -EINVAL },
	{ "shutdown_of_a_secure_socket", KINDS_TLS_1_2, SHUT_RDWR, -ENOTSUP },
};

static void
shutdown_answers(void **state)
{
	const struct shutdown_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, c->proto);

	assert_int_equal(call_shutdown(sock, c->how), c->want);
	assert_int_equal(call_close(sock), 0);
}

static void
a_new_secure_socket_has_nothing_to_tell(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	const char *name = "untouched";
	char text[4] = "abc";

	(void)state;
	assert_int_equal(call_tls_version(sock, &name), -ENOTCONN);
	assert_int_equal(call_tls_suite(sock, &name), -ENOTCONN);
	assert_string_equal(name, "untouched");
	assert_int_equal(call_error_text(sock, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(call_close(sock), 0);
}

static void
an_error_text_is_cut_to_the_room_there_is(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	const int tag = 99;
	char text[512], part[6] = "?????";
	ssize_t len;

	(void)state;
	/* An empty tag is refused with a reason. */
	assert_int_equal(call_setsockopt(sock, 282, 1, &tag, sizeof(tag)),
	    -ENOENT);
	len = call_error_text(sock, NULL, 0);
	assert_in_range(len, 6, sizeof(text) - 1);
	assert_int_equal(call_error_text(sock, text, sizeof(text)), len);
	assert_int_equal(strlen(text), len);
	assert_int_equal(call_error_text(sock, part, 5), len);
	assert_memory_equal(part, text, 4);
	assert_int_equal(part[4], '\0');
	assert_int_equal(call_error_text(sock, part, 1), len);
	assert_string_equal(part, "");
	assert_int_equal(call_error_text(sock, text, (size_t)len), len);
	assert_int_equal(strlen(text), len - 1);
	assert_int_equal(call_close(sock), 0);
}

static void
a_secure_socket_has_no_recvmsg(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);

	(void)state;
	assert_int_equal(call_recvmsg(sock, &msg, 0), -EOPNOTSUPP);
	assert_int_equal(call_close(sock), 0);
}

/* All that opens a descriptor, where 0 to 2 are free. */
static int
open_everything(void *arg)
{
	struct sockaddr_storage a;
	socklen_t len = loop_addr(&a, AF_INET, 0);
	int socks[6];

	(void)arg;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	socks[0] = call_socket(AF_INET, SOCK_STREAM, 0);
	socks[1] = call_socket(AF_INET, SOCK_STREAM, 0);
	if (call_bind(socks[0], (struct sockaddr *)&a, len) != 0 ||
	    call_listen(socks[0], 1) != 0 ||
	    call_getsockname(socks[0], (struct sockaddr *)&a, &len) != 0 ||
	    call_connect(socks[1], (struct sockaddr *)&a, len) != 0)
		return 1;
	socks[2] = call_accept(socks[0], NULL, NULL);
	if (call_socketpair(AF_UNIX, SOCK_STREAM, 0, &socks[3]) != 0)
		return 2;
	socks[5] = wake_open();
	for (size_t i = 0; i < LEN(socks); i++) {
		const struct zsock *s = fdtable_peek(socks[i]);

		if (s == NULL || s->kfd <= STDERR_FILENO)
			return 3;
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			return 4;
	}
	return 0;
}

static void
nothing_takes_the_place_of_stderr(void **state)
{
	(void)state;
	assert_int_equal(loop_wait(loop_fork(open_everything, NULL)), 0);
}

/* An address and a port on which nobody listens, and nobody else can. */
static int
setup(void **state)
{
	static int kfd;

	(void)state;
	addr_len = loop_addr(&addr, AF_INET, 0);
	kfd = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(kfd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, 4) != 0 ||
	    bind(kfd, (struct sockaddr *)&addr, addr_len) != 0)
		return -1;
	return getsockname(kfd, (struct sockaddr *)&addr, &addr_len);
}

#define FILL(rows, prefix, fn) \
	for (size_t i = 0; i < LEN(rows); i++, n++) { \
		snprintf(names[n], sizeof(names[n]), prefix, rows[i].name); \
		tests[n] = (struct CMUnitTest){ .name = names[n], \
			.test_func = fn, \
			.initial_state = (void *)&rows[i] }; \
	}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_socket_that_is_not_opened_takes_no_number),
		cmocka_unit_test(a_process_without_descriptors_is_enfile),
		cmocka_unit_test(a_full_table_leaves_a_connection_queued),
		cmocka_unit_test(a_close_in_use_leaves_errno_alone),
		cmocka_unit_test(a_failed_fcntl_is_the_kernels_errno),
		cmocka_unit_test(a_new_secure_socket_has_nothing_to_tell),
		cmocka_unit_test(an_error_text_is_cut_to_the_room_there_is),
		cmocka_unit_test(a_secure_socket_has_no_recvmsg),
		cmocka_unit_test(nothing_takes_the_place_of_stderr),
	};
	struct CMUnitTest tests[3 * LEN(calls) + LEN(fulls) + LEN(fcntls) +
	    LEN(ioctls) + LEN(shutdowns) + LEN(others)];
	char names[LEN(tests)][64];
	size_t n = 0;

	FILL(calls, "%s_of_a_number_that_is_not_ours_is_ebadf",
	    number_that_is_not_ours);
	FILL(calls, "%s_of_a_closed_socket_is_ebadf", closed_socket);
	FILL(calls, "%s_of_an_unconnected_socket", unconnected_socket);
	FILL(fulls, "%s", full_table);
	FILL(fcntls, "fcntl_%s", fcntl_answers);
	FILL(ioctls, "ioctl_%s", ioctl_answers);
	FILL(shutdowns, "%s", shutdown_answers);
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("sock/call", tests, setup, NULL);
}
