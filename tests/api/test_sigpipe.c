/*
 * SIGPIPE is never raised: each way of sending, on each kind of socket, to a
 * peer that is gone, in a program of its own in which the signal would be
 * fatal.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/posix.h"
#include "base/limits.h"
#include "support/loop.h"
#include "support/quirks.h"

/* How often something is sent: the first may only bring the reset about. */
#define TRIES 5

static int sock;
static char buf[4096];

/* The ways. */
static ssize_t
by_send(void)
{
	return zsock_send(sock, "x", 1, 0);
}

static ssize_t
by_send_of_nothing(void)
{
	return zsock_send(sock, "", 0, 0);
}

static ssize_t
by_sendto(void)
{
	const union quirks_addr a = quirks_loopback(NET_AF_INET, 9);

	return zsock_sendto(sock, "x", 1, ZSOCK_MSG_DONTWAIT, &a.any,
	    sizeof(a.in));
}

static ssize_t
by_sendmsg(void)
{
	struct net_iovec iov[] = { { buf, 4 }, { buf + 4, 4 } };
	const struct net_msghdr m = { .msg_iov = iov, .msg_iovlen = LEN(iov) };

	return zsock_sendmsg(sock, &m, 0);
}

static ssize_t
by_send_all(void)
{
	const int rc = zsock_send_all_ms(sock, buf, sizeof(buf), 0, 100, NULL);

	return rc < 0 ? -1 : 0;
}

static ssize_t
by_sendmsg_all(void)
{
	struct net_iovec iov[] = { { buf, 4 }, { buf + 4, 4 } };
	const struct net_msghdr m = { .msg_iov = iov, .msg_iovlen = LEN(iov) };
	const int rc = zsock_sendmsg_all_ms(sock, &m, 0, 100, NULL);

	return rc < 0 ? -1 : 0;
}

static ssize_t
by_posix_send(void)
{
	return zsock_posix_send(sock, "x", 1, 0);
}

static ssize_t
by_posix_write(void)
{
	return zsock_posix_write(sock, "x", 1);
}

/* The peers. */
static void
reset_stream(void)
{
	const struct linger hard = { .l_onoff = 1 };
	union quirks_addr a;
	const int listener = quirks_listener(&a);
	const int kfd = loop_connect_raw(AF_INET, net_ntohs(a.in.sin_port));

	sock = quirks_keep(zsock_accept(listener, NULL, NULL));
	assert_int_equal(setsockopt(kfd, SOL_SOCKET, SO_LINGER, &hard,
	                     sizeof(hard)),
	    0);
	close(kfd);
	quirks_await(sock);
}

static void
closed_stream(void)
{
	const struct quirks_link l = quirks_link();

	sock = l.client;
	quirks_close(l.server);
	quirks_await(sock);
}

static void
unconnected_stream(void)
{
	sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
}

static void
listening_stream(void)
{
	union quirks_addr a;

	sock = quirks_listener(&a);
}

static void
refused_stream(void)
{
	union quirks_addr a;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", 10),
	    0);
	(void)quirks_bound(NET_SOCK_STREAM, &a);
	sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), -1);
}

/* Only the linux profile has this. */
static void
shut_stream(void)
{
	const struct quirks_link l = quirks_link();

	sock = l.client;
	(void)zsock_shutdown(sock, ZSOCK_SHUT_WR);
	quirks_close(l.server);
}

static void
shut_dgram(void)
{
	union quirks_addr a;

	sock = quirks_bound(NET_SOCK_DGRAM, &a);
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	(void)zsock_shutdown(sock, ZSOCK_SHUT_WR);
}

static void
closed_pair(void)
{
	int sv[2];

	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	sock = quirks_keep(sv[0]);
	assert_int_equal(zsock_close(sv[1]), 0);
}

/* A proxy that hangs up as soon as it is spoken to. */
static void *
hang_up(void *arg)
{
	const int listener = *(int *)arg;
	const struct linger hard = { .l_onoff = 1 };
	const int kfd = accept(listener, NULL, NULL);

	(void)setsockopt(kfd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(kfd);
	close(listener);
	return NULL;
}

static void
stream_with_a_proxy(void)
{
	uint16_t port;
	int listener = loop_listen_raw(AF_INET, &port);
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);
	const pthread_t thread = loop_start(hang_up, &listener);

	sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_SOCKS5, &a, sizeof(a.in)),
	    0);
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), -1);
	(void)loop_join(thread);
}

static int
tls(int tag)
{
	const int s = quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));

	assert_int_equal(zsock_setsockopt(s, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_SEC_TAG_LIST, &tag, sizeof(tag)),
	    0);
	assert_int_equal(zsock_setsockopt(s, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
	                     NULL, 0),
	    0);
	return s;
}

