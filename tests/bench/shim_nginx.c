/* Requests of nginx, plain HTTP, by itself and under the preload library. */
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/row.h"
#include "bench/shim.h"
#include "bench/ways.h"

#define BLOCKS 10
#define EACH 10 /* rounds of a block */
#define TRIES 500
#define PAUSE_US 10000

/* A row of the time, and the next of the processor's. */
static const struct kind {
	enum bench_row row;
	const char *keep; /* ab's option, or another that does not matter */
	int requests;
} kinds[] = {
	{ ROW_NGINX_KEPT, "-k", 2000 },
	{ ROW_NGINX_EACH, "-q", 1000 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct server {
	pid_t pid;
	struct sockaddr_in addr;
	char dir[32];
};

static void
write_file(const struct server *s, const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	file = fopen(path, "w");
	bench_must(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0,
	    path);
}

/* One process, which serves; and nothing outside its directory. */
static void
configure(struct server *s)
{
	char text[1024];

	strcpy(s->dir, "/tmp/zsock-bench-XXXXXX");
	bench_must(mkdtemp(s->dir) != NULL && chmod(s->dir, 0755) == 0, s->dir);
	snprintf(text, sizeof(text),
	    "daemon off; master_process off; worker_processes 1;\n"
	    "pid %s/pid; error_log %s/log warn;\n"
	    "events { worker_connections 256; }\n"
	    "http { access_log off; keepalive_requests 1000000000;\n"
	    "client_body_temp_path %s; proxy_temp_path %s;\n"
	    "fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;\n"
	    "server { listen 127.0.0.1:%d; root %s; } }\n",
	    s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir,
	    ntohs(s->addr.sin_port), s->dir);
	write_file(s, "conf", text);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_file(s, "page", text);
}

static bool
answers(const struct server *s)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	const int rc =
	    connect(fd, (const struct sockaddr *)&s->addr, sizeof(s->addr));

	close(fd);
	return rc == 0;
}

static void
start(struct server *s, const char *preload)
{
	static const char *const none[] = { NULL };
	char **environment = shim_environment(preload, none);
	char conf[64], log[64];

	close(bench_listen_raw(&s->addr)); /* a port that is free */
	configure(s);
	snprintf(conf, sizeof(conf), "%s/conf", s->dir);
	snprintf(log, sizeof(log), "%s/log", s->dir);
	s->pid = fork();
	bench_must(s->pid >= 0, "fork");
	if (s->pid == 0) {
		char *argv[] = { "nginx", "-e", log, "-c", conf, NULL };

		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		bench_pin(0, BENCH_CPU_SECOND);
		execvpe("nginx", argv, environment);
		_exit(127);
	}
	free(environment);
	for (int i = 0; i < TRIES && !answers(s); i++) {
		bench_must(waitpid(s->pid, NULL, WNOHANG) == 0, "nginx");
		usleep(PAUSE_US);
	}
}

static void
stop(struct server *s)
{
	static const char *const files[] = { "conf", "page", "log", "pid" };
	char path[64];

	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->dir, files[i]);
		unlink(path);
	}
	rmdir(s->dir);
}

/* Nanoseconds of the processor that it has used. */
static double
used_ns(pid_t pid)
{
	char path[64];
	double ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	file = fopen(path, "r");
	bench_must(file != NULL && fscanf(file, "%lf", &ns) == 1, path);
	fclose(file);
	return ns;
}

/* Nanoseconds a request: by ab's clock, and of the server's processor. */
static struct shim_time
requests_ns(const struct server *s, const struct kind *k)
{
	const double before = used_ns(s->pid);
	struct shim_time t = { 0 };
	char command[160], line[160];
	double rate = 0;
	int failed = -1;
	FILE *file;

	snprintf(command, sizeof(command),
	    "exec ab -q %s -n %d -c 8 http://127.0.0.1:%d/page 2>&1", k->keep,
	    k->requests, ntohs(s->addr.sin_port));
	file = popen(command, "r");
	bench_must(file != NULL, "ab");
	while (fgets(line, sizeof(line), file) != NULL) {
		(void)sscanf(line, "Requests per second: %lf", &rate);
		(void)sscanf(line, "Failed requests: %d", &failed);
	}
	bench_must(pclose(file) == 0 && rate > 0 && failed == 0, "ab");
	t.wall = 1e9 / rate;
	t.cpu = (used_ns(s->pid) - before) / k->requests;
	return t;
}

/* Of our server and the other: the time of each round, and the processor's. */
static double wall[KINDS][2][ROW_ROUNDS_MAX], cpu[KINDS][2][ROW_ROUNDS_MAX];

static void
round_of(size_t k, const struct server servers[2], int at)
{
	for (int j = 0; j < 2; j++) {
		const int s = (at + j) % 2;
		const struct shim_time t = requests_ns(&servers[s], &kinds[k]);

		wall[k][s][at] = t.wall;
		cpu[k][s][at] = t.cpu;
	}
}

/* Servers of their own, as it matters where their pages happen to lie. */
static void
block(int at, int each)
{
	struct server servers[2];

	for (int j = 0; j < 2; j++) {
		const int s = (at + j) % 2;

		start(&servers[s], s == 0 ? shim_library : NULL);
	}
	bench_pin(0, BENCH_CPU_FIRST); /* ab, too */
	for (size_t k = 0; k < KINDS; k++) {
		for (int i = 0; i < each; i++)
			round_of(k, servers, at * each + i);
	}
	bench_unpin();
	stop(&servers[0]);
	stop(&servers[1]);
}

static void
absent(const char *why)
{
	for (size_t k = 0; k < KINDS; k++) {
		row_absent(kinds[k].row, why);
		row_absent(kinds[k].row + 1, why);
	}
}

void
shim_bench_nginx(void)
{
	const int all = row_rounds(BLOCKS * EACH);
	const int each = all < EACH ? all : EACH, blocks = all / each;

	if (system("command -v nginx >/dev/null && command -v ab >/dev/null") !=
	    0) {
		absent("no nginx or no ab here");
		return;
	}
	for (int i = 0; i < blocks; i++)
		block(i, each);
	for (size_t k = 0; k < KINDS; k++) {
		row_report(kinds[k].row, wall[k][0], wall[k][1], blocks * each);
		row_report(kinds[k].row + 1, cpu[k][0], cpu[k][1],
		    blocks * each);
	}
}
