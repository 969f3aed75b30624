/*
 * TLS connections, 10 to 10,000 open at once: a server and a client in
 * processes of their own, which do the same things in the same order.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/deadline.h"
#include "bench/machine.h"
#include "bench/scale.h"
#include "bench/ways.h"

#define MOST 10000
#define SPARE 100
#define WARM_UP 24
#define ALL (MOST + WARM_UP)
#define HANDSHAKES 300
#define POLLED 200000

static int listener, fds[ALL];
static struct sockaddr_in address;

/* What one process says of its n connections. */
struct found {
	double resident, poll_ns, handshake_ns;
};

static int
server_end(void)
{
	const int fd = zsock_accept(listener, NULL, NULL);
	char byte;

	bench_must(zsock_recv(fd, &byte, 1, 0) == 1 &&
	        zsock_send(fd, &byte, 1, 0) == 1,
	    "echo");
	return fd;
}

static int
client_end(void)
{
	const int fd = bench_connect_ours(&address);
	char byte = 'x';

	bench_must(zsock_send(fd, &byte, 1, 0) == 1 &&
	        zsock_recv(fd, &byte, 1, 0) == 1,
	    "echo");
	return fd;
}

static double
poll_ns(int n)
{
	static struct zsock_pollfd all[ALL];
	const int times = n < 100 ? POLLED / 100 : POLLED / n;
	int64_t start;

	for (int i = 0; i < n; i++)
		all[i] = (struct zsock_pollfd){ .fd = fds[i],
			.events = ZSOCK_POLLIN };
	start = deadline_now_ns();
	for (int i = 0; i < times; i++)
		bench_must(zsock_poll(all, n, 0) == 0, "zsock_poll");
	return (double)(deadline_now_ns() - start) / times;
}

/* Connections that come and go beside those that stay. */
static double
handshakes_ns(int (*end)(void))
{
	int64_t start;

	zsock_close(end()); /* when both processes have come so far */
	start = deadline_now_ns();
	for (int i = 0; i < HANDSHAKES; i++)
		zsock_close(end());
	return (double)(deadline_now_ns() - start) / HANDSHAKES;
}

/* All points of one process, up to the most connections. */
static void
hold(int (*end)(void), int most, int out)
{
	double before = 0;
	int open = 0;

	for (int n = 10; n <= most; n *= 10) {
		struct found f;

		for (; open < n + WARM_UP; open++) {
			if (open == WARM_UP)
				before = scale_resident();
			fds[open] = end();
		}
		(void)poll_ns(open); /* the idle ones give memory back */
		f.resident = scale_resident() - before;
		f.poll_ns = scale_median(poll_ns, n);
		f.handshake_ns = handshakes_ns(end);
		bench_must(write(out, &f, sizeof(f)) == sizeof(f), "write");
	}
	pause();
	_exit(0);
}

/* A process for one end; the other side of its pipe. */
static int
start(int (*end)(void), int most, enum bench_cpu cpu, pid_t *pid)
{
	int ends[2];

	bench_must(pipe(ends) == 0, "pipe");
	*pid = fork();
	bench_must(*pid >= 0, "fork");
	if (*pid == 0) {
		bench_pin(0, cpu);
		hold(end, most, ends[1]);
	}
	close(ends[1]);
	return ends[0];
}

static struct scale_curve
    server_memory = { .name = "memory of n TLS connections, server",
	    .unit = "KiB" },
    client_memory = { .name = "memory of n TLS connections, client",
	    .unit = "KiB" },
    polls = { .name = "poll of n TLS connections, timeout 0", .unit = "ns" },
    handshakes = { .name = "TLS handshake beside n TLS connections",
	    .unit = "us" };

static void
take(int in, struct found *f)
{
	bench_must(read(in, f, sizeof(*f)) == sizeof(*f), "read");
}

static void
points(int most)
{
	pid_t pids[2];
	const int server = start(server_end, most, BENCH_CPU_SECOND, &pids[0]);
	const int client = start(client_end, most, BENCH_CPU_FIRST, &pids[1]);

	for (int n = 10; n <= most; n *= 10) {
		struct found s, c;

		take(server, &s);
		take(client, &c);
		scale_add(&server_memory, n, s.resident);
		scale_add(&client_memory, n, c.resident);
		scale_add(&polls, n, s.poll_ns);
		scale_add(&handshakes, n, c.handshake_ns / 1000);
	}
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	close(server);
	close(client);
}

void
scale_tls(void)
{
	const unsigned long files = bench_files(ALL + SPARE);
	int most = MOST;

	while (files < (unsigned long)most + WARM_UP + SPARE) {
		scale_left_out("TLS connections", most, files);
		most /= 10;
	}
	bench_identities();
	listener = bench_listen_ours(&address, NET_IPPROTO_TLS_1_2);
	bench_set_tls(listener, ZSOCK_TLS_SEC_TAG_LIST,
	    &(int){ BENCH_SERVER_TAG }, sizeof(int));
	points(most);
	zsock_close(listener);
	scale_print(&server_memory);
	scale_print(&client_memory);
	scale_print(&polls);
	scale_print(&handshakes);
}
