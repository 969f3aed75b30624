#ifndef BENCH_ADDED_H
#define BENCH_ADDED_H

#include "base/kernel.h"

/* Rows of what a call costs besides the kernel, of two connected sockets. */
void added_rows(const int socks[2]);

/* The kernel's calls, of which those that send and receive do nothing. */
struct kernel added_idle(void);

#endif
