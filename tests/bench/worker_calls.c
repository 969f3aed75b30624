/* Calls of descriptors that have nothing to do with the library. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/worker.h"

#define PROTO_TLS 258

static int pair[2], ends[2], tcp[2];
static char buf[64];

static void
open_tcp(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	const int listener = socket(AF_INET, SOCK_STREAM, 0);

	tcp[0] = socket(AF_INET, SOCK_STREAM, 0);
	worker_must(bind(listener, (struct sockaddr *)&addr, len) == 0 &&
	        listen(listener, 1) == 0 &&
	        getsockname(listener, (struct sockaddr *)&addr, &len) == 0 &&
	        connect(tcp[0], (struct sockaddr *)&addr, len) == 0,
	    "connect");
	tcp[1] = accept(listener, NULL, NULL);
	worker_must(tcp[1] >= 0, "accept");
	close(listener);
}

/* With a secure socket as well if size says so, which loads the core. */
static void
run_open(long size, long times)
{
	(void)times;
	worker_must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
	        pipe(ends) == 0,
	    "socketpair");
	open_tcp();
	if (size != 0)
		worker_must(socket(AF_INET, SOCK_STREAM, PROTO_TLS) >= 0,
		    "socket of TLS");
}

static void
move(const int fds[2], long times)
{
	const ssize_t n = sizeof(buf);

	for (long i = 0; i < times; i++) {
		worker_must(send(fds[0], buf, sizeof(buf), 0) == n, "send");
		worker_must(recv(fds[1], buf, sizeof(buf), 0) == n, "recv");
	}
}

static void
run_pair(long size, long times)
{
	(void)size;
	move(pair, times);
}

static void
run_tcp(long size, long times)
{
	(void)size;
	move(tcp, times);
}

static void
run_pipe(long size, long times)
{
	const ssize_t n = sizeof(buf);

	(void)size;
	for (long i = 0; i < times; i++) {
		worker_must(write(ends[1], buf, sizeof(buf)) == n, "write");
		worker_must(read(ends[0], buf, sizeof(buf)) == n, "read");
	}
}

static void
run_fcntl(long size, long times)
{
	(void)size;
	for (long i = 0; i < times; i++)
		worker_must(fcntl(pair[0], F_GETFD) >= 0, "fcntl");
}

static void
run_close(long size, long times)
{
	(void)size;
	for (long i = 0; i < times; i++)
		worker_must(close(dup(pair[0])) == 0, "close");
}

/* Calls that come to nothing behind the preload library: see shim_null.c. */
#define NULL_VERB(name, call) \
	static void run_null_##name(long size, long times) \
	{ \
		(void)size; \
		for (long i = 0; i < times; i++) \
			worker_must((call) >= 0, #name); \
	}
NULL_VERB(read, read(WORKER_NULL, buf, sizeof(buf)))
NULL_VERB(send, send(WORKER_NULL, buf, sizeof(buf), 0))
NULL_VERB(sendmsg, sendmsg(WORKER_NULL, &(struct msghdr){ 0 }, 0))
NULL_VERB(fcntl, fcntl(WORKER_NULL, F_GETFD))
NULL_VERB(setfd, fcntl(WORKER_NULL, F_SETFD, 0))
NULL_VERB(dup, dup(WORKER_NULL))
NULL_VERB(close, close(WORKER_NULL))

static const struct worker_verb verbs[] = {
	{ "open", run_open },
	{ "pair", run_pair },
	{ "tcp", run_tcp },
	{ "pipe", run_pipe },
	{ "fcntl", run_fcntl },
	{ "close", run_close },
	{ "null-read", run_null_read },
	{ "null-send", run_null_send },
	{ "null-sendmsg", run_null_sendmsg },
	{ "null-fcntl", run_null_fcntl },
	{ "null-setfd", run_null_setfd },
	{ "null-dup", run_null_dup },
	{ "null-close", run_null_close },
};

int
main(void)
{
	return worker_main(verbs, sizeof(verbs) / sizeof(verbs[0]));
}
