/*
 * A client, built twice: as a program of libc's sockets, and with the library's
 * under the same names.
 */
#ifdef WORKER_LINKED
#include <zephyr/net/socket.h>
#define PROTO NET_IPPROTO_TLS_1_2
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#define PROTO 0 /* a rule makes it secure */
#endif
#include <netinet/tcp.h>

#include "bench/worker.h"

static int fd;
static char buf[65536];

static void
run_open(long port, long times)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int on = 1;

	(void)times;
	fd = socket(AF_INET, SOCK_STREAM, PROTO);
	worker_must(fd >= 0, "socket");
#ifdef WORKER_LINKED
	worker_must(setsockopt(fd, SOL_TLS, TLS_SEC_TAG_LIST,
	                &(sec_tag_t){ WORKER_CA_TAG },
	                sizeof(sec_tag_t)) == 0 &&
	        setsockopt(fd, SOL_TLS, TLS_HOSTNAME, NULL, 0) == 0,
	    "setsockopt");
#endif
	worker_must(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) ==
	        0,
	    "connect");
	worker_must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ==
	        0,
	    "TCP_NODELAY");
}

static void
put(const void *data, size_t n)
{
	worker_must(send(fd, data, n, 0) == (ssize_t)n, "send");
}

static void
ask(enum worker_op op, long size, long times)
{
	const struct worker_request request = { .op = (int)op,
		.size = (int)size,
		.times = (int)times };

	put(&request, sizeof(request));
}

/* By reads of size bytes, so many as that takes. */
static void
take(long size, long total)
{
	ssize_t n;

	while (total > 0) {
		n = recv(fd, buf, (size_t)(size < total ? size : total), 0);
		worker_must(n > 0, "recv");
		total -= n;
	}
}

static void
run_recv(long size, long times)
{
	ask(WORKER_GIVE, size, times);
	take(size, size * times);
}

static void
run_send(long size, long times)
{
	ask(WORKER_TAKE, size, times);
	for (long i = 0; i < times; i++)
		put(buf, (size_t)size);
	take(1, 1);
}

static void
run_ping(long size, long times)
{
	ask(WORKER_ECHO, size, times);
	for (long i = 0; i < times; i++) {
		put(buf, (size_t)size);
		take(size, size);
	}
}

/* Nothing, to tell that it has started. */
static void
run_idle(long size, long times)
{
	(void)size;
	(void)times;
}

static const struct worker_verb verbs[] = {
	{ "open", run_open },
	{ "recv", run_recv },
	{ "send", run_send },
	{ "ping", run_ping },
	{ "idle", run_idle },
};

int
main(void)
{
	return worker_main(verbs, sizeof(verbs) / sizeof(verbs[0]));
}
