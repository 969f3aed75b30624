#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>

/*
 * Each row is measured so often, ours and the baseline in turn: many short
 * rounds, so that what else the machine does meanwhile meets both.
 */
#define BENCH_ROUNDS 31

/* Ends the program if what was tried did not work. */
void bench_must(bool good, const char *what);

/*
 * One row: nanoseconds an operation takes, a value for each round; the medians
 * and the median of the rounds' ratios are printed.
 */
void bench_print(const char *name, double *mine, double *base, double *ratio,
    const char *target);

/* Rows of the fd table, of poll over 1 to 10,000 sockets. */
void bench_table(void);
void bench_poll(void);

#endif
