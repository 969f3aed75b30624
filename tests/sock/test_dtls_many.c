/* One server and all its clients at once. */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "base/deadline.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "support/dtls_ends.h"
#include "support/memory.h"

#if defined(__SANITIZE_THREAD__)
#define MANY 60
#else
#define MANY 500
#endif

#define ROUNDS 5
#define WINDOW 64 /* at work at once: more overflow the kernel's queue */
#define FAR_MS 20000
#define MASK 0x5a

/* malloc's own rounding; one session has more. */
#define KEPT_MAX 4096

/* What a client sends, behind its number and the round. */
struct letter {
	uint16_t who;
	uint8_t round;
	uint8_t text[1000];
};

static struct sockaddr_in addr;
static int server;
static int clients[MANY];
static in_port_t ports[MANY]; /* in network order */
static int order[MANY];
static atomic_int wrong; /* what the server found; an assertion is main's */

static int
setup(void **state)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return -1;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		return -1;
	profile_set(PROFILE_LINUX);
	return dtls_ends_start(state);
}

/* The clients in an order that is the same in each run. */
static void
shuffle(unsigned seed)
{
	for (int i = 0; i < MANY; i++)
		order[i] = i;
	for (int i = MANY - 1; i > 0; i--) {
		int other, tmp;

		seed = seed * 1103515245 + 12345;
		other = (int)(seed >> 8) % (i + 1);
		tmp = order[i];
		order[i] = order[other];
		order[other] = tmp;
	}
}

static size_t
length_of(int who, int round)
{
	return 3 +
	    (size_t)(who * 131 + round * 17) %
	    sizeof(((struct letter *)0)->text);
}

static void
write_letter(struct letter *l, int who, int round)
{
	l->who = (uint16_t)who;
	l->round = (uint8_t)round;
	for (size_t i = 0; i < sizeof(l->text); i++)
		l->text[i] = (uint8_t)(who + round * 7 + (int)i);
}

/* Is it what that client has sent, and from where it is? */
static bool
is_right(const struct letter *l, ssize_t n, const struct sockaddr_in *from)
{
	struct letter want;

	if (n < 3 || l->who >= MANY ||
	    (size_t)n != length_of(l->who, l->round) ||
	    from->sin_port != ports[l->who])
		return false;
	write_letter(&want, l->who, l->round);
	return memcmp(l, &want, (size_t)n) == 0;
}

/* Until the socket is closed. */
static void *
answer_all(void *arg)
{
	struct sockaddr_in from;
	struct letter l;
	ssize_t n;

	while ((n = dtls_ends_recvfrom(server, &l, sizeof(l), 0, &from)) > 0) {
		if (!is_right(&l, n, &from))
			atomic_fetch_add(&wrong, 1);
		for (ssize_t i = 0; i < n; i++)
			((uint8_t *)&l)[i] ^= MASK;
		if (call_sendto(server, &l, (size_t)n, 0,
		        (struct sockaddr *)&from, sizeof(from)) != n)
			atomic_fetch_add(&wrong, 1);
	}
	if (n != -EINTR)
		atomic_fetch_add(&wrong, 1);
	return arg;
}

static void
begin_handshake(int who)
{
	struct sockaddr_in own;
	socklen_t len = sizeof(own);
	int rc;

	clients[who] = dtls_ends_client(who % 8 != 0);
	dtls_ends_nonblock(clients[who]);
	rc = dtls_ends_connect(clients[who], &addr);
	assert_true(rc == 0 || rc == -EINPROGRESS);
	assert_int_equal(call_getsockname(clients[who], (struct sockaddr *)&own,
	                     &len),
	    0);
	ports[who] = own.sin_port;
}

static bool
is_connected(int who)
{
	int error = -1;
	socklen_t len = sizeof(error);

	assert_int_equal(call_getsockopt(clients[who], SOL_SOCKET, SO_ERROR,
	                     &error, &len),
	    0);
	assert_int_equal(error, 0);
	return true;
}

static void
send_letter(int who, int round)
{
	struct letter l;
	const size_t n = length_of(who, round);

	write_letter(&l, who, round);
	assert_int_equal(dtls_ends_send(clients[who], &l, n), n);
}

