#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket_service.h>
#include <zsock/zsock.h>

#include "base/config.h"
#include "base/limits.h"
#include "support/capture.h"
#include "support/loop.h"

#define ROOM 3

/*
 * The sanitizers ask.  Threads of a forked child are what is tested here; what
 * the parent's threads had is lost to it with them, and no leak.
 */
const char *__tsan_default_options(void);
int __lsan_is_turned_off(void);

static bool is_child;

const char *
__tsan_default_options(void)
{
	return "die_after_fork=0";
}

int
__lsan_is_turned_off(void)
{
	return is_child;
}

/* What the callbacks have seen, and what they are told to do. */
static struct {
	sem_t called;
	atomic_int calls;
	atomic_int inside; /* callbacks that run at this moment */
	atomic_bool overlap;
	pthread_t thread;
	struct net_socket_service_event last;
	int result;
	void (*act)(struct net_socket_service_event *pev);
} seen;

static struct pki pki;

static void
on_event(struct net_socket_service_event *pev)
{
	if (atomic_fetch_add(&seen.inside, 1) != 0)
		atomic_store(&seen.overlap, true);
	atomic_fetch_add(&seen.calls, 1);
	seen.thread = pthread_self();
	seen.last = *pev;
	if (seen.act != NULL)
		seen.act(pev);
	atomic_fetch_sub(&seen.inside, 1);
	assert_int_equal(sem_post(&seen.called), 0);
}

static sem_t witnessed;

static void
on_witness(struct net_socket_service_event *pev)
{
	assert_int_equal(net_socket_service_close(pev->svc), 0);
	assert_int_equal(sem_post(&witnessed), 0);
}

NET_SOCKET_SERVICE_SYNC_DEFINE(service, on_event, ROOM);
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(other, on_event, 1);
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(witness, on_witness, 1);
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(speechless, NULL, 1);

static int
setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	limits_clear();
	return sem_init(&seen.called, 0, 0) == 0 &&
	        sem_init(&witnessed, 0, 0) == 0
	    ? 0
	    : -1;
}

static void
wait_for(sem_t *sem)
{
	while (sem_wait(sem) == -1)
		assert_int_equal(errno, EINTR);
}

/* A datagram socket with a datagram to itself in its queue. */
static int
ready_socket(void)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	struct zsock_pollfd p = { .fd = sock, .events = ZSOCK_POLLIN };

	assert_true(sock >= 0);
	assert_int_equal(zsock_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(zsock_getsockname(sock, (struct sockaddr *)&addr,
	                     &len),
	    0);
	assert_int_equal(zsock_sendto(sock, "x", 1, 0, (struct sockaddr *)&addr,
	                     len),
	    1);
	assert_int_equal(zsock_poll(&p, 1, -1), 1);
	return sock;
}

static bool
is_open(int sock)
{
	return zsock_get_context_object(sock) != NULL;
}

static void
wait_until_closed(int sock)
{
	while (is_open(sock))
		(void)zsock_poll(NULL, 0, 1);
}

static int
watch(const struct net_socket_service_desc *svc, int sock, void *user_data)
{
	struct zsock_pollfd p = { .fd = sock,
		.events = ZSOCK_POLLIN,
		.revents = ZSOCK_POLLERR };

	return net_socket_service_register(svc, &p, 1, user_data);
}

/* When it returns, the thread has been through a round after this call. */
static void
let_it_go_round(void)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(watch(&witness, ready_socket(), NULL), 0);
		wait_for(&witnessed);
	}
}

/* From now on no callback runs, and closing a socket calls nobody. */
static void
forget_all(void)
{
	assert_int_equal(net_socket_service_unregister(&service), 0);
	assert_int_equal(net_socket_service_unregister(&other), 0);
	let_it_go_round();
}

static int
teardown(void **state)
{
	(void)state;
	forget_all();
	return atomic_load(&seen.overlap) ? -1 : 0;
}

static void
drain(struct net_socket_service_event *pev)
{
	char byte;

	seen.result = (int)zsock_recv(pev->event.fd, &byte, 1, 0);
}

