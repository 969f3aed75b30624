/* What finding a socket by its number costs, alone and beside another thread. */
#include <fcntl.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "bench/bench.h"
#include "bench/both.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "sock/fdtable.h"

#define LOOKUPS 2000000
#define CALLS 200000

/* A socket, and a descriptor of /dev/null. */
static struct place {
	int sock, null;
} places[2];

static void *const args[2] = { &places[0], &places[1] };

static void
look_up(void *arg, int times)
{
	const struct place *p = arg;

	for (int i = 0; i < times; i++) {
		struct zsock *s = fdtable_get(p->sock);

		if (s != NULL)
			sock_put(s);
	}
}

/* The loop around it, which the compiler may not take away. */
static void
nothing(void *arg, int times)
{
	for (int i = 0; i < times; i++)
		__asm__ volatile("" : : "r"(arg) : "memory");
}

static void
cheap_call(void *arg, int times)
{
	const struct place *p = arg;

	for (int i = 0; i < times; i++)
		bench_must(write(p->null, "x", 1) == 1, "write");
}

static void
cheap_call_looked_up(void *arg, int times)
{
	const struct place *p = arg;

	for (int i = 0; i < times; i++) {
		struct zsock *s = fdtable_get(p->sock);

		bench_must(write(p->null, "x", 1) == 1, "write");
		if (s != NULL)
			sock_put(s);
	}
}

struct what {
	both_loop *mine, *base;
	int threads, times;
};

static double
measure(const void *how, bool mine)
{
	const struct what *w = how;

	return both_ns(mine ? w->mine : w->base, args, w->threads, w->times);
}

/* The lookup alone, without the loop around it. */
static double
measure_lookup(const void *how, bool mine)
{
	const struct what *w = how;
	const double loop = both_ns(w->base, args, w->threads, w->times);

	return mine ? both_ns(w->mine, args, w->threads, w->times) - loop
	            : loop;
}

void
bench_table(void)
{
	static const struct what alone = { look_up, nothing, 1, LOOKUPS },
	                         beside = { look_up, nothing, 2, LOOKUPS },
	                         call = { cheap_call_looked_up, cheap_call, 2,
		                         CALLS };

	for (int i = 0; i < 2; i++) {
		places[i].sock = zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0);
		places[i].null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		bench_must(places[i].sock >= 0 && places[i].null >= 0,
		    "zsock_socket");
	}
	row_run(ROW_LOOKUP_1, ROW_ROUNDS, measure_lookup, &alone);
	row_run(ROW_LOOKUP_2, ROW_ROUNDS, measure_lookup, &beside);
	row_run(ROW_CHEAP_CALL, ROW_ROUNDS, measure, &call);
	for (int i = 0; i < 2; i++) {
		zsock_close(places[i].sock);
		close(places[i].null);
	}
}
