#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>

#include "bench/machine.h"

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

/* A process; see worker.h. */
struct shim_worker {
	pid_t pid;
	int in, out; /* to it, and from it */
};

struct shim_time {
	double wall, cpu; /* nanoseconds an operation */
};

void shim_start(struct shim_worker *w, const char *path, char **environment,
    enum bench_cpu cpu);
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

void shim_bench_calls(void);
void shim_bench_exec(void);
void shim_bench_tls(void);
void shim_bench_memory(void);
void shim_bench_nginx(void);

#endif
