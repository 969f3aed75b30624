#ifndef BENCH_BOTH_H
#define BENCH_BOTH_H

/* What a thread does times over, with an argument of its own. */
typedef void both_loop(void *arg, int times);

/*
 * Nanoseconds of each of the times, in the first of so many threads (1 or 2),
 * which begin together, on processors of their own.
 */
double both_ns(both_loop *loop, void *const args[2], int threads, int times);

#endif
