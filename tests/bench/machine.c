#include "bench/machine.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static cpu_set_t all_cpus;

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

/* Before anything is pinned. */
static void
find_cpus(void)
{
	if (CPU_COUNT(&all_cpus) == 0)
		bench_must(sched_getaffinity(0, sizeof(all_cpus), &all_cpus) ==
		        0,
		    "sched_getaffinity");
}

void
bench_pin(pid_t pid, enum bench_cpu cpu)
{
	cpu_set_t one;
	int at = 0;

	find_cpus();
	while (!CPU_ISSET(at, &all_cpus))
		at++;
	if (cpu == BENCH_CPU_SECOND && CPU_COUNT(&all_cpus) > 1)
		do
			at++;
		while (!CPU_ISSET(at, &all_cpus));
	CPU_ZERO(&one);
	CPU_SET(at, &one);
	bench_must(sched_setaffinity(pid, sizeof(one), &one) == 0,
	    "sched_setaffinity");
}

void
bench_unpin(void)
{
	find_cpus();
	bench_must(sched_setaffinity(0, sizeof(all_cpus), &all_cpus) == 0,
	    "sched_setaffinity");
}

unsigned long
bench_files(unsigned long n)
{
	struct rlimit limit, more;

	bench_must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	if (limit.rlim_cur >= n)
		return limit.rlim_cur;
	more = (struct rlimit){ .rlim_cur = n,
		.rlim_max = limit.rlim_max > n ? limit.rlim_max : n };
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return n;
	limit.rlim_cur = limit.rlim_max;
	bench_must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	return limit.rlim_cur;
}
