/*
 * What strangers send to a server, from addresses that need not be theirs:
 * nothing is kept of it, and nobody gets more than was sent in his name.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/profile.h"
#include "sock/call.h"
#include "support/dtls_ends.h"
#include "support/memory.h"

#define FLOOD 10000
#define WARM 1000 /* after so many, what is kept once is there */
#define FAR_MS 20000

/* malloc's own rounding; one session has more. */
#define KEPT_MAX 4096

/* Where a ClientHello has its random: headers of record and message, version. */
#define RANDOM_AT (13 + 12 + 2)
#define NUMBER_AT 5
#define MESSAGE_AT 13
#define HELLO_VERIFY_REQUEST 3

struct datagram {
	uint8_t data[1500];
	size_t len;
};

static struct sockaddr_in addr;
static int server;
static struct datagram hello, returned; /* without a cookie, and with */
static unsigned seed;

static unsigned
next_random(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static void
take(int kfd, struct datagram *d, struct sockaddr_in *from)
{
	struct pollfd p = { .fd = kfd, .events = POLLIN };
	socklen_t len = sizeof(*from);
	ssize_t n;

	assert_int_equal(poll(&p, 1, FAR_MS), 1);
	n = recvfrom(kfd, d->data, sizeof(d->data), 0, (struct sockaddr *)from,
	    &len);
	assert_true(n > 0);
	d->len = (size_t)n;
}

static void
give(int kfd, const struct datagram *d, const struct sockaddr_in *to)
{
	assert_int_equal(sendto(kfd, d->data, d->len, 0,
	                     (const struct sockaddr *)to, sizeof(*to)),
	    d->len);
}

/* A client's two, which somebody in the middle has seen. */
static void
overhear(void)
{
	struct sockaddr_in between, from, client;
	const int kfd = dtls_ends_raw(&between);
	const int sock = dtls_ends_client(true);
	struct datagram verify;

	dtls_ends_nonblock(sock);
	assert_int_equal(dtls_ends_connect(sock, &between), -EINPROGRESS);
	take(kfd, &hello, &client);
	give(kfd, &hello, &addr);
	assert_int_equal(dtls_ends_poll(server, POLLIN, 0), 0);
	take(kfd, &verify, &from);
	give(kfd, &verify, &client);
	assert_int_equal(dtls_ends_poll(sock, POLLIN, 0), 0);
	take(kfd, &returned, &client);
	assert_int_equal(call_close(sock), 0);
	close(kfd);
}

static int
setup(void **state)
{
	const int rc = dtls_ends_start(state);

	profile_set(PROFILE_LINUX);
	server = dtls_ends_server(&addr);
	overhear();
	return rc;
}

static int
teardown(void **state)
{
	assert_int_equal(call_close(server), 0);
	return dtls_ends_stop(state);
}

/* Each of them is another client's. */
static void
renew(struct datagram *d)
{
	const unsigned n = next_random();

	memcpy(d->data + RANDOM_AT, &n, sizeof(n));
}

static void
without_a_cookie(struct datagram *d)
{
	*d = hello;
	renew(d);
}

static void
with_anothers_cookie(struct datagram *d)
{
	*d = returned;
	renew(d);
}

static void
truncated(struct datagram *d)
{
	*d = next_random() % 2 == 0 ? hello : returned;
	d->len = 1 + next_random() % (d->len - 1);
}

/* The header's length is right again, so the record is whole. */
static void
short_but_whole(struct datagram *d)
{
	truncated(d);
	if (d->len <= MESSAGE_AT)
		return;
	d->data[11] = (uint8_t)((d->len - MESSAGE_AT) >> 8);
	d->data[12] = (uint8_t)(d->len - MESSAGE_AT);
}

static void
changed(struct datagram *d)
{
	*d = next_random() % 2 == 0 ? hello : returned;
	for (unsigned i = 0; i < 3; i++)
		d->data[next_random() % d->len] ^= (uint8_t)next_random();
}

static void
garbage(struct datagram *d)
{
	d->len = 1 + next_random() % 400;
	for (size_t i = 0; i < d->len; i++)
		d->data[i] = (uint8_t)next_random();
}

/* Of a kind that is for sessions. */
static void
like_a_record(struct datagram *d)
{
	garbage(d);
	d->len = d->len < 40 ? 40 : d->len;
	d->data[0] = (uint8_t)(20 + next_random() % 5);
	d->data[1] = 254;
	d->data[2] = 253;
	d->data[11] = (uint8_t)((d->len - MESSAGE_AT) >> 8);
	d->data[12] = (uint8_t)(d->len - MESSAGE_AT);
}

/* Whoever keeps a window takes what comes later for a replay. */
static void
of_a_high_number(struct datagram *d)
{
	changed(d);
	memset(d->data + NUMBER_AT, 0xff, 5);
	d->data[NUMBER_AT] = 0x7f;
}

static const struct kind {
	const char *name;
	void (*make)(struct datagram *d);
	bool answered; /* by one HelloVerifyRequest, or else by that or none */
} kinds[] = {
	{ "client_hellos_without_a_cookie", without_a_cookie, true },
	{ "client_hellos_with_anothers_cookie", with_anothers_cookie, true },
	{ "truncated_client_hellos", truncated, false },
	{ "short_client_hellos_in_whole_records", short_but_whole, false },
	{ "changed_client_hellos", changed, false },
	{ "garbage", garbage, false },
	{ "records_of_no_session", like_a_record, false },
	{ "client_hellos_of_a_high_number", of_a_high_number, false },
};

/* Bound to one of the many addresses of this host. */
static int
stranger(unsigned i)
{
	const struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i * 257) };
	const int kfd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(kfd >= 0);
	assert_int_equal(bind(kfd, (const struct sockaddr *)&own, sizeof(own)),
	    0);
	return kfd;
}

