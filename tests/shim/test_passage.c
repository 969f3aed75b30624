/*
 * Calls on their way through the core: what signal handlers, sleeps and
 * cancellation find there.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/profile.h"
#include "shim/core/kernel.h"
#include "shim/core/passage.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/names.h"
#include "sock/shimmed.h"
#include "support/capture.h"
#include "support/loop.h"

static struct pki pki;
static struct kernel host; /* libc's, but for those that a test watches */

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	profile_set(PROFILE_LINUX);
	shimmed_set();
	host = kernel_libc;
	capture_start();
	return fdtable_use_kernel_numbers() ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	capture_stop();
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

static int
undo(void **state)
{
	(void)state;
	kernel = &kernel_libc;
	host = kernel_libc;
	return 0;
}

static int
new_socket(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);

	assert_true(sock >= 0);
	return sock;
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

static void
a_handler_in_the_middle_is_refused_and_told_of(void **state)
{
	struct passage p, q;

	(void)state;
	(void)capture_text();
	assert_false(passage_inside());
	assert_true(passage_enter(&p, -1));
	assert_true(passage_inside());
	assert_false(passage_enter(&q, -1));
	errno = 0;
	assert_int_equal(passage_refuse(), -1);
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(capture_text(), ""); /* not from in there */
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_false(passage_inside());
	assert_non_null(
	    strstr(capture_text(), "in the middle of another call"));
	assert_true(passage_enter(&p, -1));
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_string_equal(capture_text(), "");
}

static void
errno_is_as_libc_leaves_it(void **state)
{
	struct passage p;

	(void)state;
	errno = EXDEV;
	assert_true(passage_enter(&p, -1));
	errno = ENOMEM;
	assert_int_equal(passage_leave(&p, 5), 5);
	assert_int_equal(errno, EXDEV);
	assert_true(passage_enter(&p, -1));
	assert_int_equal(passage_leave(&p, -EBADF), -1);
	assert_int_equal(errno, EBADF);
}

static void
the_socket_stays_for_as_long_as_the_call(void **state)
{
	const int sock = new_socket();
	struct passage p;

	(void)state;
	assert_true(passage_enter(&p, sock));
	assert_ptr_equal(p.s, fdtable_peek(sock));
	assert_int_equal(refs_of(sock), 2);
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_int_equal(refs_of(sock), 1);
	assert_true(passage_enter(&p, STDIN_FILENO));
	assert_null(p.s);
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_int_equal(call_close(sock), 0);
}

static void
a_sleep_lets_handlers_in(void **state)
{
	struct passage p, q;
	bool slept;

	(void)state;
	assert_false(passage_sleep());
	passage_wake(false);
	assert_false(passage_inside());
	assert_true(passage_enter(&p, -1));
	slept = passage_sleep();
	assert_true(slept);
	assert_false(passage_inside());
	assert_true(passage_enter(&q, -1));
	assert_int_equal(passage_leave(&q, 0), 0);
	assert_false(passage_inside());
	passage_wake(slept);
	assert_true(passage_inside());
	assert_int_equal(passage_leave(&p, 0), 0);
}

/* Asked by setting it to what it is to be. */
static int
cancel_state(void)
{
	int was;

	assert_int_equal(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &was),
	    0);
	assert_int_equal(pthread_setcancelstate(was, NULL), 0);
	return was;
}

static void
cancellation_waits_but_in_a_sleep(void **state)
{
	const int wish = (int)(intptr_t)*state;
	struct passage p;
	bool slept;
	int was;

	assert_int_equal(pthread_setcancelstate(wish, &was), 0);
	assert_true(passage_enter(&p, -1));
	assert_int_equal(cancel_state(), PTHREAD_CANCEL_DISABLE);
	slept = passage_sleep();
	assert_int_equal(cancel_state(), wish);
	passage_wake(slept);
	assert_int_equal(cancel_state(), PTHREAD_CANCEL_DISABLE);
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_int_equal(cancel_state(), wish);
	assert_int_equal(pthread_setcancelstate(was, NULL), 0);
}

static void
a_close_in_a_handler_frees_the_number_at_once(void **state)
{
	const int before = loop_count_descriptors();
	const int sock = new_socket();
	struct zsock *held = fdtable_get(sock);
	struct passage p;

	(void)state;
	assert_true(passage_enter(&p, -1));
	passage_defer(fdtable_remove(sock), sock);
	assert_int_equal(fcntl(sock, F_GETFD), -1);
	assert_false(fdtable_holds(sock));
	assert_true(atomic_load(&held->closing));
	/* The rest is not done in there. */
	assert_int_equal(atomic_load(&held->refs), 2);
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_int_equal(atomic_load(&held->refs), 1);
	sock_put(held);
	assert_int_equal(loop_count_descriptors(), before);
}

