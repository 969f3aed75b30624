#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bench_must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s failed: %s\n", what, strerror(errno));
	exit(1);
}

double
bench_cpu_ns(clockid_t clock)
{
	struct timespec ts;

	bench_must(clock_gettime(clock, &ts) == 0, "clock_gettime");
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v)
{
	qsort(v, BENCH_ROUNDS, sizeof(*v), by_value);
	return v[BENCH_ROUNDS / 2];
}

void
bench_print(const char *name, double *mine, double *base, double *ratio,
    const char *target)
{
	printf("%-38s %10.3f %10.3f %7.3f   %s\n", name, median(mine) / 1000,
	    median(base) / 1000, median(ratio), target);
	fflush(stdout);
}
