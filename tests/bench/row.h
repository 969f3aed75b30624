#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>

/* Each row of rows.def. */
enum bench_row {
#define ROW(id, part, metric, unit, limits, target) ROW_##id,
#include "bench/rows.def"
#undef ROW
	ROW_COUNT
};

/* How rows are printed; before the first one. */
enum row_form { ROW_TEXT, ROW_JSON };
void row_begin(enum row_form form);

/* So many rounds for every row, in place of its own number; 0: its own. */
#define ROW_ROUNDS 31
#define ROW_ROUNDS_MAX 128
void row_set_rounds(int n);
int row_rounds(int own);

/*
 * One row: what the library costs in each of the n rounds, and the baseline, in
 * nanoseconds where the unit is one of time.  The medians are printed, and the
 * median of the rounds' ratios.  The values are sorted.
 */
void row_report(enum bench_row row, double *mine, double *base, int n);

/* The same, of what ours costs more than the baseline. */
void row_report_added(enum bench_row row, double *mine, double *base, int n);

/*
 * Measures a row: so many rounds, or what row_set_rounds said, of ours and of
 * the baseline in turn, each of them first in every other round.
 */
typedef double row_measure(const void *how, bool mine);
void row_run(enum bench_row row, int rounds, row_measure *measure,
    const void *how);

/* A row that cannot be measured here, and why. */
void row_absent(enum bench_row row, const char *why);

/* A part's name, with a line that it begins; is there such a part? */
void row_part(const char *part);
bool row_is_part(const char *part);

/* Names and targets of all rows, of this part if it is not NULL. */
void row_list(const char *part);

/* After the last one; false if a row of a part that began is not there. */
bool row_end(void);

/* The middle one of n values, which are sorted. */
double row_median(double *v, int n);

#endif
