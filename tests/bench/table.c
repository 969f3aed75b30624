/* What finding a socket by its number costs, alone and beside another thread. */
#include "bench/bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "base/deadline.h"
#include "sock/fdtable.h"

#define TIMES 2000000

struct job {
	int sock;
	int null;    /* a descriptor of /dev/null */
	bool lookup; /* find the socket before the call */
	bool call;   /* a cheap call of the kernel */
	double ns;
};

static atomic_int waiting;

/* Both threads begin together. */
static void *
run(void *arg)
{
	struct job *job = arg;
	const int times = job->call ? TIMES / 10 : TIMES;
	int64_t start;

	atomic_fetch_sub(&waiting, 1);
	while (atomic_load(&waiting) > 0)
		;
	start = deadline_now_ns();
	for (int i = 0; i < times; i++) {
		struct zsock *s = job->lookup ? fdtable_get(job->sock) : NULL;

		if (job->call)
			bench_must(write(job->null, "x", 1) == 1, "write");
		if (s != NULL)
			sock_put(s);
	}
	job->ns = (double)(deadline_now_ns() - start) / times;
	return NULL;
}

static double
measure(const int socks[2], const int nulls[2], int threads, bool lookup,
    bool call)
{
	struct job jobs[2];
	pthread_t other;

	atomic_store(&waiting, threads);
	for (int i = 0; i < threads; i++)
		jobs[i] = (struct job){ socks[i], nulls[i], lookup, call, 0 };
	if (threads == 2)
		pthread_create(&other, NULL, run, &jobs[1]);
	run(&jobs[0]);
	if (threads == 2)
		pthread_join(other, NULL);
	return jobs[0].ns;
}

/* The lookup alone: the loop around it is the baseline's. */
static void
lookup_row(const char *name, const int socks[2], const int nulls[2],
    int threads, const char *target)
{
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = measure(socks, nulls, threads, false, false);
		mine[r] = measure(socks, nulls, threads, true, false) - base[r];
		ratio[r] = base[r] > 0 ? mine[r] / base[r] : 0;
	}
	bench_print(name, mine, base, ratio, target);
}

static void
call_row(const char *name, const int socks[2], const int nulls[2],
    const char *target)
{
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];

	for (int r = 0; r < BENCH_ROUNDS; r++) {
		base[r] = measure(socks, nulls, 2, false, true);
		mine[r] = measure(socks, nulls, 2, true, true);
		ratio[r] = mine[r] / base[r];
	}
	bench_print(name, mine, base, ratio, target);
}

void
bench_table(void)
{
	int socks[2], nulls[2];

	for (int i = 0; i < 2; i++) {
		socks[i] = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
		nulls[i] = open("/dev/null", O_WRONLY | O_CLOEXEC);
		bench_must(socks[i] >= 0 && nulls[i] >= 0, "zsock_socket");
	}
	lookup_row("table lookup, 1 thread", socks, nulls, 1, "<= 0.020 us");
	lookup_row("table lookup, 2 threads, 2 sockets", socks, nulls, 2,
	    "<= 0.025 us");
	call_row("write(/dev/null) with it, 2 threads", socks, nulls,
	    "<= 1.10 x raw");
	for (int i = 0; i < 2; i++) {
		zsock_close(socks[i]);
		close(nulls[i]);
	}
}
