/*
 * A program whose allocator has one lock, and takes it before a fork: another
 * thread that wants memory at that time waits.
 */
#include "prog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#ifndef ELIBACC
#define ELIBACC 79
#endif

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool begun, done;

static void
take(void)
{
	pthread_mutex_lock(&lock);
}

static void
give(void)
{
	pthread_mutex_unlock(&lock);
}

void *
malloc(size_t n)
{
	void *p;

	take();
	p = __libc_malloc(n);
	give();
	return p;
}

void *
calloc(size_t n, size_t size)
{
	void *p;

	take();
	p = __libc_calloc(n, size);
	give();
	return p;
}

void *
realloc(void *old, size_t n)
{
	void *p;

	take();
	p = __libc_realloc(old, n);
	give();
	return p;
}

void
free(void *p)
{
	take();
	__libc_free(p);
	give();
}

static void *
talk(void *arg)
{
	begun = true;
	must_echo(dial(0), "the first one");
	done = true;
	return arg;
}

/* It works, or there is an answer. */
static void
try_in_child(int port)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	alarm(20);
	MUST(fd >= 0);
	if (connect(fd, (const void *)&addr, sizeof(addr)) == -1)
		MUST(errno == ELIBACC || errno == EBADF);
	_exit(0);
}

static void
forks(void)
{
	const int port = atoi(getenv("PEER_PORT"));
	pthread_t thread;
	pid_t pid;

	alarm(60);
	MUST_BE(pthread_atfork(take, give, give), 0);
	MUST_BE(pthread_create(&thread, NULL, talk, NULL), 0);
	while (!begun)
		continue;
	for (int i = 0; !done; i++) {
		pid = fork();
		MUST(pid >= 0);
		if (pid == 0 && i % 8 == 0)
			try_in_child(port);
		if (pid == 0)
			_exit(0);
		must_end_well(pid);
	}
	MUST_BE(pthread_join(thread, NULL), 0);
}

static const struct verb verbs[] = { { "forks", forks } };

PROG_MAIN(verbs)