/* How many bytes of an answer the stranger gets: never more than it sent. */
static size_t
attack(const struct kind *k, unsigned i)
{
	const int kfd = stranger(i);
	struct datagram d, answer;
	ssize_t n;

	k->make(&d);
	give(kfd, &d, &addr);
	assert_int_equal(dtls_ends_poll(server, POLLIN, 0), 0);
	n = recv(kfd, answer.data, sizeof(answer.data), MSG_DONTWAIT);
	if (n > 0) {
		assert_in_range(n, 1, d.len);
		assert_int_equal(answer.data[MESSAGE_AT], HELLO_VERIFY_REQUEST);
		assert_int_equal(recv(kfd, answer.data, 1, MSG_DONTWAIT), -1);
	}
	close(kfd);
	return n > 0 ? (size_t)n : 0;
}

static int
join(bool psk)
{
	const int sock = dtls_ends_client(psk);

	dtls_ends_nonblock(sock);
	assert_int_equal(dtls_ends_connect(sock, &addr), -EINPROGRESS);
	for (int i = 0; i < 20; i++) {
		(void)attack(&kinds[(size_t)i % LEN(kinds)], (unsigned)i);
		if (dtls_ends_poll(sock, POLLOUT, 0) == POLLOUT)
			break;
	}
	assert_int_equal(dtls_ends_poll(sock, POLLOUT, 0), POLLOUT);
	assert_int_equal(dtls_ends_poll(server, POLLIN, 0), 0);
	return sock;
}

