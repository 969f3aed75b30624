/*
 * Who is not the process of the connection never writes to its wire nor reads
 * from it: a child, another program, another process.  Each verb is the one
 * that holds the connection.
 */
#include "prog.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char number[16];

/* A connection with data waiting, open across exec as the program has it. */
static int
inheritable(void)
{
	const int fd = dial_and_take(0);

	tell("send 100 100");
	MUST_BE(polled(fd, 1, 5000), 1);
	MUST_BE(fcntl(fd, F_SETFD, 0), 0);
	MUST_BE(fcntl(fd, F_GETFD), 0);
	snprintf(number, sizeof(number), "%d", fd);
	return fd;
}

static void
still_good(int fd)
{
	char buf[100];

	recv_all(fd, buf, sizeof(buf));
	MUST(pattern_is(buf, 0, sizeof(buf)));
	MUST_BE(send(fd, "!", 1, 0), 1);
	tell("read 1");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " in=1 "));
	MUST(says(tell("state"), " bad=0 end=eof"));
}

/* What every other one finds at the number of its argument. */
static void
attempt(void)
{
	const int fd = atoi(prog_arg(0));
	struct iovec vec = { number, 4 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };

	MUST_FAIL(send(fd, "SECRET", 6, MSG_NOSIGNAL), fd < 3 ? errno : EBADF);
	MUST_FAIL(write(fd, "SECRET", 6), EBADF);
	MUST_FAIL(read(fd, number, 4), EBADF);
	MUST_FAIL(writev(fd, &vec, 1), EBADF);
	MUST_FAIL(readv(fd, &vec, 1), EBADF);
	MUST(sendmsg(fd, &msg, MSG_NOSIGNAL) < 0);
	MUST(recv(fd, number, 4, MSG_DONTWAIT) < 0);
	if (fd < 3)
		MUST(fcntl(fd, F_GETFD) >= 0);
}

static void
exec_attempt(const char *path, char **env)
{
	char *argv[] = { "attempt", "attempt", number, NULL };

	execve(path, argv, env);
	MUST(false);
}

static void
exec_own(void)
{
	(void)inheritable();
	exec_attempt("/proc/self/exe", environ);
}

/* P12: the same without the preload library there. */
static void
exec_bare(void)
{
	char *none[] = { NULL };

	(void)inheritable();
	exec_attempt("/proc/self/exe", none);
}

/* Standard input: its number stays taken. */
static void
exec_stdin(void)
{
	const int fd = inheritable();

	MUST_BE(dup2(fd, 0), 0);
	strcpy(number, "0");
	exec_attempt("/proc/self/exe", environ);
}

static void
exec_stdin_bare(void)
{
	char *none[] = { NULL };
	const int fd = inheritable();

	MUST_BE(dup2(fd, 0), 0);
	strcpy(number, "0");
	exec_attempt("/proc/self/exe", none);
}

/* An exec that fails takes nothing away. */
static void
exec_fails(void)
{
	const int fd = inheritable();
	char *argv[] = { "none", NULL };

	MUST_BE(dup2(fd, 0), 0);
	MUST_FAIL(execve("/nonexistent", argv, environ), ENOENT);
	MUST_FAIL(execvp("/nonexistent", argv), ENOENT);
	MUST_FAIL(execlp("/nonexistent", "none", (char *)NULL), ENOENT);
	MUST_BE(close(fd), 0);
	still_good(0);
}

/* A child that becomes another program; the parent goes on. */
static void
fork_exec(const char *path, char **env)
{
	const int fd = inheritable();
	const pid_t child = fork();

	MUST(child >= 0);
	if (child == 0)
		exec_attempt(path, env);
	must_end_well(child);
	still_good(fd);
}

static void
fork_exec_own(void)
{
	fork_exec("/proc/self/exe", environ);
}

static void
fork_exec_static(void)
{
	fork_exec(prog_arg(0), environ);
}

