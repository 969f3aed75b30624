#include "bench/hold.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"

/* What this process has now, in KiB. */
static struct hold_memory
look(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, pages = 0;

	bench_must(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2,
	    "/proc/self/statm");
	fclose(file);
	return (struct hold_memory){
		.resident =
		    (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024,
		.heap = (double)mallinfo2().uordblks / 1024,
	};
}

/* Has all connections by make, says what one takes, waits to be ended. */
static void
hold(const struct hold_way *w, void (*make)(int), int n, int out)
{
	struct hold_memory before = { 0 }, each;

	for (int i = 0; i < HOLD_WARM_UP + n; i++) {
		if (i == HOLD_WARM_UP) {
			malloc_trim(0); /* what other parts have left */
			before = look();
		}
		make(i);
	}
	w->look();
	each = look();
	each.resident = (each.resident - before.resident) / n;
	each.heap = (each.heap - before.heap) / n;
	bench_must(write(out, &each, sizeof(each)) == sizeof(each), "write");
	pause();
	_exit(0);
}

void
hold_measure(const struct hold_way *w, int n, struct hold_memory each[2])
{
	pid_t children[2];
	int pipes[2][2], server;

	w->listen();
	for (server = 1; server >= 0; server--) {
		bench_must(pipe(pipes[server]) == 0, "pipe");
		children[server] = fork();
		if (children[server] == 0)
			hold(w, server ? w->serve : w->connect, n,
			    pipes[server][1]);
		close(pipes[server][1]);
	}
	for (int i = 0; i < 2; i++) {
		bench_must(read(pipes[i][0], &each[i], sizeof(each[i])) ==
		        sizeof(each[i]),
		    "read");
		close(pipes[i][0]);
	}
	for (int i = 0; i < 2; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	w->unlisten();
}
