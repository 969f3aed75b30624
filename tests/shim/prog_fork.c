/* Two processes and one connection. */
#include "prog.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* P1: a child of vfork has its parent's memory, not its descriptors. */
static void
vforked(void)
{
	const int fd = dial_and_take(0);
	pid_t child;

	tell("echo");
	for (int i = 0; i < 20; i++) {
		child = vfork();
		MUST(child >= 0);
		if (child == 0) {
			close_range(3, ~0U, 0);
			close(fd);
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		must_end_well(child);
		must_echo(fd, "after vfork");
	}
}

/* P42: posix_spawn a thousand times. */
static void
spawned(void)
{
	static char *const argv[] = { "true", NULL };
	const int fd = dial_and_take(0);
	pid_t child;

	tell("echo");
	for (int i = 0; i < 1000; i++) {
		MUST_BE(posix_spawn(&child, "/bin/true", NULL, NULL, argv,
		            environ),
		    0);
		must_end_well(child);
	}
	must_echo(fd, "after a thousand");
}

/* P16: the parent leaves, the child goes on. */
static void
parent_leaves(void)
{
	const int fd = dial_and_take(0);
	int gone[2];
	pid_t child;
	char c;

	tell("echo");
	must_echo(fd, "from the parent");
	MUST_BE(pipe(gone), 0);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		close(gone[1]);
		MUST_BE(read(gone[0], &c, 1), 0);
		must_echo(fd, "from the child");
		must_echo(fd, "and once more");
		MUST_BE(close(fd), 0);
		_exit(0);
	}
	MUST_BE(close(fd), 0);
	MUST_BE(close(gone[1]), 0);
	must_end_well(child);
	MUST(says(tell("end"),
	    prog_plain() ? " bad=0 end=eof" : " notify=1 bad=0 end=eof"));
}

/* P16: the child leaves, the parent goes on. */
static void
child_leaves(void)
{
	const int fd = dial_and_take(0);
	pid_t child;

	tell("echo");
	for (int i = 0; i < 3; i++) {
		child = fork();
		MUST(child >= 0);
		if (child == 0) {
			if (i < 2)
				MUST_BE(close(fd), 0);
			if (i == 0)
				exit(0);
			_exit(0);
		}
		must_end_well(child);
		must_echo(fd, "from the parent");
	}
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* P17: the one who comes second gets EIO. */
static void
second_user(void)
{
	const int fd = dial_and_take(0);
	pid_t child;
	char c;

	tell("echo");
	must_echo(fd, "from the parent");
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		must_echo(fd, "from the child");
		_exit(0);
	}
	must_end_well(child);
	MUST_FAIL(send(fd, "x", 1, MSG_NOSIGNAL), EIO);
	MUST_FAIL(write(fd, "x", 1), EIO);
	MUST_FAIL(recv(fd, &c, 1, MSG_DONTWAIT), EIO);
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 end="));
}

/* ... whoever that is. */
static void
second_child(void)
{
	const int fd = dial_and_take(0);
	int go[2];
	pid_t child;
	char c;

	tell("echo");
	MUST_BE(pipe(go), 0);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		MUST_BE(read(go[0], &c, 1), 1);
		MUST_FAIL(send(fd, "x", 1, MSG_NOSIGNAL), EIO);
		MUST_FAIL(recv(fd, &c, 1, MSG_DONTWAIT), EIO);
		_exit(0);
	}
	must_echo(fd, "from the parent");
	MUST_BE(write(go[1], "!", 1), 1);
	must_end_well(child);
	must_echo(fd, "from the parent");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

static pid_t sleeper;

static void *
receive(void *arg)
{
	char c;

	__atomic_store_n(&sleeper, (pid_t)syscall(SYS_gettid),
	    __ATOMIC_RELEASE);
	(void)!recv(*(const int *)arg, &c, 1, 0);
	return NULL;
}

/* P41: a fork while another thread sleeps in recv. */
static void
fork_beside(void)
{
	int fd = dial_and_take(0), other;
	pthread_t thread;
	pid_t child;
	char c;

	other = dial_and_take(0);
	tell("echo");
	MUST_BE(pthread_create(&thread, NULL, receive, &fd), 0);
	while (__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	until_asleep(sleeper);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		alarm(5);
		must_echo(other, "from the child");
		errno = 0;
		/* No hang: either it was not locked, or it is abandoned. */
		if (recv(fd, &c, 1, MSG_DONTWAIT) < 0)
			MUST(errno == EBADF || errno == EAGAIN || errno == EIO);
		(void)send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		_exit(0);
	}
	must_end_well(child);
	tell("on 0");
	MUST(says(tell("state"), " bad=0 "));
	_exit(0);
}

/*
 * A fork without libc's handlers is found out as well: one of the two may go
 * on, and that is the child only if it is the first.
 */
static void
raw_fork(void)
{
	const int fd = dial_and_take(0);
	pid_t child;
	int status;

	tell("echo");
	child = (pid_t)syscall(SYS_fork);
	MUST(child >= 0);
	if (child == 0) {
		if (send(fd, "from the child", 14, 0) == 14)
			_exit(77);
		MUST(errno == EBADF || errno == EIO);
		_exit(0);
	}
	MUST_BE(waitpid(child, &status, 0), child);
	MUST(status == 0 || WEXITSTATUS(status) == 77);
	if (status == 0)
		must_echo(fd, "from the parent");
	else
		MUST_FAIL(send(fd, "x", 1, MSG_NOSIGNAL), EIO);
	MUST(says(tell("state"), " bad=0 "));
}

/* P28: a number that a child gives to a file is the parent's connection. */
static void
vacate_in_child(void)
{
	const int fd = dial_and_take(0);
	pid_t child;

	tell("echo");
	must_echo(fd, "before");
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		const int null = open("/dev/null", O_RDWR);

		MUST(null >= 0);
		MUST_BE(dup2(null, fd), fd);
		MUST_BE(write(fd, "file", 4), 4);
		_exit(0);
	}
	must_end_well(child);
	must_echo(fd, "after");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/*
 * P17: what is left of a record when the process forks is read by one of the
 * two, and the other takes nothing of what follows.
 */
static void
held_steal(void)
{
	const int fd = dial_and_take(0);
	char buf[100];
	int go[2];
	pid_t child;

	MUST_BE(pipe(go), 0);
	tell("send 100 100");
	MUST_BE(recv(fd, buf, 10, 0), 10);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		MUST_BE(read(go[0], buf, 1), 1);
		MUST_FAIL(recv(fd, buf, sizeof(buf), 0), EIO);
		_exit(0);
	}
	MUST_BE(recv(fd, buf, 90, 0), 90);
	MUST(pattern_is(buf, 10, 90));
	tell("send 100 100");
	MUST_BE(write(go[1], "x", 1), 1);
	must_end_well(child);
	MUST_BE(recv(fd, buf, sizeof(buf), 0), sizeof(buf));
	MUST(pattern_is(buf, 100, sizeof(buf)));
	MUST_BE(send(fd, "!", 1, 0), 1);
	tell("read 1");
}

static const struct verb verbs[] = {
	{ "vforked", vforked },
	{ "spawned", spawned },
	{ "parent_leaves", parent_leaves },
	{ "child_leaves", child_leaves },
	{ "second_user", second_user },
	{ "second_child", second_child },
	{ "fork_beside", fork_beside },
	{ "raw_fork", raw_fork },
	{ "vacate_in_child", vacate_in_child },
	{ "held_steal", held_steal },
};

PROG_MAIN(verbs)
