#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Rows of programs under the preload library, against the same programs without
 * it, or linked with the library.
 */

/*
 * Files of the build: the preload library, an empty one, one that stands for
 * libc, the workers.
 */
extern char shim_library[], shim_empty[], shim_null[], shim_calls[],
    shim_client[], shim_linked[];

#define SHIM_VARIABLES_MAX 8

/*
 * The environment without the library's variables, and with these, up to a
 * NULL; preload, what LD_PRELOAD is, may be NULL.  It is freed as a whole.
 */
char **shim_environment(const char *preload, const char *const *variables);

/* Of the processors that there are: one to measure on, and one for the rest. */
enum shim_cpu { SHIM_CPU_MEASURED, SHIM_CPU_OTHER };

/* Of a process; 0 is this one. */
void shim_pin(pid_t pid, enum shim_cpu cpu);
void shim_unpin(void);

/* A process; see worker.h. */
struct shim_worker {
	pid_t pid;
	int in, out; /* to it, and from it */
};

struct shim_time {
	double wall, cpu; /* nanoseconds an operation */
};

void shim_start(struct shim_worker *w, const char *path, char **environment,
    enum shim_cpu cpu);
struct shim_time shim_ask(const struct shim_worker *w, const char *verb,
    long size, long times);
void shim_stop(struct shim_worker *w);

/* A server of TLS, and the variables that its clients need. */
struct shim_server {
	pid_t pid;
	struct sockaddr_in addr;
	char credentials[64]; /* a variable, and the file that it names */
	char rule[64];        /* what makes the plain client secure */
};

void shim_serve(struct shim_server *s);
void shim_unserve(struct shim_server *s);

/* The workers of a client with TLS: by the preload library, or linked. */
void shim_start_client(struct shim_worker *w, const struct shim_server *s);
void shim_start_linked(struct shim_worker *w, const struct shim_server *s);

/* The middle one of n values, which are sorted. */
double shim_median(double *v, size_t n);

/*
 * One row: what is measured of ours and of the baseline, and whether it is
 * within a limit, or 0 for none: the median of the rounds' ratios, or a
 * difference in a unit.  The values are sorted.
 */
#define SHIM_ROUNDS_MAX 128
void shim_row_ratio(const char *name, double *mine, double *base, size_t n,
    double limit, const char *than);
void shim_row_more(const char *name, const double both[2], double more,
    double limit, const char *unit);

void shim_bench_calls(void);
void shim_bench_exec(void);
void shim_bench_tls(void);
void shim_bench_memory(void);
void shim_bench_nginx(void);

#endif
