#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "support/loop_pki.h"
#include "support/memory.h"

static void
connect_and_close(void)
{
	struct loop_pair p;
	char byte;

	loop_pair_open(&p, AF_INET, KINDS_TLS_1_2);
	loop_send_all(p.client, "x", 1);
	loop_recv_all(p.server, &byte, 1);
	loop_pair_close(&p);
}

/* Nobody listens any more. */
static void
fail_to_connect(void)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");

	assert_int_equal(shutdown(listener, SHUT_RD), 0);
	assert_true(loop_connect(sock, AF_INET, port) < 0);
	assert_int_equal(call_close(sock), 0);
	close(listener);
}

/* Closed while its peer has not said a word of its handshake. */
static void
leave_mid_handshake(void)
{
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	const int kfd = loop_connect_raw(AF_INET, port);

	assert_int_equal(send(kfd, "\x16\x03\x01", 3, 0), 3);
	close(kfd);
	assert_int_equal(call_accept(listener, NULL, NULL), -ECONNABORTED);
	assert_int_equal(call_close(listener), 0);
}

static const struct life {
	const char *name;
	void (*live)(void);
	int times;
} lives[] = {
	{ "a_thousand_connections_leave_nothing", connect_and_close, 1000 },
	{ "connects_that_fail_leave_nothing", fail_to_connect, 100 },
	{ "clients_that_leave_in_the_handshake_leave_nothing",
	    leave_mid_handshake, 1000 },
};

/* After the first few, which fill the caches, to the block and descriptor. */
static void
leaves_nothing(void **state)
{
	const struct life *l = *state;
	int descriptors;
	long before;

	for (int i = 0; i < 20; i++)
		l->live();
	descriptors = loop_count_descriptors();
	before = memory_blocks();
	for (int i = 0; i < l->times; i++)
		l->live();
	if (memory_counted)
		assert_int_equal(memory_blocks(), before);
	assert_int_equal(loop_count_descriptors(), descriptors);
}

/* What a program does that finds nothing to do on a connection. */
static void
look_by_poll(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	assert_int_equal(poll_sockets(&p, 1, 1, false), 0);
}

static void
look_by_recv(int sock)
{
	char byte;

	for (int i = 0; i < 2; i++)
		assert_int_equal(call_recvfrom(sock, &byte, 1, MSG_DONTWAIT,
		                     NULL, NULL),
		    -EAGAIN);
}

static void
look_away(int sock)
{
	(void)sock;
}

static const struct timeval a_moment = { .tv_usec = 1000 };

static void
wait_in_recv(int sock)
{
	char byte;

	assert_int_equal(call_setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO,
	                     &a_moment, sizeof(a_moment)),
	    0);
	assert_int_equal(call_recvfrom(sock, &byte, 1, 0, NULL, NULL), -EAGAIN);
}

static const struct idle {
	const char *name;
	void (*look)(int sock); /* NULL: nobody does, after the handshake */
} idles[] = {
	{ "after_the_handshake_a_connection_takes_little", NULL },
	{ "after_an_exchange_a_connection_takes_little", look_away },
	{ "a_polled_connection_takes_little", look_by_poll },
	{ "a_connection_without_data_takes_little", look_by_recv },
	{ "a_connection_that_is_waited_for_takes_little", wait_in_recv },
};

#define IDLE_PAIRS 20
#define LITTLE (56 * 1024) /* bytes, of both ends; two rings alone are more */

static void
takes_little(void **state)
{
	const struct idle *c = *state;
	struct loop_pair pairs[IDLE_PAIRS];
	long before;

	connect_and_close();
	before = memory_bytes();
	for (size_t i = 0; i < IDLE_PAIRS; i++) {
		char byte = 'x';

		loop_pair_open(&pairs[i], AF_INET, KINDS_TLS_1_2);
		if (c->look == NULL)
			continue;
		loop_send_all(pairs[i].client, &byte, 1);
		loop_recv_all(pairs[i].server, &byte, 1);
		loop_send_all(pairs[i].server, &byte, 1);
		loop_recv_all(pairs[i].client, &byte, 1);
		c->look(pairs[i].client);
		c->look(pairs[i].server);
	}
	if (memory_counted)
		assert_in_range((memory_bytes() - before) / IDLE_PAIRS, 0,
		    LITTLE);
	for (size_t i = 0; i < IDLE_PAIRS; i++)
		loop_pair_close(&pairs[i]);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(lives) + LEN(idles)];

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(lives); i++)
		tests[i] = (struct CMUnitTest){ .name = lives[i].name,
			.test_func = leaves_nothing,
			.initial_state = (void *)&lives[i] };
	for (size_t i = 0; i < LEN(idles); i++)
		tests[LEN(lives) + i] =
		    (struct CMUnitTest){ .name = idles[i].name,
			    .test_func = takes_little,
			    .initial_state = (void *)&idles[i] };
	return cmocka_run_group_tests_name("sock/tls_memory", tests, loop_setup,
	    loop_teardown);
}
