#include "bench/shim.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/machine.h"
#include "bench/ways.h"

char shim_library[PATH_MAX], shim_empty[PATH_MAX], shim_null[PATH_MAX],
    shim_calls[PATH_MAX], shim_client[PATH_MAX], shim_linked[PATH_MAX];

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

void
shim_start(struct shim_worker *w, const char *path, char **environment,
    enum bench_cpu cpu)
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
	bench_pin(w->pid, cpu);
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

static void
prepare(void)
{
	find_all();
	bench_identities();
	signal(SIGPIPE, SIG_IGN); /* a worker that ends has said why */
}

void
bench_shim(void)
{
	prepare();
	bench_unpin();
	shim_bench_calls();
	shim_bench_exec();
	shim_bench_tls();
	shim_bench_memory();
	shim_bench_nginx();
}
