#include "support/test.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "support/fake_kernel.h"
#include "support/loop.h"

#define ROUNDS 3000

/* A call in a thread of its own, and what came of it. */
struct sleeper {
	ssize_t (*call)(int sock);
	int sock;
	ssize_t result;
	int error;
	pthread_t thread;
};

static struct net_sockaddr_storage addr;
static net_socklen_t addr_len;

static struct net_sockaddr *
sa(struct net_sockaddr_storage *a)
{
	return (struct net_sockaddr *)a;
}

static int
open_bound(int type)
{
	const int sock = zsock_socket(NET_AF_INET, type, 0);

	assert_true(sock >= 0);
	addr_len = loop_addr(&addr, NET_AF_INET, 0);
	assert_int_equal(zsock_bind(sock, sa(&addr), addr_len), 0);
	assert_int_equal(zsock_getsockname(sock, sa(&addr), &addr_len), 0);
	return sock;
}

static int
open_dgram(void)
{
	return open_bound(NET_SOCK_DGRAM);
}

static int
open_listener(void)
{
	const int sock = open_bound(NET_SOCK_STREAM);

	assert_int_equal(zsock_listen(sock, 4), 0);
	return sock;
}

/* Its peer, and what holds back connections: closed by teardown. */
static int others[8], n_others;

static int
open_stream(void)
{
	const int listener = open_listener();
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);

	assert_int_equal(zsock_connect(sock, sa(&addr), addr_len), 0);
	others[n_others++] = zsock_accept(listener, NULL, NULL);
	assert_true(others[0] >= 0);
	assert_int_equal(zsock_close(listener), 0);
	return sock;
}

/* A stream into which nothing more can be sent. */
static int
open_full_stream(void)
{
	const int sock = open_stream();

	loop_fill(sock);
	return sock;
}

static ssize_t
sleep_in_recv(int sock)
{
	char byte;

	return zsock_recv(sock, &byte, 1, 0);
}

static ssize_t
sleep_in_recvmsg(int sock)
{
	char byte;
	struct net_msghdr m = { .msg_iov = &(struct net_iovec){ &byte, 1 },
		.msg_iovlen = 1 };

	return zsock_recvmsg(sock, &m, 0);
}

static ssize_t
sleep_in_accept(int sock)
{
	return zsock_accept(sock, NULL, NULL);
}

/* What the peer's kernel still takes is sent first. */
static ssize_t
sleep_in_send(int sock)
{
	static const char block[65536];
	ssize_t n;

	do {
		n = zsock_send(sock, block, sizeof(block), 0);
	} while (n > 0);
	return n;
}

static void *
run(void *arg)
{
	struct sleeper *s = arg;

	errno = 0;
	s->result = s->call(s->sock);
	s->error = errno;
	return NULL;
}

static const struct wake_case {
	const char *name;
	int (*open)(void);
	ssize_t (*call)(int sock);
	enum fake_call entry; /* the kernel's call that it sleeps in */
} wakes[] = {
	{ "recv_of_a_stream", open_stream, sleep_in_recv, FAKE_RECVFROM },
	{ "recv_of_datagrams", open_dgram, sleep_in_recv, FAKE_RECVFROM },
	{ "recvmsg_of_a_stream", open_stream, sleep_in_recvmsg, FAKE_RECVMSG },
	{ "recvmsg_of_datagrams", open_dgram, sleep_in_recvmsg, FAKE_RECVMSG },
	{ "accept", open_listener, sleep_in_accept, FAKE_ACCEPT4 },
	{ "send", open_full_stream, sleep_in_send, FAKE_SENDTO },
};

static int
teardown(void **state)
{
	(void)state;
	while (n_others > 0)
		(void)zsock_close(others[--n_others]);
	fake_kernel_remove();
	return 0;
}

/* The lowest free number is given, so it comes before any higher one. */
static void
assert_number_is_free(int number)
{
	int lower[8], n = 0, sock;

	while ((sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0)) < number) {
		assert_in_range(n, 0, LEN(lower) - 1);
		lower[n++] = sock;
	}
	assert_int_equal(sock, number);
	assert_int_equal(zsock_close(sock), 0);
	while (n > 0)
		assert_int_equal(zsock_close(lower[--n]), 0);
}

