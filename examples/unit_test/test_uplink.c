/*
 * What the module does with servers that are good, bad, slow and gone.  The
 * credentials are those that zsock-cred generate makes, in the directory that
 * is the program's argument.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <zephyr/kernel.h>
#include <zsock/credentials.h>

#include "peer.h"
#include "uplink.h"

/* As zsock-cred generate numbers them. */
#define CA_TAG 1
#define SERVER_TAG 2

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *pki; /* the directory */

/* The mock kernel does not sleep; it writes down for how long it should. */
static struct {
	int32_t ms[8];
	size_t n;
} slept;

int32_t
k_msleep(int32_t ms)
{
	if (slept.n < COUNT(slept.ms))
		slept.ms[slept.n] = ms;
	slept.n++;
	return 0;
}

/* Puts the credentials of a bundle in the place of those that are there. */
static void
use_credentials(const char *bundle)
{
	struct zsock_cred_error error;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", pki, bundle);
	if (zsock_cred_load_file(path, ZSOCK_CRED_REPLACE, &error) != 0)
		fail_msg("%s", error.text);
}

static int
set_up(void **state)
{
	(void)state;
	slept.n = 0;
	use_credentials("both.zcred");
	return 0;
}

static struct uplink_server
server_at(uint16_t port)
{
	struct uplink_server server = {
		.name = "localhost",
		.addr = { .sin_family = AF_INET, .sin_port = htons(port) },
		.ca_tag = CA_TAG,
		.timeout_ms = 10000,
	};

	zsock_inet_pton(AF_INET, "127.0.0.1", &server.addr.sin_addr);
	return server;
}

/* What uplink_send answers if the server does steps. */
static int
send_to(struct peer *peer, const struct peer_step *steps, size_t n,
    int timeout_ms)
{
	struct uplink_server server =
	    server_at(peer_start(peer, SERVER_TAG, steps, n));
	int rc;

	server.timeout_ms = timeout_ms;
	rc = uplink_send(&server, "21.5");
	peer_stop(peer);
	return rc;
}

static void
a_reading_is_stored(void **state)
{
	const struct peer_step steps[] = { { .answer = "stored\n" } };
	struct peer peer;

	(void)state;
	assert_int_equal(send_to(&peer, steps, COUNT(steps), 10000), 0);
	assert_string_equal(peer.last, "21.5");
	assert_int_equal(peer.handshakes, 1);
	assert_int_equal(slept.n, 0);
}

/* Runs once for each bundle, with its name as the state. */
static void
a_wrong_server_is_refused_and_told_nothing(void **state)
{
	const struct peer_step steps[UPLINK_TRIES] = { 0 };
	struct peer peer;

	use_credentials(*state);
	assert_int_equal(send_to(&peer, steps, COUNT(steps), 10000),
	    -ECONNABORTED);
	assert_int_equal(peer.handshakes, 0);
	assert_string_equal(peer.last, "");
	assert_int_equal(slept.n, 0); /* so there was no other try */
}

static void
an_answer_that_breaks_off_is_followed_by_another_try(void **state)
{
	const struct peer_step steps[] = { { .answer = "sto" },
		{ .answer = "stored\n" } };
	struct peer peer;

	(void)state;
	assert_int_equal(send_to(&peer, steps, COUNT(steps), 10000), 0);
	assert_int_equal(peer.handshakes, 2);
	assert_int_equal(slept.n, 1);
	assert_int_equal(slept.ms[0], 1000);
}

static void
a_server_that_goes_away_each_time_is_given_up(void **state)
{
	const struct peer_step steps[] = { { .answer = "stored" },
		{ .answer = NULL }, { .answer = "s" } };
	struct peer peer;

	(void)state;
	assert_int_equal(send_to(&peer, steps, COUNT(steps), 10000),
	    -ECONNRESET);
	assert_int_equal(peer.handshakes, UPLINK_TRIES);
}

static void
another_answer_is_an_error(void **state)
{
	const struct peer_step steps[] = { { .answer = "busy\n" },
		{ .answer = "an answer that is longer than all of them\n" },
		{ .answer = "stored \n" } };
	struct peer peer;

	(void)state;
	assert_int_equal(send_to(&peer, steps, COUNT(steps), 10000), -EBADMSG);
	assert_int_equal(peer.handshakes, UPLINK_TRIES);
}

static void
a_server_that_stalls_is_given_up(void **state)
{
	const struct peer_step steps[] = { { .stall = true },
		{ .answer = "stor", .stall = true }, { .stall = true } };
	struct peer peer;

	(void)state;
	/*
	 * The only time that passes is the module's own limit.  How far the
	 * server came with the last handshake by then is a matter of luck: the
	 * client's part of it is over first.
	 */
	assert_int_equal(send_to(&peer, steps, COUNT(steps), 20), -EAGAIN);
	assert_int_equal(slept.n, UPLINK_TRIES - 1);
}

/* A socket that has a port, and does not listen. */
static int
nobody(struct uplink_server *server)
{
	const int sock = zsock_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	socklen_t len = sizeof(server->addr);

	*server = server_at(0);
	assert_int_equal(zsock_bind(sock, (struct sockaddr *)&server->addr,
	                     len),
	    0);
	assert_int_equal(zsock_getsockname(sock,
	                     (struct sockaddr *)&server->addr, &len),
	    0);
	return sock;
}

static void
each_wait_is_twice_the_last_one(void **state)
{
	struct uplink_server server;
	const int sock = nobody(&server);

	(void)state;
	/* Which is what a device says of a refused connection. */
	assert_int_equal(uplink_send(&server, "21.5"), -ETIMEDOUT);
	assert_int_equal(slept.n, UPLINK_TRIES - 1);
	assert_int_equal(slept.ms[0], UPLINK_FIRST_WAIT_MS);
	assert_int_equal(slept.ms[1], 2 * UPLINK_FIRST_WAIT_MS);
	zsock_close(sock);
}

/* A server whose certificate is wrong in one way; zsock-cred makes more. */
#define REFUSED(case) \
	{ \
		.name = "a_wrong_server_is_refused: " case, \
		.test_func = a_wrong_server_is_refused_and_told_nothing, \
		.setup_func = set_up, .initial_state = "bad/" case ".zcred" \
	}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_reading_is_stored, set_up),
		REFUSED("server-wrong-host"),
		REFUSED("server-expired"),
		REFUSED("server-other-ca"),
		cmocka_unit_test_setup(
		    an_answer_that_breaks_off_is_followed_by_another_try,
		    set_up),
		cmocka_unit_test_setup(
		    a_server_that_goes_away_each_time_is_given_up, set_up),
		cmocka_unit_test_setup(another_answer_is_an_error, set_up),
		cmocka_unit_test_setup(a_server_that_stalls_is_given_up,
		    set_up),
		cmocka_unit_test_setup(each_wait_is_twice_the_last_one, set_up),
	};

	if (argc != 2) {
		fprintf(stderr,
		    "usage: test_uplink DIRECTORY\n"
		    "zsock-cred generate makes the directory.\n");
		return 2;
	}
	pki = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