static void
a_ready_socket_calls_back(void **state)
{
	const int sock = ready_socket();
	int mine;

	(void)state;
	seen.act = drain;
	errno = EXDEV;
	assert_int_equal(watch(&service, sock, &mine), 0);
	assert_int_equal(errno, EXDEV);
	wait_for(&seen.called);
	assert_int_equal(seen.result, 1);
	assert_int_equal(seen.last.event.fd, sock);
	assert_int_equal(seen.last.event.events, ZSOCK_POLLIN);
	assert_int_equal(seen.last.event.revents, ZSOCK_POLLIN);
	assert_ptr_equal(seen.last.user_data, &mine);
	assert_ptr_equal(seen.last.svc, &service);
	assert_ptr_equal(seen.last.callback, on_event);
	assert_false(pthread_equal(seen.thread, pthread_self()));
	let_it_go_round();
	assert_int_equal(atomic_load(&seen.calls), 1);
	assert_int_equal(net_socket_service_unregister(&service), 0);
	assert_true(is_open(sock));
	assert_int_equal(zsock_close(sock), 0);
}

static void
unregister_third(struct net_socket_service_event *pev)
{
	if (atomic_load(&seen.calls) == 3)
		seen.result = net_socket_service_unregister(pev->svc);
}

/* Level, not edge; and it ends when the callback says so. */
static void
what_stays_ready_calls_again(void **state)
{
	const int sock = ready_socket();

	(void)state;
	seen.act = unregister_third;
	seen.result = 1;
	assert_int_equal(watch(&service, sock, NULL), 0);
	for (int i = 0; i < 3; i++)
		wait_for(&seen.called);
	assert_int_equal(seen.result, 0);
	let_it_go_round();
	assert_int_equal(atomic_load(&seen.calls), 3);
	assert_int_equal(zsock_close(sock), 0);
}

static void
close_mine(struct net_socket_service_event *pev)
{
	seen.result = net_socket_service_close(pev->svc);
}

/* Both are ready at once; the number that stands twice is closed once. */
static void
closing_from_a_callback_silences_the_others(void **state)
{
	const int a = ready_socket(), b = ready_socket();
	struct zsock_pollfd fds[ROOM] = {
		{ .fd = a, .events = ZSOCK_POLLIN },
		{ .fd = b, .events = ZSOCK_POLLIN },
		{ .fd = a, .events = ZSOCK_POLLPRI },
	};

	(void)state;
	seen.act = close_mine;
	seen.result = 1;
	assert_int_equal(net_socket_service_register(&service, fds, ROOM, NULL),
	    0);
	wait_for(&seen.called);
	assert_int_equal(seen.result, 0);
	wait_until_closed(a);
	wait_until_closed(b);
	let_it_go_round();
	assert_int_equal(atomic_load(&seen.calls), 1);
}

static void
close_from_outside(void **state)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(watch(&service, sock, NULL), 0);
	assert_int_equal(net_socket_service_close(&service), 0);
	wait_until_closed(sock);
	assert_int_equal(net_socket_service_close(&service), 0);
	assert_int_equal(atomic_load(&seen.calls), 0);
}

static void
want_output(struct net_socket_service_event *pev)
{
	struct zsock_pollfd p = { .fd = pev->event.fd,
		.events = ZSOCK_POLLOUT };

	seen.result = atomic_load(&seen.calls) == 1
	    ? net_socket_service_register(pev->svc, &p, 1, &seen)
	    : net_socket_service_unregister(pev->svc);
}

static void
registering_from_a_callback_counts_at_once(void **state)
{
	const int sock = ready_socket();

	(void)state;
	seen.act = want_output;
	assert_int_equal(watch(&service, sock, NULL), 0);
	wait_for(&seen.called);
	wait_for(&seen.called);
	assert_int_equal(seen.result, 0);
	assert_int_equal(seen.last.event.events, ZSOCK_POLLOUT);
	assert_int_equal(seen.last.event.revents, ZSOCK_POLLOUT);
	assert_ptr_equal(seen.last.user_data, &seen);
	let_it_go_round();
	assert_int_equal(atomic_load(&seen.calls), 2);
	assert_int_equal(zsock_close(sock), 0);
}

static void
registering_replaces_the_whole_list(void **state)
{
	const int a = ready_socket(), b = ready_socket();
	const int idle = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	struct zsock_pollfd fds[ROOM] = {
		{ .fd = idle, .events = ZSOCK_POLLIN },
		{ .fd = -1 },
		{ .fd = idle, .events = ZSOCK_POLLIN },
	};

	(void)state;
	assert_int_equal(net_socket_service_register(&service, fds, ROOM, NULL),
	    0);
	seen.act = drain;
	assert_int_equal(watch(&service, a, NULL), 0);
	wait_for(&seen.called);
	assert_int_equal(seen.last.event.fd, a);
	assert_int_equal(net_socket_service_register(&service, fds, 0, NULL),
	    0);
	assert_int_equal(service.pev[0].event.fd, -1);
	assert_int_equal(service.pev[2].event.fd, -1);
	assert_int_equal(watch(&other, b, NULL), 0);
	wait_for(&seen.called);
	assert_int_equal(seen.last.event.fd, b);
	assert_ptr_equal(seen.last.svc, &other);
	forget_all();
	for (int i = 0; i < 2; i++)
		assert_int_equal(zsock_close(i == 0 ? a : b), 0);
	assert_int_equal(zsock_close(idle), 0);
}

