#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/ways.h"

/*
 * Bytes that one thread sends at one end and at once receives at the other, n
 * at a time, over connections of ours and of the baseline.
 */
struct steps {
	struct bench_end mine[2], base[2];
	const struct bench_way *mine_way; /* NULL: ours */
	const struct bench_way *base_way;
	size_t n;
	int times;
};

/* Nanoseconds of one of the times, one way or both; each a row_measure. */
double steps_there(const void *steps, bool mine);
double steps_there_and_back(const void *steps, bool mine);

#endif
