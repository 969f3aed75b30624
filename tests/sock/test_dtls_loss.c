/* Secure datagram sockets over a way on which datagrams get lost. */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/deadline.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "support/dtls_ends.h"
#include "support/lossy.h"

#define SEEDS 6
#define LETTERS 40
#define FAR_MS 20000

/* How long no more is heard after the last letter. */
#define QUIET_MS 30

/* How long a flight takes that has begun to arrive; the next one is far. */
#define FLIGHT_MS 5
#define LATE_MS 500

static struct sockaddr_in addr;
static int server;

/* How a client gets through its handshake. */
static int
wait_for_it(int sock)
{
	return dtls_ends_connect(sock, &addr);
}

static int
poll_for_it(int sock)
{
	int error = 0;
	socklen_t len = sizeof(error);
	short revents;
	int rc;

	dtls_ends_nonblock(sock);
	rc = dtls_ends_connect(sock, &addr);
	if (rc != -EINPROGRESS)
		return rc;
	revents = dtls_ends_poll(sock, POLLOUT, FAR_MS);
	if (revents == POLLOUT)
		return 0;
	assert_true((revents & (POLLERR | POLLHUP)) != 0);
	assert_int_equal(call_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error,
	                     &len),
	    0);
	assert_int_not_equal(error, 0);
	return -error;
}

/* The handshake is part of the first send; the letter may be lost. */
static int
send_for_it(int sock)
{
	const ssize_t n = call_sendto(sock, "x", 1, 0, (struct sockaddr *)&addr,
	    sizeof(addr));

	return n == 1 ? 0 : (int)n;
}

static atomic_int heard[LETTERS]; /* how often the server has each letter */
static atomic_int wrong;

static void
answer(const char *buf, ssize_t n, const struct sockaddr_in *from)
{
	int i;

	if (n == 1)
		return; /* the first one of send_for_it */
	if (n != 9 || sscanf(buf, "letter %2d", &i) != 1 || i >= LETTERS)
		atomic_fetch_add(&wrong, 1);
	else
		atomic_fetch_add(&heard[i], 1);
	(void)call_sendto(server, buf, (size_t)n, 0,
	    (const struct sockaddr *)from, sizeof(*from));
}

/* Until it is closed. */
static void *
serve_by_recv(void *arg)
{
	struct sockaddr_in from;
	char buf[64];
	ssize_t n;

	while ((n = dtls_ends_recvfrom(server, buf, sizeof(buf) - 1, 0,
	            &from)) > 0) {
		buf[n] = '\0';
		answer(buf, n, &from);
	}
	if (n != -EINTR && n != -EBADF)
		atomic_fetch_add(&wrong, 1);
	return arg;
}

static void *
serve_by_poll(void *arg)
{
	struct pollfd p = { .fd = server, .events = POLLIN };
	struct sockaddr_in from;
	char buf[64];
	ssize_t n;

	while (poll_sockets(&p, 1, -1, false) == 1 &&
	    (p.revents & POLLNVAL) == 0) {
		if ((p.revents & POLLIN) == 0)
			continue;
		n = dtls_ends_recvfrom(server, buf, sizeof(buf) - 1,
		    MSG_DONTWAIT, &from);
		if (n <= 0) {
			/* poll has looked: it is there. */
			if (n != -EINTR && n != -EBADF)
				atomic_fetch_add(&wrong, 1);
			continue;
		}
		buf[n] = '\0';
		answer(buf, n, &from);
	}
	return arg;
}

static const struct row {
	const char *name;
	enum profile profile;
	int (*come)(int sock);
	void *(*serve)(void *);
	bool psk;
} rows[] = {
	{ "connect_and_recv", PROFILE_ZEPHYR, wait_for_it, serve_by_recv,
	    true },
	{ "connect_and_poll", PROFILE_ZEPHYR, wait_for_it, serve_by_poll,
	    true },
	{ "certificates_connect_and_recv", PROFILE_ZEPHYR, wait_for_it,
	    serve_by_recv, false },
	{ "certificates_connect_and_poll", PROFILE_LINUX, wait_for_it,
	    serve_by_poll, false },
	{ "poll_and_recv", PROFILE_LINUX, poll_for_it, serve_by_recv, true },
	{ "poll_and_poll", PROFILE_LINUX, poll_for_it, serve_by_poll, true },
	{ "certificates_poll_and_recv", PROFILE_LINUX, poll_for_it,
	    serve_by_recv, false },
	{ "certificates_poll_and_poll", PROFILE_LINUX, poll_for_it,
	    serve_by_poll, false },
	{ "first_send_and_recv", PROFILE_ZEPHYR_3_3, send_for_it, serve_by_recv,
	    true },
};