/* A client has got its own answer and nothing else. */
static void
take_answer(int who, int round)
{
	struct letter l, want;
	const size_t n = length_of(who, round);

	assert_int_equal(dtls_ends_recv(clients[who], &l, sizeof(l), 0), n);
	write_letter(&want, who, round);
	for (size_t i = 0; i < n; i++)
		((uint8_t *)&l)[i] ^= MASK;
	assert_memory_equal(&l, &want, n);
	assert_int_equal(dtls_ends_recv(clients[who], &l, sizeof(l), 0),
	    -EAGAIN);
}

/*
 * Does begin for all clients, in order, and end when poll says so: not more
 * than WINDOW of them are between the two.
 */
static void
each(short events, int round, void (*begin)(int who, int round),
    void (*end)(int who, int round))
{
	static struct pollfd fds[MANY];
	int begun = 0, ended = 0;

	for (int i = 0; i < MANY; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = events };
	while (ended < MANY) {
		for (; begun < MANY && begun - ended < WINDOW; begun++) {
			begin(order[begun], round);
			fds[order[begun]].fd = clients[order[begun]];
		}
		assert_true(poll_sockets(fds, MANY, FAR_MS, false) > 0);
		for (int i = 0; i < MANY; i++) {
			if (fds[i].revents == 0)
				continue;
			assert_int_equal(fds[i].revents, events);
			end(i, round);
			fds[i].fd = -1;
			ended++;
		}
	}
}

static void
start_one(int who, int round)
{
	(void)round;
	begin_handshake(who);
}

static void
started_one(int who, int round)
{
	(void)round;
	assert_true(is_connected(who));
}

/* Without having been asked. */
static void
write_from_server(int who, int round)
{
	struct sockaddr_in to = addr;
	struct letter l;
	const size_t n = length_of(who, round);

	to.sin_port = ports[who];
	write_letter(&l, who, round);
	for (size_t i = 0; i < n; i++)
		((uint8_t *)&l)[i] ^= MASK;
	assert_int_equal(call_sendto(server, &l, n, 0, (struct sockaddr *)&to,
	                     sizeof(to)),
	    n);
}

static void
await_sessions(size_t n)
{
	const struct deadline until = deadline_in_ms(FAR_MS);

	while (dtls_ends_sessions(server) != n) {
		assert_true(deadline_left_ms(until) > 0);
		sched_yield();
	}
}

/* Each says goodbye, and nobody else's session ends. */
static void
leave_one_after_another(void)
{
	shuffle(99);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(call_close(clients[order[i]]), 0);
		await_sessions((size_t)(MANY - 1 - i));
	}
}

static void
come_talk_and_leave(void)
{
	shuffle(1);
	each(POLLOUT, 0, start_one, started_one);
	/* A client is done when its own last message has left. */
	await_sessions(MANY);
	for (int round = 0; round < ROUNDS; round++) {
		shuffle((unsigned)round + 2);
		each(POLLIN, round, send_letter, take_answer);
	}
	each(POLLIN, ROUNDS, write_from_server, take_answer);
	leave_one_after_another();
}

/* The second time, what is kept for later is there. */
static void
all_clients_come_talk_and_leave(void **state)
{
	const int room = 4 * 1024 * 1024; /* or what the kernel gives */
	pthread_t thread;
	long before;

	(void)state;
	server = dtls_ends_server(&addr);
	assert_int_equal(call_setsockopt(server, SOL_SOCKET, SO_RCVBUF, &room,
	                     sizeof(room)),
	    0);
	thread = loop_start(answer_all, NULL);
	come_talk_and_leave();
	before = memory_bytes();
	come_talk_and_leave();
	assert_in_range(memory_bytes(), 0, before + KEPT_MAX);
	assert_int_equal(call_close(server), 0);
	(void)loop_join(thread);
	assert_int_equal(atomic_load(&wrong), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_clients_come_talk_and_leave),
	};

	return cmocka_run_group_tests_name("sock/dtls_many", tests, setup,
	    dtls_ends_stop);
}
