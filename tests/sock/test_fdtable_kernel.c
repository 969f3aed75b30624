#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/limits.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"

/* The numbering is fixed once in a process: this one has the kernel's. */
static int
setup(void **state)
{
	(void)state;
	return fdtable_use_kernel_numbers() ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	return 0;
}

static int
open_socket(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	assert_true(sock >= 0);
	return sock;
}

/* The number that the kernel would give to the next descriptor. */
static int
next_descriptor(void)
{
	const int fd = dup(STDIN_FILENO);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	return fd;
}

static void
the_number_is_the_kernels(void **state)
{
	const int next = next_descriptor();
	const int sock = open_socket();

	(void)state;
	assert_true(fdtable_kernel_numbers());
	assert_true(fdtable_use_kernel_numbers());
	assert_int_equal(sock, next);
	assert_int_equal(loop_kfd(sock), sock);
	assert_int_equal(fcntl(sock, F_GETFD), FD_CLOEXEC);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(fcntl(sock, F_GETFD), -1);
	assert_int_equal(next_descriptor(), next);
}

static void
an_accepted_socket_has_the_kernels_number_too(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	struct sockaddr *sa = (struct sockaddr *)&addr;
	const int listener = open_socket();
	int client, child;

	(void)state;
	assert_int_equal(call_bind(listener, sa, len), 0);
	assert_int_equal(call_listen(listener, 1), 0);
	assert_int_equal(call_getsockname(listener, sa, &len), 0);
	client = open_socket();
	assert_int_equal(call_connect(client, sa, len), 0);
	child = call_accept(listener, NULL, NULL);
	assert_true(child > client);
	assert_int_equal(loop_kfd(child), child);
	assert_int_equal(call_close(child), 0);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(listener), 0);
}

static void
a_foreign_descriptor_is_not_ours(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(fdtable_owns(fds[0]));
	assert_null(fdtable_get(fds[0]));
	assert_null(fdtable_remove(fds[1]));
	assert_int_equal(call_close(fds[0]), -EBADF);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

/* The kernel has the say over how many there are. */
static void
a_reserved_place_takes_no_number(void **state)
{
	const int next = next_descriptor();
	const int a = fdtable_reserve(), b = fdtable_reserve();

	(void)state;
	assert_true(a >= 0);
	assert_true(b >= 0);
	assert_null(fdtable_get(a));
	assert_int_equal(next_descriptor(), next);
	fdtable_cancel(a);
	fdtable_cancel(b);
}

static void
a_full_table_of_the_kernel_is_enfile(void **state)
{
	(void)state;
	fake_kernel_install();
	fake_kernel_fail(FAKE_SOCKET, 1, EMFILE);
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), -ENFILE);
}

static void
nothing_destroyed(struct zsock *s)
{
	(void)s;
}

static void
a_number_beyond_the_table_is_enfile(void **state)
{
	const struct zsock_ops ops = { .destroy = nothing_destroyed };
	const int place = fdtable_reserve();
	struct zsock s = { .number = 0 };

	(void)state;
	sock_init(&s, &ops, 1 << 20);
	assert_int_equal(fdtable_install(place, &s), -ENFILE);
	/* The caller still has it, and nothing of it is in the table. */
	assert_int_equal(atomic_load(&s.refs), 1);
	assert_int_equal(s.number, -1);
	assert_false(fdtable_owns(1 << 20));
	sock_put(&s);
}

static void
a_number_stays_taken_while_a_reference_is_held(void **state)
{
	const int sock = open_socket();
	struct zsock *held = fdtable_get(sock);
	int other;

	(void)state;
	assert_int_equal(call_close(sock), 0);
	assert_false(fdtable_owns(sock));
	other = open_socket();
	assert_int_not_equal(other, sock);
	sock_put(held);
	assert_int_equal(next_descriptor(), sock);
	assert_int_equal(call_close(other), 0);
}

/* A place that was given up, or never was one, counts no longer. */
static void
the_targets_limit_counts_what_is_open(void **state)
{
	struct zsock s = { .number = 0 };
	const struct zsock_ops ops = { .destroy = nothing_destroyed };
	int a, b, inner, place;

	(void)state;
	assert_int_equal(limits_set("CONFIG_ZVFS_OPEN_MAX", 3), 0);
	a = open_socket();
	b = open_socket();
	assert_int_equal(fdtable_reserve_inner(&inner), 0);
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), -ENFILE);
	fdtable_cancel(inner);
	place = fdtable_reserve();
	sock_init(&s, &ops, 1 << 20);
	assert_int_equal(fdtable_install(place, &s), -ENFILE);
	sock_put(&s);
	assert_true(fdtable_reserve_hidden() >= 0);
	place = fdtable_reserve();
	assert_true(place >= 0);
	assert_int_equal(fdtable_reserve(), -ENFILE);
	assert_int_equal(call_close(a), 0);
	a = open_socket();
	assert_int_equal(fdtable_reserve(), -ENFILE);
	fdtable_cancel(place);
	assert_int_equal(call_close(a), 0);
	assert_int_equal(call_close(b), 0);
	limits_clear();
}

static int
get_nodelay(int fd)
{
	int on = -1;
	socklen_t len = sizeof(on);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len),
	    0);
	return on;
}

/* By libc, say in a source that does not use the library's names. */
static void
an_option_set_past_the_library_is_kept(void **state)
{
	const int on = 1;
	uint16_t port;
	int listener, client, server;
	pthread_t thread;

	(void)state;
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	client =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	assert_int_equal(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on,
	                     sizeof(on)),
	    0);
	thread = loop_start(loop_accept_one, &listener);
	assert_int_equal(loop_connect(client, AF_INET, port), 0);
	server = (int)(intptr_t)loop_join(thread);
	loop_send_all(client, "x", 1);
	loop_send_all(client, "y", 1); /* until then it is the library's */
	assert_int_equal(get_nodelay(client), 1);
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(server), 0);
	assert_int_equal(call_close(listener), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_is_the_kernels),
		cmocka_unit_test(an_accepted_socket_has_the_kernels_number_too),
		cmocka_unit_test(a_foreign_descriptor_is_not_ours),
		cmocka_unit_test(a_reserved_place_takes_no_number),
		cmocka_unit_test_teardown(a_full_table_of_the_kernel_is_enfile,
		    teardown),
		cmocka_unit_test(a_number_beyond_the_table_is_enfile),
		cmocka_unit_test(
		    a_number_stays_taken_while_a_reference_is_held),
		cmocka_unit_test(the_targets_limit_counts_what_is_open),
		cmocka_unit_test_setup_teardown(
		    an_option_set_past_the_library_is_kept, loop_setup,
		    loop_teardown),
	};

	return cmocka_run_group_tests_name("sock/fdtable_kernel", tests, setup,
	    NULL);
}
