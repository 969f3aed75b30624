/* Several threads and one connection. */
#include "prog.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t sleeper;

struct job {
	int fd;
	ssize_t got;
	int error;
	char buf[64];
};

static void *
receive(void *arg)
{
	struct job *job = arg;

	__atomic_store_n(&sleeper, (pid_t)syscall(SYS_gettid),
	    __ATOMIC_RELEASE);
	job->got = recv(job->fd, job->buf, sizeof(job->buf), 0);
	job->error = errno;
	return NULL;
}

static pthread_t
start_receiving(struct job *job)
{
	pthread_t thread;

	sleeper = 0;
	MUST_BE(pthread_create(&thread, NULL, receive, job), 0);
	while (__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	until_asleep(sleeper);
	return thread;
}

/* P6: one thread sleeps in recv, another sends. */
static void
send_beside(void)
{
	struct job job = { .fd = dial_and_take(0) };
	pthread_t thread = start_receiving(&job);
	const long long began = now_ms();

	tell("echo");
	MUST_BE(send(job.fd, "beside", 6, 0), 6);
	MUST(now_ms() - began < 1000);
	MUST_BE(pthread_join(thread, NULL), 0);
	MUST_BE(job.got, 6);
}

/* P6: and another asks poll and the options. */
static void
ask_beside(void)
{
	struct job job = { .fd = dial_and_take(0) };
	pthread_t thread = start_receiving(&job);
	const long long began = now_ms();
	int value = 0;
	socklen_t len = sizeof(value);

	MUST_BE(polled(job.fd, POLLOUT, 1000), POLLOUT);
	MUST_BE(getsockopt(job.fd, SOL_SOCKET, SO_ERROR, &value, &len), 0);
	MUST(now_ms() - began < 1000);
	tell("send 3 3");
	MUST_BE(pthread_join(thread, NULL), 0);
	MUST_BE(job.got, 3);
}

/* P37: a thread is cancelled in recv; the others go on. */
static void
cancelled(void)
{
	struct job job = { .fd = dial_and_take(0) };
	void *result;
	char c;

	for (int i = 0; i < 5; i++) {
		pthread_t thread = start_receiving(&job);

		MUST_BE(pthread_cancel(thread), 0);
		MUST_BE(pthread_join(thread, &result), 0);
		MUST(result == PTHREAD_CANCELED);
		MUST_BE(send(job.fd, "!", 1, 0), 1);
	}
	tell("get 5");
	tell("send 1 1");
	MUST_BE(recv(job.fd, &c, 1, 0), 1);
	MUST_BE(close(job.fd), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* A thread sleeps in recv and another closes, or shuts down. */
static void
shut_beside(void)
{
	struct job job = { .fd = dial_and_take(0) };
	pthread_t thread = start_receiving(&job);

	MUST_BE(shutdown(job.fd, SHUT_RDWR), 0);
	MUST_BE(pthread_join(thread, NULL), 0);
	MUST(job.got <= 0);
	MUST_BE(close(job.fd), 0);
}

static int shared_fd;

static void *
write_much(void *arg)
{
	unsigned char buf[8900];

	for (size_t i = 0; i < 500; i++) {
		pattern_fill(buf, i * sizeof(buf), sizeof(buf));
		send_all(shared_fd, buf, sizeof(buf));
	}
	return arg;
}

/* Both directions at once, each in a thread: 4 MB come back as they left. */
static void
duplex(void)
{
	unsigned char buf[8900];
	pthread_t thread;

	shared_fd = dial_and_take(0);
	tell("echo");
	MUST_BE(pthread_create(&thread, NULL, write_much, NULL), 0);
	for (size_t i = 0; i < 500; i++) {
		recv_all(shared_fd, buf, sizeof(buf));
		MUST(pattern_is(buf, i * sizeof(buf), sizeof(buf)));
	}
	MUST_BE(pthread_join(thread, NULL), 0);
	close(shared_fd);
}

static atomic_bool over;

/* Takes the lowest free number, again and again, and gives it back. */
static void *
open_and_close(void *arg)
{
	while (!over) {
		const int fd = open("/dev/zero", O_RDONLY);
		char c = 1;

		MUST(fd >= 0);
		MUST_BE(read(fd, &c, 1), 1);
		MUST_BE(c, 0);
		MUST_BE(close(fd), 0);
	}
	return arg;
}

/* P28: a number that dup2 takes from a connection is nobody's in between. */
static void
no_gap(void)
{
	const int fd = dial_and_take(0), null = open("/dev/null", O_RDWR);
	pthread_t thread;

	MUST(null >= 0);
	MUST_BE(pthread_create(&thread, NULL, open_and_close, NULL), 0);
	for (int i = 0; i < 3000; i++) {
		const int n = dup(fd);

		MUST(n >= 0);
		MUST_BE(dup2(null, n), n);
		MUST_BE(write(n, "file", 4), 4);
		MUST_BE(dup3(fd, n, O_CLOEXEC), n);
		MUST_BE(polled(n, POLLOUT, 1000), POLLOUT);
		MUST_BE(close(n), 0);
	}
	over = true;
	MUST_BE(pthread_join(thread, NULL), 0);
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " in=0 "));
	MUST(says(tell("state"), " bad=0 end=eof"));
}

static void *
accept_one(void *arg)
{
	__atomic_store_n(&sleeper, (pid_t)syscall(SYS_gettid),
	    __ATOMIC_RELEASE);
	(void)close(accept(*(const int *)arg, NULL, NULL)); /* none comes */
	return NULL;
}

/* P37: threads are cancelled in accept, and no number is used up by it. */
static void
cancelled_accept(void)
{
	int port, listener = listen_there(0, &port), fd;
	pthread_t thread;
	void *result;

	for (int i = 0; i < 30; i++) {
		sleeper = 0;
		MUST_BE(pthread_create(&thread, NULL, accept_one, &listener),
		    0);
		while (__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE) == 0)
			sched_yield();
		until_asleep(sleeper);
		MUST_BE(pthread_cancel(thread), 0);
		MUST_BE(pthread_join(thread, &result), 0);
		MUST(result == PTHREAD_CANCELED);
	}
	tell("mode echo");
	tell("dial %d", port);
	fd = accept(listener, NULL, NULL);
	MUST(fd >= 0);
	must_echo(fd, "accepted");
	MUST(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static void *
close_one(void *arg)
{
	__atomic_store_n(&sleeper, (pid_t)syscall(SYS_gettid),
	    __ATOMIC_RELEASE);
	MUST_BE(close(*(const int *)arg), 0);
	pthread_testcancel();
	return NULL;
}

/* P37: a close that waits to say goodbye does so, and then is cancelled. */
static void
cancelled_close(void)
{
	pthread_t thread;
	void *result;
	size_t sent;
	int fd;

	tell("rcvbuf 4096");
	fd = dial_and_take(0);
	sent = fill_up(fd);
	sleeper = 0;
	MUST_BE(pthread_create(&thread, NULL, close_one, &fd), 0);
	while (__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	until_asleep(sleeper);
	MUST_BE(pthread_cancel(thread), 0);
	tell("get %zu", sent);
	MUST_BE(pthread_join(thread, &result), 0);
	MUST(result == PTHREAD_CANCELED);
	MUST_FAIL(fcntl(fd, F_GETFD), EBADF);
	MUST(says(tell("end"), " notify=1 bad=0 end=eof"));
	MUST_BE(dial(0), fd);
}

static const struct verb verbs[] = {
	{ "send_beside", send_beside },
	{ "ask_beside", ask_beside },
	{ "cancelled", cancelled },
	{ "shut_beside", shut_beside },
	{ "duplex", duplex },
	{ "no_gap", no_gap },
	{ "cancelled_accept", cancelled_accept },
	{ "cancelled_close", cancelled_close },
};

PROG_MAIN(verbs)