static pthread_t
begin_service(const struct row *r)
{
	profile_set(r->profile);
	lossy_end();
	lossy_limit(0);
	atomic_store(&wrong, 0);
	for (int i = 0; i < LETTERS; i++)
		atomic_store(&heard[i], 0);
	server = dtls_ends_server(&addr);
	dtls_ends_timeouts(server, 20, 60000);
	return loop_start(r->serve, NULL);
}

static void
end_service(pthread_t thread)
{
	assert_int_equal(call_close(server), 0);
	(void)loop_join(thread);
	assert_int_equal(atomic_load(&wrong), 0);
}

static int
new_client(const struct row *r)
{
	const int sock = dtls_ends_client(r->psk);

	dtls_ends_timeouts(sock, 20, 60000);
	return sock;
}

/* Takes what comes: how many of the letters are back. */
static int
take_letters(int sock, int seen[LETTERS], int timeout_ms)
{
	char buf[64];
	int taken = 0, i;
	ssize_t n;

	while (dtls_ends_poll(sock, POLLIN, timeout_ms) == POLLIN) {
		n = dtls_ends_recv(sock, buf, sizeof(buf) - 1, MSG_DONTWAIT);
		assert_int_equal(n, 9);
		buf[n] = '\0';
		assert_int_equal(sscanf(buf, "letter %2d", &i), 1);
		assert_in_range(i, 0, LETTERS - 1);
		seen[i]++;
		taken++;
	}
	return taken;
}

/*
 * Of many letters some get there and back.  None of them does twice, and none
 * is another one than was sent.
 */
static void
exchange_letters(int sock)
{
	int seen[LETTERS] = { 0 }, taken = 0;
	char text[16];

	for (int i = 0; i < LETTERS; i++) {
		snprintf(text, sizeof(text), "letter %02d", i);
		assert_int_equal(dtls_ends_send(sock, text, 9), 9);
		taken += take_letters(sock, seen, 0);
	}
	taken += take_letters(sock, seen, QUIET_MS);
	assert_in_range(taken, 1, LETTERS);
	for (int i = 0; i < LETTERS; i++) {
		assert_in_range(seen[i], 0, 1);
		assert_in_range(atomic_load(&heard[i]), seen[i], 1);
	}
}

static void
handshakes_and_data_get_through(void **state)
{
	const struct row *r = *state;
	static const struct lossy_rates rates = { .lost = 150,
		.doubled = 100,
		.overtaken = 100 };

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		const pthread_t thread = begin_service(r);
		const int sock = new_client(r);

		lossy_begin(seed, &rates);
		assert_int_equal(r->come(sock), 0);
		exchange_letters(sock);
		lossy_end();
		assert_int_equal(call_close(sock), 0);
		end_service(thread);
	}
}

/* What was changed on the way is no data, and no end. */
static void
changed_data_are_passed_over(void **state)
{
	const struct row *r = *state;
	static const struct lossy_rates rates = { .doubled = 50,
		.changed = 300,
		.overtaken = 50 };

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		const pthread_t thread = begin_service(r);
		const int sock = new_client(r);

		assert_int_equal(r->come(sock), 0);
		lossy_begin(seed, &rates);
		exchange_letters(sock);
		lossy_end();
		assert_int_equal(dtls_ends_send(sock, "letter 00", 9), 9);
		assert_int_equal(dtls_ends_poll(sock, POLLIN, FAR_MS), POLLIN);
		assert_int_equal(call_close(sock), 0);
		end_service(thread);
	}
}

/*
 * What the server still sends for an earlier try may come in the middle of the
 * next one, and end it, too.  It is less and less.
 */
static int
try_again(const struct row *r, int sock)
{
	int rc = -1;

	for (int i = 0; i < 5 && rc != 0; i++)
		rc = r->come(sock);
	return rc;
}

/*
 * Nothing protects the first messages, so a handshake may fail; but it ends,
 * and the socket can be used again, as can the server.
 */
