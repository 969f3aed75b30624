#include "bench/shim.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

char shim_library[PATH_MAX], shim_empty[PATH_MAX], shim_null[PATH_MAX],
    shim_calls[PATH_MAX], shim_client[PATH_MAX], shim_linked[PATH_MAX];

static cpu_set_t all_cpus;

/* A file beside this program's, or in a directory beside its directory. */
static void
find(char path[PATH_MAX], const char *own, const char *file)
{
	bench_must(snprintf(path, PATH_MAX, "%s/%s", own, file) < PATH_MAX &&
	        access(path, R_OK) == 0,
	    file);
}

static void
find_all(void)
{
	char own[PATH_MAX] = "";

	bench_must(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0,
	    "/proc/self/exe");
	*strrchr(own, '/') = '\0';
	find(shim_library, own, "../shim/libzsock-preload.so");
	find(shim_empty, own, "libbench-empty.so");
	find(shim_null, own, "libbench-null.so");
	find(shim_calls, own, "bench_calls");
	find(shim_client, own, "bench_client");
	find(shim_linked, own, "bench_client_linked");
}

extern char **environ;

static bool
is_ours(const char *variable)
{
	return strncmp(variable, "ZSOCK_", 6) == 0 ||
	    strncmp(variable, "LD_PRELOAD=", 11) == 0 ||
	    strncmp(variable, "SSLKEYLOGFILE=", 14) == 0;
}

/* The pointers, and behind them the text of LD_PRELOAD. */
char **
shim_environment(const char *preload, const char *const *variables)
{
	const size_t len = preload != NULL ? strlen(preload) + 16 : 0;
	size_t n = 0, kept = 0;
	char **env, *text;

	while (environ[n] != NULL)
		n++;
	n += SHIM_VARIABLES_MAX + 2;
	env = calloc(1, n * sizeof(*env) + len);
	bench_must(env != NULL, "calloc");
	for (size_t i = 0; environ[i] != NULL; i++) {
		if (!is_ours(environ[i]))
			env[kept++] = environ[i];
	}
	for (size_t i = 0; variables[i] != NULL; i++)
		env[kept++] = (char *)variables[i];
	if (preload != NULL) {
		text = (char *)(env + n);
		snprintf(text, len, "LD_PRELOAD=%s", preload);
		env[kept] = text;
	}
	return env;
}

/* The last one that may be used, and the first one, where there are two. */
void
shim_pin(pid_t pid, enum shim_cpu cpu)
{
	cpu_set_t one;
	int at = cpu == SHIM_CPU_MEASURED ? CPU_SETSIZE - 1 : 0;

	while (!CPU_ISSET(at, &all_cpus))
		at += cpu == SHIM_CPU_MEASURED ? -1 : 1;
	CPU_ZERO(&one);
	CPU_SET(at, &one);
	bench_must(sched_setaffinity(pid, sizeof(one), &one) == 0,
	    "sched_setaffinity");
}

void
shim_unpin(void)
{
	bench_must(sched_setaffinity(0, sizeof(all_cpus), &all_cpus) == 0,
	    "sched_setaffinity");
}

void
shim_start(struct shim_worker *w, const char *path, char **environment,
    enum shim_cpu cpu)
{
	char *argv[] = { (char *)path, NULL };
	posix_spawn_file_actions_t actions;
	int to[2], from[2];

	bench_must(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0,
	    "pipe2");
	bench_must(posix_spawn_file_actions_init(&actions) == 0 &&
	        posix_spawn_file_actions_adddup2(&actions, to[0], 0) == 0 &&
	        posix_spawn_file_actions_adddup2(&actions, from[1], 1) == 0 &&
	        posix_spawn(&w->pid, path, &actions, NULL, argv, environment) ==
	            0,
	    path);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	close(to[0]);
	close(from[1]);
	w->in = to[1];
	w->out = from[0];
	shim_pin(w->pid, cpu);
}

struct shim_time
shim_ask(const struct shim_worker *w, const char *verb, long size, long times)
{
	struct shim_time t = { 0 };
	char line[80] = "";
	const int n =
	    snprintf(line, sizeof(line), "%s %ld %ld\n", verb, size, times);

	bench_must(write(w->in, line, (size_t)n) == n, "a worker's input");
	bench_must(read(w->out, line, sizeof(line) - 1) > 0 &&
	        sscanf(line, "%lf %lf", &t.wall, &t.cpu) == 2,
	    "a worker's answer");
	t.wall /= (double)times;
	t.cpu /= (double)times;
	return t;
}

void
shim_stop(struct shim_worker *w)
{
	close(w->in);
	close(w->out);
	waitpid(w->pid, NULL, 0);
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
shim_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static const char *
verdict(double value, double limit)
{
	return value <= limit ? "met" : "NOT met";
}

void
shim_row_ratio(const char *name, double *mine, double *base, size_t n,
    double limit, const char *than)
{
	double ratios[SHIM_ROUNDS_MAX], ratio;

	for (size_t i = 0; i < n; i++)
		ratios[i] = mine[i] / base[i];
	ratio = shim_median(ratios, n);
	printf("%-38s %10.3f %10.3f %7.3f   ", name, shim_median(mine, n),
	    shim_median(base, n), ratio);
	if (limit > 0)
		printf("<= %.2f x %s: %s\n", limit, than,
		    verdict(ratio, limit));
	else
		printf("%s\n", than);
	fflush(stdout);
}

void
shim_row_more(const char *name, const double both[2], double more, double limit,
    const char *unit)
{
	printf("%-38s %10.3f %10.3f %+7.1f   ", name, both[0], both[1], more);
	if (limit > 0)
		printf("<= %.0f %s more: %s\n", limit, unit,
		    verdict(more, limit));
	else
		printf("%s more\n", unit);
	fflush(stdout);
}

static void
prepare(void)
{
	bench_must(sched_getaffinity(0, sizeof(all_cpus), &all_cpus) == 0,
	    "sched_getaffinity");
	find_all();
	bench_identities();
	signal(SIGPIPE, SIG_IGN); /* a worker that ends has said why */
}

void
bench_shim(void)
{
	prepare();
	shim_bench_calls();
	shim_bench_exec();
	shim_bench_tls();
	shim_bench_memory();
	shim_bench_nginx();
}
