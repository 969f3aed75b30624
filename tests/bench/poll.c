/* zsock_poll against poll over the same descriptors. */
#include "bench/bench.h"

#include <poll.h>

#include <zephyr/net/socket.h>

#include "base/deadline.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "sock/fdtable.h"
#include "support/loop.h"

#define MOST 10000

static struct zsock_pollfd ours[MOST];
static struct pollfd raw[MOST];

/* Datagram sockets, and the kernel's descriptors of the same. */
static void
open_sockets(int n)
{
	for (int i = 0; i < n; i++) {
		const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);

		bench_must(sock >= 0, "zsock_socket");
		ours[i] =
		    (struct zsock_pollfd){ .fd = sock, .events = ZSOCK_POLLIN };
		raw[i] =
		    (struct pollfd){ .fd = loop_kfd(sock), .events = POLLIN };
	}
}

static void
make_ready(int sock)
{
	struct net_sockaddr_in addr = { .sin_family = NET_AF_INET,
		.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK) };
	struct net_sockaddr *sa = (struct net_sockaddr *)&addr;
	net_socklen_t len = sizeof(addr);

	bench_must(zsock_bind(sock, sa, len) == 0 &&
	        zsock_getsockname(sock, sa, &len) == 0 &&
	        zsock_sendto(sock, "x", 1, 0, sa, len) == 1,
	    "a datagram");
}

static void
take(int sock)
{
	char byte;

	bench_must(zsock_recv(sock, &byte, 1, 0) == 1, "zsock_recv");
}

struct what {
	int n, timeout_ms, want;
};

static double
measure(const void *how, bool mine)
{
	const struct what *w = how;
	const int times = w->n >= 1000 ? 600000 / w->n : w->n > 1 ? 600 : 6000;
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++) {
		const int got = mine ? zsock_poll(ours, w->n, w->timeout_ms)
		                     : poll(raw, (nfds_t)w->n, w->timeout_ms);

		bench_must(got == w->want, mine ? "zsock_poll" : "poll");
	}
	return (double)(deadline_now_ns() - start) / times;
}

static void
rows(enum bench_row first, int timeout_ms, int want)
{
	static const int sizes[] = { 1, 10, 100, 1000, MOST };

	for (int i = 0; i < (int)(sizeof(sizes) / sizeof(sizes[0])); i++) {
		const struct what w = { sizes[i], timeout_ms, want };

		/* The last one, so that the kernel looks at all of them. */
		if (want == 1)
			make_ready(ours[w.n - 1].fd);
		row_run(first + (enum bench_row)i, ROW_ROUNDS, measure, &w);
		if (want == 1)
			take(ours[w.n - 1].fd);
	}
}

void
bench_poll(void)
{
	bench_must(bench_files(MOST + 100) >= MOST + 100, "RLIMIT_NOFILE");
	fdtable_limit(0);
	open_sockets(MOST);
	rows(ROW_POLL_NOW_1, 0, 0);
	rows(ROW_POLL_WAIT_1, 1000, 1);
	for (int i = 0; i < MOST; i++)
		zsock_close(ours[i].fd);
}
