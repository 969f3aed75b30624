/* zsock_poll against poll over the same descriptors. */
#include "bench/bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <zephyr/net/socket.h>

#include "base/deadline.h"
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

static double
ours_ns(int n, int timeout_ms, int times, int want)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++)
		bench_must(zsock_poll(ours, n, timeout_ms) == want,
		    "zsock_poll");
	return (double)(deadline_now_ns() - start) / times;
}

static double
raw_ns(int n, int timeout_ms, int times, int want)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++)
		bench_must(poll(raw, (nfds_t)n, timeout_ms) == want, "poll");
	return (double)(deadline_now_ns() - start) / times;
}

static void
row(int n, int timeout_ms, int want, const char *target)
{
	const int times = n >= 1000 ? 600000 / n : 6000 / (n > 10 ? 10 : 1);
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];
	char name[64];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = raw_ns(n, timeout_ms, times, want);
		mine[r] = ours_ns(n, timeout_ms, times, want);
		ratio[r] = mine[r] / base[r];
	}
	snprintf(name, sizeof(name), "poll n=%d, %s", n,
	    timeout_ms == 0 ? "timeout 0" : "waiting, one ready");
	bench_print(name, mine, base, ratio, target);
}

void
bench_poll(void)
{
	static const int sizes[] = { 1, 10, 100, 1000, MOST };
	struct rlimit r;

	bench_must(getrlimit(RLIMIT_NOFILE, &r) == 0, "getrlimit");
	r.rlim_cur = r.rlim_max;
	bench_must(setrlimit(RLIMIT_NOFILE, &r) == 0, "setrlimit");
	fdtable_limit(0);
	open_sockets(MOST);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		row(sizes[i], 0, 0,
		    sizes[i] == 1 ? "<= 1.12 x raw" : "<= 1.06 x raw");
	/* The last one, so that the kernel looks at all of them. */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make_ready(ours[sizes[i] - 1].fd);
		row(sizes[i], 1000, 1,
		    sizes[i] == 1 ? "<= 0.65 x raw" : "<= 0.45 x raw");
		take(ours[sizes[i] - 1].fd);
	}
	for (int i = 0; i < MOST; i++)
		zsock_close(ours[i].fd);
}