/*
 * The thread has reached the kernel, so it has the socket: whether it sleeps
 * already or is about to, close must get it out.
 */
static void
close_wakes(void **state)
{
	const struct wake_case *c = *state;
	struct sleeper s = { .call = c->call, .sock = c->open() };

	fake_kernel_install();
	s.thread = loop_start(run, &s);
	while (fake_kernel_count(c->entry) == 0)
		;
	assert_int_equal(zsock_close(s.sock), 0);
	(void)loop_join(s.thread);
	assert_int_equal(s.result, -1);
	/* The kernel may still have taken something: the next send came late. */
	if (c->entry != FAKE_SENDTO || s.error != EBADF)
		assert_int_equal(s.error, EINTR);
	assert_number_is_free(s.sock);
}

static void
close_wakes_everybody(void **state)
{
	struct sleeper s[6];
	const int sock = open_listener();

	(void)state;
	fake_kernel_install();
	for (size_t i = 0; i < LEN(s); i++) {
		s[i] =
		    (struct sleeper){ .call = sleep_in_accept, .sock = sock };
		s[i].thread = loop_start(run, &s[i]);
	}
	while (fake_kernel_count(FAKE_ACCEPT4) < (int)LEN(s))
		;
	assert_int_equal(zsock_close(sock), 0);
	for (size_t i = 0; i < LEN(s); i++) {
		(void)loop_join(s[i].thread);
		assert_int_equal(s[i].result, -1);
		assert_int_equal(s[i].error, EINTR);
	}
}

/* Has the kernel's connect begun? */
static bool
is_connecting(int sock)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(loop_kfd(sock), IPPROTO_TCP, TCP_INFO,
	                     &info, &len),
	    0);
	return info.tcpi_state == TCP_SYN_SENT;
}

/* Connects to a listener whose queue is full: nobody answers. */
static ssize_t
sleep_in_connect(int sock)
{
	return zsock_connect(sock, sa(&addr), addr_len);
}

static void
close_wakes_connect(void **state)
{
	uint16_t port;
	/* The library would not let a queue be this short. */
	const int listener = loop_listen_raw(AF_INET, &port);
	struct sleeper s = { .call = sleep_in_connect };

	(void)state;
	assert_int_equal(listen(listener, 0), 0);
	addr_len = loop_addr(&addr, AF_INET, port);
	for (int i = 0; i < 4; i++) {
		const int sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);

		others[n_others++] = sock;
		assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL,
		                     ZVFS_O_NONBLOCK),
		    0);
		(void)zsock_connect(sock, sa(&addr), addr_len);
	}
	s.sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	s.thread = loop_start(run, &s);
	while (!is_connecting(s.sock))
		;
	assert_int_equal(zsock_close(s.sock), 0);
	(void)loop_join(s.thread);
	assert_int_equal(s.result, -1);
	assert_int_equal(s.error, EINTR);
	close(listener);
}

static ssize_t
sleep_in_poll(int sock)
{
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLIN };

	return zsock_poll(&fd, 1, FAR);
}

static ssize_t
sleep_in_select(int sock)
{
	struct zsock_timeval timeout = { .tv_sec = FAR / 1000 };
	zsock_fd_set r;

	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_SET(sock, &r);
	return zsock_select(0, &r, NULL, NULL, &timeout);
}

/* A wait over several sockets ends as well: something is the matter. */
static const struct wait_case {
	const char *name;
	int (*open)(void);
	ssize_t (*call)(int sock);
} waits[] = {
	{ "poll_of_a_stream", open_stream, sleep_in_poll },
	{ "poll_of_datagrams", open_dgram, sleep_in_poll },
	{ "poll_of_a_listener", open_listener, sleep_in_poll },
	{ "select_of_a_stream", open_stream, sleep_in_select },
};

static void
close_ends_a_wait(void **state)
{
	const struct wait_case *c = *state;
	struct sleeper s = { .call = c->call, .sock = c->open() };

	fake_kernel_install();
	s.thread = loop_start(run, &s);
	/* The second call of the kernel is the one that waits. */
	while (fake_kernel_count(FAKE_POLL) < 2)
		;
	assert_int_equal(zsock_close(s.sock), 0);
	(void)loop_join(s.thread);
	assert_int_equal(s.result, -1);
	assert_int_equal(s.error, EINTR);
}

