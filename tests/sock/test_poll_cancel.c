/* Threads that are cancelled while they wait for sockets. */
#include "support/test.h"

#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

/* So many entries have memory of their own: see sock/poll.c. */
#define MANY 200

static struct pki pki;

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove();
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
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

struct wait {
	struct pollfd *fds;
	nfds_t n;
	int timeout_ms;
};

static void *
wait_for_all(void *arg)
{
	const struct wait *w = arg;

	return (
	    void *)(intptr_t)poll_sockets(w->fds, w->n, w->timeout_ms, false);
}

/* A thread of that wait, when it sleeps or is about to. */
static pthread_t
start_waiting(struct wait *w)
{
	pthread_t thread;

	fake_kernel_install();
	thread = loop_start(wait_for_all, w);
	/* The first call does not wait, the second does. */
	while (fake_kernel_count(FAKE_POLL) < 2)
		sched_yield();
	return thread;
}

static const struct cancel_case {
	const char *name;
	nfds_t n;
	int proto;
	int timeout_ms;
} cases[] = {
	{ "a_wait_for_a_stream", 1, IPPROTO_TCP, -1 },
	{ "a_wait_for_a_stream_with_a_limit", 1, IPPROTO_TCP, 600000 },
	{ "a_wait_for_a_secure_stream", 1, KINDS_TLS_1_2, -1 },
	{ "a_wait_for_a_few", 3, KINDS_TLS_1_2, -1 },
	{ "a_wait_for_many", MANY, IPPROTO_TCP, -1 },
};

/* Listeners, for which nobody comes. */
static void
a_cancelled_wait_leaks_nothing(void **state)
{
	const struct cancel_case *c = *state;
	static struct pollfd fds[MANY];
	struct wait w = { fds, c->n, c->timeout_ms };
	pthread_t thread;

	for (nfds_t i = 0; i < c->n; i++) {
		const int sock = call_socket(AF_INET, SOCK_STREAM, c->proto);

		assert_true(sock >= 0);
		assert_int_equal(call_listen(sock, 1), 0);
		fds[i] = (struct pollfd){ .fd = sock, .events = POLLIN };
	}
	for (int round = 0; round < 3; round++) {
		thread = start_waiting(&w);
		assert_int_equal(pthread_cancel(thread), 0);
		assert_ptr_equal(loop_join(thread), PTHREAD_CANCELED);
		fake_kernel_remove();
		for (nfds_t i = 0; i < c->n; i++)
			assert_int_equal(refs_of(fds[i].fd), 1);
	}
	/* Others wait as before. */
	assert_int_equal(poll_sockets(fds, c->n, 0, false), 0);
	for (nfds_t i = 0; i < c->n; i++)
		assert_int_equal(call_close(fds[i].fd), 0);
}

static void *
look_once_cancelled(void *arg)
{
	(void)pthread_cancel(pthread_self());
	return wait_for_all(arg);
}

/* It does not come to the wait: the look before it is where it ends. */
static void
nor_does_one_that_was_cancelled_before(void **state)
{
	struct pollfd p = { .events = POLLIN };
	struct wait w = { &p, 1, 0 };

	(void)state;
	p.fd = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	assert_true(p.fd >= 0);
	assert_int_equal(call_listen(p.fd, 1), 0);
	assert_ptr_equal(loop_join(loop_start(look_once_cancelled, &w)),
	    PTHREAD_CANCELED);
	assert_int_equal(refs_of(p.fd), 1);
	assert_int_equal(call_close(p.fd), 0);
}

/* What it had is gone, so that a close is the end for good. */
static void
a_close_after_it_ends_the_connection(void **state)
{
	struct loop_pair pair;
	struct pollfd fds[2];
	struct wait w = { fds, 2, -1 };
	const int before = loop_count_descriptors();
	pthread_t thread;

	(void)state;
	loop_pair_open(&pair, AF_INET, KINDS_TLS_1_2);
	loop_send_all(pair.server, "x", 1); /* tickets come with it */
	loop_recv_all(pair.client, &(char){ 0 }, 1);
	fds[0] = (struct pollfd){ .fd = pair.client, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = pair.server, .events = POLLIN };
	thread = start_waiting(&w);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_ptr_equal(loop_join(thread), PTHREAD_CANCELED);
	fake_kernel_remove();
	loop_pair_close(&pair);
	assert_int_equal(loop_count_descriptors(), before);
}

int
main(void)
{
	struct CMUnitTest tests[2 + LEN(cases)] = {
		cmocka_unit_test(a_close_after_it_ends_the_connection),
		cmocka_unit_test(nor_does_one_that_was_cancelled_before),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	profile_set(PROFILE_LINUX);
	(void)test_rows(tests + 2, a_cancelled_wait_leaks_nothing, cases,
	    LEN(cases), sizeof(cases[0]));
	return cmocka_run_group_tests_name("sock/poll_cancel", tests, setup,
	    teardown);
}
