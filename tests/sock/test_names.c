#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/config.h"
#include "base/kfd.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/names.h"
#include "support/fake_kernel.h"
#include "support/loop_pki.h"
#include "support/peer.h"

static int
setup(void **state)
{
	return loop_setup(state) == 0 && fdtable_use_kernel_numbers() ? 0 : -1;
}

static int
remove_fake(void **state)
{
	(void)state;
	fake_kernel_remove();
	return 0;
}

/* A byte there and a byte back, by this number. */
static bool
talks(struct peer *p, int sock)
{
	char byte = 0;

	if (call_sendto(sock, "p", 1, 0, NULL, 0) != 1)
		return false;
	peer_recv(p, &byte, 1);
	peer_send(p, "q", 1);
	return byte == 'p' &&
	    call_recvfrom(sock, &byte, 1, 0, NULL, NULL) == 1 && byte == 'q';
}

/* Has the peer been told the end by close_notify? */
static bool
was_told(struct peer *p)
{
	char byte;

	return SSL_read(p->ssl, &byte, 1) <= 0 &&
	    (SSL_get_shutdown(p->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

/* Nothing has come for the peer, and no end. */
static bool
hears_nothing(const struct peer *p)
{
	char byte;

	return recv(p->kfd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 &&
	    errno == EAGAIN;
}

static int
names_of(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int n = -1;

	if (s != NULL) {
		n = atomic_load(&s->names);
		sock_put(s);
	}
	return n;
}

/* But for the one that it takes to look. */
static int
refs_of(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int n = -1;

	if (s != NULL) {
		n = atomic_load(&s->refs) - 1;
		sock_put(s);
	}
	return n;
}

static int
next_descriptor(void)
{
	const int fd = dup(STDIN_FILENO);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	return fd;
}

static void
two_numbers_stand_for_one_socket(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	const int next = next_descriptor();
	const int other = names_dup(sock, 0, false);

	(void)state;
	assert_int_equal(other, next);
	assert_ptr_equal(fdtable_peek(other), fdtable_peek(sock));
	assert_int_equal(names_of(sock), 2);
	/* It works on neither of them. */
	assert_int_not_equal(loop_kfd(sock), sock);
	assert_int_not_equal(loop_kfd(sock), other);
	assert_true(talks(&p, sock));
	assert_true(talks(&p, other));
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(fcntl(sock, F_GETFD), -1);
	assert_int_equal(call_close(sock), -EBADF);
	assert_true(hears_nothing(&p));
	assert_true(talks(&p, other));
	assert_int_equal(call_close(other), 0);
	assert_int_equal(fcntl(other, F_GETFD), -1);
	assert_true(was_told(&p));
	peer_free(&p);
}

static void
nothing_stays_open_when_the_last_is_closed(void **state)
{
	const int before = loop_count_descriptors();
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	int others[20];

	(void)state;
	for (size_t i = 0; i < LEN(others); i++) {
		others[i] =
		    names_dup(i > 0 ? others[i - 1] : sock, 0, i % 2 == 0);
		assert_true(others[i] >= 0);
	}
	/* Each number, and the descriptor that none of them is. */
	assert_int_equal(loop_count_descriptors(), before + 22);
	assert_int_equal(call_close(sock), 0);
	for (size_t i = 0; i < LEN(others); i++)
		assert_int_equal(call_close(others[i]), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

static void
the_least_number_is_kept_to(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	const int other = names_dup(sock, 200, false);

	(void)state;
	assert_int_equal(other, 200);
	assert_int_equal(names_dup(sock, 200, false), 201);
	assert_int_equal(call_close(201), 0);
	assert_int_equal(names_dup(sock, FDTABLE_CAPACITY, false), -EINVAL);
	assert_int_equal(names_dup(sock, -1, false), -EINVAL);
	assert_int_equal(names_of(sock), 2);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(other), 0);
}

/* What exec does with the copy; of a secure one it always does. */
static const struct exec_case {
	const char *name;
	int proto;
	bool cloexec;
	int want;
} execs[] = {
	{ "a_plain_copy_survives_exec", IPPROTO_TCP, false, 0 },
	{ "a_plain_copy_is_closed_by_exec_if_asked", IPPROTO_TCP, true,
	    FD_CLOEXEC },
	{ "a_secure_copy_is_closed_by_exec", KINDS_TLS_1_2, false, FD_CLOEXEC },
	{ "a_secure_copy_is_closed_by_exec_if_asked", KINDS_TLS_1_2, true,
	    FD_CLOEXEC },
};

static void
exec_closes_it_or_not(void **state)
{
	const struct exec_case *c = *state;
	const int sock = call_socket(AF_INET, SOCK_STREAM, c->proto);
	const int copy = names_dup(sock, 0, c->cloexec);
	const int put = names_dup_onto(sock, 150, c->cloexec);

	assert_int_equal(put, 150);
	assert_int_equal(fcntl(copy, F_GETFD), c->want);
	assert_int_equal(fcntl(put, F_GETFD), c->want);
	/* The one that no number shows is nobody else's. */
	assert_int_equal(fcntl(loop_kfd(sock), F_GETFD), FD_CLOEXEC);
	assert_int_equal(call_close(copy), 0);
	assert_int_equal(call_close(put), 0);
	assert_int_equal(call_close(sock), 0);
}

static void
a_number_that_is_free_is_taken(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);

	(void)state;
	assert_int_equal(names_dup_onto(sock, 120, false), 120);
	assert_true(talks(&p, 120));
	assert_int_equal(call_close(sock), 0);
	assert_true(talks(&p, 120));
	assert_int_equal(call_close(120), 0);
	assert_true(was_told(&p));
	peer_free(&p);
}

static void
a_foreign_descriptor_is_replaced(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(names_dup_onto(sock, ends[1], false), ends[1]);
	assert_int_equal(read(ends[0], &byte, 1),
	    0); /* nobody writes any more */
	assert_true(talks(&p, ends[1]));
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(ends[1]), 0);
	assert_int_equal(close(ends[0]), 0);
	peer_free(&p);
}

static void
another_socket_of_ours_says_goodbye(void **state)
{
	struct peer p, q;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	const int old = peer_serve(&q, &loop_pki.server, 0);

	(void)state;
	assert_int_equal(names_dup_onto(sock, old, false), old);
	assert_true(was_told(&q));
	assert_true(talks(&p, old));
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(call_close(old), 0);
	peer_free(&p);
	peer_free(&q);
}

/* It has two, and loses one of them. */
static void
another_name_of_the_same_socket_may_be_replaced(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	const int other = names_dup(sock, 0, false);

	(void)state;
	assert_int_equal(names_dup_onto(sock, other, false), other);
	assert_int_equal(names_of(sock), 2);
	assert_true(talks(&p, other));
	assert_int_equal(call_close(sock), 0);
	assert_true(talks(&p, other));
	assert_int_equal(call_close(other), 0);
	assert_true(was_told(&p));
	peer_free(&p);
}

static void
what_is_no_number_is_ebadf(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);

	(void)state;
	assert_int_equal(names_dup_onto(sock, -1, false), -EBADF);
	assert_int_equal(names_dup_onto(sock, FDTABLE_CAPACITY, false), -EBADF);
	assert_int_equal(names_dup_onto(STDIN_FILENO, 120, false), -EBADF);
	assert_int_equal(names_dup(STDIN_FILENO, 0, false), -EBADF);
	assert_int_equal(names_dup(-1, 0, false), -EBADF);
	assert_int_equal(names_hide(STDIN_FILENO), -EBADF);
	assert_int_equal(names_vacate(STDIN_FILENO), 0);
	names_forget(STDIN_FILENO);
	assert_int_equal(names_of(sock), 1);
	assert_int_equal(loop_kfd(sock), sock);
	assert_int_equal(call_close(sock), 0);
}

/* Closed past the library: the number is another file's by now. */
static void
a_forgotten_number_is_left_alone(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	const int other = names_dup(sock, 0, false);
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(dup2(ends[1], other), other);
	names_forget(other);
	assert_false(fdtable_owns(other));
	assert_false(fdtable_holds(other));
	assert_int_equal(names_of(sock), 1);
	assert_int_equal(write(other, "x", 1), 1);
	assert_true(talks(&p, sock));
	assert_int_equal(call_close(sock), 0);
	assert_true(was_told(&p));
	assert_int_equal(write(other, "x", 1), 1);
	assert_int_equal(close(other), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	peer_free(&p);
}

static void
the_last_one_forgotten_ends_the_socket(void **state)
{
	const int before = loop_count_descriptors();
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(dup2(ends[1], sock), sock);
	names_forget(sock);
	assert_false(fdtable_owns(sock));
	assert_int_equal(write(sock, "x", 1), 1);
	assert_false(was_told(&p)); /* there was nothing left to say it on */
	assert_int_equal(close(sock), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	peer_free(&p);
	assert_int_equal(loop_count_descriptors(), before);
}

/* Its own descriptor is open still, and goes with it. */
static void
the_last_of_two_forgotten_ends_it_as_well(void **state)
{
	const int before = loop_count_descriptors();
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	const int other = names_dup(sock, 0, false);

	(void)state;
	assert_int_equal(close(other), 0);
	names_forget(other);
	assert_true(talks(&p, sock));
	assert_int_equal(close(sock), 0);
	names_forget(sock);
	peer_free(&p);
	assert_int_equal(loop_count_descriptors(), before);
}

static void
a_vacated_number_keeps_its_descriptor(void **state)
{
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	const int other = names_dup(sock, 0, false);

	(void)state;
	assert_int_equal(names_vacate(other), 0);
	assert_false(fdtable_owns(other));
	assert_int_equal(fcntl(other, F_GETFD), FD_CLOEXEC);
	assert_true(talks(&p, sock));
	assert_int_equal(names_vacate(sock), 0);
	assert_false(fdtable_owns(sock));
	assert_true(was_told(&p));
	assert_int_equal(fcntl(sock, F_GETFD), FD_CLOEXEC);
	assert_int_equal(close(sock), 0);
	assert_int_equal(close(other), 0);
	peer_free(&p);
}

/* Whoever is in a call has the socket; the number is the next one's at once. */
static void
the_number_is_free_while_somebody_reads(void **state)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	const int other = names_dup(sock, 0, false);
	struct zsock *held = fdtable_get(other);

	(void)state;
	assert_int_equal(call_close(other), 0);
	assert_int_equal(next_descriptor(), other);
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(next_descriptor(), sock);
	sock_put(held);
}

/* Of a secure socket, a failure to copy leaves things as they were. */
static const struct copy_case {
	const char *name;
	bool onto, apart;
	enum fake_call call;
} copies[] = {
	{ "no_copy_for_the_socket_itself", false, false, FAKE_FCNTL },
	{ "no_copy_for_the_number", false, true, FAKE_FCNTL },
	{ "no_copy_for_the_socket_itself_onto", true, false, FAKE_FCNTL },
	{ "no_copy_for_the_number_onto", true, true, FAKE_DUP3 },
};

static void
a_failed_copy_changes_nothing(void **state)
{
	const struct copy_case *c = *state;
	const int before = loop_count_descriptors();
	struct peer p;
	const int sock = peer_serve(&p, &loop_pki.server, 0);
	int other = -1, rc;

	if (c->apart)
		other = names_dup(sock, 0, false);
	fake_kernel_install();
	fake_kernel_fail(c->call, 20, EMFILE); /* however often it is tried */
	rc = c->onto ? names_dup_onto(sock, 130, false)
	             : names_dup(sock, 0, false);
	assert_int_equal(rc, -EMFILE);
	fake_kernel_remove();
	assert_int_equal(fcntl(130, F_GETFD), -1);
	assert_false(fdtable_owns(130));
	assert_int_equal(names_of(sock), c->apart ? 2 : 1);
	assert_int_equal(refs_of(sock), names_of(sock));
	assert_true(talks(&p, sock));
	if (c->apart)
		assert_int_equal(call_close(other), 0);
	assert_int_equal(call_close(sock), 0);
	assert_true(was_told(&p));
	peer_free(&p);
	assert_int_equal(loop_count_descriptors(), before);
}

int
main(void)
{
	struct CMUnitTest tests[13 + LEN(execs) + LEN(copies)] = {
		cmocka_unit_test(two_numbers_stand_for_one_socket),
		cmocka_unit_test(nothing_stays_open_when_the_last_is_closed),
		cmocka_unit_test(the_least_number_is_kept_to),
		cmocka_unit_test(a_number_that_is_free_is_taken),
		cmocka_unit_test(a_foreign_descriptor_is_replaced),
		cmocka_unit_test(another_socket_of_ours_says_goodbye),
		cmocka_unit_test(
		    another_name_of_the_same_socket_may_be_replaced),
		cmocka_unit_test(what_is_no_number_is_ebadf),
		cmocka_unit_test(a_forgotten_number_is_left_alone),
		cmocka_unit_test(the_last_one_forgotten_ends_the_socket),
		cmocka_unit_test(the_last_of_two_forgotten_ends_it_as_well),
		cmocka_unit_test(a_vacated_number_keeps_its_descriptor),
		cmocka_unit_test(the_number_is_free_while_somebody_reads),
	};
	size_t n = 13;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	n += test_rows(tests + n, exec_closes_it_or_not, execs, LEN(execs),
	    sizeof(execs[0]));
	n += test_rows(tests + n, a_failed_copy_changes_nothing, copies,
	    LEN(copies), sizeof(copies[0]));
	for (size_t i = n - LEN(copies); i < n; i++)
		tests[i].teardown_func = remove_fake;
	return cmocka_run_group_tests_name("sock/names", tests, setup,
	    loop_teardown);
}