static void
unregister_mine(struct net_socket_service_event *pev)
{
	seen.result = net_socket_service_unregister(pev->svc);
}

static void
a_closed_number_calls_back_with_pollnval(void **state)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);

	(void)state;
	seen.act = unregister_mine;
	assert_int_equal(watch(&service, sock, NULL), 0);
	assert_int_equal(zsock_close(sock), 0);
	wait_for(&seen.called);
	assert_int_equal(seen.last.event.fd, sock);
	assert_int_equal(seen.last.event.revents, ZSOCK_POLLNVAL);
	let_it_go_round();
	assert_int_equal(atomic_load(&seen.calls), 1);
}

static void
a_secure_socket_calls_back(void **state)
{
	struct loop_pair p;

	(void)state;
	loop_pair_open(&p, AF_INET, NET_IPPROTO_TLS_1_3);
	seen.act = drain;
	assert_int_equal(watch(&service, p.server, NULL), 0);
	let_it_go_round(); /* session tickets call nobody */
	assert_int_equal(atomic_load(&seen.calls), 0);
	loop_send_all(p.client, "x", 1);
	wait_for(&seen.called);
	assert_int_equal(seen.result, 1);
	assert_int_equal(seen.last.event.revents, ZSOCK_POLLIN);
	assert_int_equal(net_socket_service_unregister(&service), 0);
	let_it_go_round();
	loop_pair_close(&p);
}

static struct net_socket_service_event nobodys;
static const struct net_socket_service_desc unknown = { &nobodys, 1, NULL };

static const struct error_case {
	const char *name;
	const struct net_socket_service_desc *svc;
	bool has_fds;
	int len, want;
} errors[] = {
	{ "no_service", NULL, true, 1, -ENOENT },
	{ "no_service_to_unregister", NULL, false, 0, -ENOENT },
	{ "an_unknown_service", &unknown, true, 1, -ENOENT },
	{ "as_many_as_there_is_room_for", &service, true, ROOM, 0 },
	{ "more_than_there_is_room_for", &service, true, ROOM + 1, -ENOMEM },
	{ "fewer_than_none", &service, true, -1, -EINVAL },
	{ "none_at_all", &service, true, 0, 0 },
	{ "no_array_and_any_length", &service, false, 77, 0 },
	{ "a_service_without_callback", &speechless, true, 1, -EINVAL },
	{ "nothing_of_a_service_without_callback", &speechless, true, 0, 0 },
};

static void
error_is_told(void **state)
{
	const struct error_case *c = *state;
	struct zsock_pollfd fds[ROOM + 1];

	for (size_t i = 0; i < LEN(fds); i++)
		fds[i] = (struct zsock_pollfd){ .fd = -1 };
	errno = EXDEV;
	assert_int_equal(net_socket_service_register(c->svc,
	                     c->has_fds ? fds : NULL, c->len, NULL),
	    c->want);
	assert_int_equal(errno, EXDEV);
}

/* A refused list changes nothing. */
static void
after_a_refusal_the_old_list_stays(void **state)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	struct zsock_pollfd fds[ROOM + 1] = { { .fd = -1 } };

	(void)state;
	assert_int_equal(watch(&service, sock, &seen), 0);
	assert_int_equal(net_socket_service_register(&service, fds, ROOM + 1,
	                     NULL),
	    -ENOMEM);
	assert_int_equal(service.pev[0].event.fd, sock);
	assert_ptr_equal(service.pev[0].user_data, &seen);
	assert_int_equal(net_socket_service_unregister(&service), 0);
	assert_int_equal(zsock_close(sock), 0);
}

/* The wake, and the room of all four services, whoever uses it. */
static void
the_targets_limit_counts_all_services(void **state)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	const int all = 1 + ROOM + 1 + 1 + 1;

	(void)state;
	capture_start();
	assert_int_equal(zsock_set_limit("CONFIG_ZVFS_POLL_MAX", all), 0);
	assert_int_equal(watch(&service, sock, NULL), 0);
	assert_int_equal(net_socket_service_unregister(&service), 0);
	let_it_go_round();
	assert_string_equal(capture_text(), "");
	assert_int_equal(zsock_set_limit("CONFIG_ZVFS_POLL_MAX", all - 1), 0);
	assert_int_equal(watch(&service, sock, NULL), -EIO);
	assert_non_null(strstr(capture_text(), "CONFIG_ZVFS_POLL_MAX=6"));
	assert_int_equal(net_socket_service_unregister(&service), -EIO);
	limits_clear();
	assert_int_equal(zsock_close(sock), 0);
	capture_stop();
}

