/*
 * Sends back what it receives: plain TCP, several clients, one poll loop.  It
 * uses the POSIX names that CONFIG_NET_SOCKETS_POSIX_NAMES gives to firmware.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "support.h"

#define CLIENTS 8
#define LISTENER CLIENTS /* its place in the poll set */

/* What a client sent and has not got back yet. */
struct pending {
	char bytes[2048];
	size_t len;
};

static struct pollfd fds[CLIENTS + 1];
static struct pending pending[CLIENTS];

static const char usage[] =
    "usage: echo_server PORT\n"
    "       echo_server -h | --help\n"
    "\n"
    "Sends back what it receives on 127.0.0.1, for up to 8 clients at once,\n"
    "until it is killed.  The first line of its output is \"listening on\n"
    "PORT\"; with PORT 0 the system chooses the port and that line tells it.\n";

static int
fail(const char *call)
{
	complain("%s: %s", call, errno_text(errno));
	return -1;
}

static int
open_listener(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	socklen_t len = sizeof(addr);
	int sock;

	inet_pton(AF_INET, "127.0.0.1", &addr.sin_addr);
	sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	if (sock < 0)
		return fail("socket");
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		complain("bind to 127.0.0.1 port %d: %s", port,
		    errno_text(errno));
		return -1;
	}
	if (listen(sock, CLIENTS) < 0)
		return fail("listen");
	if (getsockname(sock, (struct sockaddr *)&addr, &len) < 0)
		return fail("getsockname");
	printf("listening on %d\n", ntohs(addr.sin_port));
	return fflush(stdout) == 0 ? sock : -1;
}

/* A full house leaves further clients in the queue of the listener. */
static void
watch_listener(int listener)
{
	fds[LISTENER].fd = -1;
	for (int i = 0; i < CLIENTS; i++) {
		if (fds[i].fd < 0)
			fds[LISTENER].fd = listener;
	}
}

static void
welcome(int listener)
{
	const int sock = accept(listener, NULL, NULL);

	if (sock < 0) {
		fail("accept");
		return;
	}
	for (int i = 0; i < CLIENTS; i++) {
		if (fds[i].fd < 0) {
			fds[i] =
			    (struct pollfd){ .fd = sock, .events = POLLIN };
			pending[i].len = 0;
			return;
		}
	}
}

static void
drop(int i)
{
	close(fds[i].fd);
	fds[i].fd = -1;
}

/* Returns false once the client is gone. */
static bool
receive(int i)
{
	const ssize_t n = recv(fds[i].fd, pending[i].bytes,
	    sizeof(pending[i].bytes), MSG_DONTWAIT);

	if (n > 0)
		pending[i].len = (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool
send_back(int i)
{
	struct pending *p = &pending[i];
	const ssize_t n = send(fds[i].fd, p->bytes, p->len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	p->len -= (size_t)n;
	memmove(p->bytes, p->bytes + n, p->len);
	return true;
}

/* A client is listened to again when it has taken what it sent. */
static void
attend(int i)
{
	bool good = true;

	if (fds[i].fd < 0 || fds[i].revents == 0)
		return;
	if (pending[i].len == 0)
		good = receive(i);
	if (good && pending[i].len > 0)
		good = send_back(i);
	fds[i].events = pending[i].len > 0 ? POLLOUT : POLLIN;
	if (!good)
		drop(i);
}

static int
run(int listener)
{
	for (;;) {
		watch_listener(listener);
		if (poll(fds, CLIENTS + 1, -1) < 0) {
			fail("poll");
			return 1;
		}
		for (int i = 0; i < CLIENTS; i++)
			attend(i);
		if (fds[LISTENER].fd >= 0 && fds[LISTENER].revents != 0)
			welcome(listener);
	}
}

int
main(int argc, char **argv)
{
	int listener, port;

	program = "echo_server";
	if (wants_help(argc, argv))
		return fputs(usage, stdout) == EOF;
	if (argc != 2)
		complain("one PORT is needed");
	if (argc != 2 || !parse_port(argv[1], 0, &port)) {
		fputs("echo_server --help tells more\n", stderr);
		return 2;
	}
	listener = open_listener(port);
	if (listener < 0)
		return 1;
	for (int i = 0; i <= CLIENTS; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	return run(listener);
}
