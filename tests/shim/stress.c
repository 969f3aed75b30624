/*
 * Threads with two connections each, while others fork, exec, dup2 and close:
 * for ZSOCK_STRESS_S seconds.  What comes back is what was sent, and nothing
 * hangs.  Exit code 0, else the place.
 */
#include "prog.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define STALL_MS 20000

static atomic_bool over;
static atomic_uint rounds[THREADS], forks, execs, dups;
static long long end_ms;

/* However slow the machine is, each has done something by then. */
static bool
time_is_up(unsigned int done)
{
	return done > 100 && now_ms() >= end_ms;
}

/*
 * n bytes there and back.  A child that has been forked meanwhile has not used
 * the connection, so none of this is EIO.
 */
static void
exchange(int fd, uint64_t *at, size_t n)
{
	unsigned char out[6000], in[6000];

	pattern_fill(out, *at, n);
	send_all(fd, out, n);
	recv_all(fd, in, n);
	MUST(pattern_is(in, *at, n));
	*at += n;
}

/* Another number for the connection; the old one is free, or a file's. */
static int
renumber(int fd, unsigned int *seed)
{
	int other;

	dups++;
	switch (rand_r(seed) % 4) {
	case 0:
		other = dup(fd);
		break;
	case 1:
		other = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		break;
	case 2:
		/* Over a number of this thread's own, which is a file's. */
		other = open("/dev/null", O_RDWR | O_CLOEXEC);
		MUST(other >= 0);
		MUST_BE(dup2(fd, other), other);
		break;
	default:
		/* A file takes the place of a second number. */
		other = dup(fd);
		MUST(other >= 0);
		{
			const int file = open("/dev/null", O_RDWR | O_CLOEXEC);

			MUST(file >= 0);
			MUST_BE(dup2(file, other), other);
			MUST_BE(write(other, "file", 4), 4);
			MUST_BE(close(other), 0);
			MUST_BE(close(file), 0);
		}
		return fd;
	}
	MUST(other >= 0);
	MUST_BE(close(fd), 0);
	return other;
}

static void *
talk(void *arg)
{
	const size_t me = (size_t)(uintptr_t)arg;
	unsigned int seed = (unsigned int)me + 1;
	int fds[2] = { dial(SOCK_CLOEXEC), dial(SOCK_CLOEXEC) };
	uint64_t at[2] = { 0, 0 };

	while (!time_is_up(rounds[me])) {
		const size_t k = (size_t)rand_r(&seed) % 2;

		exchange(fds[k], &at[k], (size_t)rand_r(&seed) % 6000 + 1);
		switch (rand_r(&seed) % 16) {
		case 0:
			MUST_BE(close(fds[k]), 0);
			fds[k] = dial(SOCK_CLOEXEC);
			at[k] = 0;
			break;
		case 1:
		case 2:
			fds[k] = renumber(fds[k], &seed);
			break;
		default:
			break;
		}
		rounds[me]++;
	}
	for (size_t k = 0; k < 2; k++) {
		exchange(fds[k], &at[k], 100);
		MUST_BE(close(fds[k]), 0);
	}
	return NULL;
}

/* What a child does: it ends, closes all, becomes another program. */
static void
child(unsigned int kind)
{
	alarm(20);
	if (kind == 0)
		_exit(0);
	if (kind == 1) {
		for (int i = 3; i < 200; i++)
			close(i);
		_exit(0);
	}
	if (kind == 2) {
		/* A connection of the child's own. */
		const int fd = dial(0);
		uint64_t at = 7;

		exchange(fd, &at, 1000);
		_exit(close(fd));
	}
	if (kind == 3)
		execl("/bin/true", "true", (char *)NULL);
	if (prog_plain())
		_exit(0); /* it would succeed */
	execl("/bin/sh", "sh", "-c",
	    "for f in 4 5 6 7 8 9; do (printf SECRET >&$f) 2>/dev/null; done; "
	    "exit 0",
	    (char *)NULL);
	_exit(127);
}

static void *
breed(void *arg)
{
	unsigned int seed = 99;

	while (!time_is_up(forks)) {
		const unsigned int kind = (unsigned int)rand_r(&seed) % 5;
		const pid_t pid = fork();

		MUST(pid >= 0);
		if (pid == 0)
			child(kind);
		forks++;
		execs += kind >= 3;
		must_end_well(pid);
	}
	return arg;
}

/* Ends the program, with what every thread has done, when one stands still. */
static void *
watch(void *arg)
{
	unsigned int seen[THREADS] = { 0 };
	long long since[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		since[i] = now_ms();
	while (!over) {
		const struct timespec nap = { .tv_nsec = 100000000 };

		nanosleep(&nap, NULL);
		for (size_t i = 0; i < THREADS; i++) {
			if (rounds[i] != seen[i] || over) {
				seen[i] = rounds[i];
				since[i] = now_ms();
			}
			if (now_ms() - since[i] < STALL_MS)
				continue;
			fprintf(stderr,
			    "stress: thread %zu hangs after %u "
			    "rounds\n",
			    i, seen[i]);
			_exit(1);
		}
	}
	return arg;
}

static void
race(void)
{
	const char *given = getenv("ZSOCK_STRESS_S");
	const int seconds = given != NULL ? atoi(given)
	    : getenv("CI") != NULL        ? 30
	                                  : 5;
	pthread_t threads[THREADS], breeder, watcher;

	end_ms = now_ms() + seconds * 1000LL;
	MUST_BE(pthread_create(&watcher, NULL, watch, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		MUST_BE(pthread_create(&threads[i], NULL, talk,
		            (void *)(uintptr_t)i),
		    0);
	MUST_BE(pthread_create(&breeder, NULL, breed, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		MUST_BE(pthread_join(threads[i], NULL), 0);
	MUST_BE(pthread_join(breeder, NULL), 0);
	over = true;
	MUST_BE(pthread_join(watcher, NULL), 0);
	MUST(execs > 0 && dups > 10);
	printf("%u %u %u %u rounds, %u forks, %u execs, %u numbers\n",
	    rounds[0], rounds[1], rounds[2], rounds[3], forks, execs, dups);
}

static const struct verb verbs[] = { { "race", race } };

PROG_MAIN(verbs)
