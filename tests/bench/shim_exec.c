/* What the preload library costs a program that does nothing: /bin/true. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/deadline.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/shim.h"

#define BLOCKS 7
#define RUNS 150

enum variant { BARE, EMPTY, SHIM, RULES, VARIANTS };

static struct shim_time
run_ns(char **environment)
{
	static char *argv[] = { "true", NULL };
	const int64_t start = deadline_now_ns();
	struct shim_time t;
	struct rusage used;
	int status = -1;
	pid_t pid;

	bench_must(posix_spawn(&pid, "/bin/true", NULL, NULL, argv,
	               environment) == 0 &&
	        wait4(pid, &status, 0, &used) == pid && status == 0,
	    "/bin/true");
	t.wall = (double)(deadline_now_ns() - start);
	t.cpu = (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
	return t;
}

/* Medians of each variant, of the time and of the processor's. */
static void
block(char **const environments[VARIANTS], double wall[VARIANTS],
    double cpu[VARIANTS])
{
	double all[2][VARIANTS][RUNS];

	for (int i = 0; i < RUNS; i++) {
		for (int k = 0; k < VARIANTS; k++) {
			const int v = (i + k) % VARIANTS;
			const struct shim_time t = run_ns(environments[v]);

			all[0][v][i] = t.wall;
			all[1][v][i] = t.cpu;
		}
	}
	for (int v = 0; v < VARIANTS; v++) {
		wall[v] = row_median(all[0][v], RUNS);
		cpu[v] = row_median(all[1][v], RUNS);
	}
}

/* For each variant a row, from the first one on. */
static void
rows(enum bench_row first, double (*medians)[VARIANTS], int n)
{
	double mine[ROW_ROUNDS_MAX], base[ROW_ROUNDS_MAX];

	for (int v = EMPTY; v < VARIANTS; v++) {
		for (int i = 0; i < n; i++) {
			mine[i] = medians[i][v];
			base[i] = medians[i][BARE];
		}
		row_report_added(first + (enum bench_row)(v - EMPTY), mine,
		    base, n);
	}
}

void
shim_bench_exec(void)
{
	static const char *const none[] = { NULL };
	static const char *const rules[] = {
		"ZSOCK_TLS_CONNECT=localhost:443=1 *:8883=1,2",
		"ZSOCK_TLS_LISTEN=8443=2",
		NULL,
	};
	char **environments[VARIANTS] = {
		[BARE] = shim_environment(NULL, none),
		[EMPTY] = shim_environment(shim_empty, none),
		[SHIM] = shim_environment(shim_library, none),
		[RULES] = shim_environment(shim_library, rules),
	};
	static double wall[ROW_ROUNDS_MAX][VARIANTS],
	    cpu[ROW_ROUNDS_MAX][VARIANTS];
	const int n = row_rounds(BLOCKS);

	bench_pin(0, BENCH_CPU_SECOND);
	for (int i = 0; i < n; i++)
		block(environments, wall[i], cpu[i]);
	bench_unpin();
	rows(ROW_EXEC_EMPTY, wall, n);
	rows(ROW_EXEC_EMPTY_CPU, cpu, n);
	for (int v = 0; v < VARIANTS; v++)
		free(environments[v]);
}