struct found {
	int n, mine, rooms;
};

static void
find(const struct net_socket_service_desc *svc, void *user_data)
{
	struct found *f = user_data;

	f->n++;
	f->mine += svc == &service || svc == &other;
	f->rooms += svc->pev_len;
	assert_int_equal(net_socket_service_unregister(svc), 0);
}

static void
each_service_is_found_once(void **state)
{
	struct found f = { .n = 0 };

	(void)state;
	net_socket_service_foreach(find, &f);
	assert_int_equal(f.n, 4);
	assert_int_equal(f.mine, 2);
	assert_int_equal(f.rooms, ROOM + 3);
}

static void
a_service_that_was_removed_is_unknown(void **state)
{
	struct found f = { .n = 0 };

	(void)state;
	zsock_service_remove(&other);
	zsock_service_remove(&other);
	assert_int_equal(watch(&other, 0, NULL), -ENOENT);
	net_socket_service_foreach(find, &f);
	assert_int_equal(f.n, 3);
	zsock_service_add(&other, on_event);
	zsock_service_add(&other, on_event);
	f.n = 0;
	net_socket_service_foreach(find, &f);
	assert_int_equal(f.n, 4);
}

static atomic_int inside_after; /* callbacks, when remove had returned */

static void *
remove_other(void *arg)
{
	zsock_service_remove(&other);
	atomic_store(&inside_after, atomic_load(&seen.inside));
	return arg;
}

static pthread_t remover;

static void
note_other(const struct net_socket_service_desc *svc, void *user_data)
{
	bool *is = user_data;

	*is = *is || svc == &other;
}

static bool
is_other_known(void)
{
	bool is = false;

	net_socket_service_foreach(note_other, &is);
	return is;
}

/* Once it is removed, it is not called again. */
static void
let_it_be_removed(struct net_socket_service_event *pev)
{
	(void)pev;
	remover = loop_start(remove_other, NULL);
	while (is_other_known())
		(void)zsock_poll(NULL, 0, 1);
	/* Time to return too early. */
	for (int i = 0; i < 1000; i++)
		(void)zsock_poll(NULL, 0, 0);
}

static void
a_service_is_removed_when_its_callback_returns(void **state)
{
	const int sock = ready_socket();

	(void)state;
	atomic_store(&inside_after, -1);
	seen.act = let_it_be_removed;
	assert_int_equal(watch(&other, sock, NULL), 0);
	wait_for(&seen.called);
	(void)loop_join(remover);
	assert_int_equal(atomic_load(&inside_after), 0);
	zsock_service_add(&other, on_event);
	assert_int_equal(zsock_close(sock), 0);
}

static void
remove_itself(struct net_socket_service_event *pev)
{
	zsock_service_remove(pev->svc);
}

static void
a_service_can_be_removed_by_its_callback(void **state)
{
	const int sock = ready_socket();

	(void)state;
	seen.act = remove_itself;
	assert_int_equal(watch(&other, sock, NULL), 0);
	wait_for(&seen.called);
	assert_int_equal(watch(&other, sock, NULL), -ENOENT);
	zsock_service_add(&other, on_event);
	assert_int_equal(zsock_close(sock), 0);
}