/* The server's end is reset: it has data that it has not read. */
static void
reset_tls(void)
{
	const struct linger hard = { .l_onoff = 1 };
	uint16_t port;
	int listener = quirks_keep(loop_listen_tls(AF_INET, NET_IPPROTO_TLS_1_2,
	    LOOP_SERVER_TAG, &port));
	const union quirks_addr a = quirks_loopback(NET_AF_INET, port);
	const pthread_t thread = loop_start(loop_accept_one, &listener);
	int server;

	sock = tls(LOOP_CA_TAG);
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), 0);
	server = (int)(intptr_t)loop_join(thread);
	assert_true(server >= 0);
	/* The profile zephyr-3.3 ignores it, and closes in peace. */
	assert_int_equal(zsock_setsockopt(server, ZSOCK_SOL_SOCKET,
	                     ZSOCK_SO_LINGER, &hard, sizeof(hard)),
	    0);
	assert_int_equal(zsock_close(server), 0);
	quirks_await(sock);
}

/* A client that is gone when the server's flight is on its way. */
static void
tls_without_a_client(void)
{
	static const unsigned char hello[] = { 0x16, 0x03, 0x01, 0x40, 0x00 };
	const struct linger hard = { .l_onoff = 1 };
	uint16_t port;
	int kfd, child;

	sock = quirks_keep(loop_listen_tls(AF_INET, NET_IPPROTO_TLS_1_2,
	    LOOP_SERVER_TAG, &port));
	kfd = loop_connect_raw(AF_INET, port);
	assert_int_equal(send(kfd, hello, sizeof(hello), 0), sizeof(hello));
	assert_int_equal(setsockopt(kfd, SOL_SOCKET, SO_LINGER, &hard,
	                     sizeof(hard)),
	    0);
	close(kfd);
	child = zsock_accept(sock, NULL, NULL);
	/* In the profile linux the handshake is left to the next call. */
	if (child >= 0)
		assert_int_equal(zsock_send(quirks_keep(child), "x", 1, 0), -1);
}

static void
unconnected_tls(void)
{
	sock = tls(LOOP_CA_TAG);
}

static const struct way {
	const char *name;
	ssize_t (*send)(void);
} ways[] = {
	{ "send", by_send },
	{ "send_of_nothing", by_send_of_nothing },
	{ "sendto", by_sendto },
	{ "sendmsg", by_sendmsg },
	{ "send_all", by_send_all },
	{ "sendmsg_all", by_sendmsg_all },
	{ "posix_send", by_posix_send },
	{ "posix_write", by_posix_write },
};

static const struct kind {
	const char *name;
	void (*open)(void);
} kinds[] = {
	{ "reset_stream", reset_stream },
	{ "closed_stream", closed_stream },
	{ "unconnected_stream", unconnected_stream },
	{ "listening_stream", listening_stream },
	{ "refused_stream", refused_stream },
	{ "shut_stream", shut_stream },
	{ "shut_dgram", shut_dgram },
	{ "closed_pair", closed_pair },
	{ "stream_with_a_proxy", stream_with_a_proxy },
	{ "reset_tls", reset_tls },
	{ "tls_without_a_client", tls_without_a_client },
	{ "unconnected_tls", unconnected_tls },
};

/* Which kind, and in which profile: one program. */
static int kind_of_child;

/* Each way, on a socket of its own; receiving and closing may send as well. */
static void
every_way_of_sending(void **state)
{
	const struct kind *k = &kinds[kind_of_child];

	(void)state;
	for (size_t i = 0; i < LEN(ways); i++) {
		ssize_t n = 0;

		k->open();
		for (int try = 0; try < TRIES; try++)
			n = ways[i].send();
		/* Nobody is there: at last it is an error. */
		if (n != -1 && k->open != shut_stream &&
		    k->open != shut_dgram && ways[i].send != by_send_of_nothing)
			fail_msg("%s: %zd", ways[i].name, n);
		(void)zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT);
		quirks_close(sock);
	}
}

static int
child(const char *kind, const char *profile)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    every_way_of_sending) };
	struct pki pki;
	int rc;

	kind_of_child = atoi(kind);
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	if (quirks_begin() == -1)
		return 99;
	profile_set((enum profile)atoi(profile));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	quirks_end();
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return rc;
}

struct cell {
	int kind, profile;
};

static void
no_sigpipe(void **state)
{
	const struct cell *c = *state;
	char kind[16], profile[16];
	int status;
	pid_t pid;

	snprintf(kind, sizeof(kind), "%d", c->kind);
	snprintf(profile, sizeof(profile), "%d", c->profile);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		execl("/proc/self/exe", "test_sigpipe", kind, profile, NULL);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		fail_msg("%s", strsignal(WTERMSIG(status)));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[LEN(kinds) * PROFILE_COUNT];
	struct cell cells[LEN(tests)];
	char names[LEN(tests)][64];

	if (argc == 3)
		return child(argv[1], argv[2]);
	for (size_t i = 0; i < LEN(tests); i++) {
		cells[i] = (struct cell){ (int)(i / PROFILE_COUNT),
			(int)(i % PROFILE_COUNT) };
		snprintf(names[i], sizeof(names[i]), "%s_%s",
		    kinds[cells[i].kind].name,
		    profile_name((enum profile)cells[i].profile));
		tests[i] = (struct CMUnitTest){ .name = names[i],
			.test_func = no_sigpipe,
			.initial_state = &cells[i] };
	}
	return cmocka_run_group_tests_name("api/sigpipe", tests, NULL, NULL);
}
