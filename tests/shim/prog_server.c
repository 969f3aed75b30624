/* Servers: the peer is the client, and LISTEN_PORT the port of a rule. */
#include "prog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The peer's, by mode speak, is the first word. */
static void
must_serve(int fd)
{
	char buf[300];

	recv_all(fd, buf, sizeof(buf));
	MUST(pattern_is(buf, 0, sizeof(buf)));
	must_echo(fd, "and back");
}

static void
blocking(void)
{
	int port;
	const int listener = listen_there(0, &port);
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd, value = 0;

	tell("mode speak");
	tell("dial %d", port);
	fd = accept(listener, (void *)&addr, &len);
	MUST(fd >= 0);
	MUST_BE(addr.ss_family, AF_INET);
	must_serve(fd);
	len = sizeof(value);
	MUST_BE(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &len),
	    0);
	MUST_BE(value, 1);
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"),
	    prog_plain() ? " bad=0 end=eof" : " notify=1 bad=0 end=eof"));
	MUST_BE(close(listener), 0);
}

/* A listener of a protocol number, without a rule. */
static void
by_number(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int listener = socket(AF_INET, SOCK_STREAM, 258), tag = 2;
	socklen_t len = sizeof(addr);
	int fd, value = 0;

	MUST(listener >= 0);
	MUST_BE(setsockopt(listener, 282, 1, &tag, sizeof(tag)), 0);
	MUST_BE(bind(listener, (void *)&addr, len), 0);
	MUST_BE(listen(listener, 1), 0);
	MUST_BE(getsockname(listener, (void *)&addr, &len), 0);
	tell("mode speak");
	tell("dial %d", ntohs(addr.sin_port));
	fd = accept(listener, NULL, NULL);
	MUST(fd >= 0);
	must_serve(fd);
	len = sizeof(value);
	MUST_BE(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &len), 0);
	MUST_BE(value, 258);
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " notify=1 bad=0 end=eof"));
}

/* A server that speaks first. */
static void
speaks_first(void)
{
	int port;
	const int listener = listen_there(0, &port);
	int fd;

	tell("dial %d", port);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	MUST(fd >= 0);
	MUST_BE(fcntl(fd, F_GETFD), FD_CLOEXEC);
	MUST_BE(send(fd, "!\"#", 3, 0), 3);
	tell("take");
	tell("read 3");
	MUST_BE(close(fd), 0);
}

/* A client that says nothing holds nobody up. */
static void
slow_client(void)
{
	int port;
	const int listener = listen_there(SOCK_NONBLOCK, &port);
	const long long began = now_ms();
	char buf[10], all[300];
	size_t got = 0;
	ssize_t n;
	int slow, fd;

	MUST_FAIL(accept(listener, NULL, NULL), EAGAIN);
	tell("mode speak");
	tell("dialtcp %d", port);
	tell("mode script");
	MUST_BE(polled(listener, POLLIN, 5000), POLLIN);
	slow = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	MUST(slow >= 0);
	MUST_FAIL(recv(slow, buf, sizeof(buf), 0), EAGAIN);
	MUST_BE(polled(slow, POLLIN, 0), 0);
	tell("dial %d", port);
	MUST_BE(polled(listener, POLLIN, 5000), POLLIN);
	fd = accept(listener, NULL, NULL);
	MUST(fd >= 0);
	MUST_BE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	MUST_FAIL(recv(slow, buf, sizeof(buf), 0), EAGAIN);
	MUST_BE(write(fd, "!", 1), 1);
	tell("on 1");
	tell("read 1");
	MUST(now_ms() - began < 2000);
	/* Now the slow one begins, too: its thread, and here a loop. */
	tell("on 0");
	tell("shake");
	for (int i = 0; i < 200; i++) {
		(void)polled(slow, POLLIN, 50);
		n = recv(slow, all + got, sizeof(all) - got, 0);
		MUST(n > 0 || (n < 0 && errno == EAGAIN));
		got += n > 0 ? (size_t)n : 0;
		if (got == sizeof(all))
			break;
	}
	MUST_BE(got, sizeof(all));
	MUST(pattern_is(all, 0, got));
	MUST_BE(close(slow), 0);
	MUST_BE(close(fd), 0);
}

/* P16: accept, fork, the parent closes, the child serves. */
static void
forking(void)
{
	int port;
	const int listener = listen_there(0, &port);

	tell("mode speak");
	for (int i = 0; i < 3; i++) {
		int fd, gone[2];
		pid_t child;
		char c;

		tell("dial %d", port);
		fd = accept(listener, NULL, NULL);
		MUST(fd >= 0);
		MUST_BE(pipe(gone), 0);
		child = fork();
		MUST(child >= 0);
		if (child == 0) {
			close(gone[1]);
			MUST_BE(close(listener), 0);
			MUST_BE(read(gone[0], &c, 1), 0);
			must_serve(fd);
			_exit(0);
		}
		MUST_BE(close(fd), 0);
		MUST_BE(close(gone[0]), 0);
		MUST_BE(close(gone[1]), 0);
		must_end_well(child);
		MUST(says(tell("end"), " in=8 "));
		MUST(says(tell("state"), " bad=0 "));
	}
}

/* Workers that accept from one listener. */
static void
workers(void)
{
	int port, done[2];
	const int listener = listen_there(0, &port);
	char c;

	MUST_BE(pipe(done), 0);
	for (int i = 0; i < 2; i++) {
		const pid_t child = fork();

		MUST(child >= 0);
		if (child > 0)
			continue;
		for (int k = 0; k < 3; k++) {
			const int fd = accept(listener, NULL, NULL);

			MUST(fd >= 0);
			must_serve(fd);
			MUST_BE(close(fd), 0);
			MUST_BE(write(done[1], "!", 1), 1);
		}
		_exit(0);
	}
	tell("mode speak");
	for (int i = 0; i < 6; i++) {
		tell("dial %d", port);
		MUST_BE(read(done[0], &c, 1), 1);
		MUST(says(tell("end"), " bad=0 "));
	}
	for (int i = 0; i < 2; i++) {
		int status;

		MUST(wait(&status) > 0);
		MUST_BE(status, 0);
	}
	/* And the parent can, too. */
	tell("dial %d", port);
	must_serve(accept(listener, NULL, NULL));
}

static const struct verb verbs[] = {
	{ "blocking", blocking },
	{ "by_number", by_number },
	{ "speaks_first", speaks_first },
	{ "slow_client", slow_client },
	{ "forking", forking },
	{ "workers", workers },
};

PROG_MAIN(verbs)
