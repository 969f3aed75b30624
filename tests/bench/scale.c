/* How costs grow with the number of things. */
#include "bench/scale.h"

#include <malloc.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/machine.h"
#include "bench/row.h"

#define MEASUREMENTS 7

static bool as_json;
static int printed;

void
scale_add(struct scale_curve *c, int n, double cost)
{
	bench_must(c->points < SCALE_POINTS_MAX, "so many points");
	c->at[c->points++] = (struct scale_point){ n, cost };
}

/* The slope of log cost over log n, by least squares. */
static double
exponent(const struct scale_curve *c)
{
	double x = 0, y = 0, xx = 0, xy = 0, n = 0;

	for (int i = 0; i < c->points; i++) {
		const double log_n = log(c->at[i].n);
		const double log_cost = log(c->at[i].cost);

		if (c->at[i].cost <= 0)
			continue;
		x += log_n;
		y += log_cost;
		xx += log_n * log_n;
		xy += log_n * log_cost;
		n++;
	}
	return n < 2 ? 0 : (n * xy - x * y) / (n * xx - x * x);
}

static void
print_json(const struct scale_curve *c)
{
	printf("%s\n{\"curve\": \"%s\", \"unit\": \"%s\", "
	       "\"exponent\": %.3f, \"points\": [",
	    printed++ > 0 ? "," : "", c->name, c->unit, exponent(c));
	for (int i = 0; i < c->points; i++)
		printf("%s[%.0f, %.5g]", i > 0 ? ", " : "", c->at[i].n,
		    c->at[i].cost);
	fputs("]}", stdout);
}

void
scale_print(const struct scale_curve *c)
{
	if (as_json) {
		print_json(c);
	} else {
		printf("%s, %s: n^%.2f\n", c->name, c->unit, exponent(c));
		for (int i = 0; i < c->points; i++)
			printf("  %10.0f %14.3f\n", c->at[i].n, c->at[i].cost);
	}
	fflush(stdout); /* or a process that forks off would, too */
}

double
scale_median(double (*measure)(int n), int n)
{
	double v[MEASUREMENTS];

	for (int i = 0; i < MEASUREMENTS; i++)
		v[i] = measure(n);
	return row_median(v, MEASUREMENTS);
}

void
scale_left_out(const char *what, int n, unsigned long files)
{
	fprintf(stderr,
	    "bench: scale: %d %s and more are left out: this process may have "
	    "%lu files open (ulimit -Hn)\n",
	    n, what, files);
}

double
scale_resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, pages = 0;

	bench_must(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2,
	    "/proc/self/statm");
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

double
scale_heap(void)
{
	const struct mallinfo2 all = mallinfo2();

	return (double)(all.uordblks + all.hblkhd) / 1024;
}

void
bench_scale(bool json)
{
	as_json = json;
	if (as_json)
		fputs("[", stdout);
	scale_sockets();
	scale_tls();
	scale_credentials();
	if (as_json)
		fputs("\n]\n", stdout);
}