/* Each way to begin another program, with its own list of arguments. */
static void
ways_of_exec(void)
{
	const int fd = inheritable();
	char *argv[] = { "attempt", "attempt", number, NULL };
	char self[4096];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	MUST(n > 0);
	self[n] = '\0';
	for (int way = 0; way < 8; way++) {
		const pid_t child = fork();

		MUST(child >= 0);
		if (child > 0) {
			must_end_well(child);
			continue;
		}
		if (way == 0)
			execv(self, argv);
		else if (way == 1)
			execvp(self, argv);
		else if (way == 2)
			execvpe(self, argv, environ);
		else if (way == 3)
			execl(self, "x", "attempt", number, (char *)NULL);
		else if (way == 4)
			execlp(self, "x", "attempt", number, (char *)NULL);
		else if (way == 5)
			execle(self, "x", "attempt", number, (char *)NULL,
			    environ);
		else if (way == 6)
			fexecve(open(self, O_RDONLY), argv, environ);
		else
			execveat(AT_FDCWD, self, argv, environ, 0);
		MUST(false);
	}
	still_good(fd);
}

/* posix_spawn: the descriptor is not in the child, nor can it be put there. */
static void
spawn(void)
{
	const int fd = inheritable();
	char *argv[] = { "attempt", "attempt", number, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;

	MUST_BE(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv,
	            environ),
	    0);
	must_end_well(child);
	MUST_BE(posix_spawn_file_actions_init(&actions), 0);
	MUST_BE(posix_spawn_file_actions_adddup2(&actions, fd, 1), EBADF);
	MUST_BE(posix_spawn_file_actions_adddup2(&actions, 2, 1), 0);
	MUST_BE(posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv,
	            environ),
	    0);
	must_end_well(child);
	posix_spawn_file_actions_destroy(&actions);
	still_good(fd);
}

static void
shell(void)
{
	const int fd = inheritable();
	char line[128];

	snprintf(line, sizeof(line), "printf SECRET >&%d", fd);
	MUST(system(line) != 0);
	snprintf(line, sizeof(line), "cat <&%d", fd);
	MUST(system(line) != 0);
	still_good(fd);
}

static void
pipe_to(void)
{
	const int fd = inheritable();
	char line[128], byte;
	FILE *f;

	snprintf(line, sizeof(line), "exec cat <&%d", fd);
	f = popen(line, "r");
	MUST(f != NULL);
	MUST_BE(fread(&byte, 1, 1, f), 0);
	MUST(pclose(f) != 0);
	still_good(fd);
}

/* Another process is not given it. */
static void
rights(void)
{
	const int fd = inheritable();
	char c = 'x';
	struct iovec vec = { &c, 1 };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct mmsghdr many = { .msg_hdr = msg };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	int pair[2], other;

	MUST_BE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	MUST_FAIL(sendmsg(pair[0], &msg, 0), EBADF);
	MUST_FAIL(sendmmsg(pair[0], &many, 1, 0), EBADF);
	MUST_FAIL(recv(pair[1], &c, 1, MSG_DONTWAIT), EAGAIN);
	/* Others go as ever. */
	other = pair[1];
	memcpy(CMSG_DATA(head), &other, sizeof(other));
	MUST_BE(sendmsg(pair[0], &msg, 0), 1);
	MUST_BE(recvmsg(pair[1], &msg, 0), 1);
	memcpy(&other, CMSG_DATA(head), sizeof(other));
	MUST(other > pair[1]);
	still_good(fd);
}

static const struct verb verbs[] = {
	{ "attempt", attempt },
	{ "exec_own", exec_own },
	{ "exec_bare", exec_bare },
	{ "exec_stdin", exec_stdin },
	{ "exec_stdin_bare", exec_stdin_bare },
	{ "exec_fails", exec_fails },
	{ "fork_exec_own", fork_exec_own },
	{ "fork_exec_static", fork_exec_static },
	{ "ways_of_exec", ways_of_exec },
	{ "spawn", spawn },
	{ "shell", shell },
	{ "pipe_to", pipe_to },
	{ "rights", rights },
};

PROG_MAIN(verbs)
