#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "bench/ways.h"

/*
 * Rows of streams of TLS against what they are made of: send and recv of as many
 * bytes over plain TCP, and each record once encrypted, once decrypted.
 */
void floor_rows(const struct bench_end ends[2]);

#endif
