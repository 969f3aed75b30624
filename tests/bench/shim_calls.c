/*
 * What calls cost on descriptors that are not the library's: the same program
 * by itself, under the preload library, and that with the core loaded.  Where
 * its pages happen to lie, and what else the machine does, changes such figures
 * by more than the limit, so that there are many processes of each; and the
 * calls that the limit is for are measured without the kernel's part.
 */
#include <limits.h>
#include <stdio.h>

#include "bench/shim.h"

#define BLOCKS 9
#define ROUNDS 9
#define VARIANTS 3
#define LIMIT_NS 5
#define NULL_TIMES 200000

static const struct kind {
	const char *verb, *name;
	int calls; /* in each of the times */
	long times;
	double limit_ns;
} kinds[] = {
	{ "pair", "send, recv of 64 B, socketpair", 2, 10000, 0 },
	{ "pipe", "write, read of 64 B, pipe", 2, 10000, 0 },
	{ "tcp", "send, recv of 64 B, TCP", 2, 3000, 0 },
	{ "fcntl", "fcntl", 1, 50000, 0 },
	{ "close", "dup, close", 2, 20000, 0 },
	{ "null-read", "read, no kernel", 1, NULL_TIMES, LIMIT_NS },
	{ "null-send", "send, no kernel", 1, NULL_TIMES, LIMIT_NS },
	{ "null-sendmsg", "sendmsg, no kernel", 1, NULL_TIMES, LIMIT_NS },
	{ "null-fcntl", "fcntl, no kernel", 1, NULL_TIMES, LIMIT_NS },
	{ "null-setfd", "fcntl F_SETFD, no kernel", 1, NULL_TIMES, LIMIT_NS },
	{ "null-dup", "dup, no kernel", 1, NULL_TIMES, LIMIT_NS },
	{ "null-close", "close, no kernel", 1, NULL_TIMES, LIMIT_NS },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Nanoseconds a call: the fastest round of each block. */
static double values[KINDS][VARIANTS][BLOCKS];

static void
start(struct shim_worker *w, int variant)
{
	static const char *const none[] = { NULL };
	char both[2 * PATH_MAX];

	snprintf(both, sizeof(both), "%s:%s", shim_library, shim_null);
	shim_start(w, shim_calls,
	    shim_environment(variant > 0 ? both : shim_null, none),
	    SHIM_CPU_MEASURED);
	(void)shim_ask(w, "open", variant == 2, 1);
}

static void
round_of(const struct shim_worker *workers, int block, int at)
{
	for (size_t k = 0; k < KINDS; k++) {
		for (int i = 0; i < VARIANTS; i++) {
			const int v = (i + at) % VARIANTS;
			const struct shim_time t = shim_ask(&workers[v],
			    kinds[k].verb, 0, kinds[k].times);
			const double ns = t.cpu / kinds[k].calls;

			if (at == 0 || ns < values[k][v][block])
				values[k][v][block] = ns;
		}
	}
}

static void
block(int at)
{
	struct shim_worker workers[VARIANTS];

	for (int i = 0; i < VARIANTS; i++) {
		const int v = (i + at) % VARIANTS;

		start(&workers[v], v);
	}
	for (int r = 0; r < ROUNDS; r++)
		round_of(workers, at, r);
	for (int v = 0; v < VARIANTS; v++)
		shim_stop(&workers[v]);
}

static void
row(const struct kind *kind, double (*v)[BLOCKS], int variant)
{
	double more[BLOCKS], mine[BLOCKS], base[BLOCKS], both[2];
	char name[64];

	for (int i = 0; i < BLOCKS; i++) {
		mine[i] = v[variant][i];
		base[i] = v[0][i];
		more[i] = mine[i] - base[i];
	}
	both[0] = shim_median(mine, BLOCKS) / 1000;
	both[1] = shim_median(base, BLOCKS) / 1000;
	snprintf(name, sizeof(name), "%s%s", kind->name,
	    variant == 2 ? ", core" : "");
	shim_row_more(name, both, shim_median(more, BLOCKS), kind->limit_ns,
	    "ns a call");
}

void
shim_bench_calls(void)
{
	for (int i = 0; i < BLOCKS; i++)
		block(i);
	for (size_t k = 0; k < KINDS; k++) {
		row(&kinds[k], values[k], 1);
		row(&kinds[k], values[k], 2);
	}
}
