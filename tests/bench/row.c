#include "bench/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine.h"

/* What the target limits. */
enum limits { NONE, RATIO, OURS };

/* What is printed of a target, "<= 0.80 x". */
#define TARGET_ROOM 24

static const struct row {
	const char *part, *metric, *unit;
	enum limits limits;
	double target;
} rows[] = {
#define ROW(id, part, metric, unit, limits, target) \
	[ROW_##id] = { #part, metric, unit, limits, target },
#include "bench/rows.def"
#undef ROW
};

static enum row_form form;
static int rounds_of_all, printed;
static bool begun[ROW_COUNT], done[ROW_COUNT];

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
row_median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[n / 2];
}

void
row_set_rounds(int n)
{
	rounds_of_all = n;
}

int
row_rounds(int own)
{
	return rounds_of_all > 0 ? rounds_of_all : own;
}

/* An absolute target says so, since the column of ratios is not meant. */
static const char *
full_name(const struct row *r, char *room, size_t size)
{
	snprintf(room, size, "%s%s", r->metric,
	    r->limits == OURS ? " (absolute)" : "");
	return room;
}

static const char *
target_text(const struct row *r, char room[TARGET_ROOM])
{
	if (r->limits == NONE)
		return "-";
	if (r->limits == RATIO)
		snprintf(room, TARGET_ROOM, "<= %.3f x", r->target);
	else
		snprintf(room, TARGET_ROOM, "<= %g %s", r->target, r->unit);
	return room;
}

void
row_begin(enum row_form f)
{
	form = f;
	if (form == ROW_JSON)
		fputs("[", stdout);
	else
		printf("%-64s %-6s %10s %10s %8s  %-13s %s\n", "metric", "unit",
		    "ours", "baseline", "ratio", "target", "met");
	fflush(stdout);
}

struct figures {
	double mine, base, ratio;
};

static bool
is_met(const struct row *r, const struct figures *f)
{
	return (r->limits == OURS ? f->mine : f->ratio) <= r->target;
}

static void
print_json(const struct row *r, const struct figures *f)
{
	char name[160];

	printf("%s\n{\"metric\": \"%s\", \"unit\": \"%s\", \"ours\": %.6g, "
	       "\"baseline\": %.6g, \"ratio\": %.4g, ",
	    printed++ > 0 ? "," : "", full_name(r, name, sizeof(name)), r->unit,
	    f->mine, f->base, f->ratio);
	if (r->limits == NONE)
		fputs("\"target\": null, \"met\": null}", stdout);
	else
		printf("\"target\": %g, \"met\": %s}", r->target,
		    is_met(r, f) ? "true" : "false");
}

static void
print_text(const struct row *r, const struct figures *f)
{
	char name[160], target[TARGET_ROOM];

	printf("%-64s %-6s %10.3f %10.3f %8.3f  %-13s %s\n",
	    full_name(r, name, sizeof(name)), r->unit, f->mine, f->base,
	    f->ratio, target_text(r, target),
	    r->limits == NONE  ? "-"
	        : is_met(r, f) ? "met"
	                       : "NOT met");
}

static double
per_unit(const struct row *r)
{
	return strncmp(r->unit, "us", 2) == 0 ? 1000 : 1;
}

void
row_report(enum bench_row row, double *mine, double *base, int n)
{
	const struct row *r = &rows[row];
	double ratios[ROW_ROUNDS_MAX];
	struct figures f;

	bench_must(n > 0 && n <= ROW_ROUNDS_MAX, "so many rounds");
	for (int i = 0; i < n; i++)
		ratios[i] = base[i] > 0 ? mine[i] / base[i] : 0;
	f = (struct figures){ row_median(mine, n) / per_unit(r),
		row_median(base, n) / per_unit(r), row_median(ratios, n) };
	if (form == ROW_JSON)
		print_json(r, &f);
	else
		print_text(r, &f);
	/* Or a process that forks off would print it once more. */
	fflush(stdout);
	done[row] = true;
}

void
row_report_added(enum bench_row row, double *mine, double *base, int n)
{
	for (int i = 0; i < n; i++)
		mine[i] -= base[i];
	row_report(row, mine, base, n);
}

void
row_run(enum bench_row row, int rounds, row_measure *measure, const void *how)
{
	const int n = row_rounds(rounds);
	double v[2][ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < 2; j++) {
			const int mine = (i + j) % 2;

			v[mine][i] = measure(how, mine == 1);
		}
	}
	row_report(row, v[1], v[0], n);
}

void
row_absent(enum bench_row row, const char *why)
{
	fprintf(stderr, "bench: no row \"%s\": %s\n", rows[row].metric, why);
	done[row] = true;
}

void
row_part(const char *part)
{
	fprintf(stderr, "bench: %s\n", part);
	for (int i = 0; i < ROW_COUNT; i++) {
		if (strcmp(rows[i].part, part) == 0)
			begun[i] = true;
	}
}

bool
row_is_part(const char *part)
{
	for (int i = 0; i < ROW_COUNT; i++) {
		if (strcmp(rows[i].part, part) == 0)
			return true;
	}
	return false;
}

void
row_list(const char *part)
{
	char name[160], target[TARGET_ROOM];

	for (int i = 0; i < ROW_COUNT; i++) {
		if (part != NULL && strcmp(rows[i].part, part) != 0)
			continue;
		printf("%-10s  %-64s %-6s %s\n", rows[i].part,
		    full_name(&rows[i], name, sizeof(name)), rows[i].unit,
		    target_text(&rows[i], target));
	}
}

bool
row_end(void)
{
	bool all = true;

	if (form == ROW_JSON)
		fputs("\n]\n", stdout);
	for (int i = 0; i < ROW_COUNT; i++) {
		if (!begun[i] || done[i])
			continue;
		fprintf(stderr, "bench: row \"%s\" was not measured\n",
		    rows[i].metric);
		all = false;
	}
	return all && fflush(stdout) == 0;
}