/* Runs fn in a child, which must end by itself, with 0. */
static void
in_a_child(void (*fn)(void))
{
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		is_child = true;
		alarm(60);
		fn();
		exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
serve_in_child(void)
{
	const int sock = ready_socket();

	assert_int_equal(service.pev[0].event.fd, -1);
	assert_int_equal(net_socket_service_close(&other), 0);
	assert_int_equal(atomic_load(&seen.calls), 0);
	assert_int_equal(watch(&service, sock, NULL), 0);
	wait_for(&seen.called);
	assert_int_equal(seen.last.event.fd, sock);
}

/* Neither takes the other's wakes, nor its sockets. */
static void
a_child_begins_anew(void **state)
{
	const int idle = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
	const int sock = ready_socket();

	(void)state;
	seen.act = drain;
	assert_int_equal(watch(&service, idle, NULL), 0);
	let_it_go_round();
	in_a_child(serve_in_child);
	assert_int_equal(service.pev[0].event.fd, idle);
	assert_int_equal(watch(&service, sock, NULL), 0);
	wait_for(&seen.called);
	assert_int_equal(seen.last.event.fd, sock);
	forget_all();
	assert_int_equal(zsock_close(idle), 0);
	assert_int_equal(zsock_close(sock), 0);
}

static void
block_for_ever(struct net_socket_service_event *pev)
{
	(void)pev;
	for (;;)
		pause();
}

static void
exit_under_a_callback(void)
{
	seen.act = block_for_ever;
	assert_int_equal(watch(&service, ready_socket(), NULL), 0);
	while (atomic_load(&seen.inside) == 0)
		(void)zsock_poll(NULL, 0, 1);
}

static void
an_exit_waits_for_no_callback(void **state)
{
	(void)state;
	in_a_child(exit_under_a_callback);
}

static void
exit_in_service(struct net_socket_service_event *pev)
{
	(void)pev;
	exit(EXIT_SUCCESS);
}

static void
be_ended_by_a_callback(void)
{
	seen.act = exit_in_service;
	assert_int_equal(watch(&service, ready_socket(), NULL), 0);
	for (;;)
		pause();
}

static void
a_callback_may_end_the_program(void **state)
{
	(void)state;
	in_a_child(be_ended_by_a_callback);
}

static void
run_out_of_descriptors(void)
{
	const int sock = ready_socket();
	struct rlimit few, saved;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	few = saved;
	few.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(watch(&service, sock, NULL), -EIO);
	assert_int_equal(service.pev[0].event.fd, -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
	assert_int_equal(watch(&service, sock, NULL), 0);
	wait_for(&seen.called);
}

static void
a_thread_that_cannot_start_is_eio(void **state)
{
	(void)state;
	in_a_child(run_out_of_descriptors);
}

static void
deny(struct net_socket_service_event *pev)
{
	sigset_t blocked;

	(void)pev;
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
	seen.result =
	    sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
}

static void
signals_are_for_the_programs_threads(void **state)
{
	const int sock = ready_socket();

	(void)state;
	seen.act = deny;
	assert_int_equal(watch(&service, sock, NULL), 0);
	wait_for(&seen.called);
	assert_int_equal(net_socket_service_close(&service), 0);
	wait_until_closed(sock);
	assert_int_equal(seen.result, 1);
}

static void *
register_often(void *arg)
{
	const struct net_socket_service_desc *svc = arg;
	struct zsock_pollfd p = { .fd = -1, .events = ZSOCK_POLLIN };

	for (int i = 0; i < 300; i++) {
		p.fd = ready_socket();
		(void)net_socket_service_register(svc, &p, 1, svc->pev);
		(void)(i % 2 == 0 ? net_socket_service_unregister(svc)
		                  : net_socket_service_close(svc));
		if (i % 2 == 0)
			(void)zsock_close(p.fd);
	}
	return NULL;
}

static void
services_are_registered_by_several_threads(void **state)
{
	pthread_t a, b;

	(void)state;
	a = loop_start(register_often, (void *)&service);
	b = loop_start(register_often, (void *)&other);
	loop_join(a);
	loop_join(b);
	let_it_go_round();
}

static int
group_setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest others[] = {
		TEST(a_thread_that_cannot_start_is_eio),
		TEST(a_ready_socket_calls_back),
		TEST(what_stays_ready_calls_again),
		TEST(closing_from_a_callback_silences_the_others),
		TEST(close_from_outside),
		TEST(registering_from_a_callback_counts_at_once),
		TEST(registering_replaces_the_whole_list),
		TEST(a_closed_number_calls_back_with_pollnval),
		TEST(a_secure_socket_calls_back),
		TEST(after_a_refusal_the_old_list_stays),
		TEST(the_targets_limit_counts_all_services),
		TEST(each_service_is_found_once),
		TEST(a_service_that_was_removed_is_unknown),
		TEST(an_exit_waits_for_no_callback),
		TEST(a_service_is_removed_when_its_callback_returns),
		TEST(a_service_can_be_removed_by_its_callback),
		TEST(a_child_begins_anew),
		TEST(a_callback_may_end_the_program),
		TEST(signals_are_for_the_programs_threads),
		TEST(services_are_registered_by_several_threads),
	};
	struct CMUnitTest tests[LEN(errors) + LEN(others)];
	size_t n = LEN(others);

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	memcpy(tests, others, sizeof(others));
	for (size_t i = 0; i < LEN(errors); i++) {
		tests[n++] = (struct CMUnitTest){ .name = errors[i].name,
			.test_func = error_is_told,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = (void *)&errors[i] };
	}
	return cmocka_run_group_tests_name("api/service", tests, group_setup,
	    group_teardown);
}
