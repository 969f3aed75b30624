/*
 * Plain sockets, 10 to 100,000 open at once.  What the library does alone is
 * measured with a kernel that gives one descriptor to all of them, so that no
 * limit of descriptors is in the way; the rest goes as far as that allows.
 */
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/deadline.h"
#include "base/kernel.h"
#include "bench/machine.h"
#include "bench/scale.h"
#include "sock/fdtable.h"
#include "support/loop.h"

#define MOST 100000
#define SPARE 100 /* descriptors of everything else */
#define LOOKUPS 1000000
#define OPENINGS 2000
#define POLLED 2000000 /* sockets, in all polls of a measurement */

static struct zsock_pollfd ours[MOST];
static struct pollfd raw[MOST];

static int
open_one(void)
{
	const int sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);

	bench_must(sock >= 0, "zsock_socket");
	return sock;
}

/* From so many open ones to n. */
static void
open_more(int from, int n)
{
	for (int i = from; i < n; i++) {
		const int sock = open_one();

		ours[i] =
		    (struct zsock_pollfd){ .fd = sock, .events = ZSOCK_POLLIN };
		raw[i] =
		    (struct pollfd){ .fd = loop_kfd(sock), .events = POLLIN };
	}
}

static double
look_up_ns(int n)
{
	int64_t start = deadline_now_ns();
	uint32_t at = 1;

	/* All over the table, as a server's connections would be. */
	for (int i = 0; i < LOOKUPS; i++) {
		struct zsock *s;

		at = at * 1664525u + 1013904223u;
		s = fdtable_get(ours[(at >> 8) % (uint32_t)n].fd);
		if (s != NULL)
			sock_put(s);
	}
	return (double)(deadline_now_ns() - start) / LOOKUPS;
}

static double
open_close_ns(int n)
{
	const int64_t start = deadline_now_ns();

	(void)n;
	for (int i = 0; i < OPENINGS; i++)
		zsock_close(open_one());
	return (double)(deadline_now_ns() - start) / OPENINGS;
}

static double
raw_open_close_ns(int n)
{
	const int64_t start = deadline_now_ns();

	(void)n;
	for (int i = 0; i < OPENINGS; i++)
		close(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	return (double)(deadline_now_ns() - start) / OPENINGS;
}

static double
poll_ns(int n)
{
	const int times = n < 1000 ? POLLED / 1000 : POLLED / n;
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++)
		bench_must(zsock_poll(ours, n, 0) == 0, "zsock_poll");
	return (double)(deadline_now_ns() - start) / times;
}

static double
raw_poll_ns(int n)
{
	const int times = n < 1000 ? POLLED / 1000 : POLLED / n;
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++)
		bench_must(poll(raw, (nfds_t)n, 0) == 0, "poll");
	return (double)(deadline_now_ns() - start) / times;
}

struct curve {
	struct scale_curve curve;
	double (*measure)(int n);
};

/* With the kernel. */
static struct curve whole[] = {
	{ { .name = "open and close beside n plain sockets", .unit = "ns" },
	    open_close_ns },
	{ { .name = "open and close beside n plain sockets, kernel",
	      .unit = "ns" },
	    raw_open_close_ns },
	{ { .name = "poll of n plain sockets, timeout 0", .unit = "ns" },
	    poll_ns },
	{ { .name = "poll of n plain sockets, timeout 0, kernel",
	      .unit = "ns" },
	    raw_poll_ns },
};

/* The library alone. */
static struct scale_curve memory = { .name = "memory of n plain sockets",
	.unit = "KiB" };
static struct curve alone[] = {
	{ { .name = "look-up of a number among n plain sockets", .unit = "ns" },
	    look_up_ns },
	{ { .name = "open and close beside n plain sockets, library alone",
	      .unit = "ns" },
	    open_close_ns },
	{ { .name = "poll of n plain sockets, library alone", .unit = "ns" },
	    poll_ns },
};

#define WHOLE (sizeof(whole) / sizeof(whole[0]))
#define ALONE (sizeof(alone) / sizeof(alone[0]))

static void
add_points(struct curve *curves, size_t count, int n)
{
	for (size_t i = 0; i < count; i++)
		scale_add(&curves[i].curve, n,
		    scale_median(curves[i].measure, n));
}

static void
close_all(int open)
{
	for (int i = 0; i < open; i++)
		zsock_close(ours[i].fd);
}

static void
points_of_whole(unsigned long files)
{
	int open = 0;

	for (int n = 10; n <= MOST; n *= 10) {
		if (files < (unsigned long)n + SPARE) {
			scale_left_out("plain sockets of the kernel", n, files);
			break;
		}
		open_more(open, n);
		open = n;
		add_points(whole, WHOLE, n);
	}
	close_all(open);
}

static int shared;

static int
socket_shared(int family, int type, int proto)
{
	(void)family;
	(void)type;
	(void)proto;
	return shared;
}

static int
close_shared(int kfd)
{
	return kfd == shared ? 0 : kernel_libc.close(kfd);
}

static int
poll_nothing(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds;
	(void)n;
	(void)timeout_ms;
	return 0;
}

static void
points_of_alone(void)
{
	struct kernel idle = kernel_libc;
	double before;
	int open = 0;

	shared = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bench_must(shared >= 0, "socket");
	idle.socket = socket_shared;
	idle.close = close_shared;
	idle.poll = poll_nothing;
	kernel = &idle;
	zsock_close(open_one()); /* what the first one alone needs */
	before = scale_resident();
	for (int n = 10; n <= MOST; n *= 10) {
		open_more(open, n);
		open = n;
		scale_add(&memory, n, scale_resident() - before);
		add_points(alone, ALONE, n);
	}
	close_all(open);
	kernel = &kernel_libc;
	close(shared);
}

static void
print(const struct curve *curves, size_t count)
{
	for (size_t i = 0; i < count; i++)
		scale_print(&curves[i].curve);
}

void
scale_sockets(void)
{
	bench_pin(0, BENCH_CPU_FIRST);
	fdtable_limit(MOST + SPARE);
	/* Or the pages of these arrays would count as memory of the sockets. */
	for (int i = 0; i < MOST; i++) {
		ours[i].fd = -1;
		raw[i].fd = -1;
	}
	points_of_alone();
	points_of_whole(bench_files(MOST + SPARE));
	fdtable_limit(0);
	scale_print(&memory);
	print(alone, ALONE);
	print(whole, WHOLE);
}
