/*
 * What calls cost on descriptors that are not the library's: the same program
 * by itself, under the preload library, and that with the core loaded.  Where
 * its pages happen to lie, and what else the machine does, changes such figures
 * by more than the limit, so that there are many processes of each; and the
 * calls that the limit is for are measured without the kernel's part.
 */
#include <limits.h>
#include <stdio.h>

#include "bench/row.h"
#include "bench/shim.h"

#define BLOCKS 9
#define ROUNDS 9
#define VARIANTS 3
#define NULL_TIMES 200000

/* Each has a row without the core, and the next one with it. */
static const struct kind {
	enum bench_row row;
	const char *verb;
	int calls; /* in each of the times */
	long times;
} kinds[] = {
	{ ROW_SHIM_PAIR, "pair", 2, 10000 },
	{ ROW_SHIM_PIPE, "pipe", 2, 10000 },
	{ ROW_SHIM_TCP, "tcp", 2, 3000 },
	{ ROW_SHIM_FCNTL, "fcntl", 1, 50000 },
	{ ROW_SHIM_CLOSE, "close", 2, 20000 },
	{ ROW_SHIM_NULL_READ, "null-read", 1, NULL_TIMES },
	{ ROW_SHIM_NULL_SEND, "null-send", 1, NULL_TIMES },
	{ ROW_SHIM_NULL_SENDMSG, "null-sendmsg", 1, NULL_TIMES },
	{ ROW_SHIM_NULL_FCNTL, "null-fcntl", 1, NULL_TIMES },
	{ ROW_SHIM_NULL_SETFD, "null-setfd", 1, NULL_TIMES },
	{ ROW_SHIM_NULL_DUP, "null-dup", 1, NULL_TIMES },
	{ ROW_SHIM_NULL_CLOSE, "null-close", 1, NULL_TIMES },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Nanoseconds a call: the fastest round of each block. */
static double values[KINDS][VARIANTS][ROW_ROUNDS_MAX];

static void
start(struct shim_worker *w, int variant)
{
	static const char *const none[] = { NULL };
	char both[2 * PATH_MAX];

	snprintf(both, sizeof(both), "%s:%s", shim_library, shim_null);
	shim_start(w, shim_calls,
	    shim_environment(variant > 0 ? both : shim_null, none),
	    BENCH_CPU_SECOND);
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
row(size_t k, int variant, int n)
{
	double mine[ROW_ROUNDS_MAX], base[ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		mine[i] = values[k][variant][i];
		base[i] = values[k][0][i];
	}
	row_report_added(kinds[k].row + (enum bench_row)(variant - 1), mine,
	    base, n);
}

void
shim_bench_calls(void)
{
	const int n = row_rounds(BLOCKS);

	for (int i = 0; i < n; i++)
		block(i);
	for (size_t k = 0; k < KINDS; k++) {
		row(k, 1, n);
		row(k, 2, n);
	}
}