static void
changed_handshakes_end(void **state)
{
	const struct row *r = *state;
	static const struct lossy_rates rates = { .lost = 50,
		.doubled = 50,
		.changed = 150,
		.overtaken = 50 };

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		const pthread_t thread = begin_service(r);
		const int sock = new_client(r);
		int rc;

		/* It gives up between two flights of the server's. */
		dtls_ends_timeouts(sock, 30, 120);
		lossy_begin(seed, &rates);
		rc = r->come(sock);
		lossy_end();
		if (rc != 0) {
			assert_true(rc == -ECONNABORTED || rc == -ETIMEDOUT ||
			    rc == -EIO);
			assert_int_equal(try_again(r, sock), 0);
		}
		exchange_letters(sock);
		assert_int_equal(call_close(sock), 0);
		end_service(thread);
	}
}

/* 20 and 40 and 80 ms are over, and then it is there. */
static void
a_second_try_follows_a_timeout(void **state)
{
	const struct row *r = *state;
	static const struct lossy_rates nothing = { .lost = 1000 };
	const pthread_t thread = begin_service(r);
	const int sock = new_client(r);
	const int64_t then = deadline_now_ns();
	char text[300];

	dtls_ends_timeouts(sock, 20, 80);
	lossy_begin(1, &nothing);
	assert_int_equal(r->come(sock), -ETIMEDOUT);
	assert_in_range((deadline_now_ns() - then) / 1000000, 139, 2000);
	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "140 ms"));
	lossy_end();
	dtls_ends_timeouts(sock, 1000, 60000);
	assert_int_equal(r->come(sock), 0);
	exchange_letters(sock);
	assert_int_equal(call_close(sock), 0);
	end_service(thread);
}

/*
 * Only the client's second flight is lost, so the server goes on sending its
 * own.  What of that comes too late is not taken for the next try's.
 */
static void
what_an_earlier_try_has_left_is_passed_over(void **state)
{
	const struct row *r = *state;
	const pthread_t thread = begin_service(r);
	const int sock = new_client(r);
	struct pollfd p = { .fd = loop_kfd(sock), .events = POLLIN };
	/* Two ClientHellos get there. */
	const struct lossy_rates mute = { .lost = 1000,
		.from = loop_kfd(sock),
		.spared = 2 };

	dtls_ends_timeouts(sock, 30, 60);
	lossy_begin(1, &mute);
	assert_int_equal(r->come(sock), -ETIMEDOUT);
	/* None comes if the machine was slow, and a hello was sent twice. */
	(void)poll(&p, 1, LATE_MS);
	(void)poll(NULL, 0, FLIGHT_MS);
	lossy_end();
	dtls_ends_timeouts(sock, 20, 160);
	assert_int_equal(try_again(r, sock), 0);
	exchange_letters(sock);
	assert_int_equal(call_close(sock), 0);
	end_service(thread);
}

/* The way is narrower than it seemed when the flight was made. */
static void
a_narrow_way_is_found(void **state)
{
	const struct row *r = *state;

	for (size_t width = 1200; width >= 600; width -= 300) {
		const pthread_t thread = begin_service(r);
		const int sock = new_client(r);

		lossy_limit(width);
		assert_int_equal(r->come(sock), 0);
		exchange_letters(sock);
		lossy_limit(0);
		assert_int_equal(call_close(sock), 0);
		end_service(thread);
	}
}

static const struct trial {
	const char *name;
	CMUnitTestFunction run;
} trials[] = {
	{ "handshakes_and_data_get_through", handshakes_and_data_get_through },
	{ "changed_data_are_passed_over", changed_data_are_passed_over },
	{ "changed_handshakes_end", changed_handshakes_end },
	{ "a_second_try_follows_a_timeout", a_second_try_follows_a_timeout },
	{ "what_an_earlier_try_has_left_is_passed_over",
	    what_an_earlier_try_has_left_is_passed_over },
	{ "a_narrow_way_is_found", a_narrow_way_is_found },
};

static int
setup(void **state)
{
	lossy_install();
	return dtls_ends_start(state);
}

static int
teardown(void **state)
{
	lossy_remove();
	return dtls_ends_stop(state);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) * LEN(trials)];
	char names[LEN(tests)][100];
	size_t n = 0;

	for (size_t i = 0; i < LEN(trials); i++) {
		for (size_t j = 0; j < LEN(rows); j++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s: %s",
			    trials[i].name, rows[j].name);
			tests[n] = (struct CMUnitTest){ .name = names[n],
				.test_func = trials[i].run,
				.initial_state = (void *)&rows[j] };
		}
	}
	return cmocka_run_group_tests_name("sock/dtls_loss", tests, setup,
	    teardown);
}