/* Both ways. */
static void
talk(int sock)
{
	struct sockaddr_in from;
	char buf[8];

	assert_int_equal(dtls_ends_send(sock, "ping", 4), 4);
	assert_int_equal(dtls_ends_recvfrom(server, buf, sizeof(buf),
	                     MSG_DONTWAIT, &from),
	    4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(call_sendto(server, "pong!", 5, 0,
	                     (struct sockaddr *)&from, sizeof(from)),
	    5);
	assert_int_equal(dtls_ends_recv(sock, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "pong!", 5);
}

static void
leave(int sock)
{
	assert_int_equal(call_close(sock), 0);
	/* Their going is news of the server's. */
	assert_int_equal(dtls_ends_poll(server, POLLIN, 0), POLLHUP);
}

static void
leave_no_trace(void **state)
{
	const struct kind *k = *state;
	const int client = join(true);
	long before = 0;

	seed = 1;
	for (unsigned i = 0; i < FLOOD; i++) {
		if (attack(k, i) == 0)
			assert_false(k->answered);
		if (i % 100 == 0)
			talk(client);
		if (i % WARM == 0) {
			const int other = join(i % (2 * WARM) == 0);

			assert_int_equal(dtls_ends_sessions(server), 2);
			talk(other);
			leave(other);
			talk(client);
		}
		assert_int_equal(dtls_ends_sessions(server), 1);
		if (i == WARM + 1)
			before = memory_bytes();
	}
	assert_in_range(memory_bytes(), 0, before + KEPT_MAX);
	leave(client);
	leave(join(true));
	assert_int_equal(dtls_ends_sessions(server), 0);
}

/* Whatever is left of it: no answer, or one that is no larger. */
static void
no_part_of_a_hello_is_answered_with_more(void **state)
{
	const struct datagram whole[] = { hello, returned };

	(void)state;
	for (size_t w = 0; w < LEN(whole); w++) {
		for (size_t n = 1; n < whole[w].len; n++) {
			const int kfd = stranger((unsigned)n);
			struct datagram d = whole[w];
			ssize_t got;

			d.len = n;
			if (n > MESSAGE_AT) {
				d.data[11] = (uint8_t)((n - MESSAGE_AT) >> 8);
				d.data[12] = (uint8_t)(n - MESSAGE_AT);
			}
			give(kfd, &d, &addr);
			assert_int_equal(dtls_ends_poll(server, POLLIN, 0), 0);
			got = recv(kfd, d.data, sizeof(d.data), MSG_DONTWAIT);
			assert_true(got <= (ssize_t)n);
			close(kfd);
		}
	}
	assert_int_equal(dtls_ends_sessions(server), 0);
}

/* Who can write a client's address on a datagram does it no harm. */
static void
a_hello_in_a_clients_name_ends_nothing(void **state)
{
	const int client = join(true);
	struct datagram d;

	(void)state;
	for (size_t i = 0; i < LEN(kinds) * 100; i++) {
		kinds[i % LEN(kinds)].make(&d);
		assert_int_equal(send(loop_kfd(client), d.data, d.len, 0),
		    d.len);
		assert_int_equal(dtls_ends_poll(server, POLLIN, 0), 0);
		assert_int_equal(dtls_ends_sessions(server), 1);
		if (i % LEN(kinds) == 0)
			talk(client);
	}
	talk(client);
	leave(client);
}

/* Nor while it is at its handshake. */
static void
a_hello_in_a_clients_name_hinders_no_handshake(void **state)
{
	struct datagram d;

	(void)state;
	for (size_t i = 0; i < LEN(kinds) * 20; i++) {
		const int client = dtls_ends_client(true);

		dtls_ends_nonblock(client);
		dtls_ends_timeouts(client, 20, 640);
		assert_int_equal(dtls_ends_connect(client, &addr),
		    -EINPROGRESS);
		for (int step = 0; step < 8; step++) {
			kinds[i % LEN(kinds)].make(&d);
			assert_int_equal(send(loop_kfd(client), d.data, d.len,
			                     0),
			    d.len);
			(void)dtls_ends_poll(server, POLLIN, 0);
			(void)dtls_ends_poll(client, POLLIN, 0);
		}
		assert_true(dtls_ends_finish(client, server));
		talk(client);
		leave(client);
	}
}

/*
 * More datagrams without data than a call takes in before it looks at the time:
 * the one behind them is there all the same.
 */
static void
data_behind_garbage_are_not_lost(void **state)
{
	const int client = join(true);
	const int kfd = stranger(1);
	struct sockaddr_in from;
	struct datagram d;
	ssize_t n;
	char buf[8];

	(void)state;
	for (int before = 60; before < 70; before++) {
		for (int i = 0; i < before; i++) {
			garbage(&d);
			give(kfd, &d, &addr);
		}
		assert_int_equal(dtls_ends_send(client, "data", 4), 4);
		do {
			n = dtls_ends_recvfrom(server, buf, sizeof(buf),
			    MSG_DONTWAIT, &from);
		} while (n == -EAGAIN &&
		    poll(&(struct pollfd){ loop_kfd(server), POLLIN, 0 }, 1,
		        0) == 1);
		assert_int_equal(n, 4);
		assert_memory_equal(buf, "data", 4);
	}
	close(kfd);
	leave(client);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(kinds) + 4] = {
		cmocka_unit_test(no_part_of_a_hello_is_answered_with_more),
		cmocka_unit_test(a_hello_in_a_clients_name_ends_nothing),
		cmocka_unit_test(
		    a_hello_in_a_clients_name_hinders_no_handshake),
		cmocka_unit_test(data_behind_garbage_are_not_lost),
	};

	for (size_t i = 0; i < LEN(kinds); i++)
		tests[4 + i] = (struct CMUnitTest){ .name = kinds[i].name,
			.test_func = leave_no_trace,
			.initial_state = (void *)&kinds[i] };
	return cmocka_run_group_tests_name("sock/dtls_flood", tests, setup,
	    teardown);
}
