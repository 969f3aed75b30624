#ifndef BENCH_STREAMS_H
#define BENCH_STREAMS_H

#include "bench/ways.h"

/*
 * Nanoseconds of a MiB that one thread sends by n bytes at one end until 64 KiB
 * are queued, and then receives by read_size at the other, so many times.
 */
double streams_queued_ns(const struct bench_way *way,
    const struct bench_end ends[2], size_t n, size_t read_size, int bursts);

/* The same by two threads: one sends while the other receives. */
double streams_flow_ns(const struct bench_way *way,
    const struct bench_end ends[2], size_t n, size_t read_size, int bursts);

#endif