/* Failures are counted, for an assertion in a thread would not be caught. */
static atomic_int strange;

#define NUMBERS 4

/* Opens and closes whatever has one of the first numbers. */
static void *
open_and_close(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);

		if (sock < 0)
			atomic_fetch_add(&strange, 1);
		if (zsock_close((i + (int)(intptr_t)arg) % NUMBERS) != 0 &&
		    errno != EBADF)
			atomic_fetch_add(&strange, 1);
		if (zsock_close(sock) != 0 && errno != EBADF)
			atomic_fetch_add(&strange, 1);
	}
	return NULL;
}

/* Uses the same numbers; a socket is there, or not, or is closed meanwhile. */
static void *
use(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		const int sock = (i + (int)(intptr_t)arg) % NUMBERS;
		struct zsock_pollfd fd = { .fd = sock,
			.events = ZSOCK_POLLOUT };
		int type = 0;
		net_socklen_t len = sizeof(type);
		char byte;

		if (zsock_recv(sock, &byte, 1, ZSOCK_MSG_DONTWAIT) != -1 ||
		    (errno != EAGAIN && errno != EBADF && errno != EINTR))
			atomic_fetch_add(&strange, 1);
		if (zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_TYPE,
		        &type, &len) == 0
		        ? type != NET_SOCK_DGRAM
		        : errno != EBADF)
			atomic_fetch_add(&strange, 1);
		if (zsock_poll(&fd, 1, i % 2) != 1 && errno != EINTR)
			atomic_fetch_add(&strange, 1);
	}
	return NULL;
}

static void
numbers_are_used_while_others_close_them(void **state)
{
	const int before = loop_count_descriptors();
	pthread_t threads[8];

	(void)state;
	atomic_store(&strange, 0);
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] = loop_start(i % 2 == 0 ? open_and_close : use,
		    (void *)(intptr_t)i);
	for (size_t i = 0; i < LEN(threads); i++)
		(void)loop_join(threads[i]);
	for (int sock = 0; sock < (int)LEN(threads); sock++)
		(void)zsock_close(sock);
	assert_int_equal(atomic_load(&strange), 0);
	assert_int_equal(loop_count_descriptors(), before);
}

/* Of several threads that close a socket, one succeeds. */
static pthread_barrier_t barrier;
static atomic_int closed;

static void *
close_number_0(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		if (zsock_close(0) == 0)
			atomic_fetch_add(&closed, 1);
		else if (errno != EBADF)
			atomic_fetch_add(&strange, 1);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void
one_of_two_closes_wins(void **state)
{
	pthread_t threads[2];
	int wrong = 0;

	(void)state;
	atomic_store(&strange, 0);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, LEN(threads) + 1),
	    0);
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] = loop_start(close_number_0, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		/* Counted, for the others wait at the barrier. */
		wrong += zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0) != 0;
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		wrong += atomic_load(&closed) != i + 1;
	}
	for (size_t i = 0; i < LEN(threads); i++)
		(void)loop_join(threads[i]);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(wrong, 0);
	assert_int_equal(atomic_load(&strange), 0);
}

int
main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test_teardown(close_wakes_everybody, teardown),
		cmocka_unit_test_teardown(close_wakes_connect, teardown),
		cmocka_unit_test(numbers_are_used_while_others_close_them),
		cmocka_unit_test(one_of_two_closes_wins),
	};
	struct CMUnitTest tests[LEN(wakes) + LEN(waits) + LEN(plain)];
	char names[LEN(wakes) + LEN(waits)][64];
	size_t n = 0;

	for (size_t i = 0; i < LEN(wakes); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "close_wakes_%s",
		    wakes[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = close_wakes,
			.teardown_func = teardown,
			.initial_state = (void *)&wakes[i] };
	}
	for (size_t i = 0; i < LEN(waits); i++, n++) {
		snprintf(names[n], sizeof(names[n]), "close_ends_%s",
		    waits[i].name);
		tests[n] = (struct CMUnitTest){ .name = names[n],
			.test_func = close_ends_a_wait,
			.teardown_func = teardown,
			.initial_state = (void *)&waits[i] };
	}
	memcpy(&tests[n], plain, sizeof(plain));
	return cmocka_run_group_tests_name("api/close", tests, NULL, NULL);
}
