/* What the preload library costs a program that does nothing: /bin/true. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "bench/shim.h"

#define BLOCKS 5
#define RUNS 200
#define LIMIT_US 80

enum variant { BARE, EMPTY, SHIM, RULES, VARIANTS };

static struct shim_time
run_us(char **environment)
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
	t.wall = (double)(deadline_now_ns() - start) / 1000;
	t.cpu = (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
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
			const struct shim_time t = run_us(environments[v]);

			all[0][v][i] = t.wall;
			all[1][v][i] = t.cpu;
		}
	}
	for (int v = 0; v < VARIANTS; v++) {
		wall[v] = shim_median(all[0][v], RUNS);
		cpu[v] = shim_median(all[1][v], RUNS);
	}
}

static void
row(const char *name, double (*medians)[VARIANTS], enum variant v, double limit)
{
	double more[BLOCKS], mine[BLOCKS], base[BLOCKS], both[2];

	for (int i = 0; i < BLOCKS; i++) {
		mine[i] = medians[i][v];
		base[i] = medians[i][BARE];
		more[i] = mine[i] - base[i];
	}
	both[0] = shim_median(mine, BLOCKS);
	both[1] = shim_median(base, BLOCKS);
	shim_row_more(name, both, shim_median(more, BLOCKS), limit, "us");
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
	double wall[BLOCKS][VARIANTS], cpu[BLOCKS][VARIANTS];

	shim_pin(0, SHIM_CPU_MEASURED);
	for (int i = 0; i < BLOCKS; i++)
		block(environments, wall[i], cpu[i]);
	shim_unpin();
	row("exec of true, empty library", wall, EMPTY, 0);
	row("exec of true, preload library", wall, SHIM, LIMIT_US);
	row("the same with rules", wall, RULES, LIMIT_US);
	row("exec of true, empty library, CPU", cpu, EMPTY, 0);
	row("exec of true, preload library, CPU", cpu, SHIM, LIMIT_US);
	row("the same with rules, CPU", cpu, RULES, LIMIT_US);
	for (int v = 0; v < VARIANTS; v++)
		free(environments[v]);
}