static void
one_of_two_numbers_closed_in_a_handler_leaves_the_other(void **state)
{
	const int before = loop_count_descriptors();
	const int sock = new_socket();
	const int other = names_dup(sock, 0, false);
	struct passage p;

	(void)state;
	assert_true(passage_enter(&p, -1));
	passage_defer(fdtable_remove(other), other);
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_int_equal(fcntl(other, F_GETFD), -1);
	assert_int_equal(refs_of(sock), 1);
	assert_false(atomic_load(&fdtable_peek(sock)->closing));
	assert_int_equal(call_close(sock), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

/* Sockets beyond those that can be kept are lost, but not their numbers. */
static void
many_closes_in_a_handler_free_all_numbers(void **state)
{
	const int before = loop_count_descriptors();
	struct zsock *lost[20];
	int socks[20];
	struct passage p;

	(void)state;
	for (size_t i = 0; i < LEN(socks); i++) {
		socks[i] = call_socket(AF_INET, SOCK_DGRAM, 0);
		assert_true(socks[i] >= 0);
	}
	assert_true(passage_enter(&p, -1));
	for (size_t i = 0; i < LEN(socks); i++) {
		lost[i] = fdtable_remove(socks[i]);
		passage_defer(lost[i], socks[i]);
	}
	assert_int_equal(loop_count_descriptors(), before);
	assert_int_equal(passage_leave(&p, 0), 0);
	assert_int_equal(loop_count_descriptors(), before);
	for (size_t i = 16; i < LEN(lost); i++) {
		assert_int_equal(atomic_load(&lost[i]->refs), 1);
		sock_put(lost[i]);
	}
	assert_int_equal(loop_count_descriptors(), before);
}

static atomic_int sleeps;

/* As libc's, but the one that looks in on a sleeper sees it. */
static ssize_t
noted_recvfrom(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	if ((flags & MSG_DONTWAIT) == 0)
		atomic_fetch_add(&sleeps, 1);
	return recvfrom(kfd, buf, len, flags, addr, addrlen);
}

static int
noted_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (timeout_ms != 0)
		atomic_fetch_add(&sleeps, 1);
	return poll(fds, n, timeout_ms);
}

static void
note_sleeps(void)
{
	atomic_store(&sleeps, 0);
	host.recvfrom = noted_recvfrom;
	host.poll = noted_poll;
	kernel = kernel_outside(&host);
}

/*
 * A cancelled thread leaves its functions without a return, and
 * AddressSanitizer takes what they had on the stack for theirs still.  So many
 * tests, the last ones, are not for it.
 */
#ifdef __SANITIZE_ADDRESS__
#define LEFT_OUT 2
#else
#define LEFT_OUT 0
#endif

static void *
receive_one(void *arg)
{
	const int sock = *(int *)arg;
	struct passage p;
	ssize_t rc;
	char byte;

	if (!passage_enter(&p, sock))
		return NULL;
	pthread_cleanup_push(passage_forsake, &p);
	rc = call_recvfrom(sock, &byte, 1, 0, NULL, NULL);
	pthread_cleanup_pop(0);
	return (void *)(intptr_t)passage_leave(&p, rc);
}

static void
cancel_asleep(pthread_t thread)
{
	while (atomic_load(&sleeps) == 0)
		sched_yield();
	assert_int_equal(pthread_cancel(thread), 0);
	assert_ptr_equal(loop_join(thread), PTHREAD_CANCELED);
}

static void
a_cancelled_receive_gives_all_back(void **state)
{
	struct loop_pair pair;
	pthread_t thread;

	(void)state;
	loop_pair_open(&pair, AF_INET, KINDS_TLS_1_2);
	loop_send_all(pair.server, "x", 1); /* tickets come with it */
	loop_recv_all(pair.client, &(char){ 0 }, 1);
	note_sleeps();
	thread = loop_start(receive_one, &pair.client);
	cancel_asleep(thread);
	assert_int_equal(refs_of(pair.client), 1);
	/* Another one may pull, and the stream is as it was. */
	atomic_store(&sleeps, 0);
	thread = loop_start(receive_one, &pair.client);
	while (atomic_load(&sleeps) == 0)
		sched_yield();
	loop_send_all(pair.server, "x", 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	assert_int_equal(refs_of(pair.client), 1);
	kernel = &kernel_libc;
	loop_pair_close(&pair);
}

struct connecting {
	int sock;
	uint16_t port;
};

static void *
connect_it(void *arg)
{
	const struct connecting *c = arg;
	struct passage p;
	ssize_t rc;

	if (!passage_enter(&p, c->sock))
		return NULL;
	pthread_cleanup_push(passage_forsake, &p);
	rc = loop_connect(c->sock, AF_INET, c->port);
	pthread_cleanup_pop(0);
	return (void *)(intptr_t)passage_leave(&p, rc);
}

/* Nobody knows how far it has come: it has failed. */
static void
a_cancelled_handshake_is_over(void **state)
{
	struct connecting c;
	int listener;

	(void)state;
	listener = loop_listen_raw(AF_INET, &c.port);
	c.sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	note_sleeps();
	cancel_asleep(loop_start(connect_it, &c));
	assert_int_equal(refs_of(c.sock), 1);
	assert_int_equal(call_sendto(c.sock, "x", 1, 0, NULL, 0), -ECANCELED);
	kernel = &kernel_libc;
	assert_int_equal(call_close(c.sock), 0);
	close(listener);
}

#define TEST(name) cmocka_unit_test_teardown(name, undo)
#define CANCEL(wish) \
	{ \
		.name = #wish, .test_func = cancellation_waits_but_in_a_sleep, \
		.initial_state = (void *)(intptr_t)(wish) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_handler_in_the_middle_is_refused_and_told_of),
		TEST(errno_is_as_libc_leaves_it),
		TEST(the_socket_stays_for_as_long_as_the_call),
		TEST(a_sleep_lets_handlers_in),
		CANCEL(PTHREAD_CANCEL_ENABLE),
		CANCEL(PTHREAD_CANCEL_DISABLE),
		TEST(a_close_in_a_handler_frees_the_number_at_once),
		TEST(one_of_two_numbers_closed_in_a_handler_leaves_the_other),
		TEST(many_closes_in_a_handler_free_all_numbers),
		TEST(a_cancelled_receive_gives_all_back),
		TEST(a_cancelled_handshake_is_over),
	};

	if (LEFT_OUT > 0)
		print_message("left out: %d tests of cancellation, which "
		              "AddressSanitizer does not know\n",
		    LEFT_OUT);
	return _cmocka_run_group_tests("shim/passage", tests,
	    LEN(tests) - LEFT_OUT, setup, teardown);
}
