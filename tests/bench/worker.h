#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A program that does what ./dev bench asks of it.  A line of its standard input
 * is a request, "VERB SIZE TIMES", and its answer is what that took, "WALL CPU"
 * in nanoseconds.  At the end of its input it ends.
 */
struct worker_verb {
	const char *name;
	void (*run)(long size, long times);
};

int worker_main(const struct worker_verb *verbs, size_t n);

/* Ends the program if what was tried did not work. */
void worker_must(bool good, const char *what);

/*
 * What a client of TLS asks the server for, times over: to send so many bytes,
 * to receive them and to answer a byte at last, or to send back what comes.
 */
enum worker_op { WORKER_GIVE, WORKER_TAKE, WORKER_ECHO };

struct worker_request {
	int op; /* enum worker_op */
	int size;
	int times;
};

/* Data of the records that the server sends. */
#define WORKER_RECORD 16384

#define WORKER_CA_TAG 1

/* The descriptor that shim_null.c answers for. */
#define WORKER_NULL 1000

#endif
