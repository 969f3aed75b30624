#include "bench/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
worker_must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: a worker's %s failed: %s\n", what,
	    strerror(errno));
	exit(1);
}

static double
clock_ns(clockid_t clock)
{
	struct timespec ts;

	worker_must(clock_gettime(clock, &ts) == 0, "clock_gettime");
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
answer(const struct worker_verb *verb, long size, long times)
{
	const double wall = clock_ns(CLOCK_MONOTONIC);
	const double cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	verb->run(size, times);
	printf("%.0f %.0f\n", clock_ns(CLOCK_MONOTONIC) - wall,
	    clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	fflush(stdout);
}

int
worker_main(const struct worker_verb *verbs, size_t n)
{
	char line[80], name[20];
	long size, times;
	size_t i;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		worker_must(sscanf(line, "%19s %ld %ld", name, &size, &times) ==
		        3,
		    "request");
		for (i = 0; i < n && strcmp(verbs[i].name, name) != 0;)
			i++;
		worker_must(i < n, name);
		answer(&verbs[i], size, times);
	}
	return 0;
}
