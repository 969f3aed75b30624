#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* Ends the program if what was tried did not work. */
void bench_must(bool good, const char *what);

/* Nanoseconds of the processor, of a process's or a thread's clock. */
double bench_cpu_ns(clockid_t clock);

/* Of the processors that the program may use; both are one where it has one. */
enum bench_cpu { BENCH_CPU_FIRST, BENCH_CPU_SECOND };

/* Of a process or thread, and of those it makes from then on; 0: this one. */
void bench_pin(pid_t pid, enum bench_cpu cpu);
void bench_unpin(void);

/*
 * So many open files, or as many as may be: how many that is.  The hard limit
 * is raised as well where that is allowed.
 */
unsigned long bench_files(unsigned long n);

#endif
