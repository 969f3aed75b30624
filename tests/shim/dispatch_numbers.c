#include "dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
is_open(int fd)
{
	return syscall(SYS_fcntl, fd, F_GETFD, 0) != -1;
}

static bool
talks(int fd, int peer)
{
	const int before = dispatch_calls("send");
	char b;

	return send(fd, "x", 1, 0) == 1 && recv(peer, &b, 1, 0) == 1 &&
	    dispatch_calls("send") == before + 1;
}

static void
copies(void)
{
	int cores[2], a, b, null;

	dispatch_case("a_copy_is_the_cores_too");
	dispatch_pair(258, cores);
	a = dup(cores[0]);
	EXPECT(talks(a, cores[1]));
	b = fcntl(cores[0], F_DUPFD_CLOEXEC, 100);
	EXPECT(b >= 100 && talks(b, cores[1]));
	EXPECT(dup2(cores[0], 90) == 90 && talks(90, cores[1]));
	EXPECT(dup2(90, 90) == 90 && talks(90, cores[1]));
	EXPECT(dup3(90, 90, 0) == -1 && errno == EINVAL);
	EXPECT(dup3(90, 91, O_CLOEXEC) == 91 && talks(91, cores[1]));
	dispatch_case("what_takes_the_number_ends_the_connection");
	EXPECT(dup2(-1, 90) == -1 && errno == EBADF && talks(90, cores[1]));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	a = dispatch_calls("vacate");
	EXPECT(dup2(null, 90) == 90 && dispatch_calls("vacate") == a + 1);
	EXPECT(write(90, "x", 1) == 1);
	EXPECT(dup2(null, dispatch_hidden()) == -1 && errno == EBUSY);
	EXPECT(close(dispatch_hidden()) == -1 && errno == EBADF);
	EXPECT(is_open(dispatch_hidden()));
	EXPECT(close_range(3, ~0U, 0) == 0);
	EXPECT(is_open(dispatch_hidden()) && !is_open(cores[0]) &&
	    !is_open(91) && !is_open(b) && !is_open(90) && !is_open(cores[1]));
}

static void
ranges(void)
{
	const int above = 350;
	int cores[2], before;

	dispatch_case("a_range_leaves_out_what_is_hidden");
	dispatch_pair(258, cores);
	EXPECT(dup2(cores[1], above) == above);
	before = dispatch_calls("F_SETFD");
	EXPECT(close_range(3, 400, CLOSE_RANGE_CLOEXEC) == 0);
	EXPECT(dispatch_calls("F_SETFD") == before + 1);
	EXPECT(fcntl(above, F_GETFD) == FD_CLOEXEC);
	EXPECT(talks(cores[0], cores[1]));
	before = dispatch_calls("close");
	errno = 77;
	closefrom(3);
	EXPECT(errno == 77);
	EXPECT(dispatch_calls("close") == before + 1);
	EXPECT(!is_open(cores[0]) && !is_open(cores[1]) && !is_open(above));
	EXPECT(is_open(dispatch_hidden()));
}

static void
behind_the_back(void)
{
	int cores[2], before, forgets;
	FILE *file;

	dispatch_case("syscall_close_goes_to_the_core");
	dispatch_pair(258, cores);
	before = dispatch_calls("close");
	EXPECT(syscall(SYS_getpid) == getpid());
	EXPECT(syscall(SYS_close, cores[0]) == 0);
	EXPECT(dispatch_calls("close") == before + 1);
	EXPECT(syscall(SYS_close, cores[0]) == -1 && errno == EBADF);
	close(cores[1]);
	dispatch_case("a_place_that_is_stale_is_forgotten");
	dispatch_pair(258, cores);
	file = tmpfile();
	EXPECT(file != NULL);
	EXPECT(syscall(SYS_dup3, fileno(file), cores[0], 0) == cores[0]);
	before = dispatch_calls("write");
	forgets = dispatch_calls("forget");
	EXPECT(write(cores[0], "file", 4) == 4);
	EXPECT(dispatch_calls("write") == before);
	EXPECT(dispatch_calls("forget") == forgets + 1);
	EXPECT(lseek(fileno(file), 0, SEEK_CUR) == 4);
	fclose(file);
	close(cores[0]);
	close(cores[1]);
}

void
dispatch_numbers(void)
{
	copies();
	ranges();
	behind_the_back();
}

/* Does what a child does before exec, with the memory of its parent. */
static pid_t
vforked(int fd, int peer)
{
	const pid_t pid = vfork();

	if (pid != 0)
		return pid;
	if (dup2(fd, 0) != 0 || fcntl(fd, F_SETFD, 0) == -1 ||
	    (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0 || dup2(peer, fd) != fd)
		_exit(1);
	close(fd);
	close_range(3, ~0U, 0);
	execl("/bin/sh", "sh", "-c", "! read -r x 2>/dev/null", (char *)NULL);
	_exit(2);
}

static void
rights(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", b[1] = "x";
	struct iovec iov = { b, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int ends[2];

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	EXPECT(sendmsg(ends[0], &msg, 0) == -1 && errno == EBADF);
	memcpy(CMSG_DATA(c), &ends[0], sizeof(fd));
	EXPECT(sendmsg(ends[0], &msg, 0) == 1);
	close(ends[0]);
	close(ends[1]);
}

static void
failed_exec(int fd, int peer)
{
	const int stdin_kept = fcntl(0, F_DUPFD_CLOEXEC, 200);

	EXPECT(dup2(fd, 0) == 0);
	EXPECT(execl("/nowhere", "nowhere", (char *)NULL) == -1);
	EXPECT(errno == ENOENT && talks(0, peer));
	EXPECT(execle("/nowhere", "nowhere", (char *)NULL,
	           (char *[]){ NULL }) == -1 &&
	    errno == ENOENT && talks(0, peer));
	EXPECT(dup2(stdin_kept, 0) == 0);
	close(stdin_kept);
}

void
dispatch_children(void)
{
	posix_spawn_file_actions_t actions;
	int cores[2], status = -1;

	dispatch_case("a_child_of_vfork_leaves_the_table_alone");
	dispatch_pair(258, cores);
	EXPECT(waitpid(vforked(cores[0], cores[1]), &status, 0) > 0);
	EXPECT(status == 0 && talks(cores[0], cores[1]));
	dispatch_case("a_child_cannot_be_given_a_connection");
	rights(cores[0]);
	EXPECT(posix_spawn_file_actions_init(&actions) == 0);
	EXPECT(
	    posix_spawn_file_actions_adddup2(&actions, cores[0], 1) == EBADF);
	EXPECT(posix_spawn_file_actions_adddup2(&actions, cores[1], 1) == 0);
	EXPECT(posix_spawn_file_actions_destroy(&actions) == 0);
	dispatch_case("an_exec_that_fails_changes_nothing");
	failed_exec(cores[0], cores[1]);
	close(cores[0]);
	close(cores[1]);
}
